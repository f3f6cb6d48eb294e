/**
 * What the operations of one function say of its variables: what they are set from, and how they are used. By the text; for what is followed
 * over a dropped lock.
 */
import { calledName, fnColumn } from '../contexts/cfg.js';
import { readsOf } from '../contexts/operands.js';
import {
  CALL_LOOP,
  EXPR_STRIDE,
  Fn,
  OP_STRIDE,
  Op,
  VAR_STATIC,
  VARIABLE_STRIDE,
  X,
} from '../facts/encode.js';
import { ExpressionTypes } from '../program/expression-types.js';
import { type FunctionRef, readList } from '../program/program.js';
import { isMessage } from '../rules/lockless.js';
import { isPointerTo } from '../rules/only-looks.js';
import { FINDS, PointerText, storedVariable } from '../rules/pointer-text.js';
import { operationsOf } from '../rules/replay.js';
import type { RuleContext } from '../rules/rule.js';
import { mentionsVariable } from '../rules/text-locks.js';
import { accessesAt } from './member-access.js';
import { callOf, written } from './written.js';

/** Calls that values are followed through to where they were read. */
const MAX_FROM = 3;

/** What counts a reference. */
const COUNTS_UP = /^(refcount_(inc|add)|kref_get|kobject_get|atomic\w*_inc|lockref_get|percpu_ref_get)/;

/** The text of one function. */
export class FunctionText {
  readonly pointers: PointerText;
  private readonly types: ExpressionTypes;
  private readonly first: number;

  /** `isUnder`: whether the lock is held before an operation. */
  constructor(
    private readonly cx: RuleContext,
    private readonly fn: FunctionRef,
    private readonly isUnder: (op: number) => boolean,
  ) {
    this.pointers = new PointerText(cx);
    this.types = new ExpressionTypes(cx.analysis.program, fn);
    this.first = fnColumn(fn.file, fn.index, Fn.FirstOp);
  }

  kindOf(op: number): Op {
    return this.fn.file.ops[(this.first + op) * OP_STRIDE] as Op;
  }

  column(op: number, c: number): number {
    return this.fn.file.ops[(this.first + op) * OP_STRIDE + c] as number;
  }

  /** The local that an operation stores to, the walker of a loop included; -1. */
  storedBy(op: number): number {
    const v = storedVariable(this.fn, op);
    return v >= 0 ? v : this.walkerOf(op);
  }

  /** The variable that the head of a loop sets in every turn, or -1. */
  walkerOf(op: number): number {
    if (this.kindOf(op) !== Op.Call || (this.column(op, 4) & CALL_LOOP) === 0) return -1;
    const { file } = this.fn;
    for (const e of readList(file, this.column(op, 2)))
      if ((file.exprs[e * EXPR_STRIDE] as X) === X.Local) return file.exprs[e * EXPR_STRIDE + 1] as number;
    return -1;
  }

  isStatic(v: number): boolean {
    const { file, index } = this.fn;
    const at = (fnColumn(file, index, Fn.FirstVariable) + v) * VARIABLE_STRIDE;
    return ((file.variables[at + 2] as number) & VAR_STATIC) !== 0;
  }

  isPointer(v: number): boolean {
    const { file, index } = this.fn;
    const type = file.variables[
      (fnColumn(file, index, Fn.FirstVariable) + v) * VARIABLE_STRIDE + 1
    ] as number;
    return (
      this.cx.analysis.program.plain({
        base: file.strings[file.types[type * 2] as number] ?? '',
        depth: file.types[type * 2 + 1] as number,
      }).depth > 0
    );
  }

  /** What a variable is set from under the lock, where that is memory that others reach; null for anything else. */
  sourceAt(op: number, v: number): { readonly from: string; readonly members: readonly string[] } | null {
    if (this.walkerOf(op) === v) {
      const members = this.membersAt(op);
      return { from: `${calledName(this.fn, op)}()`, members };
    }
    const value = this.column(op, 2);
    if (value < 0) return null;
    const members = this.membersFrom(value, MAX_FROM);
    const from = written(this.fn, value);
    if (members.length > 0) return { from, members };
    const call = this.callIn(value);
    // What is found in a list, or given by what looks into memory: where it looks is not told
    return call >= 0 &&
      this.isPointer(v) &&
      (FINDS.has(calledName(this.fn, call)) || this.pointers.gives(this.fn, call))
      ? { from, members: [] }
      : null;
  }

  callIn(value: number): number {
    const { file } = this.fn;
    let e = value;
    while ((file.exprs[e * EXPR_STRIDE] as X) === X.Cast) e = file.exprs[e * EXPR_STRIDE + 2] as number;
    return (file.exprs[e * EXPR_STRIDE] as X) === X.Temp
      ? callOf(this.fn, file.exprs[e * EXPR_STRIDE + 1] as number)
      : -1;
  }

  /** `struct::member` of what is read in an expression, through temporaries that were made under the lock. */
  membersFrom(value: number, depth = MAX_FROM): readonly string[] {
    const out = new Set<string>();
    const { file } = this.fn;
    const visit = (e: number, left: number): void => {
      if (e < 0 || left === 0) return;
      const at = e * EXPR_STRIDE;
      const a = file.exprs[at + 1] as number;
      const b = file.exprs[at + 2] as number;
      switch (file.exprs[at] as X) {
        case X.Field: {
          const name = this.memberName(e);
          if (name !== '') out.add(name);
          return;
        }
        case X.Temp:
          for (const op of operationsOf(this.fn)) {
            const isCall = this.kindOf(op) === Op.Call && this.column(op, 3) === a;
            const isSet = this.kindOf(op) === Op.Set && this.column(op, 1) === a;
            if (!this.isUnder(op)) continue;
            if (isSet) visit(this.column(op, 2), left - 1);
            if (isCall) for (const name of this.membersAt(op)) out.add(name);
          }
          return;
        case X.Deref:
          visit(a, left);
          return;
        case X.Index:
          visit(a, left);
          visit(b, left);
          return;
        case X.Unary:
        case X.Cast:
          visit(b, left);
          return;
        case X.Binary:
          visit(b, left);
          visit(file.exprs[at + 3] as number, left);
          return;
        default:
          return;
      }
    };
    visit(value, depth);
    return [...out];
  }

  /** Members that a call is handed by address or reads by name: READ_ONCE(x->m), list_first_entry(&x->m, ..). */
  membersAt(op: number): readonly string[] {
    const name = calledName(this.fn, op);
    // A lock is no value
    if (this.cx.analysis.model.helpers.get(name)?.acquires !== undefined) return [];
    const callee = name === '' ? null : this.cx.analysis.program.resolve(name, this.fn.file);
    const all = accessesAt(this.cx.analysis, this.fn, op, () => true).filter(
      (a) => a.by !== '' && a.kind !== 'address' && !a.part,
    );
    const found = all.map((a) => this.memberName(a.expr)).filter((m) => m !== '');
    return [...new Set([...found, ...(callee === null ? [] : this.givenBy(callee))])];
  }

  /** The members that a small function of the program gives: an accessor. */
  givenBy(callee: FunctionRef): readonly string[] {
    const { file } = callee;
    const first = fnColumn(file, callee.index, Fn.FirstOp);
    if (fnColumn(file, callee.index, Fn.OpCount) > 12) return [];
    const types = new ExpressionTypes(this.cx.analysis.program, callee);
    const out: string[] = [];
    for (const op of operationsOf(callee)) {
      const at = (first + op) * OP_STRIDE;
      if ((file.ops[at] as Op) !== Op.Return || (file.ops[at + 1] as number) < 0) continue;
      const e = file.ops[at + 1] as number;
      const name = nameOf(callee, types, e);
      if (name !== '') out.push(name);
    }
    return out;
  }

  memberName(e: number): string {
    return nameOf(this.fn, this.types, e);
  }

  usesVariable(op: number, v: number): boolean {
    if (this.kindOf(op) === Op.Eval || this.kindOf(op) === Op.Cleanup) return false;
    const isLoop = this.walkerOf(op) >= 0;
    if (!isLoop && this.kindOf(op) === Op.Call && isMessage(this.cx, this.fn, op)) return false;
    if (this.walkerOf(op) === v) return this.pointers.isFollowed(this.fn, op, v, () => true);
    return this.readsWithoutTarget(op).some((e) => mentionsVariable(this.fn.file, e, v));
  }

  /** What an operation reads; a local that is only stored to is not. */
  readsWithoutTarget(op: number): readonly number[] {
    if (this.kindOf(op) !== Op.Assign) return readsOf(this.fn, op);
    const target = this.column(op, 1);
    const isLocal = (this.fn.file.exprs[target * EXPR_STRIDE] as X) === X.Local;
    return isLocal ? [this.column(op, 2)] : [this.column(op, 2), target];
  }

  howUsed(op: number, v: number): string {
    if (this.pointers.isFollowed(this.fn, op, v, () => true)) return 'follows it';
    switch (this.kindOf(op)) {
      case Op.Call: {
        const name = calledName(this.fn, op);
        return name === '' ? 'passes it on' : `passes it to ${name}()`;
      }
      case Op.Branch:
      case Op.Switch:
        return 'tests it';
      case Op.Return:
        return 'returns it';
      case Op.Assign:
        return (this.fn.file.exprs[this.column(op, 1) * EXPR_STRIDE] as X) === X.Local
          ? 'uses it'
          : 'stores it or goes by it in a store';
      default:
        return 'uses it';
    }
  }

  /** Whether a call counts a reference on what a variable points at, by itself or in what it calls. */
  takesReference(fn: FunctionRef, op: number, v: number, depth = MAX_FROM): boolean {
    const { file } = fn;
    const at = (fnColumn(file, fn.index, Fn.FirstOp) + op) * OP_STRIDE;
    if ((file.ops[at] as Op) !== Op.Call) return false;
    const name = calledName(fn, op);
    const position = readList(file, file.ops[at + 2] as number).findIndex((e) => isPointerTo(file, e, v));
    if (position < 0 || name === '') return false;
    if (COUNTS_UP.test(name)) return true;
    const helper = this.cx.analysis.model.helpers.get(name);
    if (helper !== undefined) return helper.references?.some((r) => r.action !== 'put') === true;
    const callee = depth > 0 ? this.cx.analysis.program.resolve(name, file) : null;
    return (
      callee !== null && operationsOf(callee).some((o) => this.takesReference(callee, o, position, depth - 1))
    );
  }

  /** Whether a condition is that there is another turn of a loop. */
  isLoopHead(e: number): boolean {
    const call = this.callIn(e);
    return call >= 0 && (this.column(call, 4) & CALL_LOOP) !== 0;
  }
}

/** `struct::member` of a member expression, '' where the structure is not known. */
function nameOf(fn: FunctionRef, types: ExpressionTypes, e: number): string {
  const { file } = fn;
  let at = e;
  while ([X.Cast, X.Index].includes(file.exprs[at * EXPR_STRIDE] as X))
    at = file.exprs[at * EXPR_STRIDE + ((file.exprs[at * EXPR_STRIDE] as X) === X.Cast ? 2 : 1)] as number;
  if (at < 0 || (file.exprs[at * EXPR_STRIDE] as X) !== X.Field) return '';
  const base = types.of(file.exprs[at * EXPR_STRIDE + 1] as number)?.base ?? '';
  return base.startsWith('struct ') && !base.includes('@')
    ? `${base.slice(7)}::${file.strings[file.exprs[at * EXPR_STRIDE + 2] as number]}`
    : '';
}
