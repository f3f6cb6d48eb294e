/** Where memory goes that a function's effect says is freed. */
import type { TraceStep } from '../base/finding.js';
import type { FreeEffect } from '../contexts/result.js';
import type { FunctionRef } from '../program/program.js';
import { type RuleContext, step } from './rule.js';

/** Where memory really goes: down through the callees' effects. */
export function freeSite(
  cx: RuleContext,
  fn: FunctionRef,
  free: FreeEffect,
): { fn: FunctionRef; op: number; what: string; steps: TraceStep[] } {
  let at = fn;
  let effect = free;
  const steps: TraceStep[] = [];
  for (let depth = 0; depth < 20 && effect.via >= 0; depth++) {
    const callee = cx.analysis.program.functions[effect.via];
    const inside = cx.analysis.results[effect.via]?.frees.filter((f) => f.how === effect.how) ?? [];
    const next =
      inside.find((f) => f.type !== '' && f.type === effect.type) ??
      inside.find((f) => f.type === '' && f.owner === '') ??
      inside.find((f) => f.type === '') ??
      (effect.type === '' || inside.length === 1 ? inside[0] : undefined);
    if (callee === undefined || next === undefined) break;
    steps.push(step('call', at, effect.op, `calls ${effect.what}()`));
    at = callee;
    effect = next;
  }
  return { fn: at, op: effect.op, what: effect.what, steps };
}
