/**
 * How functions are reached: C in, each function with its kind out. One small case a kind of entry, and one a way in which a
 * function is not reached.
 */
import assert from 'node:assert/strict';
import { NEVER } from '../../server/src/engine/base/cancel.js';
import type { ReachAnswer } from '../../server/src/engine/door.js';
import { filesOf, openFiles } from './harness.js';

async function reachOf(source: string, paths: readonly string[] = ['fs']): Promise<ReachAnswer> {
  const engine = await openFiles(filesOf(source));
  try {
    return engine.reach(paths, NEVER);
  } finally {
    engine.dispose();
  }
}

/** Functions by kind: `kind` for an entry itself, `kind via caller` for what is called. */
async function checkReach(source: string, expected: Readonly<Record<string, string>>): Promise<void> {
  const { functions } = await reachOf(source);
  assert.deepEqual(
    Object.fromEntries(functions.map((f) => [f.function, f.direct ? f.kind : `${f.kind} via ${f.how}`])),
    expected,
  );
}

const CASES: Readonly<Record<string, readonly [source: string, expected: Readonly<Record<string, string>>]>> =
  {
    'a method, and what it calls': [
      `static void inner(void) { }
static int foo_unlink(struct inode *dir, struct dentry *d) { inner(); return 0; }
static const struct inode_operations ops = { .unlink = foo_unlink };`,
      { foo_unlink: 'method', inner: 'method via foo_unlink' },
    ],
    'a method claims what another entry reaches too': [
      `static void inner(void) { }
static int foo_unlink(struct inode *dir, struct dentry *d) { inner(); return 0; }
static int __init foo_init(void) { inner(); return 0; }
static const struct inode_operations ops = { .unlink = foo_unlink };
module_init(foo_init);`,
      { foo_unlink: 'method', inner: 'method via foo_unlink', foo_init: 'init' },
    ],
    'a call into another directory is followed': [
      `static int foo_unlink(struct inode *dir, struct dentry *d) { return far(d); }
static const struct inode_operations ops = { .unlink = foo_unlink };
// file: fs/bar/y.c
int far(struct dentry *d) { return 0; }`,
      { foo_unlink: 'method', far: 'method via foo_unlink' },
    ],
    ioctl: [
      `struct file_operations { long (*unlocked_ioctl)(void); long (*compat_ioctl)(void); };
static long a(void) { return 0; }
static long b(void) { return 0; }
static const struct file_operations ops = { .unlocked_ioctl = a, .compat_ioctl = b };`,
      { a: 'ioctl', b: 'ioctl' },
    ],
    'a system call': [`SYSCALL_DEFINE1(foo, int, x) { return x; }`, { sys_foo: 'syscall' }],
    'init and exit code, by annotation and by macro': [
      `static int __init a(void) { return 0; }
static int b(void) { return 0; }
static void c(void) { }
fs_initcall(b);
module_exit(c);`,
      { a: 'init', b: 'init', c: 'init' },
    ],
    'work items: set up, declared, and through a wrapper that stores its parameter': [
      `#define DECLARE_WORK(n, f) struct work_struct n = __WORK_INITIALIZER(n, f)
#define __WORK_INITIALIZER(n, f) { .func = (f), }
struct mine { struct work_struct work; };
static void a(struct work_struct *w) { }
static void b(struct work_struct *w) { }
static void c(struct work_struct *w) { }
static DECLARE_WORK(global, b);
static void set_up(struct mine *m, void (*fn)(struct work_struct *w)) { INIT_WORK(&m->work, fn); }
static int __init go(struct mine *m) { INIT_WORK(&m->work, a); set_up(m, c); return 0; }`,
      { a: 'work', b: 'work', c: 'work', set_up: 'init via go', go: 'init' },
    ],
    'threads, timers, RCU callbacks': [
      `static int a(void *data) { return 0; }
static void b(struct timer_list *t) { }
static void c(struct rcu_head *head) { }
static int __init go(struct timer_list *t, struct rcu_head *head) {
	kthread_run(a, 0, "a");
	timer_setup(t, b, 0);
	call_rcu(head, c);
	return 0;
}`,
      { a: 'kthread', b: 'timer', c: 'rcu', go: 'init' },
    ],
    'ends of I/O are assigned at run time': [
      `struct bio { void (*bi_end_io)(struct bio *bio); };
static void done(struct bio *bio) { }
static int __init go(struct bio *bio) { bio->bi_end_io = done; return 0; }`,
      { done: 'completion', go: 'init' },
    ],
    'a shrinker is assigned at run time': [
      `struct shrinker { unsigned long (*scan_objects)(void); };
static unsigned long scan(void) { return 0; }
static int __init go(struct shrinker *s) { s->scan_objects = scan; return 0; }`,
      { scan: 'shrinker', go: 'init' },
    ],
    'attributes: records, initialisers made by macros, names pasted together': [
      `#define __ATTR(n, s) { .name = #n, .show = s }
#define __ATTR_RO(n) __ATTR(n, n##_show)
#define MY_ATTR(p, n, s) static struct my_attr attr_##p##n = __ATTR(n, s)
struct seq_operations { int (*show)(void); };
struct my_attr { const char *name; int (*show)(void); };
static int a(void) { return 0; }
static int b_show(void) { return 0; }
static int c(void) { return 0; }
static const struct seq_operations ops = { .show = a };
static struct my_attr b_attr = __ATTR_RO(b);
MY_ATTR(, c, c);`,
      { a: 'attribute', b_show: 'attribute', c: 'attribute' },
    ],
    'notifiers and module parameters': [
      `struct notifier_block { int (*notifier_call)(void); };
struct kernel_param_ops { int (*set)(void); };
static int a(void) { return 0; }
static int b(void) { return 0; }
static int c(void) { return 0; }
static struct notifier_block block = { .notifier_call = a };
static const struct kernel_param_ops ops = { .set = b };
module_param_call(x, c, 0, 0, 0644);`,
      { a: 'notifier', b: 'parameter', c: 'parameter' },
    ],
    'a table of another kernel interface is one of a structure below include/': [
      `#include <linux/svc.h>
static int a(void) { return 0; }
static const struct svc_proc procs[] = { [3] = { .run = a } };
// file: include/linux/svc.h
struct svc_proc { int (*run)(void); };`,
      { a: 'operations' },
    ],
    'a private slot leads to all that fill it, also in compound literals and at run time': [
      `struct mine { int (*run)(void); int (*also)(void); };
static int a(void) { return 0; }
static int b(void) { return 0; }
static int c(void) { return 0; }
static const struct mine table = { .run = a };
static void store(struct mine *m) { m->run = b; *m = (struct mine){ .also = c }; }
static int foo_unlink(struct inode *dir, struct dentry *d) {
	struct mine *m = find(dir);
	store(m);
	return m->run() + m->also();
}
static const struct inode_operations ops = { .unlink = foo_unlink };`,
      {
        a: 'method via foo_unlink',
        b: 'method via foo_unlink',
        c: 'method via foo_unlink',
        store: 'method via foo_unlink',
        foo_unlink: 'method',
      },
    ],
    'a table that nothing calls through, and an array': [
      `struct mine { int (*run)(void); };
static int a(void) { return 0; }
static int b(void) { return 0; }
static const struct mine table = { .run = a };
static int (*const all[])(void) = { b };`,
      { a: 'table', b: 'table' },
    ],
    'a function of another directory in the table of a structure': [
      `static const struct inode_operations ops = { .unlink = shared_unlink };
// file: fs/x.c
static void inner(void) { }
int shared_unlink(struct inode *dir, struct dentry *d) { inner(); return 0; }
EXPORT_SYMBOL(shared_unlink);`,
      { shared_unlink: 'method', inner: 'method via shared_unlink' },
    ],
    'a table whose items a list makes, with the meaning of x that stands before it': [
      `#define LIST() x(one, 1) x(two, 2)
struct pass { int (*run)(void); int when; };
static const char *const names[] = {
#define x(n, w) #n,
	LIST()
#undef x
};
static int run_one(void) { return 0; }
static int run_two(void) { return 0; }
static struct pass passes[] = {
#define x(n, w) { \\
	.run = run_##n, .when = w },
	LIST()
#undef x
};
static int foo_unlink(struct inode *dir, struct dentry *d) {
	struct pass *p = passes;
	return p->run();
}
static const struct inode_operations ops = { .unlink = foo_unlink };`,
      { run_one: 'method via foo_unlink', run_two: 'method via foo_unlink', foo_unlink: 'method' },
    ],
    'a list at top level that is written twice': [
      `#define ONE(n, s) static struct my_attr attr_##n = { .show = s }
#define LIST() x(a)
struct my_attr { int (*show)(void); };
static int a_show(void) { return 0; }
static int a_other(void) { return 0; }
#define x(n) ONE(n, n##_show);
LIST()
#undef x
#define x(n) ONE(n##2, n##_other);
LIST()
#undef x`,
      { a_show: 'attribute', a_other: 'attribute' },
    ],
    'a macro that makes a string or a name of its arguments calls what it says': [
      `#define my_assert(c) do { if (!(c)) failed(#c); } while (0)
#define my_run(n) run_##n()
static void failed(const char *s) { }
static void run_a(void) { }
static int foo_unlink(struct inode *dir, struct dentry *d) { my_assert(dir != 0); my_run(a); return 0; }
static const struct inode_operations ops = { .unlink = foo_unlink };`,
      { failed: 'method via foo_unlink', run_a: 'method via foo_unlink', foo_unlink: 'method' },
    ],
    'a pointer that is read from a slot into a variable, into another slot, or handed to what calls it': [
      `struct mine { int (*run)(void); int (*also)(void); int (*third)(void); int (*late)(void); };
struct task { int (*fn)(void); int (*end)(void); };
static int a(void) { return 0; }
static int b(void) { return 0; }
static int c(void) { return 0; }
static int d(void) { return 0; }
static const struct mine table = { .run = a, .also = b, .third = c, .late = d };
static int walk(int (*fn)(void)) { return fn(); }
static void keep(struct task *t, int (*fn)(void)) { t->end = fn; }
static int foo_unlink(struct inode *dir, struct dentry *dentry) {
	const struct mine *m = find(dir);
	struct task *t = task_of(dir);
	int (*run)(void);
	run = m->run;
	t->fn = m->also;
	keep(t, m->late);
	return run() + t->fn() + walk(m->third);
}
static const struct inode_operations ops = { .unlink = foo_unlink };`,
      {
        a: 'method via foo_unlink',
        b: 'method via foo_unlink',
        c: 'method via foo_unlink',
        d: 'table',
        walk: 'method via foo_unlink',
        keep: 'method via foo_unlink',
        foo_unlink: 'method',
      },
    ],
    'lock and lease operations are reached from what calls them, too': [
      `struct lease_manager_operations { int (*lm_break)(void); };
struct lease { const struct lease_manager_operations *ops; };
static int mine(void) { return 0; }
static const struct lease_manager_operations leases = { .lm_break = mine };
static int foo_unlink(struct inode *dir, struct dentry *d) {
	struct lease *l = find(dir);
	return l->ops->lm_break();
}
static const struct inode_operations ops = { .unlink = foo_unlink };`,
      { mine: 'method via foo_unlink', foo_unlink: 'method' },
    ],
    'exported, named nowhere, and called only by what is named nowhere': [
      `int a(void) { return 0; }
EXPORT_SYMBOL_GPL(a);
static void c(void) { }
static void b(void) { c(); }`,
      { a: 'outside', b: 'unreferenced', c: 'unreferenced via b' },
    ],
    'what is named only in a text that is not code here': [
      `#if 0
static void user(void) { a(); }
#endif
static void a(void) { }`,
      { a: 'other' },
    ],
    'what such a function calls is reached through it; of a way round nobody knows the beginning': [
      `#if 0
static void user(void) { a(); c(); }
#endif
static void b(void) { }
static void a(void) { b(); }
static void c(void) { d(); }
static void d(void) { c(); }`,
      { a: 'other', b: 'other via a', c: 'other', d: 'other' },
    ],
  };

describe('reach', () => {
  for (const [title, [source, expected]] of Object.entries(CASES))
    it(title, () => checkReach(source, expected));

  it('counts what is named by nothing apart, and calls by how their target is told', async () => {
    const answer = await reachOf(`struct mine { int (*run)(void); };
static int a(void) { return 0; }
static void nobody(void) { }
static const struct mine table = { .run = a };
static int foo_unlink(struct inode *dir, struct dentry *d) {
	struct mine *m = find(dir);
	dput(d);
	return m->run();
}
static const struct inode_operations ops = { .unlink = foo_unlink };`);
    assert.equal(answer.total, 3);
    assert.equal(answer.unreferenced, 1);
    assert.deepEqual(
      answer.kinds.filter((k) => k.functions > 0),
      [{ kind: 'method', functions: 2, direct: 1, withContext: 2 }],
    );
    assert.deepEqual(answer.calls, {
      total: 3,
      resolved: 2,
      byKind: {
        resolved: { 'helper of the model': 1, 'private slot': 1 },
        unresolved: { 'function outside of what was read': 1 },
      },
    });
  });
});
