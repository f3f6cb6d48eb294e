/**
 * Counted references: dentries, inodes, mounts, files, and the counters themselves. Getting one is safe anywhere it is
 * already counted; in RCU-walk only the forms that fail on a dead object are. Dropping the last one often sleeps.
 */
import { exclusive, get, getUnlessDead, helper, plain as N, put, sleeping as S, shared } from './entry.js';
import type { HelperEntry } from './types.js';

const DENTRY_LOCK = exclusive('dentry->d_lock', 'spin');
const INODE_LOCK = exclusive('inode->i_lock', 'spin');

const DENTRIES: readonly HelperEntry[] = [
  N(
    'dget',
    'dentry',
    'Takes one more reference to a dentry; takes d_lock inside where it must.',
    '6.12:include/linux/dcache.h:337',
    {
      returns: 'dentry',
      references: [get('dentry', 'dentry')],
      mustNotHold: [DENTRY_LOCK],
    },
  ),
  N('dget_dlock', 'dentry', 'Takes one more reference under d_lock.', '6.12:include/linux/dcache.h:312', {
    returns: 'dentry',
    references: [get('dentry', 'dentry')],
    requires: [DENTRY_LOCK],
  }),
  N(
    'dget_parent',
    'dentry',
    'Takes a reference to the parent as it is now. Not for RCU-walk.',
    '6.12:fs/dcache.c:905',
    {
      references: [get('result', 'dentry')],
    },
  ),
  S(
    'dput',
    'dentry',
    'Drops a reference; the last one may take the dentry and its ancestors apart, and sleeps.',
    '6.12:fs/dcache.c:857',
    {
      references: [put('dentry', 'dentry')],
      mustNotHold: [DENTRY_LOCK],
    },
  ),
  N(
    'dput_to_list',
    'dentry, list',
    'Drops a reference; a dead dentry goes to a list.',
    '6.12:fs/dcache.c:893',
    {
      references: [put('dentry', 'dentry')],
    },
  ),
  N(
    'd_find_alias',
    'inode',
    'Finds a dentry of an inode and takes a reference; takes i_lock inside.',
    '6.12:fs/dcache.c:1009',
    {
      references: [get('result', 'dentry', 'result != 0')],
      mustNotHold: [INODE_LOCK],
    },
  ),
  N(
    'd_find_any_alias',
    'inode',
    'Finds any dentry of an inode and takes a reference; takes i_lock inside.',
    '6.12:fs/dcache.c:965',
    {
      references: [get('result', 'dentry', 'result != 0')],
      mustNotHold: [INODE_LOCK],
    },
  ),
  N(
    'd_find_alias_rcu',
    'inode',
    'Finds a dentry of an inode without a reference; takes i_lock inside.',
    '6.12:fs/dcache.c:1026',
    {
      versions: { since: '6.1' },
      underRcu: true,
      requires: [shared('@rcu', 'rcu')],
      mustNotHold: [INODE_LOCK],
    },
  ),
  N(
    'dget_alias_ilocked',
    'dentry',
    'Takes a reference to an alias under i_lock.',
    '7.2:include/linux/dcache.h:369',
    {
      versions: { since: '7.2' },
      requires: [exclusive('dentry->d_inode->i_lock', 'spin')],
      references: [getUnlessDead('dentry', 'dentry', 'result != 0')],
    },
  ),
  N(
    'lockref_get',
    'lockref',
    'Counts one up; takes its lock inside where it must.',
    '6.12:lib/lockref.c:42',
    {
      references: [get('lockref', 'lockref')],
      mustNotHold: [exclusive('lockref->lock', 'spin')],
    },
  ),
  N(
    'lockref_get_not_zero',
    'lockref',
    'Counts one up unless the count is zero or dead.',
    '6.12:lib/lockref.c:61',
    {
      references: [getUnlessDead('lockref', 'lockref', 'result != 0')],
      mustNotHold: [exclusive('lockref->lock', 'spin')],
    },
  ),
  N('lockref_get_not_dead', 'lockref', 'Counts one up unless the object is dead.', '6.12:lib/lockref.c:172', {
    references: [getUnlessDead('lockref', 'lockref', 'result != 0')],
    mustNotHold: [exclusive('lockref->lock', 'spin')],
  }),
  N(
    'lockref_put_return',
    'lockref',
    'Counts one down without the lock; negative where that was not possible.',
    '6.12:lib/lockref.c:119',
    {
      references: [put('lockref', 'lockref', 'result >= 0')],
    },
  ),
  N(
    'lockref_put_not_zero',
    'lockref',
    'Counts one down unless that would make it zero.',
    '6.12:lib/lockref.c:89',
    {
      versions: { until: '7.2' },
      references: [put('lockref', 'lockref', 'result != 0')],
      mustNotHold: [exclusive('lockref->lock', 'spin')],
    },
  ),
  N(
    'lockref_put_or_lock',
    'lockref',
    'Counts one down, or returns zero with the lock held.',
    '6.12:lib/lockref.c:137',
    {
      references: [put('lockref', 'lockref', 'result != 0')],
      acquires: [exclusive('lockref->lock', 'spin', 'result == 0')],
    },
  ),
  N('lockref_mark_dead', 'lockref', 'Marks the object dead, under its lock.', '6.12:lib/lockref.c:160', {
    requires: [exclusive('lockref->lock', 'spin')],
  }),
];

const INODES: readonly HelperEntry[] = [
  S(
    'iput',
    'inode',
    'Drops a reference; the last one may evict the inode, and sleeps.',
    '6.12:fs/inode.c:1886',
    {
      references: [put('inode', 'inode')],
      mustNotHold: [INODE_LOCK],
    },
  ),
  N('ihold', 'inode', 'Takes one more reference to an inode.', '6.12:fs/inode.c:446', {
    references: [get('inode', 'inode')],
  }),
  N(
    'igrab',
    'inode',
    'Takes a reference unless the inode is being freed; takes i_lock inside.',
    '6.12:fs/inode.c:1515',
    {
      returns: 'inode',
      references: [getUnlessDead('inode', 'inode', 'result != 0')],
      mustNotHold: [INODE_LOCK],
    },
  ),
  N('__iget', 'inode', 'Takes a reference under i_lock.', '6.12:include/linux/fs.h:3253', {
    references: [get('inode', 'inode')],
    requires: [INODE_LOCK],
  }),
  S(
    'iget_locked',
    'sb, ino',
    'Finds or makes an inode; a new one is returned with I_NEW set.',
    '6.12:fs/inode.c:1398',
    {
      references: [get('result', 'inode', 'result != 0')],
      unpublished: true,
    },
  ),
  S('ilookup', 'sb, ino', 'Finds a cached inode and waits until it is set up.', '6.12:fs/inode.c:1606', {
    references: [get('result', 'inode', 'result != 0')],
  }),
  N(
    'find_inode_rcu',
    'sb, hashval, test, data',
    'Finds a cached inode without a reference.',
    '6.12:fs/inode.c:1697',
    {
      underRcu: true,
      requires: [shared('@rcu', 'rcu')],
    },
  ),
  N('find_inode_by_ino_rcu', 'sb, ino', 'Finds a cached inode without a reference.', '6.12:fs/inode.c:1735', {
    underRcu: true,
    requires: [shared('@rcu', 'rcu')],
  }),
  S(
    'iget_failed',
    'inode',
    'Gives up a new inode: marks it bad, unlocks it and drops its reference.',
    '6.12:fs/bad_inode.c:244',
    {
      references: [put('inode', 'inode')],
    },
  ),
  S('discard_new_inode', 'inode', 'Gives up a new inode and drops its reference.', '6.12:fs/inode.c:1172', {
    references: [put('inode', 'inode')],
  }),
  S('new_inode', 'sb', 'Makes an inode with one reference.', '6.12:fs/inode.c:1116', {
    returns: 'fresh',
    references: [get('result', 'inode', 'result != 0')],
  }),
  S('new_inode_pseudo', 'sb', 'Makes an inode that is on no list.', '6.12:fs/inode.c:1099', {
    returns: 'fresh',
    references: [get('result', 'inode', 'result != 0')],
  }),
];

const MOUNTS: readonly HelperEntry[] = [
  N('mntget', 'mnt', 'Takes one more reference to a mount.', '6.12:fs/namespace.c:1480', {
    returns: 'mnt',
    references: [get('mnt', 'mount')],
  }),
  S(
    'mntput',
    'mnt',
    'Drops a reference to a mount; the last one may end the superblock.',
    '6.12:fs/namespace.c:1468',
    {
      references: [put('mnt', 'mount')],
    },
  ),
  N('path_get', 'path', 'Takes references to mount and dentry.', '6.12:fs/namei.c:558', {
    references: [get('path->mnt', 'mount'), get('path->dentry', 'dentry')],
  }),
  S('path_put', 'path', 'Drops the references to dentry and mount.', '6.12:fs/namei.c:571', {
    references: [put('path->dentry', 'dentry'), put('path->mnt', 'mount')],
  }),
  N(
    'fput',
    'file',
    'Drops a reference to a file; the last one is dealt with in task work.',
    '6.12:fs/file_table.c:517',
    {
      references: [put('file', 'file')],
    },
  ),
  S(
    '__fput_sync',
    'file',
    'Drops a reference to a file; the last one is dealt with at once.',
    '6.12:fs/file_table.c:550',
    {
      references: [put('file', 'file')],
    },
  ),
  N('get_file', 'f', 'Takes one more reference to a file.', '6.12:include/linux/fs.h:1124', {
    returns: 'f',
    references: [get('f', 'file')],
  }),
  N('fget', 'fd', 'Finds the file of a descriptor and takes a reference.', '6.12:fs/file.c:1024', {
    references: [get('result', 'file', 'result != 0')],
  }),
  N('fdget', 'fd', 'Borrows the file of a descriptor.', '6.12:fs/file.c:1134'),
  N('fdget_raw', 'fd', 'Borrows the file of a descriptor, O_PATH included.', '6.12:fs/file.c:1140'),
  N('fdput', 'fd', 'Gives a borrowed file back.', '6.12:include/linux/file.h:60'),
  S(
    'fdget_pos',
    'fd',
    'Borrows the file of a descriptor and locks its position where it is shared.',
    '6.12:fs/file.c:1161',
  ),
  N('fdput_pos', 'f', 'Gives a borrowed file back and unlocks its position.', '6.12:include/linux/file.h:75'),
  N(
    'get_unused_fd_flags',
    'flags',
    'Reserves a descriptor, under a spinlock taken inside.',
    '6.12:fs/file.c:555',
  ),
  N('put_unused_fd', 'fd', 'Gives a reserved descriptor back.', '6.12:fs/file.c:569'),
];

const COUNTERS: readonly HelperEntry[] = [
  N('refcount_set', 'r, n', 'Sets a reference count.', '6.12:include/linux/refcount.h:132'),
  N('refcount_read', 'r', 'Reads a reference count.', '6.12:include/linux/refcount.h:168'),
  N('refcount_inc', 'r', 'Counts one up.', '6.12:include/linux/refcount.h:362', {
    references: [get('r', 'refcount')],
  }),
  N('refcount_add', 'i, r', 'Counts up.', '6.12:include/linux/refcount.h:291', {
    references: [get('r', 'refcount')],
  }),
  N(
    'refcount_inc_not_zero',
    'r',
    'Counts one up unless the count is zero.',
    '6.12:include/linux/refcount.h:314',
    {
      references: [getUnlessDead('r', 'refcount', 'result != 0')],
    },
  ),
  N(
    '__refcount_inc',
    'r, oldp',
    'Counts one up and gives the count before.',
    '6.12:include/linux/refcount.h:345',
    {
      references: [get('r', 'refcount')],
    },
  ),
  N(
    '__refcount_inc_not_zero',
    'r, oldp',
    'Counts one up unless the count is zero, and gives the count before.',
    '6.12:include/linux/refcount.h:296',
    {
      references: [getUnlessDead('r', 'refcount', 'result != 0')],
    },
  ),
  N(
    '__refcount_dec_and_test',
    'r, oldp',
    'Counts one down, gives the count before and tells whether it reached zero.',
    '6.12:include/linux/refcount.h:411',
    {
      references: [put('r', 'refcount')],
    },
  ),
  N('refcount_dec', 'r', 'Counts one down, never to zero.', '6.12:include/linux/refcount.h:455', {
    references: [put('r', 'refcount')],
  }),
  N(
    'refcount_dec_and_test',
    'r',
    'Counts one down and tells whether it reached zero.',
    '6.12:include/linux/refcount.h:429',
    {
      references: [put('r', 'refcount')],
    },
  ),
  N(
    'refcount_sub_and_test',
    'i, r',
    'Counts down and tells whether it reached zero.',
    '6.12:include/linux/refcount.h:406',
    {
      references: [put('r', 'refcount')],
    },
  ),
  N(
    'refcount_dec_not_one',
    'r',
    'Counts one down unless that would make it zero.',
    '6.12:lib/refcount.c:74',
    {
      references: [put('r', 'refcount', 'result != 0')],
    },
  ),
  N('kref_init', 'kref', 'Sets a reference count to one.', '6.12:include/linux/kref.h:29'),
  N('kref_read', 'kref', 'Reads a reference count.', '6.12:include/linux/kref.h:34'),
  N('kref_get', 'kref', 'Counts one up.', '6.12:include/linux/kref.h:43', {
    references: [get('kref', 'kref')],
  }),
  N(
    'kref_get_unless_zero',
    'kref',
    'Counts one up unless the count is zero.',
    '6.12:include/linux/kref.h:109',
    {
      references: [getUnlessDead('kref', 'kref', 'result != 0')],
    },
  ),
  N(
    'kref_put',
    'kref, release',
    'Counts one down and runs the function where it reaches zero.',
    '6.12:include/linux/kref.h:62',
    {
      references: [put('kref', 'kref')],
      callbacks: [{ param: 1, context: 'now', params: ['kref'] }],
    },
  ),
  N('kobject_get', 'kobj', 'Takes one more reference to an object.', '6.12:lib/kobject.c:636', {
    returns: 'kobj',
    references: [get('kobj', 'kobject')],
  }),
  helper(
    'kobject_put',
    'kobj',
    'kobj->state_in_sysfs',
    'Drops a reference to an object; the last one takes it apart, and sleeps where it is still in sysfs.',
    '6.12:lib/kobject.c:730 6.12:lib/kobject.c:670',
    {
      references: [put('kobj', 'kobject')],
    },
  ),
  N('get_cred', 'cred', 'Takes one more reference to credentials.', '6.12:include/linux/cred.h:248', {
    returns: 'cred',
    references: [get('cred', 'cred')],
  }),
  N(
    'get_current_cred',
    '',
    'Takes a reference to the credentials of the task.',
    '6.12:include/linux/cred.h:336',
  ),
  N('get_pid', 'pid', 'Takes one more reference to a pid.', '6.12:include/linux/pid.h:81', {
    returns: 'pid',
    references: [get('pid', 'pid')],
  }),
  N(
    'get_net',
    'net',
    'Takes one more reference to a network namespace.',
    '6.12:include/net/net_namespace.h:261',
    { returns: 'net', references: [get('net', 'net')] },
  ),
  N(
    'get_user_ns',
    'ns',
    'Takes one more reference to a user namespace.',
    '6.12:include/linux/user_namespace.h:162',
    { returns: 'ns', references: [get('ns', 'user_ns')] },
  ),
  N('posix_acl_dup', 'acl', 'Takes one more reference to a list.', '6.12:include/linux/posix_acl.h:44', {
    returns: 'acl',
    references: [get('acl', 'posix_acl')],
  }),
  N('get_task_struct', 't', 'Takes one more reference to a task.', '6.12:include/linux/sched/task.h:118', {
    returns: 't',
    references: [get('t', 'task')],
  }),
  N('put_task_struct', 't', 'Drops a reference to a task.', '6.12:include/linux/sched/task.h:132', {
    references: [put('t', 'task')],
  }),
  N(
    'try_module_get',
    'module',
    'Takes a reference to a module unless it is going.',
    '6.12:include/linux/module.h:731',
    { references: [getUnlessDead('module', 'module', 'result != 0')] },
  ),
  N('__module_get', 'module', 'Takes one more reference to a module.', '6.12:include/linux/module.h:738'),
  N('module_put', 'module', 'Drops a reference to a module.', '6.12:include/linux/module.h:735'),
  N(
    'atomic_dec_and_test',
    'v',
    'Counts one down and tells whether it reached zero.',
    '6.12:include/linux/atomic/atomic-instrumented.h:1380',
    {
      references: [put('v', 'atomic')],
    },
  ),
  N(
    'atomic_inc_not_zero',
    'v',
    'Counts one up unless the count is zero.',
    '6.12:include/linux/atomic/atomic-instrumented.h:1533',
    {
      references: [getUnlessDead('v', 'atomic', 'result != 0')],
    },
  ),
  N('atomic_inc', 'v', 'Adds one.', '6.12:include/linux/atomic/atomic-instrumented.h:433'),
  N('atomic_dec', 'v', 'Subtracts one.', '6.12:include/linux/atomic/atomic-instrumented.h:590'),
  N('atomic_read', 'v', 'Reads an atomic number.', '6.12:include/linux/atomic/atomic-instrumented.h:30'),
  N('atomic_set', 'v, i', 'Sets an atomic number.', '6.12:include/linux/atomic/atomic-instrumented.h:65'),
  N('atomic_add', 'i, v', 'Adds to an atomic number.', '6.12:include/linux/atomic/atomic-instrumented.h:102'),
  N(
    'atomic_sub',
    'i, v',
    'Subtracts from an atomic number.',
    '6.12:include/linux/atomic/atomic-instrumented.h:268',
  ),
  N('atomic_inc_return', 'v', 'Adds one and reads.', '6.12:include/linux/atomic/atomic-instrumented.h:450'),
  N(
    'atomic_dec_return',
    'v',
    'Subtracts one and reads.',
    '6.12:include/linux/atomic/atomic-instrumented.h:607',
  ),
  N('atomic_add_return', 'i, v', 'Adds and reads.', '6.12:include/linux/atomic/atomic-instrumented.h:120'),
  N(
    'atomic_sub_and_test',
    'i, v',
    'Subtracts and tells whether it reached zero.',
    '6.12:include/linux/atomic/atomic-instrumented.h:1362',
  ),
  N(
    'atomic_add_unless',
    'v, a, u',
    'Adds unless the number has a given value.',
    '6.12:include/linux/atomic/atomic-instrumented.h:1514',
  ),
  N(
    'atomic_xchg',
    'v, new',
    'Exchanges an atomic number.',
    '6.12:include/linux/atomic/atomic-instrumented.h:1116',
  ),
  N(
    'atomic_cmpxchg',
    'v, old, new',
    'Exchanges an atomic number where it has a given value.',
    '6.12:include/linux/atomic/atomic-instrumented.h:1192',
  ),
  N('atomic64_read', 'v', 'Reads an atomic number.', '6.12:include/linux/atomic/atomic-instrumented.h:1608'),
  N('atomic64_set', 'v, i', 'Sets an atomic number.', '6.12:include/linux/atomic/atomic-instrumented.h:1643'),
  N('atomic64_inc', 'v', 'Adds one.', '6.12:include/linux/atomic/atomic-instrumented.h:2011'),
  N('atomic64_dec', 'v', 'Subtracts one.', '6.12:include/linux/atomic/atomic-instrumented.h:2168'),
  N(
    'atomic64_add',
    'i, v',
    'Adds to an atomic number.',
    '6.12:include/linux/atomic/atomic-instrumented.h:1680',
  ),
  N(
    'atomic64_sub',
    'i, v',
    'Subtracts from an atomic number.',
    '6.12:include/linux/atomic/atomic-instrumented.h:1846',
  ),
  N(
    'atomic64_inc_return',
    'v',
    'Adds one and reads.',
    '6.12:include/linux/atomic/atomic-instrumented.h:2028',
  ),
  N(
    'atomic_long_read',
    'v',
    'Reads an atomic number.',
    '6.12:include/linux/atomic/atomic-instrumented.h:3186',
  ),
  N('atomic_long_inc', 'v', 'Adds one.', '6.12:include/linux/atomic/atomic-instrumented.h:3589'),
  N('atomic_long_dec', 'v', 'Subtracts one.', '6.12:include/linux/atomic/atomic-instrumented.h:3746'),
  N(
    'atomic_long_set',
    'v, i',
    'Sets an atomic number.',
    '6.12:include/linux/atomic/atomic-instrumented.h:3221',
  ),
  N(
    'atomic_long_add',
    'i, v',
    'Adds to an atomic number.',
    '6.12:include/linux/atomic/atomic-instrumented.h:3258',
  ),
];

/** Tasks and their numbers: RCU keeps what is found, until a reference is taken. */
const TASKS: readonly HelperEntry[] = [
  N('find_pid_ns', 'nr, ns', 'Finds the pid of a number.', '6.12:kernel/pid.c:318', { underRcu: true }),
  N('find_vpid', 'nr', 'Finds the pid of a number.', '6.12:kernel/pid.c:324', { underRcu: true }),
  N('pid_task', 'pid, type', 'Finds the task of a pid.', '6.12:kernel/pid.c:409', { underRcu: true }),
  N('find_task_by_pid_ns', 'nr, ns', 'Finds the task of a number.', '6.12:kernel/pid.c:426', {
    underRcu: true,
    requires: [shared('@rcu', 'rcu')],
  }),
  N('find_task_by_vpid', 'vnr', 'Finds the task of a number.', '6.12:kernel/pid.c:433', {
    underRcu: true,
    requires: [shared('@rcu', 'rcu')],
  }),
];

/** Network devices, whose count each processor keeps a part of: it is no counter that the text of their bodies shows. */
const DEVICES: readonly HelperEntry[] = [
  N(
    'dev_hold',
    'dev',
    'Takes one more reference to a network device.',
    '6.12:include/linux/netdevice.h:4198',
    {
      references: [get('dev', 'net_device')],
    },
  ),
  N('dev_put', 'dev', 'Drops a reference to a network device.', '6.12:include/linux/netdevice.h:4210', {
    references: [put('dev', 'net_device')],
  }),
  N(
    'netdev_hold',
    'dev, tracker, gfp',
    'Takes one more reference to a network device, and remembers by whom.',
    '6.12:include/linux/netdevice.h:4173',
    { versions: { since: '6.1' }, references: [get('dev', 'net_device')] },
  ),
  N(
    'netdev_put',
    'dev, tracker',
    'Drops a reference to a network device that was remembered.',
    '6.12:include/linux/netdevice.h:4182',
    { versions: { since: '6.1' }, references: [put('dev', 'net_device')] },
  ),
];

/** All references. */
export const REFERENCES: readonly HelperEntry[] = [
  ...TASKS,
  ...DENTRIES,
  ...INODES,
  ...MOUNTS,
  ...COUNTERS,
  ...DEVICES,
];
