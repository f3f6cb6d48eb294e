/**
 * The same input gives the same findings in the same order, and what does not touch a function does not touch the
 * fingerprints of its findings: baselines and CI live on both.
 */
import assert from 'node:assert/strict';
import { filesOf, findingsIn } from './harness.js';

const SOURCE = `
// file: fs/foo/x.c
struct record { int flags; };
static int manage(const struct path *path, bool rcu_walk)
{
	struct record *r = path->dentry->d_fsdata;

	return r->flags;
}
static void release(struct dentry *dentry)
{
	struct record *r = dentry->d_fsdata;

	kfree(r);
}
const struct dentry_operations ops = { .d_manage = manage, .d_release = release };
int a(struct foo *f)
{
	mutex_lock(&f->mutex);
	if (f->count)
		return -EBUSY;
	mutex_unlock(&f->mutex);
	return 0;
}
// file: fs/foo/y.c
void b(struct foo *f)
{
	spin_lock(&f->lock);
	msleep(1);
	spin_lock(&f->lock);
	spin_unlock(&f->lock);
}
int c(struct foo *f)
{
	rcu_read_lock();
	msleep(1);
	msleep(2);
	rcu_read_unlock();
	return 0;
}
`;

describe('stability', () => {
  it('the same findings twice, byte for byte', async () => {
    const first = await findingsIn(filesOf(SOURCE));
    const second = await findingsIn(filesOf(SOURCE));
    assert.ok(first.length >= 5, 'there is something to compare');
    assert.equal(JSON.stringify(second), JSON.stringify(first));
  });

  it('the order in which files are met changes nothing', async () => {
    const first = await findingsIn(filesOf(SOURCE));
    const second = await findingsIn(new Map([...filesOf(SOURCE)].reverse()));
    assert.equal(JSON.stringify(second), JSON.stringify(first));
  });

  it('findings come by file, line and column', async () => {
    const places = (await findingsIn(filesOf(SOURCE))).map(
      (f) => [f.file, f.line, f.column, f.rule] as const,
    );
    const sorted = [...places].sort(
      (a, b) => a[0].localeCompare(b[0]) || a[1] - b[1] || a[2] - b[2] || a[3].localeCompare(b[3]),
    );
    assert.deepEqual(places, sorted);
  });

  it('fingerprints are unique', async () => {
    const prints = (await findingsIn(filesOf(SOURCE))).map((f) => f.fingerprint);
    assert.equal(new Set(prints).size, prints.length);
  });

  it('a line, a comment or a function above changes no fingerprint', async () => {
    const prints = async (text: string): Promise<readonly string[]> =>
      (await findingsIn(filesOf(text))).map((f) => f.fingerprint).sort();
    const before = await prints(SOURCE);
    for (const above of ['\n\n', '/* why */\n', 'int above(int n)\n{\n\treturn n;\n}\n'])
      assert.deepEqual(
        await prints(
          SOURCE.replace('int a(struct foo', `${above}int a(struct foo`).replace(
            'void b(',
            `${above.replace('above', 'over')}void b(`,
          ),
        ),
        before,
      );
  });

  it('a check of one file finds what a check of all finds in it', async () => {
    const files = filesOf(SOURCE);
    const all = await findingsIn(files);
    const one = await findingsIn(files, { paths: ['fs/foo/y.c'] });
    assert.deepEqual(
      one,
      all.filter((f) => f.file === 'fs/foo/y.c'),
    );
  });
});
