/**
 * dentry/hash-state: code that is wrong (`_bad`), and code that is right and looks like it (`_ok`).
 */
import type { RuleCases } from '../../harness.js';

/** Cases by title. */
export const HASH_STATE: RuleCases = {
  'added again where it may be hashed': `
static int finish(struct dentry *dentry)
{
	if (d_really_is_positive(dentry))
		return -EEXIST;
	d_add(dentry, NULL); /*! dentry/hash-state */
	return 0;
}
static int mkdir_bad(struct mnt_idmap *idmap, struct inode *dir, struct dentry *dentry, umode_t mode)
{
	return finish(dentry);
}
const struct inode_operations ops = { .mkdir = mkdir_bad };`,

  'added where it is not hashed': `
static int finish_ok(struct dentry *dentry)
{
	if (d_really_is_positive(dentry))
		return -EEXIST;
	if (d_unhashed(dentry))
		d_add(dentry, NULL);
	return 0;
}
static int again_ok(struct dentry *dentry, struct inode *inode)
{
	if (d_really_is_positive(dentry))
		return -EEXIST;
	d_drop(dentry);
	d_add(dentry, inode);
	return 0;
}
static int mkdir_ok(struct mnt_idmap *idmap, struct inode *dir, struct dentry *dentry, umode_t mode)
{
	again_ok(dentry, dir);
	return finish_ok(dentry);
}
const struct inode_operations ops = { .mkdir = mkdir_ok };`,

  'added by a lookup': `
static struct dentry *lookup_ok(struct inode *dir, struct dentry *dentry, unsigned int flags)
{
	if (d_really_is_positive(dentry))
		return NULL;
	d_add(dentry, NULL);
	return NULL;
}
const struct inode_operations ops = { .lookup = lookup_ok };`,

  'removed, and hashed as proof of life': `
struct item { struct kref ref; };
struct note { struct item *item; };
static struct item *item_of(struct dentry *dentry)
{
	struct item *item = NULL;

	spin_lock(&dentry->d_lock);
	if (!d_unhashed(dentry)) {
		struct note *n = dentry->d_fsdata;

		item = n->item;
		kref_get(&item->ref);
	}
	spin_unlock(&dentry->d_lock);
	return item;
}
struct item *look(struct dentry *dentry)
{
	return item_of(dentry);
}
void remove_bad(struct inode *dir, struct dentry *dentry)
{
	struct dentry *d = dget(dentry);

	inode_lock(dir);
	if (simple_rmdir(dir, d)) /*! dentry/hash-state */
		pr_warn("busy");
	inode_unlock(dir);
	dput(d);
}`,

  'removed and unhashed, before or after': `
struct item { struct kref ref; };
struct note { struct item *item; };
static struct item *item_of(struct dentry *dentry)
{
	struct item *item = NULL;

	spin_lock(&dentry->d_lock);
	if (!d_unhashed(dentry)) {
		struct note *n = dentry->d_fsdata;

		item = n->item;
		kref_get(&item->ref);
	}
	spin_unlock(&dentry->d_lock);
	return item;
}
struct item *look(struct dentry *dentry)
{
	return item_of(dentry);
}
void remove_ok(struct inode *dir, struct dentry *dentry)
{
	inode_lock(dir);
	if (simple_rmdir(dir, dentry))
		pr_warn("busy");
	else
		d_drop(dentry);
	inode_unlock(dir);
}
void forget_ok(struct inode *dir, struct dentry *dentry)
{
	inode_lock(dir);
	spin_lock(&dentry->d_lock);
	__d_drop(dentry);
	spin_unlock(&dentry->d_lock);
	simple_unlink(dir, dentry);
	inode_unlock(dir);
}`,

  'removed by the method itself': `
struct item { struct kref ref; };
struct note { struct item *item; };
static struct item *item_of(struct dentry *dentry)
{
	struct item *item = NULL;

	spin_lock(&dentry->d_lock);
	if (!d_unhashed(dentry)) {
		struct note *n = dentry->d_fsdata;

		item = n->item;
		kref_get(&item->ref);
	}
	spin_unlock(&dentry->d_lock);
	return item;
}
struct item *look(struct dentry *dentry)
{
	return item_of(dentry);
}
static int rmdir_ok(struct inode *dir, struct dentry *dentry)
{
	return simple_rmdir(dir, dentry);
}
const struct inode_operations ops = { .rmdir = rmdir_ok };`,

  'removed where nobody takes it as proof': `
void remove_ok(struct inode *dir, struct dentry *dentry)
{
	inode_lock(dir);
	simple_rmdir(dir, dentry);
	inode_unlock(dir);
}`,

  'a reference that asks whether the object is alive': `
struct item { struct kref ref; };
struct note { struct item *item; };
bool look_ok(struct dentry *dentry)
{
	bool got = false;

	spin_lock(&dentry->d_lock);
	if (!d_unhashed(dentry)) {
		struct note *n = dentry->d_fsdata;

		got = kref_get_unless_zero(&n->item->ref);
	}
	spin_unlock(&dentry->d_lock);
	return got;
}
void remove_ok(struct inode *dir, struct dentry *dentry)
{
	inode_lock(dir);
	simple_rmdir(dir, dentry);
	inode_unlock(dir);
}`,
};
