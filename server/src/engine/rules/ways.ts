/**
 * The ways through a function, by its blocks alone: for rules that ask cheaply, before they look at any state, what can come after what.
 */
import { fnColumn, successorsOf } from '../contexts/cfg.js';
import { Fn, OP_STRIDE, Op } from '../facts/encode.js';
import type { FunctionRef } from '../program/program.js';

/** The blocks of one function. */
export class Ways {
  private readonly starts: number[] = [];
  private readonly known = new Map<number, ReadonlySet<number>>();
  private readonly firstOp: number;

  constructor(private readonly fn: Pick<FunctionRef, 'file' | 'index'>) {
    const { file, index } = fn;
    const first = fnColumn(file, index, Fn.FirstBlock);
    const count = fnColumn(file, index, Fn.BlockCount);
    this.firstOp = fnColumn(file, index, Fn.FirstOp);
    for (let b = 0; b < count; b++) this.starts.push(file.blocks[first + b] as number);
    this.starts.push(fnColumn(file, index, Fn.OpCount));
  }

  get blockCount(): number {
    return this.starts.length - 1;
  }

  /** Operations of a block, in the order in which they run. */
  opsOf(block: number): readonly number[] {
    const out: number[] = [];
    for (let op = this.starts[block] as number; op < (this.starts[block + 1] as number); op++) {
      out.push(op);
      if (LEAVES.has(this.fn.file.ops[(this.firstOp + op) * OP_STRIDE] as Op)) break;
    }
    return out;
  }

  /** Where control goes after a block. */
  after(block: number): readonly number[] {
    return successorsOf(this.fn.file, this.firstOp, this.starts, block);
  }

  blockOf(op: number): number {
    let block = 0;
    while (block + 1 < this.blockCount && (this.starts[block + 1] as number) <= op) block++;
    return block;
  }

  /** Blocks that can be reached from one, itself included, without going through some. */
  reached(from: number, without: readonly number[]): ReadonlySet<number> {
    const seen = new Set(without.includes(from) ? [] : [from]);
    for (const block of seen) for (const b of this.after(block)) if (!without.includes(b)) seen.add(b);
    return seen;
  }

  /** Where the text of an operation begins: blocks do not stand in the order of the text. */
  position(op: number): number {
    return this.fn.file.ops[(this.firstOp + op) * OP_STRIDE + 5] as number;
  }

  /** Operations that can run after one. */
  behind(op: number): readonly number[] {
    const own = this.blockOf(op);
    const blocks = this.comesTo(own);
    const out: number[] = [];
    if (!blocks.has(own)) for (const o of this.opsOf(own)) if (o > op) out.push(o);
    for (const block of blocks) out.push(...this.opsOf(block));
    return out;
  }

  /** Whether an operation can run after another one. */
  isAfter(first: number, second: number): boolean {
    const [a, b] = [this.blockOf(first), this.blockOf(second)];
    return (a === b && second > first) || this.comesTo(a).has(b);
  }

  /** Blocks that control comes to from a block; itself only if it comes back. */
  private comesTo(block: number): ReadonlySet<number> {
    let known = this.known.get(block);
    if (known === undefined) {
      const seen = new Set(this.after(block));
      for (const b of seen) for (const next of this.after(b)) seen.add(next);
      known = seen;
      this.known.set(block, known);
    }
    return known;
  }
}

/** Operations that end a block. */
const LEAVES: ReadonlySet<Op> = new Set([Op.Jump, Op.Branch, Op.Switch, Op.Return, Op.Stop]);
