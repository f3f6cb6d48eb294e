/**
 * How people get to know it: the walkthrough with its sample, and the check as a task with its problem matcher.
 */
import { join } from 'node:path';
import type { Stage, Step } from '../stage.js';
import { PATIENCE_MS, until } from '../workbench.js';
import { squigglesBecome } from './visit.js';

async function walkthrough({ bench, checks }: Stage): Promise<void> {
  const { page } = bench;
  await bench.command('Lockwalk: Open Walkthrough');
  const steps = page.locator('.getting-started-step');
  await until(async () => (await steps.count()) >= 3);
  checks.that('three steps', (await steps.count()) === 3, `${await steps.count()}`);
  const button = page.locator('.getting-started-step .monaco-button', { hasText: 'Open the Sample' }).first();
  await button.waitFor();
  const broken = await until(async () => {
    const images = await page.locator('.getting-started-media img').count();
    return images > 0 ? { count: await page.evaluate<number>(BROKEN_IMAGES) } : null;
  });
  checks.that('the step has its picture', broken?.count === 0, `${broken?.count} broken`);
  await bench.shot('walkthrough');
  await bench.click(button);
  await page.locator('.tab.active[data-resource-name="dir.c"]').waitFor();
  const drawn = await squigglesBecome(bench, (count) => count > 0, PATIENCE_MS);
  checks.that('the sample has its squiggle', drawn > 0);
  await bench.shot('sample');

  await bench.command('Lockwalk: Open Walkthrough');
  const second = page.locator('.getting-started-step', { hasText: 'See what holds' }).first();
  await bench.click(second);
  await bench.click(
    page.locator('.getting-started-step .monaco-button', { hasText: 'Show the Card' }).first(),
  );
  const cards = page.locator('.monaco-hover:not(.hidden)');
  const card = await until(async () => (await cards.allInnerTexts()).find((text) => /RCU-walk/.test(text)));
  checks.that('the second step shows the card', card !== undefined);
  await bench.shot('sample-card');
  await bench.pointerAway();
}

/** How many pictures of the walkthrough did not load. */
const BROKEN_IMAGES = `[...document.querySelectorAll('.getting-started-media img')]
  .filter((image) => image.complete && image.naturalWidth === 0).length`;

/** Runs the task that checks `fs` of a tree, and waits for its end. Something must be found there. */
export async function runTask({ bench, checks }: Stage, root: string): Promise<void> {
  const { page } = bench;
  const terminal = page.locator('.single-terminal-tab');
  // One that an earlier task has ended in looks like the end of this one
  if ((await terminal.count()) > 0) await bench.command('Terminal: Kill All Terminals');
  await until(async () => (await terminal.count()) === 0);
  const rows = page.locator('.quick-input-list .monaco-list-row');
  const type = rows.locator('.label-name', { hasText: /^lockwalk$/ }).first();
  // Where the sample has been open there is one for it as well
  const mine = rows.locator('.label-name', { hasText: new RegExp(`check fs( of ${root})?$`) }).first();
  let offered = false;
  // The list goes away where something else takes the focus: then it is opened again
  const begun = await until(async () => {
    await bench.command('Tasks: Run Task');
    // tasks are offered at once, or by their type first
    const isThere = await until(async () => {
      if (await mine.isVisible()) return true;
      if (await type.isVisible()) await type.click({ timeout: 1000 }).catch(() => undefined);
      return false;
    }, 20_000);
    offered ||= isThere;
    if (isThere) await mine.click({ timeout: 3000 }).catch(() => undefined);
    const isBegun = await until(async () => (await terminal.count()) > 0, 10_000);
    if (!isBegun) await page.keyboard.press('Escape');
    return isBegun;
  });
  checks.that('the task is offered', offered);
  await bench.shot('task');
  // It ends with an error where something is found, which its terminal shows
  const ended = await until(async () => (await terminal.locator('.codicon-error').count()) > 0);
  checks.that('it runs, and ends with what it has found', begun && ended);
  await page.waitForTimeout(500);
}

async function task(stage: Stage): Promise<void> {
  const { bench, checks, folder } = stage;
  const { page } = bench;
  const file = join(folder, 'fs/netfsd/dir.c');
  await bench.open(file, 20);
  const open = await squigglesBecome(bench, (count) => count === 1, PATIENCE_MS);
  checks.that('a finding of a file that is open', open === 1, `${open}`);
  await runTask(stage, folder);
  const found = await until(async () => (await bench.problemCount()) === 4, 40_000);
  checks.that(
    'the task fills Problems, of files that were never opened',
    found,
    `${await bench.problemCount()} in all`,
  );
  await page.waitForTimeout(1500);
  const left = await squigglesBecome(bench, (count) => count === 1, 5000);
  checks.that('and leaves the findings of the open file alone', left === 1, `${left}`);
  await bench.shot('task-problems');
  await bench.open(join(folder, 'fs/pool/alloc.c'), 27);
  await squigglesBecome(bench, (count) => count > 0, PATIENCE_MS);
  const opened = await bench.problemsStay(4);
  checks.that('opened, a finding of the task is not shown twice', opened === 4, `${opened}`);
  await bench.shot('task-opened');
  await bench.command('Lockwalk: Check Whole Tree');
  await page
    .locator('.notification-toast', { hasText: /4 findings in/ })
    .first()
    .waitFor({ timeout: PATIENCE_MS });
  const both = await bench.problemsStay(4);
  checks.that('after a check of the tree nothing is there twice', both === 4, `${both}`);
  await runTask(stage, folder);
  const again = await bench.problemsStay(4);
  checks.that('nor where the task follows the check', again === 4, `${again}`);
  await bench.shot('task-and-scan');
}

/** Steps on the example tree. */
export const startSteps: readonly Step[] = [
  // The walkthrough's sample is another tree with files of the same names
  { name: 'check as a task', run: task },
  { name: 'walkthrough', run: walkthrough },
];
