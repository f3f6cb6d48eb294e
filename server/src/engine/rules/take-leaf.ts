/**
 * What a take effect of a function ends in: the helper that takes the lock, however deep in its callees. Must not judge.
 */
import type { TakeEffect } from '../contexts/result.js';
import type { RuleContext } from './rule.js';

/** Calls that are followed. */
const MAX_DEPTH = 20;

/** Name of the helper that takes the lock. */
function takeLeaf(cx: RuleContext, take: TakeEffect): string {
  let t = take;
  for (let depth = 0; depth < MAX_DEPTH && t.via >= 0; depth++) {
    const next: TakeEffect | undefined = cx.analysis.results[t.via]?.takes.find(
      (x) => x.lock.class === t.lock.class && x.lock.kind === t.lock.kind,
    );
    if (next === undefined) break;
    t = next;
  }
  return t.what;
}

/** Whether a lock is not taken but only asserted not to be held: said where it is asserted. */
export function isOnlyAsserted(cx: RuleContext, take: TakeEffect): boolean {
  return takeLeaf(cx, take) === 'lockdep_assert_not_held';
}
