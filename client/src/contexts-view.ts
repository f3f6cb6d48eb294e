/**
 * The view "Contexts at Cursor": what is known to hold where the cursor stands. Asks only while it is seen, once the cursor has
 * come to rest, and takes back what it asked before.
 */
import { CancellationTokenSource, type Disposable, type TextEditor, window } from 'vscode';
import {
  CONTEXTS_REQUEST,
  type DocumentPlace,
  RESULTS_NOTIFICATION,
  type WireNode,
} from '../../server/src/lsp/protocol.js';
import { NodeTree } from './node-tree.js';
import type { ServerAccess } from './server-access.js';

/** The view's name in the manifest. */
const VIEW = 'lockwalk.contexts';
/** The cursor rests when it has not moved for this long. */
const REST_MS = 200;

/** The view and its following of the cursor. */
export class ContextsView implements Disposable {
  readonly #tree = new NodeTree();
  readonly #view = window.createTreeView(VIEW, { treeDataProvider: this.#tree });
  readonly #server: ServerAccess;
  readonly #listening: readonly Disposable[];
  #timer: NodeJS.Timeout | null = null;
  #asking: CancellationTokenSource | null = null;

  constructor(server: ServerAccess) {
    this.#server = server;
    this.#listening = [
      window.onDidChangeTextEditorSelection(({ textEditor }) => {
        if (textEditor === window.activeTextEditor) this.#soon();
      }),
      window.onDidChangeActiveTextEditor((editor) => {
        if (editor !== undefined) this.#soon();
      }),
      this.#view.onDidChangeVisibility(() => this.#soon()),
      server.onNotification(RESULTS_NOTIFICATION, () => this.#soon()),
    ];
    this.#soon();
  }

  #soon(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#asking?.cancel();
    this.#timer = null;
    if (!this.#view.visible) return;
    this.#timer = setTimeout(() => {
      this.#timer = null;
      void this.#ask(window.activeTextEditor);
    }, REST_MS);
  }

  async #ask(editor: TextEditor | undefined): Promise<void> {
    if (editor === undefined || editor.document.uri.scheme !== 'file') return;
    const { document, selection } = editor;
    const asking = new CancellationTokenSource();
    this.#asking = asking;
    const { line, character } = selection.active;
    const place: DocumentPlace = {
      textDocument: { uri: document.uri.toString() },
      position: { line, character },
    };
    const nodes = await this.#server.ask<readonly WireNode[]>(CONTEXTS_REQUEST, place, asking.token);
    if (asking.token.isCancellationRequested || nodes === null) return;
    this.#tree.show(nodes);
  }

  dispose(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#asking?.cancel();
    for (const one of this.#listening) one.dispose();
    this.#view.dispose();
    this.#tree.dispose();
  }
}
