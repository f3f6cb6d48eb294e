/**
 * Where in a function a lock may have been dropped and taken again, told by what is called and in which order: cheap, so that rules walk
 * only functions that can matter to them. Says too much rather than too little.
 */
import { calledName, fnColumn } from '../contexts/cfg.js';
import { Fn, OP_STRIDE, Op } from '../facts/encode.js';
import type { LockKind } from '../model/types.js';
import type { FunctionRef } from '../program/program.js';
import { OfFunctions, resultsAround } from './kept.js';
import { calleesByOp } from './lockless.js';
import type { RuleContext } from './rule.js';
import { Ways } from './ways.js';

/** Any kind of lock: a scope's, whose class is not looked up. */
const ANY_KIND = '*';

type Kinds = ReadonlySet<LockKind | typeof ANY_KIND>;

const NONE: Kinds = new Set();

/** Operations that give a lock back, those that run after one, and those that run after one of its kind was taken again. */
interface Order {
  readonly drops: readonly number[];
  readonly dropped: ReadonlySet<number>;
  readonly retaken: ReadonlySet<number>;
}

const ORDERS = new OfFunctions<Order>();

const IN_CHECK = new WeakMap<RuleContext, Retakes>();

/** What operations of functions take and give back. Asked during one check. */
export class Retakes {
  private readonly known = new Map<number, Order>();

  private constructor(private readonly cx: RuleContext) {}

  /** Those of a check: rules ask the same of the same functions. */
  static in(cx: RuleContext): Retakes {
    let known = IN_CHECK.get(cx);
    if (known === undefined) {
      known = new Retakes(cx);
      IN_CHECK.set(cx, known);
    }
    return known;
  }

  /** Operations that run after a lock was given back. */
  afterDrop(fn: FunctionRef): ReadonlySet<number> {
    return this.of(fn).dropped;
  }

  /** Operations that run after a lock was given back and one of its kind was taken after that. */
  after(fn: FunctionRef): ReadonlySet<number> {
    return this.of(fn).retaken;
  }

  /** Operations that give a lock back. */
  drops(fn: FunctionRef): readonly number[] {
    return this.of(fn).drops;
  }

  private of(fn: FunctionRef): Order {
    let known = this.known.get(fn.id);
    if (known === undefined) {
      known = ORDERS.of(fn, [resultsAround(this.cx.analysis, fn)], () => this.find(fn));
      this.known.set(fn.id, known);
    }
    return known;
  }

  private find(fn: FunctionRef): Order {
    const takes = new Map<number, Kinds>();
    const drops = new Map<number, Kinds>();
    const count = fnColumn(fn.file, fn.index, Fn.OpCount);
    const callees = calleesByOp(this.cx, fn);
    for (let op = 0; op < count; op++) {
      const { taken, dropped } = this.kindsAt(fn, op, callees.get(op) ?? []);
      if (taken.size > 0) takes.set(op, taken);
      if (dropped.size > 0) drops.set(op, dropped);
    }
    const dropped = new Set<number>();
    const retaken = new Set<number>();
    if (drops.size === 0) return { drops: [], dropped, retaken };
    const ways = new Ways(fn);
    for (const drop of drops.keys()) for (const op of ways.behind(drop)) dropped.add(op);
    const again = new Set<number>();
    for (const [drop, kinds] of drops)
      for (const [take, others] of takes)
        if (!again.has(take) && shareKind(kinds, others) && ways.isAfter(drop, take)) again.add(take);
    for (const take of again) for (const op of ways.behind(take)) retaken.add(op);
    return { drops: [...drops.keys()], dropped, retaken };
  }

  private kindsAt(
    fn: FunctionRef,
    op: number,
    callees: readonly number[],
  ): { readonly taken: Kinds; readonly dropped: Kinds } {
    const { analysis } = this.cx;
    const kind = fn.file.ops[(fnColumn(fn.file, fn.index, Fn.FirstOp) + op) * OP_STRIDE] as Op;
    if (kind === Op.Guard) return { taken: new Set([ANY_KIND]), dropped: NONE };
    if (kind === Op.Cleanup) return { taken: NONE, dropped: new Set([ANY_KIND]) };
    if (kind !== Op.Call) return { taken: NONE, dropped: NONE };
    const taken = new Set<LockKind>();
    const dropped = new Set<LockKind>();
    const helper = analysis.model.helpers.get(calledName(fn, op));
    for (const l of helper?.acquires ?? []) taken.add(l.kind);
    for (const l of helper?.releases ?? []) dropped.add(l.kind);
    for (const id of callees)
      for (const exit of analysis.results[id]?.exits ?? []) {
        for (const l of exit.locks) taken.add(l.kind);
        for (const l of exit.released) dropped.add(l.kind);
      }
    return { taken, dropped };
  }
}

function shareKind(a: Kinds, b: Kinds): boolean {
  if (a.has(ANY_KIND) || b.has(ANY_KIND)) return true;
  for (const k of a) if (b.has(k)) return true;
  return false;
}
