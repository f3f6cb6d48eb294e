/**
 * `lockwalk check`: findings for files or folders, in one of four formats. Exit code 1 where there is one.
 */
import { rulePage } from '../host/assets.js';
import { VERSION } from '../host/version.js';
import { formatGithub } from './format/github.js';
import { formatJson } from './format/json.js';
import { formatSarif } from './format/sarif.js';
import { formatText } from './format/text.js';
import { lineReader } from './lines.js';
import type { Report } from './report.js';
import { type CheckOptions, runCheck } from './run-check.js';
import type { Target } from './target.js';
import { paintFor, progressLine, writeOut } from './terminal.js';
import { EXIT } from './usage-error.js';

/** The formats of a report. */
export const FORMATS = ['text', 'json', 'sarif', 'github'] as const;
export type Format = (typeof FORMATS)[number];

/** Options of `check` that concern the output. */
export interface OutputOptions {
  readonly format: Format;
  readonly color: boolean;
}

/** Runs the command. */
export async function check(
  paths: readonly string[],
  options: CheckOptions & OutputOptions,
  signal: AbortSignal,
): Promise<number> {
  const { report, target } = await runCheck(paths, options, signal);
  await writeOut(format(report, target, options));
  if (process.stderr.isTTY === true && options.quiet !== true) {
    progressLine(true).clear();
    process.stderr.write(
      `${(report.stats.totalMs / 1000).toFixed(1)} s, ${report.stats.peakMemoryMiB} MiB\n`,
    );
  }
  return report.findings.length > 0 ? EXIT.findings : EXIT.clean;
}

function format(report: Report, target: Target, options: OutputOptions): string {
  switch (options.format) {
    case 'text':
      return formatText(report, lineReader(target.tree), paintFor(options.color));
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
