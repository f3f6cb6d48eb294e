/**
 * lock/double: the same instance of a lock that does not nest is not taken twice on a path, through any depth of calls.
 * The instance has to be the same term: two names that might be one object are not reported.
 */
import { blockOf, calledName, fnColumn, graphOf, reachedFrom } from '../../contexts/cfg.js';
import { FunctionRun } from '../../contexts/flow.js';
import { modelLock } from '../../contexts/helper-calls.js';
import { ZERO } from '../../contexts/known.js';
import { readsOf } from '../../contexts/operands.js';
import type { TakeEffect } from '../../contexts/result.js';
import { T, type Terms } from '../../contexts/terms.js';
import { EXPR_STRIDE, Fn, OP_STRIDE, Op, operatorCode, X } from '../../facts/encode.js';
import type { FunctionRef } from '../../program/program.js';
import {
  type Draft,
  heldOf,
  lineOf,
  lockName,
  type Rule,
  type RuleContext,
  rcuOf,
  step,
  WIDENED,
} from '../rule.js';

const ID = 'lock/double';

/** The rule. */
export const doubleLock: Rule = {
  // What a move deadlocks with is more than the one lock taken twice
  yieldsTo: ['rename/atomic-move'],
  info: {
    id: 'lock/double',
    summary: 'A lock is taken that is held already.',
    law: 'The same instance of a lock that does not nest is not taken twice on a path.',
    severity: 'error',
    precision: 'high',
    onByDefault: true,
    fixable: true,
  },
  check(cx) {
    const out: Draft[] = [];
    for (const fn of cx.functions) {
      const result = cx.analysis.results[fn.id];
      if (result === undefined) continue;
      if (result.widened) {
        cx.silence?.(ID, fn, -1, WIDENED);
        continue;
      }
      if (cx.silence !== undefined) noteSilences(cx, fn);
      for (const e of result.events) {
        if (e.kind !== 'double') continue;
        const name = lockName(e.first);
        const steps = [step('acquire', fn, e.first.lock.op, `takes ${name}`)];
        let at = fn;
        let op = e.op;
        let what = e.what;
        let via = e.via;
        let recursive = false;
        let tested = false;
        for (let depth = 0; depth < 20; depth++) {
          steps.push(
            step(
              via < 0 ? 'acquire' : 'call',
              at,
              op,
              via < 0 ? `${what}() takes it again` : `calls ${what}()`,
            ),
          );
          if (via < 0) break;
          const callee = cx.analysis.program.functions[via];
          const take = cx.analysis.results[via]?.takes.find(
            (t) => t.lock.class === e.first.lock.class && t.lock.kind === e.first.lock.kind,
          );
          if (callee === undefined || take === undefined) break;
          if (callee.id === fn.id || depth > 3) recursive = true;
          if (hangsOnMemory(cx.analysis.terms, take)) tested = true;
          at = callee;
          op = take.op;
          what = take.what;
          via = take.via;
        }
        out.push({
          rule: 'lock/double',
          precision:
            e.conditional ||
            e.first.lock.class.startsWith('?') ||
            isDecidedByBit(fn, e.first.lock.op, e.op) ||
            isSaidToDiffer(fn, e.first.lock.op, e.op)
              ? // A reference, a result or a bit decides, and as a rule it was decided when the lock was taken
                'low'
              : // Through itself, or a long way down: some flag may have been set before
                recursive || tested
                ? 'medium'
                : 'high',
          certainty: 'must',
          message: `'${e.what}()' takes ${name}, which is held since line ${lineOf(fn, e.first.lock.op)}`,
          fn: fn.id,
          op: e.op,
          entry: null,
          held: heldOf(cx, fn, e.held),
          rcu: rcuOf(null, e.held),
          trace: steps,
          objectClass: e.first.lock.class,
          fix: { kind: 'locked-variant', fn: fn.id, op: e.op, class: e.first.lock.class },
        });
      }
    }
    return out;
  },
};

/**
 * Whether a callee takes a lock only where a flag in memory is set or a pointer in memory is NULL, which the caller has not looked at: it
 * may be one for which that cannot be.
 */
function hangsOnMemory(terms: Terms, take: TakeEffect): boolean {
  for (let i = 0; i < take.memory.length; i += 2) {
    const term = take.memory[i] as number;
    const mask = take.memory[i + 1] as number;
    const isFlag = terms.kind(term) === T.Bin && terms.a(term) === AND;
    if (isFlag ? (mask & ZERO) === 0 : mask === ZERO) return true;
  }
  return false;
}

/** Whether the author says that two locks of a class, written differently, are two: to lockdep, by a nesting level. */
function isSaidToDiffer(fn: FunctionRef, first: number, second: number): boolean {
  const [a, b] = [readsOf(fn, first)[1], readsOf(fn, second)[1]];
  return a !== undefined && b !== undefined && a !== b && NESTED.test(calledName(fn, second));
}

/** Names of what takes a lock of another nesting level. */
const NESTED = /_nested(_|$)/;

const AND = operatorCode('&');

/** Takes note of locks that are taken while one of their class is held, and of why that is not one lock taken twice. */
function noteSilences(cx: RuleContext, fn: FunctionRef): void {
  const { shared, model, results } = cx.analysis;
  const calls = new Map<number, readonly { readonly class: string; readonly kind: string }[]>();
  for (const edge of results[fn.id]?.edges ?? [])
    if (edge.context === 'now')
      calls.set(edge.op, [
        ...(calls.get(edge.op) ?? []),
        ...(results[edge.callee]?.takes ?? []).map((t) => t.lock),
      ]);
  const run: FunctionRun = new FunctionRun(shared, fn, (op, s): undefined => {
    const helper = model.helpers.get(calledName(fn, op));
    const args =
      helper === undefined
        ? []
        : readsOf(fn, op)
            .slice(1)
            .map((e) => run.ev.value(s, e));
    for (const spec of [...(helper?.acquires ?? []), ...(helper?.mustNotHold ?? [])]) {
      const lock =
        helper === undefined ? null : modelLock(run, s, spec, helper.params, args, run.terms.unknown, op);
      const held = s.locks.find((l) => l.class === lock?.class && l.kind === lock.kind);
      if (lock === null || held === undefined) continue;
      const name = lockName({ lock: held, text: run.showPlace(held.place) });
      const why = s.doubt
        ? 'but only on a path that memory must have changed for, or that a callee may not allow'
        : held.place !== lock.place
          ? `but this is '${run.showPlace(lock.place)}', which is not shown to be the same one`
          : held.may
            ? 'but only perhaps'
            : spec.when !== undefined && spec.when !== ''
              ? 'but it is only tried'
              : held.shared && lock.shared
                ? 'but both times shared'
                : null;
      if (why !== null) cx.silence?.(ID, fn, op, `${name} is held here already, ${why}`);
    }
    for (const taken of calls.get(op) ?? []) {
      const held = s.locks.find((l) => l.class === taken.class && l.kind === taken.kind);
      if (held !== undefined)
        cx.silence?.(
          ID,
          fn,
          op,
          `the call takes a lock of class ${taken.class} while one is held: if nothing is reported it is not shown to be the same one, or certain to be taken`,
        );
    }
    return undefined;
  });
  run.run();
}

/** Tests of bits that other threads set and clear. */
const TESTS_BIT = /^(__)?test_(and_(set|clear|change)_)?bit(_acquire|_lock)?$/;

/**
 * Whether the second acquisition is only on one side of a test of a bit in shared memory, made after the first: such bits say who
 * holds what, and whoever clears one may have dropped the lock.
 */
function isDecidedByBit(fn: FunctionRef, first: number, second: number): boolean {
  const graph = graphOf(fn.file, fn.index);
  const to = blockOf(graph, second);
  // Nothing is tested between the two: what comes before them in a loop was before the first as well
  if (blockOf(graph, first) === to && first < second) return false;
  const behind = reachedFrom(graph, blockOf(graph, first));
  const { file } = fn;
  const firstOp = fnColumn(file, fn.index, Fn.FirstOp);
  for (let block = 0; block < graph.blockCount; block++) {
    const last = (graph.blockStart[block + 1] as number) - 1;
    const at = (firstOp + last) * OP_STRIDE;
    if (last < 0 || (file.ops[at] as Op) !== Op.Branch || block === to) continue;
    if (!testsBit(fn, file.ops[at + 1] as number, graph.blockStart[block] as number, last)) continue;
    if (!behind.has(block)) continue;
    const [yes, no] = [file.ops[at + 2] as number, file.ops[at + 3] as number];
    if (reachedFrom(graph, yes, block).has(to) !== reachedFrom(graph, no, block).has(to)) return true;
  }
  return false;
}

/** Whether a condition is the result of a call in its own block that tests a bit. */
function testsBit(fn: FunctionRef, condition: number, start: number, end: number): boolean {
  const { file } = fn;
  const temps = new Set<number>();
  const collect = (expr: number): void => {
    const at = expr * EXPR_STRIDE;
    if ((file.exprs[at] as X) === X.Temp) temps.add(file.exprs[at + 1] as number);
    if ((file.exprs[at] as X) === X.Unary) collect(file.exprs[at + 2] as number);
  };
  collect(condition);
  const firstOp = fnColumn(file, fn.index, Fn.FirstOp);
  for (let op = start; op < end; op++)
    if (TESTS_BIT.test(calledName(fn, op)) && temps.has(file.ops[(firstOp + op) * OP_STRIDE + 3] as number))
      return true;
  return false;
}
