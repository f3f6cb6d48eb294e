/**
 * Contexts at a point, on demand: the function is walked again with an observer at the point, and every situation in
 * which it is entered is put together with the states seen there.
 */

import type { HeldLock, PointContext, RcuState } from '../base/finding.js';
import {
  columnAt,
  EXPR_STRIDE,
  Fn,
  lineAt,
  OP_STRIDE,
  Op,
  operatorCode,
  VARIABLE_STRIDE,
  X,
} from '../facts/encode.js';
import { type FunctionRef, readList } from '../program/program.js';
import type { Analysis } from './analysis.js';
import { calledName, fnColumn } from './cfg.js';
import type { Entry, Origin } from './entry-points.js';
import { FunctionRun } from './flow.js';
import { type Facts, isAtomicKind, type Lock, POSITIVE, type State, settled } from './state.js';
import { T, type Terms } from './terms.js';
import { exported, sharedLocks } from './translate.js';

const EQ = operatorCode('==');

/** A lock at a point with the text it is shown as. */
interface Seen {
  readonly lock: Lock;
  readonly text: string;
  readonly fromCaller: boolean;
}

/** A state at the point, shown while its terms were alive. */
interface PointState {
  readonly locks: readonly Seen[];
  readonly released: readonly Lock[];
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
  const propagation = analysis.propagation;
  if (propagation === null) return [];
  const states = op < 0 ? null : statesAt(analysis, fn, op);
  const entries = propagation.entries[fn.id] ?? [];
  const out: PointContext[] = [];
  const keys = new Set<string>();
  for (let i = 0; i < entries.length; i++) {
    const entry = entries[i] as Entry;
    const merged = pointOf(analysis, fn, entry, states);
    if (merged === null) continue;
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
        merged.held,
        merged.rcu,
        merged.maySleep,
        merged.whyAtomic,
      ]);
      if (keys.has(key)) continue;
      keys.add(key);
      out.push({ entry: method, via: viaOf(analysis, fn.id, i, o), ...merged });
    }
  }
  return out;
}

/** Names of the functions that lead from an origin (-1: none) to a situation, outermost first. */
function viaOf(analysis: Analysis, fn: number, index: number, origin: number): readonly string[] {
  const { propagation, chains } = analysis;
  const name = (id: number): string => analysis.program.functions[id]?.name ?? '?';
  if (propagation === null || chains === null) return [];
  if (origin < 0) return propagation.chain(fn, index).map((c) => name(c.fn));
  const chain = chains.from(origin, fn, index);
  return chain === null
    ? [name((propagation.origins[origin] as Origin).function), '...']
    : chain.map((c) => name(c.fn));
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
      states.push(pointState(run, s));
      see(run, at, s);
    },
    undefined,
    ops,
  );
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

/** States that are looked at of one point. */
const MOST_STATES = 200;

function pointState(run: FunctionRun, s: State): PointState {
  return {
    locks: s.locks.map((lock) => ({ lock, text: shownLock(run, s, lock), fromCaller: false })),
    released: sharedLocks(run.terms, s.released),
    facts: exported(run.terms, s.facts, true),
    doubt: s.doubt,
  };
}

function statesAt(analysis: Analysis, fn: FunctionRef, op: number): PointState[] {
  const found: PointState[] = [];
  const run: FunctionRun = new FunctionRun(analysis.shared, fn, (at: number, s: State) => {
    if (at === op && found.length <= MOST_STATES) found.push(pointState(run, s));
  });
  run.run(op);
  return found;
}

/** Whether a place is found by arithmetic. */
function isComputed(terms: Terms, t: number): boolean {
  const kind = terms.kind(t);
  return kind === T.Bin || kind === T.Un || terms.children(t).some((part) => isComputed(terms, part));
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

/** One situation at a point: what holds on all paths of it, and on some. */
function pointOf(
  analysis: Analysis,
  fn: FunctionRef,
  entry: Entry,
  states: readonly PointState[] | null,
): Omit<PointContext, 'entry' | 'via'> | null {
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
            : l,
        ),
      ...s.locks,
    ]);
    sets = withSame(
      analysis.terms,
      sets,
      usable.map((s) => propagation.meet(entry, s.facts) ?? entry.facts),
    );
  }
  const held: HeldLock[] = [];
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
    if (isAtomicKind(lock.kind) && must)
      why.push(
        lock.kind === 'irq'
          ? 'interrupts off'
          : lock.kind === 'bh'
            ? 'bottom halves off'
            : lock.kind === 'preempt'
              ? 'preemption off'
              : `${lock.class} held`,
      );
    if (
      lock.kind === 'irq' ||
      lock.kind === 'bh' ||
      lock.kind === 'preempt' ||
      lock.kind === 'flag' ||
      lock.kind === 'completion'
    )
      continue;
    held.push({
      class: lock.class,
      instance: ownerText(text),
      expression: expressionOf(text),
      mode: lock.shared ? 'shared' : 'exclusive',
      certainty: must ? 'must' : 'may',
      acquiredAt: x.seen.fromCaller || lock.fn !== fn.id ? 'caller' : placeOf(fn, lock.op),
    });
  }
  const rcu: RcuState = rcuAll && rcuSome ? (entry.walk ? 'walk' : 'read') : rcuSome ? 'maybe' : 'none';
  return { held, rcu, maySleep: atomicAll ? false : atomicSome ? 'unknown' : true, whyAtomic: why };
}

/**
 * An operation of a loop takes a lock of another name in every turn: where every path holds one that it took, that is certain,
 * whichever it is.
 */
function promoteByCall(fn: FunctionRef, seen: readonly Met[], sets: readonly (readonly Seen[])[]): void {
  const taken = (l: Seen, op: number): boolean => !l.fromCaller && l.lock.fn === fn.id && l.lock.op === op;
  const isSure = (x: Met): boolean => x.count >= sets.length && !x.may;
  for (const op of new Set(seen.filter((x) => x.seen.lock.fn === fn.id).map((x) => x.seen.lock.op))) {
    const group = seen.filter((x) => taken(x.seen, op));
    const everywhere = Math.min(...sets.map((set) => set.filter((l) => taken(l, op) && !l.lock.may).length));
    const written = lockAsWritten(fn, op);
    for (let n = group.filter(isSure).length; n < everywhere; n++) {
      const next = group.find((x) => !isSure(x));
      if (next === undefined || written === null) break;
      next.count = sets.length;
      next.may = false;
      if (written.field) next.seen = { ...next.seen, text: written.text };
    }
  }
}

/**
 * Paths on which two objects turned out to be one hold the lock of either: `if (a != b) lock(b)` after `lock(a)` holds b's
 * everywhere. `facts`: what is known on each path.
 */
function withSame(terms: Terms, sets: readonly (readonly Seen[])[], facts: readonly Facts[]): Seen[][] {
  return sets.map((set, n) => {
    const out = [...set];
    const known = facts[n] as Facts;
    for (let i = 0; i < known.length; i += 2) {
      const t = known[i] as number;
      if (known[i + 1] !== POSITIVE || terms.kind(t) !== T.Bin || terms.a(t) !== EQ) continue;
      const [a, b] = [terms.b(t), terms.c(t)];
      if (terms.number(b) !== null) continue;
      for (const other of sets.flat()) {
        const { lock } = other;
        const has = (place: number): boolean =>
          set.some((l) => l.lock.place === place && l.lock.kind === lock.kind && !l.lock.may);
        if (
          lock.may ||
          !terms.isShared(lock.place) ||
          has(lock.place) ||
          out.some((l) => l.lock.place === lock.place)
        )
          continue;
        const named = (from: number, to: number): number =>
          terms.rewrite(lock.place, (x) => (x === from ? to : -1));
        if (has(named(a, b)) || has(named(b, a))) out.push(other);
      }
    }
    return out;
  });
}

/** Where every path holds a lock of one class, be it of another object on each, one of them is certain: it goes by its class. */
function promoteByClass(seen: Met[], sets: readonly (readonly Seen[])[]): void {
  const isSure = (x: Met): boolean => x.count >= sets.length && !x.may;
  const like = (a: Lock, b: Lock): boolean =>
    a.class === b.class && a.kind === b.kind && a.shared === b.shared && !a.class.startsWith('?');
  for (const first of [...seen]) {
    const { lock } = first.seen;
    if (isSure(first) || !seen.includes(first)) continue;
    const group = seen.filter((x) => like(x.seen.lock, lock));
    const everywhere = Math.min(
      ...sets.map((set) => set.filter((l) => like(l.lock, lock) && !l.lock.may).length),
    );
    const sure = group.filter(isSure).length;
    if (everywhere <= sure) continue;
    // What is left of the group on each path is one of those that are certain now
    const most = Math.max(...sets.map((set) => set.filter((l) => like(l.lock, lock)).length));
    if (most > everywhere) continue;
    const others = group.filter((x) => !isSure(x));
    for (const x of others) seen.splice(seen.indexOf(x), 1);
    for (let n = sure; n < everywhere; n++)
      seen.push({ seen: { ...first.seen, text: lock.class }, count: sets.length, may: false });
  }
}

/** A lock as several paths have it. */
interface Met {
  seen: Seen;
  /** On so many paths. */
  count: number;
  may: boolean;
}

/**
 * Adds the locks of one path to those of the paths before. Each stands for one lock of theirs: the one that is shown alike,
 * else the one that the same operation took (a loop's variable has another name in every turn).
 */
function meetLocks(fn: FunctionRef, seen: Met[], set: readonly Seen[]): void {
  const taken = new Set<Met>();
  const sure = [...set.filter((l) => !l.lock.may), ...set.filter((l) => l.lock.may)];
  const alike = (a: Seen, b: Seen): boolean =>
    a.lock.kind === b.lock.kind && a.lock.shared === b.lock.shared && a.fromCaller === b.fromCaller;
  const meet = (old: Met, l: Seen): void => {
    taken.add(old);
    old.count++;
    old.may = old.may || l.lock.may;
    if (l.text === old.seen.text) return;
    const written = l.lock.fn === fn.id ? lockAsWritten(fn, l.lock.op) : null;
    if (written?.field === true) old.seen = { ...old.seen, text: written.text };
    else if (l.text.length < old.seen.text.length) old.seen = l;
  };
  const sameText = (x: Met, l: Seen): boolean => x.seen.text === l.text && alike(x.seen, l);
  const sameCall = (x: Met, l: Seen): boolean =>
    !l.fromCaller &&
    l.lock.fn === fn.id &&
    alike(x.seen, l) &&
    x.seen.lock.class === l.lock.class &&
    x.seen.lock.fn === l.lock.fn &&
    x.seen.lock.op === l.lock.op &&
    lockAsWritten(fn, l.lock.op) !== null;
  // What is sure meets what is sure first: a leftover of an earlier turn of a loop may have the name of the first turn's lock
  const ways: readonly ((x: Met, l: Seen) => boolean)[] = [
    (x, l) => !x.may && !l.lock.may && sameText(x, l),
    (x, l) => !x.may && !l.lock.may && sameCall(x, l),
    sameText,
    sameCall,
  ];
  let left: readonly Seen[] = sure;
  for (const way of ways) {
    const rest: Seen[] = [];
    for (const l of left) {
      const old = seen.find((x) => !taken.has(x) && way(x, l));
      if (old === undefined) rest.push(l);
      else meet(old, l);
    }
    left = rest;
  }
  for (const l of left) {
    const made: Met = { seen: l, count: 1, may: l.lock.may };
    seen.push(made);
    taken.add(made);
  }
}

/**
 * The lock of a call as its argument is written, `d->d_lock` for `spin_lock(&d->d_lock)`, where that hangs on one variable;
 * null where it does not, as in `spin_lock(c ? a : b)`. `field`: the argument itself names the lock.
 */
function lockAsWritten(
  fn: FunctionRef,
  op: number,
): { readonly text: string; readonly field: boolean } | null {
  const { file } = fn;
  const at = (fnColumn(file, fn.index, Fn.FirstOp) + op) * OP_STRIDE;
  if (op < 0 || (file.ops[at] as Op) !== Op.Call) return null;
  const argument = readList(file, file.ops[at + 2] as number)[0];
  if (argument === undefined) return null;
  const firstVariable = fnColumn(file, fn.index, Fn.FirstVariable);
  const write = (e: number): string | null => {
    const x = e * EXPR_STRIDE;
    switch (file.exprs[x] as X) {
      case X.Local: {
        const variable = firstVariable + (file.exprs[x + 1] as number);
        return file.strings[file.variables[variable * VARIABLE_STRIDE] as number] ?? null;
      }
      case X.Field: {
        const base = write(file.exprs[x + 1] as number);
        const name = file.strings[file.exprs[x + 2] as number] ?? '';
        return base === null ? null : `${base}${file.exprs[x + 3] === 1 ? '->' : '.'}${name}`;
      }
      default:
        return null;
    }
  };
  const isAddress = (file.exprs[argument * EXPR_STRIDE] as X) === X.Addr;
  const inner = isAddress ? (file.exprs[argument * EXPR_STRIDE + 1] as number) : argument;
  const text = write(inner);
  return text === null
    ? null
    : { text, field: isAddress && (file.exprs[inner * EXPR_STRIDE] as X) === X.Field };
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
