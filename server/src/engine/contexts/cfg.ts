/**
 * What the flow analysis needs to know of a function's graph before it walks it: an order, which blocks lie in loops,
 * which variables and temporaries are still read later, and which memory fields are tested more than once.
 */
import {
  EXPR_STRIDE,
  type FileFacts,
  FN_DAMAGED,
  Fn,
  FUNCTION_STRIDE,
  nameIn,
  OP_STRIDE,
  Op,
  X,
} from '../facts/encode.js';

/** A function's graph, ready to walk. Operation indices are relative to the function's first. */
export interface Graph {
  readonly file: FileFacts;
  readonly index: number;
  readonly opCount: number;
  readonly blockCount: number;
  readonly variableCount: number;
  readonly parameterCount: number;
  readonly tempCount: number;
  /** First operation of each block, and one past the last block. */
  readonly blockStart: Int32Array;
  /** The blocks that each block leads to. */
  readonly successors: readonly (readonly number[])[];
  /** Position of each block in reverse post-order; -1 where nothing reaches it. */
  readonly order: Int32Array;
  readonly inLoop: Uint8Array;
  /** Jumps to where one has been before: positions in the order, from and to. */
  readonly back: readonly (readonly [from: number, to: number])[];
  /** Bits per block: variables, then temporaries, live at its start. */
  readonly live: readonly Uint32Array[];
  /** Names (string numbers of the file) of fields, and of functions by what they give, that two or more conditions test. */
  readonly retested: ReadonlySet<number>;
}

/** Whether every way from the beginning to an operation leads over one of some others. */
export function cutsOff(graph: Graph, over: readonly number[], op: number): boolean {
  const goal = blockOf(graph, op);
  const seen = new Set([0]);
  for (const block of seen) {
    const [start, end] = [graph.blockStart[block] as number, graph.blockStart[block + 1] as number];
    const stop = Math.min(...over.filter((o) => o >= start && o < end));
    if (block === goal && op <= stop) return false;
    if (stop === Number.POSITIVE_INFINITY) for (const next of graph.successors[block] ?? []) seen.add(next);
  }
  return true;
}

/** The block that an operation stands in. */
export function blockOf(graph: Graph, op: number): number {
  let low = 0;
  let high = graph.blockCount - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((graph.blockStart[middle] as number) <= op) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** Whether control can come to a block again once a walk in order is past it. */
export function comesBack(graph: Graph, block: number): boolean {
  const at = graph.order[block] as number;
  return graph.back.some(([from, to]) => to <= at && at < from);
}

/** The blocks that control can come to from one, itself included; not through `barrier`. */
export function reachedFrom(graph: Graph, from: number, barrier = -1): ReadonlySet<number> {
  const out = new Set<number>();
  const todo = from === barrier ? [] : [from];
  for (let b = todo.pop(); b !== undefined; b = todo.pop()) {
    if (out.has(b)) continue;
    out.add(b);
    for (const s of graph.successors[b] ?? []) if (s !== barrier) todo.push(s);
  }
  return out;
}

/** Marks, by block, those from which control can come to one of these operations. */
export function leadingTo(graph: Graph, ops: readonly number[]): Uint8Array {
  const out = new Uint8Array(graph.blockCount);
  for (const op of ops) out[blockOf(graph, op)] = 1;
  for (let more = true; more; ) {
    more = false;
    for (let b = graph.blockCount - 1; b >= 0; b--) {
      if (out[b] === 1 || !(graph.successors[b] as readonly number[]).some((s) => out[s] === 1)) continue;
      out[b] = 1;
      more = true;
    }
  }
  return out;
}

/** Whether a branch at the end of a block decides if an operation is carried out, both ways going on together after it. */
export function decides(graph: Graph, branch: number, op: number): boolean {
  const block = blockOf(graph, op);
  const [yes, no] = graph.successors[branch] ?? [];
  if (yes === undefined || no === undefined || yes === no) return false;
  const a = reachedFrom(graph, yes, branch);
  const b = reachedFrom(graph, no, branch);
  if (a.has(block) === b.has(block)) return false;
  const after = reachedFrom(graph, block, branch);
  const other = a.has(block) ? b : a;
  for (const x of after) if (other.has(x)) return true;
  return false;
}

function backJumps(
  successors: readonly (readonly number[])[],
  order: Int32Array,
): readonly (readonly [number, number])[] {
  const out: (readonly [number, number])[] = [];
  for (const [b, targets] of successors.entries()) {
    const from = order[b] as number;
    for (const target of targets) {
      const to = order[target] as number;
      if (from >= 0 && to <= from) out.push([from, to]);
    }
  }
  return out;
}

/** Column `column` of function `index`. */
export function fnColumn(file: FileFacts, index: number, column: Fn): number {
  return file.functions[index * FUNCTION_STRIDE + column] as number;
}

/** Whether the parser could not read all of a function. */
export function isDamaged(fn: { readonly file: FileFacts; readonly index: number }): boolean {
  return (fnColumn(fn.file, fn.index, Fn.Flags) & FN_DAMAGED) !== 0;
}

/** Name of what an operation of a function calls, or ''. */
export function calledName(fn: { readonly file: FileFacts; readonly index: number }, op: number): string {
  const at = (fnColumn(fn.file, fn.index, Fn.FirstOp) + op) * OP_STRIDE;
  return (fn.file.ops[at] as Op) === Op.Call ? nameIn(fn.file, fn.file.ops[at + 1] as number) : '';
}

/** The last graph of each file: what looks at a function looks at it more than once. */
const LAST = new WeakMap<FileFacts, Graph>();

/** The graph of a function. */
export function graphOf(file: FileFacts, index: number): Graph {
  const last = LAST.get(file);
  if (last?.index === index) return last;
  const graph = makeGraph(file, index);
  LAST.set(file, graph);
  return graph;
}

function makeGraph(file: FileFacts, index: number): Graph {
  const blockCount = fnColumn(file, index, Fn.BlockCount);
  const firstBlock = fnColumn(file, index, Fn.FirstBlock);
  const opCount = fnColumn(file, index, Fn.OpCount);
  const firstOp = fnColumn(file, index, Fn.FirstOp);
  const blockStart = new Int32Array(blockCount + 1);
  for (let b = 0; b < blockCount; b++) blockStart[b] = file.blocks[firstBlock + b] as number;
  blockStart[blockCount] = opCount;
  const successors: number[][] = [];
  for (let b = 0; b < blockCount; b++) successors.push(successorsOf(file, firstOp, blockStart, b));
  const { order, inLoop } = orderBlocks(successors);
  const variableCount = fnColumn(file, index, Fn.VariableCount);
  const tempCount = fnColumn(file, index, Fn.TempCount);
  const retested = new Set<number>();
  const live = liveness(file, firstOp, blockStart, successors, variableCount, tempCount, order, retested);
  return {
    file,
    index,
    opCount,
    blockCount,
    variableCount,
    parameterCount: fnColumn(file, index, Fn.ParameterCount),
    tempCount,
    blockStart,
    successors,
    order,
    inLoop,
    back: backJumps(successors, order),
    live,
    retested,
  };
}

/** The blocks that control may go to after a block; `firstOp` is the function's. */
export function successorsOf(
  file: FileFacts,
  firstOp: number,
  blockStart: ArrayLike<number>,
  block: number,
): number[] {
  const start = blockStart[block] as number;
  const end = blockStart[block + 1] as number;
  // A block ends at its first operation that leaves it; what was emitted after that is not reached.
  for (let o = start; o < end; o++) {
    const at = (firstOp + o) * OP_STRIDE;
    switch (file.ops[at] as Op) {
      case Op.Jump:
        return [file.ops[at + 1] as number];
      case Op.Branch:
        return [file.ops[at + 2] as number, file.ops[at + 3] as number];
      case Op.Switch: {
        const list = file.ops[at + 2] as number;
        const count = file.lists[list] as number;
        const out: number[] = [];
        for (let i = 1; i < count; i += 2) {
          const target = file.lists[list + 1 + i] as number;
          if (!out.includes(target)) out.push(target);
        }
        return out;
      }
      case Op.Return:
      case Op.Stop:
        return [];
      default:
        break;
    }
  }
  return [];
}

/** Reverse post-order and membership in cycles, both without recursion. */
function orderBlocks(successors: readonly (readonly number[])[]): { order: Int32Array; inLoop: Uint8Array } {
  const n = successors.length;
  const order = new Int32Array(n).fill(-1);
  const inLoop = new Uint8Array(n);
  if (n === 0) return { order, inLoop };
  const post: number[] = [];
  const index = new Int32Array(n).fill(-1);
  const low = new Int32Array(n);
  const onStack = new Uint8Array(n);
  const scc: number[] = [];
  const work: { block: number; next: number }[] = [];
  let counter = 0;
  const open = (b: number): void => {
    index[b] = low[b] = counter++;
    scc.push(b);
    onStack[b] = 1;
    work.push({ block: b, next: 0 });
  };
  open(0);
  while (work.length > 0) {
    const frame = work[work.length - 1] as { block: number; next: number };
    const succ = successors[frame.block] as readonly number[];
    if (frame.next < succ.length) {
      const s = succ[frame.next++] as number;
      if (index[s] === -1) open(s);
      else if (onStack[s] === 1) low[frame.block] = Math.min(low[frame.block] as number, index[s] as number);
      continue;
    }
    work.pop();
    post.push(frame.block);
    const parent = work[work.length - 1];
    if (parent !== undefined)
      low[parent.block] = Math.min(low[parent.block] as number, low[frame.block] as number);
    if (low[frame.block] === index[frame.block]) {
      const members: number[] = [];
      for (;;) {
        const b = scc.pop() as number;
        onStack[b] = 0;
        members.push(b);
        if (b === frame.block) break;
      }
      const cyclic =
        members.length > 1 || (successors[frame.block] as readonly number[]).includes(frame.block);
      if (cyclic) for (const b of members) inLoop[b] = 1;
    }
  }
  for (let i = 0; i < post.length; i++) order[post[post.length - 1 - i] as number] = i;
  return { order, inLoop };
}

/** Calls `local` and `temp` for what an expression reads. */
export function visitReads(
  file: FileFacts,
  expr: number,
  local: (v: number) => void,
  temp: (t: number) => void,
): void {
  if (expr < 0) return;
  const at = expr * EXPR_STRIDE;
  const a = file.exprs[at + 1] as number;
  const b = file.exprs[at + 2] as number;
  switch (file.exprs[at] as X) {
    case X.Local:
      local(a);
      return;
    case X.Temp:
      temp(a);
      return;
    case X.Field:
    case X.Deref:
    case X.Addr:
      visitReads(file, a, local, temp);
      return;
    case X.Index:
      visitReads(file, a, local, temp);
      visitReads(file, b, local, temp);
      return;
    case X.Unary:
    case X.Cast:
      visitReads(file, b, local, temp);
      return;
    case X.Binary:
      visitReads(file, b, local, temp);
      visitReads(file, file.exprs[at + 3] as number, local, temp);
      return;
    default:
      return;
  }
}

/** Whether a function does anything with a temporary but let it be. */
export function isLookedAt(file: FileFacts, index: number, temp: number): boolean {
  const first = fnColumn(file, index, Fn.FirstOp);
  const count = fnColumn(file, index, Fn.OpCount);
  let found = false;
  const reads = (expr: number): void =>
    visitReads(
      file,
      expr,
      () => {},
      (t) => {
        if (t === temp) found = true;
      },
    );
  for (let o = 0; o < count && !found; o++) {
    const at = (first + o) * OP_STRIDE;
    const a = file.ops[at + 1] as number;
    const b = file.ops[at + 2] as number;
    switch (file.ops[at] as Op) {
      case Op.Call:
      case Op.Guard: {
        const values = file.lists[b] as number;
        for (let i = 1; i <= values; i++) reads(file.lists[b + i] as number);
        break;
      }
      case Op.Assign:
        reads(a);
        reads(b);
        break;
      case Op.Set:
      case Op.Declare:
        reads(b);
        break;
      case Op.Return:
      case Op.Branch:
      case Op.Switch:
        reads(a);
        break;
    }
  }
  return found;
}

function liveness(
  file: FileFacts,
  firstOp: number,
  blockStart: Int32Array,
  successors: readonly (readonly number[])[],
  variableCount: number,
  tempCount: number,
  order: Int32Array,
  retested: Set<number>,
): Uint32Array[] {
  const words = ((variableCount + tempCount) >> 5) + 1;
  const n = successors.length;
  const use: Uint32Array[] = [];
  const def: Uint32Array[] = [];
  const tested = new Map<number, number>();
  const calledFor = new Map<number, number>();
  for (let b = 0; b < n; b++) {
    const u = new Uint32Array(words);
    const d = new Uint32Array(words);
    const read = (bit: number): void => {
      const w = bit >> 5;
      const m = 1 << (bit & 31);
      if (((d[w] as number) & m) === 0) u[w] = (u[w] as number) | m;
    };
    const write = (bit: number): void => {
      d[bit >> 5] = (d[bit >> 5] as number) | (1 << (bit & 31));
    };
    const reads = (expr: number): void =>
      visitReads(file, expr, read, (t) => {
        read(variableCount + t);
      });
    const end = blockStart[b + 1] as number;
    let open = (order[b] as number) >= 0;
    for (let o = blockStart[b] as number; o < end && open; o++) {
      const at = (firstOp + o) * OP_STRIDE;
      const a1 = file.ops[at + 1] as number;
      const a2 = file.ops[at + 2] as number;
      switch (file.ops[at] as Op) {
        case Op.Call: {
          reads(a1);
          const list = a2;
          const count = file.lists[list] as number;
          for (let i = 1; i <= count; i++) reads(file.lists[list + i] as number);
          const temp = file.ops[at + 3] as number;
          if (temp < 0) break;
          write(variableCount + temp);
          if ((file.exprs[a1 * EXPR_STRIDE] as X) === X.Name)
            calledFor.set(temp, file.exprs[a1 * EXPR_STRIDE + 1] as number);
          break;
        }
        case Op.Assign:
          reads(a2);
          if ((file.exprs[a1 * EXPR_STRIDE] as X) === X.Local)
            write(file.exprs[a1 * EXPR_STRIDE + 1] as number);
          else reads(a1);
          break;
        case Op.Set:
          reads(a2);
          write(variableCount + a1);
          break;
        case Op.Declare:
          reads(a2);
          write(a1);
          break;
        case Op.Eval:
        case Op.Return:
          reads(a1);
          open = (file.ops[at] as Op) !== Op.Return;
          break;
        case Op.Branch:
        case Op.Switch:
          reads(a1);
          countFields(file, a1, tested, calledFor);
          open = false;
          break;
        case Op.Guard: {
          const count = file.lists[a2] as number;
          for (let i = 1; i <= count; i++) reads(file.lists[a2 + i] as number);
          write(file.ops[at + 3] as number);
          break;
        }
        case Op.Cleanup:
          read(a1);
          break;
        case Op.Jump:
        case Op.Stop:
          open = false;
          break;
      }
    }
    use.push(u);
    def.push(d);
  }
  for (const [field, count] of tested) if (count > 1) retested.add(field);
  const live: Uint32Array[] = use.map((u) => Uint32Array.from(u));
  const byOrder = Array.from({ length: n }, (_, b) => b)
    .filter((b) => (order[b] as number) >= 0)
    .sort((x, y) => (order[y] as number) - (order[x] as number));
  for (let changed = true; changed; ) {
    changed = false;
    for (const b of byOrder) {
      const l = live[b] as Uint32Array;
      const d = def[b] as Uint32Array;
      for (const s of successors[b] as readonly number[]) {
        const ls = live[s] as Uint32Array;
        for (let w = 0; w < words; w++) {
          const add = (ls[w] as number) & ~(d[w] as number) & ~(l[w] as number);
          if (add !== 0) {
            l[w] = (l[w] as number) | add;
            changed = true;
          }
        }
      }
    }
  }
  return live;
}

function countFields(
  file: FileFacts,
  expr: number,
  counts: Map<number, number>,
  calledFor: ReadonlyMap<number, number>,
): void {
  if (expr < 0) return;
  const at = expr * EXPR_STRIDE;
  const a = file.exprs[at + 1] as number;
  const b = file.exprs[at + 2] as number;
  switch (file.exprs[at] as X) {
    case X.Field:
      counts.set(b, (counts.get(b) ?? 0) + 1);
      return;
    case X.Name:
      counts.set(a, (counts.get(a) ?? 0) + 1);
      return;
    case X.Temp: {
      const name = calledFor.get(a);
      if (name !== undefined) counts.set(name, (counts.get(name) ?? 0) + 1);
      return;
    }
    case X.Unary:
    case X.Cast:
      countFields(file, b, counts, calledFor);
      return;
    case X.Deref:
    case X.Index:
      countFields(file, a, counts, calledFor);
      return;
    case X.Binary:
      countFields(file, b, counts, calledFor);
      countFields(file, file.exprs[at + 3] as number, counts, calledFor);
      return;
    default:
      return;
  }
}

/** Whether bit `bit` is set. */
export function hasBit(bits: Uint32Array, bit: number): boolean {
  return (((bits[bit >> 5] as number) >>> (bit & 31)) & 1) === 1;
}
