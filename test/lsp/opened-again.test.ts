/** A tree that is opened again: what the server found of it before is there, and says the same. */
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { inRepository } from '../repository.js';
import { startBuilt } from './built.js';
import { TestClient } from './client.js';

const FILE = inRepository('examples/tree/fs/netfsd/dir.c');
const URI = pathToFileURL(FILE).href;
const TEXT = readFileSync(FILE, 'utf8');
const PATIENCE_MS = 20_000;
/** Longer than the server waits before it puts on disk what it found. */
const REST_MS = 3000;

const rest = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** What is kept in a folder, how many of each kind. */
function keptIn(cacheHome: string): Readonly<Record<string, number>> {
  const answers = join(cacheHome, 'lockwalk/answers');
  const out: Record<string, number> = {};
  for (const build of existsSync(answers) ? readdirSync(answers) : [])
    for (const kind of readdirSync(join(answers, build)))
      out[kind] = readdirSync(join(answers, build, kind), { recursive: true, withFileTypes: true }).filter(
        (entry) => entry.isFile(),
      ).length;
  return out;
}

/** When facts and analyses were put in a folder, by file. */
function writtenIn(cacheHome: string): readonly (readonly [string, number])[] {
  return readdirSync(cacheHome, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.parentPath.includes('/unit/'))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
    .map((path) => [path, statSync(path).mtimeMs] as const);
}

async function withServer<T>(cacheHome: string, run: (client: TestClient) => Promise<T>): Promise<T> {
  const server = startBuilt(cacheHome);
  const client = new TestClient(server.stdout, server.stdin, server);
  try {
    await client.initialize();
    const out = await run(client);
    assert.equal(await client.shutdown(), 0);
    return out;
  } finally {
    server.kill(); // a failed test leaves it running
  }
}

/** Findings of the file as it is, and a card in the middle of it. */
async function said(client: TestClient): Promise<unknown> {
  await client.open(URI, TEXT);
  const { diagnostics } = await client.diagnostics(URI, 1);
  const line = TEXT.split('\n').findIndex((text) => /^\t.*rcu/.test(text));
  const card = await client.connection.sendRequest('textDocument/hover', {
    textDocument: { uri: URI },
    position: { line, character: 2 },
  });
  return { diagnostics, card };
}

describe('a tree that is opened again', () => {
  it('finds what the last server kept, and says the same; what is being typed is not kept', async () => {
    const cacheHome = mkdtempSync(join(tmpdir(), 'lockwalk-again-'));
    try {
      const first = await withServer(cacheHome, async (client) => {
        const before = await said(client);
        for (let waited = 0; keptIn(cacheHome).analysis === undefined; waited += 100) {
          assert.ok(waited < PATIENCE_MS, 'nothing was kept');
          await rest(100);
        }
        const { facts } = keptIn(cacheHome);
        await client.change(URI, 2, [
          {
            range: { start: { line: 0, character: 0 }, end: { line: 0, character: 0 } },
            text: 'int more;\n',
          },
        ]);
        await client.diagnostics(URI, 2);
        await rest(REST_MS);
        assert.equal(keptIn(cacheHome).facts, facts);
        return before;
      });
      assert.ok((first as { readonly diagnostics: readonly unknown[] }).diagnostics.length > 0);
      assert.notEqual((first as { readonly card: unknown }).card, null);
      const written = writtenIn(cacheHome);
      const again = await withServer(cacheHome, async (client) => {
        const now = await said(client);
        await rest(REST_MS);
        return now;
      });
      assert.deepEqual(again, first);
      // Nothing was made anew
      assert.deepEqual(writtenIn(cacheHome), written);
    } finally {
      rmSync(cacheHome, { recursive: true, force: true });
    }
  }).timeout(90_000);
});
