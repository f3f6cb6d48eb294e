/**
 * Makes the extension's package, `lockwalk-VERSION.vsix`, out of what is built: one file for every platform. Everything
 * is bundled, so no dependencies are gathered. Refuses to make one that is incomplete or too large.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';

const root = join(import.meta.dirname, '..');
const MAX_BYTES = 2_000_000;
const needed = [
  'LICENSE',
  'README.md',
  'THIRD-PARTY-NOTICES.md',
  'docs/rules',
  'docs/model/README.md',
  'docs/images/icon.png',
  'examples/tree/Makefile',
  'dist/server.mjs',
  'dist/extension.cjs',
];
needed.push('dist/engine-worker.mjs', 'dist/lockwalk.mjs', 'dist/web-tree-sitter.wasm', 'dist/kernel-c.wasm');

const missing = needed.filter((path) => !existsSync(join(root, path)));
if (missing.length > 0) {
  console.error(`package: missing ${missing.join(', ')}`);
  process.exit(1);
}
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const target = process.argv[2] ?? `lockwalk-${version}.vsix`;
const vsce = join(root, 'node_modules/@vscode/vsce/vsce');
const options = [
  'package',
  '--no-dependencies',
  '--allow-missing-repository',
  '--no-rewrite-relative-links', // the repository has no public address that the README could point to
  '--no-gitHubIssueLinking',
  '--out',
  target,
];
execFileSync(process.execPath, [vsce, ...options], { cwd: root, stdio: ['ignore', 'ignore', 'inherit'] });
const { size } = statSync(resolve(root, target));
console.log(`${target}: ${(size / 1024).toFixed(0)} KiB`);
if (size > MAX_BYTES) {
  console.error(`package: larger than ${MAX_BYTES} bytes`);
  process.exit(1);
}
