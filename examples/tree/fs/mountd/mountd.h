/* One record hangs on every dentry of this file system, through d_fsdata. */
#ifndef _MOUNTD_H
#define _MOUNTD_H

#include <linux/dcache.h>
#include <linux/rcupdate.h>
#include <linux/types.h>

struct mountd_record {
	struct dentry *owner;
	unsigned int flags;
	unsigned long last_used;
};

#define MOUNTD_EXPIRING 1u

static inline struct mountd_record *mountd_record(const struct dentry *dentry)
{
	return dentry->d_fsdata;
}

void mountd_record_free(struct mountd_record *record);

#endif
