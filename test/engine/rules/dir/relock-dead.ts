/**
 * dir/relock-dead: code that is wrong (`_bad`), and code that is right and looks like it (`_ok`).
 */
import type { RuleCases } from '../../harness.js';

const READING = `
#define S_DEAD 16
#define IS_DEADDIR(inode) ((inode)->i_flags & S_DEAD)
struct dir_context { long pos; };
struct file_operations { int (*iterate_shared)(struct file *file, struct dir_context *ctx); };
struct file { struct inode *f_inode; const struct file_operations *f_op; void *private_data; };
`;

/** Cases by title. */
export const RELOCK_DEAD: RuleCases = {
  'tested before the directory is locked': `${READING}
static int foo_bad(struct file *file, struct dir_context *ctx)
{
	struct file *lower = file->private_data;
	struct inode *dir = file_inode(lower);
	int err = -2;

	if (!IS_DEADDIR(dir)) {
		inode_lock_shared(dir);
		err = lower->f_op->iterate_shared(lower, ctx); /*! dir/relock-dead */
		inode_unlock_shared(dir);
	}
	return err;
}
const struct file_operations foo_ops = { .iterate_shared = foo_bad };`,

  'tested inside the lock': `${READING}
static int foo_ok(struct file *file, struct dir_context *ctx)
{
	struct file *lower = file->private_data;
	struct inode *dir = file_inode(lower);
	int err = -2;

	inode_lock_shared(dir);
	if (!IS_DEADDIR(dir))
		err = lower->f_op->iterate_shared(lower, ctx);
	inode_unlock_shared(dir);
	return err;
}
const struct file_operations foo_ops = { .iterate_shared = foo_ok };`,

  'the lock of the caller dropped and taken again, then read on': `${READING}
static int foo_fill(struct inode *dir, struct dir_context *ctx)
{
	ctx->pos++;
	return dir->i_mode;
}
static int foo_bad(struct file *file, struct dir_context *ctx)
{
	struct inode *dir = file->f_inode;

	inode_unlock_shared(dir);
	schedule();
	inode_lock_shared(dir);
	return foo_fill(dir, ctx); /*! dir/relock-dead */
}
const struct file_operations foo_ops = { .iterate_shared = foo_bad };`,

  'dropped and taken again, and tested there': `${READING}
static int foo_fill(struct inode *dir, struct dir_context *ctx)
{
	ctx->pos++;
	return dir->i_mode;
}
static int foo_ok(struct file *file, struct dir_context *ctx)
{
	struct inode *dir = file->f_inode;

	inode_unlock_shared(dir);
	schedule();
	inode_lock_shared(dir);
	if (IS_DEADDIR(dir))
		return -2;
	return foo_fill(dir, ctx);
}
const struct file_operations foo_ops = { .iterate_shared = foo_ok };`,

  'retaken for state of the inode only': `${READING}
static int foo_ok(struct file *file, struct dir_context *ctx)
{
	struct inode *dir = file->f_inode;

	inode_unlock_shared(dir);
	schedule();
	inode_lock_shared(dir);
	dir->i_mode |= 1;
	return 0;
}
const struct file_operations foo_ops = { .iterate_shared = foo_ok };`,

  'a victim found before the lock': `
int foo_bad(struct dentry *parent, struct dentry *victim)
{
	struct inode *dir = d_inode(parent);
	int err;

	inode_lock(dir);
	err = vfs_unlink(NULL, dir, victim, NULL); /*! dir/relock-dead */
	inode_unlock(dir);
	return err;
}`,

  'a name found before the lock, and made something of inside it': `
static struct dentry *lock_parent_of(struct dentry *dentry)
{
	struct dentry *dir = dget_parent(dentry);

	inode_lock(d_inode(dir));
	return dir;
}
int foo_mkdir_bad(struct dentry *lower)
{
	struct dentry *dir = lock_parent_of(lower);
	int err = vfs_mkdir(NULL, d_inode(dir), lower, 0755); /*! dir/relock-dead */

	inode_unlock(d_inode(dir));
	dput(dir);
	return err;
}
int foo_link_bad(struct dentry *old, struct dentry *lower)
{
	struct dentry *dir = lock_parent_of(lower);
	int err = vfs_link(old, NULL, d_inode(dir), lower, NULL); /*! dir/relock-dead */

	inode_unlock(d_inode(dir));
	dput(dir);
	return err;
}`,

  'made something of where it is still a child, or was looked up inside': `
struct dentry *lookup_one_len(const char *name, struct dentry *base, int len);
int foo_mkdir_ok(struct dentry *parent, struct dentry *lower)
{
	int err = -22;

	inode_lock(d_inode(parent));
	if (lower->d_parent == parent)
		err = vfs_mkdir(NULL, d_inode(parent), lower, 0755);
	inode_unlock(d_inode(parent));
	return err;
}
int foo_looked_up_ok(struct dentry *parent)
{
	struct dentry *child;
	int err;

	inode_lock(d_inode(parent));
	child = lookup_one_len("foo", parent, 3);
	err = vfs_mkdir(NULL, d_inode(parent), child, 0755);
	inode_unlock(d_inode(parent));
	dput(child);
	return err;
}`,

  'a victim tested before the lock was dropped': `
static int foo_bury_bad(struct dentry *parent, struct dentry *grave, struct dentry *victim)
{
	struct renamedata { struct inode *old_dir; struct dentry *old_dentry; } rd;
	int err;

	if (victim->d_parent != parent) {
		inode_unlock(d_inode(parent));
		return -116;
	}
	inode_unlock(d_inode(parent));
	schedule();
	inode_lock(d_inode(parent));
	rd.old_dir = d_inode(parent);
	rd.old_dentry = victim;
	err = vfs_rename(&rd); /*! dir/relock-dead */
	inode_unlock(d_inode(parent));
	return err;
}
int foo(struct dentry *parent, struct dentry *grave, struct dentry *victim)
{
	inode_lock(d_inode(parent));
	return foo_bury_bad(parent, grave, victim);
}`,

  'by way of a function that removes it': `
static int foo_remove(struct dentry *parent, struct dentry *victim)
{
	return vfs_rmdir(NULL, d_inode(parent), victim);
}
int foo_bad(struct dentry *parent, struct dentry *victim)
{
	int err;

	inode_lock(d_inode(parent));
	err = foo_remove(parent, victim); /*! dir/relock-dead */
	inode_unlock(d_inode(parent));
	return err;
}`,

  'the parent tested inside': `
int foo_ok(struct dentry *parent, struct dentry *victim)
{
	struct inode *dir = d_inode(parent);
	int err = -22;

	inode_lock(dir);
	if (victim->d_parent == parent)
		err = vfs_unlink(NULL, dir, victim, NULL);
	inode_unlock(dir);
	return err;
}`,

  'the parent tested inside by who locks': `
static int foo_lock(struct dentry *parent, struct dentry *victim)
{
	inode_lock(d_inode(parent));
	return victim->d_parent == parent ? 0 : -22;
}
int foo_ok(struct dentry *parent, struct dentry *victim)
{
	int err = foo_lock(parent, victim);

	if (!err)
		err = vfs_unlink(NULL, d_inode(parent), victim, NULL);
	inode_unlock(d_inode(parent));
	return err;
}`,

  'hashedness tested inside': `
int foo_ok(struct dentry *parent, struct dentry *victim)
{
	int err = 0;

	inode_lock(d_inode(parent));
	if (!d_unhashed(victim))
		err = vfs_unlink(NULL, d_inode(parent), victim, NULL);
	inode_unlock(d_inode(parent));
	return err;
}`,

  'looked up inside': `
int foo_ok(struct dentry *parent, const char *name, int len)
{
	struct dentry *victim;
	int err;

	inode_lock(d_inode(parent));
	victim = lookup_one_len(name, parent, len);
	if (IS_ERR(victim)) {
		inode_unlock(d_inode(parent));
		return -2;
	}
	err = vfs_unlink(NULL, d_inode(parent), victim, NULL);
	inode_unlock(d_inode(parent));
	dput(victim);
	return err;
}`,

  'looked up by what locks': `
static struct dentry *foo_start(struct dentry *parent, const char *name, int len)
{
	struct dentry *victim;

	inode_lock(d_inode(parent));
	victim = lookup_one_len(name, parent, len);
	if (IS_ERR(victim))
		inode_unlock(d_inode(parent));
	return victim;
}
int foo_ok(struct dentry *parent, const char *name, int len)
{
	struct dentry *victim;
	int err;

	victim = foo_start(parent, name, len);
	if (IS_ERR(victim))
		return -2;
	err = vfs_unlink(NULL, d_inode(parent), victim, NULL);
	inode_unlock(d_inode(parent));
	dput(victim);
	return err;
}`,

  'a test of another dentry is none': `
int foo_bad(struct dentry *parent, struct dentry *victim, const char *name, int len)
{
	struct dentry *grave;
	int err = 0;

	inode_lock(d_inode(parent));
	grave = lookup_one_len(name, parent, len);
	if (!IS_ERR(grave) && d_is_negative(grave))
		err = vfs_unlink(NULL, d_inode(parent), victim, NULL); /*! dir/relock-dead */
	inode_unlock(d_inode(parent));
	return err;
}`,

  'found alive inside': `
int foo_ok(struct dentry *parent, struct dentry *victim)
{
	int err = 0;

	inode_lock(d_inode(parent));
	if (simple_positive(victim))
		err = vfs_unlink(NULL, d_inode(parent), victim, NULL);
	inode_unlock(d_inode(parent));
	return err;
}`,

  'locked by who calls, tested by nobody': `${READING}
struct inode_operations { struct dentry *(*lookup)(struct inode *dir, struct dentry *dentry, unsigned int flags); };
static struct dentry *ask_bad(struct dentry *parent, struct dentry *child)
{
	struct inode *dir = parent->d_inode;

	return dir->i_op->lookup(dir, child, 0); /*! dir/relock-dead */
}
struct dentry *foo(struct dentry *parent, struct dentry *child)
{
	struct dentry *got;

	inode_lock_shared(parent->d_inode);
	got = ask_bad(parent, child);
	inode_unlock_shared(parent->d_inode);
	return got;
}`,

  'locked by who calls, tested there inside the lock': `${READING}
struct inode_operations { struct dentry *(*lookup)(struct inode *dir, struct dentry *dentry, unsigned int flags); };
static struct dentry *ask_ok(struct dentry *parent, struct dentry *child)
{
	struct inode *dir = parent->d_inode;

	return dir->i_op->lookup(dir, child, 0);
}
struct dentry *foo(struct dentry *parent, struct dentry *child)
{
	struct dentry *got = NULL;

	inode_lock_shared(parent->d_inode);
	if (!IS_DEADDIR(parent->d_inode))
		got = ask_ok(parent, child);
	inode_unlock_shared(parent->d_inode);
	return got;
}`,

  'locked by who calls, tested by what is called': `${READING}
struct inode_operations { struct dentry *(*lookup)(struct inode *dir, struct dentry *dentry, unsigned int flags); };
static struct dentry *ask_ok(struct dentry *parent, struct dentry *child)
{
	struct inode *dir = parent->d_inode;

	if (IS_DEADDIR(dir))
		return NULL;
	return dir->i_op->lookup(dir, child, 0);
}
struct dentry *foo(struct dentry *parent, struct dentry *child)
{
	struct dentry *got;

	inode_lock_shared(parent->d_inode);
	got = ask_ok(parent, child);
	inode_unlock_shared(parent->d_inode);
	return got;
}`,

  'a directory that the filesystem keeps in a table of its own': `${READING}
struct volume { struct inode *system[8]; };
static int fill(struct inode *dir, struct dir_context *ctx)
{
	ctx->pos++;
	return dir->i_mode;
}
int foo_ok(struct volume *v, struct dir_context *ctx)
{
	struct inode *dir = v->system[3];
	int err;

	inode_lock(dir);
	err = fill(dir, ctx);
	inode_unlock(dir);
	return err;
}
struct shelf { struct inode *dir; };
int bar_bad(struct shelf *shelf, struct dir_context *ctx)
{
	struct inode *dir = shelf->dir;
	int err;

	inode_lock(dir);
	err = fill(dir, ctx); /*! dir/relock-dead */
	inode_unlock(dir);
	return err;
}`,
};
