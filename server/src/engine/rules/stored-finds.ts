/**
 * What rules found of functions and of their situations, to be kept between runs beside the analysis that they looked at. What they found
 * hangs on numbers of results and of situations (`standing.ts`), so these are kept with it. Must not know what was found.
 */
import type { Found } from '../contexts/earlier.js';
import type { FunctionRef } from '../program/program.js';
import { recallFunctions, type StoredFunctions, storedFunctions } from './kept.js';
import { recallSituations, type StoredSituations, storedSituations } from './replay.js';
import { numbersOf, recallNumbers } from './standing.js';

/** All of that of one analysis, as values that say all that they are. */
export interface StoredFinds {
  /** By function: the numbers of its result and of its situations; 0 where there is none. */
  readonly results: Int32Array;
  readonly entries: Int32Array;
  readonly situations: StoredSituations;
  readonly functions: StoredFunctions;
}

/** What is known of an analysis, and hangs on nothing but what was found then. `functions`: those of its program. */
export function storedFinds(found: Found, functions: readonly FunctionRef[]): StoredFinds {
  return {
    results: numbersOf(found.results),
    entries: numbersOf(found.situations.entries),
    situations: storedSituations(found),
    functions: storedFunctions(functions),
  };
}

/** Makes known of an analysis that was kept what was kept of its situations. */
export function recallFinds(found: Found, { results, entries, situations }: StoredFinds): void {
  recallNumbers(found.results, results);
  recallNumbers(found.situations.entries, entries);
  recallSituations(found, situations);
}

/**
 * The same of functions, once there is a program: of those that have the number and the key that they had. `before`: keys as they were;
 * `now`: as far as they are known.
 */
export function recallFunctionFinds(
  { functions: stored }: StoredFinds,
  before: readonly string[],
  functions: readonly FunctionRef[],
  now: readonly string[],
): void {
  recallFunctions(stored, (id) => (before[id] === now[id] ? functions[id] : undefined));
}
