/**
 * Known bugs put back into a real tree, one at a time, have to be found: the two cases that the project began with, and
 * the bail-outs of RCU-walk, found by their shape and deleted in file after file.
 */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Finding } from '../../server/src/engine/base/finding.js';
import { bailOutsOf, withoutBailOut } from '../bench/bailouts.js';
import { openTree } from '../bench/engine.js';
import { describeKernel } from './tree.js';

/** So many filesystems have to have a bail-out whose loss is noticed. */
const ENOUGH_FILESYSTEMS = 10;

async function checkEdited(
  root: string,
  file: string,
  edited: string,
  rule: string,
): Promise<readonly Finding[]> {
  const engine = await openTree(root, new Map([[file, edited]]));
  const answer = engine.check(
    { paths: [file], rules: [rule], precision: 'high' },
    { isCancelled: () => false },
  );
  engine.dispose();
  return answer.findings;
}

function edit(root: string, file: string, from: string, to: string): string {
  const text = readFileSync(join(root, file), 'utf8');
  assert.ok(text.includes(from), `${file} no longer has ${from}`);
  return text.replace(from, to);
}

describeKernel('6.12', 'seeded bugs', (root) => {
  it('an object of d_release freed at once is rcu/early-free, with both sides on the path', async function autofs() {
    this.timeout(120_000);
    const file = 'fs/autofs/inode.c';
    const found = await checkEdited(
      root,
      file,
      edit(root, file, 'kfree_rcu(ino, rcu)', 'kfree(ino)'),
      'rcu/early-free',
    );
    const hit = found.find((f) => f.function === 'autofs_free_ino');
    assert.ok(hit !== undefined, JSON.stringify(found.map((f) => f.message)));
    assert.ok(hit.trace.some((t) => t.kind === 'free'));
    assert.ok(hit.trace.some((t) => t.kind === 'other-side' && t.side === 1));
  });

  it('d_inode() in a lockless d_revalidate is rcu/unstable-inode', async function ceph() {
    this.timeout(120_000);
    const file = 'fs/ceph/dir.c';
    const edited = edit(root, file, 'inode = d_inode_rcu(dentry);', 'inode = d_inode(dentry);');
    const found = await checkEdited(root, file, edited, 'rcu/unstable-inode');
    assert.ok(found.some((f) => f.function === 'ceph_d_revalidate'));
  });

  it(`deleted RCU-walk bail-outs are rcu/walk-blocks in at least ${ENOUGH_FILESYSTEMS} filesystems`, async function bailouts() {
    this.timeout(600_000);
    const seen = new Set<string>();
    const folders = readdirSync(join(root, 'fs'), { withFileTypes: true }).filter((e) => e.isDirectory());
    for (const folder of folders) {
      if (seen.size >= ENOUGH_FILESYSTEMS) break;
      for (const name of readdirSync(join(root, 'fs', folder.name))) {
        const file = `fs/${folder.name}/${name}`;
        if (!name.endsWith('.c') || seen.has(folder.name)) continue;
        const text = readFileSync(join(root, file), 'utf8');
        for (const at of bailOutsOf(text)) {
          const found = await checkEdited(root, file, withoutBailOut(text, at), 'rcu/walk-blocks');
          if (found.length > 0) {
            seen.add(folder.name);
            break;
          }
        }
      }
    }
    assert.ok(seen.size >= ENOUGH_FILESYSTEMS, `only ${[...seen].join(', ')}`);
  });
});
