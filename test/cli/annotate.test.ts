/**
 * `lockwalk annotate` as a person runs it, on a copy of the example tree.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, readdirSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { unifiedDiff } from '../../server/src/cli/format/unified-diff.js';
import type { Edit } from '../../server/src/engine/base/finding.js';
import { applyEdits } from '../../server/src/engine/findings/text-edits.js';
import { readForChange, replaceFile } from '../../server/src/host/replace-file.js';
import { withFolder } from '../host/folder.js';
import { EXAMPLE, lockwalk } from './run.js';

const FILE = 'fs/netfsd/lease.c';

function withCopy(run: (root: string, file: string) => void): Promise<void> {
  return withFolder({}, (folder) => {
    const root = join(folder, 'tree');
    cpSync(EXAMPLE, root, { recursive: true });
    run(root, join(root, FILE));
  });
}

/** What `patch` makes of a text and a diff; null where it is not installed. */
function patched(root: string, diff: string): string | null {
  const run = spawnSync('patch', ['-p1', '-d', root, '--no-backup-if-mismatch'], {
    input: diff,
    encoding: 'utf8',
  });
  if (run.error !== undefined) return null;
  assert.equal(run.status, 0, run.stdout + run.stderr);
  assert.ok(!/fuzz|offset/.test(run.stdout), run.stdout);
  return readFileSync(join(root, FILE), 'utf8');
}

describe('annotate', () => {
  it('shows a diff that patch takes, and writes the same with --write', async () => {
    let byHand: string | null = null;
    await withCopy((root) => {
      const shown = lockwalk(['annotate', 'netfsd_lease_left', '--kernel', root]);
      assert.equal(shown.code, 0, shown.err);
      assert.match(shown.out, /&dentry->d_lock \(dentry::d_lock\) held exclusive/);
      assert.match(shown.out, /dentry_operations\.d_delete of netfsd_lease_operations/);
      assert.match(shown.out, /^\+#include <linux\/lockdep\.h>$/m);
      assert.match(shown.out, /^\+\tlockdep_assert_held\(&dentry->d_lock\);$/m);
      byHand = patched(root, shown.out);
    });
    await withCopy((root, file) => {
      chmodSync(file, 0o640);
      const written = lockwalk(['annotate', 'netfsd_lease_left', '--kernel', root, '--write']);
      assert.equal(written.code, 0, written.err);
      const text = readFileSync(file, 'utf8');
      assert.match(text, /\n\n\tlockdep_assert_held\(&dentry->d_lock\);\n\n/);
      if (byHand !== null) assert.equal(text, byHand);
      assert.equal(statSync(file).mode & 0o777, 0o640);
      assert.deepEqual(
        readdirSync(join(root, 'fs/netfsd')).filter((name) => name.startsWith('.')),
        [],
      );
      const again = lockwalk(['annotate', 'netfsd_lease_left', '--kernel', root, '--write']);
      assert.equal(again.code, 0);
      assert.match(again.out, /already written down/);
      assert.equal(readFileSync(file, 'utf8'), text);
      const check = (tree: string): string =>
        lockwalk(['check', '--kernel', tree, 'fs/netfsd', '--format', 'github']).out;
      assert.equal(check(root), check(EXAMPLE));
    });
  });

  it('keeps CRLF, and a last line without an end', async () => {
    await withCopy((root, file) => {
      writeFileSync(file, readFileSync(file, 'utf8').trimEnd().replaceAll('\n', '\r\n'));
      assert.equal(lockwalk(['annotate', 'netfsd_lease_left', '--kernel', root, '--write']).code, 0);
      const text = readFileSync(file, 'utf8');
      assert.match(text, /\r\n\tlockdep_assert_held\(&dentry->d_lock\);\r\n/);
      assert.ok(!/[^\r]\n/.test(text) && text.endsWith(';'));
    });
  });

  it('says why there is nothing, which is no failure', () => {
    const run = lockwalk(['annotate', 'pool_grow', '--kernel', EXAMPLE]);
    assert.equal(run.code, 0);
    assert.match(run.out, /^fs\/pool\/alloc\.c:\d+: pool_grow\(\): nothing to write down: .*no known entry/);
  });

  it('--style must-hold writes on the definition', () => {
    const run = lockwalk(['annotate', 'netfsd_lease_left', '--kernel', EXAMPLE, '--style', 'must-hold']);
    assert.match(run.out, /\n\+\t__must_hold\(&dentry->d_lock\)\n \{\n/);
    assert.ok(!run.out.includes('lockdep.h'));
  });

  it('refuses what cannot be meant', async () => {
    const refused = (args: readonly string[], why: RegExp): void => {
      const run = lockwalk(['annotate', ...args]);
      assert.equal(run.code, 2, run.out);
      assert.match(run.err, why);
    };
    refused(['no_such_function', '--kernel', EXAMPLE], /no_such_function: no such function/);
    refused(['a b', '--kernel', EXAMPLE], /expected the name of a function/);
    refused(['', '--kernel', EXAMPLE], /'': expected the name of a function/);
    refused(['a'.repeat(5000), '--kernel', EXAMPLE], /'a{128}': expected the name of a function/);
    refused(
      ['pool_grow', '--kernel', EXAMPLE, '--file', 'fs/mountd/root.c'],
      /not defined in fs\/mountd\/root\.c/,
    );
    await withCopy((root, file) => {
      const left = '#ifdef CONFIG_PREEMPT_RT\nstatic int left_out(int n)\n{\n\treturn n;\n}\n#endif\n';
      writeFileSync(join(root, 'fs/pool/left.c'), left);
      const why = /left_out: defined in fs\/pool\/left\.c, but this configuration leaves it out; --config/;
      refused(['left_out', '--kernel', root], why);
      refused(['left_out', '--kernel', root, '--file', 'fs/pool/left.c'], why);
      writeFileSync(join(root, 'fs/pool/more.c'), 'static void netfsd_lease_left(void)\n{\n}\n');
      refused(
        ['netfsd_lease_left', '--kernel', root],
        /defined in fs\/netfsd\/lease\.c and fs\/pool\/more\.c/,
      );
      for (const n of [1, 2, 3, 4])
        writeFileSync(join(root, `fs/pool/more${n}.c`), 'static void netfsd_lease_left(void)\n{\n}\n');
      refused(
        ['netfsd_lease_left', '--kernel', root],
        /defined in fs\/netfsd\/lease\.c, .*more2\.c and 2 more files; name one with --file/,
      );
      const huge = join(root, 'fs/pool/huge.c');
      writeFileSync(huge, '');
      truncateSync(huge, 2 ** 27);
      refused(['pool_grow', '--kernel', root, '--file', 'fs/pool/huge.c'], /huge\.c is larger than/);
      const text = readFileSync(file, 'utf8');
      const overlay = `${FILE}=${file}`;
      refused(
        ['netfsd_lease_left', '--kernel', root, '--file', FILE, '--overlay', overlay, '--write'],
        /is overlaid/,
      );
      assert.equal(readFileSync(file, 'utf8'), text);
    });
  });
});

describe('a file changed in place', () => {
  it('is left alone where it is not what was read', async () => {
    await withFolder({}, (folder) => {
      const path = join(folder, 'a.c');
      writeFileSync(path, 'one\n');
      const read = readForChange(path);
      assert.ok('bytes' in read);
      writeFileSync(path, 'two\n');
      assert.match(replaceFile(read, 'three\n') ?? '', /changed meanwhile/);
      assert.equal(readFileSync(path, 'utf8'), 'two\n');
      assert.deepEqual(readdirSync(folder), ['a.c']);
    });
  });

  it('keeps its bytes: Latin-1, and a byte order mark', async () => {
    await withFolder({}, (folder) => {
      for (const bytes of [Buffer.from('/* \u00e4 */\n', 'latin1'), Buffer.from('\ufeff/* \u00e4 */\n')]) {
        const path = join(folder, 'a.c');
        writeFileSync(path, bytes);
        const read = readForChange(path);
        assert.ok('bytes' in read);
        assert.equal(replaceFile(read, read.text), null);
        assert.ok(readFileSync(path).equals(bytes));
      }
    });
  });
});

describe('unified diff', () => {
  const at = (line: number, column: number, endLine: number, endColumn: number, text: string): Edit => ({
    file: 'a.c',
    startLine: line,
    startColumn: column,
    endLine,
    endColumn,
    text,
  });
  const cases: readonly (readonly [string, string, readonly Edit[], string])[] = [
    ['a line put in', '1\n2\n', [at(2, 1, 2, 1, 'x\n')], '@@ -1,2 +1,3 @@\n 1\n+x\n 2\n'],
    ['a piece of a line', '1\nab\n3\n', [at(2, 2, 2, 3, 'X')], '@@ -1,3 +1,3 @@\n 1\n-ab\n+aX\n 3\n'],
    [
      'at the end, without a line end',
      'a',
      [at(1, 2, 1, 2, 'b')],
      '@@ -1 +1 @@\n-a\n\\ No newline at end of file\n+ab\n\\ No newline at end of file\n',
    ],
    [
      'two hunks, the second moved',
      '1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n',
      [at(1, 1, 1, 1, 'x\n'), at(10, 1, 10, 1, 'y\n')],
      '@@ -1,3 +1,4 @@\n+x\n 1\n 2\n 3\n@@ -7,4 +8,5 @@\n 7\n 8\n 9\n+y\n 10\n',
    ],
    [
      'near changes in one hunk',
      '1\n2\n3\n4\n5\n',
      [at(4, 1, 4, 1, 'y\n'), at(2, 1, 2, 1, 'x\n')],
      '@@ -1,5 +1,7 @@\n 1\n+x\n 2\n 3\n+y\n 4\n 5\n',
    ],
  ];
  for (const [title, text, edits, expected] of cases)
    it(title, () => assert.equal(unifiedDiff('a.c', text, edits), `--- a/a.c\n+++ b/a.c\n${expected}`));

  it('makes the text that the edits mean', () => {
    assert.equal(applyEdits('1\nab\n', [at(1, 1, 1, 1, 'x\n'), at(2, 2, 2, 3, 'X')]), 'x\n1\naX\n');
  });
});
