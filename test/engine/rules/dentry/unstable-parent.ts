/**
 * dentry/unstable-parent: code that is wrong (`_bad`), and code that is right and looks like it (`_ok`).
 */
import type { RuleCases } from '../../harness.js';

/** A filesystem in which dentries move. */
const RENAMES = `
static int foo_rename(struct mnt_idmap *idmap, struct inode *old_dir, struct dentry *old_dentry,
		      struct inode *new_dir, struct dentry *new_dentry, unsigned int flags)
{
	return 0;
}
const struct inode_operations renames = { .rename = foo_rename };
const struct super_operations sops = { .put_super = foo_put };
`;

/** Cases by title. */
export const UNSTABLE_PARENT: RuleCases = {
  'of an open directory, in readdir': `${RENAMES}
static int iterate_bad(struct file *file, struct dir_context *ctx)
{
	struct dentry *dir = file->f_path.dentry;

	return dir->d_parent->d_inode->i_flags; /*! dentry/unstable-parent */
}
const struct file_operations fops = { .iterate_shared = iterate_bad };`,

  'a path of names and parents that were asked for apart': `${RENAMES}
static long path_bad(struct file *file, unsigned int cmd, unsigned long arg)
{
	struct dentry *d, *up;
	int len = 0;

	for (d = dget(file->f_path.dentry); len < 4096; d = up) {
		spin_lock(&d->d_lock);
		len += strlen(d->d_name.name);
		spin_unlock(&d->d_lock);
		up = dget_parent(d); /*! dentry/unstable-parent@high */
		dput(d);
	}
	dput(d);
	return len;
}
static int path_ok(struct inode *inode, struct file *file)
{
	struct dentry *d, *up;
	int len = 0;

	for (d = dget(file->f_path.dentry); len < 4096;) {
		up = dget_parent(d);
		spin_lock(&d->d_lock);
		if (up != d->d_parent) {
			spin_unlock(&d->d_lock);
			dput(up);
			continue;
		}
		len += strlen(d->d_name.name);
		spin_unlock(&d->d_lock);
		dput(d);
		d = up;
	}
	dput(d);
	return len;
}
static int names_ok(struct inode *inode, struct file *file)
{
	struct dentry *d = dget(file->f_path.dentry), *up;
	int depth, len = 0;

	for (depth = 0; depth < 40; depth++) {
		up = dget_parent(d);
		spin_lock(&d->d_lock);
		len += strlen(d->d_name.name);
		spin_unlock(&d->d_lock);
		dput(d);
		d = up;
	}
	dput(d);
	return len;
}
const struct file_operations fops = { .unlocked_ioctl = path_bad, .open = path_ok, .release = names_ok };`,

  "the directory's own lock is not the parent's": `${RENAMES}
static int iterate_bad(struct file *file, struct dir_context *ctx)
{
	struct inode *up = d_inode(file->f_path.dentry->d_parent); /*! dentry/unstable-parent */

	return up->i_flags;
}
const struct file_operations fops = { .iterate_shared = shared_iterate_bad };
WRAP_DIR_ITER(iterate_bad)`,

  'down through calls': `${RENAMES}
static int flags_of_bad(const struct path *path)
{
	struct dentry *up = dget(path->dentry->d_parent); /*! dentry/unstable-parent */
	int flags = d_inode(up)->i_flags;

	dput(up);
	return flags;
}
static int iterate(struct file *file, struct dir_context *ctx)
{
	return flags_of_bad(&file->f_path);
}
const struct file_operations fops = { .iterate_shared = iterate };`,

  'through a structure of the caller': `${RENAMES}
struct request { struct dentry *dentry; int n; };
static int encode_bad(struct request *req)
{
	return req->dentry->d_parent->d_inode->i_flags; /*! dentry/unstable-parent */
}
static int iterate(struct file *file, struct dir_context *ctx)
{
	struct request req = { .dentry = file_dentry(file), .n = 1 };

	return encode_bad(&req);
}
const struct file_operations fops = { .iterate_shared = iterate };`,

  'pinned, under d_lock, or under RCU': `${RENAMES}
static int getattr_ok(struct mnt_idmap *idmap, const struct path *path, struct kstat *stat, u32 mask, unsigned int flags)
{
	struct dentry *up = dget_parent(path->dentry);
	int n = d_inode(up)->i_flags;

	dput(up);
	spin_lock(&path->dentry->d_lock);
	n += d_inode(path->dentry->d_parent)->i_flags;
	up = dget(path->dentry->d_parent);
	spin_unlock(&path->dentry->d_lock);
	n += d_inode(up)->i_flags;
	dput(up);
	rcu_read_lock();
	n += READ_ONCE(path->dentry->d_parent)->d_flags;
	rcu_read_unlock();
	return n;
}
const struct inode_operations iops = { .getattr = getattr_ok };`,

  'after d_lock was dropped': `${RENAMES}
static int getattr_bad(struct mnt_idmap *idmap, const struct path *path, struct kstat *stat, u32 mask, unsigned int flags)
{
	struct dentry *up;

	spin_lock(&path->dentry->d_lock);
	up = path->dentry->d_parent;
	spin_unlock(&path->dentry->d_lock);
	return d_inode(up)->i_flags; /*! dentry/unstable-parent */
}
const struct inode_operations iops = { .getattr = getattr_bad };`,

  'in a section of rename_lock': `${RENAMES}
static int getattr_ok(struct mnt_idmap *idmap, const struct path *path, struct kstat *stat, u32 mask, unsigned int flags)
{
	int n;

	write_seqlock(&rename_lock);
	n = path->dentry->d_parent->d_flags;
	write_sequnlock(&rename_lock);
	return n;
}
const struct inode_operations iops = { .getattr = getattr_ok };`,

  'the parent is locked by the caller': `${RENAMES}
static int unlink_ok(struct inode *dir, struct dentry *dentry)
{
	return d_inode(dentry->d_parent)->i_flags;
}
static struct dentry *lookup_ok(struct inode *dir, struct dentry *dentry, unsigned int flags)
{
	dentry->d_parent->d_inode->i_flags = 1;
	return NULL;
}
const struct inode_operations iops = { .unlink = unlink_ok, .lookup = lookup_ok };`,

  'the old parent of a link': `${RENAMES}
static int link_ok(struct dentry *old_dentry, struct inode *dir, struct dentry *dentry)
{
	return d_inode(old_dentry->d_parent)->i_flags +
	       d_inode(dentry->d_parent)->i_flags;
}
const struct inode_operations iops = { .link = link_ok };`,

  'in d_revalidate, and of a negative dentry': `${RENAMES}
static int revalidate_bad(struct dentry *dentry, unsigned int flags)
{
	struct foo *f = dentry->d_sb->s_fs_info;
	int n;

	if (flags & LOOKUP_RCU)
		return -ECHILD;
	down_read(&f->sem);
	if (!dentry->d_inode)
		n = d_inode(dentry->d_parent)->i_flags;
	else
		n = d_inode(dentry->d_parent)->i_flags; /*! dentry/unstable-parent */
	up_read(&f->sem);
	return n;
}
const struct dentry_operations dops = { .d_revalidate = revalidate_bad };`,

  // Another task may create it and move it away
  'a negative dentry with nothing held': `${RENAMES}
static int revalidate_bad(struct dentry *dentry, unsigned int flags)
{
	if (flags & LOOKUP_RCU)
		return -ECHILD;
	if (d_really_is_positive(dentry))
		return 1;
	return d_inode(dentry->d_parent)->i_flags; /*! dentry/unstable-parent */
}
static int revalidate_ok(struct dentry *dentry, unsigned int flags)
{
	int n;

	if (flags & LOOKUP_RCU)
		return -ECHILD;
	if (d_really_is_positive(dentry))
		return 1;
	spin_lock(&dentry->d_lock);
	n = d_inode(dentry->d_parent)->i_flags;
	spin_unlock(&dentry->d_lock);
	return n;
}
const struct dentry_operations bad = { .d_revalidate = revalidate_bad };
const struct dentry_operations ok = { .d_revalidate = revalidate_ok };`,

  'what tells that a dentry is negative': `${RENAMES}
static int revalidate_ok(struct dentry *dentry, unsigned int flags)
{
	struct foo *f = dentry->d_sb->s_fs_info;
	int n = 1;

	if (flags & LOOKUP_RCU)
		return -ECHILD;
	if (d_really_is_negative(dentry)) {
		down_read(&f->sem);
		n = d_inode(dentry->d_parent)->i_flags;
		up_read(&f->sem);
	}
	return n;
}
static int is_negative_ok(struct dentry *dentry, unsigned int flags)
{
	struct foo *f = dentry->d_sb->s_fs_info;
	int n = 1;

	if (flags & LOOKUP_RCU)
		return -ECHILD;
	down_read(&f->sem);
	if (d_is_negative(dentry))
		n = d_inode(dentry->d_parent)->i_flags;
	up_read(&f->sem);
	return n;
}
static int no_inode_ok(struct dentry *dentry, unsigned int flags)
{
	struct foo *f = dentry->d_sb->s_fs_info;
	int n = 1;

	if (flags & LOOKUP_RCU)
		return -ECHILD;
	down_read(&f->sem);
	if (d_inode(dentry) == NULL)
		n = d_inode(dentry->d_parent)->i_flags;
	up_read(&f->sem);
	return n;
}
static int not_rcu_ok(struct dentry *dentry, unsigned int flags)
{
	struct foo *f = dentry->d_sb->s_fs_info;
	bool positive;
	int n = 1;

	if (flags & LOOKUP_RCU)
		return -ECHILD;
	down_read(&f->sem);
	positive = d_is_positive(dentry);
	if (!(d_inode_rcu(dentry) && positive) && !positive)
		n = d_inode(dentry->d_parent)->i_flags;
	up_read(&f->sem);
	return n;
}
const struct dentry_operations really = { .d_revalidate = revalidate_ok };
const struct dentry_operations is = { .d_revalidate = is_negative_ok };
const struct dentry_operations no = { .d_revalidate = no_inode_ok };
const struct dentry_operations rcu = { .d_revalidate = not_rcu_ok };`,

  'what tells that a dentry is positive': `${RENAMES}
static int revalidate_bad(struct dentry *dentry, unsigned int flags)
{
	if (flags & LOOKUP_RCU)
		return -ECHILD;
	if (d_really_is_negative(dentry))
		return 1;
	return d_inode(dentry->d_parent)->i_flags; /*! dentry/unstable-parent */
}
const struct dentry_operations dops = { .d_revalidate = revalidate_bad };`,

  'nothing moves in this filesystem': `
static int open_ok(struct inode *inode, struct file *file)
{
	return d_inode(file->f_path.dentry->d_parent)->i_flags;
}
const struct file_operations fops = { .open = open_ok };
const struct super_operations sops = { .put_super = foo_put };`,

  'a file in a filesystem of others': `
static int open_ok(struct inode *inode, struct file *file)
{
	return d_inode(file->f_path.dentry->d_parent)->i_flags;
}
const struct file_operations fops = { .open = open_ok };`,

  'dead already': `${RENAMES}
static void release_ok(struct dentry *dentry)
{
	dentry->d_parent->d_flags = 0;
}
static int compare_ok(const struct dentry *dentry, unsigned int len, const char *str, const struct qstr *name)
{
	return dentry->d_parent->d_flags;
}
const struct dentry_operations dops = { .d_release = release_ok, .d_compare = compare_ok };`,

  'compared only': `${RENAMES}
static struct dentry *known;
static int is_known(struct dentry *up)
{
	return up == known;
}
static int open_ok(struct inode *inode, struct file *file)
{
	struct dentry *dentry = file->f_path.dentry;

	return IS_ROOT(dentry) || dentry->d_parent == known || is_known(dentry->d_parent);
}
const struct file_operations fops = { .open = open_ok };`,

  "under a lock that the filesystem's renames take": `
struct info { struct rw_semaphore sem; };
static int rename_locked(struct mnt_idmap *idmap, struct inode *old_dir, struct dentry *old_dentry,
			 struct inode *new_dir, struct dentry *new_dentry, unsigned int flags)
{
	struct info *info = old_dir->i_sb->s_fs_info;

	down_write(&info->sem);
	d_move(old_dentry, new_dentry);
	up_write(&info->sem);
	return 0;
}
static int open_ok(struct inode *inode, struct file *file)
{
	struct info *info = inode->i_sb->s_fs_info;
	int n;

	down_read(&info->sem);
	n = d_inode(file->f_path.dentry->d_parent)->i_flags;
	up_read(&info->sem);
	return n;
}
const struct inode_operations iops = { .rename = rename_locked };
const struct file_operations fops = { .open = open_ok };`,

  'the dentry was moved away by the function itself': `
int move_bad(struct dentry *child, struct dentry *to, struct dentry *target)
{
	struct dentry *trap = lock_rename_child(child, to);
	struct renamedata rd;
	struct dentry *old;

	if (IS_ERR(trap))
		return PTR_ERR(trap);
	old = child->d_parent;
	rd.old_dentry = child;
	rd.new_dentry = target;
	vfs_rename(&rd);
	unlock_rename(old, to); /*! dentry/unstable-parent */
	return 0;
}
int move_ok(struct dentry *child, struct dentry *to, struct dentry *target)
{
	struct dentry *trap = lock_rename_child(child, to);
	struct renamedata rd;
	struct dentry *old;

	if (IS_ERR(trap))
		return PTR_ERR(trap);
	old = dget(child->d_parent);
	rd.old_dentry = child;
	rd.new_dentry = target;
	vfs_rename(&rd);
	unlock_rename(old, to);
	dput(old);
	return 0;
}
int dropped_too_early_bad(struct dentry *child, struct dentry *to, struct dentry *target)
{
	struct dentry *trap = lock_rename_child(child, to);
	struct renamedata rd;
	struct dentry *old;

	if (IS_ERR(trap))
		return PTR_ERR(trap);
	old = dget(child->d_parent);
	rd.old_dentry = child;
	rd.new_dentry = target;
	vfs_rename(&rd);
	dput(old);
	unlock_rename(old, to); /*! dentry/unstable-parent */
	return 0;
}`,

  'of an alias that was found for an inode': `${RENAMES}
static int open_bad(struct inode *inode, struct file *file)
{
	struct dentry *alias = d_find_alias(inode);
	int flags = d_inode(alias->d_parent)->i_flags; /*! dentry/unstable-parent@high */

	dput(alias);
	return flags;
}
const struct file_operations fops = { .open = open_bad };`,
  'kept from freezing, as renames are': `
static int foo_rename(struct mnt_idmap *idmap, struct inode *old_dir, struct dentry *old_dentry,
		      struct inode *new_dir, struct dentry *new_dentry, unsigned int flags)
{
	sb_start_write(old_dir->i_sb);
	sb_end_write(old_dir->i_sb);
	return 0;
}
const struct inode_operations renames = { .rename = foo_rename };
const struct super_operations sops = { .put_super = foo_put };
static long open_bad(struct inode *inode, struct file *file)
{
	long n;

	sb_start_write(inode->i_sb);
	n = d_inode(file->f_path.dentry->d_parent)->i_ino; /*! dentry/unstable-parent */
	sb_end_write(inode->i_sb);
	return n;
}
const struct file_operations fops = { .open = open_bad };`,

  // A mutex that a rename takes keeps it out; a spinlock that it takes for a moment keeps a list
  'under a lock that renames take': `
static int foo_rename(struct mnt_idmap *idmap, struct inode *old_dir, struct dentry *old_dentry,
		      struct inode *new_dir, struct dentry *new_dentry, unsigned int flags)
{
	struct foo *f = old_dir->i_sb->s_fs_info;

	mutex_lock(&f->mutex);
	spin_lock(&f->other);
	f->count++;
	spin_unlock(&f->other);
	mutex_unlock(&f->mutex);
	return 0;
}
const struct inode_operations renames = { .rename = foo_rename };
const struct super_operations sops = { .put_super = foo_put };
static long ioctl_ok(struct file *file, unsigned int cmd, unsigned long arg)
{
	struct foo *f = file_inode(file)->i_sb->s_fs_info;
	long n;

	mutex_lock(&f->mutex);
	n = d_inode(file->f_path.dentry->d_parent)->i_flags;
	mutex_unlock(&f->mutex);
	return n;
}
static int open_bad(struct inode *inode, struct file *file)
{
	struct foo *f = inode->i_sb->s_fs_info;
	int n;

	spin_lock(&f->other);
	n = d_inode(file->f_path.dentry->d_parent)->i_flags; /*! dentry/unstable-parent */
	spin_unlock(&f->other);
	return n;
}
const struct file_operations fops = { .open = open_bad, .unlocked_ioctl = ioctl_ok };`,

  // There are as many of these as there are blocks: who has one keeps nobody out who takes another one
  'with a buffer locked, as renames lock theirs': `
static int foo_rename(struct mnt_idmap *idmap, struct inode *old_dir, struct dentry *old_dentry,
		      struct inode *new_dir, struct dentry *new_dentry, unsigned int flags)
{
	struct buffer_head *bh = old_dir->i_private;

	lock_buffer(bh);
	unlock_buffer(bh);
	return 0;
}
const struct inode_operations renames = { .rename = foo_rename };
const struct super_operations sops = { .put_super = foo_put };
static int fsync_bad(struct file *file, loff_t start, loff_t end, int datasync)
{
	struct buffer_head *bh = file->private_data;
	int n;

	lock_buffer(bh);
	n = d_inode(file->f_path.dentry->d_parent)->i_flags; /*! dentry/unstable-parent */
	unlock_buffer(bh);
	return n;
}
const struct file_operations fops = { .fsync = fsync_bad };`,

  // A filesystem for its own settings, in a directory that works on the dentries of others
  'in a filesystem that renames only in others': `
const struct super_operations sops = { .put_super = foo_put };
int serve_rename(struct renamedata *rd)
{
	return vfs_rename(rd); /*! dir/lock-required */
}
int serve_bad(struct foo *f, struct dentry *dentry)
{
	struct dentry *up = dget(dentry->d_parent); /*! dentry/unstable-parent@low */
	int flags = d_inode(up)->i_flags;

	dput(up);
	return flags;
}
static int open_ok(struct inode *inode, struct file *file)
{
	return d_inode(file->f_path.dentry->d_parent)->i_flags;
}
const struct file_operations fops = { .open = open_ok };`,
};
