/**
 * A check of a whole directory or of all of `fs/`, open or not, on engines of its own, so that the tree's own one stays free for
 * hovers. Computes nothing; must not know how findings get to the client.
 */
import { Cancelled } from '../engine/base/cancel.js';
import type { Finding } from '../engine/base/finding.js';
import type { CheckAnswer, CheckRequest, Progress } from '../engine/door.js';
import { orderFindings } from '../engine/findings/order.js';
import { rulesToRun, shownSeverity } from '../engine/findings/severity.js';
import { RULES } from '../engine/rules/index.js';
import { now } from '../host/clock.js';
import { matchesAny } from '../host/glob.js';
import type { EngineSpec } from './engine-port.js';
import type { PlaceOfFile } from './place.js';
import type { ScanReport } from './protocol.js';

/** A check by engines that are made for it. */
export interface ScanJob {
  readonly spec: EngineSpec;
  /** Unsaved texts. */
  readonly overlays: readonly (readonly [file: string, text: string])[];
  readonly request: CheckRequest;
}

/** Carries a scan out; rejects with `Cancelled` where the signal says stop. */
export type RunScan = (
  job: ScanJob,
  signal: AbortSignal,
  progress: (progress: Progress) => void,
) => Promise<readonly CheckAnswer[]>;

/** The whole of the kernel that is checked where nothing is named, as on the command line. */
export const WHOLE_TREE = 'fs';

/** A scan's report, with what it found and would show. */
export interface Scan {
  readonly report: ScanReport;
  readonly findings: readonly Finding[];
}

/** Scans paths of a tree under the settings that hold there. */
export async function scan(
  place: PlaceOfFile,
  paths: readonly string[],
  overlays: ScanJob['overlays'],
  run: RunScan,
  signal: AbortSignal,
  progress: (progress: Progress) => void,
): Promise<Scan> {
  const { spec, settings } = place;
  const began = now();
  const { rules, severity, precision, exclude } = settings;
  const request = { paths, rules: rulesToRun(rules, severity, RULES), precision };
  const report = (rest: Partial<ScanReport>): ScanReport => ({
    version: 1,
    root: spec.root,
    paths,
    cancelled: false,
    problem: null,
    files: 0,
    functions: 0,
    findings: 0,
    filesWithFindings: 0,
    rules: [],
    skipped: [],
    ms: Math.round(now() - began),
    ...rest,
  });
  try {
    const answers = await run({ spec, overlays, request }, signal, progress);
    const findings = orderFindings(answers.flatMap((answer) => answer.findings)).filter(
      (one) => !matchesAny(one.file, exclude) && shownSeverity(one, severity) !== null,
    );
    const sum = (pick: (answer: CheckAnswer) => number): number =>
      answers.reduce((all, answer) => all + pick(answer), 0);
    return {
      findings,
      report: report({
        files: sum((answer) => answer.stats.files),
        functions: sum((answer) => answer.stats.functions),
        findings: findings.length,
        filesWithFindings: new Set(findings.map(({ file }) => file)).size,
        rules: byRule(findings),
        skipped: answers.flatMap((answer) => answer.skipped),
      }),
    };
  } catch (error) {
    if (error instanceof Cancelled || signal.aborted)
      return { findings: [], report: report({ cancelled: true }) };
    throw error;
  }
}

function byRule(findings: readonly Finding[]): ScanReport['rules'] {
  const counts = new Map<string, number>();
  for (const { rule } of findings) counts.set(rule, (counts.get(rule) ?? 0) + 1);
  return [...counts]
    .map(([rule, number]) => ({ rule, findings: number }))
    .sort((a, b) => b.findings - a.findings || (a.rule < b.rule ? -1 : 1));
}
