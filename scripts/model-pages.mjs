/**
 * Writes docs/model from the model's tables (compile first) and removes pages that no longer have a method. The model-pages
 * test fails where the folder and the tables differ.
 */
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { modelPages } from '../out/server/src/engine/views/model-pages.js';

const folder = join(import.meta.dirname, '..', 'docs', 'model');
const pages = modelPages();
mkdirSync(folder, { recursive: true });
for (const name of readdirSync(folder, { recursive: true })) {
  const path = name.replaceAll('\\', '/');
  if (path.endsWith('.md') && !pages.has(path)) rmSync(join(folder, name));
}
for (const [path, text] of pages) {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), text);
}
