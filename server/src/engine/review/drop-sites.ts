/**
 * Where a lock is given back: by a call, at the end of a scope, or inside of what is called, which takes it again before it returns.
 * Only what was held there, or what a caller may have brought.
 */

import type { Place } from '../base/finding.js';
import type { Drop } from '../base/review.js';
import { calledName, fnColumn } from '../contexts/cfg.js';
import type { Entry } from '../contexts/entry-points.js';
import type { FunctionRun } from '../contexts/flow.js';
import { modelLock } from '../contexts/helper-calls.js';
import { readsOf } from '../contexts/operands.js';
import { shownLock } from '../contexts/query.js';
import type { Lock, State } from '../contexts/state.js';
import { toCaller } from '../contexts/translate.js';
import { Fn, OP_STRIDE, Op } from '../facts/encode.js';
import { isProcessorOrSignal } from '../model/lock-kinds.js';
import type { FunctionRef } from '../program/program.js';
import { heldIn } from '../rules/holding.js';
import { calleesByOp } from '../rules/lockless.js';
import { releasesAt } from '../rules/releases.js';
import { operationsOf, watch } from '../rules/replay.js';
import { placeOf, type RuleContext } from '../rules/rule.js';

/** One lock that is given back by one operation, in one situation. */
export interface DropSite {
  readonly fn: FunctionRef;
  readonly op: number;
  /** The situations in which it is. */
  readonly entries: readonly Entry[];
  readonly how: Drop['how'];
  /** The lock as it was held. */
  readonly lock: Lock;
  readonly text: string;
  /** The caller brought it. */
  readonly brought: boolean;
  /** It is seen to be held; else it is only known that it is given back. */
  readonly seen: boolean;
  readonly inside: Drop['inside'];
}

/** The locks that some operations of a function give back, each once. */
export function dropSites(cx: RuleContext, fn: FunctionRef, ops: ReadonlySet<number>): readonly DropSite[] {
  const out = new Map<string, DropSite>();
  const mayDrop = new Set([...ops].filter((op) => canDrop(cx, fn, op)));
  if (mayDrop.size === 0) return [];
  for (const entry of cx.analysis.propagation?.entries[fn.id] ?? [])
    watch(
      cx.analysis,
      fn,
      entry,
      (op) => mayDrop.has(op),
      (run, op, s) => {
        for (const site of sitesAt(cx, run, entry, op, s)) {
          const key = `${op} ${site.lock.place} ${site.lock.kind}`;
          const known = out.get(key);
          if (known === undefined) out.set(key, site);
          else if (!known.entries.includes(entry))
            out.set(key, { ...(known.brought ? known : site), entries: [...known.entries, entry] });
        }
      },
    );
  return [...out.values()].sort((a, b) => a.op - b.op);
}

/** Operations of a function that may give a lock back. */
export function droppingOps(cx: RuleContext, fn: FunctionRef): ReadonlySet<number> {
  return new Set(operationsOf(fn).filter((op) => canDrop(cx, fn, op)));
}

function canDrop(cx: RuleContext, fn: FunctionRef, op: number): boolean {
  const kind = fn.file.ops[(fnColumn(fn.file, fn.index, Fn.FirstOp) + op) * OP_STRIDE] as Op;
  if (kind === Op.Cleanup) return true;
  if (kind !== Op.Call) return false;
  if ((cx.analysis.model.helpers.get(calledName(fn, op))?.releases ?? []).length > 0) return true;
  return (calleesByOp(cx, fn).get(op) ?? []).some((id) => (cx.analysis.results[id]?.releases.size ?? 0) > 0);
}

function sitesAt(cx: RuleContext, run: FunctionRun, entry: Entry, op: number, s: State): readonly DropSite[] {
  const { fn } = run;
  const held = heldIn(run, entry, s);
  const out: DropSite[] = [];
  const add = (given: Lock, how: Drop['how'], inside: Drop['inside']): void => {
    if (isProcessorOrSignal(given.kind)) return;
    const found = held.find((l) => l.place === given.place && l.kind === given.kind);
    // What is taken again inside has to be held before, else it is not this one that is dropped
    if (how === 'retake' && found === undefined) return;
    const lock = found ?? given.takenAt(-1, -1);
    const brought =
      found === undefined || entry.locks.some((l) => l.place === lock.place && l.kind === lock.kind);
    const isOwn = s.locks.includes(lock);
    const text = isOwn ? shownLock(run, s, lock) : (cx.analysis.propagation?.show(fn.id, lock.place) ?? '');
    out.push({
      fn,
      op,
      entries: [entry],
      how,
      lock,
      text: text === '' || text.includes('?') ? run.showPlace(lock.place) : text,
      brought,
      seen: found !== undefined,
      inside,
    });
  };
  const at = (fnColumn(fn.file, fn.index, Fn.FirstOp) + op) * OP_STRIDE;
  if ((fn.file.ops[at] as Op) === Op.Cleanup) {
    for (const l of held)
      if (l.fn === fn.id && l.op >= 0 && scopeOf(fn, l.op) === fn.file.ops[at + 1]) add(l, 'scope', null);
    return out;
  }
  const name = calledName(fn, op);
  const callees = calleesByOp(cx, fn).get(op) ?? [];
  const inside = callees.length > 0 ? { function: name, place: null } : null;
  for (const lock of releasesAt(cx, run, op, s)) add(lock, 'release', inside);
  const args = readsOf(fn, op).slice(1);
  for (const id of callees)
    for (const { lock, place } of retakenIn(cx, id)) {
      const here = toCaller(
        run.terms,
        lock.place,
        args.map((e) => run.ev.value(s, e)),
        run.terms.unknown,
      );
      if (here !== run.terms.unknown) add(lock.at(here), 'retake', { function: name, place });
    }
  const helper = cx.analysis.model.helpers.get(name);
  for (const spec of helper?.releases ?? []) {
    if (helper?.acquires?.some((a) => a.lock === spec.lock) !== true) continue;
    const values = args.map((e) => run.ev.value(s, e));
    const lock = modelLock(run, s, spec, helper.params, values, run.terms.unknown, op);
    if (lock !== null) add(lock, 'retake', { function: name, place: null });
  }
  return out;
}

/** The hidden variable of a scope that an operation begins, or -1. */
function scopeOf(fn: FunctionRef, op: number): number {
  const at = (fnColumn(fn.file, fn.index, Fn.FirstOp) + op) * OP_STRIDE;
  return (fn.file.ops[at] as Op) === Op.Guard ? (fn.file.ops[at + 3] as number) : -1;
}

/** Calls that are followed down to where a lock is dropped and taken again. */
const MAX_DOWN = 4;

interface Retake {
  readonly lock: Lock;
  readonly place: Place;
}

const RETAKEN = new WeakMap<RuleContext, Map<number, readonly Retake[]>>();

/** Locks of its caller that a function gives back and takes again, with the place where it has them again. */
export function retakenIn(cx: RuleContext, id: number, depth = MAX_DOWN): readonly Retake[] {
  let known = RETAKEN.get(cx);
  if (known === undefined) {
    known = new Map();
    RETAKEN.set(cx, known);
  }
  const told = known.get(id);
  if (told !== undefined) return told;
  known.set(id, []);
  const found = findRetaken(cx, id, depth);
  known.set(id, found);
  return found;
}

function findRetaken(cx: RuleContext, id: number, depth: number): readonly Retake[] {
  const { terms, program, results } = cx.analysis;
  const result = results[id];
  const fn = program.functions[id];
  const out: Retake[] = [];
  if (result === undefined || fn === undefined || result.releases.size === 0) return out;
  const add = (lock: Lock, place: Place): void => {
    if (!out.some((o) => o.lock.place === lock.place && o.lock.kind === lock.kind)) out.push({ lock, place });
  };
  for (const w of result.waits)
    if (w.released.some((r) => r.place === w.lock.place && r.kind === w.lock.kind))
      add(w.lock, placeOf(fn, w.op));
  if (depth === 0) return out;
  for (const edge of result.edges) {
    if (edge.context !== 'now') continue;
    for (const { lock, place } of retakenIn(cx, edge.callee, depth - 1)) {
      // What it took itself is nothing to its callers
      const isOwn = edge.variants.some((v) =>
        v.locks.some((l) => l.place === lock.place && l.kind === lock.kind),
      );
      const here = toCaller(terms, lock.place, edge.args, terms.unknown);
      if (!isOwn && here !== terms.unknown && terms.isShared(here)) add(lock.at(here), place);
    }
  }
  return out;
}
