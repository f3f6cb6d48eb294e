/**
 * Parsers of both grammars (ours and upstream's own WASM) and plain lists of nodes, for the tests and the benchmark of
 * the grammar. Must not know what any test asserts.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { Language, Parser, type Tree } from 'web-tree-sitter';
import { createParser, DEFAULT_LIMITS } from '../../server/src/engine/syntax/parser.js';
import { loadWasm } from '../../server/src/host/assets.js';
import { now } from '../../server/src/host/clock.js';
import { inRepository } from '../repository.js';

/** The WASM of our grammar. */
export const OUR_WASM = inRepository('grammars/kernel-c/tree-sitter-kernel_c.wasm');
/** Upstream's own build, from its package. */
export const UPSTREAM_WASM = createRequire(import.meta.url).resolve('tree-sitter-c/tree-sitter-c.wasm');

/** A parser for the grammar in a WASM file. */
export async function grammarParser(wasm: string): Promise<Parser> {
  // The binding is loaded once in a process, and the engine's own parser needs to be the one that loads it
  const { runtimeWasm, grammarWasm } = loadWasm();
  (await createParser(runtimeWasm, grammarWasm, DEFAULT_LIMITS, now)).dispose();
  const parser = new Parser();
  parser.setLanguage(await Language.load(wasm));
  return parser;
}

/** Parses; the parser has a language and no time limit, so there always is a tree. */
export function parse(parser: Parser, text: string): Tree {
  const tree = parser.parse(text);
  if (tree === null) throw new Error('the parser gave no tree');
  return tree;
}

/** One node, with what the checks ask of it. */
export interface Flat {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly depth: number;
  /** ERROR, or a missing token. */
  readonly broken: boolean;
  /** For function definitions only: something broken inside. */
  readonly damaged: boolean;
}

/** Node types that define a function. */
export const FUNCTIONS: ReadonlySet<string> = new Set(['function_definition', 'macro_function_definition']);

/** The named nodes of a text, and the broken ones, in pre-order. */
export function flatten(parser: Parser, text: string): Flat[] {
  const tree = parse(parser, text);
  const cursor = tree.walk();
  const list: Flat[] = [];
  let depth = 0;
  walk: for (;;) {
    const broken = cursor.nodeIsMissing || cursor.nodeType === 'ERROR';
    if (broken || cursor.nodeIsNamed) {
      list.push({
        type: cursor.nodeType,
        start: cursor.startIndex,
        end: cursor.endIndex,
        depth,
        broken,
        damaged: FUNCTIONS.has(cursor.nodeType) && cursor.currentNode.hasError,
      });
    }
    if (cursor.gotoFirstChild()) {
      depth++;
      continue;
    }
    while (!cursor.gotoNextSibling()) {
      if (!cursor.gotoParent()) break walk;
      depth--;
    }
  }
  cursor.delete();
  tree.delete();
  return list;
}

/** Index behind the last node inside `list[at]`. */
export function subtreeEnd(list: readonly Flat[], at: number): number {
  const depth = list[at]?.depth ?? 0;
  let end = at + 1;
  while ((list[end]?.depth ?? -1) > depth) end++;
  return end;
}

/** The files below a folder with one of these endings, sorted. */
export function sources(folder: string, ending: string): string[] {
  const found: string[] = [];
  const visit = (path: string): void => {
    for (const entry of readdirSync(path, { withFileTypes: true })) {
      const child = join(path, entry.name);
      if (entry.isDirectory()) visit(child);
      else if (entry.isFile() && entry.name.endsWith(ending)) found.push(child);
    }
  };
  visit(folder);
  return found.sort();
}

/** Latin-1 where a file is not UTF-8: what counts here is structure. */
export function readSource(path: string): string {
  return readFileSync(path, 'latin1');
}

/** The line of an offset, 1-based. */
export function lineOf(text: string, offset: number): number {
  let line = 1;
  for (let at = text.indexOf('\n'); at >= 0 && at < offset; at = text.indexOf('\n', at + 1)) line++;
  return line;
}
