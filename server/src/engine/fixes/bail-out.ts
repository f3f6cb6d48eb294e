/**
 * The way out of RCU-walk before something that sleeps, in the form that the method's signature wants. Not offered where
 * a return would leave a lock, a reference or memory behind, or where the statement has no list of statements around it.
 */
import type { Fix } from '../base/finding.js';
import { fnColumn } from '../contexts/cfg.js';
import { Fn, VARIABLE_STRIDE } from '../facts/encode.js';
import type { FunctionRef } from '../program/program.js';
import { K } from '../syntax/kinds.js';
import { mayReturnAt } from './at.js';
import type { FixContext, Site } from './fixes.js';
import { indentBefore, insert, isInList, lineStart, linesOf, statementAt } from './source.js';

/** The fix, or null where it would not be right. `method` is `struct::slot`. */
export function bailOut(cx: FixContext, site: Site, method: string): Fix | null {
  const { source, fn } = site;
  const { tree, text } = source;
  const entry = cx.analysis.model.methods.get(method);
  const condition = walkCondition(cx, fn, method);
  const statement = condition === null ? null : statementAt(source, site.start, site.end);
  if (entry?.bail === undefined || statement === null || !isInList(source, statement)) return null;
  if (tree.kind[statement.node] === K.declaration) return null;
  const start = tree.start[statement.node] as number;
  const indent = indentBefore(text, start);
  if (indent === null || !mayReturnAt(cx.analysis, fn, start, tree.end[statement.node] as number))
    return null;
  const lines = [`if (${condition})`, `\t${entry.bail}`];
  return {
    title: 'Leave RCU-walk before what may sleep',
    safety: 'safe',
    edits: [insert(source, lineStart(text, start), linesOf(text, indent, lines))],
  };
}

/** The condition by which a method's own function tells RCU-walk, with its own parameter names; null where there is none. */
export function walkCondition(cx: FixContext, fn: FunctionRef, method: string): string | null {
  const entry = cx.analysis.model.methods.get(method);
  // The first condition tells RCU-walk; what follows it only narrows
  const when = entry?.contexts.find((c) => c.rcu === 'walk')?.when?.split(' && ')[0];
  return entry === undefined || when === undefined || when === '' ? null : inOwnWords(fn, entry.params, when);
}

/** The model's condition with the function's own parameter names; null where they do not fit. */
function inOwnWords(fn: FunctionRef, params: readonly string[], when: string): string | null {
  const { file } = fn;
  if (fnColumn(file, fn.index, Fn.ParameterCount) !== params.length) return null;
  const first = fnColumn(file, fn.index, Fn.FirstVariable);
  let fits = true;
  const text = when.replace(/[A-Za-z_]\w*/g, (word) => {
    const at = params.indexOf(word);
    if (at < 0) return word;
    const name = file.strings[file.variables[(first + at) * VARIABLE_STRIDE] as number] ?? '';
    if (name === '') fits = false;
    return name;
  });
  return fits ? text : null;
}
