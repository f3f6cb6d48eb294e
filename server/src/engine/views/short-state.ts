/**
 * What holds at a point in one line, for places with little room: lenses, call hierarchies, trees. Must not know where the line
 * is shown.
 */
import type { HeldLock, LockMode, PointContext } from '../base/finding.js';
import { push } from '../base/multimap.js';

/** A state, whoever brings it. */
export type ShortState = Pick<PointContext, 'held' | 'rcu' | 'maySleep'>;

/** Locks named in one line; the rest are counted. */
const MAX_LOCKS = 4;

/** `inode->i_rwsem`: a lock as it is written, without the `&` of the expression. */
export function lockName(lock: Pick<HeldLock, 'class' | 'expression'>): string {
  return lock.expression === '' ? lock.class : lock.expression.replace(/^&/, '');
}

/** Some names, and how many more there are. */
export function some(names: readonly string[], most: number): string {
  const more = names.length - most;
  return more > 0 ? `${names.slice(0, most).join(', ')} and ${more} more` : names.join(', ');
}

/**
 * States side by side, RCU-walk apart from the others and one line for each answer about sleeping, the strictest first:
 * `held: dir->i_rwsem shared or exclusive; may sleep`. What only some of the states of a line hold is there perhaps.
 */
export function stateLines(states: readonly ShortState[]): readonly string[] {
  const groups = new Map<string, ShortState[]>();
  for (const state of [...states].sort((a, b) => strictness(b) - strictness(a)))
    push(groups, `${state.rcu === 'walk'} ${state.maySleep}`, state);
  return [...groups.values()].map(line);
}

/** The lines of `stateLines` as one. */
export function statesLine(states: readonly ShortState[]): string {
  return stateLines(states).join(', or ');
}

/** Everything in one line, for one place that is reached in many ways. */
export function mergedLine(states: readonly ShortState[]): string {
  return line(states);
}

function strictness(state: ShortState): number {
  const rcu = state.rcu === 'walk' ? 300 : state.rcu === 'none' ? 0 : 200;
  return rcu + (state.maySleep === true ? 0 : 50) + Math.min(state.held.length, 20);
}

function line(states: readonly ShortState[]): string {
  const parts: string[] = [];
  const locks = lockTexts(states);
  if (locks.length > 0) parts.push(`held: ${some(locks, MAX_LOCKS)}`);
  const rcu = shortRcu(states);
  if (rcu !== '') parts.push(rcu);
  if (parts.length === 0) parts.push('nothing held');
  parts.push(shortSleep(states));
  return parts.join('; ');
}

interface Lock {
  sure: number;
  readonly modes: Set<LockMode>;
}

/** Locks of several states: those that all hold for sure come first. */
function lockTexts(states: readonly ShortState[]): readonly string[] {
  const seen = new Map<string, Lock>();
  for (const state of states) {
    const here = new Set<string>();
    for (const lock of state.held) {
      const name = lockName(lock);
      const known: Lock = seen.get(name) ?? { sure: 0, modes: new Set() };
      seen.set(name, known);
      known.modes.add(lock.mode);
      if (lock.certainty === 'must' && !here.has(name)) {
        here.add(name);
        known.sure++;
      }
    }
  }
  return [...seen]
    .sort(([, a], [, b]) => b.sure - a.sure)
    .map(([name, { sure, modes }]) => {
      const mode = !modes.has('shared') ? '' : modes.size > 1 ? ' shared or exclusive' : ' shared';
      return `${sure < states.length ? 'perhaps ' : ''}${name}${mode}`;
    });
}

function shortRcu(states: readonly ShortState[]): string {
  const all = new Set(states.map((state) => state.rcu));
  const [first = 'none'] = all;
  if (all.size === 1 && first !== 'maybe')
    return { none: '', read: 'RCU read side', walk: 'RCU-walk' }[first];
  return all.has('walk') && !all.has('read') && !all.has('maybe')
    ? 'perhaps RCU-walk'
    : 'perhaps RCU read side';
}

function shortSleep(states: readonly ShortState[]): string {
  const all = new Set(states.map((state) => state.maySleep));
  if (all.size > 1 && !all.has('unknown')) return 'sometimes must not sleep';
  if (all.size !== 1 || all.has('unknown')) return 'sleep not known';
  return all.has(true) ? 'may sleep' : 'must not sleep';
}
