/**
 * The model held against small trees with planted disagreements: one for each source that must be found, and beside it
 * what must not be taken for one. What real trees say is in `test/kernel/verify.test.ts`.
 */
import assert from 'node:assert/strict';
import { NEVER } from '../../server/src/engine/base/cancel.js';
import type { VerifyAnswer } from '../../server/src/engine/door.js';
import { MODEL_DATA } from '../../server/src/engine/model/index.js';
import { readDeclarations } from '../../server/src/engine/verify/c-text.js';
import { readLockingRst } from '../../server/src/engine/verify/rst.js';
import { filesOf, openFiles } from './harness.js';

async function verify(source: string): Promise<VerifyAnswer> {
  const engine = await openFiles(filesOf(source));
  const answer = engine.verify(NEVER);
  engine.dispose();
  return answer;
}

/** What was said of a name, as `source aspect: verdict`, in order; `only` picks one source. */
async function checkVerified(
  source: string,
  name: string,
  only: string,
  expected: readonly string[],
): Promise<void> {
  const { comparisons } = await verify(source);
  const said = comparisons
    .filter((c) => c.name === name && c.source === only)
    .map((c) => `${c.aspect}: ${c.verdict}`);
  assert.deepEqual(said, expected);
}

const RST = (table: string, rules = ''): string =>
  `// file: Documentation/filesystems/locking.rst\n${table.replace('RULES', rules)}`;

const INODES = (row: string): string =>
  RST(`inode_operations
================

prototypes::

	int (*create) (struct inode *);

locking rules:
	all may block

==============	=============================
ops		i_rwsem(inode)
==============	=============================
${row}
==============	=============================

`);

const DENTRIES = (row: string): string =>
  RST(`dentry_operations
=================

locking rules:

================== ===========	========	==============	========
ops		   rename_lock	->d_lock	may block	rcu-walk
================== ===========	========	==============	========
${row}
================== ===========	========	==============	========

`);

const FOLIOS = (row: string): string =>
  RST(`address_space_operations
========================

locking rules:
	All except dirty_folio and free_folio may block

======================	======================== =========	===============
ops			folio locked		 i_rwsem	invalidate_lock
======================	======================== =========	===============
${row}
======================	======================== =========	===============

`);

describe('model verify: tables of locking.rst', () => {
  const doc = 'documentation';

  it('a lock in the wrong mode is found, in the right one it is not', async () => {
    const name = 'inode_operations.create';
    await checkVerified(INODES('create:		shared'), name, doc, ['i_rwsem: disagree', 'block: agree']);
    await checkVerified(INODES('create:		exclusive'), name, doc, ['i_rwsem: agree', 'block: agree']);
  });

  it('a lock that is said to be free and is held by every caller is found', async () => {
    await checkVerified(INODES('unlink:		no'), 'inode_operations.unlink', doc, [
      'i_rwsem: disagree',
      'block: agree',
    ]);
  });

  it('two locks have to be two', async () => {
    const name = 'inode_operations.mkdir';
    await checkVerified(INODES('link:		exclusive (both)'), 'inode_operations.link', doc, [
      'i_rwsem: agree',
      'block: agree',
    ]);
    await checkVerified(INODES('mkdir:		exclusive (both)'), name, doc, [
      'i_rwsem: disagree',
      'block: agree',
    ]);
  });

  it('no does not speak against a lock that some callers hold', async () => {
    await checkVerified(INODES('permission:	no'), 'inode_operations.permission', doc, [
      'i_rwsem: agree',
      'block: agree',
    ]);
  });

  it('blocking and RCU-walk are columns of their own', async () => {
    const name = 'dentry_operations.d_delete';
    const right = ['rename_lock: agree', 'd_lock: agree', 'block: agree', 'RCU-walk: agree'];
    await checkVerified(DENTRIES('d_delete:	   no		yes		no		no'), name, doc, right);
    await checkVerified(DENTRIES('d_delete:	   no		no		yes		maybe'), name, doc, [
      'rename_lock: agree',
      'd_lock: disagree',
      'block: disagree',
      'RCU-walk: disagree',
    ]);
  });

  it('an explanation counts for the aspect that it names, and for no other', async () => {
    await checkVerified(
      DENTRIES('d_compare:	   yes		no		yes		maybe'),
      'dentry_operations.d_compare',
      doc,
      ['rename_lock: explained', 'd_lock: agree', 'block: disagree', 'RCU-walk: agree'],
    );
  });

  it('a lock that is let go of is part of the contract, and so are the exceptions above the table', async () => {
    await checkVerified(
      FOLIOS('launder_folio:		yes, unlocks'),
      'address_space_operations.launder_folio',
      doc,
      ['PG_locked: agree', 'PG_locked: disagree', 'block: agree'],
    );
    await checkVerified(FOLIOS('free_folio:		yes'), 'address_space_operations.free_folio', doc, [
      'PG_locked: agree',
      'block: agree',
    ]);
  });

  it('a cell that begins after one space belongs to the column where it stands', () => {
    const rows = readLockingRst(DENTRIES('d_weak_revalidate: no		no		yes	 	no').replace(/^.*\n/, ''));
    assert.deepEqual(
      rows.map((row) => [row.method, ...row.cells.map((cell) => cell.text)]),
      [['d_weak_revalidate', 'no', 'no', 'yes', 'no']],
    );
  });

  it('a method that the model does not know is counted, one that the tree no longer has is not', async () => {
    const unknown = await verify(
      INODES('open_all:	no').replace('inode_operations', 'block_device_operations'),
    );
    assert.deepEqual(unknown.documented, {
      total: 1,
      compared: 0,
      missing: ['block_device_operations.open_all'],
    });
    const gone = await verify(INODES('truncate_all:	no'));
    assert.equal(gone.documented.total, 0);
    assert.match(gone.comparisons.find((c) => c.aspect === 'method')?.reason ?? '', /no longer has/);
  });
});

describe('model verify: declarations', () => {
  const slots = (text: string): string =>
    `// file: include/linux/exportfs.h\nstruct export_operations {\n	int (*fh_to_dentry)(${text});\n};\n`;

  it('parameters in another order or number are found', async () => {
    const name = 'export_operations.fh_to_dentry';
    const check = (text: string, verdict: string): Promise<void> =>
      checkVerified(slots(text), name, 'signature', [`parameters: ${verdict}`]);
    await check('struct super_block *sb, struct fid *fid, int fh_len, int fh_type', 'agree');
    await check('struct super_block *, struct fid *, int, int', 'agree');
    await check('struct fid *fid, struct super_block *sb, int fh_len, int fh_type', 'disagree');
    await check('struct super_block *sb, struct fid *fid, int fh_type, int fh_len', 'disagree');
    await check('struct super_block *sb, struct fid *fid, int fh_len', 'disagree');
  });

  it('a helper is compared by its definition, also where it is a macro', async () => {
    const c = (text: string): string => `// file: fs/dcache.c\n${text}\n`;
    await checkVerified(c('void d_drop(struct dentry *d) { }'), 'd_drop', 'signature', ['parameters: agree']);
    await checkVerified(c('void d_drop(struct dentry *d, int how) { }'), 'd_drop', 'signature', [
      'parameters: disagree',
    ]);
    await checkVerified(c('#define d_drop(d, how) __d_drop(d)'), 'd_drop', 'signature', [
      'parameters: disagree',
    ]);
  });

  it('an attribute with arguments, or a macro without semicolon above, hides no declaration', () => {
    const read = (text: string): readonly string[] =>
      readDeclarations('fs/x.c', text, new Set(['d_drop', '__d_drop']), new Set()).functions.map(
        (d) => `${d.kind} ${d.name}(${d.parameters.join(', ')})`,
      );
    assert.deepEqual(
      read('static inline __printf(1, 2) __attribute__((nonnull(1, 2)))\nint d_drop(int a) { }'),
      ['definition d_drop(int a)'],
    );
    assert.deepEqual(read('DEFINE_GUARD(a, struct b *, take(_T), drop(_T))\n\nint d_drop(int a);'), [
      'prototype d_drop(int a)',
    ]);
    assert.deepEqual(read('DEFINE_FREE(a, struct b *, if (_T) d_drop(_T))\nint x = f(1) + d_drop(2);'), []);
  });

  it('a helper of other versions that the tree has, and one of this version that it nowhere says', async () => {
    const check = (text: string, verdicts: readonly string[]): Promise<void> =>
      checkVerified(
        `// file: include/linux/namei.h\n${text}\n`,
        'start_creating_dentry',
        'signature',
        verdicts,
      );
    await check('struct dentry *start_creating_dentry(struct dentry *a, struct dentry *b);', [
      'versions: disagree',
    ]);
    await check('struct dentry *start_creating(struct dentry *a);', []);
    const names = [...new Set(MODEL_DATA.helpers.map((entry) => entry.name))].filter(
      (n) => !/^(ihold|igrab)$/.test(n),
    );
    const all = `// file: include/linux/all.h\n${names.map((n) => `void ${n}(void);`).join('\n')}\n`;
    const use = '// file: fs/inode.c\nvoid a(void) { ihold(0); }\n';
    const said = async (tree: string, name: string): Promise<readonly string[]> =>
      (await verify(tree)).comparisons
        .filter((c) => c.name === name && c.source === 'signature')
        .map((c) => `${c.aspect}: ${c.verdict}`);
    assert.deepEqual(await said(`${all}${use}`, 'igrab'), ['versions: disagree']);
    assert.deepEqual(await said(`${all}${use}`, 'ihold'), ['parameters: not-compared']);
    // A few files are not the whole tree
    assert.deepEqual(await said(use, 'igrab'), ['parameters: not-compared']);
  });

  it('calls, comments and members are no declarations', () => {
    const text = `/* void d_drop(void); */
EXPORT_SYMBOL(d_drop);
struct other { void (*d_drop)(void); };
static void user(void) { d_drop(x); }
`;
    assert.deepEqual(readDeclarations('fs/x.c', text, new Set(['d_drop']), new Set()).functions, []);
  });
});

describe('model verify: assertions', () => {
  const dcache = (text: string): string => `// file: fs/dcache.c\n${text}\n`;

  it('a lock that is asserted and not in the model is found', async () => {
    await checkVerified(
      dcache('void d_drop(struct dentry *dentry)\n{\n	lockdep_assert_held(&dentry->d_lock);\n}'),
      'd_drop',
      'assertion',
      ['d_lock: disagree'],
    );
    await checkVerified(
      dcache('void __d_drop(struct dentry *dentry)\n{\n	lockdep_assert_held(&dentry->d_lock);\n}'),
      '__d_drop',
      'assertion',
      ['d_lock: agree'],
    );
  });

  it('the same by a warning, by an annotation and for sleeping', async () => {
    await checkVerified(
      dcache(`void d_drop(struct dentry *dentry) __must_hold(&dentry->d_lock)
{
	WARN_ON(!inode_is_locked(dentry->d_inode));
	might_sleep();
}`),
      'd_drop',
      'assertion',
      ['d_lock: disagree', 'i_rwsem: disagree', 'sleep: disagree'],
    );
  });

  it('a lock that only some paths assert speaks against nothing, a sleep does against never', async () => {
    await checkVerified(
      dcache(`void d_drop(struct dentry *dentry)
{
	if (dentry->d_flags)
		lockdep_assert_held(&dentry->d_lock);
	if (!dentry->d_parent)
		return;
	might_sleep();
}`),
      'd_drop',
      'assertion',
      ['d_lock: not-compared', 'sleep: disagree'],
    );
  });

  it('an assertion of a mode is no assertion of the other', async () => {
    const umount = (assertion: string): string =>
      dcache(`void shrink_dcache_for_umount(struct super_block *sb)\n{\n	${assertion}(&sb->s_umount);\n}`);
    const check = (assertion: string, verdict: string): Promise<void> =>
      checkVerified(umount(assertion), 'shrink_dcache_for_umount', 'assertion', [`s_umount: ${verdict}`]);
    await check('lockdep_assert_held_write', 'agree');
    await check('lockdep_assert_held', 'agree');
    await check('lockdep_assert_held_read', 'disagree');
    await check('rwsem_assert_held_write_nolockdep', 'agree');
  });
});

describe('model verify: bodies', () => {
  const inode = (body: string): string =>
    `// file: fs/inode.c\nvoid ihold(struct inode *inode)\n{\n${body}\n}\n`;

  it('a body that does what the model says is left alone', async () => {
    await checkVerified(
      inode('	spin_lock(&inode->i_lock);\n	spin_unlock(&inode->i_lock);'),
      'ihold',
      'body',
      ['locks: agree', 'locks: agree', 'sleep: agree'],
    );
  });

  it('a lock that is kept, and one that is let go of', async () => {
    await checkVerified(inode('	spin_lock(&inode->i_lock);'), 'ihold', 'body', [
      'i_lock: disagree',
      'locks: agree',
      'sleep: agree',
    ]);
    await checkVerified(inode('	spin_unlock(&inode->i_lock);'), 'ihold', 'body', [
      'locks: agree',
      'i_lock: disagree',
      'sleep: agree',
    ]);
  });

  it('a lock that the model states on every way out and the body takes on some', async () => {
    const lock = (body: string): string =>
      `// file: include/linux/lock.h\nstatic inline void inode_lock(struct inode *inode)\n{\n${body}\n}\n// file: fs/a.c\n#include <linux/lock.h>\nvoid a(struct inode *i) { inode_lock(i); }\n`;
    await checkVerified(lock('	down_write(&inode->i_rwsem);'), 'inode_lock', 'body', [
      'i_rwsem: agree',
      'locks: agree',
      'sleep: agree',
    ]);
    await checkVerified(lock('	if (inode)\n		down_write(&inode->i_rwsem);'), 'inode_lock', 'body', [
      'i_rwsem: disagree',
      'locks: agree',
      'sleep: agree',
    ]);
  });

  it('a lock that is taken in the other mode', async () => {
    const lock = (how: string): string =>
      `// file: include/linux/lock.h\nstatic inline void inode_lock_shared(struct inode *inode)\n{\n	${how}(&inode->i_rwsem);\n}\n// file: fs/a.c\n#include <linux/lock.h>\nvoid a(struct inode *i) { inode_lock_shared(i); }\n`;
    const check = (how: string, verdict: string): Promise<void> =>
      checkVerified(lock(how), 'inode_lock_shared', 'body', [
        `i_rwsem: ${verdict}`,
        'locks: agree',
        'sleep: agree',
      ]);
    await check('down_read', 'agree');
    await check('down_write', 'disagree');
  });

  it('a certain sleep, a free and a grace period', async () => {
    await checkVerified(inode('	synchronize_rcu();\n	kfree(inode);'), 'ihold', 'body', [
      'locks: agree',
      'locks: agree',
      'sleep: disagree',
      'free: disagree',
      'grace period: disagree',
    ]);
  });
});
