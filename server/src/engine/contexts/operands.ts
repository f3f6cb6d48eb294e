/**
 * The expressions that operations work on, and what stands below an expression. Must not know what anybody looks for there.
 */
import { EXPR_STRIDE, type FileFacts, Fn, OP_STRIDE, Op, X } from '../facts/encode.js';
import { type FunctionRef, readList } from '../program/program.js';
import { fnColumn } from './cfg.js';

/** The pure expressions that an operation reads, in the order of its columns. */
export function readsOf(fn: Pick<FunctionRef, 'file' | 'index'>, op: number): readonly number[] {
  const file = fn.file;
  const at = (fnColumn(file, fn.index, Fn.FirstOp) + op) * OP_STRIDE;
  const a = file.ops[at + 1] as number;
  const b = file.ops[at + 2] as number;
  switch (file.ops[at] as Op) {
    case Op.Call:
      return [a, ...readList(file, b)];
    case Op.Assign:
      return [b, a];
    case Op.Set:
    case Op.Declare:
      return b >= 0 ? [b] : [];
    case Op.Eval:
    case Op.Branch:
    case Op.Switch:
      return [a];
    case Op.Return:
      return a >= 0 ? [a] : [];
    case Op.Guard:
      return readList(file, b);
    default:
      return [];
  }
}

/** Calls `visit` for every expression below one, itself first. */
export function visitNodes(file: FileFacts, expr: number, visit: (e: number, kind: X) => void): void {
  if (expr < 0) return;
  const at = expr * EXPR_STRIDE;
  const kind = file.exprs[at] as X;
  const a = file.exprs[at + 1] as number;
  const b = file.exprs[at + 2] as number;
  visit(expr, kind);
  switch (kind) {
    case X.Field:
    case X.Addr:
    case X.Deref:
      visitNodes(file, a, visit);
      return;
    case X.Index:
      visitNodes(file, a, visit);
      visitNodes(file, b, visit);
      return;
    case X.Unary:
    case X.Cast:
      visitNodes(file, b, visit);
      return;
    case X.Binary:
      visitNodes(file, b, visit);
      visitNodes(file, file.exprs[at + 3] as number, visit);
      return;
    default:
      return;
  }
}
