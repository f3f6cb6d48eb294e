/**
 * `npm run bench:speed -- TREE`: time and memory of `lockwalk check --kernel TREE` over all of fs/, as multiples of the bare
 * parse of its C files by upstream's grammar on one thread in the same run. Checked twice, so that equal output is seen too.
 */
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { Language, Parser } from 'web-tree-sitter';

const require = createRequire(import.meta.url);
const COMMAND = join(import.meta.dirname, '../../../dist/lockwalk.mjs');

const root = process.argv[2];
if (root === undefined) {
  console.error('usage: npm run bench:speed -- TREE');
  process.exit(2);
}
const tree = root;

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
  for (const file of cFiles(join(tree, 'fs'))) {
    const text = readFileSync(file, 'utf8');
    const start = performance.now();
    parser.parse(text)?.delete();
    ms += performance.now() - start;
  }
  parser.delete();
  return ms / 1000;
}

interface Measured {
  readonly seconds: number;
  readonly memoryMiB: number;
  readonly findings: string;
  readonly count: number;
}

function check(args: readonly string[]): Measured {
  const start = performance.now();
  const run = spawnSync(
    process.execPath,
    [COMMAND, 'check', '--kernel', tree, '--format', 'json', '--quiet', '--no-cache', ...args],
    { encoding: 'utf8', maxBuffer: 1 << 28 },
  );
  const seconds = (performance.now() - start) / 1000;
  if (run.status !== 0 && run.status !== 1) {
    console.error(run.stderr);
    process.exit(1);
  }
  const report = JSON.parse(run.stdout) as {
    readonly findings: readonly unknown[];
    readonly stats: { readonly peakMemoryMiB: number };
  };
  return {
    seconds,
    memoryMiB: report.stats.peakMemoryMiB,
    findings: JSON.stringify(report.findings),
    count: report.findings.length,
  };
}

const before = await bareParse();
const plain = check([]);
const between = await bareParse();
const single = check(['--jobs', '1']);
const after = await bareParse();
const line = (name: string, run: Measured, bare: number): void =>
  console.log(
    `${name}: ${run.seconds.toFixed(1)} s, ${(run.seconds / bare).toFixed(2)} times the bare parse, ${run.memoryMiB} MiB, ${run.count} findings`,
  );
console.log(`bare parse: ${[before, between, after].map((s) => s.toFixed(1)).join(' s, ')} s`);
line('check', plain, (before + between) / 2);
line('check --jobs 1', single, (between + after) / 2);
console.log(plain.findings === single.findings ? 'both say the same' : 'THE TWO CHECKS DIFFER');
