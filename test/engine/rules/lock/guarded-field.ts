/**
 * lock/guarded-field: code that is wrong (`_bad`), and code that is right and looks like it (`_ok`).
 */
import type { RuleCases } from '../../harness.js';

const CRATE = `
struct item { struct list_head node; };
struct crate { spinlock_t lock; int users; int all; struct list_head items; };
void enter(struct crate *c, struct item *i)
{
	spin_lock(&c->lock);
	c->users++;
	list_add(&i->node, &c->items);
	spin_unlock(&c->lock);
}
void enter_twice(struct crate *c, struct item *i, struct item *j)
{
	spin_lock(&c->lock);
	c->users += 2;
	list_add(&i->node, &c->items);
	list_add(&j->node, &c->items);
	spin_unlock(&c->lock);
}
void leave(struct crate *c)
{
	spin_lock(&c->lock);
	c->users--;
	spin_unlock(&c->lock);
}
`;

const BOX = `
struct box { spinlock_t lock; int used; int size; };
void put_ok(struct box *b, int n)
{
	spin_lock(&b->lock);
	b->used += n;
	spin_unlock(&b->lock);
}
int has_ok(struct box *b, int n)
{
	int ret;

	spin_lock(&b->lock);
	ret = b->used > n;
	spin_unlock(&b->lock);
	return ret;
}
`;

/** Cases by title. */
export const GUARDED_FIELD: RuleCases = {
  'flags of a dentry that others see': `
static int a_bad(struct inode *dir, struct dentry *dentry)
{
	dentry->d_flags |= 4; /*! lock/guarded-field */
	return 0;
}
const struct inode_operations ops = { .unlink = a_bad };`,
  'what a declaration says is guarded': `
struct other { int used; };
struct tray { struct mutex lock; int used __guarded_by(&lock); unsigned int full : 1 __guarded_by(&lock); int size; };
static int a_bad(struct inode *dir, struct dentry *dentry)
{
	struct tray *tray = dir->i_private;

	tray->used++; /*! lock/guarded-field@high */
	tray->size = 1;
	return 0;
}
static int b_bad(struct inode *dir, struct dentry *dentry)
{
	struct tray *tray = dir->i_private;

	mutex_lock(&tray->lock);
	tray->size = 1;
	mutex_unlock(&tray->lock);
	tray->full = 1; /*! lock/guarded-field@high */
	return 0;
}
const struct inode_operations ops = { .unlink = a_bad, .rmdir = b_bad };`,
  'what a declaration says is guarded, under the lock': `
struct other { int used; };
struct tray { struct mutex lock; int used __guarded_by(&lock); int size __guarded_by(&elsewhere); };
static int fill_ok(struct tray *tray)
	__must_hold(&tray->lock)
{
	tray->used++;
	return 0;
}
static int a_ok(struct inode *dir, struct dentry *dentry)
{
	struct tray *tray = dir->i_private;
	struct other *other = dentry->d_fsdata;

	mutex_lock(&tray->lock);
	fill_ok(tray);
	tray->used = 1;
	mutex_unlock(&tray->lock);
	other->used = 1;
	tray->size = 1;
	return 0;
}
const struct inode_operations ops = { .unlink = a_ok };`,
  'in a helper': `
static void mark_bad(struct dentry *dentry)
{
	dentry->d_flags |= 4; /*! lock/guarded-field */
}
static int a_unlink(struct inode *dir, struct dentry *dentry)
{
	mark_bad(dentry);
	return 0;
}
const struct inode_operations ops = { .unlink = a_unlink };`,
  'after the lock was dropped': `
static int a_bad(struct inode *dir, struct dentry *dentry)
{
	spin_lock(&dentry->d_lock);
	dentry->d_time = 1;
	spin_unlock(&dentry->d_lock);
	dentry->d_flags &= ~4; /*! lock/guarded-field */
	return 0;
}
const struct inode_operations ops = { .unlink = a_bad };`,
  // More ways lead there than are kept apart
  'behind a loop with many ways through it': `
int foo_a(struct dentry *d), foo_b(struct dentry *d), foo_c(struct dentry *d), foo_d(struct dentry *d), foo_e(struct dentry *d);
struct dentry *foo_next(struct dentry *d);
static int a_bad(struct inode *dir, struct dentry *dentry)
{
	int n = 0;

	while (n < 100 && foo_next(dentry)) {
		if (dir->i_flags & 1)
			n += foo_a(dentry);
		if (dir->i_flags & 2)
			n += foo_b(dentry);
		if (dir->i_flags & 4)
			n += foo_c(dentry);
		if (dir->i_flags & 8)
			n += foo_d(dentry);
		if (dir->i_flags & 16)
			n += foo_e(dentry);
	}
	dentry->d_flags |= 4; /*! lock/guarded-field */
	return n;
}
const struct inode_operations ops = { .unlink = a_bad };`,
  'behind a loop with many ways through it, with a lock that a flag decides about': `
int foo_a(struct dentry *d), foo_b(struct dentry *d), foo_c(struct dentry *d), foo_d(struct dentry *d), foo_e(struct dentry *d);
struct dentry *foo_next(struct dentry *d);
static int a_ok(struct inode *dir, struct dentry *dentry)
{
	int n = 0;
	int mark = dir->i_flags & 64;

	if (mark)
		spin_lock(&dentry->d_lock);
	while (n < 100 && foo_next(dentry)) {
		if (dir->i_flags & 1)
			n += foo_a(dentry);
		if (dir->i_flags & 2)
			n += foo_b(dentry);
		if (dir->i_flags & 4)
			n += foo_c(dentry);
		if (dir->i_flags & 8)
			n += foo_d(dentry);
		if (dir->i_flags & 16)
			n += foo_e(dentry);
	}
	if (mark) {
		dentry->d_flags |= 4;
		spin_unlock(&dentry->d_lock);
	}
	return n;
}
const struct inode_operations ops = { .unlink = a_ok };`,
  'under the lock': `
static void mark_ok(struct dentry *dentry)
{
	dentry->d_flags |= 4;
}
static int a_ok(struct inode *dir, struct dentry *dentry)
{
	spin_lock(&dentry->d_lock);
	mark_ok(dentry);
	spin_unlock(&dentry->d_lock);
	return 0;
}
const struct inode_operations ops = { .unlink = a_ok };`,
  'a list of children, with the directory only locked shared': `
static void move_bad(struct dentry *cursor, struct dentry *to)
{
	list_del_init(&cursor->d_sib); /*! lock/guarded-field */
}
static int a_unlink(struct inode *dir, struct dentry *dentry)
{
	move_bad(dentry, dentry->d_parent);
	return 0;
}
const struct inode_operations ops = { .unlink = a_unlink };`,
  "the parent's lock guards the list": `
static int a_ok(struct inode *dir, struct dentry *dentry)
{
	struct dentry *parent = dentry->d_parent;

	spin_lock(&parent->d_lock);
	list_del_init(&dentry->d_sib);
	spin_unlock(&parent->d_lock);
	return 0;
}
const struct inode_operations ops = { .unlink = a_ok };`,
  'before others see it': `
struct dentry *foo_alloc(struct inode *dir);
static int a_ok(struct inode *dir, struct dentry *dentry)
{
	struct dentry *made = foo_alloc(dir);

	made->d_flags = 4;
	return 0;
}
const struct inode_operations ops = { .unlink = a_ok };`,
  'after nobody sees it any more': `
static void a_ok(struct dentry *dentry)
{
	dentry->d_flags = 0;
}
const struct dentry_operations ops = { .d_release = a_ok };`,
  'a reader': `
static int a_ok(struct inode *dir, struct dentry *dentry)
{
	return dentry->d_flags & 4;
}
const struct inode_operations ops = { .unlink = a_ok };`,
  'callers that are not known': `
void a_ok(struct dentry *dentry)
{
	dentry->d_flags |= 4;
}`,
  'a field of the same name': `
struct note { unsigned int d_flags; };
static int a_ok(struct inode *dir, struct dentry *dentry)
{
	struct note *note = dir->i_private;

	note->d_flags |= 4;
	return 0;
}
const struct inode_operations ops = { .unlink = a_ok };`,
  'read when the lock was just dropped': `${BOX}
int a_bad(struct box *b)
{
	int used;

	spin_lock(&b->lock);
	if (b->used > 8)
		b->used = 8;
	spin_unlock(&b->lock);
	used = b->used; /*! lock/guarded-field */
	return used;
}`,
  'the lock is taken around nothing': `${BOX}
int a_bad(struct box *b)
{
	spin_lock(&b->lock);
	spin_unlock(&b->lock);
	return b->used; /*! lock/guarded-field */
}`,
  // What nobody changes may be read at any time
  'read after the lock, and never written': `${BOX}
int a_ok(struct box *b)
{
	spin_lock(&b->lock);
	b->used = 0;
	spin_unlock(&b->lock);
	return b->size;
}`,
  // Something else may keep it by then
  'read after more was done': `${BOX}
void settle(struct box *b);
int a_ok(struct box *b)
{
	spin_lock(&b->lock);
	b->used = 0;
	spin_unlock(&b->lock);
	settle(b);
	return b->used;
}`,
  'read for a message only': `${BOX}
void note(const char *fmt, int n);
#define pr_box(fmt, ...) note(fmt, ##__VA_ARGS__)
void a_ok(struct box *b)
{
	spin_lock(&b->lock);
	b->used = 0;
	spin_unlock(&b->lock);
	pr_box("%d", b->used);
}`,
  'read without the lock on purpose': `${BOX}
int peek_ok(struct box *b)
{
	return READ_ONCE(b->used);
}
int a_ok(struct box *b)
{
	spin_lock(&b->lock);
	b->used = 0;
	spin_unlock(&b->lock);
	return b->used;
}`,
  'read without the lock by most': `${BOX}
int one_ok(struct box *b)
{
	int n = b->used;

	n += b->used;
	if (b->used)
		n++;
	return n + b->used;
}
int a_ok(struct box *b)
{
	spin_lock(&b->lock);
	b->used = 0;
	spin_unlock(&b->lock);
	return b->used;
}`,
  'taken again': `${BOX}
int a_ok(struct box *b)
{
	int used;

	spin_lock(&b->lock);
	b->used = 0;
	spin_unlock(&b->lock);
	spin_lock(&b->lock);
	used = b->used;
	spin_unlock(&b->lock);
	return used;
}`,
  'read for a trace or an assertion only': `${BOX}
void trace_box(struct box *b, int used);
void a_ok(struct box *b)
{
	spin_lock(&b->lock);
	b->used = 0;
	spin_unlock(&b->lock);
	trace_box(b, b->used);
	spin_lock(&b->lock);
	b->used = 1;
	spin_unlock(&b->lock);
	ASSERT(b->used == 1);
}`,
  // What one of all that change it does without the lock is lost; and what is new is nobody else's yet
  'changed without the lock under which all others change it': `${CRATE}
static int crate_open(struct inode *inode, struct file *file)
{
	struct crate *c = inode->i_private;

	c->users++; /*! lock/guarded-field@low */
	return 0;
}
static int crate_release(struct inode *inode, struct file *file)
{
	struct crate *c = inode->i_private;

	leave(c);
	return 0;
}
static int crate_mkdir(struct mnt_idmap *idmap, struct inode *dir, struct dentry *dentry, umode_t mode)
{
	struct crate *c = kzalloc(sizeof(*c), GFP_KERNEL);

	c->users++;
	return 0;
}
const struct file_operations crate_ops = { .open = crate_open, .release = crate_release };
const struct inode_operations crate_dir_ops = { .mkdir = crate_mkdir };`,
  'a list is changed without the lock under which all others change it': `${CRATE}
static int crate_open(struct inode *inode, struct file *file)
{
	struct crate *c = inode->i_private;
	struct item *i = file->private_data;

	list_add(&i->node, &c->items); /*! lock/guarded-field@low */
	return 0;
}
const struct file_operations crate_ops = { .open = crate_open };`,
  'changed under another lock of all': `${CRATE}
static struct mutex crates;
static int crate_open(struct inode *inode, struct file *file)
{
	struct crate *c = inode->i_private;

	mutex_lock(&crates);
	c->all++;
	mutex_unlock(&crates);
	return 0;
}
void more_ok(struct crate *c)
{
	mutex_lock(&crates);
	spin_lock(&c->lock);
	c->all++;
	c->all += 2;
	spin_unlock(&c->lock);
	mutex_unlock(&crates);
}
void less_ok(struct crate *c)
{
	mutex_lock(&crates);
	spin_lock(&c->lock);
	c->all--;
	spin_unlock(&c->lock);
	mutex_unlock(&crates);
}
const struct file_operations crate_ops = { .open = crate_open };`,
  'one of several changes without the lock': `${CRATE}
static int crate_open(struct inode *inode, struct file *file)
{
	struct crate *c = inode->i_private;

	c->users++;
	return 0;
}
static int crate_flush(struct file *file, fl_owner_t id)
{
	struct crate *c = file->f_inode->i_private;

	c->users++;
	return 0;
}
const struct file_operations crate_ops = { .open = crate_open, .flush = crate_flush };`,
  'the first value of what is seen later': `${CRATE}
static int crate_open(struct inode *inode, struct file *file)
{
	struct crate *c = inode->i_private;

	c->users = 0;
	return 0;
}
const struct file_operations crate_ops = { .open = crate_open };`,
  'changed under another lock of the object': `${CRATE}
struct lid { spinlock_t lock; spinlock_t other; int n; };
void up_ok(struct lid *l)
{
	spin_lock(&l->lock);
	l->n++;
	l->n += 2;
	spin_unlock(&l->lock);
}
void down_ok(struct lid *l)
{
	spin_lock(&l->lock);
	l->n--;
	spin_unlock(&l->lock);
}
static int lid_open(struct inode *inode, struct file *file)
{
	struct lid *l = inode->i_private;

	spin_lock(&l->other);
	l->n++;
	spin_unlock(&l->other);
	return 0;
}
const struct file_operations lid_ops = { .open = lid_open };`,
};
