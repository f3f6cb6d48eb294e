/**
 * rcu/walk-hard-error: code that is wrong (`_bad`), and code that is right and looks like it (`_ok`).
 */
import type { RuleCases } from '../../harness.js';

/** Cases by title. */
export const WALK_HARD_ERROR: RuleCases = {
  'an allocation that must not wait': `
static const char *get_link_bad(struct dentry *dentry, struct inode *inode, struct delayed_call *done)
{
	char *name = kmalloc(16, dentry ? GFP_KERNEL : GFP_ATOMIC);

	if (!name)
		return ERR_PTR(-ENOMEM); /*! rcu/walk-hard-error */
	name[0] = 0;
	return name;
}
const struct inode_operations iops = { .get_link = get_link_bad };`,

  'a lock that is only tried': `
static int permission_bad(struct mnt_idmap *idmap, struct inode *inode, int mask)
{
	int mode;

	if (mask & MAY_NOT_BLOCK) {
		if (!down_read_trylock(&inode->i_rwsem))
			return -EACCES; /*! rcu/walk-hard-error */
	} else {
		down_read(&inode->i_rwsem);
	}
	mode = inode->i_mode;
	up_read(&inode->i_rwsem);
	return mode ? 0 : -EPERM;
}
const struct inode_operations iops = { .permission = permission_bad };`,

  'in a helper whose answer is passed on': `
static int fill(struct inode *inode, gfp_t gfp)
{
	char *name = kmalloc(16, gfp);

	if (!name)
		return -ENOMEM;
	kfree(name);
	return 0;
}
static int permission_bad(struct mnt_idmap *idmap, struct inode *inode, int mask)
{
	int err = fill(inode, (mask & MAY_NOT_BLOCK) ? GFP_ATOMIC : GFP_KERNEL);

	if (err)
		return err; /*! rcu/walk-hard-error */
	return inode->i_mode ? 0 : -EACCES;
}
const struct inode_operations iops = { .permission = permission_bad };`,

  'given only because it is RCU-walk': `
static struct posix_acl *acl_bad(struct inode *inode, int type, bool rcu)
{
	if (rcu)
		return NULL; /*! rcu/walk-hard-error */
	return inode->i_private;
}
static int permission_bad(struct mnt_idmap *idmap, struct inode *inode, int mask)
{
	if (mask & MAY_NOT_BLOCK)
		return -EAGAIN; /*! rcu/walk-hard-error */
	return inode->i_mode ? 0 : -EACCES;
}
static const char *get_link_bad(struct dentry *dentry, struct inode *inode, struct delayed_call *done)
{
	if (dentry)
		return inode->i_private;
	return ERR_PTR(-EINVAL); /*! rcu/walk-hard-error */
}
const struct inode_operations iops = {
	.permission = permission_bad, .get_link = get_link_bad, .get_inode_acl = acl_bad,
};`,

  'given in RCU-walk for a reason of its own': `
static struct posix_acl *acl_ok(struct inode *inode, int type, bool rcu)
{
	if (rcu && !inode->i_private)
		return NULL;
	if (rcu)
		return ERR_PTR(-ECHILD);
	return inode->i_private;
}
static int permission_ok(struct mnt_idmap *idmap, struct inode *inode, int mask)
{
	if (!inode)
		return -EINVAL;
	if (mask & MAY_NOT_BLOCK) {
		if (inode->i_mode == 0)
			return -EACCES;
		return 0;
	}
	return inode->i_mode ? 0 : -EACCES;
}
static int revalidate_ok(struct dentry *dentry, unsigned int flags)
{
	if (flags & LOOKUP_RCU)
		return 0;
	return 1;
}
const struct inode_operations iops = { .permission = permission_ok, .get_inode_acl = acl_ok };
const struct dentry_operations ops = { .d_revalidate = revalidate_ok };`,

  'the way out': `
static const char *get_link_ok(struct dentry *dentry, struct inode *inode, struct delayed_call *done)
{
	char *name = kmalloc(16, dentry ? GFP_KERNEL : GFP_ATOMIC);

	if (!name)
		return dentry ? ERR_PTR(-ENOMEM) : ERR_PTR(-ECHILD);
	name[0] = 0;
	return name;
}
const struct inode_operations iops = { .get_link = get_link_ok };`,

  'a helper whose error the method replaces': `
static int fill(struct inode *inode, gfp_t gfp)
{
	char *name = kmalloc(16, gfp);

	if (!name)
		return -ENOMEM;
	kfree(name);
	return 0;
}
static int permission_ok(struct mnt_idmap *idmap, struct inode *inode, int mask)
{
	int err = fill(inode, (mask & MAY_NOT_BLOCK) ? GFP_ATOMIC : GFP_KERNEL);

	if (err)
		return (mask & MAY_NOT_BLOCK) ? -ECHILD : err;
	return inode->i_mode ? 0 : -EACCES;
}
const struct inode_operations iops = { .permission = permission_ok };`,

  'an error of the data, which the walk validates afterwards': `
static int permission_ok(struct mnt_idmap *idmap, struct inode *inode, int mask)
{
	if (inode->i_flags)
		return -EACCES;
	return inode->i_mode ? 0 : -EPERM;
}
const struct inode_operations iops = { .permission = permission_ok };`,

  'd_hash has no such way out': `
static int hash_ok(const struct dentry *parent, struct qstr *name)
{
	char *folded = kmalloc(16, GFP_ATOMIC);

	if (!folded)
		return -ENOMEM;
	kfree(folded);
	return 0;
}
const struct dentry_operations ops = { .d_hash = hash_ok };`,

  'in ref-walk': `
static const char *get_link_ok(struct dentry *dentry, struct inode *inode, struct delayed_call *done)
{
	char *name;

	if (!dentry)
		return ERR_PTR(-ECHILD);
	name = kmalloc(16, GFP_KERNEL);
	if (!name)
		return ERR_PTR(-ENOMEM);
	return name;
}
const struct inode_operations iops = { .get_link = get_link_ok };`,
  'a page that is not in the cache': `
static const char *get_link_bad(struct dentry *dentry, struct inode *inode, struct delayed_call *done)
{
	struct page *page;

	if (!dentry) {
		page = find_get_page(inode->i_mapping, 0);
		if (!page)
			return ERR_PTR(-ENOENT); /*! rcu/walk-hard-error */
		return page_address(page);
	}
	return NULL;
}
const struct inode_operations iops = { .get_link = get_link_bad };`,

  'the error of a folio that is not in the cache': `
static const char *get_link_bad(struct dentry *dentry, struct inode *inode, struct delayed_call *done)
{
	struct folio *folio;

	if (!dentry) {
		folio = filemap_get_folio(inode->i_mapping, 0);
		if (IS_ERR(folio))
			return ERR_CAST(folio); /*! rcu/walk-hard-error */
		return folio_address(folio);
	}
	return NULL;
}
static const char *other_link_ok(struct dentry *dentry, struct inode *inode, struct delayed_call *done)
{
	struct folio *folio;

	if (!dentry) {
		folio = filemap_get_folio(inode->i_mapping, 0);
		if (IS_ERR(folio))
			return ERR_PTR(-ECHILD);
		if (!folio_test_uptodate(folio))
			return ERR_PTR(-ECHILD);
		return folio_address(folio);
	}
	folio = filemap_get_folio(inode->i_mapping, 0);
	if (IS_ERR(folio))
		return ERR_CAST(folio);
	return folio_address(folio);
}
const struct inode_operations iops = { .get_link = get_link_bad };
const struct inode_operations others = { .get_link = other_link_ok };`,

  'the error of what is asked in RCU-walk only': `
static struct page *peek(struct inode *inode)
{
	if (inode->i_size > 4096)
		return ERR_PTR(-EIO);
	return inode->i_private;
}
static const char *get_link_bad(struct dentry *dentry, struct inode *inode, struct delayed_call *done)
{
	struct page *page;

	if (!dentry) {
		page = peek(inode);
		if (IS_ERR(page))
			return ERR_CAST(page); /*! rcu/walk-hard-error */
		if (!page)
			return ERR_PTR(-ECHILD);
	} else {
		page = read_mapping_page(inode->i_mapping, 0, NULL);
		if (IS_ERR(page))
			return ERR_CAST(page);
	}
	return page_address(page);
}
const struct inode_operations iops = { .get_link = get_link_bad };`,

  'the error of what is asked in both modes, or is -ECHILD': `
static struct page *peek(struct inode *inode)
{
	if (inode->i_size > 4096)
		return ERR_PTR(-ECHILD);
	return inode->i_private;
}
static struct page *body(struct inode *inode)
{
	if (inode->i_size > 4096)
		return ERR_PTR(-EIO);
	return inode->i_private;
}
static const char *get_link_ok(struct dentry *dentry, struct inode *inode, struct delayed_call *done)
{
	struct page *page;

	if (!dentry)
		page = peek(inode);
	else
		page = read_mapping_page(inode->i_mapping, 0, NULL);
	if (IS_ERR(page))
		return ERR_CAST(page);
	return page_address(page);
}
static const char *get_body_ok(struct dentry *dentry, struct inode *inode, struct delayed_call *done)
{
	struct page *page = body(inode);

	if (IS_ERR(page))
		return ERR_CAST(page);
	if (!dentry && !page)
		return ERR_PTR(-ECHILD);
	return page_address(page);
}
const struct inode_operations iops = { .get_link = get_link_ok };
const struct inode_operations others = { .get_link = get_body_ok };`,
};
