/**
 * rename/atomic-move: d_move() and d_exchange() take rename_lock and then d_locks, so they are not called under any d_lock, nor under
 * rename_lock, nor under a lock that code takes inside one of these: there the two orders meet. That they do not sleep themselves is no
 * help. Which locks are taken inside is read from the code of the same directory, methods that the VFS calls in d_lock included.
 */
import type { TraceStep } from '../../base/finding.js';
import { calledName, fnColumn } from '../../contexts/cfg.js';
import type { Entry } from '../../contexts/entry-points.js';
import { type Lock, type State, sameLock } from '../../contexts/state.js';
import { Fn, OP_STRIDE, Op } from '../../facts/encode.js';
import type { LockKind } from '../../model/types.js';
import type { FunctionRef } from '../../program/program.js';
import { heldShown, surelyHeld } from '../holding.js';
import { CALLS_MOVER, MOVERS } from '../moves.js';
import { OfSituations, watch } from '../replay.js';
import {
  type Draft,
  entryMethod,
  lockExpression,
  pathTo,
  type Rule,
  type RuleContext,
  step,
} from '../rule.js';

const ID = 'rename/atomic-move';
const D_LOCK = 'dentry::d_lock';
const RENAME_LOCK = 'rename_lock';

/** Locks that spin: others cannot be taken inside d_lock at all. */
const SPINS: ReadonlySet<LockKind> = new Set(['spin', 'rwlock', 'bit', 'seqwrite']);

/** The rule. */
export const atomicMove: Rule = {
  info: {
    id: ID,
    summary: 'A dentry is moved under a lock that is also taken inside d_lock or rename_lock.',
    law: 'd_move() and d_exchange() are not called under any d_lock, under rename_lock, or under a lock that is taken inside d_lock, rename_lock or a method called under them.',
    severity: 'error',
    precision: 'high',
    onByDefault: true,
    fixable: false,
  },
  check(cx) {
    const out: Draft[] = [];
    const inner = new Inner(cx);
    for (const fn of cx.functions) {
      if (!CALLS_MOVER.in(fn)) continue;
      const seen = new Set<string>();
      const entries = cx.analysis.propagation?.entries[fn.id] ?? [];
      for (const [i, entry] of entries.entries())
        for (const h of HELD.of(cx.analysis, fn, entry, () => heldAtMoves(cx, fn, entry))) {
          const key = `${h.op},${h.lock.class}`;
          if (seen.has(key)) continue;
          const why = whyNot(h.lock) ?? inner.of(fn.unit, h.lock.class);
          if (why === null) {
            cx.silence?.(
              ID,
              fn,
              h.op,
              `moved under '${h.text}', but nothing here takes ${h.lock.class} inside d_lock or rename_lock`,
            );
            continue;
          }
          seen.add(key);
          out.push(draftOf(cx, fn, i, entry, h, why));
        }
    }
    return out;
  },
};

/** A lock that is held for sure where something is moved. */
interface HeldThere {
  readonly op: number;
  readonly lock: Lock;
  readonly text: string;
  readonly held: Draft['held'];
}

const HELD = new OfSituations<readonly HeldThere[]>('itself', 'this run');

function heldAtMoves(cx: RuleContext, fn: FunctionRef, entry: Entry): readonly HeldThere[] {
  const found = new Map<string, HeldThere>();
  const moves = (op: number): boolean => MOVERS.has(calledName(fn, op));
  watch(cx.analysis, fn, entry, moves, (run, op, s) => {
    for (const lock of surelyHeld(run, entry, s)) {
      const key = `${op},${lock.place},${lock.kind}`;
      if (!SPINS.has(lock.kind) || found.has(key)) continue;
      found.set(key, {
        op,
        lock,
        text: lockExpression(run.showPlace(lock.place)),
        held: heldShown(cx, fn, run, entry, s, op),
      });
    }
  });
  return [...found.values()];
}

/** Why a lock may not be held around a move: how another thread takes it inside one that a move takes. */
interface Why {
  readonly message: string;
  readonly steps: readonly TraceStep[];
}

const DEADLOCK: readonly TraceStep[] = [];

/** The locks that a move takes itself. */
function whyNot(lock: Lock): Why | null {
  if (lock.class === RENAME_LOCK || lock.class.endsWith('::rename_lock'))
    return { message: 'which it takes itself', steps: DEADLOCK };
  if (lock.class === D_LOCK)
    return {
      message: 'and takes rename_lock, inside which others wait for a d_lock',
      steps: DEADLOCK,
    };
  return null;
}

/** Where a lock is taken inside d_lock or rename_lock. */
interface Taken {
  readonly fn: FunctionRef;
  readonly op: number;
  readonly entry: number;
  readonly outer: Lock;
  readonly outerText: string;
  readonly text: string;
}

/** The locks that functions of a directory take inside d_lock or rename_lock, by class. */
class Inner {
  private readonly known = new Map<string, ReadonlyMap<string, Taken>>();

  constructor(private readonly cx: RuleContext) {}

  of(unit: string, cls: string): Why | null {
    if (cls.startsWith('?') || cls === '') return null;
    let taken = this.known.get(unit);
    if (taken === undefined) {
      taken = this.find(unit);
      this.known.set(unit, taken);
    }
    const t = taken.get(cls);
    if (t === undefined) return null;
    const outer = t.outer.class === D_LOCK ? 'd_lock' : 'rename_lock';
    const steps = pathTo(this.cx, t.fn, t.entry, 1);
    if (t.outer.fn === t.fn.id) steps.push(step('acquire', t.fn, t.outer.op, `takes '${t.outerText}'`, 1));
    else steps.push(step('other-side', t.fn, -1, `runs with '${t.outerText}' held`, 1));
    steps.push(step('other-side', t.fn, t.op, `and waits for '${t.text}' inside it`, 1));
    return { message: `which '${t.fn.name}()' takes inside ${outer}`, steps };
  }

  private find(unit: string): ReadonlyMap<string, Taken> {
    const { analysis, all } = this.cx;
    const out = new Map<string, Taken>();
    for (const fn of all) {
      if (fn.isMacro || (fn.unit !== unit && !fn.isHeader)) continue;
      const entries = analysis.propagation?.entries[fn.id] ?? [];
      const acquires = [...(analysis.results[fn.id]?.acquires ?? [])];
      if (!acquires.some((a) => isInnerKind(a))) continue;
      const takesOuter = acquires.some((a) => isOuter(a.slice(0, a.indexOf('|'))));
      for (const [i, entry] of entries.entries()) {
        if (!takesOuter && !entry.locks.some((l) => !l.may && isOuter(l.class))) continue;
        if (fn.isHeader && !this.comesFrom(entry, unit)) continue;
        for (const t of TAKEN.of(analysis, fn, entry, () => takenInside(this.cx, fn, i, entry)))
          if (!out.has(t.cls)) out.set(t.cls, t.taken);
      }
    }
    return out;
  }

  /** Whether a situation of a function in a header begins in a directory. */
  private comesFrom(entry: Entry, unit: string): boolean {
    const { propagation, program } = this.cx.analysis;
    return entry.origins.some(
      (o) => program.functions[propagation?.origins[o]?.function ?? -1]?.unit === unit,
    );
  }
}

const TAKEN = new OfSituations<readonly { readonly cls: string; readonly taken: Taken }[]>(
  'itself',
  'this run',
);

function isOuter(cls: string): boolean {
  return cls === D_LOCK || cls === RENAME_LOCK;
}

/** Of a `class|kind`. */
function isInnerKind(acquired: string): boolean {
  const at = acquired.indexOf('|');
  return SPINS.has(acquired.slice(at + 1) as LockKind) && !isOuter(acquired.slice(0, at));
}

/** What a function takes, waiting for it, while it holds d_lock or rename_lock. */
function takenInside(
  cx: RuleContext,
  fn: FunctionRef,
  entryIndex: number,
  entry: Entry,
): readonly { readonly cls: string; readonly taken: Taken }[] {
  const found = new Map<string, { cls: string; taken: Taken }>();
  const isAny = (): boolean => true;
  watch(cx.analysis, fn, entry, isAny, (run, _, s) => {
    const held = surelyHeld(run, entry, s);
    for (const lock of s.locks) {
      if (lock.fn !== fn.id || lock.may || !SPINS.has(lock.kind) || isOuter(lock.class)) continue;
      if (lock.class.startsWith('?') || found.has(lock.class) || !isWaitedFor(cx, fn, lock.op)) continue;
      const outer = held.find((o) => isOuter(o.class) && isBefore(s, o, lock));
      if (outer === undefined) continue;
      found.set(lock.class, {
        cls: lock.class,
        taken: {
          fn,
          op: lock.op,
          entry: entryIndex,
          outer,
          outerText: lockExpression(run.showPlace(outer.place)),
          text: lockExpression(run.showPlace(lock.place)),
        },
      });
    }
  });
  return [...found.values()];
}

/** Whether one lock was held already when another one was taken: locks stand in the order in which they were taken. */
function isBefore(s: State, outer: Lock, lock: Lock): boolean {
  const at = s.locks.findIndex((l) => sameLock(l, outer));
  // What the caller brought, unless it was dropped and taken again meanwhile
  if (at < 0) return true;
  return at < s.locks.indexOf(lock);
}

/** Whether an operation waits for the lock that it takes: one that is only tried closes no circle. */
function isWaitedFor(cx: RuleContext, fn: FunctionRef, op: number): boolean {
  const kind = fn.file.ops[(fnColumn(fn.file, fn.index, Fn.FirstOp) + op) * OP_STRIDE] as Op;
  if (kind === Op.Guard) return true;
  const name = calledName(fn, op);
  const helper = cx.analysis.model.helpers.get(name);
  if (helper !== undefined)
    return helper.acquires?.some((l) => l.when === undefined || l.when === '') === true;
  // A function that returns with it: whether it waits is told by what it takes
  const callee = cx.analysis.program.resolve(name, fn.file);
  return callee !== null && (cx.analysis.results[callee.id]?.takes.length ?? 0) > 0;
}

function draftOf(
  cx: RuleContext,
  fn: FunctionRef,
  entryIndex: number,
  entry: Entry,
  h: HeldThere,
  why: Why,
): Draft {
  const name = calledName(fn, h.op);
  const taker = h.lock.fn >= 0 ? cx.analysis.program.functions[h.lock.fn] : undefined;
  const path = pathTo(cx, fn, entryIndex);
  return {
    rule: ID,
    precision: 'high',
    certainty: 'must',
    message: `'${name}()' is called under '${h.text}' (${h.lock.class}), ${why.message}`,
    fn: fn.id,
    op: h.op,
    entry: entryMethod(cx.analysis, cx.analysis.propagation?.origins[entry.origins[0] ?? -1]),
    held: h.held,
    rcu: 'none',
    trace: [
      ...path,
      ...(taker === undefined ? [] : [step('acquire', taker, h.lock.op, `takes '${h.text}'`)]),
      step(
        'access',
        fn,
        h.op,
        `'${name}()' waits for rename_lock, then for the d_locks of both dentries and their parents`,
      ),
      ...(why.steps.length > 0
        ? why.steps
        : [
            step(
              'other-side',
              fn,
              h.op,
              'another move holds rename_lock and waits for the very d_lock, as does a walk over the tree (d_walk(), d_path())',
              1,
            ),
          ]),
    ],
    objectClass: h.lock.class,
  };
}
