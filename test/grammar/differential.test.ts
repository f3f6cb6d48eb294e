/**
 * Against upstream's own WASM, over a real tree: a function that upstream parses without error has the same tree in our
 * grammar but for our new nodes. What differs is put into classes; each class that is allowed says why, and together they
 * are at most 0.2 % of those functions. A difference of no class is a failure.
 */
import { deepStrictEqual, ok } from 'node:assert';
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
  readSource,
  sources,
  subtreeEnd,
  UPSTREAM_WASM,
} from './trees.js';

/** Nodes that upstream does not have; where one stands, the tree around it is ours. */
const NEW_NODES: ReadonlySet<string> = new Set([
  'annotation',
  'macro_field_declaration',
  'macro_function_definition',
  'macro_invocation_item',
  'macro_loop_statement',
  'macro_operator',
  'preproc_split_arm',
  'preproc_split_condition',
  'preproc_split_directive',
  'preproc_split_line',
  'storage_class_macro',
]);

/** Share of the functions that may differ without a new node. */
const MAX_SHARE = 0.002;
/** Every how manieth file is compared: both parsers walk every node. */
const STEP = 8;

/** What may differ, and why ours is right. The first that matches names the class. */
const ALLOWED: readonly {
  readonly name: string;
  readonly why: string;
  readonly is: (upstream: Flat | undefined, ours: Flat | undefined, text: string) => boolean;
}[] = [
  {
    name: 'call taken for a declaration',
    why: 'f(g(struct x)); is a call whose argument is a type; upstream reads a type made by a macro',
    is: (upstream, ours) =>
      upstream?.type === 'macro_type_specifier' && ours?.type === 'expression_statement',
  },
  {
    name: 'typeof',
    why: 'typeof(a->b) *p = ...; declares p; upstream multiplies a call by it',
    is: (_, ours, text) => ours !== undefined && /^(__)?typeof/.test(text.slice(ours.start, ours.start + 12)),
  },
  {
    name: 'comment inside a macro body',
    why: 'the body goes on behind the comment; upstream ends it there',
    is: (upstream) => upstream?.type === 'preproc_arg',
  },
  {
    name: 'loop taken for a nested function',
    why: 'for_each_x(y) { ... } is a loop; upstream reads a function without type',
    is: (upstream) => upstream !== undefined && FUNCTIONS.has(upstream.type),
  },
];

interface Difference {
  readonly className: string;
  readonly place: string;
}

for (const version of ['6.12', '7.2'])
  describeKernel(version, 'grammar against upstream', (root) => {
    it('gives the same trees but for the new nodes', async function compare() {
      this.timeout(300_000);
      const ours = await grammarParser(OUR_WASM);
      const upstream = await grammarParser(UPSTREAM_WASM);
      let functions = 0;
      const differences: Difference[] = [];
      for (const [index, path] of sources(`${root}/fs`, '.c').entries()) {
        if (index % STEP !== 0) continue;
        functions += compareFile(ours, upstream, readSource(path), relative(root, path), differences);
      }
      ours.delete();
      upstream.delete();
      const unknown = differences.filter(({ className }) => className.startsWith('?'));
      deepStrictEqual(unknown.map(({ className, place }) => `${place}: ${className}`).slice(0, 20), []);
      const share = differences.length / functions;
      ok(
        share <= MAX_SHARE,
        `${differences.length} of ${functions} functions differ\n${listing(differences)}`,
      );
    });
  });

function listing(differences: readonly Difference[]): string {
  const counts = new Map<string, number>();
  for (const { className } of differences) counts.set(className, (counts.get(className) ?? 0) + 1);
  return ALLOWED.map(({ name, why }) => `${counts.get(name) ?? 0} ${name}: ${why}`).join('\n');
}

/** Compares one file's functions; returns how many upstream parses without error. */
function compareFile(
  ours: Parser,
  upstream: Parser,
  text: string,
  file: string,
  differences: Difference[],
): number {
  const theirNodes = flatten(upstream, text).filter(({ type }) => type !== 'comment');
  const ourNodes = flatten(ours, text).filter(({ type }) => type !== 'comment');
  const ourFunctions = new Map<number, number>();
  ourNodes.forEach((node, at) => {
    if (FUNCTIONS.has(node.type)) ourFunctions.set(node.end, at);
  });
  let functions = 0;
  for (let at = 0; at < theirNodes.length; at++) {
    const node = theirNodes[at];
    if (node?.type !== 'function_definition' || node.damaged || errorInFront(theirNodes, at, text)) continue;
    functions++;
    const end = subtreeEnd(theirNodes, at);
    const ourAt = ourFunctions.get(node.end);
    const inside = ourAt === undefined ? [] : ourNodes.slice(ourAt, subtreeEnd(ourNodes, ourAt));
    const difference = firstDifference(theirNodes.slice(at, end), inside, text);
    if (difference !== null)
      differences.push({ className: difference, place: `${file}:${lineOf(text, node.start)}` });
    at = end - 1;
  }
  return functions;
}

/** Upstream's error may stand in front of the function: its specifiers, cut off from it. That is no clean parse. */
function errorInFront(nodes: readonly Flat[], at: number, text: string): boolean {
  const node = nodes[at];
  if (node === undefined) return false;
  for (let i = at - 1; i >= 0; i--) {
    const before = nodes[i];
    if (before === undefined || before.end <= node.start - 80) return false;
    if (before.broken && /^[^;}]*$/.test(text.slice(before.end, node.start))) return true;
  }
  return false;
}

/** The class of the first difference, `?` and the types where it has none, null where there is no difference. */
function firstDifference(upstream: readonly Flat[], ours: readonly Flat[], text: string): string | null {
  const length = Math.max(upstream.length, ours.length);
  for (let i = 0; i < length; i++) {
    const a = upstream[i];
    const b = ours[i];
    if (a !== undefined && b !== undefined && a.type === b.type && a.start === b.start && a.end === b.end)
      continue;
    if (ours.some(({ type }) => NEW_NODES.has(type))) return null;
    // A type as a macro's argument, where upstream reads a keyword as a name.
    if (b?.type === 'type_descriptor') return null;
    const allowed = ALLOWED.find(({ is }) => is(a, b, text));
    return allowed?.name ?? `? ${a?.type ?? 'nothing'} became ${b?.type ?? 'nothing'}`;
  }
  return null;
}
