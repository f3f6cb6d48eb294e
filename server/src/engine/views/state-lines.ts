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
/** The same where there is little room, and names past that go by the lock's class. */
const FEW_LOCKS = 2;
const LONG_NAME = 28;

/** `inode->i_rwsem`: a lock as it is written, without the `&` of the expression. */
export function lockName(lock: Pick<HeldLock, 'class' | 'expression'>): string {
  return lock.expression === '' ? lock.class : lock.expression.replace(/^&/, '');
}

/** The name of a lock where there is little room: a long one gives way to the class. */
export function briefName(name: string, cls: string): string {
  return name.length > LONG_NAME && cls !== '' && cls.length < name.length ? cls : name;
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
  return grouped(states).map(line);
}

function grouped(states: readonly ShortState[]): readonly (readonly ShortState[])[] {
  const groups = new Map<string, ShortState[]>();
  for (const state of [...states].sort((a, b) => strictness(b) - strictness(a)))
    push(groups, `${state.rcu === 'walk'} ${state.maySleep}`, state);
  return [...groups.values()];
}

/** The lines of `stateLines` as one. */
export function statesLine(states: readonly ShortState[]): string {
  return stateLines(states).join(', or ');
}

/**
 * The same where there is little room: `held: dir->i_rwsem, perhaps more; may sleep`. Beside another line one that has no lock for
 * sure says only whether it may sleep: `RCU-walk; must not sleep, or may sleep`.
 */
export function briefLine(states: readonly ShortState[]): string {
  const groups = grouped(states);
  return groups.map((group) => brief(group, groups.length > 1)).join(', or ');
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
  const { sure, perhaps } = lockTexts(states);
  if (sure.length > 0) parts.push(`held: ${some(sure, MAX_LOCKS)}`);
  if (perhaps.length > 0) parts.push(`perhaps held: ${some(perhaps, sure.length > 0 ? 2 : MAX_LOCKS)}`);
  const rcu = shortRcu(states);
  if (rcu !== '') parts.push(rcu);
  if (parts.length === 0) parts.push('nothing held');
  parts.push(shortSleep(states));
  return parts.join('; ');
}

function brief(states: readonly ShortState[], isBeside: boolean): string {
  const { sure, perhaps } = lockTexts(states, briefName);
  const rcu = shortRcu(states);
  const parts: string[] = [];
  if (sure.length > 0)
    parts.push(`held: ${some(sure, FEW_LOCKS)}${perhaps.length > 0 ? ', perhaps more' : ''}`);
  else if (perhaps.length > 0 && !isBeside) parts.push(`perhaps held: ${some(perhaps, 1)}`);
  if (rcu !== '') parts.push(rcu);
  if (parts.length === 0 && !isBeside) parts.push('nothing held');
  parts.push(shortSleep(states));
  return parts.join('; ');
}

/** A lock by one name, over several states. */
interface Named {
  readonly class: string;
  /** States that hold it for sure. */
  readonly sure: Set<ShortState>;
  readonly modes: Set<LockMode>;
}

/** Locks of several states: those that all hold for sure, and the others. */
function lockTexts(
  states: readonly ShortState[],
  named: (name: string, cls: string) => string = (name) => name,
): {
  readonly sure: readonly string[];
  readonly perhaps: readonly string[];
} {
  const seen = new Map<string, Named>();
  for (const state of states)
    for (const lock of state.held) {
      const name = lockName(lock);
      const known: Named = seen.get(name) ?? { class: lock.class, sure: new Set(), modes: new Set() };
      seen.set(name, known);
      known.modes.add(lock.mode);
      if (lock.certainty === 'must') known.sure.add(state);
    }
  joinByClass(seen, states);
  const sure: string[] = [];
  const perhaps: string[] = [];
  for (const [name, lock] of seen) {
    // One that goes by its class may be one of those that go by a name
    const hasName = [...seen].some(([other, l]) => other !== name && l.class === name);
    if (hasName && lock.sure.size < states.length) continue;
    const mode = !lock.modes.has('shared') ? '' : lock.modes.size > 1 ? ' shared or exclusive' : ' shared';
    (lock.sure.size === states.length ? sure : perhaps).push(`${named(name, lock.class)}${mode}`);
  }
  return { sure, perhaps };
}

/** Where every state holds some lock of a class for sure, be it under another name in each, the class is held. */
function joinByClass(seen: Map<string, Named>, states: readonly ShortState[]): void {
  const open = [...seen].filter(([, lock]) => lock.sure.size < states.length);
  for (const cls of new Set(open.map(([, lock]) => lock.class))) {
    const alike = open.filter(([, lock]) => lock.class === cls);
    const sure = new Set(alike.flatMap(([, lock]) => [...lock.sure]));
    if (alike.length < 2 || sure.size < states.length) continue;
    for (const [name] of alike) seen.delete(name);
    seen.set(cls, { class: cls, sure, modes: new Set(alike.flatMap(([, lock]) => [...lock.modes])) });
  }
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
