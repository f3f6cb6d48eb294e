/**
 * `d_inode(x)` or `x->d_inode` to `d_inode_rcu(x)`: one read, whose value is tested. Offered where the value goes into a
 * variable and RCU-walk reads the dentry's inode nowhere else in the function. Where nothing tests the value, the test
 * and the method's way out of RCU-walk are added after the statement (after the declarations, where it is one).
 */
import type { Edit, EntryMethod, Fix } from '../base/finding.js';
import { replay } from '../rules/replay.js';
import { offsetsOf } from '../rules/rule.js';
import { F, K } from '../syntax/kinds.js';
import { childByField } from '../syntax/parser.js';
import { mayReturnAt } from './at.js';
import type { FixContext, Site } from './fixes.js';
import {
  afterLine,
  childrenOf,
  indentBefore,
  insert,
  isInList,
  linesOf,
  nodesAround,
  replace,
  type Source,
  type Statement,
  statementAt,
  textOf,
} from './source.js';

interface Read {
  readonly node: number;
  readonly dentry: string;
}

/** The fix, or null where it would not be right. */
export function inodeRcu(cx: FixContext, site: Site, tested: boolean, entry: EntryMethod | null): Fix | null {
  const { source } = site;
  const { tree } = source;
  const reads = readsIn(source, site.start, site.end);
  const read = reads[0];
  if (read === undefined || reads.length > 1) return null;
  const body = nodesAround(tree, site.start, site.end).find((n) => tree.kind[n] === K.function_definition);
  if (body === undefined) return null;
  const all = readsIn(source, tree.start[body] as number, tree.end[body] as number);
  const others = all.filter((r) => r.dentry === read.dentry && r.node !== read.node);
  if (others.some((r) => isReachedInWalk(cx, site, r.node))) return null;
  const start = tree.start[read.node] as number;
  const end = tree.end[read.node] as number;
  const statement = statementAt(source, start, end);
  const variable = statement === null ? null : storedIn(source, start, end);
  if (statement === null || variable === null) return null;
  const edits: Edit[] = [replace(source, start, end, `d_inode_rcu(${read.dentry})`)];
  if (!tested) {
    const bail = bailOf(cx, site, entry);
    const test = bail === null ? null : testAfter(cx, site, statement, variable, bail);
    if (test === null) return null;
    edits.push(test);
  }
  return { title: `Read the inode of '${read.dentry}' once, with d_inode_rcu()`, safety: 'safe', edits };
}

/** Whether RCU-walk gets to a node of the function; reads of the other arm, in ref-walk, do no harm. */
function isReachedInWalk(cx: FixContext, site: Site, node: number): boolean {
  const { fn, source } = site;
  const start = source.tree.start[node] as number;
  const end = source.tree.end[node] as number;
  let reached = false;
  for (const entry of cx.analysis.propagation?.entries[fn.id] ?? []) {
    if (!entry.walk || reached) continue;
    replay(cx.analysis, fn, entry, (_run, op) => {
      const at = offsetsOf(fn, op);
      if (at.start <= start && at.end >= end) reached = true;
    });
  }
  return reached;
}

/** Plain reads of a dentry's inode in a range. */
function readsIn(source: Source, start: number, end: number): Read[] {
  const { tree } = source;
  const out: Read[] = [];
  for (let n = 0; n < tree.length; n++) {
    if ((tree.start[n] as number) < start || (tree.end[n] as number) > end) continue;
    if (tree.kind[n] === K.call_expression) {
      const callee = childByField(tree, n, F.function);
      const list = childByField(tree, n, F.arguments);
      const [argument, more] = list < 0 ? [] : childrenOf(tree, list);
      if (callee >= 0 && textOf(source, callee) === 'd_inode' && argument !== undefined && more === undefined)
        out.push({ node: n, dentry: textOf(source, argument) });
    } else if (tree.kind[n] === K.field_expression) {
      const base = childByField(tree, n, F.argument);
      const field = childByField(tree, n, F.field);
      if (base < 0 || field < 0 || textOf(source, field) !== 'd_inode') continue;
      if (source.text.slice(tree.end[base], tree.start[field]).trim() === '->')
        out.push({ node: n, dentry: textOf(source, base) });
    }
  }
  return out;
}

/** The variable that a read goes straight into, or null. */
function storedIn(source: Source, start: number, end: number): string | null {
  const { tree } = source;
  const around = nodesAround(tree, start, end);
  // From the read outwards, through parentheses only
  let i = around.findIndex((n) => tree.start[n] === start && tree.end[n] === end) - 1;
  while (i > 0 && tree.kind[around[i] as number] === K.parenthesized_expression) i--;
  const holder = around[i];
  if (holder === undefined) return null;
  if (tree.kind[holder] === K.init_declarator) {
    const name = childByField(tree, holder, F.declarator);
    return name < 0 ? null : (/^\*\s*(\w+)$/.exec(textOf(source, name))?.[1] ?? null);
  }
  if (tree.kind[holder] === K.assignment_expression) {
    const left = childByField(tree, holder, F.left);
    const parent = around[i - 1];
    if (left < 0 || tree.kind[left] !== K.identifier) return null;
    return parent !== undefined && tree.kind[parent] === K.expression_statement ? textOf(source, left) : null;
  }
  return null;
}

/** The method's way out of RCU-walk, where the function at hand is the method. */
function bailOf(cx: FixContext, site: Site, entry: EntryMethod | null): string | null {
  if (entry === null || entry.function !== site.fn.name) return null;
  return cx.analysis.model.methods.get(`${entry.struct}::${entry.method}`)?.bail ?? null;
}

/** The edit that tests a variable after the statement that fills it. */
function testAfter(
  cx: FixContext,
  site: Site,
  statement: Statement,
  variable: string,
  bail: string,
): Edit | null {
  const { source, fn } = site;
  const { tree, text } = source;
  if (!isInList(source, statement)) return null;
  const from = tree.start[statement.node] as number;
  const indent = indentBefore(text, from);
  if (indent === null || !mayReturnAt(cx.analysis, fn, from, tree.end[statement.node] as number)) return null;
  const lines = [`if (!${variable})`, `\t${bail}`];
  if (tree.kind[statement.node] !== K.declaration) {
    const at = afterLine(text, tree.end[statement.node] as number);
    return at < 0 ? null : insert(source, at, linesOf(text, indent, lines));
  }
  const siblings = childrenOf(tree, statement.parent);
  const rest = siblings.slice(siblings.indexOf(statement.node) + 1);
  const next = rest.find((n) => tree.kind[n] !== K.declaration);
  if (next === undefined) return null;
  const between = text.slice(tree.end[statement.node] as number, tree.start[next]);
  // Another declaration already looks into the inode
  const uses = between
    .replace(/\/\*[\s\S]*?\*\/|\/\/.*/g, '')
    .replace(new RegExp(`\\b[A-Z][A-Z0-9_]*\\(\\s*${variable}\\s*\\)`, 'g'), '');
  if (new RegExp(`\\b${variable}\\b`).test(uses)) return null;
  const declared = rest.slice(0, rest.indexOf(next)).at(-1) ?? statement.node;
  const end = afterLine(text, tree.end[declared] as number);
  if (end < 0) return null;
  const blank = /^[ \t]*\r?\n/.exec(text.slice(end))?.[0].length ?? 0;
  if (blank > 0) return insert(source, end + blank, linesOf(text, indent, lines));
  return insert(source, end, linesOf(text, '', ['']) + linesOf(text, indent, lines));
}
