/**
 * Where the repository lies, for tests that read its files. Compiled tests run from `out/`, so nothing may count `..`
 * on its own. Must not know what any file holds.
 */
import { existsSync, readdirSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

function findUpwards(from: string): string {
  for (let folder = from; ; folder = dirname(folder)) {
    if (existsSync(join(folder, 'package.json')) && existsSync(join(folder, 'server'))) return folder;
    if (folder === dirname(folder)) throw new Error(`no repository above ${from}`);
  }
}

/** Root folder of the repository. */
export const REPOSITORY = findUpwards(dirname(fileURLToPath(import.meta.url)));

/** A path inside the repository. */
export function inRepository(...parts: readonly string[]): string {
  return join(REPOSITORY, ...parts);
}

/** Every file below a folder of the repository that ends as asked, relative to the root with `/`, sorted. */
export function filesBelow(folder: string, ending: string): readonly string[] {
  const found: string[] = [];
  const visit = (path: string): void => {
    for (const entry of readdirSync(path, { withFileTypes: true })) {
      const child = join(path, entry.name);
      if (entry.isDirectory()) visit(child);
      else if (entry.name.endsWith(ending)) found.push(relative(REPOSITORY, child).replaceAll('\\', '/'));
    }
  };
  const start = inRepository(folder);
  if (existsSync(start)) visit(start);
  return found.sort();
}
