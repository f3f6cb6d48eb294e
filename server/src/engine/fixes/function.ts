/**
 * A function as fixes see it: its body, its declarations, its ways out, and lines that go in front of all of these. Must not know
 * what any fix is for.
 */
import type { Edit } from '../base/finding.js';
import { F, K } from '../syntax/kinds.js';
import { childByField } from '../syntax/parser.js';
import {
  afterLine,
  childrenOf,
  indentBefore,
  insert,
  kinds,
  lineStart,
  linesOf,
  nodesAround,
  replace,
  type Source,
  type Statement,
  textOf,
} from './source.js';

/** A function's nodes. */
export interface FunctionNodes {
  readonly node: number;
  readonly body: number;
  /** The type that it gives back, as a declaration would write it; '' where that is no plain type. */
  readonly type: string;
  readonly isVoid: boolean;
}

/** The function around a range; null outside of one. */
export function functionAround(source: Source, start: number, end: number): FunctionNodes | null {
  const { tree } = source;
  const node = nodesAround(tree, start, end).find((n) => tree.kind[n] === K.function_definition);
  if (node === undefined || tree.damaged[node] === 1) return null;
  const body = childByField(tree, node, F.body);
  const base = childByField(tree, node, F.type);
  const declarator = childByField(tree, node, F.declarator);
  if (body < 0 || base < 0 || declarator < 0 || tree.kind[body] !== K.compound_statement) return null;
  const plain = tree.kind[declarator] === K.function_declarator;
  const type = plain ? textOf(source, base) : '';
  return { node, body, type: type === 'void' ? '' : type, isVoid: type === 'void' };
}

/** Nodes below one, itself left out, of some kinds. */
export function nodesBelow(source: Source, node: number, wanted: ReadonlySet<number>): number[] {
  const { tree } = source;
  const out: number[] = [];
  for (let n = node + 1; n < (tree.next[node] as number); n++)
    if (wanted.has(tree.kind[n] as number)) out.push(n);
  return out;
}

const FIELDS = kinds('field_expression');

/** `base->member` below a node: the node, and the text of the base. */
export function membersBelow(
  source: Source,
  node: number,
  member: string,
): { readonly node: number; readonly base: string }[] {
  const { tree } = source;
  const out: { node: number; base: string }[] = [];
  for (const n of nodesBelow(source, node, FIELDS)) {
    const base = childByField(tree, n, F.argument);
    const field = childByField(tree, n, F.field);
    if (base < 0 || field < 0 || textOf(source, field) !== member) continue;
    if (source.text.slice(tree.end[base], tree.start[field]).trim() === '->')
      out.push({ node: n, base: textOf(source, base) });
  }
  return out;
}

const NAMES = kinds('identifier', 'type_identifier');

/** The first of some names that a function does not use; null where it uses all. */
export function freshName(source: Source, fn: FunctionNodes, names: readonly string[]): string | null {
  const used = new Set(nodesBelow(source, fn.node, NAMES).map((n) => textOf(source, n)));
  return names.find((name) => !used.has(name)) ?? null;
}

/** Declarations after those that a function begins with; null where there is no place for them. */
export function declare(source: Source, fn: FunctionNodes, declarations: readonly string[]): Edit | null {
  const { tree, text } = source;
  const statements = childrenOf(tree, fn.body);
  const first = statements[0];
  if (first === undefined) return null;
  const rest = statements.findIndex((n) => tree.kind[n] !== K.declaration);
  const last = rest === 0 ? undefined : statements.at(rest < 0 ? -1 : rest - 1);
  const indent = indentBefore(text, tree.start[first] as number);
  if (indent === null) return null;
  if (last !== undefined) {
    const at = afterLine(text, tree.end[last] as number);
    return at < 0 ? null : insert(source, at, linesOf(text, indent, declarations));
  }
  const at = lineStart(text, tree.start[first] as number);
  return insert(source, at, linesOf(text, indent, declarations) + linesOf(text, '', ['']));
}

/** Lines before a statement that stands in a list of statements. */
export function linesBefore(source: Source, statement: number, lines: readonly string[]): Edit | null {
  const start = source.tree.start[statement] as number;
  const indent = indentBefore(source.text, start);
  if (indent === null) return null;
  return insert(source, lineStart(source.text, start), linesOf(source.text, indent, lines));
}

/** Lines after a statement that stands in a list of statements. */
export function linesAfter(source: Source, statement: number, lines: readonly string[]): Edit | null {
  const { tree, text } = source;
  const indent = indentBefore(text, tree.start[statement] as number);
  const at = afterLine(text, tree.end[statement] as number);
  return indent === null || at < 0 ? null : insert(source, at, linesOf(text, indent, lines));
}

/** A line before a return; an unbraced branch gets its braces. */
export function beforeReturn(source: Source, statement: Statement, line: string): readonly Edit[] | null {
  const { text } = source;
  const start = source.tree.start[statement.node] as number;
  const indent = indentBefore(text, start);
  const braces = bracesAround(source, statement);
  if (indent === null || braces === null) return null;
  const above = insert(source, lineStart(text, start), linesOf(text, indent, [line]));
  const [open, close] = braces;
  return open === undefined || close === undefined ? [above] : [open, above, close];
}

/** The braces that a statement needs to become two: none in a list, those of an unbraced branch; null where there is no place. */
function bracesAround(source: Source, { node, parent }: Statement): readonly Edit[] | null {
  const { tree, text } = source;
  const kind = tree.kind[parent];
  if (kind === K.compound_statement || kind === K.case_statement || kind === K.labeled_statement) return [];
  if (kind !== K.if_statement || childByField(tree, parent, F.alternative) >= 0) return null;
  const condition = childByField(tree, parent, F.condition);
  const outer = indentBefore(text, tree.start[parent] as number);
  const after = afterLine(text, tree.end[node] as number);
  if (condition < 0 || outer === null || after < 0) return null;
  const close = tree.end[condition] as number;
  if (text.slice(close, tree.start[node]).trim() !== '') return null;
  return [insert(source, close, ' {'), insert(source, after, linesOf(text, outer, ['}']))];
}

/** A line before the closing brace of a function that just ends. */
export function beforeEnd(source: Source, body: number, line: string): readonly Edit[] | null {
  const brace = (source.tree.end[body] as number) - 1;
  const indent = indentBefore(source.text, brace);
  if (indent === null) return null;
  return [insert(source, lineStart(source.text, brace), linesOf(source.text, `${indent}\t`, [line]))];
}

/** A call between two statements that begin and end something. `tail` is the last statement in between. */
export function around(
  source: Source,
  head: number,
  tail: number,
  before: string,
  after: string,
): readonly Edit[] | null {
  const above = linesBefore(source, head, [before]);
  const below = linesAfter(source, tail, [after]);
  return above === null || below === null ? null : [above, below];
}

/**
 * A statement that is only carried out under a condition. A result that it stores in a variable is an error otherwise; null where the
 * statement has another form, or would leave something undefined.
 */
export function onlyIf(
  source: Source,
  statement: Statement,
  condition: string,
  error: string,
): readonly Edit[] | null {
  const { tree, text } = source;
  const { node } = statement;
  if (tree.kind[node] !== K.expression_statement) return null;
  const start = tree.start[node] as number;
  const end = tree.end[node] as number;
  const indent = indentBefore(text, start);
  const braces = bracesAround(source, statement);
  if (indent === null || braces === null || afterLine(text, end) < 0) return null;
  const body = text
    .slice(start, end)
    .split('\n')
    .map((line, i) => (i === 0 ? line : `\t${line}`))
    .join('\n');
  const eol = text.includes('\r\n') ? '\r\n' : '\n';
  const [inner] = childrenOf(tree, node);
  let otherwise = '';
  if (inner !== undefined && tree.kind[inner] === K.assignment_expression) {
    const left = childByField(tree, inner, F.left);
    if (left < 0 || tree.kind[left] !== K.identifier) return null;
    otherwise = `${eol}${indent}else${eol}${indent}\t${textOf(source, left)} = ${error};`;
  } else if (inner === undefined || tree.kind[inner] !== K.call_expression) return null;
  return [replace(source, start, end, `if (${condition})${eol}${indent}\t${body}${otherwise}`), ...braces];
}

/** The arguments of the call at a node, as texts. */
export function argumentTexts(source: Source, call: number): readonly string[] {
  const list = childByField(source.tree, call, F.arguments);
  return list < 0 ? [] : childrenOf(source.tree, list).map((n) => textOf(source, n));
}

/** What is simple enough to be written once more: a variable, or a member of what one points at. */
export function isPlain(text: string): boolean {
  return /^[A-Za-z_]\w*((->|\.)[A-Za-z_]\w*)*$/.test(text);
}

const ASSIGNS = kinds('assignment_expression', 'update_expression');

/** Whether a variable that an expression begins with, or the expression itself, gets another value in a range of a function. */
export function isAssigned(
  source: Source,
  fn: FunctionNodes,
  text: string,
  from: number,
  to: number,
): boolean {
  const { tree } = source;
  const root = /^\w+/.exec(text)?.[0] ?? text;
  return nodesBelow(source, fn.body, ASSIGNS).some((n) => {
    if ((tree.start[n] as number) < from || (tree.start[n] as number) >= to) return false;
    const target =
      childByField(tree, n, F.left) >= 0 ? childByField(tree, n, F.left) : childrenOf(tree, n)[0];
    if (target === undefined) return false;
    const left = textOf(source, target);
    return left === root || (left.length > root.length && text.startsWith(left));
  });
}

const LOOPS = kinds('while_statement', 'do_statement', 'for_statement', 'macro_loop_statement');

/** Whether a statement is carried out more than once. */
export function isInLoop(source: Source, statement: Statement): boolean {
  return statement.around.some((n) => n !== statement.node && LOOPS.has(source.tree.kind[n] as number));
}

/** A declaration with other edits; what goes in at one place is one edit. */
export function withDeclaration(declared: Edit, edits: readonly Edit[]): readonly Edit[] {
  const same = edits.find(
    (e) =>
      e.startLine === declared.startLine &&
      e.startColumn === declared.startColumn &&
      e.endLine === declared.endLine &&
      e.endColumn === declared.endColumn,
  );
  if (same === undefined) return [declared, ...edits];
  return edits.map((e) => (e === same ? { ...declared, text: declared.text + same.text } : e));
}
