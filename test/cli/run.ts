/**
 * Runs the built command line as a person would.
 */
import { spawnSync } from 'node:child_process';
import { inRepository } from '../repository.js';

/** What a run left behind. */
export interface Run {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** The example tree. */
export const EXAMPLE = inRepository('examples/tree');

/** Runs `lockwalk` with arguments. */
export function lockwalk(
  args: readonly string[],
  options: { readonly cwd?: string; readonly input?: string } = {},
): Run {
  const run = spawnSync(process.execPath, [inRepository('dist/lockwalk.mjs'), ...args], {
    encoding: 'utf8',
    maxBuffer: 1 << 28,
    timeout: 120_000,
    ...options,
  });
  return { code: run.status, out: run.stdout, err: run.stderr };
}

/** No stack trace and no bug of ours on either stream. */
export function isCalm(run: Run): boolean {
  return !/\n\s+at .+:\d+:\d+|internal error/.test(run.out + run.err);
}
