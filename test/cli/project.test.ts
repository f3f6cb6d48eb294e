/**
 * A tree's own settings, `.lockwalk.json`, on the command line; and why something is reported at a line.
 */
import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Finding } from '../../server/src/engine/base/finding.js';
import { EXAMPLE, isCalm, lockwalk } from './run.js';

describe('.lockwalk.json on the command line', function suite() {
  this.timeout(120_000);
  let root = '';

  before(() => {
    root = mkdtempSync(join(tmpdir(), 'lockwalk-project-'));
    cpSync(EXAMPLE, root, { recursive: true });
  });
  after(() => rmSync(root, { recursive: true, force: true }));

  /** Findings under the settings, as `rule severity`. */
  function found(settings: object, ...args: readonly string[]): readonly string[] {
    writeFileSync(join(root, '.lockwalk.json'), JSON.stringify(settings));
    const run = lockwalk(['check', '--kernel', root, '--format', 'json', ...args]);
    assert.ok(isCalm(run) && run.code !== 2, run.err);
    const { findings } = JSON.parse(run.out) as { readonly findings: readonly Finding[] };
    return findings.map(({ rule, severity }) => `${rule} ${severity}`);
  }

  it('sets severities', () => {
    assert.deepEqual(found({ severity: { rcu: 'hint', 'lock/imbalance': 'off', lock: 'warning' } }), [
      'rcu/early-free info',
      'rcu/unstable-inode info',
      'lock/sleep-in-atomic warning',
    ]);
  });

  it('leaves files out that are not named', () => {
    const settings = { exclude: ['fs/pool/**', 'fs/mountd'] };
    assert.deepEqual(found(settings), ['rcu/unstable-inode error']);
    assert.deepEqual(found(settings, join(root, 'fs/pool/alloc.c')), [
      'lock/sleep-in-atomic error',
      'lock/imbalance error',
    ]);
  });

  it('yields to options', () => {
    const settings = { rules: ['rcu'], severity: { 'lock/imbalance': 'off' } };
    assert.deepEqual(found(settings), ['rcu/early-free error', 'rcu/unstable-inode error']);
    assert.deepEqual(found(settings, '--rule', 'lock'), [
      'lock/sleep-in-atomic error',
      'lock/imbalance error',
    ]);
    assert.equal(found(settings, '--no-project').length, 4);
  });

  it('names the version', () => {
    writeFileSync(join(root, '.lockwalk.json'), '{"kernelVersion": "7.2"}');
    const version = (...args: readonly string[]): string =>
      JSON.parse(lockwalk(['check', '--kernel', root, '--format', 'json', ...args]).out).kernel.version;
    assert.equal(version(), '7.2');
    assert.equal(version('--kernel-version', '6.13'), '6.13');
  });

  it('is refused in sentences where it is wrong', () => {
    writeFileSync(join(root, '.lockwalk.json'), '{"severity": {"rcu": "loud"},\n "frob": 1}');
    for (const args of [['check'], ['contexts', 'netfsd_revalidate'], ['files']]) {
      const run = lockwalk([...args, '--kernel', root]);
      assert.ok(isCalm(run), run.err);
      assert.equal(run.code, 2);
      assert.match(
        run.err,
        /\.lockwalk\.json:1:2: severity\.rcu is none of .*\n.*\.lockwalk\.json:2:2: frob is no setting/,
      );
    }
    assert.equal(lockwalk(['check', '--kernel', root, '--no-project']).code, 1);
    writeFileSync(join(root, '.lockwalk.json'), '{"configFile": "no/such"}');
    assert.match(lockwalk(['check', '--kernel', root]).err, /no\/such of \.lockwalk\.json: does not exist/);
  });
});

describe('explain RULE FILE:LINE', () => {
  const explain = (...args: readonly string[]): ReturnType<typeof lockwalk> =>
    lockwalk(['explain', '--kernel', EXAMPLE, ...args]);

  it('says step by step how it comes about', () => {
    const run = explain('rcu/unstable-inode', 'fs/netfsd/dir.c:24');
    assert.equal(run.code, 0, run.err);
    assert.match(run.out, /^# Why rcu\/unstable-inode is reported in netfsd_revalidate\(\)/);
    assert.match(run.out, /1\. \*\*CPU 0\*\* fs\/netfsd\/dir\.c:\d+: .*\n {3}`\.d_revalidate/);
    assert.match(run.out, /\*\*CPU 1\*\*/);
    assert.match(run.out, /## The law\n\n\w/);
  });

  it('says so where nothing is reported, and how to ask why', () => {
    const run = explain('rcu/unstable-inode', 'fs/netfsd/dir.c:1');
    assert.equal(run.code, 2);
    assert.match(run.err, /reports nothing at fs\/netfsd\/dir\.c:1; `lockwalk explain --absent/);
    assert.match(explain('rcu/unstable-inode', 'fs/netfsd/dir.c').err, /expected RULE FILE:LINE/);
    assert.match(explain('d_revalidate', 'fs/netfsd/dir.c:1').err, /no such rule/);
  });
});
