/**
 * rename/early-attach: code that is wrong (`_bad`), and code that is right and looks like it (`_ok`).
 */
import type { RuleCases } from '../../harness.js';

/** Makes a child of a directory, which may fail. */
const CHILD = `
static int add_child(struct dentry *parent, const char *name)
{
	struct dentry *child = d_alloc_name(parent, name);
	struct inode *inode;

	if (!child)
		return -ENOMEM;
	inode = new_inode(parent->d_sb);
	if (!inode) {
		dput(child);
		return -ENOMEM;
	}
	d_add(child, inode);
	return 0;
}`;

/** Cases by title. */
export const EARLY_ATTACH: RuleCases = {
  'attached, filled, and taken away where that fails': `${CHILD}
int make_bad(struct dentry *dentry, struct inode *inode)
{
	int err;

	d_add(dentry, inode); /*! rename/early-attach@medium */
	err = add_child(dentry, "state");
	if (err)
		d_drop(dentry);
	return err;
}`,

  'attached and dismantled by helpers': `${CHILD}
static void attach_ok(struct dentry *dentry, struct inode *inode)
{
	d_instantiate(dentry, inode);
}
static void detach_ok(struct dentry *dentry)
{
	d_delete(dentry);
}
int make_bad(struct dentry *dentry, struct inode *inode)
{
	int err;

	attach_ok(dentry, inode); /*! rename/early-attach@medium */
	err = add_child(dentry, "state");
	if (err)
		goto out;
	err = add_child(dentry, "count");
	if (err)
		goto out;
	return 0;
out:
	detach_ok(dentry);
	return err;
}`,

  'filled first, attached when nothing can fail any more': `${CHILD}
int make_ok(struct dentry *dentry, struct inode *inode)
{
	int err = add_child(dentry, "state");

	if (err) {
		d_drop(dentry);
		return err;
	}
	d_add(dentry, inode);
	return 0;
}`,

  'the failure leaves what was attached': `${CHILD}
int make_ok(struct dentry *dentry, struct inode *inode)
{
	int err;

	d_add(dentry, inode);
	err = add_child(dentry, "state");
	return err;
}`,

  'taken away without a failure': `${CHILD}
int make_ok(struct dentry *dentry, struct inode *inode, bool keep)
{
	int err;

	d_add(dentry, inode);
	err = add_child(dentry, "state");
	if (err)
		return err;
	if (!keep)
		d_drop(dentry);
	return 0;
}`,

  'what fails attaches nothing': `
int foo_check(struct dentry *dentry);
int make_ok(struct dentry *dentry, struct inode *inode)
{
	int err;

	d_add(dentry, inode);
	err = foo_check(dentry);
	if (err)
		d_drop(dentry);
	return err;
}`,

  'a negative dentry': `${CHILD}
int make_ok(struct dentry *dentry)
{
	int err;

	d_add(dentry, NULL);
	err = add_child(dentry, "state");
	if (err)
		d_drop(dentry);
	return err;
}`,

  'another dentry is taken away': `${CHILD}
int make_ok(struct dentry *dentry, struct dentry *other, struct inode *inode)
{
	int err;

	d_add(dentry, inode);
	err = add_child(dentry, "state");
	if (err)
		d_drop(other);
	return err;
}`,
};
