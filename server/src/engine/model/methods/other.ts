/**
 * `struct export_operations`, `struct xattr_handler` and `struct fscrypt_operations`: file handles, extended attributes, encryption.
 */
import { exclusive, inProcess, methodsOf, since, until } from '../entry.js';
import type { MethodEntry } from '../types.js';

const exporting = methodsOf('export_operations');
const xattr = methodsOf('xattr_handler');
const blocks = methodsOf('exportfs_block_ops');
const crypt = methodsOf('fscrypt_operations');

/** All of `export_operations` that filesystems care for. */
export const EXPORT_METHODS: readonly MethodEntry[] = [
  exporting(
    'encode_fh',
    'inode fh max_len parent',
    'int',
    [inProcess('file handle')],
    true,
    'Makes a file handle. Nothing may be taken to be locked, nor to be unlocked: fanotify calls it too.',
    '6.12:fs/exportfs/expfs.c:390',
  ),
  exporting(
    'fh_to_dentry',
    'sb fid fh_len fh_type',
    'pointer',
    [inProcess('file handle')],
    true,
    'Finds the dentry behind a file handle. Nothing is locked.',
    '6.12:fs/exportfs/expfs.c:448',
  ),
  exporting(
    'fh_to_parent',
    'sb fid fh_len fh_type',
    'pointer',
    [inProcess('file handle')],
    true,
    'Finds the directory behind a file handle. Nothing is locked.',
    '6.12:fs/exportfs/expfs.c:514',
  ),
  exporting(
    'get_parent',
    'child',
    'pointer',
    [inProcess('reconnecting', [exclusive('child->d_inode->i_rwsem', 'rwsem')])],
    true,
    'Finds the parent of a directory, which is locked exclusively.',
    '6.12:fs/exportfs/expfs.c:129',
    until('7.2'),
  ),
  exporting(
    'get_parent',
    'child',
    'pointer',
    [inProcess('reconnecting')],
    true,
    'Finds the parent of a directory. Nothing is locked.',
    '7.2:fs/exportfs/expfs.c:129',
    since('7.2'),
  ),
  exporting(
    'get_name',
    'parent name child',
    'int',
    [inProcess('reconnecting')],
    true,
    'Finds the name of a dentry in its parent, which is not locked.',
    '6.12:fs/exportfs/expfs.c:34',
  ),
  exporting(
    'commit_metadata',
    'inode',
    'int',
    [inProcess('nfsd')],
    true,
    'Writes the metadata of an inode. Nothing is locked.',
    '6.12:fs/nfsd/vfs.c:369',
  ),
  exporting(
    'permission',
    'ctx oflags',
    'int',
    [inProcess('open by handle')],
    true,
    'Says whether a file handle may be opened. Nothing is locked.',
    '7.2:include/linux/exportfs.h:286',
    since('7.2'),
  ),
  exporting(
    'open',
    'path oflags',
    'pointer',
    [inProcess('open by handle')],
    true,
    'Opens what a file handle names. Nothing is locked.',
    '7.2:include/linux/exportfs.h:287',
    since('7.2'),
  ),
  exporting(
    'get_uuid',
    'sb buf len offset',
    'int',
    [inProcess('nfsd')],
    true,
    'Finds the identity of the block device for a pNFS layout. Nothing is locked.',
    '5.10:fs/nfsd/blocklayout.c:164 6.12:fs/nfsd/blocklayout.c:161',
    until('7.2'),
  ),
  exporting(
    'map_blocks',
    'inode offset len iomap write device_generation',
    'int',
    [inProcess('nfsd')],
    true,
    'Finds or allocates the blocks of a range for a pNFS layout. Nothing is locked.',
    '5.10:fs/nfsd/blocklayout.c:51 6.12:fs/nfsd/blocklayout.c:48',
    until('7.2'),
  ),
  exporting(
    'commit_blocks',
    'inode iomaps nr_iomaps iattr',
    'int',
    [inProcess('nfsd')],
    true,
    'Takes back blocks that a client has written. Nothing is locked.',
    '5.10:fs/nfsd/blocklayout.c:139 6.12:fs/nfsd/blocklayout.c:137',
    until('7.2'),
  ),
  exporting(
    'fetch_iversion',
    'inode',
    'long',
    [inProcess('nfsd')],
    true,
    'Reads the change counter of an inode. Nothing is promised about locks.',
    '5.10:fs/nfsd/nfsfh.h:311 6.1:fs/nfsd/nfsfh.h:304',
    until('6.12'),
  ),
];

/** `xattr_handler`. */
export const XATTR_METHODS: readonly MethodEntry[] = [
  xattr(
    'list',
    'dentry',
    'bool',
    [inProcess('listxattr(2)')],
    true,
    'Says whether an attribute is to be listed. Nothing is locked.',
    '6.12:include/linux/xattr.h:63',
    { notHeld: ['i_rwsem'] },
  ),
  xattr(
    'get',
    'handler dentry inode name buffer size',
    'int',
    [inProcess('getxattr(2)', [], [exclusive('inode->i_rwsem', 'rwsem')])],
    true,
    'Reads an extended attribute. Use the inode that is passed: the dentry may still be getting its own.',
    '6.12:fs/xattr.c:423',
  ),
  xattr(
    'set',
    'handler dentry inode name buffer size flags',
    'int',
    [inProcess('setxattr(2)', [exclusive('inode->i_rwsem', 'rwsem')])],
    true,
    'Writes an extended attribute, or removes it where the value is NULL. The inode is locked exclusively.',
    '5.10:include/linux/xattr.h:37',
    until('6.1'),
  ),
  xattr(
    'set',
    'handler idmap dentry inode name buffer size flags',
    'int',
    [inProcess('setxattr(2)', [exclusive('inode->i_rwsem', 'rwsem')])],
    true,
    'Writes an extended attribute, or removes it where the value is NULL. The inode is locked exclusively.',
    '6.12:fs/xattr.c:200 6.12:fs/xattr.c:320 6.12:fs/xattr.c:574',
    since('6.1'),
  ),
];

/** `exportfs_block_ops`, which 7.2 split off `export_operations`. */
export const BLOCK_METHODS: readonly MethodEntry[] = [
  blocks(
    'layouts_supported',
    'sb',
    'long',
    [inProcess('nfsd')],
    true,
    'Says which pNFS layouts a superblock can give out. Nothing is locked.',
    '7.2:include/linux/exportfs_block.h:37',
    since('7.2'),
  ),
  blocks(
    'get_uuid',
    'sb buf len offset',
    'int',
    [inProcess('nfsd')],
    true,
    'Finds the identity of the block device for a pNFS layout. Nothing is locked.',
    '7.2:fs/nfsd/blocklayout.c:218',
    since('7.2'),
  ),
  blocks(
    'map_blocks',
    'inode offset len iomap write device_generation',
    'int',
    [inProcess('nfsd')],
    true,
    'Finds or allocates the blocks of a range for a pNFS layout. Nothing is locked.',
    '7.2:fs/nfsd/blocklayout.c:35',
    since('7.2'),
  ),
  blocks(
    'commit_blocks',
    'inode iomaps nr_iomaps iattr',
    'int',
    [inProcess('nfsd')],
    true,
    'Takes back blocks that a client has written. Nothing is locked.',
    '7.2:fs/nfsd/blocklayout.c:193',
    since('7.2'),
  ),
];

/** Of `fscrypt_operations` what works on a directory. */
export const CRYPT_METHODS: readonly MethodEntry[] = [
  crypt(
    'empty_dir',
    'dir',
    'bool',
    [inProcess('setting an encryption policy', [exclusive('dir->i_rwsem', 'rwsem')])],
    true,
    'Says whether a directory is empty; it is locked exclusively.',
    '6.12:fs/crypto/policy.c:550 7.2:fs/crypto/policy.c:552',
  ),
];
