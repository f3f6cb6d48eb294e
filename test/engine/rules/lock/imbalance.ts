/**
 * lock/imbalance: code that is wrong (`_bad`), and code that is right and looks like it (`_ok`).
 */
import type { RuleCases } from '../../harness.js';

/** Cases by title. */
export const IMBALANCE: RuleCases = {
  'an error path that forgets the lock': `
int a_bad(struct foo *f)
{
	mutex_lock(&f->mutex);
	if (f->count)
		return -EBUSY; /*! lock/imbalance */
	mutex_unlock(&f->mutex);
	return 0;
}`,
  // What memory held when it was tested under the lock tells the caller nothing
  'nothing is returned, with the lock and without': `
void a_bad(struct foo *f)
{
	spin_lock(&f->lock);
	if (f->next == (struct foo *)0)
		return; /*! lock/imbalance */
	spin_unlock(&f->lock);
}`,
  'a bit of the object is tested': `
void a_bad(struct foo *f)
{
	spin_lock(&f->lock);
	if (test_bit(3, &f->bits))
		return; /*! lock/imbalance */
	spin_unlock(&f->lock);
}`,
  // The caller sees the error, but where success gives the lock back nobody expects to release it
  'a callee fails': `
int step(struct foo *f);
int a_bad(struct foo *f)
{
	int err;

	spin_lock(&f->lock);
	err = step(f);
	if (err)
		return err; /*! lock/imbalance */
	spin_unlock(&f->lock);
	return 0;
}`,
  'a variable says that it was given back already, as a call has filled it in': `
int get(struct foo *f, int *locked);
int a_ok(struct foo *f)
{
	int locked = 1;
	int got;

	mutex_lock(&f->mutex);
	got = get(f, &locked);
	if (locked)
		mutex_unlock(&f->mutex);
	return got;
}
int a_bad(struct foo *f, int locked)
{
	int got;

	mutex_lock(&f->mutex);
	got = get(f, &f->count);
	if (got < 0)
		return got; /*! lock/imbalance */
	mutex_unlock(&f->mutex);
	return 0;
}`,
  // Bits past those of an int are others than the low ones
  'a bit that an int has no room for': `
int a_bad(struct foo *f, unsigned long long flags)
{
	if (flags & 1)
		return 0;
	mutex_lock(&f->mutex);
	if (flags & 0x200000000ULL)
		return -EBUSY; /*! lock/imbalance */
	mutex_unlock(&f->mutex);
	return 0;
}
void b_ok(struct foo *f, int flags)
{
	if (flags & 1)
		mutex_lock(&f->mutex);
	f->count++;
	if (!(flags & (1 | 2)))
		return;
	if (flags & 1)
		mutex_unlock(&f->mutex);
}`,
  'the same error with the lock and without': `
int a_bad(struct foo *f)
{
	mutex_lock(&f->mutex);
	if (f->count)
		return -EBUSY; /*! lock/imbalance */
	mutex_unlock(&f->mutex);
	return -EBUSY;
}`,
  'a goto to the wrong label': `
int a_bad(struct foo *f)
{
	int err = -EINVAL;

	spin_lock(&f->lock);
	if (f->count)
		goto out;
	f->count = 1;
	spin_unlock(&f->lock);
out:
	return err; /*! lock/imbalance */
}`,
  'the result says whether the lock is held': `
int a_ok(struct foo *f)
{
	mutex_lock(&f->mutex);
	if (f->count) {
		mutex_unlock(&f->mutex);
		return -EBUSY;
	}
	return 0;
}`,
  'a pointer that is an error says so too': `
struct foo *a_ok(struct foo *f)
{
	if (f->count)
		return ERR_PTR(-EBUSY);
	spin_lock(&f->lock);
	f->count = 1;
	return f;
}`,
  'a pair of functions': `
void get_ok(struct foo *f)
{
	down_read(&f->sem);
}
void put_ok(struct foo *f)
{
	up_read(&f->sem);
}`,
  'seq_file operations, start and stop': `
static struct mutex table_lock;
static void *start_ok(struct seq_file *m, long long *pos)
{
	mutex_lock(&table_lock);
	return *pos ? (void *)0 : (void *)m;
}
static void stop_ok(struct seq_file *m, void *v)
{
	mutex_unlock(&table_lock);
}
const struct seq_operations ops = { .start = start_ok, .stop = stop_ok };`,
  'the parameter decides': `
void a_ok(struct foo *f, bool keep)
{
	spin_lock(&f->lock);
	f->count++;
	if (keep)
		return;
	spin_unlock(&f->lock);
}`,
  'a token that is handed out says it': `
void a_ok(struct foo *f, bool *locked)
{
	*locked = false;
	if (f->count) {
		mutex_lock(&f->mutex);
		*locked = true;
	}
}`,
  'a lock that a work item lets go of': `
static void work_ok(struct work_struct *w)
{
	struct foo *f = container_of(w, struct foo, work);

	up_read(&f->sem);
}
int a_ok(struct foo *f)
{
	down_read(&f->sem);
	if (f->ready) {
		INIT_WORK(&f->work, work_ok);
		schedule_work(&f->work);
		return 0;
	}
	up_read(&f->sem);
	return 0;
}`,
  'a guard lets go by itself': `
int a_ok(struct foo *f)
{
	guard(mutex)(&f->mutex);
	if (f->count)
		return -EBUSY;
	f->count = 1;
	return 0;
}`,
  'flags that belong together': `
int a_ok(struct foo *f)
{
	bool locked = false;

	if (f->count > 2) {
		mutex_lock(&f->mutex);
		locked = true;
	}
	f->count++;
	if (locked)
		mutex_unlock(&f->mutex);
	return 0;
}`,

  'an error path of a callee that was locked by another': `
int step(struct foo *f);
int a_bad(struct foo *f, struct foo *g)
{
	int err;

	down_read(&f->sem);
	err = step(f);
	if (err)
		goto unlock;
	down_read(&g->sem);
	err = step(g);
	if (err)
		goto unlock;
	up_read(&g->sem);
unlock:
	up_read(&f->sem);
	return err; /*! lock/imbalance */
}`,
  'a value that is compared twice': `
void a_ok(struct foo *f, struct foo *g, int how)
{
	if (how == 1)
		mutex_lock(&f->mutex);
	else if (how == 2)
		spin_lock(&f->lock);
	f->count++;
	if (how == 1)
		mutex_unlock(&f->mutex);
	else if (how == 2)
		spin_unlock(&f->lock);
}`,
  'two locks in the order of their addresses': `
void a_ok(struct foo *f, struct foo *g)
{
	if (f < g) {
		mutex_lock(&f->mutex);
		mutex_lock(&g->mutex);
	} else {
		mutex_lock(&g->mutex);
		if (f != g)
			mutex_lock(&f->mutex);
	}
	f->count++;
	mutex_unlock(&g->mutex);
	if (f != g)
		mutex_unlock(&f->mutex);
}`,
  // What is neither 0 nor 1 in the first switch is neither in the second
  'two switches over one enumeration': `
void a_ok(struct foo *f, int how)
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
}`,
  // Taken in one loop and let go in another: the elements have no names of their own
  'FP_ an array of locks': `
void FP_a_ok(struct foo *all[], int n)
{
	int i;

	for (i = 0; i < n; i++)
		mutex_lock(&all[i]->mutex);
	all[0]->count++;
	while (--i >= 0)
		mutex_unlock(&all[i]->mutex);
} /*! lock/imbalance */`,
  // The scope is entered only where the lock was taken
  'a guard that may fail': `
int a_ok(struct foo *f)
{
	scoped_cond_guard(mutex_intr, return -4, &f->mutex) {
		f->count++;
	}
	return 0;
}`,
  // What is returned was compared: the caller knows by the same comparison
  'told by a value that is no error': `
static int a_ok(struct foo *f)
{
	int ret;

	mutex_lock(&f->mutex);
	ret = look(f);
	if (ret != state_fine)
		mutex_unlock(&f->mutex);
	return ret;
}`,
  // The returned object is locked, whichever it is
  'what was in a field is returned locked': `
static struct foo *a_ok(struct foo *f, struct foo *other)
{
	struct foo *g = f->next;

	mutex_lock(&g->mutex);
	if (other) {
		mutex_unlock(&g->mutex);
		return NULL;
	}
	f->next = NULL;
	return g;
}`,
  // Interrupts stay off on one way out
  'FN_ the lock without its interrupts': `
void FN_a_bad(struct foo *f)
{
	unsigned long flags;

	spin_lock_irqsave(&f->lock, flags);
	if (f->count) {
		spin_unlock(&f->lock);
		return;
	}
	spin_unlock_irqrestore(&f->lock, flags);
}`,
  'a callee says in a variable of its caller that it dropped the lock': `
static int restart(struct foo *f, int n, int *dropped)
{
	if (n == f->count)
		return 0;
	mutex_unlock(&f->mutex);
	*dropped = 1;
	return n;
}
int a_ok(struct foo *f, int n)
{
	int dropped = 0;
	int ret = restart(f, n, &dropped);

	if (dropped)
		mutex_lock(&f->mutex);
	return ret;
}`,
  'an error keeps it, and what else there is nobody knows': `
int far(struct foo *f);
int a_bad(struct foo *f)
{
	spin_lock(&f->lock);
	if (f->next == (struct foo *)0)
		return -EBUSY; /*! lock/imbalance */
	spin_unlock(&f->lock);
	return far(f);
}`,
  'the lock of what was found': `
struct foo *find(int n);
int a_bad(int n)
{
	struct foo *f = find(n);

	mutex_lock(&f->mutex);
	if (f->count)
		return 0; /*! lock/imbalance */
	mutex_unlock(&f->mutex);
	return 0;
}`,
  // Who is handed the object gives it back
  'what was found is handed out locked': `
struct foo *find(int n);
int a_ok(int n, struct foo **out)
{
	struct foo *f = find(n);

	mutex_lock(&f->mutex);
	if (f->count) {
		*out = f;
		return 0;
	}
	mutex_unlock(&f->mutex);
	return 0;
}`,
  'handed on, but not with an error': `
void finish_ok(struct foo *f)
{
	mutex_unlock(&f->mutex);
}
int a_bad(struct foo *f)
{
	mutex_lock(&f->mutex);
	if (f->count)
		return -EBUSY; /*! lock/imbalance */
	mutex_unlock(&f->mutex);
	return 0;
}`,
  'nobody who calls it gives it back': `
static mutex_t big;
static int a_bad(struct file *file, int cmd)
{
	if (cmd == 1) {
		mutex_lock(&big);
		return 0; /*! lock/imbalance */
	}
	return -EINVAL;
}
static long a_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	return a_bad(file, cmd);
}
const struct file_operations ops = { .unlocked_ioctl = a_ioctl };`,
  'who calls it gives it back': `
static mutex_t big;
static int a_ok(struct file *file, int cmd)
{
	if (cmd == 1) {
		mutex_lock(&big);
		return 0;
	}
	return -EINVAL;
}
static long a_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	if (a_ok(file, cmd))
		return -EINVAL;
	mutex_unlock(&big);
	return 0;
}
const struct file_operations ops = { .unlocked_ioctl = a_ioctl };`,
  'carried on from turn to turn: given back for the caller, or taken for it': `
static struct foo *next_ok(struct list_head *all, struct foo *last, int max)
{
	struct foo *f;

	if (max < 1)
		return NULL;
	if (last) {
		f = last->next;
		if (f)
			return f;
		rcu_read_unlock();
	}
	rcu_read_lock();
	list_for_each_entry_rcu(f, all, list)
		if (f->count)
			return f;
	rcu_read_unlock();
	return NULL;
}
struct foo *begin_ok(struct list_head *all)
{
	return next_ok(all, NULL, 2);
}`,
  'a lock in a variable of the function': `
int a_ok(int n)
{
	struct foo f;

	spin_lock_init(&f.lock);
	spin_lock(&f.lock);
	if (n)
		return -EBUSY;
	spin_unlock(&f.lock);
	return 0;
}`,
  'another lock in its place': `
struct foo *a_ok(struct foo *f, int n)
{
	struct foo *g;

	spin_lock(&f->other);
	list_for_each_entry(g, &f->list, list)
		if (n-- == 0)
			return g;
	spin_unlock(&f->other);
	spin_lock(&f->lock);
	list_for_each_entry(g, &f->list, list)
		if (n-- == 0)
			return g;
	spin_unlock(&f->lock);
	return NULL;
}`,
  'a parameter that tells': `
struct foo *find(struct foo *f);
struct foo *a_ok(struct foo *f, bool *locked)
{
	struct foo *g = find(f);

	if (g) {
		*locked = false;
		return g;
	}
	spin_lock(&f->lock);
	g = f->next;
	if (!g) {
		spin_unlock(&f->lock);
		return NULL;
	}
	*locked = true;
	return g;
}`,
  // Memory and calls may say something else the second time; whoever wrote it knows that they do not
  'one condition, written twice': `
int here(void);
int step(struct foo *f);
int owner;
int a_ok(struct foo *f)
{
	int err;

	if (owner != here())
		spin_lock(&f->lock);
	err = step(f);
	if (owner != here())
		spin_unlock(&f->lock);
	return err;
}
int b_bad(struct foo *f)
{
	if (owner != here())
		spin_lock(&f->lock);
	step(f);
	if (owner != here()) {
		if (f->count)
			return -EBUSY; /*! lock/imbalance */
		spin_unlock(&f->lock);
	}
	return 0;
}
int c_bad(struct foo *f)
{
	if (owner != here())
		spin_lock(&f->lock);
	step(f);
	if (owner == here())
		spin_unlock(&f->lock);
	return 0; /*! lock/imbalance */
}`,
  'a macro whose last line goes on in an empty one': `
#define unlock_foo(f) \\
	spin_unlock(&(f)->lock) \\

void a_ok(struct foo *f)
{
	spin_lock(&f->lock);
	if (f->count) {
		unlock_foo(f);
		return;
	}
	spin_unlock(&f->lock);
}
void b_bad(struct foo *f)
{
	spin_lock(&f->lock);
	if (f->count)
		return; /*! lock/imbalance */
	unlock_foo(f);
}`,
  'a member that a macro is given the name of': `
#define ACCESS_PRIVATE(p, member) ((p)->member)
#define lock_foo(p) do { spin_lock(&ACCESS_PRIVATE(p, lock)); } while (0)
#define lock_other(p) do { spin_lock(&ACCESS_PRIVATE(p, other)); } while (0)
void a_ok(struct foo *f)
{
	lock_foo(f);
	if (f->count) {
		spin_unlock(&f->lock);
		return;
	}
	spin_unlock(&f->lock);
}
void b_bad(struct foo *f)
{
	lock_other(f);
	if (f->count)
		return; /*! lock/imbalance */
	spin_unlock(&f->other);
}`,
  'a read side that a callee opens at times': `
static struct list_head *map(struct foo *f)
{
	rcu_read_lock();
	if (!f->count) {
		rcu_read_unlock();
		return NULL;
	}
	return &f->list;
}
int a_ok(struct foo *f, int n)
{
	struct list_head *g = NULL;

	do {
		if (!g++) {
			g = map(f);
			if (!g)
				break;
		}
		if (f->count == n)
			continue;
		rcu_read_unlock();
		g = NULL;
		if (f->ready)
			return -ENOMEM;
	} while (n-- > 0);
	if (g)
		rcu_read_unlock();
	return 0;
}`,
  // Whether a callee opened the read side its result says, and who closes it by a callee hangs on that
  'a read side that a callee closes': `
extern int check_one(struct foo *f);
static void unmap_one(struct list_head *l)
{
	rcu_read_unlock();
}
int a_bad(struct foo *f)
{
	if (check_one(f))
		return 0;
	if (f->ready)
		rcu_read_lock();
	f->count++;
	if (check_one(f))
		unmap_one(&f->list);
	return 0; /*! lock/imbalance@low */
}
int b_bad(struct foo *f)
{
	if (check_one(f))
		return 0;
	if (f->ready)
		rcu_read_lock();
	f->count++;
	if (check_one(f))
		rcu_read_unlock();
	return 0; /*! lock/imbalance */
}`,
  'a pointer of which nothing is known goes with the lock': `
extern struct foo *found_in(struct foo *f);
struct foo *a_bad(struct foo *f)
{
	spin_lock(&f->lock);
	if (f->count)
		goto found;
	spin_unlock(&f->lock);
	return NULL;
found:
	return found_in(f); /*! lock/imbalance@low */
}`,
  // Whoever tests it again means that it may have changed while the lock was waited for
  'memory that is tested again once the lock is there': `
int a_bad(struct foo *f)
{
	if (f->ready)
		return 0;
	mutex_lock(&f->mutex);
	if (f->ready)
		return 0; /*! lock/imbalance */
	f->ready = 1;
	mutex_unlock(&f->mutex);
	return 0;
}
int b_ok(struct foo *f)
{
	if (f->ready)
		return 0;
	mutex_lock(&f->mutex);
	if (f->ready) {
		mutex_unlock(&f->mutex);
		return 0;
	}
	f->ready = 1;
	mutex_unlock(&f->mutex);
	return 0;
}
void c_ok(struct foo *f)
{
	if (f->ready)
		mutex_lock(&f->mutex);
	spin_lock(&f->lock);
	f->count++;
	spin_unlock(&f->lock);
	if (f->ready)
		mutex_unlock(&f->mutex);
}`,
  // Who has it from whom is known: others have nothing to do with it
  'a lock that others hand on': `
static void lock_all(struct foo *f)
{
	mutex_lock(&f->mutex);
}
static void unlock_all(struct foo *f)
{
	mutex_unlock(&f->mutex);
}
static void take_ok(struct foo *f)
{
	mutex_lock(&f->mutex);
	if (f->next == f)
		return;
	mutex_unlock(&f->mutex);
}
void apply_ok(struct foo *f)
{
	lock_all(f);
	f->count++;
	unlock_all(f);
}
void other_ok(struct foo *f)
{
	take_ok(f);
	if (f->next == f)
		unlock_all(f);
}
void a_bad(struct foo *f)
{
	mutex_lock(&f->mutex);
	if (f->count)
		return; /*! lock/imbalance */
	mutex_unlock(&f->mutex);
}`,
  'a callee gives back what its caller took': `
static void finish(struct foo *f)
{
	f->count = 0;
	mutex_unlock(&f->mutex);
}
int a_bad(struct foo *f)
{
	mutex_lock(&f->mutex);
	if (f->ready)
		return -EBUSY; /*! lock/imbalance */
	finish(f);
	return 0;
}
int b_ok(struct foo *f)
{
	mutex_lock(&f->mutex);
	if (f->ready) {
		mutex_unlock(&f->mutex);
		return -EBUSY;
	}
	finish(f);
	return 0;
}`,
  // A pointer that is read out of the object is not the object
  'what was found, and read from': `
struct foo *find(int n);
int a_bad(struct foo *g)
{
	struct foo *f = find(1);

	mutex_lock(&f->mutex);
	g->next = f->next;
	if (f->count)
		return -EBUSY; /*! lock/imbalance */
	mutex_unlock(&f->mutex);
	return 0;
}
void b_ok(struct foo *g)
{
	struct foo *f = find(1);

	mutex_lock(&f->mutex);
	g->next = f;
	if (f->count)
		return;
	mutex_unlock(&f->mutex);
}`,
  // Which state it is in was told before, and there are but two
  'a callee gives it back just before the end': `
static void end_step(struct foo *f)
{
	f->count = 0;
	mutex_unlock(&f->mutex);
}
void a_bad(struct foo *f)
{
	mutex_lock(&f->mutex);
	if (f->ready) {
		mutex_unlock(&f->mutex);
		return;
	}
	if (f->count == 2)
		end_step(f);
} /*! lock/imbalance@low */
int b_bad(struct foo *f)
{
	mutex_lock(&f->mutex);
	if (f->ready)
		return -EBUSY; /*! lock/imbalance */
	end_step(f);
	return 0;
}`,
  // Who gives back a reader's lock has none from a writer
  'a reader hands its lock on, and a writer keeps his': `
struct shelf { struct rw_semaphore sem; int count; };
void reading_ok(struct shelf *s)
{
	down_read(&s->sem);
	s->count++;
}
void read_ok(struct shelf *s)
{
	up_read(&s->sem);
}
void a_bad(struct shelf *s)
{
	down_write(&s->sem);
	if (s->count)
		return; /*! lock/imbalance@high */
	up_write(&s->sem);
}
void b_ok(struct shelf *s)
{
	down_read(&s->sem);
	if (s->count)
		return;
	up_read(&s->sem);
}`,
  // To whom the object goes, of whom nothing is known, may give its lock back
  'some errors keep it, where others hand such locks on': `
struct foo *join(struct foo *f);
int look(struct foo *f);
void finish_ok(struct foo *f)
{
	mutex_unlock(&f->mutex);
}
int a_bad(struct foo *f)
{
	int err = -EINVAL;

	mutex_lock(&f->mutex);
	if (f->count == 1)
		return -EBUSY; /*! lock/imbalance@high */
	if (f->count == 2)
		err = -EAGAIN;
	mutex_unlock(&f->mutex);
	return err;
}
int b_bad(struct foo *f)
{
	mutex_lock(&f->mutex);
	join(f);
	if (f->count)
		return -EBUSY; /*! lock/imbalance@low */
	mutex_unlock(&f->mutex);
	return -EINVAL;
}`,
  // What is there for a lock alone takes it as the function itself would
  'some errors keep what a function of the directory took': `
struct book { struct mutex page_mutex; struct foo *of; int count; };
unsigned count_of(int n);
void open_book(struct book *b)
{
	mutex_lock(&b->page_mutex);
}
void close_book(struct book *b)
{
	mutex_unlock(&b->page_mutex);
}
int a_bad(struct book *b)
{
	open_book(b);
	if (b->count == 1)
		return -EBUSY; /*! lock/imbalance@high */
	b->of->count = count_of(b->count);
	close_book(b);
	return 0;
}
int b_ok(struct book *b)
{
	int err = 0;

	open_book(b);
	if (b->count == 1)
		err = -EBUSY;
	close_book(b);
	return err;
}`,
  // Where a callee returns an error it took nothing, else it did: so there is nothing to guess
  'taken by what says by its result whether it did': `
int interrupted(void);
int step(struct foo *f);
int try_open(struct foo *f)
{
	mutex_lock(&f->mutex);
	if (interrupted()) {
		mutex_unlock(&f->mutex);
		return -EINTR;
	}
	return 0;
}
void close_foo(struct foo *f)
{
	mutex_unlock(&f->mutex);
}
int a_bad(struct foo *f)
{
	int err = try_open(f);

	if (err < 0)
		return err;
	if (f->count == 1)
		return -EBUSY; /*! lock/imbalance@high */
	if (f->count == 2) {
		close_foo(f);
		return -EAGAIN;
	}
	return 0;
}
int b_ok(struct foo *f)
{
	int err = try_open(f);

	if (err < 0)
		return err;
	if (f->count == 1) {
		close_foo(f);
		return -EBUSY;
	}
	return 0;
}
int maybe_open(struct foo *f)
{
	if (f->ready)
		return 0;
	mutex_lock(&f->mutex);
	return 0;
}
int c_ok(struct foo *f)
{
	if (maybe_open(f))
		return -EINTR;
	if (f->count == 1)
		return -EBUSY;
	if (!f->ready)
		mutex_unlock(&f->mutex);
	return 0;
}`,
  // Some of what it calls gives it back, and not always
  'a callee gives it back at times, and another one for good': `
int interrupted(void);
void finish(struct foo *f)
{
	mutex_unlock(&f->mutex);
}
int wait_for(struct foo *f)
{
	mutex_unlock(&f->mutex);
	if (interrupted())
		return -EINTR;
	mutex_lock(&f->mutex);
	return f->count ? 0 : 1;
}
int a_ok(struct foo *f)
{
	int err;

	mutex_lock(&f->mutex);
	err = wait_for(f);
	if (err <= 0) {
		if (err != -EINTR)
			mutex_unlock(&f->mutex);
		return err;
	}
	finish(f);
	return 0;
}`,
  'one condition, written twice, and a way around the second': `
int here(void);
int step(struct foo *f);
int owner;
int a_bad(struct foo *f)
{
	int err = 0;

	if (owner != here()) {
		spin_lock(&f->lock);
		if (f->count)
			goto out;
		spin_unlock(&f->lock);
		step(f);
		if (owner != here()) {
			spin_lock(&f->lock);
			f->count = 0;
			spin_unlock(&f->lock);
		}
	}
out:
	return err; /*! lock/imbalance */
}`,
  // What is handed over says which lock is taken, and what was returned says which one is given back
  'a wrapper takes the lock that its flag names': `
#define OUTER_EXCL 1
#define INNER_EXCL 4
#define INNER_SHARED 8
struct pair { struct rw_semaphore outer; struct rw_semaphore inner; int loaded; int failed; };
void pair_lock(struct pair *p, unsigned int flags)
{
	if (flags & OUTER_EXCL)
		down_write(&p->outer);
	if (flags & INNER_EXCL)
		down_write(&p->inner);
	else if (flags & INNER_SHARED)
		down_read(&p->inner);
}
void pair_unlock(struct pair *p, unsigned int flags)
{
	if (flags & OUTER_EXCL)
		up_write(&p->outer);
	if (flags & INNER_EXCL)
		up_write(&p->inner);
	else if (flags & INNER_SHARED)
		up_read(&p->inner);
}
unsigned int pair_lock_map(struct pair *p)
{
	unsigned int mode = INNER_SHARED;

	if (!p->loaded)
		mode = INNER_EXCL;
	pair_lock(p, mode);
	return mode;
}
static int pair_write(struct pair *p)
{
	return p->failed ? -EBUSY : 0;
}
int a_bad(struct pair *p, int write)
{
	unsigned int mode;
	int err = 0;

	pair_lock(p, OUTER_EXCL);
	mode = pair_lock_map(p);
	if (write) {
		pair_unlock(p, mode);
		err = pair_write(p);
		if (err)
			return err; /*! lock/imbalance */
	} else {
		pair_unlock(p, mode);
	}
	pair_unlock(p, OUTER_EXCL);
	return err;
}
int a_ok(struct pair *p, int write)
{
	unsigned int mode;
	int err = 0;

	pair_lock(p, OUTER_EXCL);
	mode = pair_lock_map(p);
	if (write) {
		pair_unlock(p, mode);
		err = pair_write(p);
		if (err)
			goto out;
	} else {
		pair_unlock(p, mode);
	}
out:
	pair_unlock(p, OUTER_EXCL);
	return err;
}
int b_ok(struct pair *p, unsigned int flags)
{
	int err;

	pair_lock(p, flags);
	err = pair_write(p);
	if (err)
		return err;
	pair_unlock(p, flags);
	return 0;
}`,
  'a method gives a lock back on no way out': `
struct mutex big;
static int a_bad(struct inode *inode, struct file *file)
{
	mutex_lock(&big);
	file->private_data = inode;
	return 0; /*! lock/imbalance@high */
}
const struct file_operations ops = { .open = a_bad };`,
  'what prints a record opens the read side once more instead of closing it': `
struct foo *first;
static int a_bad(struct seq_file *m, void *v)
{
	rcu_read_lock();
	if (!rcu_dereference(first))
		return 0; /*! lock/imbalance@high */
	rcu_read_lock();
	return 0;
}
static int b_ok(struct seq_file *m, void *v)
{
	rcu_read_lock();
	if (rcu_dereference(first))
		seq_puts(m, "one");
	rcu_read_unlock();
	return 0;
}
void begin(void)
{
	proc_create_net_single("a", 0, 0, a_bad, 0);
	proc_create_net_single_write("b", 0, 0, b_ok, 0, 0);
}`,
  'one method takes a lock, and another gives it back': `
struct mutex big;
static int a_ok(struct inode *inode, struct file *file)
{
	mutex_lock(&big);
	return 0;
}
static int b_ok(struct inode *inode, struct file *file)
{
	mutex_unlock(&big);
	return 0;
}
const struct file_operations ops = { .open = a_ok, .release = b_ok };`,
  'the caller of a function that is a method as well gives it back': `
struct mutex big;
static int a_ok(struct inode *inode, struct file *file)
{
	mutex_lock(&big);
	return 0;
}
int b_ok(struct inode *inode, struct file *file)
{
	a_ok(inode, file);
	mutex_unlock(&big);
	return 0;
}
const struct file_operations ops = { .open = a_ok };`,
};
