import assert from 'node:assert/strict';
import {
  baselineOf,
  compareWithBaseline,
  formatBaseline,
  parseBaseline,
} from '../../server/src/engine/findings/baseline.js';
import { orderFindings } from '../../server/src/engine/findings/order.js';
import { finding } from './finding.js';

describe('baseline', () => {
  const old = finding({ fingerprint: 'a' });
  const moved = finding({ fingerprint: 'a', line: 90 });
  const fresh = finding({ fingerprint: 'b' });

  it('reads what it writes', () => {
    const parsed = parseBaseline(formatBaseline(baselineOf([fresh, old])));
    assert.ok(parsed.ok);
    assert.deepEqual(
      parsed.entries.map((entry) => entry.fingerprint),
      ['a', 'b'],
    );
    assert.deepEqual(parseBaseline(formatBaseline([])), { ok: true, entries: [] });
  });

  it('hides what is known wherever it has moved, and names what is gone', () => {
    const compared = compareWithBaseline([moved, fresh], baselineOf([old, finding({ fingerprint: 'gone' })]));
    assert.deepEqual(compared.fresh, [fresh]);
    assert.equal(compared.known, 1);
    assert.deepEqual(
      compared.stale.map((entry) => entry.fingerprint),
      ['gone'],
    );
  });

  it('says what is wrong with a text', () => {
    for (const text of ['', '{', '[]', '{"version":2,"findings":[]}', '{"version":1,"findings":[{}]}']) {
      assert.equal(parseBaseline(text).ok, false, text);
    }
  });
});

describe('order', () => {
  it('is file, line, column, rule, whatever came first; equals go', () => {
    const all = [
      finding({ fingerprint: '1', file: 'fs/a.c', line: 1, column: 1, rule: 'lock/a' }),
      finding({ fingerprint: '2', file: 'fs/a.c', line: 1, column: 1, rule: 'lock/b' }),
      finding({ fingerprint: '3', file: 'fs/a.c', line: 1, column: 2 }),
      finding({ fingerprint: '4', file: 'fs/a.c', line: 10 }),
      finding({ fingerprint: '5', file: 'fs/b.c', line: 2 }),
    ];
    assert.deepEqual(orderFindings([...all].reverse()), all);
    assert.deepEqual(orderFindings([...all, ...all]), all);
  });
});
