/**
 * What stands beside the text, as data: C in; lenses, calls with what holds at them, and methods with their contexts out.
 */
import assert from 'node:assert/strict';
import { NEVER } from '../../server/src/engine/base/cancel.js';
import type { HeldLock } from '../../server/src/engine/base/finding.js';
import type { ShownNode } from '../../server/src/engine/base/shown.js';
import type { Engine } from '../../server/src/engine/door.js';
import { hoverCard } from '../../server/src/engine/views/hover-card.js';
import { withFindings } from '../../server/src/engine/views/methods.js';
import { contextNodes, methodsNode } from '../../server/src/engine/views/nodes.js';
import { mergedLine, type ShortState } from '../../server/src/engine/views/state-lines.js';
import { filesOf, openFiles } from './harness.js';

const FILE = 'fs/foo/x.c';

async function withEngine<T>(source: string, use: (engine: Engine) => T): Promise<T> {
  const engine = await openFiles(filesOf(source));
  try {
    return use(engine);
  } finally {
    engine.dispose();
  }
}

/** Lens titles by function, with the whole text behind ` ~ ` where a title is less; a function without a lens is not there. */
async function checkLenses(
  source: string,
  expected: Readonly<Record<string, readonly string[]>>,
): Promise<void> {
  const { lenses } = await withEngine(source, (engine) => engine.lenses(FILE, NEVER));
  const found: Record<string, string[]> = {};
  for (const { function: name, title, whole } of lenses)
    found[name] = [...(found[name] ?? []), whole === '' ? title : `${title} ~ ${whole}`];
  assert.deepEqual(found, expected);
}

/** Calls as `name | detail | lines`. */
async function checkCalls(
  source: string,
  kind: 'incoming' | 'outgoing',
  name: string,
  expected: readonly string[],
): Promise<void> {
  const { rows, item } = await withEngine(source, (engine) =>
    engine.calls({ kind, file: FILE, function: name }, NEVER),
  );
  assert.equal(item?.name, name);
  assert.deepEqual(
    rows.map((row) => `${row.item.name} | ${row.item.detail} | ${row.at.map((at) => at.line).join()}`),
    expected,
  );
}

const TABLE = 'static const struct inode_operations ops = { .lookup = foo_lookup, .unlink = foo_unlink };\n';

const METHODS = `static struct dentry *foo_lookup(struct inode *dir, struct dentry *d, unsigned int flags) { return 0; }
static int foo_unlink(struct inode *dir, struct dentry *d) { return 0; }
${TABLE}`;

const LENSES: Readonly<Record<string, readonly [string, Readonly<Record<string, readonly string[]>>]>> = {
  'a method: its slot, what holds, what a shared lock lets in': [
    METHODS,
    {
      foo_lookup: [
        'inode_operations.lookup ~ inode_operations.lookup in ops',
        'held: dir->i_rwsem shared or exclusive; may sleep',
        'overlaps: others with i_rwsem shared ~ overlaps: others that hold dir->i_rwsem shared',
      ],
      foo_unlink: [
        'inode_operations.unlink ~ inode_operations.unlink in ops',
        'held: dir->i_rwsem, d->d_inode->i_rwsem; may sleep',
      ],
    },
  ],
  'a method in two tables is one slot': [
    `static int foo_unlink(struct inode *dir, struct dentry *d) { return 0; }
static const struct inode_operations a = { .unlink = foo_unlink };
static const struct inode_operations b = { .unlink = foo_unlink };`,
    {
      foo_unlink: [
        'inode_operations.unlink ~ inode_operations.unlink in a, b',
        'held: dir->i_rwsem, d->d_inode->i_rwsem; may sleep',
      ],
    },
  ],
  'RCU-walk stands apart, and the model says what runs beside it': [
    `static int foo_revalidate(struct dentry *d, unsigned int flags) { return 1; }
static const struct dentry_operations dops = { .d_revalidate = foo_revalidate };`,
    {
      foo_revalidate: [
        'dentry_operations.d_revalidate ~ dentry_operations.d_revalidate in dops',
        'RCU-walk; must not sleep, or may sleep ~ RCU-walk; must not sleep, or perhaps held: d->d_parent->d_inode->i_rwsem; may sleep',
        'overlaps in RCU-walk: rename, unlink ... ~ overlaps: an RCU-walk call runs beside rename, unlink, the last dput, d_release of the same dentry and superblock teardown',
      ],
    },
  ],
  'what RCU-walk may run beside a method, where the unit has it': [
    `static int foo_revalidate(struct dentry *d, unsigned int flags) { return 1; }
static void foo_prune(struct dentry *d) { }
static int foo_unlink(struct inode *dir, struct dentry *d) { return 0; }
static int foo_tmpfile(struct mnt_idmap *idmap, struct inode *dir, struct file *file, umode_t mode) { return 0; }
static void foo_other_prune(struct dentry *d) { }
static const struct dentry_operations dops = { .d_revalidate = foo_revalidate, .d_prune = foo_prune };
static const struct dentry_operations others = { .d_prune = foo_other_prune };
static const struct inode_operations ops = { .unlink = foo_unlink, .tmpfile = foo_tmpfile };`,
    {
      foo_revalidate: [
        'dentry_operations.d_revalidate ~ dentry_operations.d_revalidate in dops',
        'RCU-walk; must not sleep, or may sleep ~ RCU-walk; must not sleep, or perhaps held: d->d_parent->d_inode->i_rwsem; may sleep',
        'overlaps in RCU-walk: rename, unlink ... ~ overlaps: an RCU-walk call runs beside rename, unlink, the last dput, d_release of the same dentry and superblock teardown',
      ],
      foo_prune: [
        'dentry_operations.d_prune ~ dentry_operations.d_prune in dops',
        'held: d->d_lock, perhaps more; must not sleep ~ held: d->d_lock; perhaps held: d->d_inode->i_lock; must not sleep',
        'overlaps: RCU-walk calls of d_revalidate',
      ],
      // A dentry has one table
      foo_other_prune: [
        'dentry_operations.d_prune ~ dentry_operations.d_prune in others',
        'held: d->d_lock, perhaps more; must not sleep ~ held: d->d_lock; perhaps held: d->d_inode->i_lock; must not sleep',
      ],
      foo_unlink: [
        'inode_operations.unlink ~ inode_operations.unlink in ops',
        'held: dir->i_rwsem, d->d_inode->i_rwsem; may sleep',
        'overlaps: RCU-walk calls of d_revalidate',
      ],
      // Nothing finds what it is handed
      foo_tmpfile: ['inode_operations.tmpfile ~ inode_operations.tmpfile in ops', 'nothing held; may sleep'],
    },
  ],
  'a method that has much to say is short, and names what its own directory has': [
    `static int foo_manage(const struct path *path, bool rcu_walk) { return 0; }
static void foo_release(struct dentry *d) { }
static int foo_rename(struct mnt_idmap *idmap, struct inode *old_dir, struct dentry *old, struct inode *new_dir, struct dentry *new, unsigned int flags) { return 0; }
static int foo_rmdir(struct inode *dir, struct dentry *d) { return 0; }
static const struct dentry_operations dops = { .d_manage = foo_manage, .d_release = foo_release };
static const struct inode_operations ops = { .rename = foo_rename, .rmdir = foo_rmdir, .unlink = foo_rmdir };
static const struct inode_operations others = { .rename = foo_rename };`,
    {
      foo_manage: [
        'dentry_operations.d_manage ~ dentry_operations.d_manage in dops',
        'RCU-walk; must not sleep, or may sleep ~ RCU-walk; must not sleep, or nothing held; may sleep',
        'overlaps in RCU-walk: d_release of the same dentry ~ overlaps: an RCU-walk call runs beside d_release of the same dentry',
      ],
      foo_release: [
        'dentry_operations.d_release ~ dentry_operations.d_release in dops',
        'nothing held; may sleep',
        'overlaps: RCU-walk calls of d_manage ~ overlaps: RCU-walk calls of d_revalidate, d_compare, d_hash and d_manage for the same dentry',
      ],
      foo_rename: [
        'inode_operations.rename ~ inode_operations.rename in ops, others',
        'held: old_dir->i_rwsem, new_dir->i_rwsem, perhaps more; may sleep ~ held: old_dir->i_rwsem, new_dir->i_rwsem; perhaps held: old->d_inode->i_rwsem, old_dir->i_sb->s_vfs_rename_mutex and 1 more; may sleep',
        'overlaps: RCU-walk calls of d_manage',
      ],
      foo_rmdir: [
        'inode_operations.rmdir, unlink ~ inode_operations.rmdir, unlink in ops',
        'held: dir->i_rwsem, d->d_inode->i_rwsem; may sleep',
        'overlaps: RCU-walk calls of d_manage',
      ],
    },
  ],
  'a helper: calls are counted, and those without the lock': [
    `static void helper(struct foo *f) { f->count++; }
static int foo_open(struct inode *inode, struct file *file) {
	struct foo *f = file->private_data;
	spin_lock(&f->lock); helper(f); helper(f); spin_unlock(&f->lock);
	helper(f);
	return 0;
}
static const struct file_operations fops = { .open = foo_open };`,
    {
      helper: ['held: f->lock (3 callers, 1 without)'],
      foo_open: ['file_operations.open ~ file_operations.open in fops', 'nothing held; may sleep'],
    },
  ],
  'what less than half of the calls hold is said as that': [
    `static void helper(struct foo *f) { f->count++; }
static int foo_open(struct inode *inode, struct file *file) {
	struct foo *f = file->private_data;
	spin_lock(&f->lock); helper(f); spin_unlock(&f->lock);
	helper(f); helper(f);
	return 0;
}
static const struct file_operations fops = { .open = foo_open };`,
    {
      helper: ['some hold: f->lock (1 of 3 callers)'],
      foo_open: ['file_operations.open ~ file_operations.open in fops', 'nothing held; may sleep'],
    },
  ],
  'a caller whose own callers nobody knows is not said to be without': [
    `void helper(struct foo *f) { f->count++; }
void with(struct foo *f) { spin_lock(&f->lock); helper(f); spin_unlock(&f->lock); }
void any(struct foo *f) { helper(f); }`,
    { helper: ['held: f->lock (2 callers, 1 not known)'] },
  ],
  'on one of two paths to the call it is held perhaps': [
    `static void helper(struct foo *f) { f->count++; }
static int foo_open(struct inode *inode, struct file *file) {
	struct foo *f = file->private_data;
	spin_lock(&f->lock); helper(f); spin_unlock(&f->lock);
	if (f->ready) mutex_lock(&f->mutex);
	helper(f);
	if (f->ready) mutex_unlock(&f->mutex);
	return 0;
}
static const struct file_operations fops = { .open = foo_open };`,
    {
      helper: ['held: f->lock (2 callers, 1 without)'],
      foo_open: ['file_operations.open ~ file_operations.open in fops', 'nothing held; may sleep'],
    },
  ],
  'locks with the same exceptions stand together, shared ones are named': [
    `static void helper(struct foo *f) { f->count++; }
static int foo_open(struct inode *inode, struct file *file) {
	struct foo *f = file->private_data;
	down_read(&f->sem); mutex_lock(&f->mutex);
	helper(f);
	mutex_unlock(&f->mutex); up_read(&f->sem);
	return 0;
}
static const struct file_operations fops = { .open = foo_open };`,
    {
      helper: ['held: f->mutex, f->sem shared (1 caller)'],
      foo_open: ['file_operations.open ~ file_operations.open in fops', 'nothing held; may sleep'],
    },
  ],
  'shared in one situation, exclusive in another': [
    `static void helper(struct inode *dir) { }
static struct dentry *foo_lookup(struct inode *dir, struct dentry *d, unsigned int flags) { helper(dir); return 0; }
static const struct inode_operations ops = { .lookup = foo_lookup };`,
    {
      helper: ['held: dir->i_rwsem shared or exclusive (1 caller)'],
      foo_lookup: [
        'inode_operations.lookup ~ inode_operations.lookup in ops',
        'held: dir->i_rwsem shared or exclusive; may sleep',
        'overlaps: others with i_rwsem shared ~ overlaps: others that hold dir->i_rwsem shared',
      ],
    },
  ],
  'a call through a macro stands where the macro is used': [
    `static void helper(struct foo *f) { f->count++; }
#define HELP(f) do { helper(f); } while (0)
static int foo_open(struct inode *inode, struct file *file) {
	struct foo *f = file->private_data;
	spin_lock(&f->lock); HELP(f); spin_unlock(&f->lock);
	HELP(f);
	return 0;
}
static const struct file_operations fops = { .open = foo_open };`,
    {
      helper: ['held: f->lock (2 callers, 1 without)'],
      foo_open: ['file_operations.open ~ file_operations.open in fops', 'nothing held; may sleep'],
    },
  ],
  'a helper that RCU-walk may come to': [
    `static int helper(struct dentry *d) { return 1; }
static int foo_revalidate(struct dentry *d, unsigned int flags) { return helper(d); }
static const struct dentry_operations dops = { .d_revalidate = foo_revalidate };`,
    {
      helper: ['perhaps RCU-walk (1 caller)'],
      foo_revalidate: [
        'dentry_operations.d_revalidate ~ dentry_operations.d_revalidate in dops',
        'RCU-walk; must not sleep, or may sleep ~ RCU-walk; must not sleep, or perhaps held: d->d_parent->d_inode->i_rwsem; may sleep',
        'overlaps in RCU-walk: rename, unlink ... ~ overlaps: an RCU-walk call runs beside rename, unlink, the last dput, d_release of the same dentry and superblock teardown',
      ],
    },
  ],
  'a callback that runs later': [
    `static void foo_free(struct rcu_head *head) { }
static int foo_open(struct inode *inode, struct file *file) {
	struct foo *f = file->private_data;
	call_rcu(&f->rcu, foo_free);
	return 0;
}
static const struct file_operations fops = { .open = foo_open };`,
    {
      foo_free: ['RCU callback: nothing held; must not sleep'],
      foo_open: ['file_operations.open ~ file_operations.open in fops', 'nothing held; may sleep'],
    },
  ],
  'to hand a function over for later is no call of it': [
    `static void foo_free(struct rcu_head *head) { }
static int foo_open(struct inode *inode, struct file *file) {
	struct foo *f = file->private_data;
	call_rcu(&f->rcu, foo_free);
	spin_lock(&f->lock); foo_free(&f->rcu); spin_unlock(&f->lock);
	return 0;
}
static const struct file_operations fops = { .open = foo_open };`,
    {
      foo_free: ['RCU callback: nothing held; must not sleep', 'held: foo::lock (1 caller)'],
      foo_open: ['file_operations.open ~ file_operations.open in fops', 'nothing held; may sleep'],
    },
  ],
  'a method that others call by name': [
    `static int foo_unlink(struct inode *dir, struct dentry *d) { return 0; }
static int foo_open(struct inode *inode, struct file *file) { return foo_unlink(inode, 0); }
static const struct inode_operations ops = { .unlink = foo_unlink };
static const struct file_operations fops = { .open = foo_open };`,
    {
      foo_unlink: [
        'inode_operations.unlink ~ inode_operations.unlink in ops',
        'held: dir->i_rwsem, d->d_inode->i_rwsem; may sleep',
        '+1 direct caller ~ also called directly',
      ],
      foo_open: ['file_operations.open ~ file_operations.open in fops', 'nothing held; may sleep'],
    },
  ],
  'nothing to say of what holds nothing': [
    `static void helper(struct foo *f) { f->count++; }
static int __init foo_init(void) { helper(0); return 0; }
module_init(foo_init);`,
    {},
  ],
};

describe('lenses', () => {
  for (const [name, [source, expected]] of Object.entries(LENSES))
    it(name, async () => checkLenses(source, expected));

  it('stand at the name, and open what there is to open', async () => {
    const { lenses } = await withEngine(METHODS, (engine) => engine.lenses(FILE, NEVER));
    const [slot, entry] = lenses;
    assert.deepEqual([slot?.at.line, slot?.at.column, slot?.at.endColumn], [2, 23, 33]);
    assert.deepEqual([slot?.opens, entry?.opens], [true, false]);
  });

  it('of a file that is not there are none', async () => {
    const { lenses } = await withEngine(METHODS, (engine) => engine.lenses('fs/foo/none.c', NEVER));
    assert.deepEqual(lenses, []);
  });
});

const CALLS = `static void helper(struct foo *f) { f->count++; }
#define HELP(f) do { helper(f); } while (0)
static int foo_open(struct inode *inode, struct file *file) {
	struct foo *f = file->private_data;
	spin_lock(&f->lock);
	helper(f);
	HELP(f);
	spin_unlock(&f->lock);
	helper(f);
	return 0;
}
static int foo_unlink(struct inode *dir, struct dentry *d) {
	helper(dir->i_private);
	return foo_open(dir, 0);
}
static const struct file_operations fops = { .open = foo_open };
static const struct inode_operations iops = { .unlink = foo_unlink };`;

describe('call hierarchy', () => {
  it('says what each call is made with, as its caller names it', async () => {
    await checkCalls(CALLS, 'incoming', 'helper', [
      'foo_open | held: file->private_data->lock; perhaps held: inode->i_rwsem; must not sleep | 7,8',
      'foo_open | perhaps held: inode->i_rwsem; may sleep | 10',
      'foo_unlink | held: dir->i_rwsem, d->d_inode->i_rwsem; may sleep | 14',
    ]);
  });

  it('has slots among the callers', async () => {
    await checkCalls(CALLS, 'incoming', 'foo_open', [
      'file_operations.open (fops) | nothing held; may sleep | 17',
      'foo_unlink | held: dir->i_rwsem, d->d_inode->i_rwsem; may sleep | 15',
    ]);
  });

  it('goes down with the locks at each call', async () => {
    await checkCalls(CALLS, 'outgoing', 'foo_unlink', [
      'helper | held: dir->i_rwsem, d->d_inode->i_rwsem; may sleep | 14',
      'foo_open | held: dir->i_rwsem, d->d_inode->i_rwsem; may sleep | 15',
    ]);
  });

  it('says of a callback that it runs later', async () => {
    await checkCalls(
      `static void foo_free(struct rcu_head *head) { }
static int foo_open(struct inode *inode, struct file *file) {
	struct foo *f = file->private_data;
	mutex_lock(&f->mutex);
	call_rcu(&f->rcu, foo_free);
	mutex_unlock(&f->mutex);
	return 0;
}
static const struct file_operations fops = { .open = foo_open };`,
      'incoming',
      'foo_free',
      ['foo_open | runs after a grace period | 6'],
    );
  });

  it('says that callers are not known', async () => {
    await checkCalls(
      'static void helper(struct foo *f) { f->count++; }\nvoid any(struct foo *f) { helper(f); }',
      'incoming',
      'helper',
      ['any | nothing held; may sleep; callers not known | 3'],
    );
  });

  const AT: Readonly<Record<string, readonly [line: number, column: number, name: string | null]>> = {
    'a definition': [4, 14, 'foo_open'],
    'a call': [7, 4, 'helper'],
    'a slot’s value': [17, 55, 'foo_open'],
    'the head of a function': [4, 3, 'foo_open'],
    'a word that is no function': [6, 12, null],
  };
  for (const [name, [line, column, expected]] of Object.entries(AT))
    it(`begins at ${name}`, async () => {
      const { item } = await withEngine(CALLS, (engine) =>
        engine.calls({ kind: 'at', file: FILE, line, column }, NEVER),
      );
      assert.equal(item?.name ?? null, expected);
    });

  it('ranges a call by its name', async () => {
    const { rows } = await withEngine(CALLS, (engine) =>
      engine.calls({ kind: 'outgoing', file: FILE, function: 'foo_unlink' }, NEVER),
    );
    const [at] = rows[0]?.at ?? [];
    assert.deepEqual([at?.line, at?.column, at?.endLine, at?.endColumn], [14, 2, 14, 8]);
  });
});

describe('methods', () => {
  const SOURCE = `static struct dentry *foo_lookup(struct inode *dir, struct dentry *d, unsigned int flags) { return 0; }
static int foo_revalidate(struct dentry *d, unsigned int flags)
{
	mutex_lock(&foo_mutex);
	mutex_unlock(&foo_mutex);
	return 1;
}
static const struct inode_operations iops = { .lookup = foo_lookup, .mkdir = far_mkdir, .rmdir = NULL };
static const struct dentry_operations dops = { .d_revalidate = foo_revalidate };
// file: fs/bar/y.c
static const struct inode_operations other = { .lookup = bar_lookup };`;
  const query = (paths: readonly string[], counts: boolean): Parameters<Engine['methods']>[0] => ({
    paths,
    findings: counts ? { rules: [], precision: 'low' } : null,
  });

  it('are listed by directory and table, with contexts and findings', async () => {
    const { units } = await withEngine(SOURCE, (engine) => engine.methods(query(['fs/foo'], true), NEVER));
    assert.deepEqual(
      units.map((unit) => [unit.unit, unit.tables.map((table) => `${table.struct} ${table.table}`)]),
      [['fs/foo', ['inode_operations iops', 'dentry_operations dops']]],
    );
    const rows = units[0]?.tables.flatMap((table) => table.methods) ?? [];
    assert.deepEqual(
      rows.map((row) => [row.method, row.function, row.at?.line ?? null, row.contexts.length, row.findings]),
      [
        ['lookup', 'foo_lookup', 2, 1, 0],
        ['mkdir', 'far_mkdir', null, 0, null],
        ['d_revalidate', 'foo_revalidate', 3, 2, 1],
      ],
    );
    assert.deepEqual(
      units[0]?.tables.map((table) => table.findings),
      [0, 1],
    );
  });

  it('are not checked where nobody asks for findings', async () => {
    const { units } = await withEngine(SOURCE, (engine) =>
      engine.methods(query(['fs/foo/x.c'], false), NEVER),
    );
    const rows = units[0]?.tables.flatMap((table) => table.methods) ?? [];
    assert.deepEqual([...new Set(rows.map((row) => row.findings))], [null]);
    assert.equal(units[0]?.findings, null);
  });

  it('count what is known of checked files alone', async () => {
    const { unit, findings } = await withEngine(SOURCE, (engine) => {
      const [one] = engine.methods(query(['fs/foo'], false), NEVER).units;
      assert.ok(one);
      const { findings: found } = engine.check({ paths: [FILE], rules: [], precision: 'low' }, NEVER);
      return { unit: one, findings: found };
    });
    const counts = (checked: boolean): readonly (number | null)[] =>
      withFindings(unit, findings, () => checked).tables.map((table) => table.findings);
    assert.deepEqual(counts(true), [0, 1]);
    assert.deepEqual(counts(false), [null, null]);
  });

  it('are a tree', async () => {
    const { units } = await withEngine(SOURCE, (engine) => engine.methods(query(['fs/foo'], true), NEVER));
    assert.ok(units[0]);
    assert.deepEqual(treeText([methodsNode(units[0], { open: true, openOnly: false })]), [
      'fs/foo | 3 methods \u00b7 1 finding',
      '  iops | inode_operations, x.c',
      '    lookup | foo_lookup \u00b7 held: dir->i_rwsem shared or exclusive; may sleep',
      '    mkdir | far_mkdir \u00b7 not defined in this directory',
      '  dops | dentry_operations, x.c \u00b7 1 finding',
      '    d_revalidate | foo_revalidate \u00b7 1 finding \u00b7 RCU-walk; must not sleep, or perhaps held: d->d_parent->d_inode->i_rwsem; may sleep',
    ]);
  });
});

function treeText(nodes: readonly ShownNode[], indent = ''): readonly string[] {
  return nodes.flatMap((node) => [
    `${indent}${node.label} | ${node.detail}`,
    ...treeText(node.children, `${indent}  `),
  ]);
}

describe('states in one line', () => {
  const lock = (expression: string, certainty: 'must' | 'may' = 'must'): HeldLock => ({
    class: 'inode::i_rwsem',
    instance: '',
    expression,
    mode: 'exclusive',
    certainty,
    acquiredAt: 'caller',
  });
  const state = (...held: readonly HeldLock[]): ShortState => ({ held, rcu: 'none', maySleep: true });

  const CASES: Readonly<Record<string, readonly [readonly ShortState[], string]>> = {
    'one of a class in each, by another name': [
      [state(lock('&dir->i_rwsem')), state(lock('inode::i_rwsem'))],
      'held: inode::i_rwsem; may sleep',
    ],
    'one in all, another in some': [
      [state(lock('&a->i_rwsem'), lock('&b->i_rwsem')), state(lock('&a->i_rwsem'))],
      'held: a->i_rwsem; perhaps held: b->i_rwsem; may sleep',
    ],
    'what goes by its class is not said beside what has a name': [
      [state(lock('&a->i_rwsem', 'may')), state(lock('inode::i_rwsem', 'may'))],
      'perhaps held: a->i_rwsem; may sleep',
    ],
    'RCU-walk and more': [
      [{ ...state(), rcu: 'walk', maySleep: false }, state()],
      'perhaps RCU-walk; sometimes must not sleep',
    ],
    'sleep that nobody knows': [
      [{ ...state(), maySleep: 'unknown' }, state()],
      'nothing held; sleep not known',
    ],
  };
  for (const [name, [states, expected]] of Object.entries(CASES))
    it(name, () => assert.equal(mergedLine(states), expected));
});

describe('contexts at the cursor', () => {
  it('are a tree: locks with where they were taken, RCU, sleep, ways in, what is not known', async () => {
    const source = `static int foo_unlink(struct inode *dir, struct dentry *d)
{
	struct foo *f = dir->i_private;
	spin_lock(&f->lock);
	f->count++;
	spin_unlock(&f->lock);
	return far(f);
}
static const struct inode_operations iops = { .unlink = foo_unlink };`;
    const result = await withEngine(source, (engine) => engine.contexts({ file: FILE, line: 6 }, NEVER));
    assert.ok(result.ok);
    const nodes = contextNodes(hoverCard(result.answer));
    assert.deepEqual(treeText(nodes), [
      'foo_unlink() | line 6',
      'held: dir->i_rwsem, d->d_inode->i_rwsem, dir->i_private->lock; must not sleep | ',
      '  dir->i_rwsem | exclusive \u00b7 held by the caller \u00b7 inode::i_rwsem',
      '  d->d_inode->i_rwsem | exclusive \u00b7 held by the caller \u00b7 inode::i_rwsem',
      '  dir->i_private->lock | exclusive \u00b7 taken at line 5 \u00b7 foo::lock',
      '  must not sleep: foo::lock held | ',
      '  inode_operations.unlink of iops, foo_unlink() | ',
      'not known | calls whose effect is not known: far()',
    ]);
    assert.equal(nodes[1]?.children[2]?.at?.line, 5);
  });

  it('lead from a way in to its beginning and along its calls, and from a lock to who took it', async () => {
    const source = `static void foo_count(struct foo *f)
{
	f->count++;
}
static void foo_gone(struct foo *f)
{
	foo_count(f);
}
static int foo_unlink(struct inode *dir, struct dentry *d)
{
	struct foo *f = dir->i_private;
	spin_lock(&f->lock);
	foo_gone(f);
	spin_unlock(&f->lock);
	return 0;
}
static const struct inode_operations iops = { .unlink = foo_unlink };`;
    const result = await withEngine(source, (engine) =>
      engine.contexts({ file: FILE, line: 4, places: true }, NEVER),
    );
    assert.ok(result.ok);
    const links = (nodes: readonly ShownNode[], indent = ''): readonly string[] =>
      nodes.flatMap((node) => [
        `${indent}${node.label} | ${node.detail} @${node.at?.line ?? '-'}`,
        ...links(node.children, `${indent}  `),
      ]);
    const state = contextNodes(hoverCard(result.answer))[1];
    assert.deepEqual(links(state?.children ?? []).slice(2), [
      'f->lock | exclusive \u00b7 taken by foo_unlink() \u00b7 foo::lock @13',
      'must not sleep: foo::lock held |  @-',
      'inode_operations.unlink of iops, foo_unlink() | through foo_gone() @10',
      '  foo_unlink() |  @10',
      '  foo_gone() |  @6',
    ]);
  });
});
