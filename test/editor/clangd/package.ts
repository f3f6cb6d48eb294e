/**
 * Packs the clangd extension of the tests, with nothing but what is in the repository's own node_modules.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { inRepository } from '../../repository.js';

const MANIFEST = {
  name: 'clangd-for-tests',
  displayName: 'clangd for tests',
  publisher: 'lockwalk-tests',
  version: '1.0.0',
  engines: { vscode: '^1.91.0' },
  main: './extension.cjs',
  activationEvents: ['onLanguage:c'],
  capabilities: { untrustedWorkspaces: { supported: true } },
};

/** Makes the package in a folder; gives its path. */
export async function packClangd(folder: string): Promise<string> {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), JSON.stringify(MANIFEST));
  writeFileSync(join(folder, 'README.md'), 'Part of tests.\n');
  await build({
    entryPoints: [inRepository('out/test/editor/clangd/extension.js')],
    outfile: join(folder, 'extension.cjs'),
    bundle: true,
    platform: 'node',
    format: 'cjs',
    external: ['vscode'],
    logLevel: 'warning',
  });
  const vsix = join(folder, 'clangd.vsix');
  const vsce = inRepository('node_modules/@vscode/vsce/vsce');
  const args = [
    'package',
    '--no-dependencies',
    '--allow-missing-repository',
    '--skip-license',
    '--out',
    vsix,
  ];
  execFileSync(process.execPath, [vsce, ...args], { cwd: folder, stdio: 'pipe' });
  return vsix;
}
