/**
 * `npm run bench:editor -- TREE [FILE] [--edits N] [--first]`: what a person waits for in the real workbench, on a kernel tree that
 * nobody has looked at before: the first card and the first diagnostics of a file, then cards and keystrokes end to end, and
 * what the extension's activation takes. FILE: fs/ext4/inode.c unless it is named. `--first`: only what is waited for first, with
 * what went between editor and server until then. Nothing is written to the tree.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { inRepository } from '../repository.js';
import { installPrograms } from './debian.js';
import { install } from './install.js';
import { until, Workbench } from './workbench.js';

const SAYS = /(may|must not) sleep/;
/** Pause after which a person who sees no card moves the pointer again. */
const AGAIN_MS = 1500;
/** A function with one finding that one key makes and unmakes. */
const PROBE = [
  'static void lockwalk_bench(struct inode *inode)',
  '{',
  '\tspin_lock(&inode->i_lock);',
  '\tspin_lock(&inode->i_lock);',
  '\tspin_unlock(&inode->i_lock);',
  '}',
  '',
];
const PROBE_LINE = 3;

for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
const args = process.argv.slice(2);
const named = args.filter((arg, at) => !arg.startsWith('--') && args[at - 1] !== '--edits');
const [tree, file = 'fs/ext4/inode.c'] = named;
const edits = args.includes('--edits') ? Number(args[args.indexOf('--edits') + 1]) : 30;
if (tree === undefined) {
  console.error('usage: npm run bench:editor -- TREE [FILE] [--edits N] [--first]');
  process.exit(2);
}
installPrograms();
const installation = install();
if (!installation.ok) {
  console.error(installation.reason);
  process.exit(1);
}
const { version }: { readonly version: string } = JSON.parse(
  readFileSync(inRepository('package.json'), 'utf8'),
);
const settings = {
  'lockwalk.trace.server': 'messages',
  '[c]': { 'editor.autoClosingBrackets': 'never', 'editor.autoIndent': 'none' },
};
const opening = { folder: resolve(tree), settings };
const vsix = inRepository(`lockwalk-${version}.vsix`);
const bench = await Workbench.start(
  installation.installed,
  vsix,
  opening,
  inRepository('out', 'editor', 'bench'),
);
const { page } = bench;

function said(ms: readonly number[]): string {
  const sorted = [...ms].sort((a, b) => a - b);
  const at = (share: number): string =>
    (sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN).toFixed(0);
  return `median ${at(0.5)} ms, 95th percentile ${at(0.95)} ms (${sorted.length} times)`;
}

/** Lines of the extension's log, with the time of each. */
function log(): readonly { readonly time: number; readonly text: string }[] {
  const found: { time: number; text: string }[] = [];
  for (const name of readdirSync(bench.logs, { recursive: true, encoding: 'utf8' })) {
    if (!name.endsWith('Lockwalk.log')) continue;
    for (const line of readFileSync(join(bench.logs, name), 'utf8').split('\n')) {
      const stamp = /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d\.\d{3}) (.*)/.exec(line);
      if (stamp !== null) found.push({ time: Date.parse(`${stamp[1]}T${stamp[2]}`), text: stamp[3] ?? '' });
    }
  }
  return found;
}

/** Puts the pointer on a place and waits for a card; gives milliseconds from the last time that the pointer came. */
async function card(x: number, y: number, ms: number): Promise<number | null> {
  const cards = page.locator('.monaco-hover:not(.hidden)');
  const end = Date.now() + ms;
  while (Date.now() < end) {
    const began = performance.now();
    await page.mouse.move(x, y);
    await page.mouse.move(x + 2, y, { steps: 2 });
    for (
      let waited = 0;
      waited < AGAIN_MS || (await cards.allInnerTexts()).some((t) => /Loading/.test(t));
    ) {
      if ((await cards.allInnerTexts()).some((text) => SAYS.test(text))) return performance.now() - began;
      await page.waitForTimeout(20);
      waited = performance.now() - began;
    }
    await page.mouse.move(1000, 20);
    await page.waitForTimeout(50);
  }
  return null;
}

/** Middle of a drawn word on a line that holds a text. */
async function placeOf(lineText: string, word: string): Promise<{ x: number; y: number } | null> {
  const box = await bench.token(lineText, word).boundingBox();
  return box === null ? null : { x: box.x + box.width / 2, y: box.y + box.height / 2 };
}

async function first(): Promise<void> {
  const path = join(resolve(tree as string), file);
  const lines = readFileSync(path, 'utf8').split('\n');
  const line = lines.findIndex((text, at) => at > 200 && /^\t\w+ = \w+\(.*\);$/.test(text));
  const text = (lines[line] ?? '').trim();
  const word = /= (\w+)\(/.exec(text)?.[1] ?? '';
  const began = Date.now();
  await bench.open(path, line + 1);
  const shown = Date.now();
  const place = await until(() => placeOf(text, word));
  if (place === null) throw new Error(`${word} of line ${line + 1} is not drawn`);
  const came = await card(place.x, place.y, 120_000);
  console.log(`first hover: ${came === null ? 'none' : `${Date.now() - shown} ms after the file was shown`}`);
  await bench.shot('first-hover');
  const answered = await until(async () =>
    log().find(({ text: one }) => /Received.*(publishDiagnostics|textDocument\/diagnostic)/.test(one)),
  );
  console.log(
    answered === undefined
      ? 'first diagnostics: none'
      : `first diagnostics: ${answered.time - shown} ms after the file was shown, ${answered.time - began} ms after it was asked for`,
  );
  if (args.includes('--first')) tell(began);
}

/** What went between editor and server, with milliseconds since the file was asked for. */
function tell(began: number): void {
  for (const { time, text } of log())
    console.log(`  ${String(time - began).padStart(6)} ms  ${text.slice(0, 110)}`);
}

async function cards(): Promise<void> {
  const tokens = page.locator('.view-line span span');
  const times: number[] = [];
  const count = await tokens.count();
  for (let at = 0; at < count && times.length < edits; at += 3) {
    const token = tokens.nth(at);
    if (!/^\s*\w{4,}\s*$/.test(await token.innerText({ timeout: 1000 }).catch(() => ''))) continue;
    const box = await token.boundingBox();
    if (box === null) continue;
    const took = await card(box.x + box.width / 2, box.y + box.height / 2, AGAIN_MS);
    if (took !== null) times.push(took);
    await bench.pointerAway();
  }
  console.log(`hover, pointer to card, 100 ms of it the editor's own delay: ${said(times)}`);
}

async function keystrokes(): Promise<void> {
  await page.keyboard.press('Control+Home');
  const lines = readFileSync(join(resolve(tree as string), file), 'utf8').split('\n');
  const at = lines.findIndex((text, n) => n > 200 && /^static /.test(text) && lines[n - 1] === '');
  await bench.open(join(resolve(tree as string), file), at + 1);
  await page.keyboard.press('Home');
  await page.keyboard.insertText(PROBE.join('\n'));
  await bench.open(join(resolve(tree as string), file), at + 1 + PROBE_LINE);
  await page.keyboard.press('Home');
  for (let n = 0; n < 'spin_lock'.length; n++) await page.keyboard.press('ArrowRight');
  await bench.pointerAway();
  const drawn = "document.querySelectorAll('.squiggly-error, .squiggly-warning, .squiggly-info').length";
  await page.waitForFunction(`${drawn} > 0`, undefined, { timeout: 120_000 });
  const all = await page.evaluate<number>(drawn);
  const times: number[] = [];
  for (let n = 0; n < edits; n++) {
    for (const key of ['Backspace', 'k']) {
      const before = performance.now();
      await page.keyboard.press(key);
      await page.waitForFunction(`${drawn} ${key === 'k' ? '===' : '<'} ${all}`, undefined, {
        timeout: 60_000,
      });
      times.push(performance.now() - before);
    }
  }
  await bench.shot('keystrokes');
  console.log(`keystroke to squiggle: ${said(times)}`);
}

async function activation(): Promise<void> {
  await bench.command('Developer: Show Running Extensions');
  const row = page
    .locator('.runtime-extensions-editor .monaco-list-row, .extension', { hasText: 'Lockwalk' })
    .first();
  await row.waitFor();
  const text = (await row.innerText()).replace(/\s+/g, ' ');
  await bench.shot('activation');
  console.log(`activation: ${/Activation: [^,]*?ms/.exec(text)?.[0] ?? text}`);
}

let failed = false;
for (const part of args.includes('--first') ? [first] : [first, cards, keystrokes, activation]) {
  try {
    await part();
  } catch (error) {
    failed = true;
    console.log(`${part.name}: ${String(error).slice(0, 500)}`);
    await bench.shot(`${part.name}-failed`);
  }
}
await bench.end(false);
process.exitCode = failed ? 1 : 0;
