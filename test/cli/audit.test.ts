/**
 * `lockwalk audit` and `lockwalk explain --absent` as a person runs them, on the example tree.
 */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import type { AbsentAnswer, AuditAnswer } from '../../server/src/engine/door.js';
import { withFolder } from '../host/folder.js';
import { EXAMPLE, lockwalk } from './run.js';

describe('audit', function suite() {
  this.timeout(120_000);

  it('is a list for a mail, the suspects first, and its exit code says whether there are any', () => {
    const run = lockwalk(['audit', 'd_revalidate', '--kernel', EXAMPLE]);
    assert.equal(run.code, 1, run.err);
    assert.match(
      run.out,
      /^->d_revalidate\(\) in fs of Linux 6\.12\.0\n2 instances: 1 suspect, 1 unknown, 0 fine/,
    );
    assert.match(
      run.out,
      /\n\nSuspect: [^\n]+ \(1\)\n\nnetfsd_revalidate\(\) {2}fs\/netfsd\/dir\.c:22, netfsd_dentry_operations: suspect\n {4}rcu\/unstable-inode at /,
    );
    assert.ok(run.out.split('\n').every((line) => line.length <= 100));
    const fine = lockwalk(['audit', 'd_delete', '--kernel', EXAMPLE, 'fs/netfsd']);
    assert.equal(fine.code, 0, fine.err);
    assert.match(
      fine.out,
      /netfsd_delete\(\) {2}fs\/netfsd\/lease\.c:\d+, netfsd_lease_operations: fine\n {4}together with the function that it calls: must\s+not\s+sleep\s+and\s+does\s+not,/,
    );
    const none = lockwalk(['audit', 'd_prune', '--kernel', EXAMPLE]);
    assert.equal(none.code, 0);
    assert.match(none.out, /there is none/);
  });

  it('says the same as JSON', () => {
    const run = lockwalk(['audit', 'rcu/unstable-inode', '--kernel', EXAMPLE, '--format', 'json']);
    const answer = JSON.parse(run.out) as AuditAnswer;
    assert.equal(run.code, 1);
    assert.deepEqual(
      [answer.version, answer.kind, answer.name, answer.kernelVersion.startsWith('6.12')],
      [1, 'rule', 'rcu/unstable-inode', true],
    );
    const spots = answer.spots.map((s) => `${s.function} ${s.verdict}`);
    assert.ok(spots.includes('netfsd_revalidate suspect') && spots.includes('netfsd_link_revalidate fine'));
  });

  it('shows one function in several tables once', async () => {
    const table = (name: string): string =>
      `const struct dentry_operations ${name} = {\n\t.d_delete = gone,\n};\n`;
    const source = `#include <linux/dcache.h>\nstatic int gone(const struct dentry *dentry)\n{\n\treturn 1;\n}\n`;
    await withFolder({ 'x.c': source + table('a_ops') + table('b_ops') }, (folder) => {
      const overlay = `fs/netfsd/lease.c=${join(folder, 'x.c')}`;
      const run = lockwalk(['audit', 'd_delete', '--kernel', EXAMPLE, '--overlay', overlay]);
      assert.match(run.out, /^2 instances: 0 suspect, 0 unknown, 2 fine/m);
      assert.match(run.out, /^gone\(\) {2}fs\/netfsd\/lease\.c:2, a_ops, b_ops: fine$/m);
    });
  });

  it('refuses what is nothing to audit', () => {
    const run = lockwalk(['audit', 'nonsense', '--kernel', EXAMPLE]);
    assert.equal(run.code, 2);
    assert.match(run.err, /nonsense: neither a rule, nor a method or helper/);
    assert.equal(lockwalk(['audit', 'dput', '--kernel', EXAMPLE, 'fs/none']).code, 2);
  });
});

describe('explain --absent', function suite() {
  this.timeout(120_000);
  const ask = (args: readonly string[]): ReturnType<typeof lockwalk> =>
    lockwalk(['explain', '--absent', '--kernel', EXAMPLE, ...args]);

  it('names the exemption on the line', () => {
    const run = ask(['rcu/unstable-inode', 'fs/netfsd/dir.c:39']);
    assert.equal(run.code, 0, run.err);
    assert.match(
      run.out,
      /^rcu\/unstable-inode at fs\/netfsd\/dir\.c:39 in netfsd_link_revalidate\(\)\n {2}silent: /,
    );
    const answer = JSON.parse(
      ask(['rcu/unstable-inode', 'fs/netfsd/dir.c:39', '--format', 'json']).out,
    ) as AbsentAnswer;
    assert.equal(answer.rule, 'rcu/unstable-inode');
    const either = ask(['unstable-inode', 'fs/netfsd/dir.c:39']);
    assert.equal(either.code, 2);
    assert.match(either.err, /which one, dentry\/unstable-inode or rcu\/unstable-inode\?/);
    assert.equal(answer.silences[0]?.line, 39);
  });

  it('says what is found after all, and that a baseline hides it', () =>
    withFolder({}, (folder) => {
      const baseline = join(folder, 'baseline.json');
      assert.equal(lockwalk(['baseline', 'write', '--kernel', EXAMPLE, '--baseline', baseline]).code, 0);
      const args = ['rcu/unstable-inode', 'fs/netfsd/dir.c:24'];
      assert.match(ask(args).out, /it says: 'd_inode' of 'dentry' is read plainly/);
      assert.doesNotMatch(ask(args).out, /hidden/);
      assert.match(ask([...args, '--baseline', baseline]).out, /hidden by the baseline, as [0-9a-f]{16}/);
    }));

  it('does not guess where nothing was looked at', () => {
    const run = ask(['lock/double', 'fs/netfsd/dir.c:1']);
    assert.equal(run.code, 0, run.err);
    assert.match(run.out, /took note of nothing on this line/);
    assert.match(run.out, /stands in no function/);
  });

  it('refuses what it cannot answer', () => {
    for (const args of [
      ['lock/none', 'fs/netfsd/dir.c:1'],
      ['lock/double'],
      ['lock/double', 'fs/netfsd/dir.c'],
      ['lock/double', 'fs/none.c:3'],
      ['lock/double', 'fs/netfsd/dir.c:0'],
    ]) {
      const run = ask(args);
      assert.equal(run.code, 2, args.join(' '));
      assert.equal(run.out, '');
    }
    assert.equal(lockwalk(['explain', 'lock/double', 'fs/netfsd/dir.c:1', '--kernel', EXAMPLE]).code, 2);
    assert.equal(lockwalk(['explain', 'lock/double', '--format', 'json']).code, 2);
  });
});
