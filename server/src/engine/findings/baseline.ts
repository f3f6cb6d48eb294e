/**
 * Baselines: findings that are known and accepted, by fingerprint. A baseline hides what it lists and says which of its
 * entries no longer occur. The file format is plain JSON that reads well in a diff. Must not touch files.
 */
import { type Finding, PRECISION_RANK, type Precision } from '../base/finding.js';
import { compareText } from './order.js';

/** One accepted finding. All but the fingerprint is for the reader. */
export interface BaselineEntry {
  readonly fingerprint: string;
  readonly rule: string;
  readonly file: string;
  readonly function: string;
  /** Of the finding when it was accepted; absent in baselines of old. */
  readonly precision?: Precision;
}

/** A baseline, or what is wrong with its text. */
export type BaselineText =
  | { readonly ok: true; readonly entries: readonly BaselineEntry[] }
  | { readonly ok: false; readonly problem: string };

/** Findings that are new, and entries of the baseline that match nothing. */
export interface Compared {
  readonly fresh: readonly Finding[];
  readonly known: number;
  readonly stale: readonly BaselineEntry[];
}

/** Reads a baseline. */
export function parseBaseline(text: string): BaselineText {
  let raw: unknown;
  try {
    raw = JSON.parse(text);
  } catch {
    return { ok: false, problem: 'is no JSON' };
  }
  if (!isRecord(raw) || raw.version !== 1 || !Array.isArray(raw.findings)) {
    return { ok: false, problem: 'is no baseline of version 1' };
  }
  const entries: BaselineEntry[] = [];
  for (const item of raw.findings as readonly unknown[]) {
    if (!isRecord(item) || typeof item.fingerprint !== 'string') {
      return { ok: false, problem: `has an entry without a fingerprint (number ${entries.length + 1})` };
    }
    entries.push({
      fingerprint: item.fingerprint,
      rule: String(item.rule ?? ''),
      file: String(item.file ?? ''),
      function: String(item.function ?? ''),
      ...(isPrecision(item.precision) ? { precision: item.precision } : {}),
    });
  }
  return { ok: true, entries };
}

/** The baseline that accepts these findings. */
export function baselineOf(findings: readonly Finding[]): readonly BaselineEntry[] {
  return findings.map(({ fingerprint, rule, file, function: name, precision }) => ({
    fingerprint,
    rule,
    file,
    function: name,
    precision,
  }));
}

/** A baseline as text: sorted, one entry a line. */
export function formatBaseline(entries: readonly BaselineEntry[]): string {
  const sorted = [...entries].sort(
    (a, b) =>
      compareText(a.file, b.file) || compareText(a.rule, b.rule) || compareText(a.fingerprint, b.fingerprint),
  );
  const lines = sorted.map(
    ({ fingerprint, rule, file, function: name, precision }) =>
      `    ${JSON.stringify({ fingerprint, rule, file, function: name, precision })}`,
  );
  return `{\n  "version": 1,\n  "findings": [${lines.length === 0 ? '' : `\n${lines.join(',\n')}\n  `}]\n}\n`;
}

/** Holds findings against a baseline. */
export function compareWithBaseline(
  findings: readonly Finding[],
  entries: readonly BaselineEntry[],
): Compared {
  const accepted = new Set(entries.map((entry) => entry.fingerprint));
  const present = new Set(findings.map((finding) => finding.fingerprint));
  const fresh = findings.filter((finding) => !accepted.has(finding.fingerprint));
  return {
    fresh,
    known: findings.length - fresh.length,
    stale: entries.filter((entry) => !present.has(entry.fingerprint)),
  };
}

function isPrecision(value: unknown): value is Precision {
  return typeof value === 'string' && Object.hasOwn(PRECISION_RANK, value);
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
