/**
 * Removes from `out/` the JavaScript of TypeScript files that are gone, so that mocha never runs a test that no longer
 * exists. Knows nothing of what the files are for.
 */
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');
const out = join(root, 'out');

function sweep(folder) {
  for (const entry of readdirSync(join(out, folder), { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) sweep(path);
    else if (/\.(js|js\.map|d\.ts|d\.ts\.map)$/.test(entry.name)) {
      const source = join(root, path.replace(/\.(js|js\.map|d\.ts|d\.ts\.map)$/, '.ts'));
      if (!existsSync(source)) rmSync(join(out, path), { force: true });
    }
  }
}

if (existsSync(out)) sweep('.');
