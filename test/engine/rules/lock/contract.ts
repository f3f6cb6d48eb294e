/**
 * lock/contract: code that is wrong (`_bad`), and code that is right and looks like it (`_ok`).
 */
import type { RuleCases } from '../../harness.js';

/** Cases by title. */
export const CONTRACT: RuleCases = {
  "returns without the caller's lock": `
static int unlink_bad(struct inode *dir, struct dentry *dentry)
{
	dir->i_flags |= 1;
	inode_unlock(dir); /*! lock/contract@high */
	return 0;
}
const struct inode_operations iops = { .unlink = unlink_bad };`,

  'on one way out only, through a callee': `
static void finish(struct inode *inode)
{
	inode->i_flags |= 1;
	inode_unlock(inode);
}
static int unlink_bad(struct inode *dir, struct dentry *dentry)
{
	if (dentry->d_fsdata == NULL) {
		finish(dir); /*! lock/contract@high */
		return -ENOENT;
	}
	return 0;
}
const struct inode_operations iops = { .unlink = unlink_bad };`,

  'the imbalance of a method, said once': `
static int unlink_bad(struct inode *dir, struct dentry *dentry)
{
	struct foo *f = dentry->d_fsdata;
	int err = 0;

	inode_unlock(dir); /*! lock/contract@high */
	if (f->count)
		return 0;
	f->count = 1;
	inode_lock(dir);
	return err;
}
const struct inode_operations iops = { .unlink = unlink_bad };`,

  'lets go of a spinlock and takes it again': `
static void wait_a_bit(struct inode *inode)
{
	spin_unlock(&inode->i_lock); /*! lock/contract@high */
	cond_resched();
	spin_lock(&inode->i_lock);
}
static int drop_bad(struct inode *inode)
{
	wait_a_bit(inode);
	return 0;
}
const struct super_operations sops = { .drop_inode = drop_bad };`,

  'counted up, or marked, while the lock is away': `
static int drop_counted_ok(struct inode *inode)
{
	atomic_inc(&inode->i_count);
	spin_unlock(&inode->i_lock);
	cond_resched();
	spin_lock(&inode->i_lock);
	atomic_dec(&inode->i_count);
	return 0;
}
static int drop_referenced_ok(struct inode *inode)
{
	ihold(inode);
	spin_unlock(&inode->i_lock);
	cond_resched();
	spin_lock(&inode->i_lock);
	return 0;
}
static int drop_marked_ok(struct inode *inode)
{
	inode->i_flags |= 4;
	spin_unlock(&inode->i_lock);
	cond_resched();
	spin_lock(&inode->i_lock);
	inode->i_flags &= ~4;
	return 0;
}
const struct super_operations counted = { .drop_inode = drop_counted_ok };
const struct super_operations referenced = { .drop_inode = drop_referenced_ok };
const struct super_operations marked = { .drop_inode = drop_marked_ok };`,

  'a callee lets go of it, and its caller takes it again': `
static void let_go(struct inode *inode)
{
	inode->i_flags |= 1;
	spin_unlock(&inode->i_lock);
}
static int drop_bad(struct inode *inode)
{
	let_go(inode); /*! lock/contract@high */
	spin_lock(&inode->i_lock);
	return 0;
}
const struct super_operations sops = { .drop_inode = drop_bad };`,

  'lets go of a lock that may be waited for: whether it is tested after that the family dir/ asks': `
static int unlink_ok(struct inode *dir, struct dentry *dentry)
{
	inode_unlock(dir);
	msleep(1);
	inode_lock(dir);
	return 0;
}
const struct inode_operations iops = { .unlink = unlink_ok };`,

  'takes what the caller holds': `
static void mark(struct inode *inode)
{
	spin_lock(&inode->i_lock);
	inode->i_flags |= 1;
	spin_unlock(&inode->i_lock);
}
static int drop_bad(struct inode *inode)
{
	mark(inode); /*! lock/contract@high */
	return 0;
}
const struct super_operations sops = { .drop_inode = drop_bad };`,

  'a helper takes what the caller holds': `
static int delete_bad(const struct dentry *dentry)
{
	dget((struct dentry *)dentry); /*! lock/contract@high */
	return 0;
}
const struct dentry_operations dops = { .d_delete = delete_bad };`,

  'waits for the folio that it was given locked': `
static int read_bad(struct file *file, struct folio *folio)
{
	folio_lock(folio); /*! lock/contract@high */
	folio_unlock(folio);
	return 0;
}
static int read_ok(struct file *file, struct folio *folio)
{
	folio_unlock(folio);
	return 0;
}
const struct address_space_operations bad = { .read_folio = read_bad };
const struct address_space_operations ok = { .read_folio = read_ok };`,

  'said by the family dir/, once': `
static int unlink_bad(struct inode *dir, struct dentry *dentry)
{
	inode_lock(dir); /*! dir/self-deadlock */
	inode_unlock(dir);
	return 0;
}
const struct inode_operations iops = { .unlink = unlink_bad };`,

  'said by dentry/prune-drops-lock, once': `
static void prune_bad(struct dentry *dentry)
{
	spin_unlock(&dentry->d_lock); /*! dentry/prune-drops-lock */
	spin_lock(&dentry->d_lock);
}
const struct dentry_operations dops = { .d_prune = prune_bad };`,

  'asserts what the contract excludes': `
static int unlink_bad(struct inode *dir, struct dentry *dentry)
{
	lockdep_assert_not_held(&dir->i_rwsem); /*! lock/contract@high */
	return 0;
}
static void check(struct inode *inode)
{
	lockdep_assert_held_read(&inode->i_rwsem); /*! lock/contract@high */
}
static int rmdir_bad(struct inode *dir, struct dentry *dentry)
{
	check(dir);
	return 0;
}
const struct inode_operations iops = { .unlink = unlink_bad, .rmdir = rmdir_bad };`,

  'asserts what it has let go of, or what others hold': `
static int lookup_ok(struct inode *dir, struct dentry *dentry)
{
	struct inode *inode = dentry->d_fsdata;

	lockdep_assert_not_held(&inode->i_rwsem);
	lockdep_assert_held_write(&dir->i_rwsem);
	return 0;
}
const struct inode_operations iops = { .rmdir = lookup_ok };`,

  'what it takes itself it gives back': `
static int unlink_ok(struct inode *dir, struct dentry *dentry)
{
	struct foo *f = dir->i_private;

	mutex_lock(&f->mutex);
	f->count++;
	mutex_unlock(&f->mutex);
	spin_lock(&dir->i_lock);
	spin_unlock(&dir->i_lock);
	return 0;
}
static int drop_ok(struct inode *inode)
{
	struct foo *f = inode->i_private;

	spin_lock(&f->lock);
	f->count--;
	spin_unlock(&f->lock);
	return 0;
}
const struct inode_operations iops = { .unlink = unlink_ok };
const struct super_operations sops = { .drop_inode = drop_ok };`,

  'the contract hands the lock over': `
static void kill_ok(struct super_block *sb)
{
	up_write(&sb->s_umount);
}
const struct file_system_type type = { .kill_sb = kill_ok };`,

  'the contract wants it given back, and one way out does not': `
static void kill_bad(struct super_block *sb)
{
	if (sb->s_fs_info == NULL)
		return; /*! lock/contract@medium */
	up_write(&sb->s_umount);
}
const struct file_system_type type = { .kill_sb = kill_bad };`,

  'the end of I/O gives a folio back': `
static int read_ok(struct file *file, struct folio *folio)
{
	if (file->private_data == NULL) {
		folio_unlock(folio);
		return -EIO;
	}
	submit_bio(file->private_data);
	return 0;
}
const struct address_space_operations ok = { .read_folio = read_ok };`,

  'only some callers hold it': `
static int open_ok(struct inode *inode, struct file *file)
{
	inode_lock(inode);
	inode_unlock(inode);
	return 0;
}
const struct file_operations fops = { .open = open_ok };`,

  'another instance': `
static int unlink_ok(struct inode *dir, struct dentry *dentry)
{
	struct inode *lower = dir->i_private;

	inode_lock(lower);
	inode_unlock(lower);
	return 0;
}
static int drop_ok(struct inode *inode)
{
	struct inode *lower = inode->i_private;

	spin_lock(&lower->i_lock);
	spin_unlock(&lower->i_lock);
	return 0;
}
const struct inode_operations iops = { .unlink = unlink_ok };
const struct super_operations sops = { .drop_inode = drop_ok };`,

  'a way in that is no method': `
void reset_ok(struct inode *inode)
{
	spin_lock(&inode->i_lock);
	inode->i_flags = 0;
	spin_unlock(&inode->i_lock);
}
static int evict(struct inode *inode)
{
	reset_ok(inode);
	return 0;
}
const struct super_operations sops = { .evict_inode = evict };`,
};
