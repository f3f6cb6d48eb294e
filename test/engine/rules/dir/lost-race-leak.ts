/**
 * dir/lost-race-leak: code that is wrong (`_bad`), and code that is right and looks like it (`_ok`).
 */
import type { RuleCases } from '../../harness.js';

const CACHE = `
struct dir_context { long pos; };
struct file { struct inode *f_inode; };
struct file_operations { int (*iterate_shared)(struct file *file, struct dir_context *ctx); };
struct foo_cache { int version; };
struct foo_inode { struct mutex lock; struct foo_cache *cache; int users; };
`;

const USED = (name: string): string => `
static int foo_iterate(struct file *file, struct dir_context *ctx)
{
	return ${name}(file->f_inode->i_private);
}
const struct file_operations foo_ops = { .iterate_shared = foo_iterate };`;

/** Cases by title. */
export const LOST_RACE_LEAK: RuleCases = {
  'a cache that two threads fill': `${CACHE}
static int fill_bad(struct foo_inode *foo)
{
	struct foo_cache *cache;

	mutex_lock(&foo->lock);
	if (!foo->cache) {
		mutex_unlock(&foo->lock);
		cache = kzalloc(sizeof(*cache), GFP_KERNEL);
		if (!cache)
			return -12;
		mutex_lock(&foo->lock);
		foo->cache = cache; /*! dir/lost-race-leak */
	}
	mutex_unlock(&foo->lock);
	return 0;
}${USED('fill_bad')}`,

  'looked at again after the lock was retaken': `${CACHE}
static int fill_ok(struct foo_inode *foo)
{
	struct foo_cache *cache;

	mutex_lock(&foo->lock);
	if (!foo->cache) {
		mutex_unlock(&foo->lock);
		cache = kzalloc(sizeof(*cache), GFP_KERNEL);
		if (!cache)
			return -12;
		mutex_lock(&foo->lock);
		if (!foo->cache)
			foo->cache = cache;
		else
			kfree(cache);
	}
	mutex_unlock(&foo->lock);
	return 0;
}${USED('fill_ok')}`,

  'what stands there is freed first': `${CACHE}
static void forget(struct foo_inode *foo)
{
	kfree(foo->cache);
}
static int fill_ok(struct foo_inode *foo)
{
	struct foo_cache *cache;

	mutex_lock(&foo->lock);
	if (!foo->cache) {
		mutex_unlock(&foo->lock);
		cache = kzalloc(sizeof(*cache), GFP_KERNEL);
		if (!cache)
			return -12;
		mutex_lock(&foo->lock);
		forget(foo);
		foo->cache = cache;
	}
	mutex_unlock(&foo->lock);
	return 0;
}${USED('fill_ok')}`,

  'the lock is kept': `${CACHE}
static int fill_ok(struct foo_inode *foo)
{
	struct foo_cache *cache;

	mutex_lock(&foo->lock);
	if (!foo->cache) {
		cache = kzalloc(sizeof(*cache), GFP_KERNEL);
		if (cache)
			foo->cache = cache;
	}
	mutex_unlock(&foo->lock);
	return 0;
}${USED('fill_ok')}`,
};
