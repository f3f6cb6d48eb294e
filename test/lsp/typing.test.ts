/**
 * Typing as people type, without a pause: the built server answers meanwhile, and afterwards says what a server says that
 * was started on the text as it is then.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { inRepository } from '../repository.js';
import { startBuilt } from './built.js';
import { TestClient } from './client.js';

const FILES = ['fs/pool/alloc.c', 'fs/netfsd/dir.c'].map((file) => inRepository('examples/tree', file));
const EDITS = 500;
const APART_MS = 50;
/** What is typed somewhere, a key at a time; about half of it is taken back the same way. */
const WORDS = [
  ' cpu_relax();',
  ' spin_lock(&pool->lock);',
  ' if (!inode) return -ECHILD;',
  ' kmalloc(1, GFP_KERNEL);',
  '\n#if 0\n',
  ' }',
  ' /* no end',
  ' schedule();',
];

interface Edit {
  readonly uri: string;
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** Single keys at one place after another; the same ones in each run. */
function* keys(texts: Map<string, string>): Generator<Edit> {
  let seed = 7;
  const random = (below: number): number => {
    seed = (Math.imul(seed, 1103515245) + 12345) >>> 0;
    return Math.floor((seed / 2 ** 32) * below);
  };
  const uris = [...texts.keys()];
  for (;;) {
    const uri = uris[random(uris.length)] as string;
    const text = texts.get(uri) as string;
    const ends = [...text.matchAll(/;\n/g)].map((match) => match.index + 1);
    const word = WORDS[random(WORDS.length)] as string;
    let at = ends[random(ends.length)] as number;
    for (const letter of word) {
      yield { uri, start: at, end: at, text: letter };
      at++;
    }
    if (random(2) === 0) continue;
    for (const _ of word) {
      yield { uri, start: at - 1, end: at, text: '' };
      at--;
    }
  }
}

function positionOf(text: string, offset: number): { readonly line: number; readonly character: number } {
  const before = text.slice(0, offset);
  return { line: before.split('\n').length - 1, character: offset - (before.lastIndexOf('\n') + 1) };
}

async function withServer(run: (client: TestClient) => Promise<void>): Promise<void> {
  // Each begins with nothing: what is found afresh must not be what the other one kept
  const cache = mkdtempSync(join(tmpdir(), 'lockwalk-typing-'));
  const child = startBuilt(cache);
  const client = new TestClient(child.stdout, child.stdin, child);
  try {
    await client.initialize();
    await run(client);
    assert.deepEqual(client.shown, []);
    assert.equal(await client.shutdown(), 0);
  } finally {
    child.kill();
    rmSync(cache, { recursive: true, force: true });
  }
}

/** The last that was said of each file, once nothing more comes. */
async function settled(client: TestClient, versions: ReadonlyMap<string, number>): Promise<string> {
  const said: unknown[] = [];
  for (const [uri, version] of versions) await client.diagnostics(uri, version);
  for (let seen = -1; seen !== client.published.length; ) {
    seen = client.published.length;
    await new Promise((go) => setTimeout(go, 2500)); // other files are checked again a second after an edit
  }
  for (const [uri, version] of versions)
    said.push([uri, (await client.diagnostics(uri, version)).diagnostics]);
  return JSON.stringify(said, null, 1);
}

describe('typing', () => {
  it(`${EDITS} edits at 20 a second leave what a fresh start says`, async function typed() {
    this.timeout(180_000);
    this.slow(60_000);
    const texts = new Map(FILES.map((file) => [pathToFileURL(file).href, readFileSync(file, 'utf8')]));
    const versions = new Map([...texts.keys()].map((uri) => [uri, 1]));
    let after = '';
    await withServer(async (client) => {
      for (const [uri, text] of texts) await client.open(uri, text);
      const typing = keys(texts);
      for (let count = 0; count < EDITS; count++) {
        const { uri, start, end, text } = typing.next().value as Edit;
        const before = texts.get(uri) as string;
        const version = (versions.get(uri) ?? 0) + 1;
        versions.set(uri, version);
        const range = { start: positionOf(before, start), end: positionOf(before, end) };
        texts.set(uri, before.slice(0, start) + text + before.slice(end));
        await client.change(uri, version, [{ range, text }]);
        await new Promise((go) => setTimeout(go, APART_MS));
        if (count % 100 === 50) {
          const asked = { textDocument: { uri }, position: range.start };
          await client.connection.sendRequest('textDocument/hover', asked); // an answer, whatever it is
        }
      }
      after = await settled(client, versions);
    });
    const fresh = new Map([...texts.keys()].map((uri) => [uri, 1]));
    await withServer(async (client) => {
      for (const [uri, text] of texts) await client.open(uri, text);
      assert.equal(after, await settled(client, fresh));
    });
    assert.ok(after.includes('"code"'), 'no finding is left to compare');
  });
});
