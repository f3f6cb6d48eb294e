/**
 * `npm run bench:editor -- TREE [FILE] [--edits N] [--first]`: what a person waits for in the real workbench, on a kernel tree that
 * nobody has looked at before: the first card and the first diagnostics of a file, then cards and keystrokes end to end, and
 * what the extension's activation takes. Of all that comes often it says apart what Lockwalk takes and what the workbench takes
 * before it asks and after it was answered. FILE: fs/ext4/inode.c unless it is named. `--first`: only what is waited for first, with
 * what went between editor and server until then. Nothing is written to the tree.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { inRepository } from '../repository.js';
import { installPrograms } from './debian.js';
import { install } from './install.js';
import { type Drawn, Stopwatch, type Times } from './stopwatch.js';
import { until, Workbench } from './workbench.js';

const CARD: Drawn = { kind: 'card', says: '(may|must not) sleep' };
/** The workbench says so when an answer does not come at once; the log is not there yet when an editor has just started. */
const LOADING: Drawn = { kind: 'card', says: 'Loading' };
const SQUIGGLES = '.squiggly-error, .squiggly-warning, .squiggly-info';
/** Pause after which a person moves the pointer again, where the editor has not even asked for a card by then. */
const AGAIN_MS = 1500;
/** What has no card after this has none. */
const NO_CARD_MS = 2500;
/** A server that says nothing for so long has nothing to do. */
const QUIET_MS = 2000;
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
const path = join(resolve(tree), file);
const lines = readFileSync(path, 'utf8').split('\n');
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
const watch = await Stopwatch.in(page);

function said(ms: readonly number[]): string {
  const sorted = [...ms].sort((a, b) => a - b);
  const at = (share: number): string =>
    (sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN).toFixed(0);
  return `median ${at(0.5)} ms, 95th percentile ${at(0.95)} ms`;
}

interface Line {
  readonly time: number;
  readonly text: string;
}

/** Lines of the editor's logs whose files have such a name, with the time of each. */
function log(names: RegExp): readonly Line[] {
  const found: Line[] = [];
  for (const name of readdirSync(bench.logs, { recursive: true, encoding: 'utf8' })) {
    if (!names.test(name)) continue;
    for (const line of readFileSync(join(bench.logs, name), 'utf8').split('\n')) {
      const stamp = /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d\.\d{3}) (.*)/.exec(line);
      if (stamp !== null) found.push({ time: Date.parse(`${stamp[1]}T${stamp[2]}`), text: stamp[3] ?? '' });
    }
  }
  return found;
}

const ours = (): readonly Line[] => log(/Lockwalk\.log$/);
const host = (): readonly Line[] => log(/exthost.*\.log$/);

/** An answer of the server, and when it was asked. */
interface Exchange {
  readonly asked: number;
  readonly answered: number;
}

/** All answers to a request that were no refusals. */
function exchanges(method: string): readonly Exchange[] {
  return ours().flatMap(({ time, text }) => {
    const answer = new RegExp(`Received response '${method} - \\(\\d+\\)' in (\\d+)ms\\.$`).exec(text);
    return answer === null ? [] : [{ asked: time - Number(answer[1]), answered: time }];
  });
}

/** Whether Lockwalk was asked for a card since then. */
function isAsked(since: number): boolean {
  return ours().some(({ time, text }) => time >= since && /Sending request 'textDocument\/hover/.test(text));
}

/** Puts the pointer on a place and waits for a card; gives the times of the last attempt. */
async function card(x: number, y: number, ms: number): Promise<Times | null> {
  const end = Date.now() + ms;
  await watch.arm(CARD);
  while (Date.now() < end) {
    const came = Date.now();
    await page.mouse.move(x, y);
    await page.mouse.move(x + 2, y, { steps: 2 });
    // a pointer that moves takes the question back, so it stays where it has been asked
    do {
      const times = await watch.times(AGAIN_MS);
      if (times !== null) return times;
    } while (Date.now() < end && (isAsked(came) || (await watch.isThere(LOADING))));
    await page.mouse.move(1000, 20);
    await page.waitForTimeout(50);
  }
  return null;
}

/** An editor that has started; what it does until then is not ours. */
async function settled(): Promise<void> {
  const isUp = await until(async () => host().some(({ text }) => /Eager extensions activated/.test(text)));
  if (!isUp) throw new Error('the extension host did not start');
  await watch.calm();
}

async function first(): Promise<void> {
  await settled();
  const line = lines.findIndex((text, at) => at > 200 && /^\t\w+ = \w+\(.*\);$/.test(text));
  const text = (lines[line] ?? '').trim();
  const word = /= (\w+)\(/.exec(text)?.[1] ?? '';
  await watch.arm({ kind: 'line', text });
  await bench.open(path, line + 1);
  const shown = (await watch.times(60_000))?.drawn;
  const place = await until(() => watch.placeOf(text, word));
  if (shown === undefined || place === null) throw new Error(`${word} of line ${line + 1} is not drawn`);
  const after = (time: number): string => `${(time - shown).toFixed(0)} ms`;
  const came = await card(place.x, place.y, 120_000);
  await bench.shot('first-hover');
  const told = await until(async () => exchanges('textDocument/diagnostic')[0]);
  const begun =
    host().find(({ text: one }) => /_doActivateExtension .*lockwalk/.test(one))?.time ?? Number.NaN;
  // The log is only there some time after its first lines were written, so the server's start is told by what it was asked first
  console.log(
    `from when the file is drawn: activation begins ${after(begun)}, server asked ${after(told?.asked ?? Number.NaN)}`,
  );
  const hovers = exchanges('textDocument/hover').filter(
    ({ answered }) => came !== null && answered <= came.drawn,
  );
  const hover = hovers.at(-1);
  console.log(
    came === null || hover === undefined
      ? 'first hover: none'
      : `first hover: drawn ${after(came.drawn)}; asked ${after(hover.asked)}, answered ${after(hover.answered)}`,
  );
  console.log(
    told === undefined
      ? 'first diagnostics: none'
      : `first diagnostics: answered ${after(told.answered)}; asked ${after(told.asked)}`,
  );
  if (args.includes('--first')) tell(shown);
}

/** Until nothing goes between editor and server, and the page has nothing to do: what is measured then is not in the way of each other. */
async function quiet(): Promise<void> {
  await until(async () => Date.now() - (ours().at(-1)?.time ?? 0) > QUIET_MS);
  await watch.calm();
}

/** What went between editor and server, with milliseconds since the file was drawn. */
function tell(began: number): void {
  for (const { time, text } of ours())
    if (!/\$\/progress/.test(text))
      console.log(`  ${(time - began).toFixed(0).padStart(6)} ms  ${text.slice(0, 110)}`);
}

/** From an event to what is drawn: how long in all, and whose time that was. */
interface Share {
  readonly all: number;
  readonly before: number;
  readonly own: number;
  readonly after: number;
}

function tellShares(what: string, shares: readonly Share[], before: string): void {
  const of = (pick: (one: Share) => number): string => said(shares.map(pick));
  console.log(`${what}: ${of((one) => one.all)} (${shares.length} times)`);
  console.log(`  the workbench until Lockwalk is asked${before}: ${of((one) => one.before)}`);
  console.log(`  Lockwalk: ${of((one) => one.own)}`);
  console.log(`  the workbench until it is drawn: ${of((one) => one.after)}`);
}

async function cards(): Promise<void> {
  await quiet();
  const tokens = page.locator('.view-line span span');
  const times: Times[] = [];
  const count = await tokens.count();
  for (let at = 0; at < count && times.length < edits; at += 3) {
    const token = tokens.nth(at);
    if (!/^\s*\w{4,}\s*$/.test(await token.innerText({ timeout: 1000 }).catch(() => ''))) continue;
    const box = await token.boundingBox();
    if (box === null) continue;
    await until(async () => !(await watch.isThere(CARD)), 2000);
    const one = await card(box.x + box.width / 2, box.y + box.height / 2, NO_CARD_MS);
    if (one !== null) times.push(one);
    await bench.pointerAway();
  }
  const answers = exchanges('textDocument/hover');
  const shares = times.flatMap(({ pointer, drawn }) => {
    const one = answers.findLast(({ asked, answered }) => asked >= pointer - 1 && answered <= drawn + 1);
    if (one === undefined) return [];
    const { asked, answered } = one;
    return [
      { all: drawn - pointer, before: asked - pointer, own: answered - asked, after: drawn - answered },
    ];
  });
  tellShares('hover, pointer to card', shares, ', with 100 ms of its own delay');
}

async function keystrokes(): Promise<void> {
  await page.keyboard.press('Control+Home');
  const at = lines.findIndex((text, n) => n > 200 && /^static /.test(text) && lines[n - 1] === '');
  await bench.open(path, at + 1);
  await page.keyboard.press('Home');
  await page.keyboard.insertText(PROBE.join('\n'));
  await bench.open(path, at + 1 + PROBE_LINE);
  await page.keyboard.press('Home');
  for (let n = 0; n < 'spin_lock'.length; n++) await page.keyboard.press('ArrowRight');
  await bench.pointerAway();
  await page.waitForFunction(`document.querySelectorAll('${SQUIGGLES}').length > 0`, undefined, {
    timeout: 120_000,
  });
  const all = await page.locator(SQUIGGLES).count();
  await quiet();
  const times: Times[] = [];
  for (let n = 0; n < edits; n++) {
    for (const key of ['Backspace', 'k']) {
      const isThere = key === 'k';
      const count = isThere ? all : all - 1;
      await watch.arm({ kind: 'count', selector: SQUIGGLES, count, orLess: !isThere });
      await page.keyboard.press(key);
      const one = await watch.times(60_000);
      if (one === null) throw new Error(`after ${key} there are not ${count} squiggles`);
      times.push(one);
    }
  }
  await bench.shot('keystrokes');
  const changes = ours().filter(({ text }) => /Sending notification 'textDocument\/didChange'/.test(text));
  const answers = exchanges('textDocument/diagnostic');
  const shares = times.flatMap(({ key, drawn }) => {
    const change = changes.find(({ time }) => time >= key - 1)?.time;
    const answer = answers.findLast(({ answered }) => answered <= drawn + 1)?.answered;
    if (change === undefined || answer === undefined || answer < change) return [];
    return [{ all: drawn - key, before: change - key, own: answer - change, after: drawn - answer }];
  });
  tellShares('keystroke to squiggle', shares, '');
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
