/**
 * Contexts: guards, which let go at the end of a scope. One construct a case.
 */
import type { ContextCase } from '../harness.js';

/** Cases by title. */
export const SCOPES: readonly ContextCase[] = [
  {
    title: 'guard()',
    source: `
int a(struct foo *f)
{
	{
		guard(spinlock)(&f->lock);
		if (f->count)
			return 1;
		f->count++; /*@inside*/
	}
	return f->count; /*@after*/
}`,
    at: { inside: ['- [&f->lock] atomic'], after: ['- [] sleeps'] },
  },
  {
    title: 'scoped_guard()',
    source: `
void a(struct foo *f)
{
	scoped_guard(mutex, &f->mutex) {
		if (f->ready)
			break;
		f->count++; /*@inside*/
	}
	f->count++; /*@after*/
}`,
    at: { inside: ['- [&f->mutex] sleeps'], after: ['- [] sleeps'] },
  },
  {
    title: 'a guard in a loop body, with continue',
    source: `
int a(struct foo *f)
{
	int i;

	for (i = 0; i < 4; i++) {
		guard(mutex)(&f->mutex);
		if (f->count == i)
			continue;
		f->count++; /*@inside*/
	}
	return i; /*@after*/
}`,
    at: { inside: ['- [&f->mutex] sleeps'], after: ['- [] sleeps'] },
  },
  {
    title: 'a guard that may fail: its body runs only where it did not',
    source: `
int a(struct foo *f)
{
	scoped_cond_guard(mutex_intr, return -4, &f->mutex) {
		f->count++; /*@interruptible*/
	}
	return 0;
}
int b(struct foo *f)
{
	scoped_guard(mutex_try, &f->mutex) {
		f->count++; /*@try*/
	}
	return 0; /*@after*/
}`,
    at: { interruptible: ['- [&f->mutex] sleeps'], try: ['- [&f->mutex] sleeps'], after: ['- [] sleeps'] },
  },
  {
    title: 'guard(rcu)()',
    source: `
int a(struct foo *f)
{
	guard(rcu)();
	return f->count; /*@inside*/
}
int b(struct foo *f)
{
	int n = a(f);

	return n; /*@after*/
}`,
    at: { inside: ['- [] read atomic'], after: ['- [] sleeps'] },
  },
  {
    title: '__free() does not touch locks',
    source: `
int a(struct foo *f)
{
	char *name __free(kfree) = kmalloc(8, GFP_KERNEL);

	if (!name)
		return -12; /*@failed*/
	spin_lock(&f->lock);
	f->count++; /*@inside*/
	spin_unlock(&f->lock);
	return 0;
}`,
    at: { failed: ['- [] sleeps'], inside: ['- [&f->lock] atomic'] },
  },
  {
    title: 'a guard and a goto out of its scope',
    source: `
int a(struct foo *f)
{
	int n = 0;

	scoped_guard(spinlock, &f->lock) {
		if (f->count)
			goto out;
		n = 1; /*@inside*/
	}
out:
	return n; /*@after*/
}`,
    at: { inside: ['- [&f->lock] atomic'], after: ['- [] sleeps'] },
  },
];
