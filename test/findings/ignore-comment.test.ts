import assert from 'node:assert/strict';
import {
  ignoreComment,
  reasonInComment,
  withReason,
} from '../../server/src/engine/findings/ignore-comment.js';
import { applySuppressions } from '../../server/src/engine/findings/suppression.js';
import { finding } from './finding.js';

/** Ignores a finding at a line of a text, and gives the text with the comment in it. */
function ignored(lines: readonly string[], line: number, reason = 'they differ'): readonly string[] {
  const comment = ignoreComment(finding({ line, endLine: line }), (at) => lines[at - 1] ?? null);
  assert.ok(comment);
  const edit = withReason(comment, reason);
  const old = lines[edit.startLine - 1] ?? '';
  const at = edit.startColumn - 1;
  const next = [...lines];
  next[edit.startLine - 1] = old.slice(0, at) + edit.text + old.slice(at);
  return next.join('\n').split('\n');
}

/** What is left of a finding whose code is still the one given. */
function left(lines: readonly string[], code: string): number {
  const line = lines.findIndex((one) => one.includes(code)) + 1;
  const found = [finding({ line, endLine: line })];
  return applySuppressions(
    found,
    ['fs/a.c'],
    () => lines.join('\n'),
    () => 'ran',
  ).kept.length;
}

describe('ignore comment', () => {
  const cases: readonly [name: string, lines: readonly string[], line: number, says: string][] = [
    [
      'a statement',
      ['void f(void)', '{', '\t\tspin_lock(&a);', '}'],
      3,
      '\t\t/* lockwalk-ignore lock/double: they differ */',
    ],
    ['the first line', ['spin_lock(&a);'], 1, '/* lockwalk-ignore lock/double: they differ */'],
    [
      'a line behind another comment',
      ['/* lockwalk-ignore rcu: why */', 'spin_lock(&a);'],
      2,
      '/* lockwalk-ignore lock/double: they differ */',
    ],
    [
      'a line inside of a macro',
      ['#define F(a)\t\\', '\tspin_lock(&a);\t\\', '\tg()'],
      2,
      '\tspin_lock(&a); /* lockwalk-ignore lock/double: they differ */\t\\',
    ],
    [
      'the last line of a macro',
      ['#define F(a)\t\\', '\tspin_lock(&a);', 'int b;'],
      2,
      '\tspin_lock(&a); /* lockwalk-ignore lock/double: they differ */',
    ],
  ];
  for (const [name, lines, line, says] of cases) {
    it(`speaks for ${name}`, () => {
      const after = ignored(lines, line);
      assert.ok(after.includes(says), after.join('\n'));
      assert.equal(left(after, 'spin_lock(&a)'), 0);
    });
  }

  it('cannot be ended by its reason', () => {
    assert.equal(reasonInComment(' no */ int x; /*\n  more '), 'no * / int x; /* more');
    assert.equal(left(ignored(['spin_lock(&a);'], 1, 'a */ b'), 'spin_lock'), 0);
  });

  it('has a reason to be filled in where there is none', () => {
    assert.match(ignored(['spin_lock(&a);'], 1, '  ')[0] ?? '', /TODO/);
  });
});
