/**
 * Answers for somebody who waits: a hover in a directory that nobody has analysed yet, and a check of one file's functions alone.
 */
import assert from 'node:assert/strict';
import { Cancelled, NEVER } from '../../server/src/engine/base/cancel.js';
import type { Engine } from '../../server/src/engine/door.js';
import { filesOf, openFiles } from './harness.js';

/** A directory of enough files that the one at hand is looked at first. */
const MANY = [...Array(8)].map(
  (_, n) => `// file: fs/foo/other${n}.c\nint other${n}(void)\n{\n\treturn ${n};\n}\n`,
);

const CALLED = `// file: fs/foo/a.c
void callee(struct foo *f)
{
	f->count++;
}
// file: fs/foo/b.c
void callee(struct foo *f);
void caller(struct foo *f)
{
	mutex_lock(&f->lock);
	callee(f);
	mutex_unlock(&f->lock);
}
`;

const HALF = `// file: fs/foo/a.c
int half(struct foo *f)
{
	mutex_lock(&f->lock);
	if (f->count)
		return -EBUSY;
	mutex_unlock(&f->lock);
	return 0;
}
// file: fs/foo/b.c
int other_half(struct foo *f)
{
	mutex_lock(&f->lock);
	if (f->count)
		return -EBUSY;
	mutex_unlock(&f->lock);
	return 0;
}
`;

const BOTH_WAYS = `// file: fs/foo/a.c
struct foo { struct mutex a; struct mutex b; int count; };
int one(struct foo *f)
{
	mutex_lock(&f->a);
	mutex_lock(&f->b);
	f->count++;
	mutex_unlock(&f->b);
	mutex_unlock(&f->a);
	return 0;
}
int other(struct foo *f)
{
	mutex_lock(&f->b);
	mutex_lock(&f->a);
	f->count = 0;
	mutex_unlock(&f->a);
	mutex_unlock(&f->b);
	return 0;
}
`;

/** Functions that call each other, with a lock that one of them drops, and enough others for a check to be stopped among them. */
const IN_TURN = `// file: fs/foo/a.c
static void odd(struct foo *f, int n);
static void even(struct foo *f, int n)
{
	mutex_lock(&f->lock);
	if (n)
		odd(f, n - 1);
}
static void odd(struct foo *f, int n)
{
	mutex_unlock(&f->lock);
	if (n)
		even(f, n - 1);
}
void both(struct foo *f)
{
	spin_lock(&f->other);
	even(f, 4);
	spin_unlock(&f->other);
}
${HALF.replace('// file: fs/foo/a.c', '// file: fs/foo/c.c')}${MANY.join('')}`;

/** What a hover on the counter knows: the locks held, and what is not known. */
async function hovers(
  source: string,
  soon: readonly boolean[],
): Promise<readonly { readonly held: string; readonly unknown: string }[]> {
  const engine = await openFiles(filesOf(source));
  try {
    return soon.map((now) => {
      const answer = engine.hover({ file: 'fs/foo/a.c', line: 4, column: 5, soon: now }, NEVER);
      assert.ok(answer !== null);
      return {
        held: answer.contexts.flatMap((one) => one.held.map((lock) => lock.class)).join(),
        unknown: answer.unknowns.join(),
      };
    });
  } finally {
    engine.dispose();
  }
}

describe('first answers', () => {
  it('a hover where nothing was read yet looks at the file alone, and says so', async () => {
    const [first, second, whole, after] = await hovers(CALLED + MANY.join(''), [true, true, false, true]);
    assert.equal(first?.held, '');
    assert.match(first?.unknown ?? '', /who calls from other files of fs\/foo/);
    assert.deepEqual(second, first);
    assert.equal(whole?.held, 'foo::lock');
    assert.doesNotMatch(whole?.unknown ?? '', /other files/);
    assert.deepEqual(after, whole, 'once the directory is known it is not forgotten');
  });

  it('a small directory is read as a whole at once', async () => {
    const [first] = await hovers(CALLED, [true]);
    assert.equal(first?.held, 'foo::lock');
    assert.doesNotMatch(first?.unknown ?? '', /other files/);
  });

  it('a check that is stopped, wherever that is, goes on and says what one says that was not', async () => {
    const request = { paths: ['fs/foo'], rules: [], precision: 'low' } as const;
    /** Looks of the engine until it is stopped. */
    const stopAt = (look: number): { readonly isCancelled: () => boolean; looks: number } => {
      const token = { looks: 0, isCancelled: () => ++token.looks >= look };
      return token;
    };
    const told = (engine: Engine): unknown => [
      engine.check(request, NEVER).findings,
      engine.dump('contexts', 'fs/foo/a.c', null).text,
    ];
    const whole = await openFiles(filesOf(IN_TURN));
    const all = stopAt(Number.POSITIVE_INFINITY);
    assert.ok(whole.check(request, all).findings.length > 0);
    const expected = told(whole);
    whole.dispose();
    const looks: number[] = [];
    for (let at = 1; at < all.looks; at++) {
      const engine = await openFiles(filesOf(IN_TURN));
      assert.throws(() => engine.check(request, stopAt(at)), Cancelled);
      // Somebody else is answered in between
      engine.hover({ file: 'fs/foo/a.c', line: 4, column: 5, soon: true }, NEVER);
      const rest = stopAt(Number.POSITIVE_INFINITY);
      engine.check(request, rest);
      looks.push(rest.looks);
      assert.deepEqual(told(engine), expected, `stopped at look ${at} of ${all.looks}`);
      engine.dispose();
    }
    // Stopped while files are read it looks as often as ever, stopped among the rules at the rules alone, and in between less and less
    const between = looks.filter((left) => left < all.looks && left > Math.min(...looks));
    assert.ok(between.length > 12, `of ${all.looks} looks these are left: ${looks.join()}`);
  });

  it('a quick check finds what the functions of the file do, as a whole one does', async () => {
    const engine = await openFiles(filesOf(HALF));
    const request = { paths: ['fs/foo/a.c'], rules: [], precision: 'high' } as const;
    try {
      const quick = engine.check({ ...request, quick: true }, NEVER).findings;
      assert.deepEqual(
        quick.map((f) => `${f.rule} ${f.file}:${f.line}`),
        ['lock/imbalance fs/foo/a.c:6'],
      );
      assert.deepEqual(engine.check(request, NEVER).findings, quick);
    } finally {
      engine.dispose();
    }
  });

  it('the very first one leaves the order of locks to the next, and none after it does', async () => {
    const engine = await openFiles(filesOf(BOTH_WAYS));
    const request = { paths: ['fs/foo/a.c'], rules: [], precision: 'low' } as const;
    const orders = (quick: boolean): number =>
      engine.check({ ...request, quick }, NEVER).findings.filter((f) => f.rule === 'lock/order').length;
    try {
      assert.equal(orders(true), 0);
      assert.equal(orders(false), 1);
      assert.equal(orders(true), 1);
    } finally {
      engine.dispose();
    }
  });
});
