/**
 * rcu/walk-blocks: code that is wrong (`_bad`), and code that is right and looks like it (`_ok`).
 */
import type { RuleCases } from '../../harness.js';

/** Cases by title. */
export const WALK_BLOCKS: RuleCases = {
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
  // Where it sleeps otherwise is asked in many ways
  'beside another sleep with many conditions': `
static int slow(struct inode *inode, int mask)
{
	if (!(mask & MAY_NOT_BLOCK)) {
		if (mask & 1)
			inode->i_flags = 1;
		else if (mask & 2)
			inode->i_flags = 2;
		else if (mask & 4)
			inode->i_flags = 3;
		else if (mask & 8)
			inode->i_flags = 4;
		else if (mask & 16)
			inode->i_flags = 5;
		msleep(1);
	}
	if (inode->i_private)
		msleep(2);
	return 0;
}
static int permission_bad(struct mnt_idmap *idmap, struct inode *inode, int mask)
{
	return slow(inode, mask); /*! rcu/walk-blocks */
}
const struct inode_operations ops = { .permission = permission_bad };`,
};
