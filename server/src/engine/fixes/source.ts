/**
 * A file as fixes see it: the text that people edit, and the tree of the text that was analysed. Both have the same
 * offsets, because configuring keeps lengths. Finds statements, says where a line may go in, and makes edits. Must not
 * know what any fix is for.
 */
import type { Edit } from '../base/finding.js';
import { K, type KindName } from '../syntax/kinds.js';
import type { FlatTree } from '../syntax/parser.js';

/** A file's original text with the tree of its configured text. */
export interface Source {
  readonly file: string;
  readonly text: string;
  readonly tree: FlatTree;
}

const STATEMENTS: ReadonlySet<number> = kinds(
  'declaration',
  'expression_statement',
  'if_statement',
  'while_statement',
  'do_statement',
  'for_statement',
  'switch_statement',
  'return_statement',
  'goto_statement',
  'labeled_statement',
  'case_statement',
  'compound_statement',
  'macro_loop_statement',
);

/** Node kinds by their names. */
export function kinds(...names: readonly KindName[]): ReadonlySet<number> {
  return new Set(names.map((name) => K[name]));
}

/** Children of a node, in order; comments left out. */
export function childrenOf(tree: FlatTree, node: number): number[] {
  const out: number[] = [];
  const stop = tree.next[node] as number;
  for (let c = node + 1; c < stop; c = tree.next[c] as number) if (tree.kind[c] !== K.comment) out.push(c);
  return out;
}

/** Nodes from the root down to the innermost one that covers a range. */
export function nodesAround(tree: FlatTree, start: number, end: number): number[] {
  const out = [0];
  for (let node = 0; ; ) {
    const inner = childrenOf(tree, node).find(
      (c) => (tree.start[c] as number) <= start && (tree.end[c] as number) >= end,
    );
    if (inner === undefined) return out;
    out.push(inner);
    node = inner;
  }
}

/** The node of a kind that has exactly this range, or -1. */
export function nodeAt(tree: FlatTree, start: number, end: number, kind: KindName): number {
  for (const n of nodesAround(tree, start, end))
    if (tree.start[n] === start && tree.end[n] === end && tree.kind[n] === K[kind]) return n;
  return -1;
}

/** Text of a node. */
export function textOf(source: Source, node: number): string {
  return source.text.slice(source.tree.start[node], source.tree.end[node]);
}

/** A statement and what it stands in. */
export interface Statement {
  readonly node: number;
  readonly parent: number;
  /** All nodes from the root down to the statement. */
  readonly around: readonly number[];
}

/** The innermost statement that covers a range; null where there is none. */
export function statementAt(source: Source, start: number, end: number): Statement | null {
  const around = nodesAround(source.tree, start, end);
  for (let i = around.length - 1; i > 0; i--) {
    const node = around[i] as number;
    if (!STATEMENTS.has(source.tree.kind[node] as number)) continue;
    return { node, parent: around[i - 1] as number, around: around.slice(0, i + 1) };
  }
  return null;
}

/** Whether a statement stands in a list of statements, so that one more may go before or after it. */
export function isInList(source: Source, statement: Statement): boolean {
  const kind = source.tree.kind[statement.parent];
  return kind === K.compound_statement || kind === K.case_statement;
}

/** Offset of the first character of an offset's line. */
export function lineStart(text: string, offset: number): number {
  return text.lastIndexOf('\n', offset - 1) + 1;
}

/** What a line begins with, where only blanks stand before the offset; null otherwise. */
export function indentBefore(text: string, offset: number): string | null {
  const blanks = text.slice(lineStart(text, offset), offset);
  return /^[ \t]*$/.test(blanks) ? blanks : null;
}

/** Offset after the line break that ends an offset's line, where nothing but a comment follows; -1 otherwise. */
export function afterLine(text: string, offset: number): number {
  const rest = /^[ \t]*(\/\*((?!\*\/).)*\*\/[ \t]*|\/\/.*)?\r?\n/.exec(text.slice(offset, offset + 400));
  return rest === null ? -1 : offset + rest[0].length;
}

/** Lines as the file ends its lines, each with an indentation. */
export function linesOf(text: string, indent: string, lines: readonly string[]): string {
  const end = text.includes('\r\n') ? '\r\n' : '\n';
  return lines.map((line) => `${indent}${line}${end}`).join('');
}

/** An edit that replaces a range of offsets. */
export function replace(source: Source, start: number, end: number, text: string): Edit {
  const from = positionOf(source.text, start);
  const to = positionOf(source.text, end);
  return {
    file: source.file,
    startLine: from.line,
    startColumn: from.column,
    endLine: to.line,
    endColumn: to.column,
    text,
  };
}

/** An edit that puts text in at an offset. */
export function insert(source: Source, at: number, text: string): Edit {
  return replace(source, at, at, text);
}

function positionOf(text: string, offset: number): { line: number; column: number } {
  let line = 1;
  let start = 0;
  for (let i = text.indexOf('\n'); i >= 0 && i < offset; i = text.indexOf('\n', i + 1)) {
    line++;
    start = i + 1;
  }
  return { line, column: offset - start + 1 };
}
