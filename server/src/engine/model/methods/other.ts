/**
 * `struct export_operations` and `struct xattr_handler`: file handles and extended attributes.
 */
import { exclusive, inProcess, methodsOf, since, until } from '../entry.js';
import type { MethodEntry } from '../types.js';

const exporting = methodsOf('export_operations');
const xattr = methodsOf('xattr_handler');

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
