/**
 * rename/embedded-free: code that is wrong (`_bad`), and code that is right and looks like it (`_ok`).
 */
import type { RuleCases } from '../../harness.js';

/** Elements of which a live one has more than a pending one; what hangs on dentries is the common part. */
const ELEMENTS = (note = ''): string => `
struct elem { struct list_head all; int state; };
struct live { struct elem elem;${note} int count; };
struct elem *make(struct dentry *dentry)
{
	struct live *live = kzalloc(sizeof(*live), GFP_KERNEL);

	if (!live)
		return NULL;
	dentry->d_fsdata = &live->elem;
	return &live->elem;
}`;

/** Cases by title. */
export const EMBEDDED_FREE: RuleCases = {
  'by the address of the first member': `${ELEMENTS()}
void end_bad(struct live *live)
{
	kfree(&live->elem); /*! rename/embedded-free@high */
}`,

  'by the address of the first member, after a grace period': `
struct elem { int state; struct rcu_head rcu; };
struct live { struct elem elem; int count; };
void end_bad(struct live *live)
{
	struct elem *elem = &live->elem;

	kfree_rcu(elem, rcu); /*! rename/embedded-free@high */
}`,

  'by a pointer that was loaded as one to the member': `${ELEMENTS()}
void end_bad(struct dentry *dentry)
{
	struct elem *elem = dentry->d_fsdata;

	if (elem)
		kfree(elem); /*! rename/embedded-free@medium */
}`,

  'in a helper that is handed the member': `${ELEMENTS()}
static void put_bad(struct elem *elem)
{
	kfree(elem); /*! rename/embedded-free@medium */
}
void end_ok(struct live *live)
{
	put_bad(&live->elem);
}`,

  'by the object itself': `${ELEMENTS()}
void end_ok(struct dentry *dentry)
{
	struct elem *elem = dentry->d_fsdata;

	kfree(container_of(elem, struct live, elem));
}`,

  'a comment says that it comes first': `${ELEMENTS(' /* must be first */')}
void end_ok(struct live *live)
{
	kfree(&live->elem);
}
void end_of_dentry_ok(struct dentry *dentry)
{
	struct elem *elem = dentry->d_fsdata;

	kfree(elem);
}`,

  'an assertion says that it comes first': `${ELEMENTS()}
static_assert(offsetof(struct live, elem) == 0);
void end_ok(struct live *live)
{
	kfree(&live->elem);
}`,

  'an assertion in a function says so': `${ELEMENTS()}
void end_ok(struct dentry *dentry)
{
	struct elem *elem = dentry->d_fsdata;

	BUILD_BUG_ON(offsetof(struct live, elem) != 0);
	kfree(elem);
}`,

  'the common part is allocated by itself as well': `${ELEMENTS()}
void hang_ok(struct dentry *dentry)
{
	struct elem *elem = kmalloc(sizeof(*elem), GFP_KERNEL);

	dentry->d_fsdata = elem;
}
void end_ok(struct dentry *dentry)
{
	struct elem *elem = dentry->d_fsdata;

	kfree(elem);
}`,

  'what a member points at is an object of its own': `
struct live { char *name; int count; };
void end_ok(struct live *live)
{
	kfree(live->name);
	kfree(live);
}`,
};
