/**
 * `d_parent` that is followed with nothing that keeps it: dget_parent() pins it, and dput() gives it back on every way out. Where the
 * code takes the reference itself, dget_parent() takes it in one go, and that is all. Otherwise the fix is not a safe one: the last
 * dput() may sleep, which callers that nobody here knows may not allow. Not offered in loops, where the code compares d_parent with
 * something, where a lock forbids to sleep, and where a way out gives back what hangs on the parent.
 */

import type { Edit, Fix } from '../base/finding.js';
import { calledName } from '../contexts/cfg.js';
import { entryAtomic } from '../contexts/propagate.js';
import { isAtomicKind } from '../model/lock-kinds.js';
import { replay } from '../rules/replay.js';
import { F, K } from '../syntax/kinds.js';
import { childByField } from '../syntax/parser.js';
import { operationsIn } from './at.js';
import type { FixContext, Site } from './fixes.js';
import {
  argumentTexts,
  beforeEnd,
  beforeReturn,
  declare,
  type FunctionNodes,
  freshName,
  functionAround,
  isAssigned,
  isInLoop,
  isPlain,
  linesAfter,
  linesBefore,
  membersBelow,
  nodesBelow,
  withDeclaration,
} from './function.js';
import {
  childrenOf,
  indentBefore,
  isInList,
  kinds,
  linesOf,
  nodesAround,
  replace,
  type Source,
  type Statement,
  statementAt,
  textOf,
} from './source.js';
import { isIndependent } from './unlock.js';

const RETURNS = kinds('return_statement');
const GOTOS = kinds('goto_statement');
const LISTS = kinds('compound_statement', 'case_statement');

/** What is to be done, as far as it is known. */
interface Plan {
  readonly source: Source;
  readonly nodes: FunctionNodes;
  readonly dentry: string;
  /** Nodes `dentry->d_parent` of the function. */
  readonly reads: readonly number[];
  /** The statement before which, or in which, the parent is pinned. */
  readonly pin: Statement;
}

/** The fix, or null where it would not be right. */
export function pinParent(cx: FixContext, site: Site): Fix | null {
  const { source } = site;
  const nodes = functionAround(source, site.start, site.end);
  if (nodes === null) return null;
  const all = membersBelow(source, nodes.body, 'd_parent');
  const here = all.filter((m) => isWithin(source, m.node, site.start, site.end));
  const dentry = (here.length > 0 ? here : all)[0]?.base;
  if (dentry === undefined || !isPlain(dentry)) return null;
  if (here.length === 0 && all.some((m) => m.base !== dentry)) return null;
  const reads = all.filter((m) => m.base === dentry).map((m) => m.node);
  const title = `Pin the parent of '${dentry}' with dget_parent()`;
  const taken = reads.length === 1 ? takenAtOnce(source, reads[0] as number, dentry) : null;
  if (taken !== null) return { title, safety: 'safe', edits: [taken] };
  if (reads.some((n) => !isFollowed(source, n))) return null;
  const pin = commonStatement(source, nodes, reads);
  if (pin === null || isInLoop(source, pin)) return null;
  const from = source.tree.start[pin.node] as number;
  if (isAssigned(source, nodes, dentry, from, source.tree.end[nodes.body] as number)) return null;
  if (locksBetween(cx, site, from, source.tree.start[reads.at(-1) as number] as number)) return null;
  if (!maySleep(cx, site, pin)) return null;
  const edits = pinned({ source, nodes, dentry, reads, pin });
  return edits === null ? null : { title, safety: 'unsafe', edits };
}

function isWithin(source: Source, node: number, start: number, end: number): boolean {
  return (source.tree.start[node] as number) >= start && (source.tree.end[node] as number) <= end;
}

/** The node that a node stands in. */
function holderOf(source: Source, node: number): number {
  const { tree } = source;
  return nodesAround(tree, tree.start[node] as number, tree.end[node] as number).at(-2) ?? -1;
}

/** `dget(dentry->d_parent)` to `dget_parent(dentry)`. */
function takenAtOnce(source: Source, read: number, dentry: string): Edit | null {
  const { tree } = source;
  const around = nodesAround(tree, tree.start[read] as number, tree.end[read] as number);
  const at = around.indexOf(read);
  const call = around[at - 2];
  if (call === undefined || tree.kind[call] !== K.call_expression) return null;
  const callee = childByField(tree, call, F.function);
  if (callee < 0 || textOf(source, callee) !== 'dget' || argumentTexts(source, call).length !== 1)
    return null;
  return replace(source, tree.start[call] as number, tree.end[call] as number, `dget_parent(${dentry})`);
}

/** Whether a read of d_parent is only followed or handed on: where it is compared or stored to, another value would not do. */
function isFollowed(source: Source, read: number): boolean {
  const { tree } = source;
  const holder = holderOf(source, read);
  switch (tree.kind[holder]) {
    case K.field_expression:
    case K.init_declarator:
    case K.return_statement:
      return true;
    case K.assignment_expression:
      return childByField(tree, holder, F.right) === read;
    case K.argument_list: {
      const call = holderOf(source, holder);
      const callee = call < 0 ? -1 : childByField(tree, call, F.function);
      return callee >= 0 && !/^(READ_ONCE|WRITE_ONCE|rcu_dereference\w*)$/.test(textOf(source, callee));
    }
    default:
      return false;
  }
}

/** The statement of the innermost list that has all reads below it, which holds the first of them. */
function commonStatement(source: Source, nodes: FunctionNodes, reads: readonly number[]): Statement | null {
  const { tree } = source;
  const first = reads[0] as number;
  const last = reads.at(-1) as number;
  const around = nodesAround(tree, tree.start[first] as number, tree.end[first] as number);
  for (let i = around.length - 2; i > around.indexOf(nodes.body) - 1; i--) {
    const list = around[i] as number;
    if (!LISTS.has(tree.kind[list] as number)) continue;
    if ((tree.end[list] as number) < (tree.end[last] as number)) continue;
    return { node: around[i + 1] as number, parent: list, around: around.slice(0, i + 2) };
  }
  return null;
}

/** Whether a lock is taken in a range: what is read under it may be another parent than the one before. */
function locksBetween(cx: FixContext, { fn }: Site, start: number, end: number): boolean {
  const { helpers } = cx.analysis.model;
  const { results } = cx.analysis;
  const taking = new Set(
    (results[fn.id]?.edges ?? []).filter((e) => (results[e.callee]?.acquires.size ?? 0) > 0).map((e) => e.op),
  );
  return operationsIn(fn, start, end).some(
    (op) => taking.has(op) || (helpers.get(calledName(fn, op))?.acquires?.length ?? 0) > 0,
  );
}

/** Whether nothing that is known forbids to sleep at a statement. */
function maySleep(cx: FixContext, { fn, source }: Site, pin: Statement): boolean {
  const from = source.tree.start[pin.node] as number;
  const ops = new Set(operationsIn(fn, from, source.tree.end[pin.node] as number));
  let sleeps = true;
  for (const entry of cx.analysis.propagation?.entries[fn.id] ?? []) {
    const isAtomic = entryAtomic(entry) !== null;
    replay(cx.analysis, fn, entry, (_run, op, state) => {
      if (ops.has(op) && (isAtomic || state.locks.some((l) => isAtomicKind(l.kind)))) sleeps = false;
      return undefined;
    });
  }
  return sleeps;
}

function pinned(plan: Plan): readonly Edit[] | null {
  const { source, nodes, dentry, reads, pin } = plan;
  const { tree } = source;
  const isTop = pin.parent === nodes.body;
  const isDeclared = tree.kind[pin.node] === K.declaration;
  if (isDeclared && !isTop) return null;
  const own = ownVariable(plan);
  const name = own ?? freshName(source, nodes, ['parent', 'parent_dentry', 'dparent']);
  if (name === null) return null;
  const from = tree.start[pin.node] as number;
  const texts: Rewrites = { source, reads, by: own === null ? name : `dget_parent(${dentry})` };
  const declarations: string[] = [];
  const edits: Edit[] = [];
  if (own === null) {
    if (isDeclared) declarations.push(`struct dentry *${name} = dget_parent(${dentry});`);
    else {
      const jumps = nodesBelow(source, nodes.body, GOTOS).some((n) => (tree.start[n] as number) < from);
      declarations.push(`struct dentry *${name}${isTop && !jumps ? '' : ' = NULL'};`);
      const taken = linesBefore(source, pin.node, [`${name} = dget_parent(${dentry});`]);
      if (taken === null) return null;
      edits.push(taken);
    }
  }
  const put = `dput(${name});`;
  const after = own === null ? rightAfter(plan, put) : null;
  const exits =
    after === null ? waysOut(plan, texts, name, put) : { edits: [after], declarations: [], done: [] };
  if (exits === null) return null;
  declarations.push(...exits.declarations);
  for (const n of reads)
    if (!exits.done.includes(n))
      edits.push(replace(source, tree.start[n] as number, tree.end[n] as number, texts.by));
  if (isDeclared && own === null) {
    const [first, ...more] = declarations;
    const above = linesBefore(source, pin.node, [first as string]);
    if (above === null) return null;
    edits.push(above);
    declarations.splice(0, declarations.length, ...more);
  }
  if (declarations.length > 0) {
    const declared = declare(source, nodes, declarations);
    if (declared === null) return null;
    return withDeclaration(declared, [...edits, ...exits.edits]);
  }
  return [...edits, ...exits.edits];
}

/** The variable that the parent goes straight into, where it never gets anything else; null otherwise. */
function ownVariable({ source, nodes, reads, pin }: Plan): string | null {
  const { tree } = source;
  const read = reads[0] as number;
  if (reads.length > 1) return null;
  const holder = holderOf(source, read);
  const end = tree.end[nodes.body] as number;
  if (tree.kind[holder] === K.init_declarator) {
    const declarator = childByField(tree, holder, F.declarator);
    const name = declarator < 0 ? undefined : /^\*\s*(\w+)$/.exec(textOf(source, declarator))?.[1];
    if (name === undefined || !/^struct dentry\b/.test(textOf(source, pin.node))) return null;
    return isAssigned(source, nodes, name, tree.end[pin.node] as number, end) ? null : name;
  }
  if (tree.kind[holder] !== K.assignment_expression || pin.parent !== nodes.body) return null;
  const left = childByField(tree, holder, F.left);
  if (left < 0 || tree.kind[left] !== K.identifier) return null;
  const name = textOf(source, left);
  const start = tree.start[pin.node] as number;
  if (
    !new RegExp(`struct dentry \\*([^;]*\\W)?${name}\\s*[,;]`).test(
      source.text.slice(tree.start[nodes.body], start),
    )
  )
    return null;
  if (nodesBelow(source, nodes.body, GOTOS).some((n) => (tree.start[n] as number) < start)) return null;
  const others =
    isAssigned(source, nodes, name, tree.start[nodes.body] as number, start) ||
    isAssigned(source, nodes, name, tree.end[holder] as number, end);
  return others ? null : name;
}

/** The edit that gives the parent back right after the statement, where nothing that hangs on it is kept. */
function rightAfter({ source, nodes, reads, pin }: Plan, put: string): Edit | null {
  const { tree } = source;
  if (tree.kind[pin.node] !== K.expression_statement) return null;
  if (reads.some((n) => !isWithin(source, n, tree.start[pin.node] as number, tree.end[pin.node] as number)))
    return null;
  const [inner] = childrenOf(tree, pin.node);
  if (inner === undefined) return null;
  if (tree.kind[inner] === K.assignment_expression) {
    const left = childByField(tree, inner, F.left);
    if (left < 0 || tree.kind[left] !== K.identifier) return null;
    if (!isNumber(source, nodes, textOf(source, left))) return null;
  } else if (tree.kind[inner] !== K.call_expression) return null;
  return linesAfter(source, pin.node, [put]);
}

const NUMBERS =
  /^(unsigned\s+)?(int|long|long long|short|char|bool|s?size_t|loff_t|u\d+|s\d+|umode_t|u?int\d+_t)$/;

/** Whether a variable of the function holds a number. */
function isNumber(source: Source, nodes: FunctionNodes, name: string): boolean {
  const { tree } = source;
  for (const n of nodesBelow(source, nodes.node, kinds('declaration', 'parameter_declaration'))) {
    const type = childByField(tree, n, F.type);
    const text = textOf(source, n);
    if (type < 0 || !NUMBERS.test(textOf(source, type)) || !new RegExp(`\\b${name}\\b`).test(text)) continue;
    return !new RegExp(`\\*\\s*${name}\\b|\\b${name}\\s*\\[`).test(text);
  }
  return false;
}

/** Texts in which the reads are replaced. */
interface Rewrites {
  readonly source: Source;
  readonly reads: readonly number[];
  readonly by: string;
}

function rewritten({ source, reads, by }: Rewrites, start: number, end: number): string {
  let out = '';
  let at = start;
  for (const n of reads.filter((r) => isWithin(source, r, start, end))) {
    out += source.text.slice(at, source.tree.start[n]) + by;
    at = source.tree.end[n] as number;
  }
  return out + source.text.slice(at, end);
}

interface Exits {
  readonly edits: readonly Edit[];
  readonly declarations: readonly string[];
  /** Reads that the edits replace. */
  readonly done: readonly number[];
}

/** The parent is given back on every way out after it was pinned. */
function waysOut(plan: Plan, texts: Rewrites, name: string, put: string): Exits | null {
  const { source, nodes, reads, pin } = plan;
  const { tree } = source;
  const from = tree.start[pin.node] as number;
  const kept = keptIn(plan, name);
  const edits: Edit[] = [];
  const done: number[] = [];
  let result: string | null = null;
  const returns = nodesBelow(source, nodes.body, RETURNS).filter((n) => (tree.start[n] as number) >= from);
  for (const node of returns) {
    const statement = statementAt(source, tree.start[node] as number, tree.end[node] as number);
    if (statement === null || statement.node !== node) return null;
    if (isPlainReturn(plan, node, kept)) {
      const above = beforeReturn(source, statement, put);
      if (above === null) return null;
      edits.push(...above);
      continue;
    }
    // The value is made before the parent is given back
    const [value] = childrenOf(tree, node);
    result ??= freshName(source, nodes, ['ret', 'result']);
    const start = tree.start[node] as number;
    const indent = indentBefore(source.text, start);
    if (value === undefined || result === null || !NUMBERS.test(nodes.type)) return null;
    if (indent === null || !isInList(source, statement)) return null;
    const lines = [
      `${result} = ${rewritten(texts, tree.start[value] as number, tree.end[value] as number)};`,
      put,
      `return ${result};`,
    ];
    done.push(...reads.filter((r) => isWithin(source, r, start, tree.end[node] as number)));
    const text = linesOf(source.text, indent, lines).trim();
    edits.push(replace(source, start, tree.end[node] as number, text));
  }
  const last = childrenOf(tree, nodes.body).at(-1);
  if (last === undefined) return null;
  if (tree.kind[last] !== K.return_statement) {
    if (!nodes.isVoid) return null;
    const end = beforeEnd(source, nodes.body, put);
    if (end === null) return null;
    edits.push(...end);
  }
  return { edits, declarations: result === null ? [] : [`${nodes.type} ${result};`], done };
}

/** Variables that may hold what hangs on the parent. */
function keptIn({ source, reads }: Plan, name: string): ReadonlySet<string> {
  const { tree } = source;
  const out = new Set([name]);
  for (const n of reads) {
    const around = nodesAround(tree, tree.start[n] as number, tree.end[n] as number);
    for (const node of around) {
      if (tree.kind[node] === K.init_declarator) {
        const declarator = childByField(tree, node, F.declarator);
        if (declarator >= 0) out.add(/\w+$/.exec(textOf(source, declarator))?.[0] ?? '');
      } else if (tree.kind[node] === K.assignment_expression) {
        const left = childByField(tree, node, F.left);
        if (left >= 0) out.add(/^\w+/.exec(textOf(source, left))?.[0] ?? '');
      }
    }
  }
  return out;
}

/** Whether what is returned can be told after the parent was given back. */
function isPlainReturn({ source, nodes }: Plan, node: number, kept: ReadonlySet<string>): boolean {
  const { tree } = source;
  for (let n = node + 1; n < (tree.next[node] as number); n++) {
    if (!isIndependent(source, n)) return false;
    if (tree.kind[n] === K.identifier && kept.has(textOf(source, n)) && !NUMBERS.test(nodes.type))
      return false;
  }
  return true;
}
