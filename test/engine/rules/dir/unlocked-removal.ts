/**
 * dir/unlocked-removal: code that is wrong (`_bad`), and code that is right and looks like it (`_ok`).
 */
import type { RuleCases } from '../../harness.js';

const MAKES_DIRECTORIES = `
void make_directory(struct inode *inode)
{
	inode->i_fop = &simple_dir_operations;
}`;

/** A reader of the cache in a tree's own file; `next`: how it comes to the next child. */
const reader = (next: string): string => `
// file: fs/libfs.c
struct dir_context { long pos; };
${next}
int dcache_readdir(struct file *file, struct dir_context *ctx)
{
	struct dentry *dir = file->f_path.dentry;
	struct dentry *next = NULL;

	while ((next = following(dir, next)) != NULL)
		if (!dir_emit(ctx, next->d_name.name, 1, next->d_inode->i_mode, 0))
			break;
	return 0;
}`;

/** Takes a reference to a child under its lock, once it has seen there that it is positive. */
const HOLDS = reader(`
static struct dentry *following(struct dentry *dir, struct dentry *last)
{
	struct dentry *d, *found = NULL;

	spin_lock(&dir->d_lock);
	for (d = first_child(dir); d; d = sibling_of(d)) {
		if (!simple_positive(d))
			continue;
		spin_lock_nested(&d->d_lock, 1);
		if (simple_positive(d))
			found = dget_dlock(d);
		spin_unlock(&d->d_lock);
		if (found)
			break;
	}
	spin_unlock(&dir->d_lock);
	return found;
}`);

/** Gives back what it found on the list, which only the directory's lock keeps. */
const HOLDS_NOTHING = reader(`
static struct dentry *following(struct dentry *dir, struct dentry *last)
{
	struct dentry *res = NULL, *d;
	struct list_head *p;

	rcu_read_lock();
	for (p = last ? last->d_sib.next : dir->d_children.next; p != &dir->d_children; p = p->next) {
		d = list_entry(p, struct dentry, d_sib);
		if (simple_positive(d)) {
			res = d;
			break;
		}
	}
	rcu_read_unlock();
	return res;
}`);

/** Takes the child's lock to look at it, and the reference only after that. */
const HOLDS_TOO_LATE = reader(`
static struct dentry *following(struct dentry *dir, struct dentry *last)
{
	struct dentry *d = list_entry(dir->d_children.next, struct dentry, d_sib);

	spin_lock(&d->d_lock);
	if (!simple_positive(d)) {
		spin_unlock(&d->d_lock);
		return NULL;
	}
	spin_unlock(&d->d_lock);
	return dget(d);
}`);

/** All in one function: the lock of each child is given back before it is shown. */
const SHOWS_AT_ONCE = `
// file: fs/libfs.c
struct dir_context { long pos; };
int dcache_readdir(struct file *file, struct dir_context *ctx)
{
	struct dentry *dir = file->f_path.dentry;
	struct list_head *p;

	for (p = dir->d_children.next; p != &dir->d_children; p = p->next) {
		struct dentry *next = list_entry(p, struct dentry, d_sib);

		spin_lock_nested(&next->d_lock, 1);
		if (!simple_positive(next)) {
			spin_unlock(&next->d_lock);
			continue;
		}
		spin_unlock(&next->d_lock);
		if (!dir_emit(ctx, next->d_name.name, 1, next->d_inode->i_mode, 0))
			return 0;
	}
	return 0;
}`;

/** A reader whose text does not say where a child comes from. */
const SHOWS_SOMETHING = reader('struct dentry *following(struct dentry *dir, struct dentry *last);');

/** Removals that need no lock of their own: by their precision. */
const bare = (precision: string): string => `${MAKES_DIRECTORIES}
void kill_node_bad(struct dentry *dentry)
{
	dentry->d_fsdata = 0;
	drop_nlink(dentry->d_inode);
	d_drop(dentry); /*! dir/unlocked-removal@${precision} */
	dput(dentry);
}
static int sync_bad(struct super_block *sb)
{
	d_delete(sb->s_fs_info); /*! dir/unlocked-removal@${precision} */
	return 0;
}
static int unlink_ok(struct inode *dir, struct dentry *dentry)
{
	d_drop(dentry);
	return 0;
}
static void take_out(struct inode *dir, struct dentry *dentry)
{
	inode_lock(dir);
	d_drop(dentry);
	inode_unlock(dir);
}
static int put_ok(struct super_block *sb)
{
	struct dentry *dentry = sb->s_fs_info;

	take_out(d_inode(dentry->d_parent), dentry);
	return 0;
}
const struct inode_operations iops = { .unlink = unlink_ok };
const struct super_operations sops = { .sync_fs = sync_bad, .put_super = put_ok };`;

/** Cases by title. */
export const UNLOCKED_REMOVAL: RuleCases = {
  'unhashed under a reader that holds what it shows': bare('low') + HOLDS,
  'unhashed under a reader that holds nothing': bare('high') + HOLDS_NOTHING,
  'unhashed under a reader that takes its reference too late': bare('high') + HOLDS_TOO_LATE,
  'unhashed under a reader that gives the lock of a child back before it shows it':
    bare('high') + SHOWS_AT_ONCE,
  'unhashed under a reader that cannot be read': bare('low') + SHOWS_SOMETHING,
  'unhashed in a tree whose reader is not at hand': bare('low'),

  'removed by hand: counted off, unhashed and unpinned': `${MAKES_DIRECTORIES}
static int sync_bad(struct super_block *sb)
{
	struct dentry *dentry = sb->s_fs_info;

	drop_nlink(d_inode(dentry));
	d_delete(dentry); /*! dir/unlocked-removal@high */
	dput(dentry);
	return 0;
}
static int sync_locked_ok(struct super_block *sb)
{
	struct dentry *dentry = sb->s_fs_info;
	struct inode *dir = d_inode(dentry->d_parent);

	inode_lock(dir);
	drop_nlink(d_inode(dentry));
	d_delete(dentry);
	dput(dentry);
	inode_unlock(dir);
	return 0;
}
const struct super_operations sops = { .sync_fs = sync_bad };
const struct super_operations locked = { .sync_fs = sync_locked_ok };${HOLDS}`,

  'unhashed, and a reference given back that was taken here': `${MAKES_DIRECTORIES}
static int sync_bad(struct super_block *sb)
{
	struct dentry *dentry = sb->s_fs_info;

	dget(dentry);
	drop_nlink(d_inode(dentry));
	d_drop(dentry); /*! dir/unlocked-removal@low */
	dput(dentry);
	return 0;
}
const struct super_operations sops = { .sync_fs = sync_bad };${HOLDS}`,

  'removed by hand: from a superblock that another one outlives, and under a lock of its own': `${MAKES_DIRECTORIES}
struct note { struct dentry *dentry; };
struct super_block *the_control;
static void clean(struct note *note)
{
	struct dentry *dentry = note->dentry;

	d_invalidate(dentry); /*! dir/unlocked-removal@high */
	dput(dentry);
	drop_nlink(d_inode(the_control->s_root));
}
static void clean_own(struct note *note)
{
	struct dentry *dentry = note->dentry;

	drop_nlink(d_inode(dentry));
	d_invalidate(dentry); /*! dir/unlocked-removal@medium */
	dput(dentry);
}
static DEFINE_MUTEX(control_mutex);
static void clean_under_own(struct note *note)
{
	struct dentry *dentry = note->dentry;

	mutex_lock(&control_mutex);
	d_invalidate(dentry); /*! dir/unlocked-removal@medium */
	dput(dentry);
	drop_nlink(d_inode(the_control->s_root));
	mutex_unlock(&control_mutex);
}
static void kill_bad(struct super_block *sb)
{
	clean(sb->s_fs_info);
	clean_own(sb->s_fs_info);
	clean_under_own(sb->s_fs_info);
}
struct file_system_type note_type = { .kill_sb = kill_bad };${HOLDS}`,

  'removed and moved under a reader that holds what it shows': `${MAKES_DIRECTORIES}
static int sync_bad(struct super_block *sb)
{
	struct dentry *dentry = sb->s_fs_info;

	simple_rmdir(d_inode(sb->s_root), dentry); /*! dir/unlocked-removal@high */
	d_move(dentry, sb->s_root); /*! dir/unlocked-removal@high */
	return 0;
}
const struct super_operations sops = { .sync_fs = sync_bad };${HOLDS}`,

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

  'a function that is given the child alone': `${MAKES_DIRECTORIES}
void take_out_bad(struct dentry *child)
{
	struct inode *dir = d_inode(child->d_parent); /*! dentry/unstable-parent */

	simple_unlink(dir, child); /*! dir/unlocked-removal@high */
}
void take_out_of(struct dentry *parent, struct dentry *child)
{
	simple_unlink(d_inode(parent), child); /*! dir/unlocked-removal@low */
}`,
};
