/**
 * Terms as the function at hand would write them, for people. Must not be asked in the course of the analysis: no answer
 * hangs on a spelling.
 */
import { EXPR_STRIDE, Fn, OP_STRIDE, Op, X } from '../facts/encode.js';
import { fnColumn } from './cfg.js';
import { ENTRY_OP, type Evaluator, JOIN_OP } from './evaluate.js';

/** A place of a lock as the function would write it. */
export function showPlace(ev: Evaluator, place: number): string {
  return ev.terms.show(
    place,
    (i) => ev.variableName(i) || `arg${i + 1}`,
    (op, detail) => madeName(ev, op, detail),
    (v) => ev.variableName(v),
  );
}

/** What a made value is called: the variable that it was stored in, where there is one. */
function madeName(ev: Evaluator, op: number, detail: number): string {
  const { file, graph } = ev;
  const firstOp = fnColumn(file, graph.index, Fn.FirstOp);
  if (op === ENTRY_OP || op >= JOIN_OP) return detail < 100000 ? ev.variableName(detail) || '?' : '?';
  // The variable that the value was stored in, where there is one
  const at = (firstOp + op) * OP_STRIDE;
  const kind = file.ops[at] as Op;
  if (kind === Op.Declare) return ev.variableName(file.ops[at + 1] as number);
  if (kind === Op.Assign) {
    const e = file.ops[at + 1] as number;
    if ((file.exprs[e * EXPR_STRIDE] as X) === X.Local)
      return ev.variableName(file.exprs[e * EXPR_STRIDE + 1] as number);
  }
  if (kind === Op.Call) {
    const temp = file.ops[at + 3] as number;
    // Only the result itself is what was stored
    for (let o = op + 1; detail === 0 && o < Math.min(op + 4, graph.opCount); o++) {
      const n = (firstOp + o) * OP_STRIDE;
      const k = file.ops[n] as Op;
      const value = file.ops[n + 2] as number;
      if (
        (k === Op.Declare || k === Op.Assign) &&
        value >= 0 &&
        (file.exprs[value * EXPR_STRIDE] as X) === X.Temp &&
        file.exprs[value * EXPR_STRIDE + 1] === temp
      ) {
        const target = file.ops[n + 1] as number;
        if (k === Op.Declare) return ev.variableName(target);
        if ((file.exprs[target * EXPR_STRIDE] as X) === X.Local)
          return ev.variableName(file.exprs[target * EXPR_STRIDE + 1] as number);
      }
    }
    if (detail >= 500 && detail < 2000) return ev.variableName(detail - 500) || '?';
    const callee = file.ops[at + 1] as number;
    if ((file.exprs[callee * EXPR_STRIDE] as X) === X.Name)
      return `${file.strings[file.exprs[callee * EXPR_STRIDE + 1] as number]}()`;
  }
  return '?';
}
