/**
 * Diagnostics where the client asks for them: nothing is sent, a question starts nothing, waits for what is on its way, and is
 * asked again only where the answer has changed.
 */
import assert from 'node:assert/strict';
import {
  type ClientCapabilities,
  type DocumentDiagnosticReport,
  LSPErrorCodes,
  type ResponseError,
} from 'vscode-languageserver/node';
import { CAPABILITIES } from './client.js';
import { FakeServer, until } from './fake-server.js';

const TEXT = 'void put(struct foo *foo)\n{\n\tkfree(foo);\n}\n';
const PULLS: ClientCapabilities = {
  ...CAPABILITIES,
  workspace: { ...CAPABILITIES.workspace, diagnostics: { refreshSupport: true } },
  textDocument: { ...CAPABILITIES.textDocument, diagnostic: {} },
};

describe('lsp pull diagnostics', () => {
  let server: FakeServer;
  let uri = '';
  let refreshes = 0;

  beforeEach(async () => {
    server = new FakeServer({ 'fs/foo.c': TEXT, 'fs/bar.c': TEXT });
    uri = server.uri('fs/foo.c');
    refreshes = 0;
    server.client.connection.onRequest('workspace/diagnostic/refresh', () => {
      refreshes++;
      return null;
    });
  });
  afterEach(() => server.end());

  function pull(of = uri, previousResultId?: string): Promise<DocumentDiagnosticReport> {
    return server.client.connection.sendRequest('textDocument/diagnostic', {
      textDocument: { uri: of },
      ...(previousResultId === undefined ? {} : { previousResultId }),
    });
  }

  const lines = (report: DocumentDiagnosticReport): readonly number[] | string =>
    report.kind === 'full' ? report.items.map((one) => one.range.start.line) : report.kind;

  it('are offered only where they are asked for', async () => {
    const { capabilities } = await server.client.initialize();
    assert.equal(capabilities.diagnosticProvider, undefined);
  });

  it('wait for the check that is on its way, and nothing is sent', async () => {
    server.world.steps = 20;
    server.world.stepMs = 10;
    const { capabilities } = await server.client.initialize(PULLS);
    assert.deepEqual(capabilities.diagnosticProvider, {
      identifier: 'lockwalk-open',
      interFileDependencies: false,
      workspaceDiagnostics: false,
    });
    await server.client.open(uri, TEXT);
    assert.deepEqual(lines(await pull()), [2]);
    await server.client.change(uri, 2, [{ text: `\n${TEXT}` }]);
    assert.deepEqual(lines(await pull()), [3]);
    assert.deepEqual(server.client.published, []);
    assert.equal(refreshes, 0, 'a client that asks after its own edit need not be told to');
  });

  it('start no check, however often they are asked for', async () => {
    await server.client.initialize(PULLS);
    await server.client.open(uri, TEXT);
    const first = await pull();
    assert.equal(server.checks(), 1);
    assert.ok(first.kind === 'full' && first.resultId !== undefined);
    for (let times = 0; times < 5; times++) assert.equal((await pull(uri, first.resultId)).kind, 'unchanged');
    assert.deepEqual(lines(await pull(uri, 'something else')), [2]);
    assert.equal(server.checks(), 1);
  });

  it('are for nothing where nothing is checked', async () => {
    server.client.settings = { check: 'off' };
    await server.client.initialize(PULLS);
    await server.client.open(uri, TEXT);
    assert.deepEqual(lines(await pull()), []);
    assert.deepEqual(lines(await pull(server.uri('fs/bar.c'))), [], 'a file that is not open');
    assert.equal(server.checks(), 0);
  });

  it('are sent back where a newer text is on its way', async () => {
    // So many that it does not end before it is stopped, however slow the machine is
    server.world.steps = 20_000;
    server.world.stepMs = 10;
    await server.client.initialize(PULLS);
    await server.client.open(uri, TEXT);
    const asked = pull().then(
      () => null,
      (error: ResponseError<{ retriggerRequest: boolean }>) => error,
    );
    await until(() => server.checks() > 0);
    await server.client.change(uri, 2, [{ text: `\n${TEXT}` }]);
    const error = await asked;
    server.world.steps = 1;
    assert.equal(error?.code, LSPErrorCodes.ServerCancelled);
    assert.deepEqual(error?.data, { retriggerRequest: true });
    assert.deepEqual(lines(await pull()), [3]);
  });

  it('are asked for again where an edit elsewhere changes them, and only then', async () => {
    const other = server.uri('fs/bar.c');
    await server.client.initialize(PULLS);
    await server.client.open(uri, TEXT);
    await server.client.open(other, TEXT);
    const before = await pull(other);
    await pull();
    assert.ok(before.kind === 'full');
    await server.client.change(uri, 2, [{ text: `${TEXT}\n` }]);
    await pull();
    await until(() => server.checks('fs/bar.c') === 2);
    await new Promise((go) => setTimeout(go, 200));
    assert.equal(refreshes, 0, 'nothing is different');
    server.world.alsoFound = 'fs/bar.c';
    await server.client.change(uri, 3, [{ text: TEXT }]);
    await pull();
    await until(() => refreshes === 1);
    assert.deepEqual(lines(await pull(other, before.resultId)), [0, 2]);
  });

  it('follow settings', async () => {
    await server.client.initialize(PULLS);
    await server.client.open(uri, TEXT);
    await pull();
    server.client.settings = { severity: { rcu: 'off' } };
    await server.client.connection.sendNotification('workspace/didChangeConfiguration', { settings: null });
    await until(() => refreshes === 1);
    assert.deepEqual(lines(await pull()), []);
  });

  it('are as they were until a text is saved, where checks wait for that', async () => {
    server.client.settings = { check: 'onSave' };
    await server.client.initialize(PULLS);
    await server.client.open(uri, TEXT);
    const first = await pull();
    assert.ok(first.kind === 'full');
    await server.client.change(uri, 2, [{ text: `\n${TEXT}` }]);
    assert.equal((await pull(uri, first.resultId)).kind, 'unchanged');
    await server.client.connection.sendNotification('textDocument/didSave', { textDocument: { uri } });
    await until(() => refreshes === 1);
    assert.deepEqual(lines(await pull(uri, first.resultId)), [3]);
  });

  it('go where a check fails', async () => {
    await server.client.initialize(PULLS);
    await server.client.open(uri, TEXT);
    assert.deepEqual(lines(await pull()), [2]);
    server.world.failure = 'the engine fell over';
    await server.client.change(uri, 2, [{ text: TEXT }]);
    assert.deepEqual(lines(await pull()), []);
  });
});
