/**
 * rcu/unprotected-deref: a pointer that only the RCU read side keeps is not followed after the read side was closed. Followed on each path,
 * by the variables that hold it: whatever may have kept the object inside (a reference, a lock, a callee of which nothing is known) ends
 * it. A function that gives such a pointer back after closing its read side hands the mistake to its callers.
 */
import { calledName, fnColumn } from '../../contexts/cfg.js';
import type { Entry } from '../../contexts/entry-points.js';
import type { FunctionRun } from '../../contexts/flow.js';
import { maskOf, ZERO } from '../../contexts/known.js';
import { readsOf } from '../../contexts/operands.js';
import type { Lock, State } from '../../contexts/state.js';
import { T } from '../../contexts/terms.js';
import { CALL_LOOP, EXPR_STRIDE, Fn, OP_STRIDE, Op, operatorCode, X } from '../../facts/encode.js';
import type { Model } from '../../model/types.js';
import { type FunctionRef, readList } from '../../program/program.js';
import { dereferencesOf } from '../dereferences.js';
import { byLocks, heldIn, heldShown, isAllKnown } from '../holding.js';
import { madeBy } from '../lockless.js';
import { Mentions } from '../mentions.js';
import { holderIn, isInside, isPointerTo, onlyLooks } from '../only-looks.js';
import { calleeAt } from '../releases.js';
import { OfSituations, replay, visitExpressions } from '../replay.js';
import {
  type Draft,
  entryMethod,
  lineOf,
  pathTo,
  type Rule,
  type RuleContext,
  rcuOf,
  step,
  WIDENED,
} from '../rule.js';
import { Trails } from '../trails.js';
import { Ways } from '../ways.js';

const ID = 'rcu/unprotected-deref';

/** The heads of loops over lists under RCU, and what gives one entry of such a list. */
const WALKS = /^h?list(_bl|_nulls)?_for_each_entry(_continue|_from)?_rcu(_bh|_notrace)?$/;
const ENTRIES = /^list_(first|next)_or_null_rcu$|^list_entry_rcu$/;

/** Gives another pointer to the same object. */
const SAME_OBJECT = new Set(['container_of', 'container_of_const', 'list_entry', 'hlist_entry', 'rb_entry']);

/** Whoever gives a reference back had one. */
const GIVES_BACK = /(^|_)(put|unref|release|drop|free|unpin|deref)(_|$)/;

const EQ = operatorCode('==');
const NE = operatorCode('!=');

/** The rule. */
export const unprotectedDeref: Rule = {
  info: {
    id: ID,
    summary: 'A pointer that RCU protects is followed after the read side was closed.',
    law: 'A pointer that was read under RCU is not followed after rcu_read_unlock(): only a reference taken inside, or the lock of the update side, keeps what it points at.',
    severity: 'error',
    precision: 'high',
    onByDefault: true,
    fixable: false,
  },
  check(cx) {
    const out: Draft[] = [];
    const { propagation, results } = cx.analysis;
    if (propagation === null) return out;
    const search = new Search(cx);
    /** Functions that give such a pointer back when the read side is closed, with the return. */
    let lenders = new Map<number, number>();
    for (const fn of cx.functions) {
      if (!search.mayMatter(fn)) continue;
      if (results[fn.id]?.widened === true) {
        cx.silence?.(ID, fn, -1, WIDENED);
        continue;
      }
      const seen = new Set<number>();
      for (const [i, entry] of situationsOf(cx, fn)) {
        const { found, lent } = FOUND.of(cx.analysis, fn, entry, () => search.in(fn, entry, NO_CALLS));
        if (lent >= 0) lenders.set(fn.id, lent);
        for (const f of found)
          if (!seen.has(f.read)) {
            seen.add(f.read);
            out.push(draft(cx, fn, entry, i, f));
          }
      }
    }
    const said = new Set<string>();
    for (let round = 0; round < MAX_ROUNDS && lenders.size > 0; round++) {
      const next = new Map<number, number>();
      for (const fn of cx.functions) {
        const calls = callsOf(cx, fn, lenders);
        if (calls.size === 0 || results[fn.id]?.widened === true) continue;
        for (const [i, entry] of situationsOf(cx, fn)) {
          const { found, lent } = search.in(fn, entry, calls);
          if (lent >= 0 && !lenders.has(fn.id)) next.set(fn.id, lent);
          for (const f of found) {
            const callee = calls.get(f.read);
            if (callee === undefined || said.has(`${fn.id},${f.read}`)) continue;
            said.add(`${fn.id},${f.read}`);
            out.push(draft(cx, fn, entry, i, f, callee, lenders.get(callee)));
          }
        }
      }
      lenders = next;
    }
    return out;
  },
};

/** A pointer that a callee gives back is followed up through so many calls. */
const MAX_ROUNDS = 3;

const NO_CALLS: ReadonlyMap<number, number> = new Map();

/** The situations in which a function is no reader by the way it is entered. */
function situationsOf(cx: RuleContext, fn: FunctionRef): readonly (readonly [number, Entry])[] {
  return byLocks(cx.analysis.propagation?.entries[fn.id] ?? []).filter(([, entry]) => {
    if (!entry.walk && entry.atomic === '') return true;
    const why = entry.walk ? 'RCU-walk' : entry.atomic;
    cx.silence?.(ID, fn, -1, `in one of its situations all of it is a read side (${why})`);
    return false;
  });
}

/** Operations of a function that call one of these, with which one. */
function callsOf(
  cx: RuleContext,
  fn: FunctionRef,
  lenders: ReadonlyMap<number, number>,
): ReadonlyMap<number, number> {
  const out = new Map<number, number>();
  for (const e of cx.analysis.results[fn.id]?.edges ?? [])
    if (lenders.has(e.callee) && e.callee !== fn.id && calleeAt(cx, fn.id, e.op) === e.callee)
      out.set(e.op, e.callee);
  return out;
}

/** A pointer that the read side keeps, or kept. */
interface Pointer {
  /** Local variable, or a temporary as `-2 - number`. */
  readonly holder: number;
  /** The operation that read it. */
  readonly read: number;
  /** The operation that closes the read side, as far as is known; -1. */
  readonly end: number;
  readonly isClosed: boolean;
}

/** A pointer that is followed too late. */
interface Found {
  readonly op: number;
  readonly read: number;
  readonly end: number;
  readonly text: string;
  readonly type: string;
  readonly reopened: boolean;
  readonly held: Draft['held'];
  readonly rcu: Draft['rcu'];
}

/** What was found in a function; `lent`: the return that gives such a pointer to the caller, or -1. */
interface Looked {
  readonly found: readonly Found[];
  readonly lent: number;
}

const FOUND = new OfSituations<Looked>('callees');

/** Pointers that are followed at once. */
const MAX_POINTERS = 8;

const SOURCES = new WeakMap<Model, ReadonlySet<string>>();

/** What gives a pointer that only the read side keeps. */
function sourcesOf(model: Model): ReadonlySet<string> {
  let names = SOURCES.get(model);
  if (names === undefined) {
    names = new Set([...model.helpers.values()].filter((h) => h.underRcu === true).map((h) => h.name));
    SOURCES.set(model, names);
  }
  return names;
}

class Search {
  private readonly sources: ReadonlySet<string>;
  private readonly closing: Mentions;

  constructor(private readonly cx: RuleContext) {
    const { model } = cx.analysis;
    this.sources = sourcesOf(model);
    const closes: string[] = ['rcu'];
    for (const h of model.helpers.values())
      if (h.releases?.some((l) => l.kind === 'rcu') === true) closes.push(h.name);
    for (const g of model.guards.values()) if (closes.includes(g.release)) closes.push(g.name);
    this.closing = new Mentions(closes);
  }

  /** Whether a read side may be closed after such a pointer was read, by the text alone. */
  mayMatter(fn: FunctionRef): boolean {
    if (fn.isMacro || !this.closing.in(fn)) return false;
    const reads = this.opsThat(fn, (op) => this.isSource(fn, op));
    if (reads.length === 0) return false;
    const ends = this.opsThat(fn, (op) => this.closes(fn, op));
    if (ends.length === 0) return false;
    const ways = new Ways(fn);
    return reads.some((r) => ends.some((e) => ways.isAfter(r, e) && ways.behind(e).length > 0));
  }

  private opsThat(fn: FunctionRef, is: (op: number) => boolean): number[] {
    const out: number[] = [];
    const count = fnColumn(fn.file, fn.index, Fn.OpCount);
    for (let op = 0; op < count; op++) if (is(op)) out.push(op);
    return out;
  }

  private isSource(fn: FunctionRef, op: number): boolean {
    const name = calledName(fn, op);
    return name !== '' && (this.sources.has(name) || WALKS.test(name) || ENTRIES.test(name));
  }

  /** Whether an operation may close a read side. */
  private closes(fn: FunctionRef, op: number): boolean {
    if (kindOf(fn, op) === Op.Cleanup) return true;
    const name = calledName(fn, op);
    if (name === '') return false;
    const helper = this.cx.analysis.model.helpers.get(name);
    if (helper !== undefined) return helper.releases?.some((l) => l.kind === 'rcu') === true;
    const callee = calleeAt(this.cx, fn.id, op);
    return callee >= 0 && this.cx.analysis.results[callee]?.releases.has('rcu|rcu') === true;
  }

  /** `calls`: operations that call what lends a pointer whose read side is closed. */
  in(fn: FunctionRef, entry: Entry, calls: ReadonlyMap<number, number>): Looked {
    let lent = -1;
    const out = new Map<number, Found>();
    const trails = new Trails<readonly Pointer[]>();
    const closing = new Set(this.opsThat(fn, (op) => this.closes(fn, op)));
    replay(this.cx.analysis, fn, entry, (run, op, s) => {
      let now = trails.of(s.trail) ?? [];
      const isAsked = now.length > 0 || calls.has(op) || this.isSource(fn, op);
      const held = isAsked ? heldIn(run, entry, s) : [];
      const isOpen = held.some((l) => l.kind === 'rcu');
      if (now.length > 0 && !isOpen) now = this.closed(fn, op, now, isLocked(held));
      for (const p of now) {
        if (!p.isClosed || out.has(p.read) || s.blurred || !this.isFollowed(fn, op, p.holder)) continue;
        if (p.holder < 0 || (maskOf(run.terms, s.facts, run.ev.variable(s, p.holder)) & ~ZERO) === 0)
          continue;
        out.set(p.read, {
          op,
          read: p.read,
          end: p.end >= 0 ? p.end : op,
          text: run.ev.variableName(p.holder),
          type: run.ev.variableType(p.holder)?.base ?? '',
          reopened: isOpen,
          held: heldShown(this.cx, fn, run, entry, s, op),
          rcu: rcuOf(entry, run.effect.shownLocks(s)),
        });
      }
      if (lent < 0 && kindOf(fn, op) === Op.Return && !s.blurred)
        for (const e of readsOf(fn, op))
          if (
            now.some((p) => holderIn(fn.file, e) === p.holder && (p.isClosed || !isOpen)) &&
            (maskOf(run.terms, s.facts, run.ev.value(s, e)) & ~ZERO) !== 0
          )
            lent = op;
      if (this.cx.silence !== undefined) this.noteLooks(run, fn, op, now, out);
      const kept = now.filter((p) => this.isKept(fn, op, p));
      for (const p of kept)
        if (p.holder >= 0)
          this.quiet(
            fn,
            op,
            run.ev.variableName(p.holder),
            'something here may keep it, or shows that it is kept',
          );
      if (kept.length > 0) now = now.filter((p) => !kept.some((k) => k.read === p.read));
      if (closing.has(op) && isOpen) now = now.map((p) => (p.isClosed ? p : { ...p, end: op }));
      now = this.stored(run, fn, op, s, now, isOpen);
      if (calls.has(op)) now = lentBy(fn, op, now, isOpen, isLocked(held));
      if (now.length === 0) return 0;
      return trails.number(now, now.map((p) => `${p.holder},${p.read},${p.end},${p.isClosed}`).join(';'));
    });
    return { found: [...out.values()], lent };
  }

  /** The pointers once the read side is closed: what is held then was held before, and may be the update side's lock. */
  private closed(
    fn: FunctionRef,
    op: number,
    now: readonly Pointer[],
    isLocked: boolean,
  ): readonly Pointer[] {
    if (now.every((p) => p.isClosed)) return now;
    if (!isLocked) return now.map((p) => (p.isClosed ? p : { ...p, isClosed: true }));
    for (const p of now)
      if (!p.isClosed)
        this.quiet(
          fn,
          op,
          '',
          'a lock is held across the end of the read side: it may be that of the update side',
        );
    return now.filter((p) => p.isClosed);
  }

  private quiet(fn: FunctionRef, op: number, name: string, why: string): void {
    this.cx.silence?.(ID, fn, op, name === '' ? why : `'${name}' was read under RCU, and ${why}`);
  }

  /** Takes note of uses after the end that follow nothing. */
  private noteLooks(
    run: FunctionRun,
    fn: FunctionRef,
    op: number,
    now: readonly Pointer[],
    out: ReadonlyMap<number, Found>,
  ): void {
    for (const p of now) {
      if (!p.isClosed || p.holder < 0 || out.get(p.read)?.op === op) continue;
      if (readsOf(fn, op).some((e) => reads(fn, e, p.holder)))
        this.quiet(fn, op, run.ev.variableName(p.holder), 'is only compared, printed or stored here');
    }
  }

  /** Whether an operation follows a pointer, here or in what it calls. */
  private isFollowed(fn: FunctionRef, op: number, holder: number): boolean {
    const { file } = fn;
    let follows = false;
    for (const e of readsOf(fn, op))
      visitExpressions(file, e, (x) => {
        if (isInside(file, x, holder)) follows = true;
      });
    if (follows) return true;
    if (kindOf(fn, op) !== Op.Call || isLoopHead(fn, op)) return false;
    const name = calledName(fn, op);
    // What is printed is the pointer
    if (/print|^(pr|dev)_|^trace_|WARN/.test(name)) return false;
    return argumentsOf(fn, op).some((e, j) => {
      if (holderIn(file, e) === holder) return dereferencesOf(this.cx.analysis, fn, name, j) === 'yes';
      return isPointerTo(file, e, holder) && dereferencesOf(this.cx.analysis, fn, name, j) === 'yes';
    });
  }

  /** Whether an operation may keep what a pointer points at, hands it on, or shows that it is kept. */
  private isKept(fn: FunctionRef, op: number, p: Pointer): boolean {
    const { file } = fn;
    const at = (fnColumn(file, fn.index, Fn.FirstOp) + op) * OP_STRIDE;
    const [a, b] = [file.ops[at + 1] as number, file.ops[at + 2] as number];
    switch (file.ops[at] as Op) {
      case Op.Assign:
        // A count that is kept by hand, or the pointer is put where somebody may own it
        if (isInside(file, a, p.holder)) return true;
        return (file.exprs[a * EXPR_STRIDE] as X) !== X.Local && isPointerTo(file, b, p.holder);
      case Op.Branch:
      case Op.Eval:
        // Shown to be another pointer's object, `current` say: that one may be kept
        return isCompared(fn, a, p.holder);
      case Op.Guard:
        return readList(file, b).some((e) => isPointerTo(file, e, p.holder));
      case Op.Call:
        break;
      default:
        return false;
    }
    if (isLoopHead(fn, op)) return false;
    const name = calledName(fn, op);
    const helper = this.cx.analysis.model.helpers.get(name);
    // A reference on something that hangs on it may keep it as well
    if (helper?.references?.some((r) => r.action !== 'put') === true) return true;
    return argumentsOf(fn, op).some((e, j) => {
      if (SAME_OBJECT.has(name) || !hangsOn(fn, e, p.holder)) return false;
      if (GIVES_BACK.test(name)) return true;
      return !onlyLooks(this.cx.analysis, fn, name, j);
    });
  }

  /** The pointers after what an operation stores and reads. */
  private stored(
    run: FunctionRun,
    fn: FunctionRef,
    op: number,
    s: State,
    now: readonly Pointer[],
    isOpen: boolean,
  ): readonly Pointer[] {
    const { file } = fn;
    const at = (fnColumn(file, fn.index, Fn.FirstOp) + op) * OP_STRIDE;
    const [a, b] = [file.ops[at + 1] as number, file.ops[at + 2] as number];
    const without = (holder: number): Pointer[] => now.filter((p) => p.holder !== holder);
    const fresh = (holder: number): Pointer => ({ holder, read: op, end: -1, isClosed: false });
    const as = (holder: number, e: number): readonly Pointer[] => {
      const from = now.find((p) => isPointerTo(file, e, p.holder));
      const rest = without(holder);
      return from === undefined || rest.length >= MAX_POINTERS ? rest : [...rest, { ...from, holder }];
    };
    switch (kindOf(fn, op)) {
      case Op.Declare:
        return run.isAddressTaken(a) ? without(a) : as(a, b);
      case Op.Assign: {
        const holder = holderIn(file, a);
        return holder < 0 ? now : run.isAddressTaken(holder) ? without(holder) : as(holder, b);
      }
      case Op.Set:
        return as(-2 - a, b);
      case Op.Call:
        break;
      default:
        return now;
    }
    const name = calledName(fn, op);
    if (isLoopHead(fn, op)) {
      let [rest, isFirst] = [now, true];
      for (const e of argumentsOf(fn, op)) {
        const holder = holderIn(file, e);
        if (holder < 0) continue;
        rest = rest.filter((p) => p.holder !== holder);
        if (isFirst && isOpen && WALKS.test(name) && !run.isAddressTaken(holder))
          rest = [...rest, fresh(holder)];
        isFirst = false;
      }
      return rest.slice(0, MAX_POINTERS);
    }
    const temp = file.ops[at + 3] as number;
    if (temp < 0) return now;
    const holder = -2 - temp;
    const first = argumentsOf(fn, op)[0];
    if (SAME_OBJECT.has(name) && first !== undefined) return as(holder, first);
    const rest = without(holder).filter((p) => p.read !== op);
    if (!isOpen || !this.isSource(fn, op)) return rest;
    if (this.isOwn(run, s, first)) {
      this.quiet(fn, op, '', 'it is a member of the running task, which nobody else changes');
      return rest;
    }
    if (isMadeHere(run, s, first)) {
      this.quiet(fn, op, '', 'it is a member of what was made here, which nobody else changes');
      return rest;
    }
    if (this.isOfPinned(run, s, name, first)) {
      this.quiet(fn, op, '', 'the dentry may be pinned, and then keeps its inode');
      return rest;
    }
    return [...rest, fresh(holder)].slice(0, MAX_POINTERS);
  }

  /** Whether a member is asked of a dentry that somebody may have pinned: then that keeps the inode, and not the read side. */
  private isOfPinned(run: FunctionRun, s: State, name: string, e: number | undefined): boolean {
    const returns = this.cx.analysis.model.helpers.get(name)?.returns ?? '';
    if (!returns.includes('->') || e === undefined) return false;
    return run.terms.lastField(run.ev.value(s, e)) !== 'd_parent';
  }

  /** Whether a pointer is a member of the running task, which nobody else changes. */
  private isOwn(run: FunctionRun, s: State, e: number | undefined): boolean {
    if (e === undefined) return false;
    const { terms } = run;
    const root = terms.root(run.ev.value(s, e));
    if (terms.kind(root) === T.Global) return terms.nameText(terms.a(root)) === 'current';
    return (
      terms.kind(root) === T.Fresh &&
      terms.a(root) < run.graph.opCount &&
      calledName(run.fn, terms.a(root)) === 'get_current'
    );
  }
}

/** The pointers after a call that lends one: kept where the caller is a reader itself, closed where nothing is held. */
function lentBy(
  fn: FunctionRef,
  op: number,
  now: readonly Pointer[],
  isOpen: boolean,
  isLocked: boolean,
): readonly Pointer[] {
  const temp = fn.file.ops[(fnColumn(fn.file, fn.index, Fn.FirstOp) + op) * OP_STRIDE + 3] as number;
  if (temp < 0 || (isLocked && !isOpen)) return now;
  const more: Pointer = { holder: -2 - temp, read: op, end: isOpen ? -1 : op, isClosed: !isOpen };
  return [...now.filter((p) => p.holder !== more.holder && p.read !== op), more].slice(0, MAX_POINTERS);
}

/** Whether something is held. What only some callers of a method hold the others do not. */
function isLocked(held: readonly Lock[]): boolean {
  return held.some((l) => !l.may || l.fn >= 0);
}

function kindOf(fn: FunctionRef, op: number): Op {
  return fn.file.ops[(fnColumn(fn.file, fn.index, Fn.FirstOp) + op) * OP_STRIDE] as Op;
}

function argumentsOf(fn: FunctionRef, op: number): readonly number[] {
  return readsOf(fn, op).slice(1);
}

function isLoopHead(fn: FunctionRef, op: number): boolean {
  const at = (fnColumn(fn.file, fn.index, Fn.FirstOp) + op) * OP_STRIDE;
  return (fn.file.ops[at] as Op) === Op.Call && ((fn.file.ops[at + 4] as number) & CALL_LOOP) !== 0;
}

/** Whether an argument is a pointer, a part of what it points at, or something that is read there and may be a pointer. */
function hangsOn(fn: FunctionRef, e: number, holder: number): boolean {
  const { file } = fn;
  if (isPointerTo(file, e, holder)) return true;
  let hangs = false;
  visitExpressions(file, e, (x) => {
    if (isInside(file, x, holder)) hangs = true;
  });
  return hangs;
}

/** Finds an entry of a table. */
const FINDS = /^(idr_find|xa_load|radix_tree_lookup)$/;

/** What is found in a list or table may stay there for as long as its owner lives, whom the caller may have pinned. */
function isOfTable(name: string): boolean {
  return WALKS.test(name) || ENTRIES.test(name) || FINDS.test(name);
}

/** Whether an expression reads a variable as it is. */
function reads(fn: FunctionRef, e: number, holder: number): boolean {
  if (e < 0) return false;
  const { file } = fn;
  if (holderIn(file, e) === holder) return true;
  const at = e * EXPR_STRIDE;
  const [b, c] = [file.exprs[at + 2] as number, file.exprs[at + 3] as number];
  const kind = file.exprs[at] as X;
  if (kind === X.Unary) return reads(fn, b, holder);
  return kind === X.Binary && (reads(fn, b, holder) || reads(fn, c, holder));
}

/** Whether a test compares a pointer with another one that is no constant: with what is there now. */
function isCompared(fn: FunctionRef, e: number, holder: number): boolean {
  const { file } = fn;
  const at = e * EXPR_STRIDE;
  const kind = file.exprs[at] as X;
  if (kind === X.Unary || kind === X.Cast) return isCompared(fn, file.exprs[at + 2] as number, holder);
  if (kind !== X.Binary) return false;
  const [left, right] = [file.exprs[at + 2] as number, file.exprs[at + 3] as number];
  const op = file.exprs[at + 1] as number;
  if (op !== EQ && op !== NE) return isCompared(fn, left, holder) || isCompared(fn, right, holder);
  const isConstant = (x: number): boolean => (file.exprs[x * EXPR_STRIDE] as X) === X.Num;
  return (
    (holderIn(file, left) === holder && !isConstant(right)) ||
    (holderIn(file, right) === holder && !isConstant(left))
  );
}

function draft(
  cx: RuleContext,
  fn: FunctionRef,
  entry: Entry,
  index: number,
  f: Found,
  callee = -1,
  lent = -1,
): Draft {
  const origin = cx.analysis.propagation?.origins[entry.origins[0] ?? -1];
  const lender = cx.analysis.program.functions[callee];
  const type = f.type.startsWith('struct ') ? ` (${f.type})` : '';
  const isKnown = isAllKnown(entry) && !isLocked(entry.locks) && !f.reopened;
  const read =
    lender === undefined
      ? `was read under RCU in line ${lineOf(fn, f.read)}`
      : `was read under RCU by '${lender.name}()'`;
  const closed =
    lender === undefined || f.end !== f.read ? `in line ${lineOf(fn, f.end)}` : 'before that gave it back';
  return {
    rule: ID,
    precision:
      lender !== undefined ? 'low' : isKnown && !isOfTable(calledName(fn, f.read)) ? 'high' : 'medium',
    certainty: 'must',
    message: `'${f.text}'${type} ${read} and is followed after the read side was closed ${closed}, with no reference: it may be freed by then`,
    fn: fn.id,
    op: f.op,
    entry: entryMethod(cx.analysis, origin),
    held: f.held,
    rcu: f.rcu,
    trace: [
      ...pathTo(cx, fn, index),
      step(
        'access',
        fn,
        f.read,
        lender === undefined ? `reads '${f.text}' under RCU` : `calls ${lender.name}()`,
      ),
      ...(lender === undefined ? [] : [step('access', lender, lent, 'gives it back after the read side')]),
      step('release', fn, f.end, 'the read side is closed'),
      step('access', fn, f.op, `follows '${f.text}'`),
      step('other-side', fn, f.op, 'unpublishes the object; the grace period ends, and it is freed', 1),
    ],
    objectClass: f.type === '' ? f.text : f.type,
  };
}

/** What says by its name that it gives something new. */
const MAKES = /(^|_)(create|alloc|new|make|clone|dup)(_|$)/;

/** Whether a pointer is a member of what a call in this function has made. */
function isMadeHere(run: FunctionRun, s: State, e: number | undefined): boolean {
  if (e === undefined) return false;
  const { terms } = run;
  const root = terms.root(run.ev.value(s, e));
  return terms.kind(root) === T.Fresh && terms.b(root) === 0 && MAKES.test(madeBy(run, root));
}
