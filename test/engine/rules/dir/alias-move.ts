/**
 * dir/alias-move: code that is wrong (`_bad`), and code that is right and looks like it (`_ok`).
 */
import type { RuleCases } from '../../harness.js';

/** Lookups; each pins what it finds, so that `dir/unpinned-child` has nothing to say. */
const LOOKUPS = `
static struct dentry *find(struct inode *dir, struct dentry *dentry, unsigned int flags)
{
	return d_splice_alias(iget_locked(dir->i_sb, 7), dget(dentry));
}
static struct dentry *make(struct inode *dir, struct dentry *dentry, unsigned int flags)
{
	struct inode *inode = new_inode(dir->i_sb);

	dget(dentry);
	return d_splice_alias(inode, dentry);
}
static struct dentry *find_nothing(struct inode *dir, struct dentry *dentry, unsigned int flags)
{
	return d_splice_alias(NULL, dentry);
}
const struct inode_operations finds = { .lookup = find };
const struct inode_operations makes = { .lookup = make };
const struct inode_operations finds_nothing = { .lookup = find_nothing };
const struct inode_operations looks_up_nothing = { .lookup = simple_lookup };
const struct file_operations from_cache = { .iterate_shared = dcache_readdir };
const struct file_operations from_disk = { .iterate_shared = read_disk };`;

/** Cases by title. */
export const ALIAS_MOVE: RuleCases = {
  'a lookup that finds inodes': `${LOOKUPS}
void set_up_bad(struct inode *inode)
{
	inode->i_op = &finds;
	inode->i_fop = &simple_dir_operations; /*! dir/alias-move */
	inode->i_flags = 1;
}`,

  'in the other order, with a table of its own': `${LOOKUPS}
void set_up_bad(struct inode *inode)
{
	inode->i_fop = &from_cache;
	inode->i_op = &finds; /*! dir/alias-move */
	inode->i_flags = 1;
}`,

  'a lookup that finds nothing, or makes a new inode': `${LOOKUPS}
void set_up_ok(struct inode *inode, int kind)
{
	inode->i_fop = &simple_dir_operations;
	if (kind == 0)
		inode->i_op = &looks_up_nothing;
	else if (kind == 1)
		inode->i_op = &finds_nothing;
	else
		inode->i_op = &makes;
	inode->i_flags = 1;
}`,

  'the tables of two inodes': `${LOOKUPS}
void set_up_ok(struct inode *inode, struct inode *other)
{
	inode->i_op = &looks_up_nothing;
	inode->i_fop = &simple_dir_operations;
	other->i_op = &finds;
	other->i_fop = &from_disk;
	inode->i_flags = 1;
}`,

  'one kind of directory or the other': `${LOOKUPS}
void set_up_ok(struct inode *inode, bool cached)
{
	if (cached) {
		inode->i_op = &looks_up_nothing;
		inode->i_fop = &simple_dir_operations;
	} else {
		inode->i_op = &finds;
		inode->i_fop = &from_disk;
	}
	inode->i_flags = 1;
}`,

  'the root of a share that has no directory of its own': `${LOOKUPS}
static struct inode *root_inode_bad(struct super_block *sb, bool pipe)
{
	struct inode *inode = iget_locked(sb, 1);

	if (!inode)
		return NULL;
	if (pipe) {
		spin_lock(&inode->i_lock);
		inode->i_mode |= 040000;
		inode->i_op = &finds;
		inode->i_fop = &simple_dir_operations; /*! dir/alias-move@high */
		spin_unlock(&inode->i_lock);
	}
	return inode;
}
static int fill_super(struct super_block *sb)
{
	sb->s_fs_info = root_inode_bad(sb, true);
	return 0;
}
const struct super_operations sops = { .sync_fs = fill_super };`,

  'a dummy directory that finds nothing, made by a lookup that splices': `
static struct inode *dummy_ok(struct super_block *sb)
{
	struct inode *inode = new_inode(sb);

	inode->i_op = &dummy_iops;
	inode->i_fop = &simple_dir_operations;
	inode->i_mode = 040000;
	return inode;
}
static struct dentry *lookup_ok(struct inode *dir, struct dentry *dentry, unsigned int flags)
{
	struct inode *inode = iget_locked(dir->i_sb, 7);

	if (!inode)
		inode = dummy_ok(dir->i_sb);
	return d_splice_alias(inode, dget(dentry));
}
void set_up(struct inode *inode)
{
	inode->i_op = &dir_iops;
	inode->i_fop = &from_disk;
	inode->i_flags = 1;
}
const struct inode_operations dummy_iops = { .lookup = simple_lookup };
const struct inode_operations dir_iops = { .lookup = lookup_ok };
const struct file_operations from_disk = { .iterate_shared = read_disk };`,

  'a dummy directory with the lookup of all others': `
static struct inode *dummy_bad(struct super_block *sb)
{
	struct inode *inode = new_inode(sb);

	inode->i_op = &dummy_iops;
	inode->i_fop = &simple_dir_operations; /*! dir/alias-move@high */
	inode->i_mode = 040000;
	return inode;
}
static struct dentry *lookup_ok(struct inode *dir, struct dentry *dentry, unsigned int flags)
{
	struct inode *inode = iget_locked(dir->i_sb, 7);

	if (!inode)
		inode = dummy_bad(dir->i_sb);
	return d_splice_alias(inode, dget(dentry));
}
void set_up(struct inode *inode)
{
	inode->i_op = &dir_iops;
	inode->i_fop = &from_disk;
	inode->i_flags = 1;
}
const struct inode_operations dummy_iops = { .lookup = lookup_ok };
const struct inode_operations dir_iops = { .lookup = lookup_ok };
const struct file_operations from_disk = { .iterate_shared = read_disk };`,

  'spliced several helpers down': `
static struct dentry *found(struct inode *inode, struct dentry *dentry)
{
	return d_splice_alias(inode, dget(dentry));
}
static struct dentry *look(struct inode *dir, struct dentry *dentry)
{
	return found(iget_locked(dir->i_sb, 7), dentry);
}
static struct dentry *lookup(struct inode *dir, struct dentry *dentry, unsigned int flags)
{
	return look(dir, dentry);
}
const struct inode_operations iops = { .lookup = lookup };
void set_up_bad(struct inode *inode)
{
	inode->i_op = &iops;
	inode->i_fop = &simple_dir_operations; /*! dir/alias-move */
	inode->i_flags = 1;
}`,
};
