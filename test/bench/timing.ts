/**
 * What the benchmarks of time have in common: the denominator, and a run of the built command line with its time and memory.
 */
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { Language, Parser } from 'web-tree-sitter';

const require = createRequire(import.meta.url);
const COMMAND = join(import.meta.dirname, '../../../dist/lockwalk.mjs');

/** One run of `check`. */
export interface Measured {
  readonly seconds: number;
  readonly memoryMiB: number;
  /** As JSON, to be compared. */
  readonly findings: string;
  readonly count: number;
  /** C text that was analysed, in files. */
  readonly files: number;
}

/** C files below a folder, absolute. */
export function cFiles(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((e) =>
    e.isDirectory() ? cFiles(join(folder, e.name)) : e.name.endsWith('.c') ? [join(folder, e.name)] : [],
  );
}

/** Seconds that upstream's grammar takes to parse files on one thread, and nothing else. */
export async function bareParse(files: readonly string[]): Promise<number> {
  await Parser.init();
  const parser = new Parser();
  parser.setLanguage(await Language.load(require.resolve('tree-sitter-c/tree-sitter-c.wasm')));
  let ms = 0;
  for (const file of files) {
    const text = readFileSync(file, 'utf8');
    const start = performance.now();
    parser.parse(text)?.delete();
    ms += performance.now() - start;
  }
  parser.delete();
  return ms / 1000;
}

/** Runs `check` over a tree. Ends the process where it fails. */
export function check(tree: string, args: readonly string[]): Measured {
  const start = performance.now();
  const run = spawnSync(
    process.execPath,
    [COMMAND, 'check', '--kernel', tree, '--format', 'json', '--quiet', ...args],
    { encoding: 'utf8', maxBuffer: 1 << 28 },
  );
  const seconds = (performance.now() - start) / 1000;
  if (run.status !== 0 && run.status !== 1) {
    console.error(run.stderr);
    process.exit(1);
  }
  const report = JSON.parse(run.stdout) as {
    readonly findings: readonly unknown[];
    readonly stats: { readonly peakMemoryMiB: number; readonly files: number };
  };
  return {
    seconds,
    memoryMiB: report.stats.peakMemoryMiB,
    findings: JSON.stringify(report.findings),
    count: report.findings.length,
    files: report.stats.files,
  };
}

/** Slope of the line that fits best. */
export function slope(at: readonly (readonly [number, number])[]): number {
  const mean = (pick: 0 | 1): number => at.reduce((sum, p) => sum + p[pick], 0) / at.length;
  const [x, y] = [mean(0), mean(1)];
  const square = at.reduce((sum, p) => sum + (p[0] - x) ** 2, 0);
  return square === 0 ? 0 : at.reduce((sum, p) => sum + (p[0] - x) * (p[1] - y), 0) / square;
}
