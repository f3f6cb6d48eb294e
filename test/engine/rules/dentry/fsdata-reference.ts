/**
 * dentry/fsdata-reference: code that is wrong (`_bad`), and code that is right and looks like it (`_ok`).
 */
import type { RuleCases } from '../../harness.js';

/** What d_fsdata points at, and who drops it. */
const NOTE = `
struct note { refcount_t users; struct list_head all; struct note *next; int dead; };
struct shelf { struct note *spare; };
static void note_put(struct note *n)
{
	if (refcount_dec_and_test(&n->users))
		kfree(n);
}
static struct note *note_get(struct note *n)
{
	refcount_inc(&n->users);
	return n;
}
static void iput_ok(struct dentry *dentry, struct inode *inode)
{
	struct note *n = dentry->d_fsdata;

	if (n)
		note_put(n);
	iput(inode);
}
const struct dentry_operations ops = { .d_iput = iput_ok };
`;

/** Cases by title. */
export const FSDATA_REFERENCE: RuleCases = {
  'found in memory': `
struct note { refcount_t users; struct list_head all; struct note *next; };
static void note_put(struct note *n)
{
	if (refcount_dec_and_test(&n->users))
		kfree(n);
}
static struct note *note_get(struct note *n)
{
	refcount_inc(&n->users);
	return n;
}
static void iput_ok(struct dentry *dentry, struct inode *inode)
{
	struct note *n = dentry->d_fsdata;

	if (n)
		note_put(n);
	iput(inode);
}
const struct dentry_operations ops = { .d_iput = iput_ok };
void attach_bad(struct note *head, struct dentry *dentry)
{
	dentry->d_fsdata = head->next; /*! dentry/fsdata-reference */
}`,

  'found on a list': `
struct note { refcount_t users; struct list_head all; struct note *next; };
static void note_put(struct note *n)
{
	if (refcount_dec_and_test(&n->users))
		kfree(n);
}
static struct note *note_get(struct note *n)
{
	refcount_inc(&n->users);
	return n;
}
static void iput_ok(struct dentry *dentry, struct inode *inode)
{
	struct note *n = dentry->d_fsdata;

	if (n)
		note_put(n);
	iput(inode);
}
const struct dentry_operations ops = { .d_iput = iput_ok };
int attach_bad(struct list_head *notes, struct dentry *dentry)
{
	struct note *n;

	list_for_each_entry(n, notes, all) {
		if (n->next) {
			dentry->d_fsdata = n; /*! dentry/fsdata-reference */
			return 0;
		}
	}
	return -ENOENT;
}`,

  'handed down by whoever found it': `
struct note { refcount_t users; struct list_head all; struct note *next; };
static void note_put(struct note *n)
{
	if (refcount_dec_and_test(&n->users))
		kfree(n);
}
static struct note *note_get(struct note *n)
{
	refcount_inc(&n->users);
	return n;
}
static void iput_ok(struct dentry *dentry, struct inode *inode)
{
	struct note *n = dentry->d_fsdata;

	if (n)
		note_put(n);
	iput(inode);
}
const struct dentry_operations ops = { .d_iput = iput_ok };
static void attach_bad(struct dentry *dentry, struct note *n)
{
	dentry->d_fsdata = n; /*! dentry/fsdata-reference */
}
static void attach_ok(struct dentry *dentry, struct note *n)
{
	dentry->d_fsdata = n;
}
void look(struct note *head, struct dentry *dentry)
{
	attach_bad(dentry, head->next);
}
void look_and_get(struct note *head, struct dentry *dentry)
{
	attach_ok(dentry, note_get(head->next));
}`,

  'handed down, and a reference is taken on another way only': `${NOTE}
static void attach_bad(struct dentry *dentry, struct note *n)
{
	dentry->d_fsdata = n; /*! dentry/fsdata-reference */
}
static void hang_ok(struct dentry *dentry, struct note *n)
{
	dentry->d_fsdata = n;
}
void look(struct shelf *shelf, struct dentry *dentry, int first)
{
	if (first) {
		dentry->d_fsdata = note_get(shelf->spare);
		return;
	}
	attach_bad(dentry, shelf->spare);
}
void look_and_get(struct shelf *shelf, struct dentry *dentry, int first)
{
	if (first)
		note_get(shelf->spare);
	hang_ok(dentry, shelf->spare);
}`,

  'just made, and its first reference is that of a list': `
struct note { refcount_t users; struct list_head all; struct note *next; };
static void note_put(struct note *n)
{
	if (refcount_dec_and_test(&n->users))
		kfree(n);
}
static struct note *note_get(struct note *n)
{
	refcount_inc(&n->users);
	return n;
}
static void iput_ok(struct dentry *dentry, struct inode *inode)
{
	struct note *n = dentry->d_fsdata;

	if (n)
		note_put(n);
	iput(inode);
}
const struct dentry_operations ops = { .d_iput = iput_ok };
static struct list_head notes;
static struct note *make(void)
{
	struct note *n = kzalloc(sizeof(*n), GFP_KERNEL);

	if (!n)
		return NULL;
	refcount_set(&n->users, 1);
	list_add(&n->all, &notes);
	return n;
}
void forget(struct note *n)
{
	list_del(&n->all);
	note_put(n);
}
void attach_bad(struct dentry *dentry)
{
	struct note *n = make();

	if (n)
		dentry->d_fsdata = n; /*! dentry/fsdata-reference */
}
void attach_ok(struct dentry *dentry)
{
	struct note *n = make();

	if (n)
		dentry->d_fsdata = note_get(n);
}`,

  'a number, or another structure': `
struct note { refcount_t users; struct list_head all; struct note *next; };
static void note_put(struct note *n)
{
	if (refcount_dec_and_test(&n->users))
		kfree(n);
}
static struct note *note_get(struct note *n)
{
	refcount_inc(&n->users);
	return n;
}
static void iput_ok(struct dentry *dentry, struct inode *inode)
{
	struct note *n = dentry->d_fsdata;

	if (n)
		note_put(n);
	iput(inode);
}
const struct dentry_operations ops = { .d_iput = iput_ok };
void version_ok(struct foo *f, struct dentry *dentry)
{
	dentry->d_fsdata = (void *)(unsigned long)f->bits;
}
void other_ok(struct foo *f, struct dentry *dentry)
{
	dentry->d_fsdata = f->next;
}`,

  'with a reference, before and after, by a helper': `
struct note { refcount_t users; struct list_head all; struct note *next; };
static void note_put(struct note *n)
{
	if (refcount_dec_and_test(&n->users))
		kfree(n);
}
static struct note *note_get(struct note *n)
{
	refcount_inc(&n->users);
	return n;
}
static void iput_ok(struct dentry *dentry, struct inode *inode)
{
	struct note *n = dentry->d_fsdata;

	if (n)
		note_put(n);
	iput(inode);
}
const struct dentry_operations ops = { .d_iput = iput_ok };
void before_ok(struct note *head, struct dentry *dentry)
{
	dentry->d_fsdata = note_get(head->next);
}
void after_ok(struct note *head, struct dentry *dentry)
{
	struct note *n = head->next;

	dentry->d_fsdata = n;
	refcount_inc(&n->users);
}`,

  'moved from another dentry': `
struct note { refcount_t users; struct list_head all; struct note *next; };
static void note_put(struct note *n)
{
	if (refcount_dec_and_test(&n->users))
		kfree(n);
}
static struct note *note_get(struct note *n)
{
	refcount_inc(&n->users);
	return n;
}
static void iput_ok(struct dentry *dentry, struct inode *inode)
{
	struct note *n = dentry->d_fsdata;

	if (n)
		note_put(n);
	iput(inode);
}
const struct dentry_operations ops = { .d_iput = iput_ok };
void move_ok(struct dentry *from, struct dentry *to)
{
	to->d_fsdata = from->d_fsdata;
	from->d_fsdata = NULL;
}`,

  'just made, or handed over': `
struct note { refcount_t users; struct list_head all; struct note *next; };
static void note_put(struct note *n)
{
	if (refcount_dec_and_test(&n->users))
		kfree(n);
}
static struct note *note_get(struct note *n)
{
	refcount_inc(&n->users);
	return n;
}
static void iput_ok(struct dentry *dentry, struct inode *inode)
{
	struct note *n = dentry->d_fsdata;

	if (n)
		note_put(n);
	iput(inode);
}
const struct dentry_operations ops = { .d_iput = iput_ok };
int make_ok(struct dentry *dentry)
{
	struct note *n = kzalloc(sizeof(*n), GFP_KERNEL);

	if (!n)
		return -ENOMEM;
	refcount_set(&n->users, 1);
	dentry->d_fsdata = n;
	return 0;
}
void give_ok(struct dentry *dentry, struct note *n)
{
	dentry->d_fsdata = n;
}`,

  'what nobody counts': `
void attach_ok(struct foo *f, struct dentry *dentry)
{
	dentry->d_fsdata = f->next;
}
static void release_ok(struct dentry *dentry)
{
	kfree(dentry->d_fsdata);
}
const struct dentry_operations ops = { .d_release = release_ok };`,

  'a rename that hangs the element of the one dentry on another': `
struct note { refcount_t users; struct list_head all; struct note *next; };
static void note_put(struct note *n)
{
	if (refcount_dec_and_test(&n->users))
		kfree(n);
}
static void iput_ok(struct dentry *dentry, struct inode *inode)
{
	struct note *n = dentry->d_fsdata;

	if (n)
		note_put(n);
	iput(inode);
}
const struct dentry_operations ops = { .d_iput = iput_ok };
static int rename_bad(struct mnt_idmap *idmap, struct inode *old_dir, struct dentry *old_dentry,
		      struct inode *new_dir, struct dentry *new_dentry, unsigned int flags)
{
	struct note *head = new_dir->i_private;

	new_dentry->d_fsdata = head->next; /*! dentry/fsdata-reference */
	return 0;
}
const struct inode_operations dir = { .rename = rename_bad };`,

  'a rename that takes a reference for what it hangs there': `
struct note { refcount_t users; struct list_head all; struct note *next; };
static void note_put(struct note *n)
{
	if (refcount_dec_and_test(&n->users))
		kfree(n);
}
static void iput_ok(struct dentry *dentry, struct inode *inode)
{
	struct note *n = dentry->d_fsdata;

	if (n)
		note_put(n);
	iput(inode);
}
const struct dentry_operations ops = { .d_iput = iput_ok };
static int rename_ok(struct mnt_idmap *idmap, struct inode *old_dir, struct dentry *old_dentry,
		     struct inode *new_dir, struct dentry *new_dentry, unsigned int flags)
{
	struct note *head = new_dir->i_private;

	refcount_inc(&head->next->users);
	new_dentry->d_fsdata = head->next;
	return 0;
}
const struct inode_operations dir = { .rename = rename_ok };`,
  'overwritten, and what stood there is lost': `${NOTE}
void renew_bad(struct note *head, struct dentry *dentry)
{
	struct note *old = dentry->d_fsdata;

	if (old)
		old->dead = 1;
	if (old)
		dentry->d_fsdata = note_get(head->next); /*! dentry/fsdata-reference */
}
void clear_bad(struct dentry *dentry)
{
	if (!dentry->d_fsdata)
		return;
	dentry->d_fsdata = NULL; /*! dentry/fsdata-reference */
}`,

  'overwritten, and what stood there is dropped': `${NOTE}
void before_ok(struct note *head, struct dentry *dentry)
{
	struct note *old = dentry->d_fsdata;

	if (!old)
		return;
	note_put(old);
	dentry->d_fsdata = note_get(head->next);
}
void after_ok(struct note *head, struct dentry *dentry)
{
	struct note *old = dentry->d_fsdata;

	if (!old)
		return;
	dentry->d_fsdata = note_get(head->next);
	note_put(old);
}`,

  'overwritten, and what stood there is handed on': `${NOTE}
struct note *take_ok(struct dentry *dentry)
{
	struct note *old = dentry->d_fsdata;

	if (old)
		dentry->d_fsdata = NULL;
	return old;
}
void keep_ok(struct shelf *shelf, struct dentry *dentry)
{
	struct note *old = dentry->d_fsdata;

	if (!old)
		return;
	dentry->d_fsdata = NULL;
	shelf->spare = old;
}
void later_ok(struct list_head *list, struct dentry *dentry)
{
	struct note *old = dentry->d_fsdata;

	if (!old)
		return;
	dentry->d_fsdata = NULL;
	list_add(&old->all, list);
}`,

  'overwritten where nothing stood': `${NOTE}
void first_ok(struct note *head, struct dentry *dentry)
{
	if (!dentry->d_fsdata)
		dentry->d_fsdata = note_get(head->next);
}
void blind_ok(struct note *head, struct dentry *dentry)
{
	dentry->d_fsdata = note_get(head->next);
}`,
};
