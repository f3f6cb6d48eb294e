/** The rules. A rule is added here and nowhere else; settings, pages and SARIF follow. */
import { doubleLock } from './lock/double.js';
import { imbalance } from './lock/imbalance.js';
import { sleepInAtomic } from './lock/sleep-in-atomic.js';
import { earlyFree } from './rcu/early-free.js';
import { unstableInode } from './rcu/unstable-inode.js';
import { unstableParent } from './rcu/unstable-parent.js';
import { walkBlocks } from './rcu/walk-blocks.js';
import { walkHardError } from './rcu/walk-hard-error.js';
import { walkReference } from './rcu/walk-reference.js';
import type { Rule } from './rule.js';

const IN_ANY_ORDER: readonly Rule[] = [
  doubleLock,
  imbalance,
  sleepInAtomic,
  earlyFree,
  unstableInode,
  unstableParent,
  walkBlocks,
  walkHardError,
  walkReference,
];

/** Every rule, in the order of ids. */
export const ALL_RULES: readonly Rule[] = [...IN_ANY_ORDER].sort((a, b) => (a.info.id < b.info.id ? -1 : 1));
