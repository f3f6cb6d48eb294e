/**
 * The report for people: a headline that editors can jump to, the code with a caret, how the place is reached, what is
 * held, the path, and the fixes; then what was skipped and a sum. No times: two runs print the same bytes.
 */
import type { Finding } from '../../engine/base/finding.js';
import { count, wordAcquired, wordEntry, wordLock, wordRcu } from '../../engine/findings/wording.js';
import type { LineOf, Report } from '../report.js';
import type { Paint } from '../terminal.js';
import { codeFrame } from './code-frame.js';
import { isRace, stepList, twoColumns } from './two-columns.js';

/** The whole report; `nameOf` says how the file of a headline is called. */
export function formatText(
  report: Report,
  lineOf: LineOf,
  paint: Paint,
  nameOf: (file: string) => string = (file) => file,
): string {
  const blocks = report.findings.map((finding) =>
    formatFinding(finding, lineOf, paint, nameOf(finding.file)),
  );
  blocks.push(summary(report, paint).join('\n'));
  return `${blocks.join('\n\n')}\n`;
}

function formatFinding(finding: Finding, lineOf: LineOf, paint: Paint, name: string): string {
  const place = paint.place(`${name}:${finding.line}:${finding.column}`);
  const severity = paint.severity(finding.severity, finding.severity);
  const may = finding.certainty === 'may' ? ' (on some paths)' : '';
  const lines = [`${place}: ${severity}: ${paint.strong(finding.message)}${may} [${finding.rule}]`];
  lines.push(...indent(codeFrame(finding, lineOf, paint), 4));
  const facts: [string, string][] = [['in', `${finding.function}()`]];
  if (finding.entry !== null) facts.push(['reached', wordEntry(finding.entry)]);
  if (finding.held.length === 0) facts.push(['held', 'no lock']);
  for (const [index, lock] of finding.held.entries())
    facts.push([index === 0 ? 'held' : '', `${wordLock(lock)}, ${wordAcquired(lock)}`]);
  if (finding.rcu !== 'none') facts.push(['rcu', wordRcu(finding.rcu)]);
  lines.push(...facts.map(([name, text]) => `  ${paint.dim(name.padEnd(8))} ${text}`));
  if (finding.trace.length > 0) {
    lines.push(`  ${paint.dim('path')}`);
    lines.push(...indent(isRace(finding.trace) ? twoColumns(finding.trace) : stepList(finding.trace), 4));
  }
  for (const fix of finding.fixes) {
    lines.push(
      `  ${paint.dim('fix'.padEnd(8))} ${fix.title}${fix.safety === 'unsafe' ? ' (look twice)' : ''}`,
    );
  }
  return lines.join('\n');
}

function summary(report: Report, paint: Paint): readonly string[] {
  const lines: string[] = [];
  for (const problem of report.problems) lines.push(`note: ${problem}`);
  for (const { file, reason } of report.skipped) lines.push(`skipped: ${file}: ${reason}`);
  for (const entry of report.baseline?.stale ?? []) {
    lines.push(
      `stale in the baseline: ${entry.rule} in ${entry.file}, ${entry.function}() (${entry.fingerprint})`,
    );
  }
  const files = new Set(report.findings.map((finding) => finding.file)).size;
  const found =
    report.findings.length === 0
      ? 'no finding'
      : `${count(report.findings.length, 'finding')} in ${count(files, 'file')}`;
  const { stats } = report;
  const parts = [`${count(stats.files, 'file')} and ${count(stats.functions, 'function')} checked`];
  if (stats.damagedFunctions > 0)
    parts.push(`${count(stats.damagedFunctions, 'function')} not fully understood`);
  if (report.skipped.length > 0) parts.push(`${count(report.skipped.length, 'file')} skipped`);
  if (report.baseline !== null) parts.push(`${report.baseline.known} known from the baseline`);
  const configuration = report.configuration ?? 'default configuration';
  lines.push(
    `${paint.strong(found)}: ${parts.join(', ')} (Linux ${report.kernel.version}, ${configuration})`,
  );
  return lines;
}

function indent(lines: readonly string[], by: number): readonly string[] {
  return lines.map((line) => (line === '' ? '' : ' '.repeat(by) + line));
}
