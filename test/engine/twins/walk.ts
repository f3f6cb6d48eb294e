/**
 * Right code of the shape that the laws of RCU-walk and of methods under spinlocks speak about.
 */
import type { Twins } from '../twins.js';

const BOX = `
struct box { struct mutex mutex; spinlock_t lock; int count; int state; struct box *next; struct dentry *owner; struct inode *inode; };
struct box *box_make(gfp_t gfp);
static struct box *all;`;

const revalidate = (body: string, before = ''): string => `${BOX}
${before}
static int foo_revalidate(struct dentry *dentry, unsigned int flags)
{
	struct box *box = dentry->d_fsdata;

${body}
	return 1;
}
const struct dentry_operations foo_ops = { .d_revalidate = foo_revalidate };`;

const permission = (body: string, before = ''): string => `${BOX}
${before}
static int foo_permission(struct mnt_idmap *idmap, struct inode *inode, int mask)
{
	struct box *box = inode->i_private;

${body}
	return 0;
}
const struct inode_operations foo_iops = { .permission = foo_permission };`;

const getLink = (body: string, before = ''): string => `${BOX}
${before}
static const char *foo_get_link(struct dentry *dentry, struct inode *inode, struct delayed_call *done)
{
${body}
}
const struct inode_operations foo_iops = { .get_link = foo_get_link };`;

const acl = (body: string, before = ''): string => `${BOX}
${before}
static struct posix_acl *foo_get_acl(struct inode *inode, int type, bool rcu)
{
	struct box *box = inode->i_private;

${body}
	return NULL;
}
const struct inode_operations foo_iops = { .get_inode_acl = foo_get_acl };`;

const LOCK = '\tmutex_lock(&box->mutex);\n\tbox->count++;\n\tmutex_unlock(&box->mutex);';
const BAIL = '\tif (flags & LOOKUP_RCU)\n\t\treturn -ECHILD;\n';
const COUNT =
  'static void count(struct box *box)\n{\n\tmutex_lock(&box->mutex);\n\tbox->count++;\n\tmutex_unlock(&box->mutex);\n}';

/** Nothing sleeps where RCU-walk comes. */
export const WALK_BLOCKS: Twins = {
  bad: revalidate(LOCK),
  right: {
    'the way out first': revalidate(`${BAIL}${LOCK}`),
    'the way out in a helper': revalidate(
      `\tif (is_walk(flags))\n\t\treturn -ECHILD;\n${LOCK}`,
      'static inline bool is_walk(unsigned int flags)\n{\n\treturn flags & LOOKUP_RCU;\n}',
    ),
    'the flag kept in a variable': revalidate(
      `\tbool walk = flags & LOOKUP_RCU;\n\n\tif (walk)\n\t\treturn -ECHILD;\n${LOCK}`,
    ),
    'only where not': revalidate(`\tif (!(flags & LOOKUP_RCU)) {\n${LOCK}\n\t}`),
    'a helper told not to block': revalidate(
      '\tif (look(box, flags & LOOKUP_RCU))\n\t\treturn -ECHILD;',
      'static int look(struct box *box, bool walk)\n{\n\tif (walk)\n\t\treturn -ECHILD;\n\tmutex_lock(&box->mutex);\n\tmutex_unlock(&box->mutex);\n\treturn 0;\n}',
    ),
    'a helper behind the way out': revalidate(`${BAIL}\tcount(box);`, COUNT),
    'a spinlock': revalidate('\tspin_lock(&box->lock);\n\tbox->count++;\n\tspin_unlock(&box->lock);'),
    tried: revalidate(
      '\tif (!mutex_trylock(&box->mutex))\n\t\treturn -ECHILD;\n\tbox->count++;\n\tmutex_unlock(&box->mutex);',
    ),
    'an allocation that does not wait': revalidate('\tkfree(kmalloc(8, GFP_ATOMIC));'),
    'a mask by the flag': revalidate('\tkfree(kmalloc(8, flags & LOOKUP_RCU ? GFP_ATOMIC : GFP_KERNEL));'),
    'a permission that follows the mask': permission(
      `\tif (mask & MAY_NOT_BLOCK)\n\t\treturn -ECHILD;\n${LOCK}`,
    ),
    'a permission that blocks only if it may': permission(`\tif (!(mask & MAY_NOT_BLOCK)) {\n${LOCK}\n\t}`),
    'a permission with a derived flag': permission(
      `\tbool may_block = !(mask & MAY_NOT_BLOCK);\n\n\tif (may_block) {\n${LOCK}\n\t}`,
    ),
    'a permission that hands the mask on': permission(
      '\treturn check(box, mask);',
      'static int check(struct box *box, int mask)\n{\n\tif (mask & MAY_NOT_BLOCK)\n\t\treturn -ECHILD;\n\tmutex_lock(&box->mutex);\n\tmutex_unlock(&box->mutex);\n\treturn 0;\n}',
    ),
    'a permission that reads only': permission('\tif (box->state)\n\t\treturn -EACCES;'),
    'a link without a dentry': getLink(
      '\tstruct box *box = inode->i_private;\n\n\tif (!dentry)\n\t\treturn ERR_PTR(-ECHILD);\n\tmutex_lock(&box->mutex);\n\tmutex_unlock(&box->mutex);\n\treturn inode->i_link;',
    ),
    'a link with a mask by the dentry': getLink('\treturn kmalloc(8, dentry ? GFP_KERNEL : GFP_ATOMIC);'),
    'a link that is there': getLink('\treturn inode->i_link;'),
    'an acl that is not cached': acl(`\tif (rcu)\n\t\treturn ERR_PTR(-ECHILD);\n${LOCK}`),
    'an acl with a helper': acl('\tif (!rcu)\n\t\tcount(box);', COUNT),
    'a switch': permission(
      `\tswitch (mask & MAY_NOT_BLOCK) {\n\tcase 0:\n\t\tmsleep(1);\n\t\tbreak;\n\tdefault:\n\t\treturn -ECHILD;\n\t}`,
    ),
  },
};

/** No reference that somebody has to give back where nothing may sleep. */
export const WALK_REFERENCE: Twins = {
  bad: revalidate('\tdget(dentry);\n\tdput(dentry);'),
  right: {
    'behind the way out': revalidate(`${BAIL}\tdget(dentry);\n\tdput(dentry);`),
    'only where not': revalidate('\tif (!(flags & LOOKUP_RCU)) {\n\t\tdget(dentry);\n\t\tdput(dentry);\n\t}'),
    'a parent behind the way out': revalidate(
      `\tstruct dentry *parent;\n\n${BAIL}\tparent = dget_parent(dentry);\n\tdput(parent);`,
    ),
    'an inode behind the way out': revalidate(
      `\tstruct inode *inode;\n\n${BAIL}\tinode = igrab(dentry->d_inode);\n\tif (inode)\n\t\tiput(inode);`,
    ),
    'in a helper behind the way out': revalidate(
      `${BAIL}\tlook(dentry);`,
      'static void look(struct dentry *dentry)\n{\n\tdget(dentry);\n\tdput(dentry);\n}',
    ),
    'in a helper told not to': revalidate(
      '\tif (look(dentry, flags & LOOKUP_RCU))\n\t\treturn -ECHILD;',
      'static int look(struct dentry *dentry, bool walk)\n{\n\tif (walk)\n\t\treturn -ECHILD;\n\tdget(dentry);\n\tdput(dentry);\n\treturn 0;\n}',
    ),
    'in another method': revalidate(
      '\tif (!box)\n\t\treturn 0;',
      'static int foo_open(struct inode *inode, struct file *file)\n{\n\tihold(inode);\n\tfile->private_data = inode;\n\treturn 0;\n}\nconst struct file_operations foo_fops = { .open = foo_open };',
    ),
    'a count of its own': revalidate('\tbox->count++;'),
    'reads the count': revalidate('\tif (dentry->d_lockref.count < 0)\n\t\treturn 0;'),
    compares: revalidate('\tif (box && box->owner == dentry)\n\t\treturn 0;'),
    'writes the time': revalidate(
      '\tspin_lock(&dentry->d_lock);\n\tdentry->d_time = 1;\n\tspin_unlock(&dentry->d_lock);',
    ),
    'a permission behind the mask': permission(
      '\tif (mask & MAY_NOT_BLOCK)\n\t\treturn -ECHILD;\n\tihold(inode);\n\tiput(inode);',
    ),
    'a permission only if it may': permission(
      '\tif (!(mask & MAY_NOT_BLOCK)) {\n\t\tihold(inode);\n\t\tiput(inode);\n\t}',
    ),
    'a permission that reads only': permission('\tif (box->state)\n\t\treturn -EACCES;'),
    'a link with a dentry only': getLink(
      '\tif (!dentry)\n\t\treturn ERR_PTR(-ECHILD);\n\tdget(dentry);\n\tdput(dentry);\n\treturn inode->i_link;',
    ),
    'a link behind two tests': getLink(
      '\tif (!inode->i_link && !dentry)\n\t\treturn ERR_PTR(-ECHILD);\n\treturn inode->i_link;',
    ),
    'an acl only outside': acl('\tif (rcu)\n\t\treturn ERR_PTR(-ECHILD);\n\tihold(inode);\n\tiput(inode);'),
    'an acl of the cache': acl('\tif (rcu || !box->state)\n\t\treturn NULL;'),
    'the flag in a variable': revalidate(
      '\tbool walk = flags & LOOKUP_RCU;\n\n\tif (walk)\n\t\treturn -ECHILD;\n\tdget(dentry);\n\tdput(dentry);',
    ),
    nothing: revalidate('\tif (flags & LOOKUP_RCU)\n\t\treturn 1;'),
  },
};

const spun = (method: string, params: string, ret: string, body: string, before = ''): string => `${BOX}
${before}
static ${ret} foo_${method}(${params})
{
${body}
}
const struct dentry_operations foo_ops = { .d_${method} = foo_${method} };`;
const del = (body: string, before = ''): string =>
  spun(
    'delete',
    'const struct dentry *dentry',
    'int',
    `\tstruct box *box = dentry->d_fsdata;\n\n${body}\n\treturn 0;`,
    before,
  );
const hash = (body: string, before = ''): string =>
  spun('hash', 'const struct dentry *parent, struct qstr *name', 'int', `${body}\n\treturn 0;`, before);
const compare = (body: string, before = ''): string =>
  spun(
    'compare',
    'const struct dentry *dentry, unsigned int len, const char *str, const struct qstr *name',
    'int',
    `${body}\n\treturn 0;`,
    before,
  );
const pruned = (body: string, before = ''): string =>
  spun('prune', 'struct dentry *dentry', 'void', `\tstruct box *box = dentry->d_fsdata;\n\n${body}`, before);

/** Methods under spinlocks sleep in no way. */
export const ATOMIC_METHOD: Twins = {
  bad: del('\tmsleep(1);'),
  right: {
    'd_delete asks a flag': del('\tif (box->state)\n\t\treturn 1;'),
    'd_delete takes a spinlock': del('\tspin_lock(&box->lock);\n\tbox->count++;\n\tspin_unlock(&box->lock);'),
    'd_delete tries a mutex': del(
      '\tif (mutex_trylock(&box->mutex)) {\n\t\tbox->count++;\n\t\tmutex_unlock(&box->mutex);\n\t}',
    ),
    'd_delete allocates without waiting': del('\tkfree(kmalloc(8, GFP_ATOMIC));'),
    'd_delete of what is not there': del('\tif (!box)\n\t\treturn 1;'),
    'd_delete with a helper told not to sleep': del(
      '\tsettle(box, false);',
      'static void settle(struct box *box, bool wait)\n{\n\tif (wait)\n\t\tmsleep(1);\n\tbox->count++;\n}',
    ),
    'd_delete beside a helper that sleeps': del(
      '\tbox->count++;',
      `${COUNT}\nvoid outside(struct box *box)\n{\n\tcount(box);\n}`,
    ),
    'd_hash computes': hash(
      '\tunsigned int n = 0;\n\tint i;\n\n\tfor (i = 0; i < 8; i++)\n\t\tn += name->name[i];',
    ),
    'd_hash allocates without waiting': hash(
      '\tchar *copy = kmalloc(8, GFP_ATOMIC);\n\n\tif (!copy)\n\t\treturn -ENOMEM;\n\tkfree(copy);',
    ),
    'd_hash reads under RCU': hash(
      '\trcu_read_lock();\n\tif (all)\n\t\tall->count = 1;\n\trcu_read_unlock();',
    ),
    'd_hash with a mask from a helper': hash(
      '\tkfree(kmalloc(8, mask()));',
      'static gfp_t mask(void)\n{\n\treturn GFP_ATOMIC;\n}',
    ),
    'd_compare compares': compare('\tif (len != 3)\n\t\treturn 1;\n\treturn memcmp(str, name->name, len);'),
    'd_compare allocates without waiting': compare('\tkfree(kmalloc(len, GFP_NOWAIT));'),
    'd_prune marks': pruned('\tbox->state = 1;'),
    'd_prune takes a spinlock': pruned(
      '\tspin_lock(&box->lock);\n\tbox->state = 1;\n\tspin_unlock(&box->lock);',
    ),
    'd_prune frees a copy': pruned('\tkfree(kstrdup("x", GFP_ATOMIC));'),
    'd_prune leaves it to a work item': pruned('\tschedule_work(&work);', 'static struct work_struct work;'),
    'd_prune wakes': pruned('\twake_up(&queue);', 'static wait_queue_head_t queue;'),
    'd_iput may sleep': spun(
      'iput',
      'struct dentry *dentry, struct inode *inode',
      'void',
      '\tmsleep(1);\n\tiput(inode);',
    ),
    'd_revalidate may sleep outside of the walk': revalidate(`${BAIL}${LOCK}`),
    'd_release may free': spun('release', 'struct dentry *dentry', 'void', '\tkfree(dentry->d_fsdata);'),
  },
};
