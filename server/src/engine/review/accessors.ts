/**
 * Functions and macros that reach a member of what they are handed for whoever calls them: `i_size_read()`, a macro of a directory's
 * header. A call of one is an access at the caller's. Must not look at states.
 */
import type { Analysis } from '../contexts/analysis.js';
import { calledName, fnColumn } from '../contexts/cfg.js';
import { EXPR_STRIDE, Fn, OP_STRIDE, X } from '../facts/encode.js';
import type { FunctionRef } from '../program/program.js';
import { readList } from '../program/program.js';
import { calleesByOp } from '../rules/lockless.js';
import { Mentions } from '../rules/mentions.js';
import { operationsOf } from '../rules/replay.js';
import type { RuleContext } from '../rules/rule.js';
import { accessesIn, type MemberAccess, memberTest } from './member-access.js';

/** What an accessor does with the member of one of its parameters. */
export interface Accessor {
  readonly parameter: number;
  readonly kind: MemberAccess['kind'];
  readonly marked: boolean;
  /** What the parameter points at is told by the argument alone. */
  readonly untyped: boolean;
}

/** Accessors that call accessors: so many steps. */
const MAX_STEPS = 2;

/** Accessors of a member by function, of those that `isInScope` does not name: what is in scope is shown itself. */
export function accessorsOf(
  cx: RuleContext,
  struct: string,
  member: string,
  isInScope: (fn: FunctionRef) => boolean,
): ReadonlyMap<number, readonly Accessor[]> {
  const { analysis } = cx;
  const out = new Map<number, readonly Accessor[]>();
  const others = analysis.program.functions.filter((f) => f.isHeader && !isInScope(f));
  const mentions = new Mentions([member]);
  for (const fn of others) {
    if (!mentions.in(fn)) continue;
    const found = directly(analysis, fn, struct, member);
    if (found.length > 0) out.set(fn.id, found);
  }
  for (let step = 0; step < MAX_STEPS && out.size > 0; step++) {
    const names = new Mentions([...out.keys()].map((id) => analysis.program.functions[id]?.name ?? ''));
    const more: (readonly [number, readonly Accessor[]])[] = [];
    for (const fn of others) {
      if (out.has(fn.id) || !names.in(fn)) continue;
      const found = throughOthers(cx, fn, out);
      if (found.length > 0) more.push([fn.id, found]);
    }
    for (const [id, found] of more) out.set(id, found);
  }
  return out;
}

function directly(analysis: Analysis, fn: FunctionRef, struct: string, member: string): readonly Accessor[] {
  const test = memberTest(analysis, fn, struct, member);
  const out: Accessor[] = [];
  for (const a of accessesIn(analysis, fn, (e) => test(e) !== 'no')) {
    const parameter = parameterOf(fn, a.base);
    const untyped = test(a.expr) === 'unknown';
    if (parameter < 0 || (untyped && !fn.isMacro)) continue;
    if (!out.some((o) => o.parameter === parameter && o.kind === a.kind))
      out.push({ parameter, kind: a.kind, marked: a.marked, untyped });
  }
  return out;
}

function throughOthers(
  cx: RuleContext,
  fn: FunctionRef,
  known: ReadonlyMap<number, readonly Accessor[]>,
): readonly Accessor[] {
  const out: Accessor[] = [];
  for (const { accessor, argument } of callsOf(cx, fn, known)) {
    const parameter = parameterOf(fn, argument);
    if (parameter >= 0 && !out.some((o) => o.parameter === parameter && o.kind === accessor.kind))
      out.push({ ...accessor, parameter });
  }
  return out;
}

/** A call of an accessor. */
export interface AccessorCall {
  readonly op: number;
  readonly callee: FunctionRef;
  readonly accessor: Accessor;
  readonly argument: number;
}

/** The calls of accessors in a function. */
export function callsOf(
  cx: RuleContext,
  fn: FunctionRef,
  known: ReadonlyMap<number, readonly Accessor[]>,
): readonly AccessorCall[] {
  const out: AccessorCall[] = [];
  if (known.size === 0) return out;
  const first = fnColumn(fn.file, fn.index, Fn.FirstOp);
  const callees = calleesByOp(cx, fn);
  for (const op of operationsOf(fn)) {
    const name = calledName(fn, op);
    // What the model knows the effect of is not followed, but it has a text all the same
    const named = name === '' ? null : cx.analysis.program.resolve(name, fn.file);
    const ids = callees.get(op) ?? (named === null ? [] : [named.id]);
    for (const id of ids) {
      const callee = cx.analysis.program.functions[id];
      if (callee === undefined || !known.has(id)) continue;
      const args = readList(fn.file, fn.file.ops[(first + op) * OP_STRIDE + 2] as number);
      for (const accessor of known.get(id) ?? []) {
        const argument = args[accessor.parameter];
        if (argument !== undefined) out.push({ op, callee, accessor, argument });
      }
    }
  }
  return out;
}

function parameterOf(fn: FunctionRef, e: number): number {
  const { file } = fn;
  const at = e * EXPR_STRIDE;
  const kind = file.exprs[at] as X;
  if (kind === X.Cast) return parameterOf(fn, file.exprs[at + 2] as number);
  if (kind !== X.Local) return -1;
  const v = file.exprs[at + 1] as number;
  return v < fnColumn(file, fn.index, Fn.ParameterCount) ? v : -1;
}
