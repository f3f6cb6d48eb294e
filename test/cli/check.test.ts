import assert from 'node:assert/strict';
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Finding } from '../../server/src/engine/base/finding.js';
import { withFolder } from '../host/folder.js';
import { inRepository } from '../repository.js';
import { EXAMPLE, lockwalk } from './run.js';

interface Document {
  readonly version: number;
  readonly kernel: { readonly root: string; readonly version: string };
  readonly findings: readonly Finding[];
  readonly skipped: readonly { readonly file: string; readonly reason: string }[];
  readonly stats: Readonly<Record<string, number>>;
}

function json(args: readonly string[]): Document {
  const run = lockwalk(['check', ...args, '--format', 'json']);
  assert.ok(run.code === 0 || run.code === 1, run.err);
  return JSON.parse(run.out) as Document;
}

let all: Document;

describe('check', () => {
  before(() => {
    all = json(['--kernel', EXAMPLE]);
  });

  it('finds the planted mistakes of the example tree, each where it stands', () => {
    const found = all.findings.map((finding) => `${finding.rule} ${finding.file} ${finding.function}`);
    assert.deepEqual(found, [
      'rcu/early-free fs/mountd/record.c mountd_record_free',
      'rcu/unstable-inode fs/netfsd/dir.c netfsd_revalidate',
      'lock/sleep-in-atomic fs/pool/alloc.c pool_grow',
      'lock/imbalance fs/pool/alloc.c pool_take',
    ]);
  });

  it('shows both sides of the race', () => {
    const race = all.findings.find((finding) => finding.rule === 'rcu/early-free');
    const sides = new Set(race?.trace.map((step) => step.side ?? (step.kind === 'other-side' ? 1 : 0)));
    assert.deepEqual([...sides].sort(), [0, 1]);
    const text = lockwalk(['check', '--kernel', EXAMPLE, 'fs/mountd']).out;
    assert.match(text, /CPU 0\s+CPU 1/);
  });

  it('writes JSON of version 1 with every field of the interface', () => {
    assert.equal(all.version, 1);
    assert.deepEqual(Object.keys(all.kernel), ['root', 'version']);
    assert.equal(all.kernel.version, '6.12.0');
    const keys =
      'rule severity precision certainty message file line column endLine endColumn function entry held rcu trace fixes fingerprint';
    for (const finding of all.findings) assert.deepEqual(Object.keys(finding), keys.split(' '));
    const stats = ['files', 'functions', 'damagedFunctions', 'parseMs', 'totalMs', 'peakMemoryMiB'];
    assert.deepEqual(Object.keys(all.stats), stats);
    assert.ok((all.stats.functions ?? 0) > 5);
  });

  it('points at the code with a caret in text', () => {
    const { out, code } = lockwalk(['check', '--kernel', EXAMPLE, 'fs/pool/alloc.c']);
    assert.equal(code, 1);
    assert.match(out, /^fs\/pool\/alloc\.c:\d+:\d+: \w+: .* \[lock\/sleep-in-atomic\]$/m);
    assert.match(out, /\| {9}.*kmalloc.*\n\s+\| +\^~*/);
  });

  it('prints the same bytes twice, in every format but for the statistics', () => {
    for (const format of ['text', 'sarif', 'github']) {
      const args = ['check', '--kernel', EXAMPLE, '--format', format];
      assert.equal(lockwalk(args).out, lockwalk(args).out, format);
    }
    const again = json(['--kernel', EXAMPLE]);
    assert.deepEqual({ ...again, stats: null }, { ...all, stats: null });
  });

  it('prints the same with several engines', () => {
    const again = json(['--kernel', EXAMPLE, '--jobs', '3']);
    assert.deepEqual(again.findings, all.findings);
  });

  it('finds the tree upwards from a path', () => {
    const run = lockwalk(['check', 'pool/alloc.c', '--format', 'json'], { cwd: join(EXAMPLE, 'fs') });
    assert.equal((JSON.parse(run.out) as Document).findings.length, 2, run.err);
  });

  it('runs only the rules that are named', () => {
    const rules = json(['--kernel', EXAMPLE, '--rule', 'rcu', '--rule', 'lock/imbalance']).findings.map(
      (f) => f.rule,
    );
    assert.deepEqual(new Set(rules), new Set(['rcu/early-free', 'rcu/unstable-inode', 'lock/imbalance']));
    const unknown = lockwalk(['check', '--kernel', EXAMPLE, '--rule', 'rcu/none']);
    assert.equal(unknown.code, 2);
    assert.match(unknown.err, /rcu\/none/);
  });

  it('analyses an overlay in place of the file', () =>
    withFolder({}, (folder) => {
      const fixed = readFileSync(join(EXAMPLE, 'fs/pool/alloc.c'), 'utf8').replace(
        'kmalloc(sizeof(*block), GFP_KERNEL)',
        'kmalloc(sizeof(*block), GFP_ATOMIC)',
      );
      const path = join(folder, 'buffer.c');
      return import('node:fs').then(({ writeFileSync }) => {
        writeFileSync(path, fixed);
        const found = json(['--kernel', EXAMPLE, '--overlay', `fs/pool/alloc.c=${path}`, 'fs/pool']).findings;
        assert.deepEqual(
          found.map((finding) => finding.rule),
          ['lock/imbalance'],
        );
      });
    }));

  it('hides what a baseline lists and names what is stale', () =>
    withFolder({}, (folder) => {
      const baseline = join(folder, 'known.json');
      assert.equal(lockwalk(['baseline', 'write', '--kernel', EXAMPLE, '--baseline', baseline]).code, 0);
      const run = lockwalk(['check', '--kernel', EXAMPLE, '--baseline', baseline]);
      assert.equal(run.code, 0, run.out);
      assert.match(run.out, /4 known from the baseline/);
      const overlay = `fs/pool/alloc.c=${inRepository('examples/tree/fs/mountd/record.c')}`;
      const fixed = lockwalk(['check', '--kernel', EXAMPLE, '--baseline', baseline, '--overlay', overlay]);
      assert.match(fixed.out, /stale in the baseline: lock\/imbalance in fs\/pool\/alloc\.c/);
      const update = [
        'baseline',
        'update',
        '--kernel',
        EXAMPLE,
        '--baseline',
        baseline,
        '--overlay',
        overlay,
      ];
      assert.match(lockwalk(update).out, /2 stale entries dropped, 2 left/);
    }));

  it('calls nothing stale that was not looked for', () =>
    withFolder({}, (folder) => {
      const baseline = join(folder, 'known.json');
      const run = (...more: readonly string[]): string =>
        lockwalk(['check', '--kernel', EXAMPLE, '--baseline', baseline, ...more]).out;
      lockwalk(['baseline', 'write', '--kernel', EXAMPLE, '--baseline', baseline]);
      const known = readFileSync(baseline, 'utf8');
      writeFileSync(
        baseline,
        known.replaceAll('"precision":"high"', '"precision":"low"').replace(/"[0-9a-f]{16}"/, '"gone"'),
      );
      assert.doesNotMatch(run(), /stale/);
      assert.match(run('--precision', 'low'), /stale in the baseline: .* \(gone\)/);
      assert.match(
        run('--precision', 'low', '--format', 'github'),
        /::notice file=.*stale in the baseline::/,
      );
      assert.match(run('--precision', 'low', '--format', 'sarif'), /stale in the baseline: .* \(gone\)/);
      assert.doesNotMatch(run('--precision', 'low', '--rule', 'dir'), /stale/);
      // A baseline of before precisions were written down
      writeFileSync(baseline, readFileSync(baseline, 'utf8').replaceAll(/,"precision":"\w+"/g, ''));
      assert.match(run(), /stale in the baseline: .* \(gone\)/);
    }));

  it('a baseline survives edits that have nothing to do with what it lists', () =>
    withFolder({}, (folder) => {
      const root = join(folder, 'tree');
      cpSync(EXAMPLE, root, { recursive: true });
      const baseline = join(folder, 'known.json');
      lockwalk(['baseline', 'write', '--kernel', root, '--precision', 'low', '--baseline', baseline]);
      for (const path of ['fs/pool/alloc.c', 'fs/mountd/record.c', 'fs/netfsd/dir.c']) {
        const file = join(root, path);
        const text = readFileSync(file, 'utf8');
        const at = text.indexOf('\n\n', text.lastIndexOf('#include'));
        const [head, body] = [text.slice(0, at), text.slice(at)];
        const added = '\n\nstatic int unrelated(int first)\n{\n\tint local = first;\n\n\treturn local;\n}';
        // Lines, a function, and its twin with the local called something else
        writeFileSync(
          file,
          `/* one\n * two\n */\n${head}${added}${body}${added.replaceAll('local', 'other').replace('unrelated', 'more')}\n`,
        );
      }
      const again = lockwalk(['check', '--kernel', root, '--precision', 'low', '--baseline', baseline]);
      assert.equal(again.code, 0, again.out);
      assert.doesNotMatch(again.out, /stale/);
    }));

  it('a comment for a finding that is not shown is no unused one', () =>
    withFolder({}, (folder) => {
      const path = join(folder, 'page.c');
      const check = (...more: readonly string[]): string =>
        lockwalk([
          'check',
          '--kernel',
          EXAMPLE,
          '--overlay',
          `fs/page/page.c=${path}`,
          ...more,
          'fs/page/page.c',
        ]).out;
      const source = (comment: string): string =>
        `#include <linux/fs.h>\n\nvoid forget(struct dentry *dentry)\n{\n\tdentry->d_inode->i_fop = &simple_dir_operations;\n${comment}\td_drop(dentry);\n}\n`;
      writeFileSync(path, source(''));
      assert.match(check('--precision', 'low'), /dir\/unlocked-removal/);
      writeFileSync(path, source('\t/* lockwalk-ignore dir/unlocked-removal: nobody looks */\n'));
      for (const precision of ['low', 'high'])
        assert.doesNotMatch(check('--precision', precision), /unlocked-removal/);
      writeFileSync(path, source('\t/* lockwalk-ignore dir/alias-move: nobody looks */\n'));
      assert.match(check('--format', 'github'), /^::notice title=lockwalk::.*dir\/alias-move, but nothing/m);
    }));

  it('writes GitHub annotations', () => {
    const { out } = lockwalk(['check', '--kernel', EXAMPLE, '--format', 'github']);
    assert.equal(out.trim().split('\n').length, 4);
    assert.match(
      out,
      /^::\w+ file=fs\/pool\/alloc\.c,line=\d+,endLine=\d+,col=\d+,endColumn=\d+,title=lock\/imbalance::/m,
    );
  });

  it('shows only findings on changed lines with --since', () =>
    withFolder({}, async (folder) => {
      const { spawnSync } = await import('node:child_process');
      const git = (...args: readonly string[]): void => {
        const identity = [
          '-c',
          'user.name=t',
          '-c',
          'user.email=t@example.org',
          '-c',
          'commit.gpgsign=false',
        ];
        const run = spawnSync('git', ['-C', folder, ...identity, ...args], { encoding: 'utf8' });
        assert.equal(run.status, 0, run.stderr);
      };
      cpSync(EXAMPLE, folder, { recursive: true });
      git('init', '-q');
      git('add', '.');
      git('commit', '-q', '-m', 'before');
      assert.deepEqual(json(['--kernel', folder, '--since', 'HEAD']).findings, []);
      const path = join(folder, 'fs/pool/alloc.c');
      writeFileSync(path, readFileSync(path, 'utf8').replace('GFP_KERNEL);\n\tif', 'GFP_KERNEL );\n\tif'));
      assert.deepEqual(
        json(['--kernel', folder, '--since', 'HEAD']).findings.map((finding) => finding.rule),
        ['lock/sleep-in-atomic'],
      );
      // What was taken away is on no line: the path of the finding leads over it, or it stands beside it
      const imbalance = readFileSync(path, 'utf8');
      git('commit', '-q', '-a', '-m', 'blank');
      writeFileSync(
        path,
        imbalance.replace(
          '\n{\n\tstruct pool_block *block;\n\n\tspin_lock(&pool->lock);\n\tif',
          '\n{\n\tstruct pool_block *block;\n\n\tspin_lock( &pool->lock);\n\tif',
        ),
      );
      assert.deepEqual(
        json(['--kernel', folder, '--since', 'HEAD']).findings.map((finding) => finding.rule),
        ['lock/imbalance'],
      );
      const none = lockwalk(['check', '--kernel', folder, '--since', 'no-such-revision']);
      assert.equal(none.code, 2);
      assert.match(none.err, /no-such-revision/);
    }));
});
