/**
 * What is known of values: facts, each a term with what it can be, what they say of other terms, and what a test adds to them or excludes.
 * Must not know locks, states or C.
 */
import { operatorCode } from '../facts/encode.js';
import { OP_ERR_PTR, OP_IS_ERR, OP_IS_ERR_OR_NULL, OP_PTR_ERR_OR_ZERO, T, type Terms } from './terms.js';

/** What a value can be: zero, positive or a valid pointer, negative or an error pointer. A set as bits. */
export const ZERO = 1;
export const POSITIVE = 2;
export const NEGATIVE = 4;
export const ANY = 7;

/** Facts of values: term, mask alternating, sorted by term. */
export type Facts = readonly number[];

export const NO_FACTS: Facts = [];
/** The mask of a term in a list of facts, ANY where nothing is known. */
export function factOf(facts: Facts, term: number): number {
  for (let i = 0; i < facts.length; i += 2) if (facts[i] === term) return facts[i + 1] as number;
  return ANY;
}

/** Facts that both lists hold, word for word. */
export function sharedFacts(a: Facts, b: Facts): Facts {
  if (a === b) return a;
  const out: number[] = [];
  for (let i = 0; i < a.length; i += 2)
    if (factOf(b, a[i] as number) === a[i + 1]) out.push(a[i] as number, a[i + 1] as number);
  return out.length === a.length ? a : out;
}

/** Facts with one more. */
export function withFact(facts: Facts, term: number, mask: number): Facts {
  let at = 0;
  while (at < facts.length && (facts[at] as number) < term) at += 2;
  if (facts[at] === term) {
    const out = facts.slice();
    out[at + 1] = mask;
    return out;
  }
  const out: number[] = [];
  for (let i = 0; i < at; i++) out.push(facts[i] as number);
  out.push(term, mask);
  for (let i = at; i < facts.length; i++) out.push(facts[i] as number);
  return out;
}

const EQ = operatorCode('==');
const NE = operatorCode('!=');
const LT = operatorCode('<');
const GT = operatorCode('>');
const LE = operatorCode('<=');
const GE = operatorCode('>=');
const AND = operatorCode('&');
const OR = operatorCode('|');
const LAND = operatorCode('&&');
const LOR = operatorCode('||');
const NOT = operatorCode('!');
const MINUS = operatorCode('-');
const PLUS = operatorCode('+');

/** The mask of a number. */
export function signOf(value: number): number {
  return value === 0 ? ZERO : value > 0 ? POSITIVE : NEGATIVE;
}

/** The bits of one number that are none of another one's: also those that an `int` has no room for. */
function bitsBesides(of: number, others: number): number {
  return isInt(of) && isInt(others) ? of & ~others : Number(BigInt(of) & ~BigInt(others));
}

function isInt(n: number): boolean {
  return n === (n | 0);
}

/** Whether bits are known to be clear as part of more bits: `flags & ~ALLOWED` was 0. */
function bitsAreClear(terms: Terms, facts: Facts, value: number, bits: number): boolean {
  const wanted = terms.number(bits);
  if (wanted === null) return false;
  for (let i = 0; i < facts.length; i += 2) {
    const t = facts[i] as number;
    if (facts[i + 1] !== ZERO || terms.kind(t) !== T.Bin || terms.a(t) !== AND || terms.b(t) !== value)
      continue;
    const clear = terms.number(terms.c(t));
    if (clear !== null && bitsBesides(wanted, clear) === 0) return true;
  }
  return false;
}

/** Whether one of some bits is known to be set: it was one of more bits, and those besides are clear. */
function oneBitIsSet(terms: Terms, facts: Facts, value: number, bits: number): boolean {
  const wanted = terms.number(bits);
  if (wanted === null) return false;
  for (let i = 0; i < facts.length; i += 2) {
    const t = facts[i] as number;
    if (((facts[i + 1] as number) & ZERO) !== 0 || terms.kind(t) !== T.Bin) continue;
    if (terms.a(t) !== AND || terms.b(t) !== value) continue;
    const among = terms.number(terms.c(t));
    if (among === null || among === wanted) continue;
    if (bitsBesidesAreClear(terms, facts, value, among, wanted)) return true;
  }
  return false;
}

/** Whether all bits of a mask but some are known to be clear, by as many tests as it takes. */
function bitsBesidesAreClear(terms: Terms, facts: Facts, value: number, mask: number, but: number): boolean {
  let left = bitsBesides(mask, but);
  for (let i = 0; i < facts.length && left !== 0; i += 2) {
    const t = facts[i] as number;
    if (facts[i + 1] !== ZERO || terms.kind(t) !== T.Bin || terms.a(t) !== AND || terms.b(t) !== value)
      continue;
    left = bitsBesides(left, terms.number(terms.c(t)) ?? 0);
  }
  return left === 0;
}

/** What is left of a sum with a positive number: a counter in memory that goes up is not zero after it. */
function sumMask(terms: Terms, facts: Facts, left: number): number {
  if ((maskOf(terms, facts, left) & NEGATIVE) === 0) return POSITIVE;
  return terms.kind(left) === T.Load ? POSITIVE | NEGATIVE : ANY;
}

/** What a term can be, given facts. */
export function maskOf(terms: Terms, facts: Facts, term: number): number {
  switch (terms.kind(term)) {
    case T.Const:
      return signOf(terms.number(term) ?? 0);
    case T.Addr:
    case T.Str:
      return POSITIVE;
    case T.Container:
      return POSITIVE;
    case T.Un: {
      const inner = maskOf(terms, facts, terms.b(term));
      const op = terms.a(term);
      if (op === NOT) return inner === ZERO ? POSITIVE : (inner & ZERO) === 0 ? ZERO : ZERO | POSITIVE;
      if (op === OP_IS_ERR)
        return inner === NEGATIVE ? POSITIVE : (inner & NEGATIVE) === 0 ? ZERO : ZERO | POSITIVE;
      if (op === OP_IS_ERR_OR_NULL)
        return inner === POSITIVE ? ZERO : (inner & POSITIVE) === 0 ? POSITIVE : ZERO | POSITIVE;
      if (op === OP_PTR_ERR_OR_ZERO)
        return inner === NEGATIVE ? NEGATIVE : (inner & NEGATIVE) === 0 ? ZERO : ZERO | NEGATIVE;
      // ERR_PTR(err) of an err that is set is an error pointer
      if (op === OP_ERR_PTR) return inner === ZERO ? ZERO : (inner & ZERO) === 0 ? NEGATIVE : ZERO | NEGATIVE;
      if (op === MINUS)
        return (
          (inner & ZERO) |
          ((inner & POSITIVE) !== 0 ? NEGATIVE : 0) |
          ((inner & NEGATIVE) !== 0 ? POSITIVE : 0)
        );
      return factOf(facts, term);
    }
    case T.Bin: {
      const op = terms.a(term);
      const left = terms.b(term);
      const right = terms.c(term);
      const known = factOf(facts, term);
      if (op === AND) {
        if (maskOf(terms, facts, left) === ZERO || maskOf(terms, facts, right) === ZERO) return ZERO;
        return (known & ZERO) !== 0 && known !== ZERO && bitsAreClear(terms, facts, left, right)
          ? ZERO
          : known;
      }
      if (op === OR) {
        const l = maskOf(terms, facts, left);
        const r = maskOf(terms, facts, right);
        if (l === ZERO && r === ZERO) return ZERO;
        if ((l & ZERO) === 0 || (r & ZERO) === 0) return known & ~ZERO;
        return known;
      }
      if (op === EQ || op === NE) {
        const yes = op === EQ ? POSITIVE : ZERO;
        const no = op === EQ ? ZERO : POSITIVE;
        if (left === right) return yes;
        const l = maskOf(terms, facts, left);
        const r = maskOf(terms, facts, right);
        if ((l & r) === 0) return no;
        if (l === ZERO && r === ZERO) return yes;
        return known & (ZERO | POSITIVE);
      }
      const zeroRight = terms.number(right) === 0;
      if (zeroRight) {
        const l = maskOf(terms, facts, left);
        const truth = (set: number): number =>
          (l & ~set) === 0 ? POSITIVE : (l & set) === 0 ? ZERO : ZERO | POSITIVE;
        if (op === LT) return truth(NEGATIVE);
        if (op === GE) return truth(ZERO | POSITIVE);
        if (op === GT) return truth(POSITIVE);
        if (op === LE) return truth(ZERO | NEGATIVE);
      }
      if (op === LAND) {
        const l = maskOf(terms, facts, left);
        const r = maskOf(terms, facts, right);
        if (l === ZERO || r === ZERO) return ZERO;
        if ((l & ZERO) === 0 && (r & ZERO) === 0) return POSITIVE;
        return known & (ZERO | POSITIVE);
      }
      if (op === LOR) {
        const l = maskOf(terms, facts, left);
        const r = maskOf(terms, facts, right);
        if ((l & ZERO) === 0 || (r & ZERO) === 0) return POSITIVE;
        if (l === ZERO && r === ZERO) return ZERO;
        return known & (ZERO | POSITIVE);
      }
      if (op === LT || op === GT || op === LE || op === GE) return known & (ZERO | POSITIVE);
      if (op === PLUS && (terms.number(right) ?? 0) > 0) return known & sumMask(terms, facts, left);
      return known;
    }
    case T.Load: {
      const known = factOf(facts, term);
      return known === ANY && terms.isNeverNull(term) ? POSITIVE : known;
    }
    default:
      return factOf(facts, term);
  }
}

/** Outcome of assuming something: the facts after it, or that it cannot be; `doubt` where only memory speaks against it. */
export interface Assumed {
  readonly facts: Facts;
  readonly doubt: boolean;
}

function narrow(terms: Terms, facts: Facts, term: number, mask: number): Assumed | null {
  if (term === terms.unknown) return { facts, doubt: false };
  const old = maskOf(terms, facts, term);
  const now = old & mask;
  if (now === 0) {
    if (terms.kind(term) === T.Const) return null;
    if (!terms.isSoft(term)) return null;
    return { facts: withFact(facts, term, mask), doubt: true };
  }
  const kind = terms.kind(term);
  if (now === old || kind === T.Const || kind === T.Addr || kind === T.Str) return { facts, doubt: false };
  return { facts: withFact(facts, term, now), doubt: false };
}

/** Facts after `term` turned out true (non-zero) or false (zero); null where that cannot be. */
export function assume(terms: Terms, facts: Facts, term: number, truth: boolean): Assumed | null {
  const out = assumeParts(terms, facts, term, truth);
  return out === null || out.facts === facts ? out : consistent(terms, out);
}

/** What was found of a whole, `a && b`, may exclude what was now found of its parts. */
function consistent(terms: Terms, found: Assumed): Assumed | null {
  const { facts } = found;
  for (let i = 0; i < facts.length; i += 2) {
    const term = facts[i] as number;
    if (terms.kind(term) !== T.Bin || !isLogical(terms.a(term))) continue;
    if ((maskOf(terms, facts, term) & (facts[i + 1] as number)) !== 0) continue;
    if (!terms.isSoft(term)) return null;
    return { facts, doubt: true };
  }
  return found;
}

function assumeParts(terms: Terms, facts: Facts, term: number, truth: boolean): Assumed | null {
  const kind = terms.kind(term);
  if (kind === T.Bin && isLogical(terms.a(term))) {
    // What the whole was found to be stands, whatever its parts are
    const wanted = truth ? POSITIVE | NEGATIVE : ZERO;
    if ((maskOf(terms, facts, term) & wanted) === 0) return narrow(terms, facts, term, wanted);
  }
  if (kind === T.Un) {
    const inner = terms.b(term);
    const op = terms.a(term);
    if (op === NOT) return assumeParts(terms, facts, inner, !truth);
    if (op === OP_IS_ERR) return narrow(terms, facts, inner, truth ? NEGATIVE : ZERO | POSITIVE);
    if (op === OP_IS_ERR_OR_NULL) return narrow(terms, facts, inner, truth ? ZERO | NEGATIVE : POSITIVE);
    if (op === OP_ERR_PTR) return assumeParts(terms, facts, inner, truth);
    if (op === OP_PTR_ERR_OR_ZERO) return narrow(terms, facts, inner, truth ? NEGATIVE : ZERO | POSITIVE);
    if (op === MINUS) return assumeParts(terms, facts, inner, truth);
  }
  if (kind === T.Bin) {
    const op = terms.a(term);
    const left = terms.b(term);
    const right = terms.c(term);
    if (op === EQ || op === NE) {
      const same = truth === (op === EQ);
      const l = terms.number(left);
      const r = terms.number(right);
      if (r === 0) return assumeParts(terms, facts, left, !same);
      if (l === 0) return assumeParts(terms, facts, right, !same);
      const eq = op === EQ ? term : terms.bin(EQ, left, right);
      const first = narrow(terms, facts, eq, same ? POSITIVE : ZERO);
      if (first === null || !same) return first;
      if (r !== null) return both(first, narrow(terms, first.facts, left, signOf(r)));
      if (l !== null) return both(first, narrow(terms, first.facts, right, signOf(l)));
      return first;
    }
    if (terms.number(right) === 0) {
      if (op === LT) return narrow(terms, facts, left, truth ? NEGATIVE : ZERO | POSITIVE);
      if (op === GE) return narrow(terms, facts, left, truth ? ZERO | POSITIVE : NEGATIVE);
      if (op === GT) return narrow(terms, facts, left, truth ? POSITIVE : ZERO | NEGATIVE);
      if (op === LE) return narrow(terms, facts, left, truth ? ZERO | NEGATIVE : POSITIVE);
    }
    if (((op === LT || op === GT) && truth) || ((op === LE || op === GE) && !truth)) {
      // Less or more is not the same
      const eq = equality(terms, left, right);
      const first = narrow(terms, facts, eq, ZERO);
      return first === null
        ? null
        : both(first, narrow(terms, first.facts, term, truth ? POSITIVE | NEGATIVE : ZERO));
    }
    if ((op === LAND && truth) || (op === LOR && !truth)) {
      const first = assumeParts(terms, facts, left, truth);
      return first === null ? null : both(first, assumeParts(terms, first.facts, right, truth));
    }
    if (op === LAND && !truth) {
      if ((maskOf(terms, facts, left) & ZERO) === 0) return assumeParts(terms, facts, right, false);
      if ((maskOf(terms, facts, right) & ZERO) === 0) return assumeParts(terms, facts, left, false);
    }
    if (op === AND && !truth && oneBitIsSet(terms, facts, left, right))
      return terms.isSoft(term) ? { facts: withFact(facts, term, ZERO), doubt: true } : null;
    if (op === AND && truth) {
      const first = narrow(terms, facts, term, POSITIVE | NEGATIVE);
      if (first === null) return null;
      // A bit that is set makes the whole non-zero
      return terms.kind(right) === T.Const
        ? both(first, narrow(terms, first.facts, left, POSITIVE | NEGATIVE))
        : first;
    }
  }
  return narrow(terms, facts, term, truth ? POSITIVE | NEGATIVE : ZERO);
}

/** `a == b`, its operands in the order that the evaluator gives them: a number last, else by their terms. */
export function equality(terms: Terms, a: number, b: number): number {
  return a > b && terms.number(b) === null ? terms.bin(EQ, b, a) : terms.bin(EQ, a, b);
}

function isLogical(op: number): boolean {
  return op === LAND || op === LOR;
}

/** What is so after two things were assumed, the second one with what the first one gave. */
function both(first: Assumed, second: Assumed | null): Assumed | null {
  if (second === null || !first.doubt || second.doubt) return second;
  return { facts: second.facts, doubt: true };
}

/** Restricts a term to a mask. */
export function restrict(terms: Terms, facts: Facts, term: number, mask: number): Assumed | null {
  const kind = terms.kind(term);
  if (kind === T.Un || kind === T.Bin) {
    // A computed truth value is decided by what it was computed from
    if ((mask & ZERO) === 0) return assume(terms, facts, term, true);
    if (mask === ZERO) return assume(terms, facts, term, false);
  }
  return narrow(terms, facts, term, mask);
}
