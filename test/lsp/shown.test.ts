/**
 * Lenses, call hierarchy and the trees beside the text, over the protocol: with the real engine in the built server, and what
 * only a stand-in for it shows (who waits for whom).
 */
import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { PassThrough } from 'node:stream';
import { pathToFileURL } from 'node:url';
import {
  type CallHierarchyIncomingCall,
  type CallHierarchyItem,
  type CallHierarchyOutgoingCall,
  type ClientCapabilities,
  type CodeLens,
  createConnection,
} from 'vscode-languageserver/node';
import { placeOf } from '../../server/src/lsp/place.js';
import {
  CALLERS_COMMAND,
  CALLERS_REQUEST,
  CONTEXTS_REQUEST,
  METHODS_REQUEST,
  RESULTS_NOTIFICATION,
  SCAN_REQUEST,
  type WireNode,
  type WireRange,
} from '../../server/src/lsp/protocol.js';
import { serve } from '../../server/src/lsp/server.js';
import { inRepository } from '../repository.js';
import { startBuilt } from './built.js';
import { CAPABILITIES, TestClient } from './client.js';
import { type FakeWorld, fakeEngine, fakeScan, fakeWorld } from './fake-engine.js';

const LEASE = inRepository('examples/tree/fs/netfsd/lease.c');
const URI = pathToFileURL(LEASE).href;
const TEXT = readFileSync(LEASE, 'utf8');
const SHOWS = { commands: [CALLERS_COMMAND], resultsNotifications: true };

function lineOf(text: string): number {
  return TEXT.split('\n').findIndex((line) => line.includes(text));
}

function treeText(nodes: readonly WireNode[], indent = ''): readonly string[] {
  return nodes.flatMap((node) => [
    `${indent}${node.label} | ${node.detail}`,
    ...treeText(node.children, `${indent}  `),
  ]);
}

describe('shown by the built server', () => {
  let client: TestClient;
  let server: ChildProcess;

  beforeEach(() => {
    const child = startBuilt();
    client = new TestClient(child.stdout, child.stdin, child);
    server = child;
  });

  afterEach(() => {
    server.kill(); // a failed test leaves it running
  });

  function ask<T>(method: string, params: object = {}): Promise<T> {
    return client.connection.sendRequest(method, params) as Promise<T>;
  }

  const document = { textDocument: { uri: URI } };

  it('lenses, with the command only where the client has it, and none where they are turned off', async () => {
    await client.initialize(CAPABILITIES, SHOWS);
    await client.open(URI, TEXT);
    const lenses = await ask<CodeLens[]>('textDocument/codeLens', document);
    assert.deepEqual(
      lenses.map(({ range, command }) => [range.start.line, command?.title, command?.command]),
      [
        [lineOf('netfsd_lease_left(const'), 'held: dentry->d_lock (1 caller)', CALLERS_COMMAND],
        [lineOf('int netfsd_delete'), 'dentry_operations.d_delete', CALLERS_COMMAND],
        [lineOf('int netfsd_delete'), 'held: dentry->d_lock; perhaps RCU read side; must not sleep', ''],
      ],
    );
    assert.deepEqual(
      lenses.map(({ command }) => command?.tooltip),
      [undefined, 'dentry_operations.d_delete in netfsd_lease_operations', undefined],
    );
    const [place] = lenses[0]?.command?.arguments ?? [];
    const callers = await ask<WireRange[]>(CALLERS_REQUEST, place);
    assert.deepEqual(
      callers.map(({ uri, range }) => [uri, range.start.line]),
      [[URI, lineOf('return netfsd_lease_left')]],
    );
    const again = TEXT.replace(
      'return netfsd_lease_left(dentry, 0)',
      'return netfsd_lease_left(dentry, 0) + netfsd_lease_left(dentry, 1)',
    );
    await client.change(URI, 2, [{ text: again }]);
    const edited = await ask<CodeLens[]>('textDocument/codeLens', document);
    assert.equal(edited[0]?.command?.title, 'held: dentry->d_lock (2 callers)');
    client.settings = { codeLens: false };
    await client.connection.sendNotification('workspace/didChangeConfiguration', { settings: null });
    assert.equal(await ask('textDocument/codeLens', document), null);
    assert.equal(await client.shutdown(), 0);
  });

  it('lenses of a client without the command have none', async () => {
    await client.initialize();
    await client.open(URI, TEXT);
    const lenses = await ask<CodeLens[]>('textDocument/codeLens', document);
    assert.deepEqual([...new Set(lenses.map((lens) => lens.command?.command))], ['']);
    assert.equal(await client.shutdown(), 0);
  });

  it('the call hierarchy up to the slot and down again, of unsaved text', async () => {
    await client.initialize();
    await client.open(URI, `\n${TEXT}`);
    const position = { line: lineOf('return netfsd_lease_left') + 1, character: 12 };
    const [item] =
      (await ask<CallHierarchyItem[] | null>('textDocument/prepareCallHierarchy', {
        ...document,
        position,
      })) ?? [];
    assert.ok(item);
    assert.equal(item.name, 'netfsd_lease_left');
    assert.equal(item.selectionRange.start.line, lineOf('netfsd_lease_left(const') + 1);
    const [caller] = await ask<CallHierarchyIncomingCall[]>('callHierarchy/incomingCalls', { item });
    assert.ok(caller);
    assert.equal(caller.from.name, 'netfsd_delete');
    assert.match(caller.from.detail ?? '', /^held: dentry->d_lock; .*must not sleep$/);
    assert.deepEqual(
      caller.fromRanges.map((range) => range.start.line),
      [position.line],
    );
    const [slot] = await ask<CallHierarchyIncomingCall[]>('callHierarchy/incomingCalls', {
      item: caller.from,
    });
    assert.ok(slot);
    assert.equal(slot.from.name, 'dentry_operations.d_delete (netfsd_lease_operations)');
    assert.deepEqual(await ask('callHierarchy/incomingCalls', { item: slot.from }), []);
    const down = await ask<CallHierarchyOutgoingCall[]>('callHierarchy/outgoingCalls', { item: caller.from });
    assert.deepEqual(
      down.map((call) => [call.to.name, call.fromRanges.map((range) => range.start.line)]),
      [['netfsd_lease_left', [position.line]]],
    );
    const nothing = await ask('textDocument/prepareCallHierarchy', {
      ...document,
      position: { line: 0, character: 0 },
    });
    assert.equal(nothing, null);
    assert.equal(await client.shutdown(), 0);
  });

  it('contexts at a place, and the methods of the directories of open files with their findings', async () => {
    await client.initialize();
    await client.open(URI, TEXT);
    const position = { line: lineOf('return end > now'), character: 3 };
    const nodes = await ask<WireNode[]>(CONTEXTS_REQUEST, { ...document, position });
    assert.match(treeText(nodes).join('\n'), /^netfsd_lease_left\(\) \| .*\n.*held: dentry->d_lock/);
    const none = await ask<WireNode[]>(CONTEXTS_REQUEST, {
      ...document,
      position: { line: 0, character: 0 },
    });
    assert.deepEqual(none, []);
    const methods = async (): Promise<string> => treeText(await ask<WireNode[]>(METHODS_REQUEST)).join('\n');
    const before = await methods();

    assert.match(before, /\n {4}d_delete \| netfsd_delete \u00b7 held: dentry->d_lock/);
    assert.match(before, /^fs\/netfsd \| 3 methods \u00b7 no findings in open files\n/);
    const at = { uri: URI, what: 'directory' } as const;
    await ask(SCAN_REQUEST, at);
    const scanned = await methods();
    assert.match(scanned, /^fs\/netfsd \| 3 methods \u00b7 1 finding\n/);
    assert.match(scanned, /\n {4}d_revalidate \| netfsd_revalidate \u00b7 1 finding/);
    const dir = inRepository('examples/tree/fs/netfsd/dir.c');
    const changes = [{ uri: pathToFileURL(dir).href, type: 2 }];
    await client.connection.sendNotification('workspace/didChangeWatchedFiles', { changes });
    assert.match(await methods(), /^fs\/netfsd \| 3 methods \u00b7 no findings in open files\n/);
    await client.open(pathToFileURL(dir).href, readFileSync(dir, 'utf8'));
    const after = await methods();
    assert.match(after, /\n {4}d_revalidate \| netfsd_revalidate \u00b7 1 finding/);
    assert.equal(await client.shutdown(), 0);
  });
});

describe('shown with a stand-in for the engine', () => {
  let world: FakeWorld = fakeWorld();
  let client: TestClient;

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
      rulePage: () => null,
      methodPage: () => null,
    });
    return new TestClient(toClient, toServer);
  }

  beforeEach(() => {
    world = fakeWorld();
    client = start();
  });

  afterEach(() => client.shutdown());

  it('lenses and contexts wait for the check that is under way', async () => {
    world.steps = 10;
    world.stepMs = 10;
    await client.initialize();
    await client.open(URI, TEXT);
    const at = { textDocument: { uri: URI }, position: { line: 1, character: 1 } };
    await Promise.all([
      client.connection.sendRequest('textDocument/codeLens', at),
      client.connection.sendRequest(CONTEXTS_REQUEST, at),
      client.connection.sendRequest(METHODS_REQUEST),
    ]);
    assert.match(world.asked.find((one) => /^(check|lenses|contexts|methods)/.test(one)) ?? '', /^check/);
    assert.equal(world.asked.filter((one) => one.startsWith('check')).length, 1);
    assert.deepEqual(
      ['lenses', 'contexts', 'methods'].filter((call) => !world.asked.some((one) => one.startsWith(call))),
      [],
    );
  });

  it('tells those who ask for it when results are others', async () => {
    let told = 0;
    let refreshed = 0;
    client.connection.onNotification(RESULTS_NOTIFICATION, () => {
      told++;
    });
    client.connection.onRequest('workspace/codeLens/refresh', () => {
      refreshed++;
      return null;
    });
    const capabilities: ClientCapabilities = {
      ...CAPABILITIES,
      workspace: { ...CAPABILITIES.workspace, codeLens: { refreshSupport: true } },
    };
    await client.initialize(capabilities, SHOWS);
    await client.open(URI, TEXT);
    await client.diagnostics(URI, 1);
    while (told === 0 || refreshed === 0) await new Promise((go) => setTimeout(go, 20));
    assert.deepEqual([told, refreshed], [1, 1]);
  });

  it('items of others are asked nothing', async () => {
    await client.initialize();
    await client.open(URI, TEXT);
    const range = { start: { line: 0, character: 0 }, end: { line: 0, character: 1 } };
    const item = { name: 'x', kind: 12, uri: URI, range, selectionRange: range, data: { file: 3 } };
    assert.deepEqual(await client.connection.sendRequest('callHierarchy/incomingCalls', { item }), []);
    assert.deepEqual(
      world.asked.filter((one) => one.startsWith('calls')),
      [],
    );
  });
});
