/**
 * The model against the real trees at hand: no disagreement that its entry does not explain, and at least nine tenths of
 * what there is to compare with compared.
 */
import assert from 'node:assert/strict';
import type { Coverage, VerifyAnswer } from '../../server/src/engine/door.js';
import { openTree } from '../bench/engine.js';
import { describeKernel } from './tree.js';

/** Of the methods in locking.rst, and of the helpers that carry an assertion. */
const ENOUGH = 0.9;

function checkCoverage(coverage: Coverage): void {
  const share = coverage.compared / coverage.total;
  assert.ok(share >= ENOUGH, `${coverage.compared} of ${coverage.total}; not ${coverage.missing.join(', ')}`);
}

for (const version of ['5.10', '6.1', '6.12', '7.2']) {
  describeKernel(version, 'model verify', (root) => {
    let answer: VerifyAnswer;

    before(async function verify() {
      this.timeout(300_000);
      const engine = await openTree(root);
      answer = engine.verify({ isCancelled: () => false });
      engine.dispose();
    });

    it('leaves no disagreement unexplained', () => {
      const wrong = answer.comparisons.filter((c) => c.verdict === 'disagree');
      assert.deepEqual(
        wrong.map(
          (c) => `${c.source} ${c.name} (${c.aspect}) ${c.file}:${c.line}: ${c.tree}; model: ${c.model}`,
        ),
        [],
      );
    });

    it('compares enough of the methods in locking.rst', () => checkCoverage(answer.documented));

    it('compares enough of the helpers that carry an assertion', () => checkCoverage(answer.asserting));

    it('agrees in something by every source', () => {
      for (const source of ['documentation', 'signature', 'assertion', 'body'])
        assert.ok(
          answer.comparisons.some((c) => c.source === source && c.verdict === 'agree'),
          source,
        );
    });
  });
}
