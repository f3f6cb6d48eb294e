/**
 * The last step before findings leave the engine: comments in the source are honoured, then the order is fixed. Everything
 * that a face shows has gone through here. Must not know rules beyond their ids.
 */
import type { Finding } from '../base/finding.js';
import { orderFindings } from './order.js';
import { applySuppressions, ruleMatches } from './suppression.js';

/** What settling needs to know of the run. */
export interface Run {
  /** Files that were checked, in order. */
  readonly files: readonly string[];
  /** Every rule id there is. */
  readonly known: readonly string[];
  /** The rule ids that ran. */
  readonly ran: readonly string[];
  textOf(file: string): string | null;
}

/** What leaves the engine. */
export interface Settled {
  readonly findings: readonly Finding[];
  readonly problems: readonly string[];
}

/** Honours suppression comments and orders what is left. */
export function settleFindings(findings: readonly Finding[], run: Run): Settled {
  const { kept, problems } = applySuppressions(findings, run.files, run.textOf, (named) => {
    if (run.ran.some((rule) => ruleMatches(rule, named))) return 'ran';
    return run.known.some((rule) => ruleMatches(rule, named)) ? 'idle' : 'unknown';
  });
  return { findings: orderFindings(kept), problems };
}
