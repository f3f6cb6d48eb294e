/**
 * Files of two kernel trees at one built server: an engine for each tree, each with its own version and its own findings.
 */
import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { InitializeResult } from 'vscode-languageserver/node';
import { STATUS_REQUEST, type StatusReport } from '../../server/src/lsp/protocol.js';
import { inRepository } from '../repository.js';
import { startBuilt } from './built.js';
import { TestClient } from './client.js';

const FILE = 'fs/netfsd/dir.c';
const RULE = 'rcu/unstable-inode';

/** What clangd and its like answer: two servers would be shown side by side. */
const OF_C_SERVERS = [
  'completionProvider',
  'signatureHelpProvider',
  'declarationProvider',
  'definitionProvider',
  'typeDefinitionProvider',
  'implementationProvider',
  'referencesProvider',
  'documentHighlightProvider',
  'documentSymbolProvider',
  'workspaceSymbolProvider',
  'documentFormattingProvider',
  'documentRangeFormattingProvider',
  'documentOnTypeFormattingProvider',
  'renameProvider',
  'foldingRangeProvider',
  'selectionRangeProvider',
  'semanticTokensProvider',
  'typeHierarchyProvider',
];

describe('several trees', () => {
  const above = realpathSync(mkdtempSync(join(tmpdir(), 'lockwalk-trees-')));
  const trees = ['one', 'two'].map((name) => join(above, name));
  let server: ChildProcess;
  let client: TestClient;
  let begun: InitializeResult;

  before(async () => {
    for (const tree of trees) cpSync(inRepository('examples/tree'), tree, { recursive: true });
    const makefile = join(trees[1] as string, 'Makefile');
    writeFileSync(makefile, readFileSync(makefile, 'utf8').replace(/^PATCHLEVEL = .*$/m, 'PATCHLEVEL = 1'));
    const child = startBuilt();
    server = child;
    client = new TestClient(child.stdout, child.stdin, child);
    begun = await client.initialize();
  });
  after(() => {
    server.kill();
    rmSync(above, { recursive: true, force: true });
  });

  it('offers nothing that a language server for C has', () => {
    const capabilities: Readonly<Record<string, unknown>> = { ...begun.capabilities };
    assert.deepEqual(
      OF_C_SERVERS.filter((name) => Boolean(capabilities[name])),
      [],
    );
  });

  it('serves each with an engine of its own', async () => {
    const open = trees.map((tree) => join(tree, FILE));
    for (const path of open) {
      const uri = pathToFileURL(path).href;
      await client.open(uri, readFileSync(path, 'utf8'));
      const { diagnostics } = await client.diagnostics(uri, 1);
      const [mine] = diagnostics.filter((one) => one.code === RULE);
      assert.ok(mine, path);
      for (const { location } of mine.relatedInformation ?? [])
        assert.ok(location.uri.startsWith(uri.slice(0, -FILE.length)), `${location.uri} in ${path}`);
    }
    const status: StatusReport = await client.connection.sendRequest(STATUS_REQUEST);
    assert.deepEqual(
      status.trees.map((tree) => [tree.root, tree.kernelVersion, tree.filesChecked]),
      [
        [trees[0], '6.12.0', 1],
        [trees[1], '6.1.0', 1],
      ],
    );
  });

  it('an edit in one says nothing new of the other', async () => {
    const [edited, other] = trees.map((tree) => pathToFileURL(join(tree, FILE)).href) as [string, string];
    const before = client.published.filter((one) => one.uri === other).length;
    const text = readFileSync(join(trees[0] as string, FILE), 'utf8');
    await client.change(edited, 2, [{ text: text.replaceAll('d_inode(dentry)', 'd_inode_rcu(dentry)') }]);
    const { diagnostics } = await client.diagnostics(edited, 2);
    assert.ok(diagnostics.length < 2);
    await new Promise((go) => setTimeout(go, 1500)); // what hangs on an edit is checked a second after it
    assert.equal(client.published.filter((one) => one.uri === other).length, before);
  });
});
