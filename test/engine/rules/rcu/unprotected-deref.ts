/**
 * rcu/unprotected-deref: code that is wrong (`_bad`), and code that is right and looks like it (`_ok`).
 */
import type { RuleCases } from '../../harness.js';

/** Something that RCU protects, and the method that reads it. */
const method = (name: string, body: string, before = ''): string => `
struct bar { struct rcu_head rcu; struct bar *next; struct list_head list; int n; int key; refcount_t refs; spinlock_t lock; };
struct box { struct bar *bar; struct list_head bars; spinlock_t lock; struct mutex mutex; struct idr idr; };
struct bar *bar_elsewhere(struct bar *bar);
${before}
static int ${name}(struct inode *inode, struct file *file)
{
	struct box *box = inode->i_private;
	struct bar *bar;
	int n = 0;
${body}
	return n;
}
const struct file_operations fops = { .open = ${name} };`;

/** Cases by title. */
export const UNPROTECTED_DEREF: RuleCases = {
  'followed after the unlock': method(
    'open_bad',
    `
	rcu_read_lock();
	bar = rcu_dereference(box->bar);
	rcu_read_unlock();
	if (bar)
		n = bar->n; /*! rcu/unprotected-deref@high */`,
  ),

  'of what was made here': method(
    'open_ok',
    `
	struct box *own = box_create(inode);

	rcu_read_lock();
	bar = rcu_dereference(own->bar);
	rcu_read_unlock();
	n = bar->n;`,
    'struct box *box_create(struct inode *inode);',
  ),

  'of what was found': method(
    'open_bad',
    `
	struct box *found = box_of(inode);

	rcu_read_lock();
	bar = rcu_dereference(found->bar);
	rcu_read_unlock();
	n = bar->n; /*! rcu/unprotected-deref@high */`,
    'struct box *box_of(struct inode *inode);',
  ),

  'by another name': method(
    'open_bad',
    `
	struct bar *other;

	rcu_read_lock();
	bar = rcu_dereference(box->bar);
	other = bar;
	rcu_read_unlock();
	n = other->n; /*! rcu/unprotected-deref@high */`,
  ),

  'a member of it, by its address': method(
    'open_bad',
    `
	rcu_read_lock();
	bar = rcu_dereference(box->bar);
	rcu_read_unlock();
	spin_lock(&bar->lock); /*! rcu/unprotected-deref@high */
	n = bar->n;
	spin_unlock(&bar->lock);`,
  ),

  'followed by what is called': method(
    'open_bad',
    `
	rcu_read_lock();
	bar = rcu_dereference(box->bar);
	rcu_read_unlock();
	n = n_of(bar); /*! rcu/unprotected-deref@high */`,
    'static int n_of(const struct bar *b)\n{\n\treturn b->n;\n}',
  ),

  'found in a list': method(
    'open_bad',
    `
	rcu_read_lock();
	list_for_each_entry_rcu(bar, &box->bars, list) {
		if (bar->key == 3)
			break;
	}
	rcu_read_unlock();
	n = bar->n; /*! rcu/unprotected-deref@medium */`,
  ),

  'found by its number': method(
    'open_bad',
    `
	rcu_read_lock();
	bar = idr_find(&box->idr, 3);
	if (!bar || is_idle(bar)) {
		rcu_read_unlock();
		return 0;
	}
	rcu_read_unlock();
	n = bar->n; /*! rcu/unprotected-deref@medium */`,
    'static bool is_idle(struct bar *b)\n{\n\treturn b->n == 0;\n}',
  ),

  'in a scope': method(
    'open_bad',
    `
	scoped_guard(rcu)
		bar = rcu_dereference(box->bar);
	n = bar->n; /*! rcu/unprotected-deref@high */`,
  ),

  'the inode of a parent': `
static int open_bad(struct inode *inode, struct file *file)
{
	struct inode *dir;

	rcu_read_lock();
	dir = d_inode_rcu(READ_ONCE(file->f_path.dentry->d_parent));
	rcu_read_unlock();
	return dir ? dir->i_flags : 0; /*! rcu/unprotected-deref@high */
}
const struct file_operations fops = { .open = open_bad };`,

  // A get that failed keeps nothing; it is taken for one all the same
  'where a reference was not had': method(
    'FN_open',
    `
	rcu_read_lock();
	bar = rcu_dereference(box->bar);
	if (!refcount_inc_not_zero(&bar->refs)) {
		rcu_read_unlock();
		return bar->n;
	}
	rcu_read_unlock();`,
  ),

  'only some callers of the method hold a lock': `
struct bar { struct rcu_head rcu; int n; };
struct box { struct bar *bar; };
static int permission_bad(struct mnt_idmap *idmap, struct inode *inode, int mask)
{
	struct box *box = inode->i_private;
	struct bar *bar;

	if (mask & MAY_NOT_BLOCK)
		return -ECHILD;
	rcu_read_lock();
	bar = rcu_dereference(box->bar);
	rcu_read_unlock();
	return bar->n; /*! rcu/unprotected-deref@high */
}
const struct inode_operations iops = { .permission = permission_bad };`,

  'in the next read side': method(
    'open_bad',
    `
	rcu_read_lock();
	bar = rcu_dereference(box->bar);
	rcu_read_unlock();
	rcu_read_lock();
	n = bar->n; /*! rcu/unprotected-deref@medium */
	rcu_read_unlock();`,
  ),

  'given back by a callee that has closed the read side': method(
    'open_bad',
    `
	bar = find(box);
	if (bar)
		n = bar->n; /*! rcu/unprotected-deref@low */
	rcu_read_lock();
	bar = find(box);
	if (bar)
		n += bar->n;
	rcu_read_unlock();
	if (find(box))
		n++;
	mutex_lock(&box->mutex);
	bar = find(box);
	if (bar)
		n += bar->n;
	mutex_unlock(&box->mutex);`,
    `static struct bar *find_key(struct box *box, int key)
{
	struct bar *bar;

	rcu_read_lock();
	list_for_each_entry_rcu(bar, &box->bars, list) {
		if (bar->key == key) {
			rcu_read_unlock();
			return bar;
		}
	}
	rcu_read_unlock();
	return NULL;
}
static struct bar *find(struct box *box)
{
	return find_key(box, 3);
}`,
  ),

  'given back with a reference, or by a callee of a reader': method(
    'open_ok',
    `
	bar = find(box);
	n = bar->n;
	bar_elsewhere(bar);`,
    `static struct bar *find(struct box *box)
{
	struct bar *bar;

	rcu_read_lock();
	bar = rcu_dereference(box->bar);
	if (!refcount_inc_not_zero(&bar->refs))
		bar = NULL;
	rcu_read_unlock();
	return bar;
}`,
  ),

  'nobody knows who calls': `
struct bar { struct rcu_head rcu; int n; };
struct box { struct bar *bar; };
int n_bad(struct box *box)
{
	struct bar *bar;

	rcu_read_lock();
	bar = rcu_dereference(box->bar);
	rcu_read_unlock();
	return bar->n; /*! rcu/unprotected-deref@medium */
}`,

  'followed inside, and read anew': method(
    'open_ok',
    `
	rcu_read_lock();
	bar = rcu_dereference(box->bar);
	if (bar)
		n = bar->n;
	rcu_read_unlock();
	rcu_read_lock();
	bar = rcu_dereference(box->bar);
	if (bar)
		n += bar->n;
	rcu_read_unlock();`,
  ),

  'a reference was taken inside': method(
    'open_ok',
    `
	rcu_read_lock();
	bar = rcu_dereference(box->bar);
	if (bar && !refcount_inc_not_zero(&bar->refs))
		bar = NULL;
	rcu_read_unlock();
	if (bar)
		n = bar->n;
	rcu_read_lock();
	bar = get_bar(rcu_dereference(box->bar));
	rcu_read_unlock();
	n += bar->n;
	rcu_read_lock();
	bar = rcu_dereference(box->bar);
	bar_elsewhere(bar);
	rcu_read_unlock();
	n += bar->n;`,
    'static struct bar *get_bar(struct bar *b)\n{\n\trefcount_inc(&b->refs);\n\treturn b;\n}',
  ),

  'counted by hand': method(
    'open_ok',
    `
	rcu_read_lock();
	bar = rcu_dereference(box->bar);
	bar->key++;
	rcu_read_unlock();
	n = bar->n;`,
  ),

  'given back later: there was a reference': method(
    'open_ok',
    `
	rcu_read_lock();
	bar = rcu_dereference(box->bar);
	rcu_read_unlock();
	bar_put(bar);
	n = bar->n;`,
    'void bar_put(struct bar *bar);',
  ),

  'the lock of the update side is held': method(
    'open_ok',
    `
	mutex_lock(&box->mutex);
	rcu_read_lock();
	bar = rcu_dereference(box->bar);
	rcu_read_unlock();
	n = bar->n;
	mutex_unlock(&box->mutex);
	rcu_read_lock();
	bar = rcu_dereference(box->bar);
	spin_lock(&bar->lock);
	rcu_read_unlock();
	n += bar->n;
	spin_unlock(&bar->lock);`,
  ),

  'another read side is open': method(
    'open_ok',
    `
	rcu_read_lock();
	rcu_read_lock();
	bar = rcu_dereference(box->bar);
	rcu_read_unlock();
	n = bar->n;
	rcu_read_unlock();`,
  ),

  'only compared': method(
    'open_ok',
    `
	struct bar *other;

	rcu_read_lock();
	bar = rcu_dereference(box->bar);
	rcu_read_unlock();
	rcu_read_lock();
	other = rcu_dereference(box->bar);
	n = other == bar;
	rcu_read_unlock();`,
  ),

  'compared with what is there now': method(
    'open_ok',
    `
	rcu_read_lock();
	bar = rcu_dereference(box->bar);
	rcu_read_unlock();
	mutex_lock(&box->mutex);
	if (bar == box->bar)
		n = bar->n;
	mutex_unlock(&box->mutex);`,
  ),

  'shown to be what the caller has': method(
    'open_ok',
    `
	rcu_read_lock();
	bar = rcu_dereference(box->bar);
	if (bar != file->private_data) {
		rcu_read_unlock();
		return -EACCES;
	}
	rcu_read_unlock();
	n = bar->n;`,
  ),

  'a value of it': method(
    'open_ok',
    `
	int key;

	rcu_read_lock();
	bar = rcu_dereference(box->bar);
	key = bar ? bar->key : 0;
	rcu_read_unlock();
	n = key;
	if (!bar)
		n = -ENOENT;
	pr_info("%p", bar);`,
  ),

  'the caller is a reader': `
struct bar { struct rcu_head rcu; int n; };
struct box { struct bar *bar; };
static int n_ok(struct box *box)
{
	struct bar *bar;

	rcu_read_lock();
	bar = rcu_dereference(box->bar);
	rcu_read_unlock();
	return bar->n;
}
static int open_ok(struct inode *inode, struct file *file)
{
	int n;

	rcu_read_lock();
	n = n_ok(inode->i_private);
	rcu_read_unlock();
	return n;
}
const struct file_operations fops = { .open = open_ok };`,

  'a task that ends in the meantime, and one of which a reference was taken': `
struct task_struct { int n; };
static int open_bad(struct inode *inode, struct file *file)
{
	struct task_struct *task;

	rcu_read_lock();
	task = find_task_by_vpid(1);
	rcu_read_unlock();
	return task->n; /*! rcu/unprotected-deref@high */
}
static int other_ok(struct inode *inode, struct file *file)
{
	struct task_struct *task;

	rcu_read_lock();
	task = find_task_by_vpid(1);
	if (task)
		get_task_struct(task);
	rcu_read_unlock();
	return task->n;
}
const struct file_operations fops = { .open = open_bad, .release = other_ok };`,
  'a network device that is held, and one that is not': `
struct net_device { int *pcpu_refcnt; int n; };
struct port { struct net_device *dev; };
static int open_bad(struct inode *inode, struct file *file)
{
	struct port *port = inode->i_private;
	struct net_device *dev;

	rcu_read_lock();
	dev = rcu_dereference(port->dev);
	rcu_read_unlock();
	return dev->n; /*! rcu/unprotected-deref */
}
static int other_ok(struct inode *inode, struct file *file)
{
	struct port *port = inode->i_private;
	struct net_device *dev;
	int n;

	rcu_read_lock();
	dev = rcu_dereference(port->dev);
	dev_hold(dev);
	rcu_read_unlock();
	n = dev->n;
	dev_put(dev);
	return n;
}
static struct net_device *device_get(struct port *port)
{
	struct net_device *dev;

	rcu_read_lock();
	dev = rcu_dereference(port->dev);
	dev_hold(dev);
	rcu_read_unlock();
	return dev;
}
static long third_ok(struct file *file, unsigned int cmd, unsigned long arg)
{
	struct net_device *dev = device_get(file->private_data);

	return dev ? dev->n : 0;
}
const struct file_operations fops = { .open = open_bad, .release = other_ok, .unlocked_ioctl = third_ok };`,
  'a reference on the module that owns it': `
struct kind { struct kind *next; struct module *owner; int n; };
static struct kind *kinds;
static int open_ok(struct inode *inode, struct file *file)
{
	struct kind *kind;

	rcu_read_lock();
	for (kind = rcu_dereference(kinds); kind; kind = rcu_dereference(kind->next))
		if (kind->n && try_module_get(kind->owner))
			break;
	rcu_read_unlock();
	return kind ? kind->n : 0;
}
const struct file_operations fops = { .open = open_ok };`,
};
