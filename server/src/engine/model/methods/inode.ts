/**
 * `struct inode_operations`: name space operations run with the directory locked by the VFS; permission, get_link and
 * get_inode_acl are also called from RCU-walk, told apart by an argument. The mount argument (a user namespace in 6.1, an
 * idmap from 6.12 on) shifts all positions, hence two entries for most.
 */
import {
  anyMode,
  between,
  exclusive,
  inProcess,
  inProcessWhen,
  inRcuWalk,
  type MethodExtra,
  methodsOf,
  shared,
  since,
  until,
} from '../entry.js';
import type { EntryContext, MethodEntry } from '../types.js';

const method = methodsOf('inode_operations');
const DIR = exclusive('dir->i_rwsem', 'rwsem');
const VICTIM = exclusive('dentry->d_inode->i_rwsem', 'rwsem');

/** Two entries: without the mount argument (5.10) and with it (6.1 and later). */
function mounted(
  name: string,
  params: string,
  returns: MethodEntry['returns'],
  contexts: readonly EntryContext[],
  callSleeps: boolean | string,
  summary: string,
  proof: string,
  extra: MethodExtra = {},
): readonly MethodEntry[] {
  const until61 = extra.versions?.since === undefined;
  const after = { ...extra, versions: { since: '6.1', ...extra.versions } };
  const withMount = method(name, `idmap ${params}`, returns, contexts, callSleeps, summary, proof, after);
  if (!until61) return [withMount];
  return [
    method(name, params, returns, contexts, callSleeps, summary, proof, { ...extra, ...until('6.1') }),
    withMount,
  ];
}

const CREATES = [inProcess('create', [DIR])];
const NO_DROP = 'The directory stays locked throughout: do not drop and retake its lock.';
const RCU_ACL = [inRcuWalk('rcu'), inProcessWhen('ref-walk', '!rcu')];
const ACL_SUMMARY =
  'Reads an access control list that is not cached. With rcu set it may neither sleep nor return a counted list: ' +
  'ERR_PTR(-ECHILD) asks for a second call in ref-walk.';

const RENAME_CONTEXTS: readonly EntryContext[] = [
  {
    name: 'rename in one directory',
    when: 'old_dir == new_dir',
    held: [
      exclusive('old_dir->i_rwsem', 'rwsem'),
      exclusive('new_dir->i_rwsem', 'rwsem'),
      exclusive('old_dentry->d_inode->i_rwsem', 'rwsem', '(old_dentry->d_inode->i_mode & S_IFMT) != S_IFDIR'),
      exclusive('new_dentry->d_inode->i_rwsem', 'rwsem', 'new_dentry->d_inode && !(flags & RENAME_EXCHANGE)'),
    ],
    rcu: 'none',
  },
  {
    name: 'rename across directories',
    when: 'old_dir != new_dir',
    held: [
      exclusive('old_dir->i_rwsem', 'rwsem'),
      exclusive('new_dir->i_rwsem', 'rwsem'),
      exclusive('old_dentry->d_inode->i_rwsem', 'rwsem'),
      exclusive('new_dentry->d_inode->i_rwsem', 'rwsem', 'new_dentry->d_inode'),
      exclusive('old_dir->i_sb->s_vfs_rename_mutex', 'mutex'),
    ],
    rcu: 'none',
  },
];

/** All of `inode_operations`. */
export const INODE_METHODS: readonly MethodEntry[] = [
  method(
    'lookup',
    'dir dentry flags',
    'pointer',
    [
      inProcess('parallel lookup', [shared('dir->i_rwsem', 'rwsem')]),
      inProcess('lookup before a change', [DIR]),
    ],
    true,
    'Reads a name from the directory into the dentry that is passed, or returns another one. The directory is locked, ' +
      'as a rule only shared: lookups of other names run at the same time.',
    '6.12:fs/namei.c:1745 6.12:fs/namei.c:1646 6.12:fs/namei.c:3636 7.2:fs/namei.c:1919',
    {
      notHeld: ['d_lock', 'i_lock'],
      obligations: [
        'Finish with d_splice_alias() or d_add() on the passed dentry, or return another dentry or an error pointer.',
        'State of the directory that lookups change needs a lock of its own.',
        NO_DROP,
      ],
    },
  ),
  method(
    'get_link',
    'dentry inode done',
    'pointer',
    [inRcuWalk('!dentry'), inProcessWhen('ref-walk', 'dentry')],
    'dentry',
    'Gives the body of a symbolic link. A NULL dentry means RCU-walk: nothing may sleep, ERR_PTR(-ECHILD) asks for a ' +
      'second call, and the body must live to the end of the grace period.',
    '6.12:fs/namei.c:1866 6.12:fs/namei.c:1860 7.2:fs/namei.c:2058',
    {
      bail: 'return ERR_PTR(-ECHILD);',
      notHeld: ['i_rwsem'],
      obligations: ['Memory that evict_inode frees at once must not be followed in RCU-walk.'],
      overlaps: 'An RCU-walk call runs beside eviction of the same inode.',
    },
  ),
  ...mounted(
    'permission',
    'inode mask',
    'int',
    [
      inRcuWalk('mask & MAY_NOT_BLOCK && !(mask & MAY_WRITE)'),
      {
        name: 'ref-walk',
        when: '!(mask & MAY_NOT_BLOCK)',
        held: [],
        mayHold: [anyMode('inode->i_rwsem', 'rwsem')],
        rcu: 'none',
      },
    ],
    '!(mask & MAY_NOT_BLOCK)',
    'Says whether access is allowed. With MAY_NOT_BLOCK it is called from RCU-walk and may not sleep: -ECHILD asks for a ' +
      'second call in ref-walk.',
    '5.10:fs/namei.c:398 6.12:fs/namei.c:473 6.12:fs/namei.c:1772 7.2:fs/namei.c:692',
    {
      bail: 'return -ECHILD;',
      obligations: ['Pass the mask on unchanged, MAY_NOT_BLOCK included.'],
      overlaps: 'An RCU-walk call runs beside eviction of the inode and superblock teardown.',
    },
  ),
  method(
    'get_inode_acl',
    'inode type rcu',
    'pointer',
    RCU_ACL,
    '!rcu',
    ACL_SUMMARY,
    '6.12:fs/posix_acl.c:72 6.12:fs/posix_acl.c:166',
    {
      ...since('6.12'),
      bail: 'return ERR_PTR(-ECHILD);',
    },
  ),
  method('get_acl', 'inode type rcu', 'pointer', RCU_ACL, '!rcu', ACL_SUMMARY, '6.1:fs/posix_acl.c:67', {
    ...between('6.1', '6.12'),
    bail: 'return ERR_PTR(-ECHILD);',
  }),
  method(
    'get_acl',
    'inode type',
    'pointer',
    [inProcess('uncached list')],
    true,
    'Reads an access control list that is not cached. Never called from RCU-walk in this version.',
    '5.10:fs/posix_acl.c:141',
    until('6.1'),
  ),
  method(
    'get_acl',
    'idmap dentry type',
    'pointer',
    [inProcess('uncached list')],
    true,
    'Reads an access control list through a dentry. Never called from RCU-walk; get_inode_acl is.',
    '6.12:fs/posix_acl.c:164 6.12:include/linux/fs.h:2213',
    since('6.12'),
  ),
  method(
    'set_acl',
    'inode acl type',
    'int',
    [inProcess('change', [exclusive('inode->i_rwsem', 'rwsem')])],
    true,
    'Writes an access control list. The inode is locked exclusively.',
    '5.10:fs/posix_acl.c:878',
    until('6.1'),
  ),
  method(
    'set_acl',
    'idmap inode acl type',
    'int',
    [inProcess('change', [exclusive('inode->i_rwsem', 'rwsem')])],
    true,
    'Writes an access control list. The inode is locked exclusively.',
    '6.1:include/linux/fs.h:2255',
    between('6.1', '6.12'),
  ),
  method(
    'set_acl',
    'idmap dentry acl type',
    'int',
    [inProcess('change', [VICTIM])],
    true,
    'Writes an access control list. The inode is locked exclusively.',
    '6.12:fs/posix_acl.c:1122 6.12:fs/posix_acl.c:962',
    since('6.12'),
  ),
  method(
    'readlink',
    'dentry buffer buflen',
    'int',
    [inProcess('readlink(2)')],
    true,
    'Copies the body of a link to user space. Optional: get_link is used where it is missing.',
    '6.12:fs/namei.c:5321',
    { notHeld: ['i_rwsem'] },
  ),
  ...mounted(
    'create',
    'dir dentry mode excl',
    'int',
    CREATES,
    true,
    'Makes a regular file for a negative dentry. The directory is locked exclusively.',
    '5.10:fs/namei.c:2866 6.12:fs/namei.c:3357 6.12:fs/namei.c:3658 7.2:fs/namei.c:4537',
    { notHeld: ['d_lock'], obligations: ['End with d_instantiate() or d_instantiate_new().', NO_DROP] },
  ),
  ...mounted(
    'symlink',
    'dir dentry target',
    'int',
    CREATES,
    true,
    'Makes a symbolic link for a negative dentry. The directory is locked exclusively.',
    '5.10:fs/namei.c:4015 6.12:fs/namei.c:4681 7.2:fs/namei.c:5688',
    { obligations: [NO_DROP] },
  ),
  ...mounted(
    'mknod',
    'dir dentry mode dev',
    'int',
    CREATES,
    true,
    'Makes a device, socket or pipe for a negative dentry. The directory is locked exclusively.',
    '5.10:fs/namei.c:3609 6.12:fs/namei.c:4201 7.2:fs/namei.c:5163',
    { obligations: [NO_DROP] },
  ),
  ...mounted(
    'mkdir',
    'dir dentry mode',
    'int',
    CREATES,
    true,
    'Makes a directory for a negative dentry. The parent directory is locked exclusively.',
    '5.10:fs/namei.c:3706 6.12:fs/namei.c:4323',
    { versions: { until: '7.2' }, obligations: [NO_DROP] },
  ),
  method(
    'mkdir',
    'idmap dir dentry mode',
    'pointer',
    CREATES,
    true,
    'Makes a directory for a negative dentry; NULL if that dentry was used, else the one that was. The parent is locked ' +
      'exclusively.',
    '7.2:fs/namei.c:5304 7.2:Documentation/filesystems/porting.rst:1190',
    { ...since('7.2'), obligations: [NO_DROP] },
  ),
  method(
    'link',
    'old_dentry dir new_dentry',
    'int',
    [inProcess('link(2)', [DIR, exclusive('old_dentry->d_inode->i_rwsem', 'rwsem')])],
    true,
    'Gives an inode a second name. The directory and the inode are locked exclusively, the directory of the old name ' +
      'is not; but a rename locks what it moves where that is no directory, so that the old name stays.',
    '6.12:fs/namei.c:4805 6.12:fs/namei.c:4796 6.12:fs/namei.c:5050 7.2:fs/namei.c:5819',
    {
      obligations: ['Take a reference on the inode before d_instantiate().'],
    },
  ),
  method(
    'unlink',
    'dir dentry',
    'int',
    [inProcess('unlink(2)', [DIR, VICTIM])],
    true,
    'Removes a name. The directory and the victim are locked exclusively, and stay so.',
    '6.12:fs/namei.c:4535 6.12:fs/namei.c:4524 7.2:fs/namei.c:5543',
    { obligations: ['Neither lock is dropped and retaken.', 'The VFS deletes the dentry afterwards.'] },
  ),
  method(
    'rmdir',
    'dir dentry',
    'int',
    [inProcess('rmdir(2)', [DIR, VICTIM])],
    true,
    'Removes an empty directory. The parent and the victim are locked exclusively, and stay so.',
    '6.12:fs/namei.c:4406 6.12:fs/namei.c:4395 7.2:fs/namei.c:5409',
    { obligations: ['The VFS marks the directory dead and deletes the dentry afterwards.'] },
  ),
  ...mounted(
    'rename',
    'old_dir old_dentry new_dir new_dentry flags',
    'int',
    RENAME_CONTEXTS,
    true,
    'Moves a name. Both directories are locked exclusively, and what moves and what is overwritten as far as it is no ' +
      'directory or changes its parent.',
    '5.10:fs/namei.c:4393 6.12:fs/namei.c:5038 6.12:fs/namei.c:5079 6.12:fs/namei.c:5092 7.2:fs/namei.c:6050',
    {
      obligations: [
        'Call d_move() or d_exchange() only where the filesystem type has FS_RENAME_DOES_D_MOVE.',
        'A subdirectory that stays in its directory is not locked.',
        'Refuse flags that are not known.',
      ],
    },
  ),
  ...mounted(
    'setattr',
    'dentry attr',
    'int',
    [inProcess('change', [VICTIM])],
    true,
    'Changes attributes. The inode is locked exclusively.',
    '5.10:fs/attr.c:410 6.12:fs/attr.c:396 6.12:fs/attr.c:513',
    { obligations: ['A change of size takes the invalidate lock around the removal of page cache itself.'] },
  ),
  ...mounted(
    'getattr',
    'path stat request_mask query_flags',
    'int',
    [inProcess('stat(2)')],
    true,
    'Reads attributes. No lock is held: fields may change while they are read.',
    '5.10:fs/stat.c:95 6.12:fs/stat.c:170 7.2:fs/stat.c:213',
    { notHeld: ['i_rwsem'] },
  ),
  method(
    'listxattr',
    'dentry list size',
    'long',
    [inProcess('listxattr(2)')],
    true,
    'Lists the names of extended attributes. No lock is held.',
    '6.12:fs/xattr.c:493',
    { notHeld: ['i_rwsem'] },
  ),
  method(
    'fiemap',
    'inode fieinfo start len',
    'int',
    [inProcess('ioctl(2)')],
    true,
    'Reports where the data of a file lies. No lock is held.',
    '6.12:fs/ioctl.c:220',
    { notHeld: ['i_rwsem'] },
  ),
  method(
    'update_time',
    'inode time flags',
    'int',
    [inProcess('access or change', [], [anyMode('inode->i_rwsem', 'rwsem')])],
    true,
    'Records new time stamps. The inode may or may not be locked.',
    '6.1:include/linux/fs.h:2249',
    until('6.12'),
  ),
  method(
    'update_time',
    'inode flags',
    'int',
    [inProcess('access or change', [], [anyMode('inode->i_rwsem', 'rwsem')])],
    true,
    'Records new time stamps. The inode may or may not be locked.',
    '6.12:fs/inode.c:2052',
    between('6.12', '7.2'),
  ),
  method(
    'update_time',
    'inode type flags',
    'int',
    [inProcess('access or change', [], [anyMode('inode->i_rwsem', 'rwsem')])],
    '!(flags & IOCB_NOWAIT)',
    'Records new time stamps. With IOCB_NOWAIT it returns -EAGAIN rather than wait; the inode may or may not be locked.',
    '7.2:fs/inode.c:2326 7.2:fs/inode.c:2248',
    since('7.2'),
  ),
  method(
    'sync_lazytime',
    'inode',
    'void',
    [inProcess('writeback')],
    true,
    'Writes time stamps that were kept in memory. No spinlock is held.',
    '7.2:fs/fs-writeback.c:1773',
    { ...since('7.2'), notHeld: ['i_lock'] },
  ),
  method(
    'atomic_open',
    'dir dentry file open_flag create_mode',
    'int',
    [
      inProcessWhen('open, not creating', '!(open_flag & O_CREAT)', [shared('dir->i_rwsem', 'rwsem')]),
      inProcess('open with O_CREAT', [DIR]),
    ],
    true,
    'Looks up, creates and opens in one step. The directory is locked, exclusively if the caller asked to create.',
    '6.12:fs/namei.c:3518 6.12:fs/namei.c:3755 6.12:fs/namei.c:3753 7.2:fs/namei.c:4391',
    {
      obligations: [
        'Return through finish_open() or finish_no_open().',
        'O_CREAT in the flags passed down does not tell how the directory is locked.',
      ],
    },
  ),
  method(
    'tmpfile',
    'dir dentry mode',
    'int',
    [inProcess('open with O_TMPFILE')],
    true,
    'Makes a file without a name. The directory is not locked.',
    '5.10:include/linux/fs.h:1989',
    { ...until('6.1'), notHeld: ['i_rwsem of the directory'] },
  ),
  method(
    'tmpfile',
    'idmap dir file mode',
    'int',
    [inProcess('open with O_TMPFILE')],
    true,
    'Makes a file without a name. The directory is not locked.',
    '6.12:fs/namei.c:3891 7.2:fs/namei.c:4783',
    { ...since('6.1'), notHeld: ['i_rwsem of the directory'] },
  ),
  method(
    'fileattr_set',
    'idmap dentry fa',
    'int',
    [inProcess('ioctl(2)', [VICTIM])],
    true,
    'Changes inode flags. The inode is locked exclusively.',
    '6.12:fs/ioctl.c:681 7.2:fs/file_attr.c:281',
    since('6.1'),
  ),
  method(
    'fileattr_get',
    'dentry fa',
    'int',
    [inProcess('ioctl(2)', [], [VICTIM])],
    true,
    'Reads inode flags. The inode is locked only where a change follows.',
    '6.12:fs/ioctl.c:525 6.12:fs/ioctl.c:682',
    since('6.1'),
  ),
  method(
    'get_offset_ctx',
    'inode',
    'pointer',
    [inProcess('accessor', [], [anyMode('inode->i_rwsem', 'rwsem')])],
    false,
    'Gives the place where a directory keeps its stable offsets. A plain accessor.',
    '6.12:fs/libfs.c:354',
    {
      ...since('6.12'),
      disagreement:
        'locking.rst says that all inode methods may block; this one gives back an address and nothing else.',
    },
  ),
];
