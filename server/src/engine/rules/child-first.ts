/**
 * The d_lock of a dentry's parent is waited for inside the dentry's own: the VFS takes them from the root down (6.12:fs/dcache.c:68), so
 * that another task that goes down holds the parent's and waits for this one. Part of lock/order.
 */
import { calledName } from '../contexts/cfg.js';
import { readsOf } from '../contexts/operands.js';
import type { FunctionResult } from '../contexts/result.js';
import { T } from '../contexts/terms.js';
import type { FunctionRef } from '../program/program.js';
import { Mentions } from './mentions.js';
import { anyhow, OfSituations, watch } from './replay.js';
import { type Draft, lockExpression, type RuleContext, step, WIDENED } from './rule.js';

const ID = 'lock/order';
const CLASS = 'dentry::d_lock';
const LOCK = new Mentions(['d_lock']);
const PARENT = new Mentions(['d_parent']);

interface Spot {
  readonly op: number;
  readonly firstOp: number;
  readonly child: string;
  readonly parent: string;
}

const SPOTS = new OfSituations<readonly Spot[]>();

/** Parents that are locked inside their children. */
export function childrenFirst(cx: RuleContext): Draft[] {
  const out: Draft[] = [];
  for (const fn of cx.functions) {
    const result = cx.analysis.results[fn.id];
    if (result === undefined || fn.isMacro || !LOCK.in(fn) || !PARENT.in(fn)) continue;
    if (result.widened) {
      cx.silence?.(ID, fn, -1, WIDENED);
      continue;
    }
    for (const s of spotsIn(cx, fn, result)) {
      const child = `'${lockExpression(s.child)}'`;
      const parent = `'${lockExpression(s.parent)}'`;
      out.push({
        rule: ID,
        precision: 'high',
        certainty: 'must',
        message: `waits for ${parent} inside ${child}, the lock of a child: the VFS takes the parent's first, and so another task can wait for this one for ever`,
        fn: fn.id,
        op: s.op,
        entry: null,
        held: [],
        rcu: 'none',
        trace: [
          step('acquire', fn, s.firstOp, `takes ${child}`),
          step('acquire', fn, s.op, `waits for ${parent} inside it`),
          { ...step('other-side', fn, s.op, `a task that goes down the tree has ${parent}`), side: 1 },
          { ...step('other-side', fn, s.firstOp, `and waits for ${child}`), side: 1 },
        ],
        objectClass: CLASS,
      });
    }
  }
  return out;
}

function spotsIn(cx: RuleContext, fn: FunctionRef, result: FunctionResult): readonly Spot[] {
  const at = anyhow(result);
  return SPOTS.of(cx.analysis, fn, at, () => {
    const found = new Map<number, Spot>();
    const { helpers } = cx.analysis.model;
    const waits = (op: number): boolean =>
      helpers.get(calledName(fn, op))?.acquires?.some((a) => a.kind === 'spin' && (a.when ?? '') === '') ===
      true;
    watch(cx.analysis, fn, at, waits, (run, op, s) => {
      const { terms } = run;
      const lock = readsOf(fn, op)[1];
      if (lock === undefined || found.has(op)) return;
      const value = run.ev.value(s, lock);
      const place = terms.kind(value) === T.Addr ? terms.a(value) : -1;
      if (place < 0 || terms.kind(place) !== T.FieldP || terms.nameText(terms.b(place)) !== 'd_lock') return;
      const parent = terms.a(place);
      const load = run.snapshots.get(parent) ?? parent;
      if (terms.kind(load) !== T.Load || terms.lastField(load) !== 'd_parent') return;
      const member = terms.a(load);
      if (terms.kind(member) !== T.FieldP) return;
      const own = terms.fieldP(terms.a(member), terms.name('d_lock'));
      const first = s.locks.find((l) => l.place === own && l.class === CLASS && !l.may && l.fn === fn.id);
      if (first === undefined) return;
      found.set(op, {
        op,
        firstOp: first.op,
        child: run.showPlace(own),
        parent: run.showPlace(place),
      });
    });
    return [...found.values()].sort((a, b) => a.op - b.op);
  });
}
