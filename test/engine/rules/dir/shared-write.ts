/**
 * dir/shared-write: code that is wrong (`_bad`), and code that is right and looks like it (`_ok`).
 */
import type { RuleCases } from '../../harness.js';

const CACHE = `
struct dir_context { long pos; };
struct cache { int version; };
struct foo_inode { struct cache *cache; int hint; spinlock_t lock; struct inode vfs_inode; };
static inline struct foo_inode *FOO_I(struct inode *inode)
{
	return container_of(inode, struct foo_inode, vfs_inode);
}
static int foo_unlink(struct inode *dir, struct dentry *dentry)
{
	FOO_I(dir)->cache = NULL;
	return 0;
}
const struct inode_operations iops = { .unlink = foo_unlink };`;

const READ = (
  body: string,
  table = '.iterate_shared = foo_iterate',
  name = 'foo_iterate',
): string => `${CACHE}
static void keep(struct inode *inode, struct cache *cache)
{
${body}
}
static int ${name}(struct file *file, struct dir_context *ctx)
{
	keep(file->f_inode, make_cache(file));
	return 0;
}
WRAP_DIR_ITER(foo_iterate)
const struct file_operations fops = { ${table} };`;

/** Cases by title. */
export const SHARED_WRITE: RuleCases = {
  'a cache that each reader stores': READ('\tFOO_I(inode)->cache = cache; /*! dir/shared-write@high */'),

  'the same behind WRAP_DIR_ITER': READ(
    '\tFOO_I(inode)->cache = cache;',
    '.iterate_shared = shared_foo_iterate',
  ),

  'under a lock of its own': READ(`
	spin_lock(&FOO_I(inode)->lock);
	if (!FOO_I(inode)->cache)
		FOO_I(inode)->cache = cache;
	spin_unlock(&FOO_I(inode)->lock);`),

  'a number that is counted': READ('\tFOO_I(inode)->hint++; /*! dir/shared-write@low */'),

  'a number that is made from what stood there': READ(
    '\tFOO_I(inode)->hint = FOO_I(inode)->hint * 2 + 1; /*! dir/shared-write@low */',
  ),

  // Where the next search begins: any of them will do
  'a number that is stored as a whole': READ('\tFOO_I(inode)->hint = 1;'),

  'in a lookup': `${CACHE}
static struct dentry *foo_lookup(struct inode *dir, struct dentry *dentry, unsigned int flags)
{
	struct foo_inode *foo = FOO_I(dir);

	foo->cache = make_cache(dir); /*! dir/shared-write@high */
	return NULL;
}
const struct inode_operations more = { .lookup = foo_lookup };`,

  'with the directory locked exclusively, and what is not the directory’s': `${CACHE}
struct opened { struct cache *cache; };
struct foo_sb { int lookups; };
static int foo_iterate(struct file *file, struct dir_context *ctx)
{
	struct opened *opened = file->private_data;
	struct foo_sb *sbi = file->f_inode->i_sb->s_fs_info;
	struct foo_inode *fresh = kzalloc(sizeof(*fresh), GFP_KERNEL);

	opened->cache = make_cache(file);
	sbi->lookups = 1;
	ctx->pos = 2;
	if (fresh)
		fresh->cache = NULL;
	return 0;
}
static int foo_mkdir(struct mnt_idmap *idmap, struct inode *dir, struct dentry *dentry, umode_t mode)
{
	FOO_I(dir)->cache = make_cache(dir);
	return 0;
}
const struct inode_operations more = { .mkdir = foo_mkdir };
const struct file_operations fops = { .iterate_shared = foo_iterate };`,
};
