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

/** Locals whose address is handed over may come back changed. */
export function touched(run: FunctionRun, s: State, site: CallSite): State {
  let state = s;
  const { terms } = run;
  for (const arg of site.args) {
    if (terms.kind(arg) !== T.Addr || terms.kind(terms.a(arg)) !== T.Local) continue;
    const v = terms.a(terms.a(arg));
    const m = run.made(state, site.op, 500 + v);
    const vars = m.state.vars.slice();
    if ((vars[v] as number) >= 0) vars[v] = m.term;
    let heap = m.state.heap;
    const place = terms.a(arg);
    if (heap.length > 0) {
      const kept: number[] = [];
      for (let i = 0; i < heap.length; i += 2)
        if (!terms.contains(heap[i] as number, place)) kept.push(heap[i] as number, heap[i + 1] as number);
      heap = kept;
    }
    state = m.state.withValues(vars, m.state.temps, heap, m.state.facts);
  }
  return state;
}
