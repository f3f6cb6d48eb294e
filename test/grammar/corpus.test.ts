/**
 * The grammar's corpus, in tree-sitter's own format, run through the committed WASM. A case whose expectation holds
 * ERROR or MISSING is a negative one: code that must not parse.
 */
import { deepStrictEqual, ok } from 'node:assert';
import { readFileSync } from 'node:fs';
import type { Node, Parser } from 'web-tree-sitter';
import { filesBelow, inRepository } from '../repository.js';
import { grammarParser, OUR_WASM, parse } from './trees.js';

interface Case {
  readonly title: string;
  readonly source: string;
  readonly expected: string;
  /** `:error` after the title: any broken tree will do. */
  readonly anyError: boolean;
}

function cases(text: string): Case[] {
  const parts = text.split(/^={3,}\n([\s\S]*?)^={3,}\n/m);
  const found: Case[] = [];
  for (let i = 1; i < parts.length; i += 2) {
    const head = (parts[i] ?? '').trim().split('\n');
    const [source, expected] = (parts[i + 1] ?? '').split(/^-{3,}\n/m);
    found.push({
      title: head[0] ?? '',
      source: (source ?? '').replace(/^\n/, '').replace(/\n$/, ''),
      expected: normal(expected ?? ''),
      anyError: head.includes(':error'),
    });
  }
  return found;
}

function normal(sexp: string): string {
  return sexp.replace(/\s+/g, ' ').replace(/ \)/g, ')').trim();
}

/** A tree as `tree-sitter test` writes it: named nodes with their fields. */
function render(node: Node): string {
  if (node.isMissing) return `(MISSING ${node.isNamed ? node.type : JSON.stringify(node.type)})`;
  const parts = [node.type];
  node.children.forEach((child, index) => {
    if (child === null || !(child.isNamed || child.isMissing)) return;
    const field = node.fieldNameForChild(index);
    parts.push(field === null ? render(child) : `${field}: ${render(child)}`);
  });
  return `(${parts.join(' ')})`;
}

describe('grammar corpus', () => {
  let parser: Parser;
  before(async () => {
    parser = await grammarParser(OUR_WASM);
  });
  after(() => parser.delete());

  for (const file of filesBelow('grammars/kernel-c/test/corpus', '.txt')) {
    const name = file.slice(file.lastIndexOf('/') + 1, -'.txt'.length);
    for (const { title, source, expected, anyError } of cases(readFileSync(inRepository(file), 'utf8'))) {
      it(`${name}: ${title}`, () => {
        const tree = parse(parser, `${source}\n`);
        if (anyError) ok(tree.rootNode.hasError, `this must not parse: ${tree.rootNode.toString()}`);
        else deepStrictEqual(render(tree.rootNode), expected);
        tree.delete();
      });
    }
  }
});
