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
  {
    title: 'a class of DEFINE_GUARD, in a header: one statement, several, a test, a statement expression',
    source: `
// file: fs/foo/foo.h
static inline void foo_drop(struct foo *f) { spin_unlock(&f->lock); }
DEFINE_GUARD(foo_lock, struct foo *, spin_lock(&_T->lock), spin_unlock(&_T->lock))
DEFINE_GUARD(foo_count, struct foo *, /* counts, too */ mutex_lock(&_T->mutex); _T->count++,
	     if (_T) { _T->count--; mutex_unlock(&_T->mutex); })
DEFINE_GUARD(foo_expr, struct foo *, ({ struct foo *t = _T; spin_lock(&t->lock); }), foo_drop(_T));
// file: fs/foo/x.c
#include "foo.h"
int a(struct foo *f)
{
	{
		guard(foo_lock)(f);
		f->count++; /*@one*/
	}
	f->count++; /*@afterone*/
	scoped_guard(foo_count, f) {
		if (f->ready)
			break;
		f->count++; /*@several*/
	}
	f->count++; /*@afterseveral*/
	{
		CLASS(foo_expr, scope)(f);
		f->count++; /*@expression*/
	}
	return f->count; /*@afterexpression*/
}`,
    at: {
      one: ['- [&f->lock] atomic'],
      afterone: ['- [] sleeps'],
      several: ['- [&f->mutex] sleeps'],
      afterseveral: ['- [] sleeps'],
      expression: ['- [&f->lock] atomic'],
      afterexpression: ['- [] sleeps'],
    },
  },
  {
    title: 'a class of DEFINE_LOCK_GUARD_0, with and without something that it keeps',
    source: `
static DEFINE_MUTEX(all);
static DEFINE_SPINLOCK(some);
static void all_lock(void) { mutex_lock(&all); }
static void all_unlock(void) { mutex_unlock(&all); }
DEFINE_LOCK_GUARD_0(all, all_lock(), all_unlock())
DEFINE_LOCK_GUARD_0(some, spin_lock_irqsave(&some, _T->flags),
		    spin_unlock_irqrestore(&some, _T->flags), unsigned long flags)
int a(struct foo *f)
{
	scoped_guard(all) {
		f->count++; /*@all*/
		scoped_guard(some)
			f->count++; /*@both*/
		f->count++; /*@again*/
	}
	return f->count; /*@after*/
}`,
    at: {
      all: ['- [&all] sleeps'],
      both: ['- [&all, &some] atomic'],
      again: ['- [&all] sleeps'],
      after: ['- [] sleeps'],
    },
  },
  {
    title: 'a class of DEFINE_LOCK_GUARD_1: the argument is its lock, the rest is its own',
    source: `
DEFINE_LOCK_GUARD_1(foo, struct foo, spin_lock_irqsave(&_T->lock->lock, _T->flags),
		    spin_unlock_irqrestore(&_T->lock->lock, _T->flags), unsigned long flags)
DEFINE_LOCK_GUARD_1(twice, struct mutex, mutex_lock(_T->lock), mutex_unlock(_T->lock))
DEFINE_LOCK_GUARD_1(once, struct foo, foo_init(_T->lock), /* */)
int a(struct foo *f)
{
	guard(once)(f);
	{
		guard(foo)(f);
		f->count++; /*@foo*/
	}
	guard(twice)(&f->mutex);
	return f->count; /*@twice*/
}
int b(struct foo *f)
{
	int n = a(f);

	return n; /*@after*/
}`,
    at: { foo: ['- [&f->lock] atomic'], twice: ['- [&f->mutex] sleeps'], after: ['- [] sleeps'] },
  },
  {
    title: 'conditional classes: of one of ours, of one of the model, by result and by condition',
    source: `
DEFINE_GUARD(foo, struct foo *, mutex_lock(&_T->mutex), mutex_unlock(&_T->mutex))
DEFINE_GUARD_COND(foo, _try, mutex_trylock(&_T->mutex))
DEFINE_GUARD_COND(foo, _kill, mutex_lock_killable(&_T->mutex), _RET == 0)
DEFINE_LOCK_GUARD_1_COND(mutex, _fast, mutex_trylock(_T->lock))
DEFINE_LOCK_GUARD_1_COND(mutex, _slow, mutex_lock_killable(_T->lock), _RET == 0)
int a(struct foo *f)
{
	scoped_guard(foo_try, f)
		f->count++; /*@try*/
	scoped_cond_guard(foo_kill, return -4, f) {
		f->count++; /*@kill*/
	}
	f->count++; /*@between*/
	scoped_guard(mutex_fast, &f->mutex)
		f->count++; /*@fast*/
	scoped_cond_guard(mutex_slow, return -4, &f->mutex)
		f->count++; /*@slow*/
	return f->count; /*@after*/
}`,
    at: {
      try: ['- [&f->mutex] sleeps'],
      kill: ['- [&f->mutex] sleeps'],
      between: ['- [] sleeps'],
      fast: ['- [&f->mutex] sleeps'],
      slow: ['- [&f->mutex] sleeps'],
      after: ['- [] sleeps'],
    },
  },
  {
    title: "the model's class wins, and a class of another file means nothing here",
    source: `
DEFINE_LOCK_GUARD_1(spinlock, spinlock_t, nothing(_T->lock), nothing(_T->lock))
int a(struct foo *f)
{
	scoped_guard(spinlock, &f->lock)
		f->count++; /*@model*/
	scoped_guard(theirs, f)
		f->count++; /*@theirs*/
	return f->count;
}
// file: fs/foo/y.c
DEFINE_GUARD(theirs, struct foo *, spin_lock(&_T->lock), spin_unlock(&_T->lock))
int b(struct foo *f)
{
	guard(theirs)(f);
	return f->count; /*@there*/
}`,
    at: { model: ['- [&f->lock] atomic'], theirs: ['- [] sleeps'], there: ['- [&f->lock] atomic'] },
  },
  {
    title: 'a class that nobody knows, or that is no code',
    source: `
DEFINE_GUARD(broken, struct foo *, lock the &_T, )
int a(struct foo *f)
{
	guard(nobody)(f);
	guard(broken)(f);
	spin_lock(&f->lock);
	f->count++; /*@inside*/
	spin_unlock(&f->lock);
	return 0; /*@after*/
}`,
    at: { inside: ['- [&f->lock] atomic'], after: ['- [] sleeps'] },
  },
];
