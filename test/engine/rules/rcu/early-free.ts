/**
 * rcu/early-free: code that is wrong (`_bad`), and code that is right and looks like it (`_ok`).
 */
import type { RuleCases } from '../../harness.js';

/** A dentry's private record that RCU-walk reads, and what is needed around it. */
const RECORD = `
struct record { int flags; spinlock_t lock; };
static int manage_ok(const struct path *path, bool rcu_walk)
{
	struct record *r = path->dentry->d_fsdata;

	return r->flags ? -EISDIR : 0;
}
`;

/** A node is looked at under rcu_read_lock(). */
const READS_NODE = `static struct node *table_find(int id);
int node_found(int id)
{
	struct node *n;
	int found = 0;

	rcu_read_lock();
	n = table_find(id);
	if (n && n->id == id)
		found = 1;
	rcu_read_unlock();
	return found;
}
`;

/** Cases by title. */
export const EARLY_FREE: RuleCases = {
  'freed in d_release, read in RCU-walk': `${RECORD}
static void release_bad(struct dentry *dentry)
{
	struct record *r = dentry->d_fsdata;

	kfree(r); /*! rcu/early-free */
}
const struct dentry_operations ops = { .d_manage = manage_ok, .d_release = release_bad };`,

  'a namespace that is dropped before the object that has it waits': `
struct user_namespace { int level; };
struct record { struct user_namespace *user_ns; struct rcu_head rcu; };
void put_user_ns(struct user_namespace *ns);
bool current_in_userns(struct user_namespace *ns);
static int permission_ok(struct mnt_idmap *idmap, struct inode *inode, int mask)
{
	struct record *r = inode->i_sb->s_fs_info;

	return current_in_userns(r->user_ns) ? 0 : -13;
}
static void record_end_bad(struct record *r)
{
	put_user_ns(r->user_ns); /*! rcu/early-free@high */
	kfree_rcu(r, rcu);
}
static void record_free_ok(struct rcu_head *head)
{
	struct record *r = container_of(head, struct record, rcu);

	put_user_ns(r->user_ns);
	kfree(r);
}
static void record_end_ok(struct record *r)
{
	call_rcu(&r->rcu, record_free_ok);
}
static int sync(struct super_block *sb)
{
	record_end_bad(sb->s_fs_info);
	record_end_ok(sb->s_fs_info);
	return 0;
}
const struct inode_operations iops = { .permission = permission_ok };
const struct super_operations sops = { .sync_fs = sync };`,

  'options that are swapped for others, the old ones being freed with the context': `
struct opts { int flags; struct rcu_head rcu; };
struct fs_context { void *fs_private; struct dentry *root; };
struct fs_context_operations { int (*reconfigure)(struct fs_context *fc); void (*free)(struct fs_context *fc); };
struct foo_sb { struct opts *opts; };
static int permission_ok(struct mnt_idmap *idmap, struct inode *inode, int mask)
{
	struct foo_sb *sbi = inode->i_sb->s_fs_info;

	return sbi->opts->flags ? -13 : 0;
}
static int reconfigure_bad(struct fs_context *fc)
{
	struct foo_sb *sbi = fc->root->d_sb->s_fs_info;

	swap(sbi->opts, fc->fs_private); /*! rcu/early-free@high */
	return 0;
}
static void free_ok(struct fs_context *fc)
{
	struct opts *opts = fc->fs_private;

	kfree(opts);
}
const struct inode_operations iops = { .permission = permission_ok };
const struct fs_context_operations cops = { .reconfigure = reconfigure_bad, .free = free_ok };`,

  'options that are replaced, the old ones waiting for a grace period': `
struct opts { int flags; struct rcu_head rcu; };
struct fs_context { void *fs_private; struct dentry *root; };
struct fs_context_operations { int (*reconfigure)(struct fs_context *fc); void (*free)(struct fs_context *fc); };
struct foo_sb { struct opts *opts; };
static int permission_ok(struct mnt_idmap *idmap, struct inode *inode, int mask)
{
	struct foo_sb *sbi = inode->i_sb->s_fs_info;

	return sbi->opts->flags ? -13 : 0;
}
static int reconfigure_ok(struct fs_context *fc)
{
	struct foo_sb *sbi = fc->root->d_sb->s_fs_info;
	struct opts *old = sbi->opts;

	sbi->opts = fc->fs_private;
	fc->fs_private = NULL;
	kfree_rcu(old, rcu);
	return 0;
}
static void free_ok(struct fs_context *fc)
{
	struct opts *opts = fc->fs_private;

	kfree(opts);
}
const struct inode_operations iops = { .permission = permission_ok };
const struct fs_context_operations cops = { .reconfigure = reconfigure_ok, .free = free_ok };`,

  'a member that nobody looks at in RCU-walk goes before the object that has it': `
struct record { char *prefix; int flags; struct rcu_head rcu; };
static int manage_ok(const struct path *path, bool rcu_walk)
{
	struct record *r = path->dentry->d_fsdata;

	return r->flags ? -EISDIR : 0;
}
static void release_ok(struct dentry *dentry)
{
	struct record *r = dentry->d_fsdata;

	kfree(r->prefix);
	kfree_rcu(r, rcu);
}
const struct dentry_operations ops = { .d_manage = manage_ok, .d_release = release_ok };`,

  'with the last reference, by the function that is handed to kref_put()': `
struct record { int flags; struct kref users; };
static int manage_ok(const struct path *path, bool rcu_walk)
{
	struct record *r = path->dentry->d_fsdata;

	return r->flags ? -EISDIR : 0;
}
static void record_free(struct kref *users)
{
	kfree(container_of(users, struct record, users)); /*! rcu/early-free@high */
}
static void release_bad(struct dentry *dentry)
{
	struct record *r = dentry->d_fsdata;

	kref_put(&r->users, record_free);
}
const struct dentry_operations ops = { .d_manage = manage_ok, .d_release = release_bad };`,

  'the same, after a grace period': `
struct record { int flags; struct kref users; struct rcu_head rcu; };
static int manage_ok(const struct path *path, bool rcu_walk)
{
	struct record *r = path->dentry->d_fsdata;

	return r->flags ? -EISDIR : 0;
}
static void record_free(struct kref *users)
{
	struct record *r = container_of(users, struct record, users);

	kfree_rcu(r, rcu);
}
static void release_ok(struct dentry *dentry)
{
	struct record *r = dentry->d_fsdata;

	kref_put(&r->users, record_free);
}
const struct dentry_operations ops = { .d_manage = manage_ok, .d_release = release_ok };`,

  'the body of a link, stored by a helper': `
struct foo_inode { char *target; struct inode vfs_inode; };
struct inode *make(struct super_block *sb, const char *name)
{
	struct inode *inode = new_inode(sb);
	struct foo_inode *f = container_of(inode, struct foo_inode, vfs_inode);

	f->target = kstrdup(name, GFP_KERNEL);
	inode_set_cached_link(inode, f->target, 3);
	return inode;
}
static void evict_bad(struct inode *inode)
{
	struct foo_inode *f = container_of(inode, struct foo_inode, vfs_inode);

	clear_inode(inode);
	kfree(f->target); /*! rcu/early-free@high */
}
const struct super_operations sops = { .evict_inode = evict_bad };`,

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
  'cleared, with no lock and no grace period': `${RECORD}
static void release_bad(struct dentry *dentry)
{
	struct record *r = dentry->d_fsdata;

	dentry->d_fsdata = (void *)0;
	kfree(r); /*! rcu/early-free */
}
const struct dentry_operations ops = { .d_manage = manage_ok, .d_release = release_bad };`,

  // A lock that lies in the freed object keeps nobody from freeing it
  'the lockless side takes a lock inside the object that is freed': `
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
static void release_bad(struct dentry *dentry)
{
	kfree(dentry->d_fsdata); /*! rcu/early-free */
}
const struct dentry_operations ops = { .d_manage = manage_ok, .d_release = release_bad };`,

  // Reading through an index is a dereference
  'a string that is read by index': `
struct record { char *name; };
static int manage_ok(const struct path *path, bool rcu_walk)
{
	struct record *r = path->dentry->d_fsdata;

	return r->name[0];
}
static void release_bad(struct dentry *dentry)
{
	struct record *r = dentry->d_fsdata;

	kfree(r->name); /*! rcu/early-free */
}
const struct dentry_operations ops = { .d_manage = manage_ok, .d_release = release_bad };`,

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
  'the inode itself, in destroy_inode': `
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
static void destroy_inode_bad(struct inode *inode)
{
	kmem_cache_free(cache, FOO_I(inode)); /*! rcu/early-free */
}
const struct inode_operations iops = { .permission = permission_ok };
const struct super_operations sops = { .destroy_inode = destroy_inode_bad };`,

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

  'looked at by a helper that it is handed to': `
struct foo_sb { int flags; };
static bool is_busy(struct foo_sb *sbi)
{
	return sbi->flags != 0;
}
static int manage_ok(const struct path *path, bool rcu_walk)
{
	if (is_busy(path->dentry->d_sb->s_fs_info))
		return -EISDIR;
	return 0;
}
static void kill_bad(struct super_block *sb)
{
	struct foo_sb *sbi = sb->s_fs_info;

	kill_litter_super(sb);
	kfree(sbi); /*! rcu/early-free */
}
const struct dentry_operations ops = { .d_manage = manage_ok };
struct file_system_type type = { .kill_sb = kill_bad };`,

  'when the end of the superblock has waited by the way': `
struct foo_sb { int flags; };
int set_up(struct super_block *sb)
{
	return super_setup_bdi(sb);
}
static int manage_ok(const struct path *path, bool rcu_walk)
{
	struct foo_sb *sbi = path->dentry->d_sb->s_fs_info;

	return sbi->flags;
}
static void kill_bad(struct super_block *sb)
{
	struct foo_sb *sbi = sb->s_fs_info;

	kill_anon_super(sb);
	kfree(sbi); /*! rcu/early-free@medium */
}
const struct dentry_operations ops = { .d_manage = manage_ok };
struct file_system_type type = { .kill_sb = kill_bad };`,

  'by the callback that was made to wait, whatever the end of the superblock waits for': `
struct foo_sb { int flags; struct rcu_head rcu; };
int set_up(struct super_block *sb)
{
	return super_setup_bdi(sb);
}
static int manage_ok(const struct path *path, bool rcu_walk)
{
	struct foo_sb *sbi = path->dentry->d_sb->s_fs_info;

	return sbi->flags;
}
static void free_late(struct rcu_head *head)
{
	kfree(container_of(head, struct foo_sb, rcu));
}
static void kill_bad(struct super_block *sb)
{
	struct foo_sb *sbi = sb->s_fs_info;

	kill_anon_super(sb);
	free_late(&sbi->rcu); /*! rcu/early-free@high */
}
const struct dentry_operations ops = { .d_manage = manage_ok };
struct file_system_type type = { .kill_sb = kill_bad };`,

  // The hash of a parent and the end of a child's record are of different dentries, and of one superblock
  'd_hash against d_prune': `
struct table { int fold; };
static int hash_ok(const struct dentry *parent, struct qstr *name)
{
	struct table *t = parent->d_fsdata;

	return t->fold;
}
static void prune_bad(struct dentry *dentry)
{
	struct table *t = dentry->d_fsdata;

	kfree(t); /*! rcu/early-free */
}
const struct dentry_operations ops = { .d_hash = hash_ok, .d_prune = prune_bad };`,

  'd_revalidate, before it can bail out, against d_release': `
struct note { int version; };
static int revalidate_ok(struct dentry *dentry, unsigned int flags)
{
	struct note *n = dentry->d_fsdata;
	int version = n->version;

	if (flags & LOOKUP_RCU)
		return -ECHILD;
	return version;
}
static void release_bad(struct dentry *dentry)
{
	kfree(dentry->d_fsdata); /*! rcu/early-free */
}
const struct dentry_operations ops = { .d_revalidate = revalidate_ok, .d_release = release_bad };`,

  "a link's body that is i_link as well, freed on eviction through helpers": `
struct foo_inode { struct inode vfs; char *name; char *target; };
static struct foo_inode *FOO_I(struct inode *inode)
{
	return container_of(inode, struct foo_inode, vfs);
}
static void make_link(struct inode *inode)
{
	struct foo_inode *fi = FOO_I(inode);

	inode->i_link = fi->target;
}
static void clear_bad(struct foo_inode *fi)
{
	kfree(fi->name);
	kfree(fi->target); /*! rcu/early-free */
}
static void evict_ok(struct inode *inode)
{
	clear_bad(FOO_I(inode));
}
static int symlink(struct inode *dir, struct dentry *dentry)
{
	make_link(d_inode(dentry));
	return 0;
}
const struct inode_operations iops = { .unlink = symlink };
const struct super_operations sops = { .evict_inode = evict_ok };`,

  "a link's body that get_link gives back": `
static const char *get_link_ok(struct dentry *dentry, struct inode *inode, struct delayed_call *done)
{
	return inode->i_private;
}
static void evict_bad(struct inode *inode)
{
	kfree(inode->i_private); /*! rcu/early-free */
}
const struct inode_operations iops = { .get_link = get_link_ok };
const struct super_operations sops = { .evict_inode = evict_bad };`,

  'the last reference goes, in a function that others use too': `
struct entry { int use; refcount_t refs; char *data; };
struct foo_inode { struct inode vfs; struct entry *entry; };
static struct foo_inode *FOO_I(struct inode *inode)
{
	return container_of(inode, struct foo_inode, vfs);
}
static void entry_put(struct entry *e)
{
	if (refcount_dec_and_test(&e->refs))
		kfree(e);
}
static int permission_ok(struct mnt_idmap *idmap, struct inode *inode, int mask)
{
	return FOO_I(inode)->entry->use;
}
static void evict_bad(struct inode *inode)
{
	entry_put(FOO_I(inode)->entry); /*! rcu/early-free */
}
static int unlink(struct inode *dir, struct dentry *dentry)
{
	entry_put(dentry->d_fsdata);
	return 0;
}
const struct inode_operations iops = { .permission = permission_ok, .unlink = unlink };
const struct super_operations sops = { .evict_inode = evict_bad };`,

  'an rcu_head that nothing uses, and a lookup under rcu_read_lock()': `
struct node { int id; refcount_t refs; struct rcu_head rcu; };
static struct node *table_find(int id);
int node_get(int id)
{
	struct node *n;
	int found = 0;

	rcu_read_lock();
	n = table_find(id);
	if (n && n->id == id)
		found = 1;
	rcu_read_unlock();
	return found;
}
static void node_end(struct rcu_head *head)
{
	struct node *n = container_of(head, struct node, rcu);

	kfree(n);
}
void node_put_bad(struct node *n)
{
	if (refcount_dec_and_test(&n->refs))
		node_end(&n->rcu); /*! rcu/early-free */
}`,

  // Another directory may be the one that lets it wait
  'an rcu_head of a structure that the whole kernel has': `
// file: include/linux/node.h
struct node { int id; struct rcu_head rcu; };
// file: fs/foo/x.c
#include <linux/node.h>
${READS_NODE}void node_end_bad(struct node *n)
{
	kfree(n); /*! rcu/early-free@low */
}`,

  'the same where this directory makes them': `
// file: include/linux/node.h
struct node { int id; struct rcu_head rcu; };
// file: fs/foo/x.c
#include <linux/node.h>
struct node *node_new(int id)
{
	struct node *n = kmalloc(sizeof(*n), GFP_KERNEL);

	if (n)
		n->id = id;
	return n;
}
${READS_NODE}void node_end_bad(struct node *n)
{
	kfree(n); /*! rcu/early-free@high */
}`,

  'the same of a structure of one directory': `
struct node { int id; struct rcu_head rcu; };
${READS_NODE}void node_end_bad(struct node *n)
{
	kfree(n); /*! rcu/early-free@high */
}`,

  'an rcu_head that is used, and a lookup under rcu_read_lock()': `
struct node { int id; refcount_t refs; struct rcu_head rcu; };
static struct node *table_find(int id);
int node_get(int id)
{
	struct node *n;
	int found = 0;

	rcu_read_lock();
	n = table_find(id);
	if (n && n->id == id)
		found = 1;
	rcu_read_unlock();
	return found;
}
static void node_end(struct rcu_head *head)
{
	struct node *n = container_of(head, struct node, rcu);

	kfree(n);
}
void node_put_ok(struct node *n)
{
	if (refcount_dec_and_test(&n->refs))
		call_rcu(&n->rcu, node_end);
}
void node_undo_ok(struct node *n)
{
	node_end(&n->rcu);
}`,

  'an rcu_head that nothing uses, and nothing lockless': `
struct node { int id; refcount_t refs; struct rcu_head rcu; };
void node_put_ok(struct node *n)
{
	if (refcount_dec_and_test(&n->refs))
		kfree(n);
}`,

  'the data of a mount that did not come about': `
struct foo_sb { int flags; struct rcu_head rcu; };
static int permission_ok(struct mnt_idmap *idmap, struct inode *inode, int mask)
{
	struct foo_sb *sbi = inode->i_sb->s_fs_info;

	return sbi->flags;
}
static void free_ok(struct fs_context *fc)
{
	struct foo_sb *sbi = fc->s_fs_info;

	kfree(sbi);
}
const struct inode_operations iops = { .permission = permission_ok };
const struct fs_context_operations fops = { .free = free_ok };`,

  'an inode whose kind no lockless method looks at': `
struct foo_inode { struct inode vfs; int mode; };
static struct kmem_cache *cache;
static void destroy_inode_ok(struct inode *inode)
{
	kmem_cache_free(cache, container_of(inode, struct foo_inode, vfs));
}
const struct super_operations sops = { .destroy_inode = destroy_inode_ok };`,

  'the last reference, for readers that a caller brought under rcu_read_lock()': `
struct node { int id; refcount_t refs; struct list_head list; struct rcu_head rcu; };
static struct node *node_find(struct list_head *nodes, int id)
{
	struct node *n;

	list_for_each_entry_rcu(n, nodes, list)
		if (n->id == id && refcount_inc_not_zero(&n->refs))
			return n;
	return NULL;
}
struct node *node_get(struct list_head *nodes, int id)
{
	struct node *n;

	rcu_read_lock();
	n = node_find(nodes, id);
	rcu_read_unlock();
	return n;
}
void node_put_bad(struct node *n)
{
	if (!refcount_dec_and_test(&n->refs))
		return;
	list_del_rcu(&n->list);
	kfree(n); /*! rcu/early-free */
}`,

  'unpublished, which keeps out no reader that takes no lock': `
struct table { int nr; struct rcu_head rcu; };
struct owner { struct table *table; spinlock_t lock; };
int owner_nr(struct owner *o)
{
	struct table *t;
	int nr;

	rcu_read_lock();
	t = rcu_dereference(o->table);
	nr = t ? t->nr : 0;
	rcu_read_unlock();
	return nr;
}
void owner_clear_bad(struct owner *o)
{
	struct table *old = rcu_dereference_protected(o->table, 1);

	rcu_assign_pointer(o->table, NULL);
	kfree(old); /*! rcu/early-free */
}`,

  'an RCU callback that is called, of what others know': `
struct node { int id; refcount_t refs; struct list_head list; struct rcu_head rcu; };
static int node_seen(struct list_head *nodes, int id)
{
	struct node *n;
	int found = 0;

	rcu_read_lock();
	list_for_each_entry_rcu(n, nodes, list)
		if (n->id == id)
			found = 1;
	rcu_read_unlock();
	return found;
}
static void node_end(struct rcu_head *head)
{
	kfree(container_of(head, struct node, rcu));
}
void node_put_ok(struct node *n)
{
	if (refcount_dec_and_test(&n->refs))
		call_rcu(&n->rcu, node_end);
}
void node_drop_all_bad(struct list_head *nodes)
{
	struct node *n, *next;

	list_for_each_entry_safe(n, next, nodes, list) {
		list_del_rcu(&n->list);
		node_end(&n->rcu); /*! rcu/early-free */
	}
}`,

  'an RCU callback that is called where nothing could have seen the object': `
struct node { int id; refcount_t refs; struct list_head list; struct rcu_head rcu; };
static int node_seen(struct list_head *nodes, int id)
{
	struct node *n;
	int found = 0;

	rcu_read_lock();
	list_for_each_entry_rcu(n, nodes, list)
		if (n->id == id)
			found = 1;
	rcu_read_unlock();
	return found;
}
static void node_end(struct rcu_head *head)
{
	kfree(container_of(head, struct node, rcu));
}
void node_put_ok(struct node *n, int shared)
{
	if (shared)
		call_rcu(&n->rcu, node_end);
	else
		node_end(&n->rcu);
}
struct node *node_make_ok(int id)
{
	struct node *n = kzalloc(sizeof(*n), GFP_KERNEL);

	if (n && id < 0) {
		node_end(&n->rcu);
		return NULL;
	}
	return n;
}`,

  'an array of pointers to such objects': `
struct node { int id; refcount_t refs; struct list_head list; struct rcu_head rcu; };
struct table { struct node **nodes; };
int node_seen(struct list_head *nodes, int id)
{
	struct node *n;
	int found = 0;

	rcu_read_lock();
	list_for_each_entry_rcu(n, nodes, list)
		if (n->id == id)
			found = 1;
	rcu_read_unlock();
	return found;
}
void table_free_ok(struct table *t)
{
	kvfree(t->nodes);
	kfree(t);
}`,
  'only made in a read side': `
struct node { int id; struct list_head list; struct rcu_head rcu; };
static struct node *node_make(int id)
{
	struct node *n = kzalloc(sizeof(*n), GFP_ATOMIC);

	if (n)
		n->id = id;
	return n;
}
struct node *node_add(int id)
{
	struct node *n;

	rcu_read_lock();
	n = node_make(id);
	rcu_read_unlock();
	return n;
}
void node_free_ok(struct node *n)
{
	kfree(n);
}`,

  'found as the last entry of a list, under rcu_read_lock()': `
struct node { int id; struct list_head list; struct rcu_head rcu; };
struct table { struct list_head nodes; };
int last_seen(struct table *t)
{
	struct node *n;
	int id;

	rcu_read_lock();
	n = list_entry(rcu_dereference(t->nodes.prev), struct node, list);
	id = n->id;
	rcu_read_unlock();
	return id;
}
void node_drop(struct node *n)
{
	list_del(&n->list);
	kfree(n); /*! rcu/early-free */
}`,
};
