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

let kinds = 0;

/** One kind of what is found of functions. */
export class OfFunctions<T> {
  /** Where in `FunctionRef.kept` it stands. */
  private readonly at = kinds++;

  /**
   * What was found of a function, while each of `hungOn` is the very same as then; else it is found anew, and `find` is given what was
   * found before.
   */
  of(fn: FunctionRef, hungOn: readonly unknown[], find: (before: T | undefined) => T): T {
    const known = fn.kept[this.at] as Kept<T> | undefined;
    if (known?.hungOn.length === hungOn.length && known.hungOn.every((x, i) => x === hungOn[i]))
      return known.found;
    const found = find(known?.found);
    fn.kept[this.at] = { hungOn, found };
    return found;
  }
}

/**
 * What is made of a whole analysis, and goes on from edit to edit as long as these change functions from the inside only
 * (`Analysis.lineage`).
 */
export class OfAnalyses<T> {
  private readonly known = new WeakMap<
    object,
    { readonly results: readonly (FunctionResult | undefined)[]; readonly made: T }
  >();

  /**
   * `make`: makes it. `follow`: what was made of an earlier analysis of the lineage, as it is in this one, in which these functions
   * have another result; null where it is better made anew. What it is handed is nobody's any more.
   */
  constructor(
    private readonly make: (analysis: Analysis) => T,
    private readonly follow: (made: T, analysis: Analysis, changed: readonly number[]) => T | null,
  ) {}

  /** What is made of an analysis. */
  of(analysis: Analysis): T {
    const { lineage, results } = analysis;
    const known = this.known.get(lineage);
    if (known?.results === results) return known.made;
    const changed = known === undefined ? [] : changedIn(known.results, results);
    const followed = known === undefined ? null : this.follow(known.made, analysis, changed);
    const made = followed ?? this.make(analysis);
    this.known.set(lineage, { results, made });
    return made;
  }
}

type Results = readonly (FunctionResult | undefined)[];

function changedIn(before: Results, now: Results): readonly number[] {
  const out: number[] = [];
  const count = Math.max(before.length, now.length);
  for (let id = 0; id < count; id++) if (before[id] !== now[id]) out.push(id);
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

/** Numbers of results with those around them, by function, and who calls whom. */
interface Around {
  readonly numbers: Int32Array;
  /** By function: its callers. In one lineage all calls are the same. */
  callers: (readonly number[] | undefined)[] | null;
}

const AROUND = new OfAnalyses<Around>(
  (analysis) => ({
    numbers: Int32Array.from(analysis.results, (_, id) => numberAround(analysis, id)),
    callers: null,
  }),
  (around, analysis, changed) => {
    const { numbers } = around;
    if (numbers.length !== analysis.results.length) return null;
    around.callers ??= callersIn(analysis);
    for (const id of changed) {
      numbers[id] = numberAround(analysis, id);
      for (const caller of around.callers[id] ?? NOBODY) numbers[caller] = numberAround(analysis, caller);
    }
    return around;
  },
);

function numberAround(analysis: Analysis, id: number): number {
  const own = resultNumbers(analysis);
  let n = own[id] as number;
  for (const callee of calleesOf(analysis.results[id])) n = mixed(n, own[callee] as number);
  return n;
}

function callersIn({ results }: Analysis): (readonly number[] | undefined)[] {
  const out: (number[] | undefined)[] = [];
  for (let id = 0; id < results.length; id++)
    for (const callee of calleesOf(results[id])) {
      const list = out[callee];
      if (list === undefined) out[callee] = [id];
      else list.push(id);
    }
  return out;
}

/** A number that stands for the result of a function and those of all that it calls: for what is made of both. */
export function resultsAround(analysis: Analysis, fn: FunctionRef): number {
  return AROUND.of(analysis).numbers[fn.id] ?? 0;
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
