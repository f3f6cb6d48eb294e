import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ContextsAnswer } from '../../server/src/engine/base/finding.js';
import { RULES } from '../../server/src/engine/rules/index.js';
import type { MemoryReport } from '../../server/src/host/messages.js';
import { EXAMPLE, lockwalk } from './run.js';

describe('commands', () => {
  it('contexts: a position as JSON and as text', () => {
    const where = 'fs/pool/alloc.c:27';
    const run = lockwalk(['contexts', '--kernel', EXAMPLE, where, '--format', 'json']);
    assert.equal(run.code, 0, run.err);
    const answer = JSON.parse(run.out) as ContextsAnswer;
    assert.deepEqual(Object.keys(answer), [
      'version',
      'file',
      'line',
      'function',
      'damaged',
      'contexts',
      'unknowns',
    ]);
    assert.equal(answer.function, 'pool_grow');
    assert.deepEqual(answer.contexts[0]?.held[0]?.class, 'pool::lock');
    assert.equal(answer.contexts[0]?.maySleep, false);
    const text = lockwalk(['contexts', '--kernel', EXAMPLE, where]).out;
    assert.match(text, /&pool->lock \(pool::lock\), taken at fs\/pool\/alloc\.c:26/);
    assert.match(text, /must not sleep/);
  });

  it('contexts: with a column also what is known of the name there, and JSON stays as it is', () => {
    const text = readFileSync(join(EXAMPLE, 'fs/pool/alloc.c'), 'utf8').split('\n');
    const line = text.findIndex((one) => one.includes('spin_lock(&pool->lock)')) + 1;
    const where = `fs/pool/alloc.c:${line}:${(text[line - 1] ?? '').indexOf('spin_lock') + 1}`;
    const { out } = lockwalk(['contexts', '--kernel', EXAMPLE, where]);
    assert.match(out, /^ {2}spin_lock\(\) takes &pool->lock \(pool::lock, spinlock\); does not sleep$/m);
    assert.match(out, /^ {2}- also taken by \w+ at fs\/pool\/alloc\.c:\d+/m);
    assert.doesNotMatch(out, /\*\*|`/);
    const json = lockwalk(['contexts', '--kernel', EXAMPLE, where, '--format', 'json']).out;
    assert.deepEqual(Object.keys(JSON.parse(json)).sort(), [
      'contexts',
      'damaged',
      'file',
      'function',
      'line',
      'unknowns',
      'version',
    ]);
  });

  it('contexts: a function is asked about at its entry', () => {
    const run = lockwalk(['contexts', '--kernel', EXAMPLE, 'mountd_manage', '--format', 'json']);
    const answer = JSON.parse(run.out) as ContextsAnswer;
    assert.equal(answer.contexts[0]?.entry?.method, 'd_manage');
    const none = lockwalk(['contexts', '--kernel', EXAMPLE, 'no_such_function']);
    assert.equal(none.code, 2);
    assert.match(none.err, /no_such_function/);
  });

  it('contexts --batch: one line a query, in order, whatever the query', () => {
    const input = 'mountd_manage\nfs/pool/alloc.c:27\nno_such_function\nfs/none.c:1\n\n???\npool_take\n';
    const run = lockwalk(['contexts', '--kernel', EXAMPLE, '--batch'], { input });
    assert.equal(run.code, 0, run.err);
    const lines = run.out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { function?: string; error?: string });
    assert.deepEqual(
      lines.map((line) => line.function ?? (line.error === undefined ? 'nothing' : 'error')),
      ['mountd_manage', 'pool_grow', 'error', 'error', 'error', 'pool_take'],
    );
  });

  it('explain: rules, families, methods and helpers', () => {
    for (const rule of RULES) {
      assert.match(lockwalk(['explain', rule.id]).out, new RegExp(`^# ${rule.id}`));
    }
    assert.match(lockwalk(['explain', 'rcu']).out, /^rcu\/early-free /m);
    assert.match(lockwalk(['explain', 'd_revalidate', '--kernel', EXAMPLE]).out, /d_revalidate/);
    assert.match(
      lockwalk(['explain', 'd_revalidate', '--kernel-version', '6.12'], { cwd: '/' }).out,
      /d_revalidate/,
    );
    const unknown = lockwalk(['explain', 'nonsense', '--kernel', EXAMPLE]);
    assert.equal(unknown.code, 2);
    assert.match(unknown.err, /nonsense/);
  });

  it('model verify: exit code, text and JSON say the same', () => {
    const json = lockwalk(['model', 'verify', '--kernel', EXAMPLE, '--format', 'json']);
    const answer = JSON.parse(json.out) as { comparisons: { verdict: string; name: string }[] };
    const wrong = answer.comparisons.filter((c) => c.verdict === 'disagree');
    assert.equal(json.code, wrong.length > 0 ? 1 : 0, json.err);
    const text = lockwalk(['model', 'verify', '--kernel', EXAMPLE]);
    assert.equal(text.code, json.code);
    assert.match(text.out, /^ {2}declarations: \d+ compared, /m);
    assert.match(text.out, /locking\.rst: not in the tree/);
    for (const c of wrong) assert.ok(text.out.includes(`  ${c.name} (`), c.name);
    assert.equal(lockwalk(['model', 'verify', '--kernel', '/nonexistent']).code, 2);
    assert.equal(lockwalk(['model', 'nonsense', '--kernel', EXAMPLE]).code, 2);
  });

  it('files: what is in scope, with the reason', () => {
    const { out } = lockwalk(['files', '--kernel', EXAMPLE]);
    assert.match(out, /^\+ fs\/pool\/alloc\.c\t.+$/m);
    assert.match(out, /\d+ of \d+ files in scope\n$/);
  });

  it('dump: every kind of a function', () => {
    for (const kind of ['syntax', 'facts', 'cfg', 'contexts']) {
      const run = lockwalk(['dump', kind, '--kernel', EXAMPLE, 'fs/pool/alloc.c:pool_grow']);
      assert.equal(run.code, 0, `${kind}: ${run.err}`);
      assert.ok(run.out.trim().length > 0, kind);
    }
    assert.equal(lockwalk(['dump', 'soul', '--kernel', EXAMPLE, 'fs/pool/alloc.c']).code, 2);
  });

  it('doctor: says what it is and what it found', () => {
    const { out, code } = lockwalk(['doctor', '--kernel', EXAMPLE]);
    assert.equal(code, 0, out);
    assert.match(out, /^tree +.*Linux 6\.12\.0$/m);
    assert.match(out, /^ +methods of the VFS model +\d+ +\d+\.\d %/m);
    assert.doesNotMatch(lockwalk(['doctor', '--kernel', EXAMPLE, '--no-reach']).out, /VFS model +\d/);
  });

  it('doctor --format json: shares, and with --functions what leads to each', () => {
    const args = ['doctor', '--kernel', EXAMPLE, '--format', 'json'];
    const plain = JSON.parse(lockwalk(args).out) as {
      reach: Record<string, unknown>;
      problems: unknown[];
      memory: MemoryReport;
    };
    assert.deepEqual(plain.problems, []);
    assert.equal('functions' in plain.reach, false);
    const parts = new Map(plain.memory.parts.map((part) => [part.what, part]));
    assert.ok((parts.get('facts')?.bytes ?? 0) > 1000 && (parts.get('facts')?.count ?? 0) > 1);
    assert.ok((parts.get('situations')?.count ?? 0) > 0);
    assert.ok(plain.memory.heap > 0 && plain.memory.heap < plain.memory.heapLimit);
    const all = JSON.parse(lockwalk([...args, '--functions', 'fs/pool']).out) as {
      reach: { functions: { file: string; kind: string }[] };
    };
    assert.ok(all.reach.functions.length > 0);
    assert.ok(all.reach.functions.every((f) => f.file.startsWith('fs/pool/') && f.kind !== ''));
    const text = lockwalk(['doctor', '--kernel', EXAMPLE, '--functions']);
    assert.equal(text.code, 2);
    assert.match(text.err, /--functions .*--format json/);
  });

  it('doctor: a path without code is a problem', () => {
    const { out, code } = lockwalk(['doctor', '--kernel', EXAMPLE, 'include/linux']);
    assert.equal(code, 2);
    assert.match(out, /^problem +include\/linux: no C file with a function/m);
  });

  it('--version and --help', () => {
    assert.match(
      lockwalk(['--version']).out,
      /^lockwalk \d+\.\d+\.\d+ \(engine [0-9a-f]{12}, wasm [0-9a-f]{12}\)\n$/,
    );
    const help = lockwalk(['--help']);
    assert.equal(help.code, 0);
    for (const name of [
      'check',
      'contexts',
      'annotate',
      'explain',
      'files',
      'dump',
      'baseline',
      'doctor',
      'lsp',
    ]) {
      assert.match(help.out, new RegExp(`^  ${name}`, 'm'));
    }
  });
});
