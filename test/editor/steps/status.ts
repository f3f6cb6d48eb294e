/**
 * How the extension says how it is: the status item, the status in the output channel, no pop-ups.
 */
import { join } from 'node:path';
import type { Stage, Step } from '../stage.js';
import { PATIENCE_MS, until, type Workbench } from '../workbench.js';

/** What the status item says under the pointer, in one line; '' where it says nothing for so long. */
async function saysOf({ page }: Workbench, ms: number): Promise<string> {
  const item = page
    .locator('.statusbar-item[id*="languageStatus"], .statusbar-item[id*="editor.language"]')
    .first();
  const place = await item.boundingBox();
  if (place !== null) await page.mouse.move(place.x + 4, place.y + 6, { steps: 3 });
  const status = page.locator('.hover-language-status', { hasText: 'Lockwalk' }).first();
  await status.waitFor({ timeout: ms }).catch(() => undefined);
  return (await status.innerText({ timeout: 1000 }).catch(() => '')).replace(/\s+/g, ' ');
}

async function statusItem({ bench, checks, folder }: Stage): Promise<void> {
  const { page } = bench;
  await bench.open(join(folder, 'fs/netfsd/dir.c'), 1);
  await bench.command('Lockwalk: Show Status');
  const lines = page.locator('.output-view .view-line', { hasText: 'kernel' });
  const shown = await until(async () => (await lines.count()) > 0, PATIENCE_MS);
  checks.that('the status is in the output channel', shown);
  await bench.shot('status');
  const state = await saysOf(bench, 30_000);
  checks.that('the status item says version and state', /Lockwalk \d+\.\d+/.test(state), state);
  await bench.shot('status-item');
  await bench.pointerAway();
  const toasts = await page.locator('.notification-toast').allInnerTexts();
  checks.that(
    'no pop-up',
    toasts.every((text) => !/lockwalk/i.test(text)),
    toasts.join(' | '),
  );
}

/** What went wrong last stands in the status item, and goes from there once it is right again. */
async function lastError({ bench, checks, folder }: Stage): Promise<void> {
  const missing = join(folder, 'no-such-config');
  await bench.settings({ 'lockwalk.configFile': missing });
  await bench.open(join(folder, 'fs/netfsd/dir.c'), 1);
  const wrong = await until(async () => {
    await bench.pointerAway();
    const text = await saysOf(bench, 3000);
    return text.includes('no-such-config') ? text : null;
  }, PATIENCE_MS);
  checks.that('the status item says what went wrong', wrong !== null, wrong ?? '');
  await bench.shot('status-wrong');
  await bench.settings({});
  await bench.open(join(folder, 'fs/netfsd/dir.c'), 1);
  const right = await until(async () => {
    await bench.pointerAway();
    const text = await saysOf(bench, 3000);
    return /Lockwalk \d+\.\d+/.test(text) && !text.includes('no-such-config') ? text : null;
  }, PATIENCE_MS);
  checks.that('and no more once it is right', right !== null, right ?? '');
}

/** Steps on the example tree. */
export const statusSteps: readonly Step[] = [
  { name: 'status', run: statusItem },
  { name: 'what went wrong', run: lastError },
];
