/**
 * Bundles what ships into `dist/`: the command line, the language server and the engine worker (one ESM build with shared
 * chunks), the VS Code client (CommonJS), and both WASM files beside them.
 *
 * The banner is not decoration: web-tree-sitter crashes in a CommonJS bundle (`createRequire(undefined)`) and
 * vscode-languageserver crashes in an ESM bundle ("Dynamic require"), unless `require` is made from `import.meta.url`.
 */
import { createHash } from 'node:crypto';
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';

const root = join(import.meta.dirname, '..');
const dist = join(root, 'dist');
/** Built aside and put in place at the end: a program that runs meanwhile sees the old build or the new one. */
const fresh = join(root, `dist.new-${process.pid}`);
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
  // Names stay as they are for stack traces. `keepNames` would do that too, with a call for every closure made: a quarter
  // of the running time of a check.
  minifyWhitespace: true,
  minifySyntax: true,
  legalComments: 'none',
  logLevel: 'warning',
  define: {
    LOCKWALK_VERSION: JSON.stringify(manifest.version),
    LOCKWALK_ENGINE_HASH: JSON.stringify(engineHash()),
  },
};

mkdirSync(fresh, { recursive: true });
process.once('exit', () => rmSync(fresh, { recursive: true, force: true }));

await build({
  ...common,
  entryPoints: {
    lockwalk: 'server/src/cli/main.ts',
    server: 'server/src/lsp/main.ts',
    'engine-worker': 'server/src/host/worker.ts',
  },
  outdir: fresh,
  outExtension: { '.js': '.mjs' },
  format: 'esm',
  splitting: true,
  chunkNames: 'chunk-[hash]',
  banner: { js: REQUIRE_BANNER },
});
await build({
  ...common,
  entryPoints: { extension: 'client/src/extension.ts' },
  outdir: fresh,
  outExtension: { '.js': '.cjs' },
  format: 'cjs',
  external: ['vscode'],
});

copyFileSync(
  join(root, 'node_modules/web-tree-sitter/web-tree-sitter.wasm'),
  join(fresh, 'web-tree-sitter.wasm'),
);
const grammar = join(root, 'grammars/kernel-c');
const [wasm, ...others] = readdirSync(grammar).filter((name) => name.endsWith('.wasm'));
if (wasm === undefined || others.length > 0) throw new Error('grammars/kernel-c must hold one WASM file');
copyFileSync(join(grammar, wasm), join(fresh, 'kernel-c.wasm'));

const command = join(fresh, 'lockwalk.mjs');
writeFileSync(command, `#!/usr/bin/env node\n${readFileSync(command, 'utf8')}`);
chmodSync(command, 0o755);

rmSync(dist, { recursive: true, force: true });
renameSync(fresh, dist);
