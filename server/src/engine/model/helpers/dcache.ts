/**
 * The dentry cache: what sleeps, what takes d_lock and i_lock inside, what needs the directory locked. References are in
 * `references.ts`.
 */
import { anyMode, exclusive, get, helper, plain as N, put, sleeping as S } from '../entry.js';
import type { HelperEntry } from '../types.js';

const D_LOCK = exclusive('dentry->d_lock', 'spin');
const I_LOCK = exclusive('inode->i_lock', 'spin');

/** All of fs/dcache.c that filesystems call. */
export const DCACHE_HELPERS: readonly HelperEntry[] = [
  N('d_drop', 'dentry', 'Unhashes a dentry, in d_lock taken inside.', '6.12:fs/dcache.c:557', {
    mustNotHold: [D_LOCK],
    names: 'unhashes',
  }),
  N('__d_drop', 'dentry', 'Unhashes a dentry, in the d_lock of the caller.', '6.12:fs/dcache.c:529', {
    requires: [D_LOCK],
    names: 'unhashes',
  }),
  S(
    'd_delete',
    'dentry',
    'Makes a dentry negative, or unhashes it where others use it; may drop the inode.',
    '6.12:fs/dcache.c:2408',
    {
      mustNotHold: [D_LOCK, exclusive('dentry->d_inode->i_lock', 'spin')],
      names: 'unhashes',
    },
  ),
  S('d_invalidate', 'dentry', 'Unhashes a dentry and throws out what is below it.', '6.12:fs/dcache.c:1603', {
    mustNotHold: [D_LOCK],
    names: 'unhashes',
  }),
  N('d_rehash', 'entry', 'Hashes a dentry, in d_lock taken inside.', '6.12:fs/dcache.c:2444', {
    mustNotHold: [exclusive('entry->d_lock', 'spin')],
  }),
  helper(
    'd_add',
    'entry, inode',
    'inode',
    'Gives a dentry an inode (or none) and hashes it; the security hook may sleep.',
    '6.12:fs/dcache.c:2671',
    {
      mustNotHold: [exclusive('entry->d_lock', 'spin')],
      references: [put('inode', 'inode')],
    },
  ),
  helper(
    'd_instantiate',
    'entry, inode',
    'inode',
    'Gives a negative dentry an inode; the security hook may sleep.',
    '6.12:fs/dcache.c:1902',
    {
      mustNotHold: [exclusive('entry->d_lock', 'spin')],
      references: [put('inode', 'inode')],
    },
  ),
  S(
    'd_instantiate_new',
    'entry, inode',
    'Gives a negative dentry a new inode and unlocks that.',
    '6.12:fs/dcache.c:1920',
    {
      references: [put('inode', 'inode')],
    },
  ),
  S(
    'd_make_root',
    'root_inode',
    'Makes the root dentry of a superblock; takes over the inode, also where it fails.',
    '6.12:fs/dcache.c:1941',
    {
      references: [put('root_inode', 'inode'), get('result', 'dentry', 'result != 0')],
    },
  ),
  S('d_make_persistent', 'dentry, inode', 'Gives a dentry an inode and pins it.', '7.2:fs/dcache.c:2973', {
    versions: { since: '7.2' },
    references: [put('inode', 'inode'), get('dentry', 'dentry')],
  }),
  S('d_make_discardable', 'dentry', 'Drops the pin of a dentry.', '7.2:fs/dcache.c:1046', {
    versions: { since: '7.2' },
    references: [put('dentry', 'dentry')],
    names: 'unpins',
  }),
  S(
    'd_obtain_alias',
    'inode',
    'Finds or makes a dentry for an inode, which it takes over.',
    '6.12:fs/dcache.c:2027',
    {
      references: [put('inode', 'inode'), get('result', 'dentry', '!IS_ERR(result)')],
    },
  ),
  S(
    'd_obtain_root',
    'inode',
    'Finds or makes a root dentry for an inode, which it takes over.',
    '6.12:fs/dcache.c:2048',
    {
      references: [put('inode', 'inode'), get('result', 'dentry', '!IS_ERR(result)')],
    },
  ),
  S(
    'd_splice_alias',
    'inode, dentry',
    'Ends a lookup; may move an existing dentry of the directory inode to this name.',
    '6.12:fs/dcache.c:2953',
    {
      references: [put('inode', 'inode')],
      mustNotHold: [D_LOCK, I_LOCK],
    },
  ),
  S(
    'd_add_ci',
    'dentry, inode, name',
    'Ends a case-insensitive lookup under the exact name.',
    '6.12:fs/dcache.c:2070',
    {
      references: [put('inode', 'inode')],
    },
  ),
  S('d_alloc', 'parent, name', 'Makes a dentry below a parent; allocates.', '6.12:fs/dcache.c:1728', {
    returns: 'fresh',
    references: [get('result', 'dentry', 'result != 0')],
    mustNotHold: [exclusive('parent->d_lock', 'spin')],
  }),
  S('d_alloc_anon', 'sb', 'Makes a dentry without a name; allocates.', '6.12:fs/dcache.c:1746', {
    returns: 'fresh',
    references: [get('result', 'dentry', 'result != 0')],
  }),
  S('d_alloc_name', 'parent, name', 'Makes a dentry of that name; allocates.', '6.12:fs/dcache.c:1791', {
    returns: 'fresh',
    references: [get('result', 'dentry', 'result != 0')],
  }),
  S(
    'd_alloc_parallel',
    'parent, name, wq',
    'Finds a dentry, or makes one that is in lookup; waits for lookups of that name.',
    '6.12:fs/dcache.c:2485',
    {
      versions: { until: '7.2' },
      references: [get('result', 'dentry', '!IS_ERR(result)')],
    },
  ),
  S(
    'd_alloc_parallel',
    'parent, name',
    'Finds a dentry, or makes one that is in lookup; waits for lookups of that name.',
    '7.2:fs/dcache.c:2755',
    { versions: { since: '7.2' }, references: [get('result', 'dentry', '!IS_ERR(result)')] },
  ),
  N('d_lookup_done', 'dentry', 'Ends the lookup state of a dentry.', '6.12:include/linux/dcache.h:381', {
    mustNotHold: [D_LOCK],
  }),
  N('d_lookup', 'parent, name', 'Finds a cached child and takes a reference.', '6.12:fs/dcache.c:2277', {
    references: [get('result', 'dentry', 'result != 0')],
  }),
  N(
    'd_hash_and_lookup',
    'dir, name',
    'Hashes a name, finds a cached child and takes a reference.',
    '6.12:fs/dcache.c:2370',
    { references: [get('result', 'dentry', 'result != 0 && !IS_ERR(result)')] },
  ),
  N(
    'd_move',
    'dentry, target',
    'Moves a dentry, in rename_lock and d_locks taken inside; both directories are locked by the caller.',
    '6.12:fs/dcache.c:2847 6.12:fs/dcache.c:2750',
    {
      requires: [
        exclusive('dentry->d_parent->d_inode->i_rwsem', 'rwsem'),
        exclusive('target->d_parent->d_inode->i_rwsem', 'rwsem'),
      ],
      names: 'moves',
      mustNotHold: [D_LOCK, exclusive('target->d_lock', 'spin'), exclusive('@rename_lock', 'seqwrite')],
    },
  ),
  N(
    'd_exchange',
    'dentry1, dentry2',
    'Exchanges two dentries, in rename_lock and d_locks taken inside; both directories are locked by the caller.',
    '6.12:fs/dcache.c:2860 6.12:fs/dcache.c:2750',
    {
      requires: [
        exclusive('dentry1->d_parent->d_inode->i_rwsem', 'rwsem'),
        exclusive('dentry2->d_parent->d_inode->i_rwsem', 'rwsem'),
      ],
      names: 'moves',
      mustNotHold: [exclusive('@rename_lock', 'seqwrite')],
    },
  ),
  N(
    'd_ancestor',
    'p1, p2',
    'Finds the child of one dentry that is an ancestor of another.',
    '6.12:fs/dcache.c:2882',
  ),
  N(
    'is_subdir',
    'new_dentry, old_dentry',
    'Tells whether a dentry is below another, under RCU opened inside.',
    '6.12:fs/dcache.c:3020',
  ),
  S(
    'd_tmpfile',
    'file, inode',
    'Gives the dentry of a file without a name its inode.',
    '6.12:fs/dcache.c:3080',
    {
      versions: { since: '6.1' },
      references: [put('inode', 'inode')],
    },
  ),
  S('shrink_dcache_parent', 'parent', 'Throws out unused dentries below a parent.', '6.12:fs/dcache.c:1507', {
    mustNotHold: [exclusive('parent->d_lock', 'spin')],
  }),
  S('shrink_dcache_sb', 'sb', 'Throws out unused dentries of a superblock.', '6.12:fs/dcache.c:1212'),
  S('shrink_dcache_for_umount', 'sb', 'Throws out all dentries of a superblock.', '6.12:fs/dcache.c:1573', {
    requires: [exclusive('sb->s_umount', 'rwsem')],
  }),
  S('shrink_dentry_list', 'list', 'Takes the dentries of a list apart.', '6.12:fs/dcache.c:1080'),
  S('d_prune_aliases', 'inode', 'Throws out unused dentries of an inode.', '6.12:fs/dcache.c:1051', {
    mustNotHold: [I_LOCK],
  }),
  N(
    'take_dentry_name_snapshot',
    'name, dentry',
    'Copies the name of a dentry, or pins it.',
    '6.12:fs/dcache.c:320',
    {
      versions: { until: '7.2' },
      mustNotHold: [D_LOCK],
    },
  ),
  N(
    'take_dentry_name_snapshot',
    'name, dentry',
    'Copies the name of a dentry, or pins it, without a lock.',
    '7.2:fs/dcache.c:368',
    { versions: { since: '7.2' } },
  ),
  N(
    'release_dentry_name_snapshot',
    'name',
    'Lets go of a copied name, after a grace period where it is the last user.',
    '6.12:fs/dcache.c:335',
  ),
  N('d_set_d_op', 'dentry, op', 'Sets the operations of a new dentry.', '6.12:fs/dcache.c:1801'),
  N(
    'set_default_d_op',
    's, ops',
    'Sets the operations of all dentries of a superblock.',
    '7.2:fs/dcache.c:2097',
    { versions: { since: '7.2' } },
  ),
  N(
    'd_mark_dontcache',
    'inode',
    'Keeps the dentries of an inode from being cached, in i_lock and d_locks taken inside.',
    '6.12:fs/dcache.c:745',
    {
      mustNotHold: [I_LOCK],
    },
  ),
  N(
    'dont_mount',
    'dentry',
    'Keeps a dentry from being mounted on, in d_lock taken inside.',
    '6.12:include/linux/dcache.h:367',
    {
      mustNotHold: [D_LOCK],
    },
  ),
  N('d_genocide', 'parent', 'Drops a reference of each dentry of a tree.', '6.12:fs/dcache.c:3059', {
    versions: { until: '7.2' },
  }),
  N(
    'path_has_submounts',
    'parent',
    'Tells whether something is mounted below a path.',
    '6.12:fs/dcache.c:1373',
  ),
  N('d_path', 'path, buf, buflen', 'Writes out a path, under RCU opened inside.', '6.12:fs/d_path.c:265'),
  N(
    'dentry_path_raw',
    'dentry, buf, buflen',
    'Writes out a path inside a filesystem.',
    '6.12:fs/d_path.c:362',
  ),
  N('d_parent_ino', 'dentry', 'Reads the inode number of the parent.', '6.12:fs/dcache.c:3093', {
    versions: { since: '6.12' },
  }),
  N(
    'simple_positive',
    'dentry',
    'Tells whether a dentry is hashed and positive.',
    '6.12:include/linux/dcache.h:506',
  ),
  N('d_inode', 'dentry', 'The inode of a dentry, which must be stable.', '6.12:include/linux/dcache.h:525', {
    returns: 'dentry->d_inode',
  }),
  N(
    'd_inode_rcu',
    'dentry',
    'The inode of a dentry, read once; may be NULL.',
    '6.12:include/linux/dcache.h:537',
    { returns: 'dentry->d_inode', underRcu: true },
  ),
  N('d_backing_inode', 'upper', 'The inode of a dentry.', '6.12:include/linux/dcache.h:552', {
    returns: 'upper->d_inode',
  }),
  N('d_unhashed', 'dentry', 'Tells whether a dentry is unhashed.', '6.12:include/linux/dcache.h:352'),
  N(
    'd_unlinked',
    'dentry',
    'Tells whether a dentry is unhashed and no root.',
    '6.12:include/linux/dcache.h:357',
  ),
  N(
    'd_in_lookup',
    'dentry',
    'Tells whether a lookup is under way for a dentry.',
    '6.12:include/linux/dcache.h:376',
  ),
  // The type in d_flags and the inode are set and cleared together, under d_lock
  N('d_is_negative', 'dentry', 'Tells whether a dentry has no inode.', '6.12:include/linux/dcache.h:452', {
    tells: '!dentry->d_inode',
  }),
  N('d_is_positive', 'dentry', 'Tells whether a dentry has an inode.', '6.12:include/linux/dcache.h:463', {
    tells: 'dentry->d_inode',
  }),
  N(
    'd_really_is_negative',
    'dentry',
    'Tells whether a dentry has no inode.',
    '6.12:include/linux/dcache.h:483',
    { tells: '!dentry->d_inode' },
  ),
  N(
    'd_really_is_positive',
    'dentry',
    'Tells whether a dentry has an inode.',
    '6.12:include/linux/dcache.h:501',
    { tells: 'dentry->d_inode' },
  ),
  N('d_is_dir', 'dentry', 'Tells whether a dentry is a directory.', '6.12:include/linux/dcache.h:427'),
  N('d_is_reg', 'dentry', 'Tells whether a dentry is a regular file.', '6.12:include/linux/dcache.h:437'),
  N(
    'd_is_symlink',
    'dentry',
    'Tells whether a dentry is a symbolic link.',
    '6.12:include/linux/dcache.h:432',
  ),
  N(
    'd_mountpoint',
    'dentry',
    'Tells whether something is mounted on a dentry.',
    '6.12:include/linux/dcache.h:394',
  ),
  N('d_count', 'dentry', 'The reference count of a dentry.', '6.12:include/linux/dcache.h:281'),
  N('full_name_hash', 'salt, name, len', 'Hashes a name.', '6.12:fs/namei.c:2181'),
  N('stashed_dentry_prune', 'dentry', 'Forgets a stashed dentry; a d_prune method.', '6.12:fs/libfs.c:2236', {
    versions: { since: '6.12' },
    requires: [D_LOCK],
  }),
  N('always_delete_dentry', 'dentry', 'A d_delete method that keeps nothing.', '6.12:fs/libfs.c:59'),
  N('simple_lookup', 'dir, dentry, flags', 'A lookup method that finds nothing.', '6.12:fs/libfs.c:74', {
    requires: [anyMode('dir->i_rwsem', 'rwsem')],
    names: 'finds',
  }),
  S(
    'dcache_readdir',
    'file, ctx',
    'Reads a directory that is all in the cache; holds a reference to each child that it shows.',
    '6.12:fs/libfs.c:189 6.12:fs/libfs.c:124',
    { requires: [anyMode('file->f_inode->i_rwsem', 'rwsem')], shows: 'held' },
  ),
  S(
    'dcache_dir_open',
    'inode, file',
    'Opens a directory that is all in the cache; allocates a cursor.',
    '6.12:fs/libfs.c:85',
  ),
  S('dcache_dir_close', 'inode, file', 'Closes a directory that is all in the cache.', '6.12:fs/libfs.c:93'),
  S(
    'dcache_dir_lseek',
    'file, offset, whence',
    'Moves in a directory that is all in the cache; locks it shared inside.',
    '6.12:fs/libfs.c:145',
    {
      mustNotHold: [anyMode('file->f_path.dentry->d_inode->i_rwsem', 'rwsem')],
    },
  ),
  N(
    'simple_empty',
    'dentry',
    'Tells whether a cached directory is empty, in d_locks taken inside.',
    '6.12:fs/libfs.c:735',
    {
      mustNotHold: [D_LOCK],
    },
  ),
  S(
    'simple_recursive_removal',
    'dentry, callback',
    'Removes a tree, locking the parent and each inode of the tree on the way.',
    '6.12:fs/libfs.c:595',
    {
      mustNotHold: [
        exclusive('dentry->d_parent->d_inode->i_rwsem', 'rwsem'),
        exclusive('dentry->d_inode->i_rwsem', 'rwsem'),
      ],
      callbacks: [
        {
          param: 1,
          context: 'now',
          params: ['victim'],
          held: [exclusive('victim->d_parent->d_inode->i_rwsem', 'rwsem')],
        },
      ],
    },
  ),
  S(
    'simple_link',
    'old_dentry, dir, dentry',
    'A link method of filesystems that live in the cache; the security hook may sleep.',
    '6.12:fs/libfs.c:721 7.2:fs/libfs.c:761',
    {
      requires: [exclusive('dir->i_rwsem', 'rwsem')],
      names: 'adds',
    },
  ),
  S(
    'simple_unlink',
    'dir, dentry',
    'An unlink method of filesystems that live in the cache.',
    '6.12:fs/libfs.c:756',
    {
      requires: [exclusive('dir->i_rwsem', 'rwsem')],
      names: 'removes',
      references: [put('dentry', 'dentry')],
    },
  ),
  S(
    'simple_rmdir',
    'dir, dentry',
    'An rmdir method of filesystems that live in the cache.',
    '6.12:fs/libfs.c:768',
    {
      requires: [exclusive('dir->i_rwsem', 'rwsem')],
      names: 'removes',
      references: [put('dentry', 'dentry')],
    },
  ),
  S(
    'simple_pin_fs',
    'type, mount, count',
    'Mounts a filesystem inside the kernel, or counts one more user.',
    '6.12:fs/libfs.c:1049',
  ),
  S('simple_release_fs', 'mount, count', 'Undoes simple_pin_fs.', '6.12:fs/libfs.c:1070'),
  N(
    'generic_ci_d_compare',
    'dentry, len, str, name',
    'A case-insensitive d_compare method.',
    '6.12:fs/libfs.c:1778',
  ),
  N('generic_ci_d_hash', 'dentry, str', 'A case-insensitive d_hash method.', '6.12:fs/libfs.c:1830'),
  S('finish_open', 'file, dentry, open', 'Opens the file of an atomic_open method.', '6.12:fs/open.c:1045', {
    callbacks: [{ param: 2, context: 'now' }],
  }),
  N('finish_no_open', 'file, dentry', 'Ends an atomic_open method without opening.', '6.12:fs/open.c:1069'),
];
