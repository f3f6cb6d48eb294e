/**
 * Path walk and name space operations: who needs the directory locked, who locks it, who returns with it locked.
 */
import {
  anyMode,
  exclusive,
  get,
  type HelperExtra,
  helper,
  plain as N,
  put,
  sleeping as S,
  shared,
} from '../entry.js';
import type { HelperEntry } from '../types.js';

const DIR = exclusive('dir->i_rwsem', 'rwsem');
const BASE = anyMode('base->d_inode->i_rwsem', 'rwsem');
const FOUND = get('result', 'dentry', '!IS_ERR(result)');
const PARENT = exclusive('parent->d_inode->i_rwsem', 'rwsem', '!IS_ERR(result)');
/** What mnt_want_write() of a path holds. */
const PATH_WRITE = shared('path->mnt->mnt_sb->s_writers.SB_FREEZE_WRITE', 'flag');
const PATH_WRITE_OK = shared('path->mnt->mnt_sb->s_writers.SB_FREEZE_WRITE', 'flag', '!IS_ERR(result)');
/** What vfs_rename() gives another parent. */
const MOVED = ['rd->old_dentry'];
const CHILD_PARENT = exclusive('child->d_parent->d_inode->i_rwsem', 'rwsem', '!IS_ERR(child)');

/** Finds a name with the directory locked by the caller. */
function locked(name: string, params: string, proof: string, extra: HelperExtra = {}): HelperEntry {
  return S(name, params, 'Looks a name up; the directory is locked by the caller.', proof, {
    requires: [BASE],
    names: 'finds',
    references: [FOUND],
    links: [{ place: 'result->d_parent', value: 'base' }],
    ...extra,
  });
}

/** Finds a name and locks the directory itself where it has to. */
function unlocked(name: string, params: string, proof: string, extra: HelperExtra = {}): HelperEntry {
  return S(
    name,
    params,
    'Looks a name up; locks the directory shared inside where the name is not cached.',
    proof,
    {
      mustNotHold: [BASE],
      references: [FOUND],
      ...extra,
    },
  );
}

/** Finds or reserves a name and returns with its directory locked. */
function starts(name: string, params: string, proof: string, extra: HelperExtra = {}): HelperEntry {
  return S(
    name,
    params,
    'Looks a name up and returns with its directory locked exclusively, unless it fails.',
    proof,
    {
      acquires: [PARENT],
      references: [FOUND],
      links: [{ place: 'result->d_parent', value: 'parent' }],
      mustNotHold: [anyMode('parent->d_inode->i_rwsem', 'rwsem')],
      ...extra,
    },
  );
}

/** A VFS operation on a directory that the caller has locked. */
function changes(
  name: string,
  params: string,
  what: string,
  proof: string,
  extra: HelperExtra = {},
): HelperEntry {
  return S(name, params, `${what}; the directory is locked exclusively by the caller.`, proof, {
    names: name === 'vfs_unlink' || name === 'vfs_rmdir' ? 'removes' : 'adds',
    requires: [DIR],
    ...extra,
  });
}

/** All of fs/namei.c that others call. */
export const NAMEI_HELPERS: readonly HelperEntry[] = [
  locked('lookup_one_len', 'name, base, len', '6.12:fs/namei.c:2901', { versions: { until: '7.2' } }),
  locked('try_lookup_one_len', 'name, base, len', '6.12:fs/namei.c:2875', {
    versions: { until: '7.2' },
    references: [get('result', 'dentry', 'result != 0')],
  }),
  unlocked('lookup_one_len_unlocked', 'name, base, len', '6.12:fs/namei.c:3026', {
    versions: { until: '7.2' },
  }),
  unlocked('lookup_positive_unlocked', 'name, base, len', '6.12:fs/namei.c:3041', {
    versions: { until: '7.2' },
  }),
  locked('lookup_one', 'idmap, name, base, len', '6.12:fs/namei.c:2930', {
    versions: { since: '6.1', until: '7.2' },
  }),
  locked('lookup_one', 'idmap, name, base', '7.2:fs/namei.c:3222', { versions: { since: '7.2' } }),
  unlocked('lookup_one_unlocked', 'idmap, name, base, len', '6.12:fs/namei.c:2961', {
    versions: { since: '6.1', until: '7.2' },
  }),
  unlocked('lookup_one_unlocked', 'idmap, name, base', '7.2:fs/namei.c:3255', { versions: { since: '7.2' } }),
  locked('lookup_noperm', 'name, base', '7.2:fs/namei.c:3196', { versions: { since: '7.2' } }),
  unlocked('lookup_noperm_unlocked', 'name, base', '7.2:fs/namei.c:3370', { versions: { since: '7.2' } }),
  unlocked('lookup_noperm_positive_unlocked', 'name, base', '7.2:fs/namei.c:3398', {
    versions: { since: '7.2' },
  }),
  N(
    'try_lookup_noperm',
    'name, base',
    'Finds a cached name without a lock and without revalidation.',
    '7.2:fs/namei.c:3174',
    { versions: { since: '7.2' }, references: [get('result', 'dentry', 'result != 0')] },
  ),
  starts('start_creating', 'idmap, parent, name', '7.2:fs/namei.c:3428', { versions: { since: '7.2' } }),
  starts('start_removing', 'idmap, parent, name', '7.2:fs/namei.c:3455', { versions: { since: '7.2' } }),
  starts('start_creating_killable', 'idmap, parent, name', '7.2:fs/namei.c:3483', {
    versions: { since: '7.2' },
  }),
  starts('start_removing_killable', 'idmap, parent, name', '7.2:fs/namei.c:3514', {
    versions: { since: '7.2' },
  }),
  starts('start_creating_noperm', 'parent, name', '7.2:fs/namei.c:3538', { versions: { since: '7.2' } }),
  starts('start_removing_noperm', 'parent, name', '7.2:fs/namei.c:3563', { versions: { since: '7.2' } }),
  starts('start_creating_dentry', 'parent, child', '7.2:fs/namei.c:3589', { versions: { since: '7.2' } }),
  starts('start_removing_dentry', 'parent, child', '7.2:fs/namei.c:3622', { versions: { since: '7.2' } }),
  starts('simple_start_creating', 'parent, name', '7.2:fs/libfs.c:2297', { versions: { since: '7.2' } }),
  S(
    'simple_done_creating',
    'child',
    'Unlocks the directory of a name and drops the reference.',
    '7.2:fs/libfs.c:2310',
    {
      versions: { since: '7.2' },
      releases: [CHILD_PARENT],
      references: [put('child', 'dentry', '!IS_ERR(child)')],
    },
  ),
  S(
    'end_dirop',
    'child',
    'Unlocks the directory of a name and drops the reference, unless it is an error.',
    '7.2:fs/namei.c:2981',
    {
      versions: { since: '7.2' },
      releases: [CHILD_PARENT],
      references: [put('child', 'dentry', '!IS_ERR(child)')],
    },
  ),
  S(
    'end_creating',
    'child',
    'Unlocks the directory of a name and drops the reference, unless it is an error.',
    '7.2:include/linux/namei.h:115',
    {
      versions: { since: '7.2' },
      releases: [CHILD_PARENT],
      references: [put('child', 'dentry', '!IS_ERR(child)')],
    },
  ),
  S(
    'end_creating_keep',
    'child',
    'Unlocks the directory of a name and keeps the reference.',
    '7.2:include/linux/namei.h:134',
    { versions: { since: '7.2' }, releases: [CHILD_PARENT] },
  ),
  S(
    'end_removing',
    'child',
    'Unlocks the directory of a name and drops the reference, unless it is an error.',
    '7.2:include/linux/namei.h:153',
    {
      versions: { since: '7.2' },
      releases: [CHILD_PARENT],
      references: [put('child', 'dentry', '!IS_ERR(child)')],
    },
  ),
  S(
    'kern_path_create',
    'dfd, name, path, lookup_flags',
    'Finds a new name and returns with its directory locked, unless it fails.',
    '6.12:fs/namei.c:4129',
    {
      versions: { until: '7.2' },
      acquires: [exclusive('path->dentry->d_inode->i_rwsem', 'rwsem', '!IS_ERR(result)'), PATH_WRITE_OK],
      references: [FOUND],
    },
  ),
  S(
    'done_path_create',
    'path, dentry',
    'Unlocks what kern_path_create locked and drops its references.',
    '6.12:fs/namei.c:4140',
    {
      versions: { until: '7.2' },
      releases: [exclusive('path->dentry->d_inode->i_rwsem', 'rwsem'), PATH_WRITE],
      references: [put('dentry', 'dentry')],
    },
  ),
  S(
    'kern_path_locked',
    'name, path',
    'Finds a name and returns with its directory locked, unless it fails.',
    '6.12:fs/namei.c:2751',
    {
      versions: { until: '7.2' },
      acquires: [exclusive('path->dentry->d_inode->i_rwsem', 'rwsem', '!IS_ERR(result)')],
      references: [FOUND],
    },
  ),
  S(
    'start_creating_path',
    'dfd, name, path, lookup_flags',
    'Finds a new name and returns with its directory locked, unless it fails.',
    '7.2:fs/namei.c:5002',
    {
      versions: { since: '7.2' },
      acquires: [exclusive('path->dentry->d_inode->i_rwsem', 'rwsem', '!IS_ERR(result)'), PATH_WRITE_OK],
      references: [FOUND],
    },
  ),
  S(
    'end_creating_path',
    'path, dentry',
    'Unlocks what start_creating_path locked and drops its references.',
    '7.2:fs/namei.c:5021',
    {
      versions: { since: '7.2' },
      releases: [exclusive('path->dentry->d_inode->i_rwsem', 'rwsem', '!IS_ERR(dentry)'), PATH_WRITE],
      disagreement:
        'The body unlocks i_rwsem of the parent of the dentry, which is path->dentry: the entry names it as ' +
        'start_creating_path does, so that both ends are one lock.',
    },
  ),
  changes(
    'vfs_create',
    'idmap, dir, dentry, mode, want_excl',
    'Makes a regular file',
    '6.12:fs/namei.c:3341',
    { versions: { since: '6.1', until: '7.2' }, trusts: ['dentry'] },
  ),
  changes('vfs_mkdir', 'idmap, dir, dentry, mode', 'Makes a directory', '6.12:fs/namei.c:4302', {
    versions: { since: '6.1', until: '7.2' },
    trusts: ['dentry'],
  }),
  S(
    'vfs_create',
    'idmap, dentry, mode, di',
    'Makes a regular file; the directory is locked by the caller.',
    '7.2:fs/namei.c:4211',
    {
      versions: { since: '7.2' },
      requires: [exclusive('dentry->d_parent->d_inode->i_rwsem', 'rwsem')],
      names: 'adds',
      trusts: ['dentry'],
    },
  ),
  changes(
    'vfs_mkdir',
    'idmap, dir, dentry, mode, delegated_inode',
    'Makes a directory; where it fails, it unlocks the parent and drops the name',
    '7.2:fs/namei.c:5275 7.2:fs/namei.c:5316',
    {
      versions: { since: '7.2' },
      releases: [exclusive('dir->i_rwsem', 'rwsem', 'IS_ERR(result)')],
      trusts: ['dentry'],
    },
  ),
  changes('vfs_mknod', 'idmap, dir, dentry, mode, dev', 'Makes a special file', '6.12:fs/namei.c:4176', {
    versions: { since: '6.1', until: '7.2' },
    trusts: ['dentry'],
  }),
  changes(
    'vfs_mknod',
    'idmap, dir, dentry, mode, dev, delegated_inode',
    'Makes a special file',
    '7.2:fs/namei.c:5133',
    { versions: { since: '7.2' }, trusts: ['dentry'] },
  ),
  changes('vfs_symlink', 'idmap, dir, dentry, oldname', 'Makes a symbolic link', '6.12:fs/namei.c:4665', {
    versions: { since: '6.1', until: '7.2' },
    trusts: ['dentry'],
  }),
  changes(
    'vfs_symlink',
    'idmap, dir, dentry, oldname, delegated_inode',
    'Makes a symbolic link',
    '7.2:fs/namei.c:5667',
    { versions: { since: '7.2' }, trusts: ['dentry'] },
  ),
  changes(
    'vfs_link',
    'old_dentry, idmap, dir, new_dentry, delegated_inode',
    'Makes a second name and locks the inode inside',
    '6.12:fs/namei.c:4757',
    {
      versions: { since: '6.1' },
      trusts: ['new_dentry'],
      mustNotHold: [exclusive('old_dentry->d_inode->i_rwsem', 'rwsem')],
    },
  ),
  changes(
    'vfs_unlink',
    'idmap, dir, dentry, delegated_inode',
    'Removes a name and locks the victim inside',
    '6.12:fs/namei.c:4512 6.12:fs/namei.c:3129',
    {
      versions: { since: '6.1' },
      trusts: ['dentry'],
      mustNotHold: [exclusive('dentry->d_inode->i_rwsem', 'rwsem')],
    },
  ),
  changes(
    'vfs_rmdir',
    'idmap, dir, dentry',
    'Removes a directory and locks it inside',
    '6.12:fs/namei.c:4383 6.12:fs/namei.c:3129',
    {
      versions: { since: '6.1', until: '7.2' },
      trusts: ['dentry'],
      mustNotHold: [exclusive('dentry->d_inode->i_rwsem', 'rwsem')],
    },
  ),
  changes(
    'vfs_rmdir',
    'idmap, dir, dentry, delegated_inode',
    'Removes a directory and locks it inside',
    '7.2:fs/namei.c:5382 7.2:fs/namei.c:3717',
    {
      versions: { since: '7.2' },
      trusts: ['dentry'],
      mustNotHold: [exclusive('dentry->d_inode->i_rwsem', 'rwsem')],
    },
  ),
  S(
    'vfs_rename',
    'rd',
    'Renames; the directories are locked by the caller, what moves is locked inside.',
    '7.2:fs/namei.c:5969 7.2:fs/namei.c:6117 7.2:fs/namei.c:3717',
    {
      names: 'moves',
      trusts: ['rd->old_dentry'],
      requires: [
        exclusive('rd->old_parent->d_inode->i_rwsem', 'rwsem'),
        exclusive('rd->new_parent->d_inode->i_rwsem', 'rwsem'),
      ],
      moves: MOVED,
      versions: { since: '7.2' },
    },
  ),
  S(
    'vfs_rename',
    'rd',
    'Renames; the directories are locked by the caller, what moves is locked inside.',
    '6.12:fs/namei.c:4958 6.12:fs/namei.c:5094 6.12:fs/namei.c:3129',
    {
      names: 'moves',
      trusts: ['rd->old_dentry'],
      requires: [exclusive('rd->old_dir->i_rwsem', 'rwsem'), exclusive('rd->new_dir->i_rwsem', 'rwsem')],
      moves: MOVED,
      versions: { since: '6.1', until: '7.2' },
    },
  ),
  helper(
    'generic_permission',
    'idmap, inode, mask',
    '!(mask & MAY_NOT_BLOCK)',
    'Checks mode bits and the access control list; sleeps only without MAY_NOT_BLOCK.',
    '6.12:fs/namei.c:411',
    {
      versions: { since: '6.1' },
    },
  ),
  helper(
    'generic_permission',
    'inode, mask',
    '!(mask & MAY_NOT_BLOCK)',
    'Checks mode bits and the access control list; sleeps only without MAY_NOT_BLOCK.',
    '5.10:fs/namei.c:346',
    {
      versions: { until: '6.1' },
    },
  ),
  helper(
    'inode_permission',
    'idmap, inode, mask',
    '!(mask & MAY_NOT_BLOCK)',
    'Checks access; sleeps only without MAY_NOT_BLOCK.',
    '6.12:fs/namei.c:515',
    {
      versions: { since: '6.1' },
    },
  ),
  helper(
    'inode_permission',
    'inode, mask',
    '!(mask & MAY_NOT_BLOCK)',
    'Checks access; sleeps only without MAY_NOT_BLOCK.',
    '5.10:fs/namei.c:439',
    {
      versions: { until: '6.1' },
    },
  ),
  helper(
    'page_get_link',
    'dentry, inode, callback',
    'dentry',
    'A get_link method over the page cache; sleeps only with a dentry.',
    '6.12:fs/namei.c:5400',
  ),
  S(
    'vfs_get_link',
    'dentry, done',
    'Asks the filesystem of a dentry for a link, outside of RCU-walk.',
    '6.12:fs/namei.c:5354',
  ),
  S(
    'fscrypt_get_symlink',
    'inode, caddr, max_size, done',
    'Decrypts the target of a link; the filesystem has left RCU-walk.',
    '6.12:fs/crypto/hooks.c:353',
  ),
  N(
    'simple_get_link',
    'dentry, inode, done',
    'A get_link method of links that are kept in the inode.',
    '6.12:fs/libfs.c:1678',
    { returns: 'inode->i_link' },
  ),
  S('kern_path', 'name, flags, path', 'Walks a path.', '6.12:fs/namei.c:2770'),
  S('user_path_at', 'dfd, name, flags, path', 'Walks a path from user space.', '6.12:fs/namei.c:3075'),
  S(
    'vfs_path_lookup',
    'dentry, mnt, name, flags, path',
    'Walks a path from a given directory.',
    '6.12:fs/namei.c:2814',
  ),
  S('follow_down', 'path', 'Crosses mounts.', '5.10:fs/namei.c:1306 6.1:fs/namei.c:1472', {
    versions: { until: '6.12' },
  }),
  S('follow_down', 'path, flags', 'Crosses mounts.', '6.12:fs/namei.c:1505', { versions: { since: '6.12' } }),
  S('follow_up', 'path', 'Crosses a mount upwards.', '6.12:fs/namei.c:1303'),
  S('getname', 'filename', 'Copies a path from user space.', '6.12:fs/namei.c:228', { returns: 'fresh' }),
  S('getname_kernel', 'filename', 'Copies a path.', '6.12:fs/namei.c:234', { returns: 'fresh' }),
  N('putname', 'name', 'Drops a reference to a copied path.', '6.12:fs/namei.c:270 5.10:fs/namei.c:248', {
    references: [put('name', 'filename')],
  }),
  S('dentry_open', 'path, flags, cred', 'Opens a dentry.', '6.12:fs/open.c:1106', {
    references: [get('result', 'file', '!IS_ERR(result)')],
  }),
  S('filp_open', 'filename, flags, mode', 'Opens a path.', '6.12:fs/open.c:1380', {
    references: [get('result', 'file', '!IS_ERR(result)')],
  }),
  S('filp_close', 'filp, id', 'Closes a file; calls its flush method.', '6.12:fs/open.c:1542', {
    references: [put('filp', 'file')],
  }),
  S(
    'notify_change',
    'idmap, dentry, attr, delegated_inode',
    'Changes attributes; the inode is locked by the caller.',
    '6.12:fs/attr.c:387',
    {
      requires: [exclusive('dentry->d_inode->i_rwsem', 'rwsem')],
      versions: { since: '6.1' },
    },
  ),
  S('vfs_getattr', 'path, stat, request_mask, query_flags', 'Reads attributes.', '6.12:fs/stat.c:200'),
  S('vfs_fsync', 'file, datasync', 'Writes a file to disk.', '6.12:fs/sync.c:199'),
  S(
    'vfs_fsync_range',
    'file, start, end, datasync',
    'Writes a part of a file to disk.',
    '6.12:fs/sync.c:179',
  ),
  S('iterate_dir', 'file, ctx', 'Reads a directory, which it locks inside.', '6.12:fs/readdir.c:85', {
    mustNotHold: [anyMode('file->f_inode->i_rwsem', 'rwsem')],
  }),
  S(
    'dir_emit',
    'ctx, name, namelen, ino, type',
    'Hands an entry to the reader of a directory, as a rule copying to user space.',
    '6.12:include/linux/fs.h:3755',
    { faults: true },
  ),
  S(
    'fiemap_fill_next_extent',
    'fieinfo, logical, phys, len, flags',
    "Hands an extent to the reader of a file's map, as a rule copying to user space.",
    '6.12:fs/ioctl.c:112',
    { faults: true },
  ),
  S('dir_emit_dot', 'file, ctx', 'Hands `.` to the reader of a directory.', '6.12:include/linux/fs.h:3761', {
    faults: true,
  }),
  S(
    'dir_emit_dotdot',
    'file, ctx',
    'Hands `..` to the reader of a directory.',
    '6.12:include/linux/fs.h:3766',
    { faults: true },
  ),
  S(
    'dir_emit_dots',
    'file, ctx',
    'Hands `.` and `..` to the reader of a directory.',
    '6.12:include/linux/fs.h:3771',
    { faults: true },
  ),
  S(
    'wrap_directory_iterator',
    'file, ctx, iter',
    'Runs an iterator with the directory locked exclusively, coming and going with it shared.',
    '6.12:fs/readdir.c:31',
    {
      versions: { since: '6.12' },
      requires: [shared('file->f_inode->i_rwsem', 'rwsem')],
      callbacks: [
        {
          param: 2,
          context: 'now',
          params: ['file', 'ctx'],
          held: [exclusive('file->f_inode->i_rwsem', 'rwsem')],
        },
      ],
    },
  ),
];
