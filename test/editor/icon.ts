/**
 * The extension's icon: `docs/images/icon.svg` drawn as the PNG that the market places ask for.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Installed } from './install.js';
import { loadChromium } from './playwright.js';

const SIZE = 128;

/** Draws `icon.png` beside `icon.svg`. */
export async function drawIcon(installed: Installed, folder: string): Promise<void> {
  const browser = await loadChromium(installed.cache).launch({
    executablePath: installed.chromium,
    args: ['--no-sandbox', '--disable-dev-shm-usage', '--disable-gpu'],
    env: process.env,
  });
  try {
    const page = await browser.newPage({ viewport: { width: SIZE, height: SIZE } });
    const svg = readFileSync(join(folder, 'icon.svg'), 'utf8');
    await page.setContent(`<body style="margin:0;background:transparent">${svg}</body>`);
    await page.screenshot({ path: join(folder, 'icon.png'), omitBackground: true });
  } finally {
    await browser.close();
  }
}
