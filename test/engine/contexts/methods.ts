/**
 * Contexts: by the VFS's methods, in RCU-walk and out of it. One construct a case.
 */
import type { ContextCase } from '../harness.js';

/** Cases by title. */
export const METHODS: readonly ContextCase[] = [
  {
    title: 'LOOKUP_RCU and its bail-out',
    source: `
static int foo_revalidate(struct dentry *dentry, unsigned int flags)
{
	dentry->d_time = 0; /*@both*/
	if (flags & LOOKUP_RCU)
		return -ECHILD; /*@walk*/
	dentry->d_time = 1; /*@ref*/
	return 1;
}
const struct dentry_operations foo_ops = { .d_revalidate = foo_revalidate };`,
    at: {
      both: ['d_revalidate [&dentry->d_parent->d_inode->i_rwsem?] sleeps', 'd_revalidate [] walk atomic'],
      walk: ['d_revalidate [] walk atomic'],
      ref: ['d_revalidate [&dentry->d_parent->d_inode->i_rwsem?] sleeps'],
    },
  },
  {
    title: 'a function that a helper calls back, with what the helper holds and makes',
    source: `
static int foo_fill(struct super_block *sb, struct fs_context *fc)
{
	sb->s_flags = 1; /*@inside*/
	return 0;
}
static int foo_get_tree(struct fs_context *fc)
{
	return get_tree_bdev(fc, foo_fill);
}
const struct fs_context_operations foo_ops = { .get_tree = foo_get_tree };`,
    at: { inside: ['get_tree [&fc->uapi_mutex?, &sb->s_umount] sleeps'] },
  },
  {
    title: 'a table whose flags say that its directory is not locked',
    source: `
static int foo_readdir(struct file *file, struct dir_context *ctx)
{
	ctx->pos = 0; /*@locked*/
	return 0;
}
static int foo_still(struct file *file, struct dir_context *ctx)
{
	ctx->pos = 1; /*@still*/
	return 0;
}
const struct file_operations foo_ops = { .iterate_shared = foo_readdir, .fop_flags = FOP_OTHER };
const struct file_operations foo_still_ops = { .iterate_shared = foo_still, .fop_flags = FOP_OTHER | FOP_IMMUTABLE };`,
    at: {
      locked: ['iterate_shared [&file->f_inode->i_rwsem shared, &file->f_pos_lock?] sleeps'],
      still: ['iterate_shared [&file->f_pos_lock?] sleeps'],
    },
  },
  {
    title: 'what tells whether a cached inode matches, and what sets up a new one',
    source: `
static int foo_test(struct inode *inode, void *data)
{
	return inode->i_flags == 0; /*@test*/
}
static int foo_set(struct inode *inode, void *data)
{
	inode->i_flags = 1; /*@set*/
	return 0;
}
struct inode *foo_iget(struct super_block *sb, unsigned long hash)
{
	return iget5_locked(sb, hash, foo_test, foo_set, sb);
}`,
    at: { test: ['- [&inode_hash_lock] read atomic'], set: ['- [&inode_hash_lock] atomic'] },
  },
  {
    title: 'a permission derived from the mode',
    source: `
static int foo_permission(struct mnt_idmap *idmap, struct inode *inode, int mask)
{
	bool may_block = !(mask & MAY_NOT_BLOCK);

	if (may_block)
		inode->i_flags = 1; /*@ref*/
	else
		inode->i_flags = 2; /*@walk*/
	return 0;
}
const struct inode_operations foo_ops = { .permission = foo_permission };`,
    at: { ref: ['permission [&inode->i_rwsem?] sleeps'], walk: ['permission [] walk atomic'] },
  },
  {
    title: 'a flag passed on as a parameter through two calls',
    source: `
static int inner(struct inode *inode, bool rcu)
{
	if (rcu)
		return inode->i_flags; /*@walk*/
	return inode->i_mode; /*@ref*/
}
static int outer(struct dentry *dentry, unsigned int lookup)
{
	return inner(d_inode_rcu(dentry), lookup != 0);
}
static int foo_revalidate(struct dentry *dentry, unsigned int flags)
{
	return outer(dentry, flags & LOOKUP_RCU);
}
const struct dentry_operations foo_ops = { .d_revalidate = foo_revalidate };`,
    at: {
      walk: ['d_revalidate [] walk atomic'],
      ref: ['d_revalidate [inode::i_rwsem?] sleeps'],
    },
  },
  {
    title: 'get_link without a dentry is RCU-walk',
    source: `
static const char *foo_get_link(struct dentry *dentry, struct inode *inode, struct delayed_call *done)
{
	gfp_t gfp = dentry ? GFP_KERNEL : GFP_ATOMIC;

	inode->i_private = kmalloc(8, gfp); /*@both*/
	if (!dentry)
		return ERR_PTR(-ECHILD); /*@walk*/
	return inode->i_private; /*@ref*/
}
const struct inode_operations foo_ops = { .get_link = foo_get_link };`,
    at: {
      both: ['get_link [] sleeps', 'get_link [] walk atomic'],
      walk: ['get_link [] walk atomic'],
      ref: ['get_link [] sleeps'],
    },
  },
  {
    title: 'd_prune runs in d_lock',
    source: `
static void foo_prune(struct dentry *dentry)
{
	dentry->d_time = 0; /*@*/
}
const struct dentry_operations foo_ops = { .d_prune = foo_prune };`,
    at: {
      '': ['d_prune [&dentry->d_inode->i_lock, &dentry->d_lock] atomic', 'd_prune [&dentry->d_lock] atomic'],
    },
  },
  {
    title: "a method drops its caller's lock and takes it again",
    source: `
static int foo_unlink(struct inode *dir, struct dentry *dentry)
{
	dentry->d_time = 0; /*@before*/
	inode_unlock(dir);
	dentry->d_time = 1; /*@between*/
	inode_lock(dir);
	dentry->d_time = 2; /*@again*/
	return 0;
}
const struct inode_operations foo_ops = { .unlink = foo_unlink };`,
    at: {
      before: ['unlink [&dentry->d_inode->i_rwsem, &dir->i_rwsem] sleeps'],
      between: ['unlink [&dentry->d_inode->i_rwsem] sleeps'],
      again: ['unlink [&dentry->d_inode->i_rwsem, &dir->i_rwsem] sleeps'],
    },
  },
  {
    title: 'a helper of two methods has two contexts',
    source: `
static void forget(struct dentry *d)
{
	d->d_time = 0; /*@*/
}
static void foo_prune(struct dentry *dentry)
{
	forget(dentry);
}
static void foo_release(struct dentry *dentry)
{
	forget(dentry);
}
const struct dentry_operations foo_ops = { .d_prune = foo_prune, .d_release = foo_release };`,
    at: {
      '': [
        'd_prune [&d->d_inode->i_lock, &d->d_lock] atomic',
        'd_prune [&d->d_lock] atomic',
        'd_release [] sleeps',
      ],
    },
  },
  {
    title: "free_inode is an RCU callback, put_super holds the superblock's s_umount",
    source: `
static void foo_free_inode(struct inode *inode)
{
	inode->i_flags = 0; /*@free*/
}
static void foo_put_super(struct super_block *sb)
{
	sb->s_fs_info = (void *)0; /*@put*/
}
const struct super_operations foo_ops = { .free_inode = foo_free_inode, .put_super = foo_put_super };`,
    at: { free: ['free_inode [] atomic'], put: ['put_super [&sb->s_umount] sleeps'] },
  },
  {
    title: 'locks of rename that depend on what is moved and what is overwritten',
    source: `
static int foo_rename(struct mnt_idmap *idmap, struct inode *old_dir, struct dentry *old_dentry,
		      struct inode *new_dir, struct dentry *new_dentry, unsigned int flags)
{
	struct inode *inode = d_inode(old_dentry);
	struct inode *victim = d_inode(new_dentry);

	if (old_dir != new_dir)
		return -EXDEV;
	if (flags & RENAME_EXCHANGE)
		return -EINVAL;
	if ((inode->i_mode & S_IFMT) == S_IFDIR) {
		inode->i_flags = 1; /*@directory*/
		return 0;
	}
	if (victim)
		victim->i_flags = 1; /*@victim*/
	inode->i_flags = 1; /*@either*/
	return 0;
}
const struct inode_operations foo_ops = { .rename = foo_rename };`,
    at: {
      directory: ['rename [&new_dentry->d_inode->i_rwsem?, &new_dir->i_rwsem, &old_dir->i_rwsem] sleeps'],
      victim: [
        'rename [&new_dentry->d_inode->i_rwsem, &new_dir->i_rwsem, &old_dentry->d_inode->i_rwsem, &old_dir->i_rwsem] sleeps',
      ],
      either: [
        'rename [&new_dentry->d_inode->i_rwsem?, &new_dir->i_rwsem, &old_dentry->d_inode->i_rwsem, &old_dir->i_rwsem] sleeps',
      ],
    },
  },
  {
    title: 'records are shown with what start returned holding',
    source: `
struct seq_file; 
static void *foo_start(struct seq_file *m, loff_t *pos)
{
	rcu_read_lock();
	if (*pos)
		return NULL;
	return m;
}
static void *foo_next(struct seq_file *m, void *v, loff_t *pos)
{
	return NULL; /*@next*/
}
static int foo_show(struct seq_file *m, void *v)
{
	return 0; /*@show*/
}
static void foo_stop(struct seq_file *m, void *v)
{
	rcu_read_unlock(); /*@stop*/
}
const struct seq_operations foo_ops = { .start = foo_start, .next = foo_next, .show = foo_show, .stop = foo_stop };`,
    at: {
      next: ['next [&m->lock] read atomic'],
      show: ['show [&m->lock] read atomic'],
      stop: ['stop [&m->lock] read atomic'],
    },
  },
  {
    title: 'whether two arguments are the same is known in the callee',
    source: `
static int inner(struct inode *a, struct inode *b, struct inode *moved)
{
	moved->i_flags = 0; /*@any*/
	if (a == b)
		return 0;
	moved->i_flags = 1; /*@across*/
	return 1;
}
static int foo_rename(struct mnt_idmap *idmap, struct inode *old_dir, struct dentry *old_dentry,
		      struct inode *new_dir, struct dentry *new_dentry, unsigned int flags)
{
	return inner(old_dir, new_dir, d_inode(old_dentry));
}
const struct inode_operations foo_ops = { .rename = foo_rename };`,
    at: {
      any: [
        'rename [&a->i_rwsem, &a->i_sb->s_vfs_rename_mutex, &b->i_rwsem, &moved->i_rwsem, inode::i_rwsem?] sleeps',
        'rename [&a->i_rwsem, &b->i_rwsem, &moved->i_rwsem?, inode::i_rwsem?] sleeps',
      ],
      across: [
        'rename [&a->i_rwsem, &a->i_sb->s_vfs_rename_mutex, &b->i_rwsem, &moved->i_rwsem, inode::i_rwsem?] sleeps',
      ],
    },
  },
  {
    title: 'a function that prints the one record of a file',
    source: `
struct seq_file;
extern int single_open(struct file *file, int (*show)(struct seq_file *, void *), void *data);
static int foo_show(struct seq_file *m, void *v)
{
	return 0; /*@*/
}
static int foo_open(struct inode *inode, struct file *file)
{
	return single_open(file, foo_show, NULL);
}
const struct file_operations foo_fops = { .open = foo_open };`,
    at: { '': ['show [&m->lock] sleeps'] },
  },
  {
    title: 'a flag that is refused together with others',
    source: `
static int foo_rename(struct mnt_idmap *idmap, struct inode *old_dir, struct dentry *old_dentry,
		      struct inode *new_dir, struct dentry *new_dentry, unsigned int flags)
{
	if (flags & ~RENAME_NOREPLACE)
		return -EINVAL;
	if (old_dir != new_dir || !d_inode(new_dentry))
		return 0;
	d_inode(new_dentry)->i_flags = 1; /*@*/
	return 0;
}
const struct inode_operations foo_ops = { .rename = foo_rename };`,
    at: {
      '': [
        'rename [&new_dentry->d_inode->i_rwsem, &new_dir->i_rwsem, &old_dentry->d_inode->i_rwsem?, &old_dir->i_rwsem] sleeps',
      ],
    },
  },
  {
    title: 'what rename locks where something is overwritten, in a function that is told what that is',
    source: `
static int inner(struct inode *dir, struct dentry *over)
{
	struct inode *victim = d_inode(over);

	dir->i_flags = 1; /*@open*/
	if (victim)
		victim->i_flags = 1; /*@met*/
	else
		dir->i_flags = 2; /*@none*/
	return 0;
}
static int foo_rename(struct mnt_idmap *idmap, struct inode *old_dir, struct dentry *old_dentry,
		      struct inode *new_dir, struct dentry *new_dentry, unsigned int flags)
{
	if (old_dir != new_dir || flags)
		return -EINVAL;
	return inner(new_dir, new_dentry);
}
const struct inode_operations foo_ops = { .rename = foo_rename };`,
    at: {
      open: ['rename [&dir->i_rwsem, &over->d_inode->i_rwsem?, inode::i_rwsem] sleeps'],
      met: ['rename [&dir->i_rwsem, &over->d_inode->i_rwsem, inode::i_rwsem] sleeps'],
      none: ['rename [&dir->i_rwsem, inode::i_rwsem] sleeps'],
    },
  },
  {
    title: 'a buffered write holds the inode, but where the filesystem writes pages of its own',
    source: `
static int plain_write_begin(struct file *file, struct address_space *mapping, loff_t pos, unsigned int len,
			     struct folio **foliop, void **fsdata)
{
	return 0; /*@plain*/
}
const struct address_space_operations plain_aops = { .write_begin = plain_write_begin };
// file: fs/bar/y.c
static int linking_write_begin(struct file *file, struct address_space *mapping, loff_t pos, unsigned int len,
			       struct folio **foliop, void **fsdata)
{
	return 0; /*@linking*/
}
const struct address_space_operations linking_aops = { .write_begin = linking_write_begin };
int linking_symlink(struct inode *inode, const char *name, int len)
{
	return page_symlink(inode, name, len);
}`,
    at: {
      plain: ['write_begin [&mapping->host->i_rwsem] sleeps'],
      linking: [
        'write_begin [&mapping->host->i_rwsem?] sleeps',
        'write_begin [&mapping->host->i_rwsem] sleeps',
      ],
    },
  },
  {
    title: 'an inline of a header that stands in a table',
    source: `
#include "inline.h"
const struct inode_operations foo_ops = { .get_inode_acl = foo_get_acl };
struct posix_acl *foo_acl(struct inode *inode, bool rcu)
{
	if (rcu)
		return NULL; /*@walk*/
	return NULL; /*@ref*/
}
// file: fs/foo/inline.h
struct posix_acl *foo_acl(struct inode *inode, bool rcu);
static inline struct posix_acl *foo_get_acl(struct inode *inode, int type, bool rcu)
{
	return foo_acl(inode, rcu);
}`,
    at: { walk: ['get_inode_acl [] walk atomic'], ref: ['get_inode_acl [] sleeps'] },
  },
  {
    title: 'd_delete in the read side of dput(), and of a parent out of it',
    source: `
static int foo_delete(const struct dentry *dentry)
{
	return 1; /*@*/
}
const struct dentry_operations foo_ops = { .d_delete = foo_delete };`,
    at: { '': ['d_delete [&dentry->d_lock] atomic', 'd_delete [&dentry->d_lock] read atomic'] },
  },
];
