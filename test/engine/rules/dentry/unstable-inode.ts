/**
 * dentry/unstable-inode: code that is wrong (`_bad`), and code that is right and looks like it (`_ok`).
 */
import type { RuleCases } from '../../harness.js';

/** Cases by title. */
export const UNSTABLE_DENTRY_INODE: RuleCases = {
  "under the parent's lock only": `
struct dentry *first_bad(struct dentry *parent)
{
	struct dentry *child = container_of(parent->d_children.next, struct dentry, d_sib);

	spin_lock(&parent->d_lock);
	if (child->d_inode)
		dget_dlock(child); /*! dentry/unstable-inode */
	spin_unlock(&parent->d_lock);
	return child;
}`,

  'under its own lock, tested again': `
struct dentry *first_ok(struct dentry *parent)
{
	struct dentry *child = container_of(parent->d_children.next, struct dentry, d_sib);

	spin_lock(&parent->d_lock);
	spin_lock_nested(&child->d_lock, 1);
	if (child->d_inode)
		dget_dlock(child);
	spin_unlock(&child->d_lock);
	spin_unlock(&parent->d_lock);
	return child;
}`,

  'the caller may hold it': `
struct dentry *pin_ok(struct dentry *dentry)
{
	return dget_dlock(dentry);
}`,
};
