/**
 * The rules: each on code that is wrong (`_bad`, the finding's line is marked) and on code that is right and looks like it
 * (`_ok`). `FN_` and `FP_` begin the names of functions that a rule is wrong about today.
 */
import { checkRule } from './harness.js';

type Cases = Readonly<Record<string, string>>;

/** A dentry's private record that RCU-walk reads, and what is needed around it. */
const RECORD = `
struct record { int flags; spinlock_t lock; };
static int manage_ok(const struct path *path, bool rcu_walk)
{
	struct record *r = path->dentry->d_fsdata;

	return r->flags ? -EISDIR : 0;
}
`;

const EARLY_FREE: Cases = {
  'freed in d_release, read in RCU-walk': `${RECORD}
static void release_bad(struct dentry *dentry)
{
	struct record *r = dentry->d_fsdata;

	kfree(r); /*! rcu/early-free */
}
const struct dentry_operations ops = { .d_manage = manage_ok, .d_release = release_bad };`,

  'through helpers in another file': `
// file: fs/foo/foo.h
struct record { int flags; };
void record_free_bad(struct record *r);
// file: fs/foo/free.c
#include "foo.h"
void record_free_bad(struct record *r)
{
	kfree(r); /*! rcu/early-free */
}
// file: fs/foo/x.c
#include "foo.h"
static int flags_of(struct dentry *dentry)
{
	struct record *r = dentry->d_fsdata;

	return r->flags;
}
static int revalidate_ok(struct dentry *dentry, unsigned int flags)
{
	return flags_of(dentry);
}
static void drop(struct dentry *dentry)
{
	record_free_bad(dentry->d_fsdata);
}
static void release_ok(struct dentry *dentry)
{
	drop(dentry);
}
const struct dentry_operations ops = { .d_revalidate = revalidate_ok, .d_release = release_ok };`,

  'superblock data, read by permission': `
struct foo_sb { int flags; };
static int permission_ok(struct mnt_idmap *idmap, struct inode *inode, int mask)
{
	struct foo_sb *sbi = inode->i_sb->s_fs_info;

	return sbi->flags;
}
static void put_super_bad(struct super_block *sb)
{
	struct foo_sb *sbi = sb->s_fs_info;

	kfree(sbi); /*! rcu/early-free */
}
const struct inode_operations iops = { .permission = permission_ok };
const struct super_operations sops = { .put_super = put_super_bad };`,

  'rcu_barrier() is no grace period': `${RECORD}
static void release_bad(struct dentry *dentry)
{
	struct record *r = dentry->d_fsdata;

	rcu_barrier();
	kfree(r); /*! rcu/early-free */
}
const struct dentry_operations ops = { .d_manage = manage_ok, .d_release = release_bad };`,

  // A reader that loaded the pointer before goes on with it
  'FN_ cleared without the lock is taken for unpublished': `${RECORD}
static void FN_release_bad(struct dentry *dentry)
{
	struct record *r = dentry->d_fsdata;

	dentry->d_fsdata = (void *)0;
	kfree(r);
}
const struct dentry_operations ops = { .d_manage = manage_ok, .d_release = FN_release_bad };`,

  // A lock that lies in the freed object keeps nobody from freeing it
  'FN_ the lockless side takes a lock inside the object that is freed': `
struct record { int flags; spinlock_t lock; };
static int manage_ok(const struct path *path, bool rcu_walk)
{
	struct record *r = path->dentry->d_fsdata;
	int flags;

	spin_lock(&r->lock);
	flags = r->flags;
	spin_unlock(&r->lock);
	return flags;
}
static void FN_release_bad(struct dentry *dentry)
{
	kfree(dentry->d_fsdata);
}
const struct dentry_operations ops = { .d_manage = manage_ok, .d_release = FN_release_bad };`,

  // Reading through an index is not seen as a dereference
  'FN_ a string that is read by index': `
struct record { char *name; };
static int manage_ok(const struct path *path, bool rcu_walk)
{
	struct record *r = path->dentry->d_fsdata;

	return r->name[0];
}
static void FN_release_bad(struct dentry *dentry)
{
	struct record *r = dentry->d_fsdata;

	kfree(r->name);
}
const struct dentry_operations ops = { .d_manage = manage_ok, .d_release = FN_release_bad };`,

  'the data of an inode, in destroy_inode': `
struct foo_inode { struct inode vfs; char *link; int mode; };
static struct foo_inode *FOO_I(struct inode *inode)
{
	return container_of(inode, struct foo_inode, vfs);
}
static int permission_ok(struct mnt_idmap *idmap, struct inode *inode, int mask)
{
	return *FOO_I(inode)->link;
}
static void destroy_inode_bad(struct inode *inode)
{
	kfree(FOO_I(inode)->link); /*! rcu/early-free */
}
const struct inode_operations iops = { .permission = permission_ok };
const struct super_operations sops = { .destroy_inode = destroy_inode_bad };`,

  // The object is the inode itself: no pointer to it was loaded from anywhere
  'FN_ the inode itself, in destroy_inode': `
struct foo_inode { struct inode vfs; int mode; };
static struct kmem_cache *cache;
static struct foo_inode *FOO_I(struct inode *inode)
{
	return container_of(inode, struct foo_inode, vfs);
}
static int permission_ok(struct mnt_idmap *idmap, struct inode *inode, int mask)
{
	return FOO_I(inode)->mode;
}
static void FN_destroy_inode_bad(struct inode *inode)
{
	kmem_cache_free(cache, FOO_I(inode));
}
const struct inode_operations iops = { .permission = permission_ok };
const struct super_operations sops = { .destroy_inode = FN_destroy_inode_bad };`,

  // A work item waits for nobody
  'FN_ freed by a work item': `
struct record { int flags; struct work_struct work; };
static int manage_ok(const struct path *path, bool rcu_walk)
{
	struct record *r = path->dentry->d_fsdata;

	return r->flags;
}
static void FN_work_bad(struct work_struct *work)
{
	kfree(container_of(work, struct record, work));
}
static void release_ok(struct dentry *dentry)
{
	struct record *r = dentry->d_fsdata;

	INIT_WORK(&r->work, FN_work_bad);
	schedule_work(&r->work);
}
const struct dentry_operations ops = { .d_manage = manage_ok, .d_release = release_ok };`,

  'freed after a grace period': `
struct record { int flags; struct rcu_head rcu; };
static int manage_ok(const struct path *path, bool rcu_walk)
{
	struct record *r = path->dentry->d_fsdata;

	return r->flags;
}
static void release_ok(struct dentry *dentry)
{
	struct record *r = dentry->d_fsdata;

	kfree_rcu(r, rcu);
}
const struct dentry_operations ops = { .d_manage = manage_ok, .d_release = release_ok };`,

  'unpublished under the lock that the lockless side takes': `
struct record { int flags; };
static int manage_ok(const struct path *path, bool rcu_walk)
{
	struct dentry *dentry = path->dentry;
	struct record *r;
	int flags = 0;

	spin_lock(&dentry->d_lock);
	r = dentry->d_fsdata;
	if (r)
		flags = r->flags;
	spin_unlock(&dentry->d_lock);
	return flags;
}
static void release_ok(struct dentry *dentry)
{
	struct record *r = dentry->d_fsdata;

	spin_lock(&dentry->d_lock);
	dentry->d_fsdata = (void *)0;
	spin_unlock(&dentry->d_lock);
	kfree(r);
}
const struct dentry_operations ops = { .d_manage = manage_ok, .d_release = release_ok };`,

  'unpublished, then a grace period is waited for': `
struct foo_sb { int flags; };
static int permission_ok(struct mnt_idmap *idmap, struct inode *inode, int mask)
{
	struct foo_sb *sbi = inode->i_sb->s_fs_info;

	return sbi->flags;
}
static void put_super_ok(struct super_block *sb)
{
	struct foo_sb *sbi = sb->s_fs_info;

	sb->s_fs_info = (void *)0;
	synchronize_rcu();
	kfree(sbi);
}
const struct inode_operations iops = { .permission = permission_ok };
const struct super_operations sops = { .put_super = put_super_ok };`,

  'never published: the failure path of fill_super': `
struct foo_sb { int flags; };
static int permission_ok(struct mnt_idmap *idmap, struct inode *inode, int mask)
{
	struct foo_sb *sbi = inode->i_sb->s_fs_info;

	return sbi->flags;
}
static int fill_super_ok(struct super_block *sb, struct fs_context *fc)
{
	struct foo_sb *sbi = kzalloc(sizeof(*sbi), GFP_KERNEL);

	if (!sbi)
		return -ENOMEM;
	sb->s_fs_info = sbi;
	if (sbi->flags) {
		kfree(sbi);
		return -EINVAL;
	}
	return 0;
}
static int get_tree(struct fs_context *fc)
{
	return get_tree_bdev(fc, fill_super_ok);
}
const struct inode_operations iops = { .permission = permission_ok };
const struct fs_context_operations fops = { .get_tree = get_tree };`,

  'only a reference to what is itself freed after a grace period': `
struct record { int flags; struct kref ref; struct rcu_head rcu; };
static void record_gone(struct kref *ref)
{
	struct record *r = container_of(ref, struct record, ref);

	kfree_rcu(r, rcu);
}
static int manage_ok(const struct path *path, bool rcu_walk)
{
	struct record *r = path->dentry->d_fsdata;

	return r->flags;
}
static void release_ok(struct dentry *dentry)
{
	struct record *r = dentry->d_fsdata;

	kref_put(&r->ref, record_gone);
}
const struct dentry_operations ops = { .d_manage = manage_ok, .d_release = release_ok };`,

  'the lockless side only compares the pointer': `
struct record { int flags; };
static int manage_ok(const struct path *path, bool rcu_walk)
{
	struct record *r = path->dentry->d_fsdata;

	return r ? -EISDIR : 0;
}
static void release_ok(struct dentry *dentry)
{
	struct record *r = dentry->d_fsdata;

	r->flags = 0;
	kfree(r);
}
const struct dentry_operations ops = { .d_manage = manage_ok, .d_release = release_ok };`,

  'from a SLAB_TYPESAFE_BY_RCU cache, looked at again under its lock': `
struct record { struct dentry *owner; int flags; spinlock_t lock; };
static struct kmem_cache *record_cache;
static void init_once(void *object)
{
	struct record *r = object;

	spin_lock_init(&r->lock);
}
int setup(void)
{
	record_cache = kmem_cache_create("record", sizeof(struct record), 0, SLAB_TYPESAFE_BY_RCU, init_once);
	return record_cache ? 0 : -ENOMEM;
}
static int manage_ok(const struct path *path, bool rcu_walk)
{
	struct record *r = path->dentry->d_fsdata;
	int flags = 0;

	spin_lock(&r->lock);
	if (r->owner == path->dentry)
		flags = r->flags;
	spin_unlock(&r->lock);
	return flags;
}
static void release_ok(struct dentry *dentry)
{
	kmem_cache_free(record_cache, dentry->d_fsdata);
}
const struct dentry_operations ops = { .d_manage = manage_ok, .d_release = release_ok };`,

  'freed in free_inode': `
struct data { int mode; };
static int permission_ok(struct mnt_idmap *idmap, struct inode *inode, int mask)
{
	struct data *d = inode->i_private;

	return d->mode;
}
static void free_inode_ok(struct inode *inode)
{
	struct data *d = inode->i_private;

	kfree(d);
}
const struct inode_operations iops = { .permission = permission_ok };
const struct super_operations sops = { .free_inode = free_inode_ok };`,

  'freed in destroy_inode, which runs before the grace period': `
struct data { int mode; };
static int permission_ok(struct mnt_idmap *idmap, struct inode *inode, int mask)
{
	struct data *d = inode->i_private;

	return d->mode;
}
static void destroy_inode_bad(struct inode *inode)
{
	struct data *d = inode->i_private;

	kfree(d); /*! rcu/early-free */
}
const struct inode_operations iops = { .permission = permission_ok };
const struct super_operations sops = { .destroy_inode = destroy_inode_bad };`,

  'freed in an RCU callback': `
struct record { int flags; struct rcu_head rcu; };
static int manage_ok(const struct path *path, bool rcu_walk)
{
	struct record *r = path->dentry->d_fsdata;

	return r->flags;
}
static void gone_ok(struct rcu_head *head)
{
	struct record *r = container_of(head, struct record, rcu);

	kfree(r);
}
static void release_ok(struct dentry *dentry)
{
	struct record *r = dentry->d_fsdata;

	call_rcu(&r->rcu, gone_ok);
}
const struct dentry_operations ops = { .d_manage = manage_ok, .d_release = release_ok };`,

  'read in ref-walk only': `
struct record { int flags; };
static int manage_ok(const struct path *path, bool rcu_walk)
{
	struct record *r;

	if (rcu_walk)
		return -ECHILD;
	r = path->dentry->d_fsdata;
	return r->flags;
}
static void release_ok(struct dentry *dentry)
{
	struct record *r = dentry->d_fsdata;

	kfree(r);
}
const struct dentry_operations ops = { .d_manage = manage_ok, .d_release = release_ok };`,
};

const UNSTABLE_INODE: Cases = {
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
};

const WALK_BLOCKS: Cases = {
  'no bail-out': `
static int revalidate_bad(struct dentry *dentry, unsigned int flags)
{
	struct foo *f = dentry->d_fsdata;

	mutex_lock(&f->mutex); /*! rcu/walk-blocks */
	mutex_unlock(&f->mutex);
	return 1;
}
const struct dentry_operations ops = { .d_revalidate = revalidate_bad };`,

  'behind the bail-out': `
static int revalidate_ok(struct dentry *dentry, unsigned int flags)
{
	struct foo *f = dentry->d_fsdata;

	if (flags & LOOKUP_RCU)
		return -ECHILD;
	mutex_lock(&f->mutex);
	mutex_unlock(&f->mutex);
	return 1;
}
const struct dentry_operations ops = { .d_revalidate = revalidate_ok };`,

  'GFP_KERNEL without a dentry': `
static const char *get_link_bad(struct dentry *dentry, struct inode *inode, struct delayed_call *done)
{
	return kmalloc(8, GFP_KERNEL); /*! rcu/walk-blocks */
}
const struct inode_operations ops = { .get_link = get_link_bad };`,

  'a mask that follows the dentry': `
static const char *get_link_ok(struct dentry *dentry, struct inode *inode, struct delayed_call *done)
{
	gfp_t gfp = dentry ? GFP_KERNEL : GFP_ATOMIC;

	return kmalloc(8, gfp);
}
const struct inode_operations ops = { .get_link = get_link_ok };`,

  'a permission that follows the mask': `
static int permission_ok(struct mnt_idmap *idmap, struct inode *inode, int mask)
{
	bool may_block = !(mask & MAY_NOT_BLOCK);
	struct foo *f = inode->i_private;

	if (!may_block)
		return -ECHILD;
	mutex_lock(&f->mutex);
	mutex_unlock(&f->mutex);
	return 0;
}
const struct inode_operations ops = { .permission = permission_ok };`,

  'a flag passed on as a parameter': `
static int fill(struct foo *f, bool rcu)
{
	if (rcu)
		return -ECHILD;
	mutex_lock(&f->mutex);
	f->count++;
	mutex_unlock(&f->mutex);
	return 0;
}
static struct posix_acl *get_acl_ok(struct inode *inode, int type, bool rcu)
{
	return ERR_PTR(fill(inode->i_private, rcu));
}
const struct inode_operations ops = { .get_inode_acl = get_acl_ok };`,

  'three calls down, in another file': `
// file: fs/foo/foo.h
int foo_fill(struct foo *f);
// file: fs/foo/fill.c
#include "foo.h"
static void wait_for(struct foo *f)
{
	msleep(10);
}
int foo_fill(struct foo *f)
{
	wait_for(f);
	return 0;
}
// file: fs/foo/x.c
#include "foo.h"
static int permission_bad(struct mnt_idmap *idmap, struct inode *inode, int mask)
{
	return foo_fill(inode->i_private); /*! rcu/walk-blocks */
}
const struct inode_operations ops = { .permission = permission_bad };`,

  'tried in RCU-walk, waited for in ref-walk': `
static int take(struct foo *f, int mask)
{
	if (mask & MAY_NOT_BLOCK) {
		if (!mutex_trylock(&f->mutex))
			return -ECHILD;
	} else {
		mutex_lock(&f->mutex);
	}
	f->count++;
	mutex_unlock(&f->mutex);
	return 0;
}
static int permission_ok(struct mnt_idmap *idmap, struct inode *inode, int mask)
{
	return take(inode->i_private, mask);
}
static int permission_bad(struct mnt_idmap *idmap, struct inode *inode, int mask)
{
	return take(inode->i_private, mask & ~MAY_NOT_BLOCK); /*! rcu/walk-blocks */
}
const struct inode_operations ok = { .permission = permission_ok };
const struct inode_operations bad = { .permission = permission_bad };`,

  'the error is there before the call': `
static int permission_ok(struct mnt_idmap *idmap, struct inode *inode, int mask)
{
	int err = -ECHILD;

	if ((mask & MAY_NOT_BLOCK) == 0)
		err = kmalloc(8, GFP_KERNEL) ? 0 : -ENOMEM;
	return err;
}
const struct inode_operations ops = { .permission = permission_ok };`,

  'a switch over the bit': `
static int permission_ok(struct mnt_idmap *idmap, struct inode *inode, int mask)
{
	switch (mask & MAY_NOT_BLOCK) {
	case 0:
		msleep(1);
		break;
	default:
		return -ECHILD;
	}
	return 0;
}
const struct inode_operations ops = { .permission = permission_ok };`,
};

const SLEEP_IN_ATOMIC: Cases = {
  'a mutex under a spinlock': `
void a_bad(struct foo *f)
{
	spin_lock(&f->lock);
	mutex_lock(&f->mutex); /*! lock/sleep-in-atomic */
	mutex_unlock(&f->mutex);
	spin_unlock(&f->lock);
}`,
  'an allocation that may sleep, in an RCU read section': `
void *a_bad(struct foo *f)
{
	void *p;

	rcu_read_lock();
	p = kmalloc(8, GFP_KERNEL); /*! lock/sleep-in-atomic */
	rcu_read_unlock();
	return p;
}
void *a_ok(struct foo *f)
{
	void *p;

	rcu_read_lock();
	p = kmalloc(8, GFP_ATOMIC);
	rcu_read_unlock();
	return p;
}`,
  'through a helper': `
static void wait_for(struct foo *f)
{
	msleep(f->count);
}
void a_bad(struct foo *f)
{
	write_lock(&f->table);
	wait_for(f); /*! lock/sleep-in-atomic */
	write_unlock(&f->table);
}`,
  'in a method that runs in d_lock': `
static int delete_bad(const struct dentry *dentry)
{
	msleep(1); /*! lock/sleep-in-atomic */
	return 0;
}
const struct dentry_operations ops = { .d_delete = delete_bad };`,
  'in an RCU callback': `
static void gone_bad(struct rcu_head *head)
{
	struct foo *f = container_of(head, struct foo, rcu);

	mutex_lock(&f->mutex); /*! lock/sleep-in-atomic */
	mutex_unlock(&f->mutex);
}
void a_ok(struct foo *f)
{
	call_rcu(&f->rcu, gone_bad);
}`,
  'a flag excludes it': `
static void *make(struct foo *f, bool atomic)
{
	if (!atomic)
		msleep(1);
	return kmalloc(8, atomic ? GFP_ATOMIC : GFP_KERNEL);
}
void a_ok(struct foo *f)
{
	spin_lock(&f->lock);
	make(f, true);
	spin_unlock(&f->lock);
	make(f, false);
}`,
  'the lock is dropped around it': `
static void rest(struct foo *f)
{
	spin_unlock(&f->lock);
	msleep(1);
	spin_lock(&f->lock);
}
void a_ok(struct foo *f)
{
	spin_lock(&f->lock);
	rest(f);
	spin_unlock(&f->lock);
}`,
  'only where the trylock failed': `
void a_ok(struct foo *f)
{
	if (!spin_trylock(&f->lock)) {
		msleep(1);
		return;
	}
	f->count++;
	spin_unlock(&f->lock);
}`,
  'a mutex may be slept under': `
void a_ok(struct foo *f)
{
	mutex_lock(&f->mutex);
	down_read(&f->sem);
	msleep(1);
	up_read(&f->sem);
	mutex_unlock(&f->mutex);
}`,

  'masks put together': `
static void *make(gfp_t gfp)
{
	return kmalloc(8, gfp | __GFP_ZERO);
}
void a_ok(struct foo *f)
{
	spin_lock(&f->lock);
	make(GFP_NOWAIT | __GFP_NOWARN);
	spin_unlock(&f->lock);
	make(GFP_NOFS);
}
void a_bad(struct foo *f)
{
	spin_lock(&f->lock);
	make(GFP_NOFS); /*! lock/sleep-in-atomic */
	spin_unlock(&f->lock);
}`,
  // An unknown mask counts as one that allows sleeping
  'FP_ a mask that nobody knows': `
void *FP_a_ok(struct foo *f, gfp_t gfp)
{
	void *p;

	spin_lock(&f->lock);
	p = kmalloc(8, gfp); /*! lock/sleep-in-atomic */
	spin_unlock(&f->lock);
	return p;
}`,
  'what may be the last reference': `
void a_bad(struct dentry *dentry, struct foo *f)
{
	spin_lock(&f->lock);
	dput(dentry); /*! lock/sleep-in-atomic */
	spin_unlock(&f->lock);
}`,
  'cond_resched_lock() lets go of the lock': `
void a_ok(struct foo *f)
{
	spin_lock(&f->lock);
	while (f->count--)
		cond_resched_lock(&f->lock);
	spin_unlock(&f->lock);
}`,
  // The macro gets the lock by name and lets go of it while it waits
  'FP_ wait_event_lock_irq() lets go of the lock': `
void FP_a_ok(struct foo *f, struct wait_queue_head *wq)
{
	spin_lock_irq(&f->lock);
	wait_event_lock_irq(*wq, f->ready, f->lock); /*! lock/sleep-in-atomic */
	spin_unlock_irq(&f->lock);
}`,
  // The function that kref_put() runs now is not looked into for sleeps
  'FN_ the last reference, dropped under a spinlock': `
struct bar { struct kref ref; struct mutex mutex; };
static void gone(struct kref *ref)
{
	struct bar *b = container_of(ref, struct bar, ref);

	mutex_lock(&b->mutex);
	mutex_unlock(&b->mutex);
}
void FN_a_bad(struct foo *f, struct bar *b)
{
	spin_lock(&f->lock);
	kref_put(&b->ref, gone);
	spin_unlock(&f->lock);
}`,
};

const IMBALANCE: Cases = {
  'an error path that forgets the lock': `
int a_bad(struct foo *f)
{
	mutex_lock(&f->mutex);
	if (f->count)
		return -EBUSY; /*! lock/imbalance */
	mutex_unlock(&f->mutex);
	return 0;
}`,
  // What memory held when it was tested is taken for something that the caller can see
  'FN_ nothing is returned, with the lock and without': `
void FN_a_bad(struct foo *f)
{
	spin_lock(&f->lock);
	if (f->next == (struct foo *)0)
		return;
	spin_unlock(&f->lock);
}`,
  'a bit of the object is tested': `
void a_bad(struct foo *f)
{
	spin_lock(&f->lock);
	if (test_bit(3, &f->bits))
		return; /*! lock/imbalance */
	spin_unlock(&f->lock);
}`,
  // A result that is not a constant might be what tells the caller
  'FN_ a callee fails': `
int step(struct foo *f);
int FN_a_bad(struct foo *f)
{
	int err;

	spin_lock(&f->lock);
	err = step(f);
	if (err)
		return err;
	spin_unlock(&f->lock);
	return 0;
}`,
  'FN_ the same error with the lock and without': `
int FN_a_bad(struct foo *f)
{
	mutex_lock(&f->mutex);
	if (f->count)
		return -EBUSY;
	mutex_unlock(&f->mutex);
	return -EBUSY;
}`,
  'a goto to the wrong label': `
int a_bad(struct foo *f)
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
  'the result says whether the lock is held': `
int a_ok(struct foo *f)
{
	mutex_lock(&f->mutex);
	if (f->count) {
		mutex_unlock(&f->mutex);
		return -EBUSY;
	}
	return 0;
}`,
  'a pointer that is an error says so too': `
struct foo *a_ok(struct foo *f)
{
	if (f->count)
		return ERR_PTR(-EBUSY);
	spin_lock(&f->lock);
	f->count = 1;
	return f;
}`,
  'a pair of functions': `
void get_ok(struct foo *f)
{
	down_read(&f->sem);
}
void put_ok(struct foo *f)
{
	up_read(&f->sem);
}`,
  'seq_file operations, start and stop': `
static struct mutex table_lock;
static void *start_ok(struct seq_file *m, long long *pos)
{
	mutex_lock(&table_lock);
	return *pos ? (void *)0 : (void *)m;
}
static void stop_ok(struct seq_file *m, void *v)
{
	mutex_unlock(&table_lock);
}
const struct seq_operations ops = { .start = start_ok, .stop = stop_ok };`,
  'the parameter decides': `
void a_ok(struct foo *f, bool keep)
{
	spin_lock(&f->lock);
	f->count++;
	if (keep)
		return;
	spin_unlock(&f->lock);
}`,
  'a token that is handed out says it': `
void a_ok(struct foo *f, bool *locked)
{
	*locked = false;
	if (f->count) {
		mutex_lock(&f->mutex);
		*locked = true;
	}
}`,
  'a lock that a work item lets go of': `
static void work_ok(struct work_struct *w)
{
	struct foo *f = container_of(w, struct foo, work);

	up_read(&f->sem);
}
int a_ok(struct foo *f)
{
	down_read(&f->sem);
	if (f->ready) {
		INIT_WORK(&f->work, work_ok);
		schedule_work(&f->work);
		return 0;
	}
	up_read(&f->sem);
	return 0;
}`,
  'a guard lets go by itself': `
int a_ok(struct foo *f)
{
	guard(mutex)(&f->mutex);
	if (f->count)
		return -EBUSY;
	f->count = 1;
	return 0;
}`,
  'flags that belong together': `
int a_ok(struct foo *f)
{
	bool locked = false;

	if (f->count > 2) {
		mutex_lock(&f->mutex);
		locked = true;
	}
	f->count++;
	if (locked)
		mutex_unlock(&f->mutex);
	return 0;
}`,

  'an error path of a callee that was locked by another': `
int step(struct foo *f);
int a_bad(struct foo *f, struct foo *g)
{
	int err;

	down_read(&f->sem);
	err = step(f);
	if (err)
		goto unlock;
	down_read(&g->sem);
	err = step(g);
	if (err)
		goto unlock;
	up_read(&g->sem);
unlock:
	up_read(&f->sem);
	return err; /*! lock/imbalance */
}`,
  'a value that is compared twice': `
void a_ok(struct foo *f, struct foo *g, int how)
{
	if (how == 1)
		mutex_lock(&f->mutex);
	else if (how == 2)
		spin_lock(&f->lock);
	f->count++;
	if (how == 1)
		mutex_unlock(&f->mutex);
	else if (how == 2)
		spin_unlock(&f->lock);
}`,
  'two locks in the order of their addresses': `
void a_ok(struct foo *f, struct foo *g)
{
	if (f < g) {
		mutex_lock(&f->mutex);
		mutex_lock(&g->mutex);
	} else {
		mutex_lock(&g->mutex);
		if (f != g)
			mutex_lock(&f->mutex);
	}
	f->count++;
	mutex_unlock(&g->mutex);
	if (f != g)
		mutex_unlock(&f->mutex);
}`,
  // Of a number only its sign is kept apart, so that 1 and "neither" look alike in the second switch
  'FP_ two switches over one enumeration': `
void FP_a_ok(struct foo *f, int how)
{
	switch (how) {
	case 0:
		down_read(&f->sem);
		break;
	case 1:
		down_write(&f->sem);
		break;
	}
	f->count++;
	switch (how) {
	case 0:
		up_read(&f->sem);
		break;
	case 1:
		up_write(&f->sem);
		break;
	}
} /*! lock/imbalance */`,
  // Taken in one loop and let go in another: the elements have no names of their own
  'FP_ an array of locks': `
void FP_a_ok(struct foo *all[], int n)
{
	int i;

	for (i = 0; i < n; i++)
		mutex_lock(&all[i]->mutex);
	all[0]->count++;
	while (--i >= 0)
		mutex_unlock(&all[i]->mutex);
} /*! lock/imbalance */`,
  // The scope is entered only where the lock was taken
  'FP_ a guard that may fail': `
int FP_a_ok(struct foo *f)
{
	scoped_cond_guard(mutex_intr, return -4, &f->mutex) {
		f->count++;
	}
	return 0; /*! lock/imbalance */
}`,
  // Interrupts stay off on one way out
  'FN_ the lock without its interrupts': `
void FN_a_bad(struct foo *f)
{
	unsigned long flags;

	spin_lock_irqsave(&f->lock, flags);
	if (f->count) {
		spin_unlock(&f->lock);
		return;
	}
	spin_unlock_irqrestore(&f->lock, flags);
}`,
};

const DOUBLE: Cases = {
  'twice on one path': `
void a_bad(struct foo *f)
{
	mutex_lock(&f->mutex);
	f->count++;
	mutex_lock(&f->mutex); /*! lock/double */
	mutex_unlock(&f->mutex);
}`,
  'through a helper': `
static void count(struct foo *g)
{
	spin_lock(&g->lock);
	g->count++;
	spin_unlock(&g->lock);
}
void a_bad(struct foo *f)
{
	spin_lock(&f->lock);
	count(f); /*! lock/double */
	spin_unlock(&f->lock);
}`,
  'through an alias': `
void a_bad(struct foo *f)
{
	struct foo *g = f;

	spin_lock(&f->lock);
	spin_lock(&g->lock); /*! lock/double */
	spin_unlock(&f->lock);
}`,
  'another object of the class': `
void a_ok(struct foo *f, struct foo *g)
{
	mutex_lock(&f->mutex);
	mutex_lock(&g->mutex);
	mutex_unlock(&g->mutex);
	mutex_unlock(&f->mutex);
}`,
  'only perhaps the same object': `
void a_ok(struct foo *f, struct foo *g)
{
	struct foo *x = g->ready ? g->next : g;

	mutex_lock(&f->mutex);
	mutex_lock(&x->mutex);
	mutex_unlock(&x->mutex);
	mutex_unlock(&f->mutex);
}`,
  'a second attempt that does not wait': `
void a_ok(struct foo *f)
{
	spin_lock(&f->lock);
	if (spin_trylock(&f->lock)) {
		f->count++;
		spin_unlock(&f->lock);
	}
	spin_unlock(&f->lock);
}`,
  'a read side that nests': `
void a_ok(struct foo *f)
{
	rcu_read_lock();
	rcu_read_lock();
	rcu_read_unlock();
	rcu_read_unlock();
}`,
  'dropped in between, in a callee': `
static void drop(struct foo *f)
{
	mutex_unlock(&f->mutex);
}
void a_ok(struct foo *f)
{
	mutex_lock(&f->mutex);
	drop(f);
	mutex_lock(&f->mutex);
	mutex_unlock(&f->mutex);
}`,
  'the next entry of a loop': `
void a_ok(struct foo *f)
{
	struct foo *x;

	for (x = f; x; x = x->next) {
		spin_lock(&x->lock);
		x->count++;
		spin_unlock(&x->lock);
	}
}`,
};

const RULES: Readonly<Record<string, Cases>> = {
  'rcu/early-free': EARLY_FREE,
  'rcu/unstable-inode': UNSTABLE_INODE,
  'rcu/walk-blocks': WALK_BLOCKS,
  'lock/sleep-in-atomic': SLEEP_IN_ATOMIC,
  'lock/imbalance': IMBALANCE,
  'lock/double': DOUBLE,
};

describe('rules', () => {
  for (const [rule, cases] of Object.entries(RULES))
    describe(rule, () => {
      for (const [title, source] of Object.entries(cases)) it(title, () => checkRule(source));
    });
});
