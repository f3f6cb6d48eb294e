/**
 * Whether a file lies in a kernel tree, so that the server is started only for those: a folder upwards has a Makefile
 * that sets `VERSION =`, an `fs/` and an `include/linux/`. The server decides again, by the same marks, for each file.
 */
import { readFile, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** Root of the kernel tree above a path, or null. Answers are remembered by folder in `known`. */
export async function kernelRootOf(path: string, known: Map<string, boolean>): Promise<string | null> {
  for (let folder = dirname(path); ; folder = dirname(folder)) {
    let root = known.get(folder);
    if (root === undefined) {
      root = await isKernelRoot(folder);
      known.set(folder, root);
    }
    if (root) return folder;
    if (folder === dirname(folder)) return null;
  }
}

async function isKernelRoot(folder: string): Promise<boolean> {
  try {
    const [makefile, fs, include] = await Promise.all([
      readFile(join(folder, 'Makefile'), 'latin1'),
      stat(join(folder, 'fs')),
      stat(join(folder, 'include/linux')),
    ]);
    return /^VERSION\s*=\s*\d+\s*$/m.test(makefile) && fs.isDirectory() && include.isDirectory();
  } catch {
    return false;
  }
}
