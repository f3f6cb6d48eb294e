/**
 * What other checkers of kernel locking take for the same directories: sparse (lock contexts) and coccinelle with the kernel's own
 * scripts for locks. Both need the whole source, sparse a configured one.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { check } from './timing.js';

/** Directories that all three look at. */
const DIRECTORIES = ['fs/overlayfs', 'fs/autofs', 'fs/ceph'];
const SCRIPTS = 'scripts/coccinelle/locks';

/** One checker on one directory. */
export interface PeerRow {
  readonly directory: string;
  readonly checker: string;
  readonly seconds: number;
  /** Of the largest process. */
  readonly memoryMiB: number;
  /** What it said. */
  readonly reports: number;
}

/** Why peers cannot run on a source; null where they can. */
export function whyNoPeers(source: string): string | null {
  for (const program of ['make', 'sparse', 'spatch', 'time'])
    if (spawnSync('sh', ['-c', `command -v ${program}`]).status !== 0) return `${program} is not installed`;
  if (!existsSync(join(source, SCRIPTS))) return `${source} is not a whole kernel source`;
  if (!existsSync(join(source, 'include/generated/autoconf.h')))
    return `${source} is not configured (make defconfig, switch on OVERLAY_FS, AUTOFS_FS and CEPH_FS, make prepare)`;
  return null;
}

interface Timed {
  readonly seconds: number;
  readonly memoryMiB: number;
  readonly output: string;
}

function timed(source: string, command: string, args: readonly string[]): Timed {
  const start = performance.now();
  const run = spawnSync('/usr/bin/env', ['time', '-f', 'lockwalk-bench %M', command, ...args], {
    cwd: source,
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  });
  const seconds = (performance.now() - start) / 1000;
  const output = run.stdout + run.stderr;
  if (run.status !== 0) throw new Error(`${command} ${args.join(' ')}: ${output.slice(-2000)}`);
  return { seconds, memoryMiB: Number(/lockwalk-bench (\d+)/.exec(output)?.[1] ?? 0) / 1024, output };
}

/** Runs all three on each directory of a whole, configured source. */
export function peers(source: string): PeerRow[] {
  const rows: PeerRow[] = [];
  for (const directory of DIRECTORIES) {
    const ours = check(source, ['--no-cache', '--jobs', '1', directory]);
    rows.push({
      directory,
      checker: 'lockwalk',
      seconds: ours.seconds,
      memoryMiB: ours.memoryMiB,
      reports: ours.count,
    });
    // Built already, so that what is left is the checker and make itself
    timed(source, 'make', ['-s', `${directory}/`]);
    const idle = timed(source, 'make', ['-s', `${directory}/`]);
    const sparse = timed(source, 'make', ['-s', 'C=2', 'CHECK=sparse', 'CF=-Wcontext', `${directory}/`]);
    rows.push({
      directory,
      checker: 'sparse -Wcontext',
      seconds: sparse.seconds - idle.seconds,
      memoryMiB: sparse.memoryMiB,
      reports: sparse.output.split('context imbalance').length - 1,
    });
    let [seconds, memoryMiB, reports] = [0, 0, 0];
    for (const script of readdirSync(join(source, SCRIPTS)).filter((name) => name.endsWith('.cocci'))) {
      const run = timed(source, 'spatch', [
        ...['-D', 'report', '--very-quiet', '--no-show-diff', '--no-includes', '--include-headers'],
        ...['--cocci-file', join(SCRIPTS, script), '--dir', directory],
      ]);
      seconds += run.seconds;
      memoryMiB = Math.max(memoryMiB, run.memoryMiB);
      reports += run.output.split('\n').filter((line) => line.startsWith(directory)).length;
    }
    rows.push({ directory, checker: 'coccinelle, scripts for locks', seconds, memoryMiB, reports });
  }
  return rows;
}
