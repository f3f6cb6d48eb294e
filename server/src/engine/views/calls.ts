/**
 * The call hierarchy: who calls a function and whom it calls, with what holds at each call, and the slots and registrations
 * through which it is entered. Calls that macros make stand where the macros are used. Must not know editors.
 */
import type { PointContext, Range } from '../base/finding.js';
import type { CallItem, CallRow, CallsAnswer, CallsQuery } from '../base/shown.js';
import type { Analysis } from '../contexts/analysis.js';
import { type CallInto, callsInto, callsOutOf } from '../contexts/calls-into.js';
import { contextsAt, contextsAtEach, functionAt } from '../contexts/query.js';
import type { Beginning } from '../program/beginnings.js';
import type { FunctionRef } from '../program/program.js';
import { functionIn, lateStates, methodOf, statesOfSlot } from './method-entry.js';
import { callAt, nameOf, slotAt, wholeOf } from './places.js';
import { mergedLine, statesLine } from './state-lines.js';

/** Past so many callers, what holds is told of the first ones only: each is walked for it. */
const MAX_WALKED = 200;

const LATER: Readonly<Record<string, string>> = {
  rcu: 'runs after a grace period',
  work: 'runs later, as work',
  timer: 'runs later, in a timer',
  irq: 'runs later, in an interrupt',
  kthread: 'runs in a thread',
};

/** Answers about calls. `textOf`: the text of a file, for the word at a position. */
export function callsOf(
  analysis: Analysis,
  query: CallsQuery,
  textOf: (file: string) => string | null,
): CallsAnswer {
  const fn =
    query.kind === 'at'
      ? functionNamedAt(analysis, query.file, query.line, query.column, textOf(query.file) ?? '')
      : (analysis.program.functionsNamed(query.function).find((f) => f.file.path === query.file) ?? null);
  if (fn === null) return { version: 1, item: null, rows: [] };
  const rows =
    query.kind === 'at' ? [] : query.kind === 'incoming' ? incoming(analysis, fn) : outgoing(analysis, fn);
  return { version: 1, item: itemOf(fn, entryDetail(analysis, fn)), rows };
}

/** The function that the word at a position means; where it means none, but stands in a function's head, that one. */
function functionNamedAt(
  analysis: Analysis,
  file: string,
  line: number,
  column: number,
  text: string,
): FunctionRef | null {
  const { program } = analysis;
  const row = text.split('\n', line)[line - 1] ?? '';
  const word = [...row.matchAll(/[A-Za-z_]\w*/g)].find(
    (m) => column >= m.index + 1 && column <= m.index + 1 + m[0].length,
  )?.[0];
  const facts = program.files.get(file);
  if (word !== undefined && facts !== undefined) {
    const meant = program.resolve(word, facts);
    if (meant !== null) return meant;
  }
  const around = functionAt(program.functions, file, line);
  return around !== null && line <= nameOf(around).line ? around : null;
}

function itemOf(fn: FunctionRef, detail: string): CallItem {
  return { kind: 'function', name: fn.name, detail, range: wholeOf(fn), selection: nameOf(fn) };
}

/** What a function is entered with. */
function entryDetail(analysis: Analysis, fn: FunctionRef): string {
  return contextDetail(contextsAt(analysis, fn, -1));
}

// ---- incoming

function incoming(analysis: Analysis, fn: FunctionRef): readonly CallRow[] {
  return [...slotRows(analysis, fn), ...callRows(analysis, fn), ...beginningRows(analysis, fn)];
}

/** The slots that a function stands in, each as a caller. */
function slotRows(analysis: Analysis, fn: FunctionRef): readonly CallRow[] {
  const rows: CallRow[] = [];
  for (const slot of analysis.program.slots) {
    if (functionIn(analysis, slot) !== fn) continue;
    const at = slotAt(slot);
    const states = methodOf(analysis, slot) === null ? [] : statesOfSlot(analysis, fn, slot);
    const name = slot.slot === '' ? slot.struct : `${slot.struct}.${slot.slot}`;
    const detail = states.length === 0 ? '' : statesLine(states);
    const table = slot.table === '' ? '' : ` (${slot.table})`;
    rows.push({
      item: { kind: 'slot', name: `${name}${table}`, detail, range: at, selection: at },
      at: [at],
    });
  }
  return rows;
}

/** Calls by caller; calls of one caller with different locks stand apart. */
function callRows(analysis: Analysis, fn: FunctionRef): readonly CallRow[] {
  const byCaller = new Map<FunctionRef, CallInto[]>();
  for (const call of callsInto(analysis, fn.id))
    byCaller.set(call.caller, [...(byCaller.get(call.caller) ?? []), call]);
  const rows: CallRow[] = [];
  let walked = 0;
  for (const [caller, calls] of byCaller) {
    const now = [...new Set(calls.filter(runsNow).map((call) => call.op))];
    const contexts = walked++ < MAX_WALKED ? contextsAtEach(analysis, caller, now) : null;
    const groups = new Map<string, Range[]>();
    for (const call of calls) {
      const detail = runsNow(call) ? contextDetail(contexts?.get(call.op)) : laterDetail(call);
      const at = callAt(caller, call.op);
      const group = groups.get(detail) ?? [];
      if (!group.some((other) => other.line === at.line && other.column === at.column)) group.push(at);
      groups.set(detail, group);
    }
    for (const [detail, at] of groups)
      rows.push({
        item: itemOf(caller, detail),
        at: at.sort((a, b) => a.line - b.line || a.column - b.column),
      });
  }
  return rows;
}

function runsNow(call: CallInto): boolean {
  return call.path.every((edge) => edge.context === 'now');
}

function laterDetail(call: CallInto): string {
  const later = call.path.find((edge) => edge.context !== 'now');
  return LATER[later?.context ?? ''] ?? 'runs later';
}

/** What holds at a point, over all that leads there; undefined: nobody looked. */
function contextDetail(here: readonly PointContext[] | undefined): string {
  if (here === undefined) return 'not looked at';
  if (here.length === 0) return 'not reached';
  const line = mergedLine(here);
  return here.every((context) => context.entry === null) ? `${line}; callers not known` : line;
}

/** Ways in that are neither slots nor calls: system calls, init code, attributes, what a registration is given. */
function beginningRows(analysis: Analysis, fn: FunctionRef): readonly CallRow[] {
  const rows: CallRow[] = [];
  const slots = new Set(analysis.program.slotsOf(fn).map((slot) => `${slot.struct}.${slot.slot}`));
  const late = lateStates(analysis, fn);
  for (const beginning of analysis.beginnings?.all ?? []) {
    if (beginning.fn !== fn.id || slots.has(`${beginning.struct}.${beginning.slot}`)) continue;
    if (isCalledLater(analysis, fn, beginning)) continue;
    const states = [...late.values()].flat();
    const name = beginning.how === '' ? beginning.kind : beginning.how;
    const detail = states.length === 0 ? '' : statesLine(states);
    rows.push({ item: { kind: 'entry', name, detail, range: wholeOf(fn), selection: nameOf(fn) }, at: [] });
  }
  return rows;
}

/** A callback that a call hands over is told as that call. */
function isCalledLater(analysis: Analysis, fn: FunctionRef, beginning: Beginning): boolean {
  return callsInto(analysis, fn.id).some((call) =>
    call.path.some((edge) => edge.context !== 'now' && edge.context === beginning.kind),
  );
}

// ---- outgoing

function outgoing(analysis: Analysis, fn: FunctionRef): readonly CallRow[] {
  const calls = callsOutOf(analysis, fn.id);
  const contexts = contextsAtEach(analysis, fn, [...new Set(calls.map((call) => call.op))]);
  const rows = new Map<string, { readonly item: CallItem; readonly at: Range[] }>();
  for (const { callee, op, context } of calls) {
    const detail = context === 'now' ? contextDetail(contexts.get(op)) : (LATER[context] ?? 'runs later');
    const key = `${callee.id} ${detail}`;
    const row = rows.get(key) ?? { item: itemOf(callee, detail), at: [] };
    const at = callAt(fn, op);
    if (!row.at.some((other) => other.line === at.line && other.column === at.column)) row.at.push(at);
    rows.set(key, row);
  }
  return [...rows.values()].sort(
    (a, b) =>
      (a.at[0] as Range).line - (b.at[0] as Range).line ||
      (a.at[0] as Range).column - (b.at[0] as Range).column,
  );
}
