/**
 * Quick fixes: before, after, and the rules run again on the after. Where a fix would not be right there is none.
 */
import { checkFix } from './harness.js';

interface Case {
  readonly title: string;
  readonly before: string;
  /** Null: no fix is offered. */
  readonly after: string | null;
  readonly safety?: 'unsafe';
}

/** A case whose before and after differ in one place, written as `<<before||after>>`. */
function change(title: string, source: string): Case {
  const side = (which: 1 | 2): string =>
    source.replace(/<<([\s\S]*?)\|\|([\s\S]*?)>>/g, (_, a: string, b: string) => (which === 1 ? a : b));
  return { title, before: side(1), after: side(2) };
}

/** A change whose meaning only the author can tell. */
function guess(title: string, source: string): Case {
  return { ...change(title, source), safety: 'unsafe' };
}

function none(title: string, before: string): Case {
  return { title, before, after: null };
}

const MANAGE = `
static int manage(const struct path *path, bool rcu_walk)
{
	struct record *r = path->dentry->d_fsdata;

	return r->flags;
}
const struct dentry_operations ops = { .d_manage = manage, .d_release = release };
`;

const RELEASE = `
static void release(struct dentry *dentry)
{
	struct record *r = dentry->d_fsdata;

	<<kfree(r); /*! rcu/early-free */||kfree_rcu(r, rcu);>>
}
`;

const AFTER_GRACE: readonly Case[] = [
  change(
    'adds the member',
    `
struct record {
	int flags;
	spinlock_t lock;
<<||	struct rcu_head rcu;
>>};
${MANAGE}${RELEASE}`,
  ),
  change(
    'adds the member in the header that has the structure',
    `
// file: fs/foo/foo.h
struct record {
	int flags;
<<||	struct rcu_head rcu;
>>};
// file: fs/foo/x.c
#include "foo.h"
${MANAGE}${RELEASE}`,
  ),
  change(
    'uses the member that is there, whatever its name',
    `
struct record {
	int flags;
	struct rcu_head head;
};
${MANAGE}
static void release(struct dentry *dentry)
{
	struct record *r = dentry->d_fsdata;

	<<kfree(r); /*! rcu/early-free */||kfree_rcu(r, head);>>
}`,
  ),
  change(
    'another name where rcu is taken',
    `
struct record {
	int flags;
	int rcu;
<<||	struct rcu_head rcu_head;
>>};
${MANAGE}
static void release(struct dentry *dentry)
{
	struct record *r = dentry->d_fsdata;

	<<kfree(r); /*! rcu/early-free */||kfree_rcu(r, rcu_head);>>
}`,
  ),
  change(
    'before a flexible array, which stays last',
    `
struct record {
	int flags;
<<||	struct rcu_head rcu;
>>	char name[];
};
${MANAGE}${RELEASE}`,
  ),
  change(
    'a structure on one line',
    `
struct record { int flags; <<||struct rcu_head rcu; >>};
${MANAGE}${RELEASE}`,
  ),
  change(
    'kvfree(), in a helper, under a condition without braces',
    `
struct record {
	int flags;
	struct rcu_head rcu;
};
${MANAGE}
static void drop(struct record *r)
{
	if (r)
		<<kvfree(r); /*! rcu/early-free */||kvfree_rcu(r, rcu);>>
}
static void release(struct dentry *dentry)
{
	drop(dentry->d_fsdata);
}`,
  ),
  change(
    'text that the configuration left out stays as it is',
    `
struct record {
	int flags;
#ifdef CONFIG_FOO_DEBUG
	int debug;
#endif
<<||	struct rcu_head rcu;
>>};
${MANAGE}${RELEASE}`,
  ),
  none(
    'a pointer without a type of its own',
    `
struct record { int flags; };
${MANAGE}
static void release(struct dentry *dentry)
{
	kfree(dentry->d_fsdata); /*! rcu/early-free */
}`,
  ),
  none(
    'a slab cache',
    `
struct record { int flags; };
static struct kmem_cache *cache;
${MANAGE}
static void release(struct dentry *dentry)
{
	struct record *r = dentry->d_fsdata;

	kmem_cache_free(cache, r); /*! rcu/early-free */
}`,
  ),
  none(
    'a structure with a layout of its own',
    `
struct record { int flags; } __packed;
${MANAGE}
static void release(struct dentry *dentry)
{
	struct record *r = dentry->d_fsdata;

	kfree(r); /*! rcu/early-free */
}`,
  ),
];

const D_REVALIDATE = 'const struct dentry_operations ops = { .d_revalidate = revalidate };\n';

const INODE_RCU: readonly Case[] = [
  change(
    'the value is tested already',
    `
static int revalidate(struct dentry *dentry, unsigned int flags)
{
	struct inode *inode = <<d_inode(dentry); /*! rcu/unstable-inode */||d_inode_rcu(dentry);>>

	if (!inode)
		return -ECHILD;
	return inode->i_flags;
}
${D_REVALIDATE}`,
  ),
  change(
    'the field, assigned, not tested',
    `
static int revalidate(struct dentry *dentry, unsigned int flags)
{
	struct inode *inode;

	inode = <<dentry->d_inode; /*! rcu/unstable-inode */||d_inode_rcu(dentry);
	if (!inode)
		return -ECHILD;>>
	return inode->i_flags;
}
${D_REVALIDATE}`,
  ),
  change(
    'a declaration: the test goes after all of them',
    `
static int revalidate(struct dentry *dentry, unsigned int flags)
{
	struct inode *inode = <<d_inode(dentry); /*! rcu/unstable-inode */||d_inode_rcu(dentry);>>
	int n = 0;

<<||	if (!inode)
		return -ECHILD;
>>	n += inode->i_flags;
	return n;
}
${D_REVALIDATE}`,
  ),
  change(
    'handed on before a test: the test goes before that',
    `
static int fresh(struct inode *inode)
{
	return inode->i_flags;
}
static int revalidate(struct dentry *dentry, unsigned int flags)
{
	struct inode *inode = <<d_inode(dentry); /*! rcu/unstable-inode */||d_inode_rcu(dentry);>>

<<||	if (!inode)
		return -ECHILD;
>>	return fresh(inode);
}
${D_REVALIDATE}`,
  ),
  change(
    'ref-walk reads it in an arm of its own',
    `
static int revalidate(struct dentry *dentry, unsigned int flags)
{
	struct inode *inode;

	if (flags & LOOKUP_RCU)
		inode = <<d_inode(dentry); /*! rcu/unstable-inode */||d_inode_rcu(dentry);>>
	else
		inode = d_inode(dentry);
	if (!inode)
		return -ECHILD;
	return inode->i_flags;
}
${D_REVALIDATE}`,
  ),
  none(
    'RCU-walk reads it twice',
    `
static int revalidate(struct dentry *dentry, unsigned int flags)
{
	struct inode *inode;

	if (!d_inode(dentry))
		return -ECHILD;
	inode = d_inode(dentry); /*! rcu/unstable-inode */
	return inode->i_flags;
}
${D_REVALIDATE}`,
  ),
  none(
    'not stored',
    `
static int revalidate(struct dentry *dentry, unsigned int flags)
{
	return d_inode(dentry)->i_flags; /*! rcu/unstable-inode */
}
${D_REVALIDATE}`,
  ),
  none(
    'another declaration looks into it',
    `
static int revalidate(struct dentry *dentry, unsigned int flags)
{
	struct inode *inode = d_inode(dentry); /*! rcu/unstable-inode */
	int n = inode->i_flags;

	return n;
}
${D_REVALIDATE}`,
  ),
];

const WORK = `
static void work(struct foo *f)
{
	mutex_lock(&f->mutex);
	f->count++;
	mutex_unlock(&f->mutex);
}
`;

const BAIL_OUT: readonly Case[] = [
  change(
    'd_revalidate, with a name of its own for the flags',
    `${WORK}
static int revalidate(struct dentry *d, unsigned int how)
{
	struct foo *f = d->d_fsdata;

<<	work(f); /*! rcu/walk-blocks */||	if (how & LOOKUP_RCU)
		return -ECHILD;
	work(f);>>
	return 1;
}
${D_REVALIDATE}`,
  ),
  change(
    'permission, before an if',
    `${WORK}
static int permission(struct mnt_idmap *idmap, struct inode *inode, int mask)
{
	struct foo *f = inode->i_private;

<<	if (mutex_lock_interruptible(&f->mutex)) /*! rcu/walk-blocks */||	if (mask & MAY_NOT_BLOCK)
		return -ECHILD;
	if (mutex_lock_interruptible(&f->mutex))>>
		return -EINTR;
	mutex_unlock(&f->mutex);
	return 0;
}
const struct inode_operations ops = { .permission = permission };`,
  ),
  change(
    'get_link gives an error pointer',
    `
static const char *get_link(struct dentry *dentry, struct inode *inode, struct delayed_call *done)
{
	void *p;

<<	p = kmalloc(8, GFP_KERNEL); /*! rcu/walk-blocks */||	if (!dentry)
		return ERR_PTR(-ECHILD);
	p = kmalloc(8, GFP_KERNEL);>>
	return p;
}
const struct inode_operations ops = { .get_link = get_link };`,
  ),
  change(
    'd_manage, in a nested block',
    `${WORK}
static int manage(const struct path *path, bool rcu_walk)
{
	struct foo *f = path->dentry->d_fsdata;

	if (f->ready) {
<<		work(f); /*! rcu/walk-blocks */||		if (rcu_walk)
			return -ECHILD;
		work(f);>>
	}
	return 0;
}
const struct dentry_operations ops = { .d_manage = manage };`,
  ),
  none(
    'a branch without braces',
    `${WORK}
static int revalidate(struct dentry *dentry, unsigned int flags)
{
	struct foo *f = dentry->d_fsdata;

	if (f->ready)
		work(f); /*! rcu/walk-blocks */
	return 1;
}
${D_REVALIDATE}`,
  ),
  none(
    'a lock would stay behind',
    `
static int revalidate(struct dentry *dentry, unsigned int flags)
{
	struct foo *f = dentry->d_fsdata;

	if (!mutex_trylock(&f->mutex))
		return -ECHILD;
	msleep(1); /*! rcu/walk-blocks */
	mutex_unlock(&f->mutex);
	return 1;
}
${D_REVALIDATE}`,
  ),
  none(
    'a reference would stay behind',
    `${WORK}
static int revalidate(struct dentry *dentry, unsigned int flags)
{
	struct file *file = get_file(dentry->d_fsdata);

	work(file->private_data); /*! rcu/walk-blocks */
	fput(file);
	return 1;
}
${D_REVALIDATE}`,
  ),
  none(
    'in a declaration',
    `
static int revalidate(struct dentry *dentry, unsigned int flags)
{
	void *p = kmalloc(8, GFP_KERNEL); /*! rcu/walk-blocks */

	dentry->d_fsdata = p;
	return 1;
}
${D_REVALIDATE}`,
  ),
  none(
    'd_hash has no way out',
    `
static int hash(const struct dentry *parent, struct qstr *name)
{
	msleep(1); /*! dentry/atomic-method */
	return 0;
}
const struct dentry_operations ops = { .d_hash = hash };`,
  ),
];

/** A function that forgets a lock on one way out. */
function forgets(lock: string, unlock: string, declaration = ''): string {
  return `
int a(struct foo *f, struct inode *inode)
{
${declaration}	${lock}
	if (f->count) {
		f->count = 0;
<<||		${unlock}
>>		return -EBUSY;<< /*! lock/imbalance */||>>
	}
	${unlock}
	return -EINVAL;
}`;
}

const UNLOCK: readonly Case[] = [
  change('spinlock', forgets('spin_lock(&f->lock);', 'spin_unlock(&f->lock);')),
  change('mutex', forgets('mutex_lock(&f->mutex);', 'mutex_unlock(&f->mutex);')),
  change('mutex, nested', forgets('mutex_lock_nested(&f->mutex, 1);', 'mutex_unlock(&f->mutex);')),
  change('rw-semaphore, read', forgets('down_read(&f->sem);', 'up_read(&f->sem);')),
  change('rw-semaphore, write', forgets('down_write(&f->sem);', 'up_write(&f->sem);')),
  change('rwlock', forgets('read_lock(&f->table);', 'read_unlock(&f->table);')),
  change('bottom halves', forgets('spin_lock_bh(&f->lock);', 'spin_unlock_bh(&f->lock);')),
  change('the inode lock', forgets('inode_lock(inode);', 'inode_unlock(inode);')),
  change('the inode lock, shared', forgets('inode_lock_shared(inode);', 'inode_unlock_shared(inode);')),
  change('RCU', forgets('rcu_read_lock();', 'rcu_read_unlock();')),
  change('a bit lock', forgets('bit_spin_lock(2, &f->bits);', 'bit_spin_unlock(2, &f->bits);')),
  change(
    'interrupts, with the same flags',
    forgets(
      'spin_lock_irqsave(&f->lock, state);',
      'spin_unlock_irqrestore(&f->lock, state);',
      '\tunsigned long state;\n\n',
    ),
  ),
  {
    title: 'an unbraced branch gets braces',
    before: `
int a(struct foo *f)
{
	mutex_lock(&f->mutex);
	if (f->count)
		return -EBUSY; /*! lock/imbalance */
	mutex_unlock(&f->mutex);
	return 0;
}`,
    after: `
int a(struct foo *f)
{
	mutex_lock(&f->mutex);
	if (f->count) {
		mutex_unlock(&f->mutex);
		return -EBUSY;
	}
	mutex_unlock(&f->mutex);
	return 0;
}`,
  },
  change(
    'a killable lock',
    `
int a(struct foo *f)
{
	if (mutex_lock_killable(&f->mutex))
		return -EINTR;
	if (f->count) {
<<||		mutex_unlock(&f->mutex);
>>		return -EBUSY;<< /*! lock/imbalance */||>>
	}
	mutex_unlock(&f->mutex);
	return -EINVAL;
}`,
  ),
  none(
    'the value is read under the lock',
    `
int a(struct foo *f)
{
	mutex_lock(&f->mutex);
	if (f->ready) {
		f->ready = false;
		return f->count; /*! lock/imbalance */
	}
	mutex_unlock(&f->mutex);
	return f->count;
}`,
  ),
  none(
    'a return that others reach without the lock',
    `
int a(struct foo *f)
{
	int err = -EINVAL;

	spin_lock(&f->lock);
	if (f->count)
		goto out;
	f->count = 1;
	spin_unlock(&f->lock);
out:
	return err; /*! lock/imbalance */
}`,
  ),
];

const RENAMES = `
static int foo_rename(struct mnt_idmap *idmap, struct inode *old_dir, struct dentry *old_dentry,
		      struct inode *new_dir, struct dentry *new_dentry, unsigned int flags)
{
	return 0;
}
const struct inode_operations renames = { .rename = foo_rename };
const struct super_operations sops = { .put_super = foo_put };
`;

/** A filesystem that renames, with a function as `iterate_shared`. */
function reads(body: string): string {
  return `${RENAMES}
static int iterate(struct file *file, struct dir_context *ctx)
{
${body}}
const struct file_operations fops = { .iterate_shared = iterate };`;
}

const PIN_PARENT: readonly Case[] = [
  change(
    'the reference is taken anyway',
    reads(`	struct dentry *dir = file->f_path.dentry;
	struct dentry *up = <<dget(dir->d_parent); /*! dentry/unstable-parent */||dget_parent(dir);>>

	d_inode(up)->i_flags = 0;
	dput(up);
	return 0;
`),
  ),
  guess(
    'kept in a variable of its own',
    reads(`	struct dentry *dir = file->f_path.dentry;
	struct dentry *up = <<dir->d_parent||dget_parent(dir)>>;

	if (ctx->pos)<<||{>>
<<||		dput(up);
>>		return -EINVAL;
<<||	}
>>	d_inode(up)->i_flags = 0; /*! dentry/unstable-parent */
<<||	dput(up);
>>	return 0;
`).replace('if (ctx->pos)<<||{>>', 'if (ctx->pos)<<|| {>>'),
  ),
  guess(
    'its inode in a declaration',
    reads(`	struct dentry *dir = file->f_path.dentry;
<<||	struct dentry *parent = dget_parent(dir);
>>	struct inode *up = d_inode(<<dir->d_parent); /*! dentry/unstable-parent */||parent);>>

	up->i_flags = 0;
<<||	dput(parent);
>>	return 0;
`),
  ),
  guess(
    'the result is told before the parent is given back',
    reads(`	struct dentry *dir = file->f_path.dentry;
<<||	struct dentry *parent;
	int ret;
>>
<<	return dir->d_parent->d_inode->i_flags; /*! dentry/unstable-parent */||	parent = dget_parent(dir);
	ret = parent->d_inode->i_flags;
	dput(parent);
	return ret;>>
`),
  ),
  guess(
    'used by one statement that keeps nothing',
    reads(`	struct dentry *dir = file->f_path.dentry;
<<||	struct dentry *parent;
>>	int mode = 0;

	if (ctx->pos) {
<<||		parent = dget_parent(dir);
>>		mode = d_inode(<<dir->d_parent||parent>>)->i_mode;<< /*! dentry/unstable-parent */||>>
<<||		dput(parent);
>>	}
	return mode;
`).replace(
      '<<||	struct dentry *parent;\n>>	int mode = 0;\n',
      '	int mode = 0;\n<<||	struct dentry *parent = NULL;\n>>',
    ),
  ),
  none(
    'in a loop',
    reads(`	struct dentry *dir = file->f_path.dentry;
	int n = 0;

	while (ctx->pos--) {
		struct inode *up = d_inode(dir->d_parent); /*! dentry/unstable-parent */

		n += up->i_flags;
	}
	return n;
`),
  ),
  none(
    'a pointer to it is returned',
    `${RENAMES}
static struct inode *up(struct file *file)
{
	struct dentry *dir = file->f_path.dentry;
	struct inode *inode = d_inode(dir->d_parent); /*! dentry/unstable-parent */

	inode->i_flags = 0;
	return inode;
}
static int iterate(struct file *file, struct dir_context *ctx)
{
	return up(file) != NULL;
}
const struct file_operations fops = { .iterate_shared = iterate };`,
  ),
];

const STABLE_NAME: readonly Case[] = [
  change(
    'printed',
    reads(`	struct dentry *dentry = file->f_path.dentry;

	printk("foo: <<%s is %d\\n", dentry->d_name.name, 1); /*! dentry/unstable-name */||%pd is %d\\n", dentry, 1);>>
	return 0;
`),
  ),
  change(
    'the second of two, with a width, in two literals',
    reads(`	struct dentry *dentry = file->f_path.dentry;

	seq_printf(ctx, "100%% %lu"<< /*! dentry/unstable-name */||>>
			"<<%-10s\\n", (unsigned long)1, dentry->d_name.name);||%-10pd\\n", (unsigned long)1, dentry);>>
	return 0;
`),
  ),
  change(
    'copied with its length',
    reads(`	struct dentry *dentry = file->f_path.dentry;
<<||	struct name_snapshot name;
>>
<<||	take_dentry_name_snapshot(&name, dentry);
>>	memcpy(file->private_data, <<dentry->d_name||name.name>>.name, <<dentry->d_name||name.name>>.len);<< /*! dentry/unstable-name */||>>
<<||	release_dentry_name_snapshot(&name);
>>	return 0;
`),
  ),
  guess(
    'handed to what sleeps, as the result',
    `${RENAMES}
static int ask(const struct qstr *name)
{
	msleep(1);
	return name->name[0];
}
static int iterate(struct file *file, struct dir_context *ctx)
{
	struct dentry *dentry = file->f_path.dentry;
<<||	struct name_snapshot name;
	int ret;
>>
<<	return ask(&dentry->d_name); /*! dentry/unstable-name */||	take_dentry_name_snapshot(&name, dentry);
	ret = ask(&name.name);
	release_dentry_name_snapshot(&name);
	return ret;>>
}
const struct file_operations fops = { .iterate_shared = iterate };`,
  ),
  none(
    'the length is read elsewhere',
    reads(`	struct dentry *dentry = file->f_path.dentry;
	int n = dentry->d_name.len;

	memcpy(file->private_data, dentry->d_name.name, n); /*! dentry/unstable-name */
	return n;
`),
  ),
];

const STILL_CHILD: readonly Case[] = [
  guess(
    'the parent was found with dget_parent()',
    `
int remove(struct mnt_idmap *idmap, struct dentry *victim)
{
	struct dentry *dir = dget_parent(victim);
	int err;

	inode_lock(d_inode(dir));
<<	err = vfs_unlink(idmap, d_inode(dir), victim, NULL); /*! dentry/parent-recheck */||	if (victim->d_parent == dir)
		err = vfs_unlink(idmap, d_inode(dir), victim, NULL);
	else
		err = -ENOENT;>>
	inode_unlock(d_inode(dir));
	dput(dir);
	return err;
}`,
  ),
  none(
    'the result goes somewhere else',
    `
int remove(struct mnt_idmap *idmap, struct dentry *victim)
{
	struct dentry *dir = dget_parent(victim);

	inode_lock(d_inode(dir));
	if (vfs_unlink(idmap, d_inode(dir), victim, NULL)) /*! dentry/parent-recheck */
		victim->d_time = 1;
	inode_unlock(d_inode(dir));
	dput(dir);
	return 0;
}`,
  ),
];

const READING = `
#define S_DEAD 16
#define IS_DEADDIR(inode) ((inode)->i_flags & S_DEAD)
struct dir_context { long pos; };
struct file_operations { int (*iterate_shared)(struct file *file, struct dir_context *ctx); };
struct file { struct inode *f_inode; const struct file_operations *f_op; void *private_data; };
static int foo_fill(struct inode *dir, struct dir_context *ctx)
{
	ctx->pos++;
	return dir->i_mode;
}
`;

const NOT_DEAD: readonly Case[] = [
  guess(
    'an entry that was found before, in a branch without braces',
    `
static int foo_check(struct dentry *victim)
{
	return victim->d_time ? -EBUSY : 0;
}
int foo(struct dentry *parent, struct dentry *victim)
{
	int err = foo_check(victim);

	inode_lock_nested(d_inode(parent), I_MUTEX_PARENT);
	if (!err)<<||{>>
<<		err = vfs_rmdir(NULL, d_inode(parent), victim); /*! dir/relock-dead */||		if (victim->d_parent == parent)
			err = vfs_rmdir(NULL, d_inode(parent), victim);
		else
			err = -ENOENT;
	}>>
	inode_unlock(d_inode(parent));
	return err;
}`.replace('if (!err)<<||{>>', 'if (!err)<<|| {>>'),
  ),
  guess(
    'the lock of the caller was dropped and taken again',
    `${READING}
static int foo(struct file *file, struct dir_context *ctx)
{
	struct inode *dir = file->f_inode;

	inode_unlock_shared(dir);
	schedule();
	inode_lock_shared(dir);
<<||	if (IS_DEADDIR(dir))
		return -ENOENT;
>>	return foo_fill(dir, ctx);<< /*! dir/relock-dead */||>>
}
const struct file_operations foo_ops = { .iterate_shared = foo };`,
  ),
  guess(
    'another directory is locked',
    `${READING}
static int foo(struct file *file, struct dir_context *ctx)
{
	struct file *lower = file->private_data;
	struct inode *dir = file_inode(lower);
	int err;

	inode_lock_shared(dir);
<<	err = lower->f_op->iterate_shared(lower, ctx); /*! dir/relock-dead */||	if (!IS_DEADDIR(dir))
		err = lower->f_op->iterate_shared(lower, ctx);
	else
		err = -ENOENT;>>
	inode_unlock_shared(dir);
	return err;
}
const struct file_operations foo_ops = { .iterate_shared = foo };`,
  ),
  none(
    'memory would stay behind',
    `${READING}
static int foo(struct file *file, struct dir_context *ctx)
{
	struct inode *dir = file->f_inode;
	char *buffer = kmalloc(8, GFP_KERNEL);
	int err;

	inode_unlock_shared(dir);
	schedule();
	inode_lock_shared(dir);
	err = foo_fill(dir, ctx); /*! dir/relock-dead */
	kfree(buffer);
	return err;
}
const struct file_operations foo_ops = { .iterate_shared = foo };`,
  ),
];

const BOARD = `
struct cache { int version; struct list_head entries; };
struct board { struct mutex lock; int version; struct cache *cache; int count; };
static void board_read(struct board *board, struct cache *cache)
{
	cache->entries.next = (void *)board;
}
int board_valid(struct board *board, struct cache *cache)
{
	return cache->version == board->version;
}
void board_add(struct board *board)
{
	mutex_lock(&board->lock);
	board->count++;
	board->version++;
	mutex_unlock(&board->lock);
}
`;

const SNAPSHOT_FIRST: readonly Case[] = [
  change(
    'stored at once',
    `${BOARD}
void fill(struct board *board, struct cache *cache)
{
	mutex_lock(&board->lock);
	board_read(board, cache);
<<||	cache->version = board->version;
>>	mutex_unlock(&board->lock);
	schedule();
<<	cache->version = board->version; /*! dir/stale-snapshot */
||>>}`,
  ),
  change(
    'by way of a variable',
    `${BOARD}
void fill(struct board *board, struct cache *cache)
{
	int version;

	mutex_lock(&board->lock);
	board_read(board, cache);
<<||	version = board->version;
>>	mutex_unlock(&board->lock);
<<	version = board->version;
||>>	mutex_lock(&board->lock);
	cache->version = version;<< /*! dir/stale-snapshot */||>>
	mutex_unlock(&board->lock);
}`,
  ),
  none(
    'another cache is marked',
    `${BOARD}
void fill(struct board *board, struct cache *cache)
{
	mutex_lock(&board->lock);
	board_read(board, cache);
	if (board->count) {
		mutex_unlock(&board->lock);
		schedule();
	} else {
		mutex_unlock(&board->lock);
	}
	cache->version = board->version; /*! dir/stale-snapshot */
}`,
  ),
];

const LOCKED_VARIANT: readonly Case[] = [
  change(
    'a helper by its name',
    `
static int unlink(struct inode *dir, struct dentry *dentry)
{
	<<lookup_one_len_unlocked||lookup_one_len>>("x", dentry->d_parent, 1);<< /*! dir/self-deadlock */||>>
	return 0;
}
const struct inode_operations ops = { .unlink = unlink };`,
  ),
  change(
    'what a wrapper calls',
    `
static int count_locked(struct foo *f, int n)
{
	f->count += n;
	return f->count;
}
static int count(struct foo *f, int n)
{
	int total;

	mutex_lock(&f->mutex);
	total = count_locked(f, n);
	mutex_unlock(&f->mutex);
	return total;
}
int a(struct foo *f)
{
	int n;

	mutex_lock(&f->mutex);
	n = <<count||count_locked>>(f, 1);<< /*! lock/double */||>>
	mutex_unlock(&f->mutex);
	return n;
}`,
  ),
  none(
    'what does more than to lock',
    `
static int count_locked(struct foo *f, int n)
{
	f->count += n;
	return f->count;
}
static int count(struct foo *f, int n)
{
	int total = 0;

	mutex_lock(&f->mutex);
	if (n)
		total = count_locked(f, n);
	mutex_unlock(&f->mutex);
	return total;
}
int a(struct foo *f)
{
	int n;

	mutex_lock(&f->mutex);
	n = count(f, 1); /*! lock/double */
	mutex_unlock(&f->mutex);
	return n;
}`,
  ),
  none(
    'the lock itself',
    `
static int unlink(struct inode *dir, struct dentry *dentry)
{
	inode_lock(dir); /*! dir/self-deadlock */
	dentry->d_time = 1;
	inode_unlock(dir);
	return 0;
}
const struct inode_operations ops = { .unlink = unlink };`,
  ),
];

const GIVE_ECHILD: readonly Case[] = [
  change(
    'both walks get there',
    `
static const char *get_link(struct dentry *dentry, struct inode *inode, struct delayed_call *done)
{
	char *name = kmalloc(16, dentry ? GFP_KERNEL : GFP_ATOMIC);

	if (!name)
		return ERR_PTR(<<-ENOMEM); /*! rcu/walk-hard-error */||dentry ? -ENOMEM : -ECHILD);>>
	name[0] = 0;
	return name;
}
const struct inode_operations iops = { .get_link = get_link };`,
  ),
  change(
    'only RCU-walk gets there',
    `
static int permission(struct mnt_idmap *idmap, struct inode *inode, int mask)
{
	int mode;

	if (mask & MAY_NOT_BLOCK) {
		if (!down_read_trylock(&inode->i_rwsem))
			return <<-EACCES; /*! rcu/walk-hard-error */||-ECHILD;>>
	} else {
		down_read(&inode->i_rwsem);
	}
	mode = inode->i_mode;
	up_read(&inode->i_rwsem);
	return mode ? 0 : -EPERM;
}
const struct inode_operations iops = { .permission = permission };`,
  ),
];

const LOCK_AROUND: readonly Case[] = [
  guess(
    'a lookup',
    `
int find(struct dentry *dir)
{
	struct dentry *found;

<<||	inode_lock_shared(d_inode(dir));
>>	found = lookup_one_len("x", dir, 1);<< /*! dir/lock-required */||>>
<<||	inode_unlock_shared(d_inode(dir));
>>	dput(found);
	return 0;
}
static int sync_fs(struct super_block *sb)
{
	return find(sb->s_root);
}
const struct super_operations sops = { .sync_fs = sync_fs };`,
  ),
  guess(
    'a removal, with the unhashing',
    `
void remove(struct dentry *root, struct dentry *victim)
{
<<||	inode_lock_nested(d_inode(root), I_MUTEX_PARENT);
>>	simple_unlink(d_inode(root), victim);<< /*! dir/unlocked-removal */||>>
	d_delete(victim);<< /*! dir/unlocked-removal */||>>
<<||	inode_unlock(d_inode(root));
>>	dput(victim);
}
static int sync_fs(struct super_block *sb)
{
	remove(sb->s_root, sb->s_fs_info);
	return 0;
}
const struct super_operations sops = { .sync_fs = sync_fs };
void make(struct inode *inode)
{
	inode->i_fop = &simple_dir_operations;
}`,
  ),
  none(
    'the lock was given back before',
    `
int find(struct dentry *dir)
{
	struct dentry *found;

	inode_lock(d_inode(dir));
	inode_unlock(d_inode(dir));
	found = lookup_one_len("x", dir, 1); /*! dir/lock-required */
	dput(found);
	return 0;
}
static int sync_fs(struct super_block *sb)
{
	return find(sb->s_root);
}
const struct super_operations sops = { .sync_fs = sync_fs };`,
  ),
  guess(
    'flags of a dentry',
    `
static int getattr(struct mnt_idmap *idmap, const struct path *path, struct kstat *stat, u32 mask, unsigned int flags)
{
	struct dentry *dentry = path->dentry;

<<||	spin_lock(&dentry->d_lock);
>>	dentry->d_flags |= 1;<< /*! lock/guarded-field */||>>
<<||	spin_unlock(&dentry->d_lock);
>>	return 0;
}
const struct inode_operations ops = { .getattr = getattr };`,
  ),
];

const ADD_ONCE: readonly Case[] = [
  change(
    'without an inode',
    `
static int foo_mkdir(struct mnt_idmap *idmap, struct inode *dir, struct dentry *dentry, umode_t mode)
{
	if (d_really_is_negative(dentry)) {
<<		d_add(dentry, NULL); /*! dentry/hash-state */||		if (d_unhashed(dentry))
			d_add(dentry, NULL);>>
	}
	return 0;
}
const struct inode_operations ops = { .mkdir = foo_mkdir };`,
  ),
  guess(
    'with one',
    `
static int foo_mkdir(struct mnt_idmap *idmap, struct inode *dir, struct dentry *dentry, umode_t mode)
{
	struct inode *inode = new_inode(dir->i_sb);

	if (d_really_is_positive(dentry))
		return -EEXIST;
<<	d_add(dentry, inode); /*! dentry/hash-state */||	if (d_unhashed(dentry))
		d_add(dentry, inode);
	else
		d_instantiate(dentry, inode);>>
	return 0;
}
const struct inode_operations ops = { .mkdir = foo_mkdir };`,
  ),
];

const ATOMIC_ALLOCATION: readonly Case[] = [
  guess(
    'under a spinlock',
    `
void a(struct foo *f)
{
	spin_lock(&f->lock);
	f->name = kmalloc(8, <<GFP_KERNEL); /*! lock/sleep-in-atomic */||GFP_ATOMIC);>>
	spin_unlock(&f->lock);
}`,
  ),
  guess(
    'in a method that may never sleep',
    `
static int compare(const struct dentry *dentry, unsigned int len, const char *str, const struct qstr *name)
{
	char *copy = kzalloc(8, <<GFP_NOFS); /*! dentry/atomic-method */||GFP_ATOMIC);>>

	kfree(copy);
	return 0;
}
const struct dentry_operations ops = { .d_compare = compare };`,
  ),
  none(
    'the mask comes from elsewhere',
    `
static const gfp_t mask = GFP_KERNEL;
void a(struct foo *f)
{
	gfp_t gfp = GFP_KERNEL;

	spin_lock(&f->lock);
	f->name = kmalloc(8, gfp); /*! lock/sleep-in-atomic */
	spin_unlock(&f->lock);
}`,
  ),
];

const FIXES: Readonly<Record<string, readonly Case[]>> = {
  'free after a grace period': AFTER_GRACE,
  'read the inode once': INODE_RCU,
  'leave RCU-walk': BAIL_OUT,
  'release before returning': UNLOCK,
  'pin the parent': PIN_PARENT,
  'keep the name': STABLE_NAME,
  'test whose child it is': STILL_CHILD,
  'test that the directory is not dead': NOT_DEAD,
  'read the version before': SNAPSHOT_FIRST,
  'leave the lock to the caller': LOCKED_VARIANT,
  'give -ECHILD': GIVE_ECHILD,
  'lock around it': LOCK_AROUND,
  'hash it once': ADD_ONCE,
  'allocate without waiting': ATOMIC_ALLOCATION,
};

describe('fixes', () => {
  for (const [kind, cases] of Object.entries(FIXES))
    describe(kind, () => {
      for (const { title, before, after, safety } of cases) it(title, () => checkFix(before, after, safety));
    });
});
