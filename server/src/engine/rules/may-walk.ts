/**
 * Which functions RCU-walk may enter: asked by several rules after every edit, and the same until an edit changes more than the inside of
 * functions.
 */
import type { Analysis } from '../contexts/analysis.js';
import type { FunctionRef } from '../program/program.js';
import { OfAnalyses } from './kept.js';

const MAY_WALK = new OfAnalyses<readonly number[]>(
  ({ bottomUp, propagation }) =>
    bottomUp.filter((id) => propagation?.entries[id]?.some((e) => e.walk || e.widened) === true),
  (ids) => ids,
);

/** The functions of an analysis that RCU-walk may enter, callees first: those with a situation of it, or with widened ones. */
export function mayWalk(analysis: Analysis): readonly FunctionRef[] {
  return MAY_WALK.of(analysis).map((id) => analysis.program.functions[id] as FunctionRef);
}
