/**
 * A second look at a function for rules that need to see every read: the function is walked again, and the rule is shown
 * each operation with the states that one of its situations allows.
 */
import type { Analysis } from '../contexts/analysis.js';
import { fnColumn } from '../contexts/cfg.js';
import type { Entry } from '../contexts/entry-points.js';
import { FunctionRun } from '../contexts/flow.js';
import { MAX_STATES } from '../contexts/frontier.js';
import type { FunctionResult } from '../contexts/result.js';
import type { Facts, State } from '../contexts/state.js';
import { exported } from '../contexts/translate.js';
import { EXPR_STRIDE, type FileFacts, Fn, OP_STRIDE, Op, X } from '../facts/encode.js';
import { type FunctionRef, readList } from '../program/program.js';

/**
 * Shows a state before an operation, with the walk that terms and types belong to. What is given back goes along with the state
 * (`State.trail`), so that a rule can follow what happened on the way: a number of the rule's own, 0 at the start. A value that an
 * operation made is another one once that operation runs again: a trail that speaks of it has to forget it there.
 */
export type Look = (run: FunctionRun, op: number, state: State) => number | undefined;

/**
 * Walks a function; `look` sees the states that fit the situation and are not in doubt. `keep`: how many states are kept apart at a
 * point; more than usual is a careful walk, which also remembers what was taken and given back (`State.done`).
 */
export function replay(
  analysis: Analysis,
  fn: FunctionRef,
  entry: Entry,
  look: Look,
  keep = MAX_STATES,
): void {
  const propagation = analysis.propagation;
  if (propagation === null) return;
  // What is known changes at few operations: most ask for the very same facts again
  const fits = new Map<Facts, boolean>();
  const observer = (op: number, s: State): number | undefined => {
    if (s.doubt) return undefined;
    let fit = fits.get(s.facts);
    if (fit === undefined) {
      fit = propagation.meet(entry, exported(run.terms, s.facts, true)) !== null;
      fits.set(s.facts, fit);
    }
    return fit ? look(run, op, s) : undefined;
  };
  const run: FunctionRun = new FunctionRun(analysis.shared, fn, observer, keep);
  run.run();
}

/**
 * What a rule made of a function in a situation: made once, and again only when the function's result or the situation is found anew.
 * What is made must not hang on anything else, such as who calls.
 */
export class OfSituations<T> {
  private readonly known = new WeakMap<
    Entry,
    { readonly result: FunctionResult | undefined; readonly file: WeakRef<FileFacts>; readonly made: T }
  >();

  of(analysis: Analysis, fn: FunctionRef, entry: Entry, make: () => T): T {
    const result = analysis.results[fn.id];
    const known = this.known.get(entry);
    // What was made may say lines, which move with the text around the function
    if (known !== undefined && known.result === result && known.file.deref() === fn.file) return known.made;
    const made = make();
    this.known.set(entry, { result, file: new WeakRef(fn.file), made });
    return made;
  }
}

/** The pure expressions that an operation reads, in the order of its columns. */
export function readsOf(fn: Pick<FunctionRef, 'file' | 'index'>, op: number): readonly number[] {
  const file = fn.file;
  const at = (fnColumn(file, fn.index, Fn.FirstOp) + op) * OP_STRIDE;
  const a = file.ops[at + 1] as number;
  const b = file.ops[at + 2] as number;
  switch (file.ops[at] as Op) {
    case Op.Call:
      return [a, ...readList(file, b)];
    case Op.Assign:
      return [b, a];
    case Op.Set:
    case Op.Declare:
      return b >= 0 ? [b] : [];
    case Op.Eval:
    case Op.Branch:
    case Op.Switch:
      return [a];
    case Op.Return:
      return a >= 0 ? [a] : [];
    case Op.Guard:
      return readList(file, b);
    default:
      return [];
  }
}

/** Calls `visit` for every expression below one, itself included; `&x.y` reads nothing, so its place is not visited as a read. */
export function visitExpressions(file: FileFacts, expr: number, visit: (e: number, kind: X) => void): void {
  if (expr < 0) return;
  const at = expr * EXPR_STRIDE;
  const kind = file.exprs[at] as X;
  const a = file.exprs[at + 1] as number;
  const b = file.exprs[at + 2] as number;
  switch (kind) {
    case X.Addr: {
      // The address of p->f needs p, not what stands in f
      const inner = a * EXPR_STRIDE;
      if ((file.exprs[inner] as X) === X.Field)
        visitExpressions(file, file.exprs[inner + 1] as number, visit);
      else if ((file.exprs[inner] as X) === X.Index)
        visitExpressions(file, file.exprs[inner + 1] as number, visit);
      return;
    }
    case X.Field:
    case X.Deref:
      visit(expr, kind);
      visitExpressions(file, a, visit);
      return;
    case X.Index:
      visit(expr, kind);
      visitExpressions(file, a, visit);
      visitExpressions(file, b, visit);
      return;
    case X.Unary:
    case X.Cast:
      visitExpressions(file, b, visit);
      return;
    case X.Binary:
      visitExpressions(file, b, visit);
      visitExpressions(file, file.exprs[at + 3] as number, visit);
      return;
    default:
      return;
  }
}
