/**
 * What hangs on an object that stays for those who look at it in RCU-walk, and goes before they have: a member that is dropped before the
 * object is made to wait for a grace period, and one that is swapped for another whose old value its new owner frees at once. Part of
 * rcu/early-free.
 */
import type { TraceStep } from '../base/finding.js';
import { calledName } from '../contexts/cfg.js';
import type { Entry } from '../contexts/entry-points.js';
import { readsOf } from '../contexts/operands.js';
import type { FreeEffect } from '../contexts/result.js';
import { EXPR_STRIDE, X } from '../facts/encode.js';
import { ExpressionTypes } from '../program/expression-types.js';
import type { FunctionRef } from '../program/program.js';
import { isUnpublished, otherSide, reader } from './early-ends.js';
import { handingOver } from './heads.js';
import type { LocklessAccess } from './lockless.js';
import { Mentions } from './mentions.js';
import { operationsOf } from './replay.js';
import { type Draft, entryMethod, pathTo, type RuleContext, step } from './rule.js';
import { structOf, textOf } from './text-locks.js';
import { ALONE } from './unshared.js';
import { Ways } from './ways.js';

const ID = 'rcu/early-free';

/** Members of the VFS's objects that it follows in RCU-walk by itself, and where. */
const FOLLOWED: ReadonlyMap<string, string> = new Map([
  // 6.12:include/linux/fs.h:1448, 6.12:fs/namei.c:411
  ['super_block::s_user_ns', 'generic_permission()'],
]);

/** A member that is dropped, and the operation that makes its object wait. */
interface EarlyMember {
  readonly free: FreeEffect;
  readonly waits: number;
}

/** Findings of members that go before the object that they hang on; `said`: function and operation of what is told already. */
export function earlyMembers(
  cx: RuleContext,
  accesses: ReadonlyMap<string, readonly LocklessAccess[]>,
  said: ReadonlySet<string>,
): Draft[] {
  const out: Draft[] = [];
  const { propagation, model } = cx.analysis;
  if (propagation === null) return out;
  const helpers = handingOver(model);
  const hands = new Mentions(helpers);
  for (const fn of cx.functions) {
    if (fn.isMacro || !hands.in(fn)) continue;
    for (const { free, waits } of membersOf(cx, fn, helpers)) {
      if (said.has(`${fn.id},${free.op}`)) continue;
      const other = (accesses.get(fn.unit) ?? []).find(
        (a) => a.owner === free.owner && (a.type === '' || free.type === '' || a.type === free.type),
      );
      const followed = FOLLOWED.get(free.owner);
      if (other === undefined && followed === undefined) continue;
      const entries = propagation.entries[fn.id] ?? [];
      if (entries.length > 0 && entries.every((e) => isUnpublished(cx, e))) continue;
      const origin = propagation.origins[entries[0]?.origins[0] ?? -1];
      const who = other === undefined ? `RCU-walk, which follows it in ${followed},` : reader(cx, other);
      const steps: TraceStep[] = [
        ...(entries.length === 0 ? [] : pathTo(cx, fn, 0)),
        step('free', fn, free.op, `${free.what}() drops it without waiting for a grace period`),
        step('free', fn, waits, `${calledName(fn, waits)}() lets the object that has it wait`),
        ...(other === undefined
          ? [
              step(
                'other-side',
                fn,
                waits,
                'path walk in RCU mode still has the object, and follows the member',
                1,
              ),
            ]
          : otherSide(cx, other)),
      ];
      out.push({
        rule: ID,
        precision: 'high',
        certainty: 'must',
        message: `'${free.owner}'${free.type === '' ? '' : ` (${free.type})`} is dropped at once by '${free.what}()', while ${who} may still look at it: the object that has it waits for a grace period`,
        fn: fn.id,
        op: free.op,
        entry: entryMethod(cx.analysis, origin),
        held: [],
        rcu: 'none',
        trace: steps,
        objectClass: free.owner,
      });
    }
  }
  return out;
}

/** The members that a function drops before it lets their object wait. */
function membersOf(cx: RuleContext, fn: FunctionRef, helpers: ReadonlySet<string>): EarlyMember[] {
  const frees = (cx.analysis.results[fn.id]?.frees ?? []).filter(
    (f) => f.how === 'now' && !f.afterGrace && f.owner !== '' && !f.owner.startsWith('?'),
  );
  if (frees.length === 0) return [];
  const ways = new Ways(fn);
  const out: EarlyMember[] = [];
  for (const op of operationsOf(fn)) {
    if (!helpers.has(calledName(fn, op))) continue;
    const object = ownerText(fn, readsOf(fn, op)[1] ?? -1);
    if (object === '') continue;
    for (const free of frees) {
      const member = `${object}->${free.owner.slice(free.owner.indexOf('::') + 2)}`;
      const isHanded = readsOf(fn, free.op)
        .slice(1)
        .some((e) => textOf(fn, e) === member);
      if (isHanded && ways.isAfter(free.op, op) && !out.some((m) => m.free === free))
        out.push({ free, waits: op });
    }
  }
  return out;
}

/** The object of which an expression is the address of a member, or that it is itself; '' for others. */
function ownerText(fn: FunctionRef, expr: number): string {
  const { exprs } = fn.file;
  if (expr < 0) return '';
  if ((exprs[expr * EXPR_STRIDE] as X) !== X.Addr) return textOf(fn, expr);
  let at = exprs[expr * EXPR_STRIDE + 1] as number;
  while ((exprs[at * EXPR_STRIDE] as X) === X.Field && exprs[at * EXPR_STRIDE + 3] !== 1)
    at = exprs[at * EXPR_STRIDE + 1] as number;
  return (exprs[at * EXPR_STRIDE] as X) === X.Field ? textOf(fn, exprs[at * EXPR_STRIDE + 1] as number) : '';
}

const SWAP = 'swap';
const SWAPS = new Mentions([SWAP]);

/** Findings of members that RCU-walk follows and that are swapped for others, the old ones being freed at once. */
export function swappedMembers(
  cx: RuleContext,
  accesses: ReadonlyMap<string, readonly LocklessAccess[]>,
): Draft[] {
  const out: Draft[] = [];
  const { propagation } = cx.analysis;
  if (propagation === null) return out;
  for (const fn of cx.functions) {
    const lockless = accesses.get(fn.unit) ?? [];
    if (fn.isMacro || lockless.length === 0 || !SWAPS.in(fn)) continue;
    if (cx.analysis.results[fn.id]?.grace === true) continue;
    const entries = propagation.entries[fn.id] ?? [];
    if (entries.every((e) => isAlone(cx, e))) continue;
    for (const op of operationsOf(fn)) {
      if (calledName(fn, op) !== SWAP) continue;
      const [a, b] = readsOf(fn, op)
        .slice(1)
        .map((e) => memberOf(cx, fn, e));
      if (a === undefined || b === undefined) continue;
      for (const [member, taker] of [
        [a, b],
        [b, a],
      ] as const) {
        const other = member === '' ? undefined : lockless.find((x) => x.owner === member && x.type !== '');
        const end = other === undefined || taker === '' ? null : endOf(cx, fn.unit, taker, other.type);
        if (other === undefined || end === null) continue;
        const origin = propagation.origins[entries[0]?.origins[0] ?? -1];
        out.push({
          rule: ID,
          precision: 'high',
          certainty: 'must',
          message: `'${member}' (${other.type}) is swapped for another, and the old one is freed at once by '${end.free.what}()' in ${end.fn.name}(), while ${reader(cx, other)} may still look at it`,
          fn: fn.id,
          op,
          entry: entryMethod(cx.analysis, origin),
          held: [],
          rcu: 'none',
          trace: [
            ...(entries.length === 0 ? [] : pathTo(cx, fn, 0)),
            step('access', fn, op, `hands the old one over to '${taker}'`),
            step(
              'free',
              end.fn,
              end.free.op,
              `${end.free.what}() frees it without waiting for a grace period`,
            ),
            ...otherSide(cx, other),
          ],
          objectClass: member,
        });
        break;
      }
    }
  }
  return out;
}

/** Whether nobody else can look at what a situation works on. */
function isAlone(cx: RuleContext, entry: Entry): boolean {
  return entry.origins.every((o) => ALONE.has(cx.analysis.propagation?.origins[o]?.method ?? ''));
}

/** `struct::member` of an expression, by declared types; '' where it is none. */
function memberOf(cx: RuleContext, fn: FunctionRef, e: number): string {
  const { exprs, strings } = fn.file;
  if ((exprs[e * EXPR_STRIDE] as X) !== X.Field) return '';
  const types = new ExpressionTypes(cx.analysis.program, fn);
  const struct = structOf(types, exprs[e * EXPR_STRIDE + 1] as number);
  return struct === '' ? '' : `${struct}::${strings[exprs[e * EXPR_STRIDE + 2] as number]}`;
}

/** Where a function of a unit frees at once what a member points at, of some type. */
function endOf(
  cx: RuleContext,
  unit: string,
  member: string,
  type: string,
): { readonly fn: FunctionRef; readonly free: FreeEffect } | null {
  for (const fn of cx.all) {
    if (fn.unit !== unit || fn.isMacro) continue;
    const free = cx.analysis.results[fn.id]?.frees.find(
      (f) => f.how === 'now' && !f.afterGrace && f.owner === member && f.type === type,
    );
    if (free !== undefined) return { fn, free };
  }
  return null;
}
