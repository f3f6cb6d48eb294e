/** Runs the rules. */
import type { CancelToken } from '../base/cancel.js';
import type { Finding } from '../base/finding.js';
import type { Analysis } from '../contexts/analysis.js';

export function runRules(
  _a: Analysis,
  _s: ReadonlySet<string>,
  _r: readonly string[],
  _p: string,
  _t: (f: string) => string | null,
  _c: CancelToken,
): Finding[] {
  return [];
}
