/**
 * `npm run bench:precision -- TREE...`: what share of the findings on plain trees is right, by rule and precision, from the verdicts in
 * `test/kernel/verdicts`; siblings of one cause count once. Findings without a verdict are listed, with the fingerprint under which a
 * verdict goes. `--precision high` leaves the others out; `--paths a,b` looks elsewhere than at `fs`. Exits with 1 where a finding at
 * default precision has no verdict.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Precision } from '../../server/src/engine/base/finding.js';
import { openTree, ROOT } from './engine.js';
import { tally, unjudged, type Verdicts, wordTally } from './verdicts.js';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { precision: { type: 'string' }, paths: { type: 'string' } },
});
const precision = values.precision ?? 'low';
if (positionals.length === 0 || !['high', 'medium', 'low'].includes(precision)) {
  console.error('usage: npm run bench:precision -- TREE... [--precision high|medium|low] [--paths a,b]');
  process.exit(2);
}
const paths = values.paths?.split(',') ?? ['fs'];

const trees = [];
for (const root of positionals) {
  const engine = await openTree(root);
  const release = engine.kernelVersion.split('.').slice(0, 2).join('.');
  const path = join(ROOT, 'test/kernel/verdicts', `${release}.json`);
  const verdicts: Verdicts = existsSync(path)
    ? (JSON.parse(readFileSync(path, 'utf8')) as Verdicts)
    : { kernel: engine.kernelVersion, findings: {} };
  const request = { paths, rules: [], precision: precision as Precision };
  const { findings } = engine.check(request, { isCancelled: () => false });
  trees.push({ version: engine.kernelVersion, findings, verdicts });
  engine.dispose();
}

for (const { version, findings, verdicts } of trees) {
  const open = unjudged(findings, verdicts);
  for (const f of open)
    console.log(
      `not judged in ${version}: ${f.fingerprint} ${f.precision} ${f.rule} ${f.file}:${f.line} ${f.function}: ${f.message}`,
    );
  if (open.some((f) => f.precision === 'high')) process.exitCode = 1;
  const found = new Set(findings.map((f) => f.fingerprint));
  for (const [print, v] of Object.entries(verdicts.findings))
    if (!found.has(print) && paths.some((p) => v.file.startsWith(`${p}/`)))
      console.log(
        `judged in ${version}, no longer found: ${print} ${v.rule} ${v.file} ${v.function} (${v.verdict})`,
      );
}
const all = tally(trees);
for (const t of all) console.log(`${t.rule}, ${t.precision}: ${wordTally(t)}`);
for (const tier of ['high', 'medium', 'low'] as const) {
  const of = all.filter((t) => t.precision === tier);
  const sum = (key: 'right' | 'wrong' | 'unjudged'): number => of.reduce((n, t) => n + t[key], 0);
  if (of.length > 0)
    console.log(
      `all, ${tier}: ${wordTally({ right: sum('right'), wrong: sum('wrong'), unjudged: sum('unjudged') })}`,
    );
}
