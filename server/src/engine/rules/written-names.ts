/**
 * Which strings of its file each function writes as a member, function, global or guard: read once for a function, asked by every rule.
 * Must not know what a name means.
 */
import { fnColumn } from '../contexts/cfg.js';
import { readsOf, visitNodes } from '../contexts/operands.js';
import { EXPR_STRIDE, type FileFacts, Fn, FUNCTION_STRIDE, OP_STRIDE, Op, X } from '../facts/encode.js';

const BITS = 32;

/** Of one file: a row of bits for each function, one bit for each string. */
interface Written {
  readonly words: number;
  readonly bits: Uint32Array;
  readonly isRead: Uint8Array;
}

// Weak: what stands for good must not keep the texts of earlier checks
const WRITTEN = new WeakMap<FileFacts, Written>();
const NUMBERS = new WeakMap<FileFacts, ReadonlyMap<string, number>>();

/** The number of each string of a file. */
export function stringNumbers(file: FileFacts): ReadonlyMap<string, number> {
  let known = NUMBERS.get(file);
  if (known === undefined) {
    const all = new Map<string, number>();
    for (const [i, s] of file.strings.entries()) all.set(s, i);
    known = all;
    NUMBERS.set(file, known);
  }
  return known;
}

/** Whether a function of a file writes one of these strings, given by number. */
export function writesAny(file: FileFacts, index: number, numbers: ReadonlySet<number>): boolean {
  let written = WRITTEN.get(file);
  if (written === undefined) {
    const words = Math.ceil(file.strings.length / BITS);
    const count = file.functions.length / FUNCTION_STRIDE;
    written = { words, bits: new Uint32Array(words * count), isRead: new Uint8Array(count) };
    WRITTEN.set(file, written);
  }
  const row = index * written.words;
  if (written.isRead[index] === 0) {
    written.isRead[index] = 1;
    read(file, index, written.bits, row);
  }
  for (const n of numbers)
    if (((written.bits[row + Math.floor(n / BITS)] as number) & (1 << (n % BITS))) !== 0) return true;
  return false;
}

function read(file: FileFacts, index: number, bits: Uint32Array, row: number): void {
  const fn = { file, index };
  const first = fnColumn(file, index, Fn.FirstOp);
  const count = fnColumn(file, index, Fn.OpCount);
  const set = (n: number): void => {
    const at = row + Math.floor(n / BITS);
    bits[at] = (bits[at] as number) | (1 << (n % BITS));
  };
  for (let op = 0; op < count; op++) {
    const at = (first + op) * OP_STRIDE;
    if ((file.ops[at] as Op) === Op.Guard) set(file.ops[at + 1] as number);
    for (const e of readsOf(fn, op)) visitNames(file, e, set);
  }
}

/** Whether an expression writes one of these strings. */
export function expressionWrites(file: FileFacts, expr: number, numbers: ReadonlySet<number>): boolean {
  let found = false;
  visitNames(file, expr, (n) => {
    found ||= numbers.has(n);
  });
  return found;
}

/** Calls `visit` with the string of each name and member below an expression. */
function visitNames(file: FileFacts, expr: number, visit: (n: number) => void): void {
  visitNodes(file, expr, (e, kind) => {
    const at = e * EXPR_STRIDE;
    if (kind === X.Name) visit(file.exprs[at + 1] as number);
    else if (kind === X.Field) visit(file.exprs[at + 2] as number);
  });
}
