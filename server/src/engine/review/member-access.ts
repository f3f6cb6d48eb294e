/**
 * The members that the operations of a function read, write and take the address of, by the text alone: what is held there is another
 * question. Must not look at states.
 */
import type { AccessKind } from '../base/review.js';
import type { Analysis } from '../contexts/analysis.js';
import { calledName, fnColumn } from '../contexts/cfg.js';
import { readsOf } from '../contexts/operands.js';
import { EXPR_STRIDE, type FileFacts, Fn, OP_STRIDE, Op, X } from '../facts/encode.js';
import { ExpressionTypes } from '../program/expression-types.js';
import type { FunctionRef } from '../program/program.js';
import { onlyLooks } from '../rules/only-looks.js';
import { operationsOf } from '../rules/replay.js';
import { touchOf } from './access-words.js';

/** One access, by the text. */
export interface MemberAccess {
  readonly op: number;
  /** The member expression, and what it is a member of. */
  readonly expr: number;
  readonly base: number;
  readonly kind: AccessKind;
  /** What does it; '' where it is plain. */
  readonly by: string;
  readonly marked: boolean;
  /** A part of the member, or what it is part of, is meant: `x->a.b` for a, `x->a[i]`. */
  readonly part: boolean;
  /** The object is written as a whole: `expr` is the object itself, or -1, where `base` points at it. */
  readonly whole?: true;
}

type Found = (e: number, kind: AccessKind, by: string, marked: boolean, part: boolean) => void;

/** The accesses of one operation; `isWanted` is asked of member expressions. */
export function accessesAt(
  analysis: Analysis,
  fn: FunctionRef,
  op: number,
  isWanted: (e: number) => boolean,
): readonly MemberAccess[] {
  const { file } = fn;
  const out: MemberAccess[] = [];
  const found: Found = (e, kind, by, marked, part) => {
    if (isWanted(e))
      out.push({ op, expr: e, base: file.exprs[e * EXPR_STRIDE + 1] as number, kind, by, marked, part });
  };
  const at = (fnColumn(file, fn.index, Fn.FirstOp) + op) * OP_STRIDE;
  switch (file.ops[at] as Op) {
    case Op.Assign:
      assigned(file, file.ops[at + 1] as number, file.ops[at + 2] as number, found);
      break;
    case Op.Call:
    case Op.Guard:
      handed(analysis, fn, op, found);
      break;
    default:
      for (const e of readsOf(fn, op)) reads(file, e, found);
  }
  return out;
}

/** The accesses of a function, those of one statement put together: `x->a |= 1` is one update. */
export function accessesIn(
  analysis: Analysis,
  fn: FunctionRef,
  isWanted: (e: number) => boolean,
): readonly MemberAccess[] {
  const all = operationsOf(fn).flatMap((op) => accessesAt(analysis, fn, op, isWanted));
  const { file } = fn;
  const first = fnColumn(file, fn.index, Fn.FirstOp);
  const column = (op: number, c: number): number => file.ops[(first + op) * OP_STRIDE + c] as number;
  const isWrite = (a: MemberAccess): boolean => a.kind === 'write' || a.kind === 'update';
  const isInside = (a: MemberAccess, b: MemberAccess): boolean =>
    a.expr === b.expr && column(a.op, 5) >= column(b.op, 5) && column(a.op, 6) <= column(b.op, 6);
  const out: MemberAccess[] = [];
  for (const a of all) {
    const kind = column(a.op, 0) as Op;
    // What a compound assignment reads to give a value, and what it gives
    const isOf = kind === Op.Set || kind === Op.Eval || kind === Op.Assign;
    if (a.kind === 'read' && a.by === '' && isOf && all.some((b) => b !== a && isWrite(b) && isInside(a, b)))
      continue;
    const reads =
      isWrite(a) &&
      a.kind === 'write' &&
      all.some((b) => b !== a && b.kind === 'read' && b.op === a.op && b.expr === a.expr);
    const same = out.some((b) => b.op === a.op && b.expr === a.expr && b.kind === a.kind && b.by === a.by);
    if (!same) out.push(reads ? { ...a, kind: 'update' } : a);
  }
  return out;
}

/** Tells of member expressions of a function whether they are this member; by what the declarations say of the object. */
export function memberTest(
  analysis: Analysis,
  fn: FunctionRef,
  struct: string,
  member: string,
): (e: number) => 'yes' | 'no' | 'unknown' {
  const { file } = fn;
  const types = new ExpressionTypes(analysis.program, fn);
  const known = new Map<number, 'yes' | 'no' | 'unknown'>();
  return (e) => {
    let told = known.get(e);
    if (told === undefined) {
      told = 'no';
      if (file.strings[file.exprs[e * EXPR_STRIDE + 2] as number] === member) {
        const base = types.of(file.exprs[e * EXPR_STRIDE + 1] as number)?.base;
        told = base === undefined || base === '' ? 'unknown' : base === struct ? 'yes' : 'no';
      }
      known.set(e, told);
    }
    return told;
  };
}

function assigned(file: FileFacts, place: number, value: number, found: Found): void {
  reads(file, value, found);
  touched(file, place, found, { kind: 'write', marked: false }, '');
}

function handed(analysis: Analysis, fn: FunctionRef, op: number, found: Found): void {
  const { file } = fn;
  const at = (fnColumn(file, fn.index, Fn.FirstOp) + op) * OP_STRIDE;
  const isCall = (file.ops[at] as Op) === Op.Call;
  const name = isCall ? calledName(fn, op) : (file.strings[file.ops[at + 1] as number] ?? '');
  const list = readsOf(fn, op);
  if (isCall && list[0] !== undefined) reads(file, list[0], found);
  for (const [j, given] of list.slice(isCall ? 1 : 0).entries()) {
    let e = given;
    while ((file.exprs[e * EXPR_STRIDE] as X) === X.Cast) e = file.exprs[e * EXPR_STRIDE + 2] as number;
    const kind = file.exprs[e * EXPR_STRIDE] as X;
    if (kind === X.Addr) {
      const touch = isCall
        ? (touchOf(name, j, false) ??
          (isLockCall(analysis, name) || onlyLooks(analysis, fn, name, j)
            ? { kind: 'read' as const, marked: false }
            : null))
        : { kind: 'read' as const, marked: false };
      touched(
        file,
        file.exprs[e * EXPR_STRIDE + 1] as number,
        found,
        touch ?? { kind: 'address', marked: false },
        name,
      );
      continue;
    }
    const touch = kind === X.Field && isCall ? touchOf(name, j, true) : null;
    if (touch === null) reads(file, e, found);
    else {
      found(e, touch.kind, name, touch.marked, false);
      reads(file, file.exprs[e * EXPR_STRIDE + 1] as number, found);
    }
  }
}

/** What only takes or gives back the lock that it is handed. */
function isLockCall(analysis: Analysis, name: string): boolean {
  const helper = analysis.model.helpers.get(name);
  return helper !== undefined && (helper.acquires !== undefined || helper.releases !== undefined);
}

/** A place is written, or its address is handed on: each member on the way, and what is read to come there. */
function touched(
  file: FileFacts,
  place: number,
  found: Found,
  touch: { readonly kind: AccessKind; readonly marked: boolean },
  by: string,
): void {
  let e = place;
  let part = false;
  for (;;) {
    const at = e * EXPR_STRIDE;
    const base = file.exprs[at + 1] as number;
    switch (file.exprs[at] as X) {
      case X.Field:
        found(e, touch.kind, by, touch.marked, part);
        if (file.exprs[at + 3] === 1) {
          reads(file, base, found);
          return;
        }
        part = true;
        e = base;
        break;
      case X.Index:
        reads(file, file.exprs[at + 2] as number, found);
        part = true;
        e = base;
        break;
      default:
        reads(file, e, found);
        return;
    }
  }
}

function reads(file: FileFacts, e: number, found: Found): void {
  if (e < 0) return;
  const at = e * EXPR_STRIDE;
  const a = file.exprs[at + 1] as number;
  const b = file.exprs[at + 2] as number;
  switch (file.exprs[at] as X) {
    case X.Addr:
      touched(file, a, found, { kind: 'address', marked: false }, '');
      return;
    case X.Field: {
      found(e, 'read', '', false, false);
      let inner = a;
      // The structure around it is not read as a whole
      while ((file.exprs[inner * EXPR_STRIDE] as X) === X.Field && file.exprs[at + 3] !== 1) {
        found(inner, 'read', '', false, true);
        if (file.exprs[inner * EXPR_STRIDE + 3] === 1) {
          reads(file, file.exprs[inner * EXPR_STRIDE + 1] as number, found);
          return;
        }
        inner = file.exprs[inner * EXPR_STRIDE + 1] as number;
      }
      reads(file, inner, found);
      return;
    }
    case X.Deref:
      reads(file, a, found);
      return;
    case X.Index:
      reads(file, a, found);
      reads(file, b, found);
      return;
    case X.Unary:
    case X.Cast:
      reads(file, b, found);
      return;
    case X.Binary:
      reads(file, b, found);
      reads(file, file.exprs[at + 3] as number, found);
      return;
    default:
      return;
  }
}
