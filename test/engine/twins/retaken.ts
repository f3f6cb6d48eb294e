/**
 * Right code of the shape that the laws of locks speak about that are dropped and taken again, or taken where a caller has them.
 */
import { RELOCK_DEAD as DEAD } from '../rules/dir/relock-dead.js';
import { SELF_DEADLOCK as DEADLOCK } from '../rules/dir/self-deadlock.js';
import { STALE_POINTER as POINTER } from '../rules/dir/stale-pointer.js';
import { STALE_SNAPSHOT as SNAPSHOT } from '../rules/dir/stale-snapshot.js';
import { ANNOTATION as ANNOTATED } from '../rules/lock/annotation.js';
import { CONTRACT as METHOD } from '../rules/lock/contract.js';
import { twinsOf } from '../twins.js';

const READING = `
#define S_DEAD 16
#define IS_DEADDIR(inode) ((inode)->i_flags & S_DEAD)
struct dir_context { long pos; };
struct file_operations { int (*iterate_shared)(struct file *file, struct dir_context *ctx); };
struct file { struct inode *f_inode; const struct file_operations *f_op; void *private_data; };
static int fill(struct inode *dir, struct dir_context *ctx)
{
	ctx->pos++;
	return dir->i_mode;
}
`;
const lower = (body: string, before = ''): string => `${READING}${before}
static int foo_iterate(struct file *file, struct dir_context *ctx)
{
	struct file *lower = file->private_data;
	struct inode *dir = file_inode(lower);
	int err = -2;

${body}
	return err;
}
const struct file_operations foo_ops = { .iterate_shared = foo_iterate };`;
const GO = 'err = lower->f_op->iterate_shared(lower, ctx);';

/** A directory whose lock was taken again is asked whether it is still alive. */
export const RELOCK_DEAD = twinsOf('dir/relock-dead', DEAD, {
  'a way out inside': lower(
    `\tinode_lock_shared(dir);\n\tif (IS_DEADDIR(dir)) {\n\t\tinode_unlock_shared(dir);\n\t\treturn -2;\n\t}\n\t${GO}\n\tinode_unlock_shared(dir);`,
  ),
  'by goto': lower(
    `\tinode_lock_shared(dir);\n\tif (IS_DEADDIR(dir))\n\t\tgoto out;\n\t${GO}\nout:\n\tinode_unlock_shared(dir);`,
  ),
  'tested by a helper': lower(
    `\tinode_lock_shared(dir);\n\tif (is_alive(dir))\n\t\t${GO}\n\tinode_unlock_shared(dir);`,
    'static bool is_alive(struct inode *dir)\n{\n\treturn !IS_DEADDIR(dir);\n}',
  ),
  'tested before as well as inside': lower(
    `\tif (IS_DEADDIR(dir))\n\t\treturn -2;\n\tinode_lock_shared(dir);\n\tif (!IS_DEADDIR(dir))\n\t\t${GO}\n\tinode_unlock_shared(dir);`,
  ),
  'locked exclusively': lower(`\tinode_lock(dir);\n\tif (!IS_DEADDIR(dir))\n\t\t${GO}\n\tinode_unlock(dir);`),
  'by what knows how': lower('\terr = iterate_dir(lower, ctx);'),
  'only the size is read': lower(
    '\tinode_lock_shared(dir);\n\terr = dir->i_mode;\n\tinode_unlock_shared(dir);',
  ),
  'never dropped': `${READING}
static int foo_iterate(struct file *file, struct dir_context *ctx)
{
	return fill(file->f_inode, ctx);
}
const struct file_operations foo_ops = { .iterate_shared = foo_iterate };`,
  'dropped, taken again, and left': `${READING}
static int foo_iterate(struct file *file, struct dir_context *ctx)
{
	int n = fill(file->f_inode, ctx);

	inode_unlock_shared(file->f_inode);
	schedule();
	inode_lock_shared(file->f_inode);
	return n;
}
const struct file_operations foo_ops = { .iterate_shared = foo_iterate };`,
});

const unlink = (body: string, before = '', more = ''): string => `
${before}
static int foo_unlink(struct inode *dir, struct dentry *dentry)
{
${body}
	return 0;
}
const struct inode_operations ops = { .unlink = foo_unlink${more} };`;
const TOUCH =
  'static void touch(struct inode *inode)\n{\n\tinode_lock(inode);\n\tinode->i_flags = 1;\n\tinode_unlock(inode);\n}';

/** What takes the lock of a directory is not called with it held. */
export const SELF_DEADLOCK = twinsOf('dir/self-deadlock', DEADLOCK, {
  'a lower directory': unlink('\ttouch(dir->i_private);', TOUCH),
  'a lower directory by its dentry': unlink(
    '\ttouch(d_inode(((struct dentry *)dentry->d_fsdata)->d_parent));',
    TOUCH,
  ),
  'the root of the same superblock': unlink(
    '\tif (dir != d_inode(dir->i_sb->s_root))\n\t\ttouch(d_inode(dir->i_sb->s_root));',
    TOUCH,
  ),
  'by one that is not called with it': `${TOUCH}
static int foo_sync(struct super_block *sb)
{
	touch(d_inode(sb->s_root));
	return 0;
}
const struct super_operations sops = { .sync_fs = foo_sync };`,
  'the parent, of a method that has the file': `${TOUCH}
static int foo_open(struct inode *inode, struct file *file)
{
	struct dentry *parent = dget_parent(file->f_path.dentry);

	touch(d_inode(parent));
	dput(parent);
	return 0;
}
const struct file_operations fops = { .open = foo_open };`,
  'another lock of the inode': unlink(
    '\tspin_lock(&dir->i_lock);\n\tdir->i_flags = 1;\n\tspin_unlock(&dir->i_lock);',
  ),
  'a lock of what hangs on it': unlink(
    '\tstruct foo *f = dir->i_private;\n\n\tdown_write(&f->sem);\n\tf->count++;\n\tup_write(&f->sem);',
  ),
  'only asserted': unlink('\tlockdep_assert_held_write(&dir->i_rwsem);\n\tdir->i_flags = 1;'),
  'the locked form of the helper': unlink(
    '\tstruct dentry *d = lookup_one_len("x", dentry->d_parent, 1);\n\n\tif (!IS_ERR(d))\n\t\tdput(d);',
  ),
  'tried, with another way': unlink('\tif (!inode_trylock(dir))\n\t\treturn -EAGAIN;\n\tinode_unlock(dir);'),
  'by a flag that says who has it': unlink(
    '\tset(dir, true);',
    'static void set(struct inode *dir, bool locked)\n{\n\tif (!locked)\n\t\tinode_lock(dir);\n\tdir->i_flags = 1;\n\tif (!locked)\n\t\tinode_unlock(dir);\n}\nvoid foo_set(struct inode *dir)\n{\n\tset(dir, false);\n}',
  ),
  'an inode that was just made': unlink(
    '\tstruct inode *inode = new_inode(dir->i_sb);\n\n\tif (inode)\n\t\ttouch(inode);',
    TOUCH,
  ),
  'a found child': unlink(
    '\tstruct dentry *d = lookup_one_len("x", dentry->d_parent, 1);\n\n\tif (IS_ERR(d))\n\t\treturn 0;\n\tif (d_really_is_positive(d))\n\t\ttouch(d_inode(d));\n\tdput(d);',
    TOUCH,
  ),
  'left to a work item': unlink(
    '\tstruct foo *f = dir->i_private;\n\n\tINIT_WORK(&f->work, later);\n\tschedule_work(&f->work);',
    `${TOUCH}\nstatic void later(struct work_struct *work)\n{\n\ttouch(container_of(work, struct foo, work)->name);\n}`,
  ),
  'dropped around': unlink('\tinode_unlock(dir);\n\ttouch(dir);\n\tinode_lock(dir);', TOUCH),
  'two directories, each its own': unlink(
    '\ttouch(a_of(dir));\n\ttouch(b_of(dir));',
    `${TOUCH}\nstruct inode *a_of(struct inode *dir);\nstruct inode *b_of(struct inode *dir);`,
  ),
  'a read section inside the file': `${TOUCH}
static int foo_release(struct inode *inode, struct file *file)
{
	touch(inode);
	return 0;
}
const struct file_operations fops = { .release = foo_release };`,
});

const BOARD = `
struct cache { int version; struct list_head entries; };
struct board { struct mutex lock; int version; struct cache *cache; int count; };
static void board_read(struct board *board, struct cache *cache)
{
	cache->entries.next = (void *)board;
}
int board_valid(struct board *board, struct cache *cache)
{
	return cache->version == board->version;
}
void board_add(struct board *board)
{
	mutex_lock(&board->lock);
	board->count++;
	board->version++;
	mutex_unlock(&board->lock);
}`;
const fill = (body: string, before = ''): string => `${BOARD}
${before}
void fill(struct board *board, struct cache *cache)
{
	int version;

${body}
}`;
const L = '\tmutex_lock(&board->lock);\n';
const U = '\tmutex_unlock(&board->lock);\n';
const R = '\tboard_read(board, cache);\n';

/** The version that says whether a copy is good is read before the lock is dropped under which it was made. */
export const STALE_SNAPSHOT = twinsOf('dir/stale-snapshot', SNAPSHOT, {
  'before the copy, outside': fill(`\tversion = board->version;\n${L}${R}${U}\tcache->version = version;`),
  'first in the section': fill(`${L}\tversion = board->version;\n${R}${U}\tcache->version = version;`),
  'last in the section': fill(`${L}${R}\tversion = board->version;\n${U}\tcache->version = version;`),
  'straight into the copy': fill(`${L}\tcache->version = board->version;\n${R}${U}\tschedule();`),
  'compared after the retake, and made anew': fill(
    `again:\n${L}\tversion = board->version;\n${R}${U}\tschedule();\n${L}\tif (version != board->version) {\n\t${U}\t\tgoto again;\n\t}\n\tcache->version = version;\n${U}`,
  ),
  'thrown away where it has changed': fill(
    `${L}\tversion = board->version;\n${R}${U}\tschedule();\n${L}\tif (version == board->version)\n\t\tboard->cache = cache;\n\tcache->version = version;\n${U}`,
  ),
  'an impossible one': fill(`${L}${R}${U}\tcache->version = -1;`),
  'by a helper inside': fill(
    `${L}${R}\tstamp(board, cache);\n${U}`,
    'static void stamp(struct board *board, struct cache *cache)\n{\n\tcache->version = board->version;\n}',
  ),
  'a new copy, stamped before it is filled': fill(
    `\tcache->version = 0;\n${L}\tcache->version = board->version;\n${R}${U}`,
  ),
  'two sections, each with its own': fill(
    `${L}${R}\tcache->version = board->version;\n${U}${L}${R}\tcache->version = board->version;\n${U}`,
  ),
  'one section in a loop': fill(
    `\twhile (board->count) {\n\t${L}\t${R}\t\tcache->version = board->version;\n\t${U}\t}`,
  ),
  'only asked afterwards': fill(
    `${L}${R}\tversion = board->version;\n${U}\tif (version != board->version)\n\t\tpr_warn("changed");\n\tcache->version = version;`,
  ),
  'a count that says nothing of the copy': fill(
    `${L}${R}\tcache->version = board->version;\n${U}\tboard->cache = cache;`,
  ),
  'whole under the lock of the caller': `${BOARD}
static void make(struct board *board, struct cache *cache)
{
	board_read(board, cache);
	cache->version = board->version;
}
void fill(struct board *board, struct cache *cache)
{
	mutex_lock(&board->lock);
	make(board, cache);
	mutex_unlock(&board->lock);
}`,
});

const TABLE = `
struct item { struct list_head link; int count; int refs; struct item *up; };
struct table { spinlock_t lock; struct mutex outer; struct list_head items; };
static void item_get(struct item *item)
{
	item->refs++;
}
static void item_put(struct item *item)
{
	if (--item->refs == 0)
		kfree(item);
}
void item_remove(struct table *table, struct item *item)
{
	spin_lock(&table->lock);
	list_del(&item->link);
	spin_unlock(&table->lock);
	kfree(item);
}`;
const walk = (body: string): string => `${TABLE}
int walk(struct table *table)
{
	struct item *item, *next;
	int n = 0;

	spin_lock(&table->lock);
${body}
	return n;
}`;
const FIRST = '\titem = list_first_entry(&table->items, struct item, link);\n';
const AWAY = '\tspin_unlock(&table->lock);\n\tschedule();\n';

/** What was found under a lock is found again, or held, after the lock was away. */
export const STALE_POINTER = twinsOf('dir/stale-pointer', POINTER, {
  'never dropped': walk(
    '\tlist_for_each_entry(item, &table->items, link)\n\t\tn += item->count;\n\tspin_unlock(&table->lock);',
  ),
  'copied before': walk(`${FIRST}\tn = item->count;\n${AWAY}\tn++;`),
  'pinned by a count': walk(
    `${FIRST}\titem_get(item);\n${AWAY}\tspin_lock(&table->lock);\n\tn = item->count;\n\titem_put(item);\n\tspin_unlock(&table->lock);`,
  ),
  'taken off first': walk(`${FIRST}\tlist_del_init(&item->link);\n${AWAY}\tn = item->count;\n\tkfree(item);`),
  'one after the other taken off': walk(
    '\twhile (!list_empty(&table->items)) {\n\t\titem = list_first_entry(&table->items, struct item, link);\n\t\tlist_del(&item->link);\n\t\tspin_unlock(&table->lock);\n\t\tkfree(item);\n\t\tspin_lock(&table->lock);\n\t\tn++;\n\t}\n\tspin_unlock(&table->lock);',
  ),
  'left at once': walk(
    '\tlist_for_each_entry(item, &table->items, link) {\n\t\tif (item->count) {\n\t\t\tspin_unlock(&table->lock);\n\t\t\tschedule();\n\t\t\treturn 1;\n\t\t}\n\t}\n\tspin_unlock(&table->lock);',
  ),
  'begun anew': walk(
    'again:\n\tlist_for_each_entry(item, &table->items, link) {\n\t\tif (item->count) {\n\t\t\titem->count = 0;\n\t\t\tspin_unlock(&table->lock);\n\t\t\tschedule();\n\t\t\tspin_lock(&table->lock);\n\t\t\tgoto again;\n\t\t}\n\t}\n\tspin_unlock(&table->lock);',
  ),
  'the safe form, never dropped': walk(
    '\tlist_for_each_entry_safe(item, next, &table->items, link)\n\t\tlist_del_init(&item->link);\n\tspin_unlock(&table->lock);',
  ),
  'spliced off to a list of its own': walk(
    '\tLIST_HEAD(mine);\n\n\tlist_splice_init(&table->items, &mine);\n\tspin_unlock(&table->lock);\n\tlist_for_each_entry_safe(item, next, &mine, link) {\n\t\tlist_del(&item->link);\n\t\tkfree(item);\n\t}',
  ),
  'loaded again after the wait': walk(
    `${FIRST}\tn = item->count;\n${AWAY}\tspin_lock(&table->lock);\n${FIRST}\tn += item->count;\n\tspin_unlock(&table->lock);`,
  ),
});

const held = (
  body: string,
  words = '__must_hold(&f->lock)',
  call = '\tspin_lock(&f->lock);\n\tdo_it(f);\n\tspin_unlock(&f->lock);',
  before = '',
): string => `
${before}
static void do_it(struct foo *f)
	${words}
{
${body}
}
void a(struct foo *f)
{
${call}
}`;
const COUNT = '\tf->count++;';

/** What a function says of locks it does. */
export const ANNOTATION = twinsOf('lock/annotation', ANNOTATED, {
  'held throughout': held(COUNT),
  'dropped and taken again inside': held(
    '\tspin_unlock(&f->lock);\n\tcond_resched();\n\tspin_lock(&f->lock);',
  ),
  'held, called by another that says so': held(
    COUNT,
    undefined,
    '\tspin_lock(&f->lock);\n\tmore(f);\n\tspin_unlock(&f->lock);',
    'static void do_it(struct foo *f);\nstatic void more(struct foo *f)\n\t__must_hold(&f->lock)\n{\n\tdo_it(f);\n}',
  ),
  'the other spelling': held(COUNT, '__must_hold(f->lock)'),
  taken: held('\tspin_lock(&f->lock);', '__acquires(&f->lock)', '\tdo_it(f);\n\tspin_unlock(&f->lock);'),
  released: held('\tspin_unlock(&f->lock);', '__releases(&f->lock)', '\tspin_lock(&f->lock);\n\tdo_it(f);'),
  'taken on each of two ways': held(
    '\tif (f->ready)\n\t\tspin_lock(&f->lock);\n\telse\n\t\tspin_lock(&f->lock);',
    '__acquires(&f->lock)',
    '\tdo_it(f);\n\tspin_unlock(&f->lock);',
  ),
  'a mutex': held(
    COUNT,
    '__must_hold(&f->mutex)',
    '\tmutex_lock(&f->mutex);\n\tdo_it(f);\n\tmutex_unlock(&f->mutex);',
  ),
  'a semaphore, read': held(
    '\tpr_warn("%d", f->count);',
    '__must_hold(&f->sem)',
    '\tdown_read(&f->sem);\n\tdo_it(f);\n\tup_read(&f->sem);',
  ),
  'a semaphore, written': held(
    COUNT,
    '__must_hold(&f->sem)',
    '\tdown_write(&f->sem);\n\tdo_it(f);\n\tup_write(&f->sem);',
  ),
  'with interrupts off': held(
    COUNT,
    undefined,
    '\tspin_lock_irq(&f->lock);\n\tdo_it(f);\n\tspin_unlock_irq(&f->lock);',
  ),
  RCU: held(
    '\tpr_warn("%d", READ_ONCE(f->count));',
    '__must_hold(RCU)',
    '\trcu_read_lock();\n\tdo_it(f);\n\trcu_read_unlock();',
  ),
  'released by a callee': held(
    '\tend(f);',
    '__releases(&f->lock)',
    '\tspin_lock(&f->lock);\n\tdo_it(f);',
    'static void end(struct foo *f)\n\t__releases(&f->lock)\n{\n\tspin_unlock(&f->lock);\n}',
  ),
  'two locks': held(
    COUNT,
    '__must_hold(&f->lock) __must_hold(&f->mutex)',
    '\tmutex_lock(&f->mutex);\n\tspin_lock(&f->lock);\n\tdo_it(f);\n\tspin_unlock(&f->lock);\n\tmutex_unlock(&f->mutex);',
  ),
  'a method that has what it asks for': `
static int foo_unlink(struct inode *dir, struct dentry *dentry)
	__must_hold(&dir->i_rwsem)
{
	dir->i_flags |= 1;
	return 0;
}
const struct inode_operations iops = { .unlink = foo_unlink };`,
  'called from a method, under the lock': `
static void count(struct foo *f)
	__must_hold(&f->mutex)
{
	f->count++;
}
static int foo_unlink(struct inode *dir, struct dentry *dentry)
{
	struct foo *f = dir->i_private;

	mutex_lock(&f->mutex);
	count(f);
	mutex_unlock(&f->mutex);
	return 0;
}
const struct inode_operations iops = { .unlink = foo_unlink };`,
});

const method = (body: string, before = '', slot = 'unlink'): string => `
${before}
static int foo_${slot}(struct inode *dir, struct dentry *dentry)
{
	struct foo *f = dentry->d_fsdata;

${body}
	return 0;
}
const struct inode_operations iops = { .${slot} = foo_${slot} };`;

/** A method leaves its caller's locks as they are. */
export const CONTRACT = twinsOf('lock/contract', METHOD, {
  'nothing taken': method('\tf->count++;'),
  'a lock of its own': method('\tmutex_lock(&f->mutex);\n\tf->count++;\n\tmutex_unlock(&f->mutex);'),
  'a lock of its own, on each way out': method(
    '\tspin_lock(&f->lock);\n\tif (f->count) {\n\t\tspin_unlock(&f->lock);\n\t\treturn -EBUSY;\n\t}\n\tf->count = 1;\n\tspin_unlock(&f->lock);',
  ),
  'the same lock of another directory': method(
    '\tstruct inode *lower = dir->i_private;\n\n\tinode_lock(lower);\n\tlower->i_flags |= 1;\n\tinode_unlock(lower);',
  ),
  'a spinlock of the inode': method(
    '\tspin_lock(&dir->i_lock);\n\tdir->i_flags |= 1;\n\tspin_unlock(&dir->i_lock);',
  ),
  'asserts what it has': method('\tlockdep_assert_held(&dir->i_rwsem);\n\tdir->i_flags |= 1;'),
  'asserts that it has it alone': method('\tlockdep_assert_held_write(&dir->i_rwsem);\n\tdir->i_flags |= 1;'),
  'asserts that another is free': method(
    '\tlockdep_assert_not_held(&f->mutex);\n\tmutex_lock(&f->mutex);\n\tmutex_unlock(&f->mutex);',
  ),
  'in a helper, and back': method(
    '\tput_on(f);\n\ttake_off(f);',
    'static void put_on(struct foo *f)\n{\n\tmutex_lock(&f->mutex);\n}\nstatic void take_off(struct foo *f)\n{\n\tmutex_unlock(&f->mutex);\n}',
  ),
  'dropped and taken again, and the dentry asked': method(
    '\tinode_unlock(dir);\n\tschedule();\n\tinode_lock(dir);\n\tif (d_unhashed(dentry))\n\t\treturn -ENOENT;',
  ),
  'd_lock of the dentry': method(
    '\tspin_lock(&dentry->d_lock);\n\tdentry->d_time = 1;\n\tspin_unlock(&dentry->d_lock);',
    '',
    'rmdir',
  ),
});
