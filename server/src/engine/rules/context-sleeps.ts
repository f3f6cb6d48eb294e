/**
 * Sleeps that a method or callback comes to in a situation where it may not. Shared by the rules that say so, each of which
 * speaks for methods of its own, so that a spot is said once.
 */
import type { Precision } from '../base/finding.js';
import type { Entry, Origin } from '../contexts/entry-points.js';
import type { SleepEffect } from '../contexts/result.js';
import type { Lock } from '../contexts/state.js';
import type { FunctionRef } from '../program/program.js';
import {
  type Draft,
  entryMethod,
  originStep,
  type RuleContext,
  rcuOf,
  sleepLeaf,
  sleepPath,
} from './rule.js';

/** A rule's own part. */
export interface SleepLaw {
  readonly rule: string;
  /** Why sleeping is forbidden in a situation; null where it is not, or where the rule does not speak for it. */
  readonly why: (entry: Entry, origin: Origin | undefined) => Lock | string | null;
  readonly precision: (e: SleepEffect) => Precision;
  /** What excuses a sleep in a context that is forbidden for want of a task, not by a lock; null for nothing. */
  readonly excuse?: (fn: FunctionRef, e: SleepEffect) => string | null;
}

/** The first sleep of each function that is entered where it may not. */
export function contextSleeps(cx: RuleContext, law: SleepLaw): Draft[] {
  const out: Draft[] = [];
  const propagation = cx.analysis.propagation;
  if (propagation === null) return out;
  for (const fn of cx.functions) {
    const result = cx.analysis.results[fn.id];
    // What sleeps under a lock of its own is an event, not an effect
    const isQuiet = result?.widened === false && result.sleeps.length === 0;
    if (isQuiet && !result.events.some((e) => e.kind === 'sleep'))
      cx.silence?.(law.rule, fn, -1, 'nothing that may sleep is called here, as far as calls are known');
    if (result === undefined || result.widened || result.sleeps.length === 0) continue;
    const entries = propagation.entries[fn.id] ?? [];
    for (let i = 0; i < entries.length; i++) {
      const found = sleepIn(cx, law, fn, entries[i] as Entry, result.sleeps);
      if (found === null) continue;
      out.push(found);
      break;
    }
  }
  return out;
}

function sleepIn(
  cx: RuleContext,
  law: SleepLaw,
  fn: FunctionRef,
  entry: Entry,
  sleeps: readonly SleepEffect[],
): Draft | null {
  const propagation = cx.analysis.propagation;
  if (propagation === null || entry.caller >= 0 || entry.walk || entry.widened) {
    if (entry.walk && entry.caller < 0)
      cx.silence?.(law.rule, fn, -1, 'what sleeps in RCU-walk is the law of rcu/walk-blocks');
    return null;
  }
  const origin = propagation.origins[entry.origins[0] ?? -1];
  const why = law.why(entry, origin);
  if (why === null) {
    if (entry.origins.length > 0)
      cx.silence?.(law.rule, fn, -1, 'the method or callback that it is entered as may sleep');
    return null;
  }
  for (const e of sleeps) {
    if (propagation.meet(entry, e.facts) === null) {
      cx.silence?.(
        law.rule,
        fn,
        e.op,
        `'${e.what}()' may sleep, but the tests before it exclude the context that may not`,
      );
      continue;
    }
    // The lock that forbids sleeping was released before
    if (
      typeof why !== 'string' &&
      e.released.some((r) => r.place === why.place || (r.kind === why.kind && r.class === why.class))
    ) {
      cx.silence?.(
        law.rule,
        fn,
        e.op,
        `'${e.what}()' may sleep, but the lock that forbids it was released before`,
      );
      continue;
    }
    const leaf = sleepLeaf(cx, e.what, e.via);
    // What forbids sleeping without a lock is an interrupt or a softirq
    if (
      cx.analysis.model.helpers.get(leaf)?.putsOffInInterrupt === true &&
      (typeof why === 'string' || entry.locks.some((l) => l.kind === 'bh' && !l.may))
    ) {
      cx.silence?.(law.rule, fn, e.op, `'${leaf}()' puts off what it would sleep for: this is an interrupt`);
      continue;
    }
    const excuse = typeof why === 'string' ? (law.excuse?.(fn, e) ?? null) : null;
    if (excuse !== null) {
      cx.silence?.(law.rule, fn, e.op, `'${e.what}()' may sleep, but ${excuse}`);
      continue;
    }
    const reason =
      typeof why === 'string'
        ? why
        : why.kind === 'rcu'
          ? 'the RCU read side'
          : `'${propagation.show(fn.id, why.place)}' held by the caller`;
    const runs =
      origin === undefined
        ? 'this function'
        : origin.struct === 'callback'
          ? `${origin.method}`
          : `->${origin.method}()`;
    return {
      rule: law.rule,
      precision: law.precision(e),
      certainty: e.certain ? 'must' : 'may',
      message: `'${e.what}()' may sleep${leaf !== e.what ? ` (in '${leaf}()')` : ''}, but ${runs} runs in ${reason}`,
      fn: fn.id,
      op: e.op,
      entry: entryMethod(cx.analysis, origin),
      held: [],
      rcu: rcuOf(entry, []),
      trace: [
        ...(origin === undefined ? [] : [originStep(cx, origin)]),
        ...sleepPath(cx, fn, e.op, e.what, e.via),
      ],
      objectClass: typeof why === 'string' ? why : why.class,
      ...(e.via < 0 ? { fix: { kind: 'atomic-allocation', fn: fn.id, op: e.op } as const } : {}),
    };
  }
  return null;
}

/** Whether a method of dentries may never sleep, whatever its caller holds. */
export function isAtomicDentryMethod(cx: RuleContext, origin: Origin | undefined): boolean {
  if (origin?.struct !== 'dentry_operations') return false;
  return cx.analysis.model.methods.get(`${origin.struct}::${origin.method}`)?.callSleeps === false;
}
