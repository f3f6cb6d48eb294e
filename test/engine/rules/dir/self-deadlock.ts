/**
 * dir/self-deadlock: code that is wrong (`_bad`), and code that is right and looks like it (`_ok`).
 */
import type { RuleCases } from '../../harness.js';

/** Cases by title. */
export const SELF_DEADLOCK: RuleCases = {
  'taken in a method that is called with it': `
static int unlink_bad(struct inode *dir, struct dentry *dentry)
{
	inode_lock(dir); /*! dir/self-deadlock */
	dentry->d_time = 1;
	inode_unlock(dir);
	return 0;
}
const struct inode_operations ops = { .unlink = unlink_bad };`,

  'by another name, several helpers down': `
static void touch(struct inode *inode)
{
	inode_lock(inode);
	inode->i_flags = 1;
	inode_unlock(inode);
}
static void touch_parent(struct dentry *dentry)
{
	touch(d_inode(dentry->d_parent));
}
static int unlink_bad(struct inode *dir, struct dentry *dentry)
{
	touch_parent(dentry); /*! dir/self-deadlock */
	return 0;
}
const struct inode_operations ops = { .unlink = unlink_bad };`,

  'by a helper that looks a name up': `
static int unlink_bad(struct inode *dir, struct dentry *dentry)
{
	lookup_one_len_unlocked("x", dentry->d_parent, 1); /*! dir/self-deadlock */
	return 0;
}
const struct inode_operations ops = { .unlink = unlink_bad };`,

  'only one of two callers holds it': `
static void touch(struct inode *dir)
{
	inode_lock(dir);
	dir->i_flags = 1;
	inode_unlock(dir);
}
static int sync_ok(struct super_block *sb)
{
	touch(d_inode(sb->s_root));
	return 0;
}
static int unlink_bad(struct inode *dir, struct dentry *dentry)
{
	touch(dir); /*! dir/self-deadlock */
	return 0;
}
const struct inode_operations ops = { .unlink = unlink_bad };
const struct super_operations sops = { .sync_fs = sync_ok };`,

  'another directory': `
static int unlink_ok(struct inode *dir, struct dentry *dentry)
{
	struct dentry *lower = dentry->d_fsdata;

	inode_lock(d_inode(lower->d_parent));
	lower->d_time = 1;
	inode_unlock(d_inode(lower->d_parent));
	return 0;
}
const struct inode_operations ops = { .unlink = unlink_ok };`,

  'given back before': `
static int unlink_ok(struct inode *dir, struct dentry *dentry)
{
	inode_unlock(dir);
	inode_lock(dir);
	return 0;
}
const struct inode_operations ops = { .unlink = unlink_ok };`,

  'only tried': `
static int unlink_ok(struct inode *dir, struct dentry *dentry)
{
	if (inode_trylock(dir))
		inode_unlock(dir);
	return 0;
}
const struct inode_operations ops = { .unlink = unlink_ok };`,
};
