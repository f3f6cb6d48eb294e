/**
 * What a finding says of the place where it stands: the locks held there, whichever rule it is of, and who calls whom on the way.
 */
import assert from 'node:assert/strict';
import type { Finding } from '../../server/src/engine/base/finding.js';
import { filesOf, findingsIn } from './harness.js';

async function only(rule: string, source: string): Promise<Finding> {
  const [found, ...others] = await findingsIn(filesOf(source), { rules: [rule] });
  assert.ok(found !== undefined && others.length === 0, `one ${rule}`);
  return found;
}

const held = (f: Finding): readonly string[] =>
  f.held.map(
    (l) => `${l.expression}${l.certainty === 'may' ? '?' : ''}${l.acquiredAt === 'caller' ? ', caller' : ''}`,
  );

describe('a finding and its place', () => {
  it('what is returned with is held there', async () => {
    const found = await only(
      'lock/imbalance',
      `
int take(struct foo *f)
{
	mutex_lock(&f->mutex);
	if (f->count)
		return -ENOSPC;
	mutex_unlock(&f->mutex);
	return -EINVAL;
}`,
    );
    assert.deepEqual(held(found), ['&f->mutex']);
  });

  it('locks in RCU-walk are those of RCU-walk, and the way there names each call', async () => {
    const found = await only(
      'rcu/walk-reference',
      `
static void inner(struct foo *f, struct dentry *dentry)
{
	spin_lock(&f->lock);
	dget(dentry);
	spin_unlock(&f->lock);
}
static int revalidate(struct dentry *dentry, unsigned int flags)
{
	inner(dentry->d_fsdata, dentry);
	return 1;
}
static int lookup_one(struct inode *dir, struct dentry *dentry)
{
	mutex_lock(&foo_mutex);
	inner(dentry->d_fsdata, dentry);
	mutex_unlock(&foo_mutex);
	return 0;
}
const struct inode_operations dirs = { .unlink = lookup_one };
const struct dentry_operations ops = { .d_revalidate = revalidate };`,
    );
    assert.deepEqual(held(found), ['&f->lock']);
    assert.ok(found.trace.some(({ message }) => message === 'revalidate() calls inner()'));
  });

  it('of several situations it is the one that the finding is about, and what is called the same is said once', async () => {
    const found = await only(
      'dentry/unstable-parent',
      `
static int length(struct dentry *dentry)
{
	struct dentry *d = dget(dentry), *up;
	int len = 0;

	while (!IS_ROOT(d)) {
		spin_lock(&d->d_lock);
		len += strlen(d->d_name.name);
		spin_unlock(&d->d_lock);
		up = dget_parent(d);
		dput(d);
		d = up;
	}
	dput(d);
	return len;
}
static int foo_rename(struct mnt_idmap *idmap, struct inode *old_dir, struct dentry *old, struct inode *new_dir, struct dentry *new, unsigned int flags)
{
	return length(old);
}
const struct inode_operations dirs = { .rename = foo_rename };`,
    );
    assert.deepEqual(held(found), ['inode::i_rwsem, caller', '&dentry->d_inode->i_rwsem?, caller']);
  });

  it('flags are not held, and what is sure comes first', async () => {
    const found = await only(
      'lock/sleep-in-atomic',
      `
void a(struct foo *f, struct super_block *sb, int n)
{
	sb_start_write(sb);
	if (n)
		mutex_lock(&f->mutex);
	spin_lock(&f->lock);
	msleep(1);
	spin_unlock(&f->lock);
	if (n)
		mutex_unlock(&f->mutex);
	sb_end_write(sb);
}`,
    );
    assert.equal(held(found)[0], '&f->lock');
    assert.ok(!held(found).some((name) => name.includes('SB_FREEZE')));
  });
});
