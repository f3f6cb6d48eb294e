/**
 * How sure findings on directories are: what is shown by default, and what only on request.
 */
import assert from 'node:assert/strict';
import { filesOf, findingsIn } from './harness.js';

const MAKES_DIRECTORIES = `
void make_directory(struct inode *inode)
{
	inode->i_fop = &simple_dir_operations;
}`;

async function precisions(source: string): Promise<readonly string[]> {
  const findings = await findingsIn(filesOf(source));
  return findings
    .filter((f) => f.rule.startsWith('dir/'))
    .map((f) => `${f.function} ${f.rule} ${f.precision}`)
    .sort();
}

describe('precision of findings on directories', () => {
  it('a name that is only unhashed does not pull a child from under a reader', async () => {
    assert.deepEqual(
      await precisions(`${MAKES_DIRECTORIES}
void kill_node(struct dentry *dentry)
{
	dentry->d_fsdata = 0;
	drop_nlink(dentry->d_inode);
	d_drop(dentry);
	dput(dentry);
}`),
      ['kill_node dir/unlocked-removal low'],
    );
  });

  it('a caller from outside that has a dentry may have locked the directory', async () => {
    assert.deepEqual(
      await precisions(`
void take_out(struct dentry *parent, struct dentry *dentry)
{
	simple_unlink(d_inode(parent), dentry);
}`),
      ['take_out dir/lock-required low'],
    );
  });

  it('one that only knows an object of this code has no directory to lock', async () => {
    assert.deepEqual(
      await precisions(`
struct note { struct dentry *dentry; };
void take_out(struct note *note)
{
	simple_unlink(d_inode(note->dentry->d_parent), note->dentry);
}`),
      ['take_out dir/lock-required high'],
    );
  });

  it('write access that was asked for on the way comes before the lock', async () => {
    assert.deepEqual(
      await precisions(`
int take_out(struct file *file, struct dentry *parent, struct dentry *dentry)
{
	int err = mnt_want_write_file(file);

	if (err)
		return err;
	simple_unlink(d_inode(parent), dentry);
	mnt_drop_write_file(file);
	return 0;
}`),
      ['take_out dir/lock-required high'],
    );
  });

  it('a work item may be waited for by a task that has the lock', async () => {
    assert.deepEqual(
      await precisions(`
struct note { struct work_struct work; struct dentry *dentry; };
static void clean(struct work_struct *work)
{
	struct note *note = container_of(work, struct note, work);

	simple_unlink(d_inode(note->dentry->d_parent), note->dentry);
}
void set_up(struct note *note)
{
	INIT_WORK(&note->work, clean);
}`),
      ['clean dir/lock-required medium'],
    );
  });

  it('a name that is read under a spinlock may be replaced, but is not freed meanwhile', async () => {
    const source = (lock: string, unlock: string): string => `
static int foo_rename(struct mnt_idmap *idmap, struct inode *old_dir, struct dentry *old_dentry,
		      struct inode *new_dir, struct dentry *new_dentry, unsigned int flags)
{
	return 0;
}
const struct inode_operations renames = { .rename = foo_rename };
const struct super_operations sops = { .put_super = foo_put };
static int foo_release(struct inode *inode, struct file *file)
{
	struct foo *f = inode->i_private;

	${lock}(&f->${lock.startsWith('spin') ? 'lock' : 'mutex'});
	strscpy(f->name, file->f_path.dentry->d_name.name, 8);
	${unlock}(&f->${lock.startsWith('spin') ? 'lock' : 'mutex'});
	return 0;
}
const struct file_operations fops = { .release = foo_release };`;
    const dangers = async (lock: string, unlock: string): Promise<readonly string[]> =>
      (await findingsIn(filesOf(source(lock, unlock)))).map(
        (f) => `${f.rule} ${f.precision}: ${/: (a rename .*?);/.exec(f.message)?.[1] ?? f.message}`,
      );
    assert.deepEqual(await dangers('spin_lock', 'spin_unlock'), [
      'dentry/unstable-name high: a rename may replace it while it is read',
    ]);
    assert.deepEqual(await dangers('mutex_lock', 'mutex_unlock'), [
      'dentry/unstable-name high: a rename may replace and free it',
    ]);
  });
});
