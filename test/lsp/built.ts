/** The built server as a process: as an editor starts it. */
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { CACHE } from '../cli/run.js';
import { inRepository } from '../repository.js';

/** Starts the built server over stdio. `cacheHome`: the folder for caches, whose own place is in it; else one of the whole run. */
export function startBuilt(cacheHome = CACHE): ChildProcessByStdio<Writable, Readable, null> {
  return spawn(process.execPath, [inRepository('dist/lockwalk.mjs'), 'lsp', '--stdio'], {
    env: { ...process.env, XDG_CACHE_HOME: cacheHome },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
}
