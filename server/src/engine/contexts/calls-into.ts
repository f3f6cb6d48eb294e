/**
 * The calls of a function as people count them: a call that a macro makes stands where the macro is used. With each, the
 * situations that it brings the function into. Must not know how they are shown.
 */
import type { FunctionRef } from '../program/program.js';
import type { Analysis } from './analysis.js';
import type { Entry } from './entry-points.js';
import type { CallEdge } from './result.js';

/** Macros inside macros that are followed. */
const MAX_MACROS = 6;

/** A call of a function. */
export interface CallInto {
  readonly caller: FunctionRef;
  /** The operation of the call, or of the use of the macro that makes it. */
  readonly op: number;
  /** The calls that lead from the caller to the function: more than one where macros lie between. */
  readonly path: readonly CallEdge[];
}

/** A call that a function makes. */
export interface CallOutOf {
  readonly callee: FunctionRef;
  readonly op: number;
  readonly context: CallEdge['context'];
}

/** Calls of a function by all functions of the analysis, macros looked through; a caller's calls are in the order of its text. */
export function callsInto(analysis: Analysis, fn: number): readonly CallInto[] {
  const out: CallInto[] = [];
  const collect = (callee: number, below: readonly CallEdge[]): void => {
    for (const { caller, edge } of analysis.chains?.callersOf(callee) ?? []) {
      const path = [edge, ...below];
      const ref = analysis.program.functions[caller] as FunctionRef;
      if (!ref.isMacro) out.push({ caller: ref, op: edge.op, path });
      else if (path.length <= MAX_MACROS) collect(caller, path);
    }
  };
  collect(fn, []);
  return out;
}

/** Calls that a function makes of functions of the analysis, macros looked through. */
export function callsOutOf(analysis: Analysis, fn: number): readonly CallOutOf[] {
  const out: CallOutOf[] = [];
  const collect = (caller: number, op: number, depth: number): void => {
    for (const edge of analysis.results[caller]?.edges ?? []) {
      const callee = analysis.program.functions[edge.callee] as FunctionRef;
      const at = op < 0 ? edge.op : op;
      if (!callee.isMacro) out.push({ callee, op: at, context: edge.context });
      else if (depth < MAX_MACROS) collect(edge.callee, at, depth + 1);
    }
  };
  collect(fn, -1, 0);
  return out;
}

/** The situations in which a call enters its function, in the function's own terms; none where no known way leads to the call. */
export function enteredBy(analysis: Analysis, call: CallInto): readonly Entry[] {
  const { propagation } = analysis;
  if (propagation === null) return [];
  let caller = call.caller.id;
  let entries: readonly Entry[] = propagation.entries[caller] ?? [];
  for (const edge of call.path) {
    const from = caller;
    entries = entries.flatMap((entry, index) => propagation.composed(from, index, entry, edge));
    caller = edge.callee;
  }
  return entries;
}
