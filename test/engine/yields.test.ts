/**
 * Where two rules say the same of one spot one yields, and whether it does hangs on nothing that was asked for: not on the other
 * rule, not on the precision.
 */
import assert from 'node:assert/strict';
import type { CheckRequest } from '../../server/src/engine/door.js';
import { ALL_RULES } from '../../server/src/engine/rules/registry.js';
import { filesOf, findingsIn } from './harness.js';

/** Two rules find each of these: the one that yields, the one that says it, and code. */
const CASES: readonly (readonly [string, string, string])[] = [
  [
    'dentry/prune-frees',
    'rcu/early-free',
    `
static void prune(struct dentry *dentry)
{
	kfree(dentry->d_fsdata);
	dentry->d_fsdata = NULL;
}
static int compare(const struct dentry *dentry, unsigned int len, const char *str, const struct qstr *name)
{
	struct foo *f = dentry->d_fsdata;

	return f->count;
}
const struct dentry_operations ops = { .d_prune = prune, .d_compare = compare };`,
  ],
  [
    'dir/relock-dead',
    'dentry/parent-recheck',
    `
int remove(struct mnt_idmap *idmap, struct dentry *victim)
{
	struct dentry *dir = dget_parent(victim);
	int err;

	inode_lock(d_inode(dir));
	err = vfs_unlink(idmap, d_inode(dir), victim, NULL);
	inode_unlock(d_inode(dir));
	dput(dir);
	return err;
}`,
  ],
];

describe('rules that yield', () => {
  for (const [rule, other, source] of CASES) {
    const saidBy = async (request: Partial<CheckRequest>): Promise<readonly string[]> => [
      ...new Set((await findingsIn(filesOf(source), request)).map((f) => f.rule)),
    ];
    it(`${rule} to ${other}`, async () => {
      assert.ok(ALL_RULES.find((r) => r.info.id === rule)?.yieldsTo?.includes(other) === true);
      assert.deepEqual(await saidBy({ rules: [rule, other] }), [other]);
      assert.deepEqual(await saidBy({ rules: [other] }), [other]);
      assert.deepEqual(await saidBy({ rules: [rule] }), []);
      assert.deepEqual(await saidBy({ rules: [rule], precision: 'high' }), []);
    });
  }

  it('to rules that there are', () => {
    const ids = new Set(ALL_RULES.map((r) => r.info.id));
    for (const r of ALL_RULES)
      for (const other of r.yieldsTo ?? []) {
        assert.ok(ids.has(other), `${r.info.id} yields to ${other}`);
        assert.notEqual(other, r.info.id);
      }
  });
});
