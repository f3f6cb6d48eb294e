/**
 * One answer, however it is asked for: any number of jobs, any order of what is named, cold, warm, with or without a cache, and
 * file by file as the editor asks. On real directories, to the byte.
 */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import type { Finding } from '../../server/src/engine/base/finding.js';
import { openTree } from '../bench/engine.js';
import { lockwalk } from '../cli/run.js';
import { withFolder } from '../host/folder.js';
import { describeKernel } from './tree.js';

const FOLDERS = ['fs/ext4', 'fs/overlayfs', 'fs/autofs', 'fs/configfs', 'fs/nfs', 'fs/proc'];

describeKernel('6.12', 'one answer', (root) => {
  function findings(args: readonly string[]): string {
    const run = lockwalk([
      'check',
      '--kernel',
      root,
      '--format',
      'json',
      '--quiet',
      '--precision',
      'low',
      ...args,
    ]);
    assert.ok(run.code === 0 || run.code === 1, run.err);
    return JSON.stringify((JSON.parse(run.out) as { readonly findings: readonly Finding[] }).findings);
  }

  it('for any number of jobs, in any order, cold and warm, and file by file', function asked() {
    this.timeout(600_000);
    return withFolder({}, async (folder) => {
      const cache = join(folder, 'cache');
      const first = findings(['--no-cache', '--jobs', '1', ...FOLDERS]);
      assert.ok(first.length > 1000, 'there is something to agree about');
      const backwards = [...FOLDERS].reverse();
      for (const args of [
        ['--no-cache', '--jobs', '2', ...FOLDERS],
        ['--no-cache', '--jobs', '4', ...backwards],
        ['--cache', cache, '--jobs', '2', ...backwards],
        ['--cache', cache, '--jobs', '2', ...FOLDERS],
        ['--cache', cache, '--jobs', '1', ...backwards],
      ])
        assert.equal(findings(args), first, args.join(' '));
      const engine = await openTree(root);
      try {
        const byFile = (JSON.parse(first) as Finding[]).map((f) => f.file);
        for (const file of new Set(byFile)) {
          const answer = engine.check(
            { paths: [file], rules: [], precision: 'low' },
            { isCancelled: () => false },
          );
          const expected = (JSON.parse(first) as Finding[]).filter((f) => f.file === file);
          assert.deepEqual(JSON.parse(JSON.stringify(answer.findings)), expected, file);
        }
      } finally {
        engine.dispose();
      }
    });
  });
});
