/**
 * The pictures in the workbench: the timeline of a function with a click and the cursor, the life cycle with the method lit, the lock
 * order, in a dark and in a light theme.
 */
import { copyFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { inRepository } from '../../repository.js';
import type { Checks } from '../checks.js';
import type { FrameLocator } from '../playwright.js';
import type { Stage, Step } from '../stage.js';
import { until, type Workbench } from '../workbench.js';
import { comesTo } from './visit.js';

const FILE = 'fs/pool/alloc.c';

async function pictures({ bench, checks, folder }: Stage): Promise<void> {
  const { page } = bench;
  const path = join(folder, FILE);
  const source = readFileSync(path, 'utf8').split('\n');
  const lineOf = (text: string): number => source.findIndex((one) => one.includes(text)) + 1;
  const first = lineOf('int pool_take') + 2;
  await bench.open(path, first);
  await bench.command('Lockwalk: Show Lock Timeline of the Function');
  const frame = page.frameLocator('iframe.webview').last().frameLocator('iframe');
  const drawn = await until(async () => (await frame.locator('svg.lw g.row').count()) > 0, 30_000);
  const bars = await frame.locator('svg.lw g.bar').count();
  checks.that('a timeline with bars', drawn && bars > 0, `${bars} bars`);
  await bench.pointerAway();
  await bench.shot('timeline');
  await clickGoes(bench, checks, frame);
  checks.that('it is drawn in the colours of the theme', await isThemed(frame));
  const before = await backgroundOf(frame);
  await theme(bench, 'Dark Modern');
  const dark = await until(async () => (await backgroundOf(frame)) !== before, 10_000);
  checks.that('also after the theme was changed', dark && (await isThemed(frame)));
  await bench.pointerAway();
  await bench.shot('timeline-dark');
  await bench.settings({});
  await lockOrder(bench, checks, folder, frame);
  await lifeCycle(bench, checks, folder, frame);
}

async function theme(bench: Workbench, name: string): Promise<void> {
  await bench.settings({ 'workbench.colorTheme': name });
  await bench.page.waitForTimeout(800);
}

function backgroundOf(frame: FrameLocator): Promise<string> {
  return frame
    .locator('svg.lw > rect')
    .first()
    .evaluate((rect: Drawn) => rect.ownerDocument.defaultView.getComputedStyle(rect).fill);
}

/** The first row with a bar that is taken there is clicked: the cursor comes to its line, and the row is lit. */
async function clickGoes(bench: Workbench, checks: Checks, frame: FrameLocator): Promise<void> {
  const row = frame.locator('svg.lw g.row').nth(3);
  const line = (await row.getAttribute('data-line')) ?? '';
  await row.locator('text').first().click();
  const at = line !== '' && (await comesTo(bench, Number(line)));
  checks.that('a click goes to the line', at, `line ${line}`);
  const lit = await until(
    async () => (await frame.locator('g.row.current').getAttribute('data-line')) === line,
    10_000,
  );
  checks.that('the row of the cursor is lit', lit);
  await bench.page.keyboard.press('ArrowDown');
  await bench.page.keyboard.press('ArrowDown');
  const moved = await until(
    async () => (await frame.locator('g.row.current').getAttribute('data-line')) !== line,
    10_000,
  );
  checks.that('it follows the cursor', moved);
  await bench.shot('timeline-follows');
}

/** What of an element in the page is looked at. */
interface Drawn {
  readonly ownerDocument: {
    readonly body: unknown;
    readonly defaultView: {
      getComputedStyle(element: unknown): { readonly backgroundColor: string; readonly fill: string };
    };
  };
}

/** Whether what is behind the picture is the editor's own background. */
async function isThemed(frame: FrameLocator): Promise<boolean> {
  const [page, picture] = await frame
    .locator('svg.lw > rect')
    .first()
    .evaluate((rect: Drawn) => {
      const { body, defaultView: view } = rect.ownerDocument;
      return [view.getComputedStyle(body).backgroundColor, view.getComputedStyle(rect).fill];
    });
  return page === picture;
}

/** Two locks in both orders, in a file of their own. */
async function lockOrder(
  bench: Workbench,
  checks: Checks,
  folder: string,
  frame: FrameLocator,
): Promise<void> {
  const file = join(folder, 'fs/ledger/ledger.c');
  mkdirSync(join(folder, 'fs/ledger'), { recursive: true });
  copyFileSync(inRepository('docs/pictures/ledger.c'), file);
  await bench.page.keyboard.press('Control+1');
  await bench.open(file, 1);
  await bench.command('Lockwalk: Show Lock Order of the Directory');
  const wrong = await until(async () => (await frame.locator('svg.lw g.edge.wrong').count()) === 2, 30_000);
  checks.that('a lock order with the inversion in red', wrong);
  await bench.pointerAway();
  await bench.shot('lock-order');
  const text = frame.locator('svg.lw g[data-line] text.f-bad').first();
  const line =
    (await frame.locator('svg.lw g[data-line]:has(text.f-bad)').first().getAttribute('data-line')) ?? '';
  await text.click();
  const at = line !== '' && (await comesTo(bench, Number(line)));
  checks.that('a click on what it says goes to the code', at, `line ${line}`);
}

async function lifeCycle(
  bench: Workbench,
  checks: Checks,
  folder: string,
  frame: FrameLocator,
): Promise<void> {
  const path = join(folder, 'fs/netfsd/dir.c');
  const line =
    readFileSync(path, 'utf8')
      .split('\n')
      .findIndex((one) => /netfsd_revalidate\(/.test(one)) + 1;
  await bench.page.keyboard.press('Control+1');
  await bench.open(path, line + 1);
  await bench.command('Lockwalk: Show Life Cycle');
  const lit = await until(async () => (await frame.locator('g.chip.lit').count()) > 0, 30_000);
  checks.that('a life cycle with the method lit', lit);
  await bench.pointerAway();
  await bench.shot('life-cycle');
  await frame.locator('#fit').click();
  const fits = await until(async () => {
    const { scrollWidth, clientWidth } = await frame
      .locator('#picture')
      .evaluate((main: Scrolled) => ({ scrollWidth: main.scrollWidth, clientWidth: main.clientWidth }));
    return scrollWidth <= clientWidth;
  }, 10_000);
  checks.that('made as wide as the panel', fits);
  await bench.shot('life-cycle-fit');
  await save(bench, checks, folder, frame);
}

interface Scrolled {
  readonly scrollWidth: number;
  readonly clientWidth: number;
}

/** The picture goes to a file of the tree. */
async function save(bench: Workbench, checks: Checks, folder: string, frame: FrameLocator): Promise<void> {
  const { page } = bench;
  await frame.locator('#save').click();
  const input = page.locator('.quick-input-widget input').first();
  await input.waitFor();
  const file = join(folder, 'life.svg');
  const isSaved = (): boolean => existsSync(file) && /<svg[\s\S]*<\/svg>/.test(readFileSync(file, 'utf8'));
  // The dialog takes a while over what was typed, and Enter means something else meanwhile: it is told again while it is there
  const saved = await until(async () => {
    if (isSaved()) return true;
    if (!(await input.isVisible())) return false;
    // It may be gone by now
    const named = await input.inputValue().catch(() => null);
    if (named === null) return false;
    if (named !== file) {
      await page.keyboard.press('Control+A');
      await page.keyboard.insertText(file);
    } else await page.keyboard.press('Enter');
    await page.waitForTimeout(1000);
    return isSaved();
  }, 40_000);
  checks.that('it is saved as SVG', saved);
}

/** Steps on the example tree. */
export const picturesSteps: readonly Step[] = [{ name: 'pictures', run: pictures }];
