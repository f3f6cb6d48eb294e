/**
 * A real kernel tree: a bug that is typed is seen, explained and fixed.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Stage, Step } from '../stage.js';
import { lineOf, visit } from './visit.js';

/** A real tree: a bug is typed into autofs, seen, explained and fixed; nothing is saved. */
async function realTree(stage: Stage): Promise<void> {
  const { bench, checks, folder } = stage;
  const { page } = bench;
  const file = 'fs/autofs/inode.c';
  const lineText = 'kfree_rcu(ino, rcu);';
  const path = join(folder, file);
  const text = readFileSync(path, 'utf8');
  await bench.open(path, lineOf(path, lineText));
  await page.waitForTimeout(1500);
  await bench.click(bench.token(lineText, 'kfree_rcu'));
  await page.keyboard.press('Home');
  await page.keyboard.press('Shift+End');
  await page.keyboard.type('kfree(ino);');
  await visit(
    stage,
    { file, lineText: 'kfree(ino);', token: 'kfree', rule: 'rcu/early-free', hoverSays: /d_release/ },
    60_000,
  );
  const fixed = await page.locator('.view-line', { hasText: 'kfree_rcu(ino' }).count();
  checks.that('the fix gives the old text again', fixed === 1, `${fixed}`);
  checks.that('nothing was saved', readFileSync(path, 'utf8') === text);
}

/** Steps on a kernel tree; nothing is ever saved there. */
export const kernelSteps: readonly Step[] = [{ name: 'a bug typed into autofs', run: realTree }];
