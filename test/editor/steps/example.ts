/**
 * The example tree: a finding from all sides, cards where nothing is wrong, typing.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Stage, Step } from '../stage.js';
import { PATIENCE_MS, until } from '../workbench.js';
import { cardOn } from './card.js';
import { lensesDrawn, lineOf, squigglesBecome, visit } from './visit.js';

const file = 'fs/netfsd/dir.c';

async function fixFinding(stage: Stage): Promise<void> {
  const { bench, checks, folder } = stage;
  const { page } = bench;
  const lineText = 'struct inode *inode = d_inode(dentry);';
  await bench.open(join(folder, file), lineOf(join(folder, file), lineText));
  await visit(
    stage,
    {
      file,
      lineText,
      token: 'd_inode',
      rule: 'rcu/unstable-inode',
      hoverSays: /RCU-walk.*d_revalidate/,
      pictures: true,
    },
    PATIENCE_MS,
  );
  const hints = page.locator('.view-line', { hasText: /entry:\s/ });
  const hinted = await until(async () => (await hints.count()) > 0);
  checks.that('what is held on entry stands behind the head of a function', hinted);
  await page.keyboard.press('Control+S');
  const saved = await until(
    async () => readFileSync(join(folder, file), 'utf8').split('d_inode_rcu(').length > 2,
  );
  checks.that('the fix is on disk after saving', saved);
}

async function contractOfSlot({ bench, checks, folder }: Stage): Promise<void> {
  await bench.open(join(folder, file), lineOf(join(folder, file), '= netfsd_revalidate'));
  const slot = bench.token('= netfsd_revalidate', 'd_revalidate');
  const said = await cardOn(bench, slot, 'd_revalidate', /RCU-walk|ECHILD/);
  checks.that('a slot shows its contract', /RCU-walk|ECHILD/.test(said), said.slice(0, 200));
  await bench.shot('contract');
  await bench.pointerAway();
}

async function plainHover({ bench, checks, folder }: Stage): Promise<void> {
  await bench.open(join(folder, file), lineOf(join(folder, file), 'return netfsd_ask_server(inode);'));
  const call = bench.token('return netfsd_ask_server(inode);', 'netfsd_ask_server');
  const card = await cardOn(bench, call, 'netfsd_ask_server', /(may|must not) sleep/);
  checks.that('hover where nothing is wrong', /d_revalidate/.test(card), card.slice(0, 300));
  await bench.shot('hover-plain');
  await bench.pointerAway();
}

/** In a helper: the lock that comes with the method which leads there, and the states side by side. */
async function helperHover({ bench, checks, folder }: Stage): Promise<void> {
  const path = join(folder, 'fs/netfsd/lease.c');
  const lineText = 'unsigned long end = dentry->d_time;';
  await bench.open(path, lineOf(path, lineText));
  await bench.page.keyboard.press('Control+Home');
  await lensesDrawn(bench);
  const card = await cardOn(bench, bench.token(lineText, 'd_time'), 'd_time', /d_lock[\s\S]*d_delete/);
  const says = /must not sleep/.test(card) && /RCU read side/.test(card) && /netfsd_delete/.test(card);
  checks.that('a lock that a caller brings, and the way there', says, card.slice(0, 400));
  await bench.shot('hover-helper');
  await bench.picture('hover', { x: 352, y: 36, width: 1044, height: 468 });
  await bench.pointerAway();
}

async function typing({ bench, checks, folder }: Stage): Promise<void> {
  const { page } = bench;
  const pool = join(folder, 'fs/pool/alloc.c');
  await bench.open(pool, lineOf(pool, 'int pool_grow_early'));
  await page.keyboard.press('Control+Shift+M');
  const rows = async (): Promise<number> =>
    (await bench.problems()).filter((row) => row.includes('lock/') || row.includes('sleep/')).length;
  await until(async () => (await rows()) >= 2);
  const before = await rows();
  checks.that('findings of another file when it is opened', before >= 2, `${before}`);
  await bench.token('int err = 0;', 'err').click();
  for (const key of ['ArrowDown', 'ArrowDown', 'ArrowDown', 'ArrowDown', 'End', 'Enter'])
    await page.keyboard.press(key);
  await page.keyboard.type('kmalloc(1, GFP_KERNEL);');
  await bench.pointerAway();
  await until(async () => (await rows()) > before, PATIENCE_MS);
  const after = await rows();
  checks.that('typing a sleeping call under the lock adds a finding', after === before + 1, `${after}`);
  checks.that('and a squiggle', (await squigglesBecome(bench, (count) => count > 0, 5000)) > 0);
  await bench.shot('typed');
  for (let times = 0; times < 4; times++) await page.keyboard.press('Control+Z');
  await until(async () => (await rows()) === before, PATIENCE_MS);
  checks.that('undoing it takes the finding away', (await rows()) === before, `${await rows()}`);
}

/** Steps on the example tree. */
export const exampleSteps: readonly Step[] = [
  { name: 'a finding and its fix', run: fixFinding },
  { name: 'the contract of a slot', run: contractOfSlot },
  { name: 'hover where nothing is wrong', run: plainHover },
  { name: 'hover in a helper', run: helperHover },
  { name: 'typing', run: typing },
];
