/**
 * The two questions of a reviewer: who reads and writes a member, and what relies on a lock that is dropped. C in, answer out. The line that
 * is asked about bears the comment `here`.
 */
import assert from 'node:assert/strict';
import { NEVER } from '../../server/src/engine/base/cancel.js';
import type {
  DropAnswer,
  DropResult,
  FieldAccess,
  FieldAnswer,
  FieldResult,
} from '../../server/src/engine/door.js';
import { dropLines } from '../../server/src/engine/views/drop-text.js';
import { fieldLines } from '../../server/src/engine/views/field-text.js';
import { dropTree } from '../../server/src/engine/views/review-tree.js';
import { filesOf, openFiles } from './harness.js';

async function fieldOf(member: string, source: string, paths = ['fs/foo']): Promise<FieldResult> {
  const engine = await openFiles(filesOf(source));
  const [struct, name] = member.split('::') as [string, string];
  try {
    return engine.field({ struct, member: name, paths }, NEVER);
  } finally {
    engine.dispose();
  }
}

async function answerOf(member: string, source: string): Promise<FieldAnswer> {
  const result = await fieldOf(member, source);
  assert.ok(result.ok, result.ok ? '' : result.problem);
  return result.answer;
}

/** `function kind[ by][: guard]` of accesses. */
function shown(list: readonly FieldAccess[]): readonly string[] {
  return list.map(
    (a) => `${a.function} ${a.kind}${a.by === '' ? '' : ` ${a.by}`}${a.guard === null ? '' : `: ${a.guard}`}`,
  );
}

async function dropResult(source: string): Promise<DropResult> {
  const files = filesOf(source);
  const engine = await openFiles(files);
  try {
    for (const [file, text] of files) {
      const line = text.split('\n').findIndex((content) => content.includes('/* here */')) + 1;
      if (line > 0) return engine.drop({ file, line }, NEVER);
    }
    assert.fail('no line is marked');
  } finally {
    engine.dispose();
  }
}

async function dropOf(source: string): Promise<DropAnswer> {
  const result = await dropResult(source);
  assert.ok(result.ok, result.ok ? '' : result.problem);
  return result.answer;
}

function relied(answer: DropAnswer): readonly string[] {
  return (answer.drops[0]?.relied ?? []).map(
    (r) =>
      `${r.kind} ${r.name === '' ? r.from : r.name}${r.uses.length === 0 ? '' : `: ${r.uses.map((u) => u.how).join(', ')}`}`,
  );
}

const METHODS = `
static int getattr(struct mnt_idmap *idmap, const struct path *path, struct kstat *stat, u32 mask, unsigned int flags)
{
	struct foo *f = path->dentry->d_fsdata;

	first(f);
	second(f);
	return bare(f);
}
const struct inode_operations ops = { .getattr = getattr };
`;

describe('field', () => {
  it('infers the lock that is held at the writes and puts the write without it first', async () => {
    const answer = await answerOf(
      'foo::count',
      `
static void first(struct foo *f)
{
	spin_lock(&f->lock);
	f->count++;
	f->count |= 4;
	spin_unlock(&f->lock);
}
static void second(struct foo *f)
{
	spin_lock(&f->lock);
	f->count = f->count + 1;
	spin_unlock(&f->lock);
	if (f->count)
		f->ready = true;
	if (READ_ONCE(f->count))
		f->ready = false;
}
static int bare(struct foo *f)
{
	f->count = 0;
	return 0;
}
${METHODS}`,
    );
    assert.deepEqual(answer.guard, {
      class: 'foo::lock',
      inferred: true,
      writes: { held: 3, of: 4 },
      reads: { held: 0, of: 2 },
    });
    assert.deepEqual(shown(answer.exceptions), ['bare write: not', 'second read: not']);
    assert.equal(shown(answer.accesses).filter((a) => a === 'first update: held').length, 2);
    assert.ok(answer.accesses.some((a) => a.by === 'READ_ONCE' && a.marked));
    const entry = answer.exceptions[0]?.situations[0]?.entries[0];
    assert.deepEqual([entry?.method, entry?.function], ['getattr', 'getattr']);
    const text = fieldLines(answer, () => null)
      .map((line) => line.map((piece) => piece.text).join(''))
      .join('\n');
    assert.match(
      text,
      /Exceptions \(2\): without foo::lock\n! fs\/foo\/x\.c:\d+ {2}bare\(\): writes f->count, not held/,
    );
    assert.ok(text.indexOf('Exceptions') < text.indexOf('By function'));
  });

  it('tells shared from exclusive, and a lock of another object from this one', async () => {
    const answer = await answerOf(
      'foo::count',
      `
static void first(struct foo *f)
{
	down_write(&f->sem);
	f->count++;
	f->count--;
	f->count = 2;
	up_write(&f->sem);
}
static void second(struct foo *f)
{
	down_read(&f->sem);
	if (f->count)
		f->ready = true;
	f->count = 1;
	up_read(&f->sem);
}
static int bare(struct foo *f)
{
	struct foo *other = f->next;

	down_write(&other->sem);
	f->count = 5;
	up_write(&other->sem);
	return 0;
}
${METHODS}`,
    );
    assert.equal(answer.guard?.class, 'foo::sem');
    assert.deepEqual(shown(answer.exceptions), ['second write: shared', 'bare write: another']);
    assert.ok(shown(answer.accesses).includes('second read: held'));
  });

  it('tells what is set up before others see it, until it is shown to them', async () => {
    const answer = await answerOf(
      'foo::count',
      `
static struct list_head all;
static struct foo *make(void)
{
	struct foo *f = kmalloc(sizeof(*f), GFP_KERNEL);

	if (!f)
		return NULL;
	f->count = 1;
	return f;
}
static void setup(struct foo *f)
{
	f->count = 2;
}
static int open(struct inode *inode, struct file *file)
{
	struct foo *f = make();
	struct foo own;

	own.count = 3;
	if (!f)
		return own.count;
	setup(f);
	f->count = 3;
	list_add(&f->list, &all);
	f->count = 4;
	return 0;
}
const struct file_operations fops = { .open = open };
`,
    );
    assert.deepEqual(
      answer.alone.map((a) => `${a.function} ${a.kind} ${a.stage}`),
      ['make write made', 'setup write made', 'open write own', 'open read own', 'open write made'],
    );
    assert.deepEqual(
      answer.accesses.filter((a) => a.stage === 'shared').map((a) => a.why.replace(/\d+/, 'N')),
      ['made here, but shown to others in line N'],
    );
  });

  it('takes calls of inlines and macros of headers for accesses, and addresses for what they may be', async () => {
    const answer = await answerOf(
      'thing::size',
      `
// file: include/linux/thing.h
struct thing { spinlock_t lock; int size; unsigned long bits; };
static inline int thing_size(struct thing *t)
{
	return t->size;
}
#define thing_grow(t) ((t)->size++)
// file: fs/foo/x.c
#include <linux/thing.h>
extern void elsewhere(int *p);
int all(struct thing *t)
{
	thing_grow(t);
	elsewhere(&t->size);
	return thing_size(t);
}
`,
    );
    assert.deepEqual(
      answer.accesses.map((a) => `${a.kind} ${a.by}`),
      ['update thing_grow', 'address elsewhere', 'read thing_size'],
    );
    assert.equal(answer.guard, null);
  });

  it('takes what writes the object as a whole for a write of its members, and what writes a part of it not', async () => {
    const answer = await answerOf(
      'part::size',
      `
struct part { int size; int more; };
struct whole { spinlock_t lock; struct part part; struct part *far; struct part all[4]; };
void copy(struct whole *w, struct part *p, int n)
{
	spin_lock(&w->lock);
	*p = w->part;
	w->part = *p;
	w->all[n] = *p;
	w->far = p;
	memset(p, 0, sizeof(*p));
	memcpy(&w->part, p, sizeof(w->part));
	memset(p, 0, n);
	spin_unlock(&w->lock);
}
`,
    );
    assert.deepEqual(
      answer.accesses.map((a) => `${a.kind} ${a.text}`),
      ['write *p', 'write w->part', 'write w->all[n]', 'write memset(p)', 'write memcpy(&w->part)'],
    );
    assert.ok(answer.accesses.every((a) => a.situations.every((s) => s.held[0]?.class === 'whole::lock')));
  });

  it('needs no guard where everything is atomic, and says so', async () => {
    const answer = await answerOf(
      'foo::bits',
      `
int one(struct foo *f)
{
	set_bit(1, &f->bits);
	return test_bit(2, &f->bits);
}
`,
    );
    assert.equal(answer.guard, null);
    assert.match(answer.verdict, /atomic or marked/);
    assert.deepEqual(
      answer.accesses.map((a) => `${a.kind} ${a.by}`),
      ['update set_bit', 'read test_bit'],
    );
  });

  it('holds writes against the documented guard, and not reads', async () => {
    const answer = await answerOf(
      'dentry::d_flags',
      `
static int reval(struct dentry *dentry, unsigned int flags)
{
	if (flags & LOOKUP_RCU)
		return -ECHILD;
	dentry->d_flags |= 1;
	return dentry->d_flags & 2;
}
const struct dentry_operations ops = { .d_revalidate = reval };
`,
    );
    assert.equal(answer.guard?.inferred, false);
    assert.equal(answer.documented?.class, 'dentry::d_lock');
    assert.deepEqual(shown(answer.exceptions), ['reval update: not']);
  });

  it('says where callers are not known instead of calling it a write without the lock', async () => {
    const answer = await answerOf(
      'foo::count',
      `
void a(struct foo *f)
{
	spin_lock(&f->lock);
	f->count = 1;
	f->count = 2;
	spin_unlock(&f->lock);
}
void b(struct foo *f)
{
	f->count = 3;
}
`,
    );
    assert.deepEqual(shown(answer.exceptions), ['b write: unknown']);
    assert.deepEqual(answer.guard?.writes, { held: 2, of: 2 });
    assert.match(answer.notes.join('; '), /not all callers are known of a\(\), b\(\)/);
  });

  it('is asked at a place, in a declaration, at an access, and on the variable before it', async () => {
    const source = `
struct mine {
	int number; /* declared */
};
int get(struct mine *m)
{
	return m->number; /* used */
}
`;
    const files = filesOf(source);
    const engine = await openFiles(files);
    try {
      const lines = (files.get('fs/foo/x.c') ?? '').split('\n');
      for (const [mark, word] of [
        ['declared', 'number'],
        ['used', 'number'],
        ['used', 'm->'],
      ] as const) {
        const line = lines.findIndex((text) => text.includes(mark)) + 1;
        const column = (lines[line - 1] as string).indexOf(word) + 1;
        const result = engine.field({ file: 'fs/foo/x.c', line, column }, NEVER);
        assert.ok(result.ok, mark);
        assert.deepEqual([result.answer.struct, result.answer.member], ['mine', 'number']);
      }
      const no = engine.field({ file: 'fs/foo/x.c', line: 3, column: 1 }, NEVER);
      assert.ok(!no.ok);
    } finally {
      engine.dispose();
    }
  });

  it('names what is near where there is no such member or structure', async () => {
    const source = 'int f(struct foo *f)\n{\n\treturn f->count;\n}\n';
    const member = await fieldOf('foo::cout', source);
    assert.match(member.ok ? '' : member.problem, /struct foo has no member 'cout'; did you mean count/);
    const struct = await fieldOf('fooo::count', source);
    assert.match(struct.ok ? '' : struct.problem, /struct fooo: not declared .*; did you mean foo/);
  });
});

const RETAKES = `
static void change(struct foo *f)
{
	spin_lock(&f->lock);
	f->next = NULL;
	f->count = 0;
	spin_unlock(&f->lock);
}
static int getattr(struct mnt_idmap *idmap, const struct path *path, struct kstat *stat, u32 mask, unsigned int flags)
{
	change(path->dentry->d_fsdata);
	return 0;
}
const struct inode_operations ops = { .getattr = getattr };
`;

describe('drop', () => {
  it('follows what was read and tested under the lock, and finds who may change it', async () => {
    const answer = await dropOf(`${RETAKES}
int walk(struct foo *f)
{
	struct foo *next;
	int n, err;

	spin_lock(&f->lock);
	next = f->next;
	n = f->count;
	f->ready = true;
	if (!f->bits)
		n = 7;
	spin_unlock(&f->lock); /* here */
	msleep(1);
	spin_lock(&f->lock);
	if (f->count == n)
		next->count = 1;
	spin_unlock(&f->lock);
	err = 0;
	return err;
}
`);
    const drop = answer.drops[0];
    assert.ok(drop !== undefined && answer.drops.length === 1);
    assert.deepEqual([drop.lock.class, drop.lock.expression, drop.how], ['foo::lock', '&f->lock', 'release']);
    assert.equal(drop.retaken.length, 1);
    assert.deepEqual(relied(answer), ['pointer next: follows it', 'value n: tests it', 'test f->bits']);
    const [next, n] = drop.relied;
    assert.deepEqual([next?.kept, next?.again, n?.again !== 0], ['', 0, true]);
    assert.deepEqual(
      drop.published.map((p) => p.member),
      ['foo::ready'],
    );
    assert.deepEqual(
      drop.changers
        .filter((c) => c.function === 'change')
        .map((c) => `${c.member} ${c.lock} ${c.entries[0]?.method}`),
      ['foo::next held getattr', 'foo::count held getattr'],
    );
    assert.deepEqual(drop.callers, []);
    const text = dropLines(answer, () => null)
      .map((line) => line.map((piece) => piece.text).join(''))
      .join('\n');
    assert.match(text, /Lock: drops &f->lock \(foo::lock\)/);
    assert.match(text, /! line \d+: pointer next = f->next/);
  });

  it('forgets what is read anew, and knows a reference', async () => {
    const answer = await dropOf(`
static void get_foo(struct foo *f)
{
	refcount_inc(&f->count);
}
int walk(struct foo *f)
{
	struct foo *kept, *again;

	spin_lock(&f->lock);
	kept = f->next;
	get_foo(kept);
	again = f->next;
	spin_unlock(&f->lock); /* here */
	kept->count = 2;
	spin_lock(&f->lock);
	again = f->next;
	again->count = 3;
	spin_unlock(&f->lock);
	return 0;
}
`);
    assert.deepEqual(relied(answer), ['pointer kept: follows it']);
    assert.match(answer.drops[0]?.relied[0]?.kept ?? '', /^a reference by get_foo\(\) in line \d+$/);
  });

  it('sees a callee that drops the lock and takes it again, and what its callers rely on', async () => {
    const inside = `${RETAKES}
static void wait(struct foo *f)
{
	spin_unlock(&f->lock); /* inside */
	msleep(1);
	spin_lock(&f->lock);
}
static void outer(struct foo *f)
{
	struct foo *next;

	spin_lock(&f->lock);
	next = f->next;
	wait(f); /* outside */
	next->count = 1;
	spin_unlock(&f->lock);
}
void other(struct foo *f)
{
	outer(f);
}
`;
    const outside = await dropOf(inside.replace('outside', 'here'));
    const drop = outside.drops[0];
    assert.deepEqual(
      [drop?.how, drop?.inside?.function, drop?.lock.expression],
      ['retake', 'wait', '&f->lock'],
    );
    assert.deepEqual(relied(outside), ['pointer next: follows it']);
    const answer = await dropOf(inside.replace('inside', 'here'));
    const brought = answer.drops[0];
    assert.equal(brought?.takenAt, 'caller');
    assert.deepEqual(
      brought?.callers.map((c) => `${c.function} ${c.holds} ${c.relied.map((r) => r.name).join()}`),
      ['outer held next'],
    );
  });

  it('says no writers of what a method has to itself', async () => {
    const source = `
static void gone(struct inode *inode)
{
	int n;

	spin_lock(&inode->i_lock);
	n = inode->i_state;
	spin_unlock(&inode->i_lock); /* here */
	if (n)
		clear_inode(inode);
}
static int changes(struct mnt_idmap *idmap, struct dentry *dentry, struct iattr *attr)
{
	dentry->d_inode->i_state = 1;
	return 0;
}
const struct inode_operations iops = { .setattr = changes };
const struct super_operations sops = { .SLOT = gone };`;
    const alone = (await dropOf(source.replace('SLOT', 'evict_inode'))).drops[0];
    assert.deepEqual(alone?.changers, []);
    assert.match(
      alone?.notes[0] ?? '',
      /^nobody changes inode::i_state of the same object meanwhile: ->evict_inode/,
    );
    const others = (await dropOf(source.replace('SLOT', 'dirty_inode'))).drops[0];
    assert.deepEqual(
      others?.changers.map((c) => c.function),
      ['changes'],
    );
  });

  for (const [slot, changers] of [
    ['evict_inode', ['looks']],
    ['destroy_inode', ['looks']],
    ['free_inode', []], // after the grace period
  ] as const) {
    it(`says what RCU-walk changes beside ->${slot}(), or that nobody does`, async () => {
      const source = `
static void gone(struct inode *inode)
{
	int n;

	spin_lock(&inode->i_lock);
	n = inode->i_state;
	spin_unlock(&inode->i_lock); /* here */
	if (n)
		clear_inode(inode);
}
static int looks(struct mnt_idmap *idmap, struct inode *inode, int mask)
{
	inode->i_state = 1;
	return 0;
}
static int changes(struct mnt_idmap *idmap, struct dentry *dentry, struct iattr *attr)
{
	dentry->d_inode->i_state = 1;
	return 0;
}
const struct inode_operations iops = { .setattr = changes, .permission = looks };
const struct super_operations sops = { .${slot} = gone };`;
      const drop = (await dropOf(source)).drops[0];
      assert.deepEqual(
        drop?.changers.map((c) => c.function),
        changers,
      );
      assert.equal(
        drop?.notes.some((note) => note.startsWith('nobody changes')),
        changers.length === 0,
      );
    });
  }

  for (const [slot, changers] of [
    ['evict_inode', ['gone held']],
    ['free_inode', []],
  ] as const) {
    it(`says in RCU-walk that ->${slot}() ${changers.length === 0 ? 'comes too late' : 'may run meanwhile'}`, async () => {
      const drop = (
        await dropOf(`
static int looks(struct mnt_idmap *idmap, struct inode *inode, int mask)
{
	int n;

	spin_lock(&inode->i_lock);
	n = inode->i_state;
	spin_unlock(&inode->i_lock); /* here */
	return n ? -EACCES : 0;
}
static void gone(struct inode *inode)
{
	spin_lock(&inode->i_lock);
	inode->i_state = 1;
	spin_unlock(&inode->i_lock);
}
const struct inode_operations iops = { .permission = looks };
const struct super_operations sops = { .${slot} = gone };`)
      ).drops[0];
      assert.deepEqual(
        drop?.changers.map((c) => `${c.function} ${c.lock}`),
        changers,
      );
    });
  }

  it('tells the ways to a writer that a lock keeps out from those that it does not, pair by pair of methods', async () => {
    const answer = await dropOf(`
struct box { int n; spinlock_t lock; };
static struct box *box_of(struct inode *inode);
static void count(struct box *b) { b->n++; }
static int foo_create(struct mnt_idmap *idmap, struct inode *dir, struct dentry *d, umode_t mode, bool excl) {
	struct box *b = dir->i_private;
	int n;
	spin_lock(&b->lock);
	n = b->n;
	spin_unlock(&b->lock); /* here */
	return n;
}
static struct dentry *foo_lookup(struct inode *dir, struct dentry *d, unsigned int flags) {
	count(dir->i_private);
	return NULL;
}
static int foo_getattr(struct mnt_idmap *idmap, const struct path *path, struct kstat *stat, u32 mask, unsigned int flags) {
	count(path->dentry->d_inode->i_private);
	return 0;
}
static int foo_unlink(struct inode *dir, struct dentry *d) {
	struct box *b = dir->i_private;
	b->n = 0;
	if (d->d_inode)
		b->n = 1;
	return 0;
}
static const struct inode_operations ops = { .create = foo_create, .lookup = foo_lookup, .getattr = foo_getattr, .unlink = foo_unlink };`);
    const changers = answer.drops[0]?.changers ?? [];
    assert.deepEqual(
      changers.map((c) => [
        c.function,
        c.keptOut,
        c.entries.map((e) => e.method),
        c.apart === null ? null : [c.apart.entries.map((e) => e.method), c.apart.lock],
      ]),
      [
        ['count', '', ['getattr'], [['lookup'], 'inode::i_rwsem']],
        ['foo_unlink', 'inode::i_rwsem', ['unlink'], null],
        ['foo_unlink', 'inode::i_rwsem', ['unlink'], null],
      ],
    );
    const who = dropTree(answer)
      .flatMap((drop) => drop.children)
      .find((line) => line.label.startsWith('Who may change'));
    assert.deepEqual(
      who?.children.map((line) => [line.label, line.children.length]),
      [
        ['count()', 0],
        ['foo_unlink()', 2],
      ],
    );
    const text = dropLines(answer, () => null)
      .map((line) => line.map((part) => part.text).join(''))
      .join('\n');
    assert.match(
      text,
      /count\(\): changes box::n \(->getattr\)\n.*\n *by ->lookup both hold inode::i_rwsem all the time: only if it is not/,
    );
  });

  it('drops the lock of a scope where the scope ends', async () => {
    const answer = await dropOf(
      `
int scoped(struct foo *f)
{
	struct foo *next;

	scoped_guard(spinlock, &f->lock) {
		next = f->next;
		f->count = 1;
	}
	return next->count;
}
`.replace('f->count = 1;\n\t}', 'f->count = 1;\n\t} /* here */'),
    );
    assert.deepEqual(
      answer.drops.map((d) => `${d.how} ${d.lock.class}`),
      ['scope foo::lock'],
    );
    assert.deepEqual(relied(answer), ['pointer next: follows it']);
  });

  it('says what is held where nothing is dropped, and which lines drop something', async () => {
    const answer = await dropOf(`
int plain(struct foo *f)
{
	mutex_lock(&f->mutex);
	f->count = 1; /* here */
	mutex_unlock(&f->mutex);
	return 0;
}
`);
    assert.deepEqual(answer.drops, []);
    assert.deepEqual(
      answer.held[0]?.held.map((h) => h.class),
      ['foo::mutex'],
    );
    assert.match(answer.nearest[0]?.what ?? '', /^drops &f->mutex$/);
  });

  it('is refused outside of functions', async () => {
    const result = await dropResult('/* here */\nint f(void)\n{\n\treturn 0;\n}\n');
    assert.match(result.ok ? '' : result.problem, /no function here/);
  });
});
