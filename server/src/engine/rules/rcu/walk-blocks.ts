/**
 * rcu/walk-blocks: nothing on an RCU-walk path sleeps; the way out is `-ECHILD`, before. Each method that path walk calls
 * without locks is entered once as RCU-walk, with what tells it so (LOOKUP_RCU, MAY_NOT_BLOCK, a NULL dentry, rcu_walk)
 * known; a sleep that is still reachable then is the finding.
 */
import type { Entry } from '../../contexts/entry-points.js';
import type { FunctionRef } from '../../program/program.js';
import { isAtomicDentryMethod } from '../context-sleeps.js';
import {
  type Draft,
  entryMethod,
  originStep,
  type Rule,
  type RuleContext,
  sleepLeaf,
  sleepPath,
  WIDENED,
} from '../rule.js';

const ID = 'rcu/walk-blocks';

/** The rule. */
export const walkBlocks: Rule = {
  info: {
    id: 'rcu/walk-blocks',
    summary: 'Something that may sleep is reached in RCU-walk.',
    law: 'Nothing on an RCU-walk path sleeps: no GFP_KERNEL, mutex, rwsem, last dput, user copy or I/O. The way out is -ECHILD, before.',
    severity: 'error',
    precision: 'high',
    onByDefault: true,
    fixable: true,
  },
  check(cx) {
    const out: Draft[] = [];
    const propagation = cx.analysis.propagation;
    if (propagation === null) return out;
    for (const fn of cx.functions) {
      const result = cx.analysis.results[fn.id];
      if (result === undefined) continue;
      if (result.widened) {
        cx.silence?.(ID, fn, -1, WIDENED);
        continue;
      }
      const entries = propagation.entries[fn.id] ?? [];
      if (cx.silence !== undefined) noteElsewhere(cx, fn, entries);
      let done = false;
      for (let i = 0; i < entries.length && !done; i++) {
        const entry = entries[i] as Entry;
        if (!entry.walk || entry.caller >= 0) continue;
        // It may sleep in no situation, and has no way out
        if (isAtomicDentryMethod(cx, propagation.origins[entry.origins[0] ?? -1])) {
          cx.silence?.(ID, fn, -1, 'dentry/atomic-method speaks for a method that may never sleep');
          continue;
        }
        for (const e of result.sleeps) {
          if (propagation.meet(entry, e.facts) === null) {
            cx.silence?.(
              ID,
              fn,
              e.op,
              `'${e.what}()' may sleep, but RCU-walk does not get there: the tests before it exclude it`,
            );
            continue;
          }
          if (e.released.some((r) => r.kind === 'rcu')) {
            cx.silence?.(ID, fn, e.op, `'${e.what}()' may sleep, but the RCU read side was left before`);
            continue;
          }
          const origin = propagation.origins[entry.origins[0] ?? -1];
          const leaf = sleepLeaf(cx, e.what, e.via);
          const method = origin === undefined ? '' : `->${origin.method}()`;
          out.push({
            rule: 'rcu/walk-blocks',
            precision: e.guarded ? 'medium' : 'high',
            certainty: e.certain ? 'must' : 'may',
            message: `'${e.what}()' may sleep${leaf !== e.what ? ` (in '${leaf}()')` : ''}, and ${method} gets here in RCU-walk`,
            fn: fn.id,
            op: e.op,
            entry: entryMethod(cx.analysis, origin),
            held: [],
            rcu: 'walk',
            trace: [
              ...(origin === undefined ? [] : [originStep(cx, origin)]),
              ...sleepPath(cx, fn, e.op, e.what, e.via),
            ],
            objectClass: leaf,
            ...(origin === undefined
              ? {}
              : {
                  fix: {
                    kind: 'bail-out',
                    fn: fn.id,
                    op: e.op,
                    struct: origin.struct,
                    method: origin.method,
                  } as const,
                }),
          });
          done = true;
          break;
        }
      }
    }
    return out;
  },
};

/** What sleeps where RCU-walk does not begin: not reached by it, or judged at the method. */
function noteElsewhere(cx: RuleContext, fn: FunctionRef, entries: readonly Entry[]): void {
  const walks = entries.filter((e) => e.walk);
  for (const e of cx.analysis.results[fn.id]?.sleeps ?? []) {
    if (walks.length === 0)
      cx.silence?.(ID, fn, e.op, `'${e.what}()' may sleep, but no RCU-walk is known to enter the function`);
    else if (walks.every((entry) => entry.caller >= 0))
      cx.silence?.(ID, fn, e.op, `'${e.what}()' may sleep: judged where the method of RCU-walk calls on`);
  }
}
