/**
 * Which functions write certain names: a rule looks again only at those that can matter to it.
 */
import { fnColumn, visitReads } from '../contexts/cfg.js';
import { readsOf } from '../contexts/operands.js';
import { EXPR_STRIDE, type FileFacts, Fn, OP_STRIDE, Op, X } from '../facts/encode.js';
import type { FunctionRef } from '../program/program.js';
import { expressionWrites, stringNumbers, writesAny } from './written-names.js';

/** Which of these names a file writes at all, as numbers of its strings. */
function numbersOf(file: FileFacts, names: ReadonlySet<string>): ReadonlySet<number> {
  const numbers = stringNumbers(file);
  const out = new Set<number>();
  if (names.size <= numbers.size) {
    for (const name of names) {
      const n = numbers.get(name);
      if (n !== undefined) out.add(n);
    }
  } else for (const [name, n] of numbers) if (names.has(name)) out.add(n);
  return out;
}

/** What is known of the same names: a rule may ask for them anew in each check. */
const SAME_NAMES = new Map<string, WeakMap<FileFacts, ReadonlySet<number>>>();
const MAX_SAME = 512;

/** Tells whether a function reads or stores a member, or calls or mentions a function or global, of one of these names. */
export class Mentions {
  // Weak: one that stands for good must not keep the texts of earlier checks
  private readonly byFile: WeakMap<FileFacts, ReadonlySet<number>>;
  private readonly names: ReadonlySet<string>;

  constructor(names: Iterable<string>) {
    this.names = new Set(names);
    const key = [...this.names].sort().join();
    const known = SAME_NAMES.get(key);
    this.byFile = known ?? new WeakMap();
    if (known !== undefined) return;
    if (SAME_NAMES.size >= MAX_SAME) SAME_NAMES.clear();
    SAME_NAMES.set(key, this.byFile);
  }

  in(fn: Pick<FunctionRef, 'file' | 'index'>): boolean {
    const numbers = this.numbers(fn.file);
    return numbers.size > 0 && writesAny(fn.file, fn.index, numbers);
  }

  /** The same of one operation. */
  at(fn: FunctionRef, op: number): boolean {
    const numbers = this.numbers(fn.file);
    return numbers.size > 0 && readsOf(fn, op).some((e) => expressionWrites(fn.file, e, numbers));
  }

  /**
   * Tells of expressions of a function whether they write one of the names, or a variable or temporary that something was stored in
   * which does, or that was made of it: whatever the order.
   */
  carriedIn(fn: FunctionRef): (expr: number) => boolean {
    const { file } = fn;
    const numbers = this.numbers(file);
    const first = fnColumn(file, fn.index, Fn.FirstOp);
    const count = fnColumn(file, fn.index, Fn.OpCount);
    const variables = new Set<number>();
    const temps = new Set<number>();
    const isCarried = (expr: number): boolean => {
      if (expr < 0) return false;
      if (expressionWrites(file, expr, numbers)) return true;
      let carried = false;
      const local = (v: number): void => {
        carried ||= variables.has(v);
      };
      const temp = (t: number): void => {
        carried ||= temps.has(t);
      };
      visitReads(file, expr, local, temp);
      return carried;
    };
    for (let size = -1; size !== variables.size + temps.size; ) {
      size = variables.size + temps.size;
      for (let op = 0; op < count; op++) {
        const at = (first + op) * OP_STRIDE;
        const kind = file.ops[at] as Op;
        const target = file.ops[at + 1] as number;
        if (kind === Op.Call) {
          const made = file.ops[at + 3] as number;
          if (made >= 0 && readsOf(fn, op).some(isCarried)) temps.add(made);
        } else if (kind === Op.Set) {
          if (isCarried(file.ops[at + 2] as number)) temps.add(target);
        } else if (kind === Op.Declare) {
          if (isCarried(file.ops[at + 2] as number)) variables.add(target);
        } else if (kind === Op.Assign && (file.exprs[target * EXPR_STRIDE] as X) === X.Local)
          if (isCarried(file.ops[at + 2] as number))
            variables.add(file.exprs[target * EXPR_STRIDE + 1] as number);
      }
    }
    return isCarried;
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
