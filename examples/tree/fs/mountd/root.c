/*
 * Directories whose content is mounted on demand. Path walk asks mountd_manage() whether it may go on; in RCU-walk it
 * does so without any lock or reference, so the record must outlive every such reader.
 */
#include <linux/errno.h>
#include <linux/fs.h>
#include <linux/path.h>
#include "mountd.h"

static int mountd_wait(struct mountd_record *record);

static int mountd_manage(const struct path *path, bool rcu_walk)
{
	struct mountd_record *record = mountd_record(path->dentry);

	if (rcu_walk) {
		if (record->flags & MOUNTD_EXPIRING)
			return -ECHILD;
		return 0;
	}
	return mountd_wait(record);
}

/* Wrong: a reader in mountd_manage() may still look at the record. */
static void mountd_release(struct dentry *dentry)
{
	struct mountd_record *record = mountd_record(dentry);

	if (record) {
		record->owner = NULL;
		mountd_record_free(record);
	}
}

static int mountd_wait(struct mountd_record *record)
{
	record->last_used++;
	return 0;
}

const struct dentry_operations mountd_dentry_operations = {
	.d_manage	= mountd_manage,
	.d_release	= mountd_release,
};
