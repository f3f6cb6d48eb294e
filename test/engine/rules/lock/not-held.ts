/**
 * lock/not-held: code that is wrong (`_bad`), and code that is right and looks like it (`_ok`).
 */
import type { RuleCases } from '../../harness.js';

/** Cases by title. */
export const NOT_HELD: RuleCases = {
  'given back twice': `
void a_bad(struct foo *f)
{
	mutex_lock(&f->mutex);
	f->count++;
	mutex_unlock(&f->mutex);
	mutex_unlock(&f->mutex); /*! lock/not-held */
}`,
  'given back twice on one path only': `
void a_bad(struct foo *f, int full)
{
	spin_lock(&f->lock);
	if (full) {
		f->count = 0;
		spin_unlock(&f->lock);
	}
	f->ready = true;
	spin_unlock(&f->lock); /*! lock/not-held */
}`,
  'taken for writing, given back as for reading': `
static void finish(struct foo *g)
{
	g->ready = true;
	up_read(&g->sem);
}
void a_bad(struct foo *f)
{
	down_write(&f->sem);
	f->count++;
	up_read(&f->sem); /*! lock/not-held */
}
void b_bad(struct foo *f)
{
	down_read(&f->sem);
	if (!f->ready) {
		up_read(&f->sem);
		return;
	}
	up_write(&f->sem); /*! lock/not-held */
}
void c_bad(struct foo *f)
{
	down_write(&f->sem);
	finish(f); /*! lock/not-held */
}`,
  'taken for writing, and for reading from then on': `
void a_ok(struct foo *f)
{
	down_write(&f->sem);
	f->count++;
	downgrade_write(&f->sem);
	up_read(&f->sem);
}
void b_ok(struct foo *f, bool write)
{
	if (write)
		down_write(&f->sem);
	else
		down_read(&f->sem);
	f->ready = true;
	if (write)
		up_write(&f->sem);
	else
		up_read(&f->sem);
}
static void upgrade(struct foo *f, bool *shared)
{
	if (f->count) {
		up_read(&f->sem);
		*shared = false;
		down_write(&f->sem);
	}
}
void d_ok(struct foo *f)
{
	bool shared = true;

	down_read(&f->sem);
	upgrade(f, &shared);
	f->ready = true;
	if (shared)
		up_read(&f->sem);
	else
		up_write(&f->sem);
}
void c_ok(struct foo *f)
{
	down_read(&f->sem);
	while (!f->ready) {
		up_read(&f->sem);
		down_write(&f->sem);
		f->ready = true;
		downgrade_write(&f->sem);
	}
	up_read(&f->sem);
}`,
  "the caller's lock, twice": `
void a_bad(struct foo *f)
{
	spin_unlock(&f->lock);
	f->count++;
	spin_unlock(&f->lock); /*! lock/not-held */
}`,
  'a helper gives it back already': `
static void finish(struct foo *g)
{
	g->ready = true;
	mutex_unlock(&g->mutex);
}
void a_bad(struct foo *f)
{
	mutex_lock(&f->mutex);
	finish(f);
	mutex_unlock(&f->mutex); /*! lock/not-held */
}`,
  'taken again in between': `
static void retake(struct foo *g)
{
	mutex_lock(&g->mutex);
}
void a_ok(struct foo *f)
{
	mutex_lock(&f->mutex);
	mutex_unlock(&f->mutex);
	retake(f);
	mutex_unlock(&f->mutex);
}
void b_ok(struct foo *f)
{
	spin_unlock(&f->lock);
	f->count++;
	spin_lock(&f->lock);
	spin_unlock(&f->lock);
}`,
  'perhaps taken again by somebody unknown': `
void foo_elsewhere(struct foo *f);
void a_ok(struct foo *f)
{
	mutex_lock(&f->mutex);
	mutex_unlock(&f->mutex);
	foo_elsewhere(f);
	mutex_unlock(&f->mutex);
}`,
  'two objects': `
void a_ok(struct foo *f, struct foo *g)
{
	spin_lock(&f->lock);
	spin_lock(&g->lock);
	spin_unlock(&f->lock);
	spin_unlock(&g->lock);
}`,
  'every entry of a list': `
void a_ok(struct foo *f)
{
	struct foo *x;

	for (x = f; x; x = x->next)
		spin_lock(&x->lock);
	for (x = f; x; x = x->next)
		spin_unlock(&x->lock);
}`,
  'read sides that nest': `
void a_ok(struct foo *f)
{
	rcu_read_lock();
	rcu_read_lock();
	f->count++;
	rcu_read_unlock();
	rcu_read_unlock();
}`,
  'each turn gives back one that it has not taken': `
void a_bad(struct dentry *dentry)
{
	struct dentry *this = dentry;

	for (;;) {
		struct inode *inode = this->d_inode;

		inode_lock(inode);
		inode->i_flags |= 1;
		while (this->d_fsdata == NULL) {
			inode_unlock(inode); /*! lock/not-held */
			this = this->d_parent;
			inode = this->d_inode;
		}
		inode_unlock(inode);
		if (this == dentry)
			return;
	}
}`,
  'hand over hand': `
void a_ok(struct dentry *dentry)
{
	struct dentry *this = dentry;

	for (;;) {
		struct inode *inode = this->d_inode;

		inode_lock(inode);
		while (this->d_fsdata == NULL) {
			inode_unlock(inode);
			this = this->d_parent;
			inode = this->d_inode;
			inode_lock(inode);
		}
		inode_unlock(inode);
		if (this == dentry)
			return;
	}
}`,
  'a method that took nothing': `
static int a_bad(struct inode *dir, struct dentry *dentry)
{
	struct foo *f = dir->i_private;

	f->count++;
	mutex_unlock(&f->mutex); /*! lock/not-held */
	return 0;
}
const struct inode_operations ops = { .unlink = a_bad };`,
  'what the caller of the method holds': `
static int a_ok(struct inode *dir, struct dentry *dentry)
{
	inode_unlock(dir);
	inode_lock(dir);
	return 0;
}
const struct inode_operations ops = { .unlink = a_ok };`,
  'a member says whether it is held': `
static int begin(struct inode *inode, struct file *file)
{
	struct foo *f = inode->i_private;

	mutex_lock(&f->mutex);
	f->ready = true;
	f->count++;
	f->ready = false;
	mutex_unlock(&f->mutex);
	return 0;
}
const struct file_operations files = { .open = begin };
static void end_ok(struct foo *f)
{
	if (f->ready)
		mutex_unlock(&f->mutex);
}
static void end_bad(struct foo *f)
{
	if (f->next)
		mutex_unlock(&f->mutex); /*! lock/not-held@low */
}
static int a_unlink(struct inode *dir, struct dentry *dentry)
{
	struct foo *f = dir->i_private;

	end_ok(f);
	mutex_lock(&f->mutex);
	f->count++;
	mutex_unlock(&f->mutex);
	return 0;
}
static int a_rmdir(struct inode *dir, struct dentry *dentry)
{
	struct foo *f = dir->i_private;

	end_bad(f);
	mutex_lock(&f->mutex);
	f->count++;
	mutex_unlock(&f->mutex);
	return 0;
}
const struct inode_operations ops = { .unlink = a_unlink, .rmdir = a_rmdir };`,
  'an assertion that cannot hold': `
static void count_bad(struct foo *f)
{
	lockdep_assert_held(&f->mutex); /*! lock/not-held */
	f->count++;
}
static int a_unlink(struct inode *dir, struct dentry *dentry)
{
	count_bad(dir->i_private);
	return 0;
}
const struct inode_operations ops = { .unlink = a_unlink };`,
  'an assertion that the callers keep': `
static void count_ok(struct foo *f)
{
	lockdep_assert_held(&f->mutex);
	f->count++;
}
static int a_unlink(struct inode *dir, struct dentry *dentry)
{
	struct foo *f = dir->i_private;

	lockdep_assert_held(&dir->i_rwsem);
	mutex_lock(&f->mutex);
	count_ok(f);
	mutex_unlock(&f->mutex);
	return 0;
}
const struct inode_operations ops = { .unlink = a_unlink };`,
  'one flag decides of both': `
static void drop_ok(struct foo *f)
{
	if (f->bits & 1)
		mutex_unlock(&f->mutex);
	f->count++;
}
static int a_unlink(struct inode *dir, struct dentry *dentry)
{
	struct foo *f = dir->i_private;

	if (f->count) {
		mutex_lock(&f->mutex);
		f->bits = 1;
	}
	f->next = NULL;
	drop_ok(f);
	return 0;
}
const struct inode_operations ops = { .unlink = a_unlink };`,
  'what a function elsewhere gives may be locked': `
struct foo *foo_find_locked(struct inode *dir);
static int a_ok(struct inode *dir, struct dentry *dentry)
{
	struct foo *f = foo_find_locked(dir);

	f->count++;
	mutex_unlock(&f->mutex);
	return 0;
}
const struct inode_operations ops = { .unlink = a_ok };`,
  'one method takes it, another one gives it back': `
static int a_unlink(struct inode *dir, struct dentry *dentry)
{
	struct foo *f = dir->i_private;

	mutex_lock(&f->mutex);
	return 0;
}
static void a_ok(struct inode *inode)
{
	struct foo *f = inode->i_private;

	mutex_unlock(&f->mutex);
}
const struct inode_operations ops = { .unlink = a_unlink };
const struct super_operations sops = { .evict_inode = a_ok };`,
  // Only at low precision: nothing is known of what was called with it, and nobody here takes such a lock
  'what a call may have come back with': `
int fill(struct inode *inode, int flags);
static int open_bad(struct inode *inode, struct file *file)
{
	int err = fill(inode, 0);

	up_write(&inode->i_rwsem); /*! lock/not-held@low */
	return err;
}
static int release_bad(struct inode *inode, struct file *file)
{
	up_write(&inode->i_rwsem); /*! lock/not-held */
	return fill(inode, 0);
}
const struct file_operations ops = { .open = open_bad, .release = release_bad };`,
};
