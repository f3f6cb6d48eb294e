/**
 * A scan of a whole directory: its report, its progress, and findings of files that are not open, which are never shown twice.
 */
import assert from 'node:assert/strict';
import { CancellationTokenSource, type ClientCapabilities } from 'vscode-languageserver/node';
import {
  EXPLAIN_FINDING_REQUEST,
  type FindingPage,
  SCAN_REQUEST,
  type ScanParams,
  type ScanReport,
} from '../../server/src/lsp/protocol.js';
import { RESCAN_AFTER_MS } from '../../server/src/lsp/rescans.js';
import { CAPABILITIES } from './client.js';
import { FakeServer, until } from './fake-server.js';

const BAD = 'void put(struct foo *foo)\n{\n\tkfree(foo);\n}\n';
const GOOD = 'int good;\n';
const PULLS: ClientCapabilities = {
  ...CAPABILITIES,
  workspace: { ...CAPABILITIES.workspace, diagnostics: { refreshSupport: true } },
  textDocument: { ...CAPABILITIES.textDocument, diagnostic: {} },
};

describe('lsp scan', () => {
  let server: FakeServer;
  let uri = '';

  beforeEach(() => {
    server = new FakeServer({
      'fs/a/foo.c': BAD,
      'fs/b/bar.c': BAD.replace('(foo)', '(bar)'),
      'fs/b/good.c': GOOD,
    });
    uri = server.uri('fs/a/foo.c');
    server.client.connection.onRequest('workspace/diagnostic/refresh', () => null);
  });
  afterEach(() => server.end());

  function scan(what: ScanParams['what'] = 'tree', of = uri, more: object = {}): Promise<ScanReport | null> {
    return server.client.connection.sendRequest(SCAN_REQUEST, { uri: of, what, ...more });
  }

  /** Lines of what was sent last of a file; null where nothing was sent. */
  function shown(file: string): readonly number[] | null {
    const last = server.client.published.findLast((one) => one.uri === server.uri(file));
    return last?.diagnostics.map((one) => one.range.start.line) ?? null;
  }

  it('reports counts by rule and shows what is found in files that are not open', async () => {
    await server.client.initialize();
    const report = await scan();
    assert.deepEqual(
      { ...report, ms: 0 },
      {
        version: 1,
        root: server.root,
        paths: ['fs'],
        cancelled: false,
        problem: null,
        files: 1,
        functions: 1,
        findings: 2,
        filesWithFindings: 2,
        rules: [{ rule: 'rcu/early-free', findings: 2 }],
        skipped: [],
        ms: 0,
      },
    );
    assert.deepEqual(shown('fs/a/foo.c'), [2]);
    assert.deepEqual(shown('fs/b/bar.c'), [2]);
  });

  it('takes the directory of a file, or a folder', async () => {
    await server.client.initialize();
    assert.deepEqual((await scan('directory'))?.paths, ['fs/a']);
    assert.deepEqual((await scan('directory', server.uri('fs/b')))?.paths, ['fs/b']);
    assert.equal(await scan('tree', 'file:///tmp/nowhere.c'), null);
  });

  for (const [how, capabilities] of [
    ['pushed', CAPABILITIES],
    ['pulled', PULLS],
  ] as const) {
    it(`shows nothing twice while a file is opened and closed, where findings are ${how}`, async () => {
      const isPulled = how === 'pulled';
      await server.client.initialize(capabilities);
      const answered = async (): Promise<void> => {
        if (isPulled)
          await server.client.connection.sendRequest('textDocument/diagnostic', { textDocument: { uri } });
        else await server.client.diagnostics(uri, 1);
      };
      await scan();
      await server.client.open(uri, BAD);
      await answered();
      assert.deepEqual(shown('fs/a/foo.c'), isPulled ? [] : [2]);
      assert.deepEqual(shown('fs/b/bar.c'), [2]);
      await scan();
      assert.deepEqual(shown('fs/a/foo.c'), isPulled ? [] : [2], 'a second scan');
      await server.client.close(uri);
      await until(() => shown('fs/a/foo.c')?.length === 1);
    });
  }

  it('drops what no longer holds: an edit that was thrown away, a file that changed, a fixed one', async () => {
    await server.client.initialize();
    await scan();
    await server.client.open(uri, BAD);
    await server.client.change(uri, 2, [{ text: GOOD }]);
    await server.client.close(uri);
    await until(() => shown('fs/a/foo.c')?.length === 0);
    const changes = [{ uri: server.uri('fs/b/bar.c'), type: 2 }];
    await server.client.connection.sendNotification('workspace/didChangeWatchedFiles', { changes });
    await until(() => shown('fs/b/bar.c')?.length === 0);
    await scan();
    assert.deepEqual(shown('fs/b/bar.c'), [2]);
    server.write('fs/b/bar.c', GOOD);
    await scan('directory', server.uri('fs/b'));
    assert.deepEqual(shown('fs/b/bar.c'), []);
    assert.deepEqual(shown('fs/a/foo.c'), [2], 'not part of the second scan');
  });

  it('shows after a fix was saved and the file closed what the last check said', async () => {
    await server.client.initialize();
    await scan();
    await server.client.open(uri, BAD);
    await server.client.change(uri, 2, [{ text: GOOD }]);
    await server.client.diagnostics(uri, 2);
    server.write('fs/a/foo.c', GOOD);
    await server.client.close(uri);
    await new Promise((go) => setTimeout(go, 50));
    assert.deepEqual(shown('fs/a/foo.c'), []);
  });

  for (const [how, capabilities] of [
    ['pushed', CAPABILITIES],
    ['pulled', PULLS],
  ] as const) {
    it(`brings what a scan found up to date after an edit was saved and the file closed, where findings are ${how}`, async () => {
      await server.client.initialize(capabilities);
      await scan();
      const moved = `\n\n${BAD}`;
      await server.client.open(uri, BAD);
      await server.client.change(uri, 2, [{ text: moved }]);
      server.write('fs/a/foo.c', moved);
      await server.client.close(uri); // before its check can be done
      await until(() => shown('fs/a/foo.c')?.[0] === 4);
      assert.deepEqual(shown('fs/b/bar.c'), [2], 'another folder');
    });
  }

  it('shows what was new in a file that was saved and closed, and looks at its folder again', async () => {
    const good = server.uri('fs/b/good.c');
    await server.client.initialize();
    await scan();
    await server.client.open(good, GOOD);
    await server.client.change(good, 2, [{ text: BAD }]);
    await server.client.diagnostics(good, 2);
    server.write('fs/b/good.c', BAD);
    server.write('fs/b/bar.c', GOOD);
    await server.client.close(good);
    await until(() => shown('fs/b/good.c')?.length === 1);
    await until(() => shown('fs/b/bar.c')?.length === 0);
    assert.deepEqual(shown('fs/b/good.c'), [2]);
  });

  it('puts back what an edit that was thrown away had taken, and forgets a file that is gone', async () => {
    await server.client.initialize();
    await scan();
    await server.client.open(uri, BAD);
    await server.client.change(uri, 2, [{ text: GOOD }]);
    await server.client.diagnostics(uri, 2);
    await server.client.close(uri);
    await until(() => shown('fs/a/foo.c')?.length === 0);
    await until(() => shown('fs/a/foo.c')?.length === 1);
    server.remove('fs/b/bar.c');
    const asked = server.checks();
    const changes = [{ uri: server.uri('fs/b/bar.c'), type: 3 }];
    await server.client.connection.sendNotification('workspace/didChangeWatchedFiles', { changes });
    await until(() => shown('fs/b/bar.c')?.length === 0 && server.checks() > asked);
    assert.deepEqual(shown('fs/b/bar.c'), []);
  });

  it('starts nothing for files that no scan has looked at', async () => {
    await server.client.initialize();
    await scan('directory', server.uri('fs/b'));
    const asked = server.world.asked.filter((one) => one.startsWith('check ')).length;
    const changes = [{ uri: server.uri('fs/a/foo.c'), type: 2 }];
    await server.client.connection.sendNotification('workspace/didChangeWatchedFiles', { changes });
    await new Promise((go) => setTimeout(go, RESCAN_AFTER_MS + 300));
    assert.equal(server.world.asked.filter((one) => one.startsWith('check ')).length, asked);
  });

  it('sees unsaved texts, severities and exclusions', async () => {
    server.client.settings = { exclude: ['fs/b/**'], severity: { rcu: 'hint' } };
    await server.client.initialize();
    await server.client.open(uri, `\n\n${BAD}`);
    await server.client.diagnostics(uri, 1);
    assert.equal((await scan())?.findings, 1);
    assert.ok(server.world.asked.filter((one) => one === 'overlay fs/a/foo.c on').length > 1);
    assert.equal(shown('fs/b/bar.c'), null);
    await server.client.close(uri);
    server.client.settings = { severity: { rcu: 'off' } };
    await server.client.connection.sendNotification('workspace/didChangeConfiguration', { settings: null });
    assert.equal((await scan())?.findings, 0);
  });

  it('shows progress and stops when the request is cancelled, leaving things as they were', async () => {
    await server.client.initialize();
    await scan();
    server.world.steps = 20_000;
    server.world.stepMs = 10;
    const source = new CancellationTokenSource();
    const asked = server.client.connection.sendRequest(
      SCAN_REQUEST,
      { uri, what: 'tree', workDoneToken: 'mine' },
      source.token,
    );
    const mine = (): string =>
      JSON.stringify(server.client.progress.filter((one) => JSON.stringify(one).includes('mine')));
    await until(() => /"begin".*"cancellable":true.*"report"/.test(mine()));
    source.cancel();
    assert.equal(((await asked) as ScanReport).cancelled, true);
    await until(() => /"end"/.test(mine()));
    assert.deepEqual(shown('fs/b/bar.c'), [2]);
  });

  it('stops where the user says so in the progress, or asks again', async () => {
    await server.client.initialize();
    server.world.steps = 20_000;
    server.world.stepMs = 10;
    const first = scan();
    await until(() => server.checks() === 1);
    const second = scan();
    assert.equal((await first)?.cancelled, true);
    await until(() => server.checks() === 2);
    const tokens = server.client.progress as readonly { readonly token: string }[];
    for (const { token } of tokens)
      await server.client.connection.sendNotification('window/workDoneProgress/cancel', { token });
    assert.equal((await second)?.cancelled, true);
  });

  it('explains a finding, open or not', async () => {
    await server.client.initialize();
    const explain = (fingerprint: string): Promise<FindingPage | null> =>
      server.client.connection.sendRequest(EXPLAIN_FINDING_REQUEST, { uri, fingerprint });
    assert.equal(await explain('fake-foo'), null);
    await scan();
    const page = await explain('fake-foo');
    assert.equal(page?.title, 'rcu/early-free at fs/a/foo.c:3');
    assert.match(
      page?.markdown ?? '',
      /2\. \*\*CPU 1\*\* \[fs\/a\/foo\.c:1\]\(file:.*#L1\): RCU-walk reads it/,
    );
    await server.client.open(uri, `\n${BAD}`);
    await server.client.diagnostics(uri, 1);
    assert.equal((await explain('fake-foo'))?.title, 'rcu/early-free at fs/a/foo.c:4');
    assert.equal(await explain('nobody'), null);
  });
});
