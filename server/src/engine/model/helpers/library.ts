/**
 * Locks that the kernel's libraries for filesystems take and give back across a call: pipes, buffers, journals, netfs,
 * superblocks by device. Their callers live in other directories, which see no more of them than stands here.
 */
import { exclusive, helper, shared } from '../entry.js';
import type { HelperEntry } from '../types.js';

const NO_ERROR = '!IS_ERR(result)';
const OK = 'result == 0';
const TRUE = 'result != 0';

const S_UMOUNT = 'sb->s_umount';

const SUPERBLOCKS: readonly HelperEntry[] = [
  helper(
    'sget_dev',
    'fc, dev',
    true,
    'Finds or makes the superblock of a device and returns with s_umount held, unless it fails.',
    '6.12:fs/super.c:1368',
    { versions: { since: '6.12' }, acquires: [exclusive('result->s_umount', 'rwsem', NO_ERROR)] },
  ),
  helper(
    'user_get_super',
    'dev',
    true,
    'Finds the superblock of a device and returns with s_umount held shared.',
    '5.10:fs/super.c:871',
    { versions: { until: '6.1' }, acquires: [shared('result->s_umount', 'rwsem', TRUE)] },
  ),
  helper(
    'user_get_super',
    'dev, excl',
    true,
    'Finds the superblock of a device and returns with s_umount held, exclusive where asked.',
    '6.1:fs/super.c:874 6.12:fs/super.c:993',
    {
      versions: { since: '6.1' },
      acquires: [
        exclusive('result->s_umount', 'rwsem', `${TRUE} && excl != 0`),
        shared('result->s_umount', 'rwsem', `${TRUE} && excl == 0`),
      ],
    },
  ),
  helper(
    'super_trylock_shared',
    'sb',
    false,
    'Tries to take s_umount shared of a superblock that is alive.',
    '6.12:fs/super.c:557',
    { versions: { since: '6.12' }, acquires: [shared(S_UMOUNT, 'rwsem', TRUE)] },
  ),
  helper(
    'drop_super',
    'sb',
    true,
    'Gives back s_umount, held shared, and the reference.',
    '6.12:fs/super.c:878',
    { releases: [shared(S_UMOUNT, 'rwsem')] },
  ),
  helper(
    'drop_super_exclusive',
    'sb',
    true,
    'Gives back s_umount, held exclusively, and the reference.',
    '6.12:fs/super.c:886',
    { releases: [exclusive(S_UMOUNT, 'rwsem')] },
  ),
  helper(
    'kern_unmount',
    'mnt',
    true,
    'Unmounts a mount of the kernel; waits for a grace period before it lets go.',
    '6.12:fs/namespace.c:5755',
    { gracePeriod: true },
  ),
  helper(
    'kern_unmount_array',
    'mnt, num',
    true,
    'Unmounts mounts of the kernel; waits for one grace period before it lets go.',
    '6.12:fs/namespace.c:5766',
    { gracePeriod: true },
  ),
  helper(
    'lock_rename_child',
    'c1, p2',
    true,
    "Locks a child's parent and another directory for a rename; none where it returns an error pointer.",
    '6.12:fs/namei.c:3236',
    {
      versions: { since: '6.12', until: '7.2' },
      acquires: [
        exclusive('c1->d_parent->d_inode->i_rwsem', 'rwsem', NO_ERROR),
        exclusive('p2->d_inode->i_rwsem', 'rwsem', `c1->d_parent != p2 && ${NO_ERROR}`),
        exclusive('c1->d_sb->s_vfs_rename_mutex', 'mutex', `c1->d_parent != p2 && ${NO_ERROR}`),
      ],
    },
  ),
  helper(
    'wbc_attach_and_unlock_inode',
    'wbc, inode',
    false,
    'Binds a writeback to the writer of an inode and gives back its i_lock.',
    '6.12:fs/fs-writeback.c:808',
    { versions: { until: '7.2' }, releases: [exclusive('inode->i_lock', 'spin')] },
  ),
];

const FILES: readonly HelperEntry[] = [
  helper('pipe_lock', 'pipe', true, 'Locks a pipe that belongs to files; sleeps.', '6.12:fs/pipe.c:89', {
    acquires: [exclusive('pipe->mutex', 'mutex')],
  }),
  helper('pipe_unlock', 'pipe', false, 'Unlocks a pipe.', '6.12:fs/pipe.c:96', {
    releases: [exclusive('pipe->mutex', 'mutex')],
  }),
  helper('__f_unlock_pos', 'f', false, "Gives back a file's position lock.", '6.12:fs/file.c:1173', {
    releases: [exclusive('f->f_pos_lock', 'mutex')],
  }),
  helper(
    'bh_uptodate_or_lock',
    'bh',
    true,
    'Locks a buffer unless it is up to date, which it tells with 1; sleeps.',
    '6.12:fs/buffer.c:3094',
    { acquires: [exclusive('bh->BH_Lock', 'flag', OK)] },
  ),
];

const JOURNAL: readonly HelperEntry[] = [
  helper(
    'jbd2_journal_lock_updates',
    'journal',
    true,
    'Stops new handles, waits for those that run, and returns with j_barrier held.',
    '6.12:fs/jbd2/transaction.c:863',
    { acquires: [exclusive('journal->j_barrier', 'mutex')] },
  ),
  helper(
    'jbd2_journal_unlock_updates',
    'journal',
    false,
    'Gives back j_barrier and lets handles go on.',
    '6.12:fs/jbd2/transaction.c:900',
    { releases: [exclusive('journal->j_barrier', 'mutex')] },
  ),
];

const I_RWSEM = 'inode->i_rwsem';

function starts(name: string, summary: string, proof: string): HelperEntry {
  return helper(name, 'inode', true, summary, proof, {
    versions: { since: '6.12' },
    acquires: [shared(I_RWSEM, 'rwsem', OK)],
  });
}

function ends(name: string, proof: string): HelperEntry {
  return helper(name, 'inode', false, 'Gives back i_rwsem, held shared.', proof, {
    versions: { since: '6.12' },
    releases: [shared(I_RWSEM, 'rwsem')],
  });
}

const NETFS: readonly HelperEntry[] = [
  starts(
    'netfs_start_io_read',
    'Takes i_rwsem shared for a buffered read; may fail.',
    '6.12:fs/netfs/locking.c:56',
  ),
  ends('netfs_end_io_read', '6.12:fs/netfs/locking.c:87'),
  starts(
    'netfs_start_io_write',
    'Takes i_rwsem for a buffered write and returns with it held shared; may fail.',
    '6.12:fs/netfs/locking.c:101',
  ),
  ends('netfs_end_io_write', '6.12:fs/netfs/locking.c:124'),
  starts(
    'netfs_start_io_direct',
    'Takes i_rwsem shared for direct I/O; may fail.',
    '6.12:fs/netfs/locking.c:167',
  ),
  ends('netfs_end_io_direct', '6.12:fs/netfs/locking.c:200'),
];

const FSNOTIFY: readonly HelperEntry[] = [
  helper(
    'fsnotify_prepare_user_wait',
    'iter_info',
    true,
    'Leaves the read side of fsnotify_mark_srcu, with the marks pinned; false where that failed.',
    '6.12:fs/notify/mark.c:516',
    { releases: [shared('@fsnotify_mark_srcu', 'srcu', TRUE)] },
  ),
  helper(
    'fsnotify_finish_user_wait',
    'iter_info',
    true,
    'Enters the read side of fsnotify_mark_srcu again.',
    '6.12:fs/notify/mark.c:551',
    { acquires: [shared('@fsnotify_mark_srcu', 'srcu')] },
  ),
];

/** Helpers of the libraries. */
export const LIBRARY_HELPERS: readonly HelperEntry[] = [
  ...SUPERBLOCKS,
  ...FILES,
  ...JOURNAL,
  ...NETFS,
  ...FSNOTIFY,
];
