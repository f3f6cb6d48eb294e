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

const NUMBERS = new WeakMap<FunctionResult, number>();
let numbered = 0;

const OF_ALL = new WeakMap<Analysis, Int32Array>();

/** The numbers of all results of an analysis, by function: looked up once, since who asks asks of every call. */
export function resultNumbers(analysis: Analysis): Int32Array {
  let all = OF_ALL.get(analysis);
  if (all === undefined) {
    all = Int32Array.from(analysis.results, resultNumber);
    OF_ALL.set(analysis, all);
  }
  return all;
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

const AROUND = new WeakMap<Analysis, Int32Array>();

/** A number that stands for the result of a function and those of all that it calls: for what is made of both. */
export function resultsAround(analysis: Analysis, fn: FunctionRef): number {
  let all = AROUND.get(analysis);
  if (all === undefined) {
    const { results } = analysis;
    const own = resultNumbers(analysis);
    all = Int32Array.from(results, (result, id) => {
      let n = own[id] as number;
      for (const callee of calleesOf(result)) n = mixed(n, own[callee] as number);
      return n;
    });
    AROUND.set(analysis, all);
  }
  return all[fn.id] ?? 0;
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
