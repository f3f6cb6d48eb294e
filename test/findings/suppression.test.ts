import assert from 'node:assert/strict';
import {
  applySuppressions,
  findSuppressions,
  type RuleStanding,
} from '../../server/src/engine/findings/suppression.js';
import { finding } from './finding.js';

const apply = (text: string, standing: RuleStanding = 'ran') =>
  applySuppressions(
    [finding()],
    ['fs/a.c'],
    (file) => (file === 'fs/a.c' ? text : null),
    () => standing,
  );

describe('suppression', () => {
  it('speaks for its own line behind code', () => {
    const text = '\n\nspin_lock(&a); /* lockwalk-ignore lock/double: they differ */\n';
    assert.deepEqual(apply(text).kept, []);
    assert.equal(apply(text).suppressed[0]?.reason, 'they differ');
  });

  it('speaks for the next line of code when alone', () => {
    assert.deepEqual(apply('\n/* lockwalk-ignore lock: they differ */\nspin_lock(&a);\n').kept, []);
    assert.deepEqual(apply('/* lockwalk-ignore lock: they differ */\n/* more */\nspin_lock(&a);\n').kept, []);
  });

  it('speaks for a finding over several lines behind any of them', () => {
    const long = [finding({ line: 3, endLine: 5 })];
    const left = (text: string): number =>
      applySuppressions(
        long,
        ['fs/a.c'],
        () => text,
        () => 'ran',
      ).kept.length;
    assert.equal(left('\n\nf(a,\n  b,\n  c); /* lockwalk-ignore lock/double: why */\n'), 0);
    assert.equal(left('\n\nf(a,\n  b,\n  c);\ng(); /* lockwalk-ignore lock/double: why */\n'), 1);
  });

  it('wants a reason', () => {
    const { kept, problems } = apply('\n/* lockwalk-ignore lock/double */\nspin_lock(&a);\n');
    assert.equal(kept.length, 1);
    assert.match(problems.join(), /fs\/a\.c:2: .*lockwalk-ignore RULE: reason/);
  });

  it('is reported where it allows nothing, if the rule ran', () => {
    const text = '/* lockwalk-ignore rcu/early-free: why */\nspin_lock(&a);\n';
    assert.match(apply(text).problems.join(), /fs\/a\.c:1: .*rcu\/early-free.*nothing/);
    assert.deepEqual(apply(text, 'idle').problems, []);
    assert.match(apply(text, 'unknown').problems.join(), /rcu\/early-free, which is no rule/);
  });

  it('does not take a family for a prefix', () => {
    assert.equal(apply('\n\nx; /* lockwalk-ignore loc: why */\n').kept.length, 1);
  });

  it('finds nothing in other comments', () => {
    assert.deepEqual(findSuppressions('/* see lockwalk-ignore */ // lockwalk-ignore lock: x'), []);
  });

  it('folds a reason over several lines', () => {
    const [comment] = findSuppressions('/* lockwalk-ignore lock/double: one\n * two */\nx;\n');
    assert.equal(comment?.reason, 'one two');
    assert.equal(comment?.target, 3);
  });
});
