/**
 * lock/double: the same instance of a lock that does not nest is not taken twice on a path, through any depth of calls.
 * The instance has to be the same term: two names that might be one object are not reported.
 */
import { type Draft, heldOf, lineOf, lockName, type Rule, rcuOf, step } from '../rule.js';

/** The rule. */
export const doubleLock: Rule = {
  info: {
    id: 'lock/double',
    summary: 'A lock is taken that is held already.',
    law: 'The same instance of a lock that does not nest is not taken twice on a path.',
    severity: 'error',
    precision: 'high',
    onByDefault: true,
    fixable: false,
  },
  check(cx) {
    const out: Draft[] = [];
    for (const fn of cx.functions) {
      const result = cx.analysis.results[fn.id];
      if (result === undefined || result.widened) continue;
      for (const e of result.events) {
        if (e.kind !== 'double') continue;
        const name = lockName(e.first);
        const steps = [step('acquire', fn, e.first.lock.op, `takes ${name}`)];
        let at = fn;
        let op = e.op;
        let what = e.what;
        let via = e.via;
        let recursive = false;
        for (let depth = 0; depth < 20; depth++) {
          steps.push(
            step(
              via < 0 ? 'acquire' : 'call',
              at,
              op,
              via < 0 ? `${what}() takes it again` : `calls ${what}()`,
            ),
          );
          if (via < 0) break;
          const callee = cx.analysis.program.functions[via];
          const take = cx.analysis.results[via]?.takes.find(
            (t) => t.lock.class === e.first.lock.class && t.lock.kind === e.first.lock.kind,
          );
          if (callee === undefined || take === undefined) break;
          if (callee.id === fn.id || depth > 3) recursive = true;
          at = callee;
          op = take.op;
          what = take.what;
          via = take.via;
        }
        out.push({
          rule: 'lock/double',
          // Through itself, or a long way down: some flag will have been set before
          precision: recursive || e.conditional || e.first.lock.class.startsWith('?') ? 'medium' : 'high',
          certainty: 'must',
          message: `'${e.what}()' takes ${name}, which is held since line ${lineOf(fn, e.first.lock.op)}`,
          fn: fn.id,
          op: e.op,
          entry: null,
          held: heldOf(cx, fn, e.held),
          rcu: rcuOf(null, e.held),
          trace: steps,
          objectClass: e.first.lock.class,
        });
      }
    }
    return out;
  },
};
