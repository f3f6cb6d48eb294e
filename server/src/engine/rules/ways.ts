/**
 * The ways through a function, by its blocks alone: for rules that ask cheaply, before they look at any state, what can come after what.
 */
import { fnColumn } from '../contexts/cfg.js';
import { Fn, OP_STRIDE, Op } from '../facts/encode.js';
import type { FunctionRef } from '../program/program.js';

/** The blocks of one function. */
export class Ways {
  private readonly starts: number[] = [];
  private readonly firstOp: number;

  constructor(private readonly fn: FunctionRef) {
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
      if (this.leaves(op) !== null) break;
    }
    return out;
  }

  /** Where control goes after a block. */
  after(block: number): readonly number[] {
    for (let op = this.starts[block] as number; op < (this.starts[block + 1] as number); op++) {
      const targets = this.leaves(op);
      if (targets !== null) return targets;
    }
    return [];
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

  private leaves(op: number): readonly number[] | null {
    const { file } = this.fn;
    const at = (this.firstOp + op) * OP_STRIDE;
    switch (file.ops[at] as Op) {
      case Op.Jump:
        return [file.ops[at + 1] as number];
      case Op.Branch:
        return [file.ops[at + 2] as number, file.ops[at + 3] as number];
      case Op.Switch: {
        const list = file.ops[at + 2] as number;
        const out: number[] = [];
        for (let i = 1; i < (file.lists[list] as number); i += 2)
          out.push(file.lists[list + 1 + i] as number);
        return out;
      }
      case Op.Return:
      case Op.Stop:
        return [];
      default:
        return null;
    }
  }
}
