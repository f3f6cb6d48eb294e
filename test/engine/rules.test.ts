/**
 * The rules: each on code that is wrong (`_bad`, the finding's line is marked) and on code that is right and looks like it
 * (`_ok`). `FN_` and `FP_` begin the names of functions that a rule is wrong about today.
 */
import { RULES as ALL } from '../../server/src/engine/rules/index.js';
import { checkRule, type RuleCases } from './harness.js';
import { ATOMIC_METHOD } from './rules/dentry/atomic-method.js';
import { FSDATA_REFERENCE } from './rules/dentry/fsdata-reference.js';
import { FSDATA_TYPE } from './rules/dentry/fsdata-type.js';
import { HASH_STATE } from './rules/dentry/hash-state.js';
import { PARENT_RECHECK } from './rules/dentry/parent-recheck.js';
import { PRUNE_DROPS_LOCK } from './rules/dentry/prune-drops-lock.js';
import { PRUNE_FREES } from './rules/dentry/prune-frees.js';
import { PRUNE_REFERENCE } from './rules/dentry/prune-reference.js';
import { RELEASE_LINKED } from './rules/dentry/release-linked.js';
import { UNSTABLE_DENTRY_INODE } from './rules/dentry/unstable-inode.js';
import { UNSTABLE_NAME } from './rules/dentry/unstable-name.js';
import { UNSTABLE_PARENT } from './rules/dentry/unstable-parent.js';
import { ALIAS_MOVE } from './rules/dir/alias-move.js';
import { LOCK_REQUIRED } from './rules/dir/lock-required.js';
import { LOST_RACE_LEAK } from './rules/dir/lost-race-leak.js';
import { OFFSET_ACCOUNTING } from './rules/dir/offset-accounting.js';
import { RELOCK_DEAD } from './rules/dir/relock-dead.js';
import { SELF_DEADLOCK } from './rules/dir/self-deadlock.js';
import { SHARED_WRITE } from './rules/dir/shared-write.js';
import { STALE_POINTER } from './rules/dir/stale-pointer.js';
import { STALE_SNAPSHOT } from './rules/dir/stale-snapshot.js';
import { UNLOCKED_REMOVAL } from './rules/dir/unlocked-removal.js';
import { UNPINNED_CHILD } from './rules/dir/unpinned-child.js';
import { ANNOTATION } from './rules/lock/annotation.js';
import { CONTRACT } from './rules/lock/contract.js';
import { DOUBLE } from './rules/lock/double.js';
import { GUARDED_FIELD } from './rules/lock/guarded-field.js';
import { IMBALANCE } from './rules/lock/imbalance.js';
import { NOT_HELD } from './rules/lock/not-held.js';
import { ORDER } from './rules/lock/order.js';
import { SLEEP_IN_ATOMIC } from './rules/lock/sleep-in-atomic.js';
import { EARLY_FREE } from './rules/rcu/early-free.js';
import { UNPROTECTED_DEREF } from './rules/rcu/unprotected-deref.js';
import { UNSTABLE_INODE } from './rules/rcu/unstable-inode.js';
import { UNSTABLE_PARENT as UNSTABLE_WALK_PARENT } from './rules/rcu/unstable-parent.js';
import { WALK_BLOCKS } from './rules/rcu/walk-blocks.js';
import { WALK_HARD_ERROR } from './rules/rcu/walk-hard-error.js';
import { WALK_REFERENCE } from './rules/rcu/walk-reference.js';
import { ATOMIC_MOVE } from './rules/rename/atomic-move.js';
import { DOUBLE_MOVE } from './rules/rename/double-move.js';
import { EARLY_ATTACH } from './rules/rename/early-attach.js';
import { EMBEDDED_FREE } from './rules/rename/embedded-free.js';

const RULES: Readonly<Record<string, RuleCases>> = {
  'dentry/atomic-method': ATOMIC_METHOD,
  'dentry/fsdata-reference': FSDATA_REFERENCE,
  'dentry/fsdata-type': FSDATA_TYPE,
  'dentry/hash-state': HASH_STATE,
  'dentry/prune-drops-lock': PRUNE_DROPS_LOCK,
  'dentry/prune-frees': PRUNE_FREES,
  'dentry/prune-reference': PRUNE_REFERENCE,
  'dentry/release-linked': RELEASE_LINKED,
  'dentry/parent-recheck': PARENT_RECHECK,
  'dentry/unstable-inode': UNSTABLE_DENTRY_INODE,
  'dentry/unstable-name': UNSTABLE_NAME,
  'dentry/unstable-parent': UNSTABLE_PARENT,
  'dir/alias-move': ALIAS_MOVE,
  'dir/lock-required': LOCK_REQUIRED,
  'dir/unlocked-removal': UNLOCKED_REMOVAL,
  'dir/unpinned-child': UNPINNED_CHILD,
  'dir/offset-accounting': OFFSET_ACCOUNTING,
  'dir/shared-write': SHARED_WRITE,
  'dir/self-deadlock': SELF_DEADLOCK,
  'rcu/early-free': EARLY_FREE,
  'rcu/unprotected-deref': UNPROTECTED_DEREF,
  'rcu/unstable-inode': UNSTABLE_INODE,
  'rcu/unstable-parent': UNSTABLE_WALK_PARENT,
  'rcu/walk-blocks': WALK_BLOCKS,
  'rcu/walk-hard-error': WALK_HARD_ERROR,
  'rcu/walk-reference': WALK_REFERENCE,
  'lock/sleep-in-atomic': SLEEP_IN_ATOMIC,
  'lock/imbalance': IMBALANCE,
  'lock/annotation': ANNOTATION,
  'lock/contract': CONTRACT,
  'lock/double': DOUBLE,
  'dir/lost-race-leak': LOST_RACE_LEAK,
  'dir/relock-dead': RELOCK_DEAD,
  'dir/stale-pointer': STALE_POINTER,
  'dir/stale-snapshot': STALE_SNAPSHOT,
  'lock/guarded-field': GUARDED_FIELD,
  'lock/not-held': NOT_HELD,
  'lock/order': ORDER,
  'rename/atomic-move': ATOMIC_MOVE,
  'rename/double-move': DOUBLE_MOVE,
  'rename/early-attach': EARLY_ATTACH,
  'rename/embedded-free': EMBEDDED_FREE,
};

describe('rules', () => {
  for (const [rule, cases] of Object.entries(RULES))
    describe(rule, () => {
      // What is off by default is run by its name
      const named = ALL.some(({ id, onByDefault }) => id === rule && !onByDefault) ? [rule] : [];
      for (const [title, source] of Object.entries(cases)) it(title, () => checkRule(source, named));
    });
});
