/**
 * Bundles what ships into `dist/`: the command line, the language server and the engine worker (one ESM build with shared
 * chunks), the VS Code client (CommonJS), and both WASM files beside them.
 *
 * The banner is not decoration: web-tree-sitter crashes in a CommonJS bundle (`createRequire(undefined)`) and
 * vscode-languageserver crashes in an ESM bundle ("Dynamic require"), unless `require` is made from `import.meta.url`.
 */
import { createHash } from 'node:crypto';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';

const root = join(import.meta.dirname, '..');
const dist = join(root, 'dist');
const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

/** One hash over the sources of the engine: it goes into cache keys and into `--version`. */
function engineHash() {
  const hash = createHash('sha256');
  const visit = (folder) => {
    const entries = readdirSync(folder, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1));
    for (const entry of entries) {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) visit(path);
      else hash.update(entry.name).update('\0').update(readFileSync(path)).update('\0');
    }
  };
  visit(join(root, 'server/src/engine'));
  return hash.digest('hex').slice(0, 12);
}

const REQUIRE_BANNER =
  "import { createRequire as lockwalkCreateRequire } from 'node:module';\nconst require = lockwalkCreateRequire(import.meta.url);";

const common = {
  absWorkingDir: root,
  bundle: true,
  platform: 'node',
  target: 'node20.19',
  minify: true,
  keepNames: true,
  legalComments: 'none',
  logLevel: 'warning',
  define: {
    LOCKWALK_VERSION: JSON.stringify(manifest.version),
    LOCKWALK_ENGINE_HASH: JSON.stringify(engineHash()),
  },
};

rmSync(dist, { recursive: true, force: true });
mkdirSync(dist, { recursive: true });

const entries = {
  lockwalk: 'server/src/cli/main.ts',
  server: 'server/src/lsp/main.ts',
  'engine-worker': 'server/src/host/worker.ts',
};
for (const [name, path] of Object.entries(entries)) if (!existsSync(join(root, path))) delete entries[name];
await build({
  ...common,
  entryPoints: entries,
  outdir: 'dist',
  outExtension: { '.js': '.mjs' },
  format: 'esm',
  splitting: true,
  chunkNames: 'chunk-[hash]',
  banner: { js: REQUIRE_BANNER },
});

const client = 'client/src/extension.ts';
if (existsSync(join(root, client))) {
  await build({
    ...common,
    entryPoints: { extension: client },
    outdir: 'dist',
    outExtension: { '.js': '.cjs' },
    format: 'cjs',
    external: ['vscode'],
  });
}

copyFileSync(
  join(root, 'node_modules/web-tree-sitter/web-tree-sitter.wasm'),
  join(dist, 'web-tree-sitter.wasm'),
);
const grammar = join(root, 'grammars/kernel-c');
const built = existsSync(grammar) ? readdirSync(grammar).filter((name) => name.endsWith('.wasm')) : [];
if (built.length === 1) copyFileSync(join(grammar, built[0]), join(dist, 'kernel-c.wasm'));
else console.warn(`bundle: ${built.length} WASM files in grammars/kernel-c, expected one`);

const command = join(dist, 'lockwalk.mjs');
if (existsSync(command)) {
  writeFileSync(command, `#!/usr/bin/env node\n${readFileSync(command, 'utf8')}`, { mode: 0o755 });
}
