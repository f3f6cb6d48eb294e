/**
 * dir/unlocked-removal: code that is wrong (`_bad`), and code that is right and looks like it (`_ok`).
 */
import type { RuleCases } from '../../harness.js';

const MAKES_DIRECTORIES = `
void make_directory(struct inode *inode)
{
	inode->i_fop = &simple_dir_operations;
}`;

/** Cases by title. */
export const UNLOCKED_REMOVAL: RuleCases = {
  'removed after the lock was given back': `${MAKES_DIRECTORIES}
void a_bad(struct dentry *root, struct dentry *dentry)
{
	inode_lock(d_inode(root));
	dentry->d_time = 1;
	inode_unlock(d_inode(root));
	simple_unlink(d_inode(root), dentry); /*! dir/unlocked-removal */
}`,

  'removed from a method that holds nothing': `${MAKES_DIRECTORIES}
static int sync_bad(struct super_block *sb)
{
	struct dentry *dentry = sb->s_fs_info;

	simple_rmdir(d_inode(dentry->d_parent), dentry); /*! dir/unlocked-removal */
	return 0;
}
const struct super_operations sops = { .sync_fs = sync_bad };`,

  'removed with the directory locked': `${MAKES_DIRECTORIES}
static int sync_ok(struct super_block *sb)
{
	struct dentry *dentry = sb->s_fs_info;
	struct inode *dir = d_inode(dentry->d_parent);

	inode_lock(dir);
	if (simple_positive(dentry)) {
		simple_rmdir(dir, dentry);
		d_delete(dentry);
	}
	inode_unlock(dir);
	return 0;
}
const struct super_operations sops = { .sync_fs = sync_ok };`,

  'several helpers down, one caller without': `${MAKES_DIRECTORIES}
static void take_out(struct inode *dir, struct dentry *dentry)
{
	simple_unlink(dir, dentry);
}
static void take_two(struct dentry *parent, struct dentry *a, struct dentry *b)
{
	take_out(d_inode(parent), a);
	take_out(d_inode(parent), b);
}
void a_ok(struct dentry *parent, struct dentry *a, struct dentry *b)
{
	inode_lock(d_inode(parent));
	take_two(parent, a, b);
	inode_unlock(d_inode(parent));
}
static int sync_bad(struct super_block *sb)
{
	take_two(sb->s_root, sb->s_fs_info, sb->s_fs_info); /*! dir/unlocked-removal */
	return 0;
}
const struct super_operations sops = { .sync_fs = sync_bad };`,

  'moved without the directories locked': `${MAKES_DIRECTORIES}
static int sync_bad(struct super_block *sb)
{
	struct dentry *dentry = sb->s_fs_info;

	d_move(dentry, sb->s_root); /*! dir/unlocked-removal */
	return 0;
}
const struct super_operations sops = { .sync_fs = sync_bad };`,

  'the helper that locks each directory itself': `${MAKES_DIRECTORIES}
static int sync_ok(struct super_block *sb)
{
	simple_recursive_removal(sb->s_fs_info, 0);
	return 0;
}
const struct super_operations sops = { .sync_fs = sync_ok };`,
};
