/**
 * `npm run bench:server -- TREE [FILE] [--edits N] [--opened N]`: the language server over stdio on a large file. From a
 * keystroke to the diagnostics of the new text, hover, and what many edits and opened files leave in memory. FILE: the first
 * of fs/ext4 with 5,000 lines unless it is named.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { startBuilt } from '../lsp/built.js';
import { TestClient } from '../lsp/client.js';
import { cFiles, slope } from './timing.js';

const MANY_LINES = 5000;
/** Edits and hovers that are measured, and edits before them that are not: nobody judges a server by its first second. */
const MEASURED = 200;
const WARM_UP = 20;

function option(name: string, otherwise: number): number {
  const at = process.argv.indexOf(name);
  return at < 0 ? otherwise : Number(process.argv[at + 1]);
}

const [tree, named] = process.argv.slice(2);
if (tree === undefined || tree.startsWith('-')) {
  console.error('usage: npm run bench:server -- TREE [FILE] [--edits N] [--opened N]');
  process.exit(2);
}
const lines = (path: string): number => readFileSync(path, 'utf8').split('\n').length;
const file =
  named === undefined || named.startsWith('-')
    ? readdirSync(join(tree, 'fs/ext4'))
        .filter((name) => name.endsWith('.c'))
        .map((name) => join(tree, 'fs/ext4', name))
        .find((path) => lines(path) >= MANY_LINES)
    : join(tree, named);
if (file === undefined) throw new Error(`no file of ${MANY_LINES} lines in ${tree}/fs/ext4`);

// Nothing is known of the tree yet
const cache = mkdtempSync(join(tmpdir(), 'lockwalk-bench-'));
process.once('exit', () => rmSync(cache, { recursive: true, force: true }));
const server = startBuilt(cache);
const client = new TestClient(server.stdout, server.stdin, server);
const pid = server.pid as number;

/** Resident memory of the server, in MiB. */
function memory(): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(/^VmRSS:\s*(\d+)/m.exec(status)?.[1] ?? 0) / 1024;
}

function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}

await client.initialize();
const uri = pathToFileURL(file).href;
const text = readFileSync(file, 'utf8').split('\n');
const began = performance.now();
await client.open(uri, text.join('\n'));
await client.diagnostics(uri, 1);
console.log(
  `${file}: ${text.length} lines, first diagnostics after ${Math.round(performance.now() - began)} ms`,
);

// Statements, one tab in: a keystroke there is one in a body
const places = text.flatMap((line, n) => (/^\t[a-z_].*;$/.test(line) ? [n] : []));
let seed = 1;
const random = (below: number): number => {
  seed = (Math.imul(seed, 1103515245) + 12345) >>> 0;
  return Math.floor((seed / 2 ** 32) * below);
};
let version = 1;

/** One edit, awaited: a statement comes, or goes again. Gives milliseconds. */
async function edit(): Promise<number> {
  const line = places[random(places.length)] as number;
  const start = { line, character: 0 };
  const comes = text[line]?.startsWith('\tcpu_relax(); ') !== true;
  const range = { start, end: comes ? start : { line, character: '\tcpu_relax(); '.length } };
  text[line] = comes
    ? `\tcpu_relax(); ${text[line]}`
    : (text[line] as string).slice('\tcpu_relax(); '.length);
  const before = performance.now();
  await client.change(uri, ++version, [{ range, text: comes ? '\tcpu_relax(); ' : '' }]);
  await client.diagnostics(uri, version);
  client.published.splice(0, client.published.length - 1);
  return performance.now() - before;
}

for (let i = 0; i < WARM_UP; i++) await edit();
const times: number[] = [];
for (let i = 0; i < MEASURED; i++) times.push(await edit());
const said = (ms: readonly number[]): string =>
  `median ${percentile(ms, 0.5).toFixed(0)} ms, 95th percentile ${percentile(ms, 0.95).toFixed(0)} ms`;
console.log(`keystroke to diagnostics, ${MEASURED} edits: ${said(times)}`);

const hovers: number[] = [];
for (let i = 0; i < MEASURED; i++) {
  const line = places[random(places.length)] as number;
  const before = performance.now();
  await client.connection.sendRequest('textDocument/hover', {
    textDocument: { uri },
    position: { line, character: 4 },
  });
  hovers.push(performance.now() - before);
}
console.log(`hover, ${MEASURED} places: ${said(hovers)}`);

const edits = option('--edits', 1000);
const samples: (readonly [number, number])[] = [];
for (let i = 0; i < edits; i++) {
  await edit();
  if (i % 50 === 49) samples.push([i + 1, memory()]);
}
const grown = slope(samples) * 1000;
console.log(
  `${edits} edits: ${memory().toFixed(0)} MiB resident, ${grown >= 0 ? '+' : ''}${grown.toFixed(1)} MiB for each 1,000 edits`,
);

const opened: (readonly [number, number])[] = [];
const others = cFiles(join(tree, 'fs')).filter((path) => path !== file);
const most = option('--opened', 200);
for (let i = 0; i < most && i < others.length; i++) {
  const path = others[random(others.length)] as string;
  const other = pathToFileURL(path).href;
  await client.open(other, readFileSync(path, 'utf8'));
  await client.diagnostics(other, 1);
  await client.close(other);
  client.published.splice(0, client.published.length - 1);
  if (i % 10 === 9) opened.push([i + 1, memory()]);
}
// At first there is room for garbage to grow into: whether anything stays is told by the second half
const later = opened.slice(Math.floor(opened.length / 2));
console.log(
  `${most} files opened and closed: ${memory().toFixed(0)} MiB resident, ${(slope(opened) * 100).toFixed(0)} MiB for each 100 files, ${(slope(later) * 100).toFixed(0)} in the second half`,
);
await client.shutdown();
