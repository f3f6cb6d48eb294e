/**
 * dentry/atomic-method: nothing sleeps in a dentry method that may never sleep: d_prune, d_delete, d_compare, d_hash, d_dname and
 * the like, by what the model says of a call of the method. Not in which situation it is called decides, but the method itself,
 * so there is no way out but not to sleep. rcu/walk-blocks is silent on them.
 */
import { entryAtomic } from '../../contexts/propagate.js';
import { contextSleeps, isAtomicDentryMethod } from '../context-sleeps.js';
import type { Rule } from '../rule.js';

/** The rule. */
export const atomicMethod: Rule = {
  info: {
    id: 'dentry/atomic-method',
    summary: 'Something that may sleep is called in a dentry method that may never sleep.',
    law: 'Nothing sleeps in d_prune, d_delete, d_compare, d_hash and d_dname: they run under spinlocks or RCU, and nothing tells them so.',
    severity: 'error',
    precision: 'high',
    onByDefault: true,
    fixable: true,
  },
  check: (cx) =>
    contextSleeps(cx, {
      rule: 'dentry/atomic-method',
      why: (entry, origin) =>
        isAtomicDentryMethod(cx, origin)
          ? (entryAtomic(entry) ?? 'a context that must not sleep, whoever calls')
          : null,
      precision: (e) => (e.guarded ? 'medium' : 'high'),
    }),
};
