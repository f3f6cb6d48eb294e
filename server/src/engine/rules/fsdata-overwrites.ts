/**
 * Stores to d_fsdata that lose what stood there: the old pointer is known not to be NULL, and the function neither hands it on nor
 * keeps it anywhere, on any path. Must not know what is said of it, nor who counts references.
 */
import { calledName, fnColumn } from '../contexts/cfg.js';
import type { FunctionRun } from '../contexts/flow.js';
import { maskOf, ZERO } from '../contexts/known.js';
import { readsOf } from '../contexts/operands.js';
import type { State } from '../contexts/state.js';
import { T, type Terms } from '../contexts/terms.js';
import { EXPR_STRIDE, type FileFacts, Fn, OP_STRIDE, Op, X } from '../facts/encode.js';
import type { FunctionRef } from '../program/program.js';
import { onlyLooks } from './only-looks.js';
import { argumentsOf } from './reached.js';
import { replay } from './replay.js';
import type { RuleContext } from './rule.js';

/** Why a store that replaces something loses nothing. */
type Quiet = (op: number, why: string) => void;

/** Operations of a function that overwrite a d_fsdata which pointed at such a structure, with the name of the dentry. */
export function lostByStores(
  cx: RuleContext,
  fn: FunctionRef,
  struct: string,
  quiet: Quiet,
): ReadonlyMap<number, string> {
  const out = new Map<number, string>();
  for (const entry of cx.analysis.propagation?.entries[fn.id] ?? []) {
    const lost = new Map<number, { readonly old: number; readonly text: string }>();
    const handedOn = new Set<number>();
    replay(cx.analysis, fn, entry, (run, op, s): undefined => {
      for (const value of handedOnAt(cx, run, op, s))
        for (const object of within(run.terms, value)) handedOn.add(run.snapshots.get(object) ?? object);
      const place = storeAt(fn, op);
      if (place < 0) return;
      const { terms } = run;
      const old = run.ev.value(s, place);
      // What this function has put there itself is not told apart from what it got for it
      if (terms.kind(old) !== T.Load || terms.lastField(old) !== 'd_fsdata') return;
      const value = fn.file.ops[at(fn, op) + 2] as number;
      if (run.ev.value(s, value) === old) return;
      if ((maskOf(terms, s.facts, old) & ZERO) !== 0) {
        quiet(op, 'what stood there may be NULL');
        return;
      }
      const stored = run.ev.value(s, value);
      const isOfType = run.ev.pointeeOf(stored) === struct || run.ev.typeOf(value)?.base === struct;
      if (!isOfType && maskOf(terms, s.facts, stored) !== ZERO) return;
      if (!lost.has(op)) lost.set(op, { old, text: run.showPlace(terms.a(terms.a(old))) });
    });
    for (const [op, { old, text }] of lost)
      if (handedOn.has(old))
        quiet(op, 'what stood there is handed on in this function: whoever has it then drops it');
      else if (!out.has(op)) out.set(op, text);
  }
  return out;
}

function at(fn: FunctionRef, op: number): number {
  return (fnColumn(fn.file, fn.index, Fn.FirstOp) + op) * OP_STRIDE;
}

/** The expression `x->d_fsdata` that an operation stores to; -1. */
function storeAt(fn: FunctionRef, op: number): number {
  const { file } = fn;
  if ((file.ops[at(fn, op)] as Op) !== Op.Assign) return -1;
  const place = file.ops[at(fn, op) + 1] as number;
  return isFsdata(file, place) ? place : -1;
}

function isFsdata(file: FileFacts, e: number): boolean {
  return (
    (file.exprs[e * EXPR_STRIDE] as X) === X.Field &&
    file.strings[file.exprs[e * EXPR_STRIDE + 2] as number] === 'd_fsdata'
  );
}

/** A pointer, and the objects that it points into: a member's address hands on the whole. After a store old values go by other names. */
function within(terms: Terms, value: number): readonly number[] {
  const out = [value];
  for (let t = value; ; t = terms.a(t)) {
    switch (terms.kind(t)) {
      case T.Addr:
      case T.FieldP:
      case T.FieldL:
      case T.Container:
        out.push(terms.a(t));
        break;
      default:
        return out;
    }
  }
}

/** Values that leave the function's hands at an operation: given to a call that does more than look, stored in memory, or given back. */
function handedOnAt(cx: RuleContext, run: FunctionRun, op: number, s: State): readonly number[] {
  const { fn } = run;
  const { file } = fn;
  switch (file.ops[at(fn, op)] as Op) {
    case Op.Call: {
      const name = calledName(fn, op);
      return argumentsOf(run, op, s).filter((_, i) => !onlyLooks(cx.analysis, fn, name, i));
    }
    case Op.Assign: {
      const target = file.ops[at(fn, op) + 1] as number;
      return (file.exprs[target * EXPR_STRIDE] as X) === X.Local
        ? []
        : [run.ev.value(s, file.ops[at(fn, op) + 2] as number)];
    }
    case Op.Return:
      return readsOf(fn, op).map((e) => run.ev.value(s, e));
    default:
      return [];
  }
}
