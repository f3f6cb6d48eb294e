/**
 * Where the files lie that ship with the program: both WASM files, the rule pages, the worker. Knows the two layouts, the
 * bundle in `dist/` and the compiled tree in `out/`; nothing else may count folders.
 */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const HERE = dirname(fileURLToPath(import.meta.url));

/** Root of the package: the nearest folder upwards with a package.json. */
export const PACKAGE_ROOT = findPackageRoot(HERE);

const DIST = join(PACKAGE_ROOT, 'dist');

function findPackageRoot(from: string): string {
  for (let folder = from; ; folder = dirname(folder)) {
    if (existsSync(join(folder, 'package.json'))) return folder;
    if (folder === dirname(folder)) return from;
  }
}

/** The worker's script: the bundled one beside a bundle, the compiled one beside compiled code. */
export function workerScript(): string {
  const bundled = join(HERE, 'engine-worker.mjs');
  return existsSync(bundled) ? bundled : join(HERE, 'worker.js');
}

/** The two WASM files, as bytes. Throws where the build is incomplete. */
export function loadWasm(): { readonly runtimeWasm: Uint8Array; readonly grammarWasm: Uint8Array } {
  return {
    runtimeWasm: readFileSync(join(DIST, 'web-tree-sitter.wasm')),
    grammarWasm: readFileSync(join(DIST, 'kernel-c.wasm')),
  };
}

/** A short hash over both WASM files, or null where one is missing. */
export function wasmHash(): string | null {
  try {
    const { runtimeWasm, grammarWasm } = loadWasm();
    return createHash('sha256').update(runtimeWasm).update(grammarWasm).digest('hex').slice(0, 12);
  } catch {
    return null;
  }
}

/** Path of a rule's page, or null where it has none. */
export function rulePagePath(rule: string): string | null {
  if (!/^[a-z]+\/[a-z0-9-]+$/.test(rule)) return null;
  const path = join(PACKAGE_ROOT, 'docs', 'rules', `${rule}.md`);
  return existsSync(path) ? path : null;
}

/** Text of a rule's page, or null. */
export function rulePage(rule: string): string | null {
  const path = rulePagePath(rule);
  return path === null ? null : readFileSync(path, 'utf8');
}

/** Path of the page of a method's contract, or null where it has none. */
export function methodPagePath(struct: string, method: string): string | null {
  if (!/^\w+$/.test(struct) || !/^\w+$/.test(method)) return null;
  const path = join(PACKAGE_ROOT, 'docs', 'model', struct, `${method}.md`);
  return existsSync(path) ? path : null;
}

/** A folder that is no kernel tree: for questions to the model that need none. */
export function bareFolder(): string {
  return DIST;
}
