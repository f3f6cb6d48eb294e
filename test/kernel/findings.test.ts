/**
 * Every finding on a plain kernel tree, at default precision, has been read and judged. The verdicts lie in `verdicts/`, by
 * fingerprint: right only with an interleaving of two CPUs, a sleep in an atomic place, or a deadlock that can happen. They hold those of
 * lower precision too, which `npm run bench:precision` looks at.
 * A finding without a verdict fails, and so do too many findings or too many wrong ones. Where the tree is of another
 * patch level than the verdicts were made on, what is not found again is counted, not failed.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Finding } from '../../server/src/engine/base/finding.js';
import { openTree, ROOT } from '../bench/engine.js';
import type { Verdicts } from '../bench/verdicts.js';
import { describeKernel } from './tree.js';

/** At most this many findings at default precision on each part of a tree. */
const MOST_FINDINGS = 60;

/** Folders that are looked at together, and the share of findings that may be wrong: outside of fs/ there are fewer, and more of them are. */
const PARTS: readonly {
  readonly title: string;
  readonly paths: readonly string[];
  readonly wrong: number;
}[] = [
  { title: 'findings on plain fs/', paths: ['fs'], wrong: 1 / 3 },
  {
    title: 'findings outside of fs/',
    paths: ['ipc', 'kernel', 'mm', 'net', 'security'],
    wrong: 0.5,
  },
];

for (const version of ['6.12', '7.2'])
  for (const { title, paths, wrong: most } of PARTS) {
    describeKernel(version, title, (root) => {
      let findings: readonly Finding[] = [];
      let kernel = '';
      const verdicts = JSON.parse(
        readFileSync(join(ROOT, 'test/kernel/verdicts', `${version}.json`), 'utf8'),
      ) as Verdicts;

      before(async function check() {
        this.timeout(900_000);
        const engine = await openTree(root);
        kernel = engine.kernelVersion;
        const answer = engine.check({ paths, rules: [], precision: 'high' }, { isCancelled: () => false });
        findings = answer.findings;
        engine.dispose();
      });

      it('are few', () => {
        assert.ok(findings.length <= MOST_FINDINGS, `${findings.length} findings`);
      });

      it('each has a verdict', () => {
        const unjudged = findings.filter((f) => verdicts.findings[f.fingerprint] === undefined);
        const list = unjudged.map(
          (f) => `${f.fingerprint} ${f.rule} ${f.file}:${f.line} ${f.function}: ${f.message}`,
        );
        if (kernel !== verdicts.kernel && list.length > 0)
          console.log(
            `      ${kernel} is not the ${verdicts.kernel} that was judged; new there:\n${list.join('\n')}`,
          );
        else assert.deepEqual(list, []);
      });

      it('no larger share is wrong than was', () => {
        const judged = findings.flatMap((f) => verdicts.findings[f.fingerprint] ?? []);
        const wrong = judged.filter((v) => v.verdict === 'wrong');
        assert.ok(wrong.length <= most * judged.length, `${wrong.length} of ${judged.length} wrong`);
      });

      it('the judged ones are still found', () => {
        const there = new Set(findings.map((f) => f.fingerprint));
        const gone = Object.entries(verdicts.findings)
          .filter(
            ([print, v]) =>
              v.verdict === 'right' &&
              v.precision === undefined &&
              paths.some((p) => v.file.startsWith(`${p}/`)) &&
              !there.has(print),
          )
          .map(([, v]) => `${v.rule} ${v.file} ${v.function}`);
        if (kernel !== verdicts.kernel && gone.length > 0)
          console.log(`      not found in ${kernel}: ${gone.join(', ')}`);
        else assert.deepEqual(gone, []);
      });
    });
  }
