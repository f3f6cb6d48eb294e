/**
 * What the text of functions says of a pointer in a variable: where it comes from, whether it is followed, and whether something may keep
 * what it points at. Through any depth of calls, by the order of operations at most. Must not look at states.
 */
import { calledName, fnColumn } from '../contexts/cfg.js';
import { readsOf } from '../contexts/operands.js';
import { CALL_LOOP, EXPR_STRIDE, Fn, OP_STRIDE, Op, operatorCode, X } from '../facts/encode.js';
import type { LockKind } from '../model/types.js';
import { type FunctionRef, readList } from '../program/program.js';
import { visitExpressions } from './replay.js';
import type { RuleContext } from './rule.js';
import { Ways } from './ways.js';

/** Kinds of locks that keep a list or a member as it is, for rules that follow what was seen under one. */
export const KEEPS: readonly LockKind[] = ['spin', 'rwlock', 'bit', 'mutex', 'rwsem'];

/** What gives an object by a list or tree that it is linked into: the object is somebody else's. */
export const FINDS = new Set([
  'list_first_entry',
  'list_last_entry',
  'list_next_entry',
  'list_prev_entry',
  'list_first_entry_or_null',
  'list_entry',
  'hlist_entry',
  'hlist_entry_safe',
  'rb_entry',
  'rb_entry_safe',
]);

/** What only gives the next link of a list or tree. */
const LINKS = new Set(['rb_first', 'rb_next', 'rb_prev', 'rb_last', 'rb_first_cached']);

const EQ = operatorCode('==');
const NE = operatorCode('!=');

/** Whether a reference is taken or given back. */
export type Counted = 'get' | 'put' | null;

/** Callees are followed so deep for references. */
const MAX_COUNTING = 3;

/** What is asked of functions during one check. */
export class PointerText {
  private readonly pins = new Map<string, boolean>();
  private readonly follows = new Map<string, boolean>();
  private readonly lends = new Map<number, boolean>();
  private readonly counted = new Map<string, Counted>();

  constructor(private readonly cx: RuleContext) {}

  /** Whether a call gives what stands in a list or tree, without a reference. */
  gives(fn: FunctionRef, op: number): boolean {
    const name = calledName(fn, op);
    if (FINDS.has(name) || LINKS.has(name)) return true;
    const callee = name === '' ? null : this.cx.analysis.program.resolve(name, fn.file);
    return callee !== null && !this.cx.analysis.model.helpers.has(name) && this.isLent(callee);
  }

  /** Whether an operation follows the pointer in a variable, here or in what is called. `isInTurn`: asked of the head of a loop. */
  isFollowed(fn: FunctionRef, op: number, v: number, isInTurn: () => boolean): boolean {
    const { file } = fn;
    const at = (fnColumn(file, fn.index, Fn.FirstOp) + op) * OP_STRIDE;
    if ((file.ops[at] as Op) === Op.Call && ((file.ops[at + 4] as number) & CALL_LOOP) !== 0) {
      const name = calledName(fn, op);
      const locals = readList(file, file.ops[at + 2] as number).filter(
        (e) => (file.exprs[e * EXPR_STRIDE] as X) === X.Local,
      );
      // The safe form goes on by what it noted of the next one
      const walker = locals[name.includes('_safe') ? 1 : 0];
      return walker !== undefined && file.exprs[walker * EXPR_STRIDE + 1] === v && isInTurn();
    }
    let follows = false;
    for (const e of readsOf(fn, op))
      visitExpressions(file, e, (x, kind) => {
        if (
          kind === X.Field &&
          file.exprs[x * EXPR_STRIDE + 3] === 1 &&
          isLocal(fn, file.exprs[x * EXPR_STRIDE + 1] as number, v)
        )
          follows = true;
      });
    if (follows) return true;
    if ((file.ops[at] as Op) !== Op.Call) return false;
    const name = calledName(fn, op);
    const callee = name === '' ? null : this.cx.analysis.program.resolve(name, file);
    return (
      callee !== null &&
      readList(file, file.ops[at + 2] as number).some(
        (e, j) => isLocal(fn, e, v) && this.isFollowedIn(callee, j),
      )
    );
  }

  /** Whether a function follows a parameter of its own without storing to it first. */
  private isFollowedIn(fn: FunctionRef, parameter: number): boolean {
    const key = `${fn.id},${parameter}`;
    const known = this.follows.get(key);
    if (known !== undefined) return known;
    this.follows.set(key, false);
    const { file } = fn;
    const count = fnColumn(file, fn.index, Fn.OpCount);
    let follows = false;
    for (let op = 0; op < count && !follows; op++) {
      if (storedVariable(fn, op) === parameter) break;
      for (const e of readsOf(fn, op))
        visitExpressions(file, e, (x, kind) => {
          if (kind === X.Field && isLocal(fn, file.exprs[x * EXPR_STRIDE + 1] as number, parameter))
            follows = true;
        });
      const name = calledName(fn, op);
      const callee = name === '' ? null : this.cx.analysis.program.resolve(name, file);
      if (callee !== null && !follows)
        follows = readList(
          file,
          file.ops[(fnColumn(file, fn.index, Fn.FirstOp) + op) * OP_STRIDE + 2] as number,
        ).some((e, j) => isLocal(fn, e, parameter) && this.isFollowedIn(callee, j));
    }
    this.follows.set(key, follows);
    return follows;
  }

  /** Whether an operation may keep what a pointer points at, or finds out that it is still the one. */
  isKept(fn: FunctionRef, op: number, v: number, wasAway: boolean): boolean {
    const { file } = fn;
    const at = (fnColumn(file, fn.index, Fn.FirstOp) + op) * OP_STRIDE;
    const kind = file.ops[at] as Op;
    // Something is noted in it: it may be what keeps others away
    if (kind === Op.Assign && isInside(fn, file.ops[at + 1] as number, v)) return true;
    if (kind === Op.Branch || kind === Op.Set || kind === Op.Eval)
      for (const e of readsOf(fn, op)) if (isCompared(fn, e, v, wasAway)) return true;
    if (kind !== Op.Call || ((file.ops[at + 4] as number) & CALL_LOOP) !== 0) return false;
    const name = calledName(fn, op);
    // A reference on something that hangs on it may keep it as well
    if (this.cx.analysis.model.helpers.get(name)?.references?.some((r) => r.action !== 'put') === true)
      return true;
    const args = readList(file, file.ops[at + 2] as number);
    for (const [j, e] of args.entries()) {
      if (isLocal(fn, e, v)) {
        if (this.mayKeep(fn, name, j)) return true;
      } else if (
        (file.exprs[e * EXPR_STRIDE] as X) === X.Addr &&
        isInside(fn, file.exprs[e * EXPR_STRIDE + 1] as number, v)
      ) {
        if (!LINKS.has(name) && !this.cx.analysis.model.readers.has(name) && !this.isLock(name)) return true;
      }
    }
    return false;
  }

  /** Whether an operation takes a reference to what a variable points at, or gives one back; null where it does neither for sure. */
  counts(fn: FunctionRef, op: number, v: number, depth = 0): Counted {
    const { file } = fn;
    const at = (fnColumn(file, fn.index, Fn.FirstOp) + op) * OP_STRIDE;
    if ((file.ops[at] as Op) !== Op.Call || ((file.ops[at + 4] as number) & CALL_LOOP) !== 0) return null;
    const name = calledName(fn, op);
    const args = readList(file, file.ops[at + 2] as number);
    const helper = this.cx.analysis.model.helpers.get(name);
    for (const r of helper?.references ?? []) {
      const root = this.cx.analysis.model.path(r.object, helper?.params ?? [])?.root;
      const e = typeof root === 'number' ? args[root] : undefined;
      if (e !== undefined && isAt(fn, e, v)) return r.action === 'put' ? 'put' : 'get';
    }
    const callee = name === '' || helper !== undefined ? null : this.cx.analysis.program.resolve(name, file);
    if (callee === null || depth >= MAX_COUNTING) return null;
    const position = args.findIndex((e) => isLocal(fn, e, v));
    return position < 0 ? null : this.countsParameter(callee, position, depth + 1);
  }

  /**
   * Whether an operation takes one more reference, of what is counted already: not one that fails on what is dead, nor one under a lock that
   * keeps what nobody counts.
   */
  takesAnother(fn: FunctionRef, op: number, v: number, depth = 0): boolean {
    if (this.counts(fn, op, v, depth) !== 'get') return false;
    const { file } = fn;
    const name = calledName(fn, op);
    const helper = this.cx.analysis.model.helpers.get(name);
    if (helper !== undefined)
      return helper.requires === undefined && helper.references?.every((r) => r.action === 'get') === true;
    const callee = this.cx.analysis.program.resolve(name, file);
    if (callee === null) return false;
    const args = readList(
      file,
      file.ops[(fnColumn(file, fn.index, Fn.FirstOp) + op) * OP_STRIDE + 2] as number,
    );
    const parameter = args.findIndex((e) => isLocal(fn, e, v));
    const count = fnColumn(callee.file, callee.index, Fn.OpCount);
    for (let o = 0; o < count; o++)
      if (
        this.counts(callee, o, parameter, depth + 1) !== null &&
        !this.takesAnother(callee, o, parameter, depth + 1)
      )
        return false;
    return true;
  }

  private countsParameter(fn: FunctionRef, parameter: number, depth: number): Counted {
    // How deep it is asked is part of the question: near the limit less is found
    const key = `${fn.id},${parameter},${depth}`;
    const known = this.counted.get(key);
    if (known !== undefined) return known;
    const all = new Set<Counted>();
    const count = fnColumn(fn.file, fn.index, Fn.OpCount);
    for (let op = 0; op < count; op++) all.add(this.counts(fn, op, parameter, depth));
    // What takes one and gives one back does either for somebody else
    const found = all.has('get') ? (all.has('put') ? null : 'get') : all.has('put') ? 'put' : null;
    this.counted.set(key, found);
    return found;
  }

  /** Whether an operation may keep for longer what is counted already: another reference, or nobody knows. */
  isKeptBesides(fn: FunctionRef, op: number, v: number, wasAway: boolean): boolean {
    if (!this.isKept(fn, op, v, wasAway)) return false;
    const { file } = fn;
    const at = (fnColumn(file, fn.index, Fn.FirstOp) + op) * OP_STRIDE;
    if ((file.ops[at] as Op) !== Op.Call) return true;
    const name = calledName(fn, op);
    if (this.cx.analysis.model.helpers.has(name)) return this.counts(fn, op, v) !== null;
    const callee = name === '' ? null : this.cx.analysis.program.resolve(name, file);
    if (callee === null) return true;
    const position = readList(file, file.ops[at + 2] as number).findIndex((e) => isLocal(fn, e, v));
    return position < 0 || this.mayCount(callee, position, 0);
  }

  /** Whether a function may take a reference to what a parameter points at, or leaves that to what nobody knows. */
  private mayCount(fn: FunctionRef, parameter: number, depth: number): boolean {
    const { file } = fn;
    const count = fnColumn(file, fn.index, Fn.OpCount);
    for (let op = 0; op < count; op++) {
      const at = (fnColumn(file, fn.index, Fn.FirstOp) + op) * OP_STRIDE;
      if ((file.ops[at] as Op) !== Op.Call) continue;
      if (this.counts(fn, op, parameter) !== null) return true;
      const name = calledName(fn, op);
      if (name !== '' && this.cx.analysis.model.helpers.has(name)) continue;
      const position = readList(file, file.ops[at + 2] as number).findIndex((e) => isLocal(fn, e, parameter));
      if (position < 0) continue;
      const callee = name === '' ? null : this.cx.analysis.program.resolve(name, file);
      if (callee === null || depth >= MAX_COUNTING || this.mayCount(callee, position, depth + 1)) return true;
    }
    return false;
  }

  /** A lock inside an object keeps the object's state, not the object. */
  private isLock(name: string): boolean {
    const helper = this.cx.analysis.model.helpers.get(name);
    return (
      helper !== undefined &&
      helper.references === undefined &&
      [...(helper.acquires ?? []), ...(helper.releases ?? [])].some((l) => KEEPS.includes(l.kind))
    );
  }

  /** Whether a call may keep what its argument points at: it counts, it stores in it, or nobody knows. */
  private mayKeep(fn: FunctionRef, name: string, position: number): boolean {
    if (name === '') return true;
    if (
      FINDS.has(name) ||
      LINKS.has(name) ||
      name === 'IS_ERR' ||
      name === 'IS_ERR_OR_NULL' ||
      name === 'PTR_ERR'
    )
      return false;
    const helper = this.cx.analysis.model.helpers.get(name);
    if (helper !== undefined) return true;
    const callee = this.cx.analysis.program.resolve(name, fn.file);
    if (callee === null) return true;
    return this.keepsParameter(callee, position);
  }

  private keepsParameter(fn: FunctionRef, parameter: number): boolean {
    const key = `${fn.id},${parameter}`;
    const known = this.pins.get(key);
    if (known !== undefined) return known;
    this.pins.set(key, false);
    const { file } = fn;
    const first = fnColumn(file, fn.index, Fn.FirstOp);
    const count = fnColumn(file, fn.index, Fn.OpCount);
    let keeps = false;
    for (let op = 0; op < count && !keeps; op++) {
      const at = (first + op) * OP_STRIDE;
      const kind = file.ops[at] as Op;
      if (kind === Op.Assign && isInside(fn, file.ops[at + 1] as number, parameter)) keeps = true;
      if (kind !== Op.Call) continue;
      const name = calledName(fn, op);
      for (const [j, e] of readList(file, file.ops[at + 2] as number).entries()) {
        if (isLocal(fn, e, parameter) ? this.mayKeep(fn, name, j) : false) keeps = true;
        if (
          (file.exprs[e * EXPR_STRIDE] as X) === X.Addr &&
          isInside(fn, file.exprs[e * EXPR_STRIDE + 1] as number, parameter) &&
          !this.cx.analysis.model.readers.has(name) &&
          !this.isLock(name)
        )
          keeps = true;
      }
    }
    this.pins.set(key, keeps);
    return keeps;
  }

  /** Whether a function gives a pointer out of a list or tree and takes no reference. */
  private isLent(fn: FunctionRef): boolean {
    const known = this.lends.get(fn.id);
    if (known !== undefined) return known;
    this.lends.set(fn.id, false);
    const lent = this.lendsOut(fn);
    this.lends.set(fn.id, lent);
    return lent;
  }

  private lendsOut(fn: FunctionRef): boolean {
    const { file } = fn;
    const first = fnColumn(file, fn.index, Fn.FirstOp);
    const count = fnColumn(file, fn.index, Fn.OpCount);
    const returned = new Set<number>();
    for (let op = 0; op < count; op++) {
      const at = (first + op) * OP_STRIDE;
      if ((file.ops[at] as Op) !== Op.Return) continue;
      const e = file.ops[at + 1] as number;
      // Behind the last statement stands a return of its own
      if (e < 0) continue;
      if ((file.exprs[e * EXPR_STRIDE] as X) === X.Local)
        returned.add(file.exprs[e * EXPR_STRIDE + 1] as number);
    }
    if (returned.size === 0) return false;
    const found = new Set<number>();
    let lent = false;
    for (let op = 0; op < count; op++) {
      const at = (first + op) * OP_STRIDE;
      if ((file.ops[at] as Op) === Op.Call) {
        const name = calledName(fn, op);
        const callee = name === '' ? null : this.cx.analysis.program.resolve(name, file);
        const macro = callee === null && name !== '' ? this.cx.analysis.program.macro(name, file) : null;
        const temp = file.ops[at + 3] as number;
        const finds =
          FINDS.has(name) ||
          (macro !== null && [...FINDS].some((f) => macro.body.startsWith(`${f}(`))) ||
          (callee !== null && callee.id !== fn.id && this.isLent(callee));
        if (temp >= 0 && finds) found.add(temp);
        // A reference may be taken on what is given
        for (const [j, e] of readList(file, file.ops[at + 2] as number).entries()) {
          for (const v of returned) {
            if (isLocal(fn, e, v) && !finds && this.mayKeep(fn, name, j) && !isPut(name)) return false;
            if (
              (file.exprs[e * EXPR_STRIDE] as X) === X.Addr &&
              isInside(fn, file.exprs[e * EXPR_STRIDE + 1] as number, v) &&
              !LINKS.has(name) &&
              !this.cx.analysis.model.readers.has(name)
            )
              return false;
          }
        }
        continue;
      }
      const v = storedVariable(fn, op);
      if (v < 0 || !returned.has(v)) continue;
      const e = file.ops[at + 2] as number;
      if (
        e >= 0 &&
        (file.exprs[e * EXPR_STRIDE] as X) === X.Temp &&
        found.has(file.exprs[e * EXPR_STRIDE + 1] as number)
      )
        lent = true;
    }
    return lent;
  }
}

/** The local that an operation stores to, or -1. */
export function storedVariable(fn: FunctionRef, op: number): number {
  const { file } = fn;
  const at = (fnColumn(file, fn.index, Fn.FirstOp) + op) * OP_STRIDE;
  const target = file.ops[at + 1] as number;
  switch (file.ops[at] as Op) {
    case Op.Declare:
      return target;
    case Op.Assign:
      return localOf(fn, target);
    default:
      return -1;
  }
}

/** The local that an expression is, or -1. */
export function localOf({ file }: Pick<FunctionRef, 'file'>, e: number): number {
  return e >= 0 && (file.exprs[e * EXPR_STRIDE] as X) === X.Local
    ? (file.exprs[e * EXPR_STRIDE + 1] as number)
    : -1;
}

/** The variable or temporary that an expression is, as a holder; a cast of one is the same. */
export function holderOf(fn: FunctionRef, e: number): number {
  const at = e * EXPR_STRIDE;
  switch (fn.file.exprs[at] as X) {
    case X.Local:
      return fn.file.exprs[at + 1] as number;
    case X.Temp:
      return -2 - (fn.file.exprs[at + 1] as number);
    case X.Cast:
      return holderOf(fn, fn.file.exprs[at + 2] as number);
    default:
      return -1;
  }
}

export function isLocalExpression(fn: FunctionRef, e: number): boolean {
  return (fn.file.exprs[e * EXPR_STRIDE] as X) === X.Local;
}

/** Whether the lock was taken in the body of the loop whose head stands at `head`: then the next turn follows, and does not begin. */
export function isInBody(fn: FunctionRef, head: number, taken: number): boolean {
  const ways = new Ways(fn);
  const block = ways.blockOf(head);
  const [body, end] = ways.after(block);
  if (body === undefined || end === undefined) return false;
  return (
    ways.position(taken) > ways.position(head) && ways.reached(body, [block, end]).has(ways.blockOf(taken))
  );
}

function isLocal(fn: FunctionRef, e: number, v: number): boolean {
  return holderOf(fn, e) === v;
}

/** Whether an expression is a variable, or the address of a member of what it points at. */
function isAt(fn: FunctionRef, e: number, v: number): boolean {
  const at = e * EXPR_STRIDE;
  return (
    isLocal(fn, e, v) ||
    ((fn.file.exprs[at] as X) === X.Addr && isInside(fn, fn.file.exprs[at + 1] as number, v))
  );
}

/** Whether a place is a member, at any depth, of what a variable points at. */
function isInside(fn: FunctionRef, e: number, v: number): boolean {
  const at = e * EXPR_STRIDE;
  switch (fn.file.exprs[at] as X) {
    case X.Field:
    case X.Index: {
      const base = fn.file.exprs[at + 1] as number;
      return isLocal(fn, base, v) || isInside(fn, base, v);
    }
    default:
      return false;
  }
}

/** Whether a test compares a variable with another pointer, or, where the lock was away, anything with what it was before. */
function isCompared(fn: FunctionRef, e: number, v: number, wasAway: boolean): boolean {
  const { file } = fn;
  const at = e * EXPR_STRIDE;
  const kind = file.exprs[at] as X;
  if (kind === X.Unary || kind === X.Cast) return isCompared(fn, file.exprs[at + 2] as number, v, wasAway);
  if (kind !== X.Binary) return false;
  const left = file.exprs[at + 2] as number;
  const right = file.exprs[at + 3] as number;
  const op = file.exprs[at + 1] as number;
  if (op === EQ || op === NE) {
    const isConstant = (x: number): boolean => [X.Num, X.Name].includes(file.exprs[x * EXPR_STRIDE] as X);
    if (!isConstant(left) && !isConstant(right))
      if (wasAway || isLocal(fn, left, v) || isLocal(fn, right, v)) return true;
    return false;
  }
  return isCompared(fn, left, v, wasAway) || isCompared(fn, right, v, wasAway);
}

function isPut(name: string): boolean {
  return /(^|_)put(_|$)/.test(name);
}
