/**
 * Which fixes can be applied at once: safe ones, one a finding, none of whose edits touches one of another. What is left out is
 * found again afterwards, with a fix for the new text. Must not know what a fix does.
 */
import type { Edit, Finding, Fix } from '../base/finding.js';

/** Fixes that go together. */
export interface FixSet {
  readonly findings: readonly Finding[];
  readonly edits: readonly Edit[];
}

/** The first safe fixes that `allowed` takes, in the order of the findings, as far as they do not meet. */
export function fixesTogether(findings: readonly Finding[], allowed: (fix: Fix) => boolean): FixSet {
  const taken: Finding[] = [];
  const edits: Edit[] = [];
  for (const finding of findings) {
    const fix = finding.fixes.find((one) => one.safety === 'safe');
    if (fix === undefined || !allowed(fix)) continue;
    if (fix.edits.some((edit) => edits.some((other) => meet(edit, other)))) continue;
    taken.push(finding);
    edits.push(...fix.edits);
  }
  return { findings: taken, edits };
}

/** Whether two edits share a place, be it only an end: which one comes first would then be chance. */
function meet(a: Edit, b: Edit): boolean {
  if (a.file !== b.file) return false;
  return !isBefore(a, b) && !isBefore(b, a);
}

function isBefore(a: Edit, b: Edit): boolean {
  return a.endLine < b.startLine || (a.endLine === b.startLine && a.endColumn < b.startColumn);
}
