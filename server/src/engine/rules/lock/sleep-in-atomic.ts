/**
 * lock/sleep-in-atomic: nothing sleeps under a spinlock, rwlock, bit lock, seqlock writer, with preemption off or in an
 * RCU read section. Two ways to get there: a lock that the function (or a callee that returned with it) took, and a
 * context that a method or callback is entered in.
 */

import { calledName } from '../../contexts/cfg.js';
import { FunctionRun } from '../../contexts/flow.js';
import { entryAtomic } from '../../contexts/propagate.js';
import type { LocalEvent, ShownLock, SleepEffect } from '../../contexts/result.js';
import { isAtomicKind, namelessWord } from '../../model/lock-kinds.js';
import type { LockKind } from '../../model/types.js';
import type { FunctionRef } from '../../program/program.js';
import { contextSleeps, isAtomicDentryMethod } from '../context-sleeps.js';
import { isNotLast, OwnPuts } from '../last-put.js';
import { calleesByOp } from '../lockless.js';
import { PointerText } from '../pointer-text.js';
import { isReleasing } from '../releases.js';
import { operationsOf } from '../replay.js';
import {
  type Draft,
  heldOf,
  lineOf,
  lockName,
  type Rule,
  type RuleContext,
  rcuOf,
  sleepLeaf,
  sleepPath,
  sleepsBelow,
  step,
  WIDENED,
} from '../rule.js';
import { Ways } from '../ways.js';

const ID = 'lock/sleep-in-atomic';

/** A lock of the VFS that is waited for, as the end of a path. */
const OBJECT_LOCK = /(?:->|\.)(?:i_rwsem|s_umount)$/;

/** The rule. */
export const sleepInAtomic: Rule = {
  info: {
    id: 'lock/sleep-in-atomic',
    summary: 'Something that may sleep is called where sleeping is forbidden.',
    law: 'Nothing sleeps under a spinlock, rwlock, bit lock or seqlock writer, with preemption off, or in an RCU read section.',
    severity: 'error',
    precision: 'high',
    onByDefault: true,
    fixable: true,
  },
  check(cx) {
    return [...localSleeps(cx), ...enteredAtomic(cx)];
  },
};

/** A sleep with a lock held, and whether it is certain that it sleeps with one that is known. */
interface Sleep {
  readonly e: Extract<LocalEvent, { kind: 'sleep' }>;
  readonly shown: ShownLock;
  readonly leaf: string;
  readonly isSure: boolean;
}

/** A lock taken here is still held at the call. */
function localSleeps(cx: RuleContext): Draft[] {
  const out: Draft[] = [];
  const text = new PointerText(cx);
  const own = new OwnPuts(cx, text);
  for (const fn of cx.functions) {
    const result = cx.analysis.results[fn.id];
    if (result === undefined) continue;
    if (result.widened) {
      cx.silence?.(ID, fn, -1, WIDENED);
      continue;
    }
    if (cx.silence !== undefined) noteSilences(cx, fn);
    // One finding for a lock: the first sleep under it, or one that is surer and comes with nothing given back between
    const chosen = new Map<string, Sleep>();
    for (const e of result.events) {
      if (e.kind !== 'sleep') continue;
      const shown = e.held.find((h) => isAtomicKind(h.lock.kind) && !h.lock.may) as ShownLock;
      const leaf = sleepLeaf(cx, e.what, e.via);
      if (isPutOff(cx, leaf, e.held)) {
        cx.silence?.(
          ID,
          fn,
          e.op,
          `'${leaf}()' puts off what it would sleep for: bottom halves are off here`,
        );
        continue;
      }
      if (faultsAreOff(cx, leaf, e.held)) {
        cx.silence?.(ID, fn, e.op, `'${leaf}()' fails and does not sleep: page faults are switched off here`);
        continue;
      }
      if (isNotLast(text, fn, e.op)) {
        cx.silence?.(
          ID,
          fn,
          e.op,
          `'${e.what}()' gives back no last reference: the pointer is followed after it`,
        );
        continue;
      }
      if (own.isAllAt(fn, e.op)) {
        cx.silence?.(
          ID,
          fn,
          e.op,
          `what '${e.what}()' gives back was taken just before: it is not the last reference`,
        );
        continue;
      }
      // A touch of user memory hangs on no flag that somebody passed: it sleeps wherever it is come to
      const isSure =
        (e.certain || cx.analysis.model.helpers.get(leaf)?.faults === true || locksAnObject(cx, e.via)) &&
        !shown.lock.class.startsWith('?');
      // In another turn of a loop the lock may go by another name
      const { lock } = shown;
      const key = lock.op >= 0 ? `taken ${lock.fn},${lock.op}` : `${lock.place}`;
      const old = chosen.get(key);
      const isSurer = old !== undefined && isSure && !old.isSure && isStillHeld(cx, fn, shown.lock.op, e.op);
      const other = old === undefined ? null : isSurer ? old.e : e;
      if (old === undefined || isSurer) chosen.set(key, { e, shown, leaf, isSure });
      if (other !== null && other.op !== chosen.get(key)?.e.op)
        cx.silence?.(
          ID,
          fn,
          other.op,
          `'${other.what}()' may sleep under a lock under which a sleep is reported already`,
        );
    }
    for (const { e, shown, leaf, isSure } of chosen.values()) {
      const where = lockName(shown);
      out.push({
        rule: 'lock/sleep-in-atomic',
        precision: isSure ? 'high' : 'medium',
        certainty: e.certain ? 'must' : 'may',
        message: `'${e.what}()' may sleep${leaf !== e.what ? ` (in '${leaf}()')` : ''} with ${where}${namelessWord(shown.lock.kind) !== undefined ? '' : ' held'}, taken at line ${lineOf(fn, shown.lock.op)}`,
        fn: fn.id,
        op: e.op,
        entry: null,
        held: heldOf(cx, fn, e.held),
        rcu: rcuOf(null, e.held),
        trace: [
          step('acquire', fn, shown.lock.op, `takes ${where}`),
          ...sleepPath(cx, fn, e.op, e.what, e.via),
        ],
        objectClass: shown.lock.class,
        ...(e.via < 0 ? { fix: { kind: 'atomic-allocation', fn: fn.id, op: e.op } as const } : {}),
      });
    }
  }
  return out;
}

/**
 * Whether a callee waits for the lock of an inode or a superblock whatever it is handed. What its ways there ask for is how the object
 * is made, and not whether the caller may sleep: nobody who may not asks for one of these.
 */
function locksAnObject(cx: RuleContext, callee: number, seen: ReadonlySet<number> = new Set()): boolean {
  if (callee < 0 || seen.has(callee)) return false;
  const on = new Set([...seen, callee]);
  return (cx.analysis.results[callee]?.sleeps ?? []).some(
    (e) =>
      e.facts.length === 0 &&
      (e.via >= 0
        ? locksAnObject(cx, e.via, on)
        : cx.analysis.model.helpers.get(e.what)?.acquires?.some(({ lock }) => OBJECT_LOCK.test(lock)) ===
          true),
  );
}

/** Whether no way from where a lock is taken to an operation passes what gives back a lock: then nothing was lost on the way. */
function isStillHeld(cx: RuleContext, fn: FunctionRef, takes: number, op: number): boolean {
  const ways = new Ways(fn);
  return !operationsOf(fn).some(
    (r) => ways.isAfter(takes, r) && ways.isAfter(r, op) && isReleasing(cx, fn, r),
  );
}

/** Whether what would sleep looks first whether it is in an interrupt, which bottom halves that are off look like. */
function isPutOff(cx: RuleContext, leaf: string, held: readonly ShownLock[]): boolean {
  return (
    cx.analysis.model.helpers.get(leaf)?.putsOffInInterrupt === true &&
    held.some((h) => h.lock.kind === 'bh' && !h.lock.may)
  );
}

/** Whether what would sleep touches user memory while faults are switched off: it fails instead. */
function faultsAreOff(cx: RuleContext, leaf: string, held: readonly ShownLock[]): boolean {
  const { helpers } = cx.analysis.model;
  return (
    helpers.get(leaf)?.faults === true &&
    held.some((h) => h.lock.kind === 'flag' && h.lock.class === 'pagefault' && !h.lock.may)
  );
}

/** Takes note of what may sleep in a function that takes a lock which forbids it, and of why that is no breach. */
function noteSilences(cx: RuleContext, fn: FunctionRef): void {
  const { shared, model, results } = cx.analysis;
  const result = results[fn.id];
  if (![...(result?.acquires ?? [])].some((key) => isAtomicKind(key.slice(key.indexOf('|') + 1) as LockKind)))
    return;
  const reported = new Set((result?.events ?? []).filter((e) => e.kind === 'sleep').map((e) => e.op));
  const callees = new Map(
    (result?.edges ?? []).filter((e) => e.context === 'now').map((e) => [e.op, e.callee]),
  );
  const run: FunctionRun = new FunctionRun(shared, fn, (op, s): undefined => {
    const name = calledName(fn, op);
    const helper = model.helpers.get(name);
    const below = results[callees.get(op) ?? -1]?.sleeps ?? [];
    if (reported.has(op) || (helper === undefined ? below.length === 0 : helper.sleeps === false)) return;
    const held = s.locks.find((l) => isAtomicKind(l.kind));
    const why = s.doubt
      ? 'on a path that memory must have changed for, or that a callee may not allow'
      : held === undefined
        ? 'but no lock that forbids it is held here any more, or not yet'
        : held.may
          ? `but ${lockName({ lock: held, text: run.showPlace(held.place) })} is only perhaps held`
          : helper !== undefined && helper.sleeps !== true
            ? 'but with these arguments it does not, or nobody knows'
            : 'but a flag that is tested excludes it, the lock is dropped around it, or it is not certain to be the last reference';
    cx.silence?.(ID, fn, op, `'${name}()' may sleep, ${why}`);
  });
  run.run();
}

/** The method or callback is entered where sleeping is forbidden; dentry/atomic-method speaks for the methods of dentries. */
function enteredAtomic(cx: RuleContext): Draft[] {
  return contextSleeps(cx, {
    rule: 'lock/sleep-in-atomic',
    why: (entry, origin) => (isAtomicDentryMethod(cx, origin) ? null : entryAtomic(entry)),
    // Who asks in_task() or a flag of the I/O first is not always understood
    precision: (e) => (e.certain ? 'high' : 'low'),
    excuse: (fn, e) =>
      (e.certain && e.facts.length === 0 && e.memory.length === 0) || !leavesToOthers(cx, fn, e)
        ? null
        : 'on the way there work is queued for a task that may sleep: what is not is meant for those who may',
  });
}

/** Whether a function, or one on the way from it to what sleeps, has an arm that queues work, itself or in what it calls. */
function leavesToOthers(cx: RuleContext, from: FunctionRef, { via }: SleepEffect): boolean {
  const { program, model } = cx.analysis;
  const queues = (fn: FunctionRef | undefined): boolean =>
    fn !== undefined && operationsOf(fn).some((op) => model.helpers.get(calledName(fn, op))?.queues === true);
  const way = [from, ...[...sleepsBelow(cx.analysis, via)].map(({ fn }) => fn)];
  return way.some(
    (fn) =>
      queues(fn) ||
      [...calleesByOp(cx, fn).values()].some((ids) => ids.some((id) => queues(program.functions[id]))),
  );
}
