/**
 * What is held at an operation in a situation: the locks that the situation brings and that were not given back on the way, and
 * those that were taken here. And how sure it is that something is *not* held: only where all is known that leads here.
 */
import type { Analysis } from '../contexts/analysis.js';
import { MAX_VARIANTS } from '../contexts/effect.js';
import { type Entry, Whence } from '../contexts/entry-points.js';
import type { FunctionRun } from '../contexts/flow.js';
import type { ShownLock } from '../contexts/result.js';
import { type Lock, type State, sameLock, settled } from '../contexts/state.js';
import { T, type Terms } from '../contexts/terms.js';
import type { FunctionRef } from '../program/program.js';
import { type DraftLock, heldOf, type RuleContext } from './rule.js';

/** Everything held before an operation, what the caller brought first. */
export function heldIn(run: FunctionRun, entry: Entry, s: State): readonly Lock[] {
  const brought = settled(run.terms, entry.locks, s.facts).filter(
    (l) => !s.released.some((r) => sameLock(r, l) || (r.class === l.class && r.kind === l.kind && r.may)),
  );
  return [...brought, ...s.locks];
}

/**
 * What is held for sure. A lock of the caller that has no name here is given back under another name: once one of its class was dropped
 * it counts as dropped.
 */
export function surelyHeld(run: FunctionRun, entry: Entry, s: State): readonly Lock[] {
  const { terms } = run;
  return heldIn(run, entry, s).filter(
    (l) =>
      !l.may &&
      !(
        terms.kind(terms.root(l.place)) === T.Opaque &&
        s.released.some((r) => r.class === l.class && r.kind === l.kind)
      ),
  );
}

/** The same as a finding shows it. */
export function heldShown(
  cx: RuleContext,
  fn: FunctionRef,
  run: FunctionRun,
  entry: Entry,
  s: State,
  op: number,
): DraftLock[] {
  const retaken = run.retakenBefore(op);
  const shown: ShownLock[] = heldIn(run, entry, s).map((lock) => {
    const again = s.locks.includes(lock) ? undefined : retaken.find((r) => sameLock(r, lock));
    return {
      lock: again === undefined ? lock : lock.takenAt(again.fn, again.op).held(false),
      text: run.showPlace(lock.place),
    };
  });
  return heldOf(cx, fn, shown);
}

/** Whether a lock is held: this very one; perhaps; or certainly not. */
export type Holding = 'held' | 'perhaps' | 'not';

/**
 * Whether the lock at a place is held (in this mode or a stronger one; `shared` false: exclusive). Another lock of the same class that
 * might be this one makes it `perhaps`, as does anything that is not known of how control comes here.
 */
export function holding(run: FunctionRun, entry: Entry, s: State, wanted: Wanted): Holding {
  const how = holdingAsSeen(run, entry, s, wanted);
  return how === 'not' && s.blurred ? 'perhaps' : how;
}

/** A lock that is asked for: where, of which class, and whether shared will do. */
export interface Wanted {
  readonly place: number;
  readonly class: string;
  readonly shared: boolean;
}

/**
 * The same for a rule that asks of every state which comes to an operation. States are merged only with such as hold the same, and
 * what merging loses sends a path at most where others go for sure: if none of them holds the lock there, none holds it in the code.
 */
export function holdingAsSeen(run: FunctionRun, entry: Entry, s: State, wanted: Wanted): Holding {
  const { terms } = run;
  let perhaps = !isAllKnown(entry) || s.doubt;
  for (const l of heldIn(run, entry, s)) {
    if (l.place === wanted.place) {
      if (l.shared && !wanted.shared) continue;
      if (!l.may) return 'held';
      perhaps = true;
    } else if (
      l.class.startsWith('?') ||
      (l.class === wanted.class && !areApart(terms, l.place, wanted.place))
    )
      perhaps = true;
  }
  return perhaps ? 'perhaps' : 'not';
}

/**
 * Whether a situation says all that its callers hold: on the way here no call was reached in so many states that locks which only
 * some of them hold were left out.
 */
export function isWhole(analysis: Analysis, fn: number, entry: Entry): boolean {
  let [id, at] = [fn, entry];
  for (let depth = 0; depth < 40 && at.caller >= 0; depth++) {
    const { caller, op } = at;
    for (const e of analysis.results[caller]?.edges ?? [])
      if (e.op === op && e.callee === id && e.variants.length >= MAX_VARIANTS) return false;
    const up = analysis.propagation?.entries[caller]?.[at.callerEntry];
    if (up === undefined || up.widened) return false;
    [id, at] = [caller, up];
  }
  return true;
}

/** Whether the object that a place hangs on came to a function from the method itself, by parameters all the way. */
export function comesFromMethod(analysis: Analysis, fn: number, entry: Entry, place: number): boolean {
  const { terms, propagation, results } = analysis;
  let [id, at, root] = [fn, entry, terms.root(place)];
  for (let depth = 0; depth < 40; depth++) {
    if (terms.kind(root) !== T.Param) return terms.kind(root) === T.Global;
    const { caller, op } = at;
    if (caller < 0) return true;
    const edge = results[caller]?.edges.find((e) => e.op === op && e.callee === id);
    const arg = edge?.args[terms.a(root)];
    const up = propagation?.entries[caller]?.[at.callerEntry];
    if (arg === undefined || arg < 0 || up === undefined) return false;
    [id, at, root] = [caller, up, terms.root(arg)];
  }
  return false;
}

/** Whether all that leads into a situation is known: it begins at a method whose contract the model states, or in a context of its own. */
export function isAllKnown(entry: Entry): boolean {
  return (
    !entry.widened && entry.from === Whence.Beginning && !entry.locks.some((l) => l.class.startsWith('?'))
  );
}

/**
 * Whether two places are certainly not one: members of the same object under different names, or of what different parameters
 * that no rule of the VFS makes one point at. Only what is told by the terms alone.
 */
function areApart(terms: Terms, a: number, b: number): boolean {
  if (terms.kind(a) !== terms.kind(b) || terms.kind(a) !== T.FieldP) return false;
  // The same owner and another member: another lock
  return terms.a(a) === terms.a(b) && terms.b(a) !== terms.b(b);
}

/** So many situations that differ in what is held are looked at by a rule that follows locks through a function. */
const MAX_BY_LOCKS = 2;

/**
 * The situations of a function that differ in the locks that they bring, with their numbers: for rules that walk a function with trails,
 * which costs, and to which nothing else of a situation matters. Those that begin where all is known come first.
 */
export function byLocks(entries: readonly Entry[]): readonly (readonly [number, Entry])[] {
  const seen = new Set<string>();
  const out: (readonly [number, Entry])[] = [];
  const numbered = entries.map((entry, i) => [i, entry] as const);
  for (const [i, entry] of [
    ...numbered.filter(([, e]) => isAllKnown(e)),
    ...numbered.filter(([, e]) => !isAllKnown(e)),
  ]) {
    const key = entry.locks.map((l) => `${l.place},${l.kind},${l.shared},${l.may}`).join(' ');
    if (seen.has(key)) continue;
    seen.add(key);
    out.push([i, entry]);
    if (out.length === MAX_BY_LOCKS) break;
  }
  return out;
}
