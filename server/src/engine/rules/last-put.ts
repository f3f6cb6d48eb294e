/**
 * Whether a reference that is given back can be the last one, as far as the function itself tells: who goes on to follow the pointer on
 * every way, and takes no other reference first, owns another one. Must not look at states.
 */
import { fnColumn } from '../contexts/cfg.js';
import { Fn, OP_STRIDE, Op } from '../facts/encode.js';
import { type FunctionRef, readList } from '../program/program.js';
import { holderOf, type PointerText, storedVariable } from './pointer-text.js';
import { Ways } from './ways.js';

/** Whether an operation gives back a reference to what a local points at, and every way on follows that pointer again. */
export function isNotLast(text: PointerText, fn: FunctionRef, op: number): boolean {
  const { file } = fn;
  const at = (fnColumn(file, fn.index, Fn.FirstOp) + op) * OP_STRIDE;
  if ((file.ops[at] as Op) !== Op.Call) return false;
  return readList(file, file.ops[at + 2] as number).some((e) => {
    const v = holderOf(fn, e);
    return v >= 0 && text.counts(fn, op, v) === 'put' && isFollowedAnyway(text, fn, op, v);
  });
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
