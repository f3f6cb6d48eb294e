/**
 * rcu/unstable-parent: in RCU-walk nothing keeps a dentry under its parent, and nothing keeps the parent positive. d_parent is read
 * once, its inode with d_inode_rcu(), and that value is tested. Reported: a plain read of the parent's inode whose value is then used,
 * also under the child's d_lock, which keeps the parent's inode only where the child is known to live; a use of a value that was never
 * tested; and a parent that is read more than once.
 */
import type { TraceStep } from '../../base/finding.js';
import type { Entry } from '../../contexts/entry-points.js';
import type { FunctionRef } from '../../program/program.js';
import { Handed } from '../lockless.js';
import { Mentions } from '../mentions.js';
import { type Draft, entryMethod, pathTo, type Rule, type RuleContext, step } from '../rule.js';
import { type SectionRead, sectionReads } from '../section-reads.js';
import { type Spot, type WalkSituation, walkPath, walkReads, walkSituations } from '../walk-reads.js';

const ID = 'rcu/unstable-parent';

/** The rule. */
export const unstableParent: Rule = {
  info: {
    id: ID,
    summary: "A dentry's parent, or the parent's inode, is read plainly or used untested in RCU-walk.",
    law: 'In RCU-walk d_parent is read once (READ_ONCE()) and its inode with d_inode_rcu() and a test for NULL.',
    severity: 'error',
    precision: 'high',
    onByDefault: true,
    fixable: true,
  },
  check(cx) {
    const out: Draft[] = [];
    const handed = new Handed(cx);
    const situations = walkSituations(cx);
    for (const fn of cx.functions) {
      if (!READS_PARENT.in(fn)) continue;
      if (!situations.has(fn.id)) cx.silence?.(ID, fn, -1, 'no RCU-walk is known to enter the function');
      const seen = new Set<number>();
      for (const situation of situations.get(fn.id) ?? []) {
        for (const d of look(cx, fn, situation, handed)) {
          if (seen.has(d.op)) continue;
          seen.add(d.op);
          out.push(d);
        }
      }
      const entries = cx.analysis.propagation?.entries[fn.id] ?? [];
      for (let i = 0; i < entries.length; i++)
        for (const read of sectionReads(cx, fn, entries[i] as Entry, 'parent')) {
          if (seen.has(read.op)) continue;
          seen.add(read.op);
          out.push(inSection(cx, fn, entries[i] as Entry, i, read));
        }
    }
    return out;
  },
};

/** A plain read in a read section outside of RCU-walk. */
function inSection(cx: RuleContext, fn: FunctionRef, entry: Entry, index: number, read: SectionRead): Draft {
  return {
    rule: 'rcu/unstable-parent',
    // A copy that is tested is as good as one that was read with READ_ONCE(), as long as the compiler makes only one
    precision: read.tested ? 'medium' : 'high',
    certainty: 'must',
    message: `the inode of the parent ('${read.text}') is read plainly under rcu_read_lock() alone: it can turn NULL at any time; read it once with d_inode_rcu() and test the value`,
    fn: fn.id,
    op: read.op,
    entry: entryMethod(cx.analysis, cx.analysis.propagation?.origins[entry.origins[0] ?? -1]),
    held: [],
    rcu: 'read',
    trace: [
      ...pathTo(cx, fn, index),
      step('access', fn, read.op, `reads d_inode of '${read.text}'`),
      step('access', fn, read.use.op, 'uses the inode'),
      step(
        'other-side',
        fn,
        read.op,
        'rename moves the child away and drops its reference to the parent; rmdir and the last dput() clear its d_inode',
        1,
      ),
    ],
    objectClass: 'dentry::d_inode',
  };
}

const READS_PARENT = new Mentions(['d_parent']);

function look(cx: RuleContext, fn: FunctionRef, situation: WalkSituation, handed: Handed): Draft[] {
  const { entry } = situation;
  const reads = walkReads(cx, fn, entry);
  if (reads.parents.size === 0)
    cx.silence?.(ID, fn, -1, 'RCU-walk does not come to a read of d_parent here that is followed');
  if (reads.pinsParent) {
    cx.silence?.(ID, fn, -1, 'a reference to the parent is taken: that is the law of rcu/walk-reference');
    return [];
  }
  const out: Draft[] = [];
  const origin = cx.analysis.propagation?.origins[entry.origins[0] ?? -1];
  const method = origin === undefined ? '' : `->${origin.method}()`;
  const draft = (
    op: number,
    message: string,
    steps: readonly TraceStep[],
    objectClass: string,
    precision: 'high' | 'medium' = 'high',
  ): Draft => ({
    rule: ID,
    precision,
    certainty: precision === 'high' ? 'must' : 'may',
    message,
    fn: fn.id,
    op,
    entry: entryMethod(cx.analysis, origin),
    held: [],
    rcu: 'walk',
    trace: [...walkPath(cx, fn, situation), ...steps],
    objectClass,
  });
  const dying = (op: number): TraceStep => ({
    ...step(
      'other-side',
      fn,
      op,
      'the last dput() of the child drops its parent, and rmdir and the last dput() of that one clear its d_inode',
    ),
    side: 1,
  });
  const done = new Set<number>();
  for (const [value, read] of reads.plain) {
    const use = reads.uses.get(value);
    if (use === undefined || !read.ofParent) continue;
    done.add(value);
    out.push({
      ...draft(
        read.op,
        `the inode of the parent ('${read.text}') is read plainly in RCU-walk of ${method}${read.underLock ? ", under the child's d_lock but with no test that the child is alive" : ''}: it can turn NULL at any time; read it once with d_inode_rcu() and test the value`,
        [
          step('access', fn, read.op, `reads d_inode of '${read.text}'`),
          step('access', fn, use.op, 'uses the inode'),
          dying(read.op),
        ],
        'dentry::d_inode',
      ),
      fix: { kind: 'inode-rcu', fn: fn.id, op: read.op, tested: reads.untested.get(value) === undefined },
    });
  }
  const untested = (use: Spot): Draft =>
    draft(
      use.op,
      `'${use.text}', the inode of a parent, was read in RCU-walk of ${method} and is used without a test for NULL`,
      [step('access', fn, use.op, `uses '${use.text}'`), dying(use.op)],
      'dentry::d_inode',
    );
  for (const [value, use] of reads.untested)
    if (use.ofParent && !done.has(value)) {
      done.add(value);
      out.push(untested(use));
    }
  for (const use of reads.handed) {
    const { source } = use;
    if (source.kind !== 'inode' || !source.spot.ofParent || done.has(source.value)) continue;
    if (!handed.dereferenced(use.callee, true).has(use.position)) continue;
    done.add(source.value);
    out.push(untested(use));
  }
  for (const spots of reads.parents.values()) {
    const [first, second] = spots;
    if (first === undefined || second === undefined || out.length > 0) continue;
    out.push(
      draft(
        second.op,
        `d_parent of '${second.text}' is read again in RCU-walk of ${method}: rename may have moved the dentry meanwhile; read it once with READ_ONCE()`,
        [
          step('access', fn, first.op, `follows d_parent of '${first.text}'`),
          step('access', fn, second.op, 'follows it again'),
          { ...step('other-side', fn, second.op, 'rename gives the dentry another parent'), side: 1 },
        ],
        'dentry::d_parent',
        'medium',
      ),
    );
  }
  return out;
}
