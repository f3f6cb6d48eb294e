/**
 * Where paths meet: two states into one, and exits brought together into an effect. What is lost here is all the precision
 * that is ever given up; what only one of two paths holds is held "perhaps". Must not know what an operation does.
 */
import { isAtomicKind, isSignalKind } from '../model/lock-kinds.js';
import { JOIN_OP } from './evaluate.js';
import { ANY, type Facts, factOf, maskOf, sharedFacts, withFact } from './known.js';
import type { Exit } from './result.js';
import { type Lock, locksKey, perhaps, State, sameLock } from './state.js';
import { T, type Terms } from './terms.js';

/** One state for two: what both know. Values that differ get a name that stands for the meeting at `block`. */
export function join(terms: Terms, block: number, a: State, b: State): State {
  const vars = joinedVars(terms, block, a.vars, b.vars);
  const temps = joinedTemps(terms, block, a.temps, b.temps);
  const heap = joinedHeap(a.heap, b.heap);
  let facts = commonKnown(terms, a.facts, b.facts);
  // What met keeps what both sides knew of it
  for (let v = 0; v < vars.length; v++) {
    const t = vars[v] as number;
    if (t < 0) continue;
    // A name for what met here before is no name for what the other side brings
    const met = t !== a.vars[v] || t !== b.vars[v];
    if (!met && !isComputed(terms, t)) continue;
    const mask = maskOf(terms, a.facts, a.vars[v] as number) | maskOf(terms, b.facts, b.vars[v] as number);
    if (mask === 0 || mask === ANY) continue;
    // Each side may have known it by other parts of what it was computed from
    if (met || (maskOf(terms, facts, t) & ~mask) !== 0) facts = withFact(facts, t, mask);
  }
  return new State(
    vars,
    temps,
    heap,
    mayUnion(terms, a.locks, b.locks),
    mayUnion(terms, a.released, b.released),
    facts,
    a.doubt && b.doubt,
    a.slept && b.slept,
    a.grace && b.grace,
    true,
    a.guarded || b.guarded,
    a.lastRef || b.lastRef,
    a.done.length === 0 ? a.done : a.done.filter((d) => b.done.includes(d)),
    a.trail === b.trail ? a.trail : 0,
    sharedFacts(a.aside, b.aside),
  );
}

function joinedVars(
  terms: Terms,
  block: number,
  a: readonly number[],
  b: readonly number[],
): readonly number[] {
  if (a === b) return a;
  let out: number[] | null = null;
  for (let v = 0; v < a.length; v++) {
    const t = a[v] as number;
    const other = b[v] as number;
    if (t === other || t < 0) continue;
    out ??= a.slice();
    out[v] = other < 0 ? -1 : terms.fresh(JOIN_OP + block, v);
  }
  return out ?? a;
}

function joinedTemps(
  terms: Terms,
  block: number,
  a: readonly number[],
  b: readonly number[],
): readonly number[] {
  if (a === b || a.length === 0) return a;
  const out: number[] = [];
  for (let i = 0; i < a.length; i += 2) {
    const t = a[i] as number;
    for (let j = 0; j < b.length; j += 2)
      if (b[j] === t)
        out.push(t, a[i + 1] === b[j + 1] ? (a[i + 1] as number) : terms.fresh(JOIN_OP + block, 100000 + t));
  }
  return out;
}

function joinedHeap(a: readonly number[], b: readonly number[]): readonly number[] {
  if (a === b || a.length === 0) return a;
  const out: number[] = [];
  for (let i = 0; i < a.length; i += 2)
    for (let j = 0; j < b.length; j += 2)
      if (a[i] === b[j] && a[i + 1] === b[j + 1]) out.push(a[i] as number, a[i + 1] as number);
  return out;
}

/** What two states know by facts, or can tell from theirs what the facts of the first one say. */
function commonKnown(terms: Terms, a: Facts, b: Facts): Facts {
  const out: number[] = [];
  for (let i = 0; i < a.length; i += 2) {
    const mask = (a[i + 1] as number) | maskOf(terms, b, a[i] as number);
    if (mask !== ANY) out.push(a[i] as number, mask);
  }
  return out;
}

function isComputed(terms: Terms, t: number): boolean {
  const kind = terms.kind(t);
  return kind === T.Bin || kind === T.Un;
}

/** The same lock in another list, or undefined. */
function alike(lock: Lock, list: readonly Lock[]): Lock | undefined {
  for (const l of list) if (l === lock || sameLock(l, lock)) return l;
  return undefined;
}

/** What two paths hold: what both do, and what only one does as something that may be held. */
function mayUnion(terms: Terms, a: readonly Lock[], b: readonly Lock[]): readonly Lock[] {
  if (a === b || (a.length === 0 && b.length === 0)) return a;
  let out: Lock[] | null = null;
  for (let i = 0; i < a.length; i++) {
    const l = a[i] as Lock;
    const other = alike(l, b);
    if (l.may || (other !== undefined && !other.may)) out?.push(l);
    else {
      out ??= a.slice(0, i);
      out.push(perhaps(l));
    }
  }
  for (const l of b) {
    if (alike(l, a) !== undefined) continue;
    const may = perhaps(l);
    if (saidBy(terms, out ?? a, may)) continue;
    out ??= a.slice();
    out.push(may);
  }
  return out ?? a;
}

/**
 * What two situations hold for sure: the same lock, be it shared in one of them, or one lock of the same class in each,
 * which then goes by its class. The rest of both is held perhaps.
 */
export function commonLocks(terms: Terms, a: readonly Lock[], b: readonly Lock[]): Lock[] {
  if (a.length === b.length && a.every((l, i) => sameLock(l, b[i] as Lock)))
    return a.map((l, i) => ((b[i] as Lock).may ? perhaps(l) : l));
  const out: Lock[] = [];
  const left: Lock[] = [];
  const used = new Set<Lock>();
  for (const l of a) {
    const other = b.find((x) => !used.has(x) && sameLock(x, l));
    if (other === undefined) {
      left.push(l);
      continue;
    }
    used.add(other);
    out.push(other.may ? perhaps(l) : l);
  }
  for (const l of left) {
    const other = l.may
      ? undefined
      : b.find(
          (x) => !used.has(x) && !x.may && x.class === l.class && x.kind === l.kind && x.shared === l.shared,
        );
    const mode = other ?? (l.may ? undefined : b.find((x) => !used.has(x) && !x.may && sameBut(x, l)));
    if (mode !== undefined) used.add(mode);
    if (other !== undefined) out.push(l.at(terms.opaque(l.class)));
    else if (mode !== undefined) out.push(l.inMode(true));
    else addLock(terms, out, perhaps(l));
  }
  for (const l of b) if (!used.has(l)) addLock(terms, out, perhaps(l));
  return out;
}

/**
 * One more lock among those that are held: what is sure stands for what may be, and of those that are known by their class
 * only, one that may be held says it for all.
 */
export function addLock(terms: Terms, locks: Lock[], lock: Lock): void {
  const at = locks.findIndex((x) => sameLock(x, lock));
  if (at >= 0) {
    if ((locks[at] as Lock).may && !lock.may) locks[at] = lock;
    return;
  }
  if (!lock.may || !saidBy(terms, locks, lock)) locks.push(lock);
}

/** Whether a lock that is held perhaps and has no name here is one of a class that is said to be held perhaps already. */
function saidBy(terms: Terms, locks: readonly Lock[], lock: Lock): boolean {
  const nameless = (l: Lock): boolean => terms.kind(terms.root(l.place)) === T.Opaque;
  return (
    nameless(lock) &&
    locks.some(
      (x) =>
        x.may && x.class === lock.class && x.kind === lock.kind && x.shared === lock.shared && nameless(x),
    )
  );
}

/** Leaves no more locks than a bound: those that are sure stay, then those that are in some situations. */
export function boundLocks(terms: Terms, locks: Lock[], most: number): void {
  if (locks.length <= most) return;
  const rank = (l: Lock): number => (!l.may ? 0 : !l.some ? 3 : isAtomicKind(l.kind) ? 1 : 2);
  locks.sort((a, b) => rank(a) - rank(b) || byPlace(terms, a, b));
  locks.length = most;
}

/** In one order, whatever was met first. */
export function byPlace(terms: Terms, a: Lock, b: Lock): number {
  if (a === b) return 0;
  if (a.place !== b.place) return terms.order(a.place) - terms.order(b.place);
  return a.kind === b.kind ? Number(a.shared) - Number(b.shared) : a.kind < b.kind ? -1 : 1;
}

/** The same lock in another mode: held in any case, at least shared. */
function sameBut(a: Lock, b: Lock): boolean {
  return a.place === b.place && a.kind === b.kind && a.class === b.class && a.shared !== b.shared;
}

/** Whether facts `a` are at least as strict as facts `b`. */
export function implies(a: Facts, b: Facts): boolean {
  for (let i = 0; i < b.length; i += 2)
    if ((factOf(a, b[i] as number) & ~(b[i + 1] as number)) !== 0) return false;
  return true;
}

/** What two lists of facts have in common. */
export function commonFacts(a: Facts, b: Facts): Facts {
  if (a === b || a.length === 0) return a;
  const out: number[] = [];
  for (let i = 0; i < a.length; i += 2) {
    const mask = (a[i + 1] as number) | factOf(b, a[i] as number);
    if (mask !== ANY) out.push(a[i] as number, mask);
  }
  return out;
}

/** Two ways out that differ at most in locks that nobody is shown. */
function together(terms: Terms, a: Exit, b: Exit): Exit {
  const outs = commonOuts(a.outs, b.outs);
  if (locksKey(a.locks) === locksKey(b.locks) && locksKey(a.released) === locksKey(b.released))
    return outs === a.outs ? a : { ...a, outs };
  return {
    ...a,
    outs,
    locks: commonLocks(terms, a.locks, b.locks),
    released: commonLocks(terms, a.released, b.released),
  };
}

/** Ways out that are kept apart in an effect: three locks, each exclusive, shared or not, by a flag of their own. */
const MAX_EXITS = 27;

/** Two ways out as one that nobody may rely on. */
function blurred(terms: Terms, a: Exit, b: Exit): Exit {
  return {
    ...a,
    value: a.value === b.value ? a.value : -1,
    mask: a.mask | b.mask,
    locks: commonLocks(terms, a.locks, b.locks),
    released: commonLocks(terms, a.released, b.released),
    facts: commonFacts(a.facts, b.facts),
    outs: commonOuts(a.outs, b.outs),
    doubt: true,
    blurred: true,
  };
}

/**
 * The sure ways out; and what only doubtful ones give back, or what only they do for some parameters: a function that seems
 * to fail always is one whose success hangs on memory that changes meanwhile, and one whose only sure way is `if (!p) return`
 * has another one for every other p.
 */
function withOnlyWays(terms: Terms, exits: readonly Exit[]): readonly Exit[] {
  const sure = exits.filter((e) => !e.doubt);
  if (sure.length === 0) return exits;
  const given = sure.reduce((mask, e) => mask | e.mask, 0);
  // What all sure ways ask of the parameters
  const asked = sure.map((e) => hardFacts(terms, e.facts)).reduce((a, b) => commonFacts(a, b));
  const only = exits.filter(
    (e) => e.doubt && ((e.mask & ~given) !== 0 || (asked.length > 0 && !implies(e.facts, asked))),
  );
  const doubt = new Set(only.map(keptLocks)).size > 1;
  return [
    ...sure,
    ...only.map((e) => ({ ...e, mask: (e.mask & ~given) !== 0 ? e.mask & ~given : e.mask, doubt })),
  ];
}

/** Facts that no memory can change. */
function hardFacts(terms: Terms, f: Facts): Facts {
  const kept: number[] = [];
  for (let i = 0; i < f.length; i += 2)
    if (!terms.isSoft(f[i] as number)) kept.push(f[i] as number, f[i + 1] as number);
  return kept;
}

/** What a caller can tell ways out apart by: their locks, but for flags and completions, which nobody is shown. */
function keptLocks(e: Exit): string {
  const shown = (list: readonly Lock[]): readonly Lock[] => list.filter((l) => !isSignalKind(l.kind));
  return `${locksKey(shown(e.locks))}|${locksKey(shown(e.released))}`;
}

/** What two ways out store alike. */
function commonOuts(a: readonly number[], b: readonly number[]): readonly number[] {
  if (a === b || a.join() === b.join()) return a;
  const out: number[] = [];
  for (let i = 0; i < a.length; i += 2)
    for (let j = 0; j < b.length; j += 2)
      if (a[i] === b[j] && a[i + 1] === b[j + 1]) out.push(a[i] as number, a[i + 1] as number);
  return out;
}

/** Ways out with the same locks, those with the same conditions as one. `memory`: conditions on memory count; `outs`: so does what they store. */
function byFacts(terms: Terms, group: readonly Exit[], memory: boolean, outs: boolean): Exit[] {
  const found = new Map<string, Exit>();
  for (const e of group) {
    const facts = memory ? e.facts : hardFacts(terms, e.facts);
    const key = outs ? `${facts.join()};${e.outs.join()}` : facts.join();
    const old = found.get(key);
    found.set(
      key,
      old === undefined
        ? { ...e, facts }
        : {
            ...together(terms, old, e),
            facts,
            mask: old.mask | e.mask,
            value: old.value === e.value ? old.value : -1,
          },
    );
  }
  return [...found.values()];
}

/** Exits brought together: one for each thing that a caller can tell apart. */
export function groupExits(terms: Terms, exits: readonly Exit[]): Exit[] {
  const use = withOnlyWays(terms, exits);
  const groups = new Map<string, Exit[]>();
  for (const e of use) {
    const key = keptLocks(e);
    const list = groups.get(key);
    if (list === undefined) groups.set(key, [e]);
    else list.push(e);
  }
  const out: Exit[] = [];
  for (const group of groups.values()) {
    // Apart by what the parameters say, where that decides the result, or what is stored where they point at
    const stores = group.some((e) => e.outs.join() !== (group[0] as Exit).outs.join());
    const fine = stores ? byFacts(terms, group, true, true) : [];
    const list = fine.length > 1 && fine.length <= 4 ? fine : byFacts(terms, group, groups.size > 1, false);
    const first = list[0] as Exit;
    const apart =
      list.length > 1 &&
      list.length <= 4 &&
      // Where other ways out have other locks, what the parameters say tells them from these
      (list === fine ||
        groups.size > 1 ||
        list.some((e) => (e.mask & first.mask) === 0 || e.value !== first.value));
    if (list.length === 1 || apart) out.push(...list);
    else {
      let facts = first.facts;
      let mask = first.mask;
      let value = first.value;
      let all = first;
      for (const e of list.slice(1)) {
        all = together(terms, all, e);
        facts = commonFacts(facts, e.facts);
        mask |= e.mask;
        if (e.value !== value) value = -1;
      }
      out.push({ ...all, facts, mask, value });
    }
  }
  if (out.length > MAX_EXITS) {
    // The rest as one that says what they have in common: a way out that is left out would make what follows unreachable
    const rest = out.splice(MAX_EXITS - 1);
    out.push(rest.reduce((a, b) => blurred(terms, a, b)));
  }
  if (groups.size === 1) return out;
  // Where two exits with different locks cannot be told apart by the caller, both are in doubt
  const kept = out.map(keptLocks);
  return out.flatMap((e, i) => {
    const like = out.filter((o, n) => kept[n] !== kept[i] && !distinct(terms, o, e));
    if (like.length === 0) return [e];
    const only = onlyFor(terms, e, like);
    if (only === null) return [{ ...e, doubt: true }];
    // For some values of one parameter: for all others there is no doubt
    const rest = factOf(e.facts, only.term) & ~only.mask;
    return [
      { ...e, facts: withFact(e.facts, only.term, rest) },
      { ...e, facts: withFact(e.facts, only.term, only.mask), doubt: true },
    ];
  });
}

/** The parameter on whose value it hangs whether any of these is there beside a sure way out, and those values; null where it is more. */
function onlyFor(terms: Terms, e: Exit, like: readonly Exit[]): { term: number; mask: number } | null {
  if (e.doubt) return null;
  let term = -1;
  let mask = 0;
  for (const o of like) {
    let own = -1;
    for (let i = 0; i < o.facts.length; i += 2)
      if (terms.kind(o.facts[i] as number) === T.Param) own = own < 0 ? i : -2;
    if (own < 0 || (term >= 0 && term !== o.facts[own])) return null;
    term = o.facts[own] as number;
    mask |= o.facts[own + 1] as number;
  }
  const known = factOf(e.facts, term);
  return (known & mask) === 0 || (known & ~mask) === 0 ? null : { term, mask: known & mask };
}

function distinct(terms: Terms, a: Exit, b: Exit): boolean {
  if ((a.mask & b.mask) === 0) return true;
  // Two numbers: `return mode` after what the mode says was taken
  const given = a.value < 0 ? null : terms.number(a.value);
  const other = b.value < 0 ? null : terms.number(b.value);
  if (given !== null && other !== null && given !== other) return true;
  for (let i = 0; i < a.facts.length; i += 2)
    if (((a.facts[i + 1] as number) & factOf(b.facts, a.facts[i] as number)) === 0) return true;
  return false;
}
