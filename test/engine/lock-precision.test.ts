/**
 * How sure findings on locks are in functions with more ways through them than are kept apart.
 */
import assert from 'node:assert/strict';
import { filesOf, findingsIn } from './harness.js';

/** Nine tests of which each may add something: more ways than are kept apart. */
const MANY_WAYS = Array.from(
  { length: 9 },
  (_, i) => `
	if (k & ${1 << i}) {
		rc = step${i}(f);
		if (rc)
			f->count += rc;
	}`,
).join('');

async function precisions(source: string): Promise<readonly string[]> {
  const findings = await findingsIn(filesOf(source));
  return findings.map((f) => `${f.function} ${f.rule} ${f.precision}`);
}

describe('precision of findings on locks', () => {
  it('an error that forgets the lock is one beside another error, however many ways lead to success', async () => {
    assert.deepEqual(
      await precisions(`
int forget(struct foo *f, int k)
{
	int rc;

	mutex_lock(&f->mutex);
	rc = first(f);
	if (rc) {
		mutex_unlock(&f->mutex);
		return rc;
	}
	rc = second(f);
	if (rc)
		return rc;
${MANY_WAYS}
	mutex_unlock(&f->mutex);
	return 0;
}`),
      ['forget lock/imbalance high'],
    );
  });

  it('a lock that goes out with what may be success may be handed on', async () => {
    assert.deepEqual(
      await precisions(`
int hand_on(struct foo *f, int k)
{
	int rc;

	mutex_lock(&f->mutex);
	rc = first(f);
	if (rc)
		goto out;
${MANY_WAYS}
	rc = 0;
	if (!f->count)
		goto out;
	return commit(f);
out:
	mutex_unlock(&f->mutex);
	return rc;
}`),
      ['hand_on lock/imbalance low'],
    );
  });

  it('of two locks of a class one is held perhaps, and what is dropped may be the one of the caller', async () => {
    assert.deepEqual(
      await precisions(`
struct foo *pick(int n);
static void scan(struct foo *f, int k)
{
	struct foo *g = pick(k);
	int rc;

	if (g->ready)
		spin_lock(&g->lock);
${MANY_WAYS}
	spin_unlock(&f->lock);
	f->count++;
	spin_lock(&f->lock);
}
void around(struct foo *f, int k)
{
	spin_lock(&f->lock);
	scan(f, k);
	spin_unlock(&f->lock);
}`),
      [],
    );
  });
});
