/**
 * The instances of a method in one directory: each table that has it, with a verdict on the function in the slot and all that it
 * calls. Must not know how an audit is shown.
 */

import type { Finding } from './base/finding.js';
import type { Analysis } from './contexts/analysis.js';
import { fnColumn, isDamaged } from './contexts/cfg.js';
import type { Entry, Origin } from './contexts/entry-points.js';
import { entryAtomic } from './contexts/propagate.js';
import { callsWithoutEffect } from './contexts/unknowns.js';
import type { AuditSpot } from './door.js';
import { Fn, lineAt } from './facts/encode.js';
import { isProcessorOrSignal } from './model/lock-kinds.js';
import type { LockKind, MethodEntry } from './model/types.js';
import type { FunctionRef, SlotRef } from './program/program.js';
import { constness } from './rules/const-argument.js';
import { locklessAccesses } from './rules/lockless.js';
import { lineOf, sleepLeaf } from './rules/rule.js';

/** So many names stand in a sentence; the rest is counted. */
const MOST_NAMED = 4;

/** The instances of a method that stand in these files, each table once. */
export function auditMethod(
  analysis: Analysis,
  method: MethodEntry,
  findings: readonly Finding[],
  files: ReadonlySet<string>,
): AuditSpot[] {
  const { program, model, propagation } = analysis;
  const groups = new Map<string, { readonly origin: Origin; readonly numbers: Set<number> }>();
  for (const [number, origin] of (propagation?.origins ?? []).entries()) {
    if (origin.struct !== method.struct || origin.method !== method.method) continue;
    const fn = program.functions[origin.function] as FunctionRef;
    if (!files.has(origin.slot?.file.path ?? fn.file.path)) continue;
    const key = `${origin.function} ${origin.table} ${origin.slot?.file.path ?? ''}`;
    const group = groups.get(key) ?? { origin, numbers: new Set() };
    group.numbers.add(number);
    groups.set(key, group);
  }
  const spots = [...groups.values()].map(({ origin, numbers }) =>
    judge(analysis, method, origin, numbers, findings),
  );
  const known = new Set(spots.map((s) => `${s.function} ${s.table}`));
  for (const slot of program.slots) {
    if (slot.struct !== method.struct || slot.slot !== method.method || !files.has(slot.file.path)) continue;
    const name = slot.target.replace(/^shared_/, '');
    if (known.has(`${name} ${slot.table}`) || known.has(`${slot.target} ${slot.table}`)) continue;
    if (!/^[A-Za-z_]\w*$/.test(slot.target) || slot.target === 'NULL') continue;
    spots.push(elsewhere(slot, model.helpers.get(slot.target)?.summary));
  }
  return spots;
}

/** A slot whose function is not at hand here. */
function elsewhere(slot: SlotRef, summary: string | undefined): AuditSpot {
  return {
    function: slot.target,
    file: slot.file.path,
    line: lineAt(slot.file.lineStarts, slot.position),
    table: slot.table,
    verdict: summary === undefined ? 'unknown' : 'fine',
    why:
      summary === undefined
        ? 'defined in another directory, and not looked at here'
        : `a helper of the VFS: ${summary.replace(/\.$/, '')}`,
  };
}

function judge(
  analysis: Analysis,
  method: MethodEntry,
  origin: Origin,
  numbers: ReadonlySet<number>,
  findings: readonly Finding[],
): AuditSpot {
  const fn = analysis.program.functions[origin.function] as FunctionRef;
  const spot = {
    function: fn.name,
    file: fn.file.path,
    line: lineAt(fn.file.lineStarts, fnColumn(fn.file, fn.index, Fn.NameStart)),
    table: origin.table,
  };
  const reached = reachedFrom(analysis, numbers);
  const names = new Set(reached.map(({ fn: f }) => `${f.file.path} ${f.name}`));
  const about = findings.filter((f) =>
    f.entry === null
      ? names.has(`${f.file} ${f.function}`)
      : f.entry.struct === method.struct && f.entry.method === method.method && f.entry.function === fn.name,
  );
  if (about.length > 0) {
    const first = about.find((f) => f.precision === 'high') ?? (about[0] as Finding);
    const more = about.length > 1 ? `; ${about.length - 1} more` : '';
    return {
      ...spot,
      verdict: 'suspect',
      why: `${first.rule} at ${first.file}:${first.line} (${first.precision}): ${first.message}${more}`,
    };
  }
  const why = notFollowed(analysis, reached);
  if (why !== null) return { ...spot, verdict: 'unknown', why };
  const parts = [lookedAt(analysis, fn, numbers, reached.length), ...writtenThrough(analysis, method, fn)];
  return { ...spot, verdict: 'fine', why: parts.join('; ') };
}

/** Of parameters that a method should treat as const: whether it does. */
function writtenThrough(analysis: Analysis, method: MethodEntry, fn: FunctionRef): string[] {
  return (method.asConst ?? []).map((name) => {
    const found = constness(analysis, fn, method.params.indexOf(name));
    if (found.kind === 'const') return `writes nothing through '${name}': it could be const`;
    const at = `(${found.fn.file.path}:${lineOf(found.fn, found.op)})`;
    return found.kind === 'written'
      ? `writes through '${name}' ${at}`
      : `may write through '${name}': ${found.by} ${at}`;
  });
}

interface Reached {
  readonly fn: FunctionRef;
  readonly entries: readonly Entry[];
}

/** The functions that a method's situations get to, with these situations, callees first. */
function reachedFrom(analysis: Analysis, numbers: ReadonlySet<number>): Reached[] {
  const out: Reached[] = [];
  for (const id of analysis.bottomUp) {
    const entries = (analysis.propagation?.entries[id] ?? []).filter((e) =>
      e.origins.some((o) => numbers.has(o)),
    );
    if (entries.length > 0) out.push({ fn: analysis.program.functions[id] as FunctionRef, entries });
  }
  return out;
}

/** What of a method could not be followed; null where all was. */
function notFollowed(analysis: Analysis, reached: readonly Reached[]): string | null {
  const reasons: string[] = [];
  const named = (list: readonly string[]): string =>
    `${list.slice(0, MOST_NAMED).join(', ')}${list.length > MOST_NAMED ? ` and ${list.length - MOST_NAMED} more` : ''}`;
  const those = (is: (r: Reached) => boolean): string[] => reached.filter(is).map(({ fn }) => `${fn.name}()`);
  const damaged = those(({ fn }) => isDamaged(fn));
  if (damaged.length > 0) reasons.push(`not understood whole: ${named(damaged)}`);
  const paths = those(({ fn }) => analysis.results[fn.id]?.widened === true);
  if (paths.length > 0) reasons.push(`more paths than are followed one by one in ${named(paths)}`);
  // An inline that only computes is reached in any number of ways
  const ways = those(
    ({ fn, entries }) => entries.some((e) => e.widened) && (!fn.isHeader || doesSomething(analysis, fn)),
  );
  if (ways.length > 0) reasons.push(`reached in more ways than are kept apart: ${named(ways)}`);
  const calls = new Set(
    reached
      .flatMap(({ fn }) => (fn.isMacro ? [] : callsWithoutEffect(analysis, fn)))
      .filter((c) => !QUIET.test(c)),
  );
  if (calls.size > 0) reasons.push(`calls whose effect is not known: ${named([...calls].sort())}`);
  return reasons.length === 0 ? null : reasons.join('; ');
}

/** Tracepoints and what the compiler provides: they take no lock, sleep nowhere, and free nothing. */
const QUIET = /^(trace_|__builtin_)/;

/** Whether a function takes, releases or frees anything, or may sleep. */
function doesSomething(analysis: Analysis, fn: FunctionRef): boolean {
  const r = analysis.results[fn.id];
  if (r === undefined) return true;
  return (
    r.acquires.size > 0 ||
    r.releases.size > 0 ||
    r.sleeps.length > 0 ||
    r.takes.length > 0 ||
    r.frees.length > 0
  );
}

/** What was looked at where nothing is wrong: where it may sleep, what it takes, what it frees. */
function lookedAt(
  analysis: Analysis,
  fn: FunctionRef,
  numbers: ReadonlySet<number>,
  functions: number,
): string {
  const result = analysis.results[fn.id];
  const propagation = analysis.propagation;
  const entries = (propagation?.entries[fn.id] ?? []).filter((e) => e.origins.some((o) => numbers.has(o)));
  const parts: string[] = [];
  const walks = entries.filter((e) => e.walk);
  const sleeps = result?.sleeps ?? [];
  const mayNot = entries.some((e) => e.walk || entryAtomic(e) !== null);
  const leaf = sleeps[0] === undefined ? null : sleepLeaf({ analysis }, sleeps[0].what, sleeps[0].via);
  if (leaf === null) parts.push(mayNot ? 'must not sleep and does not' : 'does not sleep');
  else if (walks.length > 0) parts.push(`out of RCU-walk before it may sleep (${leaf}())`);
  else parts.push(`${mayNot ? 'sleeps only where it may' : 'may sleep'} (${leaf}())`);
  const locks = new Set<string>();
  for (const key of [
    ...(result?.acquires ?? []),
    ...(result?.takes ?? []).map((t) => `${t.lock.class}|${t.lock.kind}`),
  ]) {
    const [cls = '', kind = ''] = key.split('|');
    if (cls !== '' && !isProcessorOrSignal(kind as LockKind))
      locks.add(cls === 'rcu' ? 'the RCU read side' : cls);
  }
  parts.push(locks.size === 0 ? 'takes no lock' : `takes ${[...locks].sort().join(', ')}`);
  const frees = new Set(
    (result?.frees ?? []).map((f) => {
      const what = f.type !== '' ? f.type : f.owner !== '' ? f.owner : 'memory';
      return f.how === 'now' && !f.afterGrace ? `${what} at once` : `${what} later`;
    }),
  );
  parts.push(frees.size === 0 ? 'frees nothing' : `frees ${[...frees].sort().join(', ')}`);
  if ([...frees].some((what) => what.endsWith('at once'))) parts.push(whoLooks(analysis, fn));
  if (functions <= 1) return parts.join(', ');
  const callees =
    functions === 2 ? 'the function that it calls' : `the ${functions - 1} functions that it calls`;
  return `together with ${callees}: ${parts.join(', ')}`;
}

/** What the other side does, where something is freed at once and no rule minds: the reader would ask next. */
function whoLooks(analysis: Analysis, fn: FunctionRef): string {
  const all = analysis.bottomUp.map((id) => analysis.program.functions[id] as FunctionRef);
  const unit = all.filter((f) => f.unit === fn.unit);
  const cx = { analysis, functions: unit, unit, all };
  const accesses = locklessAccesses(cx, new Set([fn.unit])).get(fn.unit) ?? [];
  return accesses.length === 0
    ? 'and nothing of this directory is seen to follow a pointer in RCU-walk without a lock'
    : 'and no method that runs in RCU-walk here is seen to follow it without a lock';
}
