/**
 * Which functions write certain names: a rule looks again only at those that can matter to it.
 */
import { fnColumn } from '../contexts/cfg.js';
import { EXPR_STRIDE, type FileFacts, Fn, OP_STRIDE, Op, X } from '../facts/encode.js';
import type { FunctionRef } from '../program/program.js';
import { readsOf } from './replay.js';

/** Which of these names a file writes at all, as numbers of its strings. */
function numbersOf(file: FileFacts, names: ReadonlySet<string>): ReadonlySet<number> {
  const out = new Set<number>();
  for (let i = 0; i < file.strings.length; i++) if (names.has(file.strings[i] as string)) out.add(i);
  return out;
}

/** Tells whether a function reads or stores a member, or calls or mentions a function or global, of one of these names. */
export class Mentions {
  // Weak: one that stands for good must not keep the texts of earlier checks
  private readonly byFile = new WeakMap<FileFacts, ReadonlySet<number>>();
  private readonly names: ReadonlySet<string>;

  constructor(names: Iterable<string>) {
    this.names = new Set(names);
  }

  in(fn: FunctionRef): boolean {
    const { file } = fn;
    const numbers = this.numbers(file);
    if (numbers.size === 0) return false;
    const first = fnColumn(file, fn.index, Fn.FirstOp);
    const count = fnColumn(file, fn.index, Fn.OpCount);
    for (let op = 0; op < count; op++) {
      const kind = file.ops[(first + op) * OP_STRIDE] as Op;
      if (kind === Op.Guard && numbers.has(file.ops[(first + op) * OP_STRIDE + 1] as number)) return true;
      for (const e of readsOf(fn, op)) if (writes(file, e, numbers)) return true;
    }
    return false;
  }

  /** The same of one operation. */
  at(fn: FunctionRef, op: number): boolean {
    const numbers = this.numbers(fn.file);
    return numbers.size > 0 && readsOf(fn, op).some((e) => writes(fn.file, e, numbers));
  }

  private numbers(file: FileFacts): ReadonlySet<number> {
    let numbers = this.byFile.get(file);
    if (numbers === undefined) {
      numbers = numbersOf(file, this.names);
      this.byFile.set(file, numbers);
    }
    return numbers;
  }
}

function writes(file: FileFacts, expr: number, numbers: ReadonlySet<number>): boolean {
  if (expr < 0) return false;
  const at = expr * EXPR_STRIDE;
  const a = file.exprs[at + 1] as number;
  const b = file.exprs[at + 2] as number;
  switch (file.exprs[at] as X) {
    case X.Name:
      return numbers.has(a);
    case X.Field:
      return numbers.has(b) || writes(file, a, numbers);
    case X.Addr:
    case X.Deref:
      return writes(file, a, numbers);
    case X.Index:
      return writes(file, a, numbers) || writes(file, b, numbers);
    case X.Unary:
    case X.Cast:
      return writes(file, b, numbers);
    case X.Binary:
      return writes(file, b, numbers) || writes(file, file.exprs[at + 3] as number, numbers);
    default:
      return false;
  }
}
