/**
 * `struct super_operations`, `struct file_system_type` and `struct fs_context_operations`: the life of inodes and
 * superblocks. What RCU-walk may still be looking at is freed after a grace period only, also here.
 */
import {
  anyMode,
  between,
  exclusive,
  inAtomic,
  inProcess,
  type MethodExtra,
  methodsOf,
  shared,
  since,
  until,
} from '../entry.js';
import type { LockSpec, MethodEntry } from '../types.js';

const method = methodsOf('super_operations');
const type = methodsOf('file_system_type');
const context = methodsOf('fs_context_operations');
const UMOUNT = exclusive('sb->s_umount', 'rwsem');
const UMOUNT_SHARED = shared('sb->s_umount', 'rwsem');
const NAMESPACE = shared('@namespace_sem', 'rwsem');
const LATE_WALK = 'RCU-walk calls of permission, get_link and d_revalidate on the same objects.';

/** One of the methods that print a mount. */
function shows(name: string, what: string, proof: string): MethodEntry {
  return method(
    name,
    'm root',
    'int',
    [inProcess('/proc/PID/mounts', [NAMESPACE])],
    true,
    `Prints ${what}. The list of mounts is locked, the superblock only pinned: options may change at the same time.`,
    proof,
    { notHeld: ['s_umount'] },
  );
}

/** A method of a superblock, by the locks that every caller holds. */
function onSuper(
  name: string,
  params: string,
  where: string,
  held: readonly LockSpec[],
  summary: string,
  proof: string,
  extra: MethodExtra = {},
): MethodEntry {
  return method(name, params, 'int', [inProcess(where, held)], true, summary, proof, extra);
}

/** All of `super_operations`. */
export const SUPER_METHODS: readonly MethodEntry[] = [
  method(
    'alloc_inode',
    'sb',
    'pointer',
    [inProcess('new inode')],
    true,
    'Allocates an inode. Nothing is locked.',
    '6.12:fs/inode.c:265',
  ),
  method(
    'destroy_inode',
    'inode',
    'void',
    [inProcess('evicted inode')],
    true,
    'Told that an inode is gone, before the grace period. What RCU-walk can reach is freed in free_inode or an RCU ' +
      'callback instead.',
    '6.12:fs/inode.c:315 7.2:fs/inode.c:387',
    {
      notHeld: ['i_lock'],
      obligations: ['Without free_inode the inode itself has to be freed here, after a grace period.'],
      overlaps: LATE_WALK,
    },
  ),
  method(
    'free_inode',
    'inode',
    'void',
    [inAtomic('after the grace period', 'softirq (RCU callback)')],
    false,
    'Frees an inode after the grace period. An RCU callback: nothing may sleep.',
    '6.12:fs/inode.c:254 6.12:fs/inode.c:320',
    { obligations: ['No iput, no dput, no mutex.'] },
  ),
  method(
    'dirty_inode',
    'inode flags',
    'void',
    [inProcess('inode made dirty', [], [anyMode('inode->i_rwsem', 'rwsem')])],
    true,
    'Told that an inode was made dirty. No spinlock of the VFS is held; i_rwsem may or may not be.',
    '6.12:fs/fs-writeback.c:2574 7.2:fs/fs-writeback.c:2724',
    { notHeld: ['i_lock'] },
  ),
  method(
    'write_inode',
    'inode wbc',
    'int',
    [inProcess('writeback', [exclusive('inode->i_state.I_SYNC', 'flag')])],
    true,
    'Writes an inode to disk. I_SYNC keeps other writers off.',
    '6.12:fs/fs-writeback.c:1578',
    { notHeld: ['i_lock'] },
  ),
  method(
    'drop_inode',
    'inode',
    'int',
    [inProcess('last reference dropped', [exclusive('inode->i_lock', 'spin')])],
    false,
    'Votes on keeping an unused inode: non-zero evicts it now. Runs in i_lock, and returns with it.',
    '6.12:fs/inode.c:1844 7.2:fs/inode.c:1981',
  ),
  method(
    'evict_inode',
    'inode',
    'void',
    [inProcess('eviction')],
    true,
    'Takes an inode apart. Nothing is locked; RCU-walk may still be looking, so what it follows is freed in free_inode.',
    '6.12:fs/inode.c:722 7.2:fs/inode.c:822',
    {
      notHeld: ['i_lock', 'i_rwsem'],
      obligations: [
        'truncate_inode_pages_final() and clear_inode() are called.',
        'It may run in memory reclaim.',
      ],
      overlaps: LATE_WALK,
    },
  ),
  method(
    'put_super',
    'sb',
    'void',
    [inProcess('unmount', [UMOUNT])],
    true,
    'Takes a superblock apart, with s_umount held exclusively. Walks that began earlier may still be looking: what they ' +
      'follow is freed after a grace period only.',
    '6.12:fs/super.c:639 7.2:fs/super.c:631',
    { overlaps: 'RCU-walk calls of d_hash, d_compare, permission and d_revalidate.' },
  ),
  onSuper(
    'sync_fs',
    'sb wait',
    'sync',
    [anyMode('sb->s_umount', 'rwsem')],
    'Writes out what the filesystem keeps. s_umount is held, exclusively only at unmount and freeze.',
    '6.12:fs/sync.c:38 6.12:fs/sync.c:56',
  ),
  onSuper(
    'freeze_fs',
    'sb',
    'freeze',
    [UMOUNT, exclusive('sb->s_writers.SB_FREEZE_FS', 'flag')],
    'Makes the filesystem consistent on disk. s_umount is held exclusively and no writer is left.',
    '6.12:fs/super.c:2131',
  ),
  onSuper(
    'unfreeze_fs',
    'sb',
    'thaw',
    [UMOUNT],
    'Undoes freeze_fs. s_umount is held exclusively.',
    '6.12:fs/super.c:2187 6.12:fs/super.c:2161',
  ),
  onSuper(
    'freeze_super',
    'sb',
    'ioctl(2)',
    [],
    'Freezes in its own way. s_umount is its own to take.',
    '6.1:include/linux/fs.h:2317',
    {
      ...until('6.12'),
      notHeld: ['s_umount'],
    },
  ),
  onSuper(
    'freeze_super',
    'sb who',
    'ioctl(2)',
    [],
    'Freezes in its own way. s_umount is its own to take.',
    '6.12:fs/ioctl.c:399',
    {
      ...between('6.12', '7.2'),
      notHeld: ['s_umount'],
    },
  ),
  onSuper(
    'freeze_super',
    'sb who owner',
    'ioctl(2)',
    [],
    'Freezes in its own way. s_umount is its own to take.',
    '7.2:fs/ioctl.c:398',
    {
      ...since('7.2'),
      notHeld: ['s_umount'],
    },
  ),
  onSuper(
    'thaw_super',
    'sb',
    'ioctl(2)',
    [],
    'Thaws in its own way. s_umount is its own to take.',
    '6.1:include/linux/fs.h:2319',
    {
      ...until('6.12'),
      notHeld: ['s_umount'],
    },
  ),
  onSuper(
    'thaw_super',
    'sb who',
    'ioctl(2)',
    [],
    'Thaws in its own way. s_umount is its own to take.',
    '6.12:fs/ioctl.c:412',
    {
      ...between('6.12', '7.2'),
      notHeld: ['s_umount'],
    },
  ),
  onSuper(
    'thaw_super',
    'sb who owner',
    'ioctl(2)',
    [],
    'Thaws in its own way. s_umount is its own to take.',
    '7.2:fs/ioctl.c:412',
    {
      ...since('7.2'),
      notHeld: ['s_umount'],
    },
  ),
  method(
    'statfs',
    'dentry buf',
    'int',
    [inProcess('statfs(2)', [], [shared('dentry->d_sb->s_umount', 'rwsem')])],
    true,
    'Counts blocks and inodes. s_umount is held only by ustat(2).',
    '6.12:fs/statfs.c:66',
  ),
  onSuper(
    'remount_fs',
    'sb flags data',
    'mount(2)',
    [UMOUNT],
    'Changes options of a mounted filesystem. s_umount is held exclusively.',
    '6.12:fs/fs_context.c:682',
    until('7.2'),
  ),
  method(
    'umount_begin',
    'sb',
    'void',
    [inProcess('umount -f')],
    true,
    'Aborts what is under way, so that a forced unmount can go on. Nothing is locked.',
    '6.12:fs/namespace.c:1901',
    { notHeld: ['s_umount'] },
  ),
  shows('show_options', 'mount options', '6.12:fs/proc_namespace.c:129'),
  shows('show_devname', 'the device of a mount', '6.12:fs/proc_namespace.c:110'),
  shows('show_path', 'the root of a mount', '6.12:fs/namespace.c:4999'),
  shows('show_stats', 'statistics of a mount', '6.12:fs/proc_namespace.c:230'),
  method(
    'nr_cached_objects',
    'sb sc',
    'long',
    [inProcess('count', [], [UMOUNT_SHARED])],
    false,
    'Says how much the filesystem could free under memory pressure. Cheap, lockless and in reclaim.',
    '6.12:fs/super.c:246 6.12:fs/super.c:199',
  ),
  method(
    'free_cached_objects',
    'sb sc',
    'long',
    [inProcess('memory reclaim', [UMOUNT_SHARED])],
    true,
    'Frees what the filesystem caches under memory pressure. s_umount is held shared.',
    '6.12:fs/super.c:227 6.12:fs/super.c:196',
  ),
  method(
    'shutdown',
    'sb',
    'void',
    [inProcess('device gone', [UMOUNT_SHARED])],
    true,
    'Told that the device is gone. s_umount is held shared.',
    '6.12:fs/super.c:1432 6.12:fs/super.c:1423',
    since('6.12'),
  ),
  onSuper(
    'remove_bdev',
    'sb bdev',
    'device gone',
    [UMOUNT_SHARED],
    'Told that one device is gone; 0 goes on without it. s_umount is held shared.',
    '7.2:fs/super.c:1403',
    since('7.2'),
  ),
  method(
    'report_error',
    'event',
    'void',
    [inProcess('workqueue')],
    true,
    'Reports an error of the filesystem. Always from a workqueue.',
    '7.2:fs/fserror.c:62',
    since('7.2'),
  ),
  method(
    'quota_read',
    'sb type data len off',
    'long',
    [inProcess('quota file', [], [anyMode('sb->s_dquot.dqio_sem', 'rwsem')])],
    true,
    'Reads from a quota file. Most callers hold dqio_sem, and dq_lock of a dquot.',
    '5.10:fs/quota/quota_v1.c:67 6.12:fs/quota/quota_v1.c:168 6.12:fs/quota/quota_v2.c:114 7.2:fs/quota/quota_v1.c:168',
  ),
  method(
    'quota_write',
    'sb type data len off',
    'long',
    [inProcess('quota file', [], [exclusive('sb->s_dquot.dqio_sem', 'rwsem')])],
    true,
    'Writes to a quota file. Most callers hold dqio_sem, and dq_lock of a dquot.',
    '5.10:fs/quota/quota_v1.c:98 6.12:fs/quota/quota_v1.c:98 6.12:fs/quota/quota_tree.c:73 7.2:fs/quota/quota_v1.c:98',
  ),
  method(
    'get_dquots',
    'inode',
    'pointer',
    [inProcess('quota')],
    false,
    'Says where the quotas of an inode are kept. Called for each charge, so it only computes an address.',
    '5.10:fs/quota/dquot.c:1014 6.12:fs/quota/dquot.c:1027 7.2:fs/quota/dquot.c:1026',
  ),
  method(
    'bdev_try_to_free_page',
    'sb page wait',
    'int',
    [inProcess('reclaim', [exclusive('page->PG_locked', 'folio')])],
    'wait & __GFP_DIRECT_RECLAIM',
    'Lets go of what hangs on a page of the block device. The page is locked, as for releasepage.',
    '5.10:fs/block_dev.c:1976 5.10:mm/filemap.c:3527',
    until('6.1'),
  ),
];

/** `file_system_type`. */
export const TYPE_METHODS: readonly MethodEntry[] = [
  type(
    'mount',
    'fs_type flags dev_name data',
    'pointer',
    [inProcess('mount(2)')],
    true,
    'Makes or finds a superblock and returns its root, with s_umount held exclusively.',
    '6.12:fs/fs_context.c:662 6.12:include/linux/fs.h:2601',
    {
      ...until('7.2'),
      acquires: [exclusive('result->d_sb->s_umount', 'rwsem', '!IS_ERR(result)')],
    },
  ),
  type(
    'init_fs_context',
    'fc',
    'int',
    [inProcess('fsopen(2)')],
    true,
    'Sets up the context of a new mount. Nothing is locked.',
    '6.12:fs/fs_context.c:314 7.2:fs/fs_context.c:295',
  ),
  type(
    'kill_sb',
    'sb',
    'void',
    [inProcess('last unmount', [UMOUNT])],
    true,
    'Ends a superblock: comes in with s_umount held exclusively and lets go of it (through generic_shutdown_super). ' +
      'What RCU-walk may follow is freed after a grace period only.',
    '6.12:fs/super.c:471 6.12:fs/super.c:676 6.12:fs/exfat/super.c:843 7.2:Documentation/filesystems/porting.rst:1331',
    {
      releases: [UMOUNT],
      obligations: ['s_fs_info is freed after generic_shutdown_super() returned.'],
      overlaps: 'RCU-walk calls of d_hash, d_compare, permission and d_revalidate.',
    },
  ),
];

/** `fs_context_operations`. */
export const CONTEXT_METHODS: readonly MethodEntry[] = [
  context(
    'get_tree',
    'fc',
    'int',
    [inProcess('fsconfig(2) or mount(2)', [], [exclusive('fc->uapi_mutex', 'mutex')])],
    true,
    'Makes or finds the superblock of a mount. On success its root is set and s_umount is held exclusively.',
    '6.12:fs/super.c:1824',
    { acquires: [exclusive('fc->root->d_sb->s_umount', 'rwsem', 'result == 0')] },
  ),
  context(
    'reconfigure',
    'fc',
    'int',
    [
      inProcess(
        'remount',
        [exclusive('fc->root->d_sb->s_umount', 'rwsem')],
        [exclusive('fc->uapi_mutex', 'mutex')],
      ),
    ],
    true,
    'Changes options of a mounted filesystem. s_umount is held exclusively.',
    '6.12:fs/super.c:1085',
    { obligations: ['SB_RDONLY is changed by the VFS afterwards.'] },
  ),
  context(
    'parse_param',
    'fc param',
    'int',
    [inProcess('fsconfig(2)', [], [exclusive('fc->uapi_mutex', 'mutex')])],
    true,
    'Takes one mount option.',
    '6.12:fs/fs_context.c:146',
  ),
  context(
    'parse_monolithic',
    'fc data',
    'int',
    [inProcess('mount(2)', [], [exclusive('fc->uapi_mutex', 'mutex')])],
    true,
    'Takes all mount options at once.',
    '6.12:fs/fs_context.c:711',
  ),
  context(
    'dup',
    'fc src_fc',
    'int',
    [inProcess('submount')],
    true,
    'Copies what belongs to the filesystem in a context.',
    '6.12:fs/fs_context.c:414',
  ),
  context(
    'free',
    'fc',
    'void',
    [inProcess('close or failure')],
    true,
    'Disposes of what belongs to the filesystem in a context.',
    '6.12:fs/fs_context.c:520',
  ),
];
