/**
 * Where a function that takes a lock is called with the lock held: the one that leaves it to its caller. Known are the helpers whose
 * names differ by `_unlocked`, and functions of the same file that do nothing but lock, call another one with what they were given,
 * and unlock.
 */
import type { Fix } from '../base/finding.js';
import { calledName, fnColumn } from '../contexts/cfg.js';
import { EXPR_STRIDE, Fn, OP_STRIDE, Op, X } from '../facts/encode.js';
import { type FunctionRef, readList } from '../program/program.js';
import { F } from '../syntax/kinds.js';
import { childByField } from '../syntax/parser.js';
import type { FixContext, Site } from './fixes.js';
import { functionAround } from './function.js';
import { nodeAt, replace, textOf } from './source.js';

/** The fix, or null where it would not be right. `class`: of the lock that is held. */
export function lockedVariant(cx: FixContext, site: Site, lockClass: string): Fix | null {
  const { source, fn } = site;
  const call = nodeAt(source.tree, site.start, site.end, 'call_expression');
  const callee = call < 0 ? -1 : childByField(source.tree, call, F.function);
  const name = calledName(fn, site.op);
  if (callee < 0 || textOf(source, callee) !== name) return null;
  const other = variantOfHelper(cx, name, lockClass) ?? variantOf(cx, site, name, lockClass);
  if (other === null) return null;
  return {
    title: `Call ${other}(), which leaves the lock to its caller`,
    safety: 'safe',
    edits: [replace(source, source.tree.start[callee] as number, source.tree.end[callee] as number, other)],
  };
}

function variantOfHelper(cx: FixContext, name: string, lockClass: string): string | null {
  const { helpers } = cx.analysis.model;
  const taking = helpers.get(name);
  const leaving = helpers.get(name.replace(/_unlocked$/, ''));
  if (taking === undefined || leaving === undefined || taking === leaving) return null;
  const field = lockClass.slice(lockClass.indexOf('::') + 2);
  if (leaving.requires?.some((r) => r.lock.endsWith(field)) !== true) return null;
  return taking.params.join() === leaving.params.join() ? leaving.name : null;
}

/** The function that a wrapper calls under the lock. */
function variantOf(cx: FixContext, site: Site, name: string, lockClass: string): string | null {
  const { program, results, model } = cx.analysis;
  const wrapper = program.resolve(name, site.fn.file);
  if (wrapper === null || wrapper.isMacro || wrapper.file !== site.fn.file) return null;
  if (fnColumn(wrapper.file, wrapper.index, Fn.Start) > fnColumn(site.fn.file, site.fn.index, Fn.Start))
    return null;
  let inner: FunctionRef | null = null;
  const { file } = wrapper;
  const first = fnColumn(file, wrapper.index, Fn.FirstOp);
  for (let op = 0; op < fnColumn(file, wrapper.index, Fn.OpCount); op++) {
    const at = (first + op) * OP_STRIDE;
    const kind = file.ops[at] as Op;
    // Conditions, stores and the like: it does more than to lock
    if (kind === Op.Branch || kind === Op.Switch || kind === Op.Guard) return null;
    if (kind !== Op.Call) continue;
    const called = calledName(wrapper, op);
    const helper = model.helpers.get(called);
    if (helper !== undefined && ((helper.acquires?.length ?? 0) > 0 || (helper.releases?.length ?? 0) > 0))
      continue;
    const next = called === '' ? null : program.resolve(called, file);
    if (inner !== null || next === null || next.id === site.fn.id) return null;
    if (!handsAllOn(wrapper, readList(file, file.ops[at + 2] as number))) return null;
    inner = next;
  }
  if (inner === null || inner.isMacro) return null;
  const acquires = results[inner.id]?.acquires;
  if (acquires === undefined || [...acquires].some((key) => key.startsWith(`${lockClass}|`))) return null;
  return sameShape(cx, wrapper, inner) ? inner.name : null;
}

/** Whether a call's arguments are just the parameters of the function that it stands in. */
function handsAllOn(fn: FunctionRef, args: readonly number[]): boolean {
  const { exprs } = fn.file;
  if (args.length !== fnColumn(fn.file, fn.index, Fn.ParameterCount)) return false;
  return args.every((e, i) => (exprs[e * EXPR_STRIDE] as X) === X.Local && exprs[e * EXPR_STRIDE + 1] === i);
}

/** Whether two functions give back the same type. */
function sameShape(cx: FixContext, a: FunctionRef, b: FunctionRef): boolean {
  const typeOf = (fn: FunctionRef): string | null => {
    const source = cx.source(fn.file.path);
    const at = fnColumn(fn.file, fn.index, Fn.NameStart);
    const nodes = source === null ? null : functionAround(source, at, at + fn.name.length);
    return nodes === null ? null : nodes.isVoid ? 'void' : nodes.type;
  };
  const type = typeOf(a);
  return type !== null && type !== '' && type === typeOf(b);
}
