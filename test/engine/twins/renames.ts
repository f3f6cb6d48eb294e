/**
 * Right code of the shape that the laws of renames, of subtrees that are attached, and of directories with stable offsets speak about.
 */
import { OFFSET_ACCOUNTING as OFFSET } from '../rules/dir/offset-accounting.js';
import { ATOMIC_MOVE as ATOMIC } from '../rules/rename/atomic-move.js';
import { DOUBLE_MOVE as DOUBLE } from '../rules/rename/double-move.js';
import { EARLY_ATTACH as ATTACH } from '../rules/rename/early-attach.js';
import { EMBEDDED_FREE as EMBEDDED } from '../rules/rename/embedded-free.js';
import { twinsOf } from '../twins.js';

const ARGS =
  'struct mnt_idmap *idmap, struct inode *old_dir, struct dentry *old_dentry,\n\tstruct inode *new_dir, struct dentry *new_dentry, unsigned int flags';
const rename = (body: string, before = '', flag = '.fs_flags = FS_RENAME_DOES_D_MOVE'): string => `
static DEFINE_SPINLOCK(tree);
int foo_send(struct inode *dir, const char *name);
${before}
static int foo_rename(${ARGS})
{
	int err = 0;

${body}
	return err;
}
static struct file_system_type foo_type = { .name = "foo", ${flag} };
const struct inode_operations foo_dir = { .rename = foo_rename };`;
const MOVE = '\td_move(old_dentry, new_dentry);';

/** Nothing is moved under a d_lock, nor under what is taken inside one. */
export const ATOMIC_MOVE = twinsOf('rename/atomic-move', ATOMIC, {
  'with no lock': rename(MOVE),
  'after a spinlock': rename(
    `\tspin_lock(&tree);\n\told_dentry->d_time = 0;\n\tspin_unlock(&tree);\n${MOVE}`,
  ),
  'before a spinlock': rename(
    `${MOVE}\n\tspin_lock(&tree);\n\told_dentry->d_time = 0;\n\tspin_unlock(&tree);`,
  ),
  'under a spinlock that nothing else takes': rename(`\tspin_lock(&tree);\n${MOVE}\n\tspin_unlock(&tree);`),
  'under a mutex of the filesystem': rename(
    `\tstruct foo *f = old_dir->i_private;\n\n\tmutex_lock(&f->mutex);\n${MOVE}\n\tmutex_unlock(&f->mutex);`,
  ),
  'by a helper': rename(
    '\tsettle(old_dentry, new_dentry);',
    `static void settle(struct dentry *old_dentry, struct dentry *new_dentry)\n{\n${MOVE}\n}`,
  ),
  'after d_lock of the dentry': rename(
    `\tspin_lock(&old_dentry->d_lock);\n\told_dentry->d_time = 0;\n\tspin_unlock(&old_dentry->d_lock);\n${MOVE}`,
  ),
  'an exchange': rename(
    '\tif (flags & RENAME_EXCHANGE)\n\t\td_exchange(old_dentry, new_dentry);\n\telse\n\t\td_move(old_dentry, new_dentry);',
  ),
  'on one side of a test, the lock on the other': rename(
    `\tif (flags) {\n\t\tspin_lock(&old_dentry->d_lock);\n\t\told_dentry->d_time = 0;\n\t\tspin_unlock(&old_dentry->d_lock);\n\t\treturn -22;\n\t}\n${MOVE}`,
  ),
  'a lock of d_revalidate, which runs outside d_lock': rename(
    `\tspin_lock(&tree);\n${MOVE}\n\tspin_unlock(&tree);`,
    'static int foo_revalidate(struct dentry *dentry, unsigned int flags)\n{\n\tspin_lock(&tree);\n\tspin_unlock(&tree);\n\treturn 1;\n}\nconst struct dentry_operations dops = { .d_revalidate = foo_revalidate };',
  ),
});

/** One of the two moves, and only one. */
export const DOUBLE_MOVE = twinsOf('rename/double-move', DOUBLE, {
  'left to the VFS, after a request': rename(
    '\terr = foo_send(old_dir, new_dentry->d_name.name);',
    '',
    '.fs_flags = 0',
  ),
  'moved after each of many choices': rename(
    `${Array.from({ length: 14 }, (_, i) => `\tif (flags & ${1 << i})\n\t\told_dentry->d_time += foo_send(new_dir, "${i}");`).join('\n')}\n${MOVE}`,
  ),
  'left to the VFS after many choices': rename(
    Array.from(
      { length: 14 },
      (_, i) => `\tif (flags & ${1 << i})\n\t\terr = foo_send(new_dir, "${i}");`,
    ).join('\n'),
    '',
    '.fs_flags = 0',
  ),
});

const CHILD = `
static int add_child(struct dentry *parent, const char *name)
{
	struct dentry *child = d_alloc_name(parent, name);
	struct inode *inode;

	if (!child)
		return -ENOMEM;
	inode = new_inode(parent->d_sb);
	if (!inode) {
		dput(child);
		return -ENOMEM;
	}
	d_add(child, inode);
	return 0;
}`;
const attach = (body: string, before = CHILD): string => `${before}
int make(struct dentry *dentry, struct inode *inode)
{
	int err;

${body}
}`;

/** A subtree is attached when nothing can fail any more. */
export const EARLY_ATTACH = twinsOf('rename/early-attach', ATTACH, {
  'filled, then attached': attach(
    '\terr = add_child(dentry, "a");\n\tif (err)\n\t\treturn err;\n\td_add(dentry, inode);\n\treturn 0;',
  ),
  'filled twice, then attached': attach(
    '\terr = add_child(dentry, "a");\n\tif (!err)\n\t\terr = add_child(dentry, "b");\n\tif (err) {\n\t\td_drop(dentry);\n\t\treturn err;\n\t}\n\td_add(dentry, inode);\n\treturn 0;',
  ),
  'attached, with nothing inside': attach('\td_add(dentry, inode);\n\treturn 0;'),
  'attached last, nothing taken away': attach(
    '\terr = add_child(dentry, "a");\n\td_instantiate(dentry, inode);\n\treturn err;',
  ),
  'the failure is told, the rest stays': attach(
    '\td_instantiate(dentry, inode);\n\terr = add_child(dentry, "a");\n\tif (err)\n\t\tpr_warn("no file");\n\treturn err;',
  ),
  'taken away before it is attached': attach(
    '\td_drop(dentry);\n\td_add(dentry, inode);\n\treturn add_child(dentry, "a");',
  ),
  'the child alone is taken away': attach(
    '\tstruct dentry *child = d_alloc_name(dentry, "a");\n\n\td_add(dentry, inode);\n\tif (!child)\n\t\treturn -ENOMEM;\n\terr = add_child(child, "b");\n\tif (err)\n\t\tdput(child);\n\treturn err;',
  ),
  'a test that comes before': attach(
    '\terr = inode->i_flags ? -22 : 0;\n\tif (err) {\n\t\td_drop(dentry);\n\t\treturn err;\n\t}\n\td_add(dentry, inode);\n\treturn 0;',
  ),
  'a removal of its own': attach(
    '\td_add(dentry, inode);\n\treturn 0;',
    `${CHILD}\nvoid take_away(struct dentry *dentry)\n{\n\td_drop(dentry);\n}`,
  ),
  'a link': attach('\td_instantiate(dentry, inode);\n\tdget(dentry);\n\treturn 0;'),
  'a lookup': `
static struct dentry *foo_lookup(struct inode *dir, struct dentry *dentry, unsigned int flags)
{
	d_add(dentry, NULL);
	return NULL;
}
const struct inode_operations ops = { .lookup = foo_lookup };`,
  'an allocation fails before': attach(
    '\tstruct foo *f = kzalloc(sizeof(*f), GFP_KERNEL);\n\n\tif (!f) {\n\t\td_drop(dentry);\n\t\treturn -ENOMEM;\n\t}\n\tinode->i_private = f;\n\td_add(dentry, inode);\n\treturn 0;',
  ),
  'the root of a new superblock': attach(
    '\terr = add_child(inode->i_sb->s_root, "a");\n\tif (err)\n\t\tdput(inode->i_sb->s_root);\n\treturn err;',
  ),
  'a helper that only asks': attach(
    '\td_add(dentry, inode);\n\terr = is_full(dentry);\n\tif (err)\n\t\td_drop(dentry);\n\treturn err;',
    'static int is_full(struct dentry *dentry)\n{\n\treturn dentry->d_time ? -28 : 0;\n}',
  ),
});

const ELEMENTS = (note = '', more = ''): string => `
struct elem { struct list_head all; int state; };
struct live { struct elem elem;${note} int count; char *name; };
${more}
struct elem *make(struct dentry *dentry)
{
	struct live *live = kzalloc(sizeof(*live), GFP_KERNEL);

	if (!live)
		return NULL;
	dentry->d_fsdata = &live->elem;
	return &live->elem;
}`;
const end = (body: string, note = '', more = ''): string => `${ELEMENTS(note, more)}
void end(struct dentry *dentry, struct live *live)
{
	struct elem *elem = dentry->d_fsdata;

${body}
}`;

/** What is freed is what was allocated. */
export const EMBEDDED_FREE = twinsOf('rename/embedded-free', EMBEDDED, {
  'the whole, by its own pointer': end('\tpr_warn("%d", elem->state);\n\tkfree(live);'),
  'by container_of()': end('\tlive = container_of(elem, struct live, elem);\n\tkfree(live);'),
  'by container_of(), in the call': end('\tkfree(container_of(elem, struct live, elem));'),
  'by list_entry()': end('\tlive = list_entry(&elem->all, struct live, elem.all);\n\tkfree(live);'),
  'by a helper that gives the whole': end(
    '\tkfree(to_live(elem));',
    '',
    'static struct live *to_live(struct elem *elem)\n{\n\treturn container_of(elem, struct live, elem);\n}',
  ),
  'after a grace period': `
struct elem { int state; };
struct live { struct elem elem; struct rcu_head rcu; };
void end(struct elem *elem)
{
	struct live *live = container_of(elem, struct live, elem);

	kfree_rcu(live, rcu);
}`,
  'what a member points to': end('\tkfree(live->name);\n\tlive->name = NULL;'),
  'only taken off a list': end('\tlist_del_init(&live->elem.all);'),
  'a member that is not the first': `
struct elem { int state; };
struct live { int count; struct elem elem; };
void end(struct live *live)
{
	pr_warn("%d", live->elem.state);
	kfree(live);
}`,
  'an element by itself': `
struct elem { int state; };
void end(struct dentry *dentry)
{
	struct elem *elem = dentry->d_fsdata;

	kfree(elem);
}
int make(struct dentry *dentry)
{
	struct elem *elem = kzalloc(sizeof(*elem), GFP_KERNEL);

	dentry->d_fsdata = elem;
	return elem ? 0 : -ENOMEM;
}`,
  'a comment says so': end('\tkfree(elem);', ' /* has to be first */'),
  'an assertion says so': end(
    '\tkfree(&live->elem);',
    '',
    'static_assert(offsetof(struct live, elem) == 0);',
  ),
  'nothing is freed': end('\tdentry->d_fsdata = NULL;'),
  'two that are freed, each whole': end('\tkfree(live->name);\n\tkfree(live);'),
});

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
  rename: `
static int foo_rename(${ARGS})
{
	int error;

	if (flags & RENAME_EXCHANGE)
		return simple_offset_rename_exchange(old_dir, old_dentry, new_dir, new_dentry);
	if (d_really_is_positive(new_dentry))
		foo_unlink(new_dir, new_dentry);
	error = simple_offset_rename(old_dir, old_dentry, new_dir, new_dentry);
	return error;
}`,
  tables: `
const struct inode_operations foo_iops = {
	.lookup = simple_lookup,
	.mkdir = foo_mknod,
	.unlink = foo_unlink,
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
const mknod = (body: string, before = ''): string =>
  directory({
    mknod: `${before}
static int foo_mknod(struct mnt_idmap *idmap, struct inode *dir, struct dentry *dentry, umode_t mode)
{
	struct inode *inode = new_inode(dir->i_sb);
	int error;

	if (!inode)
		return -28;
${body}
}`,
  });
const unlink = (body: string, before = ''): string =>
  directory({
    unlink: `${before}\nstatic int foo_unlink(struct inode *dir, struct dentry *dentry)\n{\n${body}\n\treturn 0;\n}`,
  });
const DONE = '\tdget(dentry);\n\td_instantiate(dentry, inode);\n\treturn 0;';

/** Every name of a directory with stable offsets has one. */
export const OFFSET_ACCOUNTING = twinsOf('dir/offset-accounting', OFFSET, {
  'in order': directory(),
  'added by a helper': mknod(
    `\terror = number(dir, dentry);\n\tif (error) {\n\t\tiput(inode);\n\t\treturn error;\n\t}\n${DONE}`,
    'static int number(struct inode *dir, struct dentry *dentry)\n{\n\treturn simple_offset_add(ctx_of(dir), dentry);\n}',
  ),
  'added by goto': mknod(
    `\terror = simple_offset_add(ctx_of(dir), dentry);\n\tif (error)\n\t\tgoto out;\n${DONE}\nout:\n\tiput(inode);\n\treturn error;`,
  ),
  'made and added by helpers': mknod(
    '\treturn finish(dir, dentry, inode);',
    `static int finish(struct inode *dir, struct dentry *dentry, struct inode *inode)\n{\n\tint error = simple_offset_add(ctx_of(dir), dentry);\n\n\tif (error) {\n\t\tiput(inode);\n\t\treturn error;\n\t}\n${DONE}\n}`,
  ),
  'taken back where something else fails': mknod(
    `\terror = simple_offset_add(ctx_of(dir), dentry);\n\tif (error)\n\t\treturn error;\n\tif (inode->i_flags) {\n\t\tsimple_offset_remove(ctx_of(dir), dentry);\n\t\tiput(inode);\n\t\treturn -22;\n\t}\n${DONE}`,
  ),
  'something fails before': mknod(
    `\tif (inode->i_flags) {\n\t\tiput(inode);\n\t\treturn -22;\n\t}\n\terror = simple_offset_add(ctx_of(dir), dentry);\n\tif (error)\n\t\treturn error;\n${DONE}`,
  ),
  'removed last': unlink(
    '\tdrop_nlink(d_inode(dentry));\n\tsimple_offset_remove(ctx_of(dir), dentry);\n\tdput(dentry);',
  ),
  'removed by a helper': unlink(
    '\tforget(dir, dentry);\n\tdput(dentry);',
    'static void forget(struct inode *dir, struct dentry *dentry)\n{\n\tsimple_offset_remove(ctx_of(dir), dentry);\n}',
  ),
  refused: unlink(
    '\tif (d_inode(dentry)->i_flags)\n\t\treturn -1;\n\tsimple_offset_remove(ctx_of(dir), dentry);\n\tdput(dentry);',
  ),
  'times as well': unlink(
    '\tsimple_offset_remove(ctx_of(dir), dentry);\n\tinode_set_mtime_to_ts(dir, inode_set_ctime_current(dir));\n\tdrop_nlink(d_inode(dentry));\n\tdput(dentry);',
  ),
  'a directory that is read from the cache': directory({
    mknod: `
static int foo_mknod(struct mnt_idmap *idmap, struct inode *dir, struct dentry *dentry, umode_t mode)
{
	struct inode *inode = new_inode(dir->i_sb);

	if (!inode)
		return -28;
	dget(dentry);
	d_instantiate(dentry, inode);
	return 0;
}`,
    unlink:
      'static int foo_unlink(struct inode *dir, struct dentry *dentry)\n{\n\treturn simple_unlink(dir, dentry);\n}',
    rename: `static int foo_rename(${ARGS})\n{\n\treturn simple_rename(idmap, old_dir, old_dentry, new_dir, new_dentry, flags);\n}`,
    tables: (METHODS.tables ?? '').replace('simple_offset_dir_operations', 'simple_dir_operations'),
  }),
  'no rename': directory({
    rename: '',
    tables: (METHODS.tables ?? '').replace('\t.rename = foo_rename,\n', ''),
  }),
  'an exchange that is refused': directory({
    rename: `
static int foo_rename(${ARGS})
{
	if (flags)
		return -22;
	if (d_really_is_positive(new_dentry))
		foo_unlink(new_dir, new_dentry);
	return simple_offset_rename(old_dir, old_dentry, new_dir, new_dentry);
}`,
  }),
  'the rename first': directory({
    rename: `
static int foo_rename(${ARGS})
{
	int error;

	if (flags & ~RENAME_NOREPLACE)
		return -22;
	error = simple_offset_rename(old_dir, old_dentry, new_dir, new_dentry);
	if (error)
		return error;
	drop_nlink(old_dir);
	return 0;
}`,
  }),
  'a link': directory({
    unlink: `${METHODS.unlink}
static int foo_link(struct dentry *old_dentry, struct inode *dir, struct dentry *dentry)
{
	struct inode *inode = d_inode(old_dentry);
	int error = simple_offset_add(ctx_of(dir), dentry);

	if (error)
		return error;
	ihold(inode);
	dget(dentry);
	d_instantiate(dentry, inode);
	return 0;
}`,
    tables: (METHODS.tables ?? '').replace('.unlink', '.link = foo_link,\n\t.unlink'),
  }),
  'a rmdir that asks': directory({
    unlink: `${METHODS.unlink}
static int foo_rmdir(struct inode *dir, struct dentry *dentry)
{
	if (!simple_empty(dentry))
		return -39;
	drop_nlink(dir);
	return foo_unlink(dir, dentry);
}`,
    tables: (METHODS.tables ?? '').replace('.unlink', '.rmdir = foo_rmdir,\n\t.unlink'),
  }),
});
