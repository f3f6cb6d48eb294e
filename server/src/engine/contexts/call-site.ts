/**
 * A call as the flow meets it, and what every call does to a path state: its result is a new value, and what its arguments
 * point at may have changed.
 */
import { withTemp } from './evaluate.js';
import type { FunctionRun } from './flow.js';
import type { State } from './state.js';
import { T } from './terms.js';

/** A call as the flow meets it. `callee` is an expression, or -1 where `name` says who is called. */
export interface CallSite {
  readonly op: number;
  readonly callee: number;
  readonly name?: string;
  readonly argExprs: readonly number[];
  readonly args: readonly number[];
  readonly temp: number;
  readonly flags: number;
}

/** The result of a call of which nothing is known. */
export function plainResult(run: FunctionRun, s: State, site: CallSite): State {
  if (site.temp < 0) return s;
  const m = run.made(s, site.op);
  return m.state.withTemps(withTemp(m.state.temps, site.temp, m.term));
}

export function setResult(s: State, site: CallSite, value: number): State {
  return site.temp < 0 ? s : s.withTemps(withTemp(s.temps, site.temp, value));
}

/** Whether a callee that stores to some members leaves a place as it is. */
function keeps(run: FunctionRun, place: number, writes: ReadonlySet<string>): boolean {
  const { terms } = run;
  for (let at = place; ; at = terms.a(at)) {
    const kind = terms.kind(at);
    if (kind !== T.FieldL) return kind === T.Local && at !== place;
    if (writes.has(terms.nameText(terms.b(at)))) return false;
  }
}

/** Locals whose address is handed over may come back changed. `writes`: members that the callee stores to; null: any. */
export function touched(
  run: FunctionRun,
  s: State,
  site: CallSite,
  writes: ReadonlySet<string> | null = null,
): State {
  if (writes === null) run.effect.handOver(site.args);
  let state = s;
  const { terms } = run;
  for (const [i, arg] of site.args.entries()) {
    if (terms.kind(arg) !== T.Addr || terms.kind(terms.a(arg)) !== T.Local) continue;
    const v = terms.a(terms.a(arg));
    const m = run.made(state, site.op, 500 + v);
    const vars = m.state.vars.slice();
    if ((vars[v] as number) >= 0) vars[v] = m.term;
    let heap = m.state.heap;
    const place = terms.a(arg);
    if (heap.length > 0) {
      const kept: number[] = [];
      for (let h = 0; h < heap.length; h += 2)
        if (
          !terms.contains(heap[h] as number, place) ||
          (writes !== null && !writes.has(`#${i}`) && keeps(run, heap[h] as number, writes))
        )
          kept.push(heap[h] as number, heap[h + 1] as number);
      heap = kept;
    }
    state = m.state.withValues(vars, m.state.temps, heap, m.state.facts);
  }
  return state;
}
