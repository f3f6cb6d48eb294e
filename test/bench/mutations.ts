/**
 * `npm run bench:mutations -- TREE`: the share of mutants that are reported, at default and at low precision, by operator. The mutants
 * are those of the committed list of the tree's version; `--list --seed N [--count N]` makes one anew, by syntax alone. A mutant is
 * killed by a finding that the plain tree does not have, of a rule that answers to its operator, in the mutated function, with a step
 * of its trace in there (what was dropped is on no trace itself), or with a changed line on its trace. Mutants that change nothing that matters are named in `equivalent.json`, with the reason; every other one
 * counts. `--operators a,b` and `--ids a,b` look at some of them only, `--verbose` names each. Exits with 1 where a mutant of the list
 * cannot be made in the tree of the very version that it was listed from.
 */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Finding } from '../../server/src/engine/base/finding.js';
import type { Engine } from '../../server/src/engine/door.js';
import { openTree, ROOT } from './engine.js';
import {
  type Change,
  choose,
  filesystemOf,
  type Mutant,
  type MutantList,
  mutantsOf,
  mutated,
  OPERATOR_NAMES,
  type Operator,
} from './mutants.js';
import { cFiles } from './timing.js';

/** The rules that answer to an operator: ids, or families with a slash at the end. */
const ANSWERS: Readonly<Record<Operator, readonly string[]>> = {
  'drop-bail-out': ['rcu/'],
  'free-at-once': ['rcu/early-free', 'rcu/unprotected-deref'],
  'plain-inode': ['rcu/unstable-inode', 'rcu/unstable-parent'],
  'borrowed-parent': [
    'dentry/unstable-parent',
    'dentry/parent-recheck',
    'rcu/unstable-parent',
    'dentry/unstable-inode',
  ],
  'drop-unlock': ['lock/imbalance', 'lock/double', 'lock/not-held', 'lock/annotation'],
  'drop-inode-lock': ['dir/lock-required', 'dir/unlocked-removal', 'lock/contract', 'lock/guarded-field'],
  'sleeping-allocation': ['lock/sleep-in-atomic', 'rcu/walk-blocks', 'dentry/atomic-method'],
  'mutex-under-spinlock': ['lock/sleep-in-atomic', 'rcu/walk-blocks', 'dentry/atomic-method'],
  'swap-locks': ['lock/order', 'lock/sleep-in-atomic'],
  'forget-dead-directory': ['dir/relock-dead'],
  'late-snapshot': ['dir/stale-snapshot', 'dir/stale-pointer', 'lock/guarded-field'],
};

/** At most this share of a list may be called equivalent. */
const MOST_EQUIVALENT = 0.1;
const LISTS = join(ROOT, 'test/bench/mutations');

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    list: { type: 'boolean' },
    seed: { type: 'string' },
    count: { type: 'string' },
    operators: { type: 'string' },
    ids: { type: 'string' },
    verbose: { type: 'boolean' },
  },
});
const root = positionals[0];
if (root === undefined || positionals.length > 1) {
  console.error(
    'usage: npm run bench:mutations -- TREE [--list --seed N [--count N]] [--operators a,b] [--ids a,b] [--verbose]',
  );
  process.exit(2);
}
const tree = root;
const [release, patchLevel] = versionOf(tree);
const listPath = join(LISTS, `${release}.json`);
if (values.list === true) makeList(Number(values.seed ?? 1), Number(values.count ?? 330));
else await measure();

/** `6.12` and `6.12.117` of a tree. */
function versionOf(folder: string): readonly [string, string] {
  const makefile = readFileSync(join(folder, 'Makefile'), 'utf8');
  const part = (name: string): string =>
    new RegExp(`^${name}\\s*=\\s*(\\d+)`, 'm').exec(makefile)?.[1] ?? '0';
  const version = `${part('VERSION')}.${part('PATCHLEVEL')}`;
  return [version, `${version}.${part('SUBLEVEL')}`];
}

function makeList(seed: number, count: number): void {
  const byFolder = new Map<string, Map<string, string>>();
  for (const path of cFiles(join(tree, 'fs')).sort()) {
    const file = path.slice(tree.replace(/\/$/, '').length + 1);
    const folder = byFolder.get(dirname(file)) ?? new Map<string, string>();
    byFolder.set(dirname(file), folder);
    folder.set(file, readFileSync(path, 'utf8'));
  }
  const all = [...byFolder.values()].flatMap(mutantsOf);
  const mutants = choose(all, count, seed);
  const list: MutantList = { kernel: patchLevel, seed, mutants };
  const lines = mutants.map((m) => `    ${JSON.stringify(m)}`).join(',\n');
  writeFileSync(
    listPath,
    `{\n  "kernel": ${JSON.stringify(list.kernel)},\n  "seed": ${seed},\n  "mutants": [\n${lines}\n  ]\n}\n`,
  );
  for (const name of OPERATOR_NAMES) {
    const of = (list: readonly Mutant[]): number => list.filter((m) => m.operator === name).length;
    console.log(`${name}: ${of(mutants)} of ${of(all)}`);
  }
  const filesystems = new Set(mutants.map((m) => filesystemOf(m.file))).size;
  console.log(`${mutants.length} mutants in ${filesystems} filesystems, seed ${seed}: ${listPath}`);
}

interface Score {
  all: number;
  high: number;
  low: number;
  equivalent: number;
}

async function measure(): Promise<void> {
  if (!existsSync(listPath)) {
    console.error(`no list for ${release}: make one with --list --seed N`);
    process.exit(2);
  }
  const list = JSON.parse(readFileSync(listPath, 'utf8')) as MutantList;
  const equivalent = readEquivalent(list);
  const operators = values.operators?.split(',');
  const ids = values.ids?.split(',');
  const wanted = list.mutants.filter(
    (m) =>
      (operators === undefined || operators.includes(m.operator)) &&
      (ids === undefined || ids.includes(m.id)),
  );
  const byUnit = new Map<string, Mutant[]>();
  for (const m of wanted) byUnit.set(dirname(m.file), [...(byUnit.get(dirname(m.file)) ?? []), m]);
  const scores = new Map<Operator, Score>(
    OPERATOR_NAMES.map((name) => [name, { all: 0, high: 0, low: 0, equivalent: 0 }]),
  );
  const gone: string[] = [];
  for (const [unit, mutants] of byUnit) {
    const overlays = new Map<string, string>();
    const engine = await openTree(tree, overlays);
    try {
      const plain = known(check(engine, unit));
      for (const mutant of mutants) {
        const change = mutated(readFileSync(join(tree, mutant.file), 'utf8'), mutant);
        if (change === null) {
          gone.push(mutant.id);
          continue;
        }
        overlays.set(mutant.file, change.text);
        engine.invalidate(mutant.file);
        const hits = check(engine, unit).filter(
          (f) => !plain.has(keyOf(f)) && answers(mutant, f) && isAbout(mutant, change, f),
        );
        overlays.delete(mutant.file);
        engine.invalidate(mutant.file);
        note(mutant, hits, scores.get(mutant.operator) as Score, equivalent.get(mutant.id));
      }
    } finally {
      engine.dispose();
    }
  }
  report(scores, gone);
  if (gone.length > 0 && list.kernel === patchLevel) process.exitCode = 1;
}

/** Mutants that change nothing that matters, with the reason. */
function readEquivalent(list: MutantList): ReadonlyMap<string, string> {
  const all = JSON.parse(readFileSync(join(LISTS, 'equivalent.json'), 'utf8')) as Readonly<
    Record<string, Readonly<Record<string, string>>>
  >;
  const here = new Map(Object.entries(all[release] ?? {}));
  const unknown = [...here.keys()].filter((id) => !list.mutants.some((m) => m.id === id));
  if (unknown.length > 0 || here.size > MOST_EQUIVALENT * list.mutants.length) {
    console.error(
      unknown.length > 0
        ? `equivalent.json names no mutant of the list: ${unknown.join(', ')}`
        : `equivalent.json names ${here.size} of ${list.mutants.length} mutants, which is more than a tenth`,
    );
    process.exit(2);
  }
  return here;
}

function check(engine: Engine, unit: string): readonly Finding[] {
  const paths = readdirSync(join(tree, unit))
    .filter((name) => /\.[ch]$/.test(name))
    .map((name) => `${unit}/${name}`);
  return engine.check({ paths, rules: [], precision: 'low' }, { isCancelled: () => false }).findings;
}

/** The same at a lower precision is no news at a higher one. */
function keyOf(f: Finding): string {
  return `${f.precision} ${f.fingerprint}`;
}

function known(findings: readonly Finding[]): ReadonlySet<string> {
  return new Set(findings.map(keyOf));
}

function answers(mutant: Mutant, f: Finding): boolean {
  return ANSWERS[mutant.operator].some(
    (rule) => f.rule === rule || (rule.endsWith('/') && f.rule.startsWith(rule)),
  );
}

function isAbout(mutant: Mutant, { lines, first, last }: Change, f: Finding): boolean {
  const changed = (at: { readonly file: string; readonly line: number }): boolean =>
    at.file === mutant.file && (lines.has(at.line) || (at.line >= first && at.line <= last));
  return (f.file === mutant.file && f.function === mutant.function) || changed(f) || f.trace.some(changed);
}

function note(mutant: Mutant, hits: readonly Finding[], score: Score, reason: string | undefined): void {
  const best = hits.find((f) => f.precision === 'high') ?? hits[0];
  if (best === undefined && reason !== undefined) {
    score.equivalent++;
    if (values.verbose === true) console.log(`same     ${mutant.id} ${mutant.function}(): ${reason}`);
    return;
  }
  score.all++;
  if (best !== undefined) score.low++;
  if (best?.precision === 'high') score.high++;
  if (values.verbose !== true) return;
  if (best === undefined) console.log(`survived ${mutant.id} ${mutant.function}()`);
  else
    console.log(
      `${best.precision === 'high' ? 'killed  ' : best.precision.padEnd(8)} ${mutant.id}: ${best.rule} ${best.file}:${best.line} ${best.message}`,
    );
}

function report(scores: ReadonlyMap<Operator, Score>, gone: readonly string[]): void {
  const total: Score = { all: 0, high: 0, low: 0, equivalent: 0 };
  const share = (n: number, of: number): string => `${((100 * n) / Math.max(1, of)).toFixed(1)} %`;
  const shown = (name: string, s: Score): void =>
    console.log(
      `${name}: ${s.high} at default (${share(s.high, s.all)}), ${s.low} at low precision (${share(s.low, s.all)}), of ${s.all}` +
        `${s.equivalent === 0 ? '' : `; ${s.equivalent} change nothing`}`,
    );
  for (const [name, score] of scores) {
    if (score.all + score.equivalent > 0) shown(name, score);
    for (const key of ['all', 'high', 'low', 'equivalent'] as const) total[key] += score[key];
  }
  shown('all', total);
  if (gone.length > 0) console.log(`not in this tree: ${gone.join(', ')}`);
}
