/**
 * Locks of VFS objects that have helpers of their own: inodes, invalidate locks, address spaces, arrays. The effect is stated on the field, so that both spellings are one lock.
 */
import { exclusive, type HelperExtra, helper, interrupted, shared } from '../entry.js';
import type { HelperEntry, LockEffect } from '../types.js';

function takes(
  name: string,
  params: string,
  sleeps: boolean,
  locks: readonly LockEffect[],
  summary: string,
  proof: string,
  extra: HelperExtra = {},
): HelperEntry {
  return helper(name, params, sleeps, summary, proof, { acquires: locks, ...extra });
}

function drops(
  name: string,
  params: string,
  locks: readonly LockEffect[],
  summary: string,
  proof: string,
  extra: HelperExtra = {},
): HelperEntry {
  return helper(name, params, false, summary, proof, { releases: locks, ...extra });
}

function plain(
  name: string,
  params: string,
  sleeps: boolean,
  summary: string,
  proof: string,
  extra: HelperExtra = {},
): HelperEntry {
  return helper(name, params, sleeps, summary, proof, extra);
}

const I_RWSEM = 'inode->i_rwsem';
const INVALIDATE = 'mapping->invalidate_lock';
const I_MMAP = 'mapping->i_mmap_rwsem';
const MMAP = 'mm->mmap_lock';
const OK = 'result == 0';
const TRUE = 'result != 0';
const NO_ERROR = '!IS_ERR(result)';

const INODES: readonly HelperEntry[] = [
  takes(
    'inode_lock',
    'inode',
    true,
    [exclusive(I_RWSEM, 'rwsem')],
    'Locks an inode exclusively; sleeps.',
    '6.12:include/linux/fs.h:848',
  ),
  takes(
    'inode_lock_nested',
    'inode, subclass',
    true,
    [exclusive(I_RWSEM, 'rwsem')],
    'Locks an inode exclusively; sleeps.',
    '6.12:include/linux/fs.h:893',
  ),
  takes(
    'inode_lock_killable',
    'inode',
    true,
    [exclusive(I_RWSEM, 'rwsem', OK)],
    'Locks an inode exclusively, or fails on a fatal signal.',
    '6.12:include/linux/fs.h:853',
    { versions: { since: '6.12' } },
  ),
  takes(
    'inode_lock_shared',
    'inode',
    true,
    [shared(I_RWSEM, 'rwsem')],
    'Locks an inode shared; sleeps.',
    '6.12:include/linux/fs.h:863',
  ),
  takes(
    'inode_lock_shared_nested',
    'inode, subclass',
    true,
    [shared(I_RWSEM, 'rwsem')],
    'Locks an inode shared; sleeps.',
    '6.12:include/linux/fs.h:898',
  ),
  takes(
    'inode_lock_shared_killable',
    'inode',
    true,
    [shared(I_RWSEM, 'rwsem', OK)],
    'Locks an inode shared, or fails on a fatal signal.',
    '6.12:include/linux/fs.h:868',
    { versions: { since: '6.12' } },
  ),
  takes(
    'inode_trylock',
    'inode',
    false,
    [exclusive(I_RWSEM, 'rwsem', TRUE)],
    'Tries to lock an inode exclusively.',
    '6.12:include/linux/fs.h:878',
  ),
  takes(
    'inode_trylock_shared',
    'inode',
    false,
    [shared(I_RWSEM, 'rwsem', TRUE)],
    'Tries to lock an inode shared.',
    '6.12:include/linux/fs.h:883',
  ),
  drops(
    'inode_unlock',
    'inode',
    [exclusive(I_RWSEM, 'rwsem')],
    'Unlocks an inode.',
    '6.12:include/linux/fs.h:858',
  ),
  drops(
    'inode_unlock_shared',
    'inode',
    [shared(I_RWSEM, 'rwsem')],
    'Unlocks an inode that was locked shared.',
    '6.12:include/linux/fs.h:873',
  ),
  plain(
    'inode_is_locked',
    'inode',
    false,
    'Tells whether anyone holds the inode, in either mode.',
    '6.12:include/linux/fs.h:888',
  ),
  takes(
    'lock_two_nondirectories',
    'inode1, inode2',
    true,
    [exclusive('inode1->i_rwsem', 'rwsem'), exclusive('inode2->i_rwsem', 'rwsem', 'inode1 != inode2')],
    'Locks two inodes that are no directories, in the order of their addresses.',
    '6.12:fs/inode.c:1199',
  ),
  drops(
    'unlock_two_nondirectories',
    'inode1, inode2',
    [exclusive('inode1->i_rwsem', 'rwsem'), exclusive('inode2->i_rwsem', 'rwsem', 'inode1 != inode2')],
    'Unlocks two inodes.',
    '6.12:fs/inode.c:1219',
  ),
  takes(
    'lock_rename',
    'p1, p2',
    true,
    [
      exclusive('p1->d_inode->i_rwsem', 'rwsem'),
      exclusive('p2->d_inode->i_rwsem', 'rwsem', 'p1 != p2'),
      exclusive('p1->d_sb->s_vfs_rename_mutex', 'mutex', 'p1 != p2'),
    ],
    'Locks two directories for a rename; one lock where they are the same.',
    '6.1:fs/namei.c:3082',
    { versions: { until: '6.12' } },
  ),
  takes(
    'lock_rename',
    'p1, p2',
    true,
    [
      exclusive('p1->d_inode->i_rwsem', 'rwsem', NO_ERROR),
      exclusive('p2->d_inode->i_rwsem', 'rwsem', `p1 != p2 && ${NO_ERROR}`),
      exclusive('p1->d_sb->s_vfs_rename_mutex', 'mutex', `p1 != p2 && ${NO_ERROR}`),
    ],
    'Locks two directories for a rename; one lock where they are the same, none where it returns an error pointer.',
    '6.12:fs/namei.c:3221 6.12:fs/namei.c:3190',
    { versions: { since: '6.12' } },
  ),
  drops(
    'unlock_rename',
    'p1, p2',
    [
      exclusive('p1->d_inode->i_rwsem', 'rwsem'),
      exclusive('p2->d_inode->i_rwsem', 'rwsem', 'p1 != p2'),
      exclusive('p1->d_sb->s_vfs_rename_mutex', 'mutex', 'p1 != p2'),
    ],
    'Unlocks what lock_rename locked.',
    '6.12:fs/namei.c:3275',
  ),
];

const MAPPINGS: readonly HelperEntry[] = [
  takes(
    'filemap_invalidate_lock',
    'mapping',
    true,
    [exclusive(INVALIDATE, 'rwsem')],
    'Keeps page cache out; sleeps.',
    '6.12:include/linux/fs.h:903',
    { versions: { since: '6.1' } },
  ),
  drops(
    'filemap_invalidate_unlock',
    'mapping',
    [exclusive(INVALIDATE, 'rwsem')],
    'Lets page cache in again.',
    '6.12:include/linux/fs.h:908',
    { versions: { since: '6.1' } },
  ),
  takes(
    'filemap_invalidate_lock_shared',
    'mapping',
    true,
    [shared(INVALIDATE, 'rwsem')],
    'Keeps page cache from being removed; sleeps.',
    '6.12:include/linux/fs.h:913',
    { versions: { since: '6.1' } },
  ),
  takes(
    'filemap_invalidate_trylock_shared',
    'mapping',
    false,
    [shared(INVALIDATE, 'rwsem', TRUE)],
    'Tries to keep page cache from being removed.',
    '6.12:include/linux/fs.h:918',
    { versions: { since: '6.1' } },
  ),
  drops(
    'filemap_invalidate_unlock_shared',
    'mapping',
    [shared(INVALIDATE, 'rwsem')],
    'Undoes filemap_invalidate_lock_shared.',
    '6.12:include/linux/fs.h:924',
    { versions: { since: '6.1' } },
  ),
  takes(
    'filemap_invalidate_lock_two',
    'mapping1, mapping2',
    true,
    [
      exclusive('mapping1->invalidate_lock', 'rwsem', 'mapping1'),
      exclusive('mapping2->invalidate_lock', 'rwsem', 'mapping2 && mapping1 != mapping2'),
    ],
    'Keeps page cache out of two mappings; sleeps.',
    '6.12:mm/filemap.c:1014',
    { versions: { since: '6.1' } },
  ),
  drops(
    'filemap_invalidate_unlock_two',
    'mapping1, mapping2',
    [
      exclusive('mapping1->invalidate_lock', 'rwsem', 'mapping1'),
      exclusive('mapping2->invalidate_lock', 'rwsem', 'mapping2 && mapping1 != mapping2'),
    ],
    'Lets page cache of two mappings in again.',
    '6.12:mm/filemap.c:1034',
    { versions: { since: '6.1' } },
  ),
  takes(
    'i_mmap_lock_write',
    'mapping',
    true,
    [exclusive(I_MMAP, 'rwsem')],
    'Locks the tree of mappings exclusively; sleeps.',
    '6.12:include/linux/fs.h:538',
  ),
  takes(
    'i_mmap_trylock_write',
    'mapping',
    false,
    [exclusive(I_MMAP, 'rwsem', TRUE)],
    'Tries to lock the tree of mappings.',
    '6.12:include/linux/fs.h:543',
  ),
  drops(
    'i_mmap_unlock_write',
    'mapping',
    [exclusive(I_MMAP, 'rwsem')],
    'Unlocks the tree of mappings.',
    '6.12:include/linux/fs.h:548',
  ),
  takes(
    'i_mmap_lock_read',
    'mapping',
    true,
    [shared(I_MMAP, 'rwsem')],
    'Locks the tree of mappings shared; sleeps.',
    '6.12:include/linux/fs.h:558',
  ),
  takes(
    'i_mmap_trylock_read',
    'mapping',
    false,
    [shared(I_MMAP, 'rwsem', TRUE)],
    'Tries to lock the tree of mappings shared.',
    '6.12:include/linux/fs.h:553',
    { versions: { since: '6.1' } },
  ),
  drops(
    'i_mmap_unlock_read',
    'mapping',
    [shared(I_MMAP, 'rwsem')],
    'Unlocks the tree of mappings.',
    '6.12:include/linux/fs.h:563',
  ),
  takes(
    'mmap_write_lock',
    'mm',
    true,
    [exclusive(MMAP, 'rwsem')],
    'Locks an address space exclusively; sleeps.',
    '6.12:include/linux/mmap_lock.h:102',
  ),
  takes(
    'mmap_write_lock_killable',
    'mm',
    true,
    [exclusive(MMAP, 'rwsem', OK)],
    'Locks an address space, or fails on a fatal signal.',
    '6.12:include/linux/mmap_lock.h:118',
  ),
  drops(
    'mmap_write_unlock',
    'mm',
    [exclusive(MMAP, 'rwsem')],
    'Unlocks an address space.',
    '6.12:include/linux/mmap_lock.h:144',
  ),
  helper(
    'mmap_write_downgrade',
    'mm',
    false,
    'Turns an exclusive hold of an address space into a shared one.',
    '6.12:include/linux/mmap_lock.h:151',
    {
      releases: [exclusive(MMAP, 'rwsem')],
      acquires: [shared(MMAP, 'rwsem')],
    },
  ),
  takes(
    'mmap_read_lock',
    'mm',
    true,
    [shared(MMAP, 'rwsem')],
    'Locks an address space shared; sleeps.',
    '6.12:include/linux/mmap_lock.h:158',
  ),
  takes(
    'mmap_read_lock_killable',
    'mm',
    true,
    [shared(MMAP, 'rwsem', OK)],
    'Locks an address space shared, or fails on a fatal signal.',
    '6.12:include/linux/mmap_lock.h:165',
  ),
  takes(
    'mmap_read_trylock',
    'mm',
    false,
    [shared(MMAP, 'rwsem', TRUE)],
    'Tries to lock an address space shared.',
    '6.12:include/linux/mmap_lock.h:175',
  ),
  drops(
    'mmap_read_unlock',
    'mm',
    [shared(MMAP, 'rwsem')],
    'Unlocks an address space that was locked shared.',
    '6.12:include/linux/mmap_lock.h:185',
  ),
  takes(
    'task_lock',
    'p',
    false,
    [exclusive('p->alloc_lock', 'spin')],
    'Locks what a task points to.',
    '6.12:include/linux/sched/task.h:228',
  ),
  drops(
    'task_unlock',
    'p',
    [exclusive('p->alloc_lock', 'spin')],
    'Unlocks what a task points to.',
    '6.12:include/linux/sched/task.h:233',
  ),
  takes(
    'xa_lock',
    'xa',
    false,
    [exclusive('xa->xa_lock', 'spin')],
    'Locks an array.',
    '6.12:include/linux/xarray.h:536',
  ),
  drops(
    'xa_unlock',
    'xa',
    [exclusive('xa->xa_lock', 'spin')],
    'Unlocks an array.',
    '6.12:include/linux/xarray.h:537',
  ),
  takes(
    'xa_lock_irq',
    'xa',
    false,
    [exclusive('xa->xa_lock', 'spin'), exclusive('@irq', 'irq')],
    'Locks an array, interrupts off.',
    '6.12:include/linux/xarray.h:540',
  ),
  drops(
    'xa_unlock_irq',
    'xa',
    [exclusive('xa->xa_lock', 'spin'), exclusive('@irq', 'irq')],
    'Unlocks an array.',
    '6.12:include/linux/xarray.h:541',
  ),
  takes(
    'xa_lock_irqsave',
    'xa, flags',
    false,
    [exclusive('xa->xa_lock', 'spin'), exclusive('@irq', 'irq')],
    'Locks an array, interrupts off.',
    '6.12:include/linux/xarray.h:542',
  ),
  drops(
    'xa_unlock_irqrestore',
    'xa, flags',
    [exclusive('xa->xa_lock', 'spin'), exclusive('@irq', 'irq')],
    'Unlocks an array.',
    '6.12:include/linux/xarray.h:544',
  ),
  takes(
    'xas_lock',
    'xas',
    false,
    [exclusive('xas->xa->xa_lock', 'spin')],
    'Locks the array of a walk.',
    '6.12:include/linux/xarray.h:1412',
  ),
  drops(
    'xas_unlock',
    'xas',
    [exclusive('xas->xa->xa_lock', 'spin')],
    'Unlocks the array of a walk.',
    '6.12:include/linux/xarray.h:1413',
  ),
  takes(
    'xas_lock_irq',
    'xas',
    false,
    [exclusive('xas->xa->xa_lock', 'spin'), exclusive('@irq', 'irq')],
    'Locks the array of a walk, interrupts off.',
    '6.12:include/linux/xarray.h:1416',
  ),
  drops(
    'xas_unlock_irq',
    'xas',
    [exclusive('xas->xa->xa_lock', 'spin'), exclusive('@irq', 'irq')],
    'Unlocks the array of a walk.',
    '6.12:include/linux/xarray.h:1417',
  ),
];

/** All locks of VFS objects. */
export const LOCK_HELPERS: readonly HelperEntry[] = interrupted([...INODES, ...MAPPINGS]);
