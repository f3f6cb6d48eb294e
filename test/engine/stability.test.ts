/**
 * The same input gives the same findings in the same order, and what does not touch a function does not touch the
 * fingerprints of its findings: baselines and CI live on both.
 */
import assert from 'node:assert/strict';
import { NEVER } from '../../server/src/engine/base/cancel.js';
import { filesOf, findingsIn, openFiles } from './harness.js';

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

  it('a file has the same contexts alone and with its directory', async () => {
    const files = filesOf(`
// file: fs/foo/a.c
void down_b(struct inode *inode, int n);
void up_a(struct inode *inode, int n)
{
	if (n > 1)
		down_b(inode, n - 1);
	inode->i_flags = n;
	inode_unlock(inode);
}
// file: fs/foo/b.c
#include "foo.h"
void up_a(struct inode *inode, int n);
void down_b(struct inode *inode, int n)
{
	foo_lock(inode);
	up_a(inode, n);
}
static int foo_release(struct inode *inode, struct file *file)
{
	down_b(inode, 3);
	return 0;
}
const struct file_operations foo_ops = { .release = foo_release };
// file: fs/foo/foo.h
static inline void foo_lock(struct inode *inode)
{
	inode_lock(inode);
}
`);
    const shown = async (asked: string): Promise<readonly string[]> => {
      const engine = await openFiles(files);
      try {
        engine.check({ paths: [asked], rules: [], precision: 'low' }, NEVER);
        return ['fs/foo/a.c', 'fs/foo/b.c'].map((file) => engine.dump('contexts', file, null).text);
      } finally {
        engine.dispose();
      }
    };
    const byDirectory = await shown('fs/foo');
    assert.match(byDirectory.join(), /release \(foo_release\)/);
    assert.deepEqual(await shown('fs/foo/a.c'), byDirectory);
    assert.deepEqual(await shown('fs/foo/b.c'), byDirectory);
  });
});
