/**
 * `npm run bench -- TREE [--write] [--peers SOURCE]`: what a check of all of fs/ costs cold, warm, and after a change, and how cost grows with
 * the size of what is checked; all as multiples of the bare parse of the same files in the same run. With `--write` the
 * numbers and the plot go to docs/performance.md and docs/performance.svg. `--peers`: beside sparse and coccinelle, on a whole and
 * configured source.
 */
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { ROOT } from './engine.js';
import { peers, whyNoPeers } from './peers.js';
import { bareParse, cFiles, check, type Measured, slope } from './timing.js';

const tree = process.argv[2];
if (tree === undefined || tree.startsWith('-')) {
  console.error('usage: npm run bench -- TREE [--write] [--peers SOURCE]');
  process.exit(2);
}
const kernel = tree;
const write = process.argv.includes('--write');
const source = process.argv.includes('--peers') ? process.argv[process.argv.indexOf('--peers') + 1] : null;
const whyNot = source === null ? 'no --peers' : source === undefined ? '--peers SOURCE' : whyNoPeers(source);
if (source !== null && whyNot !== null) {
  console.error(whyNot);
  process.exit(2);
}
const scratch = mkdtempSync(join(tmpdir(), 'lockwalk-bench-'));
process.once('exit', () => rmSync(scratch, { recursive: true, force: true }));
const cache = join(scratch, 'cache');

/** A change of one file, as an overlay. */
interface Change {
  readonly name: string;
  readonly file: string;
  /** `n`: tells edits apart, for each is made several times. */
  readonly edit: (text: string, n: number) => string;
}

/** Times that each change is made: one run says little. */
const TIMES = 3;

/** Puts a statement at the beginning of the first function whose head matches. */
function into(head: RegExp, statement: string): Change['edit'] {
  return (text, n) => {
    const at = head.exec(text);
    if (at === null) throw new Error(`no ${head} to change`);
    const body = text.indexOf('\n{', at.index) + 2;
    return `${text.slice(0, body)}\n\t${statement}\n\tint lockwalk_bench${n};${text.slice(body)}`;
  };
}

/** Edits that any version of the tree takes. */
const CHANGES: readonly Change[] = [
  {
    name: 'one body changed',
    file: 'fs/ext4/namei.c',
    edit: into(/^static \w+ ext4_add_entry\(/m, 'lockwalk_bench();'),
  },
  {
    name: 'one effect changed',
    file: 'fs/ext4/namei.c',
    edit: into(/^static struct buffer_head \*ext4_append\(/m, 'mutex_lock(&lockwalk_bench_lock);'),
  },
  {
    name: 'one inline of a header changed',
    file: 'include/linux/dcache.h',
    edit: into(/^static inline struct dentry \*dget\(/m, 'lockwalk_bench();'),
  },
  {
    name: 'the effect of an inline changed',
    file: 'include/linux/dcache.h',
    edit: into(/^static inline struct dentry \*dget\(/m, 'might_sleep();'),
  },
];

const files = cFiles(join(kernel, 'fs'));
interface Row {
  readonly name: string;
  readonly run: Measured;
  readonly bare: number;
  readonly same: boolean;
}
const rows: Row[] = [];
let bare = await bareParse(files);
/** `others`: runs of the same kind before; the middle one counts. */
async function measure(
  name: string,
  args: readonly string[],
  expected: Measured | null,
  others: readonly Measured[] = [],
): Promise<Measured> {
  const last = check(kernel, args);
  const seconds = [...others, last].map((one) => one.seconds).sort((x, y) => x - y);
  const run = { ...last, seconds: seconds[Math.floor(seconds.length / 2)] as number };
  const after = await bareParse(files);
  rows.push({
    name,
    run,
    bare: (bare + after) / 2,
    same: expected === null || expected.findings === run.findings,
  });
  bare = after;
  const row = rows[rows.length - 1] as Row;
  console.log(
    `${name}: ${run.seconds.toFixed(2)} s, ${(run.seconds / row.bare).toFixed(3)} times the bare parse (${row.bare.toFixed(1)} s), ${run.memoryMiB} MiB${row.same ? '' : ', DIFFERS'}`,
  );
  return run;
}

const cold = await measure('cold', ['--no-cache'], null);
await measure('cold, one thread', ['--no-cache', '--jobs', '1'], cold);
await measure('cold, cache filled', ['--cache', cache], cold);
await measure('warm', ['--cache', cache], cold);
for (const { name, file, edit } of CHANGES) {
  const changed = join(scratch, file.replaceAll('/', '_'));
  const text = readFileSync(join(kernel, file), 'latin1');
  const overlay = ['--overlay', `${file}=${changed}`];
  writeFileSync(changed, edit(text, 0), 'latin1');
  const plain = check(kernel, ['--no-cache', ...overlay]);
  const before = Array.from({ length: TIMES - 1 }, (_, i) => i + 1).map((n) => {
    writeFileSync(changed, edit(text, n), 'latin1');
    return check(kernel, ['--cache', cache, ...overlay]);
  });
  writeFileSync(changed, edit(text, 0), 'latin1');
  await measure(name, ['--cache', cache, ...overlay], plain, before);
}

// Whole directories in an order that says nothing of them, until a share of the text is reached
const units = new Map<string, number>();
for (const f of files) {
  const unit = relative(kernel, dirname(f));
  units.set(unit, (units.get(unit) ?? 0) + statSync(f).size);
}
const total = [...units.values()].reduce((a, b) => a + b, 0);
const scrambled = [...units].sort(([a], [b]) => hash(a) - hash(b));
const points: { readonly share: number; readonly seconds: number }[] = [];
for (const share of [0.1, 0.2, 0.4, 0.7, 1]) {
  const chosen: string[] = [];
  let size = 0;
  for (const [unit, bytes] of scrambled) {
    if (size >= share * total - 1) break;
    chosen.push(
      ...files.filter((f) => relative(kernel, dirname(f)) === unit).map((f) => relative(kernel, f)),
    );
    size += bytes;
  }
  const run = check(kernel, ['--no-cache', ...chosen]);
  points.push({ share: size / total, seconds: run.seconds });
  console.log(`${Math.round((100 * size) / total)} % of the text: ${run.seconds.toFixed(1)} s`);
}
const exponent = slope(points.map((p) => [Math.log(p.share), Math.log(p.seconds)] as const));
console.log(`cost grows with the size to the power of ${exponent.toFixed(2)}`);
if (rows.some((row) => !row.same)) process.exitCode = 1;
const beside = typeof source === 'string' ? peers(source) : [];
for (const row of beside)
  console.log(
    `${row.directory}: ${row.checker} ${row.seconds.toFixed(1)} s, ${row.memoryMiB.toFixed(0)} MiB, ${row.reports} reports`,
  );
if (write) {
  writeFileSync(join(ROOT, 'docs/performance.svg'), plot());
  writeFileSync(join(ROOT, 'docs/performance.md'), page());
}

function hash(text: string): number {
  let h = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  return h >>> 0;
}

function page(): string {
  const version = /^SUBLEVEL\s*=\s*(\d+)/m.exec(readFileSync(join(kernel, 'Makefile'), 'utf8'))?.[1] ?? '';
  const patch = /^PATCHLEVEL\s*=\s*(\d+)/m.exec(readFileSync(join(kernel, 'Makefile'), 'utf8'))?.[1] ?? '';
  const major = /^VERSION\s*=\s*(\d+)/m.exec(readFileSync(join(kernel, 'Makefile'), 'utf8'))?.[1] ?? '';
  return `# Performance

Made by \`npm run bench -- TREE --write\`; do not edit. \`lockwalk check\` over all of \`fs/\` of Linux ${major}.${patch}.${version} (${cold.files} C files
and headers), whole process, each beside the bare parse of the same files: upstream's grammar for C, one thread, nothing else. On a
noisy machine only the multiples mean something.

| | seconds | bare parse | multiple | peak memory |
| --- | --: | --: | --: | --: |
${rows
  .map(
    ({ name, run, bare: b }) =>
      `| ${name} | ${run.seconds.toFixed(2)} | ${b.toFixed(2)} | ${(run.seconds / b).toFixed(2)} | ${run.memoryMiB} MiB |`,
  )
  .join('\n')}

Two threads unless it says otherwise. The changes are made by overlays against a cache that was filled before them; every run said the same, byte
for byte, as one without a cache. Each change is made three times, and the middle one counts.

Cost against size, whole directories, cold: it grows with the size to the power of ${exponent.toFixed(2)}.

![seconds against the share of the text](performance.svg)
${beside.length === 0 ? peersBefore() : besidePeers()}`;
}

/** What the page said of other checkers before, where they were not run again. */
function peersBefore(): string {
  let before: string;
  try {
    before = readFileSync(join(ROOT, 'docs/performance.md'), 'utf8');
  } catch {
    return '';
  }
  const at = before.search(/^(Of an earlier build\. )?Beside other checkers/m);
  const said = at < 0 ? '' : before.slice(at).replace(/^Of an earlier build\. /, '');
  return said === '' ? '' : `\nOf an earlier build. ${said}`;
}

function besidePeers(): string {
  return `
Beside other checkers, one thread each, the same directories of the whole source in the same run. sparse reads what the compiler reads
(a configured source), coccinelle no headers but those of the directory, Lockwalk the headers that the files include.

| directory | checker | seconds | peak memory | reports |
| --- | --- | --: | --: | --: |
${beside
  .map(
    ({ directory, checker, seconds, memoryMiB, reports }) =>
      `| ${directory} | ${checker} | ${seconds.toFixed(1)} | ${memoryMiB.toFixed(0)} MiB | ${reports} |`,
  )
  .join('\n')}
`;
}

function plot(): string {
  const [width, height, left, bottom] = [520, 300, 60, 40];
  const most = Math.max(...points.map((p) => p.seconds)) * 1.1;
  const x = (share: number): number => left + share * (width - left - 20);
  const y = (seconds: number): number => height - bottom - (seconds / most) * (height - bottom - 20);
  const dots = points.map(
    (p) => `<circle cx="${x(p.share).toFixed(1)}" cy="${y(p.seconds).toFixed(1)}" r="4"/>`,
  );
  const path = points.map((p) => `${x(p.share).toFixed(1)},${y(p.seconds).toFixed(1)}`).join(' ');
  const labels = points.map(
    (p) =>
      `<text x="${x(p.share).toFixed(1)}" y="${(y(p.seconds) - 10).toFixed(1)}" text-anchor="middle">${p.seconds.toFixed(1)} s</text>`,
  );
  const ticks = [0, 0.25, 0.5, 0.75, 1].map(
    (s) =>
      `<text x="${x(s)}" y="${height - bottom + 18}" text-anchor="middle">${s * 100} %</text><line x1="${x(s)}" x2="${x(s)}" y1="${height - bottom}" y2="${height - bottom + 4}" stroke="#888"/>`,
  );
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="12">
<title>Seconds of a cold check against the share of the text of fs/</title>
<rect width="${width}" height="${height}" fill="white"/>
<line x1="${left}" x2="${width - 20}" y1="${height - bottom}" y2="${height - bottom}" stroke="#888"/>
<line x1="${left}" x2="${left}" y1="20" y2="${height - bottom}" stroke="#888"/>
<polyline points="${path}" fill="none" stroke="#1f6feb" stroke-width="2"/>
<g fill="#1f6feb">${dots.join('')}</g>
${labels.join('\n')}
${ticks.join('\n')}
<text x="${(left + width) / 2}" y="${height - 4}" text-anchor="middle">share of the text of fs/</text>
<text x="16" y="${height / 2}" text-anchor="middle" transform="rotate(-90 16 ${height / 2})">seconds, cold</text>
</svg>
`;
}
