/**
 * Why a rule says nothing: each exemption is named on the line where it applies, and where there is none the answer says no more
 * than is known. A comment that begins with `?` marks the line that is asked about.
 */
import assert from 'node:assert/strict';
import { NEVER } from '../../server/src/engine/base/cancel.js';
import type { AbsentAnswer } from '../../server/src/engine/door.js';
import { filesOf, openFiles, type RuleCases } from './harness.js';
import { ATOMIC_METHOD } from './rules/dentry/atomic-method.js';
import { FSDATA_REFERENCE } from './rules/dentry/fsdata-reference.js';
import { FSDATA_TYPE } from './rules/dentry/fsdata-type.js';
import { HASH_STATE } from './rules/dentry/hash-state.js';
import { PARENT_RECHECK } from './rules/dentry/parent-recheck.js';
import { PRUNE_DROPS_LOCK } from './rules/dentry/prune-drops-lock.js';
import { PRUNE_FREES } from './rules/dentry/prune-frees.js';
import { PRUNE_REFERENCE } from './rules/dentry/prune-reference.js';
import { RELEASE_LINKED } from './rules/dentry/release-linked.js';
import { UNSTABLE_DENTRY_INODE } from './rules/dentry/unstable-inode.js';
import { UNSTABLE_NAME } from './rules/dentry/unstable-name.js';
import { UNSTABLE_PARENT } from './rules/dentry/unstable-parent.js';
import { ALIAS_MOVE } from './rules/dir/alias-move.js';
import { LOCK_REQUIRED } from './rules/dir/lock-required.js';
import { LOST_RACE_LEAK } from './rules/dir/lost-race-leak.js';
import { RELOCK_DEAD } from './rules/dir/relock-dead.js';
import { SELF_DEADLOCK } from './rules/dir/self-deadlock.js';
import { STALE_POINTER } from './rules/dir/stale-pointer.js';
import { STALE_SNAPSHOT } from './rules/dir/stale-snapshot.js';
import { UNLOCKED_REMOVAL } from './rules/dir/unlocked-removal.js';
import { GUARDED_FIELD } from './rules/lock/guarded-field.js';
import { NOT_HELD } from './rules/lock/not-held.js';
import { ORDER } from './rules/lock/order.js';
import { SLEEP_IN_ATOMIC } from './rules/lock/sleep-in-atomic.js';
import { EARLY_FREE } from './rules/rcu/early-free.js';
import { UNSTABLE_INODE } from './rules/rcu/unstable-inode.js';
import { UNSTABLE_PARENT as UNSTABLE_WALK_PARENT } from './rules/rcu/unstable-parent.js';
import { WALK_HARD_ERROR } from './rules/rcu/walk-hard-error.js';
import { WALK_REFERENCE } from './rules/rcu/walk-reference.js';

interface Case {
  readonly title: string;
  readonly rule: string;
  readonly source: string;
  /** On the line. */
  readonly silent?: RegExp;
  /** Elsewhere in the function, or of all of it. */
  readonly elsewhere?: RegExp;
  readonly note?: RegExp;
  readonly found?: RegExp;
}

const REVALIDATE = 'const struct dentry_operations ops = { .d_revalidate = revalidate };';

const CASES: readonly Case[] = [
  {
    title: 'a reference was taken under RCU',
    rule: 'rcu/unprotected-deref',
    source: `
struct bar { int n; refcount_t refs; };
struct box { struct bar *bar; struct mutex mutex; };
static int open_it(struct inode *inode, struct file *file)
{
	struct box *box = inode->i_private;
	struct bar *bar;

	rcu_read_lock();
	bar = rcu_dereference(box->bar);
	refcount_inc(&bar->refs); /*?*/
	rcu_read_unlock();
	return bar->n;
}
const struct file_operations fops = { .open = open_it };`,
    silent: /'bar' was read under RCU, and something here may keep it/,
  },
  {
    title: 'the update side is kept out',
    rule: 'rcu/unprotected-deref',
    source: `
struct bar { int n; refcount_t refs; };
struct box { struct bar *bar; struct mutex mutex; };
static int open_it(struct inode *inode, struct file *file)
{
	struct box *box = inode->i_private;
	struct bar *bar;

	mutex_lock(&box->mutex);
	rcu_read_lock();
	bar = rcu_dereference(box->bar);
	rcu_read_unlock();
	box = NULL; /*?*/
	return bar->n;
}
const struct file_operations fops = { .open = open_it };`,
    silent: /a lock is held across the end of the read side/,
  },
  {
    title: 'what RCU protects is only compared',
    rule: 'rcu/unprotected-deref',
    source: `
struct bar { int n; refcount_t refs; };
struct box { struct bar *bar; struct mutex mutex; };
static int open_it(struct inode *inode, struct file *file)
{
	struct box *box = inode->i_private;
	struct bar *bar;

	rcu_read_lock();
	bar = rcu_dereference(box->bar);
	rcu_read_unlock();
	return bar == NULL; /*?*/
}
const struct file_operations fops = { .open = open_it };`,
    silent: /'bar' was read under RCU, and is only compared/,
  },
  {
    title: 'the contract hands a lock over',
    rule: 'lock/contract',
    source: `
static void kill(struct super_block *sb)
{
	up_write(&sb->s_umount); /*?*/
}
const struct file_system_type type = { .kill_sb = kill };`,
    elsewhere: /the contract of ->kill_sb\(\) hands super_block::s_umount over/,
  },
  {
    title: 'another lock of the class that the callers hold',
    rule: 'lock/contract',
    source: `
static int drop(struct inode *inode)
{
	struct inode *lower = inode->i_private;

	spin_lock(&lower->i_lock); /*?*/
	spin_unlock(&lower->i_lock);
	return 0;
}
const struct super_operations sops = { .drop_inode = drop };`,
    silent: /callers hold a lock of class inode::i_lock, which is not shown to be this one/,
  },
  {
    title: 'an annotated function that calls something unknown',
    rule: 'lock/annotation',
    source: `
void foo_elsewhere(struct foo *f);
static void finish(struct foo *f)
	__releases(&f->lock)
{
	foo_elsewhere(f); /*?*/
}
void a(struct foo *f)
{
	spin_lock(&f->lock);
	finish(f);
}`,
    elsewhere: /it calls something of which nothing is known/,
  },
  {
    title: 'another rule says it',
    rule: 'lock/contract',
    source: `
static void prune(struct dentry *dentry)
{
	spin_unlock(&dentry->d_lock); /*?*/
	spin_lock(&dentry->d_lock);
}
const struct dentry_operations dops = { .d_prune = prune };`,
    silent: /'dentry\/prune-drops-lock' says it/,
  },
  {
    title: 'a sleep that RCU-walk does not get to',
    rule: 'rcu/walk-blocks',
    source: `
static int revalidate(struct dentry *dentry, unsigned int flags)
{
	if (flags & LOOKUP_RCU)
		return -ECHILD;
	msleep(1); /*?*/
	return 1;
}
${REVALIDATE}`,
    silent: /'msleep\(\)' may sleep, but RCU-walk does not get there/,
  },
  {
    title: 'a sleep in a function that no RCU-walk enters',
    rule: 'rcu/walk-blocks',
    source: `
static int unlink(struct inode *dir, struct dentry *dentry)
{
	msleep(1); /*?*/
	return 0;
}
const struct inode_operations ops = { .unlink = unlink };`,
    silent: /no RCU-walk is known to enter/,
  },
  {
    title: 'a sleep after the RCU read side was left',
    rule: 'rcu/walk-blocks',
    source: `
static int revalidate(struct dentry *dentry, unsigned int flags)
{
	rcu_read_unlock();
	msleep(1); /*?*/
	rcu_read_lock();
	return 1;
}
${REVALIDATE}`,
    silent: /the RCU read side was left before/,
  },
  {
    title: 'what is reported is said',
    rule: 'rcu/walk-blocks',
    source: `
static int revalidate(struct dentry *dentry, unsigned int flags)
{
	msleep(1); /*?*/
	return 1;
}
${REVALIDATE}`,
    found: /'msleep\(\)' may sleep/,
  },
  {
    title: 'freed after a grace period',
    rule: 'rcu/early-free',
    source: `
struct record { int flags; struct rcu_head rcu; };
static int manage(const struct path *path, bool rcu_walk)
{
	struct record *r = path->dentry->d_fsdata;

	return r->flags;
}
static void release(struct dentry *dentry)
{
	struct record *r = dentry->d_fsdata;

	kfree_rcu(r, rcu); /*?*/
}
const struct dentry_operations ops = { .d_manage = manage, .d_release = release };`,
    silent: /freed by 'kfree_rcu\(\)': in ->d_release\(\), it is not freed at once but later/,
  },
  {
    title: 'freed, and nothing looks at it without a lock',
    rule: 'rcu/early-free',
    source: `
struct record { int flags; };
static void release(struct dentry *dentry)
{
	struct record *r = dentry->d_fsdata;

	kfree(r); /*?*/
}
const struct dentry_operations ops = { .d_release = release };`,
    silent:
      /'dentry::d_fsdata' is freed by 'kfree\(\)': .* no method of this directory that runs in RCU-walk/,
  },
  {
    title: 'read under a lock',
    rule: 'rcu/early-free',
    source: `
struct record { int flags; };
static int manage(const struct path *path, bool rcu_walk)
{
	struct record *r;
	int flags;

	spin_lock(&path->dentry->d_lock);
	r = path->dentry->d_fsdata;
	flags = r->flags; /*?*/
	spin_unlock(&path->dentry->d_lock);
	return flags;
}
const struct dentry_operations ops = { .d_manage = manage };`,
    silent: /looked at under a lock/,
  },
  {
    title: 'read once',
    rule: 'rcu/unstable-inode',
    source: `
static int revalidate(struct dentry *dentry, unsigned int flags)
{
	struct inode *inode = d_inode_rcu(dentry); /*?*/

	if (!inode)
		return -ECHILD;
	return inode->i_flags;
}
${REVALIDATE}`,
    silent: /'d_inode_rcu\(\)' reads once/,
  },
  {
    title: 'only tested',
    rule: 'rcu/unstable-inode',
    source: `
static int revalidate(struct dentry *dentry, unsigned int flags)
{
	if (!dentry->d_inode) /*?*/
		return -ECHILD;
	return 1;
}
${REVALIDATE}`,
    silent: /only tested for NULL/,
  },
  {
    title: 'the inode of the root',
    rule: 'rcu/unstable-inode',
    source: `
static int revalidate(struct dentry *dentry, unsigned int flags)
{
	struct inode *inode = d_inode(dentry->d_sb->s_root); /*?*/

	return inode->i_flags;
}
${REVALIDATE}`,
    silent: /root of a superblock/,
  },
  {
    title: 'another instance of the class',
    rule: 'lock/double',
    source: `
void a(struct foo *f, struct foo *g)
{
	mutex_lock(&f->mutex);
	mutex_lock(&g->mutex); /*?*/
	mutex_unlock(&g->mutex);
	mutex_unlock(&f->mutex);
}`,
    silent:
      /'&f->mutex' \(foo::mutex\) is held here already, but this is 'g->mutex', which is not shown to be/,
  },
  {
    title: 'a callee that takes another instance',
    rule: 'lock/double',
    source: `
static void b(struct foo *g)
{
	mutex_lock(&g->mutex);
	mutex_unlock(&g->mutex);
}
void a(struct foo *f, struct foo *g)
{
	mutex_lock(&f->mutex);
	b(g); /*?*/
	mutex_unlock(&f->mutex);
}`,
    silent: /the call takes a lock of class foo::mutex while one is held/,
  },
  {
    title: 'a lock that is only tried',
    rule: 'lock/double',
    source: `
int a(struct foo *f)
{
	int done;

	mutex_lock(&f->mutex);
	done = mutex_trylock(&f->mutex); /*?*/
	mutex_unlock(&f->mutex);
	return done;
}`,
    silent: /only tried/,
  },
  {
    title: 'a function that is there to take a lock',
    rule: 'lock/imbalance',
    source: `
int a(struct foo *f)
{
	if (f->ready)
		return -EBUSY;
	mutex_lock(&f->mutex); /*?*/
	return 0;
}`,
    silent: /'f->mutex' is held on some ways out: it is never released here/,
  },
  {
    title: 'ways out that are all alike',
    rule: 'lock/imbalance',
    source: `
int a(struct foo *f)
{
	mutex_lock(&f->mutex);
	f->count++;
	mutex_unlock(&f->mutex); /*?*/
	return 0;
}`,
    elsewhere: /all ways out of the function leave the same locks held/,
  },
  {
    title: 'ways out that a caller can tell apart',
    rule: 'lock/imbalance',
    source: `
int a(struct foo *f)
{
	mutex_lock(&f->mutex); /*?*/
	if (f->ready) {
		mutex_unlock(&f->mutex);
		return -EBUSY;
	}
	return 0;
}`,
    silent: /a caller can tell the ways out with and without it apart/,
  },
  {
    title: 'a context that may sleep',
    rule: 'lock/sleep-in-atomic',
    source: `
static int unlink(struct inode *dir, struct dentry *dentry)
{
	msleep(1); /*?*/
	return 0;
}
const struct inode_operations ops = { .unlink = unlink };`,
    elsewhere: /the method or callback that it is entered as may sleep/,
  },
  {
    title: 'a lock of the caller that was released before',
    rule: 'dentry/atomic-method',
    source: `
static int drop(const struct dentry *dentry)
{
	spin_unlock(&dentry->d_lock);
	msleep(1); /*?*/
	spin_lock(&dentry->d_lock);
	return 0;
}
const struct dentry_operations ops = { .d_delete = drop };`,
    silent: /the lock that forbids it was released before/,
  },
  {
    title: 'nothing was looked at: the line does nothing',
    rule: 'lock/double',
    source: `
int a(struct foo *f)
{
	int n; /*?*/

	n = f->count;
	return n;
}`,
    note: /the line does nothing/,
  },
  {
    title: 'nothing was looked at: no entry leads there, and the line is not built',
    rule: 'rcu/walk-blocks',
    source: `
static int a(struct foo *f)
{
#ifdef CONFIG_PREEMPT_RT
	msleep(1); /*?*/
#endif
	return f->count;
}`,
    note: /the configuration leaves the line out/,
  },
  {
    title: 'outside of any function',
    rule: 'rcu/walk-blocks',
    source: `
static int a(struct foo *f)
{
	return f->count;
}
int b; /*?*/`,
    note: /stands in no function/,
  },
  {
    title: 'no path gets there',
    rule: 'lock/double',
    source: `
int a(struct foo *f)
{
	return 0;
	f->count++; /*?*/
}`,
    note: /no path that is certain gets to the line|the line does nothing/,
  },
];

async function answerTo({ rule, source }: Case): Promise<AbsentAnswer> {
  const files = filesOf(source);
  const text = files.get('fs/foo/x.c') ?? '';
  const line = text.slice(0, text.indexOf('/*?*/')).split('\n').length;
  const engine = await openFiles(files);
  try {
    // What a check knows already must not keep exemptions from being heard of
    engine.check({ paths: ['fs'], rules: [], precision: 'low' }, NEVER);
    const first = engine.absent({ rule, file: 'fs/foo/x.c', line }, NEVER);
    assert.deepEqual(engine.absent({ rule, file: 'fs/foo/x.c', line }, NEVER), first);
    assert.ok(first.ok);
    return first.answer;
  } finally {
    engine.dispose();
  }
}

function some(list: readonly string[], wanted: RegExp | undefined): void {
  if (wanted !== undefined)
    assert.ok(
      list.some((text) => wanted.test(text)),
      `${wanted} in ${JSON.stringify(list)}`,
    );
}

/** Right code of each rule's own fixtures, by title, and what is said of it in some function there. */
const TOLD: readonly (readonly [string, RuleCases, string, RegExp])[] = [
  ['dentry/atomic-method', ATOMIC_METHOD, 'methods that may sleep', /entered as may sleep/],
  ['dentry/atomic-method', ATOMIC_METHOD, 'what does not sleep', /nothing that may sleep is called here/],
  ['dentry/fsdata-reference', FSDATA_REFERENCE, 'moved from another dentry', /was another dentry's/],
  [
    'dentry/fsdata-reference',
    FSDATA_REFERENCE,
    'just made, or handed over',
    /was just made or comes from a caller/,
  ],
  ['dentry/fsdata-reference', FSDATA_REFERENCE, 'a number, or another structure', /is no 'struct note'/],
  [
    'dentry/fsdata-reference',
    FSDATA_REFERENCE,
    'with a reference, before and after, by a helper',
    /a reference is taken/,
  ],
  [
    'dentry/fsdata-type',
    FSDATA_TYPE,
    'tag bits, tested first',
    /bits that are stored in d_fsdata are tested/,
  ],
  ['dentry/fsdata-type', FSDATA_TYPE, 'the kinds told apart', /what stands behind d_fsdata is tested/],
  ['dentry/hash-state', HASH_STATE, 'added where it is not hashed', /was asked whether it is hashed/],
  ['dentry/hash-state', HASH_STATE, 'added by a lookup', /no method that may be given a hashed dentry/],
  ['dentry/hash-state', HASH_STATE, 'removed and unhashed, before or after', /a dentry is unhashed/],
  ['dentry/hash-state', HASH_STATE, 'removed by the method itself', /the VFS unhashes/],
  ['dentry/parent-recheck', PARENT_RECHECK, 'asked again', /was asked again before, under a lock/],
  ['dentry/parent-recheck', PARENT_RECHECK, 'looked up afresh inside', /no lock is held here for sure/],
  ['dentry/parent-recheck', PARENT_RECHECK, 'nothing moves in this filesystem', /renames or moves/],
  ['dentry/prune-drops-lock', PRUNE_DROPS_LOCK, 'locks of its own', /a lock that was taken here/],
  ['dentry/prune-frees', PRUNE_FREES, 'what the superblock owns, and memory of its own', /does not hang on/],
  [
    'dentry/prune-reference',
    PRUNE_REFERENCE,
    'on other objects',
    /'dget\(\)' takes a reference on something else/,
  ],
  ['dentry/release-linked', RELEASE_LINKED, 'a counted object, whose lists have references', /is counted/],
  ['dentry/release-linked', RELEASE_LINKED, 'taken off by d_prune', /d_prune or d_iput takes it off again/],
  ['dentry/unstable-inode', UNSTABLE_DENTRY_INODE, 'the caller may hold it', /a caller may hold it/],
  ['dentry/unstable-name', UNSTABLE_NAME, 'compared, or printed as %pd', /only compares or hashes/],
  [
    'dentry/unstable-name',
    UNSTABLE_NAME,
    'from a snapshot, under d_lock, under RCU',
    /a d_lock, a section of/,
  ],
  ['dentry/unstable-name', UNSTABLE_NAME, 'the parent is locked by the caller', /the caller brings the lock/],
  [
    'dentry/unstable-parent',
    UNSTABLE_PARENT,
    'pinned, under d_lock, or under RCU',
    /a reference to the parent was taken/,
  ],
  ['dentry/unstable-parent', UNSTABLE_PARENT, 'in a section of rename_lock', /section of rename_lock/],
  ['dentry/unstable-parent', UNSTABLE_PARENT, 'a file in a filesystem of others', /others put files into/],
  ['dentry/unstable-parent', UNSTABLE_PARENT, 'compared only', /only read, compared or pinned here/],
  [
    'dentry/unstable-parent',
    UNSTABLE_PARENT,
    "under a lock that the filesystem's renames take",
    /own renames take/,
  ],
  ['dir/alias-move', ALIAS_MOVE, 'a lookup that finds nothing, or makes a new inode', /splices in nothing/],
  ['dir/alias-move', ALIAS_MOVE, 'the tables of two inodes', /does not read the directory by dcache_readdir/],
  ['dir/lock-required', LOCK_REQUIRED, 'locked around it', /'parent->d_inode->i_rwsem' is held here/],
  ['dir/lock-required', LOCK_REQUIRED, 'locked by another name', /by another name/],
  ['dir/lost-race-leak', LOST_RACE_LEAK, 'the lock is kept', /no lock is dropped and taken again/],
  [
    'dir/lost-race-leak',
    LOST_RACE_LEAK,
    'looked at again after the lock was retaken',
    /looked at again after it/,
  ],
  [
    'dir/relock-dead',
    RELOCK_DEAD,
    'tested inside the lock',
    /is tested inside the lock, before ->iterate_shared/,
  ],
  ['dir/relock-dead', RELOCK_DEAD, 'looked up inside', /after the lock was taken/],
  ['dir/relock-dead', RELOCK_DEAD, 'found alive inside', /itself was tested inside the lock/],
  ['dir/self-deadlock', SELF_DEADLOCK, 'another directory', /it is that of another object/],
  ['dir/self-deadlock', SELF_DEADLOCK, 'only tried', /only tries i_rwsem/],
  ['dir/stale-pointer', STALE_POINTER, 'a reference was taken', /it may be kept/],
  ['dir/stale-pointer', STALE_POINTER, 'nobody removes', /unlinks and frees/],
  ['dir/stale-snapshot', STALE_SNAPSHOT, 'read before the lock is dropped', /still the same one/],
  [
    'dir/stale-snapshot',
    STALE_SNAPSHOT,
    'a size that is no version',
    /nobody .* is seen to count 'board::size' on/,
  ],
  ['dir/unlocked-removal', UNLOCKED_REMOVAL, 'removed with the directory locked', /is held here/],
  ['lock/guarded-field', GUARDED_FIELD, 'under the lock', /the lock is held here/],
  ['lock/guarded-field', GUARDED_FIELD, 'before others see it', /did not come from the VFS/],
  ['lock/guarded-field', GUARDED_FIELD, 'after nobody sees it any more', /when nobody does any more/],
  ['lock/not-held', NOT_HELD, 'what a function elsewhere gives may be locked', /may have come locked/],
  ['lock/not-held', NOT_HELD, 'an assertion that the callers keep', /is held here/],
  ['lock/order', ORDER, 'an ancestor of both was found', /one is above the other/],
  ['lock/sleep-in-atomic', SLEEP_IN_ATOMIC, 'a flag excludes it', /a flag that is tested excludes it/],
  ['lock/sleep-in-atomic', SLEEP_IN_ATOMIC, 'a mask that nobody knows', /with these arguments/],
  ['rcu/early-free', EARLY_FREE, 'freed in free_inode', /runs after a grace period/],
  ['rcu/unstable-inode', UNSTABLE_INODE, "under the dentry's d_lock, alive", /which keeps d_inode/],
  ['rcu/unstable-parent', UNSTABLE_WALK_PARENT, 'only compared', /does not come to a read of d_parent/],
  ['rcu/walk-hard-error', WALK_HARD_ERROR, 'the way out', /-ECHILD is given where 'kmalloc\(\)' has failed/],
  ['rcu/walk-hard-error', WALK_HARD_ERROR, 'd_hash has no such way out', /its errors are final/],
  ['rcu/walk-reference', WALK_REFERENCE, 'put by delayed_call', /set_delayed_call/],
  ['rcu/walk-reference', WALK_REFERENCE, 'the root of the superblock', /root of a superblock/],
];

/** All that is said of the functions of a case. */
async function toldOf(rule: string, source: string): Promise<readonly string[]> {
  const files = filesOf(source);
  const engine = await openFiles(files);
  const out: string[] = [];
  try {
    for (const [file, text] of files)
      for (const [i, line] of text.split('\n').entries()) {
        if (line !== '{' || !file.endsWith('.c')) continue;
        const result = engine.absent({ rule, file, line: i + 1 }, NEVER);
        assert.ok(result.ok);
        const { silences, elsewhere, notes } = result.answer;
        out.push(...[...silences, ...elsewhere].map((s) => s.why), ...notes);
      }
  } finally {
    engine.dispose();
  }
  return out;
}

describe('explain --absent', () => {
  for (const [rule, cases, title, why] of TOLD)
    it(`${rule} on right code: ${title}`, async () => {
      const source = cases[title];
      assert.ok(source !== undefined, 'the fixture is there');
      some(await toldOf(rule, source), why);
    });

  it('where a rule met nothing that it is about, its law is said', async () => {
    const law = /the rule met nothing in the function that it is about: .*i_rwsem itself/;
    some(await toldOf('dir/self-deadlock', 'int a(struct foo *f)\n{\n\treturn f->count;\n}'), law);
  });

  for (const c of CASES)
    it(`${c.rule}: ${c.title}`, async () => {
      const answer = await answerTo(c);
      some(
        answer.silences.map((s) => s.why),
        c.silent,
      );
      some(
        answer.elsewhere.map((s) => s.why),
        c.elsewhere,
      );
      some(answer.notes, c.note);
      some(
        answer.findings.map((f) => f.message),
        c.found,
      );
      assert.equal(answer.findings.length > 0, c.found !== undefined);
      if (c.note !== undefined) assert.deepEqual(answer.silences, []);
    });

  it('where something sleeps under a lock, it does not say that nothing sleeps', async () => {
    const answer = await answerTo({
      title: '',
      rule: 'lock/sleep-in-atomic',
      source: `
void a(struct foo *f)
{
	spin_lock(&f->lock);
	msleep(1); /*?*/
	spin_unlock(&f->lock);
}`,
    });
    assert.equal(answer.findings.length, 1);
    assert.deepEqual(answer.elsewhere, []);
  });

  it('a comment that hides a finding is named with its reason', async () => {
    const answer = await answerTo({
      title: '',
      rule: 'lock/double',
      source: `
void a(struct foo *f)
{
	mutex_lock(&f->mutex);
	/* lockwalk-ignore lock/double: tested by hand */
	mutex_lock(&f->mutex); /*?*/
}`,
    });
    assert.equal(answer.allowed, 'tested by hand');
    assert.equal(answer.findings.length, 1);
  });

  it('a check itself says the same whether somebody has asked or not', async () => {
    const source = CASES.map((c, i) =>
      c.source.replace(/\b(a|b|revalidate|release|manage|unlink|drop|ops|record)\b/g, `$1${i}`),
    ).join('\n');
    const engine = await openFiles(filesOf(source));
    try {
      const request = { paths: ['fs'], rules: [], precision: 'low' } as const;
      const before = engine.check(request, NEVER).findings;
      engine.absent({ rule: 'lock/double', file: 'fs/foo/x.c', line: 9 }, NEVER);
      assert.deepEqual(engine.check(request, NEVER).findings, before);
    } finally {
      engine.dispose();
    }
  });

  it('says what it is not asked right', async () => {
    const engine = await openFiles(filesOf('int a(void) { return 0; }'));
    try {
      for (const query of [
        { rule: 'lock/none', file: 'fs/foo/x.c', line: 1 },
        { rule: 'lock/double', file: 'fs/foo/none.c', line: 1 },
      ])
        assert.equal(engine.absent(query, NEVER).ok, false);
    } finally {
      engine.dispose();
    }
  });
});
