/**
 * The situations in which a function is entered, put together where they are alike, with the ways in; and what holds before each
 * operation in some of them, way by way. Must not know how it is drawn.
 */
import type { HeldLock, RcuState } from '../../base/finding.js';
import type { Analysis } from '../../contexts/analysis.js';
import { fnColumn } from '../../contexts/cfg.js';
import { begin, type Entry, Whence } from '../../contexts/entry-points.js';
import { type PointState, pointOf, statesAt } from '../../contexts/query.js';
import { NO_LOCKS } from '../../contexts/state.js';
import { Fn } from '../../facts/encode.js';
import { count, wordSlot } from '../../findings/wording.js';
import type { LockKind } from '../../model/types.js';
import type { FunctionRef } from '../../program/program.js';

/** What holds at a point on paths that agree. */
export interface Way {
  readonly held: readonly HeldLock[];
  readonly rcu: RcuState;
  readonly maySleep: boolean | 'unknown';
  readonly why: readonly string[];
}

/** Entries that bring the same. */
export interface Situation {
  /** The first way in: `inode_operations.rename of foo_dir_inode_operations, foo_rename2()`. */
  readonly title: string;
  /** All ways in, one a line. */
  readonly reached: readonly string[];
  readonly way: Way;
  readonly entries: readonly Entry[];
}

/** Ways in that are listed. */
const MAX_REACHED = 12;

/** The situations of a function: those that say most first. At least one. */
export function situationsOf(analysis: Analysis, fn: FunctionRef): readonly Situation[] {
  const groups = new Map<string, { way: Way; entries: Entry[]; reached: Set<string> }>();
  const known = analysis.propagation?.entries[fn.id] ?? [];
  const entries = known.length === 0 ? [begin(NO_LOCKS, Whence.Nobody)] : known;
  for (const [index, entry] of entries.entries()) {
    const way = wayOf(analysis, fn, entry, null);
    if (way === null) continue;
    const key = keyOf(way);
    const group = groups.get(key) ?? { way, entries: [], reached: new Set<string>() };
    groups.set(key, group);
    group.entries.push(entry);
    for (const text of waysIn(analysis, fn, entry, index)) group.reached.add(text);
  }
  const all = [...groups.values()].map(({ way, entries: same, reached }): Situation => {
    const list = [...reached];
    const more = list.length > 1 ? ` and ${list.length - 1} more` : '';
    return {
      title: `${list[0] ?? 'no known entry'}${more}`,
      reached:
        list.length <= MAX_REACHED
          ? list
          : [...list.slice(0, MAX_REACHED - 1), `and ${list.length - MAX_REACHED + 1} more`],
      way,
      entries: same,
    };
  });
  return all.sort((a, b) => weight(b.way) - weight(a.way));
}

function weight(way: Way): number {
  const rcu = way.rcu === 'walk' ? 300 : way.rcu === 'read' ? 200 : way.rcu === 'maybe' ? 100 : 0;
  return rcu + (way.maySleep === false ? 50 : 0) + Math.min(way.held.length, 20);
}

function waysIn(analysis: Analysis, fn: FunctionRef, entry: Entry, index: number): string[] {
  const { propagation, chains, program } = analysis;
  const nameOf = (id: number): string => program.functions[id]?.name ?? '?';
  const through = (names: readonly string[], from: string): string => {
    const via = names.filter((name) => name !== from);
    return via.length === 0 ? '' : ` through ${via.map((name) => `${name}()`).join(' > ')}`;
  };
  if (propagation === null) return [];
  if (entry.origins.length === 0) {
    const names = propagation.entries[fn.id]?.includes(entry)
      ? propagation.chain(fn.id, index).map((c) => nameOf(c.fn))
      : [];
    return [`no known entry${through(names, '')}`];
  }
  return entry.origins.map((o) => {
    const origin = propagation.origins[o];
    if (origin === undefined) return 'no known entry';
    const name = nameOf(origin.function);
    const plain = ['', 'call', origin.method].includes(origin.context);
    const context = plain ? '' : ` (${origin.context})`;
    const slot = wordSlot(origin);
    const table = origin.table === '' ? '' : ` of ${origin.table}`;
    const at = origin.function === fn.id ? '' : `, ${name}()`;
    const word = `${slot}${context}${table}${at}`;
    const chain = chains?.from(o, fn.id, index)?.map((c) => nameOf(c.fn)) ?? [];
    return `${word}${through(chain, name)}`;
  });
}

function wayOf(analysis: Analysis, fn: FunctionRef, entry: Entry, state: PointState | null): Way | null {
  const point = pointOf(analysis, fn, entry, state === null ? null : [state]);
  return point === null
    ? null
    : { held: point.held, rcu: point.rcu, maySleep: point.maySleep, why: point.whyAtomic };
}

/** What makes two ways the same for who looks on. */
export function keyOf(way: Way): string {
  return JSON.stringify([
    way.held.map((l) => `${l.expression} ${l.class} ${l.mode} ${l.certainty}`).sort(),
    way.rcu,
    way.maySleep,
  ]);
}

/** What holds along a function. */
export interface Along {
  /** Ways before an operation that differ; empty where control does not come in these situations. */
  at(op: number): readonly Way[];
  /** Kinds of the locks that were met, by class. */
  readonly kinds: ReadonlyMap<string, LockKind>;
}

/** Walks a function once; `situations` are those that count. */
export function along(analysis: Analysis, fn: FunctionRef, situations: readonly Situation[]): Along {
  const count = fnColumn(fn.file, fn.index, Fn.OpCount);
  const states = statesAt(analysis, fn, new Set(Array.from({ length: count }, (_, op) => op))).before;
  const entries = situations.flatMap((s) => s.entries);
  const kinds = new Map<string, LockKind>();
  for (const entry of entries) for (const l of entry.locks) kinds.set(l.class, l.kind);
  for (const list of states.values())
    for (const s of list) for (const l of s.locks) kinds.set(l.lock.class, l.lock.kind);
  const known = new Map<number, readonly Way[]>();
  const find = (op: number): readonly Way[] => {
    const found = states.get(op) ?? [];
    const ways = new Map<string, Way>();
    for (const entry of entries)
      for (const way of fittingWays(analysis, fn, entry, found)) {
        const key = keyOf(way);
        if (!ways.has(key)) ways.set(key, way);
      }
    return [...ways.values()];
  };
  return {
    kinds,
    at: (op) => {
      const ways = known.get(op) ?? find(op);
      known.set(op, ways);
      return ways;
    },
  };
}

/** Paths in doubt count only where there are no others. */
function fittingWays(
  analysis: Analysis,
  fn: FunctionRef,
  entry: Entry,
  states: readonly PointState[],
): Way[] {
  for (const doubt of [false, true]) {
    const ways = states
      .filter((s) => s.doubt === doubt)
      .map((s) => wayOf(analysis, fn, entry, s))
      .filter((way) => way !== null);
    if (ways.length > 0) return ways;
  }
  return [];
}

/** What all ways have for sure, and what some have, as one. */
export function mergedWay(ways: readonly Way[]): Way {
  const [first] = ways;
  if (first === undefined) return { held: [], rcu: 'none', maySleep: 'unknown', why: [] };
  if (ways.length === 1) return first;
  const held = new Map<string, HeldLock & { times: number }>();
  for (const way of ways) {
    // Several of a way that have one name count once
    const own = new Map<string, HeldLock>();
    for (const lock of way.held) {
      const key = `${lock.expression} ${lock.class} ${lock.mode}`;
      if (own.get(key)?.certainty !== 'must') own.set(key, lock);
    }
    for (const [key, lock] of own) {
      const old = held.get(key);
      const certainty = old?.certainty === 'may' ? 'may' : lock.certainty;
      held.set(key, { ...(old ?? lock), certainty, times: (old?.times ?? 0) + 1 });
    }
  }
  const same = <T>(values: readonly T[], other: T): T =>
    values.every((value) => value === values[0]) ? (values[0] as T) : other;
  return {
    held: [...held.values()].map(({ times, ...lock }) =>
      times < ways.length ? { ...lock, certainty: 'may' } : lock,
    ),
    rcu: same<RcuState>(
      ways.map((way) => way.rcu),
      'maybe',
    ),
    maySleep: same<boolean | 'unknown'>(
      ways.map((way) => way.maySleep),
      'unknown',
    ),
    why: [...new Set(ways.flatMap((way) => way.why))],
  };
}

/** What a way has, in a few words: `2 locks held, RCU-walk`. */
export function wayInWords(way: Way): string {
  const held = way.held.length === 0 ? 'no lock held' : `${count(way.held.length, 'lock')} held`;
  const rcu = way.rcu === 'walk' ? ', RCU-walk' : way.rcu === 'read' ? ', RCU read side' : '';
  return `${held}${rcu}${way.maySleep === false ? ', must not sleep' : ''}`;
}
