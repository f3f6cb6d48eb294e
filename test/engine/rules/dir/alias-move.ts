/**
 * dir/alias-move: code that is wrong (`_bad`), and code that is right and looks like it (`_ok`).
 */
import type { RuleCases } from '../../harness.js';

const LOOKUPS = `
static struct dentry *find(struct inode *dir, struct dentry *dentry, unsigned int flags)
{
	return d_splice_alias(iget_locked(dir->i_sb, 7), dentry);
}
static struct dentry *make(struct inode *dir, struct dentry *dentry, unsigned int flags)
{
	struct inode *inode = new_inode(dir->i_sb);

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
};
