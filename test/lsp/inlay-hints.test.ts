/**
 * Inlay hints over the protocol, with an engine of the test's own: when they are asked for, in which lines, and how they are drawn.
 */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { pathToFileURL } from 'node:url';
import { type ClientCapabilities, createConnection, type InlayHint } from 'vscode-languageserver/node';
import type { InlayHint as Hint } from '../../server/src/engine/door.js';
import { specFor } from '../../server/src/lsp/place.js';
import { serve } from '../../server/src/lsp/server.js';
import { CAPABILITIES, TestClient } from './client.js';
import { type FakeWorld, fakeEngine, fakeWorld } from './fake-engine.js';

const TEXT = 'void put(struct foo *foo)\n{\n\tmutex_lock(&foo->lock);\n}\n';
const CAPABLE: ClientCapabilities = {
  ...CAPABILITIES,
  workspace: { ...CAPABILITIES.workspace, inlayHint: { refreshSupport: true } },
  textDocument: { ...CAPABILITIES.textDocument, inlayHint: {} },
};
const HINT: Hint = {
  line: 3,
  column: 25,
  label: 'lock',
  at: 'after',
  function: 'put',
  states: [
    [
      {
        held: [
          {
            class: 'foo::lock',
            instance: 'foo',
            expression: '&foo->lock',
            mode: 'exclusive',
            certainty: 'must',
            acquiredAt: { file: 'fs/foo.c', line: 3 },
            takenBy: [],
          },
        ],
        rcu: 'none',
        maySleep: true,
        whyAtomic: [],
        reached: [],
      },
    ],
  ],
};

describe('inlay hints over lsp', () => {
  let root = '';
  let world: FakeWorld = fakeWorld();
  let client: TestClient;
  let uri = '';
  let refreshed = 0;

  const ask = (from: number, to: number): Promise<InlayHint[] | null> =>
    client.connection.sendRequest('textDocument/inlayHint', {
      textDocument: { uri },
      range: { start: { line: from, character: 0 }, end: { line: to, character: 0 } },
    });

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'lockwalk-hints-'));
    for (const folder of ['fs', 'include/linux']) mkdirSync(join(root, folder), { recursive: true });
    writeFileSync(join(root, 'Makefile'), 'VERSION = 6\nPATCHLEVEL = 12\n');
    uri = pathToFileURL(join(root, 'fs/foo.c')).href;
    world = fakeWorld();
    world.hints = [HINT];
    const toServer = new PassThrough();
    const toClient = new PassThrough();
    serve(createConnection(toServer, toClient), {
      name: 'lockwalk',
      version: '0',
      specFor,
      makeEngine: fakeEngine(world),
      rulePage: () => null,
      methodPage: () => null,
    });
    client = new TestClient(toClient, toServer);
    refreshed = 0;
    client.connection.onRequest('workspace/inlayHint/refresh', () => {
      refreshed++;
      return null;
    });
  });

  afterEach(async () => {
    await client.shutdown();
    rmSync(root, { recursive: true, force: true });
  });

  it('are offered to clients that draw them, and to no others', async () => {
    const { capabilities } = await client.initialize();
    assert.equal(capabilities.inlayHintProvider, undefined);
  });

  it('are drawn behind the line, with the card as tooltip', async () => {
    const { capabilities } = await client.initialize(CAPABLE);
    assert.equal(capabilities.inlayHintProvider, true);
    await client.open(uri, TEXT);
    const [hint, more] = (await ask(0, 4)) ?? [];
    assert.ok(hint !== undefined && more === undefined);
    assert.deepEqual(hint.position, { line: 2, character: 24 });
    assert.equal(hint.label, 'lock');
    assert.match(
      JSON.stringify(hint.tooltip),
      /Held from here on:\*\* `&foo->lock`.*taken at \[line 3\]\(file:/,
    );
    assert.ok(world.asked.includes('hints 1-5 changes'));
  });

  it('wait for the check of their text, and start nothing by themselves', async () => {
    world.steps = 10;
    world.stepMs = 10;
    await client.initialize(CAPABLE);
    await client.open(uri, TEXT);
    await ask(0, 4);
    assert.deepEqual(
      world.asked.filter((one) => /^(check|hints)/.test(one)),
      ['check fs/foo.c high', 'hints 1-5 changes'],
    );
  });

  it('come as the settings say, and are asked for again when these change', async () => {
    client.settings = { inlayHints: 'off' };
    await client.initialize(CAPABLE);
    await client.open(uri, TEXT);
    assert.deepEqual(await ask(0, 4), []);
    client.settings = { inlayHints: 'all' };
    await client.connection.sendNotification('workspace/didChangeConfiguration', { settings: null });
    while (refreshed === 0) await new Promise((go) => setTimeout(go, 10));
    assert.equal((await ask(1, 2))?.length, 1);
    assert.ok(world.asked.includes('hints 2-3 all'));
    assert.ok(!world.asked.some((one) => one.endsWith('off')));
  });

  it('are asked for again when an edit elsewhere had the document checked anew', async () => {
    const other = pathToFileURL(join(root, 'fs/bar.c')).href;
    await client.initialize(CAPABLE);
    await client.open(uri, TEXT);
    await client.open(other, TEXT);
    await client.diagnostics(uri, 1);
    await client.diagnostics(other, 1);
    await ask(0, 4);
    assert.equal(refreshed, 0);
    await client.change(other, 2, [{ text: `${TEXT}\n` }]);
    while (refreshed === 0) await new Promise((go) => setTimeout(go, 20));
  });
});
