/**
 * Lock classes whose kind or nesting the types of the fields do not tell: VFS locks and the global ones.
 */
import type { LockClassEntry, LockKind } from './types.js';

function lock(
  name: string,
  kind: LockKind,
  nests: boolean,
  summary: string,
  ...proof: string[]
): LockClassEntry {
  return { class: name, kind, nests, summary, proof };
}

/** The classes that are pinned down. */
export const LOCK_CLASSES: readonly LockClassEntry[] = [
  lock(
    'inode::i_rwsem',
    'rwsem',
    true,
    'Locks a directory against changes, and a file against writes.',
    '6.12:include/linux/fs.h:720',
  ),
  lock(
    'inode::i_lock',
    'spin',
    false,
    'State and counts of an inode; outside d_lock.',
    '6.12:include/linux/fs.h:707',
  ),
  lock(
    'dentry::d_lock',
    'spin',
    true,
    'Name, parent and children of a dentry; parents before children.',
    '6.12:include/linux/dcache.h:81',
  ),
  lock(
    'dentry::d_lockref',
    'spin',
    true,
    'The count of a dentry with its d_lock in one word.',
    '6.12:include/linux/dcache.h:101',
  ),
  lock('dentry::d_lockref.lock', 'spin', true, 'What d_lock stands for.', '6.12:include/linux/dcache.h:101'),
  lock(
    'lockref::lock',
    'spin',
    true,
    'The lock of a lockref; that of a dentry is its d_lock.',
    '6.12:include/linux/lockref.h:31',
  ),
  lock(
    'dentry::d_seq',
    'seqwrite',
    true,
    'Lets lockless walks see that a dentry changed.',
    '6.12:include/linux/dcache.h:86',
  ),
  lock('super_block::s_umount', 'rwsem', true, 'Keeps a superblock mounted.', '6.12:include/linux/fs.h:1321'),
  lock(
    'super_block::s_vfs_rename_mutex',
    'mutex',
    false,
    'Keeps renames across directories of a filesystem apart.',
    '6.12:include/linux/fs.h:1391',
  ),
  lock(
    'super_block::s_inode_list_lock',
    'spin',
    false,
    'The list of inodes of a superblock.',
    '6.12:include/linux/fs.h:1441',
  ),
  lock(
    'rename_lock',
    'seqwrite',
    false,
    'Lets walks see that something moved; outside d_lock.',
    '6.12:fs/dcache.c:79',
  ),
  lock('mount_lock', 'seqwrite', false, 'The tree of mounts.', '6.12:fs/namespace.c:116'),
  lock('namespace_sem', 'rwsem', false, 'The mounts of a namespace.', '6.12:fs/namespace.c:88'),
  lock('sb_lock', 'spin', false, 'The list of superblocks.', '6.12:fs/super.c:45'),
  lock('inode_hash_lock', 'spin', false, 'The table of inodes.', '6.12:fs/inode.c:61'),
  lock(
    'file::f_pos_lock',
    'mutex',
    false,
    'The position of a file that is shared.',
    '6.12:include/linux/fs.h:1092',
  ),
  lock('file::f_lock', 'spin', false, 'Flags and lists of a file.', '6.12:include/linux/fs.h:1079'),
  lock(
    'address_space::invalidate_lock',
    'rwsem',
    true,
    'Keeps page cache from being filled while it is removed.',
    '6.12:include/linux/fs.h:501',
  ),
  lock(
    'address_space::i_mmap_rwsem',
    'rwsem',
    false,
    'The tree of mappings of a file.',
    '6.12:include/linux/fs.h:516',
  ),
  lock(
    'address_space::i_private_lock',
    'spin',
    false,
    'What a filesystem hangs on a mapping.',
    '6.12:include/linux/fs.h:514',
  ),
  lock(
    'fs_context::uapi_mutex',
    'mutex',
    false,
    'The making of a mount through file descriptors.',
    '6.12:include/linux/fs_context.h:92',
  ),
  lock(
    'mm_struct::mmap_lock',
    'rwsem',
    true,
    'The mappings of an address space.',
    '6.12:include/linux/mm_types.h:921',
  ),
  lock(
    'folio::PG_locked',
    'folio',
    true,
    'Locks a folio; the end of I/O may unlock it.',
    '6.12:include/linux/page-flags.h:94',
  ),
  lock(
    'page::PG_locked',
    'folio',
    true,
    'Locks a page; the end of I/O may unlock it.',
    '6.12:include/linux/page-flags.h:94',
  ),
  lock(
    'buffer_head::BH_Lock',
    'flag',
    true,
    'Locks a buffer; the end of I/O unlocks it.',
    '6.12:include/linux/buffer_head.h:22',
  ),
  lock('task_struct::alloc_lock', 'spin', false, 'What a task points to.', '6.12:include/linux/sched.h:1192'),
  lock(
    'file_lock_context::flc_lock',
    'spin',
    false,
    'The locks of a file.',
    '6.12:include/linux/filelock.h:143',
  ),
  lock('seq_file::lock', 'mutex', false, 'A file of printed records.', '6.12:include/linux/seq_file.h:24'),
];
