/**
 * The server while the editor runs: killed and back, settings that change, its traffic in the log.
 */
import { join } from 'node:path';
import type { Stage, Step } from '../stage.js';
import { PATIENCE_MS, until, type Workbench } from '../workbench.js';
import { cardOn } from './card.js';
import { lineOf, squigglesBecome } from './visit.js';

const FILE = 'fs/netfsd/dir.c';
const FINDING = 'struct inode *inode = d_inode(dentry);';
const CALL = 'return netfsd_ask_server(inode);';
const SAYS = /(may|must not) sleep/;
/** The extension's server among the editor's processes. */
const SERVER = '/dist/server.mjs';

async function openedFile(bench: Workbench, folder: string): Promise<void> {
  await bench.open(join(folder, FILE), lineOf(join(folder, FILE), FINDING));
}

function card(bench: Workbench): Promise<string> {
  return cardOn(bench, bench.token(CALL, 'netfsd_ask_server'), 'netfsd_ask_server', SAYS);
}

async function killed({ bench, checks, folder }: Stage): Promise<void> {
  await openedFile(bench, folder);
  checks.that('a card before', SAYS.test(await card(bench)));
  await bench.pointerAway();
  const old = bench.processes(SERVER);
  checks.that('there is one server', old.length === 1, old.join(' '));
  for (const pid of old) process.kill(pid, 'SIGKILL');
  const next = await until(async () => {
    const now = bench.processes(SERVER);
    return now.length === 1 && !old.includes(now[0] ?? 0) ? now : null;
  });
  checks.that('killed, it is started again', next !== null);
  checks.that('a card after', SAYS.test(await card(bench)));
  const drawn = await squigglesBecome(bench, (count) => count > 0, PATIENCE_MS);
  checks.that('and the squiggle', drawn > 0);
  await bench.shot('after-kill');
  const toasts = await bench.page.locator('.notification-toast').allInnerTexts();
  checks.that('no pop-up', !toasts.some((text) => /lockwalk/i.test(text)), toasts.join(' | '));
}

async function settings({ bench, checks, folder }: Stage): Promise<void> {
  await openedFile(bench, folder);
  const shows = (count: number): Promise<number> =>
    squigglesBecome(bench, (seen) => (count === 0 ? seen === 0 : seen > 0), PATIENCE_MS);
  checks.that('a squiggle as the settings are', (await shows(1)) > 0);
  await bench.settings({ 'lockwalk.check': 'off' });
  checks.that('checking is turned off', (await shows(0)) === 0);
  await bench.settings({});
  checks.that('and on again', (await shows(1)) > 0);
  await bench.settings({ 'lockwalk.rules': ['lock'] });
  checks.that('only other rules', (await shows(0)) === 0);
  await bench.settings({ 'lockwalk.hover': false });
  checks.that('all rules', (await shows(1)) > 0);
  await bench.hover(bench.token(CALL, 'netfsd_ask_server'), 'netfsd_ask_server');
  await bench.page.waitForTimeout(1500);
  const said = (await bench.page.locator('.monaco-hover:not(.hidden)').allInnerTexts()).join(' ');
  checks.that('hover is turned off', !SAYS.test(said), said.slice(0, 100));
  await bench.pointerAway();
  await bench.settings({});
  checks.that('and on again', SAYS.test(await card(bench)));
}

async function trace({ bench, checks, folder }: Stage): Promise<void> {
  const { page } = bench;
  await bench.settings({ 'lockwalk.trace.server': 'messages' });
  await openedFile(bench, folder);
  await card(bench);
  await bench.pointerAway();
  await bench.command('Lockwalk: Show Output');
  const lines = page.locator('.output-view .view-line', { hasText: 'textDocument/' });
  const shown = await until(async () => (await lines.count()) > 0);
  checks.that('requests are in the log when they are traced', shown);
  await bench.shot('trace');
}

/** Steps on the example tree. */
export const serverSteps: readonly Step[] = [
  { name: 'a killed server', run: killed },
  { name: 'settings at run time', run: settings },
  { name: 'trace in the log', run: trace },
];
