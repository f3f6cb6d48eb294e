/**
 * The order in which findings leave: file, line, column, rule, each fingerprint once. The same input gives the same bytes,
 * whatever order the analysis worked in. Must not know what any rule is about.
 */
import type { Finding } from '../base/finding.js';

/** Compares by file, line, column, rule; then by message and fingerprint, so that no two orders are possible. */
export function compareFindings(a: Finding, b: Finding): number {
  return (
    compareText(a.file, b.file) ||
    a.line - b.line ||
    a.column - b.column ||
    compareText(a.rule, b.rule) ||
    compareText(a.message, b.message) ||
    compareText(a.fingerprint, b.fingerprint)
  );
}

/** Sorted; of findings with one fingerprint the first stays. */
export function orderFindings(findings: readonly Finding[]): readonly Finding[] {
  const seen = new Set<string>();
  return [...findings].sort(compareFindings).filter((finding) => {
    if (seen.has(finding.fingerprint)) return false;
    seen.add(finding.fingerprint);
    return true;
  });
}

/** By UTF-16 units: never by the machine's language. */
export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
