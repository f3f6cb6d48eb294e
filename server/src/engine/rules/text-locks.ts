/**
 * Locks by their text: where in a function `&x->lock` is held, and where it was dropped, told by the expressions that are written,
 * block by block, without a walk. Cheap, so that all functions of a directory can be asked; what is reached by another name is not
 * seen. Must not know states or terms.
 */
import { fnColumn } from '../contexts/cfg.js';
import { readsOf } from '../contexts/operands.js';
import { T } from '../contexts/terms.js';
import {
  EXPR_STRIDE,
  type FileFacts,
  Fn,
  nameIn,
  OP_STRIDE,
  Op,
  VARIABLE_STRIDE,
  X,
} from '../facts/encode.js';
import type { HelperEntry, LockEffect } from '../model/types.js';
import type { ExpressionTypes } from '../program/expression-types.js';
import type { FunctionRef } from '../program/program.js';
import { calleesByOp } from './lockless.js';
import type { RuleContext } from './rule.js';
import { Ways } from './ways.js';

/** In place of the number of a member's name: the lock is a variable that all functions see, and the expression names it. */
export const NO_MEMBER = -1;

/** A lock that is a member: of what expression, and the number of the member's name. */
export interface TextLock {
  readonly base: number;
  readonly member: number;
}

/** A lock that is held: since which operation, and in which way. */
export interface HeldText extends TextLock {
  readonly op: number;
  readonly shared: boolean;
}

/** A lock that was held and was dropped. */
export interface DroppedText extends HeldText {
  readonly dropped: number;
}

/** What holds before an operation, on every way there. */
export interface TextState {
  readonly held: ReadonlyMap<string, HeldText>;
  readonly dropped: ReadonlyMap<string, DroppedText>;
}

interface Change {
  readonly takes: readonly HeldText[];
  readonly drops: readonly TextLock[];
  /** Variables that are stored to. */
  readonly stored: number;
}

const EMPTY: TextState = { held: new Map(), dropped: new Map() };

/** A block is looked at so many times on the average at most; a function that needs more says nothing. */
const MAX_TURNS = 12;

/** How a lock is found in the maps of a state. */
export function textKey(l: TextLock): string {
  return `${l.base}.${l.member}`;
}

/** Shows every operation of a function with what is held and was dropped there. */
export function walkText(
  cx: RuleContext,
  fn: FunctionRef,
  visit: (op: number, state: TextState) => void,
): void {
  const changes = changesIn(cx, fn);
  const ways = new Ways(fn);
  const at: (TextState | null)[] = new Array<TextState | null>(ways.blockCount).fill(null);
  if (ways.blockCount === 0) return;
  at[0] = EMPTY;
  const step = (s: TextState, op: number): TextState => {
    const change = changes.get(op);
    return change === undefined ? s : applied(fn.file, s, change, op);
  };
  const todo = [0];
  let steps = ways.blockCount * MAX_TURNS;
  for (let block = todo.pop(); block !== undefined; block = todo.pop()) {
    if (--steps < 0) return;
    let s = at[block] as TextState;
    for (const op of ways.opsOf(block)) s = step(s, op);
    for (const next of ways.after(block)) {
      const old = at[next] ?? null;
      const met = old === null ? s : common(old, s);
      if (met === old) continue;
      at[next] = met;
      if (!todo.includes(next)) todo.push(next);
    }
  }
  for (let block = 0; block < ways.blockCount; block++) {
    let s = at[block] ?? null;
    if (s === null) continue;
    for (const op of ways.opsOf(block)) {
      visit(op, s);
      s = step(s, op);
    }
  }
}

function applied(file: FileFacts, s: TextState, change: Change, op: number): TextState {
  const held = new Map(s.held);
  const dropped = new Map(s.dropped);
  for (const l of change.drops) {
    const key = textKey(l);
    const was = held.get(key);
    held.delete(key);
    if (was === undefined) dropped.delete(key);
    else dropped.set(key, { ...was, dropped: op });
  }
  for (const l of change.takes) {
    held.set(textKey(l), l);
    dropped.delete(textKey(l));
  }
  if (change.stored >= 0)
    for (const map of [held, dropped])
      for (const [key, l] of map) if (mentionsVariable(file, l.base, change.stored)) map.delete(key);
  return { held, dropped };
}

/** What two states have in common; the first itself where the second takes nothing from it. */
function common(a: TextState, b: TextState): TextState {
  const held = new Map([...a.held].filter(([key]) => b.held.has(key)));
  const dropped = new Map([...a.dropped].filter(([key]) => b.dropped.has(key)));
  return held.size === a.held.size && dropped.size === a.dropped.size ? a : { held, dropped };
}

function changesIn(cx: RuleContext, fn: FunctionRef): ReadonlyMap<number, Change> {
  const { file } = fn;
  const { model } = cx.analysis;
  const out = new Map<number, Change>();
  const first = fnColumn(file, fn.index, Fn.FirstOp);
  const count = fnColumn(file, fn.index, Fn.OpCount);
  const callees = calleesByOp(cx, fn);
  const scopes = new Map<number, readonly HeldText[]>();
  for (let op = 0; op < count; op++) {
    const at = (first + op) * OP_STRIDE;
    const a = file.ops[at + 1] as number;
    switch (file.ops[at] as Op) {
      case Op.Declare:
        out.set(op, { takes: [], drops: [], stored: a });
        break;
      case Op.Assign:
        if ((file.exprs[a * EXPR_STRIDE] as X) === X.Local)
          out.set(op, { takes: [], drops: [], stored: file.exprs[a * EXPR_STRIDE + 1] as number });
        break;
      case Op.Guard: {
        const guard = model.guards.get(file.strings[a] ?? '');
        const helper = guard?.kind === 'lock' ? model.helpers.get(guard.acquire) : undefined;
        const takes = helper === undefined ? [] : byHelper(cx, fn, op, helper, helper.acquires ?? []);
        scopes.set(file.ops[at + 3] as number, takes);
        if (takes.length > 0) out.set(op, { takes, drops: [], stored: -1 });
        break;
      }
      case Op.Cleanup: {
        const drops = scopes.get(a) ?? [];
        if (drops.length > 0) out.set(op, { takes: [], drops, stored: -1 });
        break;
      }
      case Op.Call: {
        const helper = model.helpers.get(nameIn(file, a));
        const takes =
          helper === undefined
            ? byCallees(cx, fn, op, callees.get(op) ?? [], true)
            : byHelper(
                cx,
                fn,
                op,
                helper,
                (helper.acquires ?? []).filter((l) => !/!= 0|> 0/.test(l.when ?? '')),
              );
        const drops =
          helper === undefined
            ? byCallees(cx, fn, op, callees.get(op) ?? [], false)
            : byHelper(cx, fn, op, helper, helper.releases ?? []);
        if (takes.length + drops.length > 0) out.set(op, { takes, drops, stored: -1 });
        break;
      }
      default:
    }
  }
  return out;
}

function byHelper(
  cx: RuleContext,
  fn: FunctionRef,
  op: number,
  helper: HelperEntry,
  effects: readonly LockEffect[],
): readonly HeldText[] {
  const { file } = fn;
  const args = readsOf(fn, op);
  const skip = (file.ops[(fnColumn(file, fn.index, Fn.FirstOp) + op) * OP_STRIDE] as Op) === Op.Call ? 1 : 0;
  const out: HeldText[] = [];
  for (const l of effects) {
    const path = cx.analysis.model.path(l.lock, helper.params);
    if (path === null || typeof path.root !== 'number' || path.root < 0) continue;
    const arg = args[path.root + skip];
    if (arg === undefined) continue;
    const lock =
      path.fields.length === 0
        ? pointedMember(file, arg)
        : path.fields.length === 1
          ? { base: arg, member: file.strings.indexOf(path.fields[0] as string) }
          : null;
    if (lock !== null && (lock.member >= 0 || path.fields.length === 0))
      out.push({ ...lock, op, shared: l.mode === 'shared' });
  }
  return out;
}

/** What all callees take or drop of what they were handed. */
function byCallees(
  cx: RuleContext,
  fn: FunctionRef,
  op: number,
  callees: readonly number[],
  takes: boolean,
): readonly HeldText[] {
  const { terms } = cx.analysis;
  const { file } = fn;
  const out: HeldText[] = [];
  for (const id of callees)
    for (const exit of cx.analysis.results[id]?.exits ?? [])
      for (const l of takes ? exit.locks : exit.released) {
        if (terms.kind(l.place) !== T.FieldP || terms.kind(terms.a(l.place)) !== T.Param) continue;
        const base = readsOf(fn, op)[1 + terms.a(terms.a(l.place))];
        const member = file.strings.indexOf(terms.nameText(terms.b(l.place)));
        if (base === undefined || member < 0) continue;
        if (!out.some((o) => o.base === base && o.member === member))
          out.push({ base, member, op, shared: l.shared });
      }
  return out;
}

/** The member that `&x->m` is the address of; of a variable that is no function's own, the variable. */
function pointedMember(file: FileFacts, e: number): TextLock | null {
  if ((file.exprs[e * EXPR_STRIDE] as X) !== X.Addr) return null;
  const of = (file.exprs[e * EXPR_STRIDE + 1] as number) * EXPR_STRIDE;
  if ((file.exprs[of] as X) === X.Name)
    return { base: file.exprs[e * EXPR_STRIDE + 1] as number, member: NO_MEMBER };
  if ((file.exprs[of] as X) !== X.Field) return null;
  return { base: file.exprs[of + 1] as number, member: file.exprs[of + 2] as number };
}

/** Whether a variable stands in an expression. */
export function mentionsVariable(file: FileFacts, e: number, variable: number): boolean {
  if (e < 0) return false;
  const at = e * EXPR_STRIDE;
  const a = file.exprs[at + 1] as number;
  const b = file.exprs[at + 2] as number;
  switch (file.exprs[at] as X) {
    case X.Local:
      return a === variable;
    case X.Field:
    case X.Deref:
    case X.Addr:
      return mentionsVariable(file, a, variable);
    case X.Index:
      return mentionsVariable(file, a, variable) || mentionsVariable(file, b, variable);
    case X.Unary:
    case X.Cast:
      return mentionsVariable(file, b, variable);
    case X.Binary:
      return (
        mentionsVariable(file, b, variable) || mentionsVariable(file, file.exprs[at + 3] as number, variable)
      );
    default:
      return false;
  }
}

/** An expression as the function writes it, as far as it is made of names and members; '' for others. */
export function textOf(fn: FunctionRef, e: number): string {
  const { file } = fn;
  const at = e * EXPR_STRIDE;
  const a = file.exprs[at + 1] as number;
  switch (file.exprs[at] as X) {
    case X.Local: {
      const first = fnColumn(file, fn.index, Fn.FirstVariable);
      return file.strings[file.variables[(first + a) * VARIABLE_STRIDE] as number] ?? '';
    }
    case X.Name:
      return file.strings[a] ?? '';
    case X.Field: {
      const base = textOf(fn, a);
      const member = file.strings[file.exprs[at + 2] as number] ?? '';
      return base === '' ? '' : `${base}${file.exprs[at + 3] === 1 ? '->' : '.'}${member}`;
    }
    default:
      return '';
  }
}

/** The structure that what an expression is, or points at, is; '' where it is none. */
export function structOf(types: ExpressionTypes, base: number): string {
  const type = types.of(base);
  return type?.base.startsWith('struct ') === true && type.depth <= 1 ? type.base.slice(7) : '';
}
