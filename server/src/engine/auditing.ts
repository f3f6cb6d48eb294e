/**
 * What is audited, and the audit of one directory: every instance of a method, call of a helper or spot that a rule looked at, with a
 * verdict. Suspect is what a rule says something about, at any precision; unknown is what the analysis could not follow; fine is the
 * rest. Joins rooms; the verdicts on methods and helpers are made in files of their own.
 */
import { auditHelper } from './audit-helper.js';
import { auditMethod } from './audit-method.js';
import type { CancelToken } from './base/cancel.js';
import type { Analysis } from './contexts/analysis.js';
import type { AuditSpot } from './door.js';
import { settleFindings } from './findings/settle.js';
import type { HelperEntry, MethodEntry, Model } from './model/types.js';
import type { FunctionRef } from './program/program.js';
import { RULES, rulesLike, rulesNamed } from './rules/index.js';
import { lineOf, WIDENED } from './rules/rule.js';
import { type Files, runRules } from './rules/run.js';

/** What an audit is about. `word`: stands in every directory that has any of it; null where that cannot be told. */
export type Subject = { readonly name: string; readonly word: string | null } & (
  | { readonly kind: 'rule' }
  | { readonly kind: 'method'; readonly methods: readonly MethodEntry[] }
  | { readonly kind: 'helper'; readonly helper: HelperEntry }
);

/** What a name means: a rule, then a method, then a helper; `d_delete()` is the helper. Null where it means nothing. */
export function subjectOf(model: Model, name: string): Subject | null {
  const [rule, other] = rulesNamed(name);
  if (rule !== undefined && other === undefined) return { kind: 'rule', name: rule.id, word: null };
  const plain = name.replace(/^->/, '').replace('::', '.').replace(/\(\)$/, '');
  const methods = name.endsWith('()')
    ? []
    : [...model.methods.values()].filter((m) => `${m.struct}.${m.method}` === plain || m.method === plain);
  if (methods.length > 0) return { kind: 'method', name: plain, word: methods[0]?.method ?? plain, methods };
  const helper = model.helpers.get(plain);
  return helper === undefined ? null : { kind: 'helper', name: plain, word: plain, helper };
}

/** Why there is nothing to audit. */
export function noSuchSubject(model: Model, name: string): string {
  return `${name}: neither a rule, nor a method or helper that the model of Linux ${model.version} knows; ${rulesLike(name)}`;
}

/** The audit of one directory. `analysis`: one that no rule has looked at; `files`: the directory's. */
export function auditUnit(
  analysis: Analysis,
  subject: Subject,
  files: readonly string[],
  tree: Files,
  token: CancelToken,
): { readonly spots: readonly AuditSpot[]; readonly functions: number } {
  const inUnit = new Set(files);
  const heard = new Map<string, { readonly fn: FunctionRef; readonly op: number; readonly why: string }>();
  const ids = subject.kind === 'rule' ? [subject.name] : [];
  const hear = (id: string, fn: FunctionRef, op: number, why: string): void => {
    if (id === subject.name && !fn.isMacro) heard.set(`${fn.id} ${op} ${why}`, { fn, op, why });
  };
  const listens = subject.kind === 'rule' ? hear : undefined;
  const found = runRules(analysis, inUnit, ids, 'low', tree, token, () => [], { silence: listens });
  const ran = RULES.filter((rule) => (ids.length === 0 ? rule.onByDefault : ids.includes(rule.id)));
  const { findings } = settleFindings(found, {
    files,
    known: RULES.map((rule) => rule.id),
    ran: ran.map((rule) => rule.id),
    textOf: (file) => tree.textOf(file),
  });
  const functions = analysis.bottomUp.filter((id) => {
    const fn = analysis.program.functions[id] as FunctionRef;
    return !fn.isMacro && inUnit.has(fn.file.path);
  });
  switch (subject.kind) {
    case 'method':
      return {
        spots: subject.methods.flatMap((m) => auditMethod(analysis, m, findings, inUnit)),
        functions: functions.length,
      };
    case 'helper':
      return { spots: auditHelper(analysis, subject.helper, findings, inUnit), functions: functions.length };
    case 'rule': {
      const spots: AuditSpot[] = findings.map((f) => ({
        function: f.function,
        file: f.file,
        line: f.line,
        table: f.entry?.table ?? '',
        verdict: 'suspect',
        why: `${f.message} (${f.precision})`,
      }));
      const said = new Set(spots.map((s) => `${s.file}:${s.line}`));
      for (const { fn, op, why } of heard.values()) {
        // What is said of whole functions is no spot, but that one was not followed is
        if (!inUnit.has(fn.file.path) || (op < 0 && why !== WIDENED)) continue;
        const line = lineOf(fn, op);
        const spot = { function: fn.name, file: fn.file.path, line, table: '', why };
        if (!said.has(`${spot.file}:${line}`)) spots.push({ ...spot, verdict: op < 0 ? 'unknown' : 'fine' });
      }
      return { spots, functions: functions.length };
    }
  }
}
