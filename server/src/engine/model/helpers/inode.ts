/**
 * Inodes, superblocks and mounts: life cycle, dirtying, times, access control lists, and the fill_super callbacks, which
 * run with s_umount of the new superblock held.
 */
import { anyMode, exclusive, type HelperExtra, helper, plain as N, sleeping as S, shared } from '../entry.js';
import type { HelperEntry } from '../types.js';

const I_LOCK = exclusive('inode->i_lock', 'spin');
const UMOUNT = exclusive('sb->s_umount', 'rwsem');
const ROOT_UMOUNT = exclusive('fc->root->d_sb->s_umount', 'rwsem', 'result == 0');
const MOUNT_UMOUNT = exclusive('result->d_sb->s_umount', 'rwsem', '!IS_ERR(result)');

/** A helper that calls back to fill a new superblock. */
function fills(
  name: string,
  params: string,
  param: number,
  second: string,
  proof: string,
  mounted: boolean,
  extra: HelperExtra = {},
): HelperEntry {
  return S(
    name,
    params,
    'Makes or finds a superblock, calls back to fill it, and returns with s_umount held.',
    proof,
    {
      acquires: [mounted ? MOUNT_UMOUNT : ROOT_UMOUNT],
      callbacks: [{ param, context: 'now', params: ['sb', second], held: [UMOUNT] }],
      ...extra,
    },
  );
}

/** A helper that ends a superblock and lets go of s_umount. */
function ends(name: string, proof: string, extra: HelperExtra = {}): HelperEntry {
  return S(name, 'sb', 'Ends a superblock and lets go of its s_umount.', proof, {
    requires: [UMOUNT],
    releases: [UMOUNT],
    ...extra,
  });
}

const SUPERBLOCKS: readonly HelperEntry[] = [
  fills('get_tree_bdev', 'fc, fill_super', 1, 'fc', '6.12:fs/super.c:1665', false),
  fills('get_tree_nodev', 'fc, fill_super', 1, 'fc', '6.12:fs/super.c:1305', false),
  fills('get_tree_single', 'fc, fill_super', 1, 'fc', '6.12:fs/super.c:1313', false),
  fills('get_tree_keyed', 'fc, fill_super, key', 1, 'fc', '6.12:fs/super.c:1321', false),
  fills('mount_bdev', 'fs_type, flags, dev_name, data, fill_super', 4, 'data', '6.12:fs/super.c:1678', true, {
    versions: { until: '7.2' },
  }),
  fills('mount_nodev', 'fs_type, flags, data, fill_super', 3, 'data', '6.12:fs/super.c:1730', true, {
    versions: { until: '7.2' },
  }),
  fills('mount_single', 'fs_type, flags, data, fill_super', 3, 'data', '6.12:fs/super.c:1780', true, {
    versions: { until: '7.2' },
  }),
  S(
    'sget_fc',
    'fc, test, set',
    'Finds or makes a superblock and returns with s_umount held, unless it fails.',
    '6.12:fs/super.c:727',
    {
      acquires: [exclusive('result->s_umount', 'rwsem', '!IS_ERR(result)')],
    },
  ),
  S(
    'sget',
    'type, test, set, flags, data',
    'Finds or makes a superblock and returns with s_umount held, unless it fails.',
    '6.12:fs/super.c:815',
    { versions: { until: '7.2' }, acquires: [exclusive('result->s_umount', 'rwsem', '!IS_ERR(result)')] },
  ),
  ends('generic_shutdown_super', '6.12:fs/super.c:612'),
  ends('kill_anon_super', '6.12:fs/super.c:1244'),
  ends('kill_block_super', '6.12:fs/super.c:1716'),
  ends('kill_litter_super', '6.12:fs/super.c:1253', { versions: { until: '7.2' } }),
  ends('deactivate_locked_super', '6.12:fs/super.c:466'),
  S(
    'deactivate_super',
    'sb',
    'Drops a reference to a superblock; the last one ends it.',
    '6.12:fs/super.c:499',
    {
      mustNotHold: [anyMode('sb->s_umount', 'rwsem')],
      onLast: true,
    },
  ),
  S(
    'iterate_supers',
    'f, arg',
    'Calls back for each superblock with s_umount held shared.',
    '6.12:fs/super.c:946',
    {
      callbacks: [
        { param: 0, context: 'now', params: ['sb', 'arg'], held: [shared('sb->s_umount', 'rwsem')] },
      ],
    },
  ),
  S(
    'sync_filesystem',
    'sb',
    'Writes a filesystem to disk; s_umount is held by the caller.',
    '6.12:fs/sync.c:30',
    {
      requires: [anyMode('sb->s_umount', 'rwsem')],
    },
  ),
  S(
    'freeze_super',
    'sb',
    'Freezes a filesystem; takes s_umount inside.',
    '5.10:fs/super.c:1719 6.1:fs/super.c:1745',
    {
      versions: { until: '6.12' },
      mustNotHold: [anyMode('sb->s_umount', 'rwsem')],
    },
  ),
  S('freeze_super', 'sb, who', 'Freezes a filesystem; takes s_umount inside.', '6.12:fs/super.c:2066', {
    versions: { since: '6.12', until: '7.2' },
    mustNotHold: [anyMode('sb->s_umount', 'rwsem')],
  }),
  S('freeze_super', 'sb, who, owner', 'Freezes a filesystem; takes s_umount inside.', '7.2:fs/super.c:2009', {
    versions: { since: '7.2' },
    mustNotHold: [anyMode('sb->s_umount', 'rwsem')],
  }),
  S(
    'thaw_super',
    'sb',
    'Thaws a filesystem; takes s_umount inside.',
    '5.10:fs/super.c:1830 6.1:fs/super.c:1856',
    {
      versions: { until: '6.12' },
      mustNotHold: [anyMode('sb->s_umount', 'rwsem')],
    },
  ),
  S('thaw_super', 'sb, who', 'Thaws a filesystem; takes s_umount inside.', '6.12:fs/super.c:2225', {
    versions: { since: '6.12', until: '7.2' },
    mustNotHold: [anyMode('sb->s_umount', 'rwsem')],
  }),
  S('thaw_super', 'sb, who, owner', 'Thaws a filesystem; takes s_umount inside.', '7.2:fs/super.c:2177', {
    versions: { since: '7.2' },
    mustNotHold: [anyMode('sb->s_umount', 'rwsem')],
  }),
  S('evict_inodes', 'sb', 'Evicts all unused inodes of a superblock.', '6.12:fs/inode.c:785'),
  N('register_filesystem', 'fs', 'Makes a filesystem type known.', '6.12:fs/filesystems.c:72'),
  S(
    'unregister_filesystem',
    'fs',
    'Makes a filesystem type unknown and waits for a grace period.',
    '6.12:fs/filesystems.c:108',
    { gracePeriod: true },
  ),
  S('sb_set_blocksize', 'sb, size', 'Sets the block size of a superblock.', '6.12:include/linux/fs.h:3292'),
  S('sb_min_blocksize', 'sb, size', 'Sets the block size of a superblock.', '6.12:include/linux/fs.h:3293'),
  S(
    'sync_blockdev',
    'bdev',
    'Writes the page cache of a device to disk.',
    '6.12:include/linux/blkdev.h:1692',
  ),
  S(
    'simple_fill_super',
    'sb, magic, files',
    'Fills a superblock that lives in the cache.',
    '6.12:fs/libfs.c:990',
  ),
  N('sb_rdonly', 'sb', 'Tells whether a superblock is read-only.', '6.12:include/linux/fs.h:2345'),
];

const INODES: readonly HelperEntry[] = [
  N('file_inode', 'f', 'The inode of an open file.', '6.12:include/linux/fs.h:1166', {
    returns: 'f->f_inode',
  }),
  N('locks_inode_context', 'inode', 'The lock context of an inode.', '6.12:include/linux/filelock.h:223'),
  N('file_dentry', 'file', 'The dentry of an open file.', '6.12:include/linux/fs.h:1179'),
  N(
    'unlock_new_inode',
    'inode',
    'Ends the setting up of an inode, in i_lock taken inside.',
    '6.12:fs/inode.c:1155',
    { mustNotHold: [I_LOCK] },
  ),
  S(
    'insert_inode_locked',
    'inode',
    'Hashes a new inode; waits for another one of that number.',
    '6.12:fs/inode.c:1754',
  ),
  N(
    'insert_inode_hash',
    'inode',
    'Hashes an inode, in spinlocks taken inside.',
    '6.12:include/linux/fs.h:3277',
    { mustNotHold: [I_LOCK] },
  ),
  N(
    '__insert_inode_hash',
    'inode, hashval',
    'Hashes an inode, in spinlocks taken inside.',
    '6.12:fs/inode.c:578',
    { mustNotHold: [I_LOCK] },
  ),
  N(
    'remove_inode_hash',
    'inode',
    'Unhashes an inode, in spinlocks taken inside.',
    '6.12:include/linux/fs.h:3283',
    { mustNotHold: [I_LOCK] },
  ),
  N('inode_unhashed', 'inode', 'Tells whether an inode is unhashed.', '6.12:include/linux/fs.h:806'),
  N('inode_init_once', 'inode', 'Initialises a fresh inode.', '6.12:fs/inode.c:422'),
  N('inode_init_owner', 'inode, dir, mode', 'Sets owner and mode of a new inode.', '5.10:fs/inode.c:2153', {
    versions: { until: '6.1' },
  }),
  N(
    'inode_init_owner',
    'idmap, inode, dir, mode',
    'Sets owner and mode of a new inode.',
    '6.12:fs/inode.c:2491',
    { versions: { since: '6.1' } },
  ),
  N('make_bad_inode', 'inode', 'Makes an inode fail all operations.', '6.12:fs/bad_inode.c:206'),
  N('is_bad_inode', 'inode', 'Tells whether an inode fails all operations.', '6.12:fs/bad_inode.c:231'),
  N('clear_inode', 'inode', 'Ends the life of an inode that is being evicted.', '6.12:fs/inode.c:660'),
  N('set_nlink', 'inode, nlink', 'Sets the number of names.', '6.12:fs/inode.c:368'),
  N('inc_nlink', 'inode', 'Counts one more name.', '6.12:fs/inode.c:390'),
  N('drop_nlink', 'inode', 'Counts one name less.', '6.12:fs/inode.c:334'),
  N('clear_nlink', 'inode', 'Counts no name any more.', '6.12:fs/inode.c:351'),
  N('i_size_read', 'inode', 'Reads the size of a file.', '6.12:include/linux/fs.h:949'),
  N('i_size_write', 'inode, i_size', 'Sets the size of a file.', '6.12:include/linux/fs.h:978'),
  N('current_time', 'inode', 'The time, as exactly as the filesystem keeps it.', '6.12:fs/inode.c:2641'),
  N('inode_set_ctime_current', 'inode', 'Sets the change time.', '6.12:fs/inode.c:2657'),
  N('inode_set_flags', 'inode, flags, mask', 'Sets flags of an inode.', '6.12:fs/inode.c:2586'),
  N(
    'init_special_inode',
    'inode, mode, rdev',
    'Sets up the inode of a special file.',
    '6.12:fs/inode.c:2457',
  ),
  N('generic_fillattr', 'inode, stat', 'Copies attributes.', '5.10:fs/stat.c:36', {
    versions: { until: '6.1' },
  }),
  N('generic_fillattr', 'idmap, inode, stat', 'Copies attributes.', '6.1:fs/stat.c:44', {
    versions: { since: '6.1', until: '6.12' },
  }),
  N('generic_fillattr', 'idmap, request_mask, inode, stat', 'Copies attributes.', '6.12:fs/stat.c:46', {
    versions: { since: '6.12' },
  }),
  N('setattr_copy', 'inode, attr', 'Copies new attributes into an inode.', '5.10:fs/attr.c:238', {
    versions: { until: '6.1' },
  }),
  N('setattr_copy', 'idmap, inode, attr', 'Copies new attributes into an inode.', '6.12:fs/attr.c:309', {
    versions: { since: '6.1' },
  }),
  N('inode_newsize_ok', 'inode, offset', 'Tells whether a file may have that size.', '6.12:fs/attr.c:254'),
  N(
    'inode_owner_or_capable',
    'inode',
    'Tells whether the task may act as the owner.',
    '5.10:fs/inode.c:2176',
    { versions: { until: '6.1' } },
  ),
  N(
    'inode_owner_or_capable',
    'idmap, inode',
    'Tells whether the task may act as the owner.',
    '6.12:fs/inode.c:2521',
    { versions: { since: '6.1' } },
  ),
  N(
    'mark_inode_dirty',
    'inode',
    'Marks an inode dirty. Sleeps only where the filesystem has a dirty_inode method that does.',
    '6.12:include/linux/fs.h:2525',
    {
      mustNotHold: [I_LOCK],
    },
  ),
  N(
    'mark_inode_dirty_sync',
    'inode',
    'Marks an inode dirty. Sleeps only where the filesystem has a dirty_inode method that does.',
    '6.12:include/linux/fs.h:2530',
    {
      mustNotHold: [I_LOCK],
    },
  ),
  N(
    '__mark_inode_dirty',
    'inode, flags',
    'Marks an inode dirty. Sleeps only where the filesystem has a dirty_inode method that does.',
    '6.12:fs/fs-writeback.c:2542',
    {
      mustNotHold: [I_LOCK],
    },
  ),
  S('write_inode_now', 'inode, sync', 'Writes an inode to disk.', '6.12:fs/fs-writeback.c:2898'),
  S('sync_inode_metadata', 'inode, wait', 'Writes an inode to disk.', '6.12:fs/fs-writeback.c:2924'),
  S('file_update_time', 'file', 'Records new time stamps.', '6.12:fs/inode.c:2263'),
  S(
    'file_modified',
    'file',
    'Drops privileges of a file and records new time stamps.',
    '6.12:fs/inode.c:2327',
  ),
  S('file_remove_privs', 'file', 'Drops privileges of a file.', '6.12:fs/inode.c:2205'),
  S('touch_atime', 'path', 'Records an access.', '6.12:fs/inode.c:2103'),
  S('file_accessed', 'file', 'Records an access.', '6.12:include/linux/fs.h:2578'),
  S('inode_dio_wait', 'inode', 'Waits for direct I/O.', '6.12:fs/inode.c:2557'),
  S('dquot_initialize', 'inode', 'Attaches quotas to an inode.', '6.12:include/linux/quotaops.h:209'),
  S('dqget', 'sb, qid', 'Finds the quota of an id, reading it if need be.', '6.12:fs/quota/dquot.c:951'),
];

const ACLS: readonly HelperEntry[] = [
  N('get_cached_acl', 'inode, type', 'Finds a cached list and takes a reference.', '6.12:fs/posix_acl.c:46'),
  N(
    'get_cached_acl_rcu',
    'inode, type',
    'Finds a cached list without a reference.',
    '6.12:fs/posix_acl.c:65',
    {
      requires: [shared('@rcu', 'rcu')],
    },
  ),
  N(
    'set_cached_acl',
    'inode, type, acl',
    'Caches a list; the old one is freed after a grace period.',
    '6.12:fs/posix_acl.c:81',
  ),
  N(
    'forget_cached_acl',
    'inode, type',
    'Forgets a cached list, which is freed after a grace period.',
    '6.12:fs/posix_acl.c:108',
  ),
  N(
    'forget_all_cached_acls',
    'inode',
    'Forgets the cached lists, which are freed after a grace period.',
    '6.12:include/linux/posix_acl.h:135',
  ),
  S(
    'get_inode_acl',
    'inode, type',
    'Finds a list, calling the filesystem where it is not cached.',
    '6.12:fs/posix_acl.c:189',
    { versions: { since: '6.12' } },
  ),
  S('posix_acl_chmod', 'inode, mode', 'Changes a list to match a new mode.', '5.10:fs/posix_acl.c:555', {
    versions: { until: '6.1' },
  }),
  S(
    'posix_acl_chmod',
    'idmap, inode, mode',
    'Changes a list to match a new mode.',
    '6.1:fs/posix_acl.c:591',
    { versions: { since: '6.1', until: '6.12' } },
  ),
  S(
    'posix_acl_chmod',
    'idmap, dentry, mode',
    'Changes a list to match a new mode.',
    '6.12:include/linux/posix_acl.h:112',
    { versions: { since: '6.12' } },
  ),
  S(
    'posix_acl_create',
    'dir, mode, default_acl, acl',
    'Makes the lists of a new inode.',
    '6.12:include/linux/posix_acl.h:128',
  ),
  helper(
    'posix_acl_from_xattr',
    'userns, value, size',
    true,
    'Makes a list out of an attribute; allocates.',
    '6.12:include/linux/posix_acl_xattr.h:40',
    { returns: 'fresh' },
  ),
  N(
    'posix_acl_xattr_size',
    'count',
    'The size of a list as an attribute.',
    '6.12:include/linux/posix_acl_xattr.h:18',
  ),
];

/** Inodes, superblocks and access control lists. */
export const INODE_HELPERS: readonly HelperEntry[] = [...SUPERBLOCKS, ...INODES, ...ACLS];
