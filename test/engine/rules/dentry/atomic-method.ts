/**
 * dentry/atomic-method: code that is wrong (`_bad`), and code that is right and looks like it (`_ok`).
 */
import type { RuleCases } from '../../harness.js';

/** Cases by title. */
export const ATOMIC_METHOD: RuleCases = {
  'in d_delete, under d_lock': `
static int delete_bad(const struct dentry *dentry)
{
	msleep(1); /*! dentry/atomic-method */
	return 0;
}
const struct dentry_operations ops = { .d_delete = delete_bad };`,

  'in d_prune, after a way out, through a helper': `
static void wait_for(struct foo *f)
{
	mutex_lock(&f->mutex);
	mutex_unlock(&f->mutex);
}
static void prune_bad(struct dentry *dentry)
{
	struct foo *f = dentry->d_fsdata;

	if (!f)
		return;
	wait_for(f); /*! dentry/atomic-method */
}
const struct dentry_operations ops = { .d_prune = prune_bad };`,

  'in d_compare and d_hash, which RCU-walk comes to as well': `
static int compare_bad(const struct dentry *dentry, unsigned int len, const char *str, const struct qstr *name)
{
	kfree(kmalloc(len, GFP_KERNEL)); /*! dentry/atomic-method */
	return 0;
}
static int hash_bad(const struct dentry *parent, struct qstr *name)
{
	kfree(kmalloc(8, GFP_KERNEL)); /*! dentry/atomic-method */
	return 0;
}
const struct dentry_operations ops = { .d_compare = compare_bad, .d_hash = hash_bad };`,

  'in d_dname, whoever calls': `
static char *dname_bad(struct dentry *dentry, char *buffer, int buflen)
{
	struct foo *f = dentry->d_fsdata;

	down_read(&f->sem); /*! dentry/atomic-method */
	up_read(&f->sem);
	return buffer;
}
const struct dentry_operations ops = { .d_dname = dname_bad };`,

  'what does not sleep': `
static int delete_ok(const struct dentry *dentry)
{
	struct foo *f = dentry->d_fsdata;
	void *p = kmalloc(8, GFP_ATOMIC);

	spin_lock(&f->lock);
	f->count++;
	spin_unlock(&f->lock);
	kfree(p);
	return 0;
}
const struct dentry_operations ops = { .d_delete = delete_ok, .d_prune = NULL };`,

  'methods that may sleep': `
static void release_ok(struct dentry *dentry)
{
	msleep(1);
}
static void iput_ok(struct dentry *dentry, struct inode *inode)
{
	iput(inode);
}
const struct dentry_operations ops = { .d_release = release_ok, .d_iput = iput_ok };`,
};
