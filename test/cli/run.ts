/**
 * Runs the built command line as a person would.
 */
import { type StdioOptions, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inRepository } from '../repository.js';

/** What a run left behind. */
export interface Run {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** A cache that nobody else uses. */
export const CACHE = mkdtempSync(join(tmpdir(), 'lockwalk-test-cache-'));
process.once('exit', () => rmSync(CACHE, { recursive: true, force: true }));

/** The example tree. */
export const EXAMPLE = inRepository('examples/tree');

/** Runs `lockwalk` with arguments. */
export function lockwalk(
  args: readonly string[],
  options: { readonly cwd?: string; readonly input?: string; readonly stdio?: StdioOptions } = {},
): Run {
  const run = spawnSync(process.execPath, [inRepository('dist/lockwalk.mjs'), ...args], {
    encoding: 'utf8',
    maxBuffer: 1 << 28,
    timeout: 120_000,
    // What a test finds is found by this build in this run
    env: { ...process.env, XDG_CACHE_HOME: CACHE },
    ...options,
  });
  return { code: run.status, out: run.stdout, err: run.stderr };
}

/** No stack trace and no bug of ours on either stream. */
export function isCalm(run: Run): boolean {
  return !/\n\s+at .+:\d+:\d+|internal error/.test(run.out + run.err);
}
