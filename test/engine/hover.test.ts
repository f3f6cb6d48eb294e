/**
 * Hovers: C with one position marked by a comment that begins with `^` right before a name, and what the card says, as plain
 * Markdown. Links are written `[text](file:line)`.
 */
import assert from 'node:assert/strict';
import { NEVER } from '../../server/src/engine/base/cancel.js';
import { type HoverStyle, hoverMarkdown } from '../../server/src/engine/views/hover-markdown.js';
import { filesOf, openFiles } from './harness.js';

const MARK = '/*^*/';

const LINKS: HoverStyle = {
  link: (file, line) => `${file.replace('fs/foo/', '')}:${line}`,
  page: (struct, method) => `${struct}/${method}`,
};

/** What the hover says at the mark; null where it says nothing. */
async function hoverIn(source: string): Promise<string | null> {
  const files = filesOf(source);
  for (const [file, text] of files) {
    const offset = text.indexOf(MARK);
    if (offset < 0) continue;
    const before = text.slice(0, offset).split('\n');
    const column = (before[before.length - 1] as string).length + 1;
    const engine = await openFiles(new Map([...files, [file, text.replace(MARK, '')]]));
    try {
      const answer = engine.hover({ file, line: before.length, column }, NEVER);
      return answer === null ? null : hoverMarkdown(answer, LINKS);
    } finally {
      engine.dispose();
    }
  }
  throw new Error('no mark in the source');
}

/** The card holds each of these lines, whole, and none of the others. */
async function checkHover(
  source: string,
  lines: readonly string[],
  without: readonly RegExp[] = [],
): Promise<void> {
  const said = await hoverIn(source);
  assert.ok(said !== null, 'a card');
  const all = said.split('\n').map((line) => line.trimEnd());
  for (const line of lines) assert.ok(all.includes(line), `${line}\n\nin\n\n${said}`);
  for (const pattern of without) assert.doesNotMatch(said, pattern);
}

describe('hover', () => {
  describe('at a point', () => {
    it('says what is held, where it was taken, and that nothing may sleep for it', () =>
      checkHover(
        `
void a(struct foo *f)
{
	spin_lock(&f->lock);
	f->/*^*/count++;
	spin_unlock(&f->lock);
}`,
        [
          '**Held here:** `&f->lock` · no RCU · must not sleep (foo::lock held)',
          '- `&f->lock` `foo::lock` exclusive, taken at [line 5](x.c:5)',
          '- no known entry',
        ],
      ));

    it('names the method that comes here and the way, each a link', () =>
      checkHover(
        `
static void helper(struct inode *dir)
{
	dir->/*^*/i_ino = 1;
}
static int foo_unlink(struct inode *dir, struct dentry *dentry)
{
	helper(dir);
	return 0;
}
const struct inode_operations foo_iops = { .unlink = foo_unlink };`,
        [
          '**Held here:** `inode::i_rwsem`, `&dir->i_rwsem` · no RCU · may sleep',
          '- `&dir->i_rwsem` `inode::i_rwsem` exclusive, by the VFS',
          '- as `inode_operations.unlink` of `foo_iops` (unlink(2)), [`foo_unlink`](x.c:7)',
        ],
      ));

    it('names the caller that took a lock', () =>
      checkHover(
        `
static void helper(struct foo *f)
{
	f->/*^*/count++;
}
void a(struct foo *f)
{
	mutex_lock(&f->mutex);
	helper(f);
	mutex_unlock(&f->mutex);
}`,
        [
          '- `&f->mutex` `foo::mutex` exclusive, taken by [`a`](x.c:9)',
          '- no known entry, from [`a`](x.c:7)',
        ],
      ));

    it('puts situations side by side that differ, and says once what they agree in', () =>
      checkHover(
        `
static int foo_revalidate(struct dentry *dentry, unsigned int flags)
{
	int n = 0;
	n/*^*/++;
	return n;
}
const struct dentry_operations foo_dops = { .d_revalidate = foo_revalidate };`,
        [
          '| entered | held | RCU | sleep |',
          '| `d_revalidate` (RCU-walk) | no lock | RCU-walk | must not sleep (RCU-walk) |',
        ],
      ));

    it('takes the tag of a structure for no function of that name', async () => {
      const card = await hoverIn(`
void helper(struct foo *f);
static int bar(struct foo *f)
{
	return f->count;
}
void a(struct /*^*/bar *b, struct foo *f);
`);
      assert.equal(card, null);
    });

    it('says nothing on lines without code, in comments and on braces', async () => {
      const at = (line: string): Promise<string | null> =>
        hoverIn(`\nvoid a(struct foo *f)\n{\n${line}\n\tf->count++;\n}`);
      assert.equal(await at('\t/*^*//* f is counted */'), null);
      assert.equal(await at('\t/* of\n\t * /*^*/f */'), null);
      assert.equal(await at('/*^*/ '), null);
      assert.equal(await at('\t/*^*/{ }'), null);
      assert.equal(await at('\tprintk("/*^*/count");'), null);
    });
  });

  describe('on a lock', () => {
    const ORDER = `
static DEFINE_SPINLOCK(list_lock);
void outer(struct foo *f)
{
	mutex_lock(&f->mutex);
	spin_lock(&f->lock);
	spin_unlock(&f->lock);
	mutex_unlock(&f->mutex);
}
void inner(struct foo *f)
{
	spin_lock(&f->lock);
	spin_lock(&list_lock);
	spin_unlock(&list_lock);
	spin_unlock(&f->lock);
}
`;

    it('that is taken: its class, its place in the order of the directory, and who else takes it', () =>
      checkHover(
        `${ORDER}
void a(struct foo *f)
{
	/*^*/spin_lock(&f->lock);
	spin_unlock(&f->lock);
}`,
        [
          '**`spin_lock()`** takes `&f->lock` (`foo::lock`, spinlock); does not sleep',
          '- in fs/foo: taken inside `foo::mutex` ([`outer`](x.c:7)); and around `list_lock` ([`inner`](x.c:14))',
          '- also taken by [`outer`](x.c:7), [`inner`](x.c:13)',
        ],
        [/\[`a`\]/],
      ));

    it('of the VFS: what the model says of it and of its order', () =>
      checkHover(
        `
void a(struct dentry *dentry)
{
	/*^*/spin_lock(&dentry->d_lock);
	spin_unlock(&dentry->d_lock);
}`,
        [
          'Name, parent and children of a dentry; parents before children.',
          '- guards `d_flags`, `d_sib`, `d_children`',
          '- order of the VFS: taken inside `inode::i_lock`, `rename_lock`, `super_block::s_dentry_lru_lock` (only tried); and around `super_block::s_dentry_lru_lock`, `dcache hash bucket`, `super_block::s_roots` and 1 more',
          '- taken by nothing else in fs/foo',
        ],
      ));

    it('that a wrapper of the directory takes', () =>
      checkHover(
        `
static void lock_foo(struct foo *f)
{
	mutex_lock(&f->mutex);
}
void a(struct foo *f)
{
	/*^*/lock_foo(f);
	mutex_unlock(&f->mutex);
}`,
        [
          '**[`lock_foo()`](x.c:3)**: acquires `f->mutex`; sleeps, in `mutex_lock()`',
          '**takes** `&f->mutex` (`foo::mutex`, mutex)',
        ],
      ));

    it('that is given back: no more than what it is', () =>
      checkHover(
        `${ORDER}
void a(struct foo *f)
{
	spin_lock(&f->lock);
	/*^*/spin_unlock(&f->lock);
}`,
        ['**`spin_unlock()`** gives back `&f->lock` (`foo::lock`, spinlock); does not sleep'],
        [/taken inside/],
      ));

    it('that is a member', () =>
      checkHover(
        `${ORDER}
void a(struct foo *f)
{
	spin_lock(&f->/*^*/lock);
	spin_unlock(&f->lock);
}`,
        ['**`foo::lock`**, spinlock', '- taken by [`outer`](x.c:7), [`inner`](x.c:13)'],
      ));

    it('that a structure declares', () =>
      checkHover(
        `
struct bar {
	int n;
	spinlock_t /*^*/guard;
};
void a(struct bar *b)
{
	spin_lock(&b->guard);
	spin_unlock(&b->guard);
}`,
        ['**`bar::guard`**, spinlock', '- taken by [`a`](x.c:9)'],
        [/Held/],
      ));

    it('of another file that has the same name takes no part in it', () =>
      checkHover(
        `static DEFINE_SPINLOCK(list_lock);
void a(void)
{
	/*^*/spin_lock(&list_lock);
	spin_unlock(&list_lock);
}
// file: fs/foo/y.c
static DEFINE_SPINLOCK(list_lock);
void b(void)
{
	spin_lock(&list_lock);
	spin_unlock(&list_lock);
}`,
        ['- taken by nothing else in fs/foo'],
      ));
  });

  describe('on a call', () => {
    it('of a helper: what the model says, of the arguments', () =>
      checkHover(
        `
void a(struct dentry *child)
{
	/*^*/dput(child);
}`,
        [
          '**`dput()`**: may sleep; must not be called with `child->d_lock` exclusive; drops a reference to `child`',
          'Drops a reference; the last one may take the dentry and its ancestors apart, and sleeps.',
        ],
      ));

    it('of a function: what it was found to do, where it does it', () =>
      checkHover(
        `
static int try_foo(struct foo *g)
{
	if (!mutex_trylock(&g->mutex))
		return 0;
	return 1;
}
void a(struct foo *f)
{
	if (/*^*/try_foo(f))
		mutex_unlock(&f->mutex);
}`,
        [
          '**[`try_foo()`](x.c:3)**: acquires `f->mutex`, unless it returns 0; no sleep seen in it',
          '**tries** `&f->mutex` (`foo::mutex`, mutex)',
        ],
      ));

    it('of a function that frees, needs a lock and calls what nobody knows', () =>
      checkHover(
        `
static void end_foo(struct foo *g)
{
	lockdep_assert_held(&g->mutex);
	mystery(g);
	kfree(g);
}
void a(struct foo *f)
{
	/*^*/end_foo(f);
}`,
        [
          '**[`end_foo()`](x.c:3)**: needs `f->mutex` held; no sleep seen in it; frees `f` at once',
          '*Not known:* calls in it: `mystery()`',
        ],
      ));

    it('of a function that does something on some ways only', () =>
      checkHover(
        `
static void put_foo(struct foo *g, struct dentry *dentry)
{
	if (--g->count)
		return;
	dput(dentry);
	kfree(g);
}
void a(struct foo *f, struct dentry *d)
{
	/*^*/put_foo(f, d);
}`,
        [
          '**[`put_foo()`](x.c:3)**: takes and gives back `d->d_lock`; may sleep, in `dput()`; may free `f` at once; may drop a reference to `d`',
        ],
      ));

    it('of what nobody knows says so', () =>
      checkHover(
        `
void a(struct foo *f)
{
	/*^*/mystery(f);
}`,
        [
          '**`mystery()`**: what it does is not known: its code is not in this directory, and the model has no entry for it',
        ],
      ));

    it('through a slot of the VFS: its contract', () =>
      checkHover(
        `
void a(struct inode *dir, struct dentry *dentry)
{
	dir->i_op->/*^*/unlink(dir, dentry);
}`,
        ['**`->unlink()`** of `inode_operations`, Linux 6.12 · [contract](inode_operations/unlink)'],
      ));

    it('through a slot of its own: one of those that fill it', () =>
      checkHover(
        `
struct bar_ops { void (*poke)(struct foo *f); };
static void poke_one(struct foo *f)
{
	mutex_lock(&f->mutex);
	mutex_unlock(&f->mutex);
}
static void poke_two(struct foo *f)
{
	msleep(f->count);
}
static const struct bar_ops one = { .poke = poke_one };
static const struct bar_ops two = { .poke = poke_two };
void a(const struct bar_ops *ops, struct foo *f)
{
	ops->/*^*/poke(f);
}`,
        ['**`->poke()`** is one of [`poke_one`](x.c:4), [`poke_two`](x.c:9)'],
      ));
  });

  describe('on a method', () => {
    const TABLE = `
static int foo_unlink(struct inode *dir, struct dentry *dentry)
{
	return 0;
}
const struct inode_operations foo_iops = {
	.unlink = foo_unlink,
};`;

    it('its slot: the contract for this kernel', () =>
      checkHover(
        TABLE.replace('.unlink', './*^*/unlink'),
        [
          '**`->unlink()`** of `inode_operations`, Linux 6.12 · [contract](inode_operations/unlink)',
          '- unlink(2): held: `dir->i_rwsem` exclusive, `dentry->d_inode->i_rwsem` exclusive',
          '- may sleep',
        ],
        [/Held/],
      ));

    it('its function in the table: the contract alone', () =>
      checkHover(
        TABLE.replace('= foo_unlink', '= /*^*/foo_unlink'),
        ['**`->unlink()`** of `inode_operations`, Linux 6.12 · [contract](inode_operations/unlink)'],
        [/Held/, /foo_unlink\(\)/],
      ));

    it('its function where it is defined: the contract, and what is held on entry', () =>
      checkHover(TABLE.replace('int foo_unlink', 'int /*^*/foo_unlink'), [
        '**`->unlink()`** of `inode_operations`, Linux 6.12 · [contract](inode_operations/unlink)',
        '**Held on entry:** `&dir->i_rwsem`, `&dentry->d_inode->i_rwsem` · no RCU · may sleep',
      ]));
  });
});
