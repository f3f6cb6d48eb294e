/**
 * A finding's witness as a list of places to show beside it: in order, repeated steps dropped, and each step of a
 * two-CPU interleaving labelled with its side. Must not know how an editor shows related places.
 */
import type { Finding, TraceStep } from '../base/finding.js';

/** Steps of a witness that are shown; longer ones keep their beginning and their end. */
export const MAX_RELATED = 20;

/** One related place with its words. */
export interface RelatedPlace {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly message: string;
}

/** The witness of a finding as related places. */
export function relatedPlaces(finding: Pick<Finding, 'trace'>): readonly RelatedPlace[] {
  const twoSides = finding.trace.some((step) => step.side === 1 || step.kind === 'other-side');
  const places: RelatedPlace[] = [];
  let last = '';
  for (const step of finding.trace) {
    const message = twoSides ? `CPU ${sideOf(step)}: ${step.message}` : step.message;
    const key = JSON.stringify([step.file, step.line, step.column, message]);
    if (key === last) continue;
    last = key;
    places.push({ file: step.file, line: step.line, column: step.column, message });
  }
  if (places.length <= MAX_RELATED) return places;
  const half = Math.floor(MAX_RELATED / 2);
  const before = places.slice(0, half);
  const after = places.slice(places.length - (MAX_RELATED - half - 1));
  const dropped = places.length - before.length - after.length;
  const seam = places[half];
  if (seam === undefined) return places;
  return [...before, { ...seam, message: `... ${dropped} steps not shown ...` }, ...after];
}

function sideOf(step: TraceStep): 0 | 1 {
  return step.side ?? (step.kind === 'other-side' ? 1 : 0);
}
