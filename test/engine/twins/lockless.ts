/**
 * Right code of the shape that the laws of RCU-walk, and of what is freed after a grace period, speak about.
 */
import { EARLY_FREE as FREE } from '../rules/rcu/early-free.js';
import { UNPROTECTED_DEREF as DEREF } from '../rules/rcu/unprotected-deref.js';
import { UNSTABLE_INODE as INODE } from '../rules/rcu/unstable-inode.js';
import { UNSTABLE_PARENT as PARENT } from '../rules/rcu/unstable-parent.js';
import { WALK_HARD_ERROR as HARD } from '../rules/rcu/walk-hard-error.js';
import { twinsOf } from '../twins.js';

const RECORD = `
struct record { int flags; spinlock_t lock; struct rcu_head rcu; };
static int foo_manage(const struct path *path, bool rcu_walk)
{
	struct record *r = path->dentry->d_fsdata;

	return r->flags ? -EISDIR : 0;
}`;
const freed = (body: string, before = ''): string => `${RECORD}
${before}
static void foo_release(struct dentry *dentry)
{
	struct record *r = dentry->d_fsdata;

${body}
}
const struct dentry_operations ops = { .d_manage = foo_manage, .d_release = foo_release };`;

/** What a lockless side reads is freed after a grace period. */
export const EARLY_FREE = twinsOf('rcu/early-free', FREE, {
  'by kfree_rcu()': freed('\tkfree_rcu(r, rcu);'),
  'by kfree_rcu() in a helper': freed(
    '\tend(r);',
    'static void end(struct record *r)\n{\n\tif (r)\n\t\tkfree_rcu(r, rcu);\n}',
  ),
  'by call_rcu()': freed(
    '\tcall_rcu(&r->rcu, end);',
    'static void end(struct rcu_head *head)\n{\n\tkfree(container_of(head, struct record, rcu));\n}',
  ),
  'after a wait': freed('\tsynchronize_rcu();\n\tkfree(r);'),
  'another object': freed('\tkfree(dentry->d_sb->s_fs_info);\n\tkfree_rcu(r, rcu);', 'int nobody_reads;'),
});

const reader = (body: string, before = ''): string => `
struct record { int flags; refcount_t users; struct rcu_head rcu; };
struct holder { struct record __rcu *record; spinlock_t lock; };
${before}
static int foo_open(struct inode *inode, struct file *file)
{
	struct holder *h = inode->i_private;
	struct record *r;
	int n = 0;

${body}
	return n;
}
const struct file_operations fops = { .open = foo_open };`;

/** What rcu_dereference() gave is used inside the read side. */
export const UNPROTECTED_DEREF = twinsOf('rcu/unprotected-deref', DEREF, {
  'used inside': reader(
    '\trcu_read_lock();\n\tr = rcu_dereference(h->record);\n\tif (r)\n\t\tn = r->flags;\n\trcu_read_unlock();',
  ),
  'handed on inside': reader(
    '\trcu_read_lock();\n\tr = rcu_dereference(h->record);\n\tif (r)\n\t\tn = flags_of(r);\n\trcu_read_unlock();',
    'static int flags_of(struct record *r)\n{\n\treturn r->flags;\n}',
  ),
  'pinned inside': reader(
    '\trcu_read_lock();\n\tr = rcu_dereference(h->record);\n\tif (r && !refcount_inc_not_zero(&r->users))\n\t\tr = NULL;\n\trcu_read_unlock();\n\tif (r)\n\t\tn = r->flags;',
  ),
  'asked whether there is one': reader(
    '\trcu_read_lock();\n\tr = rcu_dereference(h->record);\n\trcu_read_unlock();\n\tn = r != NULL;',
  ),
  'under the lock of the writers': reader(
    '\tspin_lock(&h->lock);\n\tr = rcu_dereference_protected(h->record, lockdep_is_held(&h->lock));\n\tif (r)\n\t\tn = r->flags;\n\tspin_unlock(&h->lock);',
  ),
  'ways out inside': reader(
    '\trcu_read_lock();\n\tr = rcu_dereference(h->record);\n\tif (!r) {\n\t\trcu_read_unlock();\n\t\treturn -2;\n\t}\n\tn = r->flags;\n\trcu_read_unlock();',
  ),
});

const reval = (body: string, before = ''): string => `
${before}
static int foo_revalidate(struct dentry *dentry, unsigned int flags)
{
	struct dentry *parent;
	struct inode *inode;
	int n = 1;

${body}
	return n;
}
const struct dentry_operations ops = { .d_revalidate = foo_revalidate };`;
const BAIL = '\tif (flags & LOOKUP_RCU)\n\t\treturn -ECHILD;\n';

/** In RCU-walk d_inode is read once and tested. */
export const UNSTABLE_INODE = twinsOf('rcu/unstable-inode', INODE, {
  'a way out first': reval(`${BAIL}\tinode = d_inode(dentry);\n\tif (inode)\n\t\tn = inode->i_flags;`),
  'read once': reval(
    '\tinode = d_inode_rcu(dentry);\n\tif (!inode)\n\t\treturn -ECHILD;\n\tn = inode->i_flags;',
  ),
  'by READ_ONCE()': reval('\tinode = READ_ONCE(dentry->d_inode);\n\tif (inode)\n\t\tn = inode->i_flags;'),
  'in one condition': reval('\tinode = d_inode_rcu(dentry);\n\tif (inode && inode->i_flags)\n\t\tn = 0;'),
  'by a helper that tests': reval(
    '\tn = flags_of(d_inode_rcu(dentry));',
    'static int flags_of(struct inode *inode)\n{\n\treturn inode ? inode->i_flags : 0;\n}',
  ),
  'one for each walk': reval(
    '\tif (flags & LOOKUP_RCU) {\n\t\tinode = d_inode_rcu(dentry);\n\t\tif (!inode)\n\t\t\treturn -ECHILD;\n\t} else {\n\t\tinode = d_inode(dentry);\n\t\tif (!inode)\n\t\t\treturn 0;\n\t}\n\tn = inode->i_flags;',
  ),
  'nothing but asked': reval('\tif (d_really_is_negative(dentry))\n\t\treturn 0;'),
  'compared only': reval('\tn = d_inode_rcu(dentry) == dentry->d_fsdata;'),
});

/** In RCU-walk d_parent is read once, and its inode tested. */
export const UNSTABLE_PARENT = twinsOf('rcu/unstable-parent', PARENT, {
  'a way out first': reval(
    `${BAIL}\tparent = dget_parent(dentry);\n\tn = d_inode(parent)->i_flags;\n\tdput(parent);`,
  ),
  'read once, a way out': reval(
    '\tparent = READ_ONCE(dentry->d_parent);\n\tinode = d_inode_rcu(parent);\n\tif (!inode)\n\t\treturn -ECHILD;\n\tn = inode->i_flags;',
  ),
  'read once, around': reval(
    '\tparent = READ_ONCE(dentry->d_parent);\n\tinode = d_inode_rcu(parent);\n\tif (inode)\n\t\tn = inode->i_flags;',
  ),
  'in one condition': reval(
    '\tparent = READ_ONCE(dentry->d_parent);\n\tinode = d_inode_rcu(parent);\n\tif (inode && inode->i_flags)\n\t\tn = 0;',
  ),
  'by one expression': reval(
    '\tinode = d_inode_rcu(READ_ONCE(dentry->d_parent));\n\tif (!inode)\n\t\treturn -ECHILD;\n\tn = inode->i_flags;',
  ),
  'by a helper that tests': reval(
    '\tparent = READ_ONCE(dentry->d_parent);\n\tn = flags_of(d_inode_rcu(parent));',
    'static int flags_of(struct inode *inode)\n{\n\treturn inode ? inode->i_flags : 0;\n}',
  ),
  'both walks': reval(
    '\tif (flags & LOOKUP_RCU) {\n\t\tparent = READ_ONCE(dentry->d_parent);\n\t\tinode = d_inode_rcu(parent);\n\t\tif (!inode)\n\t\t\treturn -ECHILD;\n\t\treturn inode->i_flags;\n\t}\n\tparent = dget_parent(dentry);\n\tn = d_inode(parent)->i_flags;\n\tdput(parent);',
  ),
  'asked again at the end': reval(
    '\tparent = READ_ONCE(dentry->d_parent);\n\tinode = d_inode_rcu(parent);\n\tif (!inode)\n\t\treturn -ECHILD;\n\tn = inode->i_flags;\n\tif (parent != READ_ONCE(dentry->d_parent))\n\t\treturn -ECHILD;',
  ),
  'compared only': reval('\tn = READ_ONCE(dentry->d_parent) == dentry->d_sb->s_root;'),
  'asked for the root': reval('\tif (IS_ROOT(dentry))\n\t\treturn 1;\n\treturn -ECHILD;'),
  'the superblock, which stays': reval('\tn = dentry->d_sb->s_fs_info != NULL;'),
  'a field of the dentry itself': reval('\tn = dentry->d_time != 0;'),
  'under d_lock, the child alive': reval(
    '\tspin_lock(&dentry->d_lock);\n\tif (dentry->d_inode)\n\t\tn = d_inode(dentry->d_parent)->i_flags;\n\tspin_unlock(&dentry->d_lock);',
  ),
  'by ref-walk, in a helper': reval(
    `${BAIL}\tn = of_parent(dentry);`,
    'static int of_parent(struct dentry *dentry)\n{\n\tstruct dentry *parent = dget_parent(dentry);\n\tint n = d_inode(parent)->i_flags;\n\n\tdput(parent);\n\treturn n;\n}',
  ),
});

const permission = (body: string, before = ''): string => `
${before}
static int foo_permission(struct mnt_idmap *idmap, struct inode *inode, int mask)
{
	int err = 0;

${body}
	return err;
}
const struct inode_operations iops = { .permission = foo_permission };`;
const link = (body: string): string => `
static const char *foo_get_link(struct dentry *dentry, struct inode *inode, struct delayed_call *done)
{
	char *name;

${body}
	return name;
}
const struct inode_operations iops = { .get_link = foo_get_link };`;

/** What cannot be done without blocking is left to the walk that may. */
export const WALK_HARD_ERROR = twinsOf('rcu/walk-hard-error', HARD, {
  'blocking is refused first': permission(
    '\tif (mask & MAY_NOT_BLOCK)\n\t\treturn -ECHILD;\n\tdown_read(&inode->i_rwsem);\n\tup_read(&inode->i_rwsem);',
  ),
  'a lock that is tried': permission(
    '\tif (mask & MAY_NOT_BLOCK) {\n\t\tif (!down_read_trylock(&inode->i_rwsem))\n\t\t\treturn -ECHILD;\n\t} else {\n\t\tdown_read(&inode->i_rwsem);\n\t}\n\terr = inode->i_mode ? 0 : -EACCES;\n\tup_read(&inode->i_rwsem);',
  ),
  'the error of the mode': permission('\tif (!(inode->i_mode & mask))\n\t\treturn -EACCES;'),
  'an error where blocking is allowed': permission(
    '\tif (!(mask & MAY_NOT_BLOCK)) {\n\t\tchar *name = kmalloc(16, GFP_KERNEL);\n\n\t\tif (!name)\n\t\t\treturn -ENOMEM;\n\t\tkfree(name);\n\t}',
  ),
  'nothing is cached': permission(
    '\tif (!inode->i_private) {\n\t\tif (mask & MAY_NOT_BLOCK)\n\t\t\treturn -ECHILD;\n\t\treturn -ENODATA;\n\t}',
  ),
  'an atomic allocation, given up': permission(
    '\tchar *name = kmalloc(16, (mask & MAY_NOT_BLOCK) ? GFP_ATOMIC : GFP_KERNEL);\n\n\tif (!name)\n\t\treturn (mask & MAY_NOT_BLOCK) ? -ECHILD : -ENOMEM;\n\tkfree(name);',
  ),
  'left to a helper': permission(
    '\treturn check(inode, mask);',
    'static int check(struct inode *inode, int mask)\n{\n\tif (mask & MAY_NOT_BLOCK)\n\t\treturn -ECHILD;\n\treturn inode->i_mode ? 0 : -EACCES;\n}',
  ),
  'the generic test': permission('\terr = generic_permission(idmap, inode, mask);'),
  'a link that is there': link(
    '\tname = inode->i_link;\n\tif (!name)\n\t\treturn dentry ? ERR_PTR(-EIO) : ERR_PTR(-ECHILD);',
  ),
  'a link that is read': link(
    '\tif (!dentry)\n\t\treturn ERR_PTR(-ECHILD);\n\tname = kmalloc(16, GFP_KERNEL);\n\tif (!name)\n\t\treturn ERR_PTR(-ENOMEM);',
  ),
  'a link of the data': link('\tif (!inode->i_flags)\n\t\treturn ERR_PTR(-EINVAL);\n\tname = inode->i_link;'),
  'atomic, and the way out': link(
    '\tname = kmalloc(16, dentry ? GFP_KERNEL : GFP_ATOMIC);\n\tif (!name && !dentry)\n\t\treturn ERR_PTR(-ECHILD);\n\tif (!name)\n\t\treturn ERR_PTR(-ENOMEM);',
  ),
  'a revalidation that gives up': reval(`${BAIL}\tn = dentry->d_time != 0;`),
  'a revalidation that finds it stale': reval('\tif (!dentry->d_time)\n\t\treturn 0;'),
  'an access list that is cached': `
static struct posix_acl *foo_acl(struct inode *inode, int type, bool rcu)
{
	if (rcu)
		return ERR_PTR(-ECHILD);
	if (!inode->i_flags)
		return NULL;
	return ERR_PTR(-ENOMEM);
}
const struct inode_operations iops = { .get_inode_acl = foo_acl };`,
});
