/**
 * Judges an answer against a recorded case: a line of a real tree and what an expert says of it: locks certainly held,
 * locks that must not be reported, RCU, sleeping.
 */
import type { HeldLock, PointContext } from '../../server/src/engine/base/finding.js';
import type { Engine } from '../../server/src/engine/door.js';

/** A lock as the case writes it. */
export interface CaseLock {
  readonly lock: string;
  readonly mode: string;
  readonly obj?: string;
}

/** One recorded line. */
export interface Case {
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
  /** Why the engine is known to miss it; absent where it answers as the reader did. */
  readonly miss?: string;
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
  return new RegExp(`\\b${name.replace(/\W/g, '.')}\\b`).test(held.expression) ? 1 : 0;
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

/** The cases of a file: a list, or an object with `entries`. */
export function casesIn(text: string): Case[] {
  const parsed: unknown = JSON.parse(text);
  const cases = (Array.isArray(parsed) ? parsed : (parsed as { entries: Case[] }).entries) as Case[];
  return [...cases].sort((a, b) => (a.file < b.file ? -1 : a.file > b.file ? 1 : a.line - b.line));
}

/** A case says something of locks or of RCU. */
export function saysLocks(c: Case): boolean {
  return c.expected.heldLocks.length > 0 || c.expected.rcu !== false;
}

/** What is wrong with the engine's answer about a case, and the answer. */
export function ask(
  engine: Engine,
  c: Case,
): { readonly wrong: readonly string[]; readonly contexts: readonly PointContext[] } {
  const result = engine.contexts({ file: c.file, line: c.line }, { isCancelled: () => false });
  if (!result.ok) return { wrong: [result.problem], contexts: [] };
  const { contexts, function: name } = result.answer;
  return { wrong: name === c.function ? judge(contexts, c) : [`function ${name}`], contexts };
}
