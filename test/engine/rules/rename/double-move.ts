/**
 * rename/double-move: code that is wrong (`_bad`), and code that is right and looks like it (`_ok`).
 */
import type { RuleCases } from '../../harness.js';

const ARGS =
  'struct mnt_idmap *idmap, struct inode *old_dir, struct dentry *old_dentry,\n\tstruct inode *new_dir, struct dentry *new_dentry, unsigned int flags';

/** A type that leaves the move to the VFS, and a table with the rename. */
const left = (rename: string): string => `
static struct file_system_type foo_type = { .name = "foo", .kill_sb = kill_litter_super };
const struct inode_operations foo_dir = { .rename = ${rename} };`;

/** A type that moves by itself. */
const own = (rename: string, flags = 'FS_RENAME_DOES_D_MOVE'): string => `
static struct file_system_type foo_type = { .name = "foo", .fs_flags = ${flags}, .kill_sb = kill_litter_super };
const struct inode_operations foo_dir = { .rename = ${rename} };`;

const SEND = `
int foo_send(struct inode *dir, const char *name);`;

/** So many choices that what had been done before is no longer told apart where they have come together. */
const choices = (first: number): string =>
  Array.from(
    { length: 14 },
    (_, i) => `\tif (flags & ${2 ** (first + i)})\n\t\terr = foo_send(new_dir, "${i}");`,
  ).join('\n');

/** Cases by title. */
export const DOUBLE_MOVE: RuleCases = {
  // ---- the VFS moves

  'moved by a filesystem that does not say so': `${SEND}
static int rename_bad(${ARGS})
{
	int err = foo_send(old_dir, new_dentry->d_name.name);

	if (err)
		return err;
	d_move(old_dentry, new_dentry); /*! rename/double-move@high */
	return 0;
}${left('rename_bad')}`,

  'moved by a helper, the flags being others': `${SEND}
static void settle_bad(struct dentry *from, struct dentry *to)
{
	d_move(from, to); /*! rename/double-move@high */
}
static int rename_bad(${ARGS})
{
	int err = foo_send(old_dir, new_dentry->d_name.name);

	if (!err)
		settle_bad(old_dentry, new_dentry);
	return err;
}${own('rename_bad', 'FS_REQUIRES_DEV | FS_USERNS_MOUNT')}`,

  'moved where merged paths hide how it ends': `${SEND}
static int rename_bad(${ARGS})
{
	int err = 0;

${choices(0)}
	if (old_dir != new_dir)
		d_move(old_dentry, new_dentry); /*! rename/double-move@high */
${choices(14)}
	return err;
}${left('rename_bad')}`,

  'never moved, on merged paths': `${SEND}
static int rename_bad(${ARGS})
{
	int err = 0;

${choices(0)}
	return err; /*! rename/double-move@high */
}${own('rename_bad')}`,

  'exchanged by a filesystem that does not say so': `${SEND}
static int rename_bad(${ARGS})
{
	if (flags & RENAME_EXCHANGE) {
		d_exchange(new_dentry, old_dentry); /*! rename/double-move@high */
		return 0;
	}
	return foo_send(old_dir, new_dentry->d_name.name);
}${left('rename_bad')}`,

  'moved out of a request': `${SEND}
struct request { struct dentry *from; struct dentry *to; int error; };
void foo_wait(struct request *req);
static void done_bad(struct request *req)
{
	if (!req->error)
		d_move(req->from, req->to); /*! rename/double-move@medium */ /*! dir/lock-required */
}
static int rename_bad(${ARGS})
{
	struct request *req = kzalloc(sizeof(*req), GFP_KERNEL);

	if (!req)
		return -ENOMEM;
	req->from = old_dentry;
	req->to = new_dentry;
	foo_wait(req);
	return req->error;
}${left('rename_bad')}`,

  'the VFS moves': `${SEND}
static int rename_ok(${ARGS})
{
	int err = foo_send(old_dir, new_dentry->d_name.name);

	if (err)
		return err;
	old_dentry->d_time = jiffies;
	return 0;
}${left('rename_ok')}`,

  'silly rename: what is overwritten is moved out of the way': `${SEND}
static int rename_ok(${ARGS})
{
	struct dentry *silly;
	int err;

	if (d_is_positive(new_dentry)) {
		silly = lookup_one_len(".gone", new_dentry->d_parent, 5);
		if (IS_ERR(silly))
			return PTR_ERR(silly);
		d_move(new_dentry, silly);
		dput(silly);
	}
	err = foo_send(old_dir, new_dentry->d_name.name);
	return err;
}${left('rename_ok')}`,

  'another method moves': `${SEND}
static int rename_ok(${ARGS})
{
	return foo_send(old_dir, new_dentry->d_name.name);
}
static int unlink_ok(struct inode *dir, struct dentry *dentry)
{
	struct dentry *silly = lookup_one_len(".gone", dentry->d_parent, 5);

	if (IS_ERR(silly))
		return PTR_ERR(silly);
	d_move(dentry, silly);
	dput(silly);
	return 0;
}
static struct file_system_type foo_type = { .name = "foo", .kill_sb = kill_litter_super };
const struct inode_operations foo_dir = { .rename = rename_ok, .unlink = unlink_ok };`,

  'moved and moved back where the rename fails': `${SEND}
static int rename_ok(${ARGS})
{
	int err = foo_send(old_dir, new_dentry->d_name.name);

	if (err < 0) {
		d_move(old_dentry, new_dentry);
		return err;
	}
	return 0;
}${left('rename_ok')}`,

  'no type in the directory: who uses the methods is not known': `${SEND}
static int rename_ok(${ARGS})
{
	int err = foo_send(old_dir, new_dentry->d_name.name);

	if (!err)
		d_move(old_dentry, new_dentry);
	return err;
}
const struct inode_operations foo_dir = { .rename = rename_ok };`,

  'one type says it and the other does not': `${SEND}
static int rename_ok(${ARGS})
{
	int err = foo_send(old_dir, new_dentry->d_name.name);

	if (!err)
		d_move(old_dentry, new_dentry);
	return err;
}
static struct file_system_type bar_type = { .name = "bar", .kill_sb = kill_litter_super };${own('rename_ok')}`,

  'the flag is set at run time': `${SEND}
static int rename_ok(${ARGS})
{
	int err = foo_send(old_dir, new_dentry->d_name.name);

	if (!err)
		d_move(old_dentry, new_dentry);
	return err;
}
static struct file_system_type foo_type = { .name = "foo", .kill_sb = kill_litter_super };
const struct inode_operations foo_dir = { .rename = rename_ok };
int init_ok(void)
{
	foo_type.fs_flags |= FS_RENAME_DOES_D_MOVE;
	return register_filesystem(&foo_type);
}`,

  'flags by a name of their own': `${SEND}
#define FOO_FLAGS (FS_REQUIRES_DEV | FS_RENAME_DOES_D_MOVE)
static int rename_ok(${ARGS})
{
	int err = foo_send(old_dir, new_dentry->d_name.name);

	if (!err)
		d_move(old_dentry, new_dentry);
	return err;
}${own('rename_ok', 'FOO_FLAGS')}`,

  // ---- the filesystem moves

  'success without a move': `${SEND}
static int rename_bad(${ARGS})
{
	int err = foo_send(old_dir, new_dentry->d_name.name);

	if (err)
		return err;
	old_dentry->d_time = jiffies;
	return 0; /*! rename/double-move@high */
}${own('rename_bad')}`,

  'one way to succeed without a move': `${SEND}
static int rename_bad(${ARGS})
{
	int err;

	if (old_dir == new_dir && !d_is_dir(old_dentry)) {
		err = foo_send(old_dir, new_dentry->d_name.name);
		if (err)
			return err;
		return 0; /*! rename/double-move@high */
	}
	err = foo_send(old_dir, new_dentry->d_name.name);
	if (!err)
		d_move(old_dentry, new_dentry);
	return err;
}${own('rename_bad', 'FS_REQUIRES_DEV|FS_RENAME_DOES_D_MOVE')}`,

  'a way out of a helper': `${SEND}
static int do_rename_bad(struct dentry *from, struct dentry *to, struct inode *dir)
{
	int err = foo_send(dir, to->d_name.name);

	if (err == -EOPNOTSUPP)
		return 0; /*! rename/double-move@high */
	if (!err)
		d_move(from, to);
	return err;
}
static int rename_bad(${ARGS})
{
	int err = do_rename_bad(old_dentry, new_dentry, old_dir);

	if (err)
		return err;
	old_dentry->d_time = jiffies;
	return 0;
}${own('rename_bad')}`,

  'an exchange that is not done in the cache': `${SEND}
static int rename_bad(${ARGS})
{
	int err = foo_send(old_dir, new_dentry->d_name.name);

	if (err)
		return err;
	if (!(flags & RENAME_EXCHANGE))
		d_move(old_dentry, new_dentry);
	return 0; /*! rename/double-move@high */
}${own('rename_bad')}`,

  'only the silly rename is done': `${SEND}
static int rename_bad(${ARGS})
{
	struct dentry *silly;
	int err;

	if (d_is_positive(new_dentry)) {
		silly = lookup_one_len(".gone", new_dentry->d_parent, 5);
		if (IS_ERR(silly))
			return PTR_ERR(silly);
		d_move(new_dentry, silly);
		dput(silly);
	}
	err = foo_send(old_dir, new_dentry->d_name.name);
	if (err)
		return err;
	return 0; /*! rename/double-move@high */
}${own('rename_bad')}`,

  'moved twice': `${SEND}
static int rename_bad(${ARGS})
{
	int err = foo_send(old_dir, new_dentry->d_name.name);

	if (err)
		return err;
	d_move(old_dentry, new_dentry);
	if (d_is_dir(old_dentry))
		inc_nlink(new_dir);
	d_move(old_dentry, new_dentry); /*! rename/double-move@high */
	return 0;
}${own('rename_bad')}`,

  'moved where it succeeds': `${SEND}
static int rename_ok(${ARGS})
{
	int err;

	if (flags & ~(RENAME_NOREPLACE | RENAME_EXCHANGE))
		return -EINVAL;
	err = foo_send(old_dir, new_dentry->d_name.name);
	if (err)
		goto out;
	if (flags & RENAME_EXCHANGE)
		d_exchange(old_dentry, new_dentry);
	else
		d_move(old_dentry, new_dentry);
out:
	return err;
}${own('rename_ok')}`,

  'moved in a helper, tried again where it failed': `${SEND}
static int do_rename_ok(struct dentry *from, struct dentry *to, struct inode *dir)
{
	int err = foo_send(dir, to->d_name.name);

	if (err == 0)
		d_move(from, to);
	return err;
}
static int rename_ok(${ARGS})
{
	int tries = 0;
	int err = do_rename_ok(old_dentry, new_dentry, old_dir);

	while (err == -EACCES && tries++ < 3)
		err = do_rename_ok(old_dentry, new_dentry, old_dir);
	return err;
}${own('rename_ok')}`,

  'moved in a helper that gives nothing back': `${SEND}
static void settle_ok(struct dentry *from, struct dentry *to, struct inode *a, struct inode *b)
{
	if (a != b)
		from->d_time = 0;
	d_move(from, to);
}
static int rename_ok(${ARGS})
{
	int err = foo_send(old_dir, new_dentry->d_name.name);

	if (err < 0)
		return err;
	settle_ok(old_dentry, new_dentry, old_dir, new_dir);
	return 0;
}${own('rename_ok')}`,

  'silly rename besides': `${SEND}
static int silly_ok(struct dentry *dentry)
{
	struct dentry *silly = lookup_one_len(".gone", dentry->d_parent, 5);

	if (IS_ERR(silly))
		return PTR_ERR(silly);
	d_move(dentry, silly);
	dput(silly);
	return 0;
}
static int rename_ok(${ARGS})
{
	int err;

	if (d_is_positive(new_dentry)) {
		err = silly_ok(new_dentry);
		if (err)
			return err;
	}
	err = foo_send(old_dir, new_dentry->d_name.name);
	if (err)
		return err;
	d_move(old_dentry, new_dentry);
	return 0;
}${own('rename_ok')}`,

  'both names mean one file: nothing is to be moved': `${SEND}
static int rename_ok(${ARGS})
{
	int err;

	if (d_inode(old_dentry) == d_inode(new_dentry))
		return 0;
	err = foo_send(old_dir, new_dentry->d_name.name);
	if (!err)
		d_move(old_dentry, new_dentry);
	return err;
}${own('rename_ok')}`,

  'the name is dropped instead': `${SEND}
static int rename_ok(${ARGS})
{
	int err = foo_send(old_dir, new_dentry->d_name.name);

	if (err)
		return err;
	d_drop(old_dentry);
	d_drop(new_dentry);
	return 0;
}${own('rename_ok')}`,

  'others move what stands in the request': `${SEND}
struct request { struct dentry *from; struct dentry *to; int error; bool traced; };
void foo_wait(struct request *req);
static void fill_ok(struct request *req, struct inode *dir)
{
	lockdep_assert_held_write(&req->from->d_parent->d_inode->i_rwsem);
	lockdep_assert_held_write(&req->to->d_parent->d_inode->i_rwsem);
	if (!req->error)
		d_move(req->from, req->to);
	req->traced = true;
}
static int rename_ok(${ARGS})
{
	struct request *req = kzalloc(sizeof(*req), GFP_KERNEL);
	int err;

	if (!req)
		return -ENOMEM;
	req->from = dget(old_dentry);
	req->to = dget(new_dentry);
	foo_wait(req);
	err = req->error;
	if (!err && !req->traced)
		d_move(old_dentry, new_dentry);
	return err;
}${own('rename_ok')}`,

  'handed to what nothing is known of': `
int foo_rename_names(struct dentry *from, struct dentry *to);
static int rename_ok(${ARGS})
{
	return foo_rename_names(old_dentry, new_dentry);
}${own('rename_ok')}`,

  'a structure on the stack': `${SEND}
struct names { struct dentry *from; struct dentry *to; };
static void settle_ok(struct names *names)
{
	d_move(names->from, names->to);
}
static int rename_ok(${ARGS})
{
	struct names names = { .from = old_dentry, .to = new_dentry };
	int err = foo_send(old_dir, new_dentry->d_name.name);

	if (err)
		return err;
	settle_ok(&names);
	return 0;
}${own('rename_ok')}`,

  'no rename succeeds': `
static int rename_ok(${ARGS})
{
	return -EPERM;
}${own('rename_ok')}`,
};
