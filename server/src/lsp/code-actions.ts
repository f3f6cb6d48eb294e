/**
 * Quick fixes for the findings at a range. Offered only from findings of the present text, and only where every
 * document that a fix touches still has the version that the finding was computed from. Must not know rules.
 */
import {
  type CodeAction,
  CodeActionKind,
  type CodeActionParams,
  type Diagnostic,
} from 'vscode-languageserver';
import type { Finding, Fix } from '../engine/base/finding.js';
import type { Result } from './checker.js';
import type { Documents } from './documents.js';
import { EXPLAIN_COMMAND } from './protocol.js';
import { fingerprintOf, toCodeAction, toDiagnostic, type Wire } from './to-protocol.js';

export interface CodeActionSurroundings {
  readonly wire: Wire;
  readonly documents: Documents;
  /** The client takes edits with document versions. */
  readonly documentChanges: boolean;
  /** The client has the command that opens a rule's page. */
  readonly explains: boolean;
}

/** The actions for a request, safe fixes first. */
export function codeActions(
  params: CodeActionParams,
  result: Result,
  around: CodeActionSurroundings,
): CodeAction[] {
  const only = params.context.only;
  if (only !== undefined && !only.some((kind) => kind === '' || isQuickFix(kind))) return [];
  const fixes: CodeAction[] = [];
  const pages: CodeAction[] = [];
  for (const { finding, diagnostics } of findingsAt(params, result, around.wire)) {
    for (const fix of finding.fixes) {
      if (!stillFits(fix, result, around)) continue;
      const versionOf = (uri: string): number | null => around.documents.versionOf(uri);
      fixes.push(toCodeAction(around.wire, fix, diagnostics, versionOf, around.documentChanges));
    }
    const title = `Explain ${finding.rule}`;
    if (around.explains && !pages.some((page) => page.title === title)) {
      const command = { title, command: EXPLAIN_COMMAND, arguments: [finding.rule] };
      pages.push({ title, kind: CodeActionKind.QuickFix, diagnostics, command });
    }
  }
  fixes.sort((a, b) => Number(b.isPreferred === true) - Number(a.isPreferred === true));
  return [...fixes, ...pages];
}

/** Findings that the client named by fingerprint; where it named none of ours, those that the range touches. */
function findingsAt(
  params: CodeActionParams,
  result: Result,
  wire: Wire,
): readonly { readonly finding: Finding; readonly diagnostics: Diagnostic[] }[] {
  const named = params.context.diagnostics.filter((diagnostic) => fingerprintOf(diagnostic) !== null);
  const found: { finding: Finding; diagnostics: Diagnostic[] }[] = [];
  for (const finding of result.findings) {
    const sameHash = named.filter((diagnostic) => fingerprintOf(diagnostic) === finding.fingerprint);
    if (sameHash.length > 0) found.push({ finding, diagnostics: sameHash });
    else if (named.length === 0) {
      const diagnostic = toDiagnostic(wire, finding, false);
      const { start, end } = diagnostic.range;
      const { start: from, end: to } = params.range;
      const before = end.line < from.line || (end.line === from.line && end.character < from.character);
      const after = start.line > to.line || (start.line === to.line && start.character > to.character);
      if (!before && !after) found.push({ finding, diagnostics: [diagnostic] });
    }
  }
  return found;
}

function isQuickFix(kind: string): boolean {
  return kind === CodeActionKind.QuickFix || kind.startsWith(`${CodeActionKind.QuickFix}.`);
}

/** Open documents that the fix edits must not have changed since the check began. */
function stillFits(fix: Fix, result: Result, around: CodeActionSurroundings): boolean {
  return fix.edits.every((edit) => {
    const uri = around.wire.uriOf(edit.file);
    const now = around.documents.versionOf(uri);
    return now === null || result.versions.get(uri) === now;
  });
}
