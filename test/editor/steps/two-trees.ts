/**
 * Two kernel trees in one window that nobody has called trusted, with clangd beside: one engine a tree, and nothing shown
 * twice.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Stage, Step } from '../stage.js';
import { PATIENCE_MS, until, type Workbench } from '../workbench.js';
import { cardOn } from './card.js';
import { runTask } from './start.js';
import { lineOf, squigglesBecome } from './visit.js';

const FILE = 'fs/netfsd/dir.c';
const LINE = 'struct inode *inode = d_inode(dentry);';

/** The trees of the session, beside each other in the workspace file's folder. */
export const TREES = ['first', 'second'] as const;
export const CLANGD_PACKAGE = 'clangd.vsix';

/** What the language status says, as its hover shows it. */
async function statusSays(bench: Workbench, says: RegExp): Promise<string> {
  const item = bench.page.locator('.statusbar-item[id*="languageStatus"]').first();
  const hover = bench.page.locator('.hover-language-status');
  let said = '';
  await until(async () => {
    const place = await item.boundingBox();
    if (place !== null) await bench.page.mouse.move(place.x + 4, place.y + 6, { steps: 3 });
    await until(async () => (await hover.count()) > 0, 2000);
    said = (await hover.allInnerTexts()).join(' | ').replace(/\s+/g, ' ');
    return says.test(said);
  }, PATIENCE_MS);
  return said;
}

async function twoTrees({ bench, checks, folder }: Stage): Promise<void> {
  const above = join(folder, '..');
  const banner = bench.page.locator('.statusbar-item', { hasText: 'Restricted Mode' });
  checks.that('the workspace is not trusted', await until(async () => (await banner.count()) > 0));
  for (const [tree, version] of [
    [TREES[0], '6\\.12'],
    [TREES[1], '6\\.1\\b'],
  ] as const) {
    const path = join(above, tree, FILE);
    await bench.open(path, lineOf(path, LINE), tree);
    checks.that(`${tree}: squiggle`, (await squigglesBecome(bench, (count) => count > 0, PATIENCE_MS)) > 0);
    const says = new RegExp(`Lockwalk ${version}\\S*: ${tree}`);
    const said = await statusSays(bench, says);
    checks.that(
      `${tree}: its own status`,
      says.test(said) && (said.match(/Lockwalk/g)?.length ?? 0) === 1,
      said,
    );
    await bench.shot(`tree-${tree}`);
    await bench.pointerAway();
  }
  await bench.command('Lockwalk: Show Status');
  const lines = bench.page.locator('.output-view .view-line', { hasText: 'kernel' });
  await until(async () => (await lines.count()) >= 2, PATIENCE_MS);
  checks.that('the log has both trees', (await lines.count()) >= 2, `${await lines.count()}`);
}

async function besideClangd({ bench, checks, folder }: Stage): Promise<void> {
  if (!existsSync(join(folder, '..', CLANGD_PACKAGE))) {
    checks.skip('side by side with clangd', 'no clangd (Debian: apt install clangd)');
    return;
  }
  const { page } = bench;
  const path = join(folder, '..', TREES[0], FILE);
  await bench.open(path, lineOf(path, LINE), TREES[0]);
  await squigglesBecome(bench, (count) => count > 0, PATIENCE_MS);
  const card = await cardOn(
    bench,
    bench.token(LINE, 'd_inode'),
    'd_inode',
    /function d_inode[\s\S]*sleep|sleep[\s\S]*function d_inode/,
  );
  checks.that('both have a card', /function d_inode/.test(card) && /sleep/.test(card), card.slice(0, 200));
  const rows = (await page.locator('.monaco-hover:not(.hidden) .hover-row').allInnerTexts()).map((text) =>
    text
      .split('\n')
      .map((line) => line.trim())
      .filter((line) => line.length > 12),
  );
  const [theirs = [], ...more] = rows.filter((row) => row.some((line) => /function d_inode/.test(line)));
  const twice = rows
    .filter((row) => row !== theirs)
    .flatMap((row) => row.filter((line) => theirs.includes(line)));
  checks.that('no line in both cards', more.length === 0 && twice.length === 0, twice.join(' | '));
  await bench.shot('clangd-card');
  await bench.pointerAway();
  await bench.click(bench.token(LINE, 'd_inode'));
  await bench.pointerAway();
  await bench.actions();
  await page.waitForTimeout(1000); // those of the other server may come later
  const offered = await page.locator('.action-widget .monaco-list-row.action').allInnerTexts();
  const isOnce = offered.length > 0 && new Set(offered).size === offered.length;
  checks.that('no action twice', isOnce, offered.join(' | '));
  await bench.shot('clangd-actions');
  await page.keyboard.press('Escape');
  await page.keyboard.press('Control+Shift+M');
  const problems = await until(async () => {
    const found = await bench.problems();
    return found.some((row) => row.includes('rcu/unstable-inode')) ? found : null;
  });
  const places = (problems ?? []).map((row) => /\[Ln \d+, Col \d+\]$/.exec(row)?.[0]).filter(Boolean);
  const same = places.filter((place, index) => places.indexOf(place) !== index);
  checks.that(
    'no two problems at one place',
    problems !== null && same.length === 0,
    (problems ?? []).join(' | '),
  );
  await bench.shot('clangd-problems');
}

/** Findings of a whole tree in Problems; gives how many there are of all trees. */
async function scanned(bench: Workbench, above: string, tree: string): Promise<number> {
  const path = join(above, tree, FILE);
  await bench.open(path, lineOf(path, LINE), tree);
  await bench.command('Lockwalk: Check Whole Tree');
  await bench.page
    .locator('.notification-toast', { hasText: /\d+ findings in/ })
    .first()
    .waitFor({ timeout: PATIENCE_MS });
  let count = -1;
  await until(async () => {
    const before = count;
    count = await bench.problemCount();
    return count === before && count === (await bench.problemsStay(count));
  });
  await bench.command('Notifications: Clear All Notifications');
  return count;
}

/** What checks and tasks of two trees find stands side by side: a task has the say for the files that it has checked, and no others. */
async function bothTrees(stage: Stage): Promise<void> {
  const { bench, checks, folder } = stage;
  const { page } = bench;
  const above = join(folder, '..');
  await bench.command('Workspaces: Manage Workspace Trust');
  const banner = page.locator('.statusbar-item', { hasText: 'Restricted Mode' });
  const trust = page.locator('.workspace-trust-editor .monaco-button', { hasText: /^Trust$/ }).first();
  await page.locator('.workspace-trust-editor').waitFor();
  if ((await banner.count()) > 0) await bench.click(trust);
  const trusted = await until(async () => (await banner.count()) === 0);
  checks.that('the workspace is trusted now', trusted);
  const first = await scanned(bench, above, TREES[0]);
  const all = await scanned(bench, above, TREES[1]);
  checks.that('findings of both trees', first > 0 && all > first, `${first}, with the other tree ${all}`);
  await runTask(stage, join(above, TREES[1]));
  const after = await bench.problemsStay(all);
  await page.keyboard.press('Control+Shift+M');
  await bench.shot('both-trees');
  checks.that('after a task in one of them nothing is twice, and nothing gone', after === all, `${after}`);
}

/** Steps in the window with two trees and clangd. */
export const twoTreesSteps: readonly Step[] = [
  { name: 'two trees', run: twoTrees },
  { name: 'beside clangd', run: besideClangd },
  { name: 'checks of both trees', run: bothTrees }, // it trusts the workspace: the others come before
];
