/**
 * One object, two names: a place of the caller in the callee's terms and back, and what of a state means something outside
 * of the function that it belongs to.
 */
import { operatorCode } from '../facts/encode.js';
import { equality, type Facts } from './known.js';
import type { Lock } from './state.js';
import { T, type Terms } from './terms.js';

const EQ = operatorCode('==');

/** The place that stands for what a function gives back. */
export const RESULT = '@result';

/** The member that stands for what a pointer parameter pointed at when the function began, once it was stored to. */
export const AT_ENTRY = '@entry';

/** A place of the caller as the callee names it, or an opaque place where it has no name there. */
export function toCallee(
  terms: Terms,
  place: number,
  args: readonly number[],
  show: (p: number) => string,
): number {
  let lost = false;
  const out = terms.rewrite(place, (x) => {
    const j = args.indexOf(x);
    if (j >= 0 && x !== terms.unknown && terms.kind(x) !== T.Const) return terms.param(j);
    const kind = terms.kind(x);
    if (kind === T.Local || kind === T.FieldL || kind === T.FieldP) {
      const a = args.indexOf(terms.addr(x));
      if (a >= 0) return terms.derefL(terms.param(a));
    }
    if (kind === T.Param || kind === T.Fresh || kind === T.Stale || kind === T.Local || kind === T.Unknown)
      lost = true;
    return terms.firstChild(x) < 0 ? x : -1;
  });
  if (!lost) return out;
  return terms.kind(place) === T.Opaque ? place : terms.opaque(show(place));
}

/** What relates an argument to a constant or to another argument, `a op b`, as the callee names it; -1 where it does not. */
export function relatedInCallee(terms: Terms, t: number, args: readonly number[]): number {
  if (terms.kind(t) !== T.Bin) return -1;
  const left = args.indexOf(terms.b(t));
  if (left < 0) return -1;
  if (terms.kind(terms.c(t)) === T.Const) return terms.bin(terms.a(t), terms.param(left), terms.c(t));
  const right = args.indexOf(terms.c(t));
  if (right < 0 || terms.a(t) !== EQ) return -1;
  return equality(terms, terms.param(left), terms.param(right));
}

/** A callee's shared term in the caller: parameters become arguments, its result becomes `result`. */
export function toCaller(terms: Terms, t: number, args: readonly number[], result: number): number {
  const simple = terms.kind(t);
  if (simple === T.Param) return args[terms.a(t)] ?? terms.unknown;
  if (simple === T.Const) return t;
  return terms.rewrite(t, (x) => {
    const kind = terms.kind(x);
    if (kind === T.Param) return args[terms.a(x)] ?? terms.unknown;
    if (kind === T.Global && terms.nameText(terms.a(x)) === RESULT) return result;
    return -1;
  });
}

/**
 * What terms of callees mean in a caller, remembered for one call: the states that come to it one after the other mostly hand over
 * the same.
 */
export class Calling {
  private args: readonly number[] = [];
  private result = -1;
  private readonly known = new Map<number, number>();

  constructor(private readonly terms: Terms) {}

  /** As `toCaller`. */
  toCaller(t: number, args: readonly number[], result: number): number {
    const { terms } = this;
    const kind = terms.kind(t);
    if (kind === T.Param) return args[terms.a(t)] ?? terms.unknown;
    if (kind === T.Const) return t;
    if (result !== this.result || !sameNumbers(args, this.args)) {
      this.args = args;
      this.result = result;
      if (this.known.size > 0) this.known.clear();
    }
    let named = this.known.get(t);
    if (named === undefined) {
      named = toCaller(terms, t, args, result);
      this.known.set(t, named);
    }
    return named;
  }
}

/** Whether two lists of numbers are the same. */
export function sameNumbers(a: readonly number[], b: readonly number[]): boolean {
  if (a === b) return true;
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** The value that stands for argument `position` of a function that is called through a parameter. */
export function callbackArgument(terms: Terms, position: number): number {
  return terms.global(`@argument${position}`);
}

/** Facts that mean something outside: of parameters and globals; of memory only where `soft`. */
export function exported(terms: Terms, facts: Facts, soft = false): Facts {
  let out: number[] | null = null;
  for (let i = 0; i < facts.length; i += 2) {
    const t = facts[i] as number;
    if (!terms.isShared(t) || (!soft && terms.isSoft(t))) out ??= facts.slice(0, i);
    else if (out !== null) out.push(t, facts[i + 1] as number);
  }
  return out ?? facts;
}

/** What a lock is called that has no name here: its class, with the member that it is part of. */
export function namelessLock(terms: Terms, lock: Lock): string {
  const within = embedding(terms, lock.place);
  return within === '' ? lock.class : `${lock.class}${WITHIN}${within}`;
}

const WITHIN = ' in ';

/** The members around the structure that has a lock, outermost first: `curseg_lock` of `&sm->curseg_lock.rwsem`; '' where it is one itself. */
export function embedding(terms: Terms, place: number): string {
  if (terms.kind(place) === T.Opaque) {
    const text = terms.nameText(terms.a(place));
    const at = text.indexOf(WITHIN);
    return at < 0 ? '' : text.slice(at + WITHIN.length);
  }
  if (terms.kind(place) !== T.FieldL) return '';
  let out = '';
  for (let at = terms.a(place); ; at = terms.a(at)) {
    switch (terms.kind(at)) {
      case T.Elem: {
        const n = terms.number(terms.b(at));
        out = n === null ? out : `[${n}]${out}`;
        break;
      }
      case T.FieldL:
      case T.FieldP: {
        const name = terms.nameText(terms.b(at));
        out = out === '' || out.startsWith('[') ? `${name}${out}` : `${name}.${out}`;
        if (terms.kind(at) === T.FieldP) return out;
        break;
      }
      case T.Global:
        return out === '' ? terms.nameText(terms.a(at)) : `${terms.nameText(terms.a(at))}.${out}`;
      default:
        return out;
    }
  }
}

/** Locks as they are called outside: one without a name there is still a lock of its class. */
export function sharedLocks(terms: Terms, locks: readonly Lock[]): readonly Lock[] {
  if (locks.every((l) => terms.isShared(l.place))) return locks;
  return locks.map((l) => (terms.isShared(l.place) ? l : l.at(terms.opaque(namelessLock(terms, l)))));
}
