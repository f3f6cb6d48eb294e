/**
 * Where the real kernel trees lie, for tests that need one: `KERNEL_TREE` (6.12), `KERNEL_TREE_7_2` and so on, else the cache
 * that `npm run fetch-kernel` fills. Without a tree a suite is skipped, loudly.
 */
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** Folder of a kernel tree, or null. */
export function kernelTree(version: string): string | null {
  const names = [`KERNEL_TREE_${version.replace('.', '_')}`, ...(version === '6.12' ? ['KERNEL_TREE'] : [])];
  for (const name of names) {
    const folder = process.env[name];
    if (folder === undefined || folder === '') continue;
    if (!existsSync(join(folder, 'Makefile'))) throw new Error(`${name}=${folder}: no kernel tree there`);
    return folder;
  }
  const cache =
    process.env.LOCKWALK_CACHE ?? join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'lockwalk');
  const cached = join(cache, `linux-${version}`);
  return existsSync(join(cached, '.complete')) ? cached : null;
}

/** A suite over a kernel tree; skipped, with the way to get the tree in its title, where there is none. */
export function describeKernel(version: string, title: string, suite: (root: string) => void): void {
  const root = kernelTree(version);
  if (root !== null) {
    describe(`${title} (Linux ${version})`, () => suite(root));
    return;
  }
  describe(`${title} (Linux ${version})`, () => {
    it(`no tree: npm run fetch-kernel -- ${version}, or set KERNEL_TREE_${version.replace('.', '_')}`, function skip() {
      this.skip();
    });
  });
}
