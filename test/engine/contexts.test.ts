/**
 * Contexts at a point: which locks are held, under which RCU state, whether it may sleep, and by which method one gets
 * there. One construct of kernel C a case. `FN_` and `FP_` in a title: what the engine gets wrong today, and why.
 */
import { checkContexts } from './harness.js';

interface Case {
  readonly title: string;
  readonly source: string;
  readonly at: Readonly<Record<string, readonly string[]>>;
}

const LOCKING: readonly Case[] = [
  {
    title: 'lock and unlock',
    source: `
void a(struct foo *f)
{
	f->count = 0; /*@before*/
	spin_lock(&f->lock);
	f->count++; /*@inside*/
	spin_unlock(&f->lock);
	f->count = 1; /*@after*/
}`,
    at: { before: ['- [] sleeps'], inside: ['- [&f->lock] atomic'], after: ['- [] sleeps'] },
  },
  {
    title: 'trylock',
    source: `
void a(struct foo *f)
{
	if (!mutex_trylock(&f->mutex)) {
		f->count = 1; /*@failed*/
		return;
	}
	f->count = 2; /*@taken*/
	mutex_unlock(&f->mutex);
}`,
    at: { failed: ['- [] sleeps'], taken: ['- [&f->mutex] sleeps'] },
  },
  {
    title: 'trylock, the result in a variable',
    source: `
void a(struct foo *f)
{
	bool locked = spin_trylock(&f->lock);

	f->count++; /*@maybe*/
	if (locked)
		f->count = 2; /*@taken*/
	if (locked)
		spin_unlock(&f->lock);
	f->count = 3; /*@after*/
}`,
    at: {
      maybe: ['- [&f->lock?] unknown'],
      taken: ['- [&f->lock] atomic'],
      after: ['- [] sleeps'],
    },
  },
  {
    title: 'killable and interruptible forms',
    source: `
int a(struct foo *f)
{
	int err = mutex_lock_interruptible(&f->mutex);

	if (err)
		return err; /*@interrupted*/
	if (down_write_killable(&f->sem)) {
		f->count = 1; /*@killed*/
		mutex_unlock(&f->mutex);
		return -4;
	}
	f->count = 2; /*@both*/
	up_write(&f->sem);
	mutex_unlock(&f->mutex);
	return 0;
}`,
    at: {
      interrupted: ['- [] sleeps'],
      killed: ['- [&f->mutex] sleeps'],
      both: ['- [&f->mutex, &f->sem] sleeps'],
    },
  },
  {
    title: 'a helper that gives back an error pointer or a lock',
    source: `
static struct foo *take(struct foo *f)
{
	mutex_lock(&f->mutex);
	if (!f->ready) {
		mutex_unlock(&f->mutex);
		return ERR_PTR(-2);
	}
	return kzalloc(8, GFP_KERNEL);
}
int a(struct foo *f)
{
	struct foo *n = take(f);

	if (IS_ERR(n))
		return PTR_ERR(n); /*@failed*/
	f->count++; /*@taken*/
	mutex_unlock(&f->mutex);
	return 0;
}`,
    at: { failed: ['- [] sleeps'], taken: ['- [&f->mutex] sleeps'] },
  },
  {
    title: 'FP_ a pointer that was dereferenced is no error pointer, but is taken for one that may be',
    source: `
static struct foo *take(struct foo *f)
{
	mutex_lock(&f->mutex);
	if (!f->ready) {
		mutex_unlock(&f->mutex);
		return ERR_PTR(-2);
	}
	return f;
}
int a(struct foo *f)
{
	struct foo *n = take(f);

	if (IS_ERR(n))
		return PTR_ERR(n); /*@failed*/
	mutex_unlock(&f->mutex);
	return 0;
}`,
    at: { failed: ['- [&f->mutex?] sleeps'] },
  },
  {
    title: 'goto ladder',
    source: `
int a(struct foo *f, struct foo *g)
{
	int err = -12;

	mutex_lock(&f->mutex);
	if (f->count)
		goto out;
	mutex_lock(&g->mutex);
	if (g->count)
		goto out_g;
	err = 0;
out_g:
	g->count = 0; /*@two*/
	mutex_unlock(&g->mutex);
out:
	f->count = 0; /*@one*/
	mutex_unlock(&f->mutex);
	return err; /*@none*/
}`,
    at: {
      two: ['- [&f->mutex, &g->mutex] sleeps'],
      one: ['- [&f->mutex] sleeps'],
      none: ['- [] sleeps'],
    },
  },
  {
    title: 'a parameter decides whether to lock',
    source: `
static void work(struct foo *f, bool lock)
{
	if (lock)
		spin_lock(&f->lock);
	f->count++; /*@both*/
	if (lock)
		spin_unlock(&f->lock);
	f->count--; /*@after*/
}
void a(struct foo *f)
{
	work(f, true);
}
void b(struct foo *f)
{
	spin_lock(&f->lock);
	work(f, false);
	spin_unlock(&f->lock);
}`,
    at: {
      both: ['- [&f->lock] atomic', '- [&f->lock] atomic'],
      after: ['- [&f->lock] atomic', '- [] sleeps'],
    },
  },
  {
    title: 'downgrade_write',
    source: `
void a(struct foo *f)
{
	down_write(&f->sem);
	f->count++; /*@write*/
	downgrade_write(&f->sem);
	f->count++; /*@read*/
	up_read(&f->sem);
	f->count++; /*@none*/
}`,
    at: {
      write: ['- [&f->sem] sleeps'],
      read: ['- [&f->sem shared] sleeps'],
      none: ['- [] sleeps'],
    },
  },
  {
    title: 'interrupts off and back',
    source: `
void a(struct foo *f)
{
	unsigned long flags;

	spin_lock_irqsave(&f->lock, flags);
	f->count++; /*@inside*/
	spin_unlock_irqrestore(&f->lock, flags);
	f->count++; /*@after*/
}`,
    at: { inside: ['- [&f->lock] atomic'], after: ['- [] sleeps'] },
  },
  {
    title: 'rwlock, read and write side',
    source: `
void a(struct foo *f)
{
	read_lock(&f->table);
	f->count++; /*@read*/
	read_unlock(&f->table);
	write_lock_bh(&f->table);
	f->count++; /*@write*/
	write_unlock_bh(&f->table);
	f->count++; /*@after*/
}`,
    at: {
      read: ['- [&f->table shared] atomic'],
      write: ['- [&f->table] atomic'],
      after: ['- [] sleeps'],
    },
  },
  {
    title: 'bit lock',
    source: `
void a(struct foo *f)
{
	bit_spin_lock(3, &f->bits);
	f->count++; /*@inside*/
	bit_spin_unlock(3, &f->bits);
	f->count++; /*@after*/
}`,
    at: { inside: ['- [&f->bits] atomic'], after: ['- [] sleeps'] },
  },
  {
    title: 'the inode lock by its helpers',
    source: `
void a(struct inode *dir)
{
	inode_lock(dir);
	dir->i_flags = 0; /*@exclusive*/
	inode_unlock(dir);
	inode_lock_shared(dir);
	dir->i_flags = 0; /*@shared*/
	inode_unlock_shared(dir);
	dir->i_flags = 0; /*@none*/
}`,
    at: {
      exclusive: ['- [&dir->i_rwsem] sleeps'],
      shared: ['- [&dir->i_rwsem shared] sleeps'],
      none: ['- [] sleeps'],
    },
  },
  {
    title: 'the reference that reaches zero takes the lock',
    source: `
void a(struct foo *f, atomic_t *n)
{
	if (!atomic_dec_and_lock(n, &f->lock))
		return; /*@others*/
	f->count++; /*@last*/
	spin_unlock(&f->lock);
}`,
    at: { others: ['- [] sleeps'], last: ['- [&f->lock] atomic'] },
  },
  {
    title: 'seqlock, write side and read side',
    source: `
static seqlock_t table;
void a(struct foo *f)
{
	unsigned int seq;

	write_seqlock(&table);
	f->count++; /*@write*/
	write_sequnlock(&table);
	do {
		seq = read_seqbegin(&table);
		f->count++; /*@read*/
	} while (read_seqretry(&table, seq));
}`,
    at: { write: ['- [&table] atomic'], read: ['- [] sleeps'] },
  },
  {
    title: 'a lock by a pointer to it',
    source: `
static spinlock_t *lock_of(struct foo *f)
{
	return &f->lock;
}
void a(struct foo *f)
{
	spinlock_t *lock = lock_of(f);

	spin_lock(lock);
	f->count++; /*@inside*/
	spin_unlock(&f->lock);
	f->count++; /*@after*/
}`,
    at: { inside: ['- [&f->lock] atomic'], after: ['- [] sleeps'] },
  },
  {
    title: 'a lock in an array',
    source: `
struct table { spinlock_t locks[4]; int n; };
void a(struct table *t, int i)
{
	spin_lock(&t->locks[i]);
	t->n++; /*@inside*/
	spin_unlock(&t->locks[i]);
	t->n++; /*@after*/
}`,
    at: { inside: ['- [&t->locks[i]] atomic'], after: ['- [] sleeps'] },
  },
  {
    title: 'the directory of a parent that was referenced',
    source: `
void a(struct dentry *dentry)
{
	struct dentry *parent = dget_parent(dentry);
	struct inode *dir = d_inode(parent);

	inode_lock(dir);
	dentry->d_time++; /*@inside*/
	inode_unlock(d_inode(parent));
	dput(parent); /*@after*/
}`,
    at: { inside: ['- [&parent->d_inode->i_rwsem] sleeps'], after: ['- [] sleeps'] },
  },
  {
    title: 'what is switched off without a lock',
    source: `
void a(struct foo *f)
{
	local_irq_disable();
	f->count++; /*@irq*/
	local_irq_enable();
	preempt_disable();
	f->count++; /*@preempt*/
	preempt_enable();
	local_bh_disable();
	f->count++; /*@bh*/
	local_bh_enable();
	f->count++; /*@none*/
}`,
    at: { irq: ['- [] atomic'], preempt: ['- [] atomic'], bh: ['- [] atomic'], none: ['- [] sleeps'] },
  },
  {
    title: "a stacked file system's lower inode is another instance",
    source: `
struct upper { struct inode *lower; };
void a(struct inode *dir)
{
	struct upper *u = dir->i_private;
	struct inode *real = u->lower;

	inode_lock(dir);
	inode_lock_nested(real, 1);
	dir->i_flags = 0; /*@both*/
	inode_unlock(real);
	dir->i_flags = 0; /*@upper*/
	inode_unlock(dir);
}`,
    at: {
      both: ['- [&dir->i_private->lower->i_rwsem, &dir->i_rwsem] sleeps'],
      upper: ['- [&dir->i_rwsem] sleeps'],
    },
  },
  {
    title: 'lock_rename() and back',
    source: `
int a(struct dentry *x, struct dentry *y)
{
	struct dentry *trap = lock_rename(x, y);

	if (IS_ERR(trap))
		return PTR_ERR(trap); /*@failed*/
	unlock_rename(x, y);
	return 0; /*@after*/
}`,
    at: {
      failed: ['- [] sleeps'],
      after: ['- [] sleeps'],
    },
  },
  {
    title: 'RCU read side, nested',
    source: `
void a(struct foo *f)
{
	rcu_read_lock();
	rcu_read_lock();
	f->count++; /*@two*/
	rcu_read_unlock();
	f->count++; /*@one*/
	rcu_read_unlock();
	f->count++; /*@none*/
}`,
    at: { two: ['- [] read atomic'], one: ['- [] read atomic'], none: ['- [] sleeps'] },
  },
];

const FLOW: readonly Case[] = [
  {
    title: 'switch',
    source: `
void a(struct foo *f, int how)
{
	switch (how) {
	case 1:
		spin_lock(&f->lock);
		f->count = 1; /*@one*/
		spin_unlock(&f->lock);
		break;
	case 2:
		spin_lock(&f->other);
		fallthrough;
	case 3:
		f->count = 3; /*@three*/
		if (how == 2)
			spin_unlock(&f->other);
		break;
	default:
		return;
	}
	f->count = 4; /*@after*/
}`,
    at: {
      one: ['- [&f->lock] atomic'],
      three: ['- [&f->other?] unknown'],
      after: ['- [] sleeps'],
    },
  },
  {
    title: 'a conditional expression chooses the lock',
    source: `
void a(struct foo *f, struct foo *g, bool first)
{
	struct foo *x = first ? f : g;

	spin_lock(&x->lock);
	x->count++; /*@inside*/
	spin_unlock(&x->lock);
	x->count++; /*@after*/
}`,
    at: { inside: ['- [&f->lock?, &g->lock?] atomic'], after: ['- [] sleeps'] },
  },
  {
    title: 'short circuit with a trylock',
    source: `
void a(struct foo *f)
{
	if (f->ready && spin_trylock(&f->lock)) {
		f->count++; /*@taken*/
		spin_unlock(&f->lock);
	}
	f->count++; /*@after*/
}`,
    at: { taken: ['- [&f->lock] atomic'], after: ['- [] sleeps'] },
  },
  {
    title: 'statement expression',
    source: `
int a(struct foo *f)
{
	int n = ({
		spin_lock(&f->lock);
		f->count;
	});

	f->count = n; /*@held*/
	spin_unlock(&f->lock);
	return n; /*@after*/
}`,
    at: { held: ['- [&f->lock] atomic'], after: ['- [] sleeps'] },
  },
  {
    title: 'early return in a loop',
    source: `
int a(struct foo *f)
{
	int i;

	for (i = 0; i < 3; i++) {
		mutex_lock(&f->mutex);
		if (f->count == i) {
			mutex_unlock(&f->mutex);
			return i; /*@found*/
		}
		f->count++; /*@inside*/
		mutex_unlock(&f->mutex);
	}
	return -2; /*@after*/
}`,
    at: {
      found: ['- [] sleeps'],
      inside: ['- [&f->mutex] sleeps'],
      after: ['- [] sleeps'],
    },
  },
  {
    title: 'a lock that is held across iterations and dropped for a rest',
    source: `
void a(struct foo *f)
{
	spin_lock(&f->lock);
	while (f->count > 0) {
		f->count--; /*@held*/
		if (need_resched()) {
			spin_unlock(&f->lock);
			cond_resched(); /*@rest*/
			spin_lock(&f->lock);
		}
	}
	spin_unlock(&f->lock);
	f->count = 1; /*@after*/
}`,
    at: { held: ['- [&f->lock] atomic'], rest: ['- [] sleeps'], after: ['- [] sleeps'] },
  },
  {
    title: 'a list walk that locks each entry',
    source: `
void a(struct foo *f, struct dentry *parent)
{
	struct dentry *child;

	spin_lock(&parent->d_lock);
	list_for_each_entry(child, &parent->d_children, d_sib) {
		spin_lock_nested(&child->d_lock, 1);
		f->count++; /*@both*/
		spin_unlock(&child->d_lock);
		f->count++; /*@parent*/
	}
	spin_unlock(&parent->d_lock);
	f->count++; /*@none*/
}`,
    at: {
      both: ['- [&child->d_lock, &parent->d_lock] atomic'],
      parent: ['- [&parent->d_lock] atomic'],
      none: ['- [] sleeps'],
    },
  },
  {
    title: 'hand over hand, one step',
    source: `
void a(struct foo *f)
{
	struct foo *next;

	spin_lock(&f->lock);
	next = f->next;
	spin_lock(&next->lock);
	spin_unlock(&f->lock);
	f = next;
	f->count++; /*@inside*/
	spin_unlock(&f->lock);
	next = (struct foo *)0; /*@after*/
}`,
    at: { inside: ['- [&f->next->lock] atomic'], after: ['- [] sleeps'] },
  },
  {
    title: 'FP_ hand over hand in a loop: each turn makes another name, so none is certain inside',
    source: `
void a(struct foo *f)
{
	struct foo *next;

	spin_lock(&f->lock);
	while ((next = f->next)) {
		spin_lock(&next->lock);
		spin_unlock(&f->lock);
		f = next;
	}
	spin_unlock(&f->lock);
	next = (struct foo *)0; /*@after*/
}`,
    at: { after: ['- [] sleeps'] },
  },
  {
    title: 'try again from a label',
    source: `
int a(struct foo *f)
{
again:
	spin_lock(&f->lock);
	if (f->count) {
		spin_unlock(&f->lock);
		msleep(1); /*@rest*/
		goto again;
	}
	f->count = 1; /*@inside*/
	spin_unlock(&f->lock);
	return 0; /*@after*/
}`,
    at: { rest: ['- [] sleeps'], inside: ['- [&f->lock] atomic'], after: ['- [] sleeps'] },
  },
  {
    title: 'waiting or trying, as a parameter says',
    source: `
int a(struct foo *f, bool wait)
{
	if (wait)
		down_write(&f->sem);
	else if (!down_write_trylock(&f->sem))
		return -EAGAIN; /*@failed*/
	f->count++; /*@inside*/
	up_write(&f->sem);
	return 0; /*@after*/
}`,
    at: { failed: ['- [] sleeps'], inside: ['- [&f->sem] sleeps'], after: ['- [] sleeps'] },
  },
  {
    title: 'two locks in the wrong order, by trying',
    source: `
void a(struct foo *f, struct foo *g)
{
	mutex_lock(&f->mutex);
	while (!mutex_trylock(&g->mutex)) {
		mutex_unlock(&f->mutex);
		cpu_relax(); /*@rest*/
		mutex_lock(&f->mutex);
	}
	f->count++; /*@both*/
	mutex_unlock(&g->mutex);
	mutex_unlock(&f->mutex);
	f->count++; /*@none*/
}`,
    at: {
      rest: ['- [] sleeps'],
      both: ['- [&f->mutex, &g->mutex] sleeps'],
      none: ['- [] sleeps'],
    },
  },
  {
    title: 'an error number that says whether the lock is held',
    source: `
int a(struct foo *f)
{
	int err = 0;

	mutex_lock(&f->mutex);
	if (f->count)
		err = -5;
	else
		mutex_unlock(&f->mutex);
	if (!err)
		return 0; /*@none*/
	f->count++; /*@held*/
	mutex_unlock(&f->mutex);
	return err;
}`,
    at: { none: ['- [] sleeps'], held: ['- [&f->mutex] sleeps'] },
  },
  {
    title: 'FP_ two switches over one enumeration: of a number only its sign is kept apart',
    source: `
void a(struct foo *f, int how)
{
	switch (how) {
	case 0:
		down_read(&f->sem);
		break;
	case 1:
		down_write(&f->sem);
		break;
	}
	f->count++;
	switch (how) {
	case 0:
		up_read(&f->sem);
		break;
	case 1:
		up_write(&f->sem);
		break;
	}
	f->count++; /*@after*/
}`,
    at: { after: ['- [&f->sem shared?, &f->sem?] sleeps'] },
  },
  {
    title: 'two flags that belong together',
    source: `
void a(struct foo *f)
{
	int locked = 0;

	if (f->count > 3) {
		mutex_lock(&f->mutex);
		locked = 1;
	}
	f->name = (char *)0; /*@maybe*/
	if (!locked)
		return; /*@none*/
	f->count++; /*@held*/
	mutex_unlock(&f->mutex);
}`,
    at: {
      maybe: ['- [&f->mutex?] sleeps'],
      none: ['- [] sleeps'],
      held: ['- [&f->mutex] sleeps'],
    },
  },
];

const SCOPES: readonly Case[] = [
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
    title: 'FP_ a guard that may fail: its body runs only where it did not',
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
    at: { interruptible: ['- [&f->mutex?] sleeps'], try: ['- [&f->mutex?] sleeps'], after: ['- [] sleeps'] },
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

const CALLS: readonly Case[] = [
  {
    title: 'a callee returns with the lock held, another lets go of it',
    source: `
static void begin(struct foo *f)
{
	f->count = 0; /*@begin*/
	spin_lock(&f->lock);
}
static void end(struct foo *f)
{
	f->count = 1; /*@end*/
	spin_unlock(&f->lock);
}
void a(struct foo *g)
{
	begin(g);
	g->count++; /*@inside*/
	end(g);
	g->count++; /*@after*/
}`,
    at: {
      begin: ['- [] sleeps'],
      end: ['- [&f->lock] atomic'],
      inside: ['- [&g->lock] atomic'],
      after: ['- [] sleeps'],
    },
  },
  {
    title: "a callee drops its caller's lock and takes it again",
    source: `
static void rest(struct foo *f)
{
	f->count = 0; /*@before*/
	spin_unlock(&f->lock);
	f->count = 1; /*@between*/
	spin_lock(&f->lock);
	f->count = 2; /*@again*/
}
void a(struct foo *g)
{
	spin_lock(&g->lock);
	rest(g);
	g->count++; /*@back*/
	spin_unlock(&g->lock);
}`,
    at: {
      before: ['- [&f->lock] atomic'],
      between: ['- [] sleeps'],
      again: ['- [&f->lock] atomic'],
      back: ['- [&g->lock] atomic'],
    },
  },
  {
    title: 'static functions of equal names in two files',
    source: `
// file: fs/foo/x.c
static void touch(struct foo *f)
{
	f->count++; /*@x*/
}
void a(struct foo *f)
{
	spin_lock(&f->lock);
	touch(f);
	spin_unlock(&f->lock);
}
// file: fs/foo/y.c
static void touch(struct foo *f)
{
	f->count++; /*@y*/
}
void b(struct foo *f)
{
	mutex_lock(&f->mutex);
	touch(f);
	mutex_unlock(&f->mutex);
}`,
    at: { x: ['- [&f->lock] atomic'], y: ['- [&f->mutex] sleeps'] },
  },
  {
    title: 'a callee in another file, by its declaration in a header',
    source: `
// file: fs/foo/foo.h
void touch(struct foo *f);
// file: fs/foo/x.c
#include "foo.h"
void a(struct foo *f)
{
	mutex_lock(&f->mutex);
	touch(f->next);
	mutex_unlock(&f->mutex);
}
// file: fs/foo/y.c
#include "foo.h"
void touch(struct foo *g)
{
	g->count++; /*@*/
}`,
    // The caller's 'f' has no name in terms of 'f->next': the class is shown
    at: { '': ['- [foo::mutex] sleeps'] },
  },
  {
    title: 'recursion',
    source: `
static void down(struct foo *f, int depth)
{
	f->count++; /*@inside*/
	if (depth > 0)
		down(f, depth - 1);
}
void a(struct foo *f)
{
	spin_lock(&f->lock);
	down(f, 3);
	f->count++; /*@back*/
	spin_unlock(&f->lock);
}`,
    at: { inside: ['- [&f->lock] atomic'], back: ['- [&f->lock] atomic'] },
  },
  {
    title: 'mutual recursion that balances',
    source: `
static void even(struct foo *f, int n);
static void odd(struct foo *f, int n)
{
	spin_lock(&f->lock);
	f->count++; /*@odd*/
	spin_unlock(&f->lock);
	if (n)
		even(f, n - 1);
}
static void even(struct foo *f, int n)
{
	if (n)
		odd(f, n - 1);
	f->count++; /*@even*/
}
void a(struct foo *f)
{
	even(f, 4);
}`,
    at: { odd: ['- [&f->lock] atomic'], even: ['- [] sleeps'] },
  },
  {
    title: 'macros of the file system',
    source: `
struct foo_sb { struct mutex lock; };
#define FOO_SB(sb) ((struct foo_sb *)(sb)->s_fs_info)
#define foo_lock(sb) mutex_lock(&FOO_SB(sb)->lock)
#define foo_unlock(sb) mutex_unlock(&FOO_SB(sb)->lock)
void a(struct super_block *sb)
{
	foo_lock(sb);
	sb->s_root = (struct dentry *)0; /*@inside*/
	foo_unlock(sb);
	sb->s_root = (struct dentry *)0; /*@after*/
}`,
    at: { inside: ['- [&sb->s_fs_info->lock] sleeps'], after: ['- [] sleeps'] },
  },
  {
    title: 'macros with statements, and with a value',
    source: `
#define foo_lock(f) do { spin_lock(&(f)->lock); (f)->count++; } while (0)
#define foo_unlock(f) do { (f)->count--; spin_unlock(&(f)->lock); } while (0)
#define foo_try(f) ({ int __r = spin_trylock(&(f)->lock); __r; })
void a(struct foo *g)
{
	foo_lock(g);
	g->count++; /*@locked*/
	foo_unlock(g);
	if (!foo_try(g))
		return; /*@failed*/
	g->count++; /*@tried*/
	spin_unlock(&g->lock);
}`,
    at: { locked: ['- [&g->lock] atomic'], failed: ['- [] sleeps'], tried: ['- [&g->lock] atomic'] },
  },
  {
    title: 'an object by a parameter, the lock by the result',
    source: `
static int get(struct foo *f, struct foo **out)
{
	spin_lock(&f->lock);
	if (!f->next) {
		spin_unlock(&f->lock);
		return -2;
	}
	*out = f->next;
	return 0;
}
int a(struct foo *f)
{
	struct foo *n;
	int err = get(f, &n);

	if (err < 0)
		return err; /*@failed*/
	n->count++; /*@inside*/
	spin_unlock(&f->lock);
	return 0; /*@after*/
}`,
    at: { failed: ['- [] sleeps'], inside: ['- [&f->lock] atomic'], after: ['- [] sleeps'] },
  },
  {
    title: 'a callee waits or tries, by a bit that is passed on',
    source: `
static int take(struct foo *f, bool nowait)
{
	if (nowait) {
		if (!mutex_trylock(&f->mutex))
			return -EAGAIN;
	} else {
		mutex_lock(&f->mutex);
	}
	return 0;
}
int a(struct foo *f, unsigned int flags)
{
	int err = take(f, flags & 8);

	if (err)
		return err; /*@failed*/
	f->count++; /*@inside*/
	mutex_unlock(&f->mutex);
	return 0; /*@after*/
}`,
    at: { failed: ['- [] sleeps'], inside: ['- [&f->mutex] sleeps'], after: ['- [] sleeps'] },
  },
  {
    title: 'FP_ what a callee stores in a structure of ours is not known to us afterwards',
    source: `
struct ctx { struct foo *f; bool locked; };
static void begin(struct ctx *c)
{
	if (!c->locked) {
		mutex_lock(&c->f->mutex);
		c->locked = true;
	}
}
static void end(struct ctx *c)
{
	if (c->locked) {
		mutex_unlock(&c->f->mutex);
		c->locked = false;
	}
}
void a(struct foo *f)
{
	struct ctx c = { .f = f };

	begin(&c);
	f->count++; /*@inside*/
	end(&c);
	f->count++; /*@after*/
}`,
    at: { inside: ['- [&c.f->mutex?] sleeps'], after: ['- [&c.f->mutex?] sleeps'] },
  },
  {
    title: 'a flag bit says that the caller has locked',
    source: `
static void work(struct foo *f, unsigned int flags)
{
	if (!(flags & 4))
		spin_lock(&f->lock);
	f->count++; /*@inside*/
	if (!(flags & 4))
		spin_unlock(&f->lock);
}
void a(struct foo *f)
{
	work(f, 0);
	f->count++; /*@after*/
	spin_lock(&f->lock);
	work(f, 4);
	spin_unlock(&f->lock);
}`,
    at: { inside: ['- [&f->lock] atomic', '- [&f->lock] atomic'], after: ['- [] sleeps'] },
  },
  {
    title: "a table of the file system's own",
    source: `
struct foo_ops { int (*work)(struct foo *f); };
static int work(struct foo *f)
{
	return f->count; /*@*/
}
static const struct foo_ops ops = { .work = work };
static int run(const struct foo_ops *o, struct foo *f)
{
	int n;

	spin_lock(&f->lock);
	n = o->work(f);
	spin_unlock(&f->lock);
	return n;
}
int a(struct foo *f)
{
	return run(&ops, f);
}`,
    at: { '': ['- [&f->lock] atomic'] },
  },
  {
    title: 'a function pointer in a local',
    source: `
static int one(struct foo *f)
{
	return f->count; /*@one*/
}
static int two(struct foo *f)
{
	return -f->count; /*@two*/
}
int a(struct foo *f, bool first)
{
	int (*call)(struct foo *f) = first ? one : two;
	int n;

	spin_lock(&f->lock);
	n = call(f);
	spin_unlock(&f->lock);
	return n;
}`,
    at: { one: ['- [&f->lock] atomic'], two: ['- [&f->lock] atomic'] },
  },
  {
    title: 'container_of wrappers name one object',
    source: `
struct foo_inode { struct mutex lock; struct inode vfs; int n; };
static inline struct foo_inode *FOO_I(struct inode *inode)
{
	return container_of(inode, struct foo_inode, vfs);
}
static void put(struct foo_inode *fi)
{
	fi->n++; /*@callee*/
	mutex_unlock(&fi->lock);
}
void a(struct inode *inode)
{
	mutex_lock(&FOO_I(inode)->lock);
	inode->i_flags = 0; /*@inside*/
	put(FOO_I(inode));
	inode->i_flags = 1; /*@after*/
}`,
    at: {
      callee: ['- [&fi->lock] sleeps'],
      inside: ['- [&container_of(inode, struct foo_inode, vfs)->lock] sleeps'],
      after: ['- [] sleeps'],
    },
  },
  {
    title: 'a function that a macro defines',
    source: `
#define DEFINE_TOUCH(name) \\
static void name(struct foo *f) \\
{ \\
	spin_lock(&f->lock); \\
	f->count++; \\
	spin_unlock(&f->lock); \\
}
DEFINE_TOUCH(touch)
void a(struct foo *f)
{
	touch(f);
	f->count++; /*@after*/
}`,
    at: { after: ['- [] sleeps'] },
  },
  {
    title: 'SYSCALL_DEFINE',
    source: `
SYSCALL_DEFINE2(foo, struct foo *, f, int, n)
{
	mutex_lock(&f->mutex);
	f->count = n; /*@inside*/
	mutex_unlock(&f->mutex);
	return 0;
}`,
    at: { inside: ['- [&f->mutex] sleeps'] },
  },
  {
    title: 'a function pointer parameter runs where it is called',
    source: `
static int walk(struct foo *f, int (*actor)(struct foo *f))
{
	int n;

	spin_lock(&f->lock);
	n = actor(f);
	spin_unlock(&f->lock);
	return n;
}
static int count(struct foo *g)
{
	return g->count; /*@*/
}
int a(struct foo *f)
{
	return walk(f, count);
}`,
    at: { '': ['- [&g->lock] atomic'] },
  },
  {
    title: 'an RCU callback runs in softirq, without the locks of call_rcu()',
    source: `
static void gone(struct rcu_head *head)
{
	struct foo *f = container_of(head, struct foo, rcu);

	f->count = 0; /*@callback*/
}
void a(struct foo *f)
{
	mutex_lock(&f->mutex);
	call_rcu(&f->rcu, gone);
	mutex_unlock(&f->mutex);
}`,
    at: { callback: ['RCU callback [] atomic'] },
  },
  {
    title: 'a work item runs in process context',
    source: `
static void work(struct work_struct *w)
{
	struct foo *f = container_of(w, struct foo, work);

	f->count = 0; /*@callback*/
}
void a(struct foo *f)
{
	spin_lock(&f->lock);
	INIT_WORK(&f->work, work);
	spin_unlock(&f->lock);
}`,
    at: { callback: ['work item [] sleeps'] },
  },
  {
    title: 'FN_ __must_hold() on a definition is not read',
    source: `
void a(struct foo *f)
	__must_hold(&f->lock)
{
	f->count++; /*@*/
}`,
    at: { '': ['- [] sleeps'] },
  },
  {
    title: 'an assertion says what is held',
    source: `
void a(struct foo *f)
{
	lockdep_assert_held(&f->lock);
	f->count++; /*@spin*/
}
void c(struct foo *f)
{
	lockdep_assert_held(&f->mutex);
	f->count++; /*@mutex*/
}
void b(struct foo *f)
{
	lockdep_assert_held_write(&f->sem);
	f->count++; /*@write*/
}`,
    at: {
      spin: ['- [&f->lock] atomic'],
      mutex: ['- [&f->mutex] sleeps'],
      write: ['- [&f->sem] sleeps'],
    },
  },
];

const METHODS: readonly Case[] = [
  {
    title: 'LOOKUP_RCU and its bail-out',
    source: `
static int foo_revalidate(struct dentry *dentry, unsigned int flags)
{
	dentry->d_time = 0; /*@both*/
	if (flags & LOOKUP_RCU)
		return -ECHILD; /*@walk*/
	dentry->d_time = 1; /*@ref*/
	return 1;
}
const struct dentry_operations foo_ops = { .d_revalidate = foo_revalidate };`,
    at: {
      both: ['d_revalidate [&dentry->d_parent->d_inode->i_rwsem?] sleeps', 'd_revalidate [] walk atomic'],
      walk: ['d_revalidate [] walk atomic'],
      ref: ['d_revalidate [&dentry->d_parent->d_inode->i_rwsem?] sleeps'],
    },
  },
  {
    title: 'a permission derived from the mode',
    source: `
static int foo_permission(struct mnt_idmap *idmap, struct inode *inode, int mask)
{
	bool may_block = !(mask & MAY_NOT_BLOCK);

	if (may_block)
		inode->i_flags = 1; /*@ref*/
	else
		inode->i_flags = 2; /*@walk*/
	return 0;
}
const struct inode_operations foo_ops = { .permission = foo_permission };`,
    at: { ref: ['permission [&inode->i_rwsem?] sleeps'], walk: ['permission [] walk atomic'] },
  },
  {
    title: 'a flag passed on as a parameter through two calls',
    source: `
static int inner(struct inode *inode, bool rcu)
{
	if (rcu)
		return inode->i_flags; /*@walk*/
	return inode->i_mode; /*@ref*/
}
static int outer(struct dentry *dentry, unsigned int lookup)
{
	return inner(d_inode_rcu(dentry), lookup != 0);
}
static int foo_revalidate(struct dentry *dentry, unsigned int flags)
{
	return outer(dentry, flags & LOOKUP_RCU);
}
const struct dentry_operations foo_ops = { .d_revalidate = foo_revalidate };`,
    at: {
      walk: ['d_revalidate [] walk atomic'],
      ref: ['d_revalidate [inode::i_rwsem?] sleeps'],
    },
  },
  {
    title: 'get_link without a dentry is RCU-walk',
    source: `
static const char *foo_get_link(struct dentry *dentry, struct inode *inode, struct delayed_call *done)
{
	gfp_t gfp = dentry ? GFP_KERNEL : GFP_ATOMIC;

	inode->i_private = kmalloc(8, gfp); /*@both*/
	if (!dentry)
		return ERR_PTR(-ECHILD); /*@walk*/
	return inode->i_private; /*@ref*/
}
const struct inode_operations foo_ops = { .get_link = foo_get_link };`,
    at: {
      both: ['get_link [] sleeps', 'get_link [] walk atomic'],
      walk: ['get_link [] walk atomic'],
      ref: ['get_link [] sleeps'],
    },
  },
  {
    title: 'd_prune runs in d_lock',
    source: `
static void foo_prune(struct dentry *dentry)
{
	dentry->d_time = 0; /*@*/
}
const struct dentry_operations foo_ops = { .d_prune = foo_prune };`,
    at: { '': ['d_prune [&dentry->d_inode->i_lock?, &dentry->d_lock] atomic'] },
  },
  {
    title: "a method drops its caller's lock and takes it again",
    source: `
static int foo_unlink(struct inode *dir, struct dentry *dentry)
{
	dentry->d_time = 0; /*@before*/
	inode_unlock(dir);
	dentry->d_time = 1; /*@between*/
	inode_lock(dir);
	dentry->d_time = 2; /*@again*/
	return 0;
}
const struct inode_operations foo_ops = { .unlink = foo_unlink };`,
    at: {
      before: ['unlink [&dentry->d_inode->i_rwsem, &dir->i_rwsem] sleeps'],
      between: ['unlink [&dentry->d_inode->i_rwsem] sleeps'],
      again: ['unlink [&dentry->d_inode->i_rwsem, &dir->i_rwsem] sleeps'],
    },
  },
  {
    title: 'a helper of two methods has two contexts',
    source: `
static void forget(struct dentry *d)
{
	d->d_time = 0; /*@*/
}
static void foo_prune(struct dentry *dentry)
{
	forget(dentry);
}
static void foo_release(struct dentry *dentry)
{
	forget(dentry);
}
const struct dentry_operations foo_ops = { .d_prune = foo_prune, .d_release = foo_release };`,
    at: {
      '': ['d_prune [&d->d_inode->i_lock?, &d->d_lock] atomic', 'd_release [] sleeps'],
    },
  },
  {
    title: "free_inode is an RCU callback, put_super holds the superblock's s_umount",
    source: `
static void foo_free_inode(struct inode *inode)
{
	inode->i_flags = 0; /*@free*/
}
static void foo_put_super(struct super_block *sb)
{
	sb->s_fs_info = (void *)0; /*@put*/
}
const struct super_operations foo_ops = { .free_inode = foo_free_inode, .put_super = foo_put_super };`,
    at: { free: ['free_inode [] atomic'], put: ['put_super [&sb->s_umount] sleeps'] },
  },
];

function suite(title: string, cases: readonly Case[]): void {
  describe(title, () => {
    for (const { title: name, source, at } of cases) it(name, () => checkContexts(source, at));
  });
}

describe('contexts', () => {
  suite('locks', LOCKING);
  suite('control flow', FLOW);
  suite('scopes', SCOPES);
  suite('calls', CALLS);
  suite('methods', METHODS);
});
