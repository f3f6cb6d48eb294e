/**
 * From our terms to the protocol's: findings to diagnostics, fixes to workspace edits, answers to hovers. With
 * `from-protocol.ts` the only place that converts. Must not know how answers come about or when they are sent.
 */
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import {
  type CodeAction,
  CodeActionKind,
  type Diagnostic,
  DiagnosticSeverity,
  type Hover,
  MarkupKind,
  type Position,
  type Range,
  type TextDocumentEdit,
  type TextEdit,
  type WorkspaceEdit,
} from 'vscode-languageserver';
import type { Edit, Finding, Fix, Severity } from '../engine/base/finding.js';
import { relatedPlaces } from '../engine/views/related.js';
import { type Encoding, fromUnits } from './positions.js';

/** What conversion has to know of the tree and the open documents. */
export interface Wire {
  readonly encoding: Encoding;
  /** URI of a file of the tree; the client's own spelling where it has the file open. */
  uriOf(file: string): string;
  /** Text of a line (1-based) of a file of the tree; null where it cannot be read. */
  lineText(file: string, line: number): string | null;
  /** Page of a rule, or null. */
  rulePage(rule: string): string | null;
}

/** What we put into `Diagnostic.data`, and get back with a code action request. */
export interface DiagnosticData {
  readonly fingerprint: string;
}

export const SOURCE = 'lockwalk';

/** URI of a file of a tree. */
export function uriOfFile(root: string, file: string): string {
  return pathToFileURL(join(root, file)).href;
}

/** A 1-based place of a file as a position of the client. */
export function toPosition(wire: Wire, file: string, line: number, column: number): Position {
  const units = Math.max(0, column - 1);
  if (wire.encoding === 'utf-16') return { line: line - 1, character: units };
  const text = wire.lineText(file, line);
  return { line: line - 1, character: text === null ? units : fromUnits(text, units, wire.encoding) };
}

/** A range in a file, in any of the engine's spellings. */
export interface Span {
  readonly startLine: number;
  readonly startColumn: number;
  readonly endLine: number;
  readonly endColumn: number;
}

export function toRange(wire: Wire, file: string, span: Span): Range {
  return {
    start: toPosition(wire, file, span.startLine, span.startColumn),
    end: toPosition(wire, file, span.endLine, span.endColumn),
  };
}

/** A finding as a diagnostic, its witness as related information. */
export function toDiagnostic(wire: Wire, finding: Finding, related: boolean): Diagnostic {
  const data: DiagnosticData = { fingerprint: finding.fingerprint };
  const diagnostic: Diagnostic = {
    range: toRange(wire, finding.file, {
      startLine: finding.line,
      startColumn: finding.column,
      endLine: finding.endLine,
      endColumn: finding.endColumn,
    }),
    severity: toSeverity(finding.severity),
    code: finding.rule,
    source: SOURCE,
    message: finding.message,
    data,
  };
  const page = wire.rulePage(finding.rule);
  if (page !== null) diagnostic.codeDescription = { href: page };
  if (related && finding.trace.length > 0) {
    diagnostic.relatedInformation = relatedPlaces(finding).map((place) => {
      const at = toPosition(wire, place.file, place.line, place.column);
      return {
        location: { uri: wire.uriOf(place.file), range: { start: at, end: at } },
        message: place.message,
      };
    });
  }
  return diagnostic;
}

/** The fingerprint that a diagnostic of ours carries, or null for anybody else's. */
export function fingerprintOf(diagnostic: Diagnostic): string | null {
  const data: unknown = diagnostic.data;
  if (diagnostic.source !== SOURCE || typeof data !== 'object' || data === null) return null;
  return 'fingerprint' in data && typeof data.fingerprint === 'string' ? data.fingerprint : null;
}

function toSeverity(severity: Severity): DiagnosticSeverity {
  switch (severity) {
    case 'error':
      return DiagnosticSeverity.Error;
    case 'warning':
      return DiagnosticSeverity.Warning;
    case 'info':
      return DiagnosticSeverity.Information;
    default: {
      const never: never = severity;
      return never;
    }
  }
}

/** A quick fix for the diagnostics that its finding stands for. */
export function toCodeAction(
  wire: Wire,
  fix: Fix,
  diagnostics: Diagnostic[],
  versionOf: (uri: string) => number | null,
  documentChanges: boolean,
): CodeAction {
  return {
    title: fix.title,
    kind: CodeActionKind.QuickFix,
    diagnostics,
    isPreferred: fix.safety === 'safe',
    edit: toWorkspaceEdit(wire, fix.edits, versionOf, documentChanges),
  };
}

/** Edits as the client takes them: with document versions where it can. */
export function toWorkspaceEdit(
  wire: Wire,
  edits: readonly Edit[],
  versionOf: (uri: string) => number | null,
  documentChanges: boolean,
): WorkspaceEdit {
  const byUri = new Map<string, TextEdit[]>();
  for (const edit of edits) {
    const uri = wire.uriOf(edit.file);
    const list = byUri.get(uri) ?? [];
    list.push({ range: toRange(wire, edit.file, edit), newText: edit.text });
    byUri.set(uri, list);
  }
  if (!documentChanges) return { changes: Object.fromEntries(byUri) };
  const changes: TextDocumentEdit[] = [];
  for (const [uri, list] of byUri)
    changes.push({ textDocument: { uri, version: versionOf(uri) }, edits: list });
  return { documentChanges: changes };
}

/** Hover content in the format that the client renders. */
export function toHover(markdown: string, format: 'markdown' | 'plaintext', range: Range | undefined): Hover {
  const value = format === 'markdown' ? markdown : plainText(markdown);
  const kind = format === 'markdown' ? MarkupKind.Markdown : MarkupKind.PlainText;
  return range === undefined ? { contents: { kind, value } } : { contents: { kind, value }, range };
}

/** Markdown without its marks, for clients that show hovers as plain text. */
export function plainText(markdown: string): string {
  return markdown
    .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    .replace(/^\|(?: ---)(?: \| ---)* \|\n?/gm, '')
    .replace(/^\| (.*) \|$/gm, '$1')
    .replace(/\*\*|`/g, '')
    .replace(/^\*(Not known:)\*/gm, '$1')
    .replace(/ {2}$/gm, '');
}
