/**
 * dir/lock-required: a helper that needs a directory locked is called with it unlocked, or locked only shared. What is taken out of
 * a directory that dcache_readdir() reads is said by dir/unlocked-removal.
 */
import { unlockedCalls } from '../directory-findings.js';
import { isBare, isReadFromCache, isRemoval } from '../directory-kind.js';
import type { Rule } from '../rule.js';

/** The rule. */
export const lockRequired: Rule = {
  info: {
    id: 'dir/lock-required',
    summary: 'A helper that needs the directory locked is called with it unlocked.',
    law: 'A helper that looks up or changes names needs i_rwsem of the directory, as the VFS holds it around its own calls.',
    severity: 'error',
    precision: 'high',
    onByDefault: true,
    fixable: true,
  },
  check(cx) {
    return unlockedCalls(cx, {
      rule: 'dir/lock-required',
      wanted: (fn, helper) => !isBare(helper) && !(isRemoval(helper) && isReadFromCache(cx, fn)),
      otherSide:
        'another task creates, removes or renames a name of this directory meanwhile, with the lock held',
    });
  },
};
