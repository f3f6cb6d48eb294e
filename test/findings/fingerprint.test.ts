import assert from 'node:assert/strict';
import {
  type FingerprintParts,
  fingerprint,
  fingerprintAll,
  hash64,
  normalizeStatement,
} from '../../server/src/engine/findings/fingerprint.js';

const PARTS: FingerprintParts = {
  rule: 'rcu/early-free',
  file: 'fs/a.c',
  function: 'a_release',
  statement: 'kfree(record);',
  objectClass: 'a_record',
};

describe('fingerprint', () => {
  it('does not see layout or comments', () => {
    const laidOut = { ...PARTS, statement: 'kfree( /* the record */\n\t\trecord ) ; // gone' };
    assert.equal(fingerprint(laidOut, 0), fingerprint(PARTS, 0));
  });

  it('sees each of its parts and the ordinal', () => {
    const changed: FingerprintParts[] = [
      { ...PARTS, rule: 'rcu/walk-blocks' },
      { ...PARTS, file: 'fs/b.c' },
      { ...PARTS, function: 'b_release' },
      { ...PARTS, statement: 'kfree(other);' },
      { ...PARTS, objectClass: 'b_record' },
    ];
    const all = [
      fingerprint(PARTS, 0),
      fingerprint(PARTS, 1),
      ...changed.map((parts) => fingerprint(parts, 0)),
    ];
    assert.equal(new Set(all).size, all.length);
  });

  it('counts equals in order of place', () => {
    assert.deepEqual(fingerprintAll([PARTS, { ...PARTS, file: 'fs/b.c' }, PARTS]), [
      fingerprint(PARTS, 0),
      fingerprint({ ...PARTS, file: 'fs/b.c' }, 0),
      fingerprint(PARTS, 1),
    ]);
  });

  it('keeps the blank between words', () => {
    assert.equal(normalizeStatement('return  -ECHILD ;'), 'return-ECHILD;');
    assert.equal(normalizeStatement('struct foo\n*p = a->b'), 'struct foo*p=a->b');
  });

  it('is stable from release to release', () => {
    assert.equal(hash64('lockwalk'), hash64('lockwalk'));
    assert.match(hash64(''), /^[0-9a-f]{16}$/);
    assert.equal(fingerprint(PARTS, 0), 'b0e5b992367bc6a7');
  });
});
