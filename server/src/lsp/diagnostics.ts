/**
 * From findings to what the client shows of them: severities of the settings, and a word on comments that ignore nothing. Must
 * not know how it gets to the client.
 */
import { type Diagnostic, DiagnosticSeverity, DiagnosticTag } from 'vscode-languageserver';
import type { Finding } from '../engine/base/finding.js';
import { shownSeverity } from '../engine/findings/severity.js';
import type { PlacedProblem } from '../engine/findings/suppression.js';
import { matchesAny } from '../host/glob.js';
import type { Settings } from '../host/settings.js';
import { SOURCE, toDiagnostic, toRange, type Wire } from './to-protocol.js';

/** What the client can show. */
export interface Abilities {
  readonly relatedInformation: boolean;
  readonly diagnosticTags: boolean;
}

/** Findings as diagnostics under settings; those that are off or in excluded files are left out. */
export function diagnosticsOf(
  wire: Wire,
  findings: readonly Finding[],
  { severity, exclude }: Pick<Settings, 'severity' | 'exclude'>,
  { relatedInformation }: Abilities,
): Diagnostic[] {
  return findings.flatMap((finding) => {
    const shown = matchesAny(finding.file, exclude) ? null : shownSeverity(finding, severity);
    return shown === null ? [] : [toDiagnostic(wire, finding, shown, relatedInformation)];
  });
}

/** What is wrong with comments that ignore findings; one that does nothing is greyed out. */
export function remarksOf(
  wire: Wire,
  remarks: readonly PlacedProblem[],
  { diagnosticTags }: Abilities,
): Diagnostic[] {
  return remarks.map(({ file, line, message, unused }) => {
    const [from, to] = commentIn(wire.lineText(file, line) ?? '');
    const range = toRange(wire, file, { startLine: line, startColumn: from, endLine: line, endColumn: to });
    const severity = unused ? DiagnosticSeverity.Information : DiagnosticSeverity.Warning;
    const diagnostic: Diagnostic = { range, severity, code: 'lockwalk-ignore', source: SOURCE, message };
    return unused && diagnosticTags ? { ...diagnostic, tags: [DiagnosticTag.Unnecessary] } : diagnostic;
  });
}

/** Columns (1-based) of the comment in a line. */
function commentIn(text: string): readonly [number, number] {
  const at = /\/\*\s*lockwalk-ignore(?:(?!\*\/).)*(?:\*\/)?/.exec(text);
  const start = at?.index ?? text.length - text.trimStart().length;
  return [start + 1, start + (at?.[0] ?? text.trim()).length + 1];
}
