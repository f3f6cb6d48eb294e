/**
 * dir/offset-accounting: code that is wrong (`_bad`), and code that is right and looks like it (`_ok`).
 */
import type { RuleCases } from '../../harness.js';

/** The methods of a directory on stable offsets, all in order; a case puts others in their place. */
const METHODS: Readonly<Record<string, string>> = {
  mknod: `
static int foo_mknod(struct mnt_idmap *idmap, struct inode *dir, struct dentry *dentry, umode_t mode)
{
	struct inode *inode = new_inode(dir->i_sb);
	int error;

	if (!inode)
		return -28;
	error = simple_offset_add(ctx_of(dir), dentry);
	if (error) {
		iput(inode);
		return error;
	}
	dget(dentry);
	d_instantiate(dentry, inode);
	return 0;
}`,
  unlink: `
static int foo_unlink(struct inode *dir, struct dentry *dentry)
{
	simple_offset_remove(ctx_of(dir), dentry);
	drop_nlink(d_inode(dentry));
	dput(dentry);
	return 0;
}`,
  rmdir: `
static int foo_rmdir(struct inode *dir, struct dentry *dentry)
{
	if (!simple_empty(dentry))
		return -39;
	return foo_unlink(dir, dentry);
}`,
  whiteout: `
static int foo_whiteout(struct inode *old_dir, struct dentry *old_dentry)
{
	struct dentry *whiteout = d_alloc(old_dentry->d_parent, &old_dentry->d_name);
	int error;

	if (!whiteout)
		return -12;
	error = foo_mknod(NULL, old_dir, whiteout, 0);
	dput(whiteout);
	return error;
}`,
  rename: `
static int foo_rename(struct mnt_idmap *idmap, struct inode *old_dir, struct dentry *old_dentry,
		      struct inode *new_dir, struct dentry *new_dentry, unsigned int flags)
{
	bool had_offset = false;
	int error;

	if (flags & ~(RENAME_NOREPLACE | RENAME_EXCHANGE | RENAME_WHITEOUT))
		return -22;
	if (flags & RENAME_EXCHANGE)
		return simple_offset_rename_exchange(old_dir, old_dentry, new_dir, new_dentry);
	error = simple_offset_add(ctx_of(new_dir), new_dentry);
	if (error == -16)
		had_offset = true;
	else if (error)
		return error;
	if (flags & RENAME_WHITEOUT) {
		error = foo_whiteout(old_dir, old_dentry);
		if (error) {
			if (!had_offset)
				simple_offset_remove(ctx_of(new_dir), new_dentry);
			return error;
		}
	}
	simple_offset_rename(old_dir, old_dentry, new_dir, new_dentry);
	if (d_really_is_positive(new_dentry))
		foo_unlink(new_dir, new_dentry);
	return 0;
}`,
  tables: `
const struct inode_operations foo_iops = {
	.lookup = simple_lookup,
	.mkdir = foo_mknod,
	.unlink = foo_unlink,
	.rmdir = foo_rmdir,
	.rename = foo_rename,
};
void set_up(struct inode *inode)
{
	inode->i_op = &foo_iops;
	inode->i_fop = &simple_offset_dir_operations;
	inode->i_flags = 1;
}`,
};

const directory = (others: Readonly<Record<string, string>> = {}): string =>
  Object.values({ ...METHODS, ...others }).join('\n');

const RENAMES = `
static int foo_rename(struct mnt_idmap *idmap, struct inode *old_dir, struct dentry *old_dentry,
		      struct inode *new_dir, struct dentry *new_dentry, unsigned int flags)
{`;

/** A directory of its own: its entries stand on a list, and an open file hangs a cursor between them. */
const cursors = (rename: string): string => `
struct dir_context { long pos; };
struct entry { struct list_head node; struct list_head children; int is_cursor; };
static struct entry *make_entry(struct dentry *dentry)
{
	struct entry *entry = kzalloc(sizeof(*entry), GFP_KERNEL);

	dentry->d_fsdata = entry;
	return entry;
}
static int own_mkdir(struct mnt_idmap *idmap, struct inode *dir, struct dentry *dentry, umode_t mode)
{
	struct entry *parent = dir->i_private;
	struct entry *entry = make_entry(dentry);

	if (!entry)
		return -12;
	list_add(&entry->node, &parent->children);
	return 0;
}
static int own_unlink(struct inode *dir, struct dentry *dentry)
{
	struct entry *entry = dentry->d_fsdata;

	list_del_init(&entry->node);
	return 0;
}
static int own_readdir(struct file *file, struct dir_context *ctx)
{
	struct entry *cursor = file->private_data;
	struct entry *parent = file->f_inode->i_private;

	list_move(&cursor->node, &parent->children);
	return 0;
}
static int own_rename(struct mnt_idmap *idmap, struct inode *old_dir, struct dentry *old_dentry,
		      struct inode *new_dir, struct dentry *new_dentry, unsigned int flags)
{
	struct entry *parent = new_dir->i_private;
	struct entry *old_parent = old_dir->i_private;
	struct entry *entry = old_dentry->d_fsdata;
	struct entry *other = new_dentry->d_fsdata;
${rename}
}
const struct inode_operations own_iops = {
	.mkdir = own_mkdir,
	.unlink = own_unlink,
	.rename = own_rename,
};
const struct file_operations own_fops = { .iterate_shared = own_readdir };
void set_up(struct inode *inode)
{
	inode->i_op = &own_iops;
	inode->i_fop = &own_fops;
	inode->i_flags = 1;
}`;

/** Cases by title. */
export const OFFSET_ACCOUNTING: RuleCases = {
  'all in order': directory(),

  'a creation without an offset': directory({
    mknod: `
static int foo_mknod(struct mnt_idmap *idmap, struct inode *dir, struct dentry *dentry, umode_t mode)
{
	struct inode *inode = new_inode(dir->i_sb);

	if (!inode)
		return -28;
	dget(dentry);
	d_instantiate(dentry, inode); /*! dir/offset-accounting@high */
	return 0;
}`,
  }),

  'an offset that stays where the creation fails': directory({
    mknod: `
static int foo_mknod(struct mnt_idmap *idmap, struct inode *dir, struct dentry *dentry, umode_t mode)
{
	struct inode *inode = new_inode(dir->i_sb);
	int error;

	error = simple_offset_add(ctx_of(dir), dentry); /*! dir/offset-accounting@high */
	if (error)
		return error;
	if (!inode)
		return -28;
	dget(dentry);
	d_instantiate(dentry, inode);
	return 0;
}`,
  }),

  'an offset that stays where the whiteout fails': directory({
    rename: `${RENAMES}
	int error;

	if (flags & RENAME_EXCHANGE)
		return simple_offset_rename_exchange(old_dir, old_dentry, new_dir, new_dentry);
	error = simple_offset_add(ctx_of(new_dir), new_dentry); /*! dir/offset-accounting */
	if (error)
		return error;
	if (flags & RENAME_WHITEOUT) {
		error = foo_whiteout(old_dir, old_dentry);
		if (error < 0)
			return error;
	}
	simple_offset_rename(old_dir, old_dentry, new_dir, new_dentry);
	return 0;
}`,
  }),

  'a removal that leaves the offset': directory({
    unlink: `
static int foo_unlink(struct inode *dir, struct dentry *dentry) /*! dir/offset-accounting */
{
	drop_nlink(d_inode(dentry));
	dput(dentry);
	return 0;
}`,
    rmdir: `
static int foo_rmdir(struct inode *dir, struct dentry *dentry) /*! dir/offset-accounting */
{
	return foo_unlink(dir, dentry);
}`,
  }),

  'a rename that leaves the offset': directory({
    whiteout: '',
    rename: `${RENAMES}
	if (flags)
		return -22;
	drop_nlink(old_dir);
	inc_nlink(new_dir);
	return 0; /*! dir/offset-accounting */
}`,
  }),

  'a rename of the older kind: taken away there and added here': directory({
    whiteout: '',
    rename: `${RENAMES}
	int error;

	simple_offset_remove(ctx_of(old_dir), old_dentry);
	error = simple_offset_add(ctx_of(new_dir), old_dentry);
	if (error)
		return error;
	return 0;
}`,
  }),

  'an exchange by the helper that knows nothing of offsets': directory({
    whiteout: '',
    rename: `${RENAMES}
	if (flags & RENAME_EXCHANGE) {
		simple_rename_exchange(old_dir, old_dentry, new_dir, new_dentry);
		return 0; /*! dir/offset-accounting */
	}
	simple_offset_rename(old_dir, old_dentry, new_dir, new_dentry);
	return 0;
}`,
  }),

  'an exchange that ends as such a helper does': directory({
    whiteout: '',
    rename: `${RENAMES}
	if (flags & RENAME_EXCHANGE)
		return simple_rename_exchange(old_dir, old_dentry, new_dir, new_dentry); /*! dir/offset-accounting */
	simple_offset_rename(old_dir, old_dentry, new_dir, new_dentry);
	return 0;
}`,
  }),

  'a whiteout without an offset': directory({
    whiteout: `
static int foo_whiteout(struct inode *old_dir, struct dentry *old_dentry)
{
	struct dentry *whiteout = d_alloc(old_dentry->d_parent, &old_dentry->d_name);
	struct inode *inode = new_inode(old_dir->i_sb);

	if (!whiteout || !inode)
		return -12;
	d_instantiate(whiteout, inode); /*! dir/offset-accounting */
	return 0;
}`,
  }),

  'a method of the cache in such a table': directory({
    whiteout: '',
    rename: '',
    tables: `
const struct inode_operations foo_iops = { .link = simple_link, .unlink = foo_unlink, .mkdir = foo_mknod };
void set_up(struct inode *inode)
{
	inode->i_op = &foo_iops;
	inode->i_fop = &simple_offset_dir_operations; /*! dir/offset-accounting */
	inode->i_flags = 1;
}`,
  }),

  'the same methods where the directory is read from the cache': directory({
    unlink: `
static int foo_unlink(struct inode *dir, struct dentry *dentry)
{
	dput(dentry);
	return 0;
}`,
    tables: `
const struct inode_operations foo_iops = { .link = simple_link, .unlink = foo_unlink, .rename = foo_rename };
void set_up(struct inode *inode)
{
	inode->i_op = &foo_iops;
	inode->i_fop = &simple_dir_operations;
	inode->i_flags = 1;
}`,
  }),

  'cursors between entries: moved along, both of them, and the whiteout besides': cursors(`
	if (flags & RENAME_EXCHANGE) {
		list_move(&entry->node, &parent->children);
		list_move(&other->node, &old_parent->children);
		return 0;
	}
	if (flags & RENAME_WHITEOUT) {
		struct entry *whiteout = make_entry(new_dentry);

		if (!whiteout)
			return -12;
		list_add(&whiteout->node, &old_parent->children);
		list_move(&entry->node, &parent->children);
		return 0;
	}
	list_move(&entry->node, &parent->children);
	return 0;`),

  'cursors between entries: the entry stays where it was': cursors(`
	if (flags)
		return -22;
	old_dentry->d_time = 1;
	return 0; /*! dir/offset-accounting@medium */`),

  'cursors between entries: an exchange moves one': cursors(`
	if (flags & RENAME_EXCHANGE) {
		list_move(&entry->node, &parent->children);
		return 0; /*! dir/offset-accounting@medium */
	}
	list_move(&entry->node, &parent->children);
	return 0;`),

  'cursors between entries: a whiteout has no entry': cursors(`
	if (flags & RENAME_WHITEOUT) {
		list_move(&entry->node, &parent->children);
		return 0; /*! dir/offset-accounting@medium */
	}
	list_move(&entry->node, &parent->children);
	return 0;`),
};
