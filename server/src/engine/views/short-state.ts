/**
 * What holds at a point in one line, for places with little room: lenses, call hierarchies, trees. Must not know where the line
 * is shown.
 */
import type { HeldLock, PointContext } from '../base/finding.js';

/** A state, whoever brings it. */
export type ShortState = Pick<PointContext, 'held' | 'rcu' | 'maySleep'>;

/** Locks named in one line; the rest are counted. */
const MAX_LOCKS = 4;
/** Different states said side by side; the rest are counted. */
const MAX_STATES = 3;

/** `inode->i_rwsem shared`: without the `&` of the expression, and `perhaps` where some paths do not hold it. */
export function shortLock(lock: HeldLock): string {
  const name = lock.expression === '' ? lock.class : lock.expression.replace(/^&/, '');
  const mode = lock.mode === 'shared' ? ' shared' : '';
  return `${lock.certainty === 'may' ? 'perhaps ' : ''}${name}${mode}`;
}

/** Some names, and how many more there are. */
export function some(names: readonly string[], most: number): string {
  const more = names.length - most;
  return more > 0 ? `${names.slice(0, most).join(', ')} and ${more} more` : names.join(', ');
}

/** `held: dir->i_rwsem; may sleep`. */
export function stateLine(state: ShortState): string {
  const parts: string[] = [];
  if (state.held.length > 0) parts.push(`held: ${some(state.held.map(shortLock), MAX_LOCKS)}`);
  if (state.rcu !== 'none') parts.push(shortRcu(state.rcu));
  if (parts.length === 0) parts.push('nothing held');
  parts.push(shortSleep(state.maySleep));
  return parts.join('; ');
}

function shortRcu(rcu: Exclude<PointContext['rcu'], 'none'>): string {
  switch (rcu) {
    case 'walk':
      return 'RCU-walk';
    case 'read':
      return 'RCU read side';
    case 'maybe':
      return 'perhaps RCU read side';
    default:
      return rcu satisfies never;
  }
}

function shortSleep(maySleep: PointContext['maySleep']): string {
  if (maySleep === 'unknown') return 'sleep not known';
  return maySleep ? 'may sleep' : 'must not sleep';
}

/** The different lines of some states, the strictest (RCU-walk, must not sleep, most locks) first. */
export function stateLines(states: readonly ShortState[]): readonly string[] {
  const strict = (s: ShortState): number =>
    (s.rcu === 'walk' ? 300 : s.rcu === 'none' ? 0 : 200) +
    (s.maySleep === true ? 0 : 50) +
    Math.min(s.held.length, 20);
  return [...new Set([...states].sort((a, b) => strict(b) - strict(a)).map(stateLine))];
}

/** States side by side: `RCU-walk; must not sleep, or nothing held; may sleep`. */
export function statesLine(states: readonly ShortState[]): string {
  const lines = stateLines(states);
  const more = lines.length - MAX_STATES;
  const shown = lines.slice(0, MAX_STATES).join(', or ');
  return more > 0 ? `${shown}, or ${more} more` : shown;
}

/** What several states have in common, and what only some of them have: for one place that is reached in many ways. */
export function mergedState(states: readonly ShortState[]): ShortState {
  const [first] = states;
  if (first === undefined || states.length === 1) return first ?? NOTHING_KNOWN;
  const keyOf = (l: HeldLock): string => `${l.expression === '' ? l.class : l.expression} ${l.mode}`;
  const seen = new Map<string, { readonly lock: HeldLock; sure: number }>();
  for (const state of states)
    for (const lock of state.held) {
      const known = seen.get(keyOf(lock)) ?? { lock, sure: 0 };
      if (lock.certainty === 'must') known.sure++;
      seen.set(keyOf(lock), known);
    }
  const all = [...seen.values()].sort((a, b) => b.sure - a.sure);
  const same = <T>(of: (state: ShortState) => T, other: T): T =>
    states.every((state) => of(state) === of(first)) ? of(first) : other;
  return {
    held: all.map(({ lock, sure }) => ({ ...lock, certainty: sure >= states.length ? 'must' : 'may' })),
    rcu: same<PointContext['rcu']>((state) => state.rcu, 'maybe'),
    maySleep: same<PointContext['maySleep']>((state) => state.maySleep, 'unknown'),
  };
}

const NOTHING_KNOWN: ShortState = { held: [], rcu: 'none', maySleep: 'unknown' };
