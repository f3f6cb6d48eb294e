/**
 * How bad a finding is shown to be where somebody wants it otherwise than its rule says: a table by rule id or family, an id
 * before its family. Must not know where the table comes from.
 */
import type { Finding, Severity, ShownSeverity } from '../base/finding.js';
import type { RuleInfo } from '../door.js';

/** By rule id or family; `off`: not shown. */
export type SeverityTable = Readonly<Record<string, ShownSeverity | 'off'>>;

/** What a table says of a rule, or null where it says nothing. */
export function severityFor(rule: string, table: SeverityTable): ShownSeverity | 'off' | null {
  return entry(table, rule) ?? entry(table, rule.slice(0, Math.max(0, rule.indexOf('/')))) ?? null;
}

/** How a finding is to be shown; null: not at all. */
export function shownSeverity(
  finding: Pick<Finding, 'rule' | 'severity'>,
  table: SeverityTable,
): ShownSeverity | null {
  const set = severityFor(finding.rule, table);
  if (set === 'off') return null;
  return set ?? (finding.severity === 'info' ? 'information' : finding.severity);
}

/** Findings with the severities of a table, for reports that know no hints; those that are off are left out. */
export function withSeverities(findings: readonly Finding[], table: SeverityTable): readonly Finding[] {
  const out: Finding[] = [];
  for (const finding of findings) {
    const shown = shownSeverity(finding, table);
    if (shown === null) continue;
    const severity = asReported(shown);
    out.push(severity === finding.severity ? finding : { ...finding, severity });
  }
  return out;
}

function asReported(shown: ShownSeverity): Severity {
  return shown === 'error' || shown === 'warning' ? shown : 'info';
}

/**
 * The rules to ask for: those that are named; where none is, all that are on by default, for which the empty list stands, and
 * those that are not, but whose id the table gives a severity.
 */
export function rulesToRun(
  named: readonly string[],
  table: SeverityTable,
  rules: readonly Pick<RuleInfo, 'id' | 'onByDefault'>[],
): readonly string[] {
  if (named.length > 0) return named;
  const isOn = (id: string): boolean => (entry(table, id) ?? 'off') !== 'off';
  const more = rules.filter((rule) => !rule.onByDefault && isOn(rule.id));
  if (more.length === 0) return [];
  return [...rules.filter((rule) => rule.onByDefault), ...more].map((rule) => rule.id);
}

function entry(table: SeverityTable, name: string): ShownSeverity | 'off' | undefined {
  return Object.hasOwn(table, name) ? table[name] : undefined;
}
