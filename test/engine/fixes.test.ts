/**
 * Quick fixes: before, after, and the rules run again on the after. Where a fix would not be right there is none.
 */
import { checkFix } from './harness.js';

interface Case {
  readonly title: string;
  readonly before: string;
  /** Null: no fix is offered. */
  readonly after: string | null;
}

/** A case whose before and after differ in one place, written as `<<before||after>>`. */
function change(title: string, source: string): Case {
  const side = (which: 1 | 2): string =>
    source.replace(/<<([\s\S]*?)\|\|([\s\S]*?)>>/g, (_, a: string, b: string) => (which === 1 ? a : b));
  return { title, before: side(1), after: side(2) };
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

const FIXES: Readonly<Record<string, readonly Case[]>> = {
  'free after a grace period': AFTER_GRACE,
  'read the inode once': INODE_RCU,
  'leave RCU-walk': BAIL_OUT,
  'release before returning': UNLOCK,
};

describe('fixes', () => {
  for (const [kind, cases] of Object.entries(FIXES))
    describe(kind, () => {
      for (const { title, before, after } of cases) it(title, () => checkFix(before, after));
    });
});
