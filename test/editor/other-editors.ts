/**
 * The built server under other editors' own clients, over stdio, each on a copy of the example tree: Neovim and Emacs with
 * eglot.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inRepository } from '../repository.js';
import type { Checks } from './checks.js';
import { program } from './debian.js';

const TIMEOUT_MS = 180_000;

interface OtherEditor {
  readonly name: string;
  /** Programs or files that it needs. */
  readonly needs: readonly string[];
  readonly packages: string;
  readonly program: string;
  readonly args: readonly string[];
}

/** Every other editor. */
export const OTHER_EDITORS: readonly OtherEditor[] = [
  {
    name: 'neovim',
    needs: ['nvim'],
    packages: 'neovim',
    program: 'nvim',
    args: [
      '--headless',
      '--clean',
      '-n',
      '-i',
      'NONE',
      '-c',
      `luafile ${inRepository('test', 'editor', 'neovim.lua')}`,
    ],
  },
  {
    name: 'emacs with eglot',
    needs: ['emacs', '/usr/share/doc/elpa-eglot'],
    packages: 'emacs-nox elpa-eglot',
    program: 'emacs',
    args: ['-q', '--batch', '-l', inRepository('test', 'editor', 'eglot.el')],
  },
];

/** Diagnostics, hover, code action and edit in one of them. */
export function otherEditor(checks: Checks, editor: OtherEditor): void {
  checks.begin(editor.name);
  if (editor.needs.some((need) => program(need) === null)) {
    checks.skip(editor.name, `not there (Debian: apt install ${editor.packages})`);
    return;
  }
  const tree = mkdtempSync(join(tmpdir(), 'lockwalk-other-'));
  cpSync(inRepository('examples', 'tree'), tree, { recursive: true });
  const run = spawnSync(editor.program, editor.args, {
    env: {
      ...process.env,
      XDG_CACHE_HOME: join(tree, '.cache'),
      NODE: process.execPath,
      SERVER: process.env.LOCKWALK_SERVER ?? inRepository('dist', 'lockwalk.mjs'),
      ROOT: tree,
      FILE: join(tree, 'fs/netfsd/dir.c'),
      RULE: 'rcu/unstable-inode',
    },
    encoding: 'utf8',
    timeout: TIMEOUT_MS,
  });
  const said = run.stdout.split(/\r?\n/).filter((line) => /^(ok|FAIL) /.test(line));
  for (const line of said) checks.that(line.slice(5), line.startsWith('ok'));
  const well = run.status === 0 && said.length > 0;
  checks.that(`${editor.name} ends well`, well, well ? '' : run.stderr.slice(-800));
  rmSync(tree, { recursive: true, force: true });
}
