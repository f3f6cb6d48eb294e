/**
 * Contexts: through calls, macros, callbacks and function pointers. One construct a case.
 */
import type { ContextCase } from '../harness.js';

/** Cases by title. */
export const CALLS: readonly ContextCase[] = [
  {
    title: 'a callee that goes by another name, defined below its caller',
    source: `
void a(struct foo *g)
{
	renamed(g);
	g->count++; /*@inside*/
}
#define renamed named_again
#define named_again begin
void begin(struct foo *f)
{
	spin_lock(&f->lock);
}`,
    at: { inside: ['- [&g->lock] atomic'] },
  },
  {
    title: 'a lock that is found by arithmetic goes by the variable that points at it',
    source: `
static spinlock_t locks[8];
void a(struct foo *g)
{
	spinlock_t *lock = &locks[(g->count >> 3) % 8];

	spin_lock(lock);
	g->count++; /*@inside*/
	spin_unlock(lock);
}`,
    at: { inside: ['- [lock] atomic'] },
  },
  {
    title: 'a callee returns with the lock held, another lets go of it',
    source: `
static void begin(struct foo *f)
{
	f->count = 0; /*@begin*/
	spin_lock(&f->lock);
}
static void end(struct foo *f)
{
	f->count = 1; /*@end*/
	spin_unlock(&f->lock);
}
void a(struct foo *g)
{
	begin(g);
	g->count++; /*@inside*/
	end(g);
	g->count++; /*@after*/
}`,
    at: {
      begin: ['- [] sleeps'],
      end: ['- [&f->lock] atomic'],
      inside: ['- [&g->lock] atomic'],
      after: ['- [] sleeps'],
    },
  },
  {
    title: "a callee drops its caller's lock and takes it again",
    source: `
static void rest(struct foo *f)
{
	f->count = 0; /*@before*/
	spin_unlock(&f->lock);
	f->count = 1; /*@between*/
	spin_lock(&f->lock);
	f->count = 2; /*@again*/
}
void a(struct foo *g)
{
	spin_lock(&g->lock);
	rest(g);
	g->count++; /*@back*/
	spin_unlock(&g->lock);
}`,
    at: {
      before: ['- [&f->lock] atomic'],
      between: ['- [] sleeps'],
      again: ['- [&f->lock] atomic'],
      back: ['- [&g->lock] atomic'],
    },
  },
  {
    title: 'static functions of equal names in two files',
    source: `
// file: fs/foo/x.c
static void touch(struct foo *f)
{
	f->count++; /*@x*/
}
void a(struct foo *f)
{
	spin_lock(&f->lock);
	touch(f);
	spin_unlock(&f->lock);
}
// file: fs/foo/y.c
static void touch(struct foo *f)
{
	f->count++; /*@y*/
}
void b(struct foo *f)
{
	mutex_lock(&f->mutex);
	touch(f);
	mutex_unlock(&f->mutex);
}`,
    at: { x: ['- [&f->lock] atomic'], y: ['- [&f->mutex] sleeps'] },
  },
  {
    title: 'a callee in another file, by its declaration in a header',
    source: `
// file: fs/foo/foo.h
void touch(struct foo *f);
// file: fs/foo/x.c
#include "foo.h"
void a(struct foo *f)
{
	mutex_lock(&f->mutex);
	touch(f->next);
	mutex_unlock(&f->mutex);
}
// file: fs/foo/y.c
#include "foo.h"
void touch(struct foo *g)
{
	g->count++; /*@*/
}`,
    // The caller's 'f' has no name in terms of 'f->next': the class is shown
    at: { '': ['- [foo::mutex] sleeps'] },
  },
  {
    title: 'recursion',
    source: `
static void down(struct foo *f, int depth)
{
	f->count++; /*@inside*/
	if (depth > 0)
		down(f, depth - 1);
}
void a(struct foo *f)
{
	spin_lock(&f->lock);
	down(f, 3);
	f->count++; /*@back*/
	spin_unlock(&f->lock);
}`,
    at: { inside: ['- [&f->lock] atomic'], back: ['- [&f->lock] atomic'] },
  },
  {
    title: 'mutual recursion that balances',
    source: `
static void even(struct foo *f, int n);
static void odd(struct foo *f, int n)
{
	spin_lock(&f->lock);
	f->count++; /*@odd*/
	spin_unlock(&f->lock);
	if (n)
		even(f, n - 1);
}
static void even(struct foo *f, int n)
{
	if (n)
		odd(f, n - 1);
	f->count++; /*@even*/
}
void a(struct foo *f)
{
	even(f, 4);
}`,
    at: { odd: ['- [&f->lock] atomic'], even: ['- [] sleeps'] },
  },
  {
    title: 'macros of the file system',
    source: `
struct foo_sb { struct mutex lock; };
#define FOO_SB(sb) ((struct foo_sb *)(sb)->s_fs_info)
#define foo_lock(sb) mutex_lock(&FOO_SB(sb)->lock)
#define foo_unlock(sb) mutex_unlock(&FOO_SB(sb)->lock)
void a(struct super_block *sb)
{
	foo_lock(sb);
	sb->s_root = (struct dentry *)0; /*@inside*/
	foo_unlock(sb);
	sb->s_root = (struct dentry *)0; /*@after*/
}`,
    at: { inside: ['- [&sb->s_fs_info->lock] sleeps'], after: ['- [] sleeps'] },
  },
  {
    title: 'macros with statements, and with a value',
    source: `
#define foo_lock(f) do { spin_lock(&(f)->lock); (f)->count++; } while (0)
#define foo_unlock(f) do { (f)->count--; spin_unlock(&(f)->lock); } while (0)
#define foo_try(f) ({ int __r = spin_trylock(&(f)->lock); __r; })
void a(struct foo *g)
{
	foo_lock(g);
	g->count++; /*@locked*/
	foo_unlock(g);
	if (!foo_try(g))
		return; /*@failed*/
	g->count++; /*@tried*/
	spin_unlock(&g->lock);
}`,
    at: { locked: ['- [&g->lock] atomic'], failed: ['- [] sleeps'], tried: ['- [&g->lock] atomic'] },
  },
  {
    title: 'an object by a parameter, the lock by the result',
    source: `
static int get(struct foo *f, struct foo **out)
{
	spin_lock(&f->lock);
	if (!f->next) {
		spin_unlock(&f->lock);
		return -2;
	}
	*out = f->next;
	return 0;
}
int a(struct foo *f)
{
	struct foo *n;
	int err = get(f, &n);

	if (err < 0)
		return err; /*@failed*/
	n->count++; /*@inside*/
	spin_unlock(&f->lock);
	return 0; /*@after*/
}`,
    at: { failed: ['- [] sleeps'], inside: ['- [&f->lock] atomic'], after: ['- [] sleeps'] },
  },
  {
    title: 'a callee waits or tries, by a bit that is passed on',
    source: `
static int take(struct foo *f, bool nowait)
{
	if (nowait) {
		if (!mutex_trylock(&f->mutex))
			return -EAGAIN;
	} else {
		mutex_lock(&f->mutex);
	}
	return 0;
}
int a(struct foo *f, unsigned int flags)
{
	int err = take(f, flags & 8);

	if (err)
		return err; /*@failed*/
	f->count++; /*@inside*/
	mutex_unlock(&f->mutex);
	return 0; /*@after*/
}`,
    at: { failed: ['- [] sleeps'], inside: ['- [&f->mutex] sleeps'], after: ['- [] sleeps'] },
  },
  {
    title: 'FP_ what a callee stores in a structure of ours is not known to us afterwards',
    source: `
struct ctx { struct foo *f; bool locked; };
static void begin(struct ctx *c)
{
	if (!c->locked) {
		mutex_lock(&c->f->mutex);
		c->locked = true;
	}
}
static void end(struct ctx *c)
{
	if (c->locked) {
		mutex_unlock(&c->f->mutex);
		c->locked = false;
	}
}
void a(struct foo *f)
{
	struct ctx c = { .f = f };

	begin(&c);
	f->count++; /*@inside*/
	end(&c);
	f->count++; /*@after*/
}`,
    at: { inside: ['- [&c.f->mutex?] sleeps'], after: ['- [&c.f->mutex?] sleeps'] },
  },
  {
    title: 'a flag bit says that the caller has locked',
    source: `
static void work(struct foo *f, unsigned int flags)
{
	if (!(flags & 4))
		spin_lock(&f->lock);
	f->count++; /*@inside*/
	if (!(flags & 4))
		spin_unlock(&f->lock);
}
void a(struct foo *f)
{
	work(f, 0);
	f->count++; /*@after*/
	spin_lock(&f->lock);
	work(f, 4);
	spin_unlock(&f->lock);
}`,
    at: { inside: ['- [&f->lock] atomic', '- [&f->lock] atomic'], after: ['- [] sleeps'] },
  },
  {
    title: "a table of the file system's own",
    source: `
struct foo_ops { int (*work)(struct foo *f); };
static int work(struct foo *f)
{
	return f->count; /*@*/
}
static const struct foo_ops ops = { .work = work };
static int run(const struct foo_ops *o, struct foo *f)
{
	int n;

	spin_lock(&f->lock);
	n = o->work(f);
	spin_unlock(&f->lock);
	return n;
}
int a(struct foo *f)
{
	return run(&ops, f);
}`,
    at: { '': ['- [&f->lock] atomic'] },
  },
  {
    title: 'a function pointer in a local',
    source: `
static int one(struct foo *f)
{
	return f->count; /*@one*/
}
static int two(struct foo *f)
{
	return -f->count; /*@two*/
}
int a(struct foo *f, bool first)
{
	int (*call)(struct foo *f) = first ? one : two;
	int n;

	spin_lock(&f->lock);
	n = call(f);
	spin_unlock(&f->lock);
	return n;
}`,
    at: { one: ['- [&f->lock] atomic'], two: ['- [&f->lock] atomic'] },
  },
  {
    title: 'container_of wrappers name one object',
    source: `
struct foo_inode { struct mutex lock; struct inode vfs; int n; };
static inline struct foo_inode *FOO_I(struct inode *inode)
{
	return container_of(inode, struct foo_inode, vfs);
}
static void put(struct foo_inode *fi)
{
	fi->n++; /*@callee*/
	mutex_unlock(&fi->lock);
}
void a(struct inode *inode)
{
	mutex_lock(&FOO_I(inode)->lock);
	inode->i_flags = 0; /*@inside*/
	put(FOO_I(inode));
	inode->i_flags = 1; /*@after*/
}`,
    at: {
      callee: ['- [&fi->lock] sleeps'],
      inside: ['- [&container_of(inode, struct foo_inode, vfs)->lock] sleeps'],
      after: ['- [] sleeps'],
    },
  },
  {
    title: 'a function that a macro defines',
    source: `
#define DEFINE_TOUCH(name) \\
static void name(struct foo *f) \\
{ \\
	spin_lock(&f->lock); \\
	f->count++; \\
	spin_unlock(&f->lock); \\
}
DEFINE_TOUCH(touch)
void a(struct foo *f)
{
	touch(f);
	f->count++; /*@after*/
}`,
    at: { after: ['- [] sleeps'] },
  },
  {
    title: 'SYSCALL_DEFINE',
    source: `
SYSCALL_DEFINE2(foo, struct foo *, f, int, n)
{
	mutex_lock(&f->mutex);
	f->count = n; /*@inside*/
	mutex_unlock(&f->mutex);
	return 0;
}`,
    at: { inside: ['system call [&f->mutex] sleeps'] },
  },
  {
    title: 'an end of I/O is assigned at run time, also through a function that stores its parameter',
    source: `
struct bio { void (*bi_end_io)(struct bio *bio); int status; };
static void done(struct bio *bio) { bio->status = 1; /*@plain*/ }
static void also(struct bio *bio) { bio->status = 1; /*@stored*/ }
static void set(struct bio *bio, void (*end)(struct bio *bio)) { bio->bi_end_io = end; }
void foo_start(struct bio *bio, struct bio *other)
{
	bio->bi_end_io = done;
	set(other, also);
}`,
    at: { plain: ['bi_end_io [] atomic'], stored: ['bi_end_io [] atomic'] },
  },
  {
    title: 'what another directory says of a function is no entry of it',
    source: `
struct bio { void (*bi_end_io)(struct bio *bio); int status; };
void done(struct bio *bio) { bio->status = 1; /*@*/ }
// file: fs/bar/y.c
struct bio { void (*bi_end_io)(struct bio *bio); int status; };
void bar_start(struct bio *bio) { bio->bi_end_io = done; }`,
    at: { '': ['- [] sleeps'] },
  },
  {
    title: 'work that is declared with its function, and a timer in a table inside a function',
    source: `
#define __WORK(n, f) { .func = (f), }
#define DECLARE_WORK(n, f) struct work_struct n = __WORK(n, f)
struct timer_list { void (*function)(struct timer_list *t); };
static int count;
static void later(struct work_struct *w) { count++; /*@work*/ }
static void tick(struct timer_list *t) { count++; /*@timer*/ }
static DECLARE_WORK(foo_work, later);
struct timer_list *foo_timer(void)
{
	static struct timer_list timer = { .function = tick };
	return &timer;
}`,
    at: { work: ['work item [] sleeps'], timer: ['function [] atomic'] },
  },
  {
    title: 'init code begins with nothing held; what is only marked so is called with what its caller holds',
    source: `
static int count;
static void __init part(void) { count++; /*@part*/ }
static int __init foo_init(struct foo *f)
{
	mutex_lock(&f->mutex);
	part();
	mutex_unlock(&f->mutex);
	return 0; /*@end*/
}
module_init(foo_init);`,
    at: { part: ['init or exit code [foo::mutex] sleeps'], end: ['init or exit code [] sleeps'] },
  },
  {
    title: 'a function pointer parameter runs where it is called',
    source: `
static int walk(struct foo *f, int (*actor)(struct foo *f))
{
	int n;

	spin_lock(&f->lock);
	n = actor(f);
	spin_unlock(&f->lock);
	return n;
}
static int count(struct foo *g)
{
	return g->count; /*@*/
}
int a(struct foo *f)
{
	return walk(f, count);
}`,
    at: { '': ['- [&g->lock] atomic'] },
  },
  {
    title: 'an RCU callback runs in softirq, without the locks of call_rcu()',
    source: `
static void gone(struct rcu_head *head)
{
	struct foo *f = container_of(head, struct foo, rcu);

	f->count = 0; /*@callback*/
}
void a(struct foo *f)
{
	mutex_lock(&f->mutex);
	call_rcu(&f->rcu, gone);
	mutex_unlock(&f->mutex);
}`,
    at: { callback: ['RCU callback [] atomic'] },
  },
  {
    title: 'a work item runs in process context',
    source: `
static void work(struct work_struct *w)
{
	struct foo *f = container_of(w, struct foo, work);

	f->count = 0; /*@callback*/
}
void a(struct foo *f)
{
	spin_lock(&f->lock);
	INIT_WORK(&f->work, work);
	spin_unlock(&f->lock);
}`,
    at: { callback: ['work item [] sleeps'] },
  },
  {
    title: '__must_hold() on a definition',
    source: `
void a(struct foo *f)
	__must_hold(&f->lock)
{
	f->count++; /*@*/
}`,
    at: { '': ['- [&f->lock] atomic'] },
  },
  {
    title: 'an assertion says what is held',
    source: `
void a(struct foo *f)
{
	lockdep_assert_held(&f->lock);
	f->count++; /*@spin*/
}
void c(struct foo *f)
{
	lockdep_assert_held(&f->mutex);
	f->count++; /*@mutex*/
}
void b(struct foo *f)
{
	lockdep_assert_held_write(&f->sem);
	f->count++; /*@write*/
}`,
    at: {
      spin: ['- [&f->lock] atomic'],
      mutex: ['- [&f->mutex] sleeps'],
      write: ['- [&f->sem] sleeps'],
    },
  },
  {
    title: 'a function handed on, called with a lock that only the caller has a name for',
    source: `
struct inode *next(struct inode *inode);
static void walk(struct inode *inode, void (*each)(struct inode *))
{
	struct inode *child = next(inode);

	spin_lock(&child->i_lock);
	each(child);
	spin_unlock(&child->i_lock);
}
static void each_one(struct inode *inode)
{
	inode->i_flags = 1; /*@*/
}
static int foo_release(struct inode *inode, struct file *file)
{
	walk(inode, each_one);
	return 0;
}
const struct file_operations foo_ops = { .release = foo_release };`,
    at: { '': ['release [&inode->i_lock] atomic'] },
  },
  {
    title: 'a helper that calls back through an inline function hands its lock over',
    source: `
struct list_lru; struct list_lru_one;
extern unsigned long list_lru_walk_one(struct list_lru *lru, int nid, void *memcg, int (*isolate)(struct list_head *, struct list_lru_one *, spinlock_t *, void *), void *arg, unsigned long *nr);
static int isolate(struct list_head *item, struct list_lru_one *list, spinlock_t *lru_lock, void *arg)
{
	spin_unlock(lru_lock); /*@held*/
	schedule(); /*@dropped*/
	spin_lock(lru_lock);
	return 0;
}
static inline unsigned long shrink_walk(struct list_lru *lru, int (*cb)(struct list_head *, struct list_lru_one *, spinlock_t *, void *), void *arg)
{
	return list_lru_walk_one(lru, 0, NULL, cb, arg, NULL);
}
static int foo_release(struct inode *inode, struct file *file)
{
	shrink_walk(file->private_data, isolate, NULL);
	return 0;
}
const struct file_operations foo_ops = { .release = foo_release };`,
    at: { held: ['release [lru_lock] atomic'], dropped: ['release [] sleeps'] },
  },
  {
    title: 'what the caller holds stays certain where a callee is not understood',
    source: `
int state(struct inode *inode);
static int maybe_lock(struct inode *inode)
{
	if (inode->i_state)
		spin_lock(&inode->i_lock);
	return state(inode);
}
static void inner(struct inode *dir)
{
	dir->i_flags = 1; /*@*/
}
static int foo_unlink(struct inode *dir, struct dentry *dentry)
{
	maybe_lock(d_inode(dentry));
	inner(dir);
	return 0;
}
const struct inode_operations foo_ops = { .unlink = foo_unlink };`,
    at: {
      '': [
        'unlink [&dir->i_rwsem, inode::i_lock, inode::i_rwsem] atomic',
        'unlink [&dir->i_rwsem, inode::i_rwsem] sleeps',
      ],
    },
  },
  {
    title: 'three locks by six flags, chosen by a constant',
    source: `
#define AX (1u << 0)
#define AS (1u << 1)
#define BX (1u << 4)
#define BS (1u << 5)
#define CX (1u << 6)
#define CS (1u << 7)
struct three { struct rw_semaphore a, b, c; };
static void take(struct three *o, unsigned int f)
{
	if (f & AX)
		down_write(&o->a);
	else if (f & AS)
		down_read(&o->a);
	if (f & BX)
		down_write(&o->b);
	else if (f & BS)
		down_read(&o->b);
	if (f & CX)
		down_write(&o->c);
	else if (f & CS)
		down_read(&o->c);
}
static int foo_release(struct inode *inode, struct file *file)
{
	struct three *o = file->private_data;

	take(o, AX | BS | CX);
	inode->i_flags = 1; /*@*/
	return 0;
}
const struct file_operations foo_ops = { .release = foo_release };`,
    at: {
      '': ['release [&file->private_data->a, &file->private_data->b shared, &file->private_data->c] sleeps'],
    },
  },
  {
    title: 'a callee that takes freeze protection or does not leaves nothing else in doubt',
    source: `
static void *start(struct super_block *sb, int nested)
{
	if (sb->s_flags)
		return sb;
	sb_start_intwrite(sb);
	return sb;
}
static int foo_release(struct inode *inode, struct file *file)
{
	bool locked = false;

	if (inode->i_flags) {
		locked = true;
		inode_lock(inode);
	}
	if (IS_ERR(start(inode->i_sb, 1)))
		return 0;
	if (locked)
		inode->i_state = 2; /*@*/
	return 0;
}
const struct file_operations foo_ops = { .release = foo_release };`,
    at: { '': ['release [&inode->i_rwsem] sleeps'] },
  },
  {
    title: 'a table of commands whose rows name no members',
    source: `
struct cmd { char name[8]; int (*handler)(struct inode *inode, char *args); };
static int one(struct inode *inode, char *args)
{
	return 0; /*@one*/
}
static int two(struct inode *inode, char *args)
{
	return 0; /*@two*/
}
static const struct cmd cmds[] = {
	{ "one", one },
	{ "two", two },
	{ "", NULL }
};
static ssize_t foo_write(struct file *file, const char *buf, size_t n, loff_t *pos)
{
	const struct cmd *cmd;
	struct inode *inode = file->private_data;
	int ret;

	for (cmd = cmds; cmd->name[0]; cmd++)
		if (cmd->name[0] == n)
			break;
	inode_lock(inode);
	ret = cmd->handler(inode, NULL);
	inode_unlock(inode);
	return ret;
}
const struct file_operations foo_ops = { .write = foo_write };`,
    at: {
      one: ['write [&inode->i_rwsem, file::f_pos_lock?] sleeps'],
      two: ['write [&inode->i_rwsem, file::f_pos_lock?] sleeps'],
    },
  },
  {
    title: 'ways out that the same flags tell apart in two places',
    source: `
#define TRY 1
#define MAPPED 2
struct foo { struct rw_semaphore sem; struct mutex mutex; };
static int take(struct foo *f, unsigned int flags)
{
	if (flags & TRY) {
		if (!down_write_trylock(&f->sem))
			return -11;
		return 0;
	}
	down_write(&f->sem);
	if (flags & MAPPED)
		mutex_lock(&f->mutex);
	return 0;
}
static int foo_release(struct inode *inode, struct file *file)
{
	take(file->private_data, MAPPED);
	inode->i_flags = 1; /*@*/
	return 0;
}
const struct file_operations foo_ops = { .release = foo_release };`,
    at: { '': ['release [&file->private_data->mutex, &file->private_data->sem] sleeps'] },
  },
];
