/**
 * The view "Review": who reads and writes a member, and what relies on a lock that is dropped, as the server tells it. A click goes to the
 * place. Computes nothing.
 */
import {
  commands,
  type Disposable,
  EventEmitter,
  Position,
  Range,
  ThemeColor,
  ThemeIcon,
  type TreeDataProvider,
  TreeItem,
  TreeItemCollapsibleState,
  Uri,
  window,
} from 'vscode';
import type { LanguageClient } from 'vscode-languageclient/node';
import {
  DROP_REQUEST,
  FIELD_REQUEST,
  type ReviewNode,
  type ReviewParams,
  type ReviewReply,
} from '../../server/src/lsp/protocol.js';
import { SHOW_DROP, SHOW_FIELD } from './command-ids.js';

const VIEW = 'lockwalk.review';

/** Registers the view and its commands; `client`: the one that runs now, or null. */
export function registerReview(client: () => LanguageClient | null): readonly Disposable[] {
  const changed = new EventEmitter<undefined>();
  let nodes: readonly ReviewNode[] = [];
  const provider: TreeDataProvider<ReviewNode> = {
    onDidChangeTreeData: changed.event,
    getChildren: (node) => [...(node?.children ?? nodes)],
    getTreeItem: itemOf,
  };
  const view = window.createTreeView(VIEW, { treeDataProvider: provider, showCollapseAll: true });

  async function ask(request: string): Promise<void> {
    const editor = window.activeTextEditor;
    const running = client();
    if (editor === undefined || running === null) {
      view.message = 'Open a C file of a kernel tree first.';
      return;
    }
    const { line, character } = editor.selection.active;
    const params: ReviewParams = {
      textDocument: { uri: editor.document.uri.toString() },
      position: { line, character },
    };
    await commands.executeCommand(`${VIEW}.focus`);
    view.message = 'Looking…';
    const progress = { location: { viewId: VIEW }, title: 'Lockwalk' };
    const reply = await window.withProgress(progress, (_report, token) =>
      running.sendRequest<ReviewReply>(request, params, token),
    );
    nodes = reply.nodes;
    view.description = reply.title;
    view.message = reply.problem ?? '';
    changed.fire(undefined);
  }

  return [
    view,
    changed,
    commands.registerCommand(SHOW_FIELD, () => ask(FIELD_REQUEST)),
    commands.registerCommand(SHOW_DROP, () => ask(DROP_REQUEST)),
  ];
}

function itemOf(node: ReviewNode): TreeItem {
  const { Collapsed, Expanded, None } = TreeItemCollapsibleState;
  const state = node.children.length === 0 ? None : node.open ? Expanded : Collapsed;
  const item = new TreeItem(node.label, state);
  item.description = node.description;
  item.tooltip = node.description === '' ? node.label : `${node.label}\n${node.description}`;
  const icon = iconOf(node.icon);
  if (icon !== undefined) item.iconPath = icon;
  if (node.location !== null) {
    const { uri, line, character } = node.location;
    const at = new Position(line, character);
    item.command = {
      command: 'vscode.open',
      title: 'Go to the place',
      arguments: [Uri.parse(uri), { selection: new Range(at, at), preserveFocus: false }],
    };
  }
  return item;
}

function iconOf(name: string): ThemeIcon | undefined {
  switch (name) {
    case 'warning':
      return new ThemeIcon('warning', new ThemeColor('list.warningForeground'));
    case 'question':
      return new ThemeIcon('question');
    case 'lock':
      return new ThemeIcon('lock');
    case 'info':
      return new ThemeIcon('info');
    default:
      return undefined;
  }
}
