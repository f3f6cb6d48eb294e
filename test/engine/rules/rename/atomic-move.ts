/**
 * rename/atomic-move: code that is wrong (`_bad`), and code that is right and looks like it (`_ok`).
 */
import type { RuleCases } from '../../harness.js';

const ARGS =
  'struct mnt_idmap *idmap, struct inode *old_dir, struct dentry *old_dentry,\n\tstruct inode *new_dir, struct dentry *new_dentry, unsigned int flags';

const TABLES = (rename: string): string => `
static struct file_system_type foo_type = { .name = "foo", .fs_flags = FS_RENAME_DOES_D_MOVE };
const struct inode_operations foo_dir = { .rename = ${rename} };`;

const TREE = `
static DEFINE_SPINLOCK(tree);
struct elem { spinlock_t lock; int state; };`;

const plain = (body: string): string => `
static int rename_${body.includes('/*!') ? 'bad' : 'ok'}(${ARGS})
{
${body}
	return 0;
}${TABLES(`rename_${body.includes('/*!') ? 'bad' : 'ok'}`)}`;

/** Something that takes 'tree' inside d_lock. */
const TAKES_INSIDE = `
void look_at(struct dentry *dentry)
{
	struct elem *elem;

	spin_lock(&dentry->d_lock);
	elem = dentry->d_fsdata;
	if (elem) {
		spin_lock(&tree);
		elem->state = 1;
		spin_unlock(&tree);
	}
	spin_unlock(&dentry->d_lock);
}`;

const MOVE_UNDER_TREE = (mark: string): string =>
  plain(`	spin_lock(&tree);
	old_dentry->d_time = 0;
	d_move(old_dentry, new_dentry);${mark}
	spin_unlock(&tree);`);

/** Cases by title. */
export const ATOMIC_MOVE: RuleCases = {
  'under the d_lock of the dentry': plain(`	spin_lock(&old_dentry->d_lock);
	old_dentry->d_time = 0;
	d_move(old_dentry, new_dentry); /*! rename/atomic-move@high */
	spin_unlock(&old_dentry->d_lock);`),

  'under the d_lock of another dentry': plain(`	struct dentry *parent = new_dentry->d_parent;

	spin_lock(&parent->d_lock);
	d_exchange(old_dentry, new_dentry); /*! rename/atomic-move@high */
	spin_unlock(&parent->d_lock);`),

  'under a d_lock that a caller took': `
static void settle_bad(struct dentry *from, struct dentry *to)
{
	d_move(from, to); /*! rename/atomic-move@high */
}
static int rename_ok(${ARGS})
{
	struct dentry *parent = new_dentry->d_parent;

	spin_lock(&parent->d_lock);
	settle_bad(old_dentry, new_dentry);
	spin_unlock(&parent->d_lock);
	return 0;
}${TABLES('rename_ok')}`,

  'under rename_lock': plain(`	write_seqlock(&rename_lock);
	d_move(old_dentry, new_dentry); /*! rename/atomic-move@high */
	write_sequnlock(&rename_lock);`),

  'under a lock that is taken inside d_lock': `${TREE}${TAKES_INSIDE}${MOVE_UNDER_TREE(' /*! rename/atomic-move@high */')}`,

  'under a lock that is taken inside rename_lock': `${TREE}
void look_at(struct dentry *dentry)
{
	read_seqlock_excl(&rename_lock);
	spin_lock(&tree);
	dentry->d_time = 1;
	spin_unlock(&tree);
	read_sequnlock_excl(&rename_lock);
}${MOVE_UNDER_TREE(' /*! rename/atomic-move@high */')}`,

  'under a lock that a method takes which runs in d_lock': `${TREE}
static void note(const struct dentry *dentry)
{
	struct elem *elem = dentry->d_fsdata;

	spin_lock(&tree);
	elem->state = 2;
	spin_unlock(&tree);
}
static int delete_ok(const struct dentry *dentry)
{
	note(dentry);
	return 1;
}
const struct dentry_operations foo_dentry = { .d_delete = delete_ok };${MOVE_UNDER_TREE(' /*! rename/atomic-move@high */')}`,

  'under the lock of an object, taken inside d_lock by a helper': `${TREE}
static void mark(struct elem *elem)
{
	spin_lock(&elem->lock);
	elem->state = 3;
	spin_unlock(&elem->lock);
}
void look_at(struct dentry *dentry)
{
	spin_lock(&dentry->d_lock);
	if (dentry->d_fsdata)
		mark(dentry->d_fsdata);
	spin_unlock(&dentry->d_lock);
}
static int rename_bad(${ARGS})
{
	struct elem *elem = old_dentry->d_fsdata;

	spin_lock(&elem->lock);
	d_move(old_dentry, new_dentry); /*! rename/atomic-move@high */
	elem->state = 0;
	spin_unlock(&elem->lock);
	return 0;
}${TABLES('rename_bad')}`,

  'in the scope of a guard': `${TREE}${TAKES_INSIDE}
static int rename_bad(${ARGS})
{
	guard(spinlock)(&tree);
	d_move(old_dentry, new_dentry); /*! rename/atomic-move@high */
	return 0;
}${TABLES('rename_bad')}`,

  // ---- right

  'after the d_lock was given back': plain(`	spin_lock(&old_dentry->d_lock);
	old_dentry->d_time = 0;
	spin_unlock(&old_dentry->d_lock);
	d_move(old_dentry, new_dentry);`),

  'after the lock that is taken inside d_lock was given back': `${TREE}${TAKES_INSIDE}${plain(`	spin_lock(&tree);
	old_dentry->d_time = 0;
	spin_unlock(&tree);
	d_move(old_dentry, new_dentry);`)}`,

  'a lock inside which d_lock is taken: the right order': `${TREE}
void look_at(struct dentry *dentry)
{
	spin_lock(&tree);
	spin_lock(&dentry->d_lock);
	dentry->d_time = 1;
	spin_unlock(&dentry->d_lock);
	spin_unlock(&tree);
}${MOVE_UNDER_TREE('')}`,

  'the lock is only tried inside d_lock': `${TREE}
void look_at(struct dentry *dentry)
{
	spin_lock(&dentry->d_lock);
	if (spin_trylock(&tree)) {
		dentry->d_time = 1;
		spin_unlock(&tree);
	}
	spin_unlock(&dentry->d_lock);
}${MOVE_UNDER_TREE('')}`,

  'd_lock is given back before the lock is taken': `${TREE}
void look_at(struct dentry *dentry)
{
	spin_lock(&dentry->d_lock);
	dentry->d_time = 1;
	spin_unlock(&dentry->d_lock);
	spin_lock(&tree);
	dentry->d_fsdata = NULL;
	spin_unlock(&tree);
}${MOVE_UNDER_TREE('')}`,

  'another lock of the same structure is taken inside d_lock': `
void look_at(struct dentry *dentry)
{
	struct foo *foo = dentry->d_fsdata;

	spin_lock(&dentry->d_lock);
	spin_lock(&foo->other);
	foo->count++;
	spin_unlock(&foo->other);
	spin_unlock(&dentry->d_lock);
}
static int rename_ok(${ARGS})
{
	struct foo *foo = old_dentry->d_fsdata;

	spin_lock(&foo->lock);
	d_move(old_dentry, new_dentry);
	spin_unlock(&foo->lock);
	return 0;
}${TABLES('rename_ok')}`,

  'd_iput runs after d_lock was given back': `${TREE}
static void iput_ok(struct dentry *dentry, struct inode *inode)
{
	spin_lock(&tree);
	dentry->d_fsdata = NULL;
	spin_unlock(&tree);
	iput(inode);
}
const struct dentry_operations foo_dentry = { .d_iput = iput_ok };${MOVE_UNDER_TREE('')}`,

  'under a mutex, a semaphore and the RCU read side': `
static int rename_ok(${ARGS})
{
	struct foo *foo = old_dir->i_sb->s_fs_info;

	mutex_lock(&foo->mutex);
	down_write(&foo->sem);
	rcu_read_lock();
	d_move(old_dentry, new_dentry);
	rcu_read_unlock();
	up_write(&foo->sem);
	mutex_unlock(&foo->mutex);
	return 0;
}${TABLES('rename_ok')}`,

  'on one side of a test only': `
static int rename_ok(${ARGS})
{
	bool counted = old_dir != new_dir;

	if (counted) {
		spin_lock(&old_dentry->d_lock);
		old_dentry->d_time = 0;
		spin_unlock(&old_dentry->d_lock);
	} else {
		d_move(old_dentry, new_dentry);
		return 0;
	}
	d_move(old_dentry, new_dentry);
	return 0;
}${TABLES('rename_ok')}`,

  'the lock is read at the beginning and the end only':
    plain(`	unsigned int seq = read_seqbegin(&rename_lock);

	if (read_seqretry(&rename_lock, seq))
		return -EAGAIN;
	d_move(old_dentry, new_dentry);`),
};
