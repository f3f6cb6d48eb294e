/**
 * The one place where the editor shows how the server is: a language status item for each kernel tree, shown for the C
 * files of that tree. Shows what the status report says and must not ask for anything itself.
 */
import { basename } from 'node:path';
import {
  type Disposable,
  type LanguageStatusItem,
  LanguageStatusSeverity,
  languages,
  RelativePattern,
  Uri,
} from 'vscode';
import type { StatusReport, TreeStatus } from '../../server/src/lsp/protocol.js';
import { SHOW_OUTPUT, SHOW_STATUS } from './command-ids.js';
import { isOdd, treeDetail } from './status-text.js';

/** How the client itself stands, before and besides what the server reports. */
export type ClientState = 'starting' | 'running' | 'stopped' | 'failed';

export class StatusItem implements Disposable {
  /** By the root of the tree. */
  readonly #items = new Map<string, LanguageStatusItem>();

  /** Where there is no report: for the roots that are known from opened files. */
  showClient(state: ClientState, roots: readonly string[], why: string): void {
    this.#keepOnly(roots);
    for (const root of roots) {
      const item = this.#itemOf(root);
      item.text = `Lockwalk: ${basename(root)}`;
      item.detail = why;
      item.busy = state === 'starting';
      item.severity = state === 'failed' ? LanguageStatusSeverity.Error : LanguageStatusSeverity.Information;
      item.command =
        state === 'failed'
          ? { title: 'Output', command: SHOW_OUTPUT }
          : { title: 'Status', command: SHOW_STATUS };
    }
  }

  showReport(report: StatusReport): void {
    this.#keepOnly(report.trees.map((one) => one.root));
    for (const tree of report.trees) {
      const item = this.#itemOf(tree.root);
      item.text = `Lockwalk ${tree.kernelVersion ?? ''}: ${basename(tree.root)}`.replace(' :', ':');
      item.detail = treeDetail(report, tree);
      item.busy = tree.state === 'working';
      item.severity = severity(report, tree);
      item.command = { title: 'Status', command: SHOW_STATUS };
    }
  }

  dispose(): void {
    this.#keepOnly([]);
  }

  #keepOnly(roots: readonly string[]): void {
    for (const [root, item] of this.#items) {
      if (roots.includes(root)) continue;
      item.dispose();
      this.#items.delete(root);
    }
  }

  #itemOf(root: string): LanguageStatusItem {
    let item = this.#items.get(root);
    if (item === undefined) {
      const pattern = new RelativePattern(Uri.file(root), '**/*.{c,h}');
      item = languages.createLanguageStatusItem(`lockwalk.status.${root}`, { scheme: 'file', pattern });
      item.name = 'Lockwalk';
      this.#items.set(root, item);
    }
    return item;
  }
}

function severity(report: StatusReport, tree: TreeStatus): LanguageStatusSeverity {
  if (tree.state === 'error') return LanguageStatusSeverity.Error;
  return report.failure !== null || isOdd(tree)
    ? LanguageStatusSeverity.Warning
    : LanguageStatusSeverity.Information;
}
