/**
 * lock/imbalance: every path leaves a function with the locks that its callers expect. Ways out that a caller can tell
 * apart (by the result, or by what it passed) may differ; two that it cannot tell apart may not.
 */
import type { Exit } from '../contexts/result.js';
import { factOf, type Lock } from '../contexts/state.js';
import { T } from '../contexts/terms.js';
import { type Draft, lineOf, lockExpression, type Rule, type RuleContext, step } from './rule.js';
import type { FunctionRef } from '../program/program.js';

/** The rule. */
export const imbalance: Rule = {
  info: {
    id: 'lock/imbalance',
    summary: 'One way out of a function leaves a lock held (or released) that the others do not.',
    law: 'Every path leaves a function with the locks that its contract, its annotations and its callers expect.',
    severity: 'error',
    precision: 'high',
    onByDefault: true,
    fixable: true,
  },
  check(cx) {
    const out: Draft[] = [];
    for (const fn of cx.functions) {
      const result = cx.analysis.results[fn.id];
      if (result === undefined || result.widened) continue;
      const exits = result.rawExits.filter((e) => !e.doubt);
      if (exits.length < 2) continue;
      out.push(
        ...compare(cx, fn, exits, (e) => e.locks, true),
        ...compare(cx, fn, exits, (e) => e.released, false),
      );
    }
    return out;
  },
};

function key(l: Lock): string {
  return `${l.class}|${l.kind}|${l.place}`;
}

/** Exits that have a lock against those that have not. */
function compare(
  cx: RuleContext,
  fn: FunctionRef,
  exits: readonly Exit[],
  locksOf: (e: Exit) => readonly Lock[],
  acquired: boolean,
): Draft[] {
  const { terms, propagation } = cx.analysis;
  const out: Draft[] = [];
  const locks = new Map<string, Lock>();
  for (const e of exits) for (const l of locksOf(e)) if (!l.may) locks.set(key(l), l);
  for (const [k, lock] of locks) {
    if (!acquired && terms.kind(lock.place) !== T.Global && terms.isSoft(lock.place)) continue;
    const has = exits.filter((e) => locksOf(e).some((l) => key(l) === k));
    // Another name of the same class at the other exits is not the absence of the lock
    const lacks = exits.filter(
      (e) => !locksOf(e).some((l) => l.class === lock.class && l.kind === lock.kind),
    );
    if (has.length === 0 || lacks.length === 0) continue;
    const pair = has.flatMap((h) => lacks.filter((n) => !tellable(h, n)).map((n) => [h, n] as const))[0];
    if (pair === undefined) continue;
    // The odd one out is the one that fewer paths take
    const [h, n] = pair;
    const text = propagation?.show(fn.id, lock.place) ?? lock.class;
    const name = lock.kind === 'rcu' ? 'the RCU read side' : `'${lockExpression(text)}'`;
    const leak = acquired;
    const at = acquired ? h : has.length <= lacks.length ? h : n;
    const other = at === h ? n : h;
    const message = leak
      ? `returns with ${name} held, taken at line ${lineOf(fn, lock.op)}; the return at line ${lineOf(fn, n.op)} has released it`
      : at === h
        ? `releases ${name} (line ${lineOf(fn, lock.op)}) and returns; the return at line ${lineOf(fn, n.op)} leaves it as the caller had it`
        : `returns without releasing ${name}, which the return at line ${lineOf(fn, h.op)} has released`;
    out.push({
      rule: 'lock/imbalance',
      precision: 'high',
      certainty: 'must',
      message,
      fn: fn.id,
      op: at.op,
      entry: null,
      held: [],
      rcu: 'none',
      trace: [
        step(acquired ? 'acquire' : 'release', fn, lock.op, `${acquired ? 'takes' : 'releases'} ${name}`),
        step('branch', fn, at.op, leak ? 'returns with it held' : 'returns here'),
        step('branch', fn, other.op, leak ? 'returns here without it' : 'returns here in the other state'),
      ],
      objectClass: lock.class,
      ...(leak ? { fix: { kind: 'unlock', fn: fn.id, op: at.op, acquireOp: lock.op, text } as const } : {}),
    });
  }
  return out;
}

/** Whether a caller can tell two ways out apart. */
function tellable(a: Exit, b: Exit): boolean {
  if ((a.mask & b.mask) === 0) return true;
  if (a.value >= 0 && b.value >= 0 && a.value !== b.value) return true;
  for (let i = 0; i < a.facts.length; i += 2)
    if (((a.facts[i + 1] as number) & factOf(b.facts, a.facts[i] as number)) === 0) return true;
  return false;
}
