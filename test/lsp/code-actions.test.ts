/**
 * What the light bulb offers besides single fixes, and settings that a tree brings itself.
 */
import assert from 'node:assert/strict';
import { type CodeAction, DiagnosticTag, type TextEdit } from 'vscode-languageserver/node';
import {
  IGNORE_COMMAND,
  STATUS_REQUEST,
  type StatusReport,
  WHY_COMMAND,
} from '../../server/src/lsp/protocol.js';
import { CAPABILITIES } from './client.js';
import { FakeServer, until } from './fake-server.js';

const TEXT = 'void put(struct foo *foo)\n{\n\tkfree(foo);\n\tkfree(bar);\n}\n';

const FIX_ALL_OF_RULE = 'Fix all of rcu/early-free in this file';
/** A client that asks for an edit once it is chosen. */
const RESOLVES: typeof CAPABILITIES = {
  ...CAPABILITIES,
  textDocument: {
    ...CAPABILITIES.textDocument,
    codeAction: {
      ...CAPABILITIES.textDocument?.codeAction,
      dataSupport: true,
      resolveSupport: { properties: ['edit'] },
    },
  },
};

describe('lsp code actions', () => {
  let server: FakeServer;
  let uri = '';

  beforeEach(() => {
    server = new FakeServer({ 'fs/foo.c': TEXT });
    uri = server.uri('fs/foo.c');
  });
  afterEach(() => server.end());

  async function actions(line: number, only?: readonly string[]): Promise<readonly CodeAction[]> {
    const at = { line, character: 1 };
    const answer: CodeAction[] | null = await server.client.connection.sendRequest(
      'textDocument/codeAction',
      {
        textDocument: { uri },
        range: { start: at, end: at },
        context: { diagnostics: [], ...(only === undefined ? {} : { only }) },
      },
    );
    return answer ?? [];
  }

  async function titles(line: number, only?: readonly string[]): Promise<readonly string[]> {
    return (await actions(line, only)).map(({ title }) => title);
  }

  function edits(action: CodeAction | undefined): readonly TextEdit[] {
    const change = action?.edit?.documentChanges?.[0];
    assert.ok(change !== undefined && 'edits' in change);
    return change.edits as TextEdit[];
  }

  async function start(commands: readonly string[] = [], capabilities = CAPABILITIES): Promise<void> {
    await server.client.initialize(capabilities, { commands });
    await server.client.open(uri, TEXT);
    await server.client.diagnostics(uri, 1);
  }

  async function chosen(action: CodeAction | undefined): Promise<CodeAction> {
    assert.ok(action !== undefined);
    return await server.client.connection.sendRequest('codeAction/resolve', action);
  }

  const FIXED = [
    [2, '\tkfree_rcu(foo, rcu);\n'],
    [3, '\tkfree_rcu(bar, rcu);\n'],
  ];
  const told = (action: CodeAction): readonly (readonly [number, string])[] =>
    edits(action).map(({ range, newText }) => [range.start.line, newText]);

  it('fix all of a rule in the file, once it is chosen', async () => {
    await start([], RESOLVES);
    const asked = server.checks();
    const all = (await actions(2)).find(({ title }) => title === FIX_ALL_OF_RULE);
    assert.equal(all?.kind, 'quickfix');
    assert.deepEqual([all?.edit, server.checks()], [undefined, asked], 'an offer starts no work');
    assert.deepEqual(told(await chosen(all)), [[2, '\tkfree_rcu(foo, rcu);\n\tkfree_rcu(bar, rcu);\n']]);
    await server.client.change(uri, 2, [{ text: TEXT }]);
    assert.equal(
      (await server.client.diagnostics(uri, 2)).diagnostics.length,
      2,
      'nothing of the trial stays',
    );
  });

  it('leave out a fix that does not stand the proof, and say so to who chose it', async () => {
    server.world.badFix = 'bar';
    await start([], RESOLVES);
    const all = await chosen((await actions(2)).find(({ title }) => title === FIX_ALL_OF_RULE));
    assert.deepEqual(told(all), [FIXED[0]]);
    const why =
      'fs/foo.c:4: rcu/early-free is not fixed: it would give another finding: rcu/early-free at fs/foo.c:4';
    await until(() => server.client.shown.includes(`Lockwalk: ${why}`));
    const saved = await chosen((await actions(0, ['source.fixAll']))[0]);
    assert.deepEqual(told(saved), [FIXED[0]]);
    assert.equal(server.client.shown.length, 1, 'on saving nothing pops up');
  });

  it('fix all at once only where that is asked for, and never another file', async () => {
    await start();
    for (const only of [['source.fixAll.lockwalk'], ['source.fixAll'], ['source']])
      assert.deepEqual(await titles(0, only), ['Lockwalk: apply safe fixes'], only[0]);
    assert.deepEqual(await titles(0, ['source.organizeImports']), []);
    assert.ok(!(await titles(2)).some((title) => title.startsWith('Lockwalk')));
    server.world.moreEdits = [
      { file: 'fs/foo.h', startLine: 1, startColumn: 1, endLine: 1, endColumn: 1, text: '/* */' },
    ];
    await server.client.change(uri, 2, [{ text: TEXT }]);
    await server.client.diagnostics(uri, 2);
    assert.deepEqual(await titles(0, ['source.fixAll']), []);
  });

  it('fix in a client that cannot ask for the edit later', async () => {
    await start();
    const [all] = await actions(0, ['source.fixAll']);
    assert.deepEqual(told(all as CodeAction), [[2, '\tkfree_rcu(foo, rcu);\n\tkfree_rcu(bar, rcu);\n']]);
  });

  it('touch no file that cannot be read', async () => {
    const gone = { file: 'fs/gone.h', startLine: 1, startColumn: 1, endLine: 1, endColumn: 1, text: '/* */' };
    server.world.moreEdits = [gone];
    await start([], RESOLVES);
    const all = await chosen((await actions(2)).find(({ title }) => title === FIX_ALL_OF_RULE));
    assert.deepEqual(all.edit?.documentChanges, []);
    await until(() => server.client.shown.some((text) => text.includes('it touches another file')));
  });

  it('ignore a finding with a reason that the client asks for', async () => {
    await start([IGNORE_COMMAND, WHY_COMMAND, 'lockwalk.explainRule']);
    assert.deepEqual((await titles(2, ['quickfix'])).slice(2), [
      FIX_ALL_OF_RULE,
      'Ignore rcu/early-free here, with a reason...',
      'Why rcu/early-free is reported here',
      'Explain rcu/early-free',
    ]);
    const ignore = (await actions(2)).find(({ title }) => title.startsWith('Ignore'));
    assert.deepEqual(ignore?.command?.arguments, [
      {
        uri,
        version: 1,
        rule: 'rcu/early-free',
        line: 2,
        character: 0,
        before: '\t/* lockwalk-ignore rcu/early-free: ',
        after: ' */\n',
      },
    ]);
  });

  it('ignore a finding with a reason to be filled in, where the client cannot ask', async () => {
    await start();
    const [edit] = edits((await actions(3)).find(({ title }) => title.startsWith('Ignore')));
    assert.deepEqual(edit?.range.start, { line: 3, character: 0 });
    assert.match(edit?.newText ?? '', /^\t\/\* lockwalk-ignore rcu\/early-free: TODO: .* \*\/\n$/);
  });

  it('are only those of the kinds that are asked for', async () => {
    await start();
    assert.deepEqual(await titles(2, ['refactor']), []);
    assert.deepEqual(await titles(2, ['quick']), []);
    assert.ok((await titles(2, [''])).length > 3);
  });
});

describe('lsp settings', () => {
  let server: FakeServer;
  let uri = '';

  beforeEach(() => {
    server = new FakeServer({ 'fs/foo.c': TEXT });
    uri = server.uri('fs/foo.c');
  });
  afterEach(() => server.end());

  async function severities(version: number): Promise<readonly (number | undefined)[]> {
    return (await server.client.diagnostics(uri, version)).diagnostics.map(({ severity }) => severity);
  }

  async function touched(file: string): Promise<void> {
    const changes = [{ uri: server.uri(file), type: 2 }];
    await server.client.connection.sendNotification('workspace/didChangeWatchedFiles', { changes });
  }

  it('say how bad findings are shown to be', async () => {
    server.client.settings = { severity: { rcu: 'warning', 'rcu/early-free': 'hint' } };
    await server.client.initialize();
    await server.client.open(uri, TEXT);
    assert.deepEqual(await severities(1), [4, 4]);
  });

  it('leave files out', async () => {
    server.client.settings = { exclude: ['fs/foo.c'] };
    await server.client.initialize();
    await server.client.open(uri, TEXT);
    await new Promise((go) => setTimeout(go, 100));
    assert.deepEqual([server.checks(), server.client.published], [0, []]);
  });

  it('come from the tree, behind those that are set in the client, and are followed', async () => {
    server.write('.lockwalk.json', '{"severity": {"rcu": "information"}, "precision": "medium"}');
    server.client.settings = { precision: 'low' };
    await server.client.initialize();
    await server.client.open(uri, TEXT);
    assert.deepEqual(await severities(1), [3, 3]);
    assert.ok(server.world.asked.includes('check fs/foo.c low'));
    server.write('.lockwalk.json', '{"severity": {"rcu": "warning"}}');
    await touched('.lockwalk.json');
    await until(() => server.client.published.at(-1)?.diagnostics[0]?.severity === 2);
  });

  it('of the tree that are wrong are named where they stand, in the status and in the log', async () => {
    server.write('.lockwalk.json', '{\n"severity": {"rcu": "loud"}, "precision": "low"}');
    const file = server.uri('.lockwalk.json');
    await server.client.initialize();
    await server.client.open(uri, TEXT);
    await severities(1);
    const said = server.client.published.find((one) => one.uri === file)?.diagnostics;
    assert.equal(said?.length, 1);
    assert.equal(said?.[0]?.range.start.line, 1);
    assert.ok(server.world.asked.includes('check fs/foo.c low'), 'what is right holds');
    const status: StatusReport = await server.client.connection.sendRequest(STATUS_REQUEST);
    assert.match(status.trees[0]?.problems[0] ?? '', /\.lockwalk\.json:2: severity\.rcu is none of/);
    assert.ok(server.client.logged.some((one) => one.includes('severity.rcu')));
    server.write('.lockwalk.json', '{}');
    await touched('.lockwalk.json');
    await until(() => server.client.published.findLast((one) => one.uri === file)?.diagnostics.length === 0);
  });

  it('are not needed to see a comment that ignores nothing, greyed out where the client can', async () => {
    const text = `/* lockwalk-ignore rcu: why */ int a;\n${TEXT}`;
    server.world.problems = [
      'fs/foo.c:1: the comment ignores rcu, but nothing is found there',
      'fs/bar.c:1: the comment ignores rcu, but nothing is found there',
      'fs/foo.c:9 is something else',
    ];
    const { publishDiagnostics } = CAPABILITIES.textDocument ?? {};
    await server.client.initialize({
      ...CAPABILITIES,
      textDocument: {
        ...CAPABILITIES.textDocument,
        publishDiagnostics: { ...publishDiagnostics, tagSupport: { valueSet: [1] } },
      },
    });
    await server.client.open(uri, text);
    const { diagnostics } = await server.client.diagnostics(uri, 1);
    const [remark, ...more] = diagnostics.filter((one) => one.code === 'lockwalk-ignore');
    assert.deepEqual(more, []);
    assert.deepEqual(remark?.tags, [DiagnosticTag.Unnecessary]);
    assert.deepEqual(remark?.range, { start: { line: 0, character: 0 }, end: { line: 0, character: 30 } });
  });
});
