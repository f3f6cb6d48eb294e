/**
 * Objects that nobody else sees: what a function has made, by the text alone, and what a method is called for before others see it, or when
 * they do no more. Must not look at states.
 */
import { calledName, fnColumn } from '../contexts/cfg.js';
import { Fn, OP_STRIDE, Op } from '../facts/encode.js';
import type { FunctionRef } from '../program/program.js';
import { holderOf, storedVariable } from './pointer-text.js';
import type { RuleContext } from './rule.js';

/** Methods that are called before others see an object, or when nobody does any more. */
export const ALONE: ReadonlySet<string> = new Set([
  'd_init',
  'd_release',
  'd_iput',
  'd_prune',
  'alloc_inode',
  'free_inode',
  'destroy_inode',
  'evict_inode',
  'get_tree',
  'mount',
  'put_super',
  'kill_sb',
]);

type Makes = (name: string) => boolean;

/** The temporaries that get what a call has made, as holders. */
function tempsMade(cx: Pick<RuleContext, 'analysis'>, fn: FunctionRef, alsoMakes: Makes): Set<number> {
  const { file } = fn;
  const first = fnColumn(file, fn.index, Fn.FirstOp);
  const count = fnColumn(file, fn.index, Fn.OpCount);
  const out = new Set<number>();
  for (let op = 0; op < count; op++) {
    const at = (first + op) * OP_STRIDE;
    const temp = (file.ops[at] as Op) === Op.Call ? (file.ops[at + 3] as number) : -1;
    if (temp < 0) continue;
    const name = calledName(fn, op);
    if (cx.analysis.model.helpers.get(name)?.returns === 'fresh' || alsoMakes(name)) out.add(-2 - temp);
  }
  return out;
}

/** Variables that hold what the function has made; `alsoMakes`: functions besides those of the model that give what they made. */
export function madeIn(
  cx: Pick<RuleContext, 'analysis'>,
  fn: FunctionRef,
  alsoMakes: Makes = () => false,
): ReadonlySet<number> {
  const temps = tempsMade(cx, fn, alsoMakes);
  const out = new Set<number>();
  if (temps.size === 0) return out;
  const { file } = fn;
  const first = fnColumn(file, fn.index, Fn.FirstOp);
  const count = fnColumn(file, fn.index, Fn.OpCount);
  for (let op = 0; op < count; op++) {
    const variable = storedVariable(fn, op);
    const value = file.ops[(first + op) * OP_STRIDE + 2] as number;
    if (variable >= 0 && value >= 0 && temps.has(holderOf(fn, value))) out.add(variable);
  }
  return out;
}

/** Variables and temporaries in which it may stand, also as a copy, as holders. */
export function mayHoldMade(cx: Pick<RuleContext, 'analysis'>, fn: FunctionRef): ReadonlySet<number> {
  const made = tempsMade(cx, fn, () => false);
  const { file } = fn;
  const first = fnColumn(file, fn.index, Fn.FirstOp);
  const count = fnColumn(file, fn.index, Fn.OpCount);
  for (let size = 0; made.size > 0 && size !== made.size; ) {
    size = made.size;
    for (let op = 0; op < count; op++) {
      const at = (first + op) * OP_STRIDE;
      const to = (file.ops[at] as Op) === Op.Set ? -2 - (file.ops[at + 1] as number) : storedVariable(fn, op);
      const value = file.ops[at + 2] as number;
      if (to !== -1 && value >= 0 && made.has(holderOf(fn, value))) made.add(to);
    }
  }
  return made;
}
