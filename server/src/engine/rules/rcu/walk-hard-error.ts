/**
 * rcu/walk-hard-error: what fails in RCU-walk only because blocking is not allowed there (an allocation that must not sleep, a lock
 * that is only tried, a page that is not in the cache) is no answer for good, and neither is what a method gives for no other reason than
 * that it was called in RCU-walk. The method gives -ECHILD, and path walk comes again with references.
 */
import type { TraceStep } from '../../base/finding.js';
import { calledName, fnColumn } from '../../contexts/cfg.js';
import type { Entry } from '../../contexts/entry-points.js';
import type { FunctionRun } from '../../contexts/flow.js';
import { assume, type Facts, maskOf, NEGATIVE, POSITIVE } from '../../contexts/known.js';
import { readsOf } from '../../contexts/operands.js';
import type { State } from '../../contexts/state.js';
import { T } from '../../contexts/terms.js';
import { Fn, OP_STRIDE, Op } from '../../facts/encode.js';
import type { Model } from '../../model/types.js';
import type { FunctionRef } from '../../program/program.js';
import { ofOne } from '../kept.js';
import { calleesByOp } from '../lockless.js';
import { Mentions } from '../mentions.js';
import { OfSituations, replay, watch } from '../replay.js';
import { type Draft, entryMethod, pathTo, type Rule, type RuleContext, step } from '../rule.js';

/** Methods whose -ECHILD takes path walk out of RCU mode. */
const BAILING: ReadonlySet<string> = new Set([
  'd_revalidate',
  'd_manage',
  'permission',
  'get_link',
  'get_inode_acl',
  'get_acl',
]);

/** Those of them to which NULL is an answer as well: that there is no ACL. */
const NULL_ANSWERS: ReadonlySet<string> = new Set(['get_inode_acl', 'get_acl']);

const ECHILD = -10;

const ID = 'rcu/walk-hard-error';

/** The rule. */
export const walkHardError: Rule = {
  info: {
    id: ID,
    summary: 'A method fails for good in RCU-walk where it only could not block.',
    law: 'A branch that is taken in RCU-walk because blocking is not allowed gives -ECHILD, not a final error.',
    severity: 'error',
    precision: 'high',
    onByDefault: true,
    fixable: true,
  },
  check(cx) {
    const out: Draft[] = [];
    const propagation = cx.analysis.propagation;
    if (propagation === null) return out;
    const attempts = new Attempts(cx);
    const seen = new Set<string>();
    for (const fn of cx.functions) {
      const entries = propagation.entries[fn.id] ?? [];
      for (let i = 0; i < entries.length; i++) {
        const entry = entries[i] as Entry;
        const origin = propagation.origins[entry.origins[0] ?? -1];
        if (!entry.walk || entry.caller >= 0 || origin === undefined) continue;
        if (!BAILING.has(origin.method)) {
          cx.silence?.(ID, fn, -1, `->${origin.method}() has no way out of RCU-walk: its errors are final`);
          continue;
        }
        const bails = bailsOf(cx, fn, entry, entries, NULL_ANSWERS.has(origin.method));
        for (const b of bails) {
          const key = `${fn.id},${b.op}`;
          if (seen.has(key)) continue;
          seen.add(key);
          out.push(givenUp(cx, fn, entry, i, b));
        }
        if (origin.method === 'get_link')
          for (const a of askedOf(cx, fn, entry, entries)) {
            const key = `${fn.id},${a.op}`;
            if (seen.has(key)) continue;
            seen.add(key);
            out.push(handedOut(cx, fn, entry, i, a));
          }
        if (cx.silence !== undefined && bails.length === 0 && attempts.errorsOf(fn, entry).length === 0)
          cx.silence(
            ID,
            fn,
            -1,
            'nothing that only tries, here or in what it calls, decides an error in RCU-walk',
          );
        for (const e of attempts.errorsOf(fn, entry)) {
          const key = `${e.fn.id},${e.op}`;
          if (seen.has(key)) continue;
          seen.add(key);
          out.push({
            rule: ID,
            precision: 'high',
            certainty: 'must',
            message: `->${origin.method}() gives ${e.number === 0 ? 'the error' : e.number} in RCU-walk because '${e.what}()' did not get what it must not wait for; give -ECHILD, and path walk comes again where it may block`,
            fn: fn.id,
            op: e.at,
            entry: entryMethod(cx.analysis, origin),
            held: [],
            rcu: 'walk',
            trace: [
              ...pathTo(cx, fn, i),
              ...e.steps,
              step('access', e.fn, e.attempt, `'${e.what}()' may fail here only because it does not wait`),
              step(
                'access',
                e.fn,
                e.op,
                `returns ${e.number === 0 ? 'its error' : e.number}, which path walk takes for the answer`,
              ),
            ],
            objectClass: e.what,
            ...(e.fn === fn && e.number !== 0
              ? {
                  fix: {
                    kind: 'give-echild',
                    fn: fn.id,
                    op: e.op,
                    struct: origin.struct,
                    method: origin.method,
                  } as const,
                }
              : {}),
          });
        }
      }
    }
    return out;
  },
};

// ---- given for no other reason than RCU-walk

/** An answer that a method gives right behind the test by which it finds out that it is called in RCU-walk. */
interface Bail {
  readonly op: number;
  /** The test. */
  readonly branch: number;
  readonly number: number;
}

const BAILS = new OfSituations<readonly Bail[]>();

/** `withNull`: NULL is such an answer, too. */
function bailsOf(
  cx: RuleContext,
  fn: FunctionRef,
  entry: Entry,
  entries: readonly Entry[],
  withNull: boolean,
): readonly Bail[] {
  // The same method where it may block: the test comes out the other way there
  const others = entries.filter((e) => !e.walk && e.caller < 0).map((e) => e.facts);
  if (others.length === 0) return [];
  const key = others.map((f) => f.join()).join(';');
  return BAILS.of(cx.analysis, fn, entry, () => bailsIn(cx, fn, entry, others), key).filter(
    (b) => withNull || b.number !== 0,
  );
}

function bailsIn(cx: RuleContext, fn: FunctionRef, entry: Entry, others: readonly Facts[]): readonly Bail[] {
  const out = new Map<number, Bail>();
  const { file } = fn;
  const first = fnColumn(file, fn.index, Fn.FirstOp);
  // The trail: the way that the test decides is on, by its first operation and the test; both are 0 elsewhere
  const trails: { readonly at: number; readonly branch: number }[] = [{ at: -1, branch: -1 }];
  replay(cx.analysis, fn, entry, (run, op, s) => {
    if (s.released.some((l) => l.kind === 'rcu')) return 0;
    const { at, branch } = trails[s.trail] as { at: number; branch: number };
    const kind = file.ops[(first + op) * OP_STRIDE] as Op;
    if (kind === Op.Branch) {
      const start = walkOnly(run, s, op, entry.facts, others);
      return start < 0 ? 0 : trails.push({ at: start, branch: op }) - 1;
    }
    if (s.trail === 0 || (at >= 0 && at !== op)) return 0;
    if (kind === Op.Return) {
      const e = readsOf(fn, op)[0];
      const number = e === undefined ? null : run.terms.number(run.ev.value(s, e));
      if (number !== null && number <= 0 && number >= -4095 && number !== ECHILD && !out.has(op))
        out.set(op, { op, branch, number });
      return 0;
    }
    return kind === Op.Call && calledName(fn, op) === 'ERR_PTR' ? trails.push({ at: -1, branch }) - 1 : 0;
  });
  return [...out.values()];
}

/** The first operation on the way of a branch that only RCU-walk takes, whatever else the method finds; -1 where it has none. */
function walkOnly(run: FunctionRun, s: State, op: number, facts: Facts, others: readonly Facts[]): number {
  const e = readsOf(run.fn, op)[0];
  if (e === undefined) return -1;
  const { terms } = run;
  const term = run.ev.value(s, e);
  const columns = (fnColumn(run.fn.file, run.fn.index, Fn.FirstOp) + op) * OP_STRIDE;
  for (const truth of [true, false])
    if (
      assume(terms, facts, term, !truth) === null &&
      others.every((other) => assume(terms, other, term, truth) === null)
    )
      return run.graph.blockStart[run.fn.file.ops[columns + (truth ? 2 : 3)] as number] as number;
  return -1;
}

function givenUp(cx: RuleContext, fn: FunctionRef, entry: Entry, index: number, b: Bail): Draft {
  const origin = cx.analysis.propagation?.origins[entry.origins[0] ?? -1];
  const said = b.number === 0 ? 'NULL' : `${b.number}`;
  return {
    rule: ID,
    precision: 'high',
    certainty: 'must',
    message: `->${origin?.method}() gives ${said} for no other reason than that it is called in RCU-walk; give -ECHILD, and path walk comes again where it may block`,
    fn: fn.id,
    op: b.op,
    entry: entryMethod(cx.analysis, origin),
    held: [],
    rcu: 'walk',
    trace: [
      ...pathTo(cx, fn, index),
      step('branch', fn, b.branch, 'tests whether it is called in RCU-walk'),
      step('access', fn, b.op, `returns ${said}, which path walk takes for the answer`),
    ],
    objectClass: origin?.method ?? '',
    ...(b.number === 0 || origin === undefined
      ? {}
      : {
          fix: {
            kind: 'give-echild',
            fn: fn.id,
            op: b.op,
            struct: origin.struct,
            method: origin.method,
          } as const,
        }),
  };
}

// ---- given by what is asked in RCU-walk only

/** An error that comes of a call which the method makes in RCU-walk only: where it may block, it asks something else. */
interface Asked {
  /** The return. */
  readonly op: number;
  readonly call: number;
  readonly callee: number;
}

const ASKED = new OfSituations<readonly Asked[]>();
const REACHED = new OfSituations<ReadonlySet<number>>();

function askedOf(
  cx: RuleContext,
  fn: FunctionRef,
  entry: Entry,
  entries: readonly Entry[],
): readonly Asked[] {
  const others = entries.filter((e) => !e.walk && e.caller < 0);
  if (others.length === 0) return [];
  const elsewhere = new Set<number>();
  for (const other of others)
    for (const op of REACHED.of(cx.analysis, fn, other, () => callsReached(cx, fn, other))) elsewhere.add(op);
  const key = [...elsewhere].join();
  const asked = ASKED.of(cx.analysis, fn, entry, () => askedIn(cx, fn, entry, elsewhere), key);
  // What the callee gives hangs on its own situations
  return asked.filter((a) => {
    const fails = failsForGood(cx, a.callee);
    if (!fails) cx.silence?.(ID, fn, a.op, `'${calledName(fn, a.call)}()' fails with -ECHILD only`);
    return fails;
  });
}

/** The calls that a function comes to in a situation. */
function callsReached(cx: RuleContext, fn: FunctionRef, entry: Entry): ReadonlySet<number> {
  const out = new Set<number>();
  watch(
    cx.analysis,
    fn,
    entry,
    (op) => calledName(fn, op) !== '',
    (_, op) => out.add(op),
  );
  return out;
}

function askedIn(
  cx: RuleContext,
  fn: FunctionRef,
  entry: Entry,
  elsewhere: ReadonlySet<number>,
): readonly Asked[] {
  const out = new Map<number, Asked>();
  const { file } = fn;
  const first = fnColumn(file, fn.index, Fn.FirstOp);
  const callees = calleesByOp(cx, fn);
  const isReturn = (op: number): boolean => (file.ops[(first + op) * OP_STRIDE] as Op) === Op.Return;
  watch(cx.analysis, fn, entry, isReturn, (run, op, s) => {
    const e = readsOf(fn, op)[0];
    if (e === undefined || s.released.some((l) => l.kind === 'rcu')) return;
    const value = run.ev.value(s, e);
    if (maskOf(run.terms, s.facts, value) !== NEGATIVE) return;
    const given = resultOf(run, s, value, callees);
    if (given === null) return;
    if (elsewhere.has(given.attempt))
      cx.silence?.(ID, fn, op, `'${given.what}()' is asked where the method may block as well`);
    else out.set(op, { op, call: given.attempt, callee: given.callee });
  });
  return [...out.values()];
}

/** Whether a function makes another error than -ECHILD in RCU-walk, or has a way out that gives one. */
function failsForGood(cx: RuleContext, id: number): boolean {
  const { program, propagation, results, terms } = cx.analysis;
  const fn = program.functions[id];
  if (fn === undefined) return false;
  if (
    (results[id]?.rawExits ?? []).some(
      (x) => x.mask === NEGATIVE && (x.value < 0 || terms.number(x.value) !== ECHILD),
    )
  )
    return true;
  let makes = false;
  const isMade = (op: number): boolean => calledName(fn, op) === 'ERR_PTR';
  for (const entry of propagation?.entries[id] ?? [])
    if (entry.walk && !makes)
      watch(cx.analysis, fn, entry, isMade, (run, op, s) => {
        const e = readsOf(fn, op)[1];
        if (e !== undefined && run.terms.number(run.ev.value(s, e)) !== ECHILD) makes = true;
      });
  return makes;
}

function handedOut(cx: RuleContext, fn: FunctionRef, entry: Entry, index: number, a: Asked): Draft {
  const origin = cx.analysis.propagation?.origins[entry.origins[0] ?? -1];
  const what = calledName(fn, a.call);
  return {
    rule: ID,
    precision: 'high',
    certainty: 'must',
    message: `->${origin?.method}() gives the error of '${what}()' for its answer, which it asks in RCU-walk only; give -ECHILD, and path walk comes again where it asks what may block`,
    fn: fn.id,
    op: a.op,
    entry: entryMethod(cx.analysis, origin),
    held: [],
    rcu: 'walk',
    trace: [
      ...pathTo(cx, fn, index),
      step('access', fn, a.call, `'${what}()' is called in RCU-walk only`),
      step('access', fn, a.op, 'returns its error, which path walk takes for the answer'),
    ],
    objectClass: what,
  };
}

// ---- given because something did not work without waiting

/** An error that comes of an attempt that failed. */
interface HardError {
  /** 0: the error that the attempt gave. */
  readonly number: number;
  readonly fn: FunctionRef;
  /** The attempt, and the return. */
  readonly attempt: number;
  readonly op: number;
  readonly what: string;
  /** The return of the function that was asked about. */
  readonly at: number;
  readonly steps: readonly TraceStep[];
}

/** A return in one function: what it gives, and of which attempt or call that comes. */
interface Return {
  readonly op: number;
  /** 0: whatever the callee, or the attempt, gave. */
  readonly number: number;
  readonly attempt: number;
  readonly what: string;
  /** The function whose result it passes on, or -1. */
  readonly callee: number;
}

const RETURNS = new OfSituations<readonly Return[]>();

/** Looks for them, through what is called. */
class Attempts {
  /** Helpers that try, by name. */
  private readonly names: ReadonlySet<string>;
  private readonly mentions: Mentions;
  private readonly reaches = new Map<number, boolean>();
  private readonly known = new Map<number, readonly HardError[]>();

  constructor(private readonly cx: RuleContext) {
    this.names = tryingHelpers(cx.analysis.model);
    this.mentions = new Mentions(this.names);
  }

  /** The final errors that a function gives in a situation because something that must not wait failed. */
  errorsOf(fn: FunctionRef, entry: Entry): readonly HardError[] {
    if (!this.reachesAttempt(fn.id)) return [];
    const out: HardError[] = [];
    const returns = RETURNS.of(this.cx.analysis, fn, entry, () => returnsIn(this.cx, fn, entry, this.names));
    for (const r of returns) {
      if (r.callee < 0) {
        out.push({ number: r.number, fn, attempt: r.attempt, op: r.op, what: r.what, at: r.op, steps: [] });
        continue;
      }
      for (const e of this.inCallee(r.callee))
        if (r.number === 0 || e.number === r.number)
          out.push({ ...e, at: r.op, steps: [step('call', fn, r.attempt, `calls ${r.what}()`), ...e.steps] });
    }
    return out;
  }

  private inCallee(id: number): readonly HardError[] {
    let known = this.known.get(id);
    if (known !== undefined) return known;
    // Functions that call each other: what is known so far
    this.known.set(id, []);
    const fn = this.cx.analysis.program.functions[id];
    const entries = (this.cx.analysis.propagation?.entries[id] ?? []).filter((e) => e.walk && !e.widened);
    known = fn === undefined ? [] : entries.flatMap((e) => this.errorsOf(fn, e));
    this.known.set(id, known);
    return known;
  }

  /** Whether a function tries anything, or calls what does. */
  private reachesAttempt(id: number): boolean {
    const known = this.reaches.get(id);
    if (known !== undefined) return known;
    this.reaches.set(id, false);
    const fn = this.cx.analysis.program.functions[id];
    const is =
      fn !== undefined &&
      (this.mentions.in(fn) ||
        (this.cx.analysis.results[id]?.edges ?? []).some(
          (e) => e.context === 'now' && this.reachesAttempt(e.callee),
        ));
    this.reaches.set(id, is);
    return is;
  }
}

/**
 * Helpers that give nothing where they must not wait: allocations that take a mask, tries of locks that may be slept for, and what only
 * looks into a cache.
 */
const tryingHelpers = ofOne((model: Model): ReadonlySet<string> => {
  const out = new Set<string>();
  for (const h of model.helpers.values()) {
    const allocates = typeof h.sleeps === 'string' && h.returns === 'fresh' && h.params.includes('gfp');
    const tries =
      /_trylock(_nested)?$/.test(h.name) &&
      h.acquires?.some((a) => a.kind === 'mutex' || a.kind === 'rwsem' || a.kind === 'folio') === true;
    if (allocates || tries || h.cachedOnly === true) out.add(h.name);
  }
  return out;
});

function returnsIn(
  cx: RuleContext,
  fn: FunctionRef,
  entry: Entry,
  names: ReadonlySet<string>,
): readonly Return[] {
  const out = new Map<number, Return>();
  const { file } = fn;
  const first = fnColumn(file, fn.index, Fn.FirstOp);
  const callees = calleesByOp(cx, fn);
  const reclaim = cx.analysis.model.constants.get('__GFP_DIRECT_RECLAIM') ?? 0;
  // Attempts that may wait are wrong already, and another law's
  const waiting = new Set<number>();
  const trails = new Trails();
  replay(cx.analysis, fn, entry, (run, op, s) => {
    if (s.released.some((l) => l.kind === 'rcu')) return 0;
    const kind = file.ops[(first + op) * OP_STRIDE] as Op;
    let { failed, call, pending } = trails.at(s.trail);
    // The first operation where it has failed, or one where it has not
    if (pending?.at === op) failed = pending.attempt;
    pending = null;
    if (kind === Op.Call) {
      const name = calledName(fn, op);
      if (names.has(name)) {
        const at = cx.analysis.model.helpers.get(name)?.params.indexOf('gfp') ?? -1;
        const mask = readsOf(fn, op)[at + 1];
        const number = at < 0 || mask === undefined ? null : run.terms.number(run.ev.value(s, mask));
        if (number !== null && (BigInt(Math.trunc(number)) & BigInt(reclaim)) !== 0n) {
          waiting.add(op);
          cx.silence?.(ID, fn, op, `'${name}()' may wait here: that is the law of rcu/walk-blocks`);
        }
        if (failed === op) failed = -1;
      } else if (callees.has(op) && !/^(ERR_PTR|PTR_ERR|IS_ERR)/.test(name)) call = op;
    } else if (kind === Op.Branch) pending = failing(run, s, op, names, waiting);
    else if (kind === Op.Return && !out.has(op)) {
      const e = readsOf(fn, op)[0];
      const value = e === undefined ? run.terms.unknown : run.ev.value(s, e);
      const number = run.terms.number(value);
      const passed = resultOf(run, s, value, callees);
      if (failed >= 0 && number === ECHILD)
        cx.silence?.(ID, fn, op, `-ECHILD is given where '${calledName(fn, failed)}()' has failed`);
      else if (failed < 0 && passed === null && number !== null && number < 0 && number !== ECHILD)
        cx.silence?.(ID, fn, op, 'the error does not come of something that only could not wait');
      const given = errorOf(run, s, value, names);
      if (passed !== null) out.set(op, { op, number: 0, ...passed });
      else if (given >= 0)
        out.set(op, { op, number: 0, attempt: given, what: calledName(fn, given), callee: -1 });
      else if (number !== null && number < 0 && number >= -4095 && number !== ECHILD) {
        const target = call < 0 ? undefined : callees.get(call);
        if (failed >= 0)
          out.set(op, { op, number, attempt: failed, what: calledName(fn, failed), callee: -1 });
        else if (target?.length === 1)
          out.set(op, { op, number, attempt: call, what: calledName(fn, call), callee: target[0] as number });
      }
    }
    return trails.number({ failed, call, pending });
  });
  return [...out.values()];
}

/** The call whose result an operation passes on as an error; null where it is none. */
function resultOf(
  run: FunctionRun,
  s: State,
  value: number,
  callees: ReadonlyMap<number, readonly number[]>,
): { attempt: number; what: string; callee: number } | null {
  const { terms, fn } = run;
  if (terms.kind(value) !== T.Fresh || terms.b(value) !== 0) return null;
  const call = terms.a(value);
  const target = callees.get(call);
  if (target?.length !== 1 || (maskOf(terms, s.facts, value) & NEGATIVE) === 0) return null;
  return { attempt: call, what: calledName(fn, call), callee: target[0] as number };
}

/** The look into a cache whose error an operation gives back as it is; -1 where it is none. */
function errorOf(run: FunctionRun, s: State, value: number, names: ReadonlySet<string>): number {
  const { terms, fn, graph } = run;
  if (terms.kind(value) !== T.Fresh || terms.b(value) !== 0) return -1;
  const attempt = terms.a(value);
  const gives = maskOf(terms, s.facts, value);
  return gives === NEGATIVE && attempt < graph.opCount && names.has(calledName(fn, attempt)) ? attempt : -1;
}

/** What happened on the way: the attempt that failed, the last call of a function of the program, and what a branch is about to tell. */
interface Trail {
  readonly failed: number;
  readonly call: number;
  readonly pending: { readonly attempt: number; readonly at: number } | null;
}

/** Trails by number; 0 is the start. */
class Trails {
  private readonly all: Trail[] = [{ failed: -1, call: -1, pending: null }];
  private readonly numbers = new Map<string, number>([['-1,-1', 0]]);

  at(number: number): Trail {
    return this.all[number] as Trail;
  }

  number(t: Trail): number {
    const key = `${t.failed},${t.call}${t.pending === null ? '' : `,${t.pending.attempt},${t.pending.at}`}`;
    let n = this.numbers.get(key);
    if (n === undefined) {
      n = this.all.length;
      this.all.push(t);
      this.numbers.set(key, n);
    }
    return n;
  }
}

/** The attempt of which a branch tells that it failed, and the first operation on that way; null where it tells no such thing. */
function failing(
  run: FunctionRun,
  s: State,
  op: number,
  names: ReadonlySet<string>,
  waiting: ReadonlySet<number>,
): { attempt: number; at: number } | null {
  const { terms, fn, graph } = run;
  const e = readsOf(fn, op)[0];
  if (e === undefined) return null;
  const term = run.ev.value(s, e);
  const columns = (fnColumn(fn.file, fn.index, Fn.FirstOp) + op) * OP_STRIDE;
  for (const truth of [true, false]) {
    const facts = assume(terms, s.facts, term, truth)?.facts;
    if (facts === undefined) continue;
    for (let i = 0; i < facts.length; i += 2) {
      const t = facts[i] as number;
      if (terms.kind(t) !== T.Fresh || terms.b(t) !== 0) continue;
      const attempt = terms.a(t);
      if (attempt >= graph.opCount || waiting.has(attempt) || !names.has(calledName(fn, attempt))) continue;
      if ((maskOf(terms, facts, t) & POSITIVE) !== 0) continue;
      const block = fn.file.ops[columns + (truth ? 2 : 3)] as number;
      return { attempt, at: graph.blockStart[block] as number };
    }
  }
  return null;
}
