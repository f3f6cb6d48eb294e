/**
 * How the extension says how it is: the status item, the status in the output channel, no pop-ups.
 */
import { join } from 'node:path';
import type { Stage, Step } from '../stage.js';
import { PATIENCE_MS, until } from '../workbench.js';

async function statusItem({ bench, checks, folder }: Stage): Promise<void> {
  const { page } = bench;
  await bench.open(join(folder, 'fs/netfsd/dir.c'), 1);
  await bench.command('Lockwalk: Show Status');
  const lines = page.locator('.output-view .view-line', { hasText: 'kernel' });
  const shown = await until(async () => (await lines.count()) > 0, PATIENCE_MS);
  checks.that('the status is in the output channel', shown);
  await bench.shot('status');
  const item = page
    .locator('.statusbar-item[id*="languageStatus"], .statusbar-item[id*="editor.language"]')
    .first();
  const place = await item.boundingBox();
  if (place !== null) await page.mouse.move(place.x + 4, place.y + 6, { steps: 3 });
  const status = page.locator('.hover-language-status', { hasText: 'Lockwalk' }).first();
  await status.waitFor({ timeout: 30_000 }).catch(() => undefined);
  const state = (await status.innerText({ timeout: 1000 }).catch(() => '')).replace(/\s+/g, ' ');
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

/** Steps on the example tree. */
export const statusSteps: readonly Step[] = [{ name: 'status', run: statusItem }];
