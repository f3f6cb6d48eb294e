/**
 * lock/imbalance: every path leaves a function with the locks that its callers expect. Ways out that a caller can tell
 * apart (by the result, or by what it passed) may differ; two that it cannot tell apart may not.
 */
import type { Exit } from '../contexts/result.js';
import { factOf, type Lock, NEGATIVE } from '../contexts/state.js';
import type { FunctionRef } from '../program/program.js';
import { type Draft, lineOf, lockExpression, type Rule, type RuleContext, step } from './rule.js';

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
      // A lock that the method's contract hands over is not this function's to balance
      const handed = handedOver(cx, fn);
      // seq_file's start and stop hand the lock over between them
      const slots = cx.analysis.program.slotsOf(fn);
      if (slots.some((s) => s.struct === 'seq_operations')) continue;
      const taken = compare(cx, fn, exits, (e) => e.locks, true, result.acquires, handed);
      out.push(
        ...(taken.length > 0
          ? taken
          : compare(cx, fn, exits, (e) => e.released, false, result.acquires, handed)),
      );
    }
    return out;
  },
};

/** Locks whose release may lie with somebody else: I/O completion, the caller's flags. */
function isOurs(l: Lock): boolean {
  switch (l.kind) {
    case 'folio':
    case 'flag':
    case 'completion':
    case 'irq':
    case 'bh':
    case 'preempt':
    case 'srcu':
      return false;
    default:
      return true;
  }
}

/** Classes that the contract of a method which leads here acquires or releases (`get_tree`, `kill_sb`: s_umount). */
function handedOver(cx: RuleContext, fn: FunctionRef): ReadonlySet<string> {
  const out = new Set<string>();
  const propagation = cx.analysis.propagation;
  for (const entry of propagation?.entries[fn.id] ?? [])
    for (const o of entry.origins) {
      const origin = propagation?.origins[o];
      const method = cx.analysis.model.methods.get(`${origin?.struct}::${origin?.method}`);
      for (const spec of [...(method?.acquires ?? []), ...(method?.releases ?? [])]) {
        const field = /(\w+)$/.exec(spec.lock)?.[1] ?? '';
        out.add(cx.analysis.shared.classes.get(field) ?? field);
      }
    }
  return out;
}

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
  acquires: ReadonlySet<string>,
  handed: ReadonlySet<string>,
): Draft[] {
  const { propagation } = cx.analysis;
  const out: Draft[] = [];
  const locks = new Map<string, Lock>();
  for (const e of exits) for (const l of locksOf(e)) if (!l.may && isOurs(l)) locks.set(key(l), l);
  for (const [k, lock] of locks) {
    // A lock that this function only releases was taken by somebody who knows
    if (!acquired && !acquires.has(`${lock.class}|${lock.kind}`)) continue;
    const has = exits.filter((e) => locksOf(e).some((l) => key(l) === k));
    // Another name of the same class at the other exits is not the absence of the lock
    const lacks = exits.filter(
      (e) => !locksOf(e).some((l) => l.class === lock.class && l.kind === lock.kind),
    );
    if (has.length === 0 || lacks.length === 0 || handed.has(lock.class)) continue;
    // Which object it is was lost in a loop
    if ((propagation?.show(fn.id, lock.place) ?? '').includes('of an earlier turn')) continue;
    const pair = has.flatMap((h) =>
      lacks
        .filter((n) => (acquired && leaksOnError(h, has, n)) || !tellable(h, n))
        .map((n) => [h, n] as const),
    )[0];
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
      precision: h.blurred || n.blurred ? 'medium' : 'high',
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

/** An error is returned with the lock held, though success gives it back: nobody will release it. */
function leaksOnError(h: Exit, has: readonly Exit[], n: Exit): boolean {
  return (
    h.mask === NEGATIVE && (n.mask & NEGATIVE) === 0 && n.mask !== 0 && has.every((e) => e.mask === NEGATIVE)
  );
}

/** Whether a caller can tell two ways out apart. */
function tellable(a: Exit, b: Exit): boolean {
  if ((a.mask & b.mask) === 0) return true;
  // Two error codes are the same to a lock
  if (a.mask !== NEGATIVE && a.value >= 0 && b.value >= 0 && a.value !== b.value) return true;
  for (let i = 0; i < a.facts.length; i += 2)
    if (((a.facts[i + 1] as number) & factOf(b.facts, a.facts[i] as number)) === 0) return true;
  return false;
}
