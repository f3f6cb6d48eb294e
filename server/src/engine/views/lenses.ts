/**
 * The lines above the functions of a file: for a method its slot, what holds on entry and what runs beside it; for a helper
 * which locks its callers hold, counted call by call. Functions with nothing to say of have none. Must not know editors.
 */
import type { Lens, LensesAnswer } from '../base/shown.js';
import type { Analysis } from '../contexts/analysis.js';
import { isDamaged } from '../contexts/cfg.js';
import { isExported } from '../contexts/unknowns.js';
import { PROTO_STRIDE } from '../facts/encode.js';
import { count } from '../findings/wording.js';
import type { FunctionRef, Program } from '../program/program.js';
import { type Brought, type BroughtByCalls, broughtTo } from './brought.js';
import { lateStates, type ModelledSlot, modelledSlots, statesOfSlot } from './method-entry.js';
import { nameOf } from './places.js';
import { type ShortState, shortLock, some, statesLine } from './short-state.js';

/** Groups of locks in one lens; the rest are counted. */
const MAX_GROUPS = 3;
/** Slots and tables named in one lens. */
const MAX_NAMES = 2;
/** What runs beside a method is cut past this. */
const MAX_OVERLAP = 110;

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
    const overlap = overlapTitle(slots, states);
    if (overlap !== null) add('overlap', overlap, false);
  }
  for (const [name, states] of lateStates(analysis, fn))
    if (states.length > 0 && slots.length === 0) add('entry', `${name}: ${statesLine(states)}`, false);
  const held = calls.locks.filter((l) => l.held > 0 || l.perhaps > 0);
  if (held.length > 0) add('callers', callersTitle(calls, held, isSeenElsewhere(analysis, fn)), true);
  else if (slots.length > 0 && calls.calls > 0)
    add('callers', `also called directly (${callers(calls)})`, true);
  const [first] = lenses;
  if (first !== undefined && isDamaged(fn))
    lenses[0] = { ...first, title: `${first.title} (not all of it could be read)` };
  return lenses;
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

/** What the model says that runs beside it; else what a lock that is only shared lets in. */
function overlapTitle(slots: readonly ModelledSlot[], states: readonly ShortState[]): string | null {
  const said = slots.find(({ method }) => method.overlaps !== undefined)?.method.overlaps;
  if (said !== undefined) return `overlaps: ${cut(asPhrase(said))}`;
  const held = states.flatMap((state) => state.held);
  const shared = held.filter((l) => l.mode === 'shared' && l.certainty === 'must');
  const exclusive = held.some((l) => l.mode === 'exclusive' && l.certainty === 'must');
  const [lock] = shared;
  return lock === undefined || exclusive ? null : `overlaps: others that hold ${shortLock(lock)}`;
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

function callers(calls: BroughtByCalls): string {
  return count(calls.calls, 'caller');
}

/** `held: inode->i_rwsem (7 callers, 1 without)`; locks with the same exceptions stand together. */
function callersTitle(calls: BroughtByCalls, held: readonly Brought[], elsewhere: boolean): string {
  const sure = held.filter((l) => l.held > 0);
  const groups = new Map<string, string[]>();
  for (const lock of sure.length > 0 ? sure : held) {
    const exceptions = exceptionsOf(lock, calls);
    const all = lock.held > 0 && lock.shared === lock.held;
    const name = all ? `${lock.name} shared` : lock.name;
    groups.set(exceptions, [...(groups.get(exceptions) ?? []), name]);
  }
  const number = `${callers(calls)}${elsewhere ? ' here' : ''}`;
  const parts = [...groups].slice(0, MAX_GROUPS).map(([exceptions, names], index) => {
    const notes = [...(index === 0 ? [number] : []), ...(exceptions === '' ? [] : [exceptions])];
    return `${some(names, MAX_GROUPS)} (${notes.length > 0 ? notes.join(', ') : 'all'})`;
  });
  const more = groups.size - MAX_GROUPS;
  if (more > 0) parts.push(`and ${more} more`);
  return `held: ${parts.join(', ')}`;
}

function exceptionsOf(lock: Brought, calls: BroughtByCalls): string {
  const parts: string[] = [];
  const note = (number: number, word: string): void => {
    if (number > 0) parts.push(number === calls.calls && number > 1 ? `all ${word}` : `${number} ${word}`);
  };
  note(lock.without, 'without');
  note(lock.perhaps, 'perhaps');
  note(lock.unknown, 'not known');
  if (lock.shared > 0 && lock.shared < lock.held) note(lock.shared, 'shared');
  return parts.join(', ');
}

/** Whether callers may stand where they are not seen: other modules, other directories. */
function isSeenElsewhere(analysis: Analysis, fn: FunctionRef): boolean {
  if (fn.isStatic) return fn.isHeader;
  return isExported(fn) || fn.isHeader || declaredOutside(analysis).has(fn.name);
}

const OUTSIDE = new WeakMap<Program, ReadonlySet<string>>();

/** Names that headers of the whole kernel declare. */
function declaredOutside({ program }: Analysis): ReadonlySet<string> {
  let known = OUTSIDE.get(program);
  if (known === undefined) {
    const found = new Set<string>();
    for (const file of program.files.values()) {
      if (!file.path.startsWith('include/')) continue;
      for (let i = 0; i < file.protos.length; i += PROTO_STRIDE)
        found.add(file.strings[file.protos[i] as number] ?? '');
    }
    known = found;
    OUTSIDE.set(program, known);
  }
  return known;
}
