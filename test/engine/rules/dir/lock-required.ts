/**
 * dir/lock-required: code that is wrong (`_bad`), and code that is right and looks like it (`_ok`).
 */
import type { RuleCases } from '../../harness.js';

/** Cases by title. */
export const LOCK_REQUIRED: RuleCases = {
  'unlocked before it is used': `
void a_bad(struct dentry *parent, struct dentry *dentry)
{
	struct inode *dir = d_inode(parent);

	inode_lock(dir);
	dentry->d_time = 1;
	inode_unlock(dir);
	simple_unlink(dir, dentry); /*! dir/lock-required */
}`,

  'unlocked on one path only': `
int a_bad(struct dentry *parent, struct dentry *dentry, bool stays)
{
	struct inode *dir = d_inode(parent);

	inode_lock(dir);
	if (stays)
		inode_unlock(dir);
	simple_rmdir(dir, dentry); /*! dir/lock-required */
	if (!stays)
		inode_unlock(dir);
	return 0;
}`,

  'locked around it': `
void a_ok(struct dentry *parent, struct dentry *dentry)
{
	struct inode *dir = d_inode(parent);

	inode_lock(dir);
	simple_unlink(dir, dentry);
	inode_unlock(dir);
}`,

  'locked by another name': `
static int unlink_ok(struct inode *dir, struct dentry *dentry)
{
	return simple_rmdir(d_inode(dentry->d_parent), dentry);
}
const struct inode_operations ops = { .unlink = unlink_ok };`,

  'from a method that is called without': `
static void revalidate_helper(struct dentry *dentry)
{
	lookup_one_len("x", dentry, 1); /*! dir/lock-required */
}
static int delete_bad(struct super_block *sb)
{
	revalidate_helper(sb->s_root);
	return 0;
}
const struct super_operations ops = { .sync_fs = delete_bad };`,

  'held only shared': `
void a_bad(struct dentry *parent, struct dentry *dentry)
{
	struct inode *dir = d_inode(parent);

	inode_lock_shared(dir);
	simple_unlink(dir, dentry); /*! dir/lock-required */
	inode_unlock_shared(dir);
}`,

  'shared is enough to look a name up': `
void a_ok(struct dentry *parent)
{
	inode_lock_shared(d_inode(parent));
	lookup_one_len("x", parent, 1);
	inode_unlock_shared(d_inode(parent));
}`,

  'the caller that does not hold it, where another does': `
static void take_out(struct inode *dir, struct dentry *dentry)
{
	simple_unlink(dir, dentry);
}
static int unlink_ok(struct inode *dir, struct dentry *dentry)
{
	take_out(dir, dentry);
	return 0;
}
static int sync_bad(struct super_block *sb)
{
	take_out(d_inode(sb->s_root), sb->s_fs_info); /*! dir/lock-required */
	return 0;
}
const struct inode_operations ops = { .unlink = unlink_ok };
const struct super_operations sops = { .sync_fs = sync_bad };`,

  'only the directory above is locked': `
static void clear(struct dentry *dentry, struct dentry *child)
{
	simple_unlink(d_inode(dentry), child); /*! dir/lock-required */
}
void a_bad(struct dentry *dentry, struct dentry *child)
{
	struct dentry *parent = dentry->d_parent;

	inode_lock(d_inode(parent)); /*! dentry/unstable-parent */
	clear(dentry, child);
	inode_unlock(d_inode(parent));
}`,

  'only the victim is locked': `
static int sync_bad(struct super_block *sb)
{
	struct dentry *dentry = sb->s_fs_info;

	inode_lock(d_inode(dentry));
	simple_rmdir(d_inode(dentry->d_parent), dentry); /*! dir/lock-required */
	inode_unlock(d_inode(dentry));
	return 0;
}
const struct super_operations sops = { .sync_fs = sync_bad };`,

  'the lock of a directory that may be this one': `
static int sync_ok(struct super_block *sb)
{
	struct dentry *dentry = sb->s_fs_info;
	struct inode *dir = sb->s_root->d_inode;

	inode_lock(dir);
	simple_rmdir(d_inode(dentry->d_parent), dentry);
	inode_unlock(dir);
	return 0;
}
const struct super_operations sops = { .sync_fs = sync_ok };`,

  'a helper that locks it itself': `
static int sync_ok(struct super_block *sb)
{
	lookup_one_len_unlocked("x", sb->s_root, 1);
	return 0;
}
const struct super_operations sops = { .sync_fs = sync_ok };`,
};
