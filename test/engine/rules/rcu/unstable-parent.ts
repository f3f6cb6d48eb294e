/**
 * rcu/unstable-parent: code that is wrong (`_bad`), and code that is right and looks like it (`_ok`).
 */
import type { RuleCases } from '../../harness.js';

/** Cases by title. */
export const UNSTABLE_PARENT: RuleCases = {
  "the parent's inode, read plainly": `
static int revalidate_bad(struct dentry *dentry, unsigned int flags)
{
	struct inode *dir = d_inode(dentry->d_parent); /*! rcu/unstable-parent */

	if (!dir)
		return -ECHILD;
	return dir->i_flags;
}
const struct dentry_operations ops = { .d_revalidate = revalidate_bad };`,

  'by the fields': `
static int manage_bad(const struct path *path, bool rcu_walk)
{
	struct inode *dir = path->dentry->d_parent->d_inode; /*! rcu/unstable-parent */

	return dir->i_flags ? -EISDIR : 0;
}
const struct dentry_operations ops = { .d_manage = manage_bad };`,

  'read once, never tested': `
static int revalidate_bad(struct dentry *dentry, unsigned int flags)
{
	struct dentry *parent;
	struct inode *dir;

	if (!(flags & LOOKUP_RCU))
		return 1;
	parent = READ_ONCE(dentry->d_parent);
	dir = d_inode_rcu(parent);
	return dir->i_flags; /*! rcu/unstable-parent */
}
const struct dentry_operations ops = { .d_revalidate = revalidate_bad };`,

  'used untested by what it is handed to': `
static unsigned int flags_of(struct inode *dir)
{
	return dir->i_flags;
}
static int revalidate_bad(struct dentry *dentry, unsigned int flags)
{
	struct dentry *parent;
	struct inode *dir;

	if (!(flags & LOOKUP_RCU))
		return 1;
	parent = READ_ONCE(dentry->d_parent);
	dir = d_inode_rcu(parent);
	return flags_of(dir); /*! rcu/unstable-parent */
}
const struct dentry_operations ops = { .d_revalidate = revalidate_bad };`,

  "under the child's d_lock, which keeps d_parent and not the parent's inode": `
static void remember_bad(struct dentry *dentry, unsigned long version)
{
	struct inode *dir = d_inode(dentry->d_parent); /*! rcu/unstable-parent */

	if (dir->i_flags == version)
		dentry->d_time = version;
}
static int revalidate_ok(struct dentry *dentry, unsigned int flags)
{
	spin_lock(&dentry->d_lock);
	remember_bad(dentry, flags);
	spin_unlock(&dentry->d_lock);
	return 1;
}
const struct dentry_operations ops = { .d_revalidate = revalidate_ok };`,

  "under the child's d_lock, read once and tested": `
static void remember_ok(struct dentry *dentry, unsigned long version)
{
	struct inode *dir = d_inode_rcu(dentry->d_parent);

	if (!dir || dir->i_flags != version)
		return;
	dentry->d_time = version;
}
static int revalidate_ok(struct dentry *dentry, unsigned int flags)
{
	spin_lock(&dentry->d_lock);
	remember_ok(dentry, flags);
	spin_unlock(&dentry->d_lock);
	return 1;
}
const struct dentry_operations ops = { .d_revalidate = revalidate_ok };`,

  "under the child's d_lock, after a test that it is negative": `
static int same_bad(struct dentry *dentry)
{
	return d_inode(dentry->d_parent)->i_flags == dentry->d_time; /*! rcu/unstable-parent */
}
static int revalidate_ok(struct dentry *dentry, unsigned int flags)
{
	int ret;

	if (d_really_is_positive(dentry))
		return 1;
	if (flags & LOOKUP_CREATE)
		return 0;
	spin_lock(&dentry->d_lock);
	ret = same_bad(dentry);
	spin_unlock(&dentry->d_lock);
	return ret;
}
const struct dentry_operations ops = { .d_revalidate = revalidate_ok };`,

  "under the child's d_lock, its liveness tested there": `
static int revalidate_ok(struct dentry *dentry, unsigned int flags)
{
	int n = 0;

	spin_lock(&dentry->d_lock);
	if (dentry->d_inode)
		n = d_inode(dentry->d_parent)->i_flags;
	spin_unlock(&dentry->d_lock);
	return n;
}
const struct dentry_operations ops = { .d_revalidate = revalidate_ok };`,

  'read once and tested': `
static int revalidate_ok(struct dentry *dentry, unsigned int flags)
{
	struct dentry *parent;
	struct inode *dir;

	if (!(flags & LOOKUP_RCU))
		return 1;
	parent = READ_ONCE(dentry->d_parent);
	dir = d_inode_rcu(parent);
	if (!dir)
		return -ECHILD;
	return dir->i_flags;
}
const struct dentry_operations ops = { .d_revalidate = revalidate_ok };`,

  'only compared': `
static int revalidate_ok(struct dentry *dentry, unsigned int flags)
{
	return dentry->d_parent == dentry;
}
const struct dentry_operations ops = { .d_revalidate = revalidate_ok };`,

  'in ref-walk': `
static int revalidate_ok(struct dentry *dentry, unsigned int flags)
{
	struct dentry *parent;
	int n;

	if (flags & LOOKUP_RCU)
		return -ECHILD;
	parent = dget_parent(dentry);
	n = d_inode(parent)->i_flags;
	dput(parent);
	return n;
}
const struct dentry_operations ops = { .d_revalidate = revalidate_ok };`,

  'followed twice': `
static int revalidate_bad(struct dentry *dentry, unsigned int flags)
{
	struct inode *dir;

	if (!(flags & LOOKUP_RCU))
		return 1;
	dir = d_inode_rcu(dentry->d_parent);
	if (!dir)
		return -ECHILD;
	return dentry->d_parent->d_flags + dir->i_flags; /*! rcu/unstable-parent */
}
const struct dentry_operations ops = { .d_revalidate = revalidate_bad };`,

  'handed to whatever a pointer calls': `
static int both(struct dentry *dentry, unsigned int flags, int (*check)(struct inode *))
{
	struct dentry *parent = READ_ONCE(dentry->d_parent);
	struct inode *dir;

	if (!(flags & LOOKUP_RCU))
		return 1;
	dir = d_inode(parent); /*! rcu/unstable-parent */
	if (!dir)
		return -ECHILD;
	return check(dir);
}
static int first(struct inode *dir)
{
	return dir->i_flags;
}
static int revalidate_bad(struct dentry *dentry, unsigned int flags)
{
	return both(dentry, flags, first);
}
const struct dentry_operations ops = { .d_revalidate = revalidate_bad };`,

  'read plainly under rcu_read_lock() alone': `
static unsigned int parent_flags_bad(struct dentry *dentry)
{
	struct inode *dir;
	unsigned int flags = 0;

	rcu_read_lock();
	dir = d_inode(dentry->d_parent); /*! rcu/unstable-parent */
	if (dir)
		flags = dir->i_flags;
	rcu_read_unlock();
	return flags;
}
static int open_ok(struct inode *inode, struct file *file)
{
	return parent_flags_bad(file->f_path.dentry);
}
static int rename_ok(struct mnt_idmap *idmap, struct inode *from, struct dentry *a, struct inode *to,
		     struct dentry *b, unsigned int flags)
{
	return 0;
}
const struct file_operations fops = { .open = open_ok };
const struct inode_operations iops = { .rename = rename_ok };`,

  'the same with one read, and what else keeps it': `
static unsigned int parent_flags_ok(struct dentry *dentry)
{
	struct inode *dir;
	unsigned int flags = 0;

	rcu_read_lock();
	dir = d_inode_rcu(READ_ONCE(dentry->d_parent));
	if (dir)
		flags = dir->i_flags;
	rcu_read_unlock();
	return flags;
}
static unsigned int locked_flags_ok(struct dentry *dentry)
{
	unsigned int flags;

	rcu_read_lock();
	spin_lock(&dentry->d_lock);
	flags = d_inode(dentry->d_parent)->i_flags;
	spin_unlock(&dentry->d_lock);
	rcu_read_unlock();
	return flags;
}
static unsigned int pinned_flags_ok(struct dentry *dentry)
{
	struct dentry *parent = dget_parent(dentry);
	unsigned int flags;

	rcu_read_lock();
	flags = d_inode(parent)->i_flags;
	rcu_read_unlock();
	dput(parent);
	return flags;
}
static int open_ok(struct inode *inode, struct file *file)
{
	struct dentry *dentry = file->f_path.dentry;

	return parent_flags_ok(dentry) + locked_flags_ok(dentry) + pinned_flags_ok(dentry);
}
const struct file_operations fops = { .open = open_ok };`,
  'in a read section of its own': `
int a_bad(const struct dentry *dentry)
{
	struct inode *dir;
	int flags;

	rcu_read_lock();
	dir = d_inode(dentry->d_parent); /*! rcu/unstable-parent */
	flags = dir->i_flags;
	rcu_read_unlock();
	return flags;
}
int b_bad(const struct dentry *dentry)
{
	struct inode *dir;
	int flags = 0;

	rcu_read_lock();
	dir = d_inode(dentry->d_parent); /*! rcu/unstable-parent@medium */
	if (dir && dir->i_flags)
		flags = 1;
	rcu_read_unlock();
	return flags;
}`,
};
