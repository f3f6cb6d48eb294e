import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { pathToFileURL } from 'node:url';
import {
  CancellationTokenSource,
  type CodeAction,
  createConnection,
  type Diagnostic,
  type Hover,
} from 'vscode-languageserver/node';
import type { HoverAnswer } from '../../server/src/engine/door.js';
import { placeOf } from '../../server/src/lsp/place.js';
import {
  EXPLAIN_COMMAND,
  PICTURE_REQUEST,
  type PictureParams,
  type PictureReply,
  STATUS_REQUEST,
  type StatusReport,
} from '../../server/src/lsp/protocol.js';
import { serve } from '../../server/src/lsp/server.js';
import { CAPABILITIES, TestClient } from './client.js';
import { type FakeWorld, fakeEngine, fakeScan, fakeWorld } from './fake-engine.js';

const TEXT = 'void put(struct foo *foo)\n{\n\tkfree(foo);\n}\n';
const NOTHING_HELD: HoverAnswer = {
  version: 1,
  file: 'fs/foo.c',
  line: 3,
  function: 'put',
  atEntry: false,
  damaged: false,
  unknowns: [],
  contexts: [
    {
      entry: null,
      via: [],
      held: [],
      rcu: 'none',
      maySleep: true,
      whyAtomic: [],
      path: [],
      situation: '',
      complete: true,
      takenBy: [],
    },
  ],
  subject: null,
};

describe('lsp server', () => {
  let root = '';
  let world: FakeWorld = fakeWorld();
  let client: TestClient;
  let uri = '';

  function start(): TestClient {
    const toServer = new PassThrough();
    const toClient = new PassThrough();
    const connection = createConnection(toServer, toClient);
    serve(connection, {
      name: 'lockwalk',
      version: '0',
      placeOf,
      makeEngine: fakeEngine(world),
      scan: fakeScan(world),
      rulePage: (rule) => `file:///pages/${rule}.md`,
      methodPage: (struct, method) => `file:///pages/${struct}/${method}.md`,
    });
    return new TestClient(toClient, toServer);
  }

  function codeActionsAt(diagnostics: readonly Diagnostic[]): Promise<CodeAction[] | null> {
    const [first] = diagnostics;
    assert.ok(first);
    return client.connection.sendRequest('textDocument/codeAction', {
      textDocument: { uri },
      range: first.range,
      context: { diagnostics },
    });
  }

  function hoverAt(line: number, character: number): Promise<Hover | null> {
    return client.connection.sendRequest('textDocument/hover', {
      textDocument: { uri },
      position: { line, character },
    });
  }

  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'lockwalk-lsp-'));
    for (const folder of ['fs', 'include/linux']) mkdirSync(join(root, folder), { recursive: true });
    writeFileSync(join(root, 'Makefile'), 'VERSION = 6\nPATCHLEVEL = 12\n');
    writeFileSync(join(root, 'fs/foo.c'), TEXT);
    uri = pathToFileURL(join(root, 'fs/foo.c')).href;
    world = fakeWorld();
    client = start();
  });

  afterEach(async () => {
    await client.shutdown();
    rmSync(root, { recursive: true, force: true });
  });

  it('publishes findings with their witness, page and fingerprint', async () => {
    await client.initialize();
    await client.open(uri, TEXT);
    const { diagnostics } = await client.diagnostics(uri, 1);
    assert.equal(diagnostics.length, 1);
    const [diagnostic] = diagnostics;
    assert.deepEqual(diagnostic?.range, {
      start: { line: 2, character: 1 },
      end: { line: 2, character: 11 },
    });
    assert.equal(diagnostic?.code, 'rcu/early-free');
    assert.deepEqual(diagnostic?.codeDescription, { href: 'file:///pages/rcu/early-free.md' });
    assert.deepEqual(diagnostic?.data, { fingerprint: 'fake-foo' });
    assert.match(diagnostic?.relatedInformation?.[1]?.message ?? '', /^CPU 1: /);
  });

  it('links a finding to the command that shows the page where the client has it', async () => {
    await client.initialize(undefined, { commands: [EXPLAIN_COMMAND] });
    await client.open(uri, TEXT);
    const { diagnostics } = await client.diagnostics(uri, 1);
    assert.deepEqual(diagnostics[0]?.codeDescription, {
      href: 'command:lockwalk.explainRule?%5B%22rcu%2Fearly-free%22%5D',
    });
  });

  it('follows incremental edits and drops what an older text gave', async () => {
    world.steps = 20;
    world.stepMs = 10;
    await client.initialize();
    await client.open(uri, TEXT);
    const at = { line: 2, character: 1 };
    await client.change(uri, 2, [{ range: { start: at, end: { line: 2, character: 12 } }, text: '' }]);
    await client.change(uri, 3, [{ range: { start: at, end: at }, text: 'kfree(a);\n\tkfree(b);' }]);
    const { diagnostics } = await client.diagnostics(uri, 3);
    assert.deepEqual(
      diagnostics.map((one) => one.range.start.line),
      [2, 3],
    );
    assert.deepEqual([...new Set(client.published.map((one) => one.version))], [3]);
  });

  it('counts columns in UTF-8 where the client offers it', async () => {
    const result = await client.initialize({
      ...CAPABILITIES,
      general: { positionEncodings: ['utf-8', 'utf-16'] },
    });
    assert.equal(result.capabilities.positionEncoding, 'utf-8');
    const text = 'void f(void)\n{\n\t/* \u00e4\u{1f512} */ kfree(foo);\n}\n';
    await client.open(uri, text);
    const before = await client.diagnostics(uri, 1);
    const prefix = Buffer.byteLength('\t/* \u00e4\u{1f512} */ ');
    assert.equal(before.diagnostics[0]?.range.start.character, prefix);
    const start = { line: 2, character: prefix + 'kfree('.length };
    await client.change(uri, 2, [
      { range: { start, end: { line: 2, character: start.character + 3 } }, text: 'barbar' },
    ]);
    const after = await client.diagnostics(uri, 2);
    assert.deepEqual(after.diagnostics[0]?.data, { fingerprint: 'fake-barbar' });
    const actions = await codeActionsAt(after.diagnostics);
    const change = actions?.[0]?.edit?.documentChanges?.[0];
    assert.ok(change !== undefined && 'edits' in change && 'range' in (change.edits[0] ?? {}));
    assert.equal(JSON.parse(JSON.stringify(change.edits[0])).range.start.character, prefix);
  });

  it('offers quick fixes, safe ones first and preferred, with document versions', async () => {
    world.moreEdits = [
      { file: 'fs/foo.h', startLine: 1, startColumn: 1, endLine: 1, endColumn: 1, text: '/* */' },
    ];
    writeFileSync(join(root, 'fs/foo.h'), 'struct foo;\n');
    await client.initialize(CAPABILITIES, { commands: ['lockwalk.explainRule'] });
    await client.open(uri, TEXT);
    const { diagnostics } = await client.diagnostics(uri, 1);
    const actions = await codeActionsAt(diagnostics);
    assert.deepEqual(
      actions?.map((action) => [action.title, action.isPreferred]),
      [
        ['Free it after a grace period', true],
        ['Review: free it later', false],
        ['Ignore rcu/early-free here (reason to be filled in)', undefined],
        ['Explain rcu/early-free', undefined],
      ],
    );
    const documents = actions?.[0]?.edit?.documentChanges?.map((change) =>
      'textDocument' in change ? change.textDocument : null,
    );
    assert.deepEqual(documents, [
      { uri, version: 1 },
      { uri: pathToFileURL(join(root, 'fs/foo.h')).href, version: null },
    ]);
  });

  describe('writes preconditions down', () => {
    const FIX = 'Write down what is held: lockdep_assert_held(&foo->lock);';

    async function titlesAt(
      line: number,
      only?: readonly string[],
    ): Promise<readonly (string | undefined)[]> {
      const at = { line, character: 5 };
      const actions: CodeAction[] | null = await client.connection.sendRequest('textDocument/codeAction', {
        textDocument: { uri },
        range: { start: at, end: at },
        context: { diagnostics: [], ...(only === undefined ? {} : { only }) },
      });
      return (actions ?? [])
        .filter((one) => one.kind !== 'quickfix')
        .map((one) => `${one.kind} ${one.title}`);
    }

    beforeEach(async () => {
      const edit = { file: 'fs/foo.c', startLine: 3, startColumn: 1, endLine: 3, endColumn: 1, text: '\n' };
      world.annotation = {
        file: 'fs/foo.c',
        function: 'put',
        line: 1,
        locks: [],
        contexts: [],
        fix: { title: FIX, safety: 'safe', edits: [edit] },
        reason: null,
      };
      await client.initialize();
      await client.open(uri, TEXT);
      await client.diagnostics(uri, 1);
    });

    it('on a signature, as a refactoring', async () => {
      assert.deepEqual(await titlesAt(0), [`refactor.rewrite ${FIX}`]);
      assert.deepEqual(await titlesAt(0, ['refactor']), [`refactor.rewrite ${FIX}`]);
      assert.ok(world.asked.includes('annotate 1'));
    });

    it('asks nothing for a statement, or where only fixes are wanted', async () => {
      assert.deepEqual(await titlesAt(2), []);
      assert.deepEqual(await titlesAt(0, ['quickfix']), []);
      assert.deepEqual(await titlesAt(0, ['refactor.extract', 'refactorings']), []);
      assert.deepEqual(
        world.asked.filter((one) => one.startsWith('annotate')),
        [],
      );
    });

    it('not where nothing is certain', async () => {
      world.annotation = null;
      assert.deepEqual(await titlesAt(0), []);
    });
  });

  it('offers no fix that edits a document changed since the check', async () => {
    const header = pathToFileURL(join(root, 'fs/foo.h')).href;
    world.moreEdits = [
      { file: 'fs/foo.h', startLine: 1, startColumn: 1, endLine: 1, endColumn: 1, text: '/* */' },
    ];
    client.settings = { check: 'onSave' };
    await client.initialize();
    await client.open(header, 'struct foo;\n');
    await client.diagnostics(header, 1);
    await client.open(uri, TEXT);
    const { diagnostics } = await client.diagnostics(uri, 1);
    await client.change(header, 2, [{ text: 'struct foo;\nstruct bar;\n' }]);
    const actions = await codeActionsAt(diagnostics);
    assert.deepEqual(
      actions?.map((action) => action.title),
      ['Review: free it later', 'Ignore rcu/early-free here (reason to be filled in)'],
    );
  });

  it('answers a hover while a check is running, and ends the check afterwards', async () => {
    world.steps = 100;
    world.stepMs = 10;
    world.hover = NOTHING_HELD;
    await client.initialize();
    await client.open(uri, TEXT);
    while (!world.asked.some((one) => one.startsWith('check'))) await new Promise((go) => setTimeout(go, 5));
    const began = performance.now();
    const answer = await hoverAt(2, 3);
    assert.ok(performance.now() - began < 500, 'the hover waited for the check');
    assert.match(JSON.stringify(answer), /no lock/);
    await client.diagnostics(uri, 1);
    assert.equal(world.asked.filter((one) => one.startsWith('check')).length, 2);
  });

  it('shows what is known of a name, then the contexts, with links that the client can follow', async () => {
    world.hover = {
      ...NOTHING_HELD,
      subject: {
        kind: 'method',
        name: 'd_release',
        range: { line: 3, column: 2, endColumn: 7 },
        effect: null,
        contracts: [
          {
            struct: 'dentry_operations',
            method: 'd_release',
            version: '6.12',
            summary: 'Ends a dentry.',
            phrases: ['may sleep'],
            obligations: [],
          },
        ],
        locks: [],
      },
    };
    await client.initialize();
    await client.open(uri, TEXT);
    const answer = await hoverAt(2, 3);
    const said = JSON.stringify(answer?.contents);
    assert.match(said, /d_release\(\).*Ends a dentry.*Held here.*no lock/);
    assert.match(said, /\(file:\/\/\/pages\/dentry_operations\/d_release.md\)/);
    assert.deepEqual(answer?.range, { start: { line: 2, character: 1 }, end: { line: 2, character: 6 } });
  });

  it('passes on a picture, with where the tree lies', async () => {
    world.picture = {
      version: 1,
      kind: 'timeline',
      title: 'put()',
      svg: '<svg/>',
      file: 'fs/foo.c',
      function: 'put',
      firstLine: 1,
      lastLine: 4,
      situations: ['one'],
      situation: -1,
    };
    await client.initialize();
    await client.open(uri, TEXT);
    const ask = (params: PictureParams): Promise<PictureReply> =>
      client.connection.sendRequest<PictureReply>(PICTURE_REQUEST, params);
    const reply = await ask({ kind: 'timeline', uri, line: 2 });
    assert.deepEqual([reply.problem, reply.svg, reply.file, reply.lastLine], [null, '<svg/>', 'fs/foo.c', 4]);
    assert.match(reply.root, /^file:\/\/\//);
    world.picture = null;
    assert.equal((await ask({ kind: 'lock-order', uri, line: 0 })).problem, 'nothing here');
    const outside = await ask({ kind: 'timeline', uri: 'file:///nowhere/x.c', line: 0 });
    assert.match(outside.problem ?? '', /no kernel tree/);
  });

  it('is plain text for clients that draw nothing else', async () => {
    const [context] = NOTHING_HELD.contexts;
    assert.ok(context);
    world.hover = { ...NOTHING_HELD, contexts: [context, { ...context, rcu: 'walk', maySleep: false }] };
    const { textDocument } = CAPABILITIES;
    await client.initialize({
      ...CAPABILITIES,
      textDocument: { ...textDocument, hover: { contentFormat: ['plaintext'] } },
    });
    await client.open(uri, TEXT);
    const said = (await hoverAt(2, 3))?.contents;
    assert.deepEqual(said, {
      kind: 'plaintext',
      value:
        'Held here: differs by entry; in all: no lock\n\nentered | RCU | sleep\nno known entry | RCU-walk | must not sleep\nno known entry | no RCU | may sleep',
    });
  });

  it('opens contracts by a command where the client says that it has it', async () => {
    const contract = { struct: 's', method: 'm', version: '6.12', summary: '', phrases: [], obligations: [] };
    const range = { line: 3, column: 2, endColumn: 7 };
    world.hover = {
      ...NOTHING_HELD,
      subject: { kind: 'method', name: 'm', range, effect: null, contracts: [contract], locks: [] },
    };
    await client.initialize(CAPABILITIES, { commands: ['lockwalk.showContract'] });
    await client.open(uri, TEXT);
    assert.match(
      JSON.stringify((await hoverAt(2, 3))?.contents),
      /\(command:lockwalk.showContract\?%5B%22s%2Fm%22%5D\)/,
    );
  });

  it('stops a request that the client cancels', async () => {
    world.stepMs = 2000;
    world.hover = NOTHING_HELD;
    client.settings = { check: 'off' };
    await client.initialize();
    await client.open(uri, TEXT);
    const source = new CancellationTokenSource();
    const asked = client.connection.sendRequest(
      'textDocument/hover',
      { textDocument: { uri }, position: { line: 2, character: 3 } },
      source.token,
    );
    setTimeout(() => source.cancel(), 50);
    await assert.rejects(asked, /cancelled/);
  });

  it('leaves files outside a kernel tree alone', async () => {
    const outside = pathToFileURL(join(tmpdir(), 'lockwalk-outside.c')).href;
    await client.initialize();
    await client.open(outside, TEXT);
    await client.open(uri, TEXT);
    await client.diagnostics(uri, 1);
    assert.ok(client.published.every((one) => one.uri === uri));
    assert.deepEqual(client.logged, []);
  });

  it('keeps a failure of its own in the log and the status', async () => {
    world.failure = 'the engine fell over';
    await client.initialize();
    await client.open(uri, TEXT);
    let status: StatusReport | null = null;
    while (status?.state !== 'error') status = await client.connection.sendRequest(STATUS_REQUEST);
    assert.equal(status.trees[0]?.problems[0], 'the engine fell over');
    assert.ok(client.logged.some((one) => one.includes('the engine fell over')));
    world.failure = null;
    await client.change(uri, 2, [{ text: TEXT }]);
    assert.equal((await client.diagnostics(uri, 2)).diagnostics.length, 1);
    assert.deepEqual(client.shown, []);
  });

  it('reads settings of the resource and drops wrong ones with a word in the log', async () => {
    client.settings = { precision: 'low', kernelVersion: 'new' };
    await client.initialize();
    await client.open(uri, TEXT);
    await client.diagnostics(uri, 1);
    assert.ok(world.asked.includes('check fs/foo.c low'));
    assert.ok(client.logged.some((one) => one.includes('lockwalk.kernelVersion')));
    client.settings = { kernelVersion: '7.2' };
    await client.connection.sendNotification('workspace/didChangeConfiguration', { settings: null });
    while (world.specs.length < 2) await new Promise((go) => setTimeout(go, 5));
    assert.equal(world.specs[1]?.kernelVersion, '7.2');
  });

  it('shows progress of a long check', async () => {
    world.steps = 50;
    world.stepMs = 20;
    await client.initialize();
    await client.open(uri, TEXT);
    await client.diagnostics(uri, 1);
    const kinds = JSON.stringify(client.progress);
    assert.match(kinds, /"kind":"begin"/);
    assert.match(kinds, /"kind":"report"/);
    await new Promise((go) => setTimeout(go, 20));
    assert.match(JSON.stringify(client.progress), /"kind":"end"/);
  });
});
