/**
 * Which locks the calls of a function bring to it, counted call by call: held at all of them, or not at these. Where what a
 * caller's own callers hold is not known, nothing is said to be missing. Must not know how it is shown.
 */
import { push } from '../base/multimap.js';
import type { Analysis } from '../contexts/analysis.js';
import { type CallInto, callsInto, enteredBy } from '../contexts/calls-into.js';
import { fnColumn } from '../contexts/cfg.js';
import { type Entry, Whence } from '../contexts/entry-points.js';
import type { Lock } from '../contexts/state.js';
import { Fn } from '../facts/encode.js';
import { isSignalKind, namelessWord } from '../model/lock-kinds.js';
import type { FunctionRef, Program } from '../program/program.js';

/** One lock, or RCU, over all calls. */
export interface Brought {
  /** As the function would write it, `inode->i_rwsem`; its class where it has no name there. */
  readonly name: string;
  readonly class: string;
  /** It is RCU-walk or another read side, and no lock. */
  readonly rcu: boolean;
  /** Calls at which it is held for sure; those of them at which it is held shared, or shared in some situations only. */
  readonly held: number;
  readonly shared: number;
  readonly either: number;
  /** Calls at which it is certainly not held; in some situations or on some paths only; at which nobody knows. */
  readonly without: number;
  readonly perhaps: number;
  readonly unknown: number;
}

/** What is brought by how many calls. */
export interface BroughtByCalls {
  readonly calls: number;
  readonly locks: readonly Brought[];
}

const NOTHING: BroughtByCalls = { calls: 0, locks: [] };

const KNOWN = new WeakMap<Analysis, Map<number, BroughtByCalls>>();

/** Over all calls of a function; kept as long as the analysis, and past an edit where nothing that it hangs on is another. */
export function broughtTo(analysis: Analysis, fn: FunctionRef): BroughtByCalls {
  let known = KNOWN.get(analysis);
  if (known === undefined) {
    known = new Map();
    KNOWN.set(analysis, known);
  }
  let found = known.get(fn.id);
  if (found === undefined) {
    found = counted(analysis, fn);
    known.set(fn.id, found);
  }
  return found;
}

/** By program and function: what was counted, and of what. */
const BEFORE = new WeakMap<Program, Map<number, { readonly of: string; readonly found: BroughtByCalls }>>();

function counted(analysis: Analysis, fn: FunctionRef): BroughtByCalls {
  const { program, propagation } = analysis;
  if (propagation === null) return NOTHING;
  const calls = placesOf(callsInto(analysis, fn.id));
  if (calls.length === 0) return NOTHING;
  let before = BEFORE.get(program);
  if (before === undefined) {
    before = new Map();
    BEFORE.set(program, before);
  }
  const hangsOn: object[] = [propagation.entries[fn.id] ?? NOTHING];
  for (const call of calls.flat()) hangsOn.push(propagation.entries[call.caller.id] ?? NOTHING, ...call.path);
  const of = `${fnColumn(fn.file, fn.index, Fn.Hash)} ${hangsOn.map(numberOf).join()}`;
  const last = before.get(fn.id);
  if (last?.of === of) return last.found;
  const found = count(analysis, fn, calls);
  before.set(fn.id, { of, found });
  return found;
}

const NUMBERS = new WeakMap<object, number>();
let nextNumber = 1;

/** A number that no other object has: what is kept by it keeps no object. */
function numberOf(object: object): number {
  let number = NUMBERS.get(object);
  if (number === undefined) {
    number = nextNumber++;
    NUMBERS.set(object, number);
  }
  return number;
}

type Answer = 'held' | 'shared' | 'either' | 'without' | 'perhaps' | 'unknown';

function count(analysis: Analysis, fn: FunctionRef, calls: readonly (readonly CallInto[])[]): BroughtByCalls {
  // Without a lock in any situation there is none at any call, and nothing to count
  const entered = analysis.propagation?.entries[fn.id] ?? [];
  if (entered.every((entry) => !entry.locks.some(isShown))) return { calls: calls.length, locks: [] };
  const bySite = calls.map((here) => here.flatMap((call) => enteredBy(analysis, call)));
  const named = new Map<string, Lock>();
  for (const entry of bySite.flat())
    for (const lock of entry.locks)
      if (isShown(lock)) {
        const name = nameOf(analysis, fn, lock);
        if (!named.has(name)) named.set(name, lock);
      }
  const locks: Brought[] = [];
  for (const [name, lock] of named) {
    // What has no name here may be the one that has: it is counted there
    if (name === lock.class && [...named].some(([other, l]) => other !== name && l.class === lock.class))
      continue;
    const sum = { held: 0, shared: 0, either: 0, without: 0, perhaps: 0, unknown: 0 };
    for (const entries of bySite) {
      const answer = atSite(entries, lock, (l) => nameOf(analysis, fn, l) === name);
      sum[answer]++;
      if (answer === 'shared' || answer === 'either') sum.held++;
    }
    const rcu = lock.kind === 'rcu';
    locks.push({ name: rcu && isAlwaysWalk(bySite) ? 'RCU-walk' : name, class: lock.class, rcu, ...sum });
  }
  locks.sort(
    (a, b) =>
      Number(a.rcu) - Number(b.rcu) || b.held - a.held || b.perhaps - a.perhaps || (a.name < b.name ? -1 : 1),
  );
  return { calls: calls.length, locks };
}

/** Calls that are made now, and not handed over for later, by the place where they stand: a macro may make several in one. */
function placesOf(calls: readonly CallInto[]): readonly (readonly CallInto[])[] {
  const places = new Map<string, CallInto[]>();
  for (const call of calls)
    if (call.path.every((edge) => edge.context === 'now')) push(places, `${call.caller.id} ${call.op}`, call);
  return [...places.values()];
}

/** Whether RCU is only ever held by RCU-walk. */
function isAlwaysWalk(bySite: readonly (readonly Entry[])[]): boolean {
  return bySite.flat().every((entry) => entry.walk || !entry.locks.some((l) => l.kind === 'rcu'));
}

/** One lock at one call. `is`: whether a lock goes by its name. */
function atSite(entries: readonly Entry[], lock: Lock, is: (l: Lock) => boolean): Answer {
  if (entries.length === 0) return 'unknown';
  const found = entries.map((entry): Answer => {
    const here = entry.locks.filter((l) => l.kind === lock.kind && is(l));
    const sure = here.find((l) => !l.may);
    if (sure !== undefined) return sure.shared ? 'shared' : 'held';
    if (here.length > 0) return 'perhaps';
    // One of its class that goes by another name may be the same one
    if (entry.locks.some((l) => l.class === lock.class && l.kind === lock.kind)) return 'perhaps';
    return entry.from === Whence.Beginning && !entry.widened ? 'without' : 'unknown';
  });
  const [first = 'unknown'] = found;
  if (found.every((one) => one === first)) return first;
  if (found.every((one) => one === 'held' || one === 'shared')) return 'either';
  return found.every((one) => one === 'without' || one === 'unknown') ? 'unknown' : 'perhaps';
}

/** Locks that are spoken of: flags and completions are none. */
function isShown(lock: Lock): boolean {
  return !isSignalKind(lock.kind) && !lock.class.startsWith('?');
}

function nameOf(analysis: Analysis, fn: FunctionRef, lock: Lock): string {
  const word = namelessWord(lock.kind);
  if (word !== undefined) return word;
  const text = analysis.propagation?.show(fn.id, lock.place) ?? lock.class;
  // Nobody writes down what a hash was made of
  return text.includes('?') || text.includes(' op ') || text.includes('(') ? lock.class : text;
}
