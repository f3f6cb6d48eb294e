/**
 * One function, walked once: path states go through its graph, calls apply the callee's effect, and what comes out is
 * the function's own effect, its calls with their states, and the events that rules look at. Paths stay apart while they
 * differ in locks or in what decides about locks; past `MAX_STATES` a point they are merged, and the merge is the only
 * place where precision is given up.
 */
import {
  CALL_LOOP,
  EXPR_STRIDE,
  Fn,
  OP_STRIDE,
  Op,
  operatorCode,
  VAR_ADDRESS_TAKEN,
  X,
} from '../facts/encode.js';
import type { Model } from '../model/types.js';
import type { FunctionRef, MacroRef, Program } from '../program/program.js';
import { readList } from '../program/program.js';
import { readAnnotations } from './annotations.js';
import { applyCall, type CallSite } from './calls.js';
import { fnColumn, type Graph, graphOf } from './cfg.js';
import { type ClassesByField, Evaluator, JOIN_OP, withTemp } from './evaluate.js';
import { commonFacts, commonLocks, groupExits, implies, join } from './join.js';
import { showPlace } from './names.js';
import { Pruner } from './prune.js';
import type {
  CallEdge,
  Exit,
  FreeEffect,
  FunctionResult,
  LocalEvent,
  Observer,
  ParameterCall,
  ShownLock,
  SleepEffect,
  TakeEffect,
  Variant,
} from './result.js';
import {
  ANY,
  assume,
  type Facts,
  Hash,
  isAtomicKind,
  type Lock,
  locksKey,
  maskOf,
  NO_FACTS,
  NO_LOCKS,
  POSITIVE,
  type State,
  sameLock,
  withFact,
  ZERO,
} from './state.js';
import { T, type Terms } from './terms.js';
import { toCallee } from './translate.js';

/** States kept apart at one point; past it those with the same locks are merged. */
export const MAX_STATES = 12;
/** Distinct lock sets at one point; past it the function is widened: some states are not followed. */
export const MAX_LOCK_SETS = 24;
/** Visits of one block; past it the function is widened. */
export const MAX_VISITS = 150;
/** Alternatives kept in an effect. */
const MAX_EFFECTS = 6;
const MAX_TAKES = 16;
const MAX_FREES = 64;
const MAX_VARIANTS = 6;
/** After so many operations times states fewer states are kept apart: a hundredth of all functions took half the time. */
export const STEP_BUDGET = 6000;
/** States kept apart past the budget. */
const STATES_PAST_BUDGET = 4;
/** In a loop a value of more hops than this gets a name of its own. */
const MAX_LOOP_DEPTH = 6;
/** Functions with more operations than this are looked at with one state a point. */
export const HUGE_FUNCTION = 4000;

const EQ = operatorCode('==');

/** What all functions of a run share. */
export interface Shared {
  readonly terms: Terms;
  readonly program: Program;
  readonly model: Model;
  readonly classes: ClassesByField;
  /** Results so far, by function id. */
  readonly results: (FunctionResult | undefined)[];
  /** A macro as a function, compiled on first use; null where it is no code. */
  compile(macro: MacroRef): FunctionRef | null;
}

/** The place in `result` that stands for what the callee gives back. */
export const RESULT = '@result';

/** Walks one function. */
export class FunctionRun {
  readonly graph: Graph;
  readonly ev: Evaluator;
  private readonly pending: State[][] = [];
  private readonly seen: Set<number>[] = [];
  private readonly merged: Map<number, State>[] = [];
  private readonly doubtful: (State | undefined)[] = [];
  private readonly visits: number[] = [];
  private readonly pruner: Pruner;
  private readonly firstOp: number;
  private widened = false;
  private readonly exits: Exit[] = [];
  private readonly exitKeys = new Set<number>();
  readonly sleeps: SleepEffect[] = [];
  readonly takes: TakeEffect[] = [];
  readonly frees: FreeEffect[] = [];
  private readonly edges = new Map<string, { edge: CallEdge; variants: Variant[]; keys: Set<number> }>();
  private readonly parameterCalls = new Map<string, { call: ParameterCall; variants: Variant[] }>();
  readonly events: LocalEvent[] = [];
  private readonly eventKeys = new Set<string>();
  readonly sets = new Set<number>();
  private readonly acquired = new Set<string>();
  private readonly given = new Set<string>();
  readonly asserted: Lock[] = [];
  /** Names of old values of memory, and the loads that gave them. */
  readonly snapshots = new Map<number, number>();
  private allGrace = true;
  private maxStates: number;
  /** Operations times states walked so far. */
  private steps = 0;
  /** A second look: what was taken and given back on the way is remembered. */
  private readonly careful: boolean;
  private block = 0;

  constructor(
    readonly shared: Shared,
    readonly fn: FunctionRef,
    private readonly observer: Observer | null = null,
    keep = MAX_STATES,
  ) {
    this.graph = graphOf(fn.file, fn.index);
    this.ev = new Evaluator(shared.terms, shared.program, fn.file, this.graph, shared.classes, (n) =>
      shared.model.helpers.has(n),
    );
    this.firstOp = fnColumn(fn.file, fn.index, Fn.FirstOp);
    for (let b = 0; b < this.graph.blockCount; b++) {
      this.pending.push([]);
      this.seen.push(new Set());
      this.merged.push(new Map());
      this.visits.push(0);
    }
    this.pruner = new Pruner(
      shared.terms,
      this.graph,
      fn.file.strings,
      this.ev.addressTaken,
      observer !== null,
    );
    this.maxStates = this.graph.opCount > HUGE_FUNCTION ? 2 : keep;
    this.careful = keep > MAX_STATES;
  }

  get terms(): Terms {
    return this.shared.terms;
  }

  /** The state at the start: parameters hold their own names. */
  private initial(): State {
    const vars: number[] = new Array<number>(this.graph.variableCount).fill(-1);
    for (let p = 0; p < this.graph.parameterCount; p++) vars[p] = this.terms.param(p);
    return {
      vars,
      temps: [],
      heap: [],
      locks: NO_LOCKS,
      released: NO_LOCKS,
      facts: NO_FACTS,
      doubt: false,
      slept: false,
      grace: false,
      blurred: false,
      guarded: false,
      lastRef: false,
      done: [],
    };
  }

  /** Runs to the end. The terms made for this function are gone afterwards. */
  run(): FunctionResult {
    const { graph } = this;
    if (graph.blockCount > 0) this.push(0, this.initial());
    const byOrder = Array.from({ length: graph.blockCount }, (_, b) => b)
      .filter((b) => (graph.order[b] as number) >= 0)
      .sort((x, y) => (graph.order[x] as number) - (graph.order[y] as number));
    for (let i = 0; i < byOrder.length; ) {
      const block = byOrder[i] as number;
      const states = this.pending[block] as State[];
      if (states.length === 0) {
        i++;
        continue;
      }
      this.pending[block] = [];
      this.lowest = i + 1;
      this.runBlock(block, states);
      i = this.lowest;
    }
    const result = this.result();
    this.terms.resetLocal();
    return result;
  }

  private lowest = 0;

  // ---- states between blocks

  /** Hands a state to a block, pruned to what is still read. */
  private push(block: number, state: State): void {
    const s = this.pruner.prune(block, state);
    const key = this.keyOf(s);
    const seen = this.seen[block] as Set<number>;
    if (seen.has(key)) return;
    if (seen.size > MAX_VISITS) {
      this.widened = true;
      return;
    }
    const waiting = this.pending[block] as State[];
    if (s.doubt) {
      this.pushDoubtful(block, s, waiting, seen);
      return;
    }
    if (waiting.length >= this.maxStates || seen.size >= this.maxStates * 3) {
      waiting.push(s);
      this.merge(block, waiting);
    } else {
      seen.add(key);
      waiting.push(s);
    }
    const at = this.graph.order[block] as number;
    if (at < this.lowest) this.lowest = at;
  }

  /** Doubtful paths are never reported: one state a point says what may be there. */
  private pushDoubtful(block: number, s: State, waiting: State[], seen: Set<number>): void {
    const known = this.doubtful[block];
    const joined = known === undefined ? s : join(this.terms, block, known, s);
    const key = this.keyOf(joined);
    if (known !== undefined && seen.has(key)) return;
    seen.add(key);
    this.doubtful[block] = joined;
    const at = known === undefined ? -1 : waiting.indexOf(known);
    if (at >= 0) waiting[at] = joined;
    else waiting.push(joined);
    const order = this.graph.order[block] as number;
    if (order < this.lowest) this.lowest = order;
  }

  private keyOf(s: State): number {
    const h = new Hash();
    h.addLocks(s.locks);
    h.addLocks(s.released);
    h.addAll(s.facts);
    h.addAll(s.vars);
    h.addAll(s.temps);
    h.addAll(s.heap);
    h.add(
      (s.doubt ? 1 : 0) +
        (s.slept ? 2 : 0) +
        (s.grace ? 4 : 0) +
        (s.blurred ? 8 : 0) +
        (s.guarded ? 16 : 0) +
        (s.lastRef ? 32 : 0),
    );
    h.addAll(s.done);
    return h.done();
  }

  /** Brings the states that wait at a block below the bound. */
  private merge(block: number, waiting: State[]): void {
    const groups = new Map<number, State[]>();
    const out: State[] = [];
    for (const s of waiting) {
      // Doubtful ones are one already
      if (s.doubt) {
        out.push(s);
        continue;
      }
      const h = new Hash();
      h.addLocks(s.locks);
      h.addLocks(s.released);
      const key = h.done();
      const list = groups.get(key);
      if (list === undefined) groups.set(key, [s]);
      else list.push(s);
    }
    const seen = this.seen[block] as Set<number>;
    const before = this.merged[block] as Map<number, State>;
    for (const [name, group] of groups) {
      // What was merged here before is part of it: so a loop comes to rest instead of going on with ever new mixtures
      const known = before.get(name);
      let merged = known ?? (group[0] as State);
      for (const s of group) if (s !== merged) merged = join(this.terms, block, merged, s);
      const key = this.keyOf(merged);
      if (known !== undefined && this.keyOf(known) === key) {
        if (waiting.includes(known)) out.push(known);
        continue;
      }
      before.set(name, merged);
      if (group.length > 1 && seen.has(key) && !group.some((s) => this.keyOf(s) === key)) continue;
      seen.add(key);
      out.push(merged);
    }
    if (out.length > MAX_LOCK_SETS) {
      this.widened = true;
      out.length = MAX_LOCK_SETS;
    }
    this.pending[block] = out;
  }

  // ---- operations

  private runBlock(block: number, states: State[]): void {
    this.visits[block] = (this.visits[block] as number) + 1;
    if ((this.visits[block] as number) > MAX_VISITS) {
      this.widened = true;
      return;
    }
    this.block = block;
    this.steps +=
      states.length *
      ((this.graph.blockStart[block + 1] as number) - (this.graph.blockStart[block] as number));
    if (!this.careful && this.steps > STEP_BUDGET)
      this.maxStates = Math.min(this.maxStates, STATES_PAST_BUDGET);
    const file = this.fn.file;
    const end = this.graph.blockStart[block + 1] as number;
    let current = states;
    for (let o = this.graph.blockStart[block] as number; o < end; o++) {
      if (current.length === 0) return;
      const at = (this.firstOp + o) * OP_STRIDE;
      const a = file.ops[at + 1] as number;
      const b = file.ops[at + 2] as number;
      if (this.observer !== null) for (const s of current) this.observer(o, s);
      switch (file.ops[at] as Op) {
        case Op.Call: {
          const next: State[] = [];
          const argExprs = readList(file, b);
          for (const s of current)
            this.call(s, o, a, argExprs, file.ops[at + 3] as number, file.ops[at + 4] as number, next);
          current = next.length > this.maxStates * 2 ? this.compact(next) : next;
          break;
        }
        case Op.Assign:
          current = current.map((s) => this.assign(s, o, a, b));
          break;
        case Op.Set:
          current = current.map((s) => ({ ...s, temps: withTemp(s.temps, a, this.ev.value(s, b)) }));
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
          for (const s of current) {
            const term = this.ev.value(s, a);
            this.branch(this.inLoopBody(s, term), term, true, yes);
            this.branch(s, term, false, no);
          }
          return;
        }
        case Op.Jump:
          for (const s of current) this.push(a, s);
          return;
        case Op.Switch:
          this.switchTo(current, a, b);
          return;
        case Op.Return:
          for (const s of current) this.leave(s, o, a);
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

  /** Drops duplicates among the states at one point. */
  private compact(states: State[]): State[] {
    const keys = new Set<number>();
    const out: State[] = [];
    for (const s of states) {
      const key = this.keyOf(s);
      if (keys.has(key)) continue;
      keys.add(key);
      out.push(s);
    }
    return out;
  }

  private branch(s: State, term: number, truth: boolean, target: number): void {
    const assumed = assume(this.terms, s.facts, term, truth);
    if (assumed === null) return;
    const guarded = s.guarded || (this.terms.isSoft(term) && this.hangsOnLocal(term));
    const lastRef = s.lastRef || (truth && this.isLastPut(term));
    if (guarded !== s.guarded || lastRef !== s.lastRef) {
      this.push(target, { ...s, facts: assumed.facts, doubt: s.doubt || assumed.doubt, guarded, lastRef });
      return;
    }
    this.push(
      target,
      assumed.facts === s.facts && !assumed.doubt
        ? s
        : { ...s, facts: assumed.facts, doubt: s.doubt || assumed.doubt },
    );
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
    return facts === s.facts ? s : { ...s, facts };
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
            this.push(block, s);
            break;
          }
          continue;
        }
        const eq = this.ev.binary(EQ, term, value);
        this.branch(s, eq, true, block);
        if (rest === null) continue;
        const not = assume(this.terms, rest.facts, eq, false);
        rest = not === null ? null : { ...rest, facts: not.facts, doubt: rest.doubt || not.doubt };
      }
      if (!matched && fallback >= 0 && rest !== null) this.push(fallback, rest);
    }
  }

  /** Gives the value made by an operation, after renaming what an earlier turn of a loop made there. */
  made(s: State, op: number, detail = 0): { state: State; term: number } {
    const term = this.terms.fresh(op, detail);
    if (this.graph.inLoop[this.block] === 0) return { state: s, term };
    return { state: this.forget(s, term, op), term };
  }

  private forget(s: State, term: number, op: number): State {
    const { terms } = this;
    const stale = terms.stale(op);
    let changed = false;
    const fix = (t: number): number => {
      if (t < 0 || terms.isShared(t) || !terms.contains(t, term)) return t;
      changed = true;
      return terms.rewrite(t, (x) => (x === term ? stale : terms.isShared(x) ? x : -1));
    };
    const vars = s.vars.map(fix);
    const temps = s.temps.map((t, i) => (i % 2 === 0 ? t : fix(t)));
    const heap: number[] = [];
    for (let i = 0; i < s.heap.length; i += 2) {
      const place = s.heap[i] as number;
      const value = s.heap[i + 1] as number;
      if (terms.contains(place, term) || terms.contains(value, term)) changed = true;
      else heap.push(place, value);
    }
    const locks: Lock[] = [];
    for (const l of s.locks) {
      const place = fix(l.place);
      const lock = place === l.place ? l : { ...l, place };
      if (!locks.some((x) => x.place !== l.place && sameLock(x, lock) && x !== l)) locks.push(lock);
    }
    const facts: number[] = [];
    for (let i = 0; i < s.facts.length; i += 2) {
      const t = s.facts[i] as number;
      if (terms.isShared(t) || !terms.contains(t, term)) facts.push(t, s.facts[i + 1] as number);
      else changed = true;
    }
    return changed ? { ...s, vars, temps, heap, locks, facts } : s;
  }

  /** The state with one value under another name, wherever it occurs. */
  private renamed(s: State, from: number, to: number): State {
    const { terms } = this;
    const fix = (t: number): number =>
      t >= 0 && terms.contains(t, from) ? terms.rewrite(t, (x) => (x === from ? to : -1)) : t;
    let facts: Facts = NO_FACTS;
    for (let i = 0; i < s.facts.length; i += 2)
      facts = withFact(facts, fix(s.facts[i] as number), s.facts[i + 1] as number);
    return {
      ...s,
      vars: s.vars.map(fix),
      temps: s.temps.map((t, i) => (i % 2 === 0 ? t : fix(t))),
      heap: s.heap.map(fix),
      locks: s.locks.map((l) => ({ ...l, place: fix(l.place) })),
      facts,
    };
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
      return { ...s, vars };
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
        state = { ...state, facts: withFact(state.facts, value, known) };
    }
    // `p = p->next` through another variable: without a name of its own a value would grow with every turn
    if (this.graph.inLoop[this.block] === 1 && this.terms.depth(value) > MAX_LOOP_DEPTH) {
      const m = this.made(state, op, 7);
      state = this.renamed(m.state, value, m.term);
      value = m.term;
    }
    const vars = state.vars.slice();
    vars[variable] = value;
    if (variable < this.graph.parameterCount && this.fn.isMacro) this.sets.add(variable);
    return { ...state, vars };
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

  /** A store through a pointer, to a global or to a member. */
  storeTo(s: State, location: number, value: number, op: number): State {
    const { terms } = this;
    if (location === terms.unknown) return s;
    if (terms.kind(location) === T.Local) {
      const vars = s.vars.slice();
      vars[terms.a(location)] = value === terms.unknown ? this.terms.fresh(op, 3) : value;
      return { ...s, vars };
    }
    const load = terms.load(location);
    const uses = (t: number): boolean => t >= 0 && terms.isSoft(t) && terms.contains(t, load);
    // What a variable was computed from stays what it was: the old value gets a name of its own
    let vars = s.vars;
    let temps = s.temps;
    let facts: Facts = s.facts;
    const snapshot = vars.some(uses) || temps.some((t, i) => i % 2 === 1 && uses(t));
    if (snapshot) {
      const old = terms.fresh(op, 4);
      this.snapshots.set(old, load);
      const fix = (t: number): number => (uses(t) ? terms.rewrite(t, (x) => (x === load ? old : -1)) : t);
      vars = vars.map(fix);
      temps = temps.map((t, i) => (i % 2 === 1 ? fix(t) : t));
      facts = NO_FACTS;
      for (let i = 0; i < s.facts.length; i += 2)
        facts = withFact(facts, fix(s.facts[i] as number), s.facts[i + 1] as number);
    } else if (facts.some((t, i) => i % 2 === 0 && uses(t))) {
      const kept: number[] = [];
      for (let i = 0; i < s.facts.length; i += 2)
        if (!uses(s.facts[i] as number)) kept.push(s.facts[i] as number, s.facts[i + 1] as number);
      facts = kept;
    }
    const heap: number[] = [];
    for (let i = 0; i < s.heap.length; i += 2)
      if (s.heap[i] !== location) heap.push(s.heap[i] as number, s.heap[i + 1] as number);
    // Only what can decide something later is worth remembering: constants, and what hangs on locals.
    const keeps =
      terms.number(value) !== null || terms.kind(terms.root(location)) === T.Local || terms.isShared(value);
    if (keeps && value !== terms.unknown && heap.length < 16) heap.push(location, value);
    return { ...s, vars, temps, facts, heap };
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
    const entry = this.shared.model.guards.get(cls);
    const argExprs = readList(this.fn.file, list);
    const out: State[] = [];
    for (const s of states) {
      const args = argExprs.map((e) => this.ev.value(s, e));
      const vars = s.vars.slice();
      vars[variable] = args[0] ?? this.terms.unknown;
      const state = { ...s, vars };
      if (entry === undefined) {
        out.push(state);
        continue;
      }
      const after: State[] = [];
      applyCall(
        this,
        state,
        { op, callee: -1, name: entry.acquire, argExprs, args, temp: -1, flags: 0 },
        after,
      );
      // The body of a conditional guard runs only where the lock was taken
      const taken = entry.conditional ? after.filter((x) => x.locks.length > state.locks.length) : after;
      out.push(...(taken.length > 0 ? taken : after));
    }
    return out;
  }

  private cleanup(states: readonly State[], op: number, variable: number): State[] {
    const text = this.ev.variableCleanup(variable);
    const at = text.indexOf(':');
    const how = text.slice(0, at);
    const what = text.slice(at + 1);
    const model = this.shared.model;
    const name =
      how === 'guard'
        ? model.guards.get(what)?.release
        : how === 'free'
          ? (model.freeClasses.get(what)?.helper ?? what)
          : what;
    if (name === undefined) return [...states];
    const out: State[] = [];
    for (const s of states) {
      const value = this.ev.variable(s, variable);
      const arg = how === 'call' ? this.terms.addr(this.terms.localPlace(variable)) : value;
      // A free class does nothing for NULL
      if (how === 'free' && maskOf(this.terms, s.facts, value) === ZERO) {
        out.push(s);
        continue;
      }
      applyCall(this, s, { op, callee: -1, name, argExprs: [], args: [arg], temp: -1, flags: 0 }, out);
    }
    return out;
  }

  // ---- locks

  /** Held locks with one more; a lock that the caller brought and that was dropped comes back. */
  acquire(s: State, lock: Lock): State {
    this.acquired.add(`${lock.class}|${lock.kind}`);
    let back = s.released.findIndex((r) => r.place === lock.place && r.kind === lock.kind);
    // The caller's lock, dropped under one name and taken again under another one
    if (
      back < 0 &&
      !lock.class.startsWith('?') &&
      this.shared.model.lockClasses.get(lock.class)?.nests !== true &&
      (this.terms.isSoft(lock.place) || !this.terms.isShared(lock.place))
    )
      back = s.released.findIndex((r) => r.class === lock.class && r.kind === lock.kind);
    if (back >= 0 && (s.released[back] as Lock).shared === lock.shared)
      return { ...s, released: s.released.filter((_, i) => i !== back) };
    if (s.locks.length > 12) return s;
    return { ...s, locks: [...s.locks, lock], facts: this.reached(s.facts, lock.place) };
  }

  /** Facts after a place was used: the pointers on the way to it are neither NULL nor errors. */
  private reached(facts: Facts, place: number): Facts {
    const { terms } = this;
    let out = facts;
    for (let at = place; ; ) {
      const kind = terms.kind(at);
      if (kind === T.FieldP || kind === T.DerefL) {
        const pointer = terms.a(at);
        const made = terms.kind(pointer);
        if (made === T.Load || made === T.Fresh) {
          const mask = maskOf(terms, out, pointer);
          if (mask !== POSITIVE && (mask & POSITIVE) !== 0) out = withFact(out, pointer, POSITIVE);
        }
        if (made !== T.Load) return out;
        at = terms.a(pointer);
      } else if (kind === T.FieldL || kind === T.Elem) at = terms.a(at);
      else return out;
    }
  }

  /** Held locks without one: the same place, else the only one of its class that could be it, else the caller's. */
  release(s: State, lock: Lock): State {
    this.given.add(`${lock.class}|${lock.kind}`);
    let at = -1;
    for (let i = s.locks.length - 1; i >= 0; i--) {
      const l = s.locks[i] as Lock;
      if (l.place === lock.place && l.kind === lock.kind && (at < 0 || l.shared === lock.shared)) {
        at = i;
        if (l.shared === lock.shared) break;
      }
    }
    if (at < 0) {
      const candidates = s.locks.filter(
        (l) =>
          l.kind === lock.kind &&
          (l.class === lock.class || l.class.startsWith('?') || lock.class.startsWith('?')),
      );
      const unstable = (t: number): boolean =>
        !this.terms.isShared(t) || this.terms.isSoft(t) || this.terms.kind(this.terms.root(t)) === T.Opaque;
      if (candidates.length >= 1) {
        const named = candidates.filter((l) => l.class === lock.class);
        const pick =
          named.length === 1 ? named[0] : candidates.length === 1 ? candidates[0] : named[named.length - 1];
        if (pick !== undefined && (unstable(pick.place) || unstable(lock.place)))
          at = s.locks.lastIndexOf(pick);
      }
    }
    if (at >= 0) {
      const gone = s.locks[at] as Lock;
      const locks = s.locks.filter((_, i) => i !== at);
      const done =
        this.careful && !s.done.includes(gone.place) ? [...s.done, gone.place].sort((a, b) => a - b) : s.done;
      // Which of several it was is not sure: neither is what is left of them
      if (gone.place !== lock.place)
        return {
          ...s,
          done,
          locks: locks.map((l) => (l.class === gone.class && l.kind === gone.kind ? { ...l, may: true } : l)),
        };
      return { ...s, done, locks };
    }
    if (s.released.length >= 6 || s.released.some((r) => sameLock(r, lock))) return s;
    return { ...s, released: [...s.released, lock] };
  }

  /** What is held that forbids sleeping, or null. */
  atomicLock(s: State): Lock | null {
    for (const l of s.locks) if (isAtomicKind(l.kind) && !l.may) return l;
    return null;
  }

  // ---- events

  /** A lock as the function would write it. */
  showPlace(place: number): string {
    return showPlace(this.ev, place);
  }

  shownLocks(s: State): ShownLock[] {
    return s.locks.map((lock) => ({ lock, text: this.showPlace(lock.place) }));
  }

  /** Facts of a state that mean something outside: of parameters and globals, not of memory. */
  exported(facts: Facts, soft = false): Facts {
    const out: number[] = [];
    for (let i = 0; i < facts.length; i += 2) {
      const t = facts[i] as number;
      if (this.terms.isShared(t) && (soft || !this.terms.isSoft(t))) out.push(t, facts[i + 1] as number);
    }
    return out;
  }

  /** Records that the point may sleep. */
  sleepAt(
    s: State,
    op: number,
    what: string,
    via: number,
    certain: boolean,
    guarded = false,
    assumed = false,
  ): void {
    if (s.doubt) return;
    const lock = this.atomicLock(s);
    // A mask that the caller passes: whether it allows sleeping under this lock nobody here knows
    if (lock !== null && assumed) return;
    const facts = this.exported(s.facts);
    if (lock !== null) {
      const key = `s${op},${lock.place},${lock.kind}`;
      if (this.eventKeys.has(key)) return;
      this.eventKeys.add(key);
      this.events.push({ kind: 'sleep', op, what, via, certain, facts, held: this.shownLocks(s) });
      return;
    }
    this.addSleep({
      facts,
      released: this.sharedLocks(s.released),
      op,
      what,
      via,
      certain,
      guarded: s.guarded || guarded,
    });
  }

  private addSleep(e: SleepEffect): void {
    for (let i = 0; i < this.sleeps.length; i++) {
      const old = this.sleeps[i] as SleepEffect;
      if (locksKey(old.released) !== locksKey(e.released)) continue;
      if (old.guarded && !e.guarded) continue;
      // An effect with fewer conditions says it all; the first one found of two alike stays
      if (old.certain || !e.certain ? implies(e.facts, old.facts) : false) return;
    }
    for (let i = this.sleeps.length - 1; i >= 0; i--) {
      const old = this.sleeps[i] as SleepEffect;
      if (
        locksKey(old.released) === locksKey(e.released) &&
        (e.certain || !old.certain) &&
        implies(old.facts, e.facts)
      )
        this.sleeps.splice(i, 1);
    }
    if (this.sleeps.length < MAX_EFFECTS) this.sleeps.push(e);
  }

  /** Records that a lock is taken, blocking; reports where the same instance is held already. */
  takeAt(s: State, op: number, lock: Lock, what: string, via: number, lastRef = false): void {
    if (s.doubt) return;
    const first = s.locks.find((l) => l.place === lock.place && l.kind === lock.kind && !l.may && !lock.may);
    if (first !== undefined && doubles(first, lock)) {
      const key = `d${op},${lock.place}`;
      if (!this.eventKeys.has(key)) {
        this.eventKeys.add(key);
        this.events.push({
          kind: 'double',
          conditional: lastRef || s.lastRef || s.blurred || this.decidedAfter(s, first.op),
          op,
          what,
          via,
          facts: this.exported(s.facts),
          held: this.shownLocks(s),
          first: { lock: first, text: this.showPlace(first.place) },
        });
      }
      return;
    }
    if (
      !this.terms.isShared(lock.place) ||
      this.takes.length >= MAX_TAKES ||
      lock.kind === 'rcu' ||
      lock.kind === 'irq' ||
      lock.kind === 'bh' ||
      lock.kind === 'preempt'
    )
      return;
    const released = this.sharedLocks(s.released);
    if (released.some((r) => r.place === lock.place)) return;
    const facts = this.exported(s.facts);
    if (this.takes.some((t) => sameLock(t.lock, lock) && implies(facts, t.facts))) return;
    this.takes.push({ lock, facts, released, op, via, what, lastRef: lastRef || s.lastRef });
  }

  freeAt(s: State, e: FreeEffect): void {
    if (s.doubt || this.frees.length >= MAX_FREES) return;
    const same = this.frees.findIndex(
      (f) =>
        f.object === e.object && f.owner === e.owner && f.type === e.type && f.how === e.how && f.op === e.op,
    );
    if (same >= 0) {
      const old = this.frees[same] as FreeEffect;
      this.frees[same] = {
        ...old,
        afterGrace: old.afterGrace && e.afterGrace,
        unpublished: old.unpublished.filter((u) => e.unpublished.includes(u)),
        facts: commonFacts(old.facts, e.facts),
      };
      return;
    }
    this.frees.push(e);
  }

  sharedLocks(locks: readonly Lock[]): readonly Lock[] {
    if (locks.every((l) => this.terms.isShared(l.place))) return locks;
    // A lock without a name outside is still a lock of its class
    return locks.map((l) => (this.terms.isShared(l.place) ? l : { ...l, place: this.terms.opaque(l.class) }));
  }

  /** Records a call of another function of the program. */
  edgeTo(
    s: State,
    callee: number,
    site: CallSite,
    context: CallEdge['context'],
    args: readonly number[],
  ): void {
    const key = `${site.op},${callee},${context}`;
    let entry = this.edges.get(key);
    const sharedArgs = args.map((a) => (this.terms.isShared(a) ? a : -1));
    if (entry === undefined) {
      const variants: Variant[] = [];
      entry = {
        edge: { callee, op: site.op, args: sharedArgs, variants, context },
        variants,
        keys: new Set(),
      };
      this.edges.set(key, entry);
    } else if (entry.edge.args.some((a, i) => a !== sharedArgs[i])) {
      const merged = entry.edge.args.map((a, i) => (a === sharedArgs[i] ? a : -1));
      entry.edge = { ...entry.edge, args: merged };
    }
    const variant = this.variant(s, context === 'now' ? args : []);
    const v = context === 'now' ? variant : { ...variant, locks: NO_LOCKS, calleeFacts: NO_FACTS };
    const h = new Hash();
    h.addLocks(v.locks);
    h.addLocks(v.released);
    h.addAll(v.facts);
    h.addAll(v.calleeFacts);
    h.add(v.doubt ? 1 : 0);
    const vkey = h.done();
    if (entry.keys.has(vkey)) return;
    entry.keys.add(vkey);
    if (entry.variants.length < MAX_VARIANTS) entry.variants.push(v);
    else {
      // Past the bound: what all have in common
      const last = entry.variants[MAX_VARIANTS - 1] as Variant;
      entry.variants[MAX_VARIANTS - 1] = {
        locks: commonLocks(this.terms, last.locks, v.locks).filter((l) => !l.may),
        released: last.released,
        facts: commonFacts(last.facts, v.facts),
        calleeFacts: commonFacts(last.calleeFacts, v.calleeFacts),
        doubt: last.doubt && v.doubt,
      };
    }
  }

  parameterCall(s: State, parameter: number, site: CallSite): void {
    const key = `${site.op},${parameter}`;
    let entry = this.parameterCalls.get(key);
    if (entry === undefined) {
      const variants: Variant[] = [];
      entry = {
        call: {
          parameter,
          op: site.op,
          args: site.args.map((a) => (this.terms.isShared(a) ? a : -1)),
          variants,
        },
        variants,
      };
      this.parameterCalls.set(key, entry);
    }
    if (entry.variants.length < MAX_VARIANTS)
      entry.variants.push({
        locks: s.locks.filter((l) => this.terms.isShared(l.place)),
        released: this.sharedLocks(s.released),
        facts: this.exported(s.facts, true),
        calleeFacts: NO_FACTS,
        doubt: s.doubt,
      });
  }

  /** A state as a callee sees it. */
  private variant(s: State, args: readonly number[]): Variant {
    const calleeFacts: number[] = [];
    let facts: Facts = NO_FACTS;
    for (let j = 0; j < args.length; j++) {
      const mask = maskOf(this.terms, s.facts, args[j] as number);
      if (mask !== ANY) facts = withFact(facts, this.terms.param(j), mask);
    }
    for (let i = 0; i < s.facts.length; i += 2) {
      const t = s.facts[i] as number;
      if (this.terms.kind(t) !== T.Bin) continue;
      const j = args.indexOf(this.terms.b(t));
      if (j >= 0 && this.terms.isShared(this.terms.c(t)) && this.terms.kind(this.terms.c(t)) === T.Const)
        facts = withFact(
          facts,
          this.terms.bin(this.terms.a(t), this.terms.param(j), this.terms.c(t)),
          s.facts[i + 1] as number,
        );
    }
    calleeFacts.push(...facts);
    return {
      locks: s.locks.map((l) => ({
        ...l,
        place: toCallee(this.terms, l.place, args, () => l.class),
      })),
      released: this.sharedLocks(s.released),
      facts: this.exported(s.facts, true),
      calleeFacts,
      doubt: s.doubt,
    };
  }

  // ---- the end

  private leave(s: State, op: number, expr: number): void {
    const { terms } = this;
    const value = expr >= 0 ? this.ev.value(s, expr) : terms.unknown;
    const mask = expr >= 0 ? maskOf(terms, s.facts, value) : ANY;
    const result = terms.global(RESULT);
    // Given back is what a place held before it was stored to: its lock goes by the result
    const before = this.snapshots.get(value) ?? -1;
    const locks = s.locks.map((l) => {
      if (before >= 0 && terms.contains(l.place, before))
        return { ...l, place: terms.rewrite(l.place, (x) => (x === before ? result : -1)) };
      if (terms.isShared(l.place)) return l;
      if (
        expr >= 0 &&
        value !== terms.unknown &&
        terms.kind(value) !== T.Const &&
        terms.contains(l.place, value)
      ) {
        const place = terms.rewrite(l.place, (x) => (x === value ? result : terms.isShared(x) ? x : -1));
        if (terms.isShared(place)) return { ...l, place };
      }
      return { ...l, place: terms.opaque(this.showPlace(l.place)) };
    });
    if (!s.grace) this.allGrace = false;
    const exit: Exit = {
      value: terms.isShared(value) ? value : -1,
      mask,
      locks,
      released: this.sharedLocks(s.released),
      facts: this.aboutResult(s.facts, value, result),
      doubt: s.doubt,
      blurred: s.blurred,
      done: s.done,
      op,
    };
    const h = new Hash();
    h.add(op);
    h.add(exit.value);
    h.add(mask);
    h.addLocks(locks);
    h.addLocks(exit.released);
    h.addAll(exit.facts);
    h.addAll(s.done);
    h.add((s.doubt ? 1 : 0) + (s.blurred ? 2 : 0));
    const key = h.done();
    if (this.exitKeys.has(key)) return;
    this.exitKeys.add(key);
    this.exits.push(exit);
    if (s.slept) this.sleptExits++;
  }

  private sleptExits = 0;

  /** Facts of a way out: those that mean something outside, and what the returned value was compared with. */
  private aboutResult(facts: Facts, value: number, result: number): Facts {
    const { terms } = this;
    let out = this.exported(facts, true);
    if (terms.isShared(value) || value === terms.unknown) return out;
    for (let i = 0; i < facts.length; i += 2) {
      const t = facts[i] as number;
      if (terms.isShared(t) || terms.kind(t) !== T.Bin || terms.a(t) !== EQ) continue;
      const other = terms.b(t) === value ? terms.c(t) : terms.c(t) === value ? terms.b(t) : -1;
      if (other >= 0 && terms.isShared(other))
        out = withFact(out, this.ev.binary(EQ, result, other), facts[i + 1] as number);
    }
    return out;
  }

  private result(): FunctionResult {
    readAnnotations(this, this.asserted);
    const certain = this.exits.length > 0 && this.sleptExits === this.exits.length;
    const sleeps = this.sleeps.map((e) => (e.certain === certain ? e : { ...e, certain }));
    const edges = [...this.edges.values()].map((e) => ({ ...e.edge, variants: e.variants }));
    const cared = new Set<number>();
    const care = (t: number): void => {
      const kids = this.terms.children(t);
      if (this.terms.kind(t) === T.Param) cared.add(this.terms.a(t));
      for (const k of kids) care(k);
    };
    const careFacts = (f: Facts): void => {
      for (let i = 0; i < f.length; i += 2) care(f[i] as number);
    };
    for (const e of sleeps) careFacts(e.facts);
    for (const e of this.exits) careFacts(e.facts);
    for (const e of this.takes) careFacts(e.facts);
    for (const e of edges) {
      for (const v of e.variants) careFacts(v.facts);
      const callee = this.shared.results[e.callee];
      if (callee === undefined) continue;
      for (const p of callee.cared) {
        const arg = e.args[p];
        if (arg !== undefined && arg >= 0) care(arg);
      }
    }
    return {
      exits: groupExits(this.terms, this.exits),
      rawExits: this.exits,
      sleeps,
      takes: this.takes,
      frees: this.frees,
      edges,
      parameterCalls: [...this.parameterCalls.values()].map((c) => ({ ...c.call, variants: c.variants })),
      events: this.events,
      sets: [...this.sets],
      acquires: this.acquired,
      releases: this.given,
      asserted: this.asserted,
      cared,
      widened: this.widened,
      returns: this.exits.length > 0,
      grace: this.allGrace && this.exits.length > 0,
    };
  }

  /** Whether a term is the result of a put that says whether it was the last one. */
  private isLastPut(term: number): boolean {
    const { terms } = this;
    let t = term;
    while (terms.kind(t) === T.Un) t = terms.b(t);
    if (terms.kind(t) !== T.Fresh || terms.b(t) !== 0 || terms.a(t) >= this.graph.opCount) return false;
    const at = (this.firstOp + terms.a(t)) * OP_STRIDE;
    if ((this.fn.file.ops[at] as Op) !== Op.Call) return false;
    const callee = (this.fn.file.ops[at + 1] as number) * EXPR_STRIDE;
    if ((this.fn.file.exprs[callee] as X) !== X.Name) return false;
    const name = this.fn.file.strings[this.fn.file.exprs[callee + 1] as number] ?? '';
    return this.shared.model.helpers.get(name)?.references?.some((r) => r.action === 'put') === true;
  }

  /** Whether a term is of memory that belongs to this function: an initialised-or-not structure on the stack. */
  private hangsOnLocal(t: number): boolean {
    if (this.terms.kind(t) === T.Local) return true;
    return this.terms.children(t).some((k) => this.hangsOnLocal(k));
  }

  /** Whether the state hangs on the result of a call that was made after an operation. */
  private decidedAfter(s: State, op: number): boolean {
    for (let i = 0; i < s.facts.length; i += 2) {
      const root = this.terms.root(s.facts[i] as number);
      if (this.terms.kind(root) === T.Fresh && this.terms.a(root) > op && this.terms.a(root) < JOIN_OP)
        return true;
    }
    return false;
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

/** Whether taking `second` while `first` is held can never end well. */
export function doubles(first: Lock, second: Lock): boolean {
  if (first.shared && second.shared) return false;
  switch (first.kind) {
    case 'spin':
    case 'mutex':
    case 'rwsem':
    case 'rwlock':
    case 'bit':
    case 'percpu-rwsem':
      return true;
    default:
      return false;
  }
}
