/**
 * `struct dentry_operations`: what the dcache holds when it calls a filesystem's dentry methods. RCU-walk reaches
 * d_revalidate, d_hash, d_compare and d_manage with no lock and no counted reference; d_prune and d_delete run in d_lock.
 */
import {
  anyMode,
  exclusive,
  inProcess,
  inProcessWhen,
  inRcuWalk,
  methodsOf,
  shared,
  since,
  until,
} from '../entry.js';
import type { MethodEntry } from '../types.js';

const method = methodsOf('dentry_operations');
const D_LOCK = exclusive('dentry->d_lock', 'spin');
const I_LOCK = exclusive('dentry->d_inode->i_lock', 'spin');
const PARENT_D_LOCK = exclusive('dentry->d_parent->d_lock', 'spin');
const BUCKET = exclusive('@in_lookup_hashtable', 'bit');
const RENAME_LOCK = exclusive('@rename_lock', 'seqwrite');

const REVALIDATE_SUMMARY =
  'Says whether a cached name is still good. In RCU-walk (LOOKUP_RCU) nothing is locked or counted and nothing may ' +
  'sleep; -ECHILD asks for a second call in ref-walk.';
const REVALIDATE_OBLIGATIONS = [
  'Return above 0 for valid, 0 for invalid (the VFS then invalidates the dentry), a negative error otherwise.',
  'In RCU-walk read d_inode and d_parent once and test them for NULL; touch only memory that is freed after a grace period.',
  'The dentry may be negative.',
];
const REVALIDATE_OVERLAP =
  'An RCU-walk call runs beside rename, unlink, the last dput, d_release of the same dentry and superblock teardown.';
const HASH_SUMMARY =
  'Computes the hash of a name in a directory. Always lockless, and nothing tells it whether the walk is in RCU mode, ' +
  'so it may neither sleep nor take references.';
const COMPARE_SUMMARY =
  'Compares a name with that of a cached dentry. The dentry may be renamed or killed at the same time: use the length ' +
  'and string arguments, not d_name.';

const DELETE_SUMMARY =
  'Votes on keeping an unused dentry in the cache: 1 kills it now. Runs in d_lock and must not let go of it.';
const DELETE_OBLIGATION = 'Further locks nest inside d_lock or are tried.';

const COMPARE_DISAGREEMENT =
  'The table in locking.rst says that rename_lock is held; d_lookup() only reads its count around __d_lookup() ' +
  '(6.12:fs/dcache.c:2277), and the lockless walk does not even that.';

/** All of `dentry_operations`. */
export const DENTRY_METHODS: readonly MethodEntry[] = [
  method(
    'd_revalidate',
    'dentry flags',
    'int',
    [
      inRcuWalk('flags & LOOKUP_RCU'),
      {
        name: 'ref-walk',
        when: '!(flags & LOOKUP_RCU)',
        held: [],
        mayHold: [anyMode('dentry->d_parent->d_inode->i_rwsem', 'rwsem')],
        rcu: 'none',
      },
    ],
    '!(flags & LOOKUP_RCU)',
    REVALIDATE_SUMMARY,
    '6.12:fs/namei.c:1694 6.12:fs/namei.c:1609 6.12:fs/namei.c:3587',
    {
      ...until('7.2'),
      bail: 'return -ECHILD;',
      loose: ['dentry'],
      notHeld: ['d_lock', 'rename_lock', 'i_lock'],
      obligations: [
        ...REVALIDATE_OBLIGATIONS,
        'In ref-walk the parent is not stable: use dget_parent() or d_lock.',
      ],
      overlaps: REVALIDATE_OVERLAP,
    },
  ),
  method(
    'd_revalidate',
    'dir name dentry flags',
    'int',
    [
      inRcuWalk('flags & LOOKUP_RCU'),
      {
        name: 'ref-walk',
        when: '!(flags & LOOKUP_RCU)',
        held: [],
        mayHold: [anyMode('dir->i_rwsem', 'rwsem')],
        rcu: 'none',
      },
    ],
    '!(flags & LOOKUP_RCU)',
    REVALIDATE_SUMMARY,
    '7.2:fs/namei.c:1868 7.2:Documentation/filesystems/porting.rst:1146 7.2:include/linux/dcache.h:161',
    {
      ...since('7.2'),
      bail: 'return -ECHILD;',
      loose: ['dentry'],
      notHeld: ['d_lock', 'rename_lock', 'i_lock'],
      obligations: [
        ...REVALIDATE_OBLIGATIONS,
        'The directory and the name are stable for the call: use the arguments, not d_parent and d_name.',
      ],
      overlaps: REVALIDATE_OVERLAP,
    },
  ),
  method(
    'd_weak_revalidate',
    'dentry flags',
    'int',
    [inProcess('end of a path walk')],
    true,
    'Says whether a dentry that was reached by a jump is still good; its name may rightly not match. Ref-walk only.',
    '6.12:fs/namei.c:933 7.2:fs/namei.c:1095',
    { notHeld: ['d_lock', 'i_rwsem'] },
  ),
  method(
    'd_hash',
    'parent name',
    'int',
    [inRcuWalk(), inProcess('ref-walk', [], [anyMode('parent->d_inode->i_rwsem', 'rwsem')])],
    false,
    HASH_SUMMARY,
    '6.12:fs/namei.c:2402 6.12:fs/namei.c:2853 7.2:fs/namei.c:3136',
    {
      obligations: [
        'Depend on nothing but the name and data of the superblock that is freed after a grace period.',
        'Read the inode of the parent with d_inode_rcu() and test it for NULL.',
      ],
      overlaps: 'Everything: rename, the last dput, superblock teardown.',
    },
  ),
  method(
    'd_compare',
    'dentry len str name',
    'int',
    [
      inRcuWalk(),
      { name: 'ref-walk', held: [D_LOCK], rcu: 'read' },
      { name: 'in-lookup bucket', held: [BUCKET], rcu: 'read' },
      inProcess('in lookup no more', [D_LOCK]),
    ],
    false,
    COMPARE_SUMMARY,
    '6.12:fs/dcache.c:2164 6.12:fs/dcache.c:2124 6.12:fs/dcache.c:2554 6.12:fs/dcache.c:2582 6.12:fs/proc/proc_sysctl.c:920',
    {
      ...until('7.2'),
      obligations: ['Return non-zero for no match.', 'Take no lock that is taken outside d_lock.'],
      overlaps: 'Rename and the killing of the very dentry.',
      disagreement: COMPARE_DISAGREEMENT,
    },
  ),
  method(
    'd_compare',
    'dentry len str name',
    'int',
    [
      inRcuWalk(),
      { name: 'ref-walk', held: [D_LOCK], rcu: 'read' },
      inProcess('in-lookup bucket', [BUCKET]),
      inProcess('in lookup no more', [D_LOCK]),
    ],
    false,
    COMPARE_SUMMARY,
    '7.2:fs/dcache.c:2437 7.2:fs/dcache.c:2825 7.2:fs/dcache.c:2854',
    {
      ...since('7.2'),
      obligations: ['Return non-zero for no match.', 'Take no lock that is taken outside d_lock.'],
      overlaps: 'Rename and the killing of the very dentry.',
      disagreement: COMPARE_DISAGREEMENT,
    },
  ),
  method(
    'd_delete',
    'dentry',
    'int',
    [inProcess('last reference dropped', [D_LOCK])],
    false,
    DELETE_SUMMARY,
    '5.10:fs/dcache.c:651 6.1:fs/dcache.c:679',
    { ...until('6.12'), obligations: ['The count on entry is 1.', DELETE_OBLIGATION] },
  ),
  method(
    'd_delete',
    'dentry',
    'int',
    [
      { name: 'last reference dropped', held: [D_LOCK], rcu: 'read' },
      inProcess('parent of a dentry that was killed', [D_LOCK]),
    ],
    false,
    DELETE_SUMMARY,
    '6.12:fs/dcache.c:720 6.12:fs/dcache.c:823 6.12:fs/dcache.c:872',
    {
      versions: { since: '6.12', until: '7.2' },
      obligations: ['The count on entry is 0.', DELETE_OBLIGATION],
    },
  ),
  method(
    'd_delete',
    'dentry',
    'int',
    [inProcess('last reference dropped', [D_LOCK])],
    false,
    DELETE_SUMMARY,
    '7.2:fs/dcache.c:882',
    { ...since('7.2'), obligations: ['The count on entry is 0.', DELETE_OBLIGATION] },
  ),
  method(
    'd_init',
    'dentry',
    'int',
    [inProcess('allocation', [], [anyMode('dentry->d_parent->d_inode->i_rwsem', 'rwsem')])],
    true,
    'Sets up a dentry that nobody else can see yet. A non-zero return frees it.',
    '6.12:fs/dcache.c:1704 7.2:fs/dcache.c:1962',
    { notHeld: ['d_lock'] },
  ),
  method(
    'd_release',
    'dentry',
    'void',
    [inProcess('dead dentry')],
    true,
    'Disposes of what the filesystem hung on a dead dentry. Lockless walks may still be looking: what they follow ' +
      'through d_fsdata is freed after a grace period only.',
    '6.12:fs/dcache.c:631 6.1:fs/dcache.c:615 7.2:fs/dcache.c:830',
    {
      notHeld: ['d_lock', 'i_lock', 'd_lock of the parent'],
      obligations: [
        'The inode is gone from the dentry, the dentry is unhashed, its parent stays put.',
        'It may run in memory reclaim.',
        'It also runs on dentries that were never hashed.',
      ],
      overlaps: 'RCU-walk calls of d_revalidate, d_compare, d_hash and d_manage for the same dentry.',
    },
  ),
  method(
    'd_prune',
    'dentry',
    'void',
    [
      { ...inProcess('killing', [D_LOCK, I_LOCK]), when: 'dentry->d_inode' },
      { ...inProcess('killing a negative dentry', [D_LOCK]), when: '!dentry->d_inode' },
    ],
    false,
    'Told that a dentry is about to leave the cache, before it is unhashed. d_lock is held, and i_lock if it is ' +
      'positive; neither may be dropped, and nothing is freed here.',
    '6.12:fs/dcache.c:618 6.12:fs/dcache.c:672 6.12:Documentation/filesystems/porting.rst:1113',
    {
      ...since('6.12'),
      asConst: ['dentry'],
      obligations: ['No counted reference may be taken: the dentry is dead already.'],
    },
  ),
  method(
    'd_prune',
    'dentry',
    'void',
    [
      { ...inProcess('killing', [D_LOCK, I_LOCK], [PARENT_D_LOCK]), when: 'dentry->d_inode' },
      { ...inProcess('killing a negative dentry', [D_LOCK], [PARENT_D_LOCK]), when: '!dentry->d_inode' },
    ],
    false,
    'Told that a dentry is about to leave the cache, before it is unhashed. d_lock is held, that of the parent and ' +
      'i_lock as far as there are any; none may be dropped, and nothing is freed here.',
    '6.1:fs/dcache.c:599',
    {
      ...until('6.12'),
      asConst: ['dentry'],
      obligations: ['No counted reference may be taken: the dentry is dead already.'],
    },
  ),
  method(
    'd_iput',
    'dentry inode',
    'void',
    [inProcess('inode detached', [], [exclusive('dentry->d_parent->d_inode->i_rwsem', 'rwsem')])],
    true,
    'Takes over the reference to the inode that a dentry just lost, and must end in iput or hand it on. The dentry is ' +
      'negative already and no spinlock is held.',
    '6.12:fs/dcache.c:421 7.2:fs/dcache.c:476',
    { notHeld: ['d_lock', 'i_lock'] },
  ),
  method(
    'd_dname',
    'dentry buffer buflen',
    'pointer',
    [inProcess('d_path')],
    false,
    'Makes up the name of a dentry that is on no tree. Callers of d_path may be atomic, so it does not sleep.',
    '6.12:fs/d_path.c:281',
    { notHeld: ['d_lock', 'rename_lock'] },
  ),
  method(
    'd_automount',
    'path',
    'pointer',
    [inProcess('ref-walk')],
    true,
    'Finds what to mount on a dentry that path walk crosses. NULL means that nothing is to be mounted here.',
    '6.12:fs/namei.c:1403 7.2:fs/namei.c:1565 7.2:Documentation/filesystems/porting.rst:1244',
    {
      notHeld: ['i_rwsem', 'd_lock'],
      obligations: [
        'Up to 6.12 the mount comes with an extra reference for the caller, from 7.2 on with its first one only.',
      ],
    },
  ),
  method(
    'd_manage',
    'path rcu_walk',
    'int',
    [inRcuWalk('rcu_walk'), inProcessWhen('ref-walk', '!rcu_walk')],
    '!rcu_walk',
    'Holds a path walk up until a mount is ready, or waves it through. With rcu_walk set it may not wait: -ECHILD asks ' +
      'for a second call in ref-walk.',
    '6.12:fs/namei.c:1538 6.12:fs/namei.c:1427 7.2:fs/namei.c:1701',
    {
      bail: 'return -ECHILD;',
      notHeld: ['i_rwsem', 'd_lock'],
      obligations: ['-EISDIR means an ordinary directory.'],
      overlaps: 'An RCU-walk call runs beside d_release of the same dentry.',
    },
  ),
  method(
    'd_real',
    'dentry type',
    'pointer',
    [inProcess('open file')],
    true,
    'Gives the dentry that stands below one of a stacked filesystem. It must return the dentry or one underneath.',
    '6.12:include/linux/dcache.h:572 6.1:include/linux/dcache.h:577',
    { notHeld: ['d_lock', 'i_rwsem'] },
  ),
  method(
    'd_unalias_trylock',
    'alias',
    'bool',
    [inProcess('d_splice_alias', [RENAME_LOCK], [anyMode('alias->d_parent->d_inode->i_rwsem', 'rwsem')])],
    false,
    'Tries a lock of the filesystem before an alias is moved; false makes d_splice_alias give up. Runs in rename_lock.',
    '7.2:fs/dcache.c:3225',
    since('7.2'),
  ),
  method(
    'd_unalias_unlock',
    'alias',
    'void',
    [inProcess('d_splice_alias', [RENAME_LOCK], [shared('alias->d_parent->d_inode->i_rwsem', 'rwsem')])],
    false,
    'Undoes d_unalias_trylock after the move. Runs in rename_lock.',
    '7.2:fs/dcache.c:3230',
    since('7.2'),
  ),
];
