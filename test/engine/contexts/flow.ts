/**
 * Contexts: locks along branches, loops, switches and jumps. One construct a case.
 */
import type { ContextCase } from '../harness.js';

/** Cases by title. */
export const FLOW: readonly ContextCase[] = [
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
];
