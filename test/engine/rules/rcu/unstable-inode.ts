/**
 * rcu/unstable-inode: code that is wrong (`_bad`), and code that is right and looks like it (`_ok`).
 */
import type { RuleCases } from '../../harness.js';

/** Cases by title. */
export const UNSTABLE_INODE: RuleCases = {
  'read plainly in RCU-walk': `
static int revalidate_bad(struct dentry *dentry, unsigned int flags)
{
	struct inode *inode = d_inode(dentry); /*! rcu/unstable-inode */

	if (!inode)
		return -ECHILD;
	return inode->i_flags;
}
const struct dentry_operations ops = { .d_revalidate = revalidate_bad };`,

  'by the field': `
static int revalidate_bad(struct dentry *dentry, unsigned int flags)
{
	struct inode *inode;

	inode = dentry->d_inode; /*! rcu/unstable-inode */
	if (!inode)
		return -ECHILD;
	return inode->i_flags;
}
const struct dentry_operations ops = { .d_revalidate = revalidate_bad };`,

  'read once, never tested': `
static int revalidate_bad(struct dentry *dentry, unsigned int flags)
{
	struct inode *inode = d_inode_rcu(dentry);

	return inode->i_flags; /*! rcu/unstable-inode */
}
const struct dentry_operations ops = { .d_revalidate = revalidate_bad };`,

  'read once and tested': `
static int revalidate_ok(struct dentry *dentry, unsigned int flags)
{
	struct inode *inode = d_inode_rcu(dentry);

	if (!inode)
		return -ECHILD;
	return inode->i_flags;
}
const struct dentry_operations ops = { .d_revalidate = revalidate_ok };`,

  'only asked whether there is one': `
static int revalidate_ok(struct dentry *dentry, unsigned int flags)
{
	if (!d_inode(dentry))
		return 0;
	return dentry->d_inode != (struct inode *)0;
}
const struct dentry_operations ops = { .d_revalidate = revalidate_ok };`,

  'in ref-walk': `
static int revalidate_ok(struct dentry *dentry, unsigned int flags)
{
	if (flags & LOOKUP_RCU)
		return -ECHILD;
	return d_inode(dentry)->i_flags;
}
const struct dentry_operations ops = { .d_revalidate = revalidate_ok };`,

  "under the dentry's d_lock, alive": `
static int revalidate_ok(struct dentry *dentry, unsigned int flags)
{
	int n = 0;

	spin_lock(&dentry->d_lock);
	if (!d_unhashed(dentry) && dentry->d_inode)
		n = dentry->d_inode->i_flags;
	spin_unlock(&dentry->d_lock);
	return n;
}
const struct dentry_operations ops = { .d_revalidate = revalidate_ok };`,

  'in a helper': `
static int look(struct dentry *dentry)
{
	struct inode *inode = d_inode(dentry); /*! rcu/unstable-inode */

	return inode ? inode->i_flags : 0;
}
static int revalidate_bad(struct dentry *dentry, unsigned int flags)
{
	return look(dentry);
}
const struct dentry_operations ops = { .d_revalidate = revalidate_bad };`,

  'read plainly in ref-walk, once in RCU-walk': `
static int revalidate_ok(struct dentry *dentry, unsigned int flags)
{
	struct inode *inode;

	if (flags & LOOKUP_RCU) {
		inode = d_inode_rcu(dentry);
		if (!inode)
			return -ECHILD;
	} else {
		inode = d_inode(dentry);
	}
	return inode->i_flags;
}
const struct dentry_operations ops = { .d_revalidate = revalidate_ok };`,

  'tested and used in one expression': `
static int revalidate_ok(struct dentry *dentry, unsigned int flags)
{
	struct inode *inode = READ_ONCE(dentry->d_inode);

	if (inode && inode->i_flags)
		return 0;
	return 1;
}
const struct dentry_operations ops = { .d_revalidate = revalidate_ok };`,

  'tested by one read and used by another': `
static int revalidate_bad(struct dentry *dentry, unsigned int flags)
{
	if (d_really_is_positive(dentry) &&
	    d_inode(dentry)->i_flags) /*! rcu/unstable-inode */
		return 1;
	return 0;
}
const struct dentry_operations ops = { .d_revalidate = revalidate_bad };`,
};
