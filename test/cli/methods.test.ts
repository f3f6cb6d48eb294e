import assert from 'node:assert/strict';
import type { MethodsAnswer } from '../../server/src/engine/base/shown.js';
import { EXAMPLE, isCalm, lockwalk } from './run.js';

describe('methods', () => {
  it('as text: directories, tables with their place, a line a method', () => {
    const run = lockwalk(['methods', '--kernel', EXAMPLE, 'fs/netfsd']);
    assert.equal(run.code, 0, run.err);
    assert.match(run.out, /^fs\/netfsd: 3 methods, 1 finding\n/);
    assert.match(run.out, /\n {2}dentry_operations netfsd_lease_operations {2}fs\/netfsd\/lease\.c:\d+\n/);
    assert.match(
      run.out,
      /\n {4}d_revalidate {2}netfsd_revalidate {2}RCU-walk; must not sleep\n +or perhaps held: /,
    );
    assert.match(run.out, /\n +1 finding\n/);
  });

  it('as JSON: of a file, its whole directory', () => {
    const run = lockwalk(['methods', '--kernel', EXAMPLE, 'fs/netfsd/lease.c', '--format', 'json']);
    const answer = JSON.parse(run.out) as MethodsAnswer;
    assert.equal(answer.version, 1);
    assert.deepEqual(
      answer.units.map((unit) => [unit.unit, unit.tables.length, unit.findings]),
      [['fs/netfsd', 3, 1]],
    );
  });

  it('says so where there are none, and what is no path', () => {
    const none = lockwalk(['methods', '--kernel', EXAMPLE, 'fs/pool']);
    assert.equal(none.code, 0, none.err);
    assert.match(none.out, /no table of operations/);
    const wrong = lockwalk(['methods', '--kernel', EXAMPLE, 'fs/nowhere']);
    assert.equal(wrong.code, 2);
    assert.ok(isCalm(wrong) && wrong.err.includes('fs/nowhere'), wrong.err);
  });
});
