/**
 * dir/unpinned-child: code that is wrong (`_bad`), and code that is right and looks like it (`_ok`).
 */
import type { RuleCases } from '../../harness.js';

const MAKES = `
static struct inode *make(struct super_block *sb, umode_t mode)
{
	struct inode *inode = new_inode(sb);

	return inode;
}`;

const DIRECTORY = `
const struct inode_operations dir_iops = { .lookup = simple_lookup, .mkdir = foo_mkdir };
void set_up(struct inode *inode)
{
	inode->i_op = &dir_iops;
	inode->i_fop = &simple_dir_operations;
	inode->i_flags = 1;
}`;

/** Cases by title. */
export const UNPINNED_CHILD: RuleCases = {
  'a creation without a pin': `${MAKES}
static int foo_mkdir(struct mnt_idmap *idmap, struct inode *dir, struct dentry *dentry, umode_t mode)
{
	struct inode *inode = make(dir->i_sb, mode);

	if (!inode)
		return -12;
	d_instantiate(dentry, inode); /*! dir/unpinned-child@high */
	return 0;
}${DIRECTORY}`,

  'a creation that pins': `${MAKES}
static int foo_mkdir(struct mnt_idmap *idmap, struct inode *dir, struct dentry *dentry, umode_t mode)
{
	struct inode *inode = make(dir->i_sb, mode);

	if (!inode)
		return -12;
	d_instantiate(dentry, inode);
	dget(dentry);
	return 0;
}${DIRECTORY}`,

  'added in a helper, pinned by the method': `${MAKES}
static void finish(struct inode *dir, struct dentry *dentry, struct inode *inode)
{
	dir->i_flags++;
	d_add(dentry, inode);
}
static int foo_mkdir(struct mnt_idmap *idmap, struct inode *dir, struct dentry *dentry, umode_t mode)
{
	finish(dir, dentry, make(dir->i_sb, mode));
	dget(dentry);
	return 0;
}${DIRECTORY}`,

  'added two helpers down, and pinned nowhere': `${MAKES}
static void finish(struct dentry *entry, struct inode *inode)
{
	d_add(entry, inode); /*! dir/unpinned-child */
}
static int add(struct inode *dir, struct dentry *child, struct inode *inode)
{
	dir->i_flags++;
	finish(child, inode);
	return 0;
}
static int foo_mkdir(struct mnt_idmap *idmap, struct inode *dir, struct dentry *dentry, umode_t mode)
{
	return add(dir, dentry, make(dir->i_sb, mode));
}${DIRECTORY}`,

  'handed to something of which nothing is known': `${MAKES}
static int foo_mkdir(struct mnt_idmap *idmap, struct inode *dir, struct dentry *dentry, umode_t mode)
{
	d_instantiate(dentry, make(dir->i_sb, mode));
	return keep_somewhere(dentry);
}${DIRECTORY}`,

  'a lookup of other directories too: what is wrong is this one': `
static struct dentry *find(struct inode *dir, struct dentry *dentry, unsigned int flags)
{
	struct inode *inode = foo_get(dir, dentry->d_name.name);

	return d_splice_alias(inode, dentry);
}
const struct inode_operations of_disk = { .lookup = find };
const struct inode_operations of_cache = { .lookup = find };
const struct file_operations read_disk = { .iterate_shared = foo_readdir };
void set_up_ok(struct inode *inode)
{
	inode->i_op = &of_disk;
	inode->i_fop = &read_disk;
	inode->i_flags = 1;
}
void set_up_bad(struct inode *inode)
{
	inode->i_op = &of_cache;
	inode->i_fop = &simple_dir_operations; /*! dir/unpinned-child dir/alias-move */
	inode->i_flags = 1;
}`,

  'a lookup that finds nothing, or fails': `
static struct dentry *find(struct inode *dir, struct dentry *dentry, unsigned int flags)
{
	if (dir->i_flags)
		return d_splice_alias(ERR_PTR(-5), dentry);
	d_add(dentry, NULL);
	return NULL;
}
const struct inode_operations of_cache = { .lookup = find };
const struct file_operations from_cache = { .iterate_shared = dcache_readdir };
void set_up_ok(struct inode *inode)
{
	inode->i_op = &of_cache;
	inode->i_fop = &from_cache;
	inode->i_flags = 1;
}`,

  'a directory that is read from elsewhere': `${MAKES}
static int foo_mkdir(struct mnt_idmap *idmap, struct inode *dir, struct dentry *dentry, umode_t mode)
{
	d_instantiate(dentry, make(dir->i_sb, mode));
	return 0;
}
const struct inode_operations dir_iops = { .mkdir = foo_mkdir };
const struct file_operations read_disk = { .iterate_shared = foo_readdir };
void set_up_ok(struct inode *inode)
{
	inode->i_op = &dir_iops;
	inode->i_fop = &read_disk;
	inode->i_flags = 1;
}`,
};
