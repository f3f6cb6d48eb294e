/**
 * Helpers that are for the VFS itself or for few callers: not exported, static in one version and global in another, or
 * called from one filesystem only. Here so that code of the VFS is read with the same contracts.
 */
import {
  between,
  exclusive,
  get,
  getUnlessDead,
  plain as N,
  put,
  sleeping as S,
  shared,
  since,
} from '../entry.js';
import type { HelperEntry } from '../types.js';

const RENAME_LOCK = exclusive('@rename_lock', 'seqwrite');
const NAMESPACE = exclusive('@namespace_sem', 'rwsem');
const PARENT_LOCK = exclusive('parent->d_lock', 'spin');
const BASE = exclusive('base->d_inode->i_rwsem', 'rwsem');
const FOUND = get('result', 'dentry', '!IS_ERR(result)');
const LOOKS_UP = 'Looks a name up; the directory is locked exclusively by the caller.';
const LOCKS_CHILD = "Locks a child's parent and another directory for a rename";

/** The locks of lock_rename_child; `when` tells that it succeeded. */
function childLocks(when: string) {
  const two = when === '' ? 'c1->d_parent != p2' : `c1->d_parent != p2 && ${when}`;
  return [
    when === ''
      ? exclusive('c1->d_parent->d_inode->i_rwsem', 'rwsem')
      : exclusive('c1->d_parent->d_inode->i_rwsem', 'rwsem', when),
    exclusive('p2->d_inode->i_rwsem', 'rwsem', two),
    exclusive('c1->d_sb->s_vfs_rename_mutex', 'mutex', two),
  ];
}

/** Helpers of the dentry cache, path walk, inodes and superblocks that few call. */
export const INNER_HELPERS: readonly HelperEntry[] = [
  S(
    'pin_kill',
    'p',
    'Leaves the RCU read side in which the pin was found, and ends the pin.',
    '6.12:fs/fs_pin.c:31',
    {
      requires: [shared('@rcu', 'rcu')],
      releases: [shared('@rcu', 'rcu')],
    },
  ),
  S(
    'prune_dcache_sb',
    'sb, sc',
    'Throws out dentries that nobody has used for long; the shrinker holds s_umount shared.',
    '6.12:fs/dcache.c:1173 5.10:fs/dcache.c:1220',
    { requires: [shared('sb->s_umount', 'rwsem')] },
  ),
  S(
    'd_splice_alias_ops',
    'inode, dentry, ops',
    'As d_splice_alias, and sets the operations of the dentry.',
    '7.2:fs/dcache.c:3240',
    {
      ...since('7.2'),
      references: [put('inode', 'inode')],
      mustNotHold: [exclusive('dentry->d_lock', 'spin'), exclusive('inode->i_lock', 'spin')],
    },
  ),
  S(
    'd_alloc_cursor',
    'parent',
    'Makes a dentry that marks a place in a directory; allocates.',
    '6.12:fs/dcache.c:1752 5.10:fs/dcache.c:1816',
    {
      returns: 'fresh',
      references: [get('result', 'dentry', 'result != 0'), get('parent', 'dentry', 'result != 0')],
    },
  ),
  N(
    'd_set_mounted',
    'dentry',
    'Marks a dentry as mounted on, in rename_lock and d_locks taken inside.',
    '6.12:fs/dcache.c:1395 5.10:fs/dcache.c:1446',
    { mustNotHold: [RENAME_LOCK, exclusive('dentry->d_lock', 'spin')] },
  ),
  N(
    '__move_to_shrink_list',
    'dentry, list',
    'Puts an unused dentry on a list for shrink_dentry_list; d_lock is held by the caller.',
    '7.2:fs/dcache.c:1073 7.2:fs/dcache.c:1074',
    { ...since('7.2'), requires: [exclusive('dentry->d_lock', 'spin')] },
  ),
  S('lookup_one_qstr_excl', 'name, base, flags', LOOKS_UP, '6.1:fs/namei.c:1594', {
    ...between('6.1', '6.12'),
    requires: [BASE],
    references: [FOUND],
  }),
  S('lookup_one_qstr_excl', 'name, base, flags', LOOKS_UP, '7.2:fs/namei.c:1790', {
    ...since('7.2'),
    requires: [BASE],
    references: [FOUND],
  }),
  S(
    'start_dirop',
    'parent, name, lookup_flags',
    'Looks a name up and returns with its directory locked exclusively, unless it fails.',
    '7.2:fs/namei.c:2968 7.2:fs/namei.c:2934',
    {
      ...since('7.2'),
      acquires: [exclusive('parent->d_inode->i_rwsem', 'rwsem', '!IS_ERR(result)')],
      references: [FOUND],
      mustNotHold: [exclusive('parent->d_inode->i_rwsem', 'rwsem')],
    },
  ),
  S('lock_rename_child', 'c1, p2', `${LOCKS_CHILD}.`, '6.1:fs/namei.c:3097', {
    ...between('6.1', '6.12'),
    acquires: childLocks(''),
  }),
  S(
    'lock_rename_child',
    'c1, p2',
    `${LOCKS_CHILD}; none where it returns an error pointer.`,
    '7.2:fs/namei.c:3825 7.2:fs/namei.c:3811',
    { ...since('7.2'), acquires: childLocks('!IS_ERR(result)') },
  ),
  S(
    'find_next_child',
    'parent, prev',
    'Finds the next positive child under d_lock of the parent, and drops the one before.',
    '6.12:fs/libfs.c:574 5.10:fs/libfs.c:245 7.2:fs/libfs.c:575',
    {
      mustNotHold: [PARENT_LOCK],
      references: [get('result', 'dentry', 'result != 0'), put('prev', 'dentry')],
    },
  ),
  N(
    'igrab_from_hash',
    'inode',
    'Takes a reference to an inode of the hash table, unless it is new or dying; needs no i_lock.',
    '7.2:fs/inode.c:1635',
    { ...since('7.2'), references: [getUnlessDead('inode', 'inode', 'result != 0')] },
  ),
  N(
    'super_unlock_excl',
    'sb',
    'Unlocks s_umount, held exclusively.',
    '6.12:fs/super.c:74 7.2:fs/super.c:77',
    {
      ...since('6.12'),
      releases: [exclusive('sb->s_umount', 'rwsem')],
    },
  ),
  S(
    'wait_var_event_spinlock',
    'var, condition, lock',
    'Waits for a condition; the spinlock of the caller is dropped while it sleeps and held again after.',
    '7.2:include/linux/wait_bit.h:489 7.2:include/linux/wait_bit.h:485',
    {
      ...since('7.2'),
      requires: [exclusive('lock', 'spin')],
      releases: [exclusive('lock', 'spin')],
      acquires: [exclusive('lock', 'spin')],
    },
  ),
  S(
    'namespace_lock',
    '',
    'Locks the mounts of all namespaces exclusively.',
    '6.12:fs/namespace.c:1727 5.10:fs/namespace.c:1436 7.2:fs/namespace.c:1750',
    { acquires: [NAMESPACE] },
  ),
  S(
    'namespace_unlock',
    '',
    'Unlocks the mounts of all namespaces, then lets go of what was unmounted; as a rule waits for a grace period.',
    '6.12:fs/namespace.c:1702 5.10:fs/namespace.c:1411 7.2:fs/namespace.c:1707',
    { releases: [NAMESPACE] },
  ),
  S(
    'copy_page_to_iter',
    'page, offset, bytes, i',
    'Copies from a page to an iterator, which may be user memory.',
    '6.12:lib/iov_iter.c:349 5.10:lib/iov_iter.c:903',
  ),
  S(
    'copy_page_from_iter',
    'page, offset, bytes, i',
    'Copies from an iterator, which may be user memory, to a page.',
    '6.12:lib/iov_iter.c:411 5.10:lib/iov_iter.c:925',
  ),
];
