/**
 * What a function takes out of a directory by hand: it unhashes a dentry, counts one name less, and drops the reference that kept the
 * name in the cache, as simple_unlink() does in one. By the text of the function alone.
 */
import { calledName } from '../contexts/cfg.js';
import { readsOf } from '../contexts/operands.js';
import { EXPR_STRIDE, X } from '../facts/encode.js';
import type { FunctionRef } from '../program/program.js';
import { Mentions } from './mentions.js';
import { localOf, storedVariable } from './pointer-text.js';
import { operationsOf, visitExpressions } from './replay.js';
import { textOf } from './text-locks.js';
import { Ways } from './ways.js';

/** What counts names less, and what drops a reference. */
const COUNTS = new Mentions(['drop_nlink', 'clear_nlink']);
const PUT = 'dput';

/** What takes a reference that is then given back: the one that keeps the name in the cache was there before. */
const GETS: ReadonlySet<string> = new Set(['dget', 'dget_dlock']);

/** Whether the dentry that a call unhashes is unlinked by hand. */
export function unlinksByHand(fn: FunctionRef, op: number): boolean {
  if (!COUNTS.in(fn)) return false;
  const victim = readsOf(fn, op)[1] ?? -1;
  const text = victim < 0 ? '' : textOf(fn, victim);
  if (text === '') return false;
  const ways = new Ways(fn);
  const variable = localOf(fn, victim);
  let drops = false;
  for (const o of operationsOf(fn)) {
    const name = calledName(fn, o);
    const handed = readsOf(fn, o)[name === '' ? 0 : 1] ?? -1;
    if (name === PUT && handed >= 0 && textOf(fn, handed) === text && ways.isAfter(op, o)) drops = true;
    // The reference may be one that was taken here
    if (GETS.has(name) && handed >= 0 && textOf(fn, handed) === text) return false;
    if (variable !== -1 && storedVariable(fn, o) === variable && isGiven(fn, handed)) return false;
  }
  return drops;
}

/** Whether a call gave what is stored. */
function isGiven(fn: FunctionRef, value: number): boolean {
  return value >= 0 && (fn.file.exprs[value * EXPR_STRIDE] as X) === X.Temp;
}

const ROOT = 's_root';

/** Whether a function works on the root of a superblock that stands in a global variable: not on the one whose end or beginning calls it. */
export function isOfGlobalSuperblock(fn: FunctionRef): boolean {
  const { exprs, strings } = fn.file;
  let is = false;
  for (const op of operationsOf(fn))
    for (const e of readsOf(fn, op))
      visitExpressions(fn.file, e, (x, kind) => {
        if (kind !== X.Field || strings[exprs[x * EXPR_STRIDE + 2] as number] !== ROOT) return;
        if ((exprs[(exprs[x * EXPR_STRIDE + 1] as number) * EXPR_STRIDE] as X) === X.Name) is = true;
      });
  return is;
}
