/**
 * `npm run bench:recall -- CASES TREE [KINDS]`: the share of seeded bugs that are reported at default precision. A case
 * counts where the edited tree yields a finding that the plain one does not, in the expected function or with a changed
 * line on its trace. KINDS is a comma-separated list of the kinds to look at.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Finding } from '../../server/src/engine/base/finding.js';
import { openTree } from './engine.js';
import { applySeed, type SeedCase } from './seed.js';

const [casesPath, root, kinds] = process.argv.slice(2);
if (casesPath === undefined || root === undefined) {
  console.error('usage: npm run bench:recall -- CASES TREE [KINDS]');
  process.exit(2);
}
const version = /^PATCHLEVEL\s*=\s*(\d+)/m.exec(readFileSync(join(root, 'Makefile'), 'utf8'))?.[1] ?? '';
const major = /^VERSION\s*=\s*(\d+)/m.exec(readFileSync(join(root, 'Makefile'), 'utf8'))?.[1] ?? '';
const wanted = kinds === undefined ? null : new Set(kinds.split(','));
const cases = (JSON.parse(readFileSync(casesPath, 'utf8')) as SeedCase[]).filter(
  (c) => c.kernelTree === `${major}.${version}` && (wanted === null || wanted.has(c.expect.ruleFamily)),
);

async function check(file: string, overlays?: ReadonlyMap<string, string>): Promise<readonly Finding[]> {
  const engine = await openTree(root as string, overlays);
  const answer = engine.check({ paths: [file], rules: [], precision: 'high' }, { isCancelled: () => false });
  engine.dispose();
  return answer.findings;
}

const plain = new Map<string, readonly Finding[]>();
const byKind = new Map<string, { found: number; all: number }>();
let found = 0;
for (const c of cases) {
  const overlays = applySeed(c, (f) => readFileSync(join(root, f), 'utf8'));
  let before = plain.get(c.file);
  if (before === undefined) {
    before = await check(c.file);
    plain.set(c.file, before);
  }
  const known = new Set(before.map((f) => f.fingerprint));
  const fresh = (await check(c.file, overlays)).filter((f) => !known.has(f.fingerprint));
  const hit = fresh.find(
    (f) =>
      f.function === c.expect.function ||
      f.trace.some((t) => t.file === c.file && c.expect.changedLines.some((l) => Math.abs(t.line - l) <= 1)),
  );
  const kind = byKind.get(c.expect.ruleFamily) ?? { found: 0, all: 0 };
  kind.all++;
  if (hit !== undefined) {
    kind.found++;
    found++;
  }
  byKind.set(c.expect.ruleFamily, kind);
  console.log(
    `${hit === undefined ? 'missed' : 'found '} ${c.id} (${c.expect.ruleFamily})${hit === undefined ? '' : `: ${hit.rule} ${hit.file}:${hit.line}`}`,
  );
}
for (const [kind, n] of byKind) console.log(`${kind}: ${n.found} of ${n.all}`);
console.log(
  `found: ${found} of ${cases.length} (${((100 * found) / Math.max(1, cases.length)).toFixed(1)} %)`,
);
