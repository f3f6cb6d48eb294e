#ifndef _LINUX_TYPES_H
#define _LINUX_TYPES_H

typedef _Bool bool;
typedef unsigned int gfp_t;
typedef unsigned short umode_t;
typedef unsigned long size_t;

#define NULL ((void *)0)
#define true 1
#define false 0

struct rcu_head {
	struct rcu_head *next;
	void (*func)(struct rcu_head *head);
};

#endif
