/**
 * rcu/walk-reference: code that is wrong (`_bad`), and code that is right and looks like it (`_ok`).
 */
import type { RuleCases } from '../../harness.js';

/** Cases by title. */
export const WALK_REFERENCE: RuleCases = {
  'a dentry': `
static int revalidate_bad(struct dentry *dentry, unsigned int flags)
{
	struct dentry *lower = dget(dentry->d_fsdata); /*! rcu/walk-reference */

	if (flags & LOOKUP_RCU)
		return -ECHILD;
	dput(lower);
	return 1;
}
const struct dentry_operations ops = { .d_revalidate = revalidate_bad };`,

  'an inode, even if it is not dead yet': `
static void keep(struct inode *inode)
{
	inode = igrab(inode); /*! rcu/walk-reference */
	if (inode)
		inode->i_private = inode;
}
static int permission_bad(struct mnt_idmap *idmap, struct inode *inode, int mask)
{
	keep(inode);
	return 0;
}
const struct inode_operations iops = { .permission = permission_bad };`,

  'in ref-walk': `
static int revalidate_ok(struct dentry *dentry, unsigned int flags)
{
	struct dentry *lower;

	if (flags & LOOKUP_RCU)
		return -ECHILD;
	lower = dget(dentry->d_fsdata);
	dput(lower);
	return 1;
}
const struct dentry_operations ops = { .d_revalidate = revalidate_ok };`,

  // Kept alive by RCU, tried, and put without sleeping
  'a count of its own that may be put anywhere': `
struct record { refcount_t refs; int flags; struct rcu_head rcu; };
static int manage_ok(const struct path *path, bool rcu_walk)
{
	struct record *r = path->dentry->d_fsdata;
	int flags;

	if (!refcount_inc_not_zero(&r->refs))
		return -ECHILD;
	flags = r->flags;
	if (refcount_dec_and_test(&r->refs))
		kfree_rcu(r, rcu);
	return flags ? -EISDIR : 0;
}
const struct dentry_operations ops = { .d_manage = manage_ok };`,

  'put by delayed_call': `
static void put_inode(void *data)
{
	iput(data);
}
static const char *get_link_ok(struct dentry *dentry, struct inode *inode, struct delayed_call *done)
{
	struct inode *body = igrab(inode->i_private);

	if (!body)
		return ERR_PTR(-ECHILD);
	set_delayed_call(done, put_inode, body);
	return body->i_link;
}
const struct inode_operations iops = { .get_link = get_link_ok };`,

  'a field that belongs to the filesystem, under d_lock': `
static int revalidate_ok(struct dentry *dentry, unsigned int flags)
{
	spin_lock(&dentry->d_lock);
	dentry->d_time = flags;
	spin_unlock(&dentry->d_lock);
	return 1;
}
const struct dentry_operations ops = { .d_revalidate = revalidate_ok };`,

  'the root of the superblock': `
static int revalidate_ok(struct dentry *dentry, unsigned int flags)
{
	dentry->d_fsdata = dget(dentry->d_sb->s_root);
	return 1;
}
const struct dentry_operations ops = { .d_revalidate = revalidate_ok };`,
};
