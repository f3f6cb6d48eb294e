/**
 * An engine over a kernel tree on disk, for benchmarks: in this process, without a worker, so that what is measured is
 * the engine. Shared by all benchmark commands.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { Engine, SourceTree } from '../../server/src/engine/door.js';
import { createEngine } from '../../server/src/engine/index.js';

const require = createRequire(import.meta.url);

/** The folder of the package, from the compiled test's place. */
export const ROOT = join(import.meta.dirname, '../../..');

/** A tree on disk; `overlays` replace files by text. */
export function diskTree(root: string, overlays: ReadonlyMap<string, string> = new Map()): SourceTree {
  const folders = new Map<string, readonly string[]>();
  return {
    read: (path) => {
      const overlay = overlays.get(path);
      if (overlay !== undefined) return overlay;
      const full = join(root, path);
      try {
        return readFileSync(full, 'utf8');
      } catch {
        return null;
      }
    },
    list: (folder) => {
      let names = folders.get(folder);
      if (names === undefined) {
        const full = join(root, folder);
        names = existsSync(full)
          ? readdirSync(full, { withFileTypes: true })
              .map((e) => (e.isDirectory() ? `${e.name}/` : e.name))
              .sort()
          : [];
        folders.set(folder, names);
      }
      return names;
    },
  };
}

/** Makes an engine over a tree. */
export async function openTree(root: string, overlays?: ReadonlyMap<string, string>): Promise<Engine> {
  return createEngine({
    tree: diskTree(root, overlays),
    runtimeWasm: readFileSync(require.resolve('web-tree-sitter/web-tree-sitter.wasm')),
    grammarWasm: readFileSync(join(ROOT, 'grammars/kernel-c/tree-sitter-kernel_c.wasm')),
    kernelVersion: null,
    dotConfig: null,
    clock: () => performance.now(),
  });
}
