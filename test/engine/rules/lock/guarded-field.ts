/**
 * lock/guarded-field: code that is wrong (`_bad`), and code that is right and looks like it (`_ok`).
 */
import type { RuleCases } from '../../harness.js';

/** Cases by title. */
export const GUARDED_FIELD: RuleCases = {
  'flags of a dentry that others see': `
static int a_bad(struct inode *dir, struct dentry *dentry)
{
	dentry->d_flags |= 4; /*! lock/guarded-field */
	return 0;
}
const struct inode_operations ops = { .unlink = a_bad };`,
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
};
