/**
 * Contexts: locks along branches, loops, switches and jumps. One construct a case.
 */
import type { ContextCase } from '../harness.js';

/** Cases by title. */
export const FLOW: readonly ContextCase[] = [
  {
    title:
      'calls in a row, each of which may store something: what they leave is brought together, and the lock is known',
    source: `
static void update(int *to, int from, int *changed)
{
	if (!from || *to == from)
		return;
	*to = from;
	*changed = 1;
}
void a(struct foo *f, int *from)
{
	int changed = 0, values[40];

	spin_lock(&f->lock);
${Array.from({ length: 40 }, (_, i) => `	update(&values[${i}], from[${i}], &changed);`).join('\n')}
	f->count = changed; /*@at*/
	spin_unlock(&f->lock);
	f->count = 0; /*@after*/
}`,
    at: { at: ['- [&f->lock] atomic'], after: ['- [] sleeps'] },
  },
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
    at: { inside: ['- [&x->lock] atomic'], after: ['- [] sleeps'] },
  },
  {
    title: 'one lock under another name in every turn of a loop',
    source: `
void a(struct foo *f, bool again)
{
	struct foo *d = f;

	while (again) {
		d = d->next;
		if (!d)
			break;
		spin_lock(&d->lock);
		d->count++; /*@inside*/
		spin_unlock(&d->lock);
	}
	f->count++; /*@after*/
}`,
    at: { inside: ['- [&d->lock] atomic'], after: ['- [] sleeps'] },
  },
  {
    title: 'hand over hand through a second variable',
    source: `
static void leaf(struct foo *x)
{
	x->count++; /*@leaf*/
}
void a(struct foo *f, struct foo *end)
{
	struct foo *p = f;

	spin_lock(&p->lock);
	while (p != end) {
		struct foo *n = p->next;

		leaf(p);
		spin_unlock(&p->lock);
		spin_lock(&n->lock);
		p = n;
	}
	spin_unlock(&p->lock);
	f->count++; /*@after*/
}`,
    at: { leaf: ['- [&x->lock] atomic'], after: ['- [] sleeps'] },
  },
  {
    title: 'lines that run nothing but a jump, or nothing',
    source: `
int a(struct foo *f, int n)
{
	spin_lock(&f->lock);
	/* a comment @comment */ /*@comment*/
	while (n--) {
		if (f->count > n)
			break; /*@break*/
		if (f->count < n)
			goto out; /*@goto*/
	}
	spin_unlock(&f->lock);
	return 0;
out: /*@label*/
	spin_unlock(&f->lock);
	return 1;
}`,
    at: {
      comment: ['- [&f->lock] atomic'],
      break: ['- [&f->lock] atomic'],
      goto: ['- [&f->lock] atomic'],
      label: ['- [&f->lock] atomic'],
    },
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
    // Only what is left after it: each turn makes another name, so none is certain inside
    title: 'hand over hand in a loop',
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
    title: 'two switches over one enumeration',
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
    at: { after: ['- [] sleeps'] },
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
  {
    title: 'a way out that many error paths share keeps what all of them know of the result',
    source: `
int step(struct inode *inode);
static int take(struct inode *inode, int mode)
{
	int n = 0;
	int err;

	switch (mode) {
	case 1:
		n = 1;
		err = step(inode);
		if (err < 0)
			goto fail;
		break;
	case 2:
		n = 2;
		err = step(inode);
		if (err < 0)
			goto fail;
		break;
	case 3:
		n = 3;
		err = step(inode);
		if (err < 0)
			goto fail;
		break;
	case 4:
		n = 4;
		err = step(inode);
		if (err < 0)
			goto fail;
		break;
	case 5:
		n = 5;
		err = step(inode);
		if (err < 0)
			goto fail;
		break;
	case 6:
		n = 6;
		err = step(inode);
		if (err < 0)
			goto fail;
		break;
	case 7:
		n = 7;
		err = step(inode);
		if (err < 0)
			goto fail;
		break;
	case 8:
		n = 8;
		err = step(inode);
		if (err < 0)
			goto fail;
		break;
	case 9:
		n = 9;
		err = step(inode);
		if (err < 0)
			goto fail;
		break;
	case 10:
		n = 10;
		err = step(inode);
		if (err < 0)
			goto fail;
		break;
	case 11:
		n = 11;
		err = step(inode);
		if (err < 0)
			goto fail;
		break;
	case 12:
		n = 12;
		err = step(inode);
		if (err < 0)
			goto fail;
		break;
	case 13:
		n = 13;
		err = step(inode);
		if (err < 0)
			goto fail;
		break;
	case 14:
		n = 14;
		err = step(inode);
		if (err < 0)
			goto fail;
		break;
	}
	inode_lock(inode);
	return 0;
fail:
	inode->i_flags = n;
	return err;
}
static int foo_release(struct inode *inode, struct file *file)
{
	int err = take(inode, file->f_flags);

	if (err)
		return err;
	inode->i_flags = 1; /*@*/
	inode_unlock(inode);
	return 0;
}
const struct file_operations foo_ops = { .release = foo_release };`,
    at: { '': ['release [&inode->i_rwsem] sleeps'] },
  },
  {
    title: 'after a callee whose only sure way out is the early return',
    source: `
static void drop(struct inode *inode)
{
	if (inode->i_state)
		spin_unlock(&inode->i_lock);
}
static void put(struct inode *inode)
{
	if (!inode)
		return;
	drop(inode);
}
static int foo_release(struct inode *inode, struct file *file)
{
	struct inode *other = file->private_data;

	if (!other)
		return 0;
	inode_lock(inode);
	put(other);
	inode->i_flags = 1; /*@*/
	inode_unlock(inode);
	return 0;
}
const struct file_operations foo_ops = { .release = foo_release };`,
    at: { '': ['release [&inode->i_rwsem] sleeps'] },
  },
  {
    title: 'what was stored in shared memory may have changed after a sleep',
    source: `
struct req { int flags; int done; };
int wait_for(struct req *req)
{
	schedule();
	return 0;
}
static int foo_release(struct inode *inode, struct file *file)
{
	struct req *req = kmalloc(sizeof(*req), GFP_KERNEL);

	if (!req)
		return 0;
	req->flags = 0;
	list_add(&req->done, &inode->i_data);
	if (req->flags & 2)
		inode->i_flags = 3; /*@before*/
	wait_for(req);
	if (req->flags & 2)
		inode->i_flags = 1; /*@answered*/
	return 0;
}
const struct file_operations foo_ops = { .release = foo_release };`,
    at: { before: [], answered: ['release [] sleeps'] },
  },
  {
    title: 'a flag computed with && from memory decides twice alike',
    source: `
struct fuse_conn { unsigned writeback_cache:1; unsigned other; };
extern struct fuse_conn *get_conn(struct inode *inode);
extern int send_open(struct inode *inode);
extern void set_nowrite(struct inode *inode);
static int foo_open(struct inode *inode, struct file *file)
{
	struct fuse_conn *fc = get_conn(inode);
	int err;
	bool is_truncate = (file->f_flags & O_TRUNC) && fc->other;
	bool is_wb_truncate = is_truncate && fc->writeback_cache;
	bool dax_truncate = is_truncate && IS_DAX(inode);

	if (is_wb_truncate || dax_truncate)
		inode_lock(inode);
	if (dax_truncate) {
		filemap_invalidate_lock(inode->i_mapping);
		err = send_open(inode);
		if (err)
			goto out;
	}
	if (is_wb_truncate || dax_truncate)
		set_nowrite(inode); /*@held*/
	err = send_open(inode);
	if (is_wb_truncate || dax_truncate)
		set_nowrite(inode); /*@again*/
out:
	if (dax_truncate)
		filemap_invalidate_unlock(inode->i_mapping);
	if (is_wb_truncate || dax_truncate)
		inode_unlock(inode);
	return err; /*@end*/
}
const struct file_operations foo_ops = { .open = foo_open };`,
    at: {
      held: ['open [&inode->i_mapping->invalidate_lock?, &inode->i_rwsem] sleeps'],
      again: ['open [&inode->i_mapping->invalidate_lock?, &inode->i_rwsem] sleeps'],
      end: ['open [] sleeps'],
    },
  },
  {
    title: 'enumerators that a macro makes, one with names pasted and one with a list',
    source: `
#define FLAG_BIT(flag) \\
	number_of_ ## flag, \\
	flag = 1U << number_of_ ## flag, \\
	after_##flag = number_of_##flag
enum how {
	FLAG_BIT(HOW_SHARED),
	FLAG_BIT(HOW_TRY), /* (not used) */
	FLAG_BIT(HOW_MUTEX)
};
#define STEPS() step(FIRST, 7) step(SECOND, 8)
enum {
#define step(name, n) STEP_##name,
	STEPS()
#undef step
	STEP_LAST,
};
static void lock(struct foo *f, unsigned int flags)
{
	if (flags & HOW_SHARED)
		down_read(&f->sem);
	else
		down_write(&f->sem);
	if (flags & HOW_MUTEX)
		mutex_lock(&f->mutex);
	if (flags & ~(HOW_SHARED | HOW_TRY | HOW_MUTEX))
		spin_lock(&f->lock);
}
static void step(struct foo *f, int n)
{
	if (n == 2)
		spin_lock(&f->other);
}
void both(struct foo *f)
{
	lock(f, HOW_MUTEX);
	f->count++; /*@both*/
}
void shared(struct foo *f)
{
	lock(f, HOW_SHARED | HOW_TRY);
	f->count++; /*@shared*/
}
void last(struct foo *f)
{
	step(f, STEP_SECOND);
	f->count++; /*@second*/
	step(f, STEP_LAST);
	f->count++; /*@last*/
}`,
    at: {
      both: ['- [&f->mutex, &f->sem] sleeps'],
      shared: ['- [&f->sem shared] sleeps'],
      second: ['- [] sleeps'],
      last: ['- [&f->other] atomic'],
    },
  },
  {
    title: 'a division of what is all ones is not one of -1',
    source: `
static unsigned int parse(const struct qstr *q)
{
	unsigned int n = 0;

	do {
		if (n >= (~0U - 9) / 10)
			return ~0U;
		n *= 10;
	} while (q->name[n]);
	return n;
}
void a(struct foo *f, struct qstr *q)
{
	struct foo g = { .count = parse(q) };

	if (g.count == ~0U)
		return;
	spin_lock(&f->lock);
	f->count++; /*@*/
	spin_unlock(&f->lock);
}`,
    at: { '': ['- [&f->lock] atomic'] },
  },
];
