/**
 * The package where there is no network: the same program runs once more in a network namespace that has nothing but its own
 * loopback, and there installs the package into a fresh profile and opens a file. Wants root and Debian's `ip`.
 */
import { spawnSync } from 'node:child_process';
import { networkInterfaces } from 'node:os';
import { fileURLToPath } from 'node:url';
import type { Checks } from './checks.js';
import { program } from './debian.js';
import type { Stage, Step } from './stage.js';
import { lineOf, squigglesBecome } from './steps/visit.js';
import { PATIENCE_MS } from './workbench.js';

export const OFFLINE = 'installed without a network';

/** Set in the run that has no network. */
const INSIDE = 'LOCKWALK_EDITOR_OFFLINE';

const MAIN = fileURLToPath(new URL('main.js', import.meta.url));

/** Whether this is the run that has no network. */
export function isOffline(): boolean {
  return process.env[INSIDE] !== undefined;
}

/** Runs the session where nothing outside can be reached. */
export function withoutNetwork(checks: Checks): void {
  checks.begin(OFFLINE);
  const begin = ['-n', 'sh', '-c', 'ip link set lo up && exec "$0" "$@"', process.execPath];
  const can = program('unshare') !== null && program('ip') !== null;
  if (!can || spawnSync('unshare', [...begin, '--version']).status !== 0) {
    checks.skip(OFFLINE, 'no right to a network namespace, or no ip (Debian: apt install iproute2)');
    return;
  }
  const env = { ...process.env, [INSIDE]: '1' };
  const { status } = spawnSync('unshare', [...begin, MAIN, OFFLINE], { env, stdio: 'inherit' });
  checks.that('the package installs and works without a network', status === 0, `exit code ${status}`);
}

async function findsWithoutNetwork({ bench, checks, folder }: Stage): Promise<void> {
  const others = Object.keys(networkInterfaces()).filter((name) => name !== 'lo');
  checks.that('nothing but the loopback is there', others.length === 0, others.join(', '));
  const reached = await fetch('https://registry.npmjs.org/').then(
    () => true,
    () => false,
  );
  checks.that('nothing outside answers', !reached);
  const file = `${folder}/fs/netfsd/dir.c`;
  await bench.open(file, lineOf(file, 'd_inode(dentry)'));
  const drawn = await squigglesBecome(bench, (count) => count > 0, PATIENCE_MS);
  checks.that('the extension starts and finds something', drawn > 0, `${drawn}`);
  await bench.shot('offline');
}

/** What is done in that run. */
export const OFFLINE_STEPS: readonly Step[] = [{ name: OFFLINE, run: findsWithoutNetwork }];
