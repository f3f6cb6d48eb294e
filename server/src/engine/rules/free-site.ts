/** Where memory goes that a function's effect says is freed, and the methods that take objects away. */
import type { TraceStep } from '../base/finding.js';
import type { FreeEffect } from '../contexts/result.js';
import { T } from '../contexts/terms.js';
import { toCaller } from '../contexts/translate.js';
import type { FunctionRef } from '../program/program.js';
import { Mentions } from './mentions.js';
import { type RuleContext, step } from './rule.js';

/** Methods that take objects away while RCU-walk may still look at them, by structure. */
const TEARDOWN: Readonly<Record<string, readonly string[]>> = {
  dentry_operations: ['d_prune', 'd_release', 'd_iput'],
  super_operations: ['evict_inode', 'destroy_inode', 'put_super'],
  file_system_type: ['kill_sb'],
};

/** Whether a beginning is such a method. */
export function isTeardown(origin: { struct: string; method: string } | undefined): boolean {
  return origin !== undefined && TEARDOWN[origin.struct]?.includes(origin.method) === true;
}

/** What tells that the last reference is gone. */
export const DROPS = new Mentions([
  'refcount_dec_and_test',
  'refcount_dec_and_lock',
  'refcount_dec_and_mutex_lock',
  'atomic_dec_and_test',
  'atomic_dec_and_lock',
  'atomic_dec_and_mutex_lock',
  'atomic_long_dec_and_test',
  'kref_put',
  'kref_put_lock',
  'kref_put_mutex',
]);

/** Whether a function is entered from elsewhere than from methods that take objects away. */
function isSharedEnd(cx: RuleContext, fn: FunctionRef): boolean {
  const propagation = cx.analysis.propagation;
  return (propagation?.entries[fn.id] ?? []).some((e) =>
    e.origins.some((o) => !isTeardown(propagation?.origins[o])),
  );
}

/** Where memory really goes: down through the callees' effects. */
export function freeSite(
  cx: RuleContext,
  fn: FunctionRef,
  free: FreeEffect,
): { fn: FunctionRef; op: number; what: string; steps: TraceStep[] } {
  const { terms } = cx.analysis;
  let at = fn;
  let effect = free;
  const steps: TraceStep[] = [];
  for (let depth = 0; depth < 20 && effect.via >= 0; depth++) {
    const callee = cx.analysis.program.functions[effect.via];
    const inside = cx.analysis.results[effect.via]?.frees.filter((f) => f.how === effect.how) ?? [];
    const { via, op, object } = effect;
    const args = cx.analysis.results[at.id]?.edges.find((e) => e.callee === via && e.op === op)?.args;
    const next =
      // The very object, as the callee names it
      (args === undefined
        ? undefined
        : inside.find(
            (f) =>
              toCaller(
                terms,
                f.object,
                args.map((a) => (a < 0 ? terms.unknown : a)),
                terms.unknown,
              ) === object,
          )) ??
      inside.find((f) => f.type !== '' && f.type === effect.type) ??
      inside.find((f) => f.type === '' && f.owner === '') ??
      inside.find((f) => f.type === '') ??
      (effect.type === '' || inside.length === 1 ? inside[0] : undefined);
    if (callee === undefined || next === undefined) break;
    // What drops a reference to the object that it is handed, for others as well: wrong is to drop this one here
    if (terms.kind(terms.root(next.object)) === T.Param && DROPS.in(callee) && isSharedEnd(cx, callee)) break;
    steps.push(step('call', at, effect.op, `calls ${effect.what}()`));
    at = callee;
    effect = next;
  }
  return { fn: at, op: effect.op, what: effect.what, steps };
}
