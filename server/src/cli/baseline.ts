/**
 * `lockwalk baseline write|update`: `write` accepts every finding of today; `update` drops the entries that no longer occur
 * and adds none, so that a baseline only shrinks unless somebody writes it anew.
 */
import { existsSync, readFileSync } from 'node:fs';
import { baselineOf, formatBaseline, parseBaseline } from '../engine/findings/baseline.js';
import { count } from '../engine/findings/wording.js';
import { type CheckOptions, runCheck } from './run-check.js';
import { writeOut, writeTo } from './terminal.js';
import { EXIT, UsageError } from './usage-error.js';

/** The file that is meant where none is named. */
export const DEFAULT_BASELINE = 'lockwalk-baseline.json';

/** Writes a baseline of all findings. */
export async function baselineWrite(
  paths: readonly string[],
  options: CheckOptions,
  signal: AbortSignal,
): Promise<number> {
  const { baseline = DEFAULT_BASELINE, since: _since, ...rest } = options;
  const { report } = await runCheck(paths, rest, signal);
  writeTo(baseline, formatBaseline(baselineOf(report.findings)));
  await writeOut(`${baseline}: ${count(report.findings.length, 'finding')} accepted\n`);
  return EXIT.clean;
}

/** Drops stale entries. */
export async function baselineUpdate(
  paths: readonly string[],
  options: CheckOptions,
  signal: AbortSignal,
): Promise<number> {
  const { baseline = DEFAULT_BASELINE, since: _since, ...rest } = options;
  if (!existsSync(baseline))
    throw new UsageError(`${baseline}: no such file; \`lockwalk baseline write\` makes one`);
  const { report } = await runCheck(paths, { ...rest, baseline }, signal);
  const stale = new Set(report.baseline?.stale.map((entry) => entry.fingerprint));
  const before = parseBaseline(readFileSync(baseline, 'utf8'));
  const entries = before.ok ? before.entries : [];
  writeTo(baseline, formatBaseline(entries.filter((entry) => !stale.has(entry.fingerprint))));
  await writeOut(
    `${baseline}: ${count(stale.size, 'stale entry').replace('entrys', 'entries')} dropped, ${entries.length - stale.size} left, ${count(report.findings.length, 'new finding')} not added\n`,
  );
  return EXIT.clean;
}
