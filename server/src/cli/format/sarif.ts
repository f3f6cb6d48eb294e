/**
 * The report as SARIF 2.1.0: results with code flows (one thread flow a CPU), partial fingerprints, fixes, logical
 * locations, and the rule pages as help. Paths are relative to the kernel root, which is the base `SRCROOT`.
 */

import { pathToFileURL } from 'node:url';
import type { Log, ReportingDescriptor, Result, Run, Location as SarifLocation, ThreadFlow } from 'sarif';
import type { Finding, Fix, Range, Severity, TraceStep } from '../../engine/base/finding.js';
import type { RuleInfo } from '../../engine/door.js';
import type { Report } from '../report.js';
import { isRace, sideOf } from './two-columns.js';

/** What SARIF needs besides the report. */
export interface SarifSources {
  readonly toolVersion: string;
  /** Markdown page of a rule, or null. */
  pageOf(rule: string): string | null;
}

const BASE = 'SRCROOT';
const SCHEMA = 'https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json';
const LEVEL: Readonly<Record<Severity, 'error' | 'warning' | 'note'>> = {
  error: 'error',
  warning: 'warning',
  info: 'note',
};

/** The whole report as one SARIF log. */
export function formatSarif(report: Report, sources: SarifSources): string {
  const used = new Set(report.findings.map((finding) => finding.rule));
  const rules = [...report.rules]
    .sort((a, b) => (a.id < b.id ? -1 : 1))
    .map((rule) => descriptor(rule, sources));
  for (const id of [...used].sort()) if (!rules.some((rule) => rule.id === id)) rules.push({ id });
  const run: Run = {
    tool: {
      driver: { name: 'lockwalk', semanticVersion: sources.toolVersion, version: sources.toolVersion, rules },
    },
    columnKind: 'utf16CodeUnits',
    originalUriBaseIds: { [BASE]: { uri: `${pathToFileURL(report.kernel.root).href}/` } },
    invocations: [
      {
        executionSuccessful: true,
        toolExecutionNotifications: [
          ...report.skipped.map(({ file, reason }) => ({
            level: 'warning' as const,
            message: { text: `skipped: ${file}: ${reason}` },
            locations: [{ physicalLocation: { artifactLocation: artifact(file) } }],
          })),
          ...report.problems.map((text) => ({ level: 'note' as const, message: { text } })),
          ...(report.baseline?.stale ?? []).map(({ rule, file, function: name, fingerprint }) => ({
            level: 'note' as const,
            message: { text: `stale in the baseline: ${rule} in ${file}, ${name}() (${fingerprint})` },
          })),
        ],
      },
    ],
    results: report.findings.map((finding) =>
      result(
        finding,
        rules.findIndex((rule) => rule.id === finding.rule),
      ),
    ),
  };
  const log: Log = { $schema: SCHEMA, version: '2.1.0', runs: [run] };
  return `${JSON.stringify(log, null, 2)}\n`;
}

function descriptor(rule: RuleInfo, sources: SarifSources): ReportingDescriptor {
  const page = sources.pageOf(rule.id);
  return {
    id: rule.id,
    shortDescription: { text: rule.summary },
    fullDescription: { text: rule.law },
    help: { text: rule.law, markdown: page ?? rule.law },
    defaultConfiguration: { enabled: rule.onByDefault, level: LEVEL[rule.severity] },
    properties: {
      precision: rule.precision === 'high' ? 'high' : rule.precision,
      tags: ['linux', 'vfs', 'locking'],
    },
  };
}

function result(finding: Finding, ruleIndex: number): Result {
  return {
    ruleId: finding.rule,
    ruleIndex,
    level: LEVEL[finding.severity],
    message: { text: finding.message },
    locations: [
      {
        physicalLocation: { artifactLocation: artifact(finding.file), region: region(finding) },
        logicalLocations: [
          { name: finding.function, fullyQualifiedName: finding.function, kind: 'function' },
        ],
      },
    ],
    partialFingerprints: { 'lockwalk/v1': finding.fingerprint },
    ...(finding.trace.length === 0 ? {} : { codeFlows: [{ threadFlows: threadFlows(finding.trace) }] }),
    ...(finding.fixes.length === 0 ? {} : { fixes: finding.fixes.map(sarifFix) }),
    properties: {
      precision: finding.precision,
      certainty: finding.certainty,
      entry: finding.entry,
      held: finding.held,
      rcu: finding.rcu,
    },
  };
}

function threadFlows(trace: readonly TraceStep[]): ThreadFlow[] {
  if (!isRace(trace))
    return [
      { locations: trace.map((step, index) => ({ location: place(step), executionOrder: index + 1 })) },
    ];
  return ([0, 1] as const)
    .map((side) => ({
      id: `CPU ${side}`,
      locations: trace.flatMap((step, index) =>
        sideOf(step) === side ? [{ location: place(step), executionOrder: index + 1 }] : [],
      ),
    }))
    .filter((flow) => flow.locations.length > 0);
}

function place(step: TraceStep): SarifLocation {
  return {
    physicalLocation: {
      artifactLocation: artifact(step.file),
      region: { startLine: step.line, startColumn: step.column },
    },
    message: { text: step.message },
  };
}

function sarifFix(fix: Fix): NonNullable<Result['fixes']>[number] {
  const byFile = new Map<string, Fix['edits'][number][]>();
  for (const edit of fix.edits) {
    const edits = byFile.get(edit.file);
    if (edits === undefined) byFile.set(edit.file, [edit]);
    else edits.push(edit);
  }
  return {
    description: { text: fix.title },
    artifactChanges: [...byFile].map(([file, edits]) => ({
      artifactLocation: artifact(file),
      replacements: edits.map((edit) => ({
        deletedRegion: {
          startLine: edit.startLine,
          startColumn: edit.startColumn,
          endLine: edit.endLine,
          endColumn: edit.endColumn,
        },
        insertedContent: { text: edit.text },
      })),
    })),
  };
}

function region(range: Range): {
  startLine: number;
  startColumn: number;
  endLine: number;
  endColumn: number;
} {
  return {
    startLine: range.line,
    startColumn: range.column,
    endLine: range.endLine,
    endColumn: range.endColumn,
  };
}

function artifact(file: string): { uri: string; uriBaseId: string } {
  return { uri: file.split('/').map(encodeURIComponent).join('/'), uriBaseId: BASE };
}
