/**
 * Writes of an object as a whole, which write each of its members: `*p = *q`, `x->part = part`, `memset(p, 0, sizeof(*p))`. By the text
 * and the declared types; must not look at states.
 */
import type { Analysis } from '../contexts/analysis.js';
import { calledName, fnColumn } from '../contexts/cfg.js';
import { EXPR_STRIDE, Fn, nameIn, OP_STRIDE, Op, X } from '../facts/encode.js';
import { ExpressionTypes } from '../program/expression-types.js';
import { type FunctionRef, readList } from '../program/program.js';
import { operationsOf } from '../rules/replay.js';
import type { MemberAccess } from './member-access.js';

/** What writes all that its first argument points at. */
const FILLS = /^(memset|memcpy|memmove|memzero_explicit)$/;

/** Such writes of a structure, named as types name it (`struct foo`), in a function. */
export function wholeWrites(analysis: Analysis, fn: FunctionRef, struct: string): readonly MemberAccess[] {
  const { file } = fn;
  const types = new ExpressionTypes(analysis.program, fn);
  const first = fnColumn(file, fn.index, Fn.FirstOp);
  const kindOf = (e: number): X => file.exprs[e * EXPR_STRIDE] as X;
  const out: MemberAccess[] = [];
  const found = (op: number, rest: Pick<MemberAccess, 'expr' | 'base' | 'by'>): void => {
    out.push({ op, ...rest, kind: 'write', marked: false, part: false, whole: true });
  };
  const isOf = (e: number, depth: number): boolean => {
    const type = types.of(e);
    return type !== null && type.base === struct && type.depth === depth;
  };
  for (const op of operationsOf(fn)) {
    const at = (first + op) * OP_STRIDE;
    const a = file.ops[at + 1] as number;
    if ((file.ops[at] as Op) === Op.Assign) {
      if ([X.Deref, X.Index, X.Field].includes(kindOf(a)) && isOf(a, 0))
        found(op, { expr: a, base: a, by: '' });
      continue;
    }
    const by = (file.ops[at] as Op) === Op.Call ? calledName(fn, op) : '';
    if (!FILLS.test(by)) continue;
    const list = readList(file, file.ops[at + 2] as number);
    const size = list.at(-1);
    // So many bytes, or as many as something else has, need not be all of it
    if (size === undefined || kindOf(size) !== X.Name || !/^sizeof\b/.test(nameIn(file, size))) continue;
    let e = list[0] as number;
    while (kindOf(e) === X.Cast) e = file.exprs[e * EXPR_STRIDE + 2] as number;
    if (!isOf(e, 1)) continue;
    const place = kindOf(e) === X.Addr ? (file.exprs[e * EXPR_STRIDE + 1] as number) : -1;
    found(op, { expr: place, base: place < 0 ? e : place, by });
  }
  return out;
}
