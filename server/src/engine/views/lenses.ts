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
import { briefLine, briefName, lockName, type ShortState, some, statesLine } from './state-lines.js';

/** Groups of locks in one lens, and locks of a group; the rest are counted, and stand in the whole text. */
const MAX_GROUPS = 3;
const MAX_LOCKS = 3;
const FEW_LOCKS = 2;
/** A helper's lens says no more than its first group past this. */
const MAX_TITLE = 80;
/** All lenses above a function stand in one line: what overlaps is cut to what is left of this, but not below that. */
const MAX_LINE = 120;
const MIN_OVERLAP = 46;
/** Nothing is cut off for less than this. */
const SLACK = 8;

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

/** A lens in short, and the whole of it. */
interface Text {
  readonly short: string;
  readonly whole: string;
}

function lensesOfFunction(analysis: Analysis, fn: FunctionRef): readonly Lens[] {
  const lenses: Lens[] = [];
  const calls = broughtTo(analysis, fn);
  const add = (kind: Lens['kind'], { short, whole }: Text, opens: boolean): void => {
    lenses.push({
      kind,
      function: fn.name,
      at: nameOf(fn),
      title: short,
      whole: whole === short ? '' : whole,
      opens,
    });
  };
  const slots = modelledSlots(analysis, fn);
  const elsewhere = isSeenElsewhere(analysis, fn);
  const callers = slots.length > 0 ? directCallers(calls, elsewhere) : callersText(calls, elsewhere);
  if (slots.length > 0) {
    add('slot', slotText(slots), true);
    const states = distinctSlots(slots).flatMap(({ slot }) => statesOfSlot(analysis, fn, slot));
    if (states.length > 0) add('entry', statesText(states, ''), false);
    const overlap = overlapText(analysis, fn, slots, states);
    const used = [...lenses.map((lens) => lens.title), callers?.short ?? ''].join(BETWEEN).length;
    if (overlap !== null) add('overlap', cut(overlap, MAX_LINE - used - BETWEEN.length), false);
  } else {
    for (const [name, states] of lateStates(analysis, fn))
      if (states.some(saysSomething)) add('entry', statesText(states, `${name}: `), false);
  }
  if (callers !== null) add('callers', callers, true);
  const [first] = lenses;
  if (first !== undefined && isDamaged(fn))
    lenses[0] = { ...first, title: `${first.title} (not all of it could be read)` };
  return lenses;
}

/** What an editor draws between lenses. */
const BETWEEN = ' | ';

function statesText(states: readonly ShortState[], before: string): Text {
  return { short: before + briefLine(states), whole: before + statesLine(states) };
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

/** `inode_operations.unlink, rmdir`; the whole has the tables. */
function slotText(slots: readonly ModelledSlot[]): Text {
  const distinct = distinctSlots(slots).map(({ slot }) => slot);
  const names = distinct.map(({ struct, slot }, n) =>
    distinct[n - 1]?.struct === struct ? slot : `${struct}.${slot}`,
  );
  const short = some(names, FEW_LOCKS);
  const tables = [...new Set(slots.map(({ slot }) => slot.table))].filter((table) => table !== '');
  const all = names.join(', ');
  return { short, whole: tables.length === 0 ? all : `${all} in ${tables.join(', ')}` };
}

/** What the model says that runs beside it; else what a lock that is only shared lets in, or which methods of its own RCU-walk. */
function overlapText(
  analysis: Analysis,
  fn: FunctionRef,
  slots: readonly ModelledSlot[],
  states: readonly ShortState[],
): Text | null {
  const walks = slots.flatMap(({ slot, method }) => walksBeside(analysis.model, slot.struct, method.method));
  const own = walks.filter((walk) => hasMethod(analysis.program, fn.unit, slots, walk));
  const names = [...new Set(own.map(({ method }) => method))];
  const walked = names.length === 0 ? null : `overlaps: RCU-walk calls of ${some(names, MAX_LOCKS)}`;
  const said = slots.find(({ method }) => method.overlaps !== undefined)?.method.overlaps;
  if (said !== undefined) {
    const whole = asPhrase(said);
    const beside = /^an RCU-walk call runs beside (.*)$/.exec(whole)?.[1];
    const short = beside === undefined ? `overlaps: ${whole}` : `overlaps in RCU-walk: ${beside}`;
    return { short: walked ?? short, whole: `overlaps: ${whole}` };
  }
  for (const { held } of states) {
    const sure = held.filter((l) => l.certainty === 'must');
    const [shared] = sure.filter((l) => l.mode === 'shared');
    if (shared !== undefined && sure.every((l) => l.mode === 'shared')) {
      const name = lockName(shared);
      const last = /\w+$/.exec(name)?.[0] ?? name;
      return {
        short: `overlaps: others with ${last} shared`,
        whole: `overlaps: others that hold ${name} shared`,
      };
    }
  }
  return walked === null ? null : { short: walked, whole: walked };
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

/** As much of the short text as there is room for, in whole parts of it. */
function cut({ short, whole }: Text, left: number): Text {
  const most = Math.max(left, MIN_OVERLAP);
  if (short.length <= most + SLACK) return { short, whole };
  const room = short.slice(0, most - 3);
  const at = Math.max(room.lastIndexOf(', '), room.lastIndexOf(' and '));
  return { short: `${room.slice(0, at > 0 ? at : room.lastIndexOf(' '))} ...`, whole };
}

/** Who calls a method by name, past its table; null where nobody does. */
function directCallers(calls: BroughtByCalls, elsewhere: boolean): Text | null {
  if (calls.calls === 0) return null;
  const number = `${count(calls.calls, 'direct caller')}${elsewhere ? ' here' : ''}`;
  const held = callersText(calls, elsewhere);
  return { short: `+${number}`, whole: `also called directly${held === null ? '' : `, ${held.whole}`}` };
}

/**
 * `held: inode->i_rwsem (7 callers, 1 without)`; locks with the same exceptions stand together, those that less than half of
 * the calls may hold stay away from others: `some hold: inode->i_rwsem (2 of 7 callers)`. Null where no call holds any for sure, and none
 * can be in an RCU read side.
 */
function callersText(brought: BroughtByCalls, elsewhere: boolean): Text | null {
  const { calls, locks } = brought;
  const here = elsewhere ? ' here' : '';
  const sure = locks.filter((l) => l.held > 0);
  const most = sure.filter((l) => (l.held + l.perhaps) * 2 >= calls);
  if (most.length > 0) return mostHold(most, calls, `${count(calls, 'caller')}${here}`);
  const rcu = locks.find((l) => l.rcu && l.perhaps > 0);
  if (rcu !== undefined) {
    const exceptions = exceptionsOf({ ...rcu, perhaps: 0 }, calls);
    const text = `perhaps ${rcu.name} (${[`${count(calls, 'caller')}${here}`, ...exceptions].join(', ')})`;
    return { short: text, whole: text };
  }
  const [lock] = sure;
  if (lock === undefined) return null;
  const known = `${lock.held} of ${count(calls, 'caller')}${here}`;
  const notes = [known, ...exceptionsOf({ ...lock, without: 0 }, calls)].join(', ');
  return {
    short: `some hold: ${withMode(lock, briefName)} (${notes})`,
    whole: `some hold: ${withMode(lock)} (${notes})`,
  };
}

/** Groups of locks that are held with the same exceptions, the most usual first. */
function mostHold(locks: readonly Brought[], calls: number, number: string): Text {
  const groups = new Map<string, Brought[]>();
  for (const lock of locks) push(groups, exceptionsOf(lock, calls).join(', '), lock);
  const text = (most: number, namesOf: (locks: readonly Brought[]) => string): string => {
    const parts = [...groups].slice(0, most).map(([exceptions, of], index) => {
      const notes = [...(index === 0 ? [number] : []), ...(exceptions === '' ? [] : [exceptions])];
      return `${namesOf(of)} (${notes.length > 0 ? notes.join(', ') : 'all'})`;
    });
    const more = groups.size - most;
    if (more > 0) parts.push(`and ${more} more`);
    return `${locks[0]?.rcu === true ? '' : 'held: '}${parts.join(', ')}`;
  };
  const names = (of: readonly Brought[]): string =>
    some([...new Set(of.map((l) => withMode(l, briefName)))], FEW_LOCKS);
  const short = text(MAX_GROUPS, names);
  return {
    short: short.length <= MAX_TITLE ? short : text(1, names),
    whole: text(groups.size, (of) => of.map((l) => withMode(l)).join(', ')),
  };
}

function withMode(lock: Brought, named: (name: string, cls: string) => string = (name) => name): string {
  const name = named(lock.name, lock.class);
  if (lock.rcu || lock.perhaps > 0 || lock.shared + lock.either < lock.held) return name;
  return `${name} ${lock.either > 0 ? 'shared or exclusive' : 'shared'}`;
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
