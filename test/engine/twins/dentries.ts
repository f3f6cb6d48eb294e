/**
 * Right code of the shape that the laws of dentries speak about: what hangs on them, whether they are hashed, and whose parent they have.
 */
import { FSDATA_REFERENCE as REFERENCE } from '../rules/dentry/fsdata-reference.js';
import { FSDATA_TYPE as TYPE } from '../rules/dentry/fsdata-type.js';
import { HASH_STATE as HASH } from '../rules/dentry/hash-state.js';
import { PARENT_RECHECK as RECHECK } from '../rules/dentry/parent-recheck.js';
import { RELEASE_LINKED as LINKED } from '../rules/dentry/release-linked.js';
import { UNSTABLE_DENTRY_INODE as INODE } from '../rules/dentry/unstable-inode.js';
import { twinsOf } from '../twins.js';

const release = (body: string, before = '', more = ''): string => `
${before}
static void foo_release(struct dentry *dentry)
{
	struct foo *f = dentry->d_fsdata;

${body}
}
const struct dentry_operations ops = { .d_release = foo_release${more} };`;

const MAKE = `
int open_file(struct dentry *dentry)
{
	struct foo *f = kzalloc(sizeof(*f), GFP_KERNEL);

	if (!f)
		return -ENOMEM;
	mutex_init(&f->mutex);
	INIT_LIST_HEAD(&f->list);
	f->count = 1;
	dentry->d_fsdata = f;
	return 0;
}`;
const TAGGED = `
void mark(struct dentry *dentry, void *ops)
{
	dentry->d_fsdata = (void *)((unsigned long)ops | 1);
}`;

/** What hangs on a dentry is used as what it is. */
export const FSDATA_TYPE = twinsOf('dentry/fsdata-type', TYPE, {
  'only freed': release('\tkfree(f);', MAKE),
  'freed after a grace period': release('\tkfree_rcu(f, rcu);', MAKE),
  'what is inside is freed too': release('\tif (f)\n\t\tkfree(f->name);\n\tkfree(f);', MAKE),
  'what was set up is torn down': release('\tmutex_destroy(&f->mutex);\n\tkfree(f);', MAKE),
  'only looked at': release('\tif (f && f->count)\n\t\tpr_warn("busy");\n\tkfree(f);', MAKE),
  'tagged, and only compared': release('\tif (f == (void *)1)\n\t\treturn;', TAGGED),
  'tagged, tested as it lies there': release(
    '\tif ((unsigned long)dentry->d_fsdata & 1)\n\t\treturn;\n\tkfree(f->name);\n\tkfree(f);',
    TAGGED,
  ),
  'tagged, tested the other way round': release(
    '\tif (!((unsigned long)f & 1)) {\n\t\tkfree(f->name);\n\t\tkfree(f);\n\t}',
    TAGGED,
  ),
  'tagged, tested by a helper': release(
    '\tif (is_tagged(f))\n\t\treturn;\n\tkfree(f->name);\n\tkfree(f);',
    `${TAGGED}\nstatic bool is_tagged(void *data)\n{\n\treturn (unsigned long)data & 1;\n}`,
  ),
  'a number, used as a number': release(
    '\tif ((unsigned long)f > 7)\n\t\tpr_warn("many");',
    'void mark(struct dentry *dentry, unsigned long n)\n{\n\tdentry->d_fsdata = (void *)n;\n}',
  ),
  'one kind, in two places': release(
    '\tmutex_destroy(&f->mutex);\n\tkfree(f);',
    `${MAKE}\nint open_other(struct dentry *dentry)\n{\n\treturn open_file(dentry);\n}`,
  ),
  'two makers that set up the same': release(
    '\tmutex_destroy(&f->mutex);\n\tkfree(f);',
    `${MAKE}\nint open_other(struct dentry *dentry)\n{\n\tstruct foo *f = kmalloc(sizeof(*f), GFP_KERNEL);\n\n\tif (!f)\n\t\treturn -ENOMEM;\n\tmutex_init(&f->mutex);\n\tdentry->d_fsdata = f;\n\treturn 0;\n}`,
  ),
  'set up by a helper of both': release(
    '\tmutex_destroy(&f->mutex);\n\tkfree(f);',
    'static void set_up(struct foo *f)\n{\n\tmutex_init(&f->mutex);\n}\nint one(struct dentry *dentry)\n{\n\tstruct foo *f = kzalloc(sizeof(*f), GFP_KERNEL);\n\n\tif (!f)\n\t\treturn -ENOMEM;\n\tset_up(f);\n\tdentry->d_fsdata = f;\n\treturn 0;\n}\nint two(struct dentry *dentry)\n{\n\tstruct foo *f = kzalloc(sizeof(*f), GFP_KERNEL);\n\n\tif (!f)\n\t\treturn -ENOMEM;\n\tset_up(f);\n\tf->count = 2;\n\tdentry->d_fsdata = f;\n\treturn 0;\n}',
  ),
  'cleared by one, made by another': release(
    '\tif (f)\n\t\tmutex_destroy(&f->mutex);\n\tkfree(f);',
    `${MAKE}\nvoid forget(struct dentry *dentry)\n{\n\tkfree(dentry->d_fsdata);\n\tdentry->d_fsdata = NULL;\n}`,
  ),
  'the kinds told apart by a helper': release(
    '\tif (is_file(f))\n\t\tmutex_destroy(&f->mutex);\n\tkfree(f);',
    `${MAKE}\nstatic bool is_file(struct foo *f)\n{\n\treturn f && f->count == 1;\n}\nint open_trap(struct dentry *dentry)\n{\n\tstruct foo *f = kzalloc(sizeof(*f), GFP_KERNEL);\n\n\tif (!f)\n\t\treturn -ENOMEM;\n\tf->count = 2;\n\tdentry->d_fsdata = f;\n\treturn 0;\n}`,
  ),
  'handed on from another dentry': release(
    '\tmutex_destroy(&f->mutex);\n\tkfree(f);',
    `${MAKE}\nvoid hand_on(struct dentry *dentry, struct dentry *other)\n{\n\tdentry->d_fsdata = other->d_fsdata;\n\tother->d_fsdata = NULL;\n}`,
  ),
  'used in d_revalidate, as it was made': `${MAKE}
static int foo_revalidate(struct dentry *dentry, unsigned int flags)
{
	struct foo *f = dentry->d_fsdata;

	if (flags & LOOKUP_RCU)
		return -ECHILD;
	return f && READ_ONCE(f->count);
}
const struct dentry_operations ops = { .d_revalidate = foo_revalidate };`,
});

const added = (body: string, slot = '.mkdir = foo_make'): string => `
static int foo_make(struct mnt_idmap *idmap, struct inode *dir, struct dentry *dentry, umode_t mode)
{
	struct inode *inode = new_inode(dir->i_sb);

	if (!inode)
		return -ENOMEM;
${body}
	return 0;
}
const struct inode_operations ops = { ${slot} };`;
const lookup = (body: string): string => `
static struct dentry *foo_lookup(struct inode *dir, struct dentry *dentry, unsigned int flags)
{
${body}
}
const struct inode_operations ops = { .lookup = foo_lookup };`;

/** A dentry is hashed once, and hashed proves life only where all who remove it unhash it. */
export const HASH_STATE = twinsOf('dentry/hash-state', HASH, {
  'made positive where it stands': added('\td_instantiate(dentry, inode);'),
  'unhashed first': added('\td_drop(dentry);\n\td_add(dentry, inode);'),
  'only where it is unhashed': added(
    '\tif (d_unhashed(dentry))\n\t\td_add(dentry, inode);\n\telse\n\t\td_instantiate(dentry, inode);',
  ),
  'the other way round': added(
    '\tif (!d_unhashed(dentry))\n\t\td_instantiate(dentry, inode);\n\telse\n\t\td_add(dentry, inode);',
  ),
  'rehashed after a drop': added('\td_drop(dentry);\n\td_instantiate(dentry, inode);\n\td_rehash(dentry);'),
  'another dentry': added(
    '\tdentry = d_alloc_name(dentry->d_parent, "x");\n\tif (!dentry)\n\t\treturn -ENOMEM;\n\td_add(dentry, inode);',
  ),
  'a lookup that finds': lookup('\td_add(dentry, iget_locked(dir->i_sb, 7));\n\treturn NULL;'),
  'a lookup that finds nothing': lookup('\td_add(dentry, NULL);\n\treturn NULL;'),
  'a lookup that splices': lookup('\treturn d_splice_alias(iget_locked(dir->i_sb, 7), dentry);'),
  'a lookup by a helper':
    'static void found(struct dentry *dentry, struct inode *inode)\n{\n\td_add(dentry, inode);\n}' +
    lookup('\tfound(dentry, iget_locked(dir->i_sb, 7));\n\treturn NULL;'),
  'a lookup with two ways': lookup(
    '\tif (flags) {\n\t\td_add(dentry, NULL);\n\t\treturn NULL;\n\t}\n\treturn d_splice_alias(iget_locked(dir->i_sb, 7), dentry);',
  ),
  'a new child of the root': `
int foo_fill(struct super_block *sb)
{
	struct dentry *child = d_alloc_name(sb->s_root, "ctl");
	struct inode *inode = new_inode(sb);

	if (!child || !inode)
		return -ENOMEM;
	d_add(child, inode);
	return 0;
}`,
  'nothing but asked': `
bool foo_gone(struct dentry *dentry)
{
	return d_unhashed(dentry) || d_really_is_negative(dentry);
}`,
  'asked under the lock and only noted': `
int foo_state(struct dentry *dentry)
{
	int n;

	spin_lock(&dentry->d_lock);
	n = d_unhashed(dentry) ? 0 : 1;
	spin_unlock(&dentry->d_lock);
	return n;
}`,
});

const remove = (body: string, before = ''): string => `
${before}
int foo_remove(struct mnt_idmap *idmap, struct dentry *victim)
{
	struct dentry *dir = dget_parent(victim);
	int err = -ENOENT;

${body}
	dput(dir);
	return err;
}`;
const LOCK = '\tinode_lock(d_inode(dir));\n';
const UNLOCK = '\tinode_unlock(d_inode(dir));';
const UNLINK = 'err = vfs_unlink(idmap, d_inode(dir), victim, NULL);';

/** Who waited for the lock of a parent asks whether it still is the parent. */
export const PARENT_RECHECK = twinsOf('dentry/parent-recheck', RECHECK, {
  'asked, with a way out': remove(
    `${LOCK}\tif (victim->d_parent != dir)\n\t\tgoto out;\n\t${UNLINK}\nout:\n${UNLOCK}`,
  ),
  'asked the other way round': remove(`${LOCK}\tif (dir == victim->d_parent)\n\t\t${UNLINK}\n${UNLOCK}`),
  'asked by inodes': remove(
    `${LOCK}\tif (d_inode(victim->d_parent) == d_inode(dir))\n\t\t${UNLINK}\n${UNLOCK}`,
  ),
  'both asked': remove(
    `${LOCK}\tif (victim->d_parent == dir && !d_unhashed(victim))\n\t\t${UNLINK}\n${UNLOCK}`,
  ),
  'asked with unlikely()': remove(
    `${LOCK}\tif (unlikely(victim->d_parent != dir)) {\n\t${UNLOCK.trim()}\n\t\tdput(dir);\n\t\treturn -ESTALE;\n\t}\n\t${UNLINK}\n${UNLOCK}`,
  ),
  'once more until it holds': remove(
    `again:\n${LOCK}\tif (victim->d_parent != dir) {\n\t${UNLOCK.trim()}\n\t\tdput(dir);\n\t\tdir = dget_parent(victim);\n\t\tgoto again;\n\t}\n\t${UNLINK}\n${UNLOCK}`,
  ),
  'nested, and asked': remove(
    `\tinode_lock_nested(d_inode(dir), I_MUTEX_PARENT);\n\tif (victim->d_parent == dir)\n\t\t${UNLINK}\n${UNLOCK}`,
  ),
  'asked by a helper': remove(
    `${LOCK}\tif (is_child(dir, victim))\n\t\t${UNLINK}\n${UNLOCK}`,
    'static bool is_child(struct dentry *dir, struct dentry *child)\n{\n\treturn child->d_parent == dir;\n}',
  ),
  'only looked at under the lock': remove(`${LOCK}\terr = d_inode(dir)->i_flags;\n${UNLOCK}`),
  'the state of the parent alone': remove(`${LOCK}\td_inode(dir)->i_flags |= 1;\n\terr = 0;\n${UNLOCK}`),
  'never locked': remove('\terr = d_is_dir(dir);'),
  'locked by the caller': `
int foo_remove(struct mnt_idmap *idmap, struct inode *dir, struct dentry *victim)
{
	return vfs_unlink(idmap, dir, victim, NULL);
}`,
  'a method, which is called with it': `
static int foo_unlink(struct inode *dir, struct dentry *dentry)
{
	return simple_unlink(dir, dentry);
}
const struct inode_operations ops = { .unlink = foo_unlink };`,
  'looked up afresh by its name': remove(
    `${LOCK}\tvictim = lookup_one_len("x", dir, 1);\n\tif (!IS_ERR(victim)) {\n\t\t${UNLINK}\n\t\tdput(victim);\n\t}\n${UNLOCK}`,
  ),
  'made inside': remove(
    `${LOCK}\tvictim = lookup_one_len("x", dir, 1);\n\tif (!IS_ERR(victim)) {\n\t\terr = vfs_mkdir(idmap, d_inode(dir), victim, 0700);\n\t\tdput(victim);\n\t}\n${UNLOCK}`,
  ),
  'only the attributes of the child': remove(
    '\tinode_lock(d_inode(victim));\n\terr = d_inode(victim)->i_flags;\n\tinode_unlock(d_inode(victim));',
  ),
});

const NOTE = `
static spinlock_t lease_lock;
static struct list_head leases;
void touch(struct foo *f)
{
	spin_lock(&lease_lock);
	list_add(&f->list, &leases);
	spin_unlock(&lease_lock);
}`;
const OFF = '\tspin_lock(&lease_lock);\n\tlist_del(&f->list);\n\tspin_unlock(&lease_lock);\n';

/** What is freed in d_release stands on no list any more. */
export const RELEASE_LINKED = twinsOf('dentry/release-linked', LINKED, {
  'taken off, then freed': release(`${OFF}\tkfree(f);`, NOTE),
  'taken off, then freed after a grace period': release(`${OFF}\tkfree_rcu(f, rcu);`, NOTE),
  'taken off and set up again': release(`${OFF.replace('list_del', 'list_del_init')}\tkfree(f);`, NOTE),
  'taken off by a helper': release(
    '\tunlist(f);\n\tkfree(f);',
    `${NOTE}\nstatic void unlist(struct foo *f)\n{\n${OFF}}`,
  ),
  'two helpers down': release(
    '\tforget(f);\n\tkfree(f);',
    `${NOTE}\nstatic void unlist(struct foo *f)\n{\n${OFF}}\nstatic void forget(struct foo *f)\n{\n\tif (f)\n\t\tunlist(f);\n}`,
  ),
  'where it is on the list': release(
    '\tif (!list_empty(&f->list)) {\n\t\tspin_lock(&lease_lock);\n\t\tlist_del(&f->list);\n\t\tspin_unlock(&lease_lock);\n\t}\n\tkfree(f);',
    NOTE,
  ),
  'tested under the lock': release(
    '\tspin_lock(&lease_lock);\n\tif (!list_empty(&f->list))\n\t\tlist_del_init(&f->list);\n\tspin_unlock(&lease_lock);\n\tkfree(f);',
    NOTE,
  ),
  'by a helper that frees too': release(
    '\tend(f);',
    `${NOTE}\nstatic void end(struct foo *f)\n{\n${OFF}\tkfree(f);\n}`,
  ),
  'nothing there': release(`\tif (!f)\n\t\treturn;\n${OFF}\tkfree(f);`, NOTE),
  'moved to the list of the dead, which is freed elsewhere': release(
    '\tspin_lock(&lease_lock);\n\tlist_move(&f->list, &dead);\n\tspin_unlock(&lease_lock);',
    `${NOTE}\nstatic struct list_head dead;`,
  ),
  'what hangs on it is freed, it stays': release('\tkfree(f->name);\n\tf->name = NULL;', NOTE),
  'no list at all': release('\tkfree(f);', MAKE),
  'the dentry is forgotten': release(`${OFF}\tdentry->d_fsdata = NULL;\n\tkfree(f);`, NOTE),
  'taken off by rcu': release(
    '\tspin_lock(&lease_lock);\n\tlist_del_rcu(&f->list);\n\tspin_unlock(&lease_lock);\n\tkfree_rcu(f, rcu);',
    NOTE.replace('list_add', 'list_add_rcu'),
  ),
  'taken off by list_del_init_careful': release(
    '\tspin_lock(&lease_lock);\n\tlist_del_init_careful(&f->list);\n\tspin_unlock(&lease_lock);\n\tkfree(f);',
    NOTE,
  ),
});

const child = (body: string, before = ''): string => `
${before}
struct dentry *foo_first(struct dentry *parent)
{
	struct dentry *child = container_of(parent->d_children.next, struct dentry, d_sib);
	struct dentry *found = NULL;

	spin_lock(&parent->d_lock);
${body}
	spin_unlock(&parent->d_lock);
	return found;
}`;
const NEST = '\tspin_lock_nested(&child->d_lock, 1);\n';
const FREE = '\tspin_unlock(&child->d_lock);';

/** A child is tested and pinned under its own d_lock. */
export const UNSTABLE_DENTRY_INODE = twinsOf('dentry/unstable-inode', INODE, {
  'pinned under its own lock': child(`${NEST}\tfound = dget_dlock(child);\n${FREE}`),
  'tested by a helper': child(
    `${NEST}\tif (simple_positive(child))\n\t\tfound = dget_dlock(child);\n${FREE}`,
  ),
  'tested for a name': child(`${NEST}\tif (!d_unhashed(child))\n\t\tfound = dget_dlock(child);\n${FREE}`),
  'a way out inside': child(
    `${NEST}\tif (!child->d_inode) {\n\t\tspin_unlock(&child->d_lock);\n\t\tspin_unlock(&parent->d_lock);\n\t\treturn NULL;\n\t}\n\tfound = dget_dlock(child);\n${FREE}`,
  ),
  'by a helper that locks': child(
    '\tfound = pin(child);',
    'static struct dentry *pin(struct dentry *child)\n{\n\tspin_lock_nested(&child->d_lock, 1);\n\tdget_dlock(child);\n\tspin_unlock(&child->d_lock);\n\treturn child;\n}',
  ),
  'by a helper that is called with it': child(
    `${NEST}\tfound = pin(child);\n${FREE}`,
    'static struct dentry *pin(struct dentry *child)\n{\n\treturn dget_dlock(child);\n}',
  ),
  'with dget(), which takes the lock': child('\tif (simple_positive(child))\n\t\tfound = dget(child);'),
  'only looked at': child('\tif (child->d_inode)\n\t\tpr_warn("there");'),
  'the parent itself is pinned': child('\tfound = dget_dlock(parent);'),
  'in a loop': `
struct dentry *foo_next(struct dentry *parent)
{
	struct dentry *child, *found = NULL;

	spin_lock(&parent->d_lock);
	list_for_each_entry(child, &parent->d_children, d_sib) {
		spin_lock_nested(&child->d_lock, 1);
		if (simple_positive(child))
			found = dget_dlock(child);
		spin_unlock(&child->d_lock);
		if (found)
			break;
	}
	spin_unlock(&parent->d_lock);
	return found;
}`,
  'in a loop, with a way on': `
struct dentry *foo_next(struct dentry *parent)
{
	struct dentry *child, *found = NULL;

	spin_lock(&parent->d_lock);
	list_for_each_entry(child, &parent->d_children, d_sib) {
		spin_lock_nested(&child->d_lock, 1);
		if (!child->d_inode) {
			spin_unlock(&child->d_lock);
			continue;
		}
		found = dget_dlock(child);
		spin_unlock(&child->d_lock);
		break;
	}
	spin_unlock(&parent->d_lock);
	return found;
}`,
  'a dentry of its own, under its lock': `
void foo_pin(struct dentry *dentry)
{
	spin_lock(&dentry->d_lock);
	dget_dlock(dentry);
	spin_unlock(&dentry->d_lock);
}`,
  'by the lockref': `
void foo_pin(struct dentry *dentry)
{
	lockref_get(&dentry->d_lockref);
}`,
  'if it is not dead': `
bool foo_pin(struct dentry *dentry)
{
	return lockref_get_not_dead(&dentry->d_lockref);
}`,
  'under rcu': `
bool foo_pin(struct dentry *dentry)
{
	bool got;

	rcu_read_lock();
	got = lockref_get_not_dead(&dentry->d_lockref);
	rcu_read_unlock();
	return got;
}`,
  'whatever the caller has': `
void foo_pin_all(struct dentry *a, struct dentry *b)
{
	dget(a);
	dget(b);
}`,
  'both locks, pinned after the first is given back': child(
    `${NEST}\tif (child->d_inode)\n\t\tfound = dget_dlock(child);\n\telse\n\t\tfound = NULL;\n${FREE}`,
  ),
  'a trylock': child(
    '\tif (spin_trylock(&child->d_lock)) {\n\t\tfound = dget_dlock(child);\n\t\tspin_unlock(&child->d_lock);\n\t}',
  ),
});

const counted = (body: string, iput = '\titem_put(dentry->d_fsdata);\n\tiput(inode);'): string => `
struct item { struct kref ref; int count; };
static void item_free(struct kref *ref)
{
	kfree(container_of(ref, struct item, ref));
}
static struct item *item_get(struct item *item)
{
	if (item)
		kref_get(&item->ref);
	return item;
}
static void item_put(struct item *item)
{
	if (item)
		kref_put(&item->ref, item_free);
}
static void foo_iput(struct dentry *dentry, struct inode *inode)
{
${iput}
}
void foo_set(struct dentry *dentry, struct item *item, struct dentry *other)
{
${body}
}
const struct dentry_operations ops = { .d_iput = foo_iput };`;

/** Whoever stores what d_iput puts takes a reference. */
export const FSDATA_REFERENCE = twinsOf('dentry/fsdata-reference', REFERENCE, {
  'taken in the store': counted('\tdentry->d_fsdata = item_get(item);'),
  'taken before': counted('\titem_get(item);\n\tdentry->d_fsdata = item;'),
  'taken after': counted('\tdentry->d_fsdata = item;\n\tkref_get(&item->ref);'),
  'moved from another': counted('\tdentry->d_fsdata = other->d_fsdata;\n\tother->d_fsdata = NULL;'),
  'the old one is dropped': counted(
    '\tstruct item *old = dentry->d_fsdata;\n\n\tdentry->d_fsdata = item_get(item);\n\titem_put(old);',
  ),
  'cleared, and dropped': counted('\titem_put(dentry->d_fsdata);\n\tdentry->d_fsdata = NULL;'),
  'two trade places': counted(
    '\tvoid *old = dentry->d_fsdata;\n\n\tdentry->d_fsdata = other->d_fsdata;\n\tother->d_fsdata = old;',
  ),
  'made for it': counted(
    '\titem = kzalloc(sizeof(*item), GFP_KERNEL);\n\tif (!item)\n\t\treturn;\n\tkref_init(&item->ref);\n\tdentry->d_fsdata = item;',
  ),
  'under d_lock': counted(
    '\tspin_lock(&dentry->d_lock);\n\tdentry->d_fsdata = item_get(item);\n\tspin_unlock(&dentry->d_lock);',
  ),
  'only where nothing hangs there': counted(
    '\tif (!dentry->d_fsdata)\n\t\tdentry->d_fsdata = item_get(item);',
  ),
  'nothing is dropped at the end': counted('\tdentry->d_fsdata = item;', '\tiput(inode);'),
  'taken, and given back where it fails': counted(
    '\titem_get(item);\n\tif (other) {\n\t\titem_put(item);\n\t\treturn;\n\t}\n\tdentry->d_fsdata = item;',
  ),
});
