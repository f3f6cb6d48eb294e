/**
 * Fidelity must not be bought by accepting anything. Over a real tree: in functions that upstream cannot parse, every
 * call, goto, label, return and block that a scan of the tokens finds stands in our tree; and a call that lost its
 * semicolon is an error every time.
 */
import { deepStrictEqual, ok, strictEqual } from 'node:assert';
import { relative } from 'node:path';
import type { Parser } from 'web-tree-sitter';
import { describeKernel } from '../kernel/tree.js';
import {
  type Flat,
  FUNCTIONS,
  flatten,
  grammarParser,
  lineOf,
  OUR_WASM,
  parse,
  readSource,
  sources,
  subtreeEnd,
  UPSTREAM_WASM,
} from './trees.js';

const SAMPLED_FUNCTIONS = 200;
const EDITED_FILES = 50;
/** Of the functions in a file at most this many are sampled, so that many files are seen. */
const PER_FILE = 3;

const KEYWORDS: ReadonlySet<string> = new Set(
  (
    'if else for while do switch case default return goto break continue sizeof typeof __typeof__ asm struct union enum ' +
    'typedef extern static const volatile inline register auto void int char short long unsigned signed bool float double ' +
    'offsetof __attribute__ __asm__ defined __alignof__ _Generic size_t ssize_t'
  ).split(' '),
);

interface Token {
  readonly text: string;
  readonly start: number;
}

/** Words and punctuation of C without comments, literals, directives and what stands between two offsets not to look at. */
function tokens(text: string, from: number, to: number, skip: readonly Flat[]): Token[] {
  const pattern =
    /\/\*[\s\S]*?\*\/|\/\/[^\n]*|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|^[ \t]*#(?:\\\n|[^\n])*|[A-Za-z_]\w*|[0-9][\w.]*|->|[^\s]/gm;
  pattern.lastIndex = from;
  const found: Token[] = [];
  for (let match = pattern.exec(text); match !== null && match.index < to; match = pattern.exec(text)) {
    const start = match.index;
    if (
      /^(?:\/\*|\/\/|"|'|[ \t]*#)/.test(match[0]) ||
      skip.some((arm) => start >= arm.start && start < arm.end)
    )
      continue;
    found.push({ text: match[0], start });
  }
  return found;
}

/** What the tokens of a body say: places of calls, gotos, labels, returns and blocks. */
function expectations(list: readonly Token[]): { readonly what: string; readonly start: number }[] {
  const found: { what: string; start: number }[] = [];
  list.forEach((token, i) => {
    const next = list[i + 1]?.text;
    const before = list[i - 1]?.text ?? '';
    if (token.text === 'return' || token.text === 'goto')
      found.push({ what: token.text, start: token.start });
    else if (token.text === '{') found.push({ what: 'block', start: token.start });
    else if (/^[A-Za-z_]/.test(token.text) && !KEYWORDS.has(token.text)) {
      // A word in front of it makes it a declarator or a macro's tail; `.` and `->` a member.
      if (next === '(' && !/^[A-Za-z_*]|^(?:\.|->)$/.test(before))
        found.push({ what: 'call', start: token.start });
      if (next === ':' && list[i + 2]?.text !== ':' && /^[;{}:]$/.test(before) && before !== ':')
        found.push({ what: 'label', start: token.start });
    }
  });
  return found;
}

const NODES: Readonly<Record<string, ReadonlySet<string>>> = {
  call: new Set([
    'annotation',
    'call_expression',
    'macro_field_declaration',
    'macro_invocation_item',
    'macro_loop_statement',
    'macro_type_specifier',
    'function_declarator',
    'do_statement',
    'type_descriptor',
  ]),
  goto: new Set(['goto_statement']),
  label: new Set(['labeled_statement', 'initializer_pair', 'bitfield_clause']),
  return: new Set(['return_statement']),
  block: new Set(['compound_statement', 'enumerator_list', 'field_declaration_list', 'initializer_list']),
};

for (const version of ['6.12', '7.2'])
  describeKernel(version, 'fidelity of the grammar', (root) => {
    let ours: Parser;
    let upstream: Parser;
    before(async () => {
      ours = await grammarParser(OUR_WASM);
      upstream = await grammarParser(UPSTREAM_WASM);
    });
    after(() => {
      ours.delete();
      upstream.delete();
    });

    it('has every call, goto, label, return and block of functions that upstream cannot parse', function scan() {
      this.timeout(300_000);
      const files = sources(`${root}/fs`, '.c');
      const missing: string[] = [];
      let functions = 0;
      // A stride coprime to the number of files spreads the sample over all filesystems.
      for (let i = 0; functions < SAMPLED_FUNCTIONS && i < files.length; i++) {
        const path = files[(i * 397) % files.length] ?? '';
        const text = readSource(path);
        const ranges = sampled(upstream, ours, text);
        for (const { nodes, opaque } of ranges) {
          functions++;
          const [head] = nodes;
          if (head === undefined) continue;
          const body = nodes.find(
            ({ type, depth }) => type === 'compound_statement' && depth === head.depth + 1,
          );
          const starts = new Map<string, Set<number>>();
          for (const { type, start } of nodes) starts.set(type, (starts.get(type) ?? new Set()).add(start));
          for (const { what, start } of expectations(
            tokens(text, body?.start ?? head.start, head.end, opaque),
          )) {
            const types = NODES[what] ?? new Set();
            if (![...types].some((type) => starts.get(type)?.has(start)))
              missing.push(`${relative(root, path)}:${lineOf(text, start)}: ${what}`);
          }
        }
      }
      strictEqual(functions >= SAMPLED_FUNCTIONS, true, `only ${functions} functions to sample`);
      deepStrictEqual(missing, []);
    });

    it('finds an error where a call lost its semicolon', function deletion() {
      this.timeout(120_000);
      const files = sources(`${root}/fs`, '.c');
      const silent: string[] = [];
      let edited = 0;
      for (let i = 0; edited < EDITED_FILES && i < files.length; i++) {
        const path = files[(i * 577) % files.length] ?? '';
        const text = readSource(path);
        const calls = [...text.matchAll(/^\t+\w+\([^;{}#"'/]*\)(;)[ \t]*\n/gm)];
        const call = calls[Math.floor(calls.length / 2)];
        if (call === undefined) continue;
        const tree = parse(ours, text);
        const whole = !tree.rootNode.hasError;
        tree.delete();
        if (!whole) continue;
        edited++;
        const at = call.index + call[0].lastIndexOf(';');
        const broken = parse(ours, `${text.slice(0, at)}${text.slice(at + 1)}`);
        if (!broken.rootNode.hasError) silent.push(`${relative(root, path)}:${lineOf(text, at)}`);
        broken.delete();
      }
      strictEqual(edited, EDITED_FILES);
      deepStrictEqual(silent, []);
    });
  });

/** Functions of one text that upstream damages and we do not: our nodes, and the opaque ranges among them. */
function sampled(
  upstream: Parser,
  ours: Parser,
  text: string,
): { readonly nodes: readonly Flat[]; readonly opaque: readonly Flat[] }[] {
  const theirs = flatten(upstream, text);
  const clean = new Set(
    theirs.filter(({ type, damaged }) => FUNCTIONS.has(type) && !damaged).map(({ end }) => end),
  );
  const nodes = flatten(ours, text);
  const found: { nodes: readonly Flat[]; opaque: readonly Flat[] }[] = [];
  nodes.forEach((node, at) => {
    if (found.length >= PER_FILE || !FUNCTIONS.has(node.type) || node.damaged || clean.has(node.end)) return;
    const inside = nodes.slice(at, subtreeEnd(nodes, at));
    found.push({
      nodes: inside,
      opaque: inside.filter(({ type }) => type === 'preproc_split_arm' || type === 'preproc_split_line'),
    });
  });
  ok(found.every(({ nodes: list }) => list.length > 0));
  return found;
}
