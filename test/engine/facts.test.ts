/**
 * Lowering: one body of C to blocks of operations, as `dump cfg` shows them. Only what is easy to get wrong: evaluation
 * order, short circuits, and edges out of scopes.
 */
import { checkGraph } from './harness.js';

interface Case {
  readonly title: string;
  readonly source: string;
  readonly graph: string;
}

const CASES: readonly Case[] = [
  {
    title: 'short circuits in a condition are edges',
    source: `
int g(int n);
int a(int x, int y)
{
	if ((x && g(x)) || !y)
		return 1;
	return 2;
}`,
    graph: `
 block 0:
  branch x ? 4 : 3
 block 1:
  return 1
 block 2:
  return 2
  return
 block 3:
  branch y ? 2 : 1
 block 4:
  t0 = g(x)
  branch t0 ? 1 : 3`,
  },
  {
    title: 'a call that only one side of && makes',
    source: `
int g(int n);
int a(int x)
{
	int n = x && g(x);

	return n;
}`,
    graph: `
 block 0:
  branch x ? 4 : 2
 block 1:
  t0 = 1
  jump 3
 block 2:
  t0 = 0
  jump 3
 block 3:
  declare n = t0
  return n
  return
 block 4:
  t1 = g(x)
  branch t1 ? 1 : 2`,
  },
  {
    title: 'a ?: b evaluates a once',
    source: `
int g(int n);
int a(int x)
{
	return g(x) ?: g(0);
}`,
    graph: `
 block 0:
  t1 = g(x)
  t0 = t1
  branch t1 ? 3 : 2
 block 1:
  stop
 block 2:
  t2 = g(0)
  t0 = t2
  jump 3
 block 3:
  return t0
  return`,
  },
  {
    title: 'comma: left before right, the right one is the value',
    source: `
int g(int n);
int a(int x)
{
	x = (g(1), g(2));
	return x;
}`,
    graph: `
 block 0:
  t0 = g(1)
  t1 = g(2)
  x = t1
  return x
  return`,
  },
  {
    title: 'an assignment in a condition comes before the test',
    source: `
int g(int n);
int a(int x)
{
	int n;

	if ((n = g(x)) < 0)
		return n;
	return 0;
}`,
    graph: `
 block 0:
  declare n
  t0 = g(x)
  n = t0
  branch (n < 0) ? 1 : 2
 block 1:
  return n
 block 2:
  return 0
  return`,
  },
  {
    title: 'x++ gives what was there',
    source: `
int g(int n);
int a(struct foo *f, int x)
{
	f->count = g(x++);
	return x;
}`,
    graph: `
 block 0:
  t0 = x
  x = (x + 1)
  t1 = g(t0)
  f->count = t1
  return x
  return`,
  },
  {
    title: 'nested switch: an inner break stays inside, a missing one falls through',
    source: `
int g(int n);
int a(int x, int y)
{
	switch (x) {
	case 1:
		switch (y) {
		case 2:
			break;
		}
		g(1);
	case 3:
		g(3);
		break;
	default:
		return 0;
	}
	return 4;
}`,
    graph: `
 block 0:
  switch x 1 3 6 7 -1 8
 block 1:
  return 4
  return
 block 2:
  jump 3
 block 3:
  switch y 3 6 -1 4
 block 4:
  t0 = g(1)
  jump 7
 block 5:
  jump 6
 block 6:
  jump 4
 block 7:
  t1 = g(3)
  jump 1
 block 8:
  return 0`,
  },
  {
    title: 'goto out of a scope cleans up, goto within does not',
    source: `
int a(struct foo *f)
{
	{
		guard(mutex)(&f->mutex);
		if (f->count)
			goto inside;
		if (f->ready)
			goto out;
inside:
		f->count = 1;
	}
out:
	return 0;
}`,
    graph: `
 block 0:
  guard mutex(&f->mutex)
  branch f->count ? 1 : 2
 block 1:
  jump 7
 block 2:
  branch f->ready ? 4 : 5
 block 3:
  jump 2
 block 4:
  cleanup  guard:mutex
  jump 8
 block 5:
  jump 7
 block 6:
  jump 5
 block 7:
  f->count = 1
  cleanup  guard:mutex
  jump 8
 block 8:
  return 0
  return`,
  },
  {
    title: 'return in a scope cleans up after its value was read, innermost first',
    source: `
int a(struct foo *f)
{
	guard(mutex)(&f->mutex);
	guard(spinlock)(&f->lock);
	return f->count;
}`,
    graph: `
 block 0:
  guard mutex(&f->mutex)
  guard spinlock(&f->lock)
  t0 = f->count
  cleanup  guard:spinlock
  cleanup  guard:mutex
  return t0
  return`,
  },
  {
    title: 'continue and break out of a body with cleanup',
    source: `
void a(int x)
{
	while (x--) {
		char *p __free(kfree) = kmalloc(3, GFP_KERNEL);

		if (x == 2)
			break;
		if (x == 3)
			continue;
		x--;
	}
}`,
    graph: `
 block 0:
  jump 1
 block 1:
  t0 = x
  x = (x - 1)
  branch t0 ? 2 : 3
 block 2:
  t1 = kmalloc(3, GFP_KERNEL)
  declare p = t1
  branch (x == 2) ? 4 : 5
 block 3:
  return
 block 4:
  cleanup p free:kfree
  jump 3
 block 5:
  branch (x == 3) ? 6 : 7
 block 6:
  cleanup p free:kfree
  jump 1
 block 7:
  t2 = x
  x = (x - 1)
  cleanup p free:kfree
  jump 1`,
  },
  {
    title: 'the body of do runs before its condition, continue goes to the condition',
    source: `
int g(int n);
void a(int x)
{
	do {
		if (x == 1)
			continue;
		x--;
	} while (g(x));
}`,
    graph: `
 block 0:
  jump 2
 block 1:
  t0 = g(x)
  branch t0 ? 2 : 3
 block 2:
  branch (x == 1) ? 4 : 5
 block 3:
  return
 block 4:
  jump 1
 block 5:
  t1 = x
  x = (x - 1)
  jump 1`,
  },
  {
    title: 'sizeof and typeof evaluate nothing, BUG_ON() stops',
    source: `
int g(int n);
int a(struct foo *f)
{
	typeof(g(1)) n = sizeof(g(2)) ? 1 : 2;

	BUG_ON(!f);
	return n;
}`,
    graph: `
 block 0:
  branch sizeof(g(2)) ? 1 : 2
 block 1:
  t0 = 1
  jump 3
 block 2:
  t0 = 2
  jump 3
 block 3:
  declare n = t0
  branch f ? 5 : 4
 block 4:
  stop
 block 5:
  return n
  return`,
  },
  {
    title: 'a statement expression runs where it stands',
    source: `
int g(int n);
int a(int x)
{
	return x + ({
		int n = g(x);
		n + 1;
	});
}`,
    graph: `
 block 0:
  t0 = g(x)
  declare n = t0
  eval (n + 1)
  return (x + (n + 1))
  return`,
  },
  {
    title: 'a loop macro is a call that says whether there is another entry',
    source: `
void a(struct foo *f, struct foo *p)
{
	list_for_each_entry(p, &f->list, list)
		p->count = 1;
}`,
    graph: `
 block 0:
  jump 1
 block 1:
  t0 = list_for_each_entry(p, &f->list, list)
  branch t0 ? 2 : 3
 block 2:
  p->count = 1
  jump 1
 block 3:
  return`,
  },
];

describe('facts', () => {
  for (const { title, source, graph } of CASES) it(title, () => checkGraph(source, 'a', graph));
});
