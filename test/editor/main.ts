/**
 * `npm run test:editor`: the packaged extension in the real workbench, on the example tree and, where `KERNEL_TREE` is
 * set, on that kernel. Screenshots go to `out/editor/`. Where the editor cannot be installed it says so loudly and ends
 * well, unless `LOCKWALK_EDITOR_REQUIRED` is set.
 */
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { inRepository } from '../repository.js';
import { Checks } from './checks.js';
import { type Installed, install } from './install.js';
import { neovim } from './neovim.js';
import { exampleTree, realTree } from './scenarios.js';
import { Workbench } from './workbench.js';

type Scenario = (bench: Workbench, checks: Checks, folder: string) => Promise<void>;

const { version }: { readonly version: string } = JSON.parse(
  readFileSync(inRepository('package.json'), 'utf8'),
);
const vsix = resolve(process.env.LOCKWALK_VSIX ?? inRepository(`lockwalk-${version}.vsix`));
const shots = inRepository('out', 'editor');
const checks = new Checks();

async function run(installed: Installed, name: string, folder: string, scenario: Scenario): Promise<void> {
  console.log(`${name}: ${folder}`);
  const failedBefore = checks.failed;
  const bench = await Workbench.start(installed, vsix, folder, join(shots, name));
  try {
    await scenario(bench, checks, folder);
  } catch (error) {
    checks.that('no exception', false, String(error));
    await bench.shot('failure');
  } finally {
    await bench.end(checks.failed > failedBefore);
  }
}

neovim(checks);
const installation = install();
if (!installation.ok) {
  console.log(`SKIPPED: the editor test did not run: ${installation.reason}`);
  process.exitCode = process.env.LOCKWALK_EDITOR_REQUIRED === undefined ? 0 : 1;
} else if (!existsSync(vsix)) {
  console.log(`${vsix} is missing: npm run package makes it`);
  process.exitCode = 1;
} else {
  rmSync(shots, { recursive: true, force: true });
  const copy = mkdtempSync(join(tmpdir(), 'lockwalk-tree-'));
  cpSync(inRepository('examples', 'tree'), copy, { recursive: true });
  await run(installation.installed, 'example', copy, exampleTree);
  rmSync(copy, { recursive: true, force: true });
  const kernel = process.env.KERNEL_TREE;
  if (kernel === undefined) console.log('SKIPPED: no KERNEL_TREE, so no real tree was opened');
  else await run(installation.installed, 'kernel', resolve(kernel), realTree);
  console.log(`screenshots in ${shots}`);
  console.log(checks.summary());
  process.exitCode = checks.failed === 0 ? 0 : 1;
}
