/**
 * `lockwalk check --fix` on copies of the example tree: what can be fixed safely is gone afterwards, nothing new is found, a second
 * run has nothing to do, and nothing is written over what somebody else wrote.
 */
import assert from 'node:assert/strict';
import { chmodSync, cpSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Fixed, makeFixes, writeFixes } from '../../server/src/cli/apply-fixes.js';
import { diffOfTexts } from '../../server/src/cli/format/unified-diff.js';
import { findTarget } from '../../server/src/cli/target.js';
import type { Finding } from '../../server/src/engine/base/finding.js';
import { readForChange } from '../../server/src/host/replace-file.js';
import { withFolder } from '../host/folder.js';
import { filesBelow } from '../repository.js';
import { EXAMPLE, lockwalk } from './run.js';

const FIXABLE = ['rcu/early-free', 'rcu/unstable-inode', 'lock/imbalance'];
const TOUCHED = ['fs/mountd/mountd.h', 'fs/mountd/record.c', 'fs/netfsd/dir.c', 'fs/pool/alloc.c'];

function withCopy<T>(use: (root: string) => T | Promise<T>): Promise<T> {
  return withFolder({}, (folder) => {
    const root = join(folder, 'tree');
    cpSync(EXAMPLE, root, { recursive: true });
    return use(root);
  });
}

function findings(root: string): readonly Finding[] {
  const run = lockwalk(['check', '--kernel', root, '--precision', 'low', '--format', 'json']);
  return (JSON.parse(run.out) as { findings: Finding[] }).findings;
}

/** All C of a tree by path. */
function textsOf(root: string): Record<string, string> {
  const names = [...filesBelow('examples/tree', '.c'), ...filesBelow('examples/tree', '.h')].map((path) =>
    path.replace('examples/tree/', ''),
  );
  return Object.fromEntries(names.map((name) => [name, readFileSync(join(root, name), 'utf8')]));
}

const PRINTS = (list: readonly Finding[]): readonly string[] => list.map((f) => f.fingerprint);

describe('check --fix', function suite() {
  this.timeout(120_000);

  it('what has a safe fix is gone, nothing is new, and the report says what is left', () =>
    withCopy((root) => {
      const before = findings(root);
      chmodSync(join(root, 'fs/pool/alloc.c'), 0o640);
      const run = lockwalk(['check', '--fix', '--kernel', root]);
      assert.equal(run.code, 1, run.err);
      assert.match(run.err, /^lockwalk: 3 findings fixed in 4 files$/m);
      assert.match(run.out, /\[lock\/sleep-in-atomic\]/);
      for (const rule of FIXABLE) assert.ok(!run.out.includes(`[${rule}]`), rule);
      const after = findings(root);
      assert.deepEqual(PRINTS(after), PRINTS(before.filter((f) => !FIXABLE.includes(f.rule))));
      for (const file of TOUCHED) {
        const dump = lockwalk(['dump', 'syntax', '--kernel', root, file]);
        assert.doesNotMatch(dump.out, /ERROR|MISSING/, file);
      }
      assert.equal(statSync(join(root, 'fs/pool/alloc.c')).mode & 0o777, 0o640);
      assert.deepEqual(
        readdirSync(join(root, 'fs/pool')).filter((name) => name.startsWith('.')),
        [],
      );
      const texts = textsOf(root);
      const again = lockwalk(['check', '--fix', '--kernel', root]);
      assert.match(again.err, /^lockwalk: 0 findings fixed in 0 files$/m);
      assert.deepEqual(textsOf(root), texts);
    }));

  it('--dry-run writes nothing and prints the diff of what --fix writes', () =>
    withCopy(async (root) => {
      const texts = textsOf(root);
      const shown = lockwalk(['check', '--fix', '--dry-run', '--kernel', root]);
      assert.equal(shown.code, 1, shown.err);
      assert.deepEqual(textsOf(root), texts);
      assert.deepEqual(
        [...shown.out.matchAll(/^--- a\/(\S+)$/gm)].map((m) => m[1]),
        TOUCHED,
      );
      await withCopy((other) => {
        assert.equal(lockwalk(['check', '--fix', '--kernel', other]).code, 1);
        const diffs = Object.entries(textsOf(other)).map(([file, text]) =>
          diffOfTexts(file, texts[file] as string, text),
        );
        assert.equal([...diffs].sort().join(''), [...shown.out.split(/^(?=--- )/m)].sort().join(''));
      });
    }));

  it('only what is shown is fixed', () =>
    withCopy((root) => {
      const run = lockwalk(['check', '--fix', '--rule', 'lock', '--kernel', root, 'fs/pool']);
      assert.match(run.err, /^lockwalk: 1 finding fixed in 1 file$/m);
      const texts = textsOf(root);
      const changed = Object.entries(textsOf(EXAMPLE)).filter(([file, text]) => texts[file] !== text);
      assert.deepEqual(
        changed.map(([file]) => file),
        ['fs/pool/alloc.c'],
      );
      const baseline = join(root, 'baseline.json');
      lockwalk(['baseline', 'write', '--kernel', root, '--baseline', baseline]);
      const known = lockwalk(['check', '--fix', '--kernel', root, '--baseline', baseline]);
      assert.equal(known.code, 0, known.err);
      assert.match(known.err, /0 findings fixed/);
      assert.deepEqual(textsOf(root), texts);
    }));

  it('several in one file, and the member that two of them need is added once', () =>
    withCopy((root) => {
      const file = join(root, 'fs/mountd/record.c');
      const text = readFileSync(file, 'utf8');
      // A second place that frees the record, in another teardown method
      writeFileSync(
        file,
        `${text}
static void mountd_prune(struct dentry *dentry)
{
	struct mountd_record *record = mountd_record(dentry);

	kfree(record);
}

const struct dentry_operations mountd_other_operations = {
	.d_release	= mountd_prune,
};
`,
      );
      const before = findings(root).filter((f) => f.file === 'fs/mountd/record.c').length;
      assert.equal(before, 2);
      lockwalk(['check', '--fix', '--kernel', root, 'fs/mountd']);
      assert.deepEqual(
        findings(root).filter((f) => f.file === 'fs/mountd/record.c'),
        [],
      );
      const header = readFileSync(join(root, 'fs/mountd/mountd.h'), 'utf8');
      assert.equal(header.split('struct rcu_head').length, 2);
      assert.equal(readFileSync(file, 'utf8').split('kfree_rcu(record, rcu)').length, 3);
    }));

  it('keeps CRLF', () =>
    withCopy((root) => {
      const file = join(root, 'fs/pool/alloc.c');
      writeFileSync(file, readFileSync(file, 'utf8').replaceAll('\n', '\r\n'));
      const run = lockwalk(['check', '--fix', '--kernel', root, 'fs/pool']);
      assert.match(run.err, /1 finding fixed/);
      assert.doesNotMatch(readFileSync(file, 'utf8'), /[^\r]\n/);
    }));

  it('refuses an overlaid file, and --dry-run alone', () =>
    withCopy((root) => {
      const texts = textsOf(root);
      const overlay = `fs/pool/alloc.c=${join(root, 'fs/pool/alloc.c')}`;
      const run = lockwalk(['check', '--fix', '--kernel', root, '--overlay', overlay]);
      assert.equal(run.code, 2);
      assert.match(run.err, /fs\/pool\/alloc\.c is overlaid/);
      assert.equal(lockwalk(['check', '--dry-run', '--kernel', root]).code, 2);
      assert.deepEqual(textsOf(root), texts);
    }));

  it('nothing is written over what changed meanwhile, in any file', () =>
    withFolder({ 'a.c': 'one\n', 'b.c': 'two\n' }, (folder) => {
      const part = (name: string): Fixed['files'][number] => {
        const read = readForChange(join(folder, name));
        assert.ok('bytes' in read);
        return { file: name, read, text: 'fixed\n' };
      };
      const fixed: Fixed = { gone: [], left: [], files: [part('a.c'), part('b.c')] };
      writeFileSync(join(folder, 'b.c'), 'three\n');
      assert.equal(writeFixes(fixed), 'b.c has changed meanwhile');
      assert.equal(readFileSync(join(folder, 'a.c'), 'utf8'), 'one\n');
      assert.equal(readFileSync(join(folder, 'b.c'), 'utf8'), 'three\n');
    }));

  it('where one file cannot be written those before it get their old text back', () =>
    withFolder({ 'a.c': 'one\n', 'b.c': 'two\n' }, (folder) => {
      const part = (name: string): Fixed['files'][number] => {
        const read = readForChange(join(folder, name));
        assert.ok('bytes' in read);
        return { file: name, read, text: 'fixed\n' };
      };
      const fixed: Fixed = { gone: [], left: [], files: [part('a.c'), part('b.c')] };
      // Another run that is at it has its temporary file there
      writeFileSync(join(folder, `.b.c.${process.pid}.tmp`), '');
      assert.equal(writeFixes(fixed), 'b.c is being changed by another run');
      assert.equal(readFileSync(join(folder, 'a.c'), 'utf8'), 'one\n');
    }));

  it('an unsafe fix is not applied', async () => {
    const all = findings(EXAMPLE).map((f) => ({
      ...f,
      fixes: f.fixes.map((fix) => ({ ...fix, safety: 'unsafe' as const })),
    }));
    assert.ok(all.some((f) => f.fixes.length > 0));
    const request = { findings: all, rules: [], jobs: 1 };
    const fixed = await makeFixes(findTarget({ kernel: EXAMPLE }, []), request, new AbortController().signal);
    assert.deepEqual(fixed, { gone: [], left: [], files: [] });
  });
});

describe('the diff of two texts', () => {
  const shown = (before: string, after: string): string => diffOfTexts('a.c', before, after);

  it('names the fewest lines', () => {
    assert.equal(shown('1\n2\n3\n', '1\n2\n3\n'), '');
    assert.equal(shown('1\n2\n3\n', '1\nx\n3\n'), '--- a/a.c\n+++ b/a.c\n@@ -1,3 +1,3 @@\n 1\n-2\n+x\n 3\n');
    assert.equal(shown('1\n2\n', '2\n'), '--- a/a.c\n+++ b/a.c\n@@ -1,2 +1 @@\n-1\n 2\n');
    assert.equal(shown('', 'x\n'), '--- a/a.c\n+++ b/a.c\n@@ -0,0 +1 @@\n+x\n');
  });

  it('gives the second text where it is applied to the first', function applies() {
    let seed = 1;
    const next = (below: number): number => {
      seed = (seed * 48271) % 2147483647;
      return seed % below;
    };
    const some = (): string => Array.from({ length: next(30) }, () => `${next(5)}\n`).join('');
    for (let i = 0; i < 200; i++) {
      const [before, after] = [some(), some()];
      assert.equal(patched(before, shown(before, after)), after);
    }
  });
});

/** A text with a diff applied, by the letter. */
function patched(before: string, diff: string): string {
  const old = before.split(/(?<=\n)/).filter((line) => line !== '');
  const out: string[] = [];
  let at = 0;
  for (const line of diff.split(/(?<=\n)/)) {
    const hunk = /^@@ -(\d+)(?:,(\d+))? /.exec(line);
    if (hunk !== null) {
      const from = hunk[2] === '0' ? Number(hunk[1]) : Number(hunk[1]) - 1;
      out.push(...old.slice(at, from));
      at = from;
    } else if (line.startsWith(' ') || line.startsWith('-')) {
      if (line.startsWith('--- ')) continue;
      assert.equal(old[at], line.slice(1));
      if (line.startsWith(' ')) out.push(line.slice(1));
      at++;
    } else if (line.startsWith('+') && !line.startsWith('+++ ')) out.push(line.slice(1));
  }
  return [...out, ...old.slice(at)].join('');
}
