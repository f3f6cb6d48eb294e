/**
 * lock/annotation: code that is wrong (`_bad`), and code that is right and looks like it (`_ok`).
 */
import type { RuleCases } from '../../harness.js';

/** Cases by title. */
export const ANNOTATION: RuleCases = {
  'says that it releases, and does not': `
static void finish_bad(struct foo *f) /*! lock/annotation@high */
	__releases(&f->lock)
{
	f->count++;
}
void a(struct foo *f)
{
	spin_lock(&f->lock);
	finish_bad(f);
	spin_unlock(&f->lock);
}`,

  'says that it takes, and does not': `
static void begin_bad(struct foo *f) /*! lock/annotation@high */
	__acquires(&f->lock)
{
	f->count++;
}
void a(struct foo *f)
{
	begin_bad(f);
}`,

  'says that it drops and retakes, and does neither': `
static void wait_bad(struct foo *f) /*! lock/annotation@high */
	__releases(f->lock)
	__acquires(f->lock)
{
	f->count++;
}
void a(struct foo *f)
{
	spin_lock(&f->lock);
	wait_bad(f);
	spin_unlock(&f->lock);
}`,

  'says that it keeps the lock, and releases it': `
static void finish_bad(struct foo *f)
	__must_hold(&f->lock)
{
	f->count++;
	spin_unlock(&f->lock); /*! lock/annotation@high */
}
void a(struct foo *f)
{
	spin_lock(&f->lock);
	finish_bad(f);
}`,

  'a caller of which all is known comes without it': `
static void count(struct foo *f)
	__must_hold(&f->mutex)
{
	f->count++;
}
static int unlink_bad(struct inode *dir, struct dentry *dentry)
{
	count(dir->i_private); /*! lock/annotation@high */
	return 0;
}
static int rmdir_ok(struct inode *dir, struct dentry *dentry)
{
	struct foo *f = dir->i_private;

	mutex_lock(&f->mutex);
	count(f);
	mutex_unlock(&f->mutex);
	return 0;
}
const struct inode_operations iops = { .unlink = unlink_bad, .rmdir = rmdir_ok };`,

  'a method that asks for more than it gets': `
static int unlink_bad(struct inode *dir, struct dentry *dentry) /*! lock/annotation@high */
	__must_hold(&dir->i_lock)
{
	dir->i_flags |= 1;
	return 0;
}
static int rmdir_ok(struct inode *dir, struct dentry *dentry)
	__must_hold(&dir->i_rwsem)
{
	dir->i_flags |= 1;
	return 0;
}
const struct inode_operations iops = { .unlink = unlink_bad, .rmdir = rmdir_ok };`,

  'said by lock/not-held where it is released or asserted, once': `
static void finish(struct foo *f)
	__releases(&f->mutex)
{
	mutex_unlock(&f->mutex);
}
static void count(struct foo *f)
	__must_hold(&f->mutex)
{
	lockdep_assert_held(&f->mutex); /*! lock/not-held */
	f->count++;
}
static int unlink_bad(struct inode *dir, struct dentry *dentry)
{
	finish(dir->i_private); /*! lock/not-held */
	return 0;
}
static int rmdir_bad(struct inode *dir, struct dentry *dentry)
{
	count(dir->i_private);
	return 0;
}
const struct inode_operations iops = { .unlink = unlink_bad, .rmdir = rmdir_bad };`,

  'does as it says': `
static void begin_ok(struct foo *f)
	__acquires(&f->lock)
{
	spin_lock(&f->lock);
}
static void end_ok(struct foo *f)
	__releases(&f->lock)
{
	spin_unlock(&f->lock);
}
static void wait_ok(struct foo *f)
	__releases(&f->lock)
	__acquires(&f->lock)
{
	spin_unlock(&f->lock);
	cond_resched();
	spin_lock(&f->lock);
}
static void through_ok(struct foo *f)
	__releases(&f->lock)
{
	end_ok(f);
}
static bool try_ok(struct foo *f)
	__acquires(&f->lock)
{
	return spin_trylock(&f->lock);
}
static void count_ok(struct foo *f)
	__must_hold(&f->lock)
{
	f->count++;
	spin_unlock(&f->lock);
	cond_resched();
	spin_lock(&f->lock);
}
void a_ok(struct foo *f)
{
	begin_ok(f);
	wait_ok(f);
	count_ok(f);
	end_ok(f);
	begin_ok(f);
	through_ok(f);
	if (try_ok(f))
		end_ok(f);
}`,

  'something of which nothing is known may do it': `
void foo_elsewhere(struct foo *f);
static void finish_ok(struct foo *f)
	__releases(&f->lock)
{
	foo_elsewhere(f);
}
static void call_ok(struct foo *f, void (*done)(struct foo *f))
	__releases(&f->lock)
{
	done(f);
}
void a_ok(struct foo *f)
{
	spin_lock(&f->lock);
	finish_ok(f);
}
void b_ok(struct foo *f)
{
	spin_lock(&f->lock);
	call_ok(f, foo_elsewhere);
}`,

  'words that name no lock of a parameter': `
static void begin_ok(struct foo *f)
	__acquires(bitlock)
	__acquires(&of(f)->lock)
{
	f->count++;
}
void a_ok(struct foo *f)
{
	begin_ok(f);
}`,

  'who calls it is not known': `
void count_ok(struct foo *f)
	__must_hold(&f->lock)
{
	f->count++;
}
void a_ok(struct foo *f)
{
	count_ok(f);
}`,
};
