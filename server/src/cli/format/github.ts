/**
 * The report as GitHub workflow commands: one annotation a finding, a skipped file, a comment that allows nothing and a stale entry of
 * the baseline. Paths are relative to the kernel root, which is the checkout in a kernel repository.
 */
import type { Severity } from '../../engine/base/finding.js';
import type { Report } from '../report.js';

const COMMAND: Readonly<Record<Severity, string>> = { error: 'error', warning: 'warning', info: 'notice' };

/** One line an annotation. */
export function formatGithub(report: Report): string {
  const lines = report.findings.map((finding) => {
    const properties = [
      `file=${property(finding.file)}`,
      `line=${finding.line}`,
      `endLine=${finding.endLine}`,
      `col=${finding.column}`,
      `endColumn=${finding.endColumn}`,
      `title=${property(finding.rule)}`,
    ];
    return `::${COMMAND[finding.severity]} ${properties.join(',')}::${data(`${finding.message} (in ${finding.function}())`)}`;
  });
  for (const { file, reason } of report.skipped) {
    lines.push(`::warning file=${property(file)},title=skipped::${data(`not analysed: ${reason}`)}`);
  }
  for (const problem of report.problems) lines.push(`::notice title=lockwalk::${data(problem)}`);
  for (const { rule, file, function: name, fingerprint } of report.baseline?.stale ?? [])
    lines.push(
      `::notice file=${property(file)},title=stale in the baseline::${data(`${rule} in ${name}() (${fingerprint})`)}`,
    );
  return lines.map((line) => `${line}\n`).join('');
}

function data(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}

function property(text: string): string {
  return data(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
}
