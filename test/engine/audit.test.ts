/**
 * Audits: every instance of a method, call of a helper and spot of a rule, each with the right verdict and why.
 */
import assert from 'node:assert/strict';
import { NEVER } from '../../server/src/engine/base/cancel.js';
import type { AuditAnswer } from '../../server/src/engine/door.js';
import { filesOf, openFiles } from './harness.js';

async function auditOf(name: string, source: string, paths = ['fs']): Promise<AuditAnswer> {
  const engine = await openFiles(filesOf(source));
  try {
    const result = engine.audit({ name, paths }, NEVER);
    assert.ok(result.ok);
    // Asked again it says the same, whatever is known meanwhile
    engine.check({ paths: ['fs'], rules: [], precision: 'low' }, NEVER);
    assert.deepEqual(engine.audit({ name, paths }, NEVER), result);
    return result.answer;
  } finally {
    engine.dispose();
  }
}

/** `function verdict` of each spot, in order. */
function verdicts(answer: AuditAnswer): readonly string[] {
  return answer.spots.map((s) => `${s.function} ${s.verdict}`);
}

function whyOf(answer: AuditAnswer, name: string): string {
  return answer.spots.find((s) => s.function === name)?.why ?? '';
}

const METHODS = `
static int sleeps(struct dentry *dentry, unsigned int flags)
{
	msleep(1);
	return 1;
}
static void deep(struct foo *f)
{
	mutex_lock(&f->mutex);
	mutex_lock(&f->mutex);
}
static int calls(struct dentry *dentry, unsigned int flags)
{
	if (flags & LOOKUP_RCU)
		return -ECHILD;
	deep(dentry->d_fsdata);
	return 1;
}
int elsewhere(struct dentry *dentry);
static int asks(struct dentry *dentry, unsigned int flags)
{
	return elsewhere(dentry);
}
static int leaves(struct dentry *dentry, unsigned int flags)
{
	struct foo *f = dentry->d_fsdata;

	if (flags & LOOKUP_RCU)
		return -ECHILD;
	mutex_lock(&f->mutex);
	mutex_unlock(&f->mutex);
	return 1;
}
static int plain(struct dentry *dentry, unsigned int flags)
{
	return dentry->d_flags;
}
const struct dentry_operations ops1 = { .d_revalidate = sleeps };
const struct dentry_operations ops2 = { .d_revalidate = calls };
const struct dentry_operations ops3 = { .d_revalidate = asks };
const struct dentry_operations ops4 = { .d_revalidate = leaves };
const struct dentry_operations ops5 = { .d_revalidate = plain };
const struct dentry_operations ops6 = { .d_revalidate = plain };
const struct dentry_operations ops7 = { .d_revalidate = not_here };
// file: fs/bar/y.c
static int other(struct dentry *dentry, unsigned int flags)
{
	return 1;
}
const struct dentry_operations bar_ops = { .d_revalidate = other };
`;

describe('audit', () => {
  it('of a method: every table, with what is found, not followed, or looked at', async () => {
    const answer = await auditOf('d_revalidate', METHODS);
    assert.equal(answer.kind, 'method');
    assert.deepEqual(verdicts(answer), [
      'other fine',
      'sleeps suspect',
      'calls suspect',
      'asks unknown',
      'leaves fine',
      'plain fine',
      'plain fine',
      'not_here unknown',
    ]);
    assert.match(whyOf(answer, 'sleeps'), /^rcu\/walk-blocks at fs\/foo\/x\.c:5 \(high\)/);
    assert.match(whyOf(answer, 'calls'), /^lock\/double at fs\/foo\/x\.c:11/);
    assert.equal(whyOf(answer, 'asks'), 'calls whose effect is not known: elsewhere()');
    assert.match(
      whyOf(answer, 'leaves'),
      /^out of RCU-walk before it may sleep \(mutex_lock\(\)\), takes foo::mutex, frees nothing/,
    );
    assert.match(whyOf(answer, 'plain'), /^must not sleep and does not, takes no lock, frees nothing$/);
    assert.match(whyOf(answer, 'not_here'), /another directory/);
    assert.deepEqual(
      answer.spots.filter((s) => s.function === 'plain').map((s) => s.table),
      ['ops5', 'ops6'],
    );
  });

  it('of a method: what is freed at once, and who might look at it', async () => {
    const answer = await auditOf(
      'd_release',
      `
static void release(struct dentry *dentry)
{
	kfree(dentry->d_fsdata);
}
const struct dentry_operations ops = { .d_release = release };`,
    );
    assert.match(
      whyOf(answer, 'release'),
      /frees dentry::d_fsdata at once, and nothing of this directory is seen to follow a pointer in RCU-walk/,
    );
  });

  it('of a method: only where it was asked for, and by its full name', async () => {
    const answer = await auditOf('dentry_operations.d_revalidate', METHODS, ['fs/bar']);
    assert.deepEqual(verdicts(answer), ['other fine']);
    assert.deepEqual(verdicts(await auditOf('inode_operations.permission', METHODS)), []);
  });

  it('of a method: a finding that has a method of its own says nothing of another one', async () => {
    const answer = await auditOf(
      'd_delete',
      `
static int both(const struct dentry *dentry)
{
	return 0;
}
static int revalidate(struct dentry *dentry, unsigned int flags)
{
	msleep(1);
	return both(dentry);
}
const struct dentry_operations ops = { .d_revalidate = revalidate, .d_delete = both };`,
    );
    assert.deepEqual(verdicts(answer), ['both fine']);
  });

  it('of a helper: what is held in all situations, and what only in some', async () => {
    const answer = await auditOf(
      'd_drop()',
      `
static void drop(struct foo *f, struct dentry *dentry)
{
	spin_lock(&f->lock);
	d_drop(dentry);
	spin_unlock(&f->lock);
}
void a(struct foo *f, struct dentry *dentry)
{
	mutex_lock(&f->mutex);
	drop(f, dentry);
	mutex_unlock(&f->mutex);
}
void b(struct foo *f, struct dentry *dentry)
{
	drop(f, dentry);
}`,
    );
    assert.equal(
      whyOf(answer, 'drop'),
      'needs no lock; held: &f->lock in all 2 situations, and in some &f->mutex',
    );
  });

  it('of a method with a parameter that it should treat as const: whether it does', async () => {
    const answer = await auditOf(
      'd_prune',
      `
#define IS_ROOT(x) ((x) == (x)->d_parent)
#define dout(fmt, ...) printk(fmt, ##__VA_ARGS__)
static bool is_dead(const struct dentry *dentry)
{
	return dentry->d_flags & 1;
}
static void reads(struct dentry *dentry)
{
	struct foo *f = dentry->d_fsdata;

	dout("%p", dentry);
	if (!IS_ROOT(dentry) && !is_dead(dentry) && !d_unhashed(dentry))
		f->ready = false;
}
static void forget(struct dentry *victim)
{
	victim->d_fsdata = NULL;
}
static void writes(struct dentry *dentry)
{
	forget(dentry);
}
static void counts(struct dentry *dentry)
{
	struct foo *f = dentry->d_fsdata;

	cmpxchg(&f->next, dentry, NULL);
}
const struct dentry_operations a = { .d_prune = reads };
const struct dentry_operations b = { .d_prune = writes };
const struct dentry_operations c = { .d_prune = counts };`,
    );
    assert.match(whyOf(answer, 'reads'), /; writes nothing through 'dentry': it could be const$/);
    assert.match(whyOf(answer, 'writes'), /; writes through 'dentry' \(fs\/foo\/x\.c:\d+\)$/);
    assert.match(whyOf(answer, 'counts'), /may write through 'dentry': cmpxchg\(\) gets it/);
  });

  it('of a helper: every call, with what it needs and what is held', async () => {
    const answer = await auditOf(
      'simple_unlink',
      `
static int unlink(struct inode *dir, struct dentry *dentry)
{
	return simple_unlink(dir, dentry);
}
static void put_super(struct super_block *sb)
{
	struct inode *dir = sb->s_fs_info;

	simple_unlink(dir, sb->s_root);
}
int from_anywhere(struct inode *dir, struct dentry *dentry)
{
	return simple_unlink(dir, dentry);
}
const struct inode_operations ops = { .unlink = unlink };
const struct super_operations sops = { .put_super = put_super };`,
    );
    assert.equal(answer.kind, 'helper');
    assert.deepEqual(verdicts(answer), ['unlink fine', 'put_super suspect', 'from_anywhere unknown']);
    assert.match(whyOf(answer, 'unlink'), /^&dir->i_rwsem held as it must; held: &dir->i_rwsem/);
    assert.match(
      whyOf(answer, 'put_super'),
      /needs '&sb->s_fs_info->i_rwsem' held exclusively, and it is called without/,
    );
    assert.match(whyOf(answer, 'from_anywhere'), /perhaps not held; .*who calls it is not known/);
  });

  it('of a helper whose name is a method too, by its parentheses', async () => {
    const source = `
static int unlink(struct inode *dir, struct dentry *dentry)
{
	d_delete(dentry);
	return 0;
}
static int drop(const struct dentry *dentry)
{
	return 0;
}
const struct inode_operations iops = { .unlink = unlink };
const struct dentry_operations dops = { .d_delete = drop };`;
    assert.deepEqual(verdicts(await auditOf('d_delete()', source)), ['unlink fine']);
    assert.deepEqual(verdicts(await auditOf('d_delete', source)), ['drop fine']);
  });

  it('of a rule: what it says, and where it looked and why it is silent', async () => {
    const answer = await auditOf('walk-blocks', METHODS);
    assert.equal(answer.name, 'rcu/walk-blocks');
    const of = (name: string): readonly string[] =>
      answer.spots.filter((s) => s.function === name).map((s) => s.verdict);
    assert.deepEqual(of('sleeps'), ['suspect']);
    assert.deepEqual(of('leaves'), ['fine']);
    assert.match(whyOf(answer, 'leaves'), /RCU-walk does not get there/);
    assert.deepEqual(of('plain'), []);
    assert.ok(answer.functions >= 6);
  });

  it('of nothing that there is', async () => {
    const engine = await openFiles(filesOf(METHODS));
    const result = engine.audit({ name: 'nonsense', paths: ['fs'] }, NEVER);
    engine.dispose();
    assert.ok(!result.ok && /nonsense: neither a rule/.test(result.problem));
  });
});
