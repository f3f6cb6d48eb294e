#ifndef _LINUX_DCACHE_H
#define _LINUX_DCACHE_H

#include <linux/rcupdate.h>
#include <linux/spinlock.h>
#include <linux/types.h>

struct inode;
struct path;
struct super_block;

struct lockref {
	spinlock_t lock;
	int count;
};

#define d_lock d_lockref.lock

struct dentry {
	unsigned int d_flags;
	struct dentry *d_parent;
	struct inode *d_inode;
	struct lockref d_lockref;
	struct super_block *d_sb;
	unsigned long d_time;
	void *d_fsdata;
};

struct dentry_operations {
	int (*d_revalidate)(struct dentry *dentry, unsigned int flags);
	int (*d_delete)(const struct dentry *dentry);
	int (*d_init)(struct dentry *dentry);
	void (*d_release)(struct dentry *dentry);
	void (*d_prune)(struct dentry *dentry);
	void (*d_iput)(struct dentry *dentry, struct inode *inode);
	int (*d_manage)(const struct path *path, bool rcu_walk);
};

static inline struct inode *d_inode(const struct dentry *dentry)
{
	return dentry->d_inode;
}

static inline struct inode *d_inode_rcu(const struct dentry *dentry)
{
	return READ_ONCE(dentry->d_inode);
}

#endif
