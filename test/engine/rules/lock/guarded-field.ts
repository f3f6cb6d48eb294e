/**
 * lock/guarded-field: code that is wrong (`_bad`), and code that is right and looks like it (`_ok`).
 */
import type { RuleCases } from '../../harness.js';

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
};
