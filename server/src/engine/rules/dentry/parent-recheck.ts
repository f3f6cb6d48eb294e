/**
 * dentry/parent-recheck: a parent that was found through a child is locked, and while that lock was waited for the child may have been
 * moved: before the child is removed or renamed there, it is asked again whose child it is. Followed on each path, also where a
 * callee locks or asks.
 */
import { calledName, fnColumn } from '../../contexts/cfg.js';
import type { Entry } from '../../contexts/entry-points.js';
import type { FunctionRun } from '../../contexts/flow.js';
import { readsOf } from '../../contexts/operands.js';
import type { Lock, State } from '../../contexts/state.js';
import { T } from '../../contexts/terms.js';
import { Fn, OP_STRIDE, Op } from '../../facts/encode.js';
import type { Model } from '../../model/types.js';
import type { FunctionRef } from '../../program/program.js';
import { Moves } from '../dentry-stability.js';
import { ofOne } from '../kept.js';
import { Mentions } from '../mentions.js';
import { OfSituations, replay, visitExpressions } from '../replay.js';
import { type Draft, entryMethod, pathTo, type Rule, type RuleContext, rcuOf, step } from '../rule.js';

const ID = 'dentry/parent-recheck';

/** The rule. */
export const parentRecheck: Rule = {
  info: {
    id: ID,
    summary:
      'A parent found through a child is locked, and the child is removed there without asking whose child it is now.',
    law: 'After waiting for the lock of a parent that was found through d_parent, child->d_parent == parent (or that the child is hashed) is tested again before the child is changed there.',
    severity: 'error',
    precision: 'high',
    onByDefault: true,
    fixable: true,
  },
  check(cx) {
    const out: Draft[] = [];
    const { propagation } = cx.analysis;
    if (propagation === null) return out;
    const asks = new Mentions(['dget_parent', 'd_parent']);
    const changes = new Mentions(changers(cx.analysis.model));
    const moves = new Moves(cx);
    for (const fn of cx.functions) {
      if (!asks.in(fn) || !changes.in(fn)) continue;
      if (!moves.canMove(fn.unit)) {
        cx.silence?.(ID, fn, -1, 'nothing in this filesystem renames or moves a dentry');
        continue;
      }
      const entries = propagation.entries[fn.id] ?? [];
      const seen = new Set<number>();
      for (let i = 0; i < entries.length; i++)
        for (const change of CHANGES.of(cx.analysis, fn, entries[i] as Entry, () =>
          changesIn(cx, fn, entries[i] as Entry),
        )) {
          if (seen.has(change.op)) continue;
          seen.add(change.op);
          out.push(draft(cx, fn, entries[i] as Entry, i, change));
        }
    }
    return out;
  },
};

/** Helpers of the model that change a child of a directory that their caller has locked. */
const changers = ofOne(({ helpers }: Model): readonly string[] => {
  const out: string[] = [];
  for (const h of helpers.values())
    if (
      h.params.includes('dentry') &&
      h.requires?.some((r) => r.lock === 'dir->i_rwsem' && r.mode === 'exclusive') === true
    )
      out.push(h.name);
  return out;
});

/** A change of a child whose parent was not asked for again. */
interface Change {
  readonly op: number;
  readonly callee: string;
  /** The child among its arguments. */
  readonly position: number;
  readonly child: string;
  readonly parent: string;
  /** Where the parent was locked. */
  readonly lock: { readonly fn: number; readonly op: number };
}

const CHANGES = new OfSituations<readonly Change[]>();

function changesIn(cx: RuleContext, fn: FunctionRef, entry: Entry): readonly Change[] {
  const out = new Map<number, Change>();
  /** Parents, and the children that they were found through. */
  const found = new Map<number, number>();
  /** Children that were asked again, by number in the trail. */
  const bits = new Map<number, number>();
  const { helpers } = cx.analysis.model;
  replay(cx.analysis, fn, entry, (run, op, s) => {
    const name = calledName(fn, op);
    const exprs = readsOf(fn, op);
    const args = exprs.slice(1).map((e) => run.ev.value(s, e));
    if (name === 'dget_parent' && args[0] !== undefined) found.set(run.terms.fresh(op), args[0]);
    for (const e of exprs) {
      const parent = run.ev.value(s, e);
      const child = childOf(run, parent);
      if (child >= 0) found.set(parent, child);
    }
    let { trail } = s;
    for (const child of new Set(found.values()))
      if (asksAgain(run, op, s, name, args, exprs, child)) {
        if (!bits.has(child)) bits.set(child, bits.size % 30);
        trail |= 1 << (bits.get(child) as number);
      }
    const helper = helpers.get(name);
    const at = helper?.params.indexOf('dentry') ?? -1;
    const child = args[at];
    if (child === undefined || helper?.requires?.some((r) => r.lock === 'dir->i_rwsem') !== true)
      return trail;
    const bit = bits.get(child);
    if (bit !== undefined && (trail & (1 << bit)) !== 0) {
      cx.silence?.(
        ID,
        fn,
        op,
        `whose child '${run.showPlace(child)}' is was asked again before, under a lock`,
      );
      return trail;
    }
    if (
      cx.silence !== undefined &&
      ![...found].some(([parent, of]) => of === child && s.locks.some((l) => isOf(run, l, parent)))
    )
      cx.silence(
        ID,
        fn,
        op,
        `no lock is held here for sure that was taken of a parent found through '${run.showPlace(child)}'`,
      );
    for (const [parent, of] of found) {
      if (of !== child) continue;
      const lock = s.locks.find((l) => isOf(run, l, parent));
      if (lock === undefined || lock.op < 0 || out.has(op)) continue;
      out.set(op, {
        op,
        callee: name,
        position: at,
        child: run.showPlace(child),
        parent: run.showPlace(parent),
        lock: { fn: lock.fn, op: lock.op },
      });
    }
    return trail;
  });
  return [...out.values()];
}

/** Whether a lock is i_rwsem of a dentry's inode, held exclusively for sure. */
function isOf(run: FunctionRun, lock: Lock, parent: number): boolean {
  const { terms } = run;
  if (lock.may || lock.shared) return false;
  const inode = terms.load(terms.fieldP(parent, terms.name('d_inode')));
  return lock.place === terms.fieldP(inode, terms.name('i_rwsem'));
}

/** Helpers that tell of a dentry whether it is still where it was. */
const TELLS = new Set(['d_unhashed', 'IS_ROOT', 'd_unlinked']);

/** Whether an operation, or what is known by now, says whose child a dentry is. */
function asksAgain(
  run: FunctionRun,
  op: number,
  s: State,
  name: string,
  args: readonly number[],
  exprs: readonly number[],
  child: number,
): boolean {
  const { terms } = run;
  if (TELLS.has(name) && args.includes(child)) return s.locks.length > 0;
  const place = terms.fieldP(child, terms.name('d_parent'));
  const load = terms.load(place);
  for (let i = 0; i < s.facts.length; i += 2) {
    const t = s.facts[i] as number;
    if (terms.kind(t) === T.Bin && terms.contains(t, load)) return true;
  }
  const { file, index } = run.fn;
  const kind = file.ops[(fnColumn(file, index, Fn.FirstOp) + op) * OP_STRIDE] as Op;
  if ((kind !== Op.Branch && kind !== Op.Set) || s.locks.length === 0) return false;
  let asks = false;
  for (const e of exprs)
    visitExpressions(file, e, (x) => {
      if (run.ev.place(s, x) === place) asks = true;
    });
  return asks;
}

/** The dentry whose d_parent a value is, or -1. */
function childOf(run: FunctionRun, value: number): number {
  const { terms } = run;
  if (terms.kind(value) !== T.Load) return -1;
  const place = terms.a(value);
  if (terms.kind(place) !== T.FieldP || terms.nameText(terms.b(place)) !== 'd_parent') return -1;
  return terms.a(place);
}

function draft(cx: RuleContext, fn: FunctionRef, entry: Entry, index: number, c: Change): Draft {
  const origin = cx.analysis.propagation?.origins[entry.origins[0] ?? -1];
  return {
    rule: ID,
    precision: 'high',
    certainty: 'must',
    message: `'${c.callee}()' gets '${c.child}' as a child of '${c.parent}', which was locked after it was found as its parent: '${c.child}' may have been moved meanwhile; test d_parent again`,
    fn: fn.id,
    op: c.op,
    entry: entryMethod(cx.analysis, origin),
    held: [],
    rcu: rcuOf(entry, []),
    trace: [
      ...pathTo(cx, fn, index),
      ...lockSteps(cx, c),
      step('access', fn, c.op, `'${c.callee}()' changes '${c.child}' there`),
      step('other-side', fn, c.op, `rename(2) moves '${c.child}' away while the lock is waited for`, 1),
    ],
    objectClass: 'dentry::d_parent',
    ...(c.lock.fn === fn.id
      ? {
          fix: {
            kind: 'still-child',
            fn: fn.id,
            op: c.op,
            locked: c.lock.op,
            position: c.position,
          } as const,
        }
      : {}),
  };
}

/** Where the parent is locked, down into the callee that does. */
function lockSteps(cx: RuleContext, c: Change): Draft['trace'] {
  const { program, results } = cx.analysis;
  const out: Draft['trace'][number][] = [];
  let { fn: at, op } = c.lock;
  for (let depth = 0; depth < 20; depth++) {
    const fn = program.functions[at];
    if (fn === undefined) break;
    const edge = results[at]?.edges.find((e) => e.op === op);
    const take =
      edge === undefined
        ? undefined
        : results[edge.callee]?.takes.find((t) => t.lock.class === 'inode::i_rwsem');
    out.push(
      edge === undefined || take === undefined
        ? step('acquire', fn, op, 'waits for the i_rwsem of the parent')
        : step('call', fn, op, `calls '${calledName(fn, op)}()'`),
    );
    if (edge === undefined || take === undefined) break;
    at = edge.callee;
    op = take.op;
  }
  return out;
}
