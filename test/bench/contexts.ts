/**
 * `npm run bench:contexts -- CASES TREE`: how many of the recorded cases the engine answers rightly. A case names a line
 * of a real tree and what an expert says of it: locks certainly held, locks that must not be reported, RCU, sleeping.
 * Prints score, score over the cases with locks or RCU, and every miss with expected and answered.
 */
import { readFileSync } from 'node:fs';
import type { HeldLock, PointContext } from '../../server/src/engine/base/finding.js';
import { openTree } from './engine.js';

interface CaseLock {
  readonly lock: string;
  readonly mode: string;
  readonly obj?: string;
}

interface Case {
  readonly tree: string;
  readonly file: string;
  readonly function: string;
  readonly line: number;
  readonly lineText: string;
  readonly expected: {
    readonly heldLocks: readonly CaseLock[];
    readonly mayAlsoHold: readonly CaseLock[];
    readonly notHeld: readonly string[];
    readonly rcu: boolean | 'maybe';
    readonly maySleep: boolean;
    readonly vfsMethod: string | null;
  };
  readonly tags: readonly string[];
}

/** The last name of a lock's expression: `fi->lock` and `&fi->lock` give `lock`. */
function lastName(text: string): string {
  const plain = text.replace(/\(.*?\)/g, '').replace(/\[.*?\]/g, '');
  return /(\w+)\W*$/.exec(plain)?.[1] ?? plain;
}

/** How well a held lock fits an expected one: 2 by its name, 1 by a part of what it is shown as, 0 not at all. */
function fit(
  held: { readonly class: string; readonly expression: string },
  expected: string,
  obj = '',
): 0 | 1 | 2 {
  const name = lastName(expected);
  const field = held.class.includes('::') ? held.class.slice(held.class.lastIndexOf('::') + 2) : held.class;
  const plain = (text: string): string => text.replace(/^&/, '').replace(/\s/g, '');
  if (plain(held.expression) === plain(expected)) return 2;
  // A bit lock in the head of a list is named by the list
  if (name === 'hlist_bl_lock')
    return obj !== '' && held.expression.includes(/^\w*/.exec(obj)?.[0] ?? obj) ? 2 : 0;
  if (field === name || lastName(held.expression) === name) return 2;
  return held.expression.includes(name) ? 1 : 0;
}

function sameLock(
  held: { readonly class: string; readonly expression: string },
  expected: string,
  obj = '',
): boolean {
  return fit(held, expected, obj) > 0;
}

function modeFits(mode: string, expected: string): boolean {
  if (expected.includes('|')) return true;
  return expected.startsWith('sh') ? mode === 'shared' : mode === 'exclusive';
}

/** What is wrong with an answer; empty where it is right. */
export function judge(contexts: readonly PointContext[], c: Case): string[] {
  const wrong: string[] = [];
  if (contexts.length === 0) return ['no context'];
  const methods = (c.expected.vfsMethod ?? '').split('|').map((m) => m.replace('->', ''));
  const relevant = contexts.filter((x) => x.entry !== null && methods.includes(x.entry.method));
  const use = relevant.length > 0 ? relevant : contexts;
  for (const context of use) {
    const must = context.held.filter((h) => h.certainty === 'must');
    const unused = [...must];
    for (const lock of c.expected.heldLocks) {
      const exact = (h: HeldLock): boolean =>
        h.expression.replace(/[&\s]/g, '') === lock.lock.replace(/[&\s]/g, '');
      const fits = (least: number) => (h: HeldLock) =>
        fit(h, lock.lock, lock.obj) >= least && modeFits(h.mode, lock.mode);
      let at = unused.findIndex((h) => exact(h) && modeFits(h.mode, lock.mode));
      if (at < 0) at = unused.findIndex(fits(2));
      if (at < 0) at = unused.findIndex(fits(1));
      if (at < 0)
        wrong.push(
          `missing ${lock.lock} (${lock.mode})${context.held.some((h) => sameLock(h, lock.lock, lock.obj)) ? ' [reported as may or other mode]' : ''}`,
        );
      else unused.splice(at, 1);
    }
    // "Certainly held" means on every path there is: a lock that only some callers bring is no wrong answer
    for (const extra of unused)
      if (
        !c.expected.mayAlsoHold.some((m) => sameLock(extra, m.lock, m.obj)) &&
        contexts.every((x) => x.held.some((h) => h.certainty === 'must' && h.class === extra.class))
      )
        wrong.push(`extra must ${extra.expression}`);
    for (const not of c.expected.notHeld)
      if (
        must.some(
          (h) =>
            sameLock(h, not.replace(/\(.*\)/, '')) && !c.expected.heldLocks.some((l) => sameLock(h, l.lock)),
        )
      )
        wrong.push(`reports ${not}, which is not held`);
  }
  const rcus = use.map((x) => x.rcu);
  const all = rcus.every((r) => r === 'walk' || r === 'read');
  const some = rcus.some((r) => r !== 'none');
  const rcu = all ? true : some ? 'maybe' : false;
  if (rcu !== c.expected.rcu) wrong.push(`rcu ${rcu}, expected ${c.expected.rcu}`);
  const sleep = use.every((x) => x.maySleep === true);
  if (sleep !== c.expected.maySleep)
    wrong.push(`may sleep ${use.map((x) => x.maySleep).join('/')}, expected ${c.expected.maySleep}`);
  return [...new Set(wrong)];
}

const [casesPath, treePath] = process.argv.slice(2);
if (casesPath === undefined || treePath === undefined) {
  console.error('usage: npm run bench:contexts -- CASES TREE');
  process.exit(2);
}
const parsed: unknown = JSON.parse(readFileSync(casesPath, 'utf8'));
const cases = (Array.isArray(parsed) ? parsed : (parsed as { entries: Case[] }).entries) as Case[];
const engine = await openTree(treePath);
let right = 0;
let locked = 0;
let lockedRight = 0;
const misses: string[] = [];
for (const c of [...cases].sort((a, b) => (a.file < b.file ? -1 : a.file > b.file ? 1 : a.line - b.line))) {
  const result = engine.contexts({ file: c.file, line: c.line }, { isCancelled: () => false });
  const contexts = result.ok ? result.answer.contexts : [];
  const wrong = result.ok
    ? result.answer.function === c.function
      ? judge(contexts, c)
      : [`function ${result.answer.function}`]
    : [result.problem];
  const hasLocks = c.expected.heldLocks.length > 0 || c.expected.rcu !== false;
  if (hasLocks) locked++;
  if (wrong.length === 0) {
    right++;
    if (hasLocks) lockedRight++;
    continue;
  }
  misses.push(`${c.file}:${c.line} ${c.function} [${c.lineText.trim()}]`);
  for (const w of wrong) misses.push(`    ${w}`);
  for (const x of contexts.slice(0, 6))
    misses.push(
      `    answered: ${x.entry?.method ?? '-'} via ${x.via.join('>') || '-'}: ${x.held.map((h) => `${h.expression} ${h.mode}${h.certainty === 'may' ? '?' : ''}`).join(', ') || 'nothing'}; rcu ${x.rcu}; sleep ${x.maySleep}`,
    );
}
console.log(misses.join('\n'));
console.log(`right: ${right} of ${cases.length} (${((100 * right) / cases.length).toFixed(1)} %)`);
console.log(
  `with locks or RCU: ${lockedRight} of ${locked} (${((100 * lockedRight) / Math.max(1, locked)).toFixed(1)} %)`,
);
