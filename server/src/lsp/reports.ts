/**
 * Diagnostics of open documents on their way to the client: it asks for them where it can, else they are sent; never both.
 * Nothing is told twice, and a client that asks is told to ask again only where what it has is no longer right. Starts no work.
 */
import {
  type Diagnostic,
  type DocumentDiagnosticReport,
  DocumentDiagnosticReportKind,
} from 'vscode-languageserver';

/** Refreshes that come this close together are one. */
const REFRESH_AFTER_MS = 50;

/** Ways to the client. */
export interface ReportChannel {
  /** The client asks; nothing is sent. */
  readonly pulled: () => boolean;
  push(uri: string, version: number | null, items: Diagnostic[]): void;
  /** Tells the client to ask again for all that it shows. */
  refresh(): void;
}

interface Report {
  readonly version: number;
  readonly items: Diagnostic[];
  readonly id: string;
  readonly key: string;
}

/** What is known of each open document, and what the client was told. */
export class Reports {
  readonly #channel: ReportChannel;
  readonly #reports = new Map<string, Report>();
  /** The version that a document had when the client asked, and the report that it got. */
  readonly #told = new Map<string, { readonly version: number | null; readonly id: string | null }>();
  #next = 1;
  #refresh: NodeJS.Timeout | null = null;

  constructor(channel: ReportChannel) {
    this.#channel = channel;
  }

  /** Diagnostics of a version of a document. */
  put(uri: string, version: number, items: Diagnostic[]): void {
    const key = JSON.stringify(items);
    const before = this.#reports.get(uri);
    if (before?.version === version && before.key === key) return;
    const id = `${version}.${this.#next++}`;
    this.#reports.set(uri, { version, items, id, key });
    if (!this.#channel.pulled()) this.#channel.push(uri, version, items);
    else if (this.#isWrong(uri, version, items)) this.#refreshSoon();
  }

  /** Nothing is said of the document any more. */
  clear(uri: string): void {
    const before = this.#reports.get(uri);
    this.#reports.delete(uri);
    if (before === undefined) return;
    if (!this.#channel.pulled()) this.#channel.push(uri, null, []);
    else if (before.items.length > 0 && this.#told.has(uri)) this.#refreshSoon();
  }

  /** The document was closed: a client that asks has forgotten what it had. */
  closed(uri: string): void {
    this.#told.delete(uri);
    this.clear(uri);
  }

  /** The answer to a client that asks; `version`: that of the document now. */
  answer(uri: string, version: number | null, previous: string | undefined): DocumentDiagnosticReport {
    const report = this.#reports.get(uri);
    this.#told.set(uri, { version, id: report?.id ?? null });
    if (report === undefined) return { kind: DocumentDiagnosticReportKind.Full, items: [] };
    if (report.id === previous) return { kind: DocumentDiagnosticReportKind.Unchanged, resultId: previous };
    return { kind: DocumentDiagnosticReportKind.Full, resultId: report.id, items: report.items };
  }

  /** Whether the client has asked about this version and got something else. */
  #isWrong(uri: string, version: number, items: readonly Diagnostic[]): boolean {
    const told = this.#told.get(uri);
    return told?.version === version && (told.id !== null || items.length > 0);
  }

  stop(): void {
    if (this.#refresh !== null) clearTimeout(this.#refresh);
    this.#refresh = null;
  }

  #refreshSoon(): void {
    if (this.#refresh !== null) return;
    this.#refresh = setTimeout(() => {
      this.#refresh = null;
      this.#channel.refresh();
    }, REFRESH_AFTER_MS);
  }
}
