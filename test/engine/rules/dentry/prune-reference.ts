/**
 * dentry/prune-reference: code that is wrong (`_bad`), and code that is right and looks like it (`_ok`).
 */
import type { RuleCases } from '../../harness.js';

/** Cases by title. */
export const PRUNE_REFERENCE: RuleCases = {
  'by a helper of the dcache, deep down': `
static struct dentry *last;
static void keep_bad(struct foo *f, struct dentry *found)
{
	f->count++;
	last = dget_dlock(found); /*! dentry/prune-reference */
}
static void prune_bad(struct dentry *dentry)
{
	keep_bad(dentry->d_sb->s_fs_info, dentry);
}
const struct dentry_operations ops = { .d_prune = prune_bad };`,

  'by the count itself': `
static void prune_bad(struct dentry *dentry)
{
	dentry->d_lockref.count++; /*! dentry/prune-reference */
}
const struct dentry_operations ops = { .d_prune = prune_bad };`,

  'by the lockref': `
static void prune_bad(struct dentry *dentry)
{
	lockref_get(&dentry->d_lockref); /*! dentry/prune-reference */
}
const struct dentry_operations ops = { .d_prune = prune_bad };`,

  'on other objects': `
static void prune_ok(struct dentry *dentry)
{
	struct dentry *other = dentry->d_fsdata;
	struct foo *f = dentry->d_sb->s_fs_info;

	dget(other);
	ihold(dentry->d_inode);
	f->count++;
	if (dentry->d_lockref.count < 0)
		f->ready = true;
}
const struct dentry_operations ops = { .d_prune = prune_ok };`,

  'in a method where it is alive': `
static int revalidate_ok(struct dentry *dentry, unsigned int flags)
{
	if (flags & LOOKUP_RCU)
		return -ECHILD;
	dget(dentry);
	dput(dentry);
	return 1;
}
const struct dentry_operations ops = { .d_revalidate = revalidate_ok };`,
};
