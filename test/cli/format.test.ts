import assert from 'node:assert/strict';
import { parseDiff, touches } from '../../server/src/cli/changed-lines.js';
import { formatAudit } from '../../server/src/cli/format/audit-text.js';
import { codeFrame, expandTabs } from '../../server/src/cli/format/code-frame.js';
import { formatGithub } from '../../server/src/cli/format/github.js';
import { twoColumns } from '../../server/src/cli/format/two-columns.js';
import { PLAIN } from '../../server/src/cli/terminal.js';
import { finding } from '../findings/finding.js';

describe('formats', () => {
  it('put the caret under the range, tabs or not', () => {
    const range = { file: 'a.c', line: 1, column: 3, endLine: 1, endColumn: 8 };
    const [code, caret] = codeFrame(range, (_file, line) => (line === 1 ? '\t\tkfree(p);' : null), PLAIN);
    assert.equal(code?.indexOf('kfree'), caret?.indexOf('^'));
    assert.ok(caret?.endsWith('^~~~~'), caret);
    assert.equal(expandTabs('ab\tc'), 'ab      c');
  });

  it('cut long lines, and keep the caret in sight', () => {
    const text = `a; ${'b += 1; '.repeat(5000)}kfree(p); ${'c += 1; '.repeat(5000)}`;
    const column = text.indexOf('kfree') + 1;
    const range = { file: 'a.c', line: 1, column, endLine: 1, endColumn: column + 8 };
    const frame = codeFrame(range, (_file, line) => (line === 1 ? text : null), PLAIN);
    const [code, caret] = frame;
    assert.equal(code?.indexOf('kfree(p)'), caret?.indexOf('^~~~~~~~'));
    assert.ok(frame.every((row) => row.length < 180));
    const whole = { ...range, column: 1, endColumn: text.length + 1 };
    assert.ok(codeFrame(whole, () => text, PLAIN).every((row) => row.length < 180));
  });

  it('name a place once of which an audit says several things', () => {
    const spot = (line: number, why: string) =>
      ({ function: 'a', file: 'fs/a.c', line, table: '', verdict: 'fine', why }) as const;
    const text = formatAudit(
      {
        kind: 'rule',
        name: 'rcu/early-free',
        spots: [spot(3, 'one'), spot(3, 'other'), spot(3, 'one'), spot(4, 'one')],
        functions: 1,
        skipped: [],
      } as unknown as Parameters<typeof formatAudit>[0],
      '6.12',
      ['fs'],
    );
    const list = text.slice(text.indexOf('Fine'));
    assert.equal(list, 'Fine (4)\n\na()  fs/a.c:3: fine\n    one\n    other\na()  fs/a.c:4: fine\n    one\n');
  });

  it('stay within a mail’s width in two columns', () => {
    const step = (side: 0 | 1, message: string) =>
      ({ kind: 'call', file: 'fs/directory/file.c', line: 120, column: 1, side, message }) as const;
    const rows = twoColumns([
      step(0, 'mountd_release() is called for the last reference on the dentry'),
      step(1, 'mountd_manage() reads the record through d_fsdata without a lock'),
      step(0, 'the record is freed at once'),
    ]);
    assert.match(rows[0] ?? '', /^CPU 0 +CPU 1$/);
    assert.ok(rows.every((row) => row.length <= 92 && row === row.trimEnd()));
    const column = rows[0]?.indexOf('CPU 1') ?? -1;
    assert.ok(
      rows.some((row) => row.startsWith(' '.repeat(column)) && row.includes('fs/directory/file.c:120')),
    );
  });

  it('escape what GitHub reads as its own', () => {
    const report = {
      findings: [finding({ message: '50% a\nb', file: 'fs/a,b:c.c' })],
      skipped: [],
      problems: ['10% c\nd'],
    };
    const text = formatGithub(report as unknown as Parameters<typeof formatGithub>[0]);
    assert.match(text, /file=fs\/a%2Cb%3Ac\.c,/);
    assert.match(text, /::50%25 a%0Ab/);
    assert.match(text, /title=lockwalk::10%25 c%0Ad/);
  });
});

describe('changed lines', () => {
  it('come from the new side of a diff', () => {
    const changed = parseDiff(
      [
        '--- a/fs/a.c',
        '+++ b/fs/a.c',
        '@@ -3 +3,2 @@ x',
        '@@ -9,2 +9,0 @@',
        '--- a/fs/gone.c',
        '+++ /dev/null',
        '@@ -1 +0,0 @@',
      ].join('\n'),
    );
    assert.deepEqual([...changed.keys()], ['fs/a.c']);
    assert.equal(touches(changed, 'fs/a.c', 4, 4), true);
    assert.equal(touches(changed, 'fs/a.c', 5, 8), false);
    assert.equal(touches(changed, 'fs/a.c', 10, 10), true);
    assert.equal(touches(changed, 'fs/b.c', 1, 1), false);
  });
});
