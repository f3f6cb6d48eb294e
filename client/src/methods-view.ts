/**
 * The view "VFS Methods": the tables of operations of the directories of open files. Asks only while it is seen, and again
 * where the server says that results are others.
 */
import { type Disposable, window, workspace } from 'vscode';
import { METHODS_REQUEST, RESULTS_NOTIFICATION, type WireNode } from '../../server/src/lsp/protocol.js';
import { NodeTree } from './node-tree.js';
import type { ServerAccess } from './server-access.js';

/** The view's name in the manifest. */
const VIEW = 'lockwalk.methods';
/** Results that come one after the other ask once. */
const SETTLE_MS = 500;

/** The view and its refreshing. */
export class MethodsView implements Disposable {
  readonly #tree = new NodeTree();
  readonly #view = window.createTreeView(VIEW, { treeDataProvider: this.#tree, showCollapseAll: true });
  readonly #server: ServerAccess;
  readonly #listening: readonly Disposable[];
  #timer: NodeJS.Timeout | null = null;
  #asked = 0;

  constructor(server: ServerAccess) {
    this.#server = server;
    this.#listening = [
      server.onNotification(RESULTS_NOTIFICATION, () => this.#soon()),
      this.#view.onDidChangeVisibility(() => this.#soon()),
      workspace.onDidCloseTextDocument(() => this.#soon()),
    ];
    this.#soon();
  }

  /** Asks anew. */
  async refresh(): Promise<void> {
    const mine = ++this.#asked;
    const nodes = await this.#server.ask<readonly WireNode[]>(METHODS_REQUEST, undefined, null);
    if (mine !== this.#asked || nodes === null) return;
    this.#tree.show(nodes);
  }

  #soon(): void {
    if (!this.#view.visible || this.#timer !== null) return;
    this.#timer = setTimeout(() => {
      this.#timer = null;
      void this.refresh();
    }, SETTLE_MS);
  }

  dispose(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    for (const one of this.#listening) one.dispose();
    this.#view.dispose();
    this.#tree.dispose();
  }
}
