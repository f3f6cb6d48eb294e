/**
 * Where control passes lines of a timeline by: from a condition past the arm that is not taken, from the end of an arm past the next
 * one, from a jump to its label. Drawn beside the lines that are passed, so that the arms of a branch are seen side by side. Must
 * not know SVG, nor anything of locks.
 */
import { fnColumn, graphOf } from '../../contexts/cfg.js';
import { Fn, lineAt, OP_STRIDE, Op } from '../../facts/encode.js';
import type { FunctionRef } from '../../program/program.js';
import type { Row } from './timeline.js';

/** Control goes on at another line than the next that runs something. Lines are 1-based. */
export interface Jump {
  readonly from: number;
  readonly to: number;
  /** The last line before `to` that runs something: what stands between the two belongs to `to`. */
  readonly before: number;
  /** From the head of a switch: all of its cases are led to by one line. */
  readonly isSwitch: boolean;
}

/** A line beside the rows: it begins in rows of `from`, and ends in those of `to`. */
export interface Lane {
  readonly from: readonly number[];
  readonly to: readonly number[];
  /** From the left: those that pass least lie innermost. */
  readonly lane: number;
}

/** More than this beside each other are not drawn. */
const MOST_LANES = 6;

/** The jumps of a function; `runs`: whether paths that are followed come to an operation. */
export function jumpsOf(fn: FunctionRef, runs: (op: number) => boolean): readonly Jump[] {
  const { file, index } = fn;
  const graph = graphOf(file, index);
  const firstOp = fnColumn(file, index, Fn.FirstOp);
  const base = fnColumn(file, index, Fn.Start);
  const lineOf = (op: number): number =>
    lineAt(file.lineStarts, base + (file.ops[(firstOp + op) * OP_STRIDE + 5] as number));
  const kindOf = (op: number): Op => file.ops[(firstOp + op) * OP_STRIDE] as Op;
  const lines = new Set<number>();
  const edges: Jump[] = [];
  for (let block = 0; block < graph.blockCount; block++) {
    const begin = graph.blockStart[block] as number;
    const last = (graph.blockStart[block + 1] as number) - 1;
    if ((graph.order[block] as number) < 0 || last < begin || !runs(begin)) continue;
    for (let op = begin; op <= last; op++) if (kindOf(op) !== Op.Stop) lines.add(lineOf(op));
    for (const next of graph.successors[block] ?? []) {
      const target = graph.blockStart[next] as number;
      if (target >= graph.opCount || kindOf(target) === Op.Stop || !runs(target)) continue;
      const [from, to] = [lineOf(last), lineOf(target)];
      if (to > from) edges.push({ from, to, before: 0, isSwitch: kindOf(last) === Op.Switch });
    }
  }
  const order = [...lines].sort((a, b) => a - b);
  const distinct = new Map<string, Jump>();
  for (const jump of edges) {
    const before = order[order.indexOf(jump.to) - 1] ?? 0;
    if (before > jump.from) distinct.set(`${jump.from} ${jump.to}`, { ...jump, before });
  }
  return [...distinct.values()].sort((a, b) => a.from - b.from || a.to - b.to);
}

/** The lines beside the rows: one for all that lead to the same row, and one for a switch. */
export function lanesOf(jumps: readonly Jump[], rows: readonly Row[]): readonly Lane[] {
  const rowOf = (line: number): number => rows.findIndex((row) => line >= row.line && line <= row.lastLine);
  const groups = new Map<string, { readonly from: Set<number>; readonly to: Set<number> }>();
  for (const jump of jumps) {
    const from = rowOf(jump.from);
    const to = Math.min(rowOf(jump.before) + 1, rowOf(jump.to));
    if (from < 0 || to <= from + 1) continue;
    const key = jump.isSwitch ? `from ${from}` : `to ${to}`;
    const group = groups.get(key) ?? { from: new Set(), to: new Set() };
    groups.set(key, group);
    group.from.add(from);
    group.to.add(to);
  }
  const spans = [...groups.values()].map((group) => {
    const from = [...group.from].sort((a, b) => a - b);
    const to = [...group.to].sort((a, b) => a - b);
    return { from, to, first: from[0] as number, last: to.at(-1) as number };
  });
  spans.sort((a, b) => a.last - a.first - (b.last - b.first) || a.first - b.first);
  const taken: { readonly first: number; readonly last: number }[][] = [];
  const out: Lane[] = [];
  for (const { from, to, first, last } of spans) {
    const free = taken.findIndex((lane) => lane.every((other) => first >= other.last || last <= other.first));
    const lane = free < 0 ? taken.length : free;
    if (lane >= MOST_LANES) continue;
    taken[lane] = [...(taken[lane] ?? []), { first, last }];
    out.push({ from, to, lane });
  }
  return out.sort((a, b) => a.lane - b.lane || (a.from[0] as number) - (b.from[0] as number));
}
