/**
 * A question for what a function's precondition is, answered from an analysed program: finds the function, and puts the
 * edit together with the contexts that make it certain. Joins rooms; decides nothing itself.
 */
import type { Analysis } from './contexts/analysis.js';
import { CallerIndex, type Texts } from './contexts/callers.js';
import { fnColumn } from './contexts/cfg.js';
import { contextsAt } from './contexts/query.js';
import type { AnnotateAnswer } from './door.js';
import { type FileFacts, Fn, FUNCTION_STRIDE, lineAt } from './facts/encode.js';
import { type AnnotationStyle, annotate } from './fixes/annotate.js';
import type { Source } from './fixes/source.js';
import type { FunctionRef } from './program/program.js';

/** A signature has no more lines than this: below, nothing is looked up for a line. */
const MAX_SIGNATURE_LINES = 40;

const indexes = new WeakMap<Analysis, CallerIndex>();
/** The file that was asked about last: a cursor that stays on a signature asks again and again. */
const lastSources = new WeakMap<Analysis, Source>();

/** The answer for one function. */
export function annotation(
  analysis: Analysis,
  texts: Texts,
  sourceOf: (file: string) => Source | null,
  fn: FunctionRef,
  style: AnnotationStyle,
): AnnotateAnswer {
  let index = indexes.get(analysis);
  if (index === undefined) {
    index = new CallerIndex(analysis, texts);
    indexes.set(analysis, index);
  }
  const kept = (file: string): Source | null => {
    const last = lastSources.get(analysis);
    if (last?.file === file) return last;
    const source = sourceOf(file);
    if (source !== null) lastSources.set(analysis, source);
    return source;
  };
  const found = annotate(analysis, index, kept, fn, style);
  const about = {
    file: fn.file.path,
    function: fn.name,
    line: lineAt(fn.file.lineStarts, fnColumn(fn.file, fn.index, Fn.NameStart)),
  };
  if (!found.ok) return { ...about, locks: [], contexts: [], fix: null, reason: found.reason };
  return {
    ...about,
    locks: found.locks,
    contexts: contextsAt(analysis, fn, -1),
    fix: found.fix,
    reason: null,
  };
}

/** The function of a file whose signature (from its return type to its body) covers a line; null where there is none. */
export function signatureAt(facts: FileFacts, configured: () => string, line: number): string | null {
  for (let i = 0; i < facts.functions.length / FUNCTION_STRIDE; i++) {
    const start = fnColumn(facts, i, Fn.Start);
    const end = fnColumn(facts, i, Fn.End);
    if (lineAt(facts.lineStarts, start) > line || lineAt(facts.lineStarts, end) < line) continue;
    const name = fnColumn(facts, i, Fn.NameStart);
    if (line - lineAt(facts.lineStarts, name) > MAX_SIGNATURE_LINES) return null;
    const body = configured().indexOf('{', name);
    if (body >= 0 && lineAt(facts.lineStarts, body) >= line)
      return facts.strings[fnColumn(facts, i, Fn.Name)] ?? null;
  }
  return null;
}
