/**
 * `lockwalk check`: findings for files or folders, in one of four formats. Exit code 1 where there is one. With `--fix` safe fixes are
 * applied first and the report says what is left; with `--fix --dry-run` they are shown as a diff, and nothing is written.
 */
import { join } from 'node:path';
import { count } from '../engine/findings/wording.js';
import { rulePage } from '../host/assets.js';
import { VERSION } from '../host/version.js';
import { diffOf, type Fixed, makeFixes, writeFixes } from './apply-fixes.js';
import { formatGithub } from './format/github.js';
import { formatJson } from './format/json.js';
import { formatSarif } from './format/sarif.js';
import { formatText } from './format/text.js';
import { lineReader } from './lines.js';
import type { Report } from './report.js';
import { type CheckOptions, runCheck } from './run-check.js';
import type { Target } from './target.js';
import { paintFor, progressLine, remark, writeOut } from './terminal.js';
import { EXIT, UsageError } from './usage-error.js';

/** The formats of a report. */
export const FORMATS = ['text', 'json', 'sarif', 'github'] as const;
export type Format = (typeof FORMATS)[number];

/** Options of `check` that concern the output. */
export interface OutputOptions {
  readonly format: Format;
  readonly color: boolean;
  /** In text: places are named so that a program that runs elsewhere finds them. */
  readonly absolute?: boolean;
  /** Apply safe fixes. */
  readonly fix?: boolean;
  /** With `fix`: show them as a diff, write nothing. */
  readonly dryRun?: boolean;
}

/** Runs the command. */
export async function check(
  paths: readonly string[],
  options: CheckOptions & OutputOptions,
  signal: AbortSignal,
): Promise<number> {
  if (options.dryRun === true && options.fix !== true) throw new UsageError('--dry-run goes with --fix');
  let { report, target } = await runCheck(paths, options, signal);
  if (options.fix === true) {
    const request = { findings: report.findings, rules: options.rule ?? [], jobs: options.jobs };
    const fixed = await makeFixes(target, request, signal);
    sayLeft(fixed);
    if (options.dryRun === true) {
      await writeOut(diffOf(fixed));
      return report.findings.length > 0 ? EXIT.findings : EXIT.clean;
    }
    const why = writeFixes(fixed);
    if (why !== null) throw new UsageError(`${why}: nothing is written`);
    remark(`${count(fixed.gone.length, 'finding')} fixed in ${count(fixed.files.length, 'file')}`);
    // What is left stands on other lines now
    if (fixed.files.length > 0) ({ report, target } = await runCheck(paths, options, signal));
  }
  await writeOut(format(report, target, options));
  if (process.stderr.isTTY === true && options.quiet !== true) {
    progressLine(true).clear();
    process.stderr.write(
      `${(report.stats.totalMs / 1000).toFixed(1)} s, ${report.stats.peakMemoryMiB} MiB\n`,
    );
  }
  return report.findings.length > 0 ? EXIT.findings : EXIT.clean;
}

/** Names the fixes that were not applied. */
function sayLeft(fixed: Fixed): void {
  for (const { finding, why } of fixed.left)
    remark(`${finding.file}:${finding.line}: ${finding.rule} is not fixed: ${why}`);
}

function format(report: Report, target: Target, options: OutputOptions): string {
  switch (options.format) {
    case 'text':
      return formatText(report, lineReader(target.tree), paintFor(options.color), (file) =>
        options.absolute === true ? join(target.root, file) : file,
      );
    case 'json':
      return formatJson(report);
    case 'sarif':
      return formatSarif(report, { toolVersion: VERSION, pageOf: rulePage });
    case 'github':
      return formatGithub(report);
    default:
      return options.format satisfies never;
  }
}
