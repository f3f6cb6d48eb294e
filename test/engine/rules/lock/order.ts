/**
 * lock/order: code that is wrong (`_bad`), and code that is right and looks like it (`_ok`).
 */
import type { RuleCases } from '../../harness.js';

/** Cases by title. */
export const ORDER: RuleCases = {
  'two parents in the order in which they came': `
void a_bad(struct dentry *p1, struct dentry *p2)
{
	inode_lock_nested(p1->d_inode, I_MUTEX_PARENT);
	inode_lock_nested(p2->d_inode, I_MUTEX_PARENT2); /*! lock/order */
}`,
  'no ancestor was found': `
struct dentry *a_bad(struct dentry *p1, struct dentry *p2)
{
	struct dentry *p = d_ancestor(p2, p1);

	if (p) {
		inode_lock_nested(p2->d_inode, I_MUTEX_PARENT);
		inode_lock_nested(p1->d_inode, I_MUTEX_PARENT2);
		return p;
	}
	inode_lock_nested(p1->d_inode, I_MUTEX_PARENT);
	inode_lock_nested(p2->d_inode, I_MUTEX_PARENT2); /*! lock/order */
	return NULL;
}`,
  'at the root, which is its own parent': `
void a_bad(struct dentry *p1, struct dentry *p2)
{
	if (p1->d_parent == p1) {
		inode_lock_nested(p1->d_inode, I_MUTEX_PARENT);
		inode_lock_nested(p2->d_inode, I_MUTEX_PARENT2); /*! lock/order */
	}
}`,
  'an ancestor of both was found': `
bool a_ok(struct dentry *p1, struct dentry *p2)
{
	struct dentry *p = p1->d_parent;
	struct dentry *q = p2->d_parent;

	if (p != q)
		return false;
	inode_lock_nested(p1->d_inode, I_MUTEX_PARENT);
	inode_lock_nested(p2->d_inode, I_MUTEX_PARENT2);
	return true;
}`,
  'a directory and what lies in it': `
void a_ok(struct dentry *p1, struct dentry *p2)
{
	inode_lock_nested(p1->d_inode, I_MUTEX_PARENT);
	inode_lock_nested(p2->d_inode, I_MUTEX_CHILD);
}`,
  'one of them alone': `
void a_ok(struct dentry *p1, struct dentry *p2)
{
	inode_lock_nested(p1->d_inode, I_MUTEX_PARENT);
	inode_unlock(p1->d_inode);
	inode_lock_nested(p2->d_inode, I_MUTEX_PARENT2);
}`,
  'two mutexes in both orders': `
struct shelf { struct mutex top; struct mutex low; int flags; };

void a_ok(struct shelf *s)
{
	mutex_lock(&s->top);
	mutex_lock(&s->low);
	mutex_unlock(&s->low);
	mutex_unlock(&s->top);
}

void b_ok(struct shelf *s)
{
	mutex_lock(&s->top);
	mutex_lock(&s->low);
	mutex_unlock(&s->low);
	mutex_unlock(&s->top);
}

void c_bad(struct shelf *s)
{
	mutex_lock(&s->low);
	mutex_lock(&s->top); /*! lock/order */
	mutex_unlock(&s->top);
	mutex_unlock(&s->low);
}`,
  'through calls on both sides': `
struct shelf { spinlock_t top; spinlock_t low; };

static void take_low(struct shelf *s)
{
	spin_lock(&s->low);
	spin_unlock(&s->low);
}

static void one_down(struct shelf *s)
{
	take_low(s);
}

static void take_top(struct shelf *s)
{
	spin_lock(&s->top);
	spin_unlock(&s->top);
}

void a_ok(struct shelf *s)
{
	spin_lock(&s->top);
	one_down(s);
	spin_unlock(&s->top);
}

void b_ok(struct shelf *s)
{
	spin_lock(&s->top);
	take_low(s);
	spin_unlock(&s->top);
}

void c_bad(struct shelf *s)
{
	spin_lock(&s->low);
	take_top(s); /*! lock/order */
	spin_unlock(&s->low);
}`,
  'the inner one is only tried': `
struct shelf { spinlock_t top; spinlock_t low; };

void a_ok(struct shelf *s)
{
	spin_lock(&s->top);
	spin_lock(&s->low);
	spin_unlock(&s->low);
	spin_unlock(&s->top);
}

void b_ok(struct shelf *s)
{
	spin_lock(&s->low);
	if (spin_trylock(&s->top))
		spin_unlock(&s->top);
	spin_unlock(&s->low);
}`,
  'both under one lock': `
struct shelf { struct mutex gate; struct mutex top; struct mutex low; };

void a_ok(struct shelf *s)
{
	mutex_lock(&s->gate);
	mutex_lock(&s->top);
	mutex_lock(&s->low);
	mutex_unlock(&s->low);
	mutex_unlock(&s->top);
	mutex_unlock(&s->gate);
}

void b_ok(struct shelf *s)
{
	mutex_lock(&s->gate);
	mutex_lock(&s->low);
	mutex_lock(&s->top);
	mutex_unlock(&s->top);
	mutex_unlock(&s->low);
	mutex_unlock(&s->gate);
}`,
  'a flag says which order is in use': `
struct shelf { struct mutex top; struct mutex low; int flags; };

void a_ok(struct shelf *s)
{
	if (s->flags & 4) {
		mutex_lock(&s->top);
		mutex_lock(&s->low);
		mutex_unlock(&s->low);
		mutex_unlock(&s->top);
	}
}

void b_ok(struct shelf *s)
{
	if (s->flags & 4)
		return;
	mutex_lock(&s->low);
	mutex_lock(&s->top);
	mutex_unlock(&s->top);
	mutex_unlock(&s->low);
}`,
  'one function chooses between both': `
struct shelf { struct mutex top; struct mutex low; };

void a_ok(struct shelf *s, int up)
{
	if (up) {
		mutex_lock(&s->top);
		mutex_lock(&s->low);
	} else {
		mutex_lock(&s->low);
		mutex_lock(&s->top);
	}
	mutex_unlock(&s->low);
	mutex_unlock(&s->top);
}`,
  'an object that nobody else has yet': `
struct shelf { struct mutex top; };
static DEFINE_MUTEX(all_shelves);

void a_ok(struct shelf *s)
{
	mutex_lock(&s->top);
	mutex_lock(&all_shelves);
	mutex_unlock(&all_shelves);
	mutex_unlock(&s->top);
}

struct shelf *b_ok(void)
{
	struct shelf *s;

	mutex_lock(&all_shelves);
	s = kzalloc(sizeof(*s), GFP_KERNEL);
	if (s) {
		mutex_lock(&s->top);
		mutex_unlock(&s->top);
	}
	mutex_unlock(&all_shelves);
	return s;
}`,
  'given back by the callee before it takes the other': `
struct shelf { struct mutex top; struct mutex low; };

static void turn(struct shelf *s)
{
	mutex_unlock(&s->low);
	mutex_lock(&s->top);
	mutex_unlock(&s->top);
	mutex_lock(&s->low);
}

void a_ok(struct shelf *s)
{
	mutex_lock(&s->low);
	turn(s);
	mutex_unlock(&s->low);
}

void b_ok(struct shelf *s)
{
	mutex_lock(&s->top);
	mutex_lock(&s->low);
	mutex_unlock(&s->low);
	mutex_unlock(&s->top);
}`,
  'nesting subclasses are classes of their own': `
struct shelf { struct mutex top; struct mutex low; };

void a_ok(struct shelf *s)
{
	mutex_lock(&s->top);
	mutex_lock_nested(&s->low, SINGLE_DEPTH_NESTING);
	mutex_unlock(&s->low);
	mutex_unlock(&s->top);
}

void b_ok(struct shelf *s)
{
	mutex_lock(&s->low);
	mutex_lock(&s->top);
	mutex_unlock(&s->top);
	mutex_unlock(&s->low);
}`,
  'one kind of lock in two members of a structure': `
struct gate { struct rw_semaphore sem; };
struct shelf { struct gate first; struct mutex top; struct gate last; };

static void pass(struct gate *g)
{
	down_read(&g->sem);
	up_read(&g->sem);
}

void a_ok(struct shelf *s)
{
	mutex_lock(&s->top);
	pass(&s->last);
	mutex_unlock(&s->top);
}

void b_ok(struct shelf *s)
{
	down_write(&s->first.sem);
	mutex_lock(&s->top);
	mutex_unlock(&s->top);
	up_write(&s->first.sem);
}`,
  'the lock of a filesystem below': `
struct shelf { struct mutex top; };

void a_ok(struct shelf *s, struct dentry *lower)
{
	mutex_lock(&s->top);
	inode_lock_nested(lower->d_inode, I_MUTEX_PARENT);
	lookup_one_len("x", lower, 1);
	inode_unlock(lower->d_inode);
	mutex_unlock(&s->top);
}

void b_ok(struct shelf *s, struct dentry *upper)
{
	inode_lock_nested(upper->d_inode, I_MUTEX_PARENT);
	mutex_lock(&s->top);
	mutex_unlock(&s->top);
	inode_unlock(upper->d_inode);
}`,
  'against the order of the VFS': `
void a_bad(struct dentry *d, struct inode *inode)
{
	spin_lock(&d->d_lock);
	spin_lock(&inode->i_lock); /*! lock/order */
	spin_unlock(&inode->i_lock);
	spin_unlock(&d->d_lock);
}`,
  'in the order of the VFS, or tried': `
void a_ok(struct dentry *d, struct inode *inode)
{
	spin_lock(&inode->i_lock);
	spin_lock(&d->d_lock);
	spin_unlock(&d->d_lock);
	spin_unlock(&inode->i_lock);
}

void b_ok(struct dentry *d, struct inode *inode)
{
	spin_lock(&d->d_lock);
	if (spin_trylock(&inode->i_lock))
		spin_unlock(&inode->i_lock);
	spin_unlock(&d->d_lock);
}`,
  'user memory under a lock that mmap takes': `
static DEFINE_MUTEX(all_shelves);

static ssize_t read_bad(struct file *file, char __user *buf, size_t n, loff_t *pos)
{
	mutex_lock(&all_shelves);
	if (copy_to_user(buf, file, n)) /*! lock/order */
		n = 0;
	mutex_unlock(&all_shelves);
	return n;
}

static int mmap_ok(struct file *file, struct vm_area_struct *vma)
{
	mutex_lock(&all_shelves);
	mutex_unlock(&all_shelves);
	return 0;
}

const struct file_operations shelf_fops = {
	.read = read_bad,
	.mmap = mmap_ok,
};`,
  'two subdirectories of one directory': `
int a_bad(struct inode *from, struct inode *to, struct dentry *one, struct dentry *two)
{
	struct inode *source = one->d_inode;
	struct inode *target = two->d_inode;
	bool is_dir = d_is_dir(two);

	if (from != to)
		return 0;
	inode_lock_nested(source, I_MUTEX_CHILD);
	if (is_dir)
		inode_lock(target); /*! lock/order */
	return is_dir;
}`,
  'two subdirectories of different directories, and a file': `
void a_ok(struct inode *from, struct inode *to, struct dentry *one, struct dentry *two)
{
	if (from == to || !d_is_dir(two))
		return;
	inode_lock_nested(one->d_inode, I_MUTEX_CHILD);
	inode_lock(two->d_inode);
}

void b_ok(struct inode *from, struct inode *to, struct dentry *one, struct dentry *two)
{
	if (from != to || d_is_dir(two))
		return;
	inode_lock_nested(one->d_inode, I_MUTEX_CHILD);
	inode_lock(two->d_inode);
}`,
  'a folio and what is outside of it': `
struct folio { unsigned long flags; };
struct address_space { struct rw_semaphore invalidate_lock; };
void a_bad(struct address_space *mapping, struct folio *folio)
{
	folio_lock(folio);
	filemap_invalidate_lock(mapping); /*! lock/order@low */
	filemap_invalidate_unlock(mapping);
	folio_unlock(folio);
}`,
  'a folio that was unlocked by its end': `
struct folio { unsigned long flags; };
struct address_space { struct rw_semaphore invalidate_lock; };
void b_ok(struct address_space *mapping, struct folio *folio)
{
	folio_lock(folio);
	folio_end_read(folio, true);
	filemap_invalidate_lock(mapping);
	filemap_invalidate_unlock(mapping);
}`,
  // Who came through a mount holds one reference, and waits for nothing when he drops another one
  'a superblock that is held anyway': `
void a_ok(struct inode *inode, struct super_block *sb)
{
	inode_lock(inode);
	deactivate_super(sb);
	inode_unlock(inode);
}`,
  'the last reference of another superblock': `
struct shelf { struct mutex top; };
void a_ok(struct shelf *s, struct super_block *sb)
{
	mutex_lock(&s->top);
	deactivate_super(sb);
	mutex_unlock(&s->top);
}
void b_bad(struct shelf *s, struct super_block *sb)
{
	down_write(&sb->s_umount);
	mutex_lock(&s->top); /*! lock/order@low */
	mutex_unlock(&s->top);
	up_write(&sb->s_umount);
}`,
  'inodes with a class of their own': `
struct shelf { struct mutex top; };
static struct lock_class_key system_key;
struct inode *system_inode(struct shelf *s)
{
	struct inode *inode = find_inode(s);

	lockdep_set_class(&inode->i_rwsem, &system_key);
	return inode;
}
void a_ok(struct shelf *s)
{
	struct inode *inode = system_inode(s);

	mutex_lock(&s->top);
	inode_lock(inode);
	inode_unlock(inode);
	mutex_unlock(&s->top);
}
void b_ok(struct shelf *s, struct inode *inode)
{
	inode_lock(inode);
	mutex_lock(&s->top);
	mutex_unlock(&s->top);
	inode_unlock(inode);
}`,
  // Nobody opens it, and whoever has it locked waits for no user's file
  'an inode that the superblock keeps': `
struct shelf { struct rw_semaphore sem; struct inode vfs_inode; };
struct shelf_sb { struct inode *log; };
void a_ok(struct inode *inode)
{
	struct shelf *s = container_of(inode, struct shelf, vfs_inode);
	struct shelf_sb *sbi = inode->i_sb->s_fs_info;

	down_write(&s->sem);
	inode_lock(sbi->log);
	inode_unlock(sbi->log);
	up_write(&s->sem);
}
void b_ok(struct inode *inode)
{
	struct shelf *s = container_of(inode, struct shelf, vfs_inode);

	inode_lock(inode);
	down_write(&s->sem);
	up_write(&s->sem);
	inode_unlock(inode);
}`,
  'the same inode': `
struct shelf { struct rw_semaphore sem; struct inode vfs_inode; };
void a_bad(struct inode *inode)
{
	struct shelf *s = container_of(inode, struct shelf, vfs_inode);

	down_write(&s->sem);
	inode_lock(inode); /*! lock/order@low */
	inode_unlock(inode);
	up_write(&s->sem);
}
void b_ok(struct inode *inode)
{
	struct shelf *s = container_of(inode, struct shelf, vfs_inode);

	inode_lock(inode);
	down_write(&s->sem);
	up_write(&s->sem);
	inode_unlock(inode);
}
void c_ok(struct inode *inode)
{
	inode_lock(inode);
	down_write(&container_of(inode, struct shelf, vfs_inode)->sem);
	up_write(&container_of(inode, struct shelf, vfs_inode)->sem);
	inode_unlock(inode);
}`,
  'a write section of a sequence count, which waits for nobody': `
struct shelf { spinlock_t lock; seqcount_spinlock_t count; };
void a_ok(struct shelf *s)
{
	spin_lock(&s->lock);
	write_seqcount_begin(&s->count);
	write_seqcount_end(&s->count);
	spin_unlock(&s->lock);
}
void b_ok(struct shelf *s)
{
	write_seqcount_begin(&s->count);
	spin_lock(&s->lock);
	spin_unlock(&s->lock);
	write_seqcount_end(&s->count);
}`,
  'a write section of a seqlock, which waits for other writers': `
struct shelf { spinlock_t lock; seqlock_t seq; };
void a_bad(struct shelf *s)
{
	spin_lock(&s->lock);
	write_seqlock(&s->seq); /*! lock/order */
	write_sequnlock(&s->seq);
	spin_unlock(&s->lock);
}
void b_ok(struct shelf *s)
{
	write_seqlock(&s->seq);
	spin_lock(&s->lock);
	spin_unlock(&s->lock);
	write_sequnlock(&s->seq);
}`,
  "a parent's d_lock inside its child's": `
struct dentry *up_bad(struct dentry *p)
{
	struct dentry *parent;

	spin_lock(&p->d_lock);
	parent = p->d_parent;
	spin_lock(&parent->d_lock); /*! lock/order@high */
	spin_unlock(&p->d_lock);
	parent->d_time = 0;
	spin_unlock(&parent->d_lock);
	return parent;
}
void both_ok(struct dentry *parent, struct dentry *p)
{
	spin_lock(&parent->d_lock);
	spin_lock_nested(&p->d_lock, 1);
	spin_unlock(&p->d_lock);
	spin_unlock(&parent->d_lock);
}
struct dentry *try_ok(struct dentry *p)
{
	struct dentry *parent;

	spin_lock(&p->d_lock);
	parent = p->d_parent;
	if (!spin_trylock(&parent->d_lock)) {
		spin_unlock(&p->d_lock);
		return 0;
	}
	spin_unlock(&parent->d_lock);
	spin_unlock(&p->d_lock);
	return parent;
}`,
};
