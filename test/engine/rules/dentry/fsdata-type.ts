/**
 * dentry/fsdata-type: code that is wrong (`_bad`), and code that is right and looks like it (`_ok`).
 */
import type { RuleCases } from '../../harness.js';

/** Cases by title. */
export const FSDATA_TYPE: RuleCases = {
  'tag bits, not tested': `
void mark(struct dentry *dentry, void *ops)
{
	dentry->d_fsdata = (void *)((unsigned long)ops | 1);
}
static void release_bad(struct dentry *dentry)
{
	struct foo *f = dentry->d_fsdata;

	if (f)
		kfree(f->name); /*! dentry/fsdata-type */
	kfree(f);
}
const struct dentry_operations ops = { .d_release = release_bad };`,

  'tag bits, tested first': `
void mark(struct dentry *dentry, void *ops)
{
	dentry->d_fsdata = (void *)((unsigned long)ops | 1);
}
static void release_ok(struct dentry *dentry)
{
	struct foo *f = dentry->d_fsdata;

	if ((unsigned long)f & 1)
		return;
	if (f)
		kfree(f->name);
	kfree(f);
}
const struct dentry_operations ops = { .d_release = release_ok };`,

  'a member that one of two sets up': `
int open_file(struct dentry *dentry)
{
	struct foo *f = kmalloc(sizeof(*f), GFP_KERNEL);

	if (!f)
		return -ENOMEM;
	f->name = NULL;
	mutex_init(&f->mutex);
	dentry->d_fsdata = f;
	return 0;
}
int open_trap(struct dentry *dentry)
{
	struct foo *f = kzalloc(sizeof(*f), GFP_KERNEL);

	if (!f)
		return -ENOMEM;
	f->count = 1;
	dentry->d_fsdata = f;
	return 0;
}
static void release_bad(struct dentry *dentry)
{
	struct foo *f = dentry->d_fsdata;

	if (f)
		mutex_destroy(&f->mutex); /*! dentry/fsdata-type */
	kfree(f);
}
const struct dentry_operations ops = { .d_release = release_bad };`,

  'the kinds told apart': `
int open_file(struct dentry *dentry)
{
	struct foo *f = kmalloc(sizeof(*f), GFP_KERNEL);

	if (!f)
		return -ENOMEM;
	f->count = 0;
	mutex_init(&f->mutex);
	dentry->d_fsdata = f;
	return 0;
}
int open_trap(struct dentry *dentry)
{
	struct foo *f = kzalloc(sizeof(*f), GFP_KERNEL);

	if (!f)
		return -ENOMEM;
	f->count = 1;
	dentry->d_fsdata = f;
	return 0;
}
static void release_ok(struct dentry *dentry)
{
	struct foo *f = dentry->d_fsdata;

	if (f && !f->count)
		mutex_destroy(&f->mutex);
	kfree(f);
}
const struct dentry_operations ops = { .d_release = release_ok };`,

  'set up by all': `
static struct foo *make(void)
{
	return kzalloc(sizeof(struct foo), GFP_KERNEL);
}
int open_one(struct dentry *dentry)
{
	struct foo *f = make();

	if (!f)
		return -ENOMEM;
	INIT_LIST_HEAD(&f->list);
	dentry->d_fsdata = f;
	return 0;
}
static void release_ok(struct dentry *dentry)
{
	struct foo *f = dentry->d_fsdata;

	if (f && list_empty(&f->list))
		f->count = 0;
	kfree(f);
}
const struct dentry_operations ops = { .d_release = release_ok };`,
};
