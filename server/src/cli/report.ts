/**
 * What a check has to tell, ready to be written in any format. Types only.
 */
import type { Finding } from '../engine/base/finding.js';
import type { RuleInfo, SkippedFile } from '../engine/door.js';
import type { BaselineEntry } from '../engine/findings/baseline.js';

/** The sums of a run. The last three differ from run to run. */
export interface ReportStats {
  readonly files: number;
  readonly functions: number;
  readonly damagedFunctions: number;
  readonly parseMs: number;
  readonly totalMs: number;
  readonly peakMemoryMiB: number;
}

/** A check's report. */
export interface Report {
  readonly kernel: { readonly root: string; readonly version: string };
  /** The `.config` followed, or null for the default configuration. */
  readonly configuration: string | null;
  readonly findings: readonly Finding[];
  readonly skipped: readonly SkippedFile[];
  readonly problems: readonly string[];
  /** Findings that a baseline hides and entries of it that match nothing; null without a baseline. */
  readonly baseline: { readonly known: number; readonly stale: readonly BaselineEntry[] } | null;
  readonly stats: ReportStats;
  readonly rules: readonly RuleInfo[];
}

/** Reads a line (1-based) of a file of the tree, without its end; null where there is none. */
export type LineOf = (file: string, line: number) => string | null;
