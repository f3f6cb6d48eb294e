/**
 * What the analysis found a helper's own body to do (locks at the exits, certain sleeps, frees, grace periods) against
 * what the model says of a call to it. Calls into other units are unknown to the analysis, so an effect that the model
 * states and the analysis did not see is not compared; what it did see has to be in the model.
 */

import type { Analysis } from '../contexts/analysis.js';
import { fnColumn } from '../contexts/cfg.js';
import type { Exit, FunctionResult, SleepEffect } from '../contexts/result.js';
import type { Lock } from '../contexts/state.js';
import { T } from '../contexts/terms.js';
import type { Comparison } from '../door.js';
import { Fn, lineAt, OP_STRIDE } from '../facts/encode.js';
import { isAtomicKind } from '../model/lock-kinds.js';
import type { HelperEntry, LockSpec } from '../model/types.js';
import type { FunctionRef } from '../program/program.js';
import type { Declared } from './c-text.js';
import { type Claim, type Judged, judge, lastField, notCompared } from './comparison.js';

/** A lock as both sides can name it. */
interface Place {
  /** Position of the parameter that it hangs on, or -1. */
  readonly root: number;
  readonly field: string;
  readonly shown: string;
  /** Null for what has no modes. */
  readonly mode: 'exclusive' | 'shared' | null;
}

/** Compares a helper that the analysis has walked; those that it has not are answered with the reason. */
export function compareBody(
  analysis: Analysis,
  entry: HelperEntry,
  declared: Declared | undefined,
): readonly Comparison[] {
  const judged: Judged =
    entry.disagreement === undefined
      ? { name: entry.name, proof: entry.proof }
      : { name: entry.name, proof: entry.proof, disagreement: entry.disagreement };
  const fn = declared === undefined ? undefined : bodyOf(analysis, declared);
  const result = fn === undefined ? undefined : analysis.results[fn.id];
  if (declared === undefined || fn === undefined || result === undefined) {
    const claim = claimAt(declared?.file ?? '', declared?.line ?? 0)('body', '');
    return [
      notCompared(
        judged,
        claim,
        'its body is not among what was analysed (the files directly in fs/ and the headers they use)',
      ),
    ];
  }
  const claim = claimAt(declared.file, declared.line);
  return [
    ...compareLocks(analysis, result, entry, judged, claim, 'takes'),
    ...compareLocks(analysis, result, entry, judged, claim, 'drops'),
    compareSleep(fn, result, entry, judged, claim),
    ...compareFrees(analysis, result, entry, judged, claim),
    ...compareGrace(result, entry, judged, claim),
  ];
}

type MakeClaim = (aspect: string, tree: string, line?: number) => Claim;

function claimAt(file: string, line: number): MakeClaim {
  return (aspect, tree, at) => ({ source: 'body', aspect, tree, file, line: at ?? line });
}

function bodyOf(analysis: Analysis, declared: Declared): FunctionRef | undefined {
  if (declared.kind !== 'definition') return undefined;
  return analysis.program
    .functionsNamed(declared.name)
    .find((fn) => fn.file.path === declared.file && !fn.isMacro);
}

/** Locks gained or lost at the exits. An exit that only a race leads to, or where paths were merged, says nothing. */
function compareLocks(
  analysis: Analysis,
  result: FunctionResult,
  entry: HelperEntry,
  judged: Judged,
  claim: MakeClaim,
  word: 'takes' | 'drops',
): Comparison[] {
  const exits = result.exits.filter((exit) => !exit.doubt && !exit.blurred);
  if (result.widened || exits.length === 0) return [];
  const specs = (word === 'takes' ? entry.acquires : entry.releases) ?? [];
  const other = (word === 'takes' ? entry.releases : entry.acquires) ?? [];
  const of = (exit: Exit): readonly Place[] =>
    (word === 'takes' ? exit.locks : exit.released)
      .filter((lock) => !lock.may)
      .flatMap((lock) => placeOf(analysis, lock, entry.params));
  const out: Comparison[] = [];
  const seen: Place[] = [];
  for (const exit of exits)
    for (const place of of(exit)) if (!seen.some((old) => isSame(old, place))) seen.push(place);
  for (const place of seen) {
    const count = exits.filter((exit) => of(exit).some((p) => isSame(p, place))).length;
    const where = count === exits.length ? 'on every way out' : `on ${count} of ${exits.length} ways out`;
    const inMode = specs.filter((s) => isMode(s, place));
    const spec = specFor(inMode, entry.params, place) ?? specFor(specs, entry.params, place);
    const c = claim(
      place.field,
      `${word} ${place.shown}${place.mode === 'shared' ? ' shared' : ''} ${where}`,
    );
    if (spec === undefined)
      out.push(judge(judged, c, `does not ${word === 'takes' ? 'take' : 'drop'} it`, false));
    else {
      const always = spec.when === undefined || spec.when === '';
      const isRight = isMode(spec, place);
      const mode = isRight ? '' : `, ${spec.mode}`;
      const words = `${word} ${spec.lock}${mode}${always ? '' : ` if ${spec.when}`}`;
      out.push(judge(judged, c, words, isRight && (!always || count === exits.length)));
    }
  }
  for (const spec of specs) {
    if (seen.some((place) => names(spec, entry.params, place))) continue;
    // Dropped and taken again, or handed from one mode to the other: nothing is left of it at the exits
    if (other.some((o) => o.lock === spec.lock)) continue;
    out.push(
      notCompared(
        judged,
        claim(lastField(spec.lock), `does not show ${word === 'takes' ? 'taking' : 'dropping'} ${spec.lock}`),
        'the effect lies in a callee, a macro or an object that the analysis does not follow here',
      ),
    );
  }
  if (specs.length === 0 && seen.length === 0)
    out.push(judge(judged, claim('locks', `${word} no lock`), `${word} no lock`, true));
  return out;
}

function placeOf(analysis: Analysis, lock: Lock, params: readonly string[]): Place[] {
  const { terms } = analysis;
  if (!terms.isShared(lock.place)) return [];
  const shown = terms
    .show(
      lock.place,
      (i) => `$${i}`,
      () => '?',
      () => '?',
    )
    .replace(/^[*&@]+/, '')
    .replace('d_lockref.lock', 'd_lock');
  if (shown.includes('?')) return [];
  const root = /\$(\d+)/.exec(shown)?.[1];
  const own = /^\$(\d+)$/.exec(shown)?.[1];
  const field = /\bs_writers\.rw_sem\b/.test(shown)
    ? 's_writers'
    : own === undefined
      ? lastField(shown)
      : (params[Number(own)] ?? '');
  const mode = !hasModes(lock.kind) || field === 's_writers' ? null : lock.shared ? 'shared' : 'exclusive';
  return [{ root: root === undefined ? -1 : Number(root), field, shown, mode }];
}

/** Kinds of locks that are taken shared or exclusively by calls of different names. */
function hasModes(kind: LockSpec['kind']): boolean {
  return kind === 'rwsem' || kind === 'rwlock';
}

function isSame(a: Place, b: Place): boolean {
  return a.shown === b.shown && a.mode === b.mode;
}

/** What the model says of the mode fits what was seen. */
function isMode(spec: LockSpec, place: Place): boolean {
  return place.mode === null || !hasModes(spec.kind) || spec.mode === 'any' || spec.mode === place.mode;
}

/** The model's words for a place: by its path, by its field, or by what it is made of. */
function specFor(specs: readonly LockSpec[], params: readonly string[], place: Place): LockSpec | undefined {
  return (
    specs.find((s) => spelled(s, params) === place.shown) ??
    specs.find((s) => names(s, params, place)) ??
    impliedBy(specs, place)
  );
}

/** The path of a lock with its parameter by position, as places are shown. */
function spelled(spec: LockSpec, params: readonly string[]): string {
  const root = /^\w+/.exec(spec.lock)?.[0] ?? '';
  const position = params.indexOf(root);
  return position < 0 ? spec.lock.replace('@', '') : `$${position}${spec.lock.slice(root.length)}`;
}

/** Preemption is off while a lock that forbids sleeping is held: the model states the lock alone. */
function impliedBy(specs: readonly LockSpec[], place: Place): LockSpec | undefined {
  return place.shown === 'preempt' ? specs.find((spec) => isAtomicKind(spec.kind)) : undefined;
}

function names(spec: LockSpec, params: readonly string[], place: Place): boolean {
  const root = params.indexOf(/^\w+/.exec(spec.lock)?.[0] ?? '');
  // A parameter that is the lock stands for what the lock is made of
  if (/^\w+$/.test(spec.lock)) return root === place.root && /^\$\d+(->\w+)?$/.test(place.shown);
  // The freeze levels are semaphores in an array, and names of their own in the model
  if (place.field === 's_writers') return spec.lock.includes('s_writers.SB_FREEZE_');
  return lastField(spec.lock) === place.field && (root < 0 || place.root < 0 || root === place.root);
}

function compareSleep(
  fn: FunctionRef,
  result: FunctionResult,
  entry: HelperEntry,
  judged: Judged,
  claim: MakeClaim,
): Comparison {
  const words =
    entry.sleeps === true
      ? 'may sleep'
      : entry.sleeps === false
        ? 'does not sleep'
        : `sleeps if ${entry.sleeps}`;
  const certain = result.sleeps.find((s) => s.certain && !s.guarded && s.facts.length === 0);
  const any = certain ?? result.sleeps[0];
  if (any === undefined) {
    const c = claim('sleep', 'no sleep is seen');
    if (entry.sleeps === false) return judge(judged, c, words, true);
    return notCompared(judged, c, 'no sleep is seen, but what other units do is not');
  }
  const c = claim('sleep', `${certain === undefined ? 'may reach' : 'reaches'} ${any.what}`, lineOf(fn, any));
  if (entry.sleeps === true || (certain === undefined && entry.sleeps !== false))
    return judge(judged, c, words, true);
  if (certain === undefined)
    return notCompared(
      judged,
      c,
      'a sleep is seen only on paths that depend on what callers pass or on memory',
    );
  return judge(judged, c, words, false);
}

function lineOf(fn: FunctionRef, sleep: SleepEffect): number {
  const at = (fnColumn(fn.file, fn.index, Fn.FirstOp) + sleep.op) * OP_STRIDE;
  return lineAt(fn.file.lineStarts, fnColumn(fn.file, fn.index, Fn.Start) + (fn.file.ops[at + 5] ?? 0));
}

/** A parameter that is freed whatever happens. */
function compareFrees(
  analysis: Analysis,
  result: FunctionResult,
  entry: HelperEntry,
  judged: Judged,
  claim: MakeClaim,
): Comparison[] {
  const out: Comparison[] = [];
  const seen = new Set<number>();
  for (const free of result.frees) {
    if (free.conditional || free.facts.length > 0 || analysis.terms.kind(free.object) !== T.Param) continue;
    const position = analysis.terms.a(free.object);
    if (seen.has(position)) continue;
    seen.add(position);
    const name = entry.params[position] ?? '';
    const stated = entry.frees?.find((f) => f.object === name);
    const c = claim('free', `frees ${name} (${free.how}) by ${free.what}`);
    if (entry.references?.some((r) => r.action === 'put' && r.object === name) === true) {
      out.push(judge(judged, c, `drops a reference to ${name}`, true));
      continue;
    }
    out.push(
      judge(
        judged,
        c,
        stated === undefined ? `does not free ${name}` : `frees ${name} (${stated.how})`,
        stated?.how === free.how,
      ),
    );
  }
  for (const stated of entry.frees ?? [])
    if (!seen.has(entry.params.indexOf(stated.object)))
      out.push(
        notCompared(
          judged,
          claim('free', `does not show the free of ${stated.object}`),
          'the free is conditional or lies out of reach',
        ),
      );
  return out;
}

function compareGrace(
  result: FunctionResult,
  entry: HelperEntry,
  judged: Judged,
  claim: MakeClaim,
): Comparison[] {
  const stated = entry.gracePeriod === true;
  if (!result.grace && !stated) return [];
  const c = claim(
    'grace period',
    result.grace ? 'waits for a grace period on every path' : 'no grace period is seen',
  );
  if (!result.grace) return [notCompared(judged, c, 'the wait lies out of reach')];
  return [judge(judged, c, stated ? 'waits for a grace period' : 'does not wait for a grace period', stated)];
}
