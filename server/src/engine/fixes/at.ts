/**
 * What holds at a place where a fix wants to put code: the operations of a statement, the states before them, and the
 * arguments of a call. Reads facts and walks the function again; knows no text.
 */
import type { Analysis } from '../contexts/analysis.js';
import { calledName, fnColumn } from '../contexts/cfg.js';
import { FunctionRun } from '../contexts/flow.js';
import type { State } from '../contexts/state.js';
import {
  EXPR_STRIDE,
  Fn,
  OP_STRIDE,
  Op,
  VAR_ADDRESS_TAKEN,
  VAR_ARRAY,
  VARIABLE_STRIDE,
  X,
} from '../facts/encode.js';
import { type FunctionRef, readList } from '../program/program.js';
import { offsetsOf } from '../rules/rule.js';

/** Operations of a function that lie in a range of its file, in the order of their numbers. */
export function operationsIn(fn: FunctionRef, start: number, end: number): number[] {
  const out: number[] = [];
  const count = fnColumn(fn.file, fn.index, Fn.OpCount);
  for (let op = 0; op < count; op++) {
    const at = offsetsOf(fn, op);
    if (at.start >= start && at.end <= end && at.end > at.start) out.push(op);
  }
  return out;
}

/** Argument expressions of a call, or null where the operation is none. */
export function argumentsOf(fn: FunctionRef, op: number): readonly number[] | null {
  const at = (fnColumn(fn.file, fn.index, Fn.FirstOp) + op) * OP_STRIDE;
  return (fn.file.ops[at] as Op) === Op.Call ? readList(fn.file, fn.file.ops[at + 2] as number) : null;
}

/** Whether no variable in an expression ever gets a second value: it means the same wherever it stands. */
export function isFixed(fn: FunctionRef, expr: number): boolean {
  const { file } = fn;
  const values = new Map<number, number>();
  const parameters = fnColumn(file, fn.index, Fn.ParameterCount);
  const first = fnColumn(file, fn.index, Fn.FirstOp);
  const count = fnColumn(file, fn.index, Fn.OpCount);
  for (let op = 0; op < count; op++) {
    const at = (first + op) * OP_STRIDE;
    const kind = file.ops[at] as Op;
    let variable = -1;
    if (kind === Op.Declare && (file.ops[at + 2] as number) >= 0) variable = file.ops[at + 1] as number;
    if (kind === Op.Assign) {
      const target = (file.ops[at + 1] as number) * EXPR_STRIDE;
      if ((file.exprs[target] as X) === X.Local) variable = file.exprs[target + 1] as number;
    }
    if (variable >= 0) values.set(variable, (values.get(variable) ?? 0) + 1);
  }
  const firstVariable = fnColumn(file, fn.index, Fn.FirstVariable);
  const isOnce = (e: number): boolean => {
    const at = e * EXPR_STRIDE;
    const a = file.exprs[at + 1] as number;
    switch (file.exprs[at] as X) {
      case X.Local: {
        const flags = file.variables[(firstVariable + a) * VARIABLE_STRIDE + 2] as number;
        if ((flags & VAR_ADDRESS_TAKEN) !== 0 && (flags & VAR_ARRAY) === 0) return false;
        return (values.get(a) ?? 0) <= (a < parameters ? 0 : 1);
      }
      case X.Field:
      case X.Addr:
      case X.Deref:
        return isOnce(a);
      case X.Index:
        return isOnce(a) && isOnce(file.exprs[at + 2] as number);
      case X.Name:
      case X.Num:
        return true;
      default:
        return false;
    }
  };
  return isOnce(expr);
}

/** Shows the states before some operations, those in doubt left out. */
export function lookAt(
  analysis: Analysis,
  fn: FunctionRef,
  ops: readonly number[],
  look: (run: FunctionRun, op: number, state: State) => void,
): void {
  const wanted = new Set(ops);
  const run: FunctionRun = new FunctionRun(analysis.shared, fn, (op: number, state: State) => {
    if (wanted.has(op) && !state.doubt) look(run, op, state);
  });
  run.run();
}

/** Whether nothing that the function took is kept where a range begins: code that returns may go there. */
export function mayReturnAt(analysis: Analysis, fn: FunctionRef, start: number, end: number): boolean {
  const first = operationsIn(fn, start, end)[0];
  if (first === undefined || takesBefore(analysis, fn, start)) return false;
  let seen = false;
  let held = false;
  lookAt(analysis, fn, [first], (_run, _op, state) => {
    seen = true;
    if (state.locks.length > 0 || state.released.length > 0) held = true;
  });
  return seen && !held;
}

/** Whether something above an offset takes a reference or memory, which a return would leave behind. */
function takesBefore(analysis: Analysis, fn: FunctionRef, start: number): boolean {
  const count = fnColumn(fn.file, fn.index, Fn.OpCount);
  for (let op = 0; op < count; op++) {
    const helper = analysis.model.helpers.get(calledName(fn, op));
    if (helper === undefined || offsetsOf(fn, op).start >= start) continue;
    if (helper.returns === 'fresh' || helper.references?.some((r) => r.action !== 'put') === true)
      return true;
  }
  return false;
}
