/**
 * The inode cache where the caller says what matches: its callbacks run under `inode_hash_lock`, and from 6.12 on in RCU
 * too, since `find_inode()` can be called without the lock.
 */
import { between, exclusive, get, plain as N, sleeping as S, shared, since, until } from '../entry.js';
import type { CallbackEffect, HelperEntry, LockSpec, Versions } from '../types.js';

const HASH_LOCK = exclusive('@inode_hash_lock', 'spin');
const RCU = shared('@rcu', 'rcu');
const FOUND = get('result', 'inode', 'result != 0');

function called(param: number, held: readonly LockSpec[]): CallbackEffect {
  return { param, context: 'now', params: ['inode', 'data'], held };
}

/** An entry before 6.12 and one from there on; `test` and `set` are the callbacks' positions. */
function matching(
  name: string,
  params: string,
  summary: string,
  proof: string,
  test: number,
  set: number,
  found: boolean,
): readonly HelperEntry[] {
  const extra = (versions: { readonly versions: Versions }, held: readonly LockSpec[]) => ({
    ...versions,
    callbacks: [called(test, held), ...(set < 0 ? [] : [called(set, [HASH_LOCK])])],
    ...(found ? { references: [FOUND] } : {}),
    ...(set < 0 ? {} : { unpublished: true as const }),
  });
  return [
    S(name, params, summary, `${proof} 6.1:fs/inode.c:958`, extra(until('6.12'), [HASH_LOCK])),
    S(
      name,
      params,
      summary,
      `${proof} 6.12:fs/inode.c:980 7.2:fs/inode.c:1033`,
      extra(since('6.12'), [HASH_LOCK, RCU]),
    ),
  ];
}

/** Looking up, and hashing, with a callback that tells whether an inode matches. */
export const CACHED_HELPERS: readonly HelperEntry[] = [
  ...matching(
    'iget5_locked',
    'inode_sb, hashval, test, set, data',
    'Finds or makes an inode; test and set run under a spinlock.',
    '6.12:fs/inode.c:1325',
    2,
    3,
    true,
  ),
  S(
    'iget5_locked_rcu',
    'sb, hashval, test, set, data',
    'Finds or makes an inode; test may run in RCU alone.',
    '6.12:fs/inode.c:1355 6.12:fs/inode.c:1363 6.12:fs/inode.c:1377',
    {
      ...since('6.12'),
      callbacks: [called(2, [RCU]), called(3, [HASH_LOCK])],
      references: [FOUND],
      unpublished: true,
    },
  ),
  ...matching(
    'ilookup5',
    'sb, hashval, test, data',
    'Finds a cached inode and waits until it is set up; test runs under a spinlock.',
    '6.12:fs/inode.c:1581',
    2,
    -1,
    true,
  ),
  S(
    'ilookup5_nowait',
    'sb, hashval, test, data',
    'Finds a cached inode that may still be set up; test runs under a spinlock.',
    '5.10:fs/inode.c:1371 6.1:fs/inode.c:958',
    { ...until('6.12'), callbacks: [called(2, [HASH_LOCK])], references: [FOUND] },
  ),
  S(
    'ilookup5_nowait',
    'sb, hashval, test, data',
    'Finds a cached inode that may still be set up; test runs under a spinlock.',
    '6.12:fs/inode.c:1550 6.12:fs/inode.c:980',
    { ...between('6.12', '7.2'), callbacks: [called(2, [HASH_LOCK, RCU])], references: [FOUND] },
  ),
  S(
    'ilookup5_nowait',
    'sb, hashval, test, data, isnew',
    'Finds a cached inode that may still be set up; test runs under a spinlock.',
    '7.2:fs/inode.c:1668 7.2:fs/inode.c:1033',
    { ...since('7.2'), callbacks: [called(2, [HASH_LOCK, RCU])], references: [FOUND] },
  ),
  N(
    'find_inode_nowait',
    'sb, hashval, match, data',
    'Finds a cached inode; match runs under a spinlock.',
    '6.12:fs/inode.c:1649 6.12:fs/inode.c:1659',
    {
      callbacks: [{ param: 2, context: 'now', params: ['inode', 'ino', 'data'], held: [HASH_LOCK] }],
      references: [FOUND],
    },
  ),
  ...matching(
    'inode_insert5',
    'inode, hashval, test, set, data',
    'Finds an inode or hashes this one; test and set run in a spinlock.',
    '6.12:fs/inode.c:1252',
    2,
    3,
    false,
  ),
  ...matching(
    'insert_inode_locked4',
    'inode, hashval, test, data',
    'Hashes a new inode; waits for another one that matches, which test tells under a spinlock.',
    '6.12:fs/inode.c:1801',
    2,
    -1,
    false,
  ),
];
