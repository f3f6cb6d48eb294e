/**
 * File locks and leases (`lock_manager_operations`, `lease_manager_operations`, `file_lock_operations`) and what quota calls
 * (`dquot_operations`). The spinlock of a file's lists of locks, flc_lock, is held around most of them.
 */
import { exclusive, inAtomic, inProcess, methodsOf, since, until } from '../entry.js';
import type { MethodEntry } from '../types.js';

const locks = methodsOf('lock_manager_operations');
const leases = methodsOf('lease_manager_operations');
const files = methodsOf('file_lock_operations');
const quota = methodsOf('dquot_operations');
const HELD = 'the list of locks is locked';
const LOCK_LIST = exclusive('fl->c.flc_file->f_inode->i_flctx->flc_lock', 'spin');
const OLD_LIST = exclusive('fl->fl_file->f_inode->i_flctx->flc_lock', 'spin');
const OPEN_LIST = exclusive('file->f_inode->i_flctx->flc_lock', 'spin');

/** The lease methods that were among those of lock managers up to 6.1. */
const LEASES: readonly MethodEntry[] = [
  locks(
    'lm_break',
    'fl',
    'bool',
    [inAtomic('lease broken', HELD, [OLD_LIST])],
    false,
    'Told that a lease is broken, in the spinlock of the list of locks.',
    '5.10:fs/locks.c:1712 6.1:fs/locks.c:1521',
    until('6.12'),
  ),
  locks(
    'lm_change',
    'fl arg dispose',
    'int',
    [inAtomic('lease changed', HELD, [OLD_LIST])],
    false,
    'Changes or drops a lease, in the spinlock of the list of locks.',
    '5.10:fs/locks.c:1968 6.1:fs/locks.c:1777',
    until('6.12'),
  ),
  leases(
    'lm_change',
    'fl arg dispose',
    'int',
    [inAtomic('lease changed', HELD, [LOCK_LIST])],
    false,
    'Changes or drops a lease, in the spinlock of the list of locks.',
    '6.12:fs/locks.c:1845',
    since('6.12'),
  ),
  locks(
    'lm_breaker_owns_lease',
    'fl',
    'bool',
    [inAtomic('conflict looked for', HELD, [OLD_LIST])],
    false,
    'Says whether who breaks a lease is its owner, in the spinlock of the list of locks.',
    '5.10:fs/locks.c:1617 6.1:fs/locks.c:1426',
    until('6.12'),
  ),
  leases(
    'lm_breaker_owns_lease',
    'fl',
    'bool',
    [inAtomic('conflict looked for', HELD, [LOCK_LIST])],
    false,
    'Says whether who breaks a lease is its owner, in the spinlock of the list of locks.',
    '6.12:fs/locks.c:1497',
    since('6.12'),
  ),
  leases(
    'lm_open_conflict',
    'file arg',
    'int',
    [inAtomic('lease set', HELD, [OPEN_LIST])],
    false,
    'Says whether opens stand against a lease, in the spinlock of the list of locks.',
    '7.2:fs/locks.c:1925',
    since('7.2'),
  ),
  leases(
    'lm_breaker_timedout',
    'fl',
    'bool',
    [inAtomic('lease timed out', HELD, [LOCK_LIST])],
    false,
    'Says what becomes of a lease that was not given back in time, in the spinlock of the list of locks.',
    '7.2:fs/locks.c:1554',
    since('7.2'),
  ),
];

/** Lock managers and file locks. */
const MANAGERS: readonly MethodEntry[] = [
  locks(
    'lm_grant',
    'fl result',
    'int',
    [inProcess('deferred lock granted')],
    false,
    'Told the outcome of a lock request that was deferred. Nothing is locked; it does not wait.',
    '6.12:include/linux/filelock.h:42 5.10:fs/dlm/plock.c:130',
  ),
  locks(
    'lm_lock_expirable',
    'cfl',
    'bool',
    [inAtomic('conflict found', HELD, [exclusive('cfl->fl_file->f_inode->i_flctx->flc_lock', 'spin')])],
    false,
    'Says whether the owner of a lock is gone for good, in the spinlock of the list of locks.',
    '5.10:fs/locks.c:1000 6.1:fs/locks.c:906',
    until('6.12'),
  ),
  locks(
    'lm_lock_expirable',
    'cfl',
    'bool',
    [inAtomic('conflict found', HELD, [exclusive('cfl->c.flc_file->f_inode->i_flctx->flc_lock', 'spin')])],
    false,
    'Says whether the owner of a lock is gone for good, in the spinlock of the list of locks.',
    '6.12:fs/locks.c:972',
    since('6.12'),
  ),
  locks(
    'lm_expire_lock',
    '',
    'void',
    [inProcess('conflict found')],
    true,
    'Throws out owners that are gone. The spinlock of the list was dropped before.',
    '6.12:fs/locks.c:976 6.12:fs/locks.c:977',
  ),
  files(
    'fl_release_private',
    'fl',
    'void',
    [inProcess('lock freed')],
    false,
    'Disposes of what belongs to the filesystem in a lock.',
    '6.12:fs/locks.c:308',
    {
      disagreement:
        'The table in locking.rst says that i_lock may be held; the lists of locks have had flc_lock since 4.0, and locks ' +
        'are disposed of after it is dropped.',
    },
  ),
];

/** Quota: `dquot_operations` that locking.rst speaks of. */
const QUOTAS: readonly MethodEntry[] = [
  quota(
    'write_dquot',
    'dquot',
    'int',
    [inProcess('quota')],
    true,
    'Writes one quota to its file. No spinlock is held.',
    '6.12:fs/quota/dquot.c:698',
  ),
  quota(
    'acquire_dquot',
    'dquot',
    'int',
    [inProcess('quota')],
    true,
    'Reads a quota from its file, or makes it there. No spinlock is held.',
    '6.12:fs/quota/dquot.c:1003',
  ),
  quota(
    'release_dquot',
    'dquot',
    'int',
    [inProcess('quota')],
    true,
    'Lets go of a quota, and of its place in the file where it is unused.',
    '6.12:fs/quota/dquot.c:868',
  ),
  quota(
    'mark_dirty',
    'dquot',
    'int',
    [inProcess('quota')],
    true,
    'Notes that a quota has to be written, or writes it.',
    '6.12:fs/quota/dquot.c:399',
  ),
  quota(
    'write_info',
    'sb type',
    'int',
    [inProcess('quota')],
    true,
    'Writes what is common to all quotas of a kind.',
    '6.12:fs/quota/dquot.c:759',
  ),
];

/** All methods of file locks, leases and quota that stand in no other table. */
export const LOCK_METHODS: readonly MethodEntry[] = [...LEASES, ...MANAGERS, ...QUOTAS];
