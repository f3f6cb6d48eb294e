/*
 * How long a name may stay cached once nobody uses it. Asked by the VFS with the dentry's lock held: `lockwalk annotate
 * netfsd_lease_left` writes that down.
 */
#include <linux/dcache.h>
#include <linux/types.h>

static unsigned long netfsd_lease_left(const struct dentry *dentry, unsigned long now)
{
	unsigned long end = dentry->d_time;

	return end > now ? end - now : 0;
}

static int netfsd_delete(const struct dentry *dentry)
{
	return netfsd_lease_left(dentry, 0) == 0;
}

const struct dentry_operations netfsd_lease_operations = {
	.d_delete	= netfsd_delete,
};
