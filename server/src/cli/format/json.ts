/**
 * The report for scripts, version 1. Fields are added, never changed; the order of keys is fixed, so that the same input
 * gives the same bytes but for `stats`.
 */
import type { Finding } from '../../engine/base/finding.js';
import type { Report } from '../report.js';

/** The whole report as one JSON document. */
export function formatJson(report: Report): string {
  const document = {
    version: 1,
    kernel: { root: report.kernel.root, version: report.kernel.version },
    findings: report.findings.map(findingJson),
    skipped: report.skipped.map(({ file, reason }) => ({ file, reason })),
    problems: report.problems,
    ...(report.baseline === null ? {} : { baseline: report.baseline }),
    stats: report.stats,
  };
  return `${JSON.stringify(document, null, 2)}\n`;
}

function findingJson(finding: Finding): Record<string, unknown> {
  const { entry } = finding;
  return {
    rule: finding.rule,
    severity: finding.severity,
    precision: finding.precision,
    certainty: finding.certainty,
    message: finding.message,
    file: finding.file,
    line: finding.line,
    column: finding.column,
    endLine: finding.endLine,
    endColumn: finding.endColumn,
    function: finding.function,
    entry:
      entry === null
        ? null
        : { method: entry.method, struct: entry.struct, table: entry.table, function: entry.function },
    held: finding.held.map((lock) => ({
      class: lock.class,
      instance: lock.instance,
      expression: lock.expression,
      mode: lock.mode,
      certainty: lock.certainty,
      acquiredAt: lock.acquiredAt,
    })),
    rcu: finding.rcu,
    trace: finding.trace.map((step) => ({
      kind: step.kind,
      file: step.file,
      line: step.line,
      column: step.column,
      message: step.message,
      ...(step.side === undefined ? {} : { side: step.side }),
    })),
    fixes: finding.fixes.map((fix) => ({
      title: fix.title,
      safety: fix.safety,
      edits: fix.edits.map((edit) => ({
        file: edit.file,
        startLine: edit.startLine,
        startColumn: edit.startColumn,
        endLine: edit.endLine,
        endColumn: edit.endColumn,
        text: edit.text,
      })),
    })),
    fingerprint: finding.fingerprint,
  };
}
