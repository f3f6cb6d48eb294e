/**
 * What stands beside the text in the editor: lenses and their click, the call hierarchy, and the views "VFS Methods" and
 * "Contexts at Cursor".
 */
import { join } from 'node:path';
import type { Checks } from '../checks.js';
import type { Step } from '../stage.js';
import { until, type Workbench } from '../workbench.js';

/** What is looked at: a file, a helper in it with its lens, and a method that calls the helper. */
export interface LensVisit {
  readonly file: string;
  readonly line: number;
  readonly helper: { readonly lineText: string; readonly name: string; readonly lens: RegExp };
  readonly method: { readonly name: string; readonly lens: RegExp };
  /** A row of the view of methods, under the table. */
  readonly table: string;
  readonly row: RegExp;
  /** What the view of contexts says with the cursor in the helper. */
  readonly contexts: RegExp;
}

/** The example tree's helper that its method calls with the dentry's lock held. */
export const EXAMPLE_LENSES: LensVisit = {
  file: 'fs/netfsd/lease.c',
  line: 12,
  helper: {
    lineText: 'static unsigned long netfsd_lease_left',
    name: 'netfsd_lease_left',
    lens: /held: dentry->d_lock \(1 caller\)/,
  },
  method: { name: 'netfsd_delete', lens: /dentry_operations\.d_delete \| held: dentry->d_lock/ },
  table: 'netfsd_lease_operations',
  row: /d_delete.*netfsd_delete.*held: dentry->d_lock/,
  contexts: /netfsd_lease_left\(\).*dentry->d_lock.*must not sleep/,
};

async function textOf(bench: Workbench, selector: string): Promise<string> {
  const texts = await bench.page.locator(selector).allInnerTexts();
  return texts.join('\n').replace(/[\s\u00a0]+/g, ' ');
}

/** The text that said it, or the last one: what is drawn may change again at once. */
async function says(bench: Workbench, selector: string, wanted: RegExp, ms = 30_000): Promise<string> {
  let said = '';
  await until(async () => {
    said = await textOf(bench, selector);
    return wanted.test(said);
  }, ms);
  return said;
}

/** Looks at lenses, callers, call hierarchy and both views; changes nothing. */
export async function lensesAndViews(
  bench: Workbench,
  checks: Checks,
  folder: string,
  visit: LensVisit,
): Promise<void> {
  const { page } = bench;
  await bench.open(join(folder, visit.file), visit.line);
  await lenses(bench, checks, visit);
  await callHierarchy(bench, checks, visit);
  await views(bench, checks, folder, visit);
  await page.keyboard.press('Escape');
}

async function lenses(bench: Workbench, checks: Checks, visit: LensVisit): Promise<void> {
  const { page } = bench;
  const LENS = '.codelens-decoration';
  const said = await says(bench, LENS, visit.helper.lens, 60_000);
  checks.that('a lens above a helper', visit.helper.lens.test(said), said.slice(0, 300));
  const other = await says(bench, LENS, visit.method.lens); // they are drawn one after the other
  checks.that('a lens above a method', visit.method.lens.test(other), other.slice(0, 300));
  await bench.pointerAway();
  await bench.shot('lenses');
  await bench.click(page.locator(`${LENS} a`, { hasText: visit.helper.lens }).first());
  const peek = await says(bench, '.peekview-widget', new RegExp(visit.helper.name));
  checks.that('a click on it shows the callers', peek.includes(visit.helper.name), peek.slice(0, 200));
  await page.waitForTimeout(500);
  await bench.shot('lens-callers');
  await page.keyboard.press('Escape');
  await page.keyboard.press('Escape');
}

async function callHierarchy(bench: Workbench, checks: Checks, visit: LensVisit): Promise<void> {
  await bench.click(bench.token(visit.helper.lineText, visit.helper.name));
  await bench.command('Calls: Show Call Hierarchy');
  const rows = '.sidebar .monaco-list-row';
  const said = await says(bench, rows, new RegExp(visit.method.name));
  checks.that('the call hierarchy has the caller', said.includes(visit.method.name), said.slice(0, 300));
  checks.that('with the locks at the call', /held: |RCU/.test(said), said.slice(0, 300));
  await bench.pointerAway();
  await bench.shot('call-hierarchy');
}

async function views(bench: Workbench, checks: Checks, folder: string, visit: LensVisit): Promise<void> {
  const { page } = bench;
  await page.locator('.activitybar .action-label[aria-label^="Lockwalk"]').first().click();
  const rows = '.sidebar .monaco-list-row';
  await says(bench, rows, new RegExp(visit.table));
  // The tree below names the table too, but never begins with it. A table is drawn anew while its directory is read
  const table = page.locator(rows, { hasText: new RegExp(`^\\s*${visit.table}`) }).first();
  let said = '';
  await until(async () => {
    await bench.click(table);
    await page.keyboard.press('ArrowRight');
    said = await says(bench, rows, visit.row, 3000);
    return visit.row.test(said);
  });
  checks.that('VFS Methods: a method with its contexts', visit.row.test(said), said.slice(0, 400));
  await bench.open(join(folder, visit.file), visit.line); // the click on the table has led there
  await bench.click(bench.token(visit.helper.lineText, visit.helper.name));
  const contexts = await says(bench, rows, visit.contexts);
  checks.that('Contexts at Cursor follows the cursor', visit.contexts.test(contexts), contexts.slice(-400));
  await bench.pointerAway();
  await page.waitForTimeout(300);
  await bench.shot('views');
  await page.keyboard.press('Control+Shift+E');
}

export const lensSteps: readonly Step[] = [
  {
    name: 'lenses, calls and views',
    run: ({ bench, checks, folder }) => lensesAndViews(bench, checks, folder, EXAMPLE_LENSES),
  },
];
