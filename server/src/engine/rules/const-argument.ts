/**
 * Whether a function treats what a parameter points at as const: neither it nor what it calls writes a member, and nobody gets the pointer
 * who might. What lies behind another pointer is another object, as it is to the compiler. Told by the text; says `perhaps` rather than
 * too much. Must not judge: most methods are free to write.
 */
import type { Analysis } from '../contexts/analysis.js';
import { calledName, fnColumn } from '../contexts/cfg.js';
import { EXPR_STRIDE, Fn, OP_STRIDE, Op, X } from '../facts/encode.js';
import { type FunctionRef, readList } from '../program/program.js';
import { isInside, isPointerTo } from './only-looks.js';

/** Calls that are followed. */
const MAX_DEPTH = 8;

/** What a function does with what a parameter points at. `by`: what writes, or may. */
export type Constness =
  | { readonly kind: 'const' }
  | {
      readonly kind: 'written' | 'perhaps';
      readonly fn: FunctionRef;
      readonly op: number;
      readonly by: string;
    };

const CONST: Constness = { kind: 'const' };

/** The language's own: what they are handed is a value. */
const VALUES = /^(IS_ERR|IS_ERR_OR_NULL|PTR_ERR|likely|unlikely)$/;

/** What becomes of a parameter. */
export function constness(analysis: Analysis, fn: FunctionRef, parameter: number): Constness {
  return look(analysis, fn, parameter, 0, new Set());
}

function look(
  analysis: Analysis,
  fn: FunctionRef,
  parameter: number,
  depth: number,
  seen: Set<string>,
): Constness {
  const { file } = fn;
  const key = `${fn.id},${parameter}`;
  if (seen.has(key)) return CONST;
  seen.add(key);
  const first = fnColumn(file, fn.index, Fn.FirstOp);
  const count = fnColumn(file, fn.index, Fn.OpCount);
  let found: Constness = CONST;
  for (let op = 0; op < count; op++) {
    const at = (first + op) * OP_STRIDE;
    const [a, b] = [file.ops[at + 1] as number, file.ops[at + 2] as number];
    const kind = file.ops[at] as Op;
    const perhaps = (by: string): Constness => ({ kind: 'perhaps', fn, op, by });
    if (kind === Op.Assign && isInside(file, a, parameter)) return { kind: 'written', fn, op, by: 'it' };
    const values =
      kind === Op.Assign || kind === Op.Declare || kind === Op.Set
        ? [b]
        : kind === Op.Return
          ? [a]
          : kind === Op.Guard
            ? readList(file, b)
            : [];
    if (values.some((e) => e >= 0 && isPointerTo(file, e, parameter))) {
      if (found.kind === 'const') found = perhaps('it goes by another name');
      continue;
    }
    if (kind !== Op.Call) continue;
    const name = calledName(fn, op);
    for (const [j, e] of readList(file, b).entries()) {
      if (!isPointerTo(file, e, parameter) || VALUES.test(name)) continue;
      const inner = handed(analysis, fn, name, j, depth, seen, file.exprs[e * EXPR_STRIDE] as X);
      if (inner === 'const') continue;
      if (inner !== 'perhaps') return inner;
      if (found.kind === 'const') found = perhaps(name === '' ? 'it is handed on' : `${name}() gets it`);
    }
  }
  return found;
}

/** What prints, also where a macro stands for it. */
const PRINTS = /\b(_?printk|no_printk|pr_[a-z]+|dev_[a-z]+|dynamic_\w*debug|seq_printf)\b/;

/** Whether an argument is only printed: one of those behind a format. */
function isPrinted(analysis: Analysis, from: FunctionRef, name: string, position: number): boolean {
  if (PRINTS.test(name)) return true;
  const macro = name === '' ? null : analysis.program.macro(name, from.file);
  const params = macro?.params ?? null;
  return macro !== null && params !== null && position >= params.length - 1 && PRINTS.test(macro.body);
}

/** A macro that is written like a function, as one. */
function ofMacro(analysis: Analysis, from: FunctionRef, name: string): FunctionRef | null {
  const macro = analysis.program.macro(name, from.file);
  return macro === null || macro.params === null ? null : analysis.shared.compile(macro);
}

/** What becomes of it in a call. */
function handed(
  analysis: Analysis,
  from: FunctionRef,
  name: string,
  position: number,
  depth: number,
  seen: Set<string>,
  kind: X,
): Constness | 'const' | 'perhaps' {
  if (analysis.model.readers.has(name) || isPrinted(analysis, from, name, position)) return 'const';
  const callee =
    name === '' ? null : (analysis.program.resolve(name, from.file) ?? ofMacro(analysis, from, name));
  // The address of a member is another type's: what is done to it is the callee's affair
  if (callee === null || depth >= MAX_DEPTH || kind === X.Addr) return 'perhaps';
  const inner = look(analysis, callee, position, depth + 1, seen);
  return inner.kind === 'const' ? 'const' : inner;
}
