/**
 * `npm run bench:speed -- TREE`: time and memory of `lockwalk check --kernel TREE` over all of fs/, as multiples of the bare
 * parse of its C files by upstream's grammar on one thread in the same run. Checked twice, so that equal output is seen too.
 */
import { join } from 'node:path';
import { bareParse, cFiles, check, type Measured } from './timing.js';

const tree = process.argv[2];
if (tree === undefined) {
  console.error('usage: npm run bench:speed -- TREE');
  process.exit(2);
}
const files = cFiles(join(tree, 'fs'));
const before = await bareParse(files);
const plain = check(tree, ['--no-cache']);
const between = await bareParse(files);
const single = check(tree, ['--no-cache', '--jobs', '1']);
const after = await bareParse(files);
const line = (name: string, run: Measured, bare: number): void =>
  console.log(
    `${name}: ${run.seconds.toFixed(1)} s, ${(run.seconds / bare).toFixed(2)} times the bare parse, ${run.memoryMiB} MiB, ${run.count} findings`,
  );
console.log(`bare parse: ${[before, between, after].map((s) => s.toFixed(1)).join(' s, ')} s`);
line('check', plain, (before + between) / 2);
line('check --jobs 1', single, (between + after) / 2);
console.log(plain.findings === single.findings ? 'both say the same' : 'THE TWO CHECKS DIFFER');
