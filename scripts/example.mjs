/**
 * `npm run example`: checks the example tree and shows what is found; `npm run example -- --kernel DIR [PATH...]` checks that
 * kernel instead. Findings are what it is for, so it ends well with and without them.
 */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');
const typed = process.argv.slice(2);
const [first] = typed;
let args = typed;
if (first === undefined) args = ['--kernel', join(root, 'examples/tree')];
else if (!first.startsWith('-')) args = ['--kernel', first, ...typed.slice(1)];

const run = spawnSync(process.execPath, [join(root, 'dist/lockwalk.mjs'), 'check', ...args], {
  stdio: 'inherit',
});
process.exitCode = run.status === 0 || run.status === 1 ? 0 : (run.status ?? 3);
