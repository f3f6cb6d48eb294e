/**
 * What an operation gives back: the lock of an unlocking helper, or those that a callee releases on every way out. Only what is
 * certain to be given back there; what depends on a result is left out.
 */
import { calledName } from '../contexts/cfg.js';
import type { FunctionRun } from '../contexts/flow.js';
import { modelLock } from '../contexts/helper-calls.js';
import { readsOf } from '../contexts/operands.js';
import { Lock, type State, sameLock } from '../contexts/state.js';
import { toCaller } from '../contexts/translate.js';
import type { LockKind, LockSpec } from '../model/types.js';
import type { FunctionRef } from '../program/program.js';
import { calleesByOp } from './lockless.js';
import type { RuleContext } from './rule.js';

/** The kinds of locks that the task which took them gives back. */
export function isOwned(lock: Lock): boolean {
  switch (lock.kind) {
    case 'spin':
    case 'rwlock':
    case 'mutex':
    case 'rwsem':
    case 'bit':
    case 'rcu':
      return true;
    default:
      return false;
  }
}

/** The function of the program that an operation calls, for sure and alone, or -1. */
export function calleeAt(cx: RuleContext, fn: number, op: number): number {
  const ref = cx.analysis.program.functions[fn];
  const callees = ref === undefined ? undefined : calleesByOp(cx, ref).get(op);
  return callees?.length === 1 ? (callees[0] as number) : -1;
}

/** Locks that every way out of a function gives back for its caller and none takes again. */
export function releasedAlways(cx: RuleContext, id: number): readonly Lock[] {
  const result = cx.analysis.results[id];
  if (result === undefined || result.widened) return [];
  const exits = result.rawExits.filter((e) => !e.doubt);
  return (exits[0]?.released ?? []).filter(
    (l) =>
      !l.may &&
      exits.every(
        (e) =>
          e.released.some((r) => !r.may && sameLock(r, l)) &&
          !e.locks.some((x) => x.class === l.class && x.kind === l.kind),
      ),
  );
}

/** How a kind of lock is taken or given back; `shared` null: in either mode, or nobody knows. */
export interface LockWay {
  readonly kind: LockKind;
  readonly shared: boolean | null;
}

/** What an operation gives back on every path through it, by kind and mode alone: cheap, before anything is walked. */
export function waysReleased(cx: RuleContext, fn: FunctionRef, op: number): readonly LockWay[] {
  const name = calledName(fn, op);
  if (name === '') return [];
  const callee = calleeAt(cx, fn.id, op);
  if (callee >= 0) return releasedAlways(cx, callee);
  return (cx.analysis.model.helpers.get(name)?.releases ?? []).map(wayOf);
}

/** The same of what it takes, on some path at least. */
export function waysTaken(cx: RuleContext, fn: FunctionRef, op: number): readonly LockWay[] {
  const name = calledName(fn, op);
  if (name === '') return [];
  const callees = calleesByOp(cx, fn).get(op) ?? [];
  const below = callees.flatMap((id) => cx.analysis.results[id]?.exits.flatMap((e) => e.locks) ?? []);
  return [...below, ...(cx.analysis.model.helpers.get(name)?.acquires ?? []).map(wayOf)];
}

function wayOf({ kind, mode }: LockSpec): LockWay {
  return { kind, shared: mode === 'any' ? null : mode === 'shared' };
}

/** Whether an operation gives something back on every path through it, whatever that is; `isOf`: of such a kind. */
export function isReleasing(
  cx: RuleContext,
  fn: FunctionRef,
  op: number,
  isOf: (kind: LockKind) => boolean = () => true,
): boolean {
  return waysReleased(cx, fn, op).some((way) => isOf(way.kind));
}

/** The locks that an operation gives back on every path through it. */
export function releasesAt(cx: RuleContext, run: FunctionRun, op: number, s: State): readonly Lock[] {
  const { fn, terms } = run;
  const name = calledName(fn, op);
  if (name === '') return [];
  const args = (): number[] =>
    readsOf(fn, op)
      .slice(1)
      .map((e) => run.ev.value(s, e));
  const out: Lock[] = [];
  const callee = calleeAt(cx, fn.id, op);
  if (callee >= 0) {
    const released = releasedAlways(cx, callee);
    if (released.length === 0) return out;
    const values = args();
    for (const l of released) {
      const place = toCaller(terms, l.place, values, terms.unknown);
      if (place !== terms.unknown) out.push(new Lock(place, l.class, l.kind, l.shared, false, fn.id, op));
    }
    return out;
  }
  const helper = cx.analysis.model.helpers.get(name);
  for (const spec of helper?.releases ?? []) {
    if (helper === undefined || (spec.when !== undefined && spec.when !== '')) continue;
    if (helper.acquires?.some((a) => a.lock === spec.lock) === true) continue;
    const path = cx.analysis.model.path(spec.lock, helper.params);
    if (path === null || path.root === -1) continue;
    const lock = modelLock(run, s, spec, helper.params, args(), terms.unknown, op);
    if (lock !== null) out.push(lock);
  }
  return out;
}
