/**
 * The built server under neovim's own client, over stdio, on a copy of the example tree. Skipped loudly where there is
 * no neovim.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inRepository } from '../repository.js';
import type { Checks } from './checks.js';
import { program } from './debian.js';

const TIMEOUT_MS = 90_000;

export function neovim(checks: Checks): void {
  checks.begin('neovim');
  if (program('nvim') === null) {
    checks.skip('neovim', 'no nvim (Debian: apt install neovim)');
    return;
  }
  const tree = mkdtempSync(join(tmpdir(), 'lockwalk-neovim-'));
  cpSync(inRepository('examples', 'tree'), tree, { recursive: true });
  const script = inRepository('test', 'editor', 'neovim.lua');
  const run = spawnSync('nvim', ['--headless', '--clean', '-n', '-i', 'NONE', '-c', `luafile ${script}`], {
    env: {
      ...process.env,
      NODE: process.execPath,
      SERVER: process.env.LOCKWALK_SERVER ?? inRepository('dist', 'lockwalk.mjs'),
      ROOT: tree,
      FILE: join(tree, 'fs/netfsd/dir.c'),
      RULE: 'rcu/unstable-inode',
    },
    encoding: 'utf8',
    timeout: TIMEOUT_MS,
  });
  for (const line of run.stdout.split(/\r?\n/).filter((one) => one !== '')) console.log(`  ${line}`);
  checks.that('neovim over stdio', run.status === 0, run.status === 0 ? '' : run.stderr.slice(0, 500));
  rmSync(tree, { recursive: true, force: true });
}
