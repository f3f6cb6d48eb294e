/**
 * A function as a method: the slots that it stands in, and what holds when it is called through one of them, apart from
 * what its direct callers bring.
 */
import type { Analysis } from '../contexts/analysis.js';
import { situationAtEntry } from '../contexts/query.js';
import type { MethodEntry } from '../model/types.js';
import type { FunctionRef, SlotRef } from '../program/program.js';
import type { ShortState } from './state-lines.js';

/** A slot that a function stands in, with what the model says of it. */
export interface ModelledSlot {
  readonly slot: SlotRef;
  readonly method: MethodEntry;
}

const SHARED = 'shared_';

/** The model's entry for a slot, or null. */
export function methodOf(analysis: Analysis, slot: SlotRef): MethodEntry | null {
  return analysis.model.methods.get(`${slot.struct}::${slot.slot}`) ?? null;
}

/** The function in a slot; null where it is not at hand. `WRAP_DIR_ITER(f)` makes `shared_f`, which runs `f`. */
export function functionIn(analysis: Analysis, slot: SlotRef): FunctionRef | null {
  const { program } = analysis;
  const direct = program.resolve(slot.target, slot.file);
  if (direct !== null || !slot.target.startsWith(SHARED)) return direct;
  return program.resolve(slot.target.slice(SHARED.length), slot.file);
}

/** The slots of the model that a function stands in, in the order of their tables. */
export function modelledSlots(analysis: Analysis, fn: FunctionRef): readonly ModelledSlot[] {
  const out: ModelledSlot[] = [];
  const wrapped = analysis.program.slots.length === 0 ? [] : wrappedSlots(analysis).get(fn.id);
  for (const slot of [...analysis.program.slotsOf(fn), ...(wrapped ?? [])]) {
    const method = methodOf(analysis, slot);
    if (method !== null && method.contexts.length > 0) out.push({ slot, method });
  }
  return out;
}

const WRAPPED = new WeakMap<Analysis, ReadonlyMap<number, readonly SlotRef[]>>();

/** Slots that hold a wrapper of a function, by function. */
function wrappedSlots(analysis: Analysis): ReadonlyMap<number, readonly SlotRef[]> {
  let known = WRAPPED.get(analysis);
  if (known === undefined) {
    const found = new Map<number, SlotRef[]>();
    for (const slot of analysis.program.slots) {
      if (!slot.target.startsWith(SHARED) || analysis.program.resolve(slot.target, slot.file) !== null)
        continue;
      const fn = functionIn(analysis, slot);
      if (fn !== null) found.set(fn.id, [...(found.get(fn.id) ?? []), slot]);
    }
    known = found;
    WRAPPED.set(analysis, known);
  }
  return known;
}

/** What holds when a function is called through a slot: one state a situation that the model tells apart. */
export function statesOfSlot(analysis: Analysis, fn: FunctionRef, slot: SlotRef): readonly ShortState[] {
  return statesFrom(analysis, fn, (origin) => origin.struct === slot.struct && origin.method === slot.slot);
}

/** What holds where a function is begun by something that is no slot: a work item, a timer, an RCU callback. By its name. */
export function lateStates(analysis: Analysis, fn: FunctionRef): ReadonlyMap<string, readonly ShortState[]> {
  const out = new Map<string, readonly ShortState[]>();
  for (const name of lateNames(analysis).get(fn.id) ?? [])
    out.set(
      name,
      statesFrom(analysis, fn, (one) => one.slot === null && one.method === name),
    );
  return out;
}

const LATE_NAMES = new WeakMap<Analysis, ReadonlyMap<number, ReadonlySet<string>>>();

/** Names of the beginnings that are no slots, by function. */
function lateNames(analysis: Analysis): ReadonlyMap<number, ReadonlySet<string>> {
  let known = LATE_NAMES.get(analysis);
  if (known === undefined) {
    const found = new Map<number, Set<string>>();
    for (const origin of analysis.propagation?.origins ?? [])
      if (origin.slot === null)
        found.set(origin.function, (found.get(origin.function) ?? new Set()).add(origin.method));
    known = found;
    LATE_NAMES.set(analysis, known);
  }
  return known;
}

function statesFrom(
  analysis: Analysis,
  fn: FunctionRef,
  is: (origin: {
    readonly struct: string;
    readonly method: string;
    readonly slot: SlotRef | null;
  }) => boolean,
): readonly ShortState[] {
  const { propagation } = analysis;
  const out: ShortState[] = [];
  for (const entry of propagation?.entries[fn.id] ?? []) {
    const mine = entry.origins.some((o) => {
      const origin = propagation?.origins[o];
      return origin !== undefined && origin.function === fn.id && is(origin);
    });
    // What came by a call has a caller, be it that the same method begins here too
    if (!mine || entry.caller >= 0) continue;
    const state = situationAtEntry(analysis, fn, entry);
    if (state !== null) out.push(state);
  }
  return out;
}
