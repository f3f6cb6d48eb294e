/**
 * What is found of a function and kept from check to check, together with all that it hung on: an edit costs what it changes. Must not
 * know what is kept. What is kept says operations, and never lines, offsets or expressions, which move with the text around the function.
 */
import type { Analysis } from '../contexts/analysis.js';
import type { FunctionRef } from '../program/program.js';
import { calleesByOp } from './lockless.js';

interface Kept<T> {
  readonly hungOn: readonly unknown[];
  readonly found: T;
}

/** One kind of what is found of functions. */
export class OfFunctions<T> {
  private readonly known = new WeakMap<FunctionRef, Kept<T>>();

  /**
   * What was found of a function, while each of `hungOn` is the very same as then; else it is found anew, and `find` is given what was
   * found before.
   */
  of(fn: FunctionRef, hungOn: readonly unknown[], find: (before: T | undefined) => T): T {
    const known = this.known.get(fn);
    if (known?.hungOn.length === hungOn.length && known.hungOn.every((x, i) => x === hungOn[i]))
      return known.found;
    const found = find(known?.found);
    this.known.set(fn, { hungOn, found });
    return found;
  }
}

/** The result of a function and those of all that it calls: for what is made of both. */
export function resultsAround(analysis: Analysis, fn: FunctionRef): unknown[] {
  const { results } = analysis;
  const out: unknown[] = [results[fn.id]];
  for (const callees of calleesByOp({ analysis }, fn).values())
    for (const id of callees) out.push(results[id]);
  return out;
}
