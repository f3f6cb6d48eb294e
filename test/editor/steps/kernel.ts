/**
 * A real kernel tree: a bug that is typed is seen, explained and fixed; lenses, calls and views, the pictures, a reviewer's questions,
 * and a check of the whole tree that is cancelled.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Stage, Step } from '../stage.js';
import { until } from '../workbench.js';
import { type LensVisit, lensesAndViews } from './lenses.js';
import { rows } from './review.js';
import { lineOf, visit } from './visit.js';

const ROOT = 'fs/autofs/root.c';

/** A real tree: a bug is typed into autofs, seen, explained and fixed; nothing is saved. */
async function realTree(stage: Stage): Promise<void> {
  const { bench, checks, folder } = stage;
  const { page } = bench;
  const file = 'fs/autofs/inode.c';
  const lineText = 'kfree_rcu(ino, rcu);';
  const path = join(folder, file);
  const text = readFileSync(path, 'utf8');
  await bench.open(path, lineOf(path, lineText));
  await page.waitForTimeout(1500);
  await bench.click(bench.token(lineText, 'kfree_rcu'));
  await page.keyboard.press('Home');
  await page.keyboard.press('Shift+End');
  await page.keyboard.type('kfree(ino);');
  await visit(
    stage,
    { file, lineText: 'kfree(ino);', token: 'kfree', rule: 'rcu/early-free', hoverSays: /d_release/ },
    60_000,
  );
  const fixed = await page.locator('.view-line', { hasText: 'kfree_rcu(ino' }).count();
  checks.that('the fix gives the old text again', fixed === 1, `${fixed}`);
  checks.that('nothing was saved', readFileSync(path, 'utf8') === text);
}

async function lenses({ bench, checks, folder }: Stage): Promise<void> {
  const lineText = 'static void autofs_clear_leaf_automount_flags';
  const autofs: LensVisit = {
    file: ROOT,
    line: lineOf(join(folder, ROOT), lineText) + 9, // both are on the screen then
    helper: {
      lineText,
      name: 'autofs_clear_leaf_automount_flags',
      lens: /held: dentry->d_inode->i_rwsem \(1 caller\)/,
    },
    method: { name: 'autofs_dir_rmdir', lens: /inode_operations\.rmdir/ },
    table: 'autofs_dir_inode_operations',
    row: /lookup.*autofs_lookup.*held: dir->i_rwsem/, // the first: those below may not be drawn
    contexts: /autofs_clear_leaf_automount_flags\(\).*i_rwsem.*may sleep/,
  };
  await lensesAndViews(bench, checks, folder, autofs);
}

async function pictures({ bench, checks, folder }: Stage): Promise<void> {
  const { page } = bench;
  const path = join(folder, ROOT);
  await bench.open(path, lineOf(path, 'static int autofs_d_manage(const struct path *path,') + 2);
  const frame = page.frameLocator('iframe.webview').last().frameLocator('iframe');
  const drawn = (what: string): Promise<boolean> =>
    until(async () => (await frame.locator(what).count()) > 0);
  await bench.command('Lockwalk: Show Lock Timeline of the Function');
  checks.that('a timeline with bars', await drawn('svg.lw g.bar'));
  await bench.pointerAway();
  await bench.shot('timeline');
  await bench.command('Lockwalk: Show Life Cycle');
  checks.that('a life cycle with the method lit', await drawn('g.chip.lit'));
  await bench.pointerAway();
  await bench.shot('life-cycle');
  await bench.command('Lockwalk: Show Lock Order of the Directory');
  checks.that('a lock order', await drawn('svg.lw g.edge'));
  await bench.pointerAway();
  await bench.shot('lock-order');
}

async function review({ bench, checks, folder }: Stage): Promise<void> {
  const path = join(folder, ROOT);
  const wait = 'ino->flags &= ~AUTOFS_INF_PENDING;';
  const shown = (begin: RegExp): Promise<readonly string[] | null> =>
    until(async () => {
      const now = await rows(bench);
      return now.some((row) => begin.test(row)) ? now : null;
    });
  await bench.open(path, lineOf(path, wait));
  await bench.click(bench.token(wait, 'flags'));
  // What is drawn as one token is more than the word
  await bench.page.keyboard.press('End');
  const back = wait.length - 'ino->fl'.length;
  for (let times = 0; times < back; times++) await bench.page.keyboard.press('ArrowLeft');
  await bench.command('Lockwalk: Show Accesses of This Field');
  const field = await shown(/^Guard.*autofs_sb_info::fs_lock/);
  checks.that(
    'a field of a real structure, with its guard',
    field !== null,
    field?.join(' | ').slice(0, 300),
  );
  await bench.pointerAway();
  await bench.shot('field');
  await bench.open(path, lineOf(path, wait) + 6);
  await bench.command('Lockwalk: What Relies on This Lock');
  const drop = await shown(/^drops .*autofs_sb_info::fs_lock/);
  checks.that('what relies on a lock of it', drop !== null, drop?.join(' | ').slice(0, 300));
  await bench.pointerAway();
  await bench.shot('drop');
}

async function scans({ bench, checks, folder }: Stage): Promise<void> {
  const { page } = bench;
  const path = join(folder, ROOT);
  await bench.open(path, lineOf(path, 'static int autofs_d_manage('));
  const toast = page.locator('.notification-toast', { hasText: /Lockwalk/ });
  await bench.command('Lockwalk: Check Whole Tree');
  const progress = await until(async () =>
    (await toast.allInnerTexts()).find((text) => /[1-9]\d*%/.test(text)),
  );
  checks.that(
    'a check of the tree says how far it is',
    progress !== undefined,
    progress?.replace(/\s+/g, ' '),
  );
  await bench.shot('scan-progress');
  await bench.click(toast.locator('.monaco-button', { hasText: 'Cancel' }).first());
  const stopped = page.locator('.statusbar-item', { hasText: /check of .* stopped/ });
  checks.that('cancelled, it stops', await until(async () => (await stopped.count()) > 0, 20_000));
  checks.that('and shows nothing of other files', (await bench.problemCount()) === 0);
  await bench.command('Lockwalk: Check This Directory');
  const done = await until(async () =>
    (await toast.allInnerTexts()).find((text) => /findings? in \d+ files?/.test(text)),
  );
  checks.that(
    'a directory is checked after that',
    /of fs\/autofs/.test(done ?? ''),
    done?.replace(/\s+/g, ' '),
  );
  await bench.shot('scan-directory');
}

/** Steps on a kernel tree; nothing is ever saved there. */
export const kernelSteps: readonly Step[] = [
  { name: 'a bug typed into autofs', run: realTree },
  { name: 'kernel: lenses, calls and views', run: lenses },
  { name: 'kernel: pictures', run: pictures },
  { name: 'kernel: review', run: review },
  { name: 'kernel: checks of the tree', run: scans },
];
