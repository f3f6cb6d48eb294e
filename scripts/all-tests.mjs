/**
 * The last part of `npm test`: the tests under mocha (all, or the files that are named), then those in real editors, whatever
 * became of the first. The last line is the sum of both, `N passed, N failed` (`, N skipped` where there are any), which
 * people and CI read.
 */
import { spawn, spawnSync } from 'node:child_process';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');
const SUM = /^(\d+) passed, (\d+) failed(?:, (\d+) skipped)?$/;

/** Runs a program, shows what it says as it says it, and gives the sums of its last line. */
function run(args) {
  return new Promise((done) => {
    const child = spawn(process.execPath, args, { cwd: root, stdio: ['ignore', 'pipe', 'inherit'] });
    let tail = '';
    child.stdout.on('data', (chunk) => {
      process.stdout.write(chunk);
      tail = (tail + chunk).slice(-4000);
    });
    child.once('close', (code) => {
      const sums = SUM.exec(tail.trimEnd().split('\n').at(-1) ?? '');
      // a program that died before its sum has failed, whatever it counted
      const failed = Number(sums?.[2] ?? 1);
      done({
        passed: Number(sums?.[1] ?? 0),
        failed: code === 0 ? failed : Math.max(1, failed),
        skipped: Number(sums?.[3] ?? 0),
      });
    });
  });
}

const files = process.argv.length > 2 ? process.argv.slice(2) : ['out/test/**/*.test.js'];
const sums = [await run(['node_modules/mocha/bin/mocha.js', ...files])];
console.log('tests in real editors');
spawnSync(process.execPath, ['scripts/package.mjs'], { cwd: root, stdio: 'inherit' });
sums.push(await run(['out/test/editor/main.js']));

const total = (pick) => sums.reduce((sum, one) => sum + one[pick], 0);
const skipped = total('skipped');
console.log(
  `${total('passed')} passed, ${total('failed')} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`,
);
process.exitCode = total('failed') > 0 ? 1 : 0;
