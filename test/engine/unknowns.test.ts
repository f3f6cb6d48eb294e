/**
 * What an answer rests on that is not known is said beside it: exported functions, calls without an effect.
 */
import assert from 'node:assert/strict';
import { filesOf, openFiles } from './harness.js';

async function checkUnknowns(source: string, fn: string, expected: readonly string[]): Promise<void> {
  const engine = await openFiles(filesOf(source));
  try {
    const result = engine.contexts({ function: fn, file: 'fs/foo/x.c' }, { isCancelled: () => false });
    assert.deepEqual(result.ok ? result.answer.unknowns : result.problem, expected);
  } finally {
    engine.dispose();
  }
}

describe('unknowns', () => {
  it('nothing where every call is known', () =>
    checkUnknowns(
      `
static void leaf(struct foo *f) { f->count++; }
void a(struct foo *f)
{
	spin_lock(&f->lock);
	leaf(f);
	spin_unlock(&f->lock);
}`,
      'a',
      [],
    ));

  it('an exported function has callers elsewhere', () =>
    checkUnknowns('void a(struct foo *f) { f->count++; }\nEXPORT_SYMBOL_GPL(a);', 'a', [
      'it is exported: callers in other directories are not seen',
    ]));

  it('calls that neither the directory nor the model knows, each named once', () =>
    checkUnknowns(
      `
struct ops { int (*run)(struct foo *f); };
struct bar { struct ops *ops; };
void a(struct foo *f, struct bar *b)
{
	elsewhere(f);
	elsewhere(f);
	b->ops->run(f);
	kfree(f);
}`,
      'a',
      ['calls whose effect is not known: elsewhere(), ->run()'],
    ));

  it('a slot that the directory fills is known', () =>
    checkUnknowns(
      `
struct ops { int (*run)(struct foo *f); };
struct bar { struct ops *ops; };
static int go(struct foo *f) { return f->count; }
static const struct ops some_ops = { .run = go };
void a(struct foo *f, struct bar *b)
{
	b->ops->run(f);
}`,
      'a',
      [],
    ));

  it('a scope class that neither the model nor a file at hand defines', () =>
    checkUnknowns(
      `
DEFINE_GUARD(known, struct foo *, spin_lock(&_T->lock), spin_unlock(&_T->lock))
DEFINE_GUARD(broken, struct foo *, lock the &_T, spin_unlock(&_T->lock))
void a(struct foo *f)
{
	guard(known)(f);
	guard(mutex)(&f->mutex);
	guard(nobody)(f);
	scoped_guard(broken, f)
		f->count++;
}`,
      'a',
      ['calls whose effect is not known: guard(nobody), guard(broken)'],
    ));
});
