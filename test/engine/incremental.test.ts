/**
 * After an edit everything is found as if nothing had been known before, and only what the edit reaches is walked again.
 */
import assert from 'node:assert/strict';
import { checkSteps, keptByEdits, type Step } from './harness.js';

const SOURCE = `
// file: fs/foo/a.c
#include "foo.h"
static DEFINE_MUTEX(foo_mutex);
static DEFINE_SPINLOCK(foo_lock);
static int depth(int n)
{
	return n + 1;
}
static void fill(struct inode *inode)
{
	inode->i_flags = depth(2);
}
static void touch(struct inode *inode)
{
	spin_lock(&inode->i_lock);
	fill(inode);
	spin_unlock(&inode->i_lock);
}
static int foo_release(struct inode *inode, struct file *file)
{
	touch(inode);
	foo_note(inode);
	return walk_down(inode, 3);
}
const struct file_operations foo_ops = { .release = foo_release };
// file: fs/foo/b.c
#include "foo.h"
static void leaf(struct inode *inode)
{
	inode->i_flags = 0;
}
int walk_down(struct inode *inode, int n)
{
	if (n > 1)
		return walk_down(inode, n - 1);
	FOO_LOCKED(inode, leaf(inode));
	return 0;
}
// file: fs/foo/foo.h
struct foo_state { struct mutex lock; int count; };
int walk_down(struct inode *inode, int n);
#define FOO_LOCKED(inode, what) do { inode_lock(inode); what; inode_unlock(inode); } while (0)
static inline void foo_note(struct inode *inode)
{
	inode->i_flags++;
}
// file: fs/foo/d.c
#include "foo.h"
static int early(struct inode *inode)
{
	return inode->i_flags;
}
#define D_LOCKED(inode, what) do { spin_lock(&(inode)->i_lock); what; spin_unlock(&(inode)->i_lock); } while (0)
#define D_RELEASE(inode) kfree((inode)->i_private)
#define D_RENAMED early_too
DEFINE_GUARD(d_guard, struct inode *, inode_lock(_T), inode_unlock(_T))
static int pong(struct inode *inode, int n);
static int early_too(struct inode *inode)
{
	might_sleep();
	return early(inode);
}
static int ping(struct inode *inode, int n)
{
	D_LOCKED(inode, early(inode));
	return n > 0 ? pong(inode, n - 1) : 0;
}
static int pong(struct inode *inode, int n)
{
	D_LOCKED(inode, D_RENAMED(inode));
	return ping(inode, n);
}
static int foo_setattr(struct inode *inode)
{
	guard(d_guard)(inode);
	inode->i_flags = 0;
	return ping(inode, 5);
}
static int foo_open(struct inode *inode, struct file *file)
{
	return foo_setattr(inode);
}
const struct file_operations d_ops = { .open = foo_open };
// file: fs/bar/c.c
static void bar_evict(struct inode *inode)
{
	inode->i_flags = 1;
}
const struct super_operations bar_ops = { .evict_inode = bar_evict };
`;

const CASES: Readonly<Record<string, readonly Step[]>> = {
  'a body with the same effect: that function alone': [
    { file: 'fs/foo/a.c', from: 'return n + 1;', to: 'cpu_relax();\n\treturn n + 1;', walked: 1 },
    { file: 'fs/foo/a.c', from: 'return n + 1;', to: 'return n + 1;', walked: 0 },
  ],
  'lines above and comments: nothing': [
    { file: 'fs/foo/a.c', from: 'static int depth', to: '/* how deep */\n\nstatic int depth', walked: 0 },
    { file: 'fs/foo/foo.h', from: 'struct foo_state', to: '/* state */\n\nstruct foo_state', walked: 0 },
  ],
  'an effect that changes: its callers, as far up as theirs does': [
    { file: 'fs/foo/a.c', from: 'fill(inode);', to: 'fill(inode);\n\tdepth(1);' },
    { file: 'fs/foo/a.c', from: 'return n + 1;', to: 'might_sleep();\n\treturn n + 1;' },
    { file: 'fs/foo/a.c', from: 'might_sleep();', to: 'mutex_lock(&foo_mutex);' },
    { file: 'fs/foo/a.c', from: 'mutex_lock(&foo_mutex);', to: '' },
  ],
  'operations that move: who is called from there stands as it stood': [
    {
      file: 'fs/foo/a.c',
      from: 'spin_lock(&inode->i_lock);\n',
      to: 'barrier();\n\tspin_lock(&inode->i_lock);\n',
      walked: 1,
    },
  ],
  'a member that is stored to: callers see which they are': [
    {
      file: 'fs/foo/a.c',
      from: 'spin_lock(&inode->i_lock);\n',
      to: 'inode->i_flags = 7;\n\tspin_lock(&inode->i_lock);\n',
      walked: 2,
    },
  ],
  'what a lock is taken around': [
    { file: 'fs/foo/a.c', from: 'spin_lock(&inode->i_lock);\n', to: 'spin_lock(&foo_lock);\n' },
    { file: 'fs/foo/a.c', from: 'spin_unlock(&inode->i_lock);\n', to: 'spin_unlock(&foo_lock);\n' },
  ],
  'functions that come and go, and with them the numbers of all others': [
    {
      file: 'fs/foo/a.c',
      from: 'static int depth',
      to: 'static void first(struct inode *inode)\n{\n\tinode_lock(inode);\n}\nstatic int depth',
    },
    {
      file: 'fs/foo/a.c',
      from: 'touch(inode);\n\tfoo_note',
      to: 'first(inode);\n\ttouch(inode);\n\tfoo_note',
    },
    { file: 'fs/foo/a.c', from: 'first(inode);\n\ttouch', to: 'touch' },
    {
      file: 'fs/foo/b.c',
      from: 'static void leaf',
      to: 'static void leaf_(struct inode *inode) { }\nstatic void leaf',
    },
  ],
  'a function that takes the place of one in a header': [
    {
      file: 'fs/foo/a.c',
      from: 'static int depth',
      to: 'static void foo_note(struct inode *inode)\n{\n\tinode_lock(inode);\n}\nstatic int depth',
    },
  ],
  'macros: what they do, and what they mean': [
    { file: 'fs/foo/foo.h', from: 'inode_lock(inode); what', to: 'inode_lock_shared(inode); what' },
    { file: 'fs/foo/foo.h', from: 'inode_unlock(inode); }', to: 'inode_unlock_shared(inode); }' },
    {
      file: 'fs/foo/foo.h',
      from: '#define FOO_LOCKED',
      to: '#define leaf(i) inode_lock(i)\n#define FOO_LOCKED',
    },
  ],
  recursion: [
    { file: 'fs/foo/b.c', from: 'if (n > 1)', to: 'inode_lock(inode);\n\tif (n > 1)' },
    { file: 'fs/foo/b.c', from: 'inode_lock(inode);\n\tif (n > 1)', to: 'if (n > 1)' },
  ],
  'what stands below an edited body: macros, scope classes, tables': [
    {
      file: 'fs/foo/d.c',
      from: 'return inode->i_flags;',
      to: 'cpu_relax();\n\n\treturn inode->i_flags;',
      walked: 1,
    },
    {
      file: 'fs/foo/d.c',
      from: 'inode->i_flags = 0;',
      to: 'inode->i_flags = 0;\n\tspin_lock(&inode->i_lock);',
    },
    { file: 'fs/foo/d.c', from: 'cpu_relax();\n\n\t', to: '' },
    { file: 'fs/foo/d.c', from: 'inode->i_flags = 0;\n\tspin_lock(&inode->i_lock);', to: '' },
  ],
  'a macro that nobody called before, and that nobody calls any more': [
    { file: 'fs/foo/d.c', from: 'guard(d_guard)(inode);', to: 'D_RELEASE(inode);\n\tguard(d_guard)(inode);' },
    { file: 'fs/foo/d.c', from: 'D_RELEASE(inode);\n\t', to: '' },
    { file: 'fs/foo/d.c', from: 'guard(d_guard)(inode);', to: 'D_RELEASE(inode);' },
    { file: 'fs/foo/d.c', from: 'D_RELEASE(inode);', to: '' },
  ],
  'functions that call each other: each round of the one that changed': [
    {
      file: 'fs/foo/d.c',
      from: 'return n > 0',
      to: 'cpu_relax();\n\treturn n > 0',
      walked: 3,
      walkedSoon: 1,
    },
    { file: 'fs/foo/d.c', from: 'return ping', to: 'cpu_relax();\n\treturn ping', walkedSoon: 1 },
    { file: 'fs/foo/d.c', from: 'cpu_relax();\n\treturn n > 0', to: 'return n > 0', walkedSoon: 1 },
    { file: 'fs/foo/d.c', from: 'cpu_relax();\n\treturn ping', to: 'return ping' },
    { file: 'fs/foo/d.c', from: 'D_RENAMED(inode)', to: 'mutex_lock(&inode->i_mutex)' },
    { file: 'fs/foo/d.c', from: 'mutex_lock(&inode->i_mutex)', to: 'D_RENAMED(inode)' },
    { file: 'fs/foo/d.c', from: 'return ping(inode, n);', to: 'return 0;' },
    {
      file: 'fs/foo/d.c',
      from: 'return 0;\n}\nstatic int foo_setattr',
      to: 'return ping(inode, n);\n}\nstatic int foo_setattr',
    },
  ],
  'an inline of a header': [
    {
      file: 'fs/foo/foo.h',
      from: 'inode->i_flags++;',
      to: 'inode->i_flags++;\n\tinode->i_flags++;',
      walked: 1,
    },
    { file: 'fs/foo/foo.h', from: 'inode->i_flags++;', to: 'mutex_lock(&inode->i_mutex);' },
  ],
  'tables: what begins where': [
    { file: 'fs/foo/a.c', from: '.release = foo_release', to: '.open = foo_release' },
    { file: 'fs/bar/c.c', from: '.evict_inode = bar_evict', to: '.drop_inode = bar_evict' },
  ],
  'types: what a member is': [
    {
      file: 'fs/foo/a.c',
      from: 'inode->i_flags = depth(2);',
      to: 'struct foo_state *s = inode->i_private;\n\n\tmutex_lock(&s->lock);',
    },
    { file: 'fs/foo/foo.h', from: 'struct mutex lock;', to: 'spinlock_t lock;' },
    {
      file: 'fs/foo/foo.h',
      from: 'struct foo_state',
      to: 'struct { int x; } foo_unnamed;\nstruct foo_state',
    },
  ],
  'text that is no C for a while': [
    { file: 'fs/foo/a.c', from: 'fill(inode);\n', to: 'fill(inode\n' },
    { file: 'fs/foo/a.c', from: 'fill(inode\n', to: 'fill(inode);\n' },
    { file: 'fs/foo/a.c', from: 'static void touch', to: 'static void {{ touch' },
    { file: 'fs/foo/a.c', from: 'static void {{ touch', to: 'static void touch' },
  ],
};

/** A directory that lives in the cache, and the tree's reader of such directories, which stands in another unit. */
const READ = `
// file: fs/foo/a.c
void foo_make(struct inode *inode)
{
	inode->i_fop = &simple_dir_operations;
}
static int foo_sync(struct super_block *sb)
{
	d_drop(sb->s_fs_info);
	return 0;
}
const struct super_operations foo_ops = { .sync_fs = foo_sync };
// file: fs/libfs.c
struct dir_context { long pos; };
static struct dentry *following(struct dentry *dir)
{
	struct dentry *d = list_entry(dir->d_children.next, struct dentry, d_sib), *found;

	spin_lock(&d->d_lock);
	found = dget_dlock(d);
	spin_unlock(&d->d_lock);
	return found;
}
int dcache_readdir(struct file *file, struct dir_context *ctx)
{
	struct dentry *next = following(file->f_path.dentry);

	return dir_emit(ctx, next->d_name.name, 1, next->d_inode->i_mode, 0);
}`;

/** Locks in both orders, through helpers that give them; what is handed over to run later; a free that RCU-walk may look at. */
const ORDERS = `
// file: fs/foo/a.c
#include "foo.h"
struct foo { struct mutex a; struct mutex b; spinlock_t c; struct rw_semaphore d; struct work_struct work; int seen; };
static void foo_take(struct foo *foo)
{
	mutex_lock(&foo->b);
}
static void foo_worker(struct work_struct *work)
{
	struct foo *foo = container_of(work, struct foo, work);

	mutex_lock(&foo->b);
	mutex_lock(&foo->a);
	foo->seen++;
	mutex_unlock(&foo->a);
	mutex_unlock(&foo->b);
}
static void foo_later(struct foo *foo, work_func_t what)
{
	INIT_WORK(&foo->work, what);
}
static int foo_open(struct inode *inode, struct file *file)
{
	struct foo *foo = inode->i_private;

	foo_later(foo, foo_worker);
	down_read(&foo->d);
	mutex_lock(&foo->a);
	foo_take(foo);
	foo->seen++;
	mutex_unlock(&foo->b);
	mutex_unlock(&foo->a);
	up_read(&foo->d);
	return 0;
}
static int foo_release(struct inode *inode, struct file *file)
{
	struct foo *foo = inode->i_private;

	spin_lock(&foo->c);
	foo->seen++;
	spin_unlock(&foo->c);
	return 0;
}
static void foo_up(struct foo *foo, int n);
static void foo_down(struct foo *foo, int n)
{
	mutex_lock(&foo->a);
	if (n)
		foo_up(foo, n - 1);
	mutex_unlock(&foo->a);
}
static void foo_up(struct foo *foo, int n)
{
	mutex_lock(&foo->b);
	mutex_unlock(&foo->b);
	if (n)
		foo_down(foo, n - 1);
}
static void foo_leaf(struct foo *foo)
{
	mutex_lock(&foo->b);
	mutex_unlock(&foo->b);
}
static void foo_middle(struct foo *foo)
{
	foo_leaf(foo);
}
static int foo_flush(struct file *file, fl_owner_t id)
{
	struct foo *foo = file->private_data;

	foo_down(foo, 2);
	mutex_lock(&foo->a);
	foo_middle(foo);
	mutex_unlock(&foo->a);
	return 0;
}
const struct file_operations foo_fops = { .open = foo_open, .release = foo_release, .flush = foo_flush };
static int foo_revalidate(struct dentry *dentry, unsigned int flags)
{
	struct foo *foo = dentry->d_fsdata;

	return foo->seen;
}
static void foo_d_release(struct dentry *dentry)
{
	kfree(dentry->d_fsdata);
}
const struct dentry_operations foo_dops = { .d_revalidate = foo_revalidate, .d_release = foo_d_release };
// file: fs/foo/foo.h
`;

const IN_ORDERS: Readonly<Record<string, readonly Step[]>> = {
  'operations before one side of an inversion, and before the other': [
    {
      file: 'fs/foo/a.c',
      from: 'foo_later(foo, foo_worker);',
      to: 'barrier();\n\tfoo_later(foo, foo_worker);',
      walked: 1,
    },
    {
      file: 'fs/foo/a.c',
      from: 'mutex_lock(&foo->b);\n\tmutex_lock',
      to: 'barrier();\n\tmutex_lock(&foo->b);\n\tmutex_lock',
    },
    { file: 'fs/foo/a.c', from: 'barrier();\n\tfoo_later', to: 'foo_later' },
  ],
  'a helper that gives a lock: its subclass is another one': [
    { file: 'fs/foo/a.c', from: 'mutex_lock(&foo->b);\n}', to: 'barrier();\n\tmutex_lock(&foo->b);\n}' },
    { file: 'fs/foo/a.c', from: 'mutex_lock(&foo->b);\n}', to: 'mutex_lock_nested(&foo->b, 3);\n}' },
    { file: 'fs/foo/a.c', from: 'mutex_lock_nested(&foo->b, 3);\n}', to: 'mutex_lock(&foo->b);\n}' },
  ],
  'another lock is waited for, in and out of what is held': [
    { file: 'fs/foo/a.c', from: 'spin_lock(&foo->c);', to: 'mutex_lock(&foo->a);\n\tspin_lock(&foo->c);' },
    {
      file: 'fs/foo/a.c',
      from: 'spin_unlock(&foo->c);',
      to: 'spin_unlock(&foo->c);\n\tmutex_unlock(&foo->a);',
    },
    { file: 'fs/foo/a.c', from: 'down_read(&foo->d);', to: 'down_write(&foo->d);' },
    { file: 'fs/foo/a.c', from: 'up_read(&foo->d);', to: 'up_write(&foo->d);' },
  ],
  'a lock that is waited for some calls below comes and goes': [
    {
      file: 'fs/foo/a.c',
      from: 'mutex_lock(&foo->b);\n}',
      to: 'down_write(&foo->d);\n\tup_write(&foo->d);\n\tmutex_lock(&foo->b);\n}',
    },
    {
      file: 'fs/foo/a.c',
      from: 'down_write(&foo->d);\n\tup_write(&foo->d);\n\tmutex_lock',
      to: 'mutex_lock',
    },
    { file: 'fs/foo/a.c', from: 'mutex_lock(&foo->b);\n}', to: 'mutex_lock(&foo->a);\n}' },
    { file: 'fs/foo/a.c', from: 'mutex_lock(&foo->a);\n}', to: 'mutex_loc(&foo->a);\n}' },
    { file: 'fs/foo/a.c', from: 'mutex_loc(&foo->a);\n}', to: 'mutex_lock(&foo->b);\n}' },
  ],
  'its subclass is another one: nobody else is walked, and callers far up see it': [
    {
      file: 'fs/foo/a.c',
      from: 'mutex_lock(&foo->b);\n\tmutex_unlock(&foo->b);\n}',
      to: 'mutex_lock_nested(&foo->b, 3);\n\tmutex_unlock(&foo->b);\n}',
      walked: 1,
    },
    {
      file: 'fs/foo/a.c',
      from: 'mutex_lock(&foo->b);\n\tmutex_unlock(&foo->b);\n\tif',
      to: 'mutex_lock_nested(&foo->b, 5);\n\tmutex_unlock(&foo->b);\n\tif',
      walkedSoon: 1,
    },
  ],
  'the same in a circle of calls': [
    {
      file: 'fs/foo/a.c',
      from: 'mutex_lock(&foo->b);\n\tmutex_unlock(&foo->b);\n\tif',
      to: 'down_write(&foo->d);\n\tup_write(&foo->d);\n\tif',
    },
    {
      file: 'fs/foo/a.c',
      from: 'down_write(&foo->d);\n\tup_write(&foo->d);\n\tif',
      to: 'down_read(&foo->d);\n\tup_read(&foo->d);\n\tif',
    },
    { file: 'fs/foo/a.c', from: 'down_read(&foo->d);\n\tup_read(&foo->d);\n\tif', to: 'if' },
  ],
  'what runs later, and where it is said': [
    { file: 'fs/foo/a.c', from: 'INIT_WORK(', to: 'barrier();\n\n\tINIT_WORK(' },
    {
      file: 'fs/foo/a.c',
      from: 'foo_later(foo, foo_worker);',
      to: 'foo_take(foo);\n\tfoo_later(foo, foo_worker);',
    },
    {
      file: 'fs/foo/a.c',
      from: 'foo_take(foo);\n\tfoo_later(foo, foo_worker);',
      to: 'INIT_WORK(&foo->work, foo_worker);',
    },
  ],
  'a free, and who looks on': [
    {
      file: 'fs/foo/a.c',
      from: 'kfree(dentry->d_fsdata);',
      to: 'might_sleep();\n\tkfree(dentry->d_fsdata);',
    },
    { file: 'fs/foo/a.c', from: 'return foo->seen;', to: 'barrier();\n\treturn foo->seen;' },
    { file: 'fs/foo/a.c', from: 'return foo->seen;', to: 'return flags;' },
    { file: 'fs/foo/a.c', from: 'return flags;', to: 'return foo->seen;' },
  ],
};

/** Private slots: who stands in them comes before who calls through them, whatever stands first in the file. */
const SLOTS = `
// file: fs/foo/a.c
struct pile_ops { void (*wake)(struct pile *pile); void (*done)(struct pile *pile); };
struct pile { spinlock_t lock; struct mutex mutex; const struct pile_ops *ops; int count; };
static void queue(struct pile *pile)
{
	pile->count++;
}
void add(struct pile *pile)
{
	spin_lock(&pile->lock);
	queue(pile);
	mutex_lock(&pile->mutex);
	mutex_unlock(&pile->mutex);
}
static void wake_one(struct pile *pile)
{
	spin_unlock(&pile->lock);
}
static void wake_all(struct pile *pile)
{
	pile->count = 0;
	spin_unlock(&pile->lock);
}
static void done(struct pile *pile)
{
	pile->count--;
}
static const struct pile_ops one = { .wake = wake_one, .done = done };
static const struct pile_ops all = { .wake = wake_all, .done = done };
`;

describe('after an edit', () => {
  it('calls through private slots', () =>
    checkSteps(SLOTS, [
      { file: 'fs/foo/a.c', from: 'pile->count++;', to: 'pile->ops->wake(pile);' },
      { file: 'fs/foo/a.c', from: 'pile->count = 0;', to: 'cpu_relax();' },
      { file: 'fs/foo/a.c', from: 'cpu_relax();', to: 'if (pile->count)\n\t\treturn;' },
      { file: 'fs/foo/a.c', from: 'pile->ops->wake(pile);', to: 'pile->ops->done(pile);' },
      { file: 'fs/foo/a.c', from: '.wake = wake_all', to: '.wake = wake_one' },
      { file: 'fs/foo/a.c', from: 'pile->ops->done(pile);', to: 'pile->ops->wake(pile);' },
    ]));

  for (const [title, steps] of Object.entries(CASES)) it(title, () => checkSteps(SOURCE, steps));
  for (const [title, steps] of Object.entries(IN_ORDERS)) it(title, () => checkSteps(ORDERS, steps));

  it('a reader of directories elsewhere, on which a rule hangs', () =>
    checkSteps(READ, [
      { file: 'fs/libfs.c', from: 'found = dget_dlock(d);', to: 'found = d;' },
      { file: 'fs/libfs.c', from: 'found = d;', to: '/* It is there */\n\tfound = d;' },
      { file: 'fs/libfs.c', from: 'dcache_readdir', to: 'other_readdir' },
      { file: 'fs/libfs.c', from: 'other_readdir', to: 'dcache_readdir' },
      { file: 'fs/libfs.c', from: 'found = d;', to: 'found = dget_dlock(d);' },
    ]));

  it('no analysis keeps the one before', async () => {
    const edits = 100;
    const kept = await keptByEdits(
      SOURCE,
      { file: 'fs/foo/d.c', from: 'return inode->i_flags;', to: 'cpu_relax();\n\treturn inode->i_flags;' },
      edits,
    );
    // An analysis of this holds some 25 kB
    assert.ok(kept < edits * 10_000, `${kept} bytes kept by ${edits} edits`);
  });
});
