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

  'given back by a function that read it once': `
static struct inode *real_of(struct inode *inode)
{
	struct dentry *dentry = inode->i_private;

	return d_inode_rcu(dentry);
}
static int permission_bad(struct mnt_idmap *idmap, struct inode *inode, int mask)
{
	struct inode *real = real_of(inode);

	return real->i_flags; /*! rcu/unstable-inode */
}
const struct inode_operations iops = { .permission = permission_bad };`,

  'given back by a function that read it once, and tested': `
static struct inode *real_of(struct inode *inode)
{
	struct dentry *dentry = inode->i_private;

	return d_inode_rcu(dentry);
}
static int permission_ok(struct mnt_idmap *idmap, struct inode *inode, int mask)
{
	struct inode *real = real_of(inode);

	if (!real)
		return -ECHILD;
	return real->i_flags;
}
const struct inode_operations iops = { .permission = permission_ok };`,

  'handed untested to what dereferences it': `
static int flags_of(struct inode *inode)
{
	return inode->i_flags;
}
static int revalidate_bad(struct dentry *dentry, unsigned int flags)
{
	return flags_of(d_inode_rcu(dentry)); /*! rcu/unstable-inode */
}
const struct dentry_operations ops = { .d_revalidate = revalidate_bad };`,

  'handed untested to what tests it': `
static int flags_of(struct inode *inode)
{
	return inode ? inode->i_flags : 0;
}
static int revalidate_ok(struct dentry *dentry, unsigned int flags)
{
	return flags_of(d_inode_rcu(dentry));
}
const struct dentry_operations ops = { .d_revalidate = revalidate_ok };`,

  'what eviction clears, used untested': `
struct record { int flags; spinlock_t lock; };
struct foo_inode { struct inode vfs; struct record *record; };
static struct foo_inode *FOO_I(struct inode *inode)
{
	return container_of(inode, struct foo_inode, vfs);
}
static int permission_bad(struct mnt_idmap *idmap, struct inode *inode, int mask)
{
	return FOO_I(inode)->record->flags; /*! rcu/unstable-inode */
}
static void evict(struct inode *inode)
{
	WRITE_ONCE(FOO_I(inode)->record, NULL);
}
const struct inode_operations iops = { .permission = permission_bad };
const struct super_operations sops = { .evict_inode = evict };`,

  'what eviction clears, locked untested by what it is handed to': `
struct record { int flags; spinlock_t lock; };
struct foo_inode { struct inode vfs; struct record *record; };
static struct foo_inode *FOO_I(struct inode *inode)
{
	return container_of(inode, struct foo_inode, vfs);
}
static int flags_of(struct record *r)
{
	int flags;

	spin_lock(&r->lock);
	flags = r->flags;
	spin_unlock(&r->lock);
	return flags;
}
static int permission_bad(struct mnt_idmap *idmap, struct inode *inode, int mask)
{
	struct record *r = FOO_I(inode)->record;

	return flags_of(r); /*! rcu/unstable-inode */
}
static void forget(struct foo_inode *fi)
{
	fi->record = NULL;
}
static void evict(struct inode *inode)
{
	forget(FOO_I(inode));
}
const struct inode_operations iops = { .permission = permission_bad };
const struct super_operations sops = { .evict_inode = evict };`,

  'what eviction clears, read once and tested': `
struct record { int flags; };
struct foo_inode { struct inode vfs; struct record *record; };
static struct foo_inode *FOO_I(struct inode *inode)
{
	return container_of(inode, struct foo_inode, vfs);
}
static int permission_ok(struct mnt_idmap *idmap, struct inode *inode, int mask)
{
	struct record *r = READ_ONCE(FOO_I(inode)->record);

	if (!r)
		return -ECHILD;
	return r->flags;
}
static void evict(struct inode *inode)
{
	FOO_I(inode)->record = NULL;
}
const struct inode_operations iops = { .permission = permission_ok };
const struct super_operations sops = { .evict_inode = evict };`,

  'cleared in free_inode, after the grace period': `
struct record { int flags; };
struct foo_inode { struct inode vfs; struct record *record; };
static struct foo_inode *FOO_I(struct inode *inode)
{
	return container_of(inode, struct foo_inode, vfs);
}
static int permission_ok(struct mnt_idmap *idmap, struct inode *inode, int mask)
{
	return FOO_I(inode)->record->flags;
}
static void free_inode(struct inode *inode)
{
	FOO_I(inode)->record = NULL;
}
const struct inode_operations iops = { .permission = permission_ok };
const struct super_operations sops = { .free_inode = free_inode };`,

  'what a member points at, in ref-walk': `
struct record { int flags; };
struct foo_inode { struct inode vfs; struct record *record; };
static struct foo_inode *FOO_I(struct inode *inode)
{
	return container_of(inode, struct foo_inode, vfs);
}
static int permission_ok(struct mnt_idmap *idmap, struct inode *inode, int mask)
{
	if (mask & MAY_NOT_BLOCK)
		return -ECHILD;
	return FOO_I(inode)->record->flags;
}
static void evict(struct inode *inode)
{
	FOO_I(inode)->record = NULL;
}
const struct inode_operations iops = { .permission = permission_ok };
const struct super_operations sops = { .evict_inode = evict };`,

  "a child's, under the d_lock of its parent": `
static void flag_children_bad(struct dentry *parent)
{
	struct dentry *child;

	spin_lock(&parent->d_lock);
	hlist_for_each_entry(child, &parent->d_children, d_sib) {
		struct inode *inode = d_inode(child); /*! rcu/unstable-inode */

		if (inode)
			inode->i_flags |= 1;
	}
	spin_unlock(&parent->d_lock);
}
static int ioctl_ok(struct file *file, unsigned int cmd, unsigned long arg)
{
	flag_children_bad(file->f_path.dentry);
	return 0;
}
const struct file_operations fops = { .unlocked_ioctl = ioctl_ok };`,

  "a child's, read once, under its own d_lock, or only tested": `
static void flag_children_ok(struct dentry *parent)
{
	struct dentry *child;

	spin_lock(&parent->d_lock);
	hlist_for_each_entry(child, &parent->d_children, d_sib) {
		struct inode *inode = d_inode_rcu(child);

		if (inode)
			inode->i_flags |= 1;
		if (!child->d_inode)
			continue;
		spin_lock_nested(&child->d_lock, 1);
		inode = d_inode(child);
		if (inode)
			inode->i_flags |= 2;
		spin_unlock(&child->d_lock);
	}
	spin_unlock(&parent->d_lock);
}
static int ioctl_ok(struct file *file, unsigned int cmd, unsigned long arg)
{
	flag_children_ok(file->f_path.dentry);
	return 0;
}
const struct file_operations fops = { .unlocked_ioctl = ioctl_ok };`,
};
