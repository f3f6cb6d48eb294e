/**
 * Whether a reference that is given back can be the last one, as far as the function itself tells: who goes on to follow the pointer on
 * every way, and takes no other reference first, owns another one; and who gives back what it took a moment before has been handed what
 * somebody else counts. Must not look at states.
 */
import { calledName, fnColumn } from '../contexts/cfg.js';
import { Fn, OP_STRIDE, Op } from '../facts/encode.js';
import { type FunctionRef, readList } from '../program/program.js';
import { calleesByOp } from './lockless.js';
import { holderOf, type PointerText, storedVariable } from './pointer-text.js';
import { isReleasing } from './releases.js';
import { operationsOf } from './replay.js';
import type { RuleContext } from './rule.js';
import { Ways } from './ways.js';

/** Whether an operation gives back a reference to what a local points at, and every way on follows that pointer again. */
export function isNotLast(text: PointerText, fn: FunctionRef, op: number): boolean {
  return givenBackAt(text, fn, op).some((v) => isFollowedAnyway(text, fn, op, v));
}

/** The locals of which an operation gives back a reference to what they point at. */
function givenBackAt(text: PointerText, fn: FunctionRef, op: number): readonly number[] {
  const { file } = fn;
  const at = (fnColumn(file, fn.index, Fn.FirstOp) + op) * OP_STRIDE;
  if ((file.ops[at] as Op) !== Op.Call) return [];
  return readList(file, file.ops[at + 2] as number)
    .map((e) => holderOf(fn, e))
    .filter((v) => v >= 0 && text.counts(fn, op, v) === 'put');
}

/** What is asked during one check: whether all that a function may sleep for is to give back what it took itself. */
export class OwnPuts {
  private readonly known = new Map<number, boolean>();

  constructor(
    private readonly cx: RuleContext,
    private readonly text: PointerText,
  ) {}

  /**
   * Whether an operation, if it sleeps, does so to give back a last reference that is none: the function, or what it calls however deep,
   * took that reference just before.
   */
  isAllAt(fn: FunctionRef, op: number): boolean {
    if (givenBackAt(this.text, fn, op).some((v) => this.isTakenBefore(fn, op, v))) return true;
    const callees = (calleesByOp(this.cx, fn).get(op) ?? []).filter((id) => this.sleeps(id));
    return callees.length > 0 && callees.every((id) => this.isAllOf(id));
  }

  private isAllOf(id: number): boolean {
    const known = this.known.get(id);
    if (known !== undefined) return known;
    // What calls itself is not followed
    this.known.set(id, false);
    const fn = this.cx.analysis.program.functions[id];
    const found =
      fn !== undefined && operationsOf(fn).every((op) => !this.maySleepAt(fn, op) || this.isAllAt(fn, op));
    this.known.set(id, found);
    return found;
  }

  /** Whether each way to an operation comes from one that took another reference, and lets go of nothing and waits for nothing after it. */
  private isTakenBefore(fn: FunctionRef, op: number, v: number): boolean {
    const ways = new Ways(fn);
    const before = Array.from({ length: ways.blockCount }, (): number[] => []);
    for (let b = 0; b < ways.blockCount; b++) for (const next of ways.after(b)) before[next]?.push(b);
    const seen = new Set<number>();
    /** Goes back before some operations; false: there is a way on which none was taken. */
    const goesBack = (block: number, ops: readonly number[]): boolean => {
      for (const o of [...ops].reverse()) {
        if (this.text.takesAnother(fn, o, v)) return true;
        if (this.text.counts(fn, o, v) !== null || storedVariable(fn, o) === v) return false;
        if (isReleasing(this.cx, fn, o) || this.maySleepAt(fn, o)) return false;
      }
      const from = before[block] ?? [];
      for (const b of from) seen.add(b);
      return from.length > 0;
    };
    const own = ways.blockOf(op);
    if (
      !goesBack(
        own,
        ways.opsOf(own).filter((o) => o < op),
      )
    )
      return false;
    for (const block of seen) if (!goesBack(block, ways.opsOf(block))) return false;
    return true;
  }

  private maySleepAt(fn: FunctionRef, op: number): boolean {
    const name = calledName(fn, op);
    const helper = name === '' ? undefined : this.cx.analysis.model.helpers.get(name);
    if (helper !== undefined && helper.sleeps !== false) return true;
    return (calleesByOp(this.cx, fn).get(op) ?? []).some((id) => this.sleeps(id));
  }

  private sleeps(id: number): boolean {
    const result = this.cx.analysis.results[id];
    return result === undefined || result.widened || result.sleeps.length > 0;
  }
}

/** Whether each way on from an operation comes to one that follows the pointer in a variable, before anything else is stored there. */
function isFollowedAnyway(text: PointerText, fn: FunctionRef, op: number, v: number): boolean {
  const ways = new Ways(fn);
  const own = ways.blockOf(op);
  /** What becomes of the pointer in some operations: nothing, null. */
  const fateIn = (ops: readonly number[]): 'followed' | 'lost' | null => {
    for (const o of ops) {
      const counted = text.counts(fn, o, v);
      if (counted === 'get') return 'lost';
      if (counted === 'put' || text.isFollowed(fn, o, v, () => true)) return 'followed';
      if (storedVariable(fn, o) === v) return 'lost';
    }
    return null;
  };
  const seen = new Set<number>();
  let isFollowed = false;
  /** Goes on after a block in which nothing becomes of it; false: there is a way without. */
  const goesOn = (block: number, ops: readonly number[]): boolean => {
    const fate = fateIn(ops);
    isFollowed ||= fate === 'followed';
    if (fate !== null) return fate === 'followed';
    const next = ways.after(block);
    for (const b of next) seen.add(b);
    return next.length > 0;
  };
  if (
    !goesOn(
      own,
      ways.opsOf(own).filter((o) => o > op),
    )
  )
    return false;
  for (const block of seen) if (!goesOn(block, ways.opsOf(block))) return false;
  return isFollowed;
}
