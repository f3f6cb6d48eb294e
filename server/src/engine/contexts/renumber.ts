/**
 * Results and situations in which functions (and origins) have other numbers: what an earlier analysis found, as the program of
 * a later one counts.
 */
import type { Entry } from './entry-points.js';
import type { FunctionResult, LocalEvent, ShownLock, Variant } from './result.js';
import { Lock } from './state.js';

type Renumber = (old: number) => number;

function lock(l: Lock, fn: Renumber): Lock {
  return l.fn < 0 ? l : new Lock(l.place, l.class, l.kind, l.shared, l.may, fn(l.fn), l.op, l.some, l.when);
}

function locks(list: readonly Lock[], fn: Renumber): readonly Lock[] {
  return list.some((l) => l.fn >= 0) ? list.map((l) => lock(l, fn)) : list;
}

function variants(list: readonly Variant[], fn: Renumber): readonly Variant[] {
  return list.map((v) => ({ ...v, locks: locks(v.locks, fn), released: locks(v.released, fn) }));
}

function event(e: LocalEvent, fn: Renumber): LocalEvent {
  const shown = (s: ShownLock): ShownLock => ({ ...s, lock: lock(s.lock, fn) });
  const via = e.via < 0 ? e.via : fn(e.via);
  return e.kind === 'sleep'
    ? { ...e, via, held: e.held.map(shown) }
    : { ...e, via, held: e.held.map(shown), first: shown(e.first) };
}

/** A result with other numbers of functions. */
export function renumberedResult(r: FunctionResult, fn: Renumber): FunctionResult {
  const via = <T extends { readonly via: number }>(x: T): T => (x.via < 0 ? x : { ...x, via: fn(x.via) });
  const around = <T extends { readonly locks: readonly Lock[]; readonly released: readonly Lock[] }>(
    x: T,
  ): T => ({
    ...x,
    locks: locks(x.locks, fn),
    released: locks(x.released, fn),
  });
  return {
    ...r,
    exits: r.exits.map(around),
    rawExits: r.rawExits.map(around),
    sleeps: r.sleeps.map((e) => via({ ...e, released: locks(e.released, fn) })),
    takes: r.takes.map((e) => via({ ...e, lock: lock(e.lock, fn), released: locks(e.released, fn) })),
    frees: r.frees.map(via),
    waits: r.waits.map((e) => ({
      ...e,
      lock: lock(e.lock, fn),
      held: e.held.map((h) => ({ ...h, lock: lock(h.lock, fn) })),
      released: locks(e.released, fn),
    })),
    edges: r.edges.map((e) => ({ ...e, callee: fn(e.callee), variants: variants(e.variants, fn) })),
    parameterCalls: r.parameterCalls.map((c) => ({ ...c, variants: variants(c.variants, fn) })),
    events: r.events.map((e) => event(e, fn)),
    asserted: locks(r.asserted, fn),
  };
}

/** Other numbers for what a situation speaks of; `op`: of an operation of a function (in the old numbers). */
export interface EntryNumbers {
  readonly fn: Renumber;
  readonly origin: Renumber;
  readonly op: (fn: number, op: number) => number;
}

/** The list itself, where the other one has the very same. */
function unlessSame(list: readonly Lock[], other: readonly Lock[]): readonly Lock[] {
  return list.every((l, i) => l === other[i]) ? list : other;
}

/** A situation with other numbers of functions, operations and origins. */
export function renumberedEntry(e: Entry, to: EntryNumbers): Entry {
  const moved = (l: Lock): Lock => {
    if (l.fn < 0) return l;
    const [fn, op] = [to.fn(l.fn), to.op(l.fn, l.op)];
    return fn === l.fn && op === l.op ? l : l.takenAt(fn, op);
  };
  return {
    ...e,
    locks: unlessSame(e.locks, e.locks.map(moved)),
    origins: e.origins.map(to.origin),
    caller: e.caller < 0 ? e.caller : to.fn(e.caller),
    op: e.caller < 0 ? e.op : to.op(e.caller, e.op),
  };
}
