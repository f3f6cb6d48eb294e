/**
 * A finding looked at from every side in the editor: squiggle, problem with its path, hover, quick fix.
 */
import { readFileSync } from 'node:fs';
import type { Stage } from '../stage.js';
import { until, type Workbench } from '../workbench.js';
import { cardOn } from './card.js';

const SQUIGGLES = '.squiggly-error, .squiggly-warning, .squiggly-info';

/** A finding, and where it is drawn. */
export interface Visit {
  readonly file: string;
  /** A line that holds this text is where the finding is. */
  readonly lineText: string;
  readonly token: string;
  readonly rule: string;
  readonly hoverSays: RegExp;
  /** Take the README's pictures of it. */
  readonly pictures?: boolean;
}

/** A picture for people has the lenses in it, which come after all else. */
export async function lensesDrawn(bench: Workbench): Promise<void> {
  await until(async () => (await bench.page.locator('.codelens-decoration').count()) > 0, 20_000);
  await bench.page.waitForTimeout(500);
}

/** How many squiggles are drawn. */
export function squiggles(bench: Workbench): Promise<number> {
  return bench.page.locator(SQUIGGLES).count();
}

/** Waits until as many squiggles are drawn as is right; gives how many there are. */
export async function squigglesBecome(
  bench: Workbench,
  right: (count: number) => boolean,
  ms: number,
): Promise<number> {
  let count = 0;
  await until(async () => {
    count = await squiggles(bench);
    return right(count);
  }, ms);
  return count;
}

/** Whether the cursor comes to a line, as the status bar says it. */
export async function comesTo(bench: Workbench, line: number): Promise<boolean> {
  return until(
    async () =>
      (await bench.page.locator('.statusbar-item', { hasText: new RegExp(`^Ln ${line},`) }).count()) > 0,
    20_000,
  );
}

/** The number, from 1, of the first line of a file that holds a text. */
export function lineOf(path: string, text: string): number {
  const line =
    readFileSync(path, 'utf8')
      .split('\n')
      .findIndex((one) => one.includes(text)) + 1;
  if (line === 0) throw new Error(`${path} has no line with ${text}`);
  return line;
}

/** Looks at one finding from every side and takes its fix. Leaves the fixed text unsaved. */
export async function visit({ bench, checks }: Stage, what: Visit, coldMs: number): Promise<void> {
  const { page } = bench;
  const token = bench.token(what.lineText, what.token);
  const drawn = await squigglesBecome(bench, (count) => count > 0, coldMs);
  checks.that(`${what.file}: squiggle`, drawn > 0, `${drawn}`);
  await bench.pointerAway();
  await bench.shot('squiggle');

  await page.keyboard.press('Control+Shift+M');
  const rows = await until(async () => (await bench.problems()).filter((row) => row.includes(what.rule)));
  checks.that('row in Problems, with the rule', rows.length > 0, rows[0] ?? 'none');
  const row = page.locator('.markers-panel .monaco-list-row', { hasText: what.rule }).first();
  await bench.click(row);
  await page.waitForTimeout(400);
  const all = await bench.problems();
  checks.that('its path as related rows', all.length > rows.length + 1, `${all.length} rows`);
  await bench.shot('problems');
  if (what.pictures) await lensesDrawn(bench);
  if (what.pictures) await bench.picture('finding', { x: 352, y: 36, width: 1044, height: 716 });

  await page.keyboard.press('Control+J'); // the panel away: the card needs the room
  await page.waitForTimeout(300);
  const said = await cardOn(bench, token, what.token, what.hoverSays);
  checks.that(
    'hover with locks, RCU and sleep',
    what.hoverSays.test(said) && !said.includes('**'),
    said.slice(0, 300),
  );
  await bench.shot('hover');
  await bench.pointerAway();
  await page.keyboard.press('Control+Shift+M');

  await bench.click(token);
  await bench.pointerAway();
  const offered = await bench.actions();
  const fixable = offered.length > 0 && !/^Explain/.test(offered[0] ?? '');
  checks.that('quick fix offered', fixable, offered.join(' | '));
  await bench.shot('quick-fix');
  if (what.pictures) await bench.picture('quick-fix', { x: 352, y: 36, width: 800, height: 486 });
  await page.waitForTimeout(400); // the menu ignores a key that comes at once
  await page.keyboard.press(fixable ? 'Enter' : 'Escape');
  const left = await until(async () => {
    const now = await bench.problems();
    return now.some((one) => one.includes(what.rule)) ? null : now;
  });
  checks.that('the finding is gone after the fix', left !== null);
  await bench.pointerAway();
  await bench.shot('fixed');
}
