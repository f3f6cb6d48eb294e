/**
 * Rules that find next to nothing on plain trees are measured on right code of the same shape: at least twenty pieces each, all silent.
 */

import {
  FSDATA_REFERENCE,
  FSDATA_TYPE,
  HASH_STATE,
  PARENT_RECHECK,
  RELEASE_LINKED,
  UNSTABLE_DENTRY_INODE,
} from './twins/dentries.js';
import { ALIAS_MOVE, LOST_RACE_LEAK, UNPINNED_CHILD } from './twins/directories.js';
import {
  EARLY_FREE,
  UNPROTECTED_DEREF,
  UNSTABLE_INODE,
  UNSTABLE_PARENT,
  WALK_HARD_ERROR,
} from './twins/lockless.js';
import { PRUNE_DROPS_LOCK, PRUNE_FREES, PRUNE_REFERENCE } from './twins/prune.js';
import { ATOMIC_MOVE, DOUBLE_MOVE, EARLY_ATTACH, EMBEDDED_FREE, OFFSET_ACCOUNTING } from './twins/renames.js';
import {
  ANNOTATION,
  CONTRACT,
  RELOCK_DEAD,
  SELF_DEADLOCK,
  STALE_POINTER,
  STALE_SNAPSHOT,
} from './twins/retaken.js';
import { ATOMIC_METHOD, WALK_BLOCKS, WALK_REFERENCE } from './twins/walk.js';
import { checkTwins, type Twins } from './twins.js';

const TWINS: Readonly<Record<string, Twins>> = {
  'dentry/atomic-method': ATOMIC_METHOD,
  'dentry/prune-drops-lock': PRUNE_DROPS_LOCK,
  'dentry/prune-frees': PRUNE_FREES,
  'dentry/prune-reference': PRUNE_REFERENCE,
  'dentry/fsdata-reference': FSDATA_REFERENCE,
  'dentry/fsdata-type': FSDATA_TYPE,
  'dentry/hash-state': HASH_STATE,
  'dentry/parent-recheck': PARENT_RECHECK,
  'dentry/release-linked': RELEASE_LINKED,
  'dentry/unstable-inode': UNSTABLE_DENTRY_INODE,
  'dir/alias-move': ALIAS_MOVE,
  'dir/lost-race-leak': LOST_RACE_LEAK,
  'dir/offset-accounting': OFFSET_ACCOUNTING,
  'dir/relock-dead': RELOCK_DEAD,
  'dir/self-deadlock': SELF_DEADLOCK,
  'dir/stale-pointer': STALE_POINTER,
  'dir/stale-snapshot': STALE_SNAPSHOT,
  'dir/unpinned-child': UNPINNED_CHILD,
  'lock/annotation': ANNOTATION,
  'lock/contract': CONTRACT,
  'rcu/early-free': EARLY_FREE,
  'rcu/unprotected-deref': UNPROTECTED_DEREF,
  'rcu/unstable-inode': UNSTABLE_INODE,
  'rcu/unstable-parent': UNSTABLE_PARENT,
  'rcu/walk-blocks': WALK_BLOCKS,
  'rcu/walk-hard-error': WALK_HARD_ERROR,
  'rcu/walk-reference': WALK_REFERENCE,
  'rename/atomic-move': ATOMIC_MOVE,
  'rename/double-move': DOUBLE_MOVE,
  'rename/early-attach': EARLY_ATTACH,
  'rename/embedded-free': EMBEDDED_FREE,
};

describe('negative twins', function twins() {
  this.timeout(180_000);
  for (const [rule, twins] of Object.entries(TWINS)) it(rule, () => checkTwins(rule, twins));
});
