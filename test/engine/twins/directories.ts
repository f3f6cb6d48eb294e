/**
 * Right code of the shape that the laws of directories in the cache, and of what a lock guarded before it was dropped, speak about.
 */
import type { Twins } from '../twins.js';

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
static struct dentry *add_nothing(struct inode *dir, struct dentry *dentry, unsigned int flags)
{
	d_add(dentry, NULL);
	return NULL;
}
static struct dentry *refuse(struct inode *dir, struct dentry *dentry, unsigned int flags)
{
	return ERR_PTR(-ENOENT);
}
const struct inode_operations finds = { .lookup = find };
const struct inode_operations makes = { .lookup = make };
const struct inode_operations finds_nothing = { .lookup = find_nothing };
const struct inode_operations adds_nothing = { .lookup = add_nothing };
const struct inode_operations refuses = { .lookup = refuse };
const struct inode_operations simple = { .lookup = simple_lookup };
const struct inode_operations none = { .permission = foo_permission };
const struct file_operations from_cache = { .iterate_shared = dcache_readdir };
const struct file_operations from_disk = { .iterate_shared = read_disk };`;

const setUp = (body: string, before = ''): string => `${LOOKUPS}
${before}
void set_up(struct inode *inode, struct inode *other, int kind)
{
${body}
	inode->i_flags = 1;
}`;
const tables = (iop: string, fop: string): string => `\tinode->i_op = ${iop};\n\tinode->i_fop = ${fop};`;

/** The tables of one directory fit each other. */
export const ALIAS_MOVE: Twins = {
  bad: setUp(tables('&finds', '&simple_dir_operations')),
  right: {
    'simple lookup': setUp(tables('&simple', '&simple_dir_operations')),
    'the table of the VFS': setUp(tables('&simple_dir_inode_operations', '&simple_dir_operations')),
    'simple lookup, a table of its own': setUp(tables('&simple', '&from_cache')),
    'a new inode': setUp(tables('&makes', '&simple_dir_operations')),
    'a new inode, a table of its own': setUp(tables('&makes', '&from_cache')),
    'nothing found': setUp(tables('&finds_nothing', '&simple_dir_operations')),
    'nothing added': setUp(tables('&adds_nothing', '&simple_dir_operations')),
    'an error': setUp(tables('&refuses', '&simple_dir_operations')),
    'no lookup': setUp(tables('&none', '&from_cache')),
    'a reader of the disk': setUp(tables('&finds', '&from_disk')),
    'a reader of the disk, in the other order': setUp(
      '\tinode->i_fop = &from_disk;\n\tinode->i_op = &finds;',
    ),
    'two inodes': setUp(
      `${tables('&simple', '&simple_dir_operations')}\n\tother->i_op = &finds;\n\tother->i_fop = &from_disk;`,
    ),
    'two inodes, crossed': setUp(
      '\tinode->i_op = &simple;\n\tother->i_fop = &from_disk;\n\tinode->i_fop = &from_cache;\n\tother->i_op = &finds;',
    ),
    'by a condition': setUp(
      `\tif (kind) {\n${tables('&simple', '&from_cache')}\n\t} else {\n${tables('&finds', '&from_disk')}\n\t}`,
    ),
    'by a switch': setUp(
      `\tswitch (kind) {\n\tcase 0:\n${tables('&simple', '&simple_dir_operations')}\n\t\tbreak;\n\tdefault:\n${tables('&finds', '&from_disk')}\n\t}`,
    ),
    'with a way out between': setUp(
      `\tif (kind) {\n${tables('&finds', '&from_disk')}\n\t\treturn;\n\t}\n${tables('&simple', '&from_cache')}`,
    ),
    'overwritten afterwards': setUp(`${tables('&finds', '&from_disk')}\n${tables('&simple', '&from_cache')}`),
    'in helpers': setUp(
      '\tas_cached(inode);\n\tas_disk(other);',
      'static void as_cached(struct inode *inode)\n{\n\tinode->i_op = &simple;\n\tinode->i_fop = &simple_dir_operations;\n}\nstatic void as_disk(struct inode *inode)\n{\n\tinode->i_op = &finds;\n\tinode->i_fop = &from_disk;\n}',
    ),
    'a file in between': setUp(
      '\tother->i_fop = &simple_dir_operations;\n\tother->i_op = &simple_dir_inode_operations;\n\tinode->i_op = &finds;\n\tinode->i_fop = &from_disk;',
    ),
    'only an operations table': setUp('\tinode->i_op = &finds;'),
  },
};

const MAKES = `
static struct inode *make(struct super_block *sb, umode_t mode)
{
	return new_inode(sb);
}`;
const mkdir = (
  body: string,
  before = '',
  iops = '.lookup = simple_lookup, .mkdir = foo_mkdir',
  fop = 'simple_dir_operations',
): string => `${MAKES}
${before}
static int foo_mkdir(struct mnt_idmap *idmap, struct inode *dir, struct dentry *dentry, umode_t mode)
{
${body}
}
const struct file_operations from_disk = { .iterate_shared = read_disk };
const struct inode_operations dir_iops = { ${iops} };
void set_up(struct inode *inode)
{
	inode->i_op = &dir_iops;
	inode->i_fop = &${fop};
	inode->i_flags = 1;
}`;
const MADE = '\tstruct inode *inode = make(dir->i_sb, mode);\n\n\tif (!inode)\n\t\treturn -12;\n';

/** Who adds a child to a directory that is read from the cache pins it. */
export const UNPINNED_CHILD: Twins = {
  bad: mkdir(`${MADE}\td_instantiate(dentry, inode);\n\treturn 0;`),
  right: {
    'pinned after': mkdir(`${MADE}\td_instantiate(dentry, inode);\n\tdget(dentry);\n\treturn 0;`),
    'pinned before': mkdir(`${MADE}\tdget(dentry);\n\td_instantiate(dentry, inode);\n\treturn 0;`),
    'pinned in the call': mkdir(`${MADE}\td_instantiate(dget(dentry), inode);\n\treturn 0;`),
    'added and pinned': mkdir(`${MADE}\td_add(dentry, inode);\n\tdget(dentry);\n\treturn 0;`),
    'pinned by a helper': mkdir(
      `${MADE}\td_instantiate(dentry, inode);\n\tpin(dentry);\n\treturn 0;`,
      'static void pin(struct dentry *dentry)\n{\n\tdget(dentry);\n}',
    ),
    'added and pinned by a helper': mkdir(
      `${MADE}\tadd(dentry, inode);\n\treturn 0;`,
      'static void add(struct dentry *dentry, struct inode *inode)\n{\n\td_instantiate(dentry, inode);\n\tdget(dentry);\n}',
    ),
    'added by a helper, pinned here': mkdir(
      `${MADE}\tadd(dentry, inode);\n\tdget(dentry);\n\treturn 0;`,
      'static void add(struct dentry *dentry, struct inode *inode)\n{\n\td_add(dentry, inode);\n}',
    ),
    'two helpers down': mkdir(
      `${MADE}\treturn add(dentry, inode);`,
      'static void finish(struct dentry *dentry, struct inode *inode)\n{\n\td_add(dentry, inode);\n\tdget(dentry);\n}\nstatic int add(struct dentry *dentry, struct inode *inode)\n{\n\tfinish(dentry, inode);\n\treturn 0;\n}',
    ),
    'a negative one': mkdir('\td_add(dentry, NULL);\n\treturn 0;'),
    'nothing is added': mkdir('\treturn -EPERM;'),
    'handed to what is not known': mkdir(
      `${MADE}\td_instantiate(dentry, inode);\n\treturn keep_somewhere(dentry);`,
    ),
    'on each of two ways': mkdir(
      `${MADE}\td_instantiate(dentry, inode);\n\tif (mode) {\n\t\tdget(dentry);\n\t\treturn 0;\n\t}\n\tdget(dentry);\n\treturn 0;`,
    ),
    'given up by the error': mkdir(
      `${MADE}\tif (mode == 0) {\n\t\tiput(inode);\n\t\treturn -EINVAL;\n\t}\n\td_instantiate(dentry, inode);\n\tdget(dentry);\n\treturn 0;`,
    ),
    goto: mkdir(
      `${MADE}\tif (!mode)\n\t\tgoto out;\n\td_instantiate(dentry, inode);\n\tdget(dentry);\n\treturn 0;\nout:\n\tiput(inode);\n\treturn -EINVAL;`,
    ),
    'a reader of the disk': mkdir(
      `${MADE}\td_instantiate(dentry, inode);\n\treturn 0;`,
      '',
      '.lookup = simple_lookup, .mkdir = foo_mkdir',
      'from_disk',
    ),
    'another directory': mkdir(
      `${MADE}\td_instantiate(dentry, inode);\n\treturn 0;`,
      '',
      '.lookup = simple_lookup',
    ),
    'the table of the VFS': mkdir('\treturn 0;', '', '.lookup = simple_lookup'),
    'a lookup of nothing': mkdir(
      '\treturn -EPERM;',
      'static struct dentry *nothing(struct inode *dir, struct dentry *dentry, unsigned int flags)\n{\n\td_add(dentry, NULL);\n\treturn NULL;\n}',
      '.lookup = nothing, .mkdir = foo_mkdir',
    ),
    'the directory itself is counted too': mkdir(
      `${MADE}\td_instantiate(dentry, inode);\n\tdget(dentry);\n\tdir->i_flags++;\n\treturn 0;`,
    ),
    'counted by hand': mkdir(
      `${MADE}\tspin_lock(&dentry->d_lock);\n\tdget_dlock(dentry);\n\tspin_unlock(&dentry->d_lock);\n\td_instantiate(dentry, inode);\n\treturn 0;`,
    ),
  },
};

const fill = (body: string, before = ''): string => `
struct dir_context { long pos; };
struct file { struct inode *f_inode; };
struct file_operations { int (*iterate_shared)(struct file *file, struct dir_context *ctx); };
struct foo_cache { int version; struct foo_cache *next; };
struct foo_inode { struct mutex lock; struct mutex fill; struct foo_cache *cache; int users; };
${before}
static int fill(struct foo_inode *foo)
{
	struct foo_cache *cache;

${body}
	return 0;
}
static int foo_iterate(struct file *file, struct dir_context *ctx)
{
	return fill(file->f_inode->i_private);
}
const struct file_operations foo_ops = { .iterate_shared = foo_iterate };`;
const MAKE = '\tcache = kzalloc(sizeof(*cache), GFP_KERNEL);\n\tif (!cache)\n\t\treturn -12;\n';
const GAP = `\tmutex_lock(&foo->lock);\n\tif (foo->cache) {\n\t\tmutex_unlock(&foo->lock);\n\t\treturn 0;\n\t}\n\tmutex_unlock(&foo->lock);\n${MAKE}\tmutex_lock(&foo->lock);\n`;

/** What a competing thread may have stored meanwhile is looked at. */
export const LOST_RACE_LEAK: Twins = {
  bad: fill(`${GAP}\tfoo->cache = cache;\n\tmutex_unlock(&foo->lock);`),
  right: {
    'looked at again': fill(
      `${GAP}\tif (!foo->cache)\n\t\tfoo->cache = cache;\n\telse\n\t\tkfree(cache);\n\tmutex_unlock(&foo->lock);`,
    ),
    'looked at again, the other way': fill(
      `${GAP}\tif (foo->cache)\n\t\tkfree(cache);\n\telse\n\t\tfoo->cache = cache;\n\tmutex_unlock(&foo->lock);`,
    ),
    'looked at again, with a way out': fill(
      `${GAP}\tif (foo->cache) {\n\t\tmutex_unlock(&foo->lock);\n\t\tkfree(cache);\n\t\treturn 0;\n\t}\n\tfoo->cache = cache;\n\tmutex_unlock(&foo->lock);`,
    ),
    'the old one is freed': fill(
      `${GAP}\tkfree(foo->cache);\n\tfoo->cache = cache;\n\tmutex_unlock(&foo->lock);`,
    ),
    'the old one is kept in a chain': fill(
      `${GAP}\tcache->next = foo->cache;\n\tfoo->cache = cache;\n\tmutex_unlock(&foo->lock);`,
    ),
    'never dropped': fill(
      `\tmutex_lock(&foo->lock);\n\tif (!foo->cache)\n\t\tfoo->cache = kzalloc(sizeof(*cache), GFP_KERNEL);\n\tmutex_unlock(&foo->lock);`,
    ),
    'made before the lock': fill(
      `${MAKE}\tmutex_lock(&foo->lock);\n\tif (foo->cache)\n\t\tkfree(cache);\n\telse\n\t\tfoo->cache = cache;\n\tmutex_unlock(&foo->lock);`,
    ),
    'made under another lock': fill(
      '\tmutex_lock(&foo->fill);\n\tmutex_lock(&foo->lock);\n\tcache = foo->cache;\n\tmutex_unlock(&foo->lock);\n\tif (!cache) {\n\t\tcache = kzalloc(sizeof(*cache), GFP_KERNEL);\n\t\tmutex_lock(&foo->lock);\n\t\tfoo->cache = cache;\n\t\tmutex_unlock(&foo->lock);\n\t}\n\tmutex_unlock(&foo->fill);',
    ),
    'by cmpxchg': fill(`${MAKE}\tif (cmpxchg(&foo->cache, NULL, cache))\n\t\tkfree(cache);`),
    'by xchg': fill(`${GAP}\tkfree(xchg(&foo->cache, cache));\n\tmutex_unlock(&foo->lock);`),
    'taken out before': fill(
      '\tmutex_lock(&foo->lock);\n\tcache = foo->cache;\n\tfoo->cache = NULL;\n\tmutex_unlock(&foo->lock);\n\tkfree(cache);',
    ),
    'a number only': fill(`${GAP}\tfoo->users = 1;\n\tmutex_unlock(&foo->lock);\n\tkfree(cache);`),
    'a loop that looks again': fill(
      `\tmutex_lock(&foo->lock);\n\twhile (!foo->cache) {\n\t\tmutex_unlock(&foo->lock);\n\t\tcache = kzalloc(sizeof(*cache), GFP_KERNEL);\n\t\tif (!cache)\n\t\t\treturn -12;\n\t\tmutex_lock(&foo->lock);\n\t\tif (!foo->cache)\n\t\t\tfoo->cache = cache;\n\t\telse\n\t\t\tkfree(cache);\n\t}\n\tmutex_unlock(&foo->lock);`,
    ),
    'only read again': fill(
      '\tmutex_lock(&foo->lock);\n\tcache = foo->cache;\n\tmutex_unlock(&foo->lock);\n\tmsleep(1);\n\tmutex_lock(&foo->lock);\n\tif (foo->cache == cache)\n\t\tfoo->users++;\n\tmutex_unlock(&foo->lock);',
    ),
    'goto again': fill(
      `again:\n\tmutex_lock(&foo->lock);\n\tif (foo->users) {\n\t\tmutex_unlock(&foo->lock);\n\t\tmsleep(1);\n\t\tgoto again;\n\t}\n\tcache = foo->cache;\n\tfoo->cache = NULL;\n\tmutex_unlock(&foo->lock);\n\tkfree(cache);`,
    ),
    'a helper frees the old one': fill(
      `${GAP}\tdrop(foo);\n\tfoo->cache = cache;\n\tmutex_unlock(&foo->lock);`,
      'static void drop(struct foo_inode *foo)\n{\n\tkfree(foo->cache);\n\tfoo->cache = NULL;\n}',
    ),
    'a helper stores where nothing stands': fill(
      `${GAP}\tkeep(foo, cache);\n\tmutex_unlock(&foo->lock);`,
      'static void keep(struct foo_inode *foo, struct foo_cache *cache)\n{\n\tif (foo->cache)\n\t\tkfree(cache);\n\telse\n\t\tfoo->cache = cache;\n}',
    ),
    'a local': fill(
      `${GAP}\tcache->version = foo->cache ? foo->cache->version : 0;\n\tmutex_unlock(&foo->lock);\n\tkfree(cache);`,
    ),
    'cleared, with the old one put': fill(
      `${GAP}\tput(foo->cache);\n\tfoo->cache = NULL;\n\tmutex_unlock(&foo->lock);\n\tkfree(cache);`,
      'static void put(struct foo_cache *cache)\n{\n\tif (cache)\n\t\tkfree(cache);\n}',
    ),
    'of another object': fill(
      '\tmutex_lock(&foo->lock);\n\tfoo->users++;\n\tmutex_unlock(&foo->lock);\n\tmsleep(1);\n\tmutex_lock(&foo->lock);\n\tfoo->users--;\n\tmutex_unlock(&foo->lock);',
    ),
  },
};
