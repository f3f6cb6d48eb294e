/**
 * Contexts of a point with the places that they speak of, as cards link to them. Must not know how they are shown.
 */

import type { PointContext } from '../base/finding.js';
import type { PlacedContext } from '../base/hover.js';
import type { Analysis } from '../contexts/analysis.js';
import type { Point } from '../contexts/query.js';
import type { FunctionRef } from '../program/program.js';
import { placeOfFunction, placeOfOperation } from './call-effect.js';

/** A point's context with its places. */
export function placed(
  analysis: Analysis,
  { context, calls, takenBy, written, situation }: Point,
): PlacedContext {
  const { functions } = analysis.program;
  return {
    ...context,
    // People look for what stands in the text
    held: context.held.map((lock, n) => ({ ...lock, expression: written[n] ?? lock.expression })),
    path: calls.steps.map((step) => placeOfFunction(functions[step.fn] as FunctionRef)),
    complete: calls.complete,
    situation,
    takenBy: takenBy.map((step) => {
      const fn = step === null ? undefined : functions[step.fn];
      return fn === undefined || step === null ? null : placeOfOperation(fn, step.op);
    }),
  };
}

/** A point's context, with the names that locks have where they are taken beside those that identify them. */
export function asWritten({ context, written }: Point): PointContext {
  const held = context.held.map((lock, n) => {
    const name = written[n] ?? lock.expression;
    return name === lock.expression ? lock : { ...lock, written: name };
  });
  return { ...context, held };
}
