/**
 * dir/unlocked-removal: a name is taken out of a directory that dcache_readdir() reads, without the directory locked exclusively. Where
 * the tree's reader holds no reference to the child that it shows, unhashing it is as bad as removing it; where it does, that is only
 * not serialised with lookup and creation.
 */
import { cacheReader } from '../cache-reader.js';
import { unlockedCalls } from '../directory-findings.js';
import { isReadFromCache, isRemoval } from '../directory-kind.js';
import type { Rule } from '../rule.js';

/** The rule. */
export const unlockedRemoval: Rule = {
  info: {
    id: 'dir/unlocked-removal',
    summary: 'A name is taken out of a directory that lives in the cache without that directory locked.',
    law: 'A child of a directory that dcache_readdir() reads is removed or moved with i_rwsem of the directory held exclusively.',
    severity: 'error',
    precision: 'high',
    onByDefault: true,
    fixable: true,
  },
  check(cx) {
    return unlockedCalls(cx, {
      rule: 'dir/unlocked-removal',
      wanted: (fn, helper) => isRemoval(helper) && isReadFromCache(cx, fn),
      otherSide:
        'dcache_readdir(), a lookup or a creation in this directory goes on meanwhile, with the lock held',
      reader: () => cacheReader(cx),
    });
  },
};
