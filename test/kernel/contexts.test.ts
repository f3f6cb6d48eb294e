/**
 * Lines of real trees that were read by hand: which locks are held there, under which RCU state, whether it may sleep. The
 * engine answers nearly all of them as the reader did; those that it misses are printed by `npm run bench:contexts`.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { openTree, ROOT } from '../bench/engine.js';
import { ask, type Case, casesIn } from '../bench/judge.js';
import { describeKernel } from './tree.js';

/** Share of the cases that has to be answered rightly, by version; below it something was lost. */
const LEAST: Readonly<Record<string, number>> = { '5.10': 0.85, '6.1': 0.9, '6.12': 0.92, '7.2': 0.8 };

for (const [version, least] of Object.entries(LEAST))
  describeKernel(version, 'contexts read by hand', (root) => {
    it('are answered as the reader did', async function answers() {
      this.timeout(900_000);
      const recorded = readFileSync(join(ROOT, 'test/kernel/contexts', `${version}.json`), 'utf8');
      // In another patch level a line may have moved: what does not read the same is left out
      const cases = casesIn(recorded).filter((c) => lineOf(root, c)?.includes(c.lineText.trim()) === true);
      assert.ok(cases.length > 20, `only ${cases.length} of the recorded lines are in this tree`);
      const engine = await openTree(root);
      const missed = cases.filter((c) => ask(engine, c).wrong.length > 0);
      const unexplained = missed.filter((c) => c.miss === undefined);
      engine.dispose();
      const right = cases.length - missed.length;
      assert.ok(
        right / cases.length >= least,
        `${right} of ${cases.length}; missed ${missed.map((c) => `${c.file}:${c.line}`).join(', ')}`,
      );
      assert.deepEqual(
        unexplained.map((c) => `${c.file}:${c.line}`),
        [],
        'every miss says why',
      );
    });
  });

function lineOf(root: string, c: Case): string | undefined {
  try {
    return readFileSync(join(root, c.file), 'latin1').split('\n')[c.line - 1];
  } catch {
    return undefined;
  }
}
