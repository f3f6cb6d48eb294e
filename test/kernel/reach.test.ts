/**
 * How much of a plain kernel tree is reached. Functions that were sampled over all kinds and read by hand lie in `reach/`;
 * where the tree is of another patch level than they were read on, those that are no longer there are not asked about.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ReachAnswer, ReachKind } from '../../server/src/engine/door.js';
import { openTree, ROOT } from '../bench/engine.js';
import { describeKernel } from './tree.js';

interface Judged {
  readonly kernel: string;
  readonly functions: readonly {
    readonly function: string;
    readonly file: string;
    readonly kind: ReachKind;
    readonly why: string;
  }[];
}

describeKernel('6.12', 'reach of plain fs/', (root) => {
  const judged = JSON.parse(readFileSync(join(ROOT, 'test/kernel/reach/6.12.json'), 'utf8')) as Judged;
  let reach: ReachAnswer;
  let kernel = '';

  before(async function look() {
    this.timeout(900_000);
    const engine = await openTree(root);
    kernel = engine.kernelVersion;
    reach = engine.reach(['fs'], { isCancelled: () => false });
    engine.dispose();
  });

  const share = (kinds: readonly ReachKind[]): number =>
    reach.kinds.filter((k) => kinds.includes(k.kind)).reduce((sum, k) => sum + k.functions, 0) / reach.base;

  it('methods of the VFS model lead to at least 70 % of what is named at all, with ioctl and faults to 77 %', () => {
    assert.ok(share(['method']) >= 0.7, String(share(['method'])));
    assert.ok(share(['method', 'fault', 'ioctl']) >= 0.77, String(share(['method', 'fault', 'ioctl'])));
  });

  it('at most 2 % are reached in no way that is known', () => {
    const unknown = share(['table', 'outside', 'unreferenced', 'other']);
    assert.ok(unknown <= 0.02, String(unknown));
  });

  it('each function counts once', () => {
    const sum = reach.kinds.reduce((all, k) => all + k.functions, 0);
    assert.equal(sum, reach.base);
    assert.equal(reach.base + reach.unreferenced, reach.total);
    assert.equal(reach.functions.length, reach.total);
  });

  it('the target of at least 80 % of the calls can be told', () => {
    assert.ok(reach.calls.resolved / reach.calls.total >= 0.8);
  });

  it('functions that were read by hand have the kind that they were read to have', () => {
    const kinds = new Map(reach.functions.map((f) => [`${f.file} ${f.function}`, f.kind]));
    const asked = judged.functions.filter(
      (f) => kernel === judged.kernel || kinds.has(`${f.file} ${f.function}`),
    );
    assert.ok(asked.length >= 40);
    assert.deepEqual(
      asked.map((f) => `${f.function}: ${kinds.get(`${f.file} ${f.function}`) ?? 'not there'}`),
      asked.map((f) => `${f.function}: ${f.kind}`),
    );
  });
});
