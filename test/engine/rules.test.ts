/**
 * The rules: each on code that is wrong (`_bad`, the finding's line is marked) and on code that is right and looks like it
 * (`_ok`). `FN_` and `FP_` begin the names of functions that a rule is wrong about today.
 */
import { checkRule, type RuleCases } from './harness.js';
import { DOUBLE } from './rules/lock/double.js';
import { IMBALANCE } from './rules/lock/imbalance.js';
import { SLEEP_IN_ATOMIC } from './rules/lock/sleep-in-atomic.js';
import { EARLY_FREE } from './rules/rcu/early-free.js';
import { UNSTABLE_INODE } from './rules/rcu/unstable-inode.js';
import { UNSTABLE_PARENT } from './rules/rcu/unstable-parent.js';
import { WALK_BLOCKS } from './rules/rcu/walk-blocks.js';
import { WALK_HARD_ERROR } from './rules/rcu/walk-hard-error.js';
import { WALK_REFERENCE } from './rules/rcu/walk-reference.js';

const RULES: Readonly<Record<string, RuleCases>> = {
  'rcu/early-free': EARLY_FREE,
  'rcu/unstable-inode': UNSTABLE_INODE,
  'rcu/unstable-parent': UNSTABLE_PARENT,
  'rcu/walk-blocks': WALK_BLOCKS,
  'rcu/walk-hard-error': WALK_HARD_ERROR,
  'rcu/walk-reference': WALK_REFERENCE,
  'lock/sleep-in-atomic': SLEEP_IN_ATOMIC,
  'lock/imbalance': IMBALANCE,
  'lock/double': DOUBLE,
};

describe('rules', () => {
  for (const [rule, cases] of Object.entries(RULES))
    describe(rule, () => {
      for (const [title, source] of Object.entries(cases)) it(title, () => checkRule(source));
    });
});
