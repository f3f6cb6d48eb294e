/**
 * lock/imbalance: every path leaves a function with the locks that its callers expect. Ways out that a caller can tell
 * apart (by the result, or by what it passed) may differ; two that it cannot tell apart may not.
 */

import { FunctionRun, RESULT } from '../contexts/flow.js';
import type { Exit } from '../contexts/result.js';
import { factOf, type Lock, NEGATIVE } from '../contexts/state.js';
import { T } from '../contexts/terms.js';
import type { FunctionRef } from '../program/program.js';
import { type Draft, lineOf, lockExpression, type Rule, type RuleContext, step } from './rule.js';

const NONE: ReadonlySet<string> = new Set();

/** States kept apart at a point when a finding is looked at a second time. */
const CONFIRM_STATES = 48;

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
    const passed = passedOnClasses(cx);
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
      const first = compare(
        cx,
        fn,
        exits,
        (e) => e.locks,
        true,
        result.acquires,
        handed,
        result.releases,
        passed,
      );
      const second =
        first.length > 0
          ? []
          : compare(cx, fn, exits, (e) => e.released, false, result.acquires, handed, result.releases, NONE);
      if (first.length + second.length === 0) continue;
      // Once more with every test of memory remembered: what two paths have in common is often only that
      const again = new FunctionRun(cx.analysis.shared, fn, () => {}, CONFIRM_STATES).run();
      if (again.widened) continue;
      const exact = again.rawExits.filter((e) => !e.doubt);
      const taken = compare(
        cx,
        fn,
        exact,
        (e) => e.locks,
        true,
        result.acquires,
        handed,
        result.releases,
        passed,
      );
      out.push(
        ...(taken.length > 0
          ? taken
          : compare(cx, fn, exact, (e) => e.released, false, result.acquires, handed, result.releases, NONE)),
      );
    }
    return out;
  },
};

/** Classes that some function of a unit releases for its caller: they are handed from one function to another. */
function passedOnClasses(cx: RuleContext): ReadonlySet<string> {
  const out = new Set<string>();
  for (const fn of cx.all) {
    const result = cx.analysis.results[fn.id];
    if (result === undefined) continue;
    for (const e of result.rawExits)
      for (const l of e.released)
        if (!result.acquires.has(`${l.class}|${l.kind}`)) out.add(`${fn.unit}|${l.class}|${l.kind}`);
  }
  return out;
}

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

/** A lock of the object that the function gives back. */
function isResult(cx: RuleContext, lock: Lock): boolean {
  const { terms } = cx.analysis;
  const root = terms.root(lock.place);
  return terms.kind(root) === T.Global && terms.nameText(terms.a(root)) === RESULT;
}

/** Whether a lock came from a callee whose ways out differ in what they hold. */
function viaUnsteady(cx: RuleContext, fn: FunctionRef, lock: Lock): boolean {
  const edge = cx.analysis.results[fn.id]?.edges.find((e) => e.op === lock.op && e.context === 'now');
  if (edge === undefined) return false;
  const exits = cx.analysis.results[edge.callee]?.exits ?? [];
  const shape = (e: Exit): string => `${e.locks.map(key).join()}|${e.released.map(key).join()}`;
  return exits.some((e) => e.released.length > 0 || shape(e) !== shape(exits[0] as Exit));
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
  gives: ReadonlySet<string>,
  passedOn: ReadonlySet<string>,
): Draft[] {
  const { propagation, terms } = cx.analysis;
  const out: Draft[] = [];
  const locks = new Map<string, Lock>();
  for (const e of exits) for (const l of locksOf(e)) if (!l.may && isOurs(l)) locks.set(key(l), l);
  for (const [k, lock] of locks) {
    // A lock that this function only releases was taken by somebody who knows
    if (!acquired && !acquires.has(`${lock.class}|${lock.kind}`)) continue;
    // Taken by a callee that does not always: how it tells its callers is its own affair
    if (acquired && viaUnsteady(cx, fn, lock)) continue;
    const has = exits.filter(
      (e) =>
        locksOf(e).some((l) => key(l) === k) &&
        // The caller's lock in another mode or under another name
        !(acquired && e.released.some((r) => r.class === lock.class && r.kind === lock.kind)),
    );
    // Another name of the same class at the other exits is not the absence of the lock
    const lacks = exits.filter(
      (e) => !locksOf(e).some((l) => l.class === lock.class && l.kind === lock.kind),
    );
    if (
      has.length === 0 ||
      lacks.length === 0 ||
      handed.has(lock.class) ||
      passedOn.has(`${fn.unit}|${lock.class}|${lock.kind}`)
    )
      continue;
    // Taken and never given back here: the function is for taking it. And what is returned locked is the caller's
    if (acquired && (!gives.has(`${lock.class}|${lock.kind}`) || isResult(cx, lock))) continue;
    if (lock.class.startsWith('?') || lock.class === '') continue;
    const root = terms.kind(terms.root(lock.place));
    if (root === T.Opaque) continue;
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
      // A lock of the caller's that one path gives back: flags that nobody here sees may have told it to
      precision: h.blurred || n.blurred || (!acquired && lock.kind !== 'rcu') ? 'medium' : 'high',
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
  // An error and what is none for sure: a caller sees which
  if ((a.mask === NEGATIVE) !== (b.mask === NEGATIVE)) return true;
  // Two error codes are the same to a lock
  if (a.mask !== NEGATIVE && a.value >= 0 && b.value >= 0 && a.value !== b.value) return true;
  for (let i = 0; i < a.facts.length; i += 2)
    if (((a.facts[i + 1] as number) & factOf(b.facts, a.facts[i] as number)) === 0) return true;
  return false;
}
