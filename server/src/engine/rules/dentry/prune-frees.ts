/**
 * dentry/prune-frees: d_prune frees nothing that hangs on the dentry. The dentry is still hashed then, so a lockless lookup may
 * find it, and d_iput and d_release come after: they own what hangs on it.
 */
import type { FreeEffect } from '../../contexts/result.js';
import { freeSite } from '../free-site.js';
import { memberOfParameter, reachedFrom } from '../reached.js';
import { type Draft, entryMethod, originStep, type Rule, step } from '../rule.js';

/** Members that lead to what the dentry does not own. */
const OF_OTHERS = new Set(['', 'd_sb', 'd_parent', 'd_op', 'd_children', 'd_sib', 'd_subdirs', 'd_child']);

/** The rule. */
export const pruneFrees: Rule = {
  info: {
    id: 'dentry/prune-frees',
    summary: 'd_prune frees something that hangs on the dentry.',
    law: 'd_prune frees nothing attached to the dentry: that belongs to d_release.',
    severity: 'error',
    precision: 'high',
    onByDefault: true,
    fixable: false,
  },
  yieldsTo: ['rcu/early-free'],
  check(cx) {
    const out: Draft[] = [];
    const inScope = new Set(cx.unit.map((f) => f.id));
    for (const r of reachedFrom(cx, 'dentry_operations', ['d_prune'], 'dentry')) {
      if (r.from !== null || !inScope.has(r.fn.id)) continue;
      const seen = new Set<number>();
      const { terms } = cx.analysis;
      // What is nearest to the dentry speaks for all that one call frees
      const frees = [...(cx.analysis.results[r.fn.id]?.frees ?? [])].sort(
        (a, b) => terms.depth(a.object) - terms.depth(b.object),
      );
      for (const free of frees) {
        const member = memberOfParameter(terms, free.object, r.object);
        if (OF_OTHERS.has(member)) {
          cx.silence?.('dentry/prune-frees', r.fn, free.op, 'what is freed does not hang on the dentry');
          continue;
        }
        if (!r.entries.some((e) => cx.analysis.propagation?.meet(e, free.facts) !== null)) {
          cx.silence?.('dentry/prune-frees', r.fn, free.op, 'the tests before it exclude the free');
          continue;
        }
        const site = freeSite(cx, r.fn, free);
        // Said where d_prune does it: the callee that frees is right for others
        if (seen.has(free.op)) continue;
        seen.add(free.op);
        const object = free.owner === '' ? free.type : free.owner;
        out.push({
          rule: 'dentry/prune-frees',
          precision: precisionOf(free),
          certainty: free.conditional ? 'may' : 'must',
          message: `'${object}'${free.type !== '' && free.owner !== '' ? ` (${free.type})` : ''} hangs on the dentry and ${free.conditional ? 'may be' : 'is'} freed by '${site.what}()' in ->d_prune(), while a lockless lookup can still find the dentry; free it in ->d_release()`,
          fn: r.fn.id,
          op: free.op,
          entry: entryMethod(cx.analysis, r.origin),
          held: [],
          rcu: 'none',
          trace: [
            originStep(cx, r.origin),
            ...site.steps,
            step('free', site.fn, site.op, `${site.what}() frees it; the dentry is still hashed`),
            step(
              'other-side',
              r.fn,
              free.op,
              'a lookup in RCU-walk finds the dentry before it is unhashed and follows the pointer',
              1,
            ),
          ],
          objectClass: object,
        });
      }
    }
    return out;
  },
};

function precisionOf(free: FreeEffect): Draft['precision'] {
  // Taken off the dentry first and freed after a grace period: nobody can meet freed memory
  return free.how !== 'now' && free.unpublished.length > 0 ? 'low' : 'high';
}
