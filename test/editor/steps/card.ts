/**
 * The hover card, read the way a person gets it: pointer on a word, wait, and again where nothing came, since the server may
 * only be starting.
 */
import type { Locator } from '../playwright.js';
import { until, type Workbench } from '../workbench.js';

/** How long one attempt is waited for. */
const ATTEMPT_MS = 5000;

/** Text of the card on a word inside a drawn token as soon as it says what is awaited; else the last one, or nothing. */
export async function cardOn(
  bench: Workbench,
  token: Locator,
  word: string,
  says: RegExp,
  ms = 40_000,
): Promise<string> {
  const cards = bench.page.locator('.monaco-hover:not(.hidden)');
  const read = async (): Promise<string> =>
    (await cards.allInnerTexts().catch(() => [])).join(' ').replace(/\s+/g, ' ').trim();
  const end = Date.now() + ms;
  let said = '';
  for (;;) {
    await bench.hover(token, word);
    await until(async () => says.test(await read()), ATTEMPT_MS);
    said = await read();
    if (says.test(said) || Date.now() > end) break;
    await bench.pointerAway();
  }
  await bench.page.waitForTimeout(300); // it fades in
  return said;
}
