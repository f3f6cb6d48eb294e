/**
 * After an edit everything is found as if nothing had been known before, and only what the edit reaches is walked again.
 */
import { checkSteps, type Step } from './harness.js';

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
      to: 'inode->i_flags = 7;\n\tspin_lock(&inode->i_lock);\n',
      walked: 1,
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

describe('after an edit', () => {
  for (const [title, steps] of Object.entries(CASES)) it(title, () => checkSteps(SOURCE, steps));
});
