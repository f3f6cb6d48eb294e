/*
 * Revalidation of cached names against a server. Called in RCU-walk as well, where the dentry may lose its inode at any
 * moment.
 */
#include <linux/errno.h>
#include <linux/fs.h>
#include <linux/namei.h>

struct netfsd_inode {
	unsigned long expires;
	struct inode vfs_inode;
};

int netfsd_ask_server(struct inode *inode);

static bool netfsd_fresh(struct inode *inode)
{
	return inode->i_private != NULL;
}

/* Wrong: in RCU-walk d_inode() may give NULL here, whatever was seen before. */
static int netfsd_revalidate(struct dentry *dentry, unsigned int flags)
{
	struct inode *inode = d_inode(dentry);

	if (netfsd_fresh(inode))
		return 1;
	if (flags & LOOKUP_RCU)
		return -ECHILD;
	return netfsd_ask_server(inode);
}

/* Right: read once, tested, and out before anything that sleeps. */
static int netfsd_link_revalidate(struct dentry *dentry, unsigned int flags)
{
	struct inode *inode;

	if (flags & LOOKUP_RCU) {
		inode = d_inode_rcu(dentry);
		if (!inode)
			return -ECHILD;
		return netfsd_fresh(inode) ? 1 : -ECHILD;
	}
	inode = d_inode(dentry);
	return inode ? netfsd_ask_server(inode) : 0;
}

const struct dentry_operations netfsd_dentry_operations = {
	.d_revalidate	= netfsd_revalidate,
};

const struct dentry_operations netfsd_link_dentry_operations = {
	.d_revalidate	= netfsd_link_revalidate,
};
