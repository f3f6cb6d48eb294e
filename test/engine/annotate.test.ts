/**
 * Preconditions written down: before, after, and everything asked again of the after. Where it is not certain there is
 * nothing, and the reason says why.
 */
import { checkAnnotation, checkNoAnnotation } from './harness.js';

/** The parts of a case: a header that says what lockdep is, and the file that begins with it. */
const TOP = `
// file: include/linux/lockdep.h
#define lockdep_assert_held(l) do { (void)(l); } while (0)
// file: fs/foo/x.c
#include <linux/lockdep.h>
`;

/** `remove` is called with the directory locked, and with a lock of its own where the case takes one. */
const method = (inside: string): string => `
static int remove(struct inode *dir, struct dentry *dentry)
{
	struct foo *foo = dir->i_private;

${inside}
	return 0;
}
const struct inode_operations ops = { .unlink = remove };
`;

const LOCKED = method(`	spin_lock(&foo->lock);
	helper(foo, 1);
	spin_unlock(&foo->lock);`);

interface Written {
  readonly title: string;
  /** `<<before||after>>`; the function is 'helper' or 'remove'. */
  readonly source: string;
  readonly fn?: string;
  readonly style?: 'assert' | 'must-hold';
}

const WRITTEN: readonly Written[] = [
  {
    title: 'after the declarations',
    source: `${TOP}
static void helper(struct foo *foo, int n)
{
	int old = foo->count;

<<||	lockdep_assert_held(&foo->lock);

>>	/* one more */
	foo->count = old + n;
}
${LOCKED}`,
  },
  {
    title: 'first in a body without declarations',
    source: `${TOP}
static void helper(struct foo *foo, int n)
{
<<||	lockdep_assert_held(&foo->lock);

>>	foo->count = n;
}
${LOCKED}`,
  },
  {
    title: 'with an empty line where the declarations end without',
    source: `${TOP}
static void helper(struct foo *foo, int n)
{
	int old = foo->count;
<<||
	lockdep_assert_held(&foo->lock);

>>	foo->count = old + n;
}
${LOCKED}`,
  },
  {
    title: 'after macros that declare, and after what is declared conditionally',
    source: `${TOP}
static void helper(struct foo *foo, int n)
{
	LIST_HEAD(list);
#ifdef CONFIG_NUMA
	int node = 0;
#endif

<<||	lockdep_assert_held(&foo->lock);

>>	foo->count = n;
}
${LOCKED}`,
  },
  {
    title: 'before an assertion that is already there',
    source: `${TOP}
static void helper(struct foo *foo, int n)
{
<<||	lockdep_assert_held(&foo->lock);
>>	lockdep_assert_held(&foo->other);
	foo->count = n;
}
${LOCKED}`,
  },
  {
    title: 'the header is included where nothing includes it, in its place',
    source: `
// file: include/linux/list.h
#define LIST 1
// file: include/linux/slab.h
#define SLAB 1
// file: fs/foo/x.c
#include <linux/list.h>
<<||#include <linux/lockdep.h>
>>#include <linux/slab.h>
static void helper(struct foo *foo, int n)
{
<<||	lockdep_assert_held(&foo->lock);

>>	foo->count = n;
}
${LOCKED}`,
  },
  {
    title: 'the header comes last where the others are in no order',
    source: `
// file: include/linux/list.h
#define LIST 1
// file: include/linux/slab.h
#define SLAB 1
// file: fs/foo/x.c
#include <linux/slab.h>
#include <linux/list.h>
<<||#include <linux/lockdep.h>
>>static void helper(struct foo *foo, int n)
{
<<||	lockdep_assert_held(&foo->lock);

>>	foo->count = n;
}
${LOCKED}`,
  },
  {
    title: 'a method that the VFS locks for, several locks in order',
    source: `${TOP}
static int remove(struct inode *dir, struct dentry *dentry)
{
	struct foo *foo = dir->i_private;

<<||	lockdep_assert_held_write(&dentry->d_inode->i_rwsem);
	lockdep_assert_held_write(&dir->i_rwsem);

>>	foo->count++;
	return 0;
}
const struct inode_operations ops = { .unlink = remove };
`,
    fn: 'remove',
  },
  {
    title: 'by mode: a semaphore for reading, an rwlock for writing, a mutex',
    source: `${TOP}
static void helper(struct foo *foo, int n)
{
<<||	lockdep_assert_held(&foo->mutex);
	lockdep_assert_held_read(&foo->sem);
	lockdep_assert_held_write(&foo->table);

>>	foo->count = n;
}
${method(`	mutex_lock(&foo->mutex);
	down_read(&foo->sem);
	write_lock(&foo->table);
	helper(foo, 1);
	write_unlock(&foo->table);
	up_read(&foo->sem);
	mutex_unlock(&foo->mutex);`)}`,
  },
  {
    title: 'through a caller in between, and by every one of several calls',
    source: `${TOP}
static void helper(struct foo *foo, int n)
{
<<||	lockdep_assert_held(&foo->lock);

>>	foo->count = n;
}
static void between(struct foo *bar)
{
	if (bar->count)
		helper(bar, 2);
	helper(bar->next ? bar : bar, 3);
}
${method(`	spin_lock(&foo->lock);
	between(foo);
	spin_unlock(&foo->lock);
	spin_lock(&foo->lock);
	helper(foo, 1);
	spin_unlock(&foo->lock);`)}`,
  },
  {
    title: 'a lock in a file of its own name: global, declared above',
    source: `${TOP}
static DEFINE_SPINLOCK(table_lock);
static void helper(struct foo *foo, int n)
{
<<||	lockdep_assert_held(&table_lock);

>>	foo->count = n;
}
${method(`	spin_lock(&table_lock);
	helper(foo, 1);
	spin_unlock(&table_lock);`)}`,
  },
  {
    title: 'a parameter that is the lock itself',
    source: `${TOP}
static void helper(spinlock_t *lock, int n)
{
<<||	lockdep_assert_held(lock);

>>	n++;
}
${method(`	spin_lock(&foo->lock);
	helper(&foo->lock, 1);
	spin_unlock(&foo->lock);`)}`,
  },
  {
    title: 'd_lock by its usual name',
    source: `${TOP}
static int unused(const struct dentry *dentry)
{
<<||	lockdep_assert_held(&dentry->d_lock);

>>	return dentry->d_flags;
}
const struct dentry_operations ops = { .d_delete = unused };
`,
    fn: 'unused',
  },
  {
    title: '__must_hold on a line of its own',
    source: `${TOP}
static void helper(struct foo *foo, int n)
<<||	__must_hold(&foo->lock)
>>{
	foo->count = n;
}
${LOCKED}`,
    style: 'must-hold',
  },
  {
    title: '__must_hold where the brace stands behind the parameters',
    source: `${TOP}
static void helper(struct foo *foo, int n)<< ||
	__must_hold(&foo->lock)
>>{
	foo->count = n;
}
${LOCKED}`,
    style: 'must-hold',
  },
  {
    title: '__releases where every way out has let go of it',
    source: `${TOP}
static void helper(struct foo *foo, int n)
<<||	__releases(&foo->lock)
>>{
	if (!n) {
		spin_unlock(&foo->lock);
		return;
	}
	foo->count = n;
	spin_unlock(&foo->lock);
}
${method(`	spin_lock(&foo->lock);
	helper(foo, 1);`)}`,
    style: 'must-hold',
  },
  {
    title: '__must_hold where it is let go of and taken again',
    source: `${TOP}
static void helper(struct foo *foo, int n)
<<||	__must_hold(&foo->lock)
>>{
	spin_unlock(&foo->lock);
	msleep(n);
	spin_lock(&foo->lock);
}
${LOCKED}`,
    style: 'must-hold',
  },
  {
    title: 'one empty line where one is there already',
    source: `${TOP}
static void helper(struct foo *foo, int n)
{
<<||	lockdep_assert_held(&foo->lock);
>>
	foo->count = n;
}
${LOCKED}`,
  },
  {
    title: 'one empty line more where two set off the declarations',
    source: `${TOP}
static void helper(struct foo *foo, int n)
{
	int old = foo->count;

<<||	lockdep_assert_held(&foo->lock);
>>
	foo->count = n + old;
}
${LOCKED}`,
  },
  {
    title: 'a function of the folder that others of the folder call',
    source: `
// file: include/linux/lockdep.h
#define lockdep_assert_held(l) do { (void)(l); } while (0)
// file: fs/foo/foo.h
#include <linux/lockdep.h>
void helper(struct foo *foo, int n);
// file: fs/foo/y.c
#include "foo.h"
void helper(struct foo *foo, int n)
{
<<||	lockdep_assert_held(&foo->lock);

>>	foo->count = n;
}
// file: fs/foo/x.c
#include "foo.h"
${LOCKED}`,
  },
];

const HELPER = `
static void helper(struct foo *foo, int n)
{
	foo->count = n;
}
`;

interface Nothing {
  readonly title: string;
  readonly source: string;
  readonly style?: 'assert' | 'must-hold';
  readonly reason: RegExp;
}

const NOTHING: readonly Nothing[] = [
  {
    title: 'a call without the lock',
    source: `${HELPER}${method(`	helper(foo, 2);
	spin_lock(&foo->lock);
	helper(foo, 1);
	spin_unlock(&foo->lock);`)}`,
    reason: /not in all/,
  },
  {
    title: 'a lock that is held on some paths only',
    source: `${HELPER}${method(`	if (foo->ready)
		spin_lock(&foo->lock);
	helper(foo, 1);
	if (foo->ready)
		spin_unlock(&foo->lock);`)}`,
    reason: /not in all|not for sure/,
  },
  {
    title: 'a path that is gone only if memory does not change between two tests',
    source: `${HELPER}${method(`	if (foo->ready)
		spin_lock(&foo->lock);
	if (foo->ready) {
		helper(foo, 1);
		spin_unlock(&foo->lock);
	}`)}`,
    reason: /&foo->lock may be held, but 'remove' calls it without/,
  },
  {
    title: 'another object of the same kind',
    source: `${HELPER}${method(`	spin_lock(&foo->lock);
	helper(foo->next, 1);
	spin_unlock(&foo->lock);`)}`,
    reason: /foo::lock and inode::i_rwsem are held, but its own parameters and globals do not name them/,
  },
  {
    title: 'shared here, exclusive there',
    source: `${HELPER}${method(`	down_read(&foo->sem);
	helper(foo, 1);
	up_read(&foo->sem);
	down_write(&foo->sem);
	helper(foo, 1);
	up_write(&foo->sem);`)}`,
    reason: /shared in some contexts and exclusive in others/,
  },
  {
    title: 'a caller that nothing known reaches',
    source: `${HELPER}
void open_to_all(struct foo *foo)
{
	spin_lock(&foo->lock);
	helper(foo, 1);
	spin_unlock(&foo->lock);
}`,
    reason: /begins in 'open_to_all', to which no known entry leads/,
  },
  {
    title: 'its address is taken',
    source: `${HELPER}${LOCKED}
void (*hook)(struct foo *foo, int n) = helper;`,
    reason: /not every caller is known: 'helper' is named otherwise than in a call.* at fs\/foo\/x\.c:\d+$/,
  },
  {
    title: 'it stands in a table that the model does not know',
    source: `${HELPER}${LOCKED}
struct foo_operations { void (*put)(struct foo *foo, int n); };
const struct foo_operations table = { .put = helper };`,
    reason: /not every caller is known: .*foo_operations\.put/,
  },
  {
    title: 'a macro calls it',
    source: `${HELPER}
#define HELP(foo) helper(foo, 0)
${LOCKED}`,
    reason: /not every caller is known: .*macro/,
  },
  {
    title: 'an arm that is not taken calls it',
    source: `${HELPER}${LOCKED}
#ifdef CONFIG_PREEMPT_RT
static void other(struct foo *foo)
{
	helper(foo, 1);
}
#endif`,
    reason: /configuration leaves out/,
  },
  {
    title: 'exported to modules',
    source: `
void helper(struct foo *foo, int n)
{
	foo->count = n;
}
EXPORT_SYMBOL_GPL(helper);
${LOCKED}`,
    reason: /exported to modules/,
  },
  {
    title: 'declared for the whole kernel',
    source: `
// file: include/linux/foo.h
void helper(struct foo *foo, int n);
// file: fs/foo/x.c
#include <linux/foo.h>
void helper(struct foo *foo, int n)
{
	foo->count = n;
}
${LOCKED}`,
    reason: /include\/linux\/foo\.h/,
  },
  {
    title: 'another folder below names it',
    source: `
// file: fs/foo/sub/y.c
void helper(struct foo *foo, int n);
void sub(struct foo *foo)
{
	helper(foo, 1);
}
// file: fs/foo/x.c
void helper(struct foo *foo, int n)
{
	foo->count = n;
}
${LOCKED}`,
    reason: /fs\/foo\/sub\/y\.c, outside of its folder/,
  },
  {
    title: "a caller's own callers are asked as well",
    source: `
static void helper(struct inode *inode, int n)
{
	inode->i_mode = n;
}
static int remove(struct inode *dir, struct dentry *dentry)
{
	helper(dir, 1);
	return 0;
}
const struct inode_operations ops = { .unlink = remove };
int (*hook)(struct inode *dir, struct dentry *dentry) = remove;`,
    reason: /'remove' is named otherwise than in a call/,
  },
  {
    title: 'a lock that it has no name for',
    source: `
static void helper(int n)
{
	n++;
}
${method(`	spin_lock(&foo->lock);
	helper(1);
	spin_unlock(&foo->lock);`)}`,
    reason: /do not name (it|them)/,
  },
  {
    title: 'a lock two pointers away',
    source: `
static void helper(struct foo **at, int n)
{
	n++;
}
${method(`	struct foo **at = dentry->d_fsdata;

	spin_lock(&(*at)->lock);
	helper(at, 1);
	spin_unlock(&(*at)->lock);`)}`,
    reason: /foo::lock and inode::i_rwsem are held, but its own parameters and globals do not name them/,
  },
  {
    title: 'a structure that its file does not see',
    source: `
// file: fs/foo/foo.h
struct bar { spinlock_t lock; };
void helper(struct bar *bar, int n);
// file: fs/foo/y.c
struct bar;
void helper(struct bar *bar, int n)
{
	n++;
}
// file: fs/foo/x.c
#include "foo.h"
${method(`	struct bar *bar = dentry->d_fsdata;

	spin_lock(&bar->lock);
	helper(bar, 1);
	spin_unlock(&bar->lock);`)}`,
    reason: /bar::lock and inode::i_rwsem are held, but its own parameters and globals do not name them/,
  },
  {
    title: 'a lock that is declared further down',
    source: `
static void helper(int n)
{
	n++;
}
static DEFINE_SPINLOCK(later);
${method(`	spin_lock(&later);
	helper(1);
	spin_unlock(&later);`)}`,
    reason: /do not name (it|them)/,
  },
  {
    title: 'already asserted',
    source: `
static void helper(struct foo *foo, int n)
{
	lockdep_assert_held(&foo->lock);
	foo->count = n;
}
${LOCKED}`,
    reason: /already written down that &foo->lock is held/,
  },
  {
    title: 'already annotated, on a prototype',
    source: `
static void helper(struct foo *foo, int n) __must_hold(&foo->lock);
${HELPER}${LOCKED}`,
    reason: /already written down/,
  },
  {
    title: 'already asserted in an older idiom',
    source: `
static void helper(struct foo *foo, int n)
{
	BUG_ON(!spin_is_locked(&foo->lock));
	foo->count = n;
}
${LOCKED}`,
    reason: /already written down/,
  },
  {
    title: 'released among the declarations',
    source: `
static int drop(struct foo *foo)
{
	spin_unlock(&foo->lock);
	return 1;
}
static void helper(struct foo *foo, int n)
{
	int gone = drop(foo);

	foo->count = n + gone;
	spin_lock(&foo->lock);
}
${LOCKED}`,
    reason: /released among the declarations/,
  },
  {
    title: 'let go of on some ways out, which no annotation can say',
    source: `
static int helper(struct foo *foo, int n)
{
	if (foo->count == n)
		return 0;
	spin_unlock(&foo->lock);
	return 1;
}
${method(`	spin_lock(&foo->lock);
	if (!helper(foo, 1))
		spin_unlock(&foo->lock);`)}`,
    style: 'must-hold',
    reason: /&foo->lock is held, but it is not kept on every way out/,
  },
  {
    title: 'a body on one line',
    source: `
static void helper(struct foo *foo, int n) { foo->count = n; }
${LOCKED}`,
    reason: /one line/,
  },
  {
    title: 'a body whose first statement is compiled conditionally',
    source: `
static void helper(struct foo *foo, int n)
{
	int old = 0;

#ifdef CONFIG_NUMA
	foo->count = old;
#endif
	foo->count = n;
}
${LOCKED}`,
    reason: /compiled conditionally/,
  },
  {
    title: 'RCU alone',
    source: `${HELPER}${method(`	rcu_read_lock();
	helper(foo, 1);
	rcu_read_unlock();`)}`,
    reason: /do not name it|no lock that can be asserted/,
  },
  {
    title: 'called later, when nothing is held',
    source: `
static void helper(struct work_struct *work)
{
	work->func = 0;
}
${method(`	spin_lock(&foo->lock);
	INIT_WORK(&foo->work, helper);
	spin_unlock(&foo->lock);`)}`,
    reason: /no lock that can be asserted/,
  },
];

describe('annotate', () => {
  describe('written down', () => {
    for (const { title, source, fn, style } of WRITTEN)
      it(title, () => checkAnnotation(source, fn ?? 'helper', style ?? 'assert'));
    it('as the file ends its lines', () =>
      checkAnnotation((WRITTEN[0] as Written).source, 'helper', 'assert', '\r\n'));
  });
  describe('nothing, with the reason', () => {
    for (const { title, source, style, reason } of NOTHING)
      it(title, () => checkNoAnnotation(`${TOP}${source}`, 'helper', reason, style));
  });
});
