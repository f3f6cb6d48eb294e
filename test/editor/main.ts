/**
 * `npm run test:editor [-- WORDS...]`: the packaged extension in the real workbench, on a copy of the example tree and on a
 * 6.12 kernel tree (`KERNEL_TREE`, or what `npm run fetch-kernel -- 6.12` has fetched), and the server under other editors.
 * `--write-pictures` makes the README's pictures and the icon anew. With words, only the steps whose name holds one of them. Screenshots go to `out/editor/`. What cannot be installed is
 * said loudly and skipped; with `LOCKWALK_EDITOR_REQUIRED` set that is a failure. `LOCKWALK_EDITOR=off` leaves all of it
 * out, `LOCKWALK_EDITOR=present` lets apt install nothing.
 */
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { kernelTree } from '../kernel/tree.js';
import { inRepository } from '../repository.js';
import { Checks } from './checks.js';
import { packClangd } from './clangd/package.js';
import { installPrograms, program } from './debian.js';
import { drawIcon } from './icon.js';
import { type Installed, install } from './install.js';
import { isOffline, OFFLINE, OFFLINE_STEPS, withoutNetwork } from './offline.js';
import { OTHER_EDITORS, otherEditor } from './other-editors.js';
import { EXAMPLE_STEPS, KERNEL_STEPS, TWO_TREES_STEPS } from './scenarios.js';
import { perform, type Step } from './stage.js';
import { CLANGD_PACKAGE, TREES } from './steps/two-trees.js';
import { type Opening, Workbench } from './workbench.js';

const PICTURES = '--write-pictures';
const words = process.argv.slice(2).filter((word) => word !== PICTURES);
const pictures = process.argv.includes(PICTURES) ? inRepository('docs', 'images') : undefined;
const { version }: { readonly version: string } = JSON.parse(
  readFileSync(inRepository('package.json'), 'utf8'),
);
const vsix = resolve(process.env.LOCKWALK_VSIX ?? inRepository(`lockwalk-${version}.vsix`));
const shots = inRepository('out', 'editor');
const checks = new Checks(process.env.LOCKWALK_EDITOR_REQUIRED !== undefined);

function isWanted(name: string): boolean {
  return words.length === 0 || words.some((word) => name.includes(word));
}

async function session(
  installed: Installed,
  name: string,
  opening: Opening,
  steps: readonly Step[],
  restore: () => void,
): Promise<void> {
  const wanted = steps.filter((step) => isWanted(step.name));
  if (wanted.length === 0) return;
  console.log(`== ${name}: ${opening.folder}`);
  const failedBefore = checks.failed;
  let bench: Workbench | null = null;
  try {
    bench = await Workbench.start(installed, vsix, { ...opening, pictures }, join(shots, name));
    await perform({ bench, checks, folder: opening.folder }, wanted, restore);
  } catch (error) {
    checks.that(`${name}: the editor starts`, false, String(error).slice(0, 1500));
  } finally {
    await bench?.end(checks.failed > failedBefore);
  }
}

/** A workspace of two trees, the second of another version, not trusted, with clangd's extension where there is one. */
async function twoTrees(installed: Installed): Promise<void> {
  if (!TWO_TREES_STEPS.some((step) => isWanted(step.name))) return;
  const above = mkdtempSync(join(tmpdir(), 'lockwalk-trees-'));
  for (const tree of TREES) {
    cpSync(inRepository('examples', 'tree'), join(above, tree), { recursive: true });
    writeFileSync(join(above, tree, 'compile_flags.txt'), '-Iinclude\n');
  }
  const makefile = join(above, TREES[1], 'Makefile');
  writeFileSync(makefile, readFileSync(makefile, 'utf8').replace(/^PATCHLEVEL = .*$/m, 'PATCHLEVEL = 1'));
  const folder = join(above, 'two.code-workspace');
  writeFileSync(folder, JSON.stringify({ folders: TREES.map((path) => ({ path })) }));
  const extensions: string[] = [];
  if (program('clangd') !== null) {
    const packed = await packClangd(join(above, 'clangd'));
    cpSync(packed, join(above, CLANGD_PACKAGE));
    extensions.push(packed);
  }
  const settings = {
    'security.workspace.trust.enabled': true,
    'security.workspace.trust.startupPrompt': 'never',
    'security.workspace.trust.banner': 'never',
    'security.workspace.trust.untrustedFiles': 'open',
  };
  const opening = { folder, settings, extensions };
  await session(installed, 'two-trees', opening, TWO_TREES_STEPS, () => undefined);
  rmSync(above, { recursive: true, force: true });
}

async function sessions(installed: Installed): Promise<void> {
  if (pictures !== undefined) await drawIcon(installed, pictures);
  if (!isOffline()) rmSync(shots, { recursive: true, force: true });
  const copy = mkdtempSync(join(tmpdir(), 'lockwalk-tree-'));
  const original = inRepository('examples', 'tree');
  const restore = (): void => {
    const there = readdirSync(copy, { recursive: true, encoding: 'utf8' });
    for (const path of there)
      if (!existsSync(join(original, path))) rmSync(join(copy, path), { recursive: true, force: true });
    cpSync(original, copy, { recursive: true });
  };
  restore();
  if (isOffline()) await session(installed, 'offline', { folder: copy }, OFFLINE_STEPS, restore);
  else {
    await session(installed, 'example', { folder: copy }, EXAMPLE_STEPS, restore);
    if (isWanted(OFFLINE)) withoutNetwork(checks);
  }
  rmSync(copy, { recursive: true, force: true });
  await twoTrees(installed);
  const kernel = kernelTree('6.12');
  if (kernel === null) checks.skip('the editor on a kernel tree', 'no tree: npm run fetch-kernel -- 6.12');
  else await session(installed, 'kernel', { folder: resolve(kernel) }, KERNEL_STEPS, () => undefined);
  console.log(`screenshots in ${shots}`);
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
if (process.env.LOCKWALK_EDITOR === 'off') {
  checks.skip('the editor tests', 'LOCKWALK_EDITOR=off');
} else if (!existsSync(vsix)) {
  checks.that('the package is there', false, `${vsix} is missing: npm run package makes it`);
} else {
  if (!isOffline()) installPrograms();
  for (const editor of OTHER_EDITORS) if (isWanted(editor.name)) otherEditor(checks, editor);
  const installation = install();
  if (installation.ok) await sessions(installation.installed);
  else checks.skip('the workbench', installation.reason);
}
console.log(checks.summary());
process.exitCode = checks.failed === 0 ? 0 : 1;
