/**
 * lock/sleep-in-atomic: nothing sleeps under a spinlock, rwlock, bit lock, seqlock writer, with preemption off or in an
 * RCU read section. Two ways to get there: a lock that the function (or a callee that returned with it) took, and a
 * context that a method or callback is entered in.
 */
import type { Entry } from '../../contexts/entry-points.js';
import { entryAtomic } from '../../contexts/propagate.js';
import type { ShownLock } from '../../contexts/result.js';
import { isAtomicKind } from '../../contexts/state.js';
import {
  type Draft,
  entryMethod,
  heldOf,
  lineOf,
  lockName,
  originStep,
  type Rule,
  type RuleContext,
  rcuOf,
  sleepLeaf,
  sleepPath,
  step,
  WIDENED,
} from '../rule.js';

const ID = 'lock/sleep-in-atomic';

/** The rule. */
export const sleepInAtomic: Rule = {
  info: {
    id: 'lock/sleep-in-atomic',
    summary: 'Something that may sleep is called where sleeping is forbidden.',
    law: 'Nothing sleeps under a spinlock, rwlock, bit lock or seqlock writer, with preemption off, or in an RCU read section.',
    severity: 'error',
    precision: 'high',
    onByDefault: true,
    fixable: false,
  },
  check(cx) {
    return [...localSleeps(cx), ...contextSleeps(cx)];
  },
};

/** A lock taken here is still held at the call. */
function localSleeps(cx: RuleContext): Draft[] {
  const out: Draft[] = [];
  for (const fn of cx.functions) {
    const result = cx.analysis.results[fn.id];
    if (result === undefined) continue;
    if (result.widened) {
      cx.silence?.(ID, fn, -1, WIDENED);
      continue;
    }
    const seen = new Set<string>();
    for (const e of result.events) {
      if (e.kind !== 'sleep') continue;
      const shown = e.held.find((h) => isAtomicKind(h.lock.kind) && !h.lock.may) as ShownLock;
      // One finding for a lock and what first sleeps under it
      const key = `${shown.lock.place},${shown.lock.op}`;
      if (seen.has(key)) {
        cx.silence?.(
          ID,
          fn,
          e.op,
          `'${e.what}()' may sleep under a lock under which a sleep is reported already`,
        );
        continue;
      }
      seen.add(key);
      const leaf = sleepLeaf(cx, e.what, e.via);
      const where = lockName(shown);
      out.push({
        rule: 'lock/sleep-in-atomic',
        precision: e.certain && !shown.lock.class.startsWith('?') ? 'high' : 'medium',
        certainty: e.certain ? 'must' : 'may',
        message: `'${e.what}()' may sleep${leaf !== e.what ? ` (in '${leaf}()')` : ''} with ${where}${shown.lock.kind === 'rcu' || shown.lock.kind === 'irq' || shown.lock.kind === 'preempt' || shown.lock.kind === 'bh' ? '' : ' held'}, taken at line ${lineOf(fn, shown.lock.op)}`,
        fn: fn.id,
        op: e.op,
        entry: null,
        held: heldOf(cx, fn, e.held),
        rcu: rcuOf(null, e.held),
        trace: [
          step('acquire', fn, shown.lock.op, `takes ${where}`),
          ...sleepPath(cx, fn, e.op, e.what, e.via),
        ],
        objectClass: shown.lock.class,
      });
    }
  }
  return out;
}

/** The method or callback is entered where sleeping is forbidden. */
function contextSleeps(cx: RuleContext): Draft[] {
  const out: Draft[] = [];
  const propagation = cx.analysis.propagation;
  if (propagation === null) return out;
  for (const fn of cx.functions) {
    const result = cx.analysis.results[fn.id];
    if (result === undefined || result.widened || result.sleeps.length === 0) continue;
    const entries = propagation.entries[fn.id] ?? [];
    let done = false;
    for (let i = 0; i < entries.length && !done; i++) {
      const entry = entries[i] as Entry;
      if (entry.caller >= 0 || entry.walk || entry.widened) {
        if (entry.walk && entry.caller < 0)
          cx.silence?.(ID, fn, -1, 'what sleeps in RCU-walk is the law of rcu/walk-blocks');
        continue;
      }
      const why = entryAtomic(entry);
      if (why === null) {
        const known = entry.origins.length > 0;
        if (known) cx.silence?.(ID, fn, -1, 'the method or callback that it is entered as may sleep');
        continue;
      }
      for (const e of result.sleeps) {
        if (propagation.meet(entry, e.facts) === null) {
          cx.silence?.(
            ID,
            fn,
            e.op,
            `'${e.what}()' may sleep, but the tests before it exclude the context that may not`,
          );
          continue;
        }
        // The lock that forbids sleeping was released before
        if (
          typeof why !== 'string' &&
          e.released.some((r) => r.place === why.place || (r.kind === why.kind && r.class === why.class))
        ) {
          cx.silence?.(
            ID,
            fn,
            e.op,
            `'${e.what}()' may sleep, but the lock that forbids it was released before`,
          );
          continue;
        }
        const origin = propagation.origins[entry.origins[0] ?? -1];
        const leaf = sleepLeaf(cx, e.what, e.via);
        const reason =
          typeof why === 'string'
            ? why
            : why.kind === 'rcu'
              ? 'the RCU read side'
              : `'${propagation.show(fn.id, why.place)}' held by the caller`;
        const runs =
          origin === undefined
            ? 'this function'
            : origin.struct === 'callback'
              ? `${origin.method}`
              : `->${origin.method}()`;
        out.push({
          rule: 'lock/sleep-in-atomic',
          precision: e.certain ? 'high' : 'medium',
          certainty: e.certain ? 'must' : 'may',
          message: `'${e.what}()' may sleep${leaf !== e.what ? ` (in '${leaf}()')` : ''}, but ${runs} runs in ${reason}`,
          fn: fn.id,
          op: e.op,
          entry: entryMethod(cx.analysis, origin),
          held: [],
          rcu: rcuOf(entry, []),
          trace: [
            ...(origin === undefined ? [] : [originStep(cx, origin)]),
            ...sleepPath(cx, fn, e.op, e.what, e.via),
          ],
          objectClass: typeof why === 'string' ? why : why.class,
        });
        done = true;
        break;
      }
    }
  }
  return out;
}
