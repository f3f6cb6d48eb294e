/**
 * What is found of a function and kept from check to check, together with all that it hung on: an edit costs what it changes. Must not
 * know what is kept. What is kept says operations, and never lines, offsets or expressions, which move with the text around the function.
 */
import type { Analysis } from '../contexts/analysis.js';
import type { FunctionResult } from '../contexts/result.js';
import type { FunctionRef } from '../program/program.js';

interface Kept<T> {
  readonly hungOn: readonly unknown[];
  readonly found: T;
}

function stands({ hungOn }: Kept<unknown>, now: readonly unknown[]): boolean {
  return hungOn.length === now.length && hungOn.every((x, i) => x === now[i]);
}

let kinds = 0;

/** One kind of what is found of functions. */
export class OfFunctions<T> {
  /** Where in `FunctionRef.kept` it stands. */
  private readonly at = kinds++;

  /** What was found of a function, where each of `hungOn` is the very same as then; else undefined. */
  known(fn: FunctionRef, hungOn: readonly unknown[]): T | undefined {
    const kept = this.keptOf(fn);
    return kept !== undefined && stands(kept, hungOn) ? kept.found : undefined;
  }

  /** Keeps what was found of a function. */
  keep(fn: FunctionRef, hungOn: readonly unknown[], found: T): void {
    fn.kept[this.at] = { hungOn, found };
  }

  /**
   * What was found of a function, while each of `hungOn` is the very same as then; else it is found anew, and `find` is given what was
   * found before.
   */
  of(fn: FunctionRef, hungOn: readonly unknown[], find: (before: T | undefined) => T): T {
    const kept = this.keptOf(fn);
    if (kept !== undefined && stands(kept, hungOn)) return kept.found;
    const found = find(kept?.found);
    this.keep(fn, hungOn, found);
    return found;
  }

  private keptOf(fn: FunctionRef): Kept<T> | undefined {
    return fn.kept[this.at] as Kept<T> | undefined;
  }
}

/**
 * What is made of a whole analysis, and goes on from edit to edit as long as these leave all calls and situations as they are
 * (`Analysis.lineage`); effects may be others.
 */
export class OfAnalyses<T> {
  private readonly known = new WeakMap<
    object,
    { readonly results: readonly (FunctionResult | undefined)[]; readonly made: T }
  >();

  /**
   * `make`: makes it. `follow`: what was made of an earlier analysis of the lineage, as it is in this one, in which these functions
   * have another result than `before`; null where it is better made anew. What it is handed is nobody's any more.
   */
  constructor(
    private readonly make: (analysis: Analysis) => T,
    private readonly follow: (
      made: T,
      analysis: Analysis,
      changed: readonly number[],
      before: Results,
    ) => T | null,
  ) {}

  /** What is made of an analysis. */
  of(analysis: Analysis): T {
    const { lineage, results } = analysis;
    const known = this.known.get(lineage);
    if (known?.results === results) return known.made;
    const changed = known === undefined ? [] : changedIn(known.results, results);
    const followed = known === undefined ? null : this.follow(known.made, analysis, changed, known.results);
    const made = followed ?? this.make(analysis);
    this.known.set(lineage, { results, made });
    return made;
  }
}

/**
 * What is found of each function of a whole analysis, where that hangs on its text, its result and its situations (`wide`: and on the
 * texts of those that it names). After an edit only functions with another result are looked at again.
 */
export class OfEach<T> {
  private readonly all: OfAnalyses<Map<number, T>>;
  private find: (fn: FunctionRef) => T | null = () => null;

  constructor(wide = false) {
    const look = ({ program }: Analysis, id: number, into: Map<number, T>): void => {
      const fn = program.functions[id];
      const found = fn === undefined ? null : this.find(fn);
      if (found === null) into.delete(id);
      else into.set(id, found);
    };
    this.all = new OfAnalyses(
      (analysis) => {
        const found = new Map<number, T>();
        for (const id of analysis.bottomUp) look(analysis, id, found);
        return found;
      },
      (found, analysis, changed) => {
        for (const id of changed) {
          look(analysis, id, found);
          if (wide) for (const other of namersOf(analysis, id)) look(analysis, other, found);
        }
        return found;
      },
    );
  }

  /** By function, in no order that means anything. `find`: what is found of one; null where nothing is to be said of it. */
  of(analysis: Analysis, find: (fn: FunctionRef) => T | null): ReadonlyMap<number, T> {
    this.find = find;
    return this.all.of(analysis);
  }
}

/** A function of one thing that is asked of the same one again and again: what was said stays as long as that does. */
export function ofOne<K extends object, V>(find: (of: K) => V): (of: K) => V {
  const known = new WeakMap<K, { readonly found: V }>();
  return (of) => {
    let entry = known.get(of);
    if (entry === undefined) {
      entry = { found: find(of) };
      known.set(of, entry);
    }
    return entry.found;
  };
}

/** By function: results of an analysis. */
export type Results = readonly (FunctionResult | undefined)[];

/** By the results of an analysis: in which functions they differ from those of the one before. Many ask that of the same two. */
const CHANGED = new WeakMap<Results, { readonly before: WeakRef<Results>; readonly in: readonly number[] }>();

function changedIn(before: Results, now: Results): readonly number[] {
  const known = CHANGED.get(now);
  if (known?.before.deref() === before) return known.in;
  const out: number[] = [];
  const count = Math.max(before.length, now.length);
  for (let id = 0; id < count; id++) if (before[id] !== now[id]) out.push(id);
  CHANGED.set(now, { before: new WeakRef(before), in: out });
  return out;
}

const NUMBERS = new WeakMap<FunctionResult, number>();
let numbered = 0;

const OF_ALL = new OfAnalyses<Int32Array>(
  ({ results }) => Int32Array.from(results, resultNumber),
  (numbers, { results }, changed) => {
    if (numbers.length !== results.length) return null;
    for (const id of changed) numbers[id] = resultNumber(results[id]);
    return numbers;
  },
);

/** The numbers of all results of an analysis, by function: looked up once, since who asks asks of every call. */
export function resultNumbers(analysis: Analysis): Int32Array {
  return OF_ALL.of(analysis);
}

/** A number of a result: its own for as long as it stands. 0: no result. */
function resultNumber(result: FunctionResult | undefined): number {
  if (result === undefined) return 0;
  let n = NUMBERS.get(result);
  if (n === undefined) {
    n = ++numbered;
    NUMBERS.set(result, n);
  }
  return n;
}

const AROUND = new OfAnalyses<Int32Array>(
  (analysis) => Int32Array.from(analysis.results, (_, id) => numberAround(analysis, id)),
  (numbers, analysis, changed) => {
    if (numbers.length !== analysis.results.length) return null;
    for (const id of changed) {
      numbers[id] = numberAround(analysis, id);
      for (const caller of callersOf(analysis, id)) numbers[caller] = numberAround(analysis, caller);
    }
    return numbers;
  },
);

function numberAround(analysis: Analysis, id: number): number {
  const own = resultNumbers(analysis);
  let n = own[id] as number;
  for (const callee of calleesOf(analysis.results[id])) n = mixed(n, own[callee] as number);
  return n;
}

/** By function: who calls it, which in one lineage is always the same. */
const CALLERS = new OfAnalyses<readonly (readonly number[] | undefined)[]>(
  ({ results }) => {
    const out: (number[] | undefined)[] = [];
    for (let id = 0; id < results.length; id++)
      for (const callee of calleesOf(results[id])) {
        const list = out[callee];
        if (list === undefined) out[callee] = [id];
        else list.push(id);
      }
    return out;
  },
  (callers) => callers,
);

/** Who calls a function in its own context, each once. */
export function callersOf(analysis: Analysis, fn: number): readonly number[] {
  return CALLERS.of(analysis)[fn] ?? NOBODY;
}

/** By function: who names it, or once did. */
const NAMERS = new OfAnalyses<(number[] | undefined)[]>(
  (analysis) => {
    const out: (number[] | undefined)[] = [];
    for (const id of analysis.bottomUp)
      for (const callee of analysis.callees.of(id)) {
        const list = out[callee];
        if (list === undefined) out[callee] = [id];
        else list.push(id);
      }
    return out;
  },
  (namers, { callees }, changed) => {
    for (const id of changed)
      for (const callee of callees.of(id)) {
        const list = namers[callee];
        if (list === undefined) namers[callee] = [id];
        else if (!list.includes(id)) list.push(id);
      }
    return namers;
  },
);

/** The functions that name a function in a call; perhaps some that do no longer. */
function namersOf(analysis: Analysis, fn: number): readonly number[] {
  return NAMERS.of(analysis)[fn] ?? NOBODY;
}

/** A number that stands for the result of a function and those of all that it calls: for what is made of both. */
export function resultsAround(analysis: Analysis, fn: FunctionRef): number {
  return AROUND.of(analysis)[fn.id] ?? 0;
}

const CALLEES = new WeakMap<FunctionResult, readonly number[]>();
const NOBODY: readonly number[] = [];

/** Whom a function calls in its own context, each once. */
export function calleesOf(result: FunctionResult | undefined): readonly number[] {
  if (result === undefined) return NOBODY;
  let known = CALLEES.get(result);
  if (known === undefined) {
    known = [...new Set(result.edges.filter((e) => e.context === 'now').map((e) => e.callee))];
    CALLEES.set(result, known);
  }
  return known;
}

/** Two numbers in one that changes with either and with their order. */
export function mixed(a: number, b: number): number {
  const x = Math.imul(a ^ (b >>> 15) ^ b, 0x85ebca6b);
  return (x ^ (x >>> 13)) | 0;
}
