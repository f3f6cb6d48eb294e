/**
 * `npm run bench:seeded -- CASES TREE...`: the share of known bugs that are reported, at default and at low precision, by kind, and
 * every miss by name. CASES are seeded bugs (edits that put a bug into a tree, one at a time) or natural ones (a bug that stands in one
 * tree and not in another); a case whose trees are not among TREE is left out and counted. A seeded bug counts where the edited tree
 * yields a finding that the plain one does not, of a rule that answers to its kind, in the expected function or with a changed line on
 * its trace; a natural one where a finding with the function on its path is there in the first tree and not in the second.
 * `--kinds a,b` and `--ids a,b` look at some of them only.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import type { Finding } from '../../server/src/engine/base/finding.js';
import { openTree } from './engine.js';
import { applySeed, type SeedCase } from './seed.js';

/** The rules that answer to a kind of bug: ids, or families with a slash at the end. */
const ANSWERS: Readonly<Record<string, readonly string[]>> = {
  'rcu-free': ['rcu/early-free'],
  'rcu-walk-sleep': ['rcu/walk-blocks', 'rcu/walk-reference'],
  'rcu-walk-unstable-read': ['rcu/unstable-inode', 'rcu/unstable-parent', 'rcu/walk-hard-error'],
  'unstable-name-or-parent': [
    'dentry/unstable-parent',
    'dentry/unstable-name',
    'dentry/unstable-inode',
    'dentry/parent-recheck',
  ],
  'dcache-readdir-removal': [
    'dir/unlocked-removal',
    'dir/alias-move',
    'dir/unpinned-child',
    'dentry/unstable-name',
    'dentry/unstable-inode',
    'dentry/unstable-parent',
    'lock/guarded-field',
  ],
  'dir-lock-required': ['dir/lock-required', 'dir/unlocked-removal'],
  'lock-dropped-and-retaken': [
    'dir/relock-dead',
    'dir/stale-snapshot',
    'dir/stale-pointer',
    'dir/lost-race-leak',
  ],
  'deadlock-relock': ['lock/double', 'dir/self-deadlock'],
  'lock-imbalance': ['lock/imbalance', 'lock/not-held'],
  'sleep-in-atomic': ['lock/sleep-in-atomic', 'dentry/atomic-method'],
  'lock-order': ['lock/order'],
  'refcount-fsdata': ['dentry/fsdata-reference', 'dentry/hash-state'],
  'release-contract': [
    'dentry/prune-drops-lock',
    'dentry/prune-frees',
    'dentry/prune-reference',
    'dentry/release-linked',
    'dentry/fsdata-type',
    'rcu/early-free',
  ],
  'prune-contract': [
    'dentry/prune-drops-lock',
    'dentry/prune-frees',
    'dentry/prune-reference',
    'dentry/release-linked',
    'dentry/fsdata-type',
    'rcu/early-free',
  ],
};

interface NaturalCase {
  readonly id: string;
  readonly file: string;
  readonly function: string;
  readonly ruleFamily: string;
  readonly buggyTrees: readonly string[];
  readonly fixedTrees: readonly string[];
}

interface Score {
  all: number;
  high: number;
  low: number;
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { kinds: { type: 'string' }, ids: { type: 'string' } },
});
const [casesPath, ...roots] = positionals;
if (casesPath === undefined || roots.length === 0) {
  console.error('usage: npm run bench:seeded -- CASES TREE... [--kinds a,b] [--ids a,b]');
  process.exit(2);
}
const trees = new Map(roots.map((root) => [versionOf(root), root]));
const kinds = values.kinds?.split(',');
const ids = values.ids?.split(',');
const all = JSON.parse(readFileSync(casesPath, 'utf8')) as readonly (SeedCase | NaturalCase)[];
const plain = new Map<string, readonly Finding[]>();
const byKind = new Map<string, Score>();
let leftOut = 0;

for (const c of all) {
  const kind = 'expect' in c ? c.expect.ruleFamily : c.ruleFamily;
  if ((kinds !== undefined && !kinds.includes(kind)) || (ids !== undefined && !ids.includes(c.id))) continue;
  const hits = 'expect' in c ? await seeded(c) : await natural(c);
  if (hits === null) {
    leftOut++;
    continue;
  }
  const score = byKind.get(kind) ?? { all: 0, high: 0, low: 0 };
  byKind.set(kind, score);
  score.all++;
  const best = hits.find((f) => f.precision === 'high') ?? hits[0];
  if (best !== undefined) score.low++;
  if (best?.precision === 'high') score.high++;
  const said =
    best === undefined ? 'missed' : best.precision === 'high' ? 'found ' : `${best.precision}  `.slice(0, 6);
  console.log(
    `${said} ${c.id} (${kind})${best === undefined ? '' : `: ${best.rule} ${best.file}:${best.line} ${best.message}`}`,
  );
}

const total: Score = { all: 0, high: 0, low: 0 };
for (const [kind, n] of [...byKind].sort(([a], [b]) => (a < b ? -1 : 1))) {
  console.log(`${kind}: ${n.high} at default, ${n.low} at low precision, of ${n.all}`);
  total.all += n.all;
  total.high += n.high;
  total.low += n.low;
}
const share = (n: number): string => `${((100 * n) / Math.max(1, total.all)).toFixed(1)} %`;
console.log(
  `all: ${total.high} of ${total.all} at default (${share(total.high)}), ${total.low} at low precision (${share(total.low)})` +
    `${leftOut === 0 ? '' : `; ${leftOut} are of other trees`}`,
);

/** `6.12` of a tree. */
function versionOf(root: string): string {
  const makefile = readFileSync(join(root, 'Makefile'), 'utf8');
  const part = (name: string): string => new RegExp(`^${name}\\s*=\\s*(\\d+)`, 'm').exec(makefile)?.[1] ?? '';
  return `${part('VERSION')}.${part('PATCHLEVEL')}`;
}

function answersTo(kind: string, f: Finding): boolean {
  const rules = ANSWERS[kind];
  return rules === undefined || rules.includes(f.rule);
}

async function check(
  root: string,
  file: string,
  overlays?: ReadonlyMap<string, string>,
): Promise<readonly Finding[]> {
  const engine = await openTree(root, overlays);
  try {
    return engine.check({ paths: [file], rules: [], precision: 'low' }, { isCancelled: () => false })
      .findings;
  } finally {
    engine.dispose();
  }
}

async function checkPlain(root: string, file: string): Promise<readonly Finding[]> {
  const key = `${root} ${file}`;
  const known = plain.get(key);
  if (known !== undefined) return known;
  const found = await check(root, file);
  plain.set(key, found);
  return found;
}

/** Findings that say a seeded bug; null where its tree is not at hand. */
async function seeded(c: SeedCase): Promise<readonly Finding[] | null> {
  const root = trees.get(c.kernelTree);
  if (root === undefined) return null;
  const overlays = applySeed(c, (f) => readFileSync(join(root, f), 'utf8'));
  // The same at a lower precision is no news at a higher one
  const known = new Set((await checkPlain(root, c.file)).map((f) => `${f.precision} ${f.fingerprint}`));
  const fresh = (await check(root, c.file, overlays)).filter(
    (f) => !known.has(`${f.precision} ${f.fingerprint}`),
  );
  const wanted = [c.expect.ruleFamily, ...(c.expect.also ?? [])];
  return fresh.filter(
    (f) =>
      wanted.some((kind) => answersTo(kind, f)) &&
      (f.function === c.expect.function ||
        (f.file === c.file && c.expect.changedLines.some((l) => Math.abs(f.line - l) <= 1)) ||
        f.trace.some(
          (t) => t.file === c.file && c.expect.changedLines.some((l) => Math.abs(t.line - l) <= 1),
        )),
  );
}

/** Findings that say a bug of a tree and are gone in the tree that has it fixed; null where no such trees are at hand. */
async function natural(c: NaturalCase): Promise<readonly Finding[] | null> {
  const buggy = c.buggyTrees.filter((v) => trees.has(v));
  const fixed = c.fixedTrees.filter((v) => trees.has(v));
  if (buggy.length === 0 || fixed.length === 0) return null;
  const inFunction = async (version: string): Promise<readonly Finding[]> =>
    (await checkPlain(trees.get(version) as string, c.file)).filter(
      (f) => answersTo(c.ruleFamily, f) && f.function === c.function,
    );
  const silent = new Set<string>();
  for (const version of fixed)
    for (const f of await inFunction(version)) silent.add(`${f.precision} ${f.rule}`);
  let hits: readonly Finding[] | null = null;
  for (const version of buggy) {
    const here = (await inFunction(version)).filter((f) => !silent.has(`${f.precision} ${f.rule}`));
    // It has to be reported in every tree that has it
    if (hits === null || here.length === 0 || (hits.length > 0 && hits[0]?.precision === 'high')) hits = here;
    if (here.length === 0) break;
  }
  return hits;
}
