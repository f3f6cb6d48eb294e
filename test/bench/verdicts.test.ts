/**
 * What the verdicts on findings amount to, and that the files hold what they should.
 */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import type { Finding, Precision } from '../../server/src/engine/base/finding.js';
import { finding } from '../findings/finding.js';
import { inRepository } from '../repository.js';
import { tally, unjudged, type Verdict, type Verdicts, wordTally } from './verdicts.js';

function found(fingerprint: string, precision: Precision = 'high', rule = 'lock/double'): Finding {
  return finding({ rule, precision, fingerprint });
}

function judged(verdict: Verdict['verdict'], cause?: string): Verdict {
  const said = { rule: 'lock/double', file: 'fs/foo/x.c', function: 'f', verdict, why: 'because' };
  return cause === undefined ? said : { ...said, cause };
}

describe('verdicts', () => {
  const verdicts: Verdicts = {
    kernel: '6.12.1',
    findings: {
      a: judged('right'),
      b: judged('wrong', 'one helper'),
      c: judged('wrong', 'one helper'),
      d: judged('right', 'one helper'),
      e: judged('wrong'),
    },
  };

  it('count by rule and precision, siblings of a cause once', () => {
    const findings = [
      ...['a', 'b', 'c', 'd', 'x'].map((print) => found(print)),
      found('e', 'low'),
      found('y', 'high', 'lock/aaa'),
    ];
    assert.deepEqual(tally([{ findings, verdicts }]), [
      { rule: 'lock/aaa', precision: 'high', right: 0, wrong: 0, unjudged: 1 },
      { rule: 'lock/double', precision: 'high', right: 2, wrong: 1, unjudged: 1 },
      { rule: 'lock/double', precision: 'low', right: 0, wrong: 1, unjudged: 0 },
    ]);
  });

  it('of two trees are added up: the same bug in both counts in both', () => {
    const one = { findings: [found('b'), found('c')], verdicts };
    assert.deepEqual(tally([one, one]), [
      { rule: 'lock/double', precision: 'high', right: 0, wrong: 2, unjudged: 0 },
    ]);
  });

  it('say which findings have none, the most precise first', () => {
    const findings = [found('low', 'low'), found('a'), found('high')];
    assert.deepEqual(
      unjudged(findings, verdicts).map((f) => f.fingerprint),
      ['high', 'low'],
    );
  });

  it('are worded as a share of what was judged', () => {
    assert.equal(wordTally({ right: 3, wrong: 1, unjudged: 2 }), '3 of 4 right (75.0 %), 2 not judged');
    assert.equal(wordTally({ right: 0, wrong: 0, unjudged: 1 }), 'none judged, 1 not judged');
  });

  it('of each tree say which code, right or wrong, and why', () => {
    const folder = inRepository('test/kernel/verdicts');
    for (const name of readdirSync(folder)) {
      const file = JSON.parse(readFileSync(`${folder}/${name}`, 'utf8')) as Verdicts;
      assert.ok(file.kernel.startsWith(name.replace('.json', '.')), name);
      for (const [print, v] of Object.entries(file.findings)) {
        const where = `${name} ${print}`;
        assert.match(print, /^[0-9a-f]{16}$/, where);
        assert.match(v.rule, /^[a-z]+\/[a-z-]+$/, where);
        assert.ok(v.verdict === 'right' || v.verdict === 'wrong', where);
        assert.ok(v.why.length > 20 && /\.[ch]$/.test(v.file) && v.function !== '', where);
        assert.notEqual(v.cause, '', where);
        assert.ok(v.precision === undefined || v.precision === 'medium' || v.precision === 'low', where);
      }
    }
  });
});
