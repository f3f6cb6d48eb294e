/**
 * Callers that hold a lock across a call in which it is dropped, and what they rely on: what they read under it before the call and use
 * after it. Upwards while they were handed the lock themselves.
 */

import { push } from '../base/multimap.js';
import type { RelyingCaller } from '../base/review.js';
import type { Entry } from '../contexts/entry-points.js';
import { readsOf } from '../contexts/operands.js';
import type { CallEdge } from '../contexts/result.js';
import type { Lock } from '../contexts/state.js';
import { T } from '../contexts/terms.js';
import { toCaller } from '../contexts/translate.js';
import type { FunctionRef } from '../program/program.js';
import { heldIn } from '../rules/holding.js';
import { watch } from '../rules/replay.js';
import { lineOf, placeOf, type RuleContext } from '../rules/rule.js';
import { SectionReader } from './section.js';

/** Callers of callers that are asked. */
const MAX_UP = 3;
/** Callers that are shown of one function. */
const MAX_CALLERS = 12;

interface Call {
  readonly caller: FunctionRef;
  readonly edge: CallEdge;
}

const BY_CALLEE = new WeakMap<RuleContext, ReadonlyMap<number, readonly Call[]>>();

function callsOf(cx: RuleContext, fn: number): readonly Call[] {
  let known = BY_CALLEE.get(cx);
  if (known === undefined) {
    const map = new Map<number, Call[]>();
    for (const caller of cx.all)
      for (const edge of cx.analysis.results[caller.id]?.edges ?? [])
        if (edge.context === 'now') push(map, edge.callee, { caller, edge });
    known = map;
    BY_CALLEE.set(cx, known);
  }
  return known.get(fn) ?? [];
}

/** The callers of a function that may hold a lock of theirs across the call; `lock` in terms of the function. */
export function callersHolding(
  cx: RuleContext,
  fn: FunctionRef,
  lock: Lock,
  depth = MAX_UP,
  seen: ReadonlySet<number> = new Set([fn.id]),
): { readonly callers: readonly RelyingCaller[]; readonly count: number } {
  const found: RelyingCaller[] = [];
  for (const { caller, edge } of callsOf(cx, fn.id)) {
    if (
      seen.has(caller.id) ||
      found.some((f) => f.function === caller.name && f.line === lineOf(caller, edge.op))
    )
      continue;
    found.push(callerAt(cx, caller, edge, lock, depth, new Set([...seen, caller.id])));
  }
  const rank = (c: RelyingCaller): number =>
    (c.holds === 'held' ? 0 : c.holds === 'perhaps' ? 2 : 4) + (c.relied.length > 0 ? 0 : 1);
  found.sort((a, b) => rank(a) - rank(b));
  return { callers: found.slice(0, MAX_CALLERS), count: found.length };
}

interface Holds {
  readonly entries: Entry[];
  readonly lock: Lock;
}

function callerAt(
  cx: RuleContext,
  caller: FunctionRef,
  edge: CallEdge,
  lock: Lock,
  depth: number,
  seen: ReadonlySet<number>,
): RelyingCaller {
  const best: { holds: Holds | null } = { holds: null };
  let sure = true;
  let met = false;
  for (const entry of cx.analysis.propagation?.entries[caller.id] ?? [])
    watch(
      cx.analysis,
      caller,
      entry,
      (op) => op === edge.op,
      (run, op, s) => {
        const args = readsOf(caller, op)
          .slice(1)
          .map((e) => run.ev.value(s, e));
        const place = toCaller(run.terms, lock.place, args, run.terms.unknown);
        // A lock without a name here is told by its class
        const isNamed =
          run.terms.kind(run.terms.root(lock.place)) !== T.Opaque && place !== run.terms.unknown;
        const all = heldIn(run, entry, s).filter((l) => l.kind === lock.kind);
        const named = isNamed ? all.find((l) => l.place === place) : undefined;
        const held = named ?? all.find((l) => l.class === lock.class);
        met = true;
        if (held === undefined) sure = false;
        else {
          if (held.may || named === undefined) sure = false;
          best.holds ??= { entries: [], lock: held };
          if (!best.holds.entries.includes(entry)) best.holds.entries.push(entry);
        }
      },
    );
  const { holds } = best;
  const at = placeOf(caller, edge.op);
  const base = { ...at, function: caller.name };
  if (holds === null)
    return { ...base, holds: met ? 'not' : 'perhaps', acquiredAt: null, relied: [], callers: [] };
  const isOwn = holds.lock.fn === caller.id && holds.lock.op >= 0;
  const { relied } = new SectionReader(cx, {
    fn: caller,
    entries: holds.entries,
    op: edge.op,
    lock: holds.lock,
    seen: true,
  }).read();
  const isBrought = !isOwn || holds.entries.some((e) => e.locks.some((l) => l.place === holds.lock.place));
  return {
    ...base,
    holds: sure ? 'held' : 'perhaps',
    acquiredAt: isOwn ? { file: at.file, line: lineOf(caller, holds.lock.op) } : 'caller',
    relied: relied.filter((r) => r.kind !== 'test' || r.again === 0),
    callers: isBrought && depth > 1 ? callersHolding(cx, caller, holds.lock, depth - 1, seen).callers : [],
  };
}
