/**
 * The built server as a client starts it, `lockwalk lsp --stdio`, on the example tree: the whole way from a document
 * to findings, hover and fix, with the real engine in its worker.
 */
import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { CodeAction, Hover, TextEdit } from 'vscode-languageserver/node';
import type { Finding } from '../../server/src/engine/base/finding.js';
import {
  SCAN_REQUEST,
  type ScanReport,
  STATUS_REQUEST,
  type StatusReport,
} from '../../server/src/lsp/protocol.js';
import { EXAMPLE, lockwalk } from '../cli/run.js';
import { inRepository } from '../repository.js';
import { startBuilt } from './built.js';
import { CAPABILITIES, TestClient } from './client.js';

const FILE = inRepository('examples/tree/fs/netfsd/dir.c');
const URI = pathToFileURL(FILE).href;
const TEXT = readFileSync(FILE, 'utf8');
const RULE = 'rcu/unstable-inode';

function applied(text: string, edits: readonly TextEdit[]): string {
  const offset = (line: number, character: number): number =>
    text.split('\n').slice(0, line).join('\n').length + (line === 0 ? 0 : 1) + character;
  const sorted = [...edits].sort(
    (a, b) => b.range.start.line - a.range.start.line || b.range.start.character - a.range.start.character,
  );
  let result = text;
  for (const { range, newText } of sorted) {
    const [from, to] = [range.start, range.end].map(({ line, character }) => offset(line, character));
    result = result.slice(0, from) + newText + result.slice(to);
  }
  return result;
}

describe('built server over stdio', () => {
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

  it('says of every file what the command line says', async () => {
    const run = lockwalk(['check', '--kernel', EXAMPLE, '--format', 'json', '--quiet']);
    const { findings } = JSON.parse(run.out) as { readonly findings: readonly Finding[] };
    assert.ok(findings.length > 0);
    await client.initialize();
    for (const file of readdirSync(join(EXAMPLE, 'fs'), { recursive: true, encoding: 'utf8' })) {
      if (!file.endsWith('.c')) continue;
      const path = join(EXAMPLE, 'fs', file);
      const uri = pathToFileURL(path).href;
      await client.open(uri, readFileSync(path, 'utf8'));
      const { diagnostics } = await client.diagnostics(uri, 1);
      assert.deepEqual(
        diagnostics.map((d) => [
          d.code,
          d.range.start.line + 1,
          d.range.start.character + 1,
          d.range.end.line + 1,
          d.range.end.character + 1,
        ]),
        findings
          .filter((f) => f.file === `fs/${file}`)
          .map((f) => [f.rule, f.line, f.column, f.endLine, f.endColumn]),
        file,
      );
    }
    assert.equal(await client.shutdown(), 0);
  });

  it('says of a whole tree what the command line says, of unsaved text too', async () => {
    await client.initialize();
    await client.open(URI, 'int nothing;\n');
    await client.diagnostics(URI, 1);
    const report: ScanReport | null = await client.connection.sendRequest(SCAN_REQUEST, {
      uri: URI,
      what: 'tree',
    });
    assert.deepEqual(report?.rules, [
      { rule: 'lock/imbalance', findings: 1 },
      { rule: 'lock/sleep-in-atomic', findings: 1 },
      { rule: 'rcu/early-free', findings: 1 },
    ]);
    const sent = client.published.filter(({ uri }) => uri !== URI);
    assert.deepEqual(
      sent.map(({ diagnostics }) => diagnostics.map(({ code }) => code)),
      [['rcu/early-free'], ['lock/sleep-in-atomic', 'lock/imbalance']],
    );
    assert.equal(await client.shutdown(), 0);
  });

  it('finds, explains and fixes', async () => {
    await client.initialize();
    await client.open(URI, TEXT);
    const { diagnostics } = await client.diagnostics(URI, 1);
    const mine = diagnostics.filter((one) => one.code === RULE);
    assert.equal(mine.length, 1);
    const [diagnostic] = mine;
    assert.ok(diagnostic);
    assert.match(diagnostic.codeDescription?.href ?? '', /docs\/rules\/rcu\/unstable-inode\.md$/);
    assert.ok((diagnostic.relatedInformation?.length ?? 0) > 0);
    const hover: Hover | null = await client.connection.sendRequest('textDocument/hover', {
      textDocument: { uri: URI },
      position: diagnostic.range.start,
    });
    assert.match(JSON.stringify(hover?.contents), /RCU-walk.*d_revalidate/);
    const actions: CodeAction[] | null = await client.connection.sendRequest('textDocument/codeAction', {
      textDocument: { uri: URI },
      range: diagnostic.range,
      context: { diagnostics: mine },
    });
    const change = actions?.[0]?.edit?.documentChanges?.[0];
    assert.ok(change !== undefined && 'edits' in change);
    const fixed = applied(TEXT, change.edits as TextEdit[]);
    await client.change(URI, 2, [{ text: fixed }]);
    const after = await client.diagnostics(URI, 2);
    assert.deepEqual(
      after.diagnostics.filter((one) => one.code === RULE),
      [],
    );
    const status: StatusReport = await client.connection.sendRequest(STATUS_REQUEST);
    assert.equal(status.state, 'idle');
    assert.match(status.trees[0]?.kernelVersion ?? '', /^6\.12/);
    assert.equal(await client.shutdown(), 0);
    assert.deepEqual(client.shown, []);
  });

  it('writes a precondition of unsaved text down, once', async () => {
    const file = inRepository('examples/tree/fs/netfsd/lease.c');
    const uri = pathToFileURL(file).href;
    const text = `/* unsaved */\n${readFileSync(file, 'utf8')}`;
    await client.initialize();
    await client.open(uri, text);
    await client.diagnostics(uri, 1);
    const line = text.split('\n').findIndex((one) => one.includes('netfsd_lease_left(const'));
    const ask = async (at: number): Promise<readonly CodeAction[]> =>
      (await client.connection.sendRequest('textDocument/codeAction', {
        textDocument: { uri },
        range: { start: { line: at, character: 30 }, end: { line: at, character: 30 } },
        context: { diagnostics: [] },
      })) ?? [];
    const [action, more] = await ask(line);
    assert.ok(action !== undefined && more === undefined);
    assert.match(action.title, /lockdep_assert_held\(&dentry->d_lock\)/);
    const change = action.edit?.documentChanges?.[0];
    assert.ok(change !== undefined && 'edits' in change);
    const written = applied(text, change.edits as TextEdit[]);
    assert.match(written, /\n\n\tlockdep_assert_held\(&dentry->d_lock\);\n\n\treturn/);
    assert.deepEqual(await ask(line + 2), [], 'in the body');
    await client.change(uri, 2, [{ text: written }]);
    await client.diagnostics(uri, 2);
    assert.deepEqual(await ask(line + 1), [], 'again');
    assert.equal(await client.shutdown(), 0);
  });

  it('counts in UTF-8 where asked, and follows edits', async () => {
    await client.initialize({ ...CAPABILITIES, general: { positionEncodings: ['utf-8'] } });
    const text = TEXT.replace(
      '\tstruct inode *inode = d_inode(dentry);',
      '\tstruct inode *inode = /* \u00e4\u00f6 */ d_inode(dentry);',
    );
    await client.open(URI, text);
    const { diagnostics } = await client.diagnostics(URI, 1);
    const [diagnostic] = diagnostics.filter((one) => one.code === RULE);
    assert.ok(diagnostic);
    const line = text.split('\n')[diagnostic.range.start.line] ?? '';
    const drawn = Buffer.from(line)
      .subarray(diagnostic.range.start.character, diagnostic.range.end.character)
      .toString();
    assert.ok(line.includes(drawn) && !/[\u00e4\u00f6]/.test(drawn.slice(0, 1)), drawn);
    const at = { line: diagnostic.range.start.line, character: 0 };
    await client.change(URI, 2, [{ range: { start: at, end: at }, text: '\n\n' }]);
    const moved = await client.diagnostics(URI, 2);
    assert.equal(moved.diagnostics.find((one) => one.code === RULE)?.range.start.line, at.line + 2);
    assert.equal(await client.shutdown(), 0);
  });

  it('ends when the client goes away without a word', async () => {
    await client.initialize();
    const ended = new Promise<void>((resolve) => server.once('exit', () => resolve()));
    server.stdin?.end();
    await ended;
  });
});
