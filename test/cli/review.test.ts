/**
 * `lockwalk field` and `lockwalk drop` as a person runs them, on the example tree.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DropAnswer, FieldAnswer } from '../../server/src/engine/door.js';
import { EXAMPLE, isCalm, lockwalk } from './run.js';

const FILE = 'fs/pool/alloc.c';
const TEXT = readFileSync(join(EXAMPLE, FILE), 'utf8').split('\n');
const UNLOCK = TEXT.findIndex((line) => line.includes('*number = block->number;')) + 2;

describe('field and drop', function suite() {
  this.timeout(120_000);

  it('show the guard and the accesses of a member', () => {
    const run = lockwalk(['field', 'pool::free', '--kernel', EXAMPLE]);
    assert.equal(run.code, 0, run.err);
    assert.match(run.out, /^pool::free, struct pool_block \*, declared at fs\/pool\/alloc\.c:\d+\n/);
    assert.match(run.out, /\nGuard: inferred guard 'pool::lock': held at 3 of 3 writes/);
    assert.match(run.out, /\nExceptions: none\n/);
    assert.match(run.out, /\n {2}fs\/pool\/alloc\.c pool_take\(\)\n/);
  });

  it('show what relies on a lock', () => {
    const run = lockwalk(['drop', `${FILE}:${UNLOCK}`, '--kernel', EXAMPLE]);
    assert.equal(run.code, 0, run.err);
    assert.match(run.out, /Lock: drops &pool->lock \(pool::lock\)/);
    assert.match(
      run.out,
      /! line \d+: pointer block = pool->free\n +afterwards passes it to kfree\(\) in line \d+/,
    );
    assert.match(
      run.out,
      /pool_grow\(\): writes pool::free\n +waits for pool::lock: it is the drop that lets it in/,
    );
  });

  it('say the same as JSON, with a version', () => {
    const field = JSON.parse(
      lockwalk(['field', 'pool::free', 'fs/pool', '--kernel', EXAMPLE, '--format', 'json']).out,
    ) as FieldAnswer;
    assert.deepEqual([field.version, field.guard?.class, field.paths], [1, 'pool::lock', ['fs/pool']]);
    const drop = JSON.parse(
      lockwalk(['drop', `${FILE}:${UNLOCK}`, '--kernel', EXAMPLE, '--format', 'json']).out,
    ) as DropAnswer;
    assert.deepEqual([drop.version, drop.function, drop.drops.length], [1, 'pool_take', 1]);
  });

  it('suggest lines where nothing is dropped', () => {
    const run = lockwalk(['drop', `${FILE}:${UNLOCK - 1}`, '--kernel', EXAMPLE]);
    assert.equal(run.code, 0, run.err);
    assert.match(run.out, /No lock is seen to be dropped on this line\.\n {2}held here: pool->lock/);
    assert.ok(run.out.includes(`${FILE}:${UNLOCK}  drops &pool->lock`), run.out);
  });

  it('refuse what there is none of, and name what is near', () => {
    const cases: readonly (readonly [string[], RegExp])[] = [
      [['field', 'pool::fre', 'fs/pool'], /no member 'fre'; did you mean free\?/],
      [['field', 'pol::free', 'fs/pool'], /struct pol: not declared .*did you mean pool/],
      [['field', 'free'], /expected STRUCT::MEMBER/],
      [['drop', FILE], /expected FILE:LINE/],
      [['drop', `${FILE}:9999`], /no such line/],
      [['drop', `${FILE}:1`], /no function here/],
    ];
    for (const [args, says] of cases) {
      const run = lockwalk([...args, '--kernel', EXAMPLE]);
      assert.equal(run.code, 2, args.join(' '));
      assert.match(run.err, says);
      assert.ok(isCalm(run));
    }
  });
});
