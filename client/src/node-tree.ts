/**
 * A tree of lines that the server computes: the provider that both trees beside the text are drawn with. Knows icons and nothing
 * else of what a line means.
 */
import {
  type Event,
  EventEmitter,
  Location,
  MarkdownString,
  Range,
  ThemeColor,
  ThemeIcon,
  type TreeDataProvider,
  TreeItem,
  TreeItemCollapsibleState,
  Uri,
} from 'vscode';
import type { WireNode } from '../../server/src/lsp/protocol.js';

const ICONS: Readonly<Record<string, string>> = {
  unit: 'folder',
  table: 'symbol-structure',
  method: 'symbol-method',
  elsewhere: 'symbol-interface',
  state: 'layers',
  lock: 'lock',
  rcu: 'eye',
  sleep: 'watch',
  path: 'call-incoming',
  unknown: 'question',
  note: 'location',
};

interface Drawn {
  readonly node: WireNode;
  /** Where it stands in the tree: keeps what is unfolded over a refresh. */
  readonly id: string;
}

/** The lines of one tree. */
export class NodeTree implements TreeDataProvider<Drawn> {
  readonly #changed = new EventEmitter<void>();
  readonly onDidChangeTreeData: Event<void> = this.#changed.event;
  #roots: readonly Drawn[] = [];

  /** Other lines from here on. */
  show(nodes: readonly WireNode[]): void {
    this.#roots = drawn(nodes, '');
    this.#changed.fire();
  }

  getChildren(parent?: Drawn): Drawn[] {
    return parent === undefined ? [...this.#roots] : drawn(parent.node.children, parent.id);
  }

  getTreeItem({ node, id }: Drawn): TreeItem {
    const item = new TreeItem(node.label, foldingOf(node));
    item.id = id;
    item.description = node.detail;
    item.tooltip = new MarkdownString().appendText([node.label, node.detail].join('\n').trim());
    item.iconPath = iconOf(node);
    item.contextValue = node.kind;
    if (node.at !== null) {
      const { start, end } = node.at.range;
      const range = new Range(start.line, start.character, end.line, end.character);
      const { uri } = new Location(Uri.parse(node.at.uri), range);
      item.command = {
        title: 'Go There',
        command: 'vscode.open',
        arguments: [uri, { selection: range, preserveFocus: true }],
      };
    }
    return item;
  }

  dispose(): void {
    this.#changed.dispose();
  }
}

function drawn(nodes: readonly WireNode[], parent: string): Drawn[] {
  const times = new Map<string, number>();
  return nodes.map((node) => {
    const name = `${node.kind}:${node.label}`;
    const nth = times.get(name) ?? 0;
    times.set(name, nth + 1);
    return { node, id: `${parent}/${name}${nth === 0 ? '' : `#${nth}`}` };
  });
}

function foldingOf(node: WireNode): TreeItemCollapsibleState {
  if (node.children.length === 0) return TreeItemCollapsibleState.None;
  return node.open ? TreeItemCollapsibleState.Expanded : TreeItemCollapsibleState.Collapsed;
}

function iconOf(node: WireNode): ThemeIcon {
  const name = ICONS[node.kind] ?? 'circle-small';
  return node.findings > 0
    ? new ThemeIcon(name, new ThemeColor('list.warningForeground'))
    : new ThemeIcon(name);
}
