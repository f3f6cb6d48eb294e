/**
 * What a maintainer does in the editor: opens a file, sees the squiggle, the problem with its path and the hover,
 * takes the quick fix, types. Works on the workbench as it is drawn; must not call the extension's code.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Checks } from './checks.js';
import { reviewSteps } from './review-steps.js';
import { until, type Workbench } from './workbench.js';

const SQUIGGLES = '.squiggly-error, .squiggly-warning, .squiggly-info';

/** A fix that is taken in the example scenario. */
interface Visit {
  readonly folder: string;
  readonly file: string;
  /** A line that holds this text is where the finding is. */
  readonly lineText: string;
  readonly token: string;
  readonly rule: string;
  readonly hoverSays: RegExp;
}

function squiggles(bench: Workbench): Promise<number> {
  return bench.page.locator(SQUIGGLES).count();
}

async function squigglesBecome(
  bench: Workbench,
  right: (count: number) => boolean,
  ms: number,
): Promise<number> {
  await until(async () => right(await squiggles(bench)), ms);
  return squiggles(bench);
}

function lineOf(path: string, text: string): number {
  const line =
    readFileSync(path, 'utf8')
      .split('\n')
      .findIndex((one) => one.includes(text)) + 1;
  if (line === 0) throw new Error(`${path} has no line with ${text}`);
  return line;
}

/** Looks at one finding from every side and takes its fix. Leaves the fixed text unsaved. */
async function visit(bench: Workbench, checks: Checks, what: Visit, coldMs: number): Promise<void> {
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
  await row.click();
  await page.waitForTimeout(400);
  const all = await bench.problems();
  checks.that('its path as related rows', all.length > rows.length + 1, `${all.length} rows`);
  await bench.shot('problems');

  await page.keyboard.press('Control+J'); // the panel away: the card needs the room
  await page.waitForTimeout(300);
  await bench.hover(token, what.token);
  const card = page
    .locator('.monaco-hover:not(.hidden)', { hasText: /, line \d+[\s\S]*(may|must not) sleep/ })
    .first();
  await card.waitFor({ timeout: 20_000 }).catch(() => undefined);
  const said = (await card.innerText({ timeout: 1000 }).catch(() => '')).replace(/\s+/g, ' ');
  checks.that(
    'hover with locks, RCU and sleep',
    what.hoverSays.test(said) && !said.includes('**'),
    said.slice(0, 300),
  );
  await page.waitForTimeout(300); // it fades in
  await bench.shot('hover');
  await bench.pointerAway();
  await page.keyboard.press('Control+Shift+M');

  await token.click();
  await bench.pointerAway();
  await page.keyboard.press('Control+.');
  const action = page.locator('.action-widget .monaco-list-row.action').first();
  await action.waitFor({ timeout: 15_000 }).catch(() => undefined);
  const offered = await page.locator('.action-widget .monaco-list-row.action').allInnerTexts();
  const fixable = offered.length > 0 && !/^Explain/.test(offered[0] ?? '');
  checks.that('quick fix offered', fixable, offered.join(' | '));
  await bench.shot('quick-fix');
  await page.waitForTimeout(400); // the menu ignores a key that comes at once
  await page.keyboard.press(fixable ? 'Enter' : 'Escape');
  const left = await until(async () => {
    const now = await bench.problems();
    return now.some((one) => one.includes(what.rule)) ? null : now;
  }, 20_000);
  checks.that('the finding is gone after the fix', left !== null);
  await bench.pointerAway();
  await bench.shot('fixed');
}

/** The example tree: a finding from all sides, typing, a contract, the status. */
export async function exampleTree(bench: Workbench, checks: Checks, folder: string): Promise<void> {
  const { page } = bench;
  const file = 'fs/netfsd/dir.c';
  const lineText = 'struct inode *inode = d_inode(dentry);';
  await bench.open(join(folder, file), lineOf(join(folder, file), lineText));
  await visit(
    bench,
    checks,
    {
      folder,
      file,
      lineText,
      token: 'd_inode',
      rule: 'rcu/unstable-inode',
      hoverSays: /RCU-walk.*d_revalidate/,
    },
    40_000,
  );
  await page.keyboard.press('Control+S');
  const saved = await until(
    async () => readFileSync(join(folder, file), 'utf8').split('d_inode_rcu(').length > 2,
  );
  checks.that('the fix is on disk after saving', saved);

  await bench.open(join(folder, file), lineOf(join(folder, file), '= netfsd_revalidate'));
  await bench.hover(bench.token('= netfsd_revalidate', 'd_revalidate'), 'd_revalidate');
  const contract = page.locator('.monaco-hover:not(.hidden)', { hasText: 'd_revalidate' }).first();
  await contract.waitFor({ timeout: 10_000 }).catch(() => undefined);
  const said = (await contract.innerText({ timeout: 1000 }).catch(() => '')).replace(/\s+/g, ' ');
  checks.that('a slot shows its contract', /RCU-walk|ECHILD/.test(said), said.slice(0, 200));
  await bench.shot('contract');
  await bench.pointerAway();

  await bench.open(join(folder, file), lineOf(join(folder, file), 'return netfsd_ask_server(inode);'));
  await bench.hover(
    bench.token('return netfsd_ask_server(inode);', 'netfsd_ask_server'),
    'netfsd_ask_server',
  );
  const plain = page.locator('.monaco-hover:not(.hidden)', { hasText: /(may|must not) sleep/ }).first();
  await plain.waitFor({ timeout: 10_000 }).catch(() => undefined);
  const card = (await plain.innerText({ timeout: 1000 }).catch(() => '')).replace(/\s+/g, ' ');
  checks.that('hover where nothing is wrong', /netfsd_revalidate/.test(card), card.slice(0, 300));
  await bench.shot('hover-plain');
  await bench.pointerAway();

  const pool = join(folder, 'fs/pool/alloc.c');
  await bench.open(pool, lineOf(pool, 'int pool_grow_early'));
  const found = await until(
    async () => (await bench.problems()).filter((row) => row.includes('lock/')).length >= 2,
  );
  checks.that('findings of another file when it is opened', found);
  const before = await squiggles(bench);
  await bench.token('int err = 0;', 'err').click();
  for (const key of ['ArrowDown', 'ArrowDown', 'ArrowDown', 'ArrowDown', 'End', 'Enter'])
    await page.keyboard.press(key);
  await page.keyboard.type('kmalloc(1, GFP_KERNEL);');
  await bench.pointerAway();
  const after = await squigglesBecome(bench, (count) => count > before, 20_000);
  checks.that(
    'typing a sleeping call under the lock adds a squiggle',
    after > before,
    `${before} -> ${after}`,
  );
  await bench.shot('typed');
  for (let times = 0; times < 4; times++) await page.keyboard.press('Control+Z');
  const undone = await squigglesBecome(bench, (count) => count === before, 20_000);
  checks.that('undoing it takes the squiggle away', undone === before, `${undone}`);

  await bench.command('Lockwalk: Show Status');
  const lines = page.locator('.output-view .view-line', { hasText: 'kernel' });
  const shown = await until(async () => (await lines.count()) > 0, 10_000);
  checks.that('the status is in the output channel', shown);
  await bench.shot('status');
  const item = page
    .locator('.statusbar-item[id*="languageStatus"], .statusbar-item[id*="editor.language"]')
    .first();
  const place = await item.boundingBox();
  if (place !== null) await page.mouse.move(place.x + 4, place.y + 6, { steps: 3 });
  const status = page.locator('.hover-language-status', { hasText: 'Lockwalk' }).first();
  await status.waitFor({ timeout: 10_000 }).catch(() => undefined);
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
  await reviewSteps(bench, checks, folder);
}

/** A real tree: a bug is typed into autofs, seen, explained and fixed; nothing is saved. */
export async function realTree(bench: Workbench, checks: Checks, folder: string): Promise<void> {
  const { page } = bench;
  const file = 'fs/autofs/inode.c';
  const lineText = 'kfree_rcu(ino, rcu);';
  const path = join(folder, file);
  const text = readFileSync(path, 'utf8');
  await bench.open(path, lineOf(path, lineText));
  await page.waitForTimeout(1500);
  await bench.token(lineText, 'kfree_rcu').click();
  await page.keyboard.press('Home');
  await page.keyboard.press('Shift+End');
  await page.keyboard.type('kfree(ino);');
  await visit(
    bench,
    checks,
    { folder, file, lineText: 'kfree(ino);', token: 'kfree', rule: 'rcu/early-free', hoverSays: /d_release/ },
    60_000,
  );
  const fixed = await page.locator('.view-line', { hasText: 'kfree_rcu(ino' }).count();
  checks.that('the fix gives the old text again', fixed === 1, `${fixed}`);
  checks.that('nothing was saved', readFileSync(path, 'utf8') === text);
}
