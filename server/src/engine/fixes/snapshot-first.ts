/**
 * The read of a version goes above the statement that drops the lock. Offered where both stand in one list of statements, and nothing
 * in between changes what is read or looks at what is stored.
 */
import type { Fix } from '../base/finding.js';
import { offsetsOf } from '../rules/rule.js';
import { F, K } from '../syntax/kinds.js';
import { childByField } from '../syntax/parser.js';
import type { Site } from './fixes.js';
import { type FunctionNodes, functionAround, isAssigned, nodesBelow } from './function.js';
import {
  afterLine,
  childrenOf,
  indentBefore,
  insert,
  kinds,
  lineStart,
  replace,
  statementAt,
  textOf,
} from './source.js';

const NAMES = kinds('identifier');
const LABELS = kinds('labeled_statement', 'case_statement');

/** The fix, or null where it would not be right. */
export function snapshotFirst(site: Site, dropped: number): Fix | null {
  const { source, fn } = site;
  const { tree, text } = source;
  if (dropped < 0) return null;
  const range = offsetsOf(fn, dropped);
  const drop = statementAt(source, range.start, range.end);
  const store = statementAt(source, site.start, site.end);
  const nodes = functionAround(source, site.start, site.end);
  if (drop === null || store === null || nodes === null || drop.parent !== store.parent) return null;
  if (tree.kind[drop.node] !== K.expression_statement) return null;
  const list = childrenOf(tree, drop.parent);
  const between = list.slice(list.indexOf(drop.node) + 1, list.indexOf(store.node));
  if (between.some((n) => LABELS.has(tree.kind[n] as number))) return null;
  const read = readOf(site, nodes, store.node, between);
  if (read === null) return null;
  const from = tree.end[drop.node] as number;
  const start = tree.start[read] as number;
  for (const n of nodesBelow(source, read, NAMES))
    if (isAssigned(source, nodes, textOf(source, n), from, start)) return null;
  const left = childByField(tree, childrenOf(tree, read)[0] ?? -1, F.left);
  const target = left < 0 ? '' : textOf(source, left);
  const member = /\w+$/.exec(target)?.[0] ?? '';
  const inside = text.slice(from, start);
  if (member === '' || new RegExp(`\\b${member}\\b`).test(inside)) return null;
  const indent = indentBefore(text, start);
  const after = afterLine(text, tree.end[read] as number);
  const above = lineStart(text, tree.start[drop.node] as number);
  if (indent === null || after < 0 || indentBefore(text, tree.start[drop.node] as number) !== indent)
    return null;
  const first = lineStart(text, start);
  return {
    title: 'Read the version before the lock is dropped',
    safety: 'safe',
    edits: [insert(source, above, text.slice(first, after)), replace(source, first, after, '')],
  };
}

/** The statement that reads the version: the store itself, or the one that fills the variable which is stored. */
function readOf(
  { source }: Site,
  nodes: FunctionNodes,
  store: number,
  between: readonly number[],
): number | null {
  const { tree } = source;
  const assignmentIn = (statement: number): number => {
    const [inner] = tree.kind[statement] === K.expression_statement ? childrenOf(tree, statement) : [];
    return inner !== undefined && tree.kind[inner] === K.assignment_expression ? inner : -1;
  };
  const assignment = assignmentIn(store);
  const value = assignment < 0 ? -1 : childByField(tree, assignment, F.right);
  if (value < 0) return null;
  if (tree.kind[value] !== K.identifier) return store;
  const variable = textOf(source, value);
  const fills = between.filter((n) => {
    const at = assignmentIn(n);
    return at >= 0 && textOf(source, childByField(tree, at, F.left)) === variable;
  });
  const [fill, more] = fills;
  if (fill === undefined || more !== undefined) return null;
  // Nothing else fills it on the way
  const end = tree.end[fill] as number;
  return isAssigned(source, nodes, variable, end, tree.start[store] as number) ? null : fill;
}
