/**
 * dentry/parent-recheck: code that is wrong (`_bad`), and code that is right and looks like it (`_ok`).
 */
import type { RuleCases } from '../../harness.js';

/** Cases by title. */
export const PARENT_RECHECK: RuleCases = {
  'removed without asking again': `
int remove_bad(struct mnt_idmap *idmap, struct dentry *victim)
{
	struct dentry *dir = dget_parent(victim);
	int err;

	inode_lock(d_inode(dir));
	err = vfs_unlink(idmap, d_inode(dir), victim, NULL); /*! dentry/parent-recheck */
	inode_unlock(d_inode(dir));
	dput(dir);
	return err;
}`,

  'asked again': `
int remove_ok(struct mnt_idmap *idmap, struct dentry *victim)
{
	struct dentry *dir = dget_parent(victim);
	int err = -ENOENT;

	inode_lock(d_inode(dir));
	if (victim->d_parent == dir)
		err = vfs_unlink(idmap, d_inode(dir), victim, NULL);
	inode_unlock(d_inode(dir));
	dput(dir);
	return err;
}`,

  'a helper locks, and does not ask': `
static int lock_parent(struct dentry *dir, struct dentry *child)
{
	inode_lock(d_inode(dir));
	return 0;
}
int remove_bad(struct mnt_idmap *idmap, struct dentry *victim)
{
	struct dentry *dir = dget_parent(victim);
	int err = lock_parent(dir, victim);

	if (err == 0) {
		err = vfs_rmdir(idmap, d_inode(dir), victim); /*! dentry/parent-recheck */
		inode_unlock(d_inode(dir));
	}
	dput(dir);
	return err;
}`,

  'a helper locks and asks': `
static int lock_parent(struct dentry *dir, struct dentry *child)
{
	inode_lock(d_inode(dir));
	if (child->d_parent != dir) {
		inode_unlock(d_inode(dir));
		return -ENOENT;
	}
	return 0;
}
int remove_ok(struct mnt_idmap *idmap, struct dentry *victim)
{
	struct dentry *dir = dget_parent(victim);
	int err = lock_parent(dir, victim);

	if (err == 0) {
		err = vfs_rmdir(idmap, d_inode(dir), victim);
		inode_unlock(d_inode(dir));
	}
	dput(dir);
	return err;
}`,

  'hashedness is asked': `
int remove_ok(struct mnt_idmap *idmap, struct dentry *victim)
{
	struct dentry *dir = dget_parent(victim);
	int err = -ENOENT;

	inode_lock(d_inode(dir));
	if (!d_unhashed(victim))
		err = vfs_unlink(idmap, d_inode(dir), victim, NULL);
	inode_unlock(d_inode(dir));
	dput(dir);
	return err;
}`,

  'looked up afresh inside': `
int remove_ok(struct mnt_idmap *idmap, struct dentry *known, const char *name)
{
	struct dentry *dir = dget_parent(known);
	struct dentry *victim;
	int err = -ENOENT;

	inode_lock(d_inode(dir));
	victim = lookup_one_len(name, dir, 3);
	if (!IS_ERR(victim)) {
		err = vfs_unlink(idmap, d_inode(dir), victim, NULL);
		dput(victim);
	}
	inode_unlock(d_inode(dir));
	dput(dir);
	return err;
}`,

  'nothing moves in this filesystem': `
// It may have been removed meanwhile: another law
int remove(struct mnt_idmap *idmap, struct dentry *victim)
{
	struct dentry *dir = dget_parent(victim);

	inode_lock(d_inode(dir));
	vfs_unlink(idmap, d_inode(dir), victim, NULL); /*! dir/relock-dead */
	inode_unlock(d_inode(dir));
	dput(dir);
	return 0;
}
const struct super_operations sops = { .put_super = foo_put };`,
};
