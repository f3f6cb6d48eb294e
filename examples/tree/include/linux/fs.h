#ifndef _LINUX_FS_H
#define _LINUX_FS_H

#include <linux/dcache.h>
#include <linux/types.h>

struct super_block {
	void *s_fs_info;
	const struct dentry_operations *s_d_op;
};

struct inode {
	umode_t i_mode;
	unsigned long i_ino;
	struct super_block *i_sb;
	spinlock_t i_lock;
	void *i_private;
};

#endif
