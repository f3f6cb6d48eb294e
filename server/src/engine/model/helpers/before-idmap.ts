/**
 * Operations of the VFS as 5.10 spells them, before a mount had a map of user ids: the same contracts as in `namei.ts`
 * and `simple.ts`, one parameter fewer.
 */
import { exclusive, type HelperExtra, put, sleeping as S, until } from '../entry.js';
import type { HelperEntry } from '../types.js';

const DIR = exclusive('dir->i_rwsem', 'rwsem');
const VICTIM = exclusive('dentry->d_inode->i_rwsem', 'rwsem');
const BOTH = [exclusive('old_dir->i_rwsem', 'rwsem'), exclusive('new_dir->i_rwsem', 'rwsem')];

/** An operation on a directory that the caller has locked. */
function changes(
  name: string,
  params: string,
  what: string,
  proof: string,
  extra: HelperExtra = {},
): HelperEntry {
  return S(name, params, `${what}; the directory is locked exclusively by the caller.`, proof, {
    names: name === 'vfs_unlink' || name === 'vfs_rmdir' ? 'removes' : 'adds',
    ...until('6.1'),
    requires: [DIR],
    ...extra,
  });
}

/** The operations that take a map of user ids from 6.1 on. */
export const BEFORE_IDMAP_HELPERS: readonly HelperEntry[] = [
  changes('vfs_create', 'dir, dentry, mode, want_excl', 'Makes a regular file', '5.10:fs/namei.c:2852', {
    trusts: ['dentry'],
  }),
  changes('vfs_mkdir', 'dir, dentry, mode', 'Makes a directory', '5.10:fs/namei.c:3687', {
    trusts: ['dentry'],
  }),
  changes('vfs_mknod', 'dir, dentry, mode, dev', 'Makes a special file', '5.10:fs/namei.c:3585', {
    trusts: ['dentry'],
  }),
  changes('vfs_symlink', 'dir, dentry, oldname', 'Makes a symbolic link', '5.10:fs/namei.c:4001', {
    trusts: ['dentry'],
  }),
  changes(
    'vfs_link',
    'old_dentry, dir, new_dentry, delegated_inode',
    'Makes a second name and locks the inode inside',
    '5.10:fs/namei.c:4083',
    { mustNotHold: [exclusive('old_dentry->d_inode->i_rwsem', 'rwsem')], trusts: ['new_dentry'] },
  ),
  changes(
    'vfs_unlink',
    'dir, dentry, delegated_inode',
    'Removes a name and locks the victim inside',
    '5.10:fs/namei.c:3867',
    { mustNotHold: [VICTIM], trusts: ['dentry'] },
  ),
  changes('vfs_rmdir', 'dir, dentry', 'Removes a directory and locks it inside', '5.10:fs/namei.c:3747', {
    mustNotHold: [VICTIM],
    trusts: ['dentry'],
  }),
  S(
    'vfs_rename',
    'rd',
    'Renames; the directories are locked by the caller, what moves is locked inside.',
    '5.10:fs/namei.c:4280 5.10:fs/namei.c:4408',
    {
      names: 'moves',
      trusts: ['rd->old_dentry'],
      ...until('6.1'),
      requires: [exclusive('rd->old_dir->i_rwsem', 'rwsem'), exclusive('rd->new_dir->i_rwsem', 'rwsem')],
      moves: ['rd->old_dentry'],
    },
  ),
  S(
    'notify_change',
    'dentry, attr, delegated_inode',
    'Changes attributes; the inode is locked by the caller.',
    '5.10:fs/attr.c:281',
    { ...until('6.1'), requires: [VICTIM] },
  ),
  S(
    'simple_rename',
    'old_dir, old_dentry, new_dir, new_dentry, flags',
    'A rename method of filesystems that live in the cache.',
    '5.10:fs/libfs.c:450',
    { ...until('6.1'), requires: BOTH, names: 'moves' },
  ),
  S(
    'd_tmpfile',
    'dentry, inode',
    'Gives the dentry of a file without a name its inode.',
    '5.10:fs/dcache.c:3139',
    {
      ...until('6.1'),
      references: [put('inode', 'inode')],
    },
  ),
];
