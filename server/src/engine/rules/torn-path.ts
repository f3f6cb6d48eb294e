/**
 * Ways up to the root that take a dentry's name under its d_lock and ask for its parent after that: a rename between the two gives a path
 * that never was. By the text of the function and the locks that all its situations bring. Part of dentry/unstable-parent.
 */
import { calledName } from '../contexts/cfg.js';
import type { Entry } from '../contexts/entry-points.js';
import { readsOf } from '../contexts/operands.js';
import { EXPR_STRIDE, X } from '../facts/encode.js';
import type { FunctionRef } from '../program/program.js';
import { Mentions } from './mentions.js';
import { localOf, storedVariable } from './pointer-text.js';
import { operationsOf, visitExpressions } from './replay.js';
import { type Draft, entryMethod, heldOf, pathTo, type RuleContext, rcuOf, step } from './rule.js';
import { Ways } from './ways.js';

const ASKS = 'dget_parent';
const GIVES_BACK = 'spin_unlock';
const LOCK = 'd_lock';
const NAME = 'd_name';

const PARENT = new Mentions([ASKS]);
const LOCKS = new Mentions([LOCK]);
const NAMES = new Mentions([NAME]);
/** Who looks at these sees to it by itself that name and parent belong together. */
const SEES_TO_IT = new Mentions(['rename_lock', 'd_parent']);

/** A name, and the parent that is asked for after the lock was given back. */
interface Torn {
  readonly name: number;
  readonly unlock: number;
  readonly parent: number;
}

/** Findings of paths that are put together from names and parents of different times. */
export function tornPaths(cx: RuleContext, fn: FunctionRef): Draft[] {
  if (!PARENT.in(fn) || !LOCKS.in(fn) || !NAMES.in(fn) || SEES_TO_IT.in(fn)) return [];
  const { propagation } = cx.analysis;
  const entries = propagation?.entries[fn.id] ?? [];
  const index = entries.findIndex((e) => !e.walk && !e.locks.some(keepsPaths));
  const torn = index < 0 ? null : tornIn(fn);
  if (torn === null) return [];
  const entry = entries[index] as Entry;
  const origin = propagation?.origins[entry.origins[0] ?? -1];
  const brought = entry.locks.map((lock) => ({ lock, text: propagation?.show(fn.id, lock.place) ?? '' }));
  return [
    {
      rule: 'dentry/unstable-parent',
      precision: 'high',
      certainty: 'must',
      message: `the parent is asked for after d_lock was given back, under which the name was taken: a rename between the two gives a path that never was; ask for the parent first, and compare it with d_parent under d_lock`,
      fn: fn.id,
      op: torn.parent,
      entry: entryMethod(cx.analysis, origin),
      held: heldOf(cx, fn, brought),
      rcu: rcuOf(entry, brought),
      trace: [
        ...pathTo(cx, fn, index),
        step('access', fn, torn.name, 'takes the name under d_lock'),
        step('release', fn, torn.unlock, 'gives d_lock back'),
        step('access', fn, torn.parent, 'asks for the parent, and goes on with it'),
        step(
          'other-side',
          fn,
          torn.unlock,
          'rename(2) moves the dentry to another directory, under another name',
          1,
        ),
      ],
      objectClass: 'dentry::d_parent',
    },
  ];
}

/** Whether a lock keeps all dentries of a superblock where they are. */
function keepsPaths(l: Entry['locks'][number]): boolean {
  return !l.may && (l.class.endsWith('rename_lock') || l.class.endsWith('::s_vfs_rename_mutex'));
}

function tornIn(fn: FunctionRef): Torn | null {
  const ways = new Ways(fn);
  const ops = operationsOf(fn);
  for (const parent of ops) {
    if (calledName(fn, parent) !== ASKS) continue;
    const variable = localOf(fn, readsOf(fn, parent)[1] ?? -1);
    if (variable < 0) continue;
    const stores = ops.filter((op) => storedVariable(fn, op) === variable);
    // On the way up it goes on with the parent
    if (!stores.some((op) => ways.isAfter(parent, op) && ways.isAfter(op, parent))) continue;
    const unlocks = ops.filter((op) => calledName(fn, op) === GIVES_BACK && isLockOf(fn, op, variable));
    const ends = new Set([...stores, ...unlocks]);
    for (const name of ops) {
      if (!namesOf(fn, name, variable) || !isLocked(fn, ways, ops, name, variable)) continue;
      for (const unlock of unlocks)
        if (comes(ways, name, unlock, ends) && comes(ways, unlock, parent, ends))
          return { name, unlock, parent };
    }
  }
  return null;
}

/** Whether d_lock of a variable was taken before an operation, and not given back on all ways since. */
function isLocked(
  fn: FunctionRef,
  ways: Ways,
  ops: readonly number[],
  at: number,
  variable: number,
): boolean {
  const takes = ops.filter((op) => calledName(fn, op).startsWith('spin_lock') && isLockOf(fn, op, variable));
  const gives = new Set(
    ops.filter(
      (op) =>
        storedVariable(fn, op) === variable ||
        (calledName(fn, op) === GIVES_BACK && isLockOf(fn, op, variable)),
    ),
  );
  return takes.some((op) => comes(ways, op, at, gives));
}

/** Whether control can come from one operation to another without one of those that end the way. */
function comes(ways: Ways, from: number, to: number, ends: ReadonlySet<number>): boolean {
  const walk = (block: number, after: number): 'there' | 'ended' | 'through' => {
    for (const op of ways.opsOf(block)) {
      if (op <= after) continue;
      if (op === to) return 'there';
      if (ends.has(op)) return 'ended';
    }
    return 'through';
  };
  const first = ways.blockOf(from);
  const start = walk(first, from);
  if (start !== 'through') return start === 'there';
  const seen = new Set(ways.after(first));
  for (const block of seen) {
    const result = walk(block, -1);
    if (result === 'there') return true;
    if (result === 'through') for (const next of ways.after(block)) seen.add(next);
  }
  return false;
}

/** Whether an operation reads the name of the dentry in a local variable. */
function namesOf(fn: FunctionRef, op: number, variable: number): boolean {
  let is = false;
  for (const e of readsOf(fn, op))
    visitExpressions(fn.file, e, (x, kind) => {
      if (kind === X.Field && isMember(fn, x, variable, NAME)) is = true;
    });
  return is;
}

/** Whether a call gets the d_lock of the dentry in a local variable. */
function isLockOf(fn: FunctionRef, op: number, variable: number): boolean {
  const { exprs } = fn.file;
  const e = readsOf(fn, op)[1] ?? -1;
  return (
    e >= 0 &&
    (exprs[e * EXPR_STRIDE] as X) === X.Addr &&
    isMember(fn, exprs[e * EXPR_STRIDE + 1] as number, variable, LOCK)
  );
}

/** Whether an expression is a member of what a local variable points at. */
function isMember(fn: FunctionRef, e: number, variable: number, member: string): boolean {
  const { exprs, strings } = fn.file;
  return (
    (exprs[e * EXPR_STRIDE] as X) === X.Field &&
    strings[exprs[e * EXPR_STRIDE + 2] as number] === member &&
    localOf(fn, exprs[e * EXPR_STRIDE + 1] as number) === variable
  );
}
