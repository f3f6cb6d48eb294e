/**
 * The mutation benchmark's own parts: what each operator makes of small C, what it leaves alone, how a list is chosen, and what the
 * committed lists hold. The engine takes no part.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describeKernel } from '../kernel/tree.js';
import { inRepository } from '../repository.js';
import {
  choose,
  filesystemOf,
  LONGEST_FIND,
  type Mutant,
  type MutantList,
  mutantsOf,
  mutated,
  OPERATOR_NAMES,
  type Operator,
} from './mutants.js';

/** A file whose mutants by one operator turn `<<before||after>>` into the second side, one at a time unless they are tied by a number. */
interface Case {
  readonly operator: Operator;
  readonly title: string;
  readonly source: string;
}

const SIDES = /<<([\s\S]*?)\|\|([\s\S]*?)>>/g;

const CASES: readonly Case[] = [
  {
    operator: 'drop-bail-out',
    title: 'a test of LOOKUP_RCU',
    source: `
int a(struct dentry *d, unsigned int flags)
{
	<<if (flags & LOOKUP_RCU)
		return -ECHILD;||;
>>
	return work(d);
}
int other(unsigned int flags)
{
	if (flags & FOO)
		return -ECHILD;
	return 0;
}`,
  },
  {
    operator: 'drop-bail-out',
    title: 'not in a comment, not between #if and #endif',
    source: `
int a(unsigned int flags)
{
	/* if (flags & LOOKUP_RCU) return -ECHILD; */
#ifdef FOO
	if (flags & LOOKUP_RCU)
		return -ECHILD;
#endif
	return 0;
}`,
  },
  {
    operator: 'free-at-once',
    title: 'kfree_rcu()',
    source: `
void a(struct foo *f)
{
	<<kfree_rcu(f->bar, rcu)||kfree(f->bar)>>;
}`,
  },
  {
    operator: 'free-at-once',
    title: 'call_rcu()',
    source: `
void a(struct foo *f)
{
	<<call_rcu(&f->rcu, a_free)||a_free(&f->rcu)>>;
}`,
  },
  {
    operator: 'plain-inode',
    title: 'd_inode_rcu()',
    source: `
int a(struct dentry *d)
{
	return test(<<d_inode_rcu(d->d_parent)||d_inode(d->d_parent)>>);
}`,
  },
  {
    operator: 'borrowed-parent',
    title: 'dget_parent() and what it gave is put',
    source: `
int a(struct dentry *d)
{
	struct dentry *parent;

	<<parent = dget_parent(d);||parent = d->d_parent;>>
	work(parent);
	<<dput(parent);||;>>
	dput(d);
	return 0;
}`,
  },
  {
    operator: 'drop-unlock',
    title: 'on a way out with an error',
    source: `
int a(struct foo *f)
{
	mutex_lock(&f->lock);
	if (f->gone) {
		<<mutex_unlock(&f->lock);||;>>
		return -ENOENT;
	}
	mutex_unlock(&f->lock);
	return 0;
}`,
  },
  {
    operator: 'drop-inode-lock',
    title: 'around a removal',
    source: `
void a(struct inode *dir, struct dentry *d)
{
	<<inode_lock(dir)||(void)0>>;
	simple_unlink(dir, d);
	<<inode_unlock(dir)||(void)0>>;
}
void other(struct inode *dir)
{
	inode_lock(dir);
	dir->i_size = 0;
	inode_unlock(dir);
}`,
  },
  {
    operator: 'sleeping-allocation',
    title: 'under a spinlock',
    source: `
void *a(struct foo *f)
{
	void *p;

	spin_lock(&f->lock);
	p = kmalloc(8, <<GFP_ATOMIC||GFP_KERNEL>>);
	spin_unlock(&f->lock);
	return p ? p : kmalloc(8, GFP_ATOMIC);
}`,
  },
  {
    operator: 'mutex-under-spinlock',
    title: 'a mutex of the file whose owner is at hand',
    source: `
void first(struct foo *f)
{
	mutex_lock(&f->mutex);
	mutex_unlock(&f->mutex);
}
void a(struct foo *f)
{
	<<spin_lock(&f->lock);||spin_lock(&f->lock); mutex_lock(&f->mutex); mutex_unlock(&f->mutex);>>
	spin_unlock(&f->lock);
}
void other(struct bar *b)
{
	spin_lock(&b->lock);
	spin_unlock(&b->lock);
}`,
  },
  {
    operator: 'forget-dead-directory',
    title: 'IS_DEADDIR()',
    source: `
int a(struct inode *dir)
{
	if (<<IS_DEADDIR(dir)||0>>)
		return -ENOENT;
	return 0;
}`,
  },
  {
    operator: 'late-snapshot',
    title: 'of the object whose lock is dropped',
    source: `
int a(struct foo *f, struct foo *g)
{
	int n;

	spin_lock(&f->lock);
	<<n = f->version;||spin_unlock(&f->lock);>>
	<<spin_unlock(&f->lock);||n = f->version;>>
	return n;
}
int other(struct foo *f, struct foo *g)
{
	int n;

	spin_lock(&f->lock);
	n = g->version;
	spin_unlock(&f->lock);
	return n;
}`,
  },
];

/** Two functions nest two locks alike: either may be turned round. */
const NESTED = (name: string): string => `
void ${name}(struct foo *f, struct bar *b)
{
	mutex_lock(&f->outer);
	spin_lock(&b->inner);
	spin_unlock(&b->inner);
	mutex_unlock(&f->outer);
}`;

function mutantsIn(source: string, operator: Operator): Mutant[] {
  return mutantsOf(new Map([['fs/foo/x.c', source]])).filter((m) => m.operator === operator);
}

describe('mutants', () => {
  for (const { operator, title, source } of CASES)
    it(`${operator}: ${title}`, () => {
      const before = source.replace(SIDES, '$1');
      const after = source.replace(SIDES, '$2');
      const made = mutantsIn(before, operator).map((m) => mutated(before, m)?.text);
      assert.deepEqual(made, before === after ? [] : [after]);
    });

  it('swap-locks: only what is nested so elsewhere, too', () => {
    const both = NESTED('a') + NESTED('b');
    const made = mutantsIn(both, 'swap-locks');
    assert.deepEqual(
      made.map((m) => m.function),
      ['a', 'b'],
    );
    assert.match(
      mutated(both, made[0] as Mutant)?.text ?? '',
      /void a\([^}]*spin_lock\(&b->inner\);\n\tmutex_lock\(&f->outer\);/,
    );
    assert.deepEqual(mutantsIn(NESTED('a'), 'swap-locks'), []);
  });

  it('keep the number of lines and say which ones changed', () => {
    for (const { source } of CASES) {
      const before = source.replace(SIDES, '$1');
      for (const m of mutantsOf(new Map([['fs/foo/x.c', before]]))) {
        const made = mutated(before, m);
        assert.ok(made !== null);
        assert.equal(made.text.split('\n').length, before.split('\n').length);
        assert.ok(made.lines.has(m.line), m.id);
      }
    }
  });

  it('are not made where the text is another one', () => {
    const [mutant] = mutantsIn(CASES[2]?.source.replace(SIDES, '$1') ?? '', 'free-at-once');
    assert.ok(mutant !== undefined);
    assert.equal(mutated('\nvoid a(struct foo *f)\n{\n\tkfree(f->bar);\n}\n', mutant), null);
    assert.equal(mutated('\nvoid b(struct foo *f)\n{\n\tkfree_rcu(f->bar, rcu);\n}\n', mutant), null);
  });

  it('are chosen by the seed alone, operators alike, filesystem after filesystem', () => {
    const all = ['a', 'b', 'c'].flatMap((fs) =>
      mutantsOf(
        new Map([
          [
            `fs/${fs}/x.c`,
            [1, 2, 3, 4]
              .map(
                (n) =>
                  `\nint f${n}(struct dentry *d)\n{\n\treturn IS_DEADDIR(d) || d_inode_rcu(d) == NULL;\n}\n`,
              )
              .join(''),
          ],
        ]),
      ),
    );
    assert.equal(all.length, 24);
    const chosen = choose(all, 12, 7);
    assert.deepEqual(chosen, choose(all, 12, 7));
    assert.notDeepEqual(chosen, choose(all, 12, 8));
    for (const operator of ['plain-inode', 'forget-dead-directory'] as const)
      for (const fs of ['fs/a', 'fs/b', 'fs/c'])
        assert.equal(chosen.filter((m) => m.operator === operator && filesystemOf(m.file) === fs).length, 2);
  });

  for (const release of ['6.12', '7.2']) {
    const list = JSON.parse(
      readFileSync(inRepository(`test/bench/mutations/${release}.json`), 'utf8'),
    ) as MutantList;

    it(`the list of ${release} is large, spread and balanced, and holds no excerpts`, () => {
      const count = (operator: Operator): number =>
        list.mutants.filter((m) => m.operator === operator).length;
      assert.ok(list.mutants.length >= 300);
      assert.equal(new Set(list.mutants.map((m) => m.id)).size, list.mutants.length);
      assert.ok(new Set(list.mutants.map((m) => filesystemOf(m.file))).size >= 40);
      const most = Math.max(...OPERATOR_NAMES.map(count));
      for (const operator of OPERATOR_NAMES) assert.ok(count(operator) > 0, operator);
      assert.ok(OPERATOR_NAMES.filter((o) => count(o) >= most - 1).length >= 6);
      for (const m of list.mutants) for (const e of m.edits) assert.ok(e.find.length <= LONGEST_FIND, m.id);
    });

    describeKernel(release, 'its mutants', (root) => {
      it('can be made', () => {
        const makefile = readFileSync(join(root, 'Makefile'), 'utf8');
        const isListed = makefile.includes(`SUBLEVEL = ${list.kernel.split('.')[2]}\n`);
        const gone = list.mutants.filter((m) => {
          const text = readFileSync(join(root, m.file), 'utf8');
          const made = mutated(text, m);
          return made === null || made.text === text;
        });
        // Another patch level may have lost some
        assert.ok(gone.length <= (isListed ? 0 : list.mutants.length / 10), gone.map((m) => m.id).join(', '));
      });
    });
  }
});
