/**
 * A second look at a function for rules that need to see every read: the function is walked again, and the rule is shown
 * each operation with the states that one of its situations allows.
 */
import type { Analysis } from '../contexts/analysis.js';
import { fnColumn } from '../contexts/cfg.js';
import type { Found } from '../contexts/earlier.js';
import { begin, type Entry, Whence } from '../contexts/entry-points.js';
import { FunctionRun } from '../contexts/flow.js';
import { MAX_STATES } from '../contexts/frontier.js';
import type { Facts } from '../contexts/known.js';
import type { FunctionResult } from '../contexts/result.js';
import { NO_LOCKS, type State } from '../contexts/state.js';
import { exported } from '../contexts/translate.js';
import { EXPR_STRIDE, type FileFacts, Fn, X } from '../facts/encode.js';
import type { FunctionRef } from '../program/program.js';
import { textsBelow } from './callee-texts.js';
import type { IsPlain } from './kept.js';

/**
 * Shows a state before an operation, with the walk that terms and types belong to. What is given back goes along with the state
 * (`State.trail`), so that a rule can follow what happened on the way: a number of the rule's own, 0 at the start. A value that an
 * operation made is another one once that operation runs again: a trail that speaks of it has to forget it there.
 */
export type Look = (run: FunctionRun, op: number, state: State) => number | undefined;

/**
 * Walks a function; `look` sees the states that fit the situation and are not in doubt. `keep`: how many states are kept apart at a
 * point; more than usual is a careful walk, which also remembers what was taken and given back (`State.done`). `goals`: operations to
 * which something is wanted to come; where control cannot come to any of them any more it is not followed. A look that gives nothing
 * back belongs into `watch`, which costs less.
 */
export function replay(
  analysis: Analysis,
  fn: FunctionRef,
  entry: Entry,
  look: Look,
  keep = MAX_STATES,
  goals: readonly number[] | null = null,
): void {
  if (analysis.propagation === null || goals?.length === 0) return;
  let fits: Fits | null = null;
  const observer = (op: number, s: State): number | undefined => {
    if (s.doubt) return undefined;
    fits ??= fitting(analysis, run, entry);
    return fits(s) ? look(run, op, s) : undefined;
  };
  const run: FunctionRun = new FunctionRun(analysis.shared, fn, observer, keep, goals);
  run.show();
}

type Fits = (s: State) => boolean;

/** Tells which states a situation allows. */
function fitting(analysis: Analysis, run: FunctionRun, entry: Entry): Fits {
  // What is known changes at few operations: most ask for the very same facts again
  const known = new Map<Facts, boolean>();
  return (s) => {
    let fit = known.get(s.facts);
    if (fit === undefined) {
      fit = analysis.propagation?.meet(entry, exported(run.terms, s.facts, true)) != null;
      known.set(s.facts, fit);
    }
    return fit;
  };
}

/** A walk that is kept: the states before some operations, in the order in which they were come to. */
interface Walk {
  readonly fn: number;
  readonly keep: number;
  readonly wanted: readonly number[];
  readonly run: FunctionRun;
  readonly terms: unknown;
  readonly ops: readonly number[];
  readonly states: readonly State[];
}

/** The last walk of each analysis: a rule asks for one situation of a function after the other. */
const LAST = new WeakMap<Analysis, Walk>();

/**
 * After an edit the same few functions are looked at by one rule after the other: they are walked whole, once for all rules. An analysis
 * that walked more functions than this is no edit's.
 */
const FEW_WALKED = 12;
const WHOLE = new WeakMap<Analysis, Map<string, Walk>>();

/** The walk of a whole function, where it is worth keeping; else null. */
function wholeWalk(analysis: Analysis, fn: FunctionRef, keep: number): Walk | null {
  // One that was not followed to its end may come further where it is asked for less
  if (analysis.walked > FEW_WALKED || analysis.results[fn.id]?.widened !== false) return null;
  const known = WHOLE.get(analysis) ?? new Map<string, Walk>();
  WHOLE.set(analysis, known);
  const key = `${fn.id},${keep}`;
  let walk = known.get(key);
  if (walk === undefined) {
    if (known.size >= FEW_WALKED) return null;
    walk = walked(analysis, fn, operationsOf(fn), keep);
    known.set(key, walk);
  }
  return walk;
}

/**
 * Shows the states before the wanted operations that fit the situation and are not in doubt, with the walk that terms and types belong
 * to. The function is walked only as far as these operations need it, and not at all where there are none; once for all its situations.
 */
export function watch(
  analysis: Analysis,
  fn: FunctionRef,
  entry: Entry,
  isWanted: (op: number) => boolean,
  see: (run: FunctionRun, op: number, state: State) => void,
  keep = MAX_STATES,
): void {
  if (analysis.propagation === null) return;
  const wanted = operationsOf(fn).filter(isWanted);
  if (wanted.length === 0) return;
  let walk = LAST.get(analysis) ?? null;
  const whole = wholeWalk(analysis, fn, keep);
  if (whole !== null) walk = whole;
  else if (walk?.fn !== fn.id || walk.keep !== keep || !areSame(walk.wanted, wanted)) {
    walk = walked(analysis, fn, wanted, keep);
    LAST.set(analysis, walk);
  }
  const { run, ops, states } = walk;
  const { terms } = analysis.shared;
  const outer = terms.swapLocal(walk.terms);
  const fits = fitting(analysis, run, entry);
  const isOne = whole === null ? null : new Set(wanted);
  for (let i = 0; i < ops.length; i++) {
    const s = states[i] as State;
    if (isOne?.has(ops[i] as number) === false) continue;
    if (fits(s)) see(run, ops[i] as number, s);
  }
  terms.swapLocal(outer);
}

function walked(analysis: Analysis, fn: FunctionRef, wanted: readonly number[], keep: number): Walk {
  const { shared } = analysis;
  const ops: number[] = [];
  const states: State[] = [];
  const observer = (op: number, s: State): undefined => {
    if (s.doubt) return;
    ops.push(op);
    states.push(s);
  };
  const run = new FunctionRun(shared, fn, observer, keep, wanted);
  run.showOnly(wanted);
  const terms = shared.terms.keptLocal();
  run.show(terms);
  return { fn: fn.id, keep, wanted, run, terms, ops, states };
}

function areSame(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((x, i) => x === b[i]);
}

/** The operations of a function, by number. */
export function operationsOf(fn: FunctionRef): readonly number[] {
  return Array.from({ length: fnColumn(fn.file, fn.index, Fn.OpCount) }, (_, op) => op);
}

/** What is kept of a function besides its result: nothing, or also the texts of what it calls. */
export type HangsOn = 'itself' | 'callees';

interface Kept {
  readonly result: FunctionResult | undefined;
  readonly texts: number;
  readonly key: string;
  readonly made: unknown;
}

/** By situation: what was made of it, by kind. */
const KEPT = new WeakMap<Entry, (Kept | undefined)[]>();
/** Kinds that go on from run to run. */
const STORED = new Set<number>();
let kinds = 0;

/**
 * What a rule made of a function in a situation: made once, and again only when the function's result or the situation is found anew, or,
 * where it hangs on what callees write, their text is another one. What is made must not hang on anything else, such as who calls, but
 * on what the key says; and it says operations and never lines or expressions, which move with the text around the function. It goes on
 * from run to run, too (`stored-finds.ts`).
 */
export class OfSituations<T> {
  /** The same in every run of a build: kinds are made when modules are loaded. */
  private readonly kind = kinds++;
  private readonly hangsOn: HangsOn;

  /** What says more than plain values is not kept between runs. */
  constructor(
    ...[hangsOn, goesOn]: false extends IsPlain<T>
      ? [hangsOn: HangsOn, goesOn: 'this run']
      : [hangsOn?: HangsOn, goesOn?: 'this run']
  ) {
    this.hangsOn = hangsOn ?? 'itself';
    if (goesOn !== 'this run') STORED.add(this.kind);
  }

  of(analysis: Analysis, fn: FunctionRef, entry: Entry, make: () => T, key = ''): T {
    const result = analysis.results[fn.id];
    const texts = this.hangsOn === 'callees' ? textsBelow(analysis, fn.id) : 0;
    const known = KEPT.get(entry)?.[this.kind];
    if (known !== undefined && known.result === result && known.texts === texts && known.key === key)
      return known.made as T;
    const made = make();
    keepFind(entry, this.kind, { result, texts, key, made });
    return made;
  }
}

function keepFind(entry: Entry, kind: number, kept: Kept): void {
  const list = KEPT.get(entry);
  if (list === undefined) {
    const first: (Kept | undefined)[] = [];
    first[kind] = kept;
    KEPT.set(entry, first);
  } else list[kind] = kept;
}

/** What rules made of the situations of an analysis, to be kept between runs beside that analysis. */
export type StoredSituations = readonly StoredFind[];

/** `situation`: its number among those of the function; -1: `anyhow()`. */
interface StoredFind {
  readonly fn: number;
  readonly situation: number;
  readonly kind: number;
  readonly texts: number;
  readonly key: string;
  readonly made: unknown;
}

/** All that is known of the situations of an analysis and hangs on nothing but what was found then. */
export function storedSituations({ results, situations }: Found): StoredSituations {
  const out: StoredFind[] = [];
  for (const [fn, result] of results.entries()) {
    if (result === undefined) continue;
    const store = (situation: number, entry: Entry | undefined): void => {
      const all = entry === undefined ? undefined : KEPT.get(entry);
      for (const [kind, kept] of all?.entries() ?? [])
        if (kept?.result === result && STORED.has(kind))
          out.push({ fn, situation, kind, texts: kept.texts, key: kept.key, made: kept.made });
    };
    store(-1, ANYHOW.get(result));
    for (const [at, entry] of (situations.entries[fn] ?? []).entries()) store(at, entry);
  }
  return out;
}

/** Makes known of an analysis that was kept what was kept beside it. */
export function recallSituations({ results, situations }: Found, finds: StoredSituations): void {
  for (const { fn, situation, kind, texts, key, made } of finds) {
    const result = results[fn];
    if (result === undefined) continue;
    const entry = situation < 0 ? anyhow(result) : situations.entries[fn]?.[situation];
    if (entry !== undefined) keepFind(entry, kind, { result, texts, key, made });
  }
}

const ANYHOW = new WeakMap<FunctionResult, Entry>();

/** A situation of which nothing is known: for what a function does whoever calls it. The same one while the function's result is. */
export function anyhow(result: FunctionResult): Entry {
  let entry = ANYHOW.get(result);
  if (entry === undefined) {
    entry = begin(NO_LOCKS, Whence.Nobody);
    ANYHOW.set(result, entry);
  }
  return entry;
}

/** The same for a function; null where nobody comes to it. */
export function reachedAnyhow({ results, propagation }: Analysis, fn: FunctionRef): Entry | null {
  const result = results[fn.id];
  return result === undefined || propagation?.entries[fn.id]?.[0] === undefined ? null : anyhow(result);
}

/** Calls `visit` for every expression below one, itself included; `&x.y` reads nothing, so its place is not visited as a read. */
export function visitExpressions(file: FileFacts, expr: number, visit: (e: number, kind: X) => void): void {
  if (expr < 0) return;
  const at = expr * EXPR_STRIDE;
  const kind = file.exprs[at] as X;
  const a = file.exprs[at + 1] as number;
  const b = file.exprs[at + 2] as number;
  switch (kind) {
    case X.Addr: {
      // The address of p->f needs p, not what stands in f
      const inner = a * EXPR_STRIDE;
      if ((file.exprs[inner] as X) === X.Field)
        visitExpressions(file, file.exprs[inner + 1] as number, visit);
      else if ((file.exprs[inner] as X) === X.Index)
        visitExpressions(file, file.exprs[inner + 1] as number, visit);
      return;
    }
    case X.Field:
    case X.Deref:
      visit(expr, kind);
      visitExpressions(file, a, visit);
      return;
    case X.Index:
      visit(expr, kind);
      visitExpressions(file, a, visit);
      visitExpressions(file, b, visit);
      return;
    case X.Unary:
    case X.Cast:
      visitExpressions(file, b, visit);
      return;
    case X.Binary:
      visitExpressions(file, b, visit);
      visitExpressions(file, file.exprs[at + 3] as number, visit);
      return;
    default:
      return;
  }
}
