/**
 * The rest of what filesystems that live in the cache, name space code and inode tables call: renames of 7.2, stable
 * offsets, state bits of inodes.
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
const I_LOCK = exclusive('inode->i_lock', 'spin');
const RENAME_LOCKS = (when: string) => {
  const and = when === '' ? '' : ` && ${when}`;
  return [
    when === ''
      ? exclusive('rd->old_parent->d_inode->i_rwsem', 'rwsem')
      : exclusive('rd->old_parent->d_inode->i_rwsem', 'rwsem', when),
    exclusive('rd->new_parent->d_inode->i_rwsem', 'rwsem', `rd->old_parent != rd->new_parent${and}`),
    exclusive('rd->old_parent->d_sb->s_vfs_rename_mutex', 'mutex', `rd->old_parent != rd->new_parent${and}`),
  ];
};

/** What a rename holds references to besides its locks. */
const RENAME_NAMES = ['rd->old_dentry', 'rd->new_dentry', 'rd->old_parent'];

/** Finds both names of a rename and returns with the directories locked. */
function renames(name: string, params: string, proof: string, extra: HelperExtra = {}): HelperEntry {
  return S(name, params, 'Finds both names of a rename and returns 0 with the directories locked.', proof, {
    acquires: RENAME_LOCKS('result == 0'),
    references: RENAME_NAMES.map((name) => get(name, 'dentry', 'result == 0')),
    ...extra,
  });
}

const NAMES: readonly HelperEntry[] = [
  renames('start_renaming', 'rd, lookup_flags, old_last, new_last', '7.2:fs/namei.c:3973', {
    versions: { since: '7.2' },
  }),
  renames('start_renaming_dentry', 'rd, lookup_flags, old_dentry, new_last', '7.2:fs/namei.c:4070', {
    versions: { since: '7.2' },
  }),
  renames('start_renaming_two_dentries', 'rd, old_dentry, new_dentry', '7.2:fs/namei.c:4099', {
    versions: { since: '7.2' },
    disagreement:
      'Where it fails the body unlocks, by other names, the i_rwsem and s_vfs_rename_mutex that lock_rename_child() took ' +
      'just before: nothing of the caller is released.',
  }),
  S(
    'end_renaming',
    'rd',
    'Unlocks the directories of a rename and drops the references.',
    '7.2:fs/namei.c:4147',
    {
      versions: { since: '7.2' },
      releases: RENAME_LOCKS(''),
      references: RENAME_NAMES.map((name) => put(name, 'dentry')),
    },
  ),
  S(
    'start_removing_path',
    'name, path',
    'Finds a name and returns with its directory locked, unless it fails.',
    '7.2:fs/namei.c:2991',
    {
      versions: { since: '7.2' },
      acquires: [
        exclusive('path->dentry->d_inode->i_rwsem', 'rwsem', '!IS_ERR(result)'),
        shared('path->mnt->mnt_sb->s_writers.SB_FREEZE_WRITE', 'flag', '!IS_ERR(result)'),
      ],
      references: [get('result', 'dentry', '!IS_ERR(result)')],
    },
  ),
  S(
    'end_removing_path',
    'path, dentry',
    'Unlocks what start_removing_path locked and drops its references.',
    '7.2:include/linux/namei.h:59',
    {
      versions: { since: '7.2' },
      releases: [
        exclusive('path->dentry->d_inode->i_rwsem', 'rwsem', '!IS_ERR(dentry)'),
        shared('path->mnt->mnt_sb->s_writers.SB_FREEZE_WRITE', 'flag'),
      ],
    },
  ),
  S(
    'lookup_one_qstr_excl',
    'name, base, flags',
    'Looks a name up; the directory is locked exclusively by the caller.',
    '6.12:fs/namei.c:1627',
    {
      requires: [exclusive('base->d_inode->i_rwsem', 'rwsem')],
      names: 'finds',
      references: [get('result', 'dentry', '!IS_ERR(result)')],
      versions: { since: '6.12', until: '7.2' },
    },
  ),
  S(
    'lookup_one_positive_unlocked',
    'idmap, name, base',
    'Looks a name up; locks the directory shared inside.',
    '7.2:fs/namei.c:3338',
    {
      references: [get('result', 'dentry', '!IS_ERR(result)')],
      mustNotHold: [BASE],
      versions: { since: '7.2' },
    },
  ),
  S(
    'lookup_one_positive_unlocked',
    'idmap, name, base, len',
    'Looks a name up; locks the directory shared inside.',
    '6.12:fs/namei.c:3000',
    {
      references: [get('result', 'dentry', '!IS_ERR(result)')],
      mustNotHold: [BASE],
      versions: { since: '6.1', until: '7.2' },
    },
  ),
  S(
    'lookup_one_positive_killable',
    'idmap, name, base',
    'Looks a name up, or fails on a fatal signal.',
    '7.2:fs/namei.c:3295',
    {
      versions: { since: '7.2' },
      references: [get('result', 'dentry', '!IS_ERR(result)')],
      mustNotHold: [BASE],
    },
  ),
];

const CACHE: readonly HelperEntry[] = [
  S(
    'simple_rename',
    'idmap, old_dir, old_dentry, new_dir, new_dentry, flags',
    'A rename method of filesystems that live in the cache.',
    '6.12:fs/libfs.c:826',
    {
      versions: { since: '6.1' },
      requires: [exclusive('old_dir->i_rwsem', 'rwsem'), exclusive('new_dir->i_rwsem', 'rwsem')],
      names: 'moves',
    },
  ),
  N(
    'simple_rename_exchange',
    'old_dir, old_dentry, new_dir, new_dentry',
    'Exchanges two names.',
    '6.12:fs/libfs.c:806',
    {
      versions: { since: '6.1' },
      requires: [exclusive('old_dir->i_rwsem', 'rwsem'), exclusive('new_dir->i_rwsem', 'rwsem')],
      names: 'moves',
    },
  ),
  N('__simple_unlink', 'dir, dentry', 'Counts a name less; does not drop the pin.', '7.2:fs/libfs.c:787', {
    versions: { since: '7.2' },
    requires: [DIR],
    names: 'removes',
  }),
  N(
    '__simple_rmdir',
    'dir, dentry',
    'Counts a directory less; does not drop the pin.',
    '7.2:fs/libfs.c:797',
    {
      versions: { since: '7.2' },
      requires: [DIR],
      names: 'removes',
    },
  ),
  S(
    'locked_recursive_removal',
    'dentry, callback',
    'Removes a tree whose parent is locked.',
    '7.2:fs/libfs.c:664',
    {
      versions: { since: '7.2' },
      requires: [exclusive('dentry->d_parent->d_inode->i_rwsem', 'rwsem')],
      mustNotHold: [exclusive('dentry->d_inode->i_rwsem', 'rwsem')],
      names: 'removes',
      callbacks: [{ param: 1, context: 'now' }],
    },
  ),
  S(
    'simple_remove_by_name',
    'parent, name, callback',
    'Removes a name; locks the parent inside.',
    '7.2:fs/libfs.c:650',
    {
      versions: { since: '7.2' },
      mustNotHold: [anyMode('parent->d_inode->i_rwsem', 'rwsem')],
      callbacks: [{ param: 2, context: 'now' }],
    },
  ),
  S(
    'simple_offset_add',
    'octx, dentry',
    'Gives a new name a stable offset; allocates.',
    '6.12:fs/libfs.c:288',
    { versions: { since: '6.12' } },
  ),
  S(
    'simple_offset_remove',
    'octx, dentry',
    'Takes the stable offset of a name away.',
    '6.12:fs/libfs.c:324',
    { versions: { since: '6.12' } },
  ),
  S(
    'simple_offset_rename',
    'old_dir, old_dentry, new_dir, new_dentry',
    'Moves a stable offset along with a name.',
    '6.12:fs/libfs.c:351',
    { versions: { since: '6.12' } },
  ),
  S(
    'simple_offset_rename_exchange',
    'old_dir, old_dentry, new_dir, new_dentry',
    'Exchanges two names and their stable offsets.',
    '6.12:fs/libfs.c:379',
    { versions: { since: '6.12' } },
  ),
  S('simple_offset_destroy', 'octx', 'Frees the table of stable offsets.', '6.12:fs/libfs.c:416', {
    versions: { since: '6.12' },
  }),
  N(
    'd_mark_tmpfile',
    'file, inode',
    'Names the dentry of a file without a name, in d_locks taken inside.',
    '6.12:fs/dcache.c:3064',
    { versions: { since: '6.12' } },
  ),
  N(
    '__d_lookup',
    'parent, name',
    'Finds a cached child and takes a reference, under RCU opened inside.',
    '6.12:fs/dcache.c:2307',
    {
      references: [get('result', 'dentry', 'result != 0')],
    },
  ),
  N(
    '__d_lookup_rcu',
    'parent, name, seqp',
    'Finds a cached child without a reference.',
    '6.12:fs/dcache.c:2198',
    {
      underRcu: true,
      requires: [shared('@rcu', 'rcu')],
    },
  ),
];

const INODES: readonly HelperEntry[] = [
  N(
    'inode_state_read_once',
    'inode',
    'Reads the state of an inode without a lock.',
    '7.2:include/linux/fs.h:878',
    { versions: { since: '7.2' } },
  ),
  N('inode_state_read', 'inode', 'Reads the state of an inode under i_lock.', '7.2:include/linux/fs.h:883', {
    versions: { since: '7.2' },
    asserts: [I_LOCK],
  }),
  N(
    'inode_state_set',
    'inode, flags',
    'Sets state bits of an inode under i_lock.',
    '7.2:include/linux/fs.h:895',
    { versions: { since: '7.2' }, asserts: [I_LOCK] },
  ),
  N(
    'inode_state_clear',
    'inode, flags',
    'Clears state bits of an inode under i_lock.',
    '7.2:include/linux/fs.h:908',
    { versions: { since: '7.2' }, asserts: [I_LOCK] },
  ),
  N(
    'kref_put_lock',
    'kref, release, lock',
    'Counts one down; at zero runs the function with the lock taken, which unlocks it.',
    '6.12:include/linux/kref.h:82',
    {
      references: [put('kref', 'kref')],
    },
  ),
  S(
    'kref_put_mutex',
    'kref, release, lock',
    'Counts one down; at zero runs the function with the mutex taken, which unlocks it.',
    '6.12:include/linux/kref.h:71',
    {
      references: [put('kref', 'kref')],
    },
  ),
  S('__vmalloc', 'size, gfp', 'Allocates virtually contiguous memory; sleeps.', '6.12:mm/vmalloc.c:2030', {
    returns: 'fresh',
    versions: { until: '7.2' },
  }),
  helper(
    '__vmalloc',
    'size, gfp',
    'gfp & __GFP_DIRECT_RECLAIM',
    'Allocates virtually contiguous memory; sleeps if the mask allows.',
    '7.2:mm/vmalloc.c:2069',
    {
      returns: 'fresh',
      versions: { since: '7.2' },
    },
  ),
];

/** The rest. */
export const SIMPLE_HELPERS: readonly HelperEntry[] = [...NAMES, ...CACHE, ...INODES];
