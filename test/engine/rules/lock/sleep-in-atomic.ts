/**
 * lock/sleep-in-atomic: code that is wrong (`_bad`), and code that is right and looks like it (`_ok`).
 */
import type { RuleCases } from '../../harness.js';

/** Cases by title. */
export const SLEEP_IN_ATOMIC: RuleCases = {
  'user memory is touched, perhaps, by what is called': `
struct dir_context { long pos; };
static int emit(struct foo *f, struct dir_context *ctx)
{
	struct foo *item;

	list_for_each_entry(item, &f->list, list) {
		if (item->count < ctx->pos)
			continue;
		if (!dir_emit(ctx, item->name, 1, 1, 1))
			return 1;
	}
	return 0;
}
int read_bad(struct foo *f, struct dir_context *ctx)
{
	int full;

	rcu_read_lock();
	full = emit(f, ctx); /*! lock/sleep-in-atomic@high */
	rcu_read_unlock();
	return full;
}`,
  'an inode that is locked, or not, by what is called with a page mapped': `
struct page;
static int getxattr(struct inode *inode, void *value)
{
	int rc = -EOPNOTSUPP;

	if (!(inode->i_opflags & 8))
		goto out;
	inode_lock(inode);
	rc = inode->i_ino;
	inode_unlock(inode);
out:
	return rc;
}
static int read_region(struct inode *inode, void *to)
{
	return getxattr(inode, to);
}
int a_bad(struct inode *inode, struct page *page)
{
	void *to = kmap_atomic(page);
	int rc;

	rc = read_region(inode, to); /*! lock/sleep-in-atomic@high */
	kunmap_atomic(to);
	return rc;
}
int b_ok(struct inode *inode, struct page *page)
{
	void *to = kmap_local_page(page);
	int rc;

	rc = read_region(inode, to);
	kunmap_local(to);
	return rc;
}
static void update(struct inode *inode, bool locked)
{
	if (!locked)
		inode_lock(inode);
	inode->i_flags |= 1;
	if (!locked)
		inode_unlock(inode);
}
void c_ok(struct foo *f, struct inode *inode)
{
	spin_lock(&f->lock);
	update(inode, true);
	spin_unlock(&f->lock);
}
void d_unsure(struct foo *f, struct inode *inode, bool locked)
{
	spin_lock(&f->lock);
	update(inode, locked);
	spin_unlock(&f->lock);
}
static void wait(struct foo *g)
{
	if (g->count)
		mutex_lock(&g->mutex);
	if (g->count)
		mutex_unlock(&g->mutex);
}
void e_bad(struct foo *f, struct foo *g)
{
	spin_lock(&f->lock);
	wait(g); /*! lock/sleep-in-atomic@medium */
	spin_unlock(&f->lock);
}`,
  'a write section of a sequence count that switches preemption off, or leaves it as it is': `
struct shelf { struct mutex mutex; seqcount_t count; };
void a_bad(struct shelf *s)
{
	write_seqcount_begin(&s->count);
	mutex_lock(&s->mutex); /*! lock/sleep-in-atomic@high */
	mutex_unlock(&s->mutex);
	write_seqcount_end(&s->count);
}
void b_ok(struct shelf *s)
{
	raw_write_seqcount_begin(&s->count);
	mutex_lock(&s->mutex);
	mutex_unlock(&s->mutex);
	raw_write_seqcount_end(&s->count);
}
void c_bad(struct shelf *s)
{
	preempt_disable();
	raw_write_seqcount_begin(&s->count);
	mutex_lock(&s->mutex); /*! lock/sleep-in-atomic@high */
	mutex_unlock(&s->mutex);
	raw_write_seqcount_end(&s->count);
	preempt_enable();
}`,
  'a callee that asks where it runs before it sleeps': `
struct shelf { spinlock_t lock; struct mutex mutex; void *book; int closing; };
static int slot(struct shelf *s)
{
	if (in_softirq() || s->closing)
		return -EBUSY;
	mutex_lock(&s->mutex);
	mutex_unlock(&s->mutex);
	return 0;
}
static int send(struct shelf *s)
{
	int err = slot(s);

	if (err)
		s->closing++;
	return err;
}
void a_ok(struct shelf *s)
{
	spin_lock(&s->lock);
	send(s);
	spin_unlock(&s->lock);
}
void b_bad(struct shelf *s)
{
	rcu_read_lock();
	send(s); /*! lock/sleep-in-atomic */
	rcu_read_unlock();
}
static void fill(struct shelf *s)
{
	if (!preemptible())
		s->closing = 1;
	else
		s->book = kmalloc(8, GFP_KERNEL);
}
void c_ok(struct shelf *s)
{
	spin_lock(&s->lock);
	fill(s);
	spin_unlock(&s->lock);
}
static void other_way_round(struct shelf *s)
{
	if (!preemptible())
		s->book = kmalloc(8, GFP_KERNEL);
}
void d_bad(struct shelf *s)
{
	spin_lock(&s->lock);
	other_way_round(s); /*! lock/sleep-in-atomic */
	spin_unlock(&s->lock);
}
void e_ok(struct shelf *s)
{
	spin_lock(&s->lock);
	if (preemptible())
		s->book = kmalloc(8, GFP_KERNEL);
	spin_unlock(&s->lock);
}
void f_bad(struct shelf *s)
{
	spin_lock(&s->lock);
	if (!in_interrupt())
		s->book = kmalloc(8, GFP_KERNEL); /*! lock/sleep-in-atomic */
	spin_unlock(&s->lock);
}
static void after_all(struct shelf *s)
{
	if (in_task())
		s->closing = 1;
	mutex_lock(&s->mutex);
	mutex_unlock(&s->mutex);
}
void g_bad(struct shelf *s)
{
	spin_lock(&s->lock);
	after_all(s); /*! lock/sleep-in-atomic@high */
	spin_unlock(&s->lock);
}
static void locks_itself(struct shelf *s)
{
	if (in_softirq())
		return;
	spin_lock(&s->lock);
	mutex_lock(&s->mutex); /*! lock/sleep-in-atomic */
	mutex_unlock(&s->mutex);
	spin_unlock(&s->lock);
}
void h_ok(struct shelf *s)
{
	locks_itself(s);
}`,
  'a mutex under a spinlock': `
void a_bad(struct foo *f)
{
	spin_lock(&f->lock);
	mutex_lock(&f->mutex); /*! lock/sleep-in-atomic */
	mutex_unlock(&f->mutex);
	spin_unlock(&f->lock);
}`,
  'an allocation that may sleep, in an RCU read section': `
void *a_bad(struct foo *f)
{
	void *p;

	rcu_read_lock();
	p = kmalloc(8, GFP_KERNEL); /*! lock/sleep-in-atomic */
	rcu_read_unlock();
	return p;
}
void *a_ok(struct foo *f)
{
	void *p;

	rcu_read_lock();
	p = kmalloc(8, GFP_ATOMIC);
	rcu_read_unlock();
	return p;
}`,
  'a reference that is not the last one, for the pointer is followed after it': `
struct list { struct foo *first; };
void a_ok(struct inode *dir, struct inode *inode)
{
	spin_lock(&dir->i_lock);
	__iget(inode);
	iput(inode);
	inode->i_flags++;
	spin_unlock(&dir->i_lock);
	iput(inode);
}
void a_bad(struct inode *dir, struct inode *inode)
{
	spin_lock(&dir->i_lock);
	iput(inode); /*! lock/sleep-in-atomic@high */
	if (dir->i_flags)
		inode->i_flags++;
	spin_unlock(&dir->i_lock);
}
void b_bad(struct inode *dir, struct inode *inode)
{
	spin_lock(&dir->i_lock);
	iput(inode); /*! lock/sleep-in-atomic@high */
	inode = dir->i_private;
	inode->i_flags++;
	spin_unlock(&dir->i_lock);
}`,
  // queue_work() says that the work was queued already: what was taken for it is given back
  'a reference that was taken just before, here or in what is called': `
struct work { struct inode *inode; };
struct jar { struct kref ref; struct work work; struct mutex mutex; };
bool queue(struct work *work);
static void put_jar(struct jar *jar)
{
	if (refcount_dec_and_test(&jar->ref.refcount)) {
		mutex_lock(&jar->mutex);
		mutex_unlock(&jar->mutex);
	}
}
static void get_jar(struct jar *jar)
{
	kref_get(&jar->ref);
}
static void queue_inode(struct inode *inode, struct work *work)
{
	ihold(inode);
	if (!queue(work))
		iput(inode);
}
static void __queue_jar(struct jar *jar)
{
	if (!queue(&jar->work))
		put_jar(jar);
}
static void queue_jar(struct jar *jar)
{
	get_jar(jar);
	__queue_jar(jar);
}
static void end(struct jar *jar)
{
	if (jar->work.inode)
		queue_jar(jar);
}
void a_ok(struct foo *f, struct inode *inode, struct jar *jar)
{
	spin_lock(&f->lock);
	queue_inode(inode, &jar->work);
	end(jar);
	spin_unlock(&f->lock);
}
void b_ok(struct foo *f, struct inode *inode)
{
	ihold(inode);
	spin_lock(&f->lock);
	f->count = inode->i_ino;
	iput(inode);
	spin_unlock(&f->lock);
}
static void put_two(struct jar *jar)
{
	get_jar(jar);
	put_jar(jar);
	put_jar(jar);
}
void c_bad(struct foo *f, struct jar *jar)
{
	spin_lock(&f->lock);
	put_two(jar); /*! lock/sleep-in-atomic@medium */
	spin_unlock(&f->lock);
}
static void queue_and_wait(struct jar *jar)
{
	get_jar(jar);
	__queue_jar(jar);
	msleep(1);
}
void d_bad(struct foo *f, struct jar *jar)
{
	spin_lock(&f->lock);
	queue_and_wait(jar); /*! lock/sleep-in-atomic */
	spin_unlock(&f->lock);
}
void e_bad(struct foo *f, struct inode *inode)
{
	spin_lock(&f->lock);
	ihold(inode);
	spin_unlock(&f->lock);
	spin_lock(&f->lock);
	iput(inode); /*! lock/sleep-in-atomic@high */
	spin_unlock(&f->lock);
}
void f_bad(struct foo *f, struct inode *inode)
{
	spin_lock(&f->lock);
	if (!igrab(inode))
		goto out;
	iput(inode); /*! lock/sleep-in-atomic@high */
out:
	spin_unlock(&f->lock);
}
void g_bad(struct foo *f, struct inode *inode, struct inode *other)
{
	spin_lock(&f->lock);
	ihold(inode);
	inode = other;
	iput(inode); /*! lock/sleep-in-atomic@high */
	spin_unlock(&f->lock);
}`,
  'at the end of I/O, where work is queued instead for those who may not sleep': `
struct work { int n; };
struct bio { void (*bi_end_io)(struct bio *bio); int status; struct foo *foo; struct work work; };
static void finish(struct foo *f)
{
	mutex_lock(&f->mutex);
	f->count++;
	mutex_unlock(&f->mutex);
}
static void kick(struct bio *bio)
{
	if (bio->status)
		queue_work(bio->foo, &bio->work);
	else
		finish(bio->foo);
}
static void end_ok(struct bio *bio)
{
	kick(bio);
}
static void end_bad(struct bio *bio)
{
	if (bio->status)
		finish(bio->foo); /*! lock/sleep-in-atomic@low */
}
static void always_bad(struct bio *bio)
{
	if (bio->status)
		queue_work(bio->foo, &bio->work);
	mutex_lock(&bio->foo->mutex); /*! lock/sleep-in-atomic@high */
	mutex_unlock(&bio->foo->mutex);
}
void start(struct bio *bio, struct bio *other, struct bio *third)
{
	bio->bi_end_io = end_ok;
	other->bi_end_io = end_bad;
	third->bi_end_io = always_bad;
}`,
  'user memory, where page faults are switched off': `
unsigned long a_ok(struct page *page, void *from)
{
	void *to = kmap_atomic(page);
	unsigned long left = copy_from_user(to, from, 8);

	kunmap_atomic(to);
	return left;
}
unsigned long b_ok(struct foo *f, void *to, void *from)
{
	unsigned long left;

	spin_lock(&f->lock);
	pagefault_disable();
	left = copy_from_user(to, from, 8);
	pagefault_enable();
	spin_unlock(&f->lock);
	return left;
}
void *c_bad(struct page *page)
{
	void *to = kmap_atomic(page);
	void *p = kmalloc(8, GFP_KERNEL); /*! lock/sleep-in-atomic */

	kunmap_atomic(to);
	return p;
}
unsigned long d_bad(struct foo *f, struct page *page, void *from)
{
	void *to = kmap_atomic(page);
	unsigned long left;

	kunmap_atomic(to);
	spin_lock(&f->lock);
	left = copy_from_user(to, from, 8); /*! lock/sleep-in-atomic */
	spin_unlock(&f->lock);
	return left;
}`,
  'through a helper': `
static void wait_for(struct foo *f)
{
	msleep(f->count);
}
void a_bad(struct foo *f)
{
	write_lock(&f->table);
	wait_for(f); /*! lock/sleep-in-atomic */
	write_unlock(&f->table);
}`,
  'in an RCU callback': `
static void gone_bad(struct rcu_head *head)
{
	struct foo *f = container_of(head, struct foo, rcu);

	mutex_lock(&f->mutex); /*! lock/sleep-in-atomic */
	mutex_unlock(&f->mutex);
}
void a_ok(struct foo *f)
{
	call_rcu(&f->rcu, gone_bad);
}`,
  'a flag excludes it': `
static void *make(struct foo *f, bool atomic)
{
	if (!atomic)
		msleep(1);
	return kmalloc(8, atomic ? GFP_ATOMIC : GFP_KERNEL);
}
void a_ok(struct foo *f)
{
	spin_lock(&f->lock);
	make(f, true);
	spin_unlock(&f->lock);
	make(f, false);
}`,
  'the lock is dropped around it': `
static void rest(struct foo *f)
{
	spin_unlock(&f->lock);
	msleep(1);
	spin_lock(&f->lock);
}
void a_ok(struct foo *f)
{
	spin_lock(&f->lock);
	rest(f);
	spin_unlock(&f->lock);
}`,
  'only where the trylock failed': `
void a_ok(struct foo *f)
{
	if (!spin_trylock(&f->lock)) {
		msleep(1);
		return;
	}
	f->count++;
	spin_unlock(&f->lock);
}`,
  'a mutex may be slept under': `
void a_ok(struct foo *f)
{
	mutex_lock(&f->mutex);
	down_read(&f->sem);
	msleep(1);
	up_read(&f->sem);
	mutex_unlock(&f->mutex);
}`,

  'masks put together': `
static void *make(gfp_t gfp)
{
	return kmalloc(8, gfp | __GFP_ZERO);
}
void a_ok(struct foo *f)
{
	spin_lock(&f->lock);
	make(GFP_NOWAIT | __GFP_NOWARN);
	spin_unlock(&f->lock);
	make(GFP_NOFS);
}
void a_bad(struct foo *f)
{
	spin_lock(&f->lock);
	make(GFP_NOFS); /*! lock/sleep-in-atomic */
	spin_unlock(&f->lock);
}`,
  // Whether it allows sleeping only a caller could tell, and there is none
  'a mask that nobody knows': `
void *a_ok(struct foo *f, gfp_t gfp)
{
	void *p;

	spin_lock(&f->lock);
	p = kmalloc(8, gfp);
	spin_unlock(&f->lock);
	return p;
}`,
  'what may be the last reference': `
void a_bad(struct dentry *dentry, struct foo *f)
{
	spin_lock(&f->lock);
	dput(dentry); /*! lock/sleep-in-atomic */
	spin_unlock(&f->lock);
}`,
  'cond_resched_lock() lets go of the lock': `
void a_ok(struct foo *f)
{
	spin_lock(&f->lock);
	while (f->count--)
		cond_resched_lock(&f->lock);
	spin_unlock(&f->lock);
}`,
  // The macro gets the lock by name and lets go of it while it waits
  'FP_ wait_event_lock_irq() lets go of the lock': `
void FP_a_ok(struct foo *f, struct wait_queue_head *wq)
{
	spin_lock_irq(&f->lock);
	wait_event_lock_irq(*wq, f->ready, f->lock); /*! lock/sleep-in-atomic */
	spin_unlock_irq(&f->lock);
}`,
  // The function that kref_put() runs now is not looked into for sleeps
  'FN_ the last reference, dropped under a spinlock': `
struct bar { struct kref ref; struct mutex mutex; };
static void gone(struct kref *ref)
{
	struct bar *b = container_of(ref, struct bar, ref);

	mutex_lock(&b->mutex);
	mutex_unlock(&b->mutex);
}
void FN_a_bad(struct foo *f, struct bar *b)
{
	spin_lock(&f->lock);
	kref_put(&b->ref, gone);
	spin_unlock(&f->lock);
}`,
  'only where the code warns that it cannot be': `
static void settle(struct foo *f)
{
	if (unlikely(WARN_ON(!list_empty(&f->list) || f->count))) {
		mutex_lock(&f->mutex);
		mutex_unlock(&f->mutex);
	}
	if (!WARN_ON_ONCE(f->ready))
		return;
	msleep(1);
}
void a_ok(struct foo *f)
{
	spin_lock(&f->lock);
	settle(f);
	spin_unlock(&f->lock);
}`,
  'where the code does not warn': `
static void settle(struct foo *f)
{
	if (!WARN_ON(f->ready))
		msleep(1);
}
void a_bad(struct foo *f)
{
	spin_lock(&f->lock);
	settle(f); /*! lock/sleep-in-atomic */
	spin_unlock(&f->lock);
}`,
  'what the caller stored before decides it': `
static void *room(struct foo *f)
{
	return kmalloc(8, !f->ready ? GFP_KERNEL : GFP_ATOMIC);
}
static void queue(struct foo *f)
{
	if (f->count) {
		WARN_ON(f->ready);
	} else {
		WARN_ON(!f->ready);
		mutex_lock(&f->mutex);
		mutex_unlock(&f->mutex);
	}
}
void a_ok(struct foo *f)
{
	f->ready = true;
	spin_lock(&f->lock);
	room(f);
	spin_unlock(&f->lock);
}
void b_ok(struct foo *f)
{
	f->count = 1;
	spin_lock(&f->lock);
	queue(f);
	spin_unlock(&f->lock);
}
void c_bad(struct foo *f)
{
	f->count = 0;
	spin_lock(&f->lock);
	queue(f); /*! lock/sleep-in-atomic */
	spin_unlock(&f->lock);
}`,
  'a counter of a structure of its own, which the callee leaves alone': `
struct text { char *at; int pos; unsigned char atomic; };
static int room(struct text *t, int n)
{
	char *p;

	if (t->pos > n)
		return 0;
	p = krealloc(t->at, n, !t->atomic ? GFP_KERNEL : GFP_ATOMIC);
	if (!p)
		return -ENOMEM;
	t->at = p;
	return 0;
}
static void print(struct text *t, const char *what)
{
	room(t, strlen(what));
	t->pos++;
}
void a_ok(struct foo *f)
{
	struct text t = { 0 };

	t.atomic++;
	spin_lock(&f->lock);
	print(&t, "one");
	print(&t, "two");
	spin_unlock(&f->lock);
}
void b_bad(struct foo *f)
{
	struct text t = { 0 };

	t.atomic++;
	print(&t, "one");
	--t.atomic;
	spin_lock(&f->lock);
	print(&t, "two"); /*! lock/sleep-in-atomic@medium */
	spin_unlock(&f->lock);
}`,
  'numbers that a callee stores for its caller': `
#define NOWAIT 8
static void mask_of(u32 *bits, gfp_t *mask)
{
	*mask = *bits & NOWAIT ? GFP_ATOMIC : GFP_KERNEL;
	*bits &= NOWAIT - 1;
}
static void *set_bits(struct foo *f, u32 bits)
{
	gfp_t mask;

	mask_of(&bits, &mask);
	return kmalloc(8, mask);
}
void a_ok(struct foo *f)
{
	spin_lock(&f->lock);
	set_bits(f, 1 | NOWAIT);
	spin_unlock(&f->lock);
}
void b_bad(struct foo *f)
{
	spin_lock(&f->lock);
	set_bits(f, 1); /*! lock/sleep-in-atomic@medium */
	spin_unlock(&f->lock);
}
struct holder { struct foo *of; };
static void unused(struct holder *h)
{
	h->of = NULL;
}
static bool is_used(struct holder *h)
{
	return h->of != NULL;
}
static void release(struct holder *h)
{
	msleep(1);
	h->of = NULL;
}
void c_ok(struct foo *f)
{
	struct holder h;

	unused(&h);
	spin_lock(&f->lock);
	if (is_used(&h))
		release(&h);
	spin_unlock(&f->lock);
}`,
  'memory from vmalloc, which is put off in interrupts': `
static void gone(struct rcu_head *head)
{
	vfree(container_of(head, struct foo, rcu));
}
void a_ok(struct foo *f)
{
	call_rcu(&f->rcu, gone);
}
void b_ok(struct foo *f)
{
	spin_lock_bh(&f->lock);
	vfree(f->name);
	spin_unlock_bh(&f->lock);
}
void c_bad(struct foo *f)
{
	spin_lock(&f->lock);
	vfree(f->name); /*! lock/sleep-in-atomic */
	spin_unlock(&f->lock);
}
static void drop_name(struct foo *f)
{
	vfree(f->name);
}
void d_ok(struct foo *f)
{
	spin_lock_bh(&f->lock);
	drop_name(f);
	spin_unlock_bh(&f->lock);
}
void e_bad(struct foo *f)
{
	spin_lock_irq(&f->lock);
	drop_name(f); /*! lock/sleep-in-atomic */
	spin_unlock_irq(&f->lock);
}`,
  'an object that was taken out of sysfs before': `
struct kobject { struct kobject *parent; unsigned int state_in_sysfs:1; };
struct bar { struct kobject kobj; struct rcu_head rcu; };
static void gone_ok(struct rcu_head *head)
{
	kobject_put(&container_of(head, struct bar, rcu)->kobj);
}
void a_ok(struct bar *b)
{
	kobject_del(&b->kobj);
	call_rcu(&b->rcu, gone_ok);
}`,
  'what does not come back': `
void a_ok(struct foo *f)
{
	if (f->count) {
		preempt_disable();
		do_task_dead();
	}
	msleep(1);
}
int b_ok(struct foo *f, int cmd)
{
	switch (cmd) {
	case 0:
		spin_lock(&f->lock);
		make_task_dead(9);
	case 1:
		preempt_disable();
		do_task_dead();
	case 2:
		msleep(1);
	}
	return 0;
}`,
  'preemption comes back without a look at who waits': `
void a_ok(struct foo *f)
{
	preempt_disable();
	f->count++;
	sched_preempt_enable_no_resched();
	schedule();
}
void b_bad(struct foo *f)
{
	preempt_disable();
	f->count++;
	schedule(); /*! lock/sleep-in-atomic */
	sched_preempt_enable_no_resched();
}`,
  'a pin that is ended outside of the read side': `
void a_ok(struct foo *f, struct fs_pin *pin)
{
	rcu_read_lock();
	pin = f->pin;
	pin_kill(pin);
	msleep(1);
}`,
  'one answer of the configuration': `
void a_ok(struct foo *f)
{
	if (!IS_ENABLED(CONFIG_FOO))
		preempt_disable();
	f->count++;
	if (!IS_ENABLED(CONFIG_FOO))
		preempt_enable();
	msleep(1);
}
void b_bad(struct foo *f)
{
	if (!IS_ENABLED(CONFIG_FOO))
		preempt_disable();
	f->count++;
	if (!IS_ENABLED(CONFIG_BAR))
		preempt_enable();
	msleep(1); /*! lock/sleep-in-atomic */
}`,
  'what may stand in a slot gives the lock back': `
struct pile_ops { void (*wake_and_unlock)(struct pile *pile); void (*wake)(struct pile *pile); };
struct pile { spinlock_t lock; struct mutex mutex; const struct pile_ops *ops; };
static void queue_and_unlock(struct pile *pile)
{
	pile->ops->wake_and_unlock(pile);
}
static void queue(struct pile *pile)
{
	pile->ops->wake(pile);
}
void a_ok(struct pile *pile)
{
	spin_lock(&pile->lock);
	queue_and_unlock(pile);
	mutex_lock(&pile->mutex);
	mutex_unlock(&pile->mutex);
}
void b_bad(struct pile *pile)
{
	spin_lock(&pile->lock);
	queue(pile);
	mutex_lock(&pile->mutex); /*! lock/sleep-in-atomic */
	mutex_unlock(&pile->mutex);
	spin_unlock(&pile->lock);
}
void wake_one(struct pile *pile)
{
	pile->count++;
}
void wake_one_and_unlock(struct pile *pile)
{
	pile->count++;
	spin_unlock(&pile->lock);
}
void wake_all_and_unlock(struct pile *pile)
{
	spin_unlock(&pile->lock);
}
static const struct pile_ops one_ops = { .wake_and_unlock = wake_one_and_unlock, .wake = wake_one };
static const struct pile_ops all_ops = { .wake_and_unlock = wake_all_and_unlock, .wake = wake_one };`,
  'a callee gives the lock back where there is an object to have it, and sleeps anyhow': `
struct owner { spinlock_t lock; };
struct thing { struct owner *owner; struct mutex mutex; };
static void finish(struct thing *thing)
{
	struct owner *owner = thing->owner;

	if (owner)
		spin_unlock(&owner->lock);
	mutex_lock(&thing->mutex);
	mutex_unlock(&thing->mutex);
}
void a_ok(struct thing *thing)
{
	struct owner *owner = thing->owner;

	spin_lock(&owner->lock);
	finish(thing);
}
void b_ok(struct owner *owner, struct thing *thing)
{
	spin_lock(&owner->lock);
	finish(thing);
}
static void only_sleeps(struct thing *thing)
{
	if (!thing->owner)
		mutex_lock(&thing->mutex);
	else
		mutex_lock(&thing->mutex);
	mutex_unlock(&thing->mutex);
}
void c_bad(struct owner *owner, struct thing *thing)
{
	spin_lock(&owner->lock);
	only_sleeps(thing); /*! lock/sleep-in-atomic */
	spin_unlock(&owner->lock);
}`,
  'many locks that may be held are one case': `
struct foo *foo_next(struct foo *f);
int cond(void);
static void step(struct foo *f, struct foo *g)
{
	mutex_lock(&f->mutex);
	mutex_lock(&g->mutex);
	f = foo_next(f);
	mutex_unlock(&f->mutex);
}
void a_bad(struct foo *a, struct foo *b, struct foo *c, struct foo *d, struct foo *e, struct foo *f)
{
	if (cond())
		step(a, b);
	if (cond())
		step(b, c);
	if (cond())
		step(c, d);
	if (cond())
		step(d, e);
	if (cond())
		step(e, f);
	if (cond())
		step(a, f);
	spin_lock(&a->lock);
	msleep(1); /*! lock/sleep-in-atomic */
	spin_unlock(&a->lock);
}`,
  'said once, though the lock has another name in another turn': `
struct foo *foo_next(struct foo *f);
void a_bad(struct foo *f)
{
	while (f) {
		spin_lock(&f->lock);
		msleep(1); /*! lock/sleep-in-atomic */
		spin_unlock(&f->lock);
		f = foo_next(f);
	}
}`,
  // What is certain is said before what hangs on a flag
  'a sleep that is not certain, and one that is': `
void *make(unsigned int flags);
void *make(unsigned int flags)
{
	return kmalloc(16, flags);
}
void a_bad(struct foo *f, unsigned int flags)
{
	spin_lock(&f->lock);
	f->data = make(flags);
	mutex_lock(&f->mutex); /*! lock/sleep-in-atomic@high */
	mutex_unlock(&f->mutex);
	spin_unlock(&f->lock);
}`,
  // Most numbers are none of those that are dealt with otherwise: who passes one on says by that nothing of sleeping
  'a callee sleeps for all numbers but a few': `
void *make(int kind);
void *make(int kind)
{
	switch (kind) {
	case 5:
	case 7:
		return 0;
	default:
		break;
	}
	return kmalloc(16, GFP_KERNEL);
}
void a_bad(struct foo *f, int kind)
{
	spin_lock(&f->lock);
	f->data = make(kind); /*! lock/sleep-in-atomic@medium */
	spin_unlock(&f->lock);
}
void b_ok(struct foo *f)
{
	spin_lock(&f->lock);
	f->data = make(7);
	spin_unlock(&f->lock);
}
void *grow(int wait);
void *grow(int wait)
{
	return wait ? kmalloc(16, GFP_KERNEL) : 0;
}
void c_ok(struct foo *f, int wait)
{
	spin_lock(&f->lock);
	f->data = grow(wait);
	spin_unlock(&f->lock);
}`,
  // A pointer that is handed over points at something as a rule: a test for NULL is no leave to sleep
  'a callee does nothing for NULL': `
static void drop(struct foo *f)
{
	if (!f)
		return;
	might_sleep();
	f->count = 0;
}
void a_bad(struct foo *f)
{
	spin_lock(&f->lock);
	drop(f->next); /*! lock/sleep-in-atomic@medium */
	spin_unlock(&f->lock);
}
void b_bad(struct foo *f, struct foo *g)
{
	spin_lock(&f->lock);
	drop(g); /*! lock/sleep-in-atomic@medium */
	spin_unlock(&f->lock);
}
void c_ok(struct foo *f)
{
	spin_lock(&f->lock);
	drop((struct foo *)0);
	spin_unlock(&f->lock);
}
void d_ok(struct foo *f)
{
	struct foo *g = f->next;

	if (g)
		return;
	spin_lock(&f->lock);
	drop(g);
	spin_unlock(&f->lock);
}`,
};
