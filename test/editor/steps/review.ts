/**
 * The two questions of a reviewer in the workbench: the accesses of a member and what relies on a dropped lock, each by its command, shown in
 * the view and followed by a click.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Stage, Step } from '../stage.js';
import { until, type Workbench } from '../workbench.js';

function lineOf(path: string, text: string): number {
  return (
    readFileSync(path, 'utf8')
      .split('\n')
      .findIndex((one) => one.includes(text)) + 1
  );
}

/** Rows of the view, as they are drawn. */
export async function rows(bench: Workbench): Promise<string[]> {
  const drawn = bench.page.locator('.sidebar .monaco-list-row');
  return (await drawn.allInnerTexts()).map((text) => text.replace(/\s+/g, ' ').trim());
}

/** Asks both questions in the example tree. */
async function review({ bench, checks, folder }: Stage): Promise<void> {
  const { page } = bench;
  const pool = join(folder, 'fs/pool/alloc.c');
  await bench.open(pool, lineOf(pool, 'block->next = pool->free;'));
  await bench.click(bench.token('block->next = pool->free;', 'free'));
  // What is drawn as one token may be more than the word
  for (const key of ['End', 'ArrowLeft', 'ArrowLeft']) await page.keyboard.press(key);
  await bench.command('Lockwalk: Show Accesses of This Field');
  const field = await until(async () => {
    const now = await rows(bench);
    return now.some((row) => row.startsWith('Exceptions')) ? now : null;
  }, 20_000);
  checks.that(
    'the accesses of a field are in the view, with its guard',
    field?.some((row) => /^Guard.*pool::lock/.test(row)) === true,
    field?.join(' | ') ?? 'nothing',
  );
  await bench.pointerAway();
  await bench.shot('field');

  await bench.open(pool, lineOf(pool, '*number = block->number;') + 1);
  await bench.command('Lockwalk: What Relies on This Lock');
  const drop = await until(async () => {
    const now = await rows(bench);
    return now.some((row) => row.startsWith('Read under it')) ? now : null;
  }, 20_000);
  checks.that(
    'what relies on a dropped lock is in the view',
    drop?.some((row) => /pointer block = pool->free/.test(row)) === true,
    drop?.join(' | ') ?? 'nothing',
  );
  await bench.pointerAway();
  await bench.shot('drop');
  await bench.click(
    page.locator('.sidebar .monaco-list-row', { hasText: 'pointer block = pool->free' }).first(),
  );
  const wanted = lineOf(pool, '\tblock = pool->free;');
  const there = await until(
    async () =>
      (await page
        .locator('.line-numbers.active-line-number')
        .first()
        .innerText({ timeout: 500 })
        .catch(() => '')) === String(wanted),
    5000,
  );
  checks.that('a click goes to the line', there);
}

/** Steps on the example tree. */
export const reviewSteps: readonly Step[] = [{ name: 'review', run: review }];
