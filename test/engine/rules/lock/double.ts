/**
 * lock/double: code that is wrong (`_bad`), and code that is right and looks like it (`_ok`).
 */
import type { RuleCases } from '../../harness.js';

/** Cases by title. */
export const DOUBLE: RuleCases = {
  'twice on one path': `
void a_bad(struct foo *f)
{
	mutex_lock(&f->mutex);
	f->count++;
	mutex_lock(&f->mutex); /*! lock/double@high */
	mutex_unlock(&f->mutex);
}`,
  'through a helper': `
static void count(struct foo *g)
{
	spin_lock(&g->lock);
	g->count++;
	spin_unlock(&g->lock);
}
void a_bad(struct foo *f)
{
	spin_lock(&f->lock);
	count(f); /*! lock/double */
	spin_unlock(&f->lock);
}`,
  'through an alias': `
void a_bad(struct foo *f)
{
	struct foo *g = f;

	spin_lock(&f->lock);
	spin_lock(&g->lock); /*! lock/double */
	spin_unlock(&f->lock);
}`,
  'on a way back that one of two bits decides': `
void a_ok(struct foo *f)
{
again:
	spin_lock(&f->lock);
	if (f->count & (1 | 2)) {
		if (f->count & 1) {
			f->ready = 1;
			spin_unlock(&f->lock);
		} else if (f->count & 2) {
			spin_unlock(&f->lock);
		}
		goto again;
	}
	spin_unlock(&f->lock);
}
void a_bad(struct foo *f)
{
again:
	spin_lock(&f->lock); /*! lock/double@high */
	if (f->count & (1 | 2 | 4)) {
		if (f->count & 1) {
			f->ready = 1;
			spin_unlock(&f->lock);
		} else if (f->count & 2) {
			spin_unlock(&f->lock);
		}
		goto again;
	}
	spin_unlock(&f->lock);
} /*! lock/imbalance */`,
  'another object of the class': `
void a_ok(struct foo *f, struct foo *g)
{
	mutex_lock(&f->mutex);
	mutex_lock(&g->mutex);
	mutex_unlock(&g->mutex);
	mutex_unlock(&f->mutex);
}`,
  'only perhaps the same object': `
void a_ok(struct foo *f, struct foo *g)
{
	struct foo *x = g->ready ? g->next : g;

	mutex_lock(&f->mutex);
	mutex_lock(&x->mutex);
	mutex_unlock(&x->mutex);
	mutex_unlock(&f->mutex);
}`,
  'a second attempt that does not wait': `
void a_ok(struct foo *f)
{
	spin_lock(&f->lock);
	if (spin_trylock(&f->lock)) {
		f->count++;
		spin_unlock(&f->lock);
	}
	spin_unlock(&f->lock);
}`,
  'a read side that nests': `
void a_ok(struct foo *f)
{
	rcu_read_lock();
	rcu_read_lock();
	rcu_read_unlock();
	rcu_read_unlock();
}`,
  'dropped in between, in a callee': `
static void drop(struct foo *f)
{
	mutex_unlock(&f->mutex);
}
void a_ok(struct foo *f)
{
	mutex_lock(&f->mutex);
	drop(f);
	mutex_lock(&f->mutex);
	mutex_unlock(&f->mutex);
}`,
  'the next entry of a loop': `
void a_ok(struct foo *f)
{
	struct foo *x;

	for (x = f; x; x = x->next) {
		spin_lock(&x->lock);
		x->count++;
		spin_unlock(&x->lock);
	}
}`,
  // Only at low precision: another thread sets the bit once it has dropped the lock for this one
  'where a bit of shared memory says so': `
void a_bad(struct foo *f)
{
	mutex_lock(&f->mutex);
	while (!f->ready)
		if (test_and_clear_bit(3, &f->bits))
			mutex_lock(&f->mutex); /*! lock/double@low */
	mutex_unlock(&f->mutex);
}`,
  // Only at low precision: a count that is not one is dropped without the lock
  'only for the last reference': `
struct bar { refcount_t ref; spinlock_t lock; };
static void put_bar(struct bar *b)
{
	if (refcount_dec_not_one(&b->ref))
		return;
	spin_lock(&b->lock);
	spin_unlock(&b->lock);
}
void a_bad(struct bar *b)
{
	spin_lock(&b->lock);
	put_bar(b); /*! lock/double@low */
	spin_unlock(&b->lock);
}`,
  'two members through a macro': `
#define member_of(p, member) (&(p)->member)
#define ACCESS_PRIVATE(p, member) ((p)->member)
#define lock_foo(p) do { spin_lock(&ACCESS_PRIVATE(p, lock)); } while (0)
#define lock_other(p) do { spin_lock(&ACCESS_PRIVATE(p, other)); } while (0)
#define lock_by_name(p, member) do { spin_lock(&(p)->member); } while (0)
void a_ok(struct foo *f)
{
	lock_foo(f);
	lock_other(f);
	spin_unlock(&f->other);
	spin_unlock(&f->lock);
}
void b_ok(struct foo *f)
{
	lock_by_name(f, lock);
	lock_by_name(f, other);
	spin_unlock(&f->other);
	spin_unlock(&f->lock);
}
void c_bad(struct foo *f)
{
	spin_lock(&f->lock);
	lock_foo(f); /*! lock/double */
	spin_unlock(&f->lock);
}`,
  // Only at medium precision: the flag may be one that such objects never have
  'where a flag says so that the caller does not look at': `
static void tidy(struct foo *f)
{
	if (!(f->bits & 4))
		return;
	mutex_lock(&f->mutex);
	f->count = 0;
	mutex_unlock(&f->mutex);
}
void a_bad(struct foo *f)
{
	mutex_lock(&f->mutex);
	tidy(f); /*! lock/double@medium */
	mutex_unlock(&f->mutex);
}`,
  'two that the author says are two': `
static spinlock_t *lock_of(struct foo *f)
{
	if (!f)
		return &fallback.lock;
	return &f->lock;
}
static struct foo fallback;
void a_bad(struct foo *f, struct foo *g)
{
	spin_lock(lock_of(f));
	spin_lock_nested(lock_of(g), 1); /*! lock/double@low */
	spin_unlock(lock_of(g));
	spin_unlock(lock_of(f));
}`,
  // What a lock was taken in is there
  'one of an array, or the one of the whole': `
struct slot {
	spinlock_t lock;
	int uses;
};
struct slots {
	struct slot *all;
	spinlock_t lock;
};
static struct slot *take(struct slots *s, int n)
{
	struct slot *one = s->all;

	if (one) {
		one += n;
		spin_lock(&one->lock);
	} else {
		spin_lock(&s->lock);
	}
	return one;
}
static void give(struct slots *s, struct slot *one)
{
	if (one)
		spin_unlock(&one->lock);
	else
		spin_unlock(&s->lock);
}
void a_ok(struct slots *s, int n)
{
	struct slot *one = take(s, n);

	give(s, one);
	one = take(s, n);
	give(s, one);
}`,
  // What stands around a link of a list is never NULL, and a bit that is tested in a loop is tested before both
  'an entry of a list, in a loop': `
static struct foo global;
static void put(struct foo *f)
{
	if (!f)
		return;
	spin_lock(&global.lock);
	f->count--;
	spin_unlock(&global.lock);
}
void a_bad(struct list_head *head)
{
	struct foo *f;

	spin_lock(&global.lock);
	while (!list_empty(head)) {
		f = list_first_entry(head, struct foo, list);
		if (test_bit(1, &f->bits))
			continue;
		spin_unlock(&global.lock);
		f->ready = 1;
		spin_lock(&global.lock);
		put(f); /*! lock/double */
	}
	spin_unlock(&global.lock);
}
void b_ok(struct list_head *head)
{
	struct foo *f;

	spin_lock(&global.lock);
	while (!list_empty(head)) {
		f = list_first_entry(head, struct foo, list);
		if (test_bit(1, &f->bits))
			continue;
		spin_unlock(&global.lock);
		f->ready = 1;
		put(f);
		spin_lock(&global.lock);
	}
	spin_unlock(&global.lock);
}`,
  'a tree is removed with its top locked': `
void remove_bad(struct dentry *top)
{
	inode_lock(top->d_inode);
	simple_recursive_removal(top, 0); /*! lock/double@high */
	inode_unlock(top->d_inode);
}
void remove_ok(struct dentry *top)
{
	inode_lock(top->d_inode);
	top->d_time = 0;
	inode_unlock(top->d_inode);
	simple_recursive_removal(top, 0);
}`,
  'a callee takes it for a pointer that is not NULL': `
static void drop(struct foo *f, struct foo *g)
{
	if (!g)
		return;
	mutex_lock(&f->mutex);
	g->count--;
	mutex_unlock(&f->mutex);
}
void a_bad(struct foo *f)
{
	mutex_lock(&f->mutex);
	drop(f, f->next); /*! lock/double@high */
	mutex_unlock(&f->mutex);
}
void b_ok(struct foo *f)
{
	mutex_lock(&f->mutex);
	drop(f, (struct foo *)0);
	mutex_unlock(&f->mutex);
}`,
  // What the result of a callee says is not that the lock is gone, where the callee does nothing with such locks
  'what was found under the lock': `
static struct foo *find(struct foo *f, int n)
{
	return f->count == n ? f->next : (struct foo *)0;
}
static void drop(struct foo *f, struct foo *g)
{
	mutex_lock(&f->mutex);
	g->count--;
	mutex_unlock(&f->mutex);
}
static int unlocks(struct foo *f)
{
	if (f->count)
		return 0;
	mutex_unlock(&f->mutex);
	return 1;
}
struct foo *look(struct foo *f);
void a_bad(struct foo *f)
{
	struct foo *g;

	mutex_lock(&f->mutex);
	g = find(f, 3);
	if (g)
		drop(f, g); /*! lock/double@high */
	mutex_unlock(&f->mutex);
}
void b_bad(struct foo *f)
{
	struct foo *g;

	mutex_lock(&f->mutex);
	g = look(f);
	if (g)
		drop(f, g); /*! lock/double@low */
	mutex_unlock(&f->mutex);
}
void c_ok(struct foo *f)
{
	mutex_lock(&f->mutex);
	if (unlocks(f)) {
		drop(f, f);
		return;
	}
	mutex_unlock(&f->mutex);
}`,
};
