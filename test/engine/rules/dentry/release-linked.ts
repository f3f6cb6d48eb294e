/**
 * dentry/release-linked: code that is wrong (`_bad`), and code that is right and looks like it (`_ok`).
 */
import type { RuleCases } from '../../harness.js';

/** Cases by title. */
export const RELEASE_LINKED: RuleCases = {
  'never taken off': `
static spinlock_t lease_lock;
static struct list_head leases;
void touch(struct foo *f)
{
	spin_lock(&lease_lock);
	list_add(&f->list, &leases);
	spin_unlock(&lease_lock);
}
static void release_bad(struct dentry *dentry)
{
	struct foo *f = dentry->d_fsdata;

	kfree(f); /*! dentry/release-linked */
}
const struct dentry_operations ops = { .d_release = release_bad };`,

  'taken off too late, freed after a grace period': `
static spinlock_t lease_lock;
static struct list_head leases;
void touch(struct foo *f)
{
	spin_lock(&lease_lock);
	list_add(&f->list, &leases);
	spin_unlock(&lease_lock);
}
static void release_bad(struct dentry *dentry)
{
	struct foo *f = dentry->d_fsdata;

	kfree_rcu(f, rcu); /*! dentry/release-linked */
	spin_lock(&lease_lock);
	list_del(&f->list);
	spin_unlock(&lease_lock);
}
const struct dentry_operations ops = { .d_release = release_bad };`,

  'one of two lists': `
struct note { struct list_head active; struct list_head expiring; };
static struct list_head all;
void touch(struct note *n)
{
	list_add(&n->active, &all);
	list_add_tail(&n->expiring, &all);
}
static void release_bad(struct dentry *dentry)
{
	struct note *n = dentry->d_fsdata;

	if (!list_empty(&n->active))
		list_del(&n->active);
	kfree(n); /*! dentry/release-linked */
}
const struct dentry_operations ops = { .d_release = release_bad };`,

  'taken off, in a helper and where it is on the list': `
static spinlock_t lease_lock;
static struct list_head leases;
void touch(struct foo *f)
{
	spin_lock(&lease_lock);
	list_add(&f->list, &leases);
	spin_unlock(&lease_lock);
}
static void unlist(struct foo *f)
{
	if (list_empty(&f->list))
		return;
	spin_lock(&lease_lock);
	list_del_init(&f->list);
	spin_unlock(&lease_lock);
}
static void release_ok(struct dentry *dentry)
{
	struct foo *f = dentry->d_fsdata;

	if (!f)
		return;
	if (dentry->d_sb->s_fs_info)
		unlist(f);
	kfree(f);
}
const struct dentry_operations ops = { .d_release = release_ok };`,

  'taken off by d_prune': `
static spinlock_t lease_lock;
static struct list_head leases;
void touch(struct foo *f)
{
	spin_lock(&lease_lock);
	list_add(&f->list, &leases);
	spin_unlock(&lease_lock);
}
static void prune_ok(struct dentry *dentry)
{
	struct foo *f = dentry->d_fsdata;

	spin_lock(&lease_lock);
	list_del_init(&f->list);
	spin_unlock(&lease_lock);
}
static void release_ok(struct dentry *dentry)
{
	struct foo *f = dentry->d_fsdata;

	kfree(f);
}
const struct dentry_operations ops = { .d_prune = prune_ok, .d_release = release_ok };`,

  'on the list while the dentry is pinned': `
static struct list_head leases;
void begin(struct foo *f, struct dentry *dentry)
{
	dget(dentry);
	list_add(&f->list, &leases);
}
static void release_ok(struct dentry *dentry)
{
	struct foo *f = dentry->d_fsdata;

	kfree(f);
}
const struct dentry_operations ops = { .d_release = release_ok };`,

  'a counted object, whose lists have references': `
struct note { refcount_t users; struct list_head all; };
static struct list_head notes;
void publish(struct note *n)
{
	refcount_inc(&n->users);
	list_add(&n->all, &notes);
}
static void release_ok(struct dentry *dentry)
{
	struct note *n = dentry->d_fsdata;

	if (refcount_dec_and_test(&n->users))
		kfree(n);
}
const struct dentry_operations ops = { .d_release = release_ok };`,

  'the head of a list, and a structure that is on none': `
struct note { struct list_head users; };
void publish(struct note *n, struct foo *f)
{
	list_add(&f->list, &n->users);
}
static void release_ok(struct dentry *dentry)
{
	struct note *n = dentry->d_fsdata;

	kfree(n);
}
const struct dentry_operations ops = { .d_release = release_ok };`,
};
