/**
 * Inlay hints: C in which `//< label` stands behind each line that has a hint.
 */
import assert from 'node:assert/strict';
import { NEVER } from '../../server/src/engine/base/cancel.js';
import { filesOf, openFiles } from './harness.js';

/** The hints are those that stand behind the lines, and no others. */
async function checkHints(source: string, mode: 'changes' | 'all' = 'changes'): Promise<void> {
  const files = filesOf(source);
  const text = files.get('fs/foo/x.c') as string;
  const engine = await openFiles(files);
  try {
    const rows = text.split('\n');
    const query = { file: 'fs/foo/x.c', firstLine: 1, lastLine: rows.length, mode };
    const hints = engine.inlayHints(query, NEVER);
    const plain = rows.map((row) => row.replace(/\s*\/\/<.*/, ''));
    const shown = plain.map((row, n) => {
      const hint = hints.find((one) => one.line === n + 1);
      return hint === undefined ? row : `${row} //< ${hint.label}`;
    });
    assert.deepEqual(
      shown,
      rows.map((row) => row.replace(/\s*\/\/< /, ' //< ')),
    );
    for (const hint of hints) assert.equal(hint.column, (rows[hint.line - 1] as string).length + 1);
  } finally {
    engine.dispose();
  }
}

describe('inlay hints', () => {
  it('stand where what is held changes', () =>
    checkHints(`
void a(struct foo *f) //< entry: not known
{
	f->count = 1;
	mutex_lock(&f->mutex); //< f->mutex
	f->count++;
	spin_lock(&f->lock); //< f->mutex, f->lock
	f->count++;
	spin_unlock(&f->lock); //< f->mutex
	mutex_unlock(&f->mutex); //< nothing held
	f->count = 2;
}`));

  it('stand behind each statement where that is wanted', () =>
    checkHints(
      `
void a(struct foo *f) //< entry: not known
{
	int n;

	f->count = 1; //< nothing held
	mutex_lock(&f->mutex); //< f->mutex
	n = f->count; //< f->mutex
	mutex_unlock(&f->mutex); //< nothing held
	f->count = n; //< nothing held
}`,
      'all',
    ));

  it('say both sides of a condition that takes a lock', () =>
    checkHints(`
int a(struct foo *f) //< entry: not known
{
	if (!mutex_trylock(&f->mutex)) //< true: nothing held · false: f->mutex
		return 0;
	if (f->count && spin_trylock(&f->lock)) { //< true: f->mutex, f->lock · false: f->mutex
		f->count++;
		spin_unlock(&f->lock); //< f->mutex
	}
	mutex_unlock(&f->mutex); //< nothing held
	return 1;
}`));

  it('mark what is held on some paths', () =>
    checkHints(`
void a(struct foo *f, int n) //< entry: not known
{
	if (n)
		mutex_lock(&f->mutex); //< f->mutex
	f->count++;
	rcu_read_lock(); //< f->mutex?, rcu
	f->count++;
	rcu_read_unlock(); //< f->mutex?
	if (n) //< true: f->mutex · false: nothing held
		mutex_unlock(&f->mutex); //< nothing held
}`));

  it('say the situations of a method, the strictest first', () =>
    checkHints(`
static int foo_revalidate(struct dentry *dentry,
			  unsigned int flags) //< entry: rcu-walk | i_rwsem?
{
	if (flags & LOOKUP_RCU) //< true: rcu-walk · false: i_rwsem?
		return -ECHILD;
	spin_lock(&dentry->d_lock); //< d_lock, i_rwsem?
	spin_unlock(&dentry->d_lock); //< i_rwsem?
	return 1;
}
const struct dentry_operations foo_dops = { .d_revalidate = foo_revalidate };`));

  it('tell two locks of one name apart', () =>
    checkHints(`
void a(struct foo *f, struct foo *g) //< entry: not known
{
	mutex_lock(&f->mutex); //< f->mutex
	mutex_lock(&g->mutex); //< f->mutex, g->mutex
	mutex_unlock(&g->mutex); //< f->mutex
	mutex_unlock(&f->mutex); //< nothing held
}`));

  it('stand at labels where what is held is not what stands above', () =>
    checkHints(`
int a(struct foo *f) //< entry: not known
{
	mutex_lock(&f->mutex); //< f->mutex
	if (f->count)
		goto out;
	mutex_unlock(&f->mutex); //< nothing held
	return 0;
out: //< f->mutex
	mutex_unlock(&f->mutex); //< nothing held
	return 1;
}`));

  it('stand behind the last line of a call that goes over several', () =>
    checkHints(`
static void lock_both(struct foo *f, int n) //< entry: not known
{
	mutex_lock(&f->mutex); //< f->mutex
}
void a(struct foo *f) //< entry: not known
{
	lock_both(f,
		  1); //< f->mutex
	mutex_unlock(&f->mutex); //< nothing held
}`));

  it('are made for the lines that are asked for', async () => {
    const source = `
void a(struct foo *f)
{
	mutex_lock(&f->mutex);
	mutex_unlock(&f->mutex);
}
void b(struct foo *f)
{
	mutex_lock(&f->mutex);
	mutex_unlock(&f->mutex);
}`;
    const engine = await openFiles(filesOf(source));
    try {
      const query = { file: 'fs/foo/x.c', firstLine: 6, lastLine: 10, mode: 'changes' } as const;
      assert.deepEqual(
        engine.inlayHints(query, NEVER).map((hint) => `${hint.line} ${hint.function}`),
        ['6 a', '8 b', '10 b'],
      );
    } finally {
      engine.dispose();
    }
  });
});
