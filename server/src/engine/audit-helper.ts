/**
 * The calls of a helper in one directory: what is held there, and whether that is what the model says it needs. Must not know how an
 * audit is shown.
 */
import type { Finding, HeldLock } from './base/finding.js';
import type { Analysis } from './contexts/analysis.js';
import { calledName, fnColumn } from './contexts/cfg.js';
import type { Entry } from './contexts/entry-points.js';
import type { FunctionRun } from './contexts/flow.js';
import { modelLock } from './contexts/helper-calls.js';
import { readsOf } from './contexts/operands.js';
import { contextsAt } from './contexts/query.js';
import type { State } from './contexts/state.js';
import type { AuditSpot } from './door.js';
import { Fn } from './facts/encode.js';
import { wordSleep } from './findings/wording.js';
import type { HelperEntry } from './model/types.js';
import type { FunctionRef } from './program/program.js';
import { heldIn, holding } from './rules/holding.js';
import { replay } from './rules/replay.js';
import { lineOf, lockExpression } from './rules/rule.js';

/** Locks that only some situations bring, named at most. */
const MOST_LOCKS = 4;

/** The calls of a helper in these files. */
export function auditHelper(
  analysis: Analysis,
  helper: HelperEntry,
  findings: readonly Finding[],
  files: ReadonlySet<string>,
): AuditSpot[] {
  const out: AuditSpot[] = [];
  for (const id of analysis.bottomUp) {
    const fn = analysis.program.functions[id] as FunctionRef;
    if (fn.isMacro || !files.has(fn.file.path)) continue;
    const count = fnColumn(fn.file, fn.index, Fn.OpCount);
    for (let op = 0; op < count; op++)
      if (calledName(fn, op) === helper.name)
        out.push({
          function: fn.name,
          file: fn.file.path,
          line: lineOf(fn, op),
          table: '',
          ...judge(analysis, helper, fn, op, findings),
        });
  }
  return out;
}

/** Held on all paths, and known by its class. */
function isCertain(lock: HeldLock): boolean {
  return lock.certainty === 'must' && !lock.class.startsWith('?');
}

/** What is held in every situation, and what only in some. */
function heldInAll(situations: readonly (readonly HeldLock[])[]): string {
  const sets = [...new Set(situations.map((held) => JSON.stringify(counted(held))))].map(
    (text) => new Map(JSON.parse(text) as [string, number][]),
  );
  const [first, ...rest] = sets;
  if (first === undefined) return 'nothing known';
  const always = new Map<string, number>();
  for (const [name, count] of first) {
    const least = Math.min(count, ...rest.map((set) => set.get(name) ?? 0));
    if (least > 0) always.set(name, least);
  }
  const some = new Set<string>();
  for (const set of sets)
    for (const [name, count] of set) {
      const least = always.get(name) ?? 0;
      if (count > least) some.add(least > 0 ? `another ${name}` : name);
    }
  const names = [...always].map(([name, count]) => (count > 1 ? `${count} of ${name}` : name));
  if (some.size === 0) return names.length === 0 ? 'no lock' : names.join(', ');
  const shown = [...some].slice(0, MOST_LOCKS);
  const more = some.size > shown.length ? ` and ${some.size - shown.length} more` : '';
  return `${names.length === 0 ? 'no lock' : names.join(', ')} in all ${sets.length} situations, and in some ${shown.join(', ')}${more}`;
}

/** Locks by the shortest name that tells them, each with how many of them there are. */
function counted(held: readonly HeldLock[]): readonly (readonly [string, number])[] {
  const out = new Map<string, number>();
  for (const lock of held) {
    const field = lock.class.slice(lock.class.lastIndexOf(':') + 1);
    const isTold = lock.expression.endsWith(`>${field}`) || lock.expression.endsWith(`.${field}`);
    const plain = lock.expression === '' ? lock.class : lock.expression;
    const name = isTold || plain === lock.class ? plain : `${plain} (${lock.class})`;
    const shown = lock.mode === 'shared' ? `${name} shared` : name;
    out.set(shown, (out.get(shown) ?? 0) + 1);
  }
  return [...out];
}

type Verdict = Pick<AuditSpot, 'verdict' | 'why'>;

function judge(
  analysis: Analysis,
  helper: HelperEntry,
  fn: FunctionRef,
  op: number,
  findings: readonly Finding[],
): Verdict {
  const contexts = contextsAt(analysis, fn, op);
  const held = heldInAll(contexts.map((c) => c.held.filter(isCertain)));
  const line = lineOf(fn, op);
  // A guess is no suspicion: what is held says more
  const found = findings.find(
    (f) => f.precision !== 'low' && f.file === fn.file.path && f.line <= line && f.endLine >= line,
  );
  if (found !== undefined)
    return { verdict: 'suspect', why: `${found.rule} (${found.precision}): ${found.message}` };
  const asleep = helper.sleeps === true ? contexts.find((c) => c.maySleep === false) : undefined;
  if (asleep !== undefined) return { verdict: 'suspect', why: `it sleeps, but here it ${wordSleep(asleep)}` };
  const needs = needsMet(analysis, helper, fn, op);
  if (needs.wrong.length > 0) return { verdict: 'suspect', why: `${needs.wrong.join('; ')}; held: ${held}` };
  if (!needs.seen)
    return { verdict: 'unknown', why: 'no path that is certain gets here in any situation that is known' };
  const callers = contexts.every((c) => c.entry === null) ? '; who calls it is not known' : '';
  if (needs.open.length > 0)
    return { verdict: 'unknown', why: `${needs.open.join('; ')}; held: ${held}${callers}` };
  const met = needs.met.length > 0 ? `${needs.met.join(', ')} held as it must` : 'needs no lock';
  return { verdict: 'fine', why: `${met}; held: ${held}` };
}

/** What a helper needs, at one call, over all situations and paths. */
interface Needs {
  seen: boolean;
  readonly wrong: readonly string[];
  readonly open: readonly string[];
  readonly met: readonly string[];
}

function needsMet(analysis: Analysis, helper: HelperEntry, fn: FunctionRef, op: number): Needs {
  const worst = new Map<string, 'met' | 'open' | 'wrong'>();
  const note = (text: string, how: 'met' | 'open' | 'wrong'): void => {
    const before = worst.get(text);
    if (before === undefined || before === 'met' || how === 'wrong') worst.set(text, how);
  };
  let seen = false;
  const look = (entry: Entry, run: FunctionRun, s: State): void => {
    seen = true;
    const args = readsOf(fn, op)
      .slice(1)
      .map((e) => run.ev.value(s, e));
    for (const spec of helper.requires ?? []) {
      const lock = modelLock(run, s, spec, helper.params, args, run.terms.unknown, op);
      if (lock === null) continue;
      const text = lockExpression(run.showPlace(lock.place));
      const how = holding(run, entry, s, { ...lock, shared: spec.mode !== 'exclusive' });
      // A need that hangs on a condition may not be one here
      const lacks = how === 'not' && (spec.when ?? '') === '' ? 'wrong' : 'open';
      note(text, how === 'held' ? 'met' : lacks);
    }
    for (const spec of helper.mustNotHold ?? []) {
      const lock = modelLock(run, s, spec, helper.params, args, run.terms.unknown, op);
      const same = lock === null ? undefined : heldIn(run, entry, s).find((l) => l.place === lock.place);
      if (lock === null || same === undefined || (spec.when ?? '') !== '') continue;
      note(`must not hold ${lockExpression(run.showPlace(lock.place))}`, same.may ? 'open' : 'wrong');
    }
  };
  for (const entry of analysis.propagation?.entries[fn.id] ?? [])
    replay(analysis, fn, entry, (run, at, s) => {
      if (at === op) look(entry, run, s);
      return undefined;
    });
  const those = (how: 'met' | 'open' | 'wrong'): string[] =>
    [...worst].filter(([, h]) => h === how).map(([text]) => text);
  const said = (text: string, not: string): string => (text.startsWith('must not') ? text : `${text} ${not}`);
  return {
    seen,
    wrong: those('wrong').map((t) => said(t, 'is not held')),
    open: those('open').map((t) => said(t, 'is perhaps not held')),
    met: those('met'),
  };
}
