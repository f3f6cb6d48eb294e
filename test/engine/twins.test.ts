/**
 * Rules that find next to nothing on plain trees are measured on right code of the same shape: at least twenty pieces each, all silent.
 */

import { PRUNE_DROPS_LOCK, PRUNE_FREES, PRUNE_REFERENCE } from './twins/prune.js';
import { ATOMIC_METHOD, WALK_BLOCKS, WALK_REFERENCE } from './twins/walk.js';
import { checkTwins, type Twins } from './twins.js';

const TWINS: Readonly<Record<string, Twins>> = {
  'dentry/atomic-method': ATOMIC_METHOD,
  'dentry/prune-drops-lock': PRUNE_DROPS_LOCK,
  'dentry/prune-frees': PRUNE_FREES,
  'dentry/prune-reference': PRUNE_REFERENCE,
  'rcu/walk-blocks': WALK_BLOCKS,
  'rcu/walk-reference': WALK_REFERENCE,
};

describe('negative twins', () => {
  for (const [rule, twins] of Object.entries(TWINS)) it(rule, () => checkTwins(rule, twins));
});
