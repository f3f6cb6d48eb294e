/**
 * Expressions as the function writes them, calls included: for people. No answer hangs on it.
 */
import { calledName, fnColumn } from '../contexts/cfg.js';
import { EXPR_STRIDE, Fn, OP_STRIDE, OPERATORS, Op, VARIABLE_STRIDE, X } from '../facts/encode.js';
import { type FunctionRef, readList } from '../program/program.js';
import { operationsOf } from '../rules/replay.js';

/** Longer texts are cut. */
const MAX_LENGTH = 80;
const MAX_DEPTH = 6;

/** An expression in words; '' where it cannot be said. */
export function written(fn: FunctionRef, e: number): string {
  const text = write(fn, e, MAX_DEPTH);
  return text.includes('?') ? '' : text.length > MAX_LENGTH ? `${text.slice(0, MAX_LENGTH - 1)}…` : text;
}

function write(fn: FunctionRef, e: number, depth: number): string {
  if (e < 0 || depth === 0) return '?';
  const { file } = fn;
  const at = e * EXPR_STRIDE;
  const a = file.exprs[at + 1] as number;
  const b = file.exprs[at + 2] as number;
  const c = file.exprs[at + 3] as number;
  const inner = (x: number): string => write(fn, x, depth - 1);
  switch (file.exprs[at] as X) {
    case X.Local:
      return variableName(fn, a) || '?';
    case X.Name:
      return file.strings[a] ?? '?';
    case X.Num:
      return String(file.nums[a]);
    case X.Str:
      return '""';
    case X.Field:
      return `${inner(a)}${c === 1 ? '->' : '.'}${file.strings[b]}`;
    case X.Deref:
      return `*${inner(a)}`;
    case X.Addr:
      return `&${inner(a)}`;
    case X.Index:
      return `${inner(a)}[${inner(b)}]`;
    case X.Cast:
      return inner(b);
    case X.Unary:
      return `${OPERATORS[a] ?? '?'}${inner(b)}`;
    case X.Binary:
      return `${inner(b)} ${OPERATORS[a] ?? '?'} ${inner(c)}`;
    case X.Temp: {
      const call = callOf(fn, a);
      if (call < 0) return '?';
      const list = file.ops[(fnColumn(file, fn.index, Fn.FirstOp) + call) * OP_STRIDE + 2] as number;
      return `${calledName(fn, call) || '?'}(${readList(file, list).map(inner).join(', ')})`;
    }
    case X.Type:
      return '_';
    default:
      return '?';
  }
}

/** The name of a local. */
export function variableName(fn: FunctionRef, v: number): string {
  const { file } = fn;
  const at = (fnColumn(file, fn.index, Fn.FirstVariable) + v) * VARIABLE_STRIDE;
  return file.strings[file.variables[at] as number] ?? '';
}

/** The call that gives a temporary, or -1. */
export function callOf(fn: FunctionRef, temp: number): number {
  const { file } = fn;
  const first = fnColumn(file, fn.index, Fn.FirstOp);
  return (
    operationsOf(fn).find((op) => {
      const at = (first + op) * OP_STRIDE;
      return (file.ops[at] as Op) === Op.Call && file.ops[at + 3] === temp;
    }) ?? -1
  );
}
