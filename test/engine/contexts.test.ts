/**
 * Contexts at a point: which locks are held, under which RCU state, whether it may sleep, and by which method one gets
 * there. One construct of kernel C a case. `FN_` and `FP_` in a title: what the engine gets wrong today, and why.
 */
import assert from 'node:assert/strict';
import { NEVER } from '../../server/src/engine/base/cancel.js';
import { wordLock } from '../../server/src/engine/findings/wording.js';
import { CALLS } from './contexts/calls.js';
import { FLOW } from './contexts/flow.js';
import { LOCKING } from './contexts/locks.js';
import { METHODS } from './contexts/methods.js';
import { NOT_BUILT } from './contexts/not-built.js';
import { SCOPES } from './contexts/scopes.js';
import {
  type ContextCase,
  checkChains,
  checkClasses,
  checkContexts,
  checkTaken,
  filesOf,
  marksIn,
  openFiles,
} from './harness.js';

function suite(title: string, cases: readonly ContextCase[]): void {
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
  suite('left out by the configuration', NOT_BUILT);

  describe('the class of a lock that is held at entry', () => {
    it('by the declared type of the parameter, whatever its name, and of what it leads to', () =>
      checkClasses(
        `
struct seq_file { struct mutex lock; };
struct mm_struct { struct rw_semaphore mmap_lock; };
struct vm_area_struct { struct mm_struct *vm_mm; };
struct seq_operations { int (*show)(struct seq_file *m, void *v); };
struct vm_operations_struct { void (*open)(struct vm_area_struct *vma); };
static int foo_show(struct seq_file *out, void *v)
{
	return 0; /*@show*/
}
static int lost_show(void *out, void *v)
{
	return 0; /*@lost*/
}
static void foo_open(struct vm_area_struct *area)
{
	area->vm_mm = 0; /*@open*/
}
static int foo_unlink(struct inode *dir, struct dentry *dentry)
{
	return 0; /*@unlink*/
}
const struct seq_operations foo_records = { .show = foo_show };
const struct seq_operations lost_records = { .show = lost_show };
const struct vm_operations_struct foo_mappings = { .open = foo_open };
const struct inode_operations foo_ops = { .unlink = foo_unlink };`,
        {
          show: ['seq_file::lock'],
          lost: ['?::lock'],
          open: ['mm_struct::mmap_lock'],
          unlink: ['inode::i_rwsem'],
        },
      ));
  });

  describe('who took a lock', () => {
    const UNLINK = 'const struct inode_operations foo_ops = { .unlink = foo_unlink };';

    it('the function itself, where it gave back its caller’s lock and took it again', () =>
      checkTaken(
        `
static int foo_unlink(struct inode *dir, struct dentry *dentry)
{
	dir->i_flags = 1; /*@before*/
	inode_unlock(dir);
	msleep(1); /*@without*/
	inode_lock(dir);
	dir->i_flags = 2; /*@after*/
	return 0;
}
${UNLINK}`,
        {
          before: ['&dentry->d_inode->i_rwsem: caller', '&dir->i_rwsem: caller'],
          without: ['&dentry->d_inode->i_rwsem: caller'],
          after: ['&dentry->d_inode->i_rwsem: caller', '&dir->i_rwsem: inode_lock(dir);'],
        },
      ));

    it('the caller, where a way leads past taking it again', () =>
      checkTaken(
        `
static int foo_unlink(struct inode *dir, struct dentry *dentry)
{
	if (dir->i_flags) {
		inode_unlock(dir);
		msleep(1);
		inode_lock(dir);
		dir->i_flags = 0; /*@inside*/
	}
	return 0; /*@end*/
}
${UNLINK}`,
        {
          inside: ['&dentry->d_inode->i_rwsem: caller', '&dir->i_rwsem: inode_lock(dir);'],
          end: ['&dentry->d_inode->i_rwsem: caller', '&dir->i_rwsem: caller'],
        },
      ));

    it('the function, though nobody is known to bring what it gives back', () =>
      checkTaken(
        `
void again(struct foo *f)
{
	mutex_unlock(&f->mutex);
	msleep(1); /*@without*/
	mutex_lock(&f->mutex);
	f->count++; /*@after*/
}`,
        { without: [], after: ['&f->mutex: mutex_lock(&f->mutex);'] },
      ));
  });

  it('a lock has the name that the source has, beside the one that tells what it is', async () => {
    const files = filesOf(`
struct bar_info { spinlock_t lock; };
static int foo_unlink(struct inode *dir, struct dentry *dentry)
{
	struct bar_info *info = dir->i_private;

	spin_lock(&info->lock);
	info->n++; /*@*/
	spin_unlock(&info->lock);
	return 0;
}
const struct inode_operations foo_ops = { .unlink = foo_unlink };`);
    const [mark] = marksIn(files, /\/\*@(\w*)\*\//g);
    assert.ok(mark !== undefined);
    const engine = await openFiles(files);
    try {
      const result = engine.contexts({ file: mark.file, line: mark.line }, NEVER);
      const lock = result.ok
        ? result.answer.contexts[0]?.held.find((l) => l.class === 'bar_info::lock')
        : null;
      assert.ok(lock !== null && lock !== undefined);
      assert.equal(lock.expression, '&dir->i_private->lock');
      assert.equal(lock.written, '&info->lock');
      assert.match(wordLock(lock), /^&info->lock \(bar_info::lock\)$/);
    } finally {
      engine.dispose();
    }
  });

  describe('the calls that lead to a line', () => {
    it('each method has its own where several share a situation', () =>
      checkChains(
        `
static void inner(struct inode *inode)
{
	inode->i_flags = 1; /*@*/
}
static void middle(struct inode *inode)
{
	inner(inode);
}
static int foo_unlink(struct inode *dir, struct dentry *dentry)
{
	middle(dir);
	return 0;
}
static int foo_rmdir(struct inode *dir, struct dentry *dentry)
{
	inner(dir);
	return 0;
}
const struct inode_operations foo_ops = { .unlink = foo_unlink, .rmdir = foo_rmdir };`,
        { '': ['foo_rmdir: foo_rmdir', 'foo_unlink: foo_unlink > middle'] },
      ));

    it('through recursion, and not by a call that drops the lock', () =>
      checkChains(
        `
static void walk(struct inode *inode, int depth)
{
	if (depth)
		walk(inode, depth - 1);
	inode->i_flags = 1; /*@*/
}
static void without(struct inode *dir)
{
	inode_unlock(dir);
	walk(dir, 2);
	inode_lock(dir);
}
static int foo_rmdir(struct inode *dir, struct dentry *dentry)
{
	walk(dir, 3);
	return 0;
}
static int foo_unlink(struct inode *dir, struct dentry *dentry)
{
	without(dir);
	walk(dir, 3);
	return 0;
}
const struct inode_operations foo_ops = { .unlink = foo_unlink, .rmdir = foo_rmdir };`,
        { '': ['foo_rmdir: foo_rmdir', 'foo_unlink: foo_unlink', 'foo_unlink: foo_unlink > without'] },
      ));
  });
});
