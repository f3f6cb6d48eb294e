/**
 * One function, walked once: path states go through its graph, calls apply the callee's effect, and what comes out is
 * the function's own effect, its calls with their states, and the events that rules look at.
 */
import {
  CALL_LOOP,
  EXPR_STRIDE,
  Fn,
  OP_STRIDE,
  Op,
  operatorCode,
  VAR_ADDRESS_TAKEN,
  WARNS_IF_FALSE,
  WARNS_IF_TRUE,
  X,
} from '../facts/encode.js';
import { isStateKind } from '../model/lock-kinds.js';
import { type FunctionRef, readList } from '../program/program.js';
import { readAnnotations } from './annotations.js';
import { type CallSite, touched } from './call-site.js';
import { applyFunction } from './callee-calls.js';
import { applyCall, type Target } from './calls.js';
import { blockOf, calledName, comesBack, cutsOff, fnColumn, type Graph, graphOf, leadingTo } from './cfg.js';
import { EffectRecorder } from './effect.js';
import { Evaluator, withTemp } from './evaluate.js';
import { Frontier, keyOf, MAX_LOCK_SETS, MAX_STATES } from './frontier.js';
import { acquired, released } from './holds.js';
import { join } from './join.js';
import { ANY, assume, maskOf, NO_FACTS, POSITIVE, restrict, sharedFacts, withFact, ZERO } from './known.js';
import { showPlace } from './names.js';
import { Pruner } from './prune.js';
import type { FunctionResult, Observer } from './result.js';
import type { ScopeStep } from './scope-classes.js';
import type { Shared } from './shared.js';
import { type Lock, locksKey, NO_LOCKS, State, sureLocks } from './state.js';
import { MAX_TERM_DEPTH, T, type Terms } from './terms.js';
import { Calling } from './translate.js';
import { anew, renamed, storedTo } from './values.js';

/** After so many operations times states fewer states are kept apart: a hundredth of all functions took half the time. */
export const STEP_BUDGET = 6000;
/** States kept apart past the budget. */
const STATES_PAST_BUDGET = 4;
/** In a loop a value of more hops than this gets a name of its own. */
const MAX_LOOP_DEPTH = 6;
/** Elsewhere a value of more hops than this: a place of a lock is some more away from it. */
const MAX_VALUE_DEPTH = MAX_TERM_DEPTH - 6;
/** Functions with more operations than this are looked at with one state a point. */
export const HUGE_FUNCTION = 4000;

const EQ = operatorCode('==');
const NOT = operatorCode('!');

/** Walks one function. */
export class FunctionRun {
  readonly graph: Graph;
  readonly ev: Evaluator;
  readonly effect: EffectRecorder;
  private readonly frontier: Frontier;
  readonly pruner: Pruner;
  readonly calling: Calling;
  /** By term that callees speak of: whether it reads what this function alone knows the value of. */
  readonly ownReads = new Map<number, boolean>();
  private readonly firstOp: number;
  /** Names of old values of memory, and the loads that gave them. */
  readonly snapshots = new Map<number, number>();
  /** By name: what is meant where it is called. */
  readonly targets = new Map<string, Target>();
  /** Locks of the caller that were given back and taken again here, each with the operation that took it. */
  private readonly retaken: Lock[] = [];
  /** By head of a loop macro: the locals that it stores to. */
  readonly loopVariables = new Map<number, readonly number[]>();
  /** Operations times states walked so far. */
  private steps = 0;
  /** A second look: what was taken and given back on the way is remembered. */
  private readonly careful: boolean;
  private block = 0;
  private only: Uint8Array | null = null;

  constructor(
    readonly shared: Shared,
    readonly fn: FunctionRef,
    private readonly observer: Observer | null = null,
    keep = MAX_STATES,
    goals: readonly number[] | null = null,
  ) {
    const { terms, program, model } = shared;
    this.graph = graphOf(fn.file, fn.index);
    this.ev = new Evaluator(terms, program, fn.file, this.graph, shared.classes, (n) => model.helpers.has(n));
    this.effect = new EffectRecorder(shared, this.ev);
    this.calling = new Calling(terms);
    this.firstOp = fnColumn(fn.file, fn.index, Fn.FirstOp);
    const everyTest = observer !== null;
    this.pruner = new Pruner(terms, this.graph, fn.file.strings, this.ev.addressTaken, everyTest);
    this.frontier = new Frontier(
      terms,
      this.graph,
      this.pruner,
      this.graph.opCount > HUGE_FUNCTION ? 2 : keep,
      goals === null ? null : leadingTo(this.graph, goals),
    );
    this.careful = keep > MAX_STATES;
  }

  get terms(): Terms {
    return this.shared.terms;
  }

  /** The state at the start: parameters hold their own names. */
  private initial(): State {
    const vars: number[] = new Array<number>(this.graph.variableCount).fill(-1);
    for (let p = 0; p < this.graph.parameterCount; p++) vars[p] = this.terms.param(p);
    return new State(
      vars,
      [],
      [],
      NO_LOCKS,
      NO_LOCKS,
      NO_FACTS,
      false,
      false,
      false,
      false,
      false,
      false,
      [],
    );
  }

  /** Runs to the end. The terms made for this function are gone afterwards. */
  run(): FunctionResult {
    const outer = this.terms.beginLocal();
    this.walk(-1);
    readAnnotations(this, this.effect.asserted);
    const result = this.effect.result(this.frontier.widened);
    this.terms.endLocal(outer);
    return result;
  }

  /**
   * Runs for the observer alone. The terms made for this function are gone afterwards, unless they go to `kept` (`Terms.keptLocal`).
   * `until`: an operation after which nothing is of interest.
   */
  show(kept: unknown = null, until = -1): void {
    const outer = kept === null ? this.terms.beginLocal() : this.terms.swapLocal(kept);
    this.effect.muted = true;
    this.walk(until);
    if (kept === null) this.terms.endLocal(outer);
    else this.terms.swapLocal(outer);
  }

  /** The observer is shown these operations only. */
  showOnly(ops: Iterable<number>): void {
    this.only = new Uint8Array(this.graph.opCount);
    for (const op of ops) this.only[op] = 1;
  }

  private walk(until: number): void {
    const { graph } = this;
    const last = until < 0 ? -1 : blockOf(graph, until);
    const end = last < 0 || comesBack(graph, last) ? graph.blockCount : (graph.order[last] as number);
    if (graph.blockCount > 0) this.frontier.push(0, this.initial());
    for (let at = this.frontier.next(); at !== null; at = this.frontier.next()) {
      if ((graph.order[at.block] as number) > end) break;
      this.runBlock(at.block, at.states);
    }
  }

  // ---- operations

  private runBlock(block: number, states: readonly State[]): void {
    this.block = block;
    this.steps +=
      states.length *
      ((this.graph.blockStart[block + 1] as number) - (this.graph.blockStart[block] as number));
    if (!this.careful && this.steps > STEP_BUDGET)
      this.frontier.maxStates = Math.min(this.frontier.maxStates, STATES_PAST_BUDGET);
    const file = this.fn.file;
    const end = this.graph.blockStart[block + 1] as number;
    let current: readonly State[] = states;
    for (let o = this.graph.blockStart[block] as number; o < end; o++) {
      if (current.length === 0) return;
      const at = (this.firstOp + o) * OP_STRIDE;
      const a = file.ops[at + 1] as number;
      const b = file.ops[at + 2] as number;
      if (this.observer !== null && (this.only === null || this.only[o] === 1))
        current = this.observed(this.observer, o, current);
      switch (file.ops[at] as Op) {
        case Op.Call: {
          const next: State[] = [];
          const argExprs = readList(file, b);
          for (const s of current)
            this.call(s, o, a, argExprs, file.ops[at + 3] as number, file.ops[at + 4] as number, next);
          current = next.length > this.frontier.maxStates * 2 ? this.compact(next, o) : next;
          break;
        }
        case Op.Assign:
          current = current.map((s) => this.assign(s, o, a, b));
          break;
        case Op.Set:
          current = current.map((s) => s.withTemps(withTemp(s.temps, a, this.ev.value(s, b))));
          this.tempType(a, b);
          break;
        case Op.Declare:
          current = current.map((s) => this.declare(s, o, a, b));
          break;
        case Op.Eval:
          for (const s of current) this.ev.value(s, a);
          break;
        case Op.Branch: {
          const yes = b;
          const no = file.ops[at + 3] as number;
          const warns = file.ops[at + 4] as number;
          for (const s of current) {
            const term = this.ev.value(s, a);
            this.branch(this.inLoopBody(s, term), term, true, yes, warns === WARNS_IF_TRUE, a);
            this.branch(s, term, false, no, warns === WARNS_IF_FALSE, a);
          }
          return;
        }
        case Op.Jump:
          for (const s of current) this.frontier.push(a, s);
          return;
        case Op.Switch:
          this.switchTo(current, a, b);
          return;
        case Op.Return:
          for (const s of current)
            this.effect.leave(s, o, a >= 0 ? this.ev.value(s, a) : null, this.snapshots);
          return;
        case Op.Stop:
          return;
        case Op.Guard:
          current = this.guard(current, o, file.strings[a] ?? '', b, file.ops[at + 3] as number);
          break;
        case Op.Cleanup:
          current = this.cleanup(current, o, a);
          break;
      }
    }
  }

  private observed(observer: Observer, op: number, states: readonly State[]): readonly State[] {
    let changed = false;
    const out = states.map((s) => {
      const trail = observer(op, s);
      if (trail === undefined || trail === s.trail) return s;
      changed = true;
      return s.withTrail(trail);
    });
    return changed ? out : states;
  }

  /** Drops duplicates among the states at one point, and brings what are still too many together. */
  private compact(states: readonly State[], op: number): State[] {
    const keys = new Map<number, number>();
    const out: State[] = [];
    for (const s of states) {
      const key = keyOf(s);
      const known = keys.get(key);
      if (known !== undefined) {
        const first = out[known] as State;
        out[known] = first.withAside(sharedFacts(first.aside, s.aside));
        continue;
      }
      keys.set(key, out.length);
      out.push(s);
    }
    return out.length > this.frontier.maxStates * 2 ? this.joined(out, op) : out;
  }

  /** One state for each set of locks: calls in a row, each with several ways out, would make more of them without end. */
  private joined(states: readonly State[], op: number): State[] {
    const out = new Map<string, State>();
    // Values that meet here go by a name that no block has
    const here = this.graph.blockCount + op;
    for (const s of states) {
      const key = `${locksKey(sureLocks(s.locks))}|${locksKey(sureLocks(s.released))}|${s.doubt}|${s.trail}`;
      const known = out.get(key);
      out.set(key, known === undefined ? s : join(this.terms, here, known, s));
    }
    if (out.size > MAX_LOCK_SETS) this.frontier.widened = true;
    return [...out.values()].slice(0, MAX_LOCK_SETS);
  }

  /** `warns`: the code says that it cannot come here, so that what follows is in doubt. `expr`: what is tested. */
  private branch(s: State, term: number, truth: boolean, target: number, warns = false, expr = -1): void {
    const assumed = assume(this.terms, s.facts, term, truth);
    if (assumed === null) return;
    const guarded = s.guarded || (this.terms.isSoft(term) && this.hangsOnLocal(term));
    const lastRef = s.lastRef || this.isLastPut(term, truth);
    const apart = guarded !== s.guarded || lastRef !== s.lastRef;
    const doubt = warns || (assumed.doubt && !(this.readsMemory(expr) && this.asksAgain(s)));
    this.frontier.push(
      target,
      apart
        ? s.branched(assumed.facts, s.doubt || doubt, guarded, lastRef)
        : s.withFacts(assumed.facts, doubt),
    );
  }

  /**
   * Whether the test that ends the block is the first one after a lock was taken that is still held: whoever tests memory again there
   * means that it may have changed while the lock was waited for, and both outcomes are real.
   */
  private asksAgain(s: State): boolean {
    const from = this.graph.blockStart[this.block] as number;
    const to = this.graph.blockStart[this.block + 1] as number;
    const lock = s.locks.find(
      (l) => l.fn === this.fn.id && !l.may && !isStateKind(l.kind) && l.op >= from && l.op < to,
    );
    // What a function took for this one, its result speaks of
    if (lock === undefined || !this.shared.model.helpers.has(calledName(this.fn, lock.op))) return false;
    for (let op = lock.op + 1; op < to; op++) {
      const name = calledName(this.fn, op);
      if (name !== '' && !this.shared.model.readers.has(name)) return false;
    }
    return true;
  }

  /** Whether a condition reads memory where it stands, and not only what was read before. */
  private readsMemory(expr: number): boolean {
    if (expr < 0) return false;
    const { exprs } = this.fn.file;
    const at = expr * EXPR_STRIDE;
    switch (exprs[at] as X) {
      case X.Field:
      case X.Deref:
      case X.Index:
      case X.Temp:
        return true;
      case X.Unary:
      case X.Cast:
        return this.readsMemory(exprs[at + 2] as number);
      case X.Binary:
        return this.readsMemory(exprs[at + 2] as number) || this.readsMemory(exprs[at + 3] as number);
      default:
        return false;
    }
  }

  /** In the body of `list_for_each_entry(pos, ...)` pos is an entry, never NULL. */
  private inLoopBody(s: State, term: number): State {
    const { terms } = this;
    if (terms.kind(term) !== T.Fresh || terms.b(term) !== 0 || !this.isLoopHead(terms.a(term))) return s;
    let facts = s.facts;
    for (let v = 0; v < s.vars.length; v++) {
      const t = s.vars[v] as number;
      if (t < 0 || terms.kind(t) !== T.Fresh || terms.a(t) !== terms.a(term)) continue;
      if ((this.ev.variableType(v)?.depth ?? 0) > 0) facts = withFact(facts, t, POSITIVE);
    }
    return s.withFacts(facts);
  }

  private isLoopHead(op: number): boolean {
    if (op < 0 || op >= this.graph.opCount) return false;
    const at = (this.firstOp + op) * OP_STRIDE;
    return (
      (this.fn.file.ops[at] as Op) === Op.Call && ((this.fn.file.ops[at + 4] as number) & CALL_LOOP) !== 0
    );
  }

  private switchTo(states: readonly State[], expr: number, list: number): void {
    const file = this.fn.file;
    const cases = readList(file, list);
    for (const s of states) {
      const term = this.ev.value(s, expr);
      const number = this.terms.number(term);
      let matched = false;
      let fallback = -1;
      let rest: State | null = s;
      for (let i = 0; i + 1 < cases.length; i += 2) {
        const label = cases[i] as number;
        const block = cases[i + 1] as number;
        if (label < 0) {
          fallback = block;
          continue;
        }
        const value = this.ev.value(s, label);
        const n = this.terms.number(value);
        if (number !== null && n !== null) {
          if (n === number) {
            matched = true;
            this.frontier.push(block, s);
            break;
          }
          continue;
        }
        const eq = this.ev.binary(EQ, term, value);
        this.branch(s, eq, true, block);
        if (rest === null) continue;
        const not = assume(this.terms, rest.facts, eq, false);
        rest = not === null ? null : rest.withFacts(not.facts, not.doubt);
      }
      if (!matched && fallback >= 0 && rest !== null) this.frontier.push(fallback, rest);
    }
  }

  /** Gives the value made by an operation, after renaming what an earlier turn of a loop made there. */
  made(s: State, op: number, detail = 0): { state: State; term: number } {
    const term = this.terms.fresh(op, detail);
    if (this.graph.inLoop[this.block] === 0) return { state: s, term };
    return { state: anew(this.terms, s, term, op), term };
  }

  private tempType(temp: number, expr: number): void {
    if (this.ev.tempTypes.has(temp)) return;
    const type = this.ev.typeOf(expr);
    if (type !== null) this.ev.tempTypes.set(temp, type);
  }

  private declare(s: State, op: number, variable: number, expr: number): State {
    if (expr < 0) {
      const vars = s.vars.slice();
      vars[variable] = -1;
      return s.withVars(vars);
    }
    const type = this.ev.typeOf(expr);
    if (type !== null) this.ev.setVariableType(variable, type);
    return this.store(s, op, variable, expr);
  }

  private store(s: State, op: number, variable: number, expr: number): State {
    let value = this.ev.value(s, expr);
    let state = s;
    if (
      value === this.terms.unknown ||
      (this.graph.inLoop[this.block] === 1 && this.readsVariable(expr, variable))
    ) {
      const m = this.made(s, op, 1);
      state = m.state;
      const known = maskOf(this.terms, s.facts, value);
      value = m.term;
      if (known !== ANY && known !== 0 && this.fn.file.exprs[expr * EXPR_STRIDE] === X.Unary)
        state = state.withFacts(withFact(state.facts, value, known));
    }
    // `p = p->next` through another variable: without a name of its own a value would grow with every turn
    // In any case what hangs on it later must still have one
    const deepest = this.graph.inLoop[this.block] === 1 ? MAX_LOOP_DEPTH : MAX_VALUE_DEPTH;
    if (this.terms.depth(value) > deepest) {
      const m = this.made(state, op, 7);
      state = renamed(this.terms, m.state, value, m.term);
      value = m.term;
    }
    this.typed(variable, value);
    const vars = state.vars.slice();
    vars[variable] = value;
    if (variable < this.graph.parameterCount && this.fn.isMacro) this.effect.sets.add(variable);
    return state.withVars(vars);
  }

  /** What a variable is declared to point at is what its value points at, where memory says `void *`. */
  private typed(variable: number, value: number): void {
    const kind = this.terms.kind(value);
    if ((kind !== T.Load && kind !== T.Fresh) || this.ev.pointeeOf(value) !== '') return;
    const type = this.ev.variableType(variable);
    if (type?.depth === 1 && type.base.startsWith('struct ')) this.ev.termTypes.set(value, type);
  }

  private readsVariable(expr: number, variable: number): boolean {
    const e = this.fn.file.exprs;
    const at = expr * EXPR_STRIDE;
    switch (e[at] as X) {
      case X.Local:
        return e[at + 1] === variable;
      case X.Field:
      case X.Deref:
      case X.Addr:
        return this.readsVariable(e[at + 1] as number, variable);
      case X.Index:
        return (
          this.readsVariable(e[at + 1] as number, variable) ||
          this.readsVariable(e[at + 2] as number, variable)
        );
      case X.Unary:
      case X.Cast:
        return this.readsVariable(e[at + 2] as number, variable);
      case X.Binary:
        return (
          this.readsVariable(e[at + 2] as number, variable) ||
          this.readsVariable(e[at + 3] as number, variable)
        );
      default:
        return false;
    }
  }

  private assign(s: State, op: number, place: number, expr: number): State {
    const file = this.fn.file;
    if ((file.exprs[place * EXPR_STRIDE] as X) === X.Local)
      return this.store(s, op, file.exprs[place * EXPR_STRIDE + 1] as number, expr);
    return this.storeTo(s, this.ev.place(s, place), this.ev.value(s, expr), op);
  }

  /** The state after a store through a pointer, to a global or to a member. */
  storeTo(s: State, location: number, value: number, op: number): State {
    this.effect.writeTo(location);
    return storedTo(this.terms, s, location, value, op, this.snapshots);
  }

  private call(
    s: State,
    op: number,
    callee: number,
    argExprs: readonly number[],
    temp: number,
    flags: number,
    out: State[],
  ): void {
    const args = argExprs.map((e) => this.ev.value(s, e));
    const site: CallSite = { op, callee, argExprs, args, temp, flags };
    applyCall(this, s, site, out);
  }

  private guard(states: readonly State[], op: number, cls: string, list: number, variable: number): State[] {
    const scope = this.shared.scopes.of(cls, this.fn.file);
    const argExprs = readList(this.fn.file, list);
    const out: State[] = [];
    for (const s of states) {
      const args = argExprs.map((e) => this.ev.value(s, e));
      const vars = s.vars.slice();
      vars[variable] = args[0] ?? this.terms.unknown;
      const state = s.withVars(vars);
      const after: State[] = [];
      this.scopeStep(state, scope?.acquire ?? null, op, argExprs, args, after);
      // The body of a conditional guard runs only where the lock was taken
      const taken =
        scope?.conditional === true ? after.filter((x) => x.locks.length > state.locks.length) : after;
      out.push(...(taken.length > 0 ? taken : after));
    }
    return out;
  }

  /** The beginning or the end of a scope class. */
  private scopeStep(
    s: State,
    step: ScopeStep,
    op: number,
    argExprs: readonly number[],
    args: readonly number[],
    out: State[],
  ): void {
    const site: CallSite = { op, callee: -1, argExprs, args, temp: -1, flags: 0 };
    if (step === '') out.push(s);
    else if (step === null) out.push(touched(this, s, site));
    else if (typeof step === 'string') applyCall(this, s, { ...site, name: step }, out);
    else applyFunction(this, s, site, step, out);
  }

  private cleanup(states: readonly State[], op: number, variable: number): State[] {
    const text = this.ev.variableCleanup(variable);
    const at = text.indexOf(':');
    const how = text.slice(0, at);
    const what = text.slice(at + 1);
    const step =
      how === 'guard'
        ? (this.shared.scopes.of(what, this.fn.file)?.release ?? null)
        : how === 'free'
          ? (this.shared.model.freeClasses.get(what)?.helper ?? what)
          : what;
    if (step === null) return [...states];
    const out: State[] = [];
    for (const s of states) {
      const value = this.ev.variable(s, variable);
      const arg = how === 'call' ? this.terms.addr(this.terms.localPlace(variable)) : value;
      // A free class does nothing for NULL
      if (how === 'free' && maskOf(this.terms, s.facts, value) === ZERO) {
        out.push(s);
        continue;
      }
      // Where a scope was entered, its argument was there: `if (_T)` before an unlock holds
      const entered =
        typeof step === 'object'
          ? (restrict(this.terms, s.facts, value, POSITIVE)?.facts ?? s.facts)
          : s.facts;
      this.scopeStep(s.withFacts(entered), step, op, [], [arg], out);
    }
    return out;
  }

  // ---- locks

  /** The state with one more lock held. */
  acquire(s: State, lock: Lock): State {
    this.effect.noteTaken(lock);
    const nests = this.shared.model.lockClasses.get(lock.class)?.nests === true;
    const after = acquired(this.terms, s, lock, nests);
    if (after.released.length < s.released.length && !lock.may && lock.fn === this.fn.id) {
      const brought = s.released.find((r) => !after.released.includes(r)) as Lock;
      if (!this.retaken.some((l) => l.op === lock.op && l.place === brought.place && l.kind === brought.kind))
        this.retaken.push(brought.takenAt(lock.fn, lock.op));
    }
    return after;
  }

  /**
   * Locks of the caller that every way to an operation has taken again since the function gave them back: it is not the caller any
   * more who took them.
   */
  retakenBefore(op: number): readonly Lock[] {
    return this.retaken.filter((lock) => {
      const others = this.retaken.filter((l) => l.place === lock.place && l.kind === lock.kind);
      return (
        cutsOff(
          this.graph,
          others.map((l) => l.op),
          op,
        ) && !others.some((l) => l.op > lock.op && l.op < op)
      );
    });
  }

  /** The state with a lock given back, be it its own or the caller's. */
  release(s: State, lock: Lock): State {
    this.effect.noteGiven(lock);
    return released(this.terms, s, lock, this.careful);
  }

  /** A lock as the function would write it. */
  showPlace(place: number): string {
    return showPlace(this.ev, place);
  }

  /** Whether a term is the result of a put, and its truth says that it was the last one (or would have been, and was not made). */
  private isLastPut(term: number, truth: boolean): boolean {
    const { terms } = this;
    let t = term;
    let told = truth;
    for (; terms.kind(t) === T.Un; t = terms.b(t)) if (terms.a(t) === NOT) told = !told;
    if (terms.kind(t) !== T.Fresh || terms.b(t) !== 0 || terms.a(t) >= this.graph.opCount) return false;
    const name = calledName(this.fn, terms.a(t));
    const put = this.shared.model.helpers.get(name)?.references?.find((r) => r.action === 'put');
    // `dec_not_one`: what gives 0 would have been the last
    return put !== undefined && told === (put.when !== 'result != 0');
  }

  /** Whether a term is of memory that belongs to this function: an initialised-or-not structure on the stack. */
  private hangsOnLocal(t: number): boolean {
    const { terms } = this;
    if (terms.kind(t) === T.Local) return true;
    const first = terms.firstChild(t);
    if (first < 0) return false;
    if (this.hangsOnLocal(first)) return true;
    const second = terms.secondChild(t);
    return second >= 0 && this.hangsOnLocal(second);
  }

  /** Whether an operation is a branch. */
  isBranch(op: number): boolean {
    return (this.fn.file.ops[(this.firstOp + op) * OP_STRIDE] as Op) === Op.Branch;
  }

  /** Whether the address of a variable was taken, for values that a callee may have stored. */
  isAddressTaken(v: number): boolean {
    return (this.ev.variableFlags(v) & VAR_ADDRESS_TAKEN) !== 0;
  }
}
