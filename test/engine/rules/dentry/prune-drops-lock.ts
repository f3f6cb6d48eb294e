/**
 * dentry/prune-drops-lock: code that is wrong (`_bad`), and code that is right and looks like it (`_ok`).
 */
import type { RuleCases } from '../../harness.js';

/** Cases by title. */
export const PRUNE_DROPS_LOCK: RuleCases = {
  'd_lock, given back and taken again': `
static spinlock_t table;
static void prune_bad(struct dentry *dentry)
{
	spin_unlock(&dentry->d_lock); /*! dentry/prune-drops-lock */
	spin_lock(&table);
	dentry->d_time = 0;
	spin_unlock(&table);
	spin_lock(&dentry->d_lock);
}
const struct dentry_operations ops = { .d_prune = prune_bad };`,

  'on one path only, in a helper': `
static spinlock_t table;
static void forget_bad(struct dentry *dentry)
{
	if (spin_trylock(&table))
		goto got;
	spin_unlock(&dentry->d_lock); /*! dentry/prune-drops-lock */
	spin_lock(&table);
	spin_lock(&dentry->d_lock);
got:
	dentry->d_time = 0;
	spin_unlock(&table);
}
static void prune_bad(struct dentry *dentry)
{
	if (dentry->d_time)
		forget_bad(dentry);
}
const struct dentry_operations ops = { .d_prune = prune_bad };`,

  'i_lock of the inode': `
static void prune_bad(struct dentry *dentry)
{
	struct inode *inode = dentry->d_inode;

	if (!inode)
		return;
	spin_unlock(&inode->i_lock); /*! dentry/prune-drops-lock */
	dentry->d_time = 0;
	spin_lock(&inode->i_lock); /*! lock/order */
}
const struct dentry_operations ops = { .d_prune = prune_bad };`,

  'a lock of a direct caller': `
static spinlock_t table;
static void prune_bad(struct dentry *dentry)
{
	spin_unlock(&table); /*! dentry/prune-drops-lock */
	dentry->d_time = 0;
	spin_lock(&table);
}
void forget(struct dentry *dentry)
{
	spin_lock(&table);
	prune_bad(dentry);
	spin_unlock(&table);
}
const struct dentry_operations ops = { .d_prune = prune_bad };`,

  'locks of its own': `
static void prune_ok(struct dentry *dentry)
{
	struct foo *f = dentry->d_fsdata;

	spin_lock(&f->lock);
	f->count--;
	spin_unlock(&f->lock);
	spin_lock(&f->other);
	f->count--;
	spin_unlock(&f->other);
}
const struct dentry_operations ops = { .d_prune = prune_ok };`,

  'the d_lock of another dentry, and d_release': `
static void prune_ok(struct dentry *dentry)
{
	struct dentry *other = dentry->d_fsdata;

	if (spin_trylock(&other->d_lock)) {
		other->d_time = 0;
		spin_unlock(&other->d_lock);
	}
}
static void release_ok(struct dentry *dentry)
{
	spin_lock(&dentry->d_lock);
	dentry->d_time = 0;
	spin_unlock(&dentry->d_lock);
}
const struct dentry_operations ops = { .d_prune = prune_ok, .d_release = release_ok };`,
};
