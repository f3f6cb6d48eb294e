/**
 * Contexts at a point, on demand: the function is walked again with an observer at the point, and every situation in
 * which it is entered is put together with the states seen there.
 */

import type { HeldLock, PointContext, RcuState } from '../base/finding.js';
import { push } from '../base/multimap.js';
import { columnAt, Fn, lineAt, OP_STRIDE, Op } from '../facts/encode.js';
import { isAtomicKind, isProcessorOrSignal, namelessWord } from '../model/lock-kinds.js';
import type { FunctionRef } from '../program/program.js';
import type { Analysis } from './analysis.js';
import { calledName, fnColumn } from './cfg.js';
import type { ChainStep } from './chains.js';
import type { Entry, Origin } from './entry-points.js';
import { FunctionRun } from './flow.js';
import { assume, type Facts } from './known.js';
import {
  lockAsWritten,
  type Met,
  meetLocks,
  promoteByCall,
  promoteByClass,
  type Seen,
  withSame,
} from './meeting.js';
import { type Lock, locksKey, type State, settled } from './state.js';
import { T, type Terms } from './terms.js';
import { exported, sharedLocks } from './translate.js';

/** A state at the point, shown while its terms were alive. */
export interface PointState {
  readonly locks: readonly Seen[];
  readonly released: readonly Lock[];
  /** Locks of the caller that the function has given back and taken again, with what took them. */
  readonly retaken: readonly Lock[];
  readonly facts: readonly number[];
  readonly doubt: boolean;
}

/** The function whose text covers a position (1-based line), or null. */
export function functionAt(
  functions: readonly FunctionRef[],
  path: string,
  line: number,
): FunctionRef | null {
  for (const f of functions) {
    if (f.file.path !== path || f.isMacro) continue;
    const start = lineAt(f.file.lineStarts, fnColumn(f.file, f.index, Fn.Start));
    const end = lineAt(f.file.lineStarts, fnColumn(f.file, f.index, Fn.End));
    if (line >= start && line <= end) return f;
  }
  return null;
}

/**
 * The operation that runs first on a line (or at a column of it); on a line that runs nothing the one that comes next in
 * the text, else the last one before it; -1 in a function that runs nothing.
 */
export function operationAt(
  fn: FunctionRef,
  line: number,
  column: number | undefined,
  order: Int32Array,
  blockStart: Int32Array,
): number {
  const file = fn.file;
  const first = fnColumn(file, fn.index, Fn.FirstOp);
  const base = fnColumn(file, fn.index, Fn.Start);
  let best = -1;
  let bestKey = Number.POSITIVE_INFINITY;
  let before = -1;
  let beforeStart = -1;
  let after = -1;
  let afterStart = Number.POSITIVE_INFINITY;
  let jump = -1;
  for (let b = 0; b + 1 < blockStart.length; b++) {
    const rank = order[b] as number;
    if (rank < 0) continue;
    for (let o = blockStart[b] as number; o < (blockStart[b + 1] as number); o++) {
      const at = (first + o) * OP_STRIDE;
      const kind = file.ops[at] as Op;
      if (kind === Op.Cleanup || kind === Op.Stop) continue;
      const start = base + (file.ops[at + 5] as number);
      const end = base + (file.ops[at + 6] as number);
      const startLine = lineAt(file.lineStarts, start);
      if (kind === Op.Jump) {
        // goto, break, continue; other jumps are no statements
        if (startLine === line && end > start && jump < 0) jump = o;
        continue;
      }
      const endLine = lineAt(file.lineStarts, end);
      if (startLine === line || (startLine < line && endLine >= line && end > start)) {
        if (column !== undefined && startLine === line && columnAt(file.lineStarts, start) > column) continue;
        const key = (startLine === line ? 0 : 1e9) + rank * 1e5 + (o - (blockStart[b] as number));
        if (key < bestKey) {
          best = o;
          bestKey = key;
        }
      } else if (startLine < line && start > beforeStart) {
        before = o;
        beforeStart = start;
      } else if (startLine > line && start < afterStart) {
        after = o;
        afterStart = start;
      }
    }
  }
  return [best, jump, after, before].find((o) => o >= 0) ?? -1;
}

/** The contexts just before an operation of a function (or at its entry, for `op` -1). */
export function contextsAt(analysis: Analysis, fn: FunctionRef, op: number): PointContext[] {
  return pointsAt(analysis, fn, op).map(({ context }) => context);
}

/** The same with the places that they speak of. */
export function pointsAt(analysis: Analysis, fn: FunctionRef, op: number): readonly Point[] {
  const states = op < 0 ? null : (statesAt(analysis, fn, new Set([op]), op).before.get(op) ?? []);
  return pointsIn(analysis, fn, states);
}

/** The contexts just before each of several operations, from one walk. */
export function contextsAtEach(
  analysis: Analysis,
  fn: FunctionRef,
  ops: readonly number[],
): ReadonlyMap<number, readonly PointContext[]> {
  const [only] = ops;
  if (only === undefined) return new Map();
  const { before } = statesAt(analysis, fn, new Set(ops), ops.length === 1 ? only : -1);
  return new Map(
    ops.map((op) => [op, pointsIn(analysis, fn, before.get(op) ?? []).map(({ context }) => context)]),
  );
}

/** What holds in one situation in which a function is entered. */
export function situationAtEntry(
  analysis: Analysis,
  fn: FunctionRef,
  entry: Entry,
): Omit<PointContext, 'entry' | 'via'> | null {
  const point = pointOf(analysis, fn, entry, null);
  if (point === null) return null;
  const { takenBy: _taken, written: _written, ...context } = point;
  return context;
}

/** A context with the places that it speaks of: operations of functions, by number. */
export interface Point {
  readonly context: PointContext;
  /** The calls by which it is come to, outermost first; `complete`: from the entry itself, or from nowhere known. */
  readonly calls: { readonly steps: readonly ChainStep[]; readonly complete: boolean };
  /** For each held lock the call of a caller that took it; null where it was taken here or brought from outside. */
  readonly takenBy: readonly (ChainStep | null)[];
  /** For each held lock how the call that took it here has it, `&sbi->lock`; null where it was not taken here by a name. */
  readonly written: readonly (string | null)[];
  /** What the model calls the situation in which the method is called: `RCU-walk`, or ''. */
  readonly situation: string;
}

/** The contexts that some states of a function make (null: those at its entry), each said once. */
export function pointsIn(
  analysis: Analysis,
  fn: FunctionRef,
  states: readonly PointState[] | null,
): readonly Point[] {
  const propagation = analysis.propagation;
  if (propagation === null) return [];
  const entries = propagation.entries[fn.id] ?? [];
  const out: Point[] = [];
  const keys = new Set<string>();
  for (let i = 0; i < entries.length; i++) {
    const entry = entries[i] as Entry;
    const merged = pointOf(analysis, fn, entry, states);
    if (merged === null) continue;
    const { takenBy, written, ...point } = merged;
    const origins = entry.origins.length === 0 ? [-1] : entry.origins;
    for (const o of origins) {
      const origin = o < 0 ? undefined : propagation.origins[o];
      const method =
        origin === undefined
          ? null
          : {
              method: origin.method,
              struct: origin.struct,
              table: origin.table,
              function: analysis.program.functions[origin.function]?.name ?? '',
            };
      const key = JSON.stringify([
        method?.struct,
        method?.method,
        method?.function,
        point.held,
        point.rcu,
        point.maySleep,
        point.whyAtomic,
      ]);
      if (keys.has(key)) continue;
      keys.add(key);
      const calls = callsTo(analysis, fn.id, i, o);
      const via = calls.steps.map((c) => analysis.program.functions[c.fn]?.name ?? '?');
      if (!calls.complete) via.push('...');
      const situation = origin?.slot == null ? '' : origin.context;
      out.push({ context: { entry: method, via, ...point }, calls, takenBy, written, situation });
    }
  }
  return out;
}

/** The calls that lead from an origin (-1: none) to a situation; of one that was not found the method alone. */
function callsTo(analysis: Analysis, fn: number, index: number, origin: number): Point['calls'] {
  const { propagation, chains } = analysis;
  if (propagation === null || chains === null) return { steps: [], complete: true };
  if (origin < 0) return { steps: propagation.chain(fn, index), complete: true };
  const chain = chains.from(origin, fn, index);
  const method = (propagation.origins[origin] as Origin).function;
  return chain === null
    ? { steps: [{ fn: method, op: -1 }], complete: false }
    : { steps: chain, complete: true };
}

/** What one situation says of a point; `entry` is its number among those of the function. */
export interface Situation extends Omit<PointContext, 'entry' | 'via'> {
  readonly entry: number;
}

/**
 * The situations just before operations of a function, all of them from one walk; an operation that is not come to has none. `see` is
 * shown each state there while its terms are alive.
 */
export function situationsAt(
  analysis: Analysis,
  fn: FunctionRef,
  ops: readonly number[],
  see: (run: FunctionRun, op: number, s: State) => void = () => {},
): ReadonlyMap<number, readonly Situation[]> {
  const out = new Map<number, readonly Situation[]>();
  const entries = analysis.propagation?.entries[fn.id] ?? [];
  const found = new Map<number, PointState[]>(ops.map((op) => [op, []]));
  if (ops.length === 0 || entries.length === 0) return out;
  const run: FunctionRun = new FunctionRun(
    analysis.shared,
    fn,
    (at: number, s: State) => {
      const states = found.get(at);
      if (states === undefined || states.length > MOST_STATES) return;
      states.push(pointState(run, at, s, exported(run.terms, s.facts, true), s.doubt));
      see(run, at, s);
    },
    undefined,
    ops,
  );
  run.showOnly(ops);
  run.show();
  for (const [op, states] of found) {
    const here: Situation[] = [];
    for (const [i, entry] of entries.entries()) {
      const point = pointOf(analysis, fn, entry, states);
      if (point !== null) here.push({ entry: i, ...point });
    }
    out.set(op, here);
  }
  return out;
}

/** A state as it is shown once its terms are gone, with facts that mean something outside. */
function pointState(
  run: FunctionRun,
  op: number,
  s: State,
  facts: readonly number[],
  doubt: boolean,
): PointState {
  return {
    locks: s.locks.map((lock) => ({ lock, text: shownLock(run, s, lock), fromCaller: false })),
    released: sharedLocks(run.terms, s.released),
    retaken: sharedLocks(run.terms, run.retakenBefore(op)),
    facts,
    doubt,
  };
}

/** What a state shows: two that show the same are one. */
function keyOfPoint({ locks, released, facts, doubt }: PointState): string {
  let key = `${doubt}|${locksKey(released)}|${facts.join()}`;
  for (const { lock: l, text } of locks) {
    key += `|${text},${l.class},${l.kind},${l.shared},${l.may},${l.some},${l.fn},${l.op},${l.place}`;
    if (l.when !== null) key += `,${l.when.join()}`;
  }
  return key;
}

/** States of one walk by operation: those before it, and those that go on from a branch to either side. */
export interface WalkedStates {
  readonly before: ReadonlyMap<number, readonly PointState[]>;
  readonly ifTrue: ReadonlyMap<number, readonly PointState[]>;
  readonly ifFalse: ReadonlyMap<number, readonly PointState[]>;
}

/** So many states of one operation are looked at. */
const MOST_STATES = 200;

/** Walks a function once and keeps the states at some operations. `until`: the last one that is of interest, or -1. */
export function statesAt(
  analysis: Analysis,
  fn: FunctionRef,
  ops: ReadonlySet<number>,
  until = -1,
): WalkedStates {
  const before = new Map<number, PointState[]>();
  const ifTrue = new Map<number, PointState[]>();
  const ifFalse = new Map<number, PointState[]>();
  const { file } = fn;
  const first = fnColumn(file, fn.index, Fn.FirstOp);
  const factsOut = new Map<Facts, readonly number[]>();
  const shown = (op: number, s: State, facts: Facts, doubt: boolean): PointState => {
    let known = factsOut.get(facts);
    if (known === undefined) {
      known = exported(run.terms, facts, true);
      factsOut.set(facts, known);
    }
    return pointState(run, op, s, known, doubt);
  };
  const keys = new Set<string>();
  const see = (op: number, s: State): undefined => {
    if ((before.get(op)?.length ?? 0) >= MOST_STATES) return;
    const state = shown(op, s, s.facts, s.doubt);
    const key = `${op};${keyOfPoint(state)}`;
    if (!keys.has(key)) push(before, op, state);
    keys.add(key);
    const at = (first + op) * OP_STRIDE;
    if (until >= 0 || (file.ops[at] as Op) !== Op.Branch) return;
    const term = run.ev.value(s, file.ops[at + 1] as number);
    for (const [side, truth] of [
      [ifTrue, true],
      [ifFalse, false],
    ] as const) {
      const met = assume(run.terms, s.facts, term, truth);
      if (met !== null) push(side, op, shown(op, s, met.facts, s.doubt || met.doubt));
    }
  };
  // Where somebody waits for a few operations, what cannot come to them is left out
  const wanted = [...ops].filter((op) => op >= 0);
  const run: FunctionRun = new FunctionRun(analysis.shared, fn, see, undefined, until < 0 ? null : wanted);
  run.showOnly(wanted);
  run.show(null, until);
  return { before, ifTrue, ifFalse };
}

/** Whether a place is found by arithmetic. */
function isComputed(terms: Terms, t: number): boolean {
  const kind = terms.kind(t);
  return kind === T.Bin || kind === T.Un || terms.children(t).some((part) => isComputed(terms, part));
}

/** Whether an operation is a call of a helper that takes what its first argument points at. */
function helperTakes(analysis: Analysis, fn: FunctionRef, op: number): boolean {
  const helper = analysis.model.helpers.get(calledName(fn, op));
  return helper !== undefined && helper.acquires?.[0]?.lock === helper.params[0];
}

/** A lock as the function would write it: where its name would have to be computed, as the call that took it has it. */
export function shownLock(run: FunctionRun, s: State, lock: Lock): string {
  // Nobody writes down what a hash was made of: the variable that points at the lock is its name
  const variable = isComputed(run.terms, lock.place) ? s.vars.indexOf(run.terms.addr(lock.place)) : -1;
  if (variable >= 0) return `*${run.ev.variableName(variable)}`;
  const text = run.showPlace(lock.place);
  if (!text.includes('(') || lock.fn !== run.fn.id) return text;
  const helper = run.shared.model.helpers.get(calledName(run.fn, lock.op));
  const direct = helper?.acquires?.[0]?.lock === helper?.params[0];
  return (helper !== undefined && direct ? lockAsWritten(run.fn, lock.op)?.text : undefined) ?? text;
}

/** A lock that the caller brought, as the one that took it again has it. */
function takenAgain(seen: Seen, retaken: readonly Lock[]): Seen {
  const again = retaken.find((r) => r.place === seen.lock.place && r.kind === seen.lock.kind);
  return again === undefined
    ? seen
    : { ...seen, lock: seen.lock.takenAt(again.fn, again.op).held(false), fromCaller: false };
}

/** One situation at a point (`states` null: at the entry): what holds on all paths of it, and on some; null where none fits. */
export function pointOf(
  analysis: Analysis,
  fn: FunctionRef,
  entry: Entry,
  states: readonly PointState[] | null,
): (Omit<PointContext, 'entry' | 'via'> & Pick<Point, 'takenBy' | 'written'>) | null {
  const propagation = analysis.propagation;
  if (propagation === null) return null;
  const inheritedWith = (facts: Facts): Seen[] =>
    settled(analysis.terms, entry.locks, facts).map((lock) => ({
      lock,
      text: propagation.show(fn.id, lock.place),
      fromCaller: true,
    }));
  const inherited = inheritedWith(entry.facts);
  let sets: Seen[][];
  if (states === null) sets = [inherited];
  else {
    let usable = states.filter((s) => propagation.meet(entry, s.facts) !== null);
    if (usable.some((s) => !s.doubt)) usable = usable.filter((s) => !s.doubt);
    if (usable.length === 0) return null;
    sets = usable.map((s) => [
      ...inheritedWith(propagation.meet(entry, s.facts) ?? entry.facts)
        .filter((l) => !s.released.some((r) => r.place === l.lock.place && r.kind === l.lock.kind))
        .map((l) =>
          s.released.some(
            (r) =>
              r.kind === l.lock.kind &&
              r.class === l.lock.class &&
              !inherited.some((x) => x.lock.place === r.place),
          )
            ? { ...l, lock: l.lock.held(true) }
            : takenAgain(l, s.retaken),
        ),
      // Nobody is known to bring it, and yet the function gives it back and takes it again
      ...s.retaken
        .filter((r) =>
          [...inherited.map((l) => l.lock), ...s.released].every(
            (l) => l.place !== r.place && (l.class !== r.class || l.kind !== r.kind),
          ),
        )
        .map((lock) => ({ lock, text: propagation.show(fn.id, lock.place), fromCaller: false })),
      ...s.locks,
    ]);
    sets = withSame(
      analysis.terms,
      sets,
      usable.map((s) => propagation.meet(entry, s.facts) ?? entry.facts),
    );
  }
  const held: HeldLock[] = [];
  const takenBy: (ChainStep | null)[] = [];
  const written: (string | null)[] = [];
  const why: string[] = [];
  let rcuAll = true;
  let rcuSome = false;
  let atomicAll = true;
  let atomicSome = entry.atomic !== '';
  if (entry.atomic !== '') why.push(entry.atomic);
  const seen: Met[] = [];
  for (const set of sets) {
    let rcu = false;
    let atomic = entry.atomic !== '';
    for (const l of set) {
      // What some callers hold of those that are merged into one situation
      const some = l.fromCaller && l.lock.some === true;
      if (l.lock.kind === 'rcu') {
        if (some) rcuSome = true;
        else if (!l.lock.may) rcu = true;
      }
      if (isAtomicKind(l.lock.kind)) {
        if (some) atomicSome = true;
        else if (!l.lock.may) atomic = true;
      }
    }
    meetLocks(fn, seen, set);
    if (rcu) rcuSome = true;
    else rcuAll = false;
    if (atomic) atomicSome = true;
    else atomicAll = false;
  }
  if (!atomicSome) atomicAll = false;
  promoteByCall(fn, seen, sets);
  promoteByClass(seen, sets);
  for (const x of seen) {
    const must = x.count >= sets.length && !x.may;
    const { lock, text } = x.seen;
    if (lock.kind === 'rcu') {
      if (must) why.push(entry.walk ? 'RCU-walk' : 'RCU read side');
      continue;
    }
    if (isAtomicKind(lock.kind) && must) why.push(namelessWord(lock.kind) ?? `${lock.class} held`);
    if (isProcessorOrSignal(lock.kind)) continue;
    const one: HeldLock = {
      class: lock.class,
      instance: ownerText(text),
      expression: expressionOf(text),
      mode: lock.shared ? 'shared' : 'exclusive',
      certainty: must ? 'must' : 'may',
      acquiredAt: x.seen.fromCaller || lock.fn !== fn.id ? 'caller' : placeOf(fn, lock.op),
    };
    // Objects of several rounds of a loop that have one name are one lock for who reads
    if (!must && held.some((other) => sameToRead(other, one))) continue;
    takenBy.push(
      lock.fn >= 0 && (x.seen.fromCaller || lock.fn !== fn.id) ? { fn: lock.fn, op: lock.op } : null,
    );
    const own = x.seen.fromCaller || lock.fn !== fn.id ? null : lockAsWritten(fn, lock.op);
    written.push(own?.field === true && helperTakes(analysis, fn, lock.op) ? `&${own.text}` : null);
    held.push(one);
  }
  const rcu: RcuState = rcuAll && rcuSome ? (entry.walk ? 'walk' : 'read') : rcuSome ? 'maybe' : 'none';
  return {
    held,
    rcu,
    maySleep: atomicAll ? false : atomicSome ? 'unknown' : true,
    whyAtomic: why,
    takenBy,
    written,
  };
}

function sameToRead(a: HeldLock, b: HeldLock): boolean {
  return (
    a.acquiredAt !== 'caller' &&
    b.acquiredAt !== 'caller' &&
    a.acquiredAt.line === b.acquiredAt.line &&
    a.expression === b.expression &&
    a.class === b.class &&
    a.mode === b.mode
  );
}

function placeOf(fn: FunctionRef, op: number): { file: string; line: number } {
  const at = (fnColumn(fn.file, fn.index, Fn.FirstOp) + op) * OP_STRIDE;
  const offset = fnColumn(fn.file, fn.index, Fn.Start) + (fn.file.ops[at + 5] as number);
  return { file: fn.file.path, line: lineAt(fn.file.lineStarts, offset) };
}

/** `&fi->lock` for the place `fi->lock`; a pointer to a lock is shown as itself. */
function expressionOf(text: string): string {
  if (text.startsWith('*')) return text.slice(1);
  return /^\w+$/.test(text) || text.includes('->') || text.includes('.') || text.includes('[')
    ? `&${text}`
    : text;
}

/** The object that a lock belongs to: what stands before the last field. */
function ownerText(text: string): string {
  const arrow = Math.max(text.lastIndexOf('->'), text.lastIndexOf('.'));
  return arrow > 0 ? text.slice(0, arrow) : text;
}
