/**
 * Where functions, slots and calls stand, as ranges to show.
 */
import type { Range } from '../base/finding.js';
import { fnColumn } from '../contexts/cfg.js';
import { columnAt, EXPR_STRIDE, type FileFacts, Fn, lineAt, OP_STRIDE, Op, X } from '../facts/encode.js';
import type { FunctionRef, SlotRef } from '../program/program.js';

/** The range between two offsets of a file. */
export function rangeBetween(file: FileFacts, from: number, to: number): Range {
  return {
    file: file.path,
    line: lineAt(file.lineStarts, from),
    column: columnAt(file.lineStarts, from),
    endLine: lineAt(file.lineStarts, to),
    endColumn: columnAt(file.lineStarts, to),
  };
}

/** A function from its first word to its brace. */
export function wholeOf(fn: FunctionRef): Range {
  return rangeBetween(fn.file, fnColumn(fn.file, fn.index, Fn.Start), fnColumn(fn.file, fn.index, Fn.End));
}

/** A function's name in its definition. */
export function nameOf(fn: FunctionRef): Range {
  const at = fnColumn(fn.file, fn.index, Fn.NameStart);
  const range = rangeBetween(fn.file, at, at + fn.name.length);
  // A name that a macro puts together stands nowhere as it is
  return range.endLine === range.line ? range : { ...range, endLine: range.line, endColumn: range.column };
}

/** The name of a slot where it is filled. */
export function slotAt(slot: SlotRef): Range {
  const dot = slot.slot === '' ? 0 : 1;
  return rangeBetween(slot.file, slot.position, slot.position + slot.slot.length + dot);
}

/** What is called by an operation: its name, where it has one; else the whole call. */
export function callAt(fn: FunctionRef, op: number): Range {
  const { file } = fn;
  const at = (fnColumn(file, fn.index, Fn.FirstOp) + op) * OP_STRIDE;
  const base = fnColumn(file, fn.index, Fn.Start);
  const from = base + (file.ops[at + 5] as number);
  const to = base + (file.ops[at + 6] as number);
  const callee = (file.ops[at + 1] as number) * EXPR_STRIDE;
  const named = (file.ops[at] as Op) === Op.Call && (file.exprs[callee] as X) === X.Name;
  const name = named ? (file.strings[file.exprs[callee + 1] as number] ?? '') : '';
  return rangeBetween(file, from, name === '' ? Math.max(from, to) : from + name.length);
}
