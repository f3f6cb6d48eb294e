#ifndef _LINUX_PATH_H
#define _LINUX_PATH_H

struct vfsmount;
struct dentry;

struct path {
	struct vfsmount *mnt;
	struct dentry *dentry;
};

#endif
