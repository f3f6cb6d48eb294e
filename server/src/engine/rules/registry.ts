/** The rules. A rule is added here and nowhere else; settings, pages and SARIF follow. */
import { atomicMethod } from './dentry/atomic-method.js';
import { fsdataReference } from './dentry/fsdata-reference.js';
import { fsdataType } from './dentry/fsdata-type.js';
import { hashState } from './dentry/hash-state.js';
import { parentRecheck } from './dentry/parent-recheck.js';
import { pruneDropsLock } from './dentry/prune-drops-lock.js';
import { pruneFrees } from './dentry/prune-frees.js';
import { pruneReference } from './dentry/prune-reference.js';
import { releaseLinked } from './dentry/release-linked.js';
import { unstableDentryInode } from './dentry/unstable-inode.js';
import { unstableName } from './dentry/unstable-name.js';
import { unstableParent as unstableDentryParent } from './dentry/unstable-parent.js';
import { aliasMove } from './dir/alias-move.js';
import { lockRequired } from './dir/lock-required.js';
import { lostRaceLeak } from './dir/lost-race-leak.js';
import { offsetAccounting } from './dir/offset-accounting.js';
import { relockDead } from './dir/relock-dead.js';
import { selfDeadlock } from './dir/self-deadlock.js';
import { sharedWrite } from './dir/shared-write.js';
import { stalePointer } from './dir/stale-pointer.js';
import { staleSnapshot } from './dir/stale-snapshot.js';
import { unlockedRemoval } from './dir/unlocked-removal.js';
import { unpinnedChild } from './dir/unpinned-child.js';
import { annotationRule } from './lock/annotation.js';
import { contract } from './lock/contract.js';
import { doubleLock } from './lock/double.js';
import { guardedField } from './lock/guarded-field.js';
import { imbalance } from './lock/imbalance.js';
import { notHeld } from './lock/not-held.js';
import { lockOrder } from './lock/order.js';
import { sleepInAtomic } from './lock/sleep-in-atomic.js';
import { earlyFree } from './rcu/early-free.js';
import { unprotectedDeref } from './rcu/unprotected-deref.js';
import { unstableInode } from './rcu/unstable-inode.js';
import { unstableParent as unstableWalkParent } from './rcu/unstable-parent.js';
import { walkBlocks } from './rcu/walk-blocks.js';
import { walkHardError } from './rcu/walk-hard-error.js';
import { walkReference } from './rcu/walk-reference.js';
import { atomicMove } from './rename/atomic-move.js';
import { doubleMove } from './rename/double-move.js';
import { earlyAttach } from './rename/early-attach.js';
import { embeddedFree } from './rename/embedded-free.js';
import type { Rule } from './rule.js';

const IN_ANY_ORDER: readonly Rule[] = [
  atomicMethod,
  pruneDropsLock,
  pruneFrees,
  pruneReference,
  hashState,
  fsdataType,
  fsdataReference,
  releaseLinked,
  parentRecheck,
  unstableDentryInode,
  unstableName,
  unstableDentryParent,
  annotationRule,
  contract,
  doubleLock,
  guardedField,
  imbalance,
  aliasMove,
  lockRequired,
  selfDeadlock,
  unlockedRemoval,
  unpinnedChild,
  notHeld,
  lockOrder,
  sleepInAtomic,
  earlyFree,
  lostRaceLeak,
  offsetAccounting,
  relockDead,
  sharedWrite,
  stalePointer,
  staleSnapshot,
  unprotectedDeref,
  unstableInode,
  unstableWalkParent,
  walkBlocks,
  walkHardError,
  walkReference,
  atomicMove,
  doubleMove,
  earlyAttach,
  embeddedFree,
];

/** Every rule, in the order of ids. */
export const ALL_RULES: readonly Rule[] = [...IN_ANY_ORDER].sort((a, b) => (a.info.id < b.info.id ? -1 : 1));
