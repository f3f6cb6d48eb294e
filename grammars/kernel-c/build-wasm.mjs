// Rebuilds tree-sitter-kernel_c.wasm from src/ with clang and lld alone, and writes provenance.json: which tools and
// which inputs the committed files come from. `--check` builds into memory and says whether the committed files agree.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const wasmName = 'tree-sitter-kernel_c.wasm';

/** The files whose hashes provenance.json keeps, in the order in which one is made from the other. */
const inputs = ['grammar.js', 'src/scanner.c', 'src/grammar.json', 'src/node-types.json', 'src/parser.c'];

const exported = ['tree_sitter_kernel_c'].concat(
  ['create', 'destroy', 'scan', 'serialize', 'deserialize'].map(
    (part) => `tree_sitter_kernel_c_external_scanner_${part}`,
  ),
);
const flags = [
  '--target=wasm32-unknown-unknown',
  '-fPIC',
  '-O2',
  '-fno-exceptions',
  '-fvisibility=hidden',
  '-shared',
  '-nostdlib',
  '-ffreestanding',
  '-Wl,--experimental-pic',
  '-Wl,--no-entry',
  '-Wl,--allow-undefined',
  '-Wl,--strip-all',
  ...exported.map((name) => `-Wl,--export=${name}`),
];

function sha256(bytes) {
  return createHash('sha256').update(bytes).digest('hex');
}

function build(clang, target) {
  const scratch = mkdtempSync(join(tmpdir(), 'kernel-c-wasm-'));
  try {
    // The C library gives prototypes only; these three headers are all that parser.h asks for.
    writeFileSync(join(scratch, 'stdlib.h'), '#pragma once\n#include <stddef.h>\n');
    execFileSync(
      clang,
      [
        ...flags,
        '-I',
        scratch,
        '-I',
        'src',
        '-o',
        target ?? join(scratch, wasmName),
        'src/parser.c',
        'src/scanner.c',
      ],
      { cwd: here, stdio: ['ignore', 'inherit', 'inherit'] },
    );
    return readFileSync(target ?? join(scratch, wasmName));
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

const check = process.argv.includes('--check');
const clang = process.env.CLANG ?? 'clang-19';
const wasm = build(clang, check ? undefined : join(here, wasmName));
if (check) {
  const same = wasm.equals(readFileSync(join(here, wasmName)));
  process.stdout.write(
    same ? 'the committed WASM is what src/ gives\n' : 'the committed WASM differs from what src/ gives\n',
  );
  process.exitCode = same ? 0 : 1;
} else {
  const base = JSON.parse(readFileSync(join(here, '../../node_modules/tree-sitter-c/package.json'), 'utf8'));
  const cli = /tree-sitter v?([0-9.]+)/.exec(readFileSync(join(here, 'src/parser.c'), 'utf8'))?.[1];
  const version = execFileSync(clang, ['--version'], { encoding: 'utf8' }).split('\n')[0];
  const hashes = Object.fromEntries(inputs.map((name) => [name, sha256(readFileSync(join(here, name)))]));
  hashes[wasmName] = sha256(wasm);
  const provenance = {
    language: 'kernel_c',
    generator: `tree-sitter ${cli ?? process.env.TREE_SITTER_VERSION ?? '0.26.11'}`,
    base: `tree-sitter-c ${base.version}`,
    compiler: version,
    flags,
    sha256: hashes,
  };
  writeFileSync(join(here, 'provenance.json'), `${JSON.stringify(provenance, null, 2)}\n`);
  process.stdout.write(`${wasmName}: ${wasm.length} bytes\n`);
}
