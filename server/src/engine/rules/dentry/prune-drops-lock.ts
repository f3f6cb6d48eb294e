/**
 * dentry/prune-drops-lock: d_prune never lets go of a lock of its caller, not even to take it again. The caller goes on as if
 * nothing had happened since it marked the dentry dead.
 */

import { calledName } from '../../contexts/cfg.js';
import type { Entry } from '../../contexts/entry-points.js';
import type { FunctionRun } from '../../contexts/flow.js';
import { modelLock } from '../../contexts/helper-calls.js';
import { type Lock, type State, settled } from '../../contexts/state.js';
import { T } from '../../contexts/terms.js';
import { namelessWord } from '../../model/lock-kinds.js';
import { heldShown } from '../holding.js';
import { argumentsOf, placeIn, type Reached, reachedFrom, rootOf, stepsTo } from '../reached.js';
import { watch } from '../replay.js';
import { type Draft, entryMethod, lockExpression, type Rule, type RuleContext, step } from '../rule.js';

/** The rule. */
export const pruneDropsLock: Rule = {
  info: {
    id: 'dentry/prune-drops-lock',
    summary: 'd_prune lets go of a lock of its caller.',
    law: 'd_prune never drops and regains a lock of its caller, on any path.',
    severity: 'error',
    precision: 'high',
    onByDefault: true,
    fixable: false,
  },
  check(cx) {
    const out: Draft[] = [];
    const inScope = new Set(cx.unit.map((f) => f.id));
    const seen = new Set<string>();
    for (const r of reachedFrom(cx, 'dentry_operations', ['d_prune'], 'dentry')) {
      const releases = cx.analysis.results[r.fn.id]?.releases;
      if (releases === undefined || releases.size === 0) {
        cx.silence?.('dentry/prune-drops-lock', r.fn, -1, 'it gives back no lock, whoever took it');
        continue;
      }
      for (const [op, drop] of dropsIn(cx, r)) {
        const at = placeIn(inScope, r, op);
        if (at === null || seen.has(`${at.fn.id},${at.op}`)) continue;
        seen.add(`${at.fn.id},${at.op}`);
        const name = `'${lockExpression(drop.text)}' (${drop.lock.class})`;
        out.push({
          rule: 'dentry/prune-drops-lock',
          precision: 'high',
          certainty: 'must',
          message: `'${drop.what}()' drops ${name} in ->d_prune(), which its caller holds and relies on`,
          fn: at.fn.id,
          op: at.op,
          entry: entryMethod(cx.analysis, r.origin),
          held: drop.held,
          rcu: 'none',
          trace: [
            ...stepsTo(cx, r),
            step('release', r.fn, op, `drops ${name} of the caller`),
            step(
              'other-side',
              at.fn,
              at.op,
              'another CPU gets the lock and meets a dentry that is dead but still hashed, and its caller goes on as if nothing had been let in',
              1,
            ),
          ],
          objectClass: drop.lock.class,
        });
      }
    }
    return out;
  },
};

interface Drop {
  readonly lock: Lock;
  readonly what: string;
  readonly text: string;
  readonly held: Draft['held'];
}

/** Operations that give a lock of the method's caller back. What a callee of the program gives back is its own. */
function dropsIn(cx: RuleContext, r: Reached): ReadonlyMap<number, Drop> {
  const out = new Map<number, Drop>();
  for (const entry of r.entries) {
    if (entry.locks.length === 0) continue;
    const { helpers } = cx.analysis.model;
    const releases = (op: number): boolean => helpers.get(calledName(r.fn, op))?.releases !== undefined;
    watch(cx.analysis, r.fn, entry, releases, (run, op, s) => {
      const what = calledName(r.fn, op);
      const helper = helpers.get(what);
      if (out.has(op) || helper?.releases === undefined) return;
      const args = argumentsOf(run, op, s);
      for (const spec of helper.releases) {
        const lock = modelLock(run, s, spec, helper.params, args, run.terms.unknown, op);
        const dropped = lock === null ? null : callersLock(run, entry, s, lock);
        if (dropped === null || !comesFromOutside(cx, r, entry, dropped)) {
          cx.silence?.(
            'dentry/prune-drops-lock',
            r.fn,
            op,
            `'${what}()' gives back a lock that was taken here, or that not every caller holds`,
          );
          continue;
        }
        out.set(op, {
          lock: dropped,
          what,
          text: run.showPlace(dropped.place),
          held: heldShown(cx, r.fn, run, entry, s, op),
        });
      }
    });
  }
  return out;
}

/** Whether the method's own callers hold a lock that a helper of it is entered with: it may be the method that took it. */
function comesFromOutside(cx: RuleContext, r: Reached, entry: Entry, lock: Lock): boolean {
  const method = rootOf(r).fn.id;
  let [id, at] = [r.fn.id, entry];
  for (let guard = 0; guard < MAX_CALLS && id !== method && at.caller >= 0; guard++) {
    const up = cx.analysis.propagation?.entries[at.caller]?.[at.callerEntry];
    if (up === undefined) return true;
    [id, at] = [at.caller, up];
  }
  return at.locks.some((l) => !l.may && l.class === lock.class && l.kind === lock.kind);
}

/** Calls between a method and its helper. */
const MAX_CALLS = 20;

/** The caller's lock that this one is, where the function holds none of its own that it could be. */
function callersLock(run: FunctionRun, entry: Entry, s: State, lock: Lock): Lock | null {
  if (namelessWord(lock.kind) !== undefined) return null;
  if (s.locks.some((l) => l.kind === lock.kind && l.class === lock.class)) return null;
  const brought = settled(run.terms, entry.locks, s.facts).filter((l) => !l.may && l.kind === lock.kind);
  return (
    brought.find((l) => l.place === lock.place) ??
    // A callee that has no name for the object still has the only lock of its class
    brought.find((l) => l.class === lock.class && run.terms.kind(l.place) === T.Opaque) ??
    null
  );
}
