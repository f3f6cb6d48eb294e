/**
 * Values of a path state under other names: what a loop makes again, what a store leaves behind as the old value. Must not
 * know what an operation does.
 */
import { operatorCode } from '../facts/encode.js';
import { type Facts, NO_FACTS, POSITIVE, signOf, withFact } from './known.js';
import { type Lock, type State, sameLock } from './state.js';
import { T, type Terms } from './terms.js';
import { AT_ENTRY } from './translate.js';

const EQ = operatorCode('==');

/** The state before an operation of a loop makes its value again: what its last turn made there goes by another name. */
export function anew(terms: Terms, s: State, term: number, op: number): State {
  const has = (t: number): boolean => t >= 0 && !terms.isShared(t) && terms.contains(t, term);
  if (
    !anyMade(terms, s.vars, term) &&
    !anyMade(terms, s.temps, term) &&
    !anyMade(terms, s.heap, term) &&
    !anyMade(terms, s.facts, term)
  )
    if (!s.locks.some((l) => has(l.place))) return s;
  const stale = terms.stale(op);
  const fix = (t: number): number => {
    if (!has(t)) return t;
    return terms.rewrite(t, (x) => (x === term ? stale : terms.isShared(x) ? x : -1));
  };
  const heap: number[] = [];
  for (let i = 0; i < s.heap.length; i += 2)
    if (!has(s.heap[i] as number) && !has(s.heap[i + 1] as number))
      heap.push(s.heap[i] as number, s.heap[i + 1] as number);
  const locks: Lock[] = [];
  for (const l of s.locks) {
    const place = fix(l.place);
    const lock = l.at(place);
    if (!locks.some((x) => x.place !== l.place && sameLock(x, lock) && x !== l)) locks.push(lock);
  }
  const facts: number[] = [];
  for (let i = 0; i < s.facts.length; i += 2)
    if (!has(s.facts[i] as number)) facts.push(s.facts[i] as number, s.facts[i + 1] as number);
  const temps = s.temps.map((t, i) => (i % 2 === 0 ? t : fix(t)));
  return s.withValues(s.vars.map(fix), temps, heap, facts, locks);
}

/** Whether some of these numbers is a term of the function at hand that a value occurs in. */
function anyMade(terms: Terms, list: readonly number[], value: number): boolean {
  for (let i = 0; i < list.length; i++) {
    const t = list[i] as number;
    if (t >= 0 && !terms.isShared(t) && terms.contains(t, value)) return true;
  }
  return false;
}

/** The state with one value under another name, wherever it occurs. */
export function renamed(terms: Terms, s: State, from: number, to: number): State {
  const fix = (t: number): number =>
    t >= 0 && terms.contains(t, from) ? terms.rewrite(t, (x) => (x === from ? to : -1)) : t;
  let facts: Facts = NO_FACTS;
  for (let i = 0; i < s.facts.length; i += 2)
    facts = withFact(facts, fix(s.facts[i] as number), s.facts[i + 1] as number);
  return s.withValues(
    s.vars.map(fix),
    s.temps.map((t, i) => (i % 2 === 0 ? t : fix(t))),
    s.heap.map(fix),
    facts,
    s.locks.map((l) => l.at(fix(l.place))),
  );
}

/** What stands where a parameter points at, `*flags`, as long as the function has not stored to it; -1 for any other place. */
function entryOf(terms: Terms, s: State, location: number): number {
  if (terms.kind(location) !== T.DerefL || terms.kind(terms.a(location)) !== T.Param) return -1;
  for (let i = 0; i < s.heap.length; i += 2) if (s.heap[i] === location) return -1;
  return terms.load(terms.fieldP(terms.a(location), terms.name(AT_ENTRY)));
}

/**
 * The state after a store through a pointer, to a global or to a member. `snapshots` learns the names that old values of
 * memory get, and the loads that gave them.
 */
export function storedTo(
  terms: Terms,
  s: State,
  location: number,
  value: number,
  op: number,
  snapshots: Map<number, number>,
): State {
  if (location === terms.unknown) return s;
  if (terms.kind(location) === T.Local) {
    const vars = s.vars.slice();
    vars[terms.a(location)] = value === terms.unknown ? terms.fresh(op, 3) : value;
    return s.withVars(vars);
  }
  const load = terms.load(location);
  const uses = (t: number): boolean => t >= 0 && terms.isSoft(t) && terms.contains(t, load);
  // What a variable was computed from stays what it was: the old value gets a name of its own
  let vars = s.vars;
  let temps = s.temps;
  let facts: Facts = s.facts;
  const entry = entryOf(terms, s, location);
  const snapshot = entry >= 0 || vars.some(uses) || temps.some((t, i) => i % 2 === 1 && uses(t));
  if (snapshot) {
    const old = entry >= 0 ? entry : terms.fresh(op, 4);
    snapshots.set(old, load);
    const fix = (t: number): number => (uses(t) ? terms.rewrite(t, (x) => (x === load ? old : -1)) : t);
    vars = vars.map(fix);
    temps = temps.map((t, i) => (i % 2 === 1 ? fix(t) : t));
    facts = NO_FACTS;
    for (let i = 0; i < s.facts.length; i += 2)
      facts = withFact(facts, fix(s.facts[i] as number), s.facts[i + 1] as number);
  } else if (facts.some((t, i) => i % 2 === 0 && uses(t))) {
    const kept: number[] = [];
    for (let i = 0; i < s.facts.length; i += 2)
      if (!uses(s.facts[i] as number)) kept.push(s.facts[i] as number, s.facts[i + 1] as number);
    facts = kept;
  }
  let { aside } = s;
  if (aside.some((t, i) => i % 2 === 0 && uses(t))) {
    const kept: number[] = [];
    for (let i = 0; i < aside.length; i += 2)
      if (!uses(aside[i] as number)) kept.push(aside[i] as number, aside[i + 1] as number);
    aside = kept;
  }
  const heap: number[] = [];
  for (let i = 0; i < s.heap.length; i += 2)
    if (s.heap[i] !== location) heap.push(s.heap[i] as number, s.heap[i + 1] as number);
  // Only what can decide something later is worth remembering: constants, and what hangs on locals.
  const keeps =
    terms.number(value) !== null || terms.kind(terms.root(location)) === T.Local || terms.isShared(value);
  if (keeps && value !== terms.unknown && heap.length < 16) heap.push(location, value);
  return s.withValues(vars, temps, heap, facts).withAside(aside);
}

/**
 * The state after it may have slept: a number that was stored where others reach it may have been changed meanwhile, so it
 * is what memory was last seen to be, and no constant any more.
 */
export function afterSleep(terms: Terms, s: State): State {
  const outside = (place: number): boolean => terms.kind(terms.root(place)) !== T.Local;
  let found = false;
  for (let i = 0; i < s.heap.length; i += 2) if (outside(s.heap[i] as number)) found = true;
  if (!found) return s;
  const heap: number[] = [];
  let facts = s.facts;
  for (let i = 0; i < s.heap.length; i += 2) {
    const place = s.heap[i] as number;
    const value = s.heap[i + 1] as number;
    if (!outside(place)) {
      heap.push(place, value);
      continue;
    }
    const number = terms.number(value);
    if (number === null) {
      heap.push(place, value);
      continue;
    }
    const load = terms.load(place);
    facts = withFact(facts, load, signOf(number));
    if (number !== 0) facts = withFact(facts, terms.bin(EQ, load, value), POSITIVE);
  }
  return s.withValues(s.vars, s.temps, heap, facts);
}
