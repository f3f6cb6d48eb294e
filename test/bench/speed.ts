/**
 * `npm run bench:speed -- TREE`: time and memory of a check of all of fs/, as a multiple of the bare parse of its C files by
 * upstream's grammar on one thread in the same run. Two checks, so that equal output is seen too.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { Language, Parser } from 'web-tree-sitter';
import { openTree } from './engine.js';

const require = createRequire(import.meta.url);

const root = process.argv[2];
if (root === undefined) {
  console.error('usage: npm run bench:speed -- TREE');
  process.exit(2);
}

function cFiles(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((e) =>
    e.isDirectory() ? cFiles(join(folder, e.name)) : e.name.endsWith('.c') ? [join(folder, e.name)] : [],
  );
}

/** Seconds that upstream's grammar takes to parse the C files, and nothing else. */
async function bareParse(): Promise<number> {
  await Parser.init();
  const parser = new Parser();
  parser.setLanguage(await Language.load(require.resolve('tree-sitter-c/tree-sitter-c.wasm')));
  let ms = 0;
  for (const file of cFiles(join(root as string, 'fs'))) {
    const text = readFileSync(file, 'utf8');
    const start = performance.now();
    parser.parse(text)?.delete();
    ms += performance.now() - start;
  }
  parser.delete();
  return ms / 1000;
}

async function check(): Promise<{ seconds: number; output: string; findings: number }> {
  const start = performance.now();
  const engine = await openTree(root as string);
  const answer = engine.check({ paths: ['fs'], rules: [], precision: 'high' }, { isCancelled: () => false });
  engine.dispose();
  return {
    seconds: (performance.now() - start) / 1000,
    output: JSON.stringify(answer.findings),
    findings: answer.findings.length,
  };
}

const before = await bareParse();
const first = await check();
const between = await bareParse();
const second = await check();
const bare = (before + between) / 2;
console.log(`bare parse: ${before.toFixed(1)} s and ${between.toFixed(1)} s`);
console.log(
  `check: ${first.seconds.toFixed(1)} s and ${second.seconds.toFixed(1)} s, ${first.findings} findings`,
);
console.log(`ratio: ${(first.seconds / bare).toFixed(2)} and ${(second.seconds / bare).toFixed(2)}`);
console.log(`peak memory: ${Math.round(process.resourceUsage().maxRSS / 1024)} MiB`);
console.log(first.output === second.output ? 'two checks, the same output' : 'THE TWO CHECKS DIFFER');
