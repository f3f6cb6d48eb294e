/**
 * The client's questions about diagnostics. A question starts no work: it is answered with what is there, waits for a check that
 * is on its way, and is sent back where a newer text has come meanwhile.
 */
import {
  type Connection,
  type DocumentDiagnosticReport,
  DocumentDiagnosticReportKind,
  LSPErrorCodes,
  ResponseError,
} from 'vscode-languageserver';
import type { Checker } from './checker.js';
import type { Documents } from './documents.js';
import { type Guarded, guard } from './guard.js';
import type { Reports } from './reports.js';

const NOTHING: DocumentDiagnosticReport = { kind: DocumentDiagnosticReportKind.Full, items: [] };

/** Answers `textDocument/diagnostic`. */
export function serveDiagnostics(
  connection: Connection,
  documents: Documents,
  checker: Checker,
  reports: Reports,
  failures: Guarded,
): void {
  connection.languages.diagnostics.on(
    guard('diagnostics', failures, NOTHING, async ({ textDocument: { uri }, previousResultId }, signal) => {
      if (!(await checker.settled(uri, signal))) {
        throw new ResponseError(LSPErrorCodes.ServerCancelled, 'a newer text is on its way', {
          retriggerRequest: true,
        });
      }
      return reports.answer(uri, documents.versionOf(uri), previousResultId);
    }),
  );
}
