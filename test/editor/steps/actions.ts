/**
 * What is done to the text and to what is shown about it: fixes on saving, what is held written down, links that lead to pages and places,
 * severities, hints and lenses by the settings, and findings of a file that another one's edit takes away.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Stage, Step } from '../stage.js';
import { PATIENCE_MS, until } from '../workbench.js';
import { cardOn } from './card.js';
import { comesTo, lineOf, squigglesBecome } from './visit.js';

const DIR = 'fs/netfsd/dir.c';
const LEASE = 'fs/netfsd/lease.c';
const POOL = 'fs/pool/alloc.c';
const FINDING = 'struct inode *inode = d_inode(dentry);';

async function fixOnSaving({ bench, checks, folder }: Stage): Promise<void> {
  const { page } = bench;
  const path = join(folder, POOL);
  await bench.settings({ 'editor.codeActionsOnSave': { 'source.fixAll.lockwalk': 'explicit' } });
  await bench.open(path, 1);
  await until(async () => (await bench.problemCount()) >= 2);
  await bench.click(bench.token('#include <linux/types.h>', 'include'));
  await page.keyboard.press('End');
  await page.keyboard.press('Enter');
  await page.keyboard.type('/* edited */');
  await page.keyboard.press('Control+S');
  const fixed = /limit\) \{\n\t\tspin_unlock\(&pool->lock\);\n\t\treturn -ENOSPC;\n\t\}/;
  const saved = await until(async () => fixed.test(readFileSync(path, 'utf8')));
  const text = readFileSync(path, 'utf8');
  checks.that('saving applies the safe fixes', saved);
  checks.that('and those alone', saved && /kmalloc\(sizeof\(\*block\), GFP_KERNEL\)/.test(text));
  await bench.shot('fixed-on-saving');
}

/** A second function with the same mistake: what is done to one of them alone leaves the other. */
const SECOND = `
int pool_drop(struct pool *pool)
{
	spin_lock(&pool->lock);
	if (!pool->used)
		return -ENOENT;
	pool->used--;
	spin_unlock(&pool->lock);
	return 0;
}
`;

async function allOfOneRule({ bench, checks, folder }: Stage): Promise<void> {
  const path = join(folder, POOL);
  writeFileSync(path, readFileSync(path, 'utf8') + SECOND);
  await bench.open(path, lineOf(path, 'return -ENOSPC;'));
  await until(async () => (await bench.problemCount()) >= 3);
  await bench.click(bench.token('return -ENOSPC;', 'return'));
  await bench.pointerAway();
  const offered = await bench.actions();
  const wanted = 'Fix all of lock/imbalance in this file';
  checks.that(
    'all findings of one rule can be fixed at once',
    offered.some((one) => one.includes(wanted)),
    offered.join(' | '),
  );
  await bench.choose(wanted);
  const left = await squigglesBecome(bench, (count) => count === 1, PATIENCE_MS);
  checks.that('the finding of another rule stays', left === 1, `${left}`);
  await bench.page.keyboard.press('Control+S');
  const unlocked = (returned: string): RegExp =>
    new RegExp(`\\{\\n\\t\\tspin_unlock\\(&pool->lock\\);\\n\\t\\treturn -${returned};`);
  const fixed = await until(async () => {
    const text = readFileSync(path, 'utf8');
    return unlocked('ENOSPC').test(text) && unlocked('ENOENT').test(text.slice(text.indexOf('pool_drop')));
  });
  checks.that('both are fixed, and saved', fixed);
  await bench.shot('fixed-all-of-one-rule');
}

async function writeDown({ bench, checks, folder }: Stage): Promise<void> {
  const { page } = bench;
  const path = join(folder, LEASE);
  await bench.open(path, lineOf(path, 'netfsd_lease_left(const'));
  await bench.click(bench.token('static unsigned long netfsd_lease_left', 'netfsd_lease_left'));
  await bench.pointerAway();
  const offered = await bench.actions();
  const wanted = 'Write down what is held';
  checks.that(
    'on a head it is offered to write down what is held',
    offered.some((one) => one.includes(wanted)),
    offered.join(' | '),
  );
  await bench.shot('write-down');
  await bench.choose(wanted);
  await page.locator('.view-line', { hasText: /lockdep_assert_held\(&dentry->d_lock\)/ }).waitFor();
  await page.keyboard.press('Control+S');
  const written = await until(async () => {
    const text = readFileSync(path, 'utf8');
    return text.includes('lockdep_assert_held(&dentry->d_lock);') && text.includes('<linux/lockdep.h>');
  });
  checks.that('it stands in the text, with its header', written);
}

async function links({ bench, checks, folder }: Stage): Promise<void> {
  const { page } = bench;
  const lease = join(folder, LEASE);
  const lineText = 'unsigned long end = dentry->d_time;';
  await bench.open(lease, lineOf(lease, lineText));
  const place = bench.token(lineText, 'd_time');
  await cardOn(bench, place, 'd_time', /d_lock[\s\S]*netfsd_delete/);
  await page.locator('.monaco-hover a', { hasText: 'netfsd_delete' }).first().click({ timeout: 5000 });
  const slot = lineOf(lease, 'static int netfsd_delete');
  checks.that('a link of the card leads to its place', await comesTo(bench, slot), `line ${slot}`);
  const dir = join(folder, DIR);
  await bench.open(dir, lineOf(dir, '= netfsd_revalidate'));
  await cardOn(bench, bench.token('= netfsd_revalidate', 'd_revalidate'), 'd_revalidate', /contract/);
  await page.locator('.monaco-hover a', { hasText: 'contract' }).first().click({ timeout: 5000 });
  const contract = page.locator('.tab.active', { hasText: /d_revalidate/ });
  checks.that('the contract has its page', await until(async () => (await contract.count()) > 0));
  await bench.shot('contract-page');
  await bench.open(dir, lineOf(dir, FINDING));
  await squigglesBecome(bench, (count) => count > 0, PATIENCE_MS);
  await page.keyboard.press('Control+Shift+M');
  await bench.click(page.locator('.markers-panel a', { hasText: 'rcu/unstable-inode' }).first());
  const rule = page.locator('.tab.active', { hasText: /Preview.unstable-inode/ });
  checks.that('the code of a finding has its page', await until(async () => (await rule.count()) > 0));
  await bench.shot('rule-page');
}

async function bySettings({ bench, checks, folder }: Stage): Promise<void> {
  const { page } = bench;
  const dir = join(folder, DIR);
  await bench.open(dir, lineOf(dir, FINDING));
  await squigglesBecome(bench, (count) => count > 0, PATIENCE_MS);
  const lenses = page.locator('.codelens-decoration', { hasText: /d_revalidate/ });
  const hints = page.locator('.view-line', { hasText: /entry:\s/ });
  const all = page.locator('.view-line', { hasText: /netfsd_fresh\(inode\)\).*rcu-walk/ });
  const become = (what: typeof lenses, isThere: boolean): Promise<boolean> =>
    until(async () => (await what.count()) > 0 === isThere);
  checks.that(
    'lenses and hints as the settings are',
    (await become(lenses, true)) && (await become(hints, true)),
  );
  await bench.shot('before-settings');
  const errors = page.locator('.squiggly-error');
  await bench.settings({
    'lockwalk.codeLens': false,
    'lockwalk.inlayHints': 'off',
    'lockwalk.severity': { 'rcu/unstable-inode': 'information' },
  });
  checks.that('lenses turned off', await become(lenses, false));
  checks.that('hints turned off', await become(hints, false));
  checks.that(
    'an error is information',
    (await become(page.locator('.squiggly-info'), true)) && (await become(errors, false)),
  );
  await bench.settings({ 'lockwalk.inlayHints': 'all' });
  checks.that('lenses, and the error, again', (await become(lenses, true)) && (await become(errors, true)));
  checks.that('hints behind every statement', await become(all, true));
  await bench.shot('all-hints');
}

async function otherFile({ bench, checks, folder }: Stage): Promise<void> {
  const { page } = bench;
  const record = join(folder, 'fs/mountd/record.c');
  const root = join(folder, 'fs/mountd/root.c');
  const reader = 'if (record->flags & MOUNTD_EXPIRING)';
  await bench.open(record, lineOf(record, 'kfree(record);'));
  await squigglesBecome(bench, (count) => count > 0, PATIENCE_MS);
  await bench.open(root, lineOf(root, reader));
  await page.waitForTimeout(1500);
  const before = await bench.problemCount(); // what a check of the tree has found is among them
  const becomes = (count: number): Promise<boolean> =>
    until(async () => (await bench.problemCount()) === count);
  await bench.click(bench.token(reader, 'if'));
  await page.keyboard.press('Home');
  await page.keyboard.type('// ');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Home');
  await page.keyboard.type('// ');
  const gone = await becomes(before - 1);
  checks.that('an edit takes away what another open file is reported for', before > 0 && gone, `${before}`);
  await bench.shot('other-file');
  for (let times = 0; times < 6; times++) await page.keyboard.press('Control+Z');
  checks.that('undone, it is there again', await becomes(before));
}

/** Steps on the example tree. */
export const actionsSteps: readonly Step[] = [
  { name: 'fixes on saving', run: fixOnSaving },
  { name: 'all findings of one rule fixed', run: allOfOneRule },
  { name: 'what is held, written down', run: writeDown },
  { name: 'links to pages and places', run: links },
  { name: 'what is shown, by the settings', run: bySettings },
  { name: 'findings of another open file', run: otherFile },
];
