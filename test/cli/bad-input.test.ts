/**
 * Input that nobody should send: each is answered in a sentence that names it, with the right exit code, and a file that was
 * not analysed is named as skipped. The input is made here.
 */
import assert from 'node:assert/strict';
import { closeSync, existsSync, openSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { KERNEL, withFolder } from '../host/folder.js';
import { EXAMPLE, isCalm, lockwalk } from './run.js';

const GOOD = 'int good(void)\n{\n\treturn 0;\n}\n';

/** A tree with one file of a kind, beside one that is good. */
function withFile(name: string, text: string | Uint8Array, use: (root: string) => void): Promise<void> {
  return withFolder({ ...KERNEL, 'fs/good.c': GOOD, [`fs/${name}`]: text }, use);
}

function skippedBy(root: string, paths: readonly string[] = []): Record<string, string> {
  const run = lockwalk(['check', '--kernel', root, '--format', 'json', ...paths]);
  assert.ok(isCalm(run), run.err);
  assert.equal(run.code, 0, run.err);
  const { skipped } = JSON.parse(run.out) as { skipped: { file: string; reason: string }[] };
  return Object.fromEntries(skipped.map(({ file, reason }) => [file, reason]));
}

function refuses(args: readonly string[], named: RegExp, cwd?: string): void {
  const run = lockwalk(args, cwd === undefined ? {} : { cwd });
  assert.ok(isCalm(run), run.err);
  assert.equal(run.code, 2, `${run.out}${run.err}`);
  assert.equal(run.out, '');
  assert.match(run.err, named);
}

describe('bad input', function suite() {
  this.timeout(120_000);

  it('a path that does not exist', () =>
    withFolder(KERNEL, (root) => {
      refuses(['check', '/no/such/path.c'], /\/no\/such\/path\.c: no such file/);
      refuses(['check', '--kernel', root, 'fs/none.c'], /fs\/none\.c: no such file/);
      refuses(['check', '--kernel', '/no/such/tree'], /\/no\/such\/tree/);
      refuses(['contexts', '--kernel', root, 'fs/none.c:3'], /fs\/none\.c/);
    }));

  it('a folder that is no kernel tree', () =>
    withFolder({ 'a.c': GOOD, Makefile: 'all:\n' }, (folder) => {
      refuses(['check', '--kernel', folder], /no kernel tree: its Makefile sets no VERSION/);
      refuses(['check', 'a.c'], /a\.c lies in no kernel tree/, folder);
      refuses(['check'], /lies in no kernel tree/, folder);
    }));

  it('a path outside of the tree, and a file that is no C', () =>
    withFolder({ ...KERNEL, 'fs/Kconfig': 'config X\n' }, (root) => {
      refuses(['check', '--kernel', root, '/etc/hostname'], /hostname lies outside of the kernel tree/);
      refuses(['check', '--kernel', root, 'fs/Kconfig'], /fs\/Kconfig is neither C source nor a folder/);
    }));

  it('options that make no sense', () =>
    withFolder(KERNEL, (root) => {
      refuses(['check', '--kernel', root, '--kernel-version', 'new'], /--kernel-version new/);
      refuses(['check', '--kernel', root, '--jobs', '0'], /--jobs/);
      refuses(['check', '--kernel', root, '--format', 'html'], /--format/);
      refuses(['check', '--kernel', root, '--overlay', 'fs/a.c'], /--overlay fs\/a\.c/);
      refuses(['check', '--kernel', root, '--overlay', '../a.c=/dev/null'], /outside/);
      refuses(['check', '--kernel', root, '--baseline', 'none.json'], /none\.json/);
      refuses(['frobnicate'], /frobnicate/);
      refuses(['contexts', '--kernel', root, 'fs/a.c:0'], /count from 1/);
    }));

  it('a rule that there is not: what it may have meant, and never all of the names', () =>
    withFolder(KERNEL, (root) => {
      refuses(
        ['check', '--kernel', root, '--rule', 'rcu/early-fre'],
        /family; did you mean rcu\/early-free\?\n$/,
      );
      refuses(['explain', 'sleep-in-atmic'], /knows; did you mean lock\/sleep-in-atomic\?\n$/);
      refuses(['check', '--kernel', root, '--rule', 'rename/none'], /; there are (rename\/[\w-]+(, )?)+\n$/);
      refuses(
        ['audit', '--kernel', root, 'nonsense'],
        /knows; the families of rules are dentry, .*rename; `lockwalk explain dentry` lists/,
      );
    }));

  it('--since where there is no git', () =>
    withFolder({ ...KERNEL, 'fs/good.c': GOOD }, (root) =>
      refuses(
        ['check', '--kernel', root, '--since', 'HEAD'],
        /--since HEAD: .* lies in no git repository\n$/,
      ),
    ));

  it('a place that cannot be written', function test() {
    if (!existsSync('/dev/full')) this.skip();
    const full = openSync('/dev/full', 'w');
    try {
      for (const args of [
        ['explain', 'rcu'],
        ['check', 'fs/pool'],
        ['check', '--format', 'json', 'fs/pool'],
      ]) {
        const run = lockwalk(args, { cwd: EXAMPLE, stdio: ['ignore', full, 'pipe'] });
        assert.equal(run.code, 3, run.err);
        assert.match(run.err, /^lockwalk: standard output cannot be written, .*ENOSPC.*\n$/);
      }
    } finally {
      closeSync(full);
    }
    const nowhere = ['--baseline', '/no/such/folder/baseline.json', 'fs/pool'];
    refuses(['baseline', 'write', ...nowhere], /baseline\.json: cannot be written, ENOENT/, EXAMPLE);
  });

  it('a broken .config, given or at the root', () =>
    withFolder(
      { ...KERNEL, 'broken.config': 'CONFIG_A=y\n<<<<<<< HEAD\n', 'fs/good.c': GOOD },
      async (root) => {
        refuses(
          ['check', '--kernel', root, '--config', join(root, 'broken.config')],
          /broken\.config: line 2/,
        );
        refuses(['check', '--kernel', root, '--config', join(root, 'none')], /none: does not exist/);
        await withFolder({ ...KERNEL, '.config': '\u0000\u0001garbage' }, (other) =>
          refuses(['check', '--kernel', other], /\.config: line 1 is no setting/),
        );
      },
    ));

  it('an unterminated comment in 6 MB', () =>
    withFile('comment.c', `/* ${'never ends '.repeat(6 * 1024 * 100)}`, (root) => {
      const skipped = skippedBy(root);
      assert.deepEqual(Object.keys(skipped), ['fs/comment.c']);
      const text = lockwalk(['check', '--kernel', root]).out;
      assert.match(text, /^skipped: fs\/comment\.c: .+$/m);
      assert.match(text, /1 file skipped/);
    }));

  it('20 MB of macros', () =>
    withFile('macros.c', '#define M(x) M2(x, M3(x))\nM(1) M(2) M(3)\n'.repeat(500_000), (root) => {
      assert.deepEqual(Object.keys(skippedBy(root)), ['fs/macros.c']);
    }));

  it('50,000 nested parentheses', () =>
    withFile(
      'nested.c',
      `int deep(void)\n{\n\treturn ${'('.repeat(50_000)}1${')'.repeat(50_000)};\n}\n`,
      (root) => {
        assert.deepEqual(Object.keys(skippedBy(root, ['fs/nested.c', 'fs/good.c'])), ['fs/nested.c']);
      },
    ));

  it('symbolic links in a circle', () =>
    withFile('other.c', GOOD, (root) => {
      symlinkSync('loop.c', join(root, 'fs/loop.c'));
      symlinkSync('..', join(root, 'fs/up'));
      const skipped = skippedBy(root);
      assert.deepEqual(Object.keys(skipped), ['fs/loop.c', 'fs/up']);
      assert.match(skipped['fs/loop.c'] ?? '', /loop/);
      refuses(['check', '--kernel', root, 'fs/loop.c'], /fs\/loop\.c is a symbolic link loop/);
    }));

  it('a file that is not UTF-8 is analysed', () =>
    withFile('latin1.c', Buffer.from(`/* J\xf6rg */\n${GOOD.replace('good', 'latin')}`, 'latin1'), (root) => {
      assert.deepEqual(skippedBy(root), {});
      const run = lockwalk(['check', '--kernel', root, 'fs/latin1.c', '--format', 'json']);
      assert.equal((JSON.parse(run.out) as { stats: { functions: number } }).stats.functions, 1);
    }));

  it('an empty file, NUL bytes, and code that breaks off', () =>
    withFolder(
      {
        ...KERNEL,
        'fs/empty.c': '',
        'fs/nul.c': `\u0000\u0000${GOOD}`,
        'fs/half.c': 'int half(struct dentry *d)\n{\n\tif (d',
      },
      (root) => {
        const run = lockwalk(['check', '--kernel', root]);
        assert.ok(isCalm(run), run.err);
        assert.equal(run.code, 0, run.out);
      },
    ));
});
