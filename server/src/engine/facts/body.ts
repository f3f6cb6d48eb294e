/**
 * The graph of one body while it is built: blocks of operations, variables with their scopes, cleanups that are due. Must not
 * know what the syntax looks like.
 */
import type { FlatTree } from '../syntax/parser.js';
import {
  type FactsBuilder,
  OP_STRIDE,
  Op,
  VAR_ARRAY,
  VAR_PARAMETER,
  VAR_UNTYPED,
  VARIABLE_STRIDE,
  X,
} from './encode.js';

/** Result of lowering one body. */
export interface Lowered {
  readonly firstVariable: number;
  readonly parameterCount: number;
  readonly variableCount: number;
  readonly firstBlock: number;
  readonly blockCount: number;
  readonly firstOp: number;
  readonly opCount: number;
  readonly tempCount: number;
}

/** A jump to a label that may come later. */
interface PendingGoto {
  readonly block: number;
  readonly label: string;
  readonly cleanups: readonly number[];
  readonly at: number;
  readonly end: number;
}

/** Blocks, operations and variables of one body. */
export class BodyBuilder {
  private readonly vars: number[] = [];
  protected readonly scope: { name: string; variable: number }[] = [];
  private readonly blocks: number[][] = [];
  protected block = 0;
  protected temps = 0;
  private parameterCount = 0;
  protected readonly labels = new Map<string, { block: number; cleanups: readonly number[] }>();
  protected readonly gotos: PendingGoto[] = [];
  /** Variables with cleanup that are in scope, outermost first. */
  protected readonly cleanups: number[] = [];

  constructor(
    protected readonly b: FactsBuilder,
    protected readonly text: string,
    protected readonly t: FlatTree,
    private readonly base: number,
  ) {
    this.newBlock();
  }

  /** Declares a parameter; -1 as type means untyped (a macro's). */
  parameter(name: string, type: number, isArray = false): void {
    this.declare(name, type, VAR_PARAMETER | (type < 0 ? VAR_UNTYPED : 0) | (isArray ? VAR_ARRAY : 0));
    this.parameterCount++;
  }

  protected finish(): Lowered {
    for (const g of this.gotos) {
      const target = this.labels.get(g.label);
      this.block = g.block;
      if (target === undefined) {
        this.emit(Op.Stop, 0, 0, 0, 0, g.at, g.at);
        continue;
      }
      const kept = commonPrefix(g.cleanups, target.cleanups);
      for (let i = g.cleanups.length - 1; i >= kept; i--)
        this.emit(Op.Cleanup, g.cleanups[i] as number, 0, 0, 0, g.at, g.at);
      this.emit(Op.Jump, target.block, 0, 0, 0, g.at, g.end);
    }
    const b = this.b;
    const firstVariable = b.variables.length / VARIABLE_STRIDE;
    b.variables.pushAll(this.vars);
    const firstBlock = b.blocks.length;
    const firstOp = b.ops.length / OP_STRIDE;
    let count = 0;
    for (const ops of this.blocks) {
      b.blocks.push(count);
      count += ops.length / OP_STRIDE;
      b.ops.pushAll(ops);
    }
    return {
      firstVariable,
      parameterCount: this.parameterCount,
      variableCount: this.vars.length / VARIABLE_STRIDE,
      firstBlock,
      blockCount: this.blocks.length,
      firstOp,
      opCount: count,
      tempCount: this.temps,
    };
  }

  protected newBlock(): number {
    this.blocks.push([]);
    return this.blocks.length - 1;
  }

  protected enter(block: number): void {
    this.block = block;
  }

  protected emit(op: Op, a: number, b: number, c: number, d: number, start: number, end: number): void {
    (this.blocks[this.block] as number[]).push(op, a, b, c, d, start - this.base, end - this.base);
  }

  protected at(op: Op, node: number, a: number, b = 0, c = 0, d = 0): void {
    this.emit(op, a, b, c, d, this.t.start[node] as number, this.t.end[node] as number);
  }

  /** Whether the current block has ended with a jump. */
  protected closed(): boolean {
    const ops = this.blocks[this.block] as number[];
    if (ops.length === 0) return false;
    const last = ops[ops.length - OP_STRIDE] as Op;
    return (
      last === Op.Jump || last === Op.Branch || last === Op.Switch || last === Op.Return || last === Op.Stop
    );
  }

  protected jump(block: number, node: number): void {
    if (this.closed()) return;
    const end = this.t.end[node] as number;
    this.emit(Op.Jump, block, 0, 0, 0, end, end);
  }

  /** Starts a block that nothing reaches, for statements after a jump. */
  protected openIfClosed(): void {
    if (this.closed()) this.enter(this.newBlock());
  }

  protected jumpTo(block: number, node: number, atStart = false): void {
    const at = (atStart ? this.t.start[node] : this.t.end[node]) as number;
    this.emit(Op.Jump, block, 0, 0, 0, at, at);
  }

  protected declare(name: string, type: number, flags: number, cleanup = -1): number {
    const variable = this.vars.length / VARIABLE_STRIDE;
    this.vars.push(this.b.string(name), type, flags, cleanup);
    if (name !== '') this.scope.push({ name, variable });
    return variable;
  }

  protected lookup(name: string): number {
    for (let i = this.scope.length - 1; i >= 0; i--) {
      const s = this.scope[i];
      if (s !== undefined && s.name === name) return s.variable;
    }
    return -1;
  }

  protected flag(variable: number, flag: number): void {
    const at = variable * VARIABLE_STRIDE + 2;
    this.vars[at] = (this.vars[at] as number) | flag;
  }

  protected leaveCleanups(down: number, node: number): void {
    const at = this.t.end[node] as number;
    for (let i = this.cleanups.length - 1; i >= down; i--)
      this.emit(Op.Cleanup, this.cleanups[i] as number, 0, 0, 0, at, at);
  }

  /** A value that later operations do not change: in a temporary where it is not one already. */
  protected keep(value: number, node: number): number {
    const kind = this.b.exprKind(value);
    if (kind === X.Temp || kind === X.Num) return value;
    const temp = this.temps++;
    this.at(Op.Set, node, temp, value);
    return this.b.expr(X.Temp, temp);
  }
}

function commonPrefix(a: readonly number[], b: readonly number[]): number {
  let i = 0;
  while (i < a.length && i < b.length && a[i] === b[i]) i++;
  return i;
}
