/**
 * Whether a function looks at what a pointer among its parameters points at, or only compares and keeps the pointer. Must not walk
 * paths: what is written anywhere in its text counts.
 */
import type { Analysis } from '../contexts/analysis.js';
import { fnColumn } from '../contexts/cfg.js';
import { readsOf } from '../contexts/operands.js';
import { EXPR_STRIDE, Fn, nameIn, OP_STRIDE, Op, X } from '../facts/encode.js';
import type { FunctionRef } from '../program/program.js';
import { readList } from '../program/program.js';

/** `perhaps`: a function that nothing is known of gets it. */
export type Dereferences = 'yes' | 'perhaps' | 'no';

/** Calls that are followed. */
const MAX_DEPTH = 6;

/** What becomes of an argument of a call. */
export function dereferencesOf(
  analysis: Analysis,
  from: FunctionRef,
  callee: string,
  position: number,
  depth = 0,
): Dereferences {
  if (callee === '') return 'perhaps';
  const helper = analysis.model.helpers.get(callee);
  if (helper !== undefined) {
    // What gives its argument back, as READ_ONCE() does, looks at nothing
    const isSame = helper.returns !== undefined && helper.returns === helper.params[position];
    return isSame && helper.references === undefined ? 'no' : 'yes';
  }
  const fn = analysis.program.resolve(callee, from.file);
  if (fn === null) return 'perhaps';
  return depth >= MAX_DEPTH ? 'perhaps' : inBody(analysis, fn, position, depth);
}

function inBody(analysis: Analysis, fn: FunctionRef, position: number, depth: number): Dereferences {
  const { file } = fn;
  const { exprs } = file;
  const isIt = (e: number): boolean => {
    let at = e;
    while ((exprs[at * EXPR_STRIDE] as X) === X.Cast) at = exprs[at * EXPR_STRIDE + 2] as number;
    return (exprs[at * EXPR_STRIDE] as X) === X.Local && exprs[at * EXPR_STRIDE + 1] === position;
  };
  const follows = (e: number): boolean => {
    if (e < 0) return false;
    const at = e * EXPR_STRIDE;
    const a = exprs[at + 1] as number;
    const b = exprs[at + 2] as number;
    switch (exprs[at] as X) {
      case X.Field:
        return (exprs[at + 3] === 1 && isIt(a)) || follows(a);
      case X.Deref:
        return isIt(a) || follows(a);
      case X.Addr:
        return follows(a);
      case X.Index:
        return isIt(a) || follows(a) || follows(b);
      case X.Unary:
      case X.Cast:
        return follows(b);
      case X.Binary:
        return follows(b) || follows(exprs[at + 3] as number);
      default:
        return false;
    }
  };
  const first = fnColumn(file, fn.index, Fn.FirstOp);
  const count = fnColumn(file, fn.index, Fn.OpCount);
  let found: Dereferences = 'no';
  for (let op = 0; op < count; op++) {
    for (const e of readsOf(fn, op)) if (follows(e)) return 'yes';
    const at = (first + op) * OP_STRIDE;
    const kind = file.ops[at] as Op;
    if (kind === Op.Call) {
      const args = readList(file, file.ops[at + 2] as number);
      for (let i = 0; i < args.length; i++) {
        if (!isIt(args[i] as number)) continue;
        const inner = dereferencesOf(analysis, fn, nameIn(file, file.ops[at + 1] as number), i, depth + 1);
        if (inner === 'yes') return 'yes';
        if (inner === 'perhaps') found = 'perhaps';
      }
    } else if (kind === Op.Assign || kind === Op.Declare || kind === Op.Set || kind === Op.Return) {
      // By another name, or kept for later
      for (const e of readsOf(fn, op)) if (isIt(e)) found = 'perhaps';
    }
  }
  return found;
}
