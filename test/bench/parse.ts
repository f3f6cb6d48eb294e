/**
 * `npm run bench:parse -- TREE`: how faithfully the grammar reads a kernel tree, and how fast. For each part of the tree:
 * function definitions with an error or missing node inside, raw and configured; error nodes outside functions; bytes
 * inside opaque nodes (cut arms of conditionals); time against upstream's grammar in the same run.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Parser } from 'web-tree-sitter';
import { configure, defaultConfig } from '../../server/src/engine/configure/index.js';
import {
  FUNCTIONS,
  grammarParser,
  OUR_WASM,
  parse,
  readSource,
  sources,
  UPSTREAM_WASM,
} from '../grammar/trees.js';

/** Parts of the tree and what is asked of them. */
const PARTS: readonly { readonly folder: string; readonly ending: string; readonly limits: Limits }[] = [
  { folder: 'fs', ending: '.c', limits: { raw: 0.3, configured: 0.15, outside: 150 } },
  { folder: 'fs', ending: '.h', limits: { raw: 0.5, configured: 0.5, declarations: 1 } },
  { folder: 'include/linux', ending: '.h', limits: { raw: 0.5, configured: 0.5, declarations: 1 } },
  { folder: 'mm', ending: '.c', limits: { raw: 0.5, configured: 0.5 } },
  { folder: 'kernel', ending: '.c', limits: { raw: 0.5, configured: 0.5 } },
  { folder: 'security', ending: '.c', limits: { raw: 0.5, configured: 0.5 } },
];
/** Most time that the grammar may take, as a multiple of upstream's. */
const MAX_TIMES = 1.3;

interface Limits {
  /** Per cent of functions. */
  readonly raw: number;
  readonly configured: number;
  /** Error nodes outside functions. */
  readonly outside?: number;
  /** Error nodes outside functions, in per cent of declarations. */
  readonly declarations?: number;
}

interface Measure {
  functions: number;
  damaged: number;
  declarations: number;
  outside: number;
  opaque: number;
  milliseconds: number;
}

const DECLARATIONS: ReadonlySet<string> = new Set([
  'declaration',
  'field_declaration',
  'macro_field_declaration',
  'macro_invocation_item',
  'type_definition',
]);
const OPAQUE: ReadonlySet<string> = new Set(['preproc_split_arm', 'preproc_split_line']);

const fresh = (): Measure => ({
  functions: 0,
  damaged: 0,
  declarations: 0,
  outside: 0,
  opaque: 0,
  milliseconds: 0,
});

/** Parses one text and adds to a measure; places of errors go to `places`. */
function measure(
  parser: Parser,
  text: string,
  into: Measure,
  onError?: (row: number, inside: boolean) => void,
): void {
  const start = performance.now();
  const tree = parse(parser, text);
  into.milliseconds += performance.now() - start;
  const cursor = tree.walk();
  let inFunction = 0;
  let depth = 0;
  walk: for (;;) {
    const type = cursor.nodeType;
    if (OPAQUE.has(type)) into.opaque += cursor.endIndex - cursor.startIndex;
    if (inFunction === 0) {
      if (DECLARATIONS.has(type)) into.declarations++;
      if (FUNCTIONS.has(type)) {
        into.functions++;
        if (cursor.currentNode.hasError) into.damaged++;
        inFunction = depth + 1;
      }
    }
    if (type === 'ERROR' || cursor.nodeIsMissing) {
      if (inFunction === 0) into.outside++;
      onError?.(cursor.startPosition.row, inFunction > 0);
    }
    if (cursor.gotoFirstChild()) {
      depth++;
      continue;
    }
    for (;;) {
      if (depth + 1 === inFunction) inFunction = 0;
      if (cursor.gotoNextSibling()) break;
      if (!cursor.gotoParent()) break walk;
      depth--;
    }
  }
  cursor.delete();
  tree.delete();
}

function share(part: number, whole: number): number {
  return whole === 0 ? 0 : (100 * part) / whole;
}

async function main(): Promise<number> {
  const root = process.argv[2];
  const list = process.argv.includes('--list');
  if (root === undefined || !existsSync(join(root, 'fs'))) {
    process.stderr.write(
      'usage: npm run bench:parse -- TREE [--list]\nTREE is an unpacked kernel with an fs folder\n',
    );
    return 2;
  }
  const ours = await grammarParser(OUR_WASM);
  const upstream = await grammarParser(UPSTREAM_WASM);
  const config = defaultConfig();
  let missed = 0;
  const check = (text: string, value: number, limit: number | undefined): string => {
    if (limit === undefined) return text;
    if (value > limit) missed++;
    return `${text} (${value > limit ? 'MISSED' : 'at most'} ${limit})`;
  };
  let ourTime = 0;
  let upstreamTime = 0;
  for (const { folder, ending, limits } of PARTS) {
    const raw = fresh();
    const configured = fresh();
    const base = fresh();
    const places: string[] = [];
    for (const path of sources(join(root, folder), ending)) {
      const text = readSource(path);
      const place = (kind: string) => (row: number, inside: boolean) =>
        places.push(
          `  ${kind} ${inside ? 'in function' : 'outside'} ${path.slice(root.length + 1)}:${row + 1}`,
        );
      // Who goes first takes turns, so that neither profits from warm caches.
      const first = places.length % 2 === 0;
      if (first) measure(upstream, text, base);
      measure(ours, text, raw, place('raw'));
      if (!first) measure(upstream, text, base);
      const result = configure(text, config);
      measure(ours, result.text, configured, place('configured'));
    }
    ourTime += raw.milliseconds;
    upstreamTime += base.milliseconds;
    const rawShare = share(raw.damaged, raw.functions);
    const configuredShare = share(configured.damaged, configured.functions);
    const outsideShare = share(raw.outside, raw.declarations);
    process.stdout.write(
      [
        `${folder}/**/*${ending}`,
        `  functions: ${raw.functions}; upstream finds ${base.functions} and damages ${share(base.damaged, base.functions).toFixed(2)} %`,
        `  damaged, raw: ${raw.damaged}, ${check(`${rawShare.toFixed(3)} %`, rawShare, limits.raw)}`,
        `  damaged, configured: ${configured.damaged} of ${configured.functions}, ${check(`${configuredShare.toFixed(3)} %`, configuredShare, limits.configured)}`,
        `  errors outside functions: ${check(String(raw.outside), raw.outside, limits.outside)}, configured ${configured.outside}, upstream ${base.outside}`,
        `  errors outside per declaration: ${check(`${outsideShare.toFixed(3)} %`, outsideShare, limits.declarations)} of ${raw.declarations}`,
        `  bytes in opaque nodes: ${raw.opaque}, configured ${configured.opaque}`,
        `  time: ${(raw.milliseconds / 1000).toFixed(2)} s, ${(raw.milliseconds / base.milliseconds).toFixed(2)} times upstream's`,
        '',
      ].join('\n'),
    );
    if (list) process.stdout.write(`${places.join('\n')}\n`);
  }
  const times = ourTime / upstreamTime;
  process.stdout.write(`time over all: ${check(`${times.toFixed(2)} times upstream's`, times, MAX_TIMES)}\n`);
  ours.delete();
  upstream.delete();
  return missed === 0 ? 0 : 1;
}

process.exitCode = await main();
