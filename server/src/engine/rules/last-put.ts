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
  let isFollowed = false;
  /** Whether a way through these operations ends here. `null`: it ends without the pointer being followed. */
  const ends = (ops: readonly number[]): boolean | null => {
    for (const o of ops) {
      if (text.counts(fn, o, v) === 'get') return null;
      if (text.counts(fn, o, v) === 'put' || text.isFollowed(fn, o, v, () => true)) {
        isFollowed = true;
        return true;
      }
      if (storedVariable(fn, o) === v) return null;
    }
    return false;
  };
  const seen = new Set<number>();
  const waiting: number[] = [];
  /** Goes on from the end of a block; false: the function ends there. */
  const goOn = (block: number): boolean => {
    const next = ways.after(block);
    for (const b of next)
      if (!seen.has(b)) {
        seen.add(b);
        waiting.push(b);
      }
    return next.length > 0;
  };
  const rest = ends(ways.opsOf(own).filter((o) => o > op));
  if (rest !== false) return rest === true;
  if (!goOn(own)) return false;
  for (let block = waiting.pop(); block !== undefined; block = waiting.pop()) {
    const ended = ends(ways.opsOf(block));
    if (ended === null || (ended === false && !goOn(block))) return false;
  }
  return isFollowed;
}
