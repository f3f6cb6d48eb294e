/**
 * The documents that the client has open: their text and version, kept by incremental changes in the negotiated
 * encoding. Must not know kernel trees, the engine, or what is done with a document.
 */
import { TextDocument, type TextDocumentContentChangeEvent } from 'vscode-languageserver-textdocument';
import { type Encoding, toUnits } from './positions.js';

/** One open document. */
export interface OpenDocument {
  readonly uri: string;
  readonly languageId: string;
  readonly version: number;
  readonly text: string;
}

/** The set of open documents; the only state is what the client told. */
export class Documents {
  readonly #open = new Map<string, TextDocument>();
  readonly #encoding: () => Encoding;

  constructor(encoding: () => Encoding) {
    this.#encoding = encoding;
  }

  open(uri: string, languageId: string, version: number, text: string): void {
    this.#open.set(uri, TextDocument.create(uri, languageId, version, text));
  }

  /** Applies changes in order; each one's range is meant in the text that the one before it left. */
  change(uri: string, version: number, changes: readonly TextDocumentContentChangeEvent[]): boolean {
    let document = this.#open.get(uri);
    if (document === undefined) return false;
    for (const change of changes) {
      document = TextDocument.update(document, [this.#inUnits(document, change)], version);
    }
    this.#open.set(uri, document);
    return true;
  }

  close(uri: string): void {
    this.#open.delete(uri);
  }

  get(uri: string): OpenDocument | undefined {
    const document = this.#open.get(uri);
    if (document === undefined) return undefined;
    return { uri, languageId: document.languageId, version: document.version, text: document.getText() };
  }

  versionOf(uri: string): number | null {
    return this.#open.get(uri)?.version ?? null;
  }

  uris(): readonly string[] {
    return [...this.#open.keys()];
  }

  /** Text of a line (0-based) without its end, or null where the document is not open. */
  line(uri: string, line: number): string | null {
    const document = this.#open.get(uri);
    return document === undefined ? null : lineOf(document, line);
  }

  #inUnits(document: TextDocument, change: TextDocumentContentChangeEvent): TextDocumentContentChangeEvent {
    const encoding = this.#encoding();
    if (encoding === 'utf-16' || !('range' in change)) return change;
    const { start, end } = change.range;
    return {
      text: change.text,
      range: {
        start: {
          line: start.line,
          character: toUnits(lineOf(document, start.line), start.character, encoding),
        },
        end: { line: end.line, character: toUnits(lineOf(document, end.line), end.character, encoding) },
      },
    };
  }
}

function lineOf(document: TextDocument, line: number): string {
  const text = document.getText({ start: { line, character: 0 }, end: { line: line + 1, character: 0 } });
  return text.replace(/\r?\n$|\r$/, '');
}
