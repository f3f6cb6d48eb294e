/**
 * dentry/unstable-name: code that is wrong (`_bad`), and code that is right and looks like it (`_ok`).
 */
import type { RuleCases } from '../../harness.js';

/** A filesystem in which dentries move. */
const RENAMES = `
static int foo_rename(struct mnt_idmap *idmap, struct inode *old_dir, struct dentry *old_dentry,
		      struct inode *new_dir, struct dentry *new_dentry, unsigned int flags)
{
	return 0;
}
const struct inode_operations renames = { .rename = foo_rename };
const struct super_operations sops = { .put_super = foo_put };
`;

/** Cases by title. */
export const UNSTABLE_NAME: RuleCases = {
  copied: `${RENAMES}
static int open_bad(struct inode *inode, struct file *file)
{
	char *copy = kstrdup(file->f_path.dentry->d_name.name, GFP_KERNEL); /*! dentry/unstable-name */

	file->private_data = copy;
	return copy ? 0 : -ENOMEM;
}
const struct file_operations fops = { .open = open_bad };`,

  'kept across a sleep in a callee': `${RENAMES}
static int ask(struct foo *foo, const struct qstr *name)
{
	int n;

	mutex_lock(&foo->mutex);
	n = name->name[0];
	mutex_unlock(&foo->mutex);
	return n;
}
static int revalidate_bad(struct dentry *dentry, unsigned int flags)
{
	if (flags & LOOKUP_RCU)
		return -ECHILD;
	return ask(dentry->d_fsdata, &dentry->d_name); /*! dentry/unstable-name */
}
const struct dentry_operations dops = { .d_revalidate = revalidate_bad };`,

  'through a variable that only some paths set': `${RENAMES}
static void send(struct foo *foo, const struct qstr *name)
{
	mutex_lock(&foo->mutex);
	if (name)
		foo->count = name->name[0];
	mutex_unlock(&foo->mutex);
}
static int open_bad(struct inode *inode, struct file *file)
{
	struct qstr *name = NULL;

	if (inode->i_flags)
		name = &file->f_path.dentry->d_name;
	send(inode->i_private, name); /*! dentry/unstable-name */
	return 0;
}
const struct file_operations fops = { .open = open_bad };`,

  'compared, or printed as %pd': `${RENAMES}
static int open_ok(struct inode *inode, struct file *file)
{
	pr_debug("%pd", file->f_path.dentry);
	return strcmp(file->f_path.dentry->d_name.name, "stats") == 0;
}
const struct file_operations fops = { .open = open_ok };`,

  'from a snapshot, under d_lock, under RCU': `${RENAMES}
static int open_ok(struct inode *inode, struct file *file)
{
	struct dentry *dentry = file->f_path.dentry;
	struct name_snapshot shot;
	char name[64];

	take_dentry_name_snapshot(&shot, dentry);
	strscpy(name, shot.name.name, 64);
	release_dentry_name_snapshot(&shot);
	spin_lock(&dentry->d_lock);
	strscpy(name, dentry->d_name.name, 64);
	spin_unlock(&dentry->d_lock);
	rcu_read_lock();
	strscpy(name, dentry->d_name.name, 64);
	rcu_read_unlock();
	return name[0];
}
const struct file_operations fops = { .open = open_ok };`,

  'the parent is locked by the caller': `${RENAMES}
static int unlink_ok(struct inode *dir, struct dentry *dentry)
{
	char *copy = kstrdup(dentry->d_name.name, GFP_KERNEL);

	kfree(copy);
	return 0;
}
const struct inode_operations iops = { .unlink = unlink_ok };`,

  'the old name of a link': `${RENAMES}
static int link_old_ok(struct dentry *old_dentry, struct inode *dir, struct dentry *dentry)
{
	char *copy = kstrdup(old_dentry->d_name.name, GFP_KERNEL);

	kfree(copy);
	return 0;
}
static int link_ok(struct dentry *old_dentry, struct inode *dir, struct dentry *dentry)
{
	char *copy = kstrdup(dentry->d_name.name, GFP_KERNEL);

	kfree(copy);
	return 0;
}
const struct inode_operations iops = { .link = link_old_ok };
const struct inode_operations others = { .link = link_ok };`,

  'nothing is renamed in this filesystem': `
static int open_ok(struct inode *inode, struct file *file)
{
	file->private_data = kstrdup(file->f_path.dentry->d_name.name, GFP_KERNEL);
	return 0;
}
const struct file_operations fops = { .open = open_ok };
const struct super_operations sops = { .put_super = foo_put };`,

  'of an open file, in a function that anybody calls': `
static char *name_of_bad(const struct path *path)
{
	return kstrdup(path->dentry->d_name.name, GFP_KERNEL); /*! dentry/unstable-name */
}
int note(struct file *file)
{
	file->private_data = name_of_bad(&file->f_path);
	return 0;
}`,

  'the function itself says that it may move': `
int tell_bad(struct dentry *dentry, struct foo *foo)
{
	struct dentry *up = dget_parent(dentry);

	foo->name = kstrdup(dentry->d_name.name, GFP_KERNEL); /*! dentry/unstable-name */
	dput(up);
	return 0;
}`,

  'of whom several functions in one slot are called with': `
struct op { struct dentry *dentry; const struct op_ops *ops; void *name; };
struct op_ops { void (*issue)(struct op *op); };
static void issue_named_ok(struct op *op)
{
	op->name = kstrdup(op->dentry->d_name.name, GFP_KERNEL);
}
static void issue_ok(struct op *op)
{
	op->name = NULL;
}
const struct op_ops named = { .issue = issue_named_ok };
const struct op_ops plain = { .issue = issue_ok };
static void begin(struct op *op)
{
	op->ops->issue(op);
}
static int fsync_ok(struct file *file, loff_t start, loff_t end, int datasync)
{
	struct op *op = file->private_data;

	begin(op);
	return 0;
}
static int rename_ok(struct mnt_idmap *idmap, struct inode *old_dir, struct dentry *old_dentry,
		     struct inode *new_dir, struct dentry *new_dentry, unsigned int flags)
{
	return 0;
}
const struct file_operations fops = { .fsync = fsync_ok };
const struct inode_operations iops = { .rename = rename_ok };`,
  'every function in the slot asks for its name': `
struct proto { int (*find)(struct dentry *dentry); };
static int send(struct dentry *dentry)
{
	char *copy = kstrdup(dentry->d_name.name, GFP_KERNEL); /*! dentry/unstable-name */

	kfree(copy);
	return 0;
}
static int find_bad(struct dentry *dentry)
{
	char *copy = kstrdup(dentry->d_name.name, GFP_KERNEL); /*! dentry/unstable-name */

	kfree(copy);
	return 0;
}
static int find_sent(struct dentry *dentry)
{
	return send(dentry);
}
const struct proto one = { .find = find_bad };
const struct proto two = { .find = find_sent };
static int find(const struct proto *proto, struct dentry *dentry)
{
	return proto->find(dentry);
}
static int revalidate(struct dentry *dentry, unsigned int flags)
{
	if (flags & LOOKUP_RCU)
		return -ECHILD;
	return find(dentry->d_sb->s_fs_info, dentry);
}
const struct dentry_operations dops = { .d_revalidate = revalidate };
static int rename_ok(struct mnt_idmap *idmap, struct inode *old_dir, struct dentry *old_dentry,
		     struct inode *new_dir, struct dentry *new_dentry, unsigned int flags)
{
	return 0;
}
const struct inode_operations iops = { .rename = rename_ok };`,
  'handed on to the function that the call names as well': `
static int check_name(struct dentry *dentry, unsigned int flags)
{
	char *copy = kstrdup(dentry->d_name.name, GFP_KERNEL); /*! dentry/unstable-name */

	kfree(copy);
	return 1;
}
static int check_bad(struct dentry *dentry, unsigned int flags)
{
	return check_name(dentry, flags);
}
static int with_parent(struct dentry *dentry, unsigned int flags, int (*check)(struct dentry *, unsigned int))
{
	struct dentry *parent;
	int ret;

	if (flags & LOOKUP_RCU)
		return -ECHILD;
	parent = dget_parent(dentry);
	ret = check(dentry, flags);
	dput(parent);
	return ret;
}
static int revalidate(struct dentry *dentry, unsigned int flags)
{
	return with_parent(dentry, flags, check_bad);
}
const struct dentry_operations dops = { .d_revalidate = revalidate };
static int rename_ok(struct mnt_idmap *idmap, struct inode *old_dir, struct dentry *old_dentry,
		     struct inode *new_dir, struct dentry *new_dentry, unsigned int flags)
{
	return 0;
}
const struct inode_operations iops = { .rename = rename_ok };`,

  'copied into a structure that goes to what sleeps': `${RENAMES}
struct want { int found; struct qstr name; };
static int walk_all(struct inode *dir, struct want *want)
{
	mutex_lock(&foo->mutex);
	if (want->name.name[0] == 'x')
		want->found = 1;
	mutex_unlock(&foo->mutex);
	return want->found;
}
static int find_bad(struct inode *dir, struct dentry *dentry)
{
	struct want want = { .found = 0, .name = dentry->d_name };

	return walk_all(dir, &want); /*! dentry/unstable-name */
}
static int revalidate(struct dentry *dentry, unsigned int flags)
{
	struct dentry *parent;
	int ret;

	if (flags & LOOKUP_RCU)
		return -ECHILD;
	parent = dget_parent(dentry);
	ret = find_bad(d_inode(parent), dentry);
	dput(parent);
	return ret;
}
const struct dentry_operations dops = { .d_revalidate = revalidate };`,

  'stored by a helper in a structure that goes to what sleeps': `${RENAMES}
struct args { int count; unsigned int size; const void *value; };
static void fill(struct args *args, struct inode *dir, const struct qstr *name)
{
	args->count = dir->i_nlink;
	args->size = name->len + 1;
	args->value = name->name;
}
static int request(struct foo *foo, struct args *args)
{
	mutex_lock(&foo->mutex);
	foo->count = args->count;
	mutex_unlock(&foo->mutex);
	return 0;
}
#define NO_ARGS(name) struct args name = {}
static int revalidate_bad(struct dentry *dentry, unsigned int flags)
{
	NO_ARGS(args);

	if (flags & LOOKUP_RCU)
		return -ECHILD;
	fill(&args, d_inode(dentry), &dentry->d_name);
	return request(dentry->d_sb->s_fs_info, &args); /*! dentry/unstable-name */
}
const struct dentry_operations dops = { .d_revalidate = revalidate_bad };`,

  'stored where nothing sleeps while it is there': `${RENAMES}
struct args { int count; unsigned int size; const void *value; };
static void fill(struct args *args, const struct qstr *name)
{
	args->size = name->len + 1;
	args->value = name->name;
}
static int compare(struct args *args)
{
	return args->size == 3;
}
static int revalidate_ok(struct dentry *dentry, unsigned int flags)
{
	struct args args;
	struct args other;
	int same;

	if (flags & LOOKUP_RCU)
		return -ECHILD;
	fill(&args, &dentry->d_name);
	same = compare(&args);
	msleep(1);
	other.count = same;
	return lookup(dentry->d_sb->s_fs_info, &other);
}
static int lookup(struct foo *foo, struct args *args)
{
	mutex_lock(&foo->mutex);
	foo->count = args->count;
	mutex_unlock(&foo->mutex);
	return 0;
}
const struct dentry_operations dops = { .d_revalidate = revalidate_ok };`,

  'stored in a structure under the lock of the parent': `${RENAMES}
struct args { int count; const void *value; };
static int request(struct foo *foo, struct args *args)
{
	mutex_lock(&foo->mutex);
	foo->count = args->count;
	mutex_unlock(&foo->mutex);
	return 0;
}
static int unlink_ok(struct inode *dir, struct dentry *dentry)
{
	struct args args = { .value = dentry->d_name.name };

	return request(dentry->d_sb->s_fs_info, &args);
}
const struct inode_operations iops = { .unlink = unlink_ok };`,

  'stored in the structure that a caller handed over': `${RENAMES}
struct copy { struct dentry *dentry; struct qstr name; };
static int make(struct copy *copy)
{
	mutex_lock(&foo->mutex);
	foo->count = copy->name.len;
	mutex_unlock(&foo->mutex);
	return 0;
}
static int start_bad(struct copy *copy)
{
	copy->name = copy->dentry->d_name;
	return make(copy); /*! dentry/unstable-name */
}
static int open(struct inode *inode, struct file *file)
{
	struct copy copy = { .dentry = file->f_path.dentry };

	return start_bad(&copy);
}
const struct file_operations fops = { .open = open };`,

  'in a structure that another one points at': `${RENAMES}
struct call_args { const unsigned char *name; unsigned int len; };
struct call { int nr; void *args; };
int call_sync(const struct call *call, int flags);
static int ask_bad(struct dentry *dentry)
{
	struct call_args args = { .name = dentry->d_name.name, .len = dentry->d_name.len };
	struct call call = { .nr = 1, .args = &args };

	return call_sync(&call, 0); /*! dentry/unstable-name */
}
static int ask_ok(struct dentry *dentry)
{
	struct name_snapshot shot;
	struct call_args args = {};
	struct call call = { .nr = 1, .args = &args };
	int err;

	take_dentry_name_snapshot(&shot, dentry);
	args.name = shot.name.name;
	err = call_sync(&call, 0);
	release_dentry_name_snapshot(&shot);
	return err;
}
static int open(struct inode *inode, struct file *file)
{
	return ask_bad(file->f_path.dentry) ?: ask_ok(file->f_path.dentry);
}
const struct file_operations fops = { .open = open };`,

  // Whoever gets the text reads it, and a tracepoint does while it is on
  'handed to what nobody knows': `${RENAMES}
void *register_source(const char *name);
void trace_foo_open(const unsigned char *name);
static long ioctl_bad(struct file *file, unsigned int cmd, unsigned long arg)
{
	return register_source(file->f_path.dentry->d_name.name) != NULL; /*! dentry/unstable-name@high */
}
static int open_bad(struct inode *inode, struct file *file)
{
	trace_foo_open(file->f_path.dentry->d_name.name); /*! dentry/unstable-name@high */
	return 0;
}
const struct file_operations fops = { .open = open_bad, .unlocked_ioctl = ioctl_bad };`,

  // The move drops the old name, under whatever lock
  'read before the function moves the dentry, and used after': `
void note(const char *fmt, const char *name);
static int foo_rename_bad(struct mnt_idmap *idmap, struct inode *old_dir, struct dentry *old_dentry,
			  struct inode *new_dir, struct dentry *new_dentry, unsigned int flags)
{
	const unsigned char *name = old_dentry->d_name.name;
	const unsigned char *target = new_dentry->d_name.name;

	note("%s", name);
	d_move(old_dentry, new_dentry);
	note("%s", target);
	note("%s", name); /*! dentry/unstable-name@high */
	return 0;
}
static int foo_rename_ok(struct mnt_idmap *idmap, struct inode *old_dir, struct dentry *old_dentry,
			 struct inode *new_dir, struct dentry *new_dentry, unsigned int flags)
{
	const unsigned char *name = old_dentry->d_name.name;

	note("%s", name);
	d_move(old_dentry, new_dentry);
	name = old_dentry->d_name.name;
	note("%s", name);
	return 0;
}
const struct inode_operations renames = { .rename = foo_rename_bad };
const struct inode_operations others = { .rename = foo_rename_ok };
const struct super_operations sops = { .put_super = foo_put };`,
};
