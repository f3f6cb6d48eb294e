/**
 * dentry/prune-frees: code that is wrong (`_bad`), and code that is right and looks like it (`_ok`).
 */
import type { RuleCases } from '../../harness.js';

/** Cases by title. */
export const PRUNE_FREES: RuleCases = {
  'at once': `
static void prune_bad(struct dentry *dentry)
{
	kfree(dentry->d_fsdata); /*! dentry/prune-frees */
	dentry->d_fsdata = NULL;
}
const struct dentry_operations ops = { .d_prune = prune_bad };`,

  'what is cleared before, through a helper': `
static void put(struct foo *f)
{
	kfree(f->name);
	kfree(f);
}
static void prune_bad(struct dentry *dentry)
{
	struct foo *f = dentry->d_fsdata;

	dentry->d_fsdata = NULL;
	if (f)
		put(f); /*! dentry/prune-frees */
}
const struct dentry_operations ops = { .d_prune = prune_bad };`,

  'after a grace period, with the pointer left': `
static void prune_bad(struct dentry *dentry)
{
	struct foo *f = dentry->d_fsdata;

	kfree_rcu(f, rcu); /*! dentry/prune-frees */
}
const struct dentry_operations ops = { .d_prune = prune_bad };`,

  'what hangs on it, some pointers away': `
static void prune_bad(struct dentry *dentry)
{
	struct foo *f = dentry->d_fsdata;

	kfree(f->next->name); /*! dentry/prune-frees */
}
const struct dentry_operations ops = { .d_prune = prune_bad };`,

  'in d_release': `
static void prune_ok(struct dentry *dentry)
{
	struct foo *f = dentry->d_fsdata;

	f->ready = false;
}
static void release_ok(struct dentry *dentry)
{
	kfree(dentry->d_fsdata);
}
const struct dentry_operations ops = { .d_prune = prune_ok, .d_release = release_ok };`,

  'what the superblock owns, and memory of its own': `
static void prune_ok(struct dentry *dentry)
{
	struct foo *f = dentry->d_sb->s_fs_info;
	void *p = kmalloc(8, GFP_ATOMIC);

	kfree(f->name);
	f->name = NULL;
	kfree(p);
}
const struct dentry_operations ops = { .d_prune = prune_ok };`,
};
