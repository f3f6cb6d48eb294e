/**
 * What can be done about findings in the editor, beyond taking one fix: a check of the whole tree with its summary and what it
 * shows of files that are not open, the page that says why, a comment with a reason, a tree's own settings. Leaves files changed.
 */
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Checks } from '../checks.js';
import type { Step } from '../stage.js';
import { until, type Workbench } from '../workbench.js';

async function closeAll({ page }: Workbench): Promise<void> {
  await page.keyboard.press('Control+K');
  await page.keyboard.press('Control+W');
  await until(async () => (await page.locator('.tabs-container .tab').count()) === 0, 5000);
}

async function scan(bench: Workbench, checks: Checks, folder: string): Promise<void> {
  const { page } = bench;
  await bench.command('Lockwalk: Check Whole Tree');
  const done = page.locator('.notification-toast', { hasText: /4 findings in 3 files/ }).first();
  await done.waitFor({ timeout: 90_000 }).catch(() => undefined);
  checks.that('a check of the whole tree says what came of it', (await done.count()) > 0);
  await bench.shot('scan-message');
  const button = page.locator('.notification-toast .monaco-button', { hasText: 'Show Problems' }).first();
  await button.click({ timeout: 5000 }).catch(() => undefined);
  const all = await until(async () => (await bench.problemCount()) === 4, 15_000);
  checks.that(
    'findings of files that are not open are in Problems',
    all,
    (await bench.problems()).join(' | '),
  );
  await bench.shot('scan-problems');
  const path = join(folder, 'fs/pool/alloc.c');
  await bench.open(path, lineOf(path, 'kmalloc(sizeof'));
  await until(async () => (await page.locator('.squiggly-error').count()) > 0, 40_000);
  const opened = await bench.problemsStay(4);
  checks.that('none of them is there twice when the file is open', opened === 4, `${opened}`);
  await bench.shot('scan-opened');
  await closeAll(bench);
  const closed = await bench.problemsStay(4);
  checks.that('nor is it gone when the file is closed', closed === 4, `${closed}`);
}

async function why(bench: Workbench, checks: Checks, folder: string): Promise<void> {
  const { page } = bench;
  const path = join(folder, 'fs/mountd/record.c');
  const text = 'kfree(record);';
  await bench.open(path, lineOf(path, text));
  await until(async () => (await page.locator('.squiggly-error').count()) > 0, 40_000);
  await bench.click(bench.token(text, 'kfree'));
  await bench.command('Lockwalk: Explain Finding at Cursor');
  const preview = page.frameLocator('iframe.webview.ready').frameLocator('iframe');
  const body = preview.locator('body');
  const said = await until(async () => {
    const now = await body.innerText({ timeout: 2000 }).catch(() => '');
    return now.includes('How it comes about') ? now : null;
  }, 20_000);
  const seen = (said ?? '').replace(/\s+/g, ' ').slice(0, 200);
  checks.that('a page says step by step why it is reported', said !== null, seen);
  await bench.shot('why');
  const link = preview.locator('a', { hasText: 'root.c:17' }).first();
  const tab = page.locator('.tab[data-resource-name="root.c"]');
  const led = await until(async () => {
    await link.click({ timeout: 3000 }).catch(() => undefined);
    return until(async () => (await tab.count()) > 0, 5000);
  });
  checks.that('its links lead to the places', led);
  await page.waitForTimeout(800);
  await bench.shot('why-link');
  await closeAll(bench);
}

async function ignore(bench: Workbench, checks: Checks, folder: string): Promise<void> {
  const { page } = bench;
  const path = join(folder, 'fs/pool/alloc.c');
  const text = 'kmalloc(sizeof';
  await bench.open(path, lineOf(path, text));
  await until(async () => (await page.locator('.squiggly-error').count()) > 0, 40_000);
  const before = await bench.problemCount();
  await bench.click(bench.token(text, 'kmalloc'));
  await bench.actions();
  await page.waitForTimeout(400);
  await bench.shot('actions');
  await bench.choose('Ignore lock/sleep-in-atomic');
  const input = page.locator('.quick-input-widget input[placeholder="the object is not published yet"]');
  await input.waitFor();
  await page.keyboard.type('only called before anybody else can see the pool');
  await bench.shot('reason');
  await page.keyboard.press('Enter');
  const comment = page.locator('.view-line', {
    hasText: /lockwalk-ignore.lock\/sleep-in-atomic:.only.called.before/,
  });
  const written = await until(async () => (await comment.count()) === 1);
  const gone = await until(async () => (await bench.problemCount()) === before - 1, 20_000);
  checks.that(
    'a finding is ignored with the reason that was asked for',
    written && gone,
    `written ${written}, ${before} findings and then ${await bench.problemCount()}`,
  );
  await bench.shot('ignored');
  await page.keyboard.press('Control+Z');
  await page.waitForTimeout(300);
  await closeAll(bench);
}

async function projectFile(bench: Workbench, checks: Checks, folder: string): Promise<void> {
  const { page } = bench;
  const path = join(folder, '.lockwalk.json');
  writeFileSync(path, '{\n  "severity": { "lock/imbalance": "hunt" }\n}\n');
  await bench.open(path, 2);
  const marks = page.locator('.squiggly-error, .squiggly-warning');
  const wrong = await until(async () => (await marks.count()) > 0, 15_000);
  checks.that('what is wrong in .lockwalk.json is shown there', wrong);
  await bench.click(page.locator('.view-line', { hasText: 'hunt' }).first());
  await page.keyboard.press('End');
  for (let times = 0; times < 3; times++) await page.keyboard.press('ArrowLeft');
  // What does not fit what is offered would hide it
  for (let times = 0; times < 4; times++) await page.keyboard.press('Backspace');
  await page.keyboard.press('Control+Space');
  await page.waitForTimeout(1000);
  const offered = await page.locator('.suggest-widget .monaco-list-row').allInnerTexts();
  checks.that(
    'values are completed',
    offered.some((one) => one.includes('information')),
    offered.join(' | '),
  );
  await bench.shot('project-file');
  await page.keyboard.press('Escape');
  await closeAll(bench);
  if (existsSync(path)) rmSync(path);
}

function lineOf(path: string, text: string): number {
  return (
    readFileSync(path, 'utf8')
      .split('\n')
      .findIndex((one) => one.includes(text)) + 1
  );
}

export const findingsSteps: readonly Step[] = [
  { name: 'check of the whole tree', run: ({ bench, checks, folder }) => scan(bench, checks, folder) },
  { name: 'why a finding is reported', run: ({ bench, checks, folder }) => why(bench, checks, folder) },
  { name: 'ignore with a reason', run: ({ bench, checks, folder }) => ignore(bench, checks, folder) },
  { name: 'the file of a tree', run: ({ bench, checks, folder }) => projectFile(bench, checks, folder) },
];
