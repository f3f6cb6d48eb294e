/**
 * The lines above the functions of a file: for a method its slot, what holds on entry and what runs beside it; for a helper
 * which locks its callers hold, counted call by call. Functions with nothing to say of have none. Must not know editors.
 */
import { push } from '../base/multimap.js';
import type { Lens, LensesAnswer } from '../base/shown.js';
import type { Analysis } from '../contexts/analysis.js';
import { isDamaged } from '../contexts/cfg.js';
import { isSeenElsewhere } from '../contexts/unknowns.js';
import { count } from '../findings/wording.js';
import { walksBeside } from '../model/overlap.js';
import type { LifeMethod } from '../model/types.js';
import { type FunctionRef, type Program, unitOf } from '../program/program.js';
import { type Brought, type BroughtByCalls, broughtTo } from './brought.js';
import { lateStates, type ModelledSlot, modelledSlots, statesOfSlot } from './method-entry.js';
import { nameOf } from './places.js';
import { lockName, type ShortState, some, statesLine } from './state-lines.js';

/** Groups of locks in one lens, and locks of a group; the rest are counted. */
const MAX_GROUPS = 3;
const MAX_LOCKS = 3;
/** Slots and tables named in one lens. */
const MAX_NAMES = 2;
/** What runs beside a method is cut past this. */
const MAX_OVERLAP = 130;

const KNOWN = new WeakMap<Analysis, Map<string, LensesAnswer>>();

/** All lenses of a file; kept as long as the analysis. */
export function lensesOf(analysis: Analysis, file: string): LensesAnswer {
  let known = KNOWN.get(analysis);
  if (known === undefined) {
    known = new Map();
    KNOWN.set(analysis, known);
  }
  let answer = known.get(file);
  if (answer === undefined) {
    const lenses: Lens[] = [];
    for (const fn of analysis.program.functions)
      if (fn.file.path === file && !fn.isMacro) lenses.push(...lensesOfFunction(analysis, fn));
    answer = { version: 1, file, lenses };
    known.set(file, answer);
  }
  return answer;
}

function lensesOfFunction(analysis: Analysis, fn: FunctionRef): readonly Lens[] {
  const lenses: Lens[] = [];
  const calls = broughtTo(analysis, fn);
  const add = (kind: Lens['kind'], title: string, opens: boolean): void => {
    lenses.push({ kind, function: fn.name, at: nameOf(fn), title, opens });
  };
  const slots = modelledSlots(analysis, fn);
  if (slots.length > 0) {
    add('slot', slotTitle(slots), true);
    const states = distinctSlots(slots).flatMap(({ slot }) => statesOfSlot(analysis, fn, slot));
    if (states.length > 0) add('entry', statesLine(states), false);
    const overlap = overlapTitle(analysis, fn, slots, states);
    if (overlap !== null) add('overlap', overlap, false);
  }
  if (slots.length === 0)
    for (const [name, states] of lateStates(analysis, fn))
      if (states.some(saysSomething)) add('entry', `${name}: ${statesLine(states)}`, false);
  const title = callersTitle(calls, isSeenElsewhere(analysis, fn));
  const direct = slots.length > 0;
  if (title !== null) add('callers', direct ? `called directly, ${title}` : title, true);
  else if (direct && calls.calls > 0)
    add('callers', `also called directly (${count(calls.calls, 'caller')})`, true);
  const [first] = lenses;
  if (first !== undefined && isDamaged(fn))
    lenses[0] = { ...first, title: `${first.title} (not all of it could be read)` };
  return lenses;
}

/** A state in which less is allowed than in process context with nothing held. */
function saysSomething({ held, rcu, maySleep }: ShortState): boolean {
  return held.length > 0 || rcu !== 'none' || maySleep !== true;
}

/** One slot of each kind: that it stands in two tables changes nothing of what holds. */
function distinctSlots(slots: readonly ModelledSlot[]): readonly ModelledSlot[] {
  const keys = new Set<string>();
  return slots.filter(({ slot }) => {
    const key = `${slot.struct}.${slot.slot}`;
    if (keys.has(key)) return false;
    keys.add(key);
    return true;
  });
}

/** `inode_operations.lookup in foo_dir_iops`. */
function slotTitle(slots: readonly ModelledSlot[]): string {
  const names = distinctSlots(slots).map(({ slot }) => `${slot.struct}.${slot.slot}`);
  const tables = [...new Set(slots.map(({ slot }) => slot.table))].filter((table) => table !== '');
  return tables.length === 0
    ? some(names, MAX_NAMES)
    : `${some(names, MAX_NAMES)} in ${some(tables, MAX_NAMES)}`;
}

/** What the model says that runs beside it; else what a lock that is only shared lets in, or which methods of its own RCU-walk. */
function overlapTitle(
  analysis: Analysis,
  fn: FunctionRef,
  slots: readonly ModelledSlot[],
  states: readonly ShortState[],
): string | null {
  const said = slots.find(({ method }) => method.overlaps !== undefined)?.method.overlaps;
  if (said !== undefined) return `overlaps: ${cut(asPhrase(said))}`;
  for (const { held } of states) {
    const sure = held.filter((l) => l.certainty === 'must');
    const [shared] = sure.filter((l) => l.mode === 'shared');
    if (shared !== undefined && sure.every((l) => l.mode === 'shared'))
      return `overlaps: others that hold ${lockName(shared)} shared`;
  }
  const walks = slots.flatMap(({ slot, method }) => walksBeside(analysis.model, slot.struct, method.method));
  const own = walks.filter((walk) => hasMethod(analysis.program, fn.unit, slots, walk));
  const names = [...new Set(own.map(({ method }) => method))];
  return names.length === 0 ? null : `overlaps: RCU-walk calls of ${some(names, MAX_LOCKS)}`;
}

/** Whether a unit has such a method for the same objects: each has one table of a kind, so of the slots' own kind it is their table. */
function hasMethod(
  program: Program,
  unit: string,
  slots: readonly ModelledSlot[],
  { struct, method }: LifeMethod,
): boolean {
  const tables = new Set(slots.flatMap(({ slot }) => (slot.struct === struct ? [slot.table] : [])));
  const isOfObject = (table: string): boolean => tables.size === 0 || tables.has(table);
  return program.slots.some(
    (s) => s.struct === struct && s.slot === method && isOfObject(s.table) && unitOf(s.file.path) === unit,
  );
}

/** A sentence as what stands behind a colon. */
function asPhrase(sentence: string): string {
  const plain = sentence.replace(/\.$/, '');
  return /^[A-Z][a-z]/.test(plain) || /^An? /.test(plain)
    ? plain.charAt(0).toLowerCase() + plain.slice(1)
    : plain;
}

function cut(text: string): string {
  if (text.length <= MAX_OVERLAP) return text;
  const at = text.lastIndexOf(' ', MAX_OVERLAP);
  return `${text.slice(0, at)} ...`;
}

/**
 * `held: inode->i_rwsem (7 callers, 1 without)`; locks with the same exceptions stand together, those that less than half of
 * the calls may hold stay away from others: `some hold: inode->i_rwsem (2 of 7 callers)`. Null where no call holds any for sure, and none
 * can be in an RCU read side.
 */
function callersTitle(brought: BroughtByCalls, elsewhere: boolean): string | null {
  const { calls, locks } = brought;
  const here = elsewhere ? ' here' : '';
  const sure = locks.filter((l) => l.held > 0);
  const most = sure.filter((l) => (l.held + l.perhaps) * 2 >= calls);
  if (most.length > 0) return mostHold(most, calls, `${count(calls, 'caller')}${here}`);
  const rcu = locks.find((l) => l.rcu && l.perhaps > 0);
  if (rcu !== undefined) {
    const exceptions = exceptionsOf({ ...rcu, perhaps: 0 }, calls);
    return `perhaps ${rcu.name} (${[`${count(calls, 'caller')}${here}`, ...exceptions].join(', ')})`;
  }
  const [lock] = sure;
  if (lock === undefined) return null;
  const known = `${lock.held} of ${count(calls, 'caller')}${here}`;
  return `some hold: ${withMode(lock)} (${[known, ...exceptionsOf({ ...lock, without: 0 }, calls)].join(', ')})`;
}

function mostHold(locks: readonly Brought[], calls: number, number: string): string {
  const groups = new Map<string, string[]>();
  for (const lock of locks) push(groups, exceptionsOf(lock, calls).join(', '), withMode(lock));
  const parts = [...groups].slice(0, MAX_GROUPS).map(([exceptions, names], index) => {
    const notes = [...(index === 0 ? [number] : []), ...(exceptions === '' ? [] : [exceptions])];
    return `${some(names, MAX_LOCKS)} (${notes.length > 0 ? notes.join(', ') : 'all'})`;
  });
  const more = groups.size - MAX_GROUPS;
  if (more > 0) parts.push(`and ${more} more`);
  return `${locks[0]?.rcu === true ? '' : 'held: '}${parts.join(', ')}`;
}

function withMode(lock: Brought): string {
  if (lock.rcu || lock.perhaps > 0 || lock.shared + lock.either < lock.held) return lock.name;
  return `${lock.name} ${lock.either > 0 ? 'shared or exclusive' : 'shared'}`;
}

function exceptionsOf(lock: Brought, calls: number): readonly string[] {
  const parts: string[] = [];
  const note = (number: number, word: string): void => {
    if (number > 0) parts.push(number === calls && number > 1 ? `all ${word}` : `${number} ${word}`);
  };
  note(lock.without, 'without');
  note(lock.perhaps, 'perhaps');
  note(lock.unknown, 'not known');
  if (!lock.rcu && withMode(lock) === lock.name) {
    note(lock.shared, 'shared');
    note(lock.either, 'shared or exclusive');
  }
  return parts;
}
