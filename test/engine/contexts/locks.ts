/**
 * Contexts: locks of every kind, taken and let go in one function. One construct a case.
 */
import type { ContextCase } from '../harness.js';

/** Cases by title. */
export const LOCKING: readonly ContextCase[] = [
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
  {
    title: 'a semaphore',
    source: `
struct buf { struct semaphore sema; int hold; };
static int foo_release(struct inode *inode, struct file *file)
{
	struct buf *b = file->private_data;

	down(&b->sema);
	b->hold = 1; /*@held*/
	up(&b->sema);
	b->hold = 2; /*@after*/
	return 0;
}
const struct file_operations foo_ops = { .release = foo_release };`,
    at: { held: ['release [&file->private_data->sema] sleeps'], after: ['release [] sleeps'] },
  },
  {
    title: 'waiting until a lock could be taken',
    source: `
static void down(struct foo *f)
{
	wait_event(f->wait, down_read_trylock(&f->sem));
}
void a(struct foo *f)
{
	down(f);
	f->count++; /*@*/
	up_read(&f->sem);
}`,
    at: { '': ['- [&f->sem shared] sleeps'] },
  },
  {
    title: 'two locks of objects that may be one',
    source: `
void a(struct inode *one, struct inode *two)
{
	if (!one || !two)
		return;
	lock_two_nondirectories(one, two);
	one->i_flags = 1; /*@in*/
	unlock_two_nondirectories(one, two);
	one->i_flags = 2; /*@out*/
}`,
    at: { in: ['- [&one->i_rwsem, &two->i_rwsem] sleeps'], out: ['- [] sleeps'] },
  },
  {
    title: 'members that are never NULL need no test',
    source: `
void a(struct file *one, struct dentry *two)
{
	lock_two_nondirectories(one->f_inode, two->d_inode);
	one->f_flags = 1; /*@*/
	unlock_two_nondirectories(one->f_inode, two->d_inode);
}`,
    at: { '': ['- [&one->f_inode->i_rwsem, &two->d_inode->i_rwsem?] sleeps'] },
  },
  {
    title: 'one lock of a class on every path, of another object on each',
    source: `
void a(struct foo *f, struct foo *g, int first)
{
	if (first)
		mutex_lock(&f->mutex);
	else
		mutex_lock(&g->mutex);
	f->count++; /*@*/
	if (first)
		mutex_unlock(&f->mutex);
	else
		mutex_unlock(&g->mutex);
}`,
    at: { '': ['- [foo::mutex] sleeps'] },
  },
  {
    title: 'two locks of one class that have no name in the callee',
    source: `
static void inner(int n)
{
	report(n); /*@*/
}
void a(struct inode *one, struct inode *two)
{
	if (!one || !two || one == two)
		return;
	inode_lock(one);
	inode_lock(two);
	inner(1);
	inode_unlock(two);
	inode_unlock(one);
}`,
    at: { '': ['- [inode::i_rwsem, inode::i_rwsem] sleeps'] },
  },
  {
    title: 'a lock that hangs on a value many pointers away',
    source: `
struct far { struct far *next; struct mutex mutex; int count; };
void a(struct far *f)
{
	struct far *g = f->next->next->next->next->next->next->next->next;

	mutex_lock(&g->mutex);
	g->count++; /*@*/
	mutex_unlock(&g->mutex);
	g->count++; /*@out*/
}`,
    at: { '': ['- [&g->mutex] sleeps'], out: ['- [] sleeps'] },
  },
  {
    title: 'a bit of memory in another order of bytes is one bit at both tests',
    source: `
struct raw { unsigned int features; struct mutex mutex; };
void a(struct raw *r)
{
	if (r->features & cpu_to_le32(4))
		mutex_lock(&r->mutex);
	if (r->features & cpu_to_le32(4)) {
		r->features = 5; /*@in*/
		mutex_unlock(&r->mutex);
	}
	r = NULL; /*@out*/
}`,
    at: { in: ['- [&r->mutex] sleeps'], out: ['- [] sleeps'] },
  },
  {
    title: 'functions that a macro makes at top level, asked twice',
    source: `
struct sized { unsigned int features; struct mutex mutex; };
#define FEATURE_FUNCS(name, flag) \
static inline int has_##name(struct sized *s) \
{ \
	return (s->features & FEATURE_##flag) != 0; \
} \
static inline void lock_##name(struct sized *s) { mutex_lock(&s->mutex); }
#define FEATURE_QUOTA 4
FEATURE_FUNCS(quota, QUOTA)
void a(struct sized *s)
{
	if (!has_quota(s))
		lock_quota(s);
	s = s; /*@perhaps*/
	if (!has_quota(s)) {
		s = s; /*@in*/
		mutex_unlock(&s->mutex);
	}
	s = s; /*@out*/
}`,
    at: { perhaps: ['- [&s->mutex?] sleeps'], in: ['- [&s->mutex] sleeps'], out: ['- [] sleeps'] },
  },
];
