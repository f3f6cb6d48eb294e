/**
 * What an answer about a function rests on that is not known: paths that were not followed, callers that are not at hand,
 * calls whose effect nobody states. An answer says so beside what it does know. Must not change what is known.
 */
import { CALL_LOOP, EXPR_STRIDE, Fn, INVOCATION_STRIDE, OP_STRIDE, Op, X } from '../facts/encode.js';
import { ExpressionTypes } from '../program/expression-types.js';
import type { FunctionRef } from '../program/program.js';
import type { Analysis } from './analysis.js';
import { fnColumn } from './cfg.js';

/** So many calls are named; the others are counted. */
const MOST_NAMED = 4;

/** Sentences without a full stop, in a fixed order; none where everything that matters is known. */
export function unknownsOf(analysis: Analysis, fn: FunctionRef): readonly string[] {
  const out: string[] = [];
  if (analysis.results[fn.id]?.widened === true)
    out.push('this function has more paths than are followed one by one');
  if ((analysis.propagation?.entries[fn.id] ?? []).some((e) => e.widened))
    out.push('it is reached in more ways than are kept apart');
  if (isExported(fn)) out.push('it is exported: callers in other directories are not seen');
  const calls = callsWithoutEffect(analysis, fn);
  if (calls.length > 0) {
    const named = calls.slice(0, MOST_NAMED).join(', ');
    const more = calls.length - MOST_NAMED;
    out.push(`calls whose effect is not known: ${named}${more > 0 ? ` and ${more} more` : ''}`);
  }
  return out;
}

/** Whether a function is handed to other modules. */
export function isExported(fn: FunctionRef): boolean {
  const { invocations, lists, strings } = fn.file;
  for (let i = 0; i * INVOCATION_STRIDE < invocations.length; i++) {
    const at = i * INVOCATION_STRIDE;
    if (!(strings[invocations[at] as number] ?? '').startsWith('EXPORT_SYMBOL')) continue;
    const list = invocations[at + 1] as number;
    if ((lists[list] as number) > 0 && strings[lists[list + 1] as number] === fn.name) return true;
  }
  return false;
}

/** Names of the calls in a function that neither the program nor the model knows, in the order of the text. */
export function callsWithoutEffect(analysis: Analysis, fn: FunctionRef): string[] {
  const { program, model } = analysis;
  const { file } = fn;
  const first = fnColumn(file, fn.index, Fn.FirstOp);
  const count = fnColumn(file, fn.index, Fn.OpCount);
  const names = new Set<string>();
  const types = new ExpressionTypes(program, fn);
  for (let o = 0; o < count; o++) {
    const at = (first + o) * OP_STRIDE;
    if ((file.ops[at] as Op) === Op.Guard) {
      const cls = file.strings[file.ops[at + 1] as number] ?? '';
      const scope = analysis.shared.scopes.of(cls, file);
      if (scope === null || scope.acquire === null || scope.release === null) names.add(`guard(${cls})`);
      continue;
    }
    if ((file.ops[at] as Op) !== Op.Call || ((file.ops[at + 4] as number) & CALL_LOOP) !== 0) continue;
    const callee = (file.ops[at + 1] as number) * EXPR_STRIDE;
    const kind = file.exprs[callee] as X;
    if (kind === X.Name) {
      const name = file.strings[file.exprs[callee + 1] as number] ?? '';
      if (program.resolve(name, file) !== null || model.helpers.has(name)) continue;
      if (program.macro(name, file) === null) names.add(`${name}()`);
    } else if (kind === X.Field) {
      const slot = file.strings[file.exprs[callee + 2] as number] ?? '';
      const struct = types.slot(file.ops[at + 1] as number)?.struct ?? '';
      if (model.methods.has(`${struct}::${slot}`)) continue;
      if (!program.slotFillers(struct, slot).some((f) => f.file.path.startsWith(fn.unit)))
        names.add(`->${slot}()`);
    }
  }
  return [...names];
}

/** Whether callers may stand where they are not seen: other modules, other directories. */
export function isSeenElsewhere(analysis: Analysis, fn: FunctionRef): boolean {
  if (fn.isStatic) return fn.isHeader;
  return isExported(fn) || fn.isHeader || analysis.program.isDeclaredForAll(fn.name);
}
