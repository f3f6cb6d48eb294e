/**
 * Whether two analyses found the same: of a function, as its callers see it; of its calls; of a situation. Terms are compared
 * by number, so both have to be of one store.
 */
import type { Entry } from './entry-points.js';
import type { CallEdge, Exit, FunctionResult, Variant } from './result.js';
import type { Lock } from './state.js';

type Numbers = readonly number[];

function sameNumbers(a: Numbers, b: Numbers): boolean {
  if (a === b) return true;
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

function sameList<T>(a: readonly T[], b: readonly T[], same: (x: T, y: T) => boolean): boolean {
  if (a === b) return true;
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (!same(a[i] as T, b[i] as T)) return false;
  return true;
}

/** Whether two locks are held under the same facts, as far as it is known when they are. */
export function sameWhen(a: Lock, b: Lock): boolean {
  return a.when === b.when || (a.when !== null && b.when !== null && sameNumbers(a.when, b.when));
}

/** Whether a lock is the same, wherever it was taken. */
function alike(a: Lock, b: Lock): boolean {
  return (
    a === b ||
    (a.place === b.place &&
      a.class === b.class &&
      a.kind === b.kind &&
      a.shared === b.shared &&
      a.may === b.may &&
      a.some === b.some &&
      sameWhen(a, b))
  );
}

function identical(a: Lock, b: Lock): boolean {
  return a === b || (alike(a, b) && a.fn === b.fn && a.op === b.op);
}

function sameExit(a: Exit, b: Exit): boolean {
  return (
    a.value === b.value &&
    a.mask === b.mask &&
    a.doubt === b.doubt &&
    a.blurred === b.blurred &&
    sameList(a.locks, b.locks, alike) &&
    sameList(a.released, b.released, alike) &&
    sameNumbers(a.facts, b.facts) &&
    sameNumbers(a.done, b.done) &&
    sameNumbers(a.outs, b.outs)
  );
}

function sameVariant(lock: (a: Lock, b: Lock) => boolean): (a: Variant, b: Variant) => boolean {
  return (a, b) =>
    a.doubt === b.doubt &&
    sameList(a.locks, b.locks, lock) &&
    sameList(a.released, b.released, lock) &&
    sameNumbers(a.facts, b.facts) &&
    sameNumbers(a.calleeFacts, b.calleeFacts);
}

function sameSet<T>(a: ReadonlySet<T>, b: ReadonlySet<T>): boolean {
  return a.size === b.size && [...a].every((x) => b.has(x));
}

/** Whether callers see the same in two results: where in the function something happens they do not see. */
export function sameEffect(a: FunctionResult, b: FunctionResult): boolean {
  return (
    a.widened === b.widened &&
    a.returns === b.returns &&
    a.grace === b.grace &&
    sameNumbers(a.sets, b.sets) &&
    sameSet(a.acquires, b.acquires) &&
    sameSet(a.releases, b.releases) &&
    (a.writes === b.writes || (a.writes !== null && b.writes !== null && sameSet(a.writes, b.writes))) &&
    sameSet(a.cared, b.cared) &&
    sameList(a.exits, b.exits, sameExit) &&
    sameList(
      a.sleeps,
      b.sleeps,
      (x, y) =>
        x.certain === y.certain &&
        x.guarded === y.guarded &&
        sameNumbers(x.facts, y.facts) &&
        sameNumbers(x.memory, y.memory) &&
        sameList(x.released, y.released, alike),
    ) &&
    sameList(
      a.takes,
      b.takes,
      (x, y) =>
        x.lastRef === y.lastRef &&
        alike(x.lock, y.lock) &&
        sameNumbers(x.facts, y.facts) &&
        sameNumbers(x.memory, y.memory) &&
        sameList(x.released, y.released, alike),
    ) &&
    sameList(
      a.frees,
      b.frees,
      (x, y) =>
        x.object === y.object &&
        x.owner === y.owner &&
        x.type === y.type &&
        x.how === y.how &&
        x.afterGrace === y.afterGrace &&
        x.conditional === y.conditional &&
        sameNumbers(x.facts, y.facts) &&
        sameList(x.unpublished, y.unpublished, Object.is),
    ) &&
    sameList(
      a.parameterCalls,
      b.parameterCalls,
      (x, y) =>
        x.parameter === y.parameter &&
        sameNumbers(x.args, y.args) &&
        sameList(x.variants, y.variants, sameVariant(alike)),
    )
  );
}

/** Whether two results wait for the same locks with the same ones held, wherever in the function. */
export function sameWaits(a: FunctionResult, b: FunctionResult): boolean {
  return sameList(
    a.waits,
    b.waits,
    (x, y) =>
      alike(x.lock, y.lock) &&
      x.text === y.text &&
      x.what === y.what &&
      x.fresh === y.fresh &&
      x.lastRef === y.lastRef &&
      sameNumbers(x.facts, y.facts) &&
      sameList(x.released, y.released, alike) &&
      sameList(
        x.held,
        y.held,
        (h, i) =>
          alike(h.lock, i.lock) && h.text === i.text && h.fresh === i.fresh && h.sameObject === i.sameObject,
      ),
  );
}

/** Operations of a function, by their numbers in an earlier text of it. */
export type Moved = ReadonlyMap<number, number>;

/**
 * Where the operations went that the calls of a function speak of, if the calls are the same otherwise; null where they are not.
 * `fn`: the function, by whose operations its locks were taken.
 */
export function callsMoved(before: FunctionResult, now: FunctionResult, fn: number): Moved | null {
  const moved = new Map<number, number>();
  const went = (from: number, to: number): boolean => {
    const known = moved.get(from);
    if (known === undefined) moved.set(from, to);
    return known === undefined || known === to;
  };
  const lock = (a: Lock, b: Lock): boolean =>
    a === b || (alike(a, b) && a.fn === b.fn && (a.fn === fn ? went(a.op, b.op) : a.op === b.op));
  const edge = (a: CallEdge, b: CallEdge): boolean =>
    a.callee === b.callee &&
    a.context === b.context &&
    went(a.op, b.op) &&
    sameNumbers(a.args, b.args) &&
    sameList(a.variants, b.variants, sameVariant(lock));
  if (before.edges === now.edges) return moved;
  return sameList(before.edges, now.edges, edge) ? moved : null;
}

/** Whether two results assert the same locks, at the same operations. */
export function sameAsserted(a: FunctionResult, b: FunctionResult): boolean {
  return sameList(a.asserted, b.asserted, identical);
}

/** Whether two situations say the same, by whatever call they came. */
export function sameEntry(a: Entry, b: Entry): boolean {
  return (
    a === b ||
    (a.walk === b.walk &&
      a.widened === b.widened &&
      a.from === b.from &&
      a.atomic === b.atomic &&
      sameNumbers(a.facts, b.facts) &&
      sameNumbers(a.consts, b.consts) &&
      sameNumbers(a.origins, b.origins) &&
      sameList(a.locks, b.locks, identical))
  );
}

/** Whether two lists of situations say the same, and came by the same calls. */
export function sameArrivals(a: readonly Entry[], b: readonly Entry[]): boolean {
  return sameList(
    a,
    b,
    (x, y) => sameEntry(x, y) && x.caller === y.caller && x.callerEntry === y.callerEntry && x.op === y.op,
  );
}

/** Whether two lists of situations say the same. */
export function sameEntries(a: readonly Entry[], b: readonly Entry[]): boolean {
  return sameList(a, b, sameEntry);
}
