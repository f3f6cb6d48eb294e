/**
 * Locks that are held at a function's entry whoever calls it. The contexts say what is held in the situations that are
 * known; here every call is asked once more, up to where the lock is taken or the model's method begins, and a caller that
 * nobody can see makes it uncertain. Says no with the reason. Must not know how a lock is written.
 */
import type { FunctionRef } from '../program/program.js';
import type { Analysis } from './analysis.js';
import type { CallerIndex, CallPlace } from './callers.js';
import { isDamaged } from './cfg.js';
import type { Entry } from './entry-points.js';
import type { CallEdge, Variant } from './result.js';
import type { Lock } from './state.js';
import { toCallee } from './translate.js';

/** Callers are followed upwards at most this far; past it a lock is not certain. */
const MAX_CALLERS_UP = 30;

/** Locks that an assertion can name. */
const ASSERTABLE: ReadonlySet<Lock['kind']> = new Set(['spin', 'rwlock', 'mutex', 'rwsem']);

/** Locks held in every situation, or why there are none. */
export type HeldInAll =
  | {
      readonly ok: true;
      readonly locks: readonly Lock[];
      /** Why a lock of some situation is not among them. */
      readonly other: string | null;
    }
  | { readonly ok: false; readonly reason: string };

/** The locks that all situations of a function have in common. Whether there are others, `whyUncertain` says. */
export function heldInAll(analysis: Analysis, fn: FunctionRef): HeldInAll {
  const no = (reason: string): HeldInAll => ({ ok: false, reason });
  const propagation = analysis.propagation;
  const entries = propagation?.entries[fn.id] ?? [];
  if (isDamaged(fn)) return no('the parser did not understand all of it');
  if (propagation === null || entries.length === 0) return no('no context of it is known');
  for (let i = 0; i < entries.length; i++) {
    const entry = entries[i] as Entry;
    if (entry.origins.length === 0) {
      const top = propagation.chain(fn.id, i)[0];
      const name = top === undefined ? fn.name : (analysis.program.functions[top.fn]?.name ?? '?');
      return no(
        name === fn.name
          ? 'no known entry leads to it'
          : `one way to it begins in '${name}', to which no known entry leads`,
      );
    }
    if (entry.widened) return no('it is entered in more situations than are told apart');
  }
  const all = (entries[0] as Entry).locks.filter((l) => ASSERTABLE.has(l.kind) && !l.may);
  const locks = all.filter(
    (l, i) => all.findIndex((o) => isSame(o, l)) === i && entries.every((e) => holds(e.locks, l)),
  );
  const other = whyNotAll(entries, locks);
  if (locks.length > 0) return { ok: true, locks, other };
  return no(other ?? 'no lock that can be asserted is held when it is entered');
}

/** Why a lock of some situation is not among those of all; null where there is none. */
function whyNotAll(entries: readonly Entry[], inAll: readonly Lock[]): string | null {
  for (const lock of entries.flatMap((e) => e.locks)) {
    if (!ASSERTABLE.has(lock.kind) || inAll.some((l) => l.place === lock.place)) continue;
    return entries.every((e) => e.locks.some((l) => l.place === lock.place && l.kind === lock.kind && !l.may))
      ? `${lock.class} is held shared in some contexts and exclusive in others`
      : `${lock.class} is held in some contexts, not in all, or not for sure`;
  }
  return null;
}

/** Why a lock that all known situations have may still not be held; null where it is certain. */
export function whyUncertain(
  analysis: Analysis,
  index: CallerIndex,
  fn: FunctionRef,
  lock: Lock,
): string | null {
  const asked = new Set<string>();
  const visit = (f: FunctionRef, l: Lock, depth: number): string | null => {
    const key = `${f.id} ${l.place} ${l.kind} ${l.shared}`;
    // On a way round the first call from outside decides
    if (asked.has(key)) return null;
    asked.add(key);
    if (depth > MAX_CALLERS_UP) return `the calls that lead to it are too many to follow`;
    const entries = analysis.propagation?.entries[f.id] ?? [];
    if (entries.some((e) => e.widened || !holds(e.locks, l))) return `'${f.name}' is entered without it`;
    const callers = index.of(f);
    if (!callers.closed) return `not every caller is known: ${callers.reason}`;
    for (const call of callers.calls) {
      const why = atCall(f, l, call, depth);
      if (why !== null) return why;
    }
    return null;
  };
  const atCall = (f: FunctionRef, l: Lock, call: CallPlace, depth: number): string | null => {
    const { caller, op } = call;
    if (isDamaged(caller)) return `the parser did not understand all of its caller '${caller.name}'`;
    const edge = analysis.results[caller.id]?.edges.find((e) => e.callee === f.id && e.op === op);
    if (edge === undefined || edge.variants.length === 0)
      return `its call in '${caller.name}' is not understood`;
    if (edge.context !== 'now') return `'${caller.name}' has it called later`;
    for (const variant of edge.variants) {
      if (holds(variant.locks, l)) continue;
      const brought = broughtBy(analysis, caller, edge, variant, l);
      if (brought === null) return `'${caller.name}' calls it without`;
      const why = visit(caller, brought, depth + 1);
      if (why !== null) return why;
    }
    return null;
  };
  return visit(fn, lock, 0);
}

/** The caller's own lock that is this one at a call, held from its entry on; null where there is none. */
function broughtBy(
  analysis: Analysis,
  caller: FunctionRef,
  edge: CallEdge,
  v: Variant,
  lock: Lock,
): Lock | null {
  const entries = analysis.propagation?.entries[caller.id] ?? [];
  for (const l of entries[0]?.locks ?? []) {
    if (l.may || l.kind !== lock.kind || l.shared !== lock.shared) continue;
    if (toCallee(analysis.terms, l.place, edge.args, () => '') !== lock.place) continue;
    // Released, under this name or one that may mean it
    if (
      v.released.some(
        (r) => r.kind === l.kind && (r.place === l.place || r.class === l.class || r.class.startsWith('?')),
      )
    )
      continue;
    if (entries.every((e) => holds(e.locks, l))) return l;
  }
  return null;
}

function isSame(a: Lock, b: Lock): boolean {
  return a.place === b.place && a.kind === b.kind && a.shared === b.shared;
}

function holds(locks: readonly Lock[], lock: Lock): boolean {
  return locks.some((l) => !l.may && isSame(l, lock));
}
