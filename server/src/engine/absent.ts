/**
 * Why a rule says nothing at a line: the rule is run once more with somebody to hear of its exemptions, and what the analysis knows of
 * the line is put beside. Where nothing was noted the answer says so, and does not guess. Joins rooms; decides nothing itself.
 */
import type { CancelToken } from './base/cancel.js';
import type { Analysis } from './contexts/analysis.js';
import { fnColumn, isDamaged } from './contexts/cfg.js';
import type { Entry } from './contexts/entry-points.js';
import { functionAt } from './contexts/query.js';
import { unknownsOf } from './contexts/unknowns.js';
import type { AbsentAnswer, AbsentQuery, Silence } from './door.js';
import { Fn, OP_STRIDE, Op } from './facts/encode.js';
import { findSuppressions, ruleMatches } from './findings/suppression.js';
import type { FunctionRef } from './program/program.js';
import { RULES } from './rules/index.js';
import { replay } from './rules/replay.js';
import { rangeOf } from './rules/rule.js';
import { type Files, runRules } from './rules/run.js';

/** What the answer is made with besides the analysis. */
export interface Around extends Files {
  /** Whether the configuration builds the line. */
  readonly isBuilt: boolean;
  readonly token: CancelToken;
}

/** The answer. `analysis`: one that no rule has looked at, so that every exemption is heard of. */
export function absent(analysis: Analysis, query: AbsentQuery, around: Around): AbsentAnswer {
  const { rule, file, line } = query;
  const fn = functionAt(analysis.program.functions, file, line);
  const heard = new Map<string, { readonly op: number; readonly why: string }>();
  const found = runRules(analysis, new Set([file]), [rule], 'low', around, around.token, () => [], {
    silence: (id, at, op, why) => {
      if (id === rule && at === fn) heard.set(`${op} ${why}`, { op, why });
    },
  });
  const info = RULES.find((r) => r.id === rule);
  const onLine = new Set(fn === null ? [] : operationsOn(fn, line));
  const findings = found.filter((f) => f.line === line || (f.line < line && f.endLine >= line));
  const allowed = findSuppressions(around.textOf(file) ?? '').find(
    (s) => s.problem === null && s.target === line && ruleMatches(rule, s.rule),
  );
  const silences: Silence[] = [];
  const elsewhere: Silence[] = [];
  for (const { op, why } of heard.values()) {
    const at = fn === null || op < 0 ? 0 : rangeOf(fn, op).line;
    (onLine.has(op) ? silences : elsewhere).push({ line: at, why });
  }
  const inOrder = (list: Silence[]): Silence[] =>
    list.sort((a, b) => a.line - b.line || (a.why < b.why ? -1 : a.why > b.why ? 1 : 0));
  return {
    version: 1,
    rule,
    file,
    line,
    function: fn?.name ?? null,
    findings,
    allowed: allowed?.reason ?? null,
    silences: inOrder(silences),
    elsewhere: inOrder(elsewhere),
    notes: [
      ...(info === undefined || fn === null || heard.size > 0 || findings.length > 0
        ? []
        : [`the rule met nothing in the function that it is about: ${info.law}`]),
      ...notesOn(analysis, query, fn, onLine, around.isBuilt),
    ],
  };
}

/** Operations that stand on a line, or on whose lines it lies. */
function operationsOn(fn: FunctionRef, line: number): number[] {
  const out: number[] = [];
  const first = fnColumn(fn.file, fn.index, Fn.FirstOp);
  const count = fnColumn(fn.file, fn.index, Fn.OpCount);
  for (let op = 0; op < count; op++) {
    const kind = fn.file.ops[(first + op) * OP_STRIDE] as Op;
    if (kind === Op.Cleanup || kind === Op.Stop || kind === Op.Jump) continue;
    if (kind === Op.Declare && (fn.file.ops[(first + op) * OP_STRIDE + 2] as number) < 0) continue;
    const r = rangeOf(fn, op);
    if (r.line <= line && r.endLine >= line) out.push(op);
  }
  return out;
}

function notesOn(
  analysis: Analysis,
  query: AbsentQuery,
  fn: FunctionRef | null,
  onLine: ReadonlySet<number>,
  isBuilt: boolean,
): string[] {
  const notes: string[] = [];
  const info = RULES.find((r) => r.id === query.rule);
  if (info?.onByDefault === false)
    notes.push('the rule is off by default: a check runs it where it is named');
  if (!isBuilt) notes.push('the configuration leaves the line out: it is not analysed');
  if (fn === null) {
    notes.push('the line stands in no function that is analysed');
    return notes;
  }
  if (isDamaged(fn)) notes.push('the parser did not understand all of the function');
  const entries = analysis.propagation?.entries[fn.id] ?? [];
  if (entries.length === 0) notes.push('no situation in which the function is entered is known');
  else if (entries.every((e) => e.origins.length === 0))
    notes.push('no method, and no other entry that is known, leads to the function');
  if (isBuilt && onLine.size === 0)
    notes.push('the line does nothing: it is a declaration without a value, a label, a brace or a comment');
  else if (onLine.size > 0 && entries.length > 0 && !isReached(analysis, fn, entries, onLine))
    notes.push('no path that is certain gets to the line in any situation that is known');
  notes.push(...unknownsOf(analysis, fn));
  return notes;
}

/** Whether a path that is not in doubt gets to one of these operations in some situation. */
function isReached(
  analysis: Analysis,
  fn: FunctionRef,
  entries: readonly Entry[],
  ops: ReadonlySet<number>,
): boolean {
  for (const entry of entries) {
    let reached = false;
    replay(analysis, fn, entry, (_run, op) => {
      reached ||= ops.has(op);
      return undefined;
    });
    if (reached) return true;
  }
  return false;
}
