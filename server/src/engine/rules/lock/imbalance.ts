/**
 * lock/imbalance: every path leaves a function with the locks that its callers expect. Ways out that a caller can tell
 * apart (by the result, or by what it passed) may differ; two that it cannot tell apart may not.
 */

import type { Precision } from '../../base/finding.js';
import { waysOutOf } from '../../contexts/callee-calls.js';
import { calledName, fnColumn } from '../../contexts/cfg.js';
import { type Origin, Whence } from '../../contexts/entry-points.js';
import { FunctionRun } from '../../contexts/flow.js';
import { ANY, type Facts, factOf, NEGATIVE, POSITIVE, ZERO } from '../../contexts/known.js';
import { readsOf } from '../../contexts/operands.js';
import type { CallEdge, Exit, FunctionResult } from '../../contexts/result.js';
import type { Lock } from '../../contexts/state.js';
import { T, type Terms } from '../../contexts/terms.js';
import { RESULT } from '../../contexts/translate.js';
import { isSeenElsewhere } from '../../contexts/unknowns.js';
import {
  EXPR_STRIDE,
  type FileFacts,
  FN_STATIC,
  Fn,
  OP_STRIDE,
  Op,
  VAR_STATIC,
  VARIABLE_STRIDE,
  X,
} from '../../facts/encode.js';
import { isProcessorOrSignal } from '../../model/lock-kinds.js';
import { ExpressionTypes } from '../../program/expression-types.js';
import type { FunctionRef } from '../../program/program.js';
import { typeRef } from '../../program/program.js';
import { OfEach } from '../kept.js';
import { isReleasing } from '../releases.js';
import { operationsOf } from '../replay.js';
import {
  type Draft,
  entryMethod,
  lineOf,
  lockExpression,
  originStep,
  type Rule,
  type RuleContext,
  step,
  WIDENED,
} from '../rule.js';
import { isPairedByCondition, isTakenUnderSame } from '../same-condition.js';
import { Ways } from '../ways.js';
import { breaksContract } from './contract.js';

const ID = 'lock/imbalance';

const NOBODY: ReadonlyMap<string, PassedOn> = new Map();

/** States kept apart at a point when a finding is looked at a second time. */
const CONFIRM_STATES = 48;

/** The rule. */
export const imbalance: Rule = {
  info: {
    id: 'lock/imbalance',
    summary: 'One way out of a function leaves a lock held (or released) that the others do not.',
    law: 'Every path leaves a function with the locks that its contract, its annotations and its callers expect.',
    severity: 'error',
    precision: 'high',
    onByDefault: true,
    fixable: true,
  },
  check(cx) {
    const out: Draft[] = [];
    const passed = passedOnClasses(cx);
    const byOrigin = new Map<number, readonly string[]>();
    for (const fn of cx.functions) {
      const result = cx.analysis.results[fn.id];
      if (result === undefined) continue;
      if (result.widened) {
        cx.silence?.(ID, fn, -1, WIDENED);
        continue;
      }
      out.push(...keptByMethod(cx, fn, result, passed, byOrigin));
      if (isSteady(result)) {
        cx.silence?.(ID, fn, -1, 'all ways out of the function leave the same locks held');
        continue;
      }
      const exits = result.rawExits.filter((e) => !e.doubt);
      // A lock that the method's contract hands over is not this function's to balance
      const handed = handedOver(cx, fn, byOrigin);
      // seq_file's start and stop hand the lock over between them
      const slots = cx.analysis.program.slotsOf(fn);
      if (slots.some((s) => s.struct === 'seq_operations')) {
        cx.silence?.(ID, fn, -1, 'the start and stop methods of seq_file hand the lock over between them');
        continue;
      }
      const known: Known = { acquires: result.acquires, releases: result.releases, handed, passed };
      if (leaks(cx, fn, exits, known, true).length + strays(cx, fn, exits, known).length === 0) continue;
      // Once more with every test of memory remembered: what two paths have in common is often only that
      const again = secondLook(cx, fn, result);
      if (again.widened) {
        cx.silence?.(ID, fn, -1, WIDENED);
        continue;
      }
      const exact = again.rawExits.filter((e) => !e.doubt);
      const leaked = leaks(cx, fn, exact, known, false);
      out.push(...(leaked.length > 0 ? leaked : strays(cx, fn, exact, known)));
    }
    return out;
  },
};

/** Methods of seq_file that hand a lock over between them. */
const BETWEEN_THEM: ReadonlySet<string> = new Set(['start', 'next', 'stop']);

/**
 * Locks that a method or callback takes and keeps on all its ways out. Who calls it knows nothing of them; and in its directory nobody
 * gives such a lock back that he has not taken himself, as those do that take one in a method and give it back in another.
 */
function keptByMethod(
  cx: RuleContext,
  fn: FunctionRef,
  result: FunctionResult,
  passed: ReadonlyMap<string, PassedOn>,
  byOrigin: Map<number, readonly string[]>,
): Draft[] {
  if (result.acquires.size === 0) return [];
  const exits = result.rawExits.filter((e) => !e.doubt);
  const [first] = exits;
  if (first === undefined || exits.some((e) => e.locks.length === 0 || e.blurred)) return [];
  const { propagation } = cx.analysis;
  const entries = propagation?.entries[fn.id] ?? [];
  const origins = entries.flatMap((e) => e.origins.map((o) => propagation?.origins[o]));
  if (entries.length === 0 || entries.some((e) => e.caller >= 0 || e.from !== Whence.Beginning)) return [];
  const isKnown = (o: Origin | undefined): boolean =>
    o !== undefined &&
    (o.struct === 'callback' || cx.analysis.model.methods.has(`${o.struct}::${o.method}`)) &&
    !(o.struct === 'seq_operations' && BETWEEN_THEM.has(o.method));
  if (origins.length === 0 || !origins.every(isKnown)) return [];
  const handed = handedOver(cx, fn, byOrigin);
  const out: Draft[] = [];
  for (const lock of first.locks) {
    const isSame = (l: Lock): boolean => key(l) === key(lock) && !l.may;
    if (out.some((d) => d.objectClass === lock.class) || !isSame(lock) || !isOurs(lock)) continue;
    if (!exits.every((e) => e.locks.some(isSame))) continue;
    const text = propagation?.show(fn.id, lock.place) ?? lock.class;
    const quiet = (why: string): void =>
      cx.silence?.(ID, fn, lock.fn === fn.id ? lock.op : -1, `'${text}' is held on all ways out: ${why}`);
    if (handed.has(lock.class)) {
      quiet("the method's contract hands it over");
      continue;
    }
    if (lock.class.startsWith('?') || lock.class === '' || isOnStack(fn, lock) || lock.fn !== fn.id) {
      quiet('what lock it is is not known');
      continue;
    }
    if (isCalledHere(cx, fn)) {
      quiet('it is called by name as well, and that caller may give it back');
      continue;
    }
    if (lock.kind !== 'rcu' && passed.has(`${fn.unit}|${handle(lock)}`)) {
      quiet('another function of the directory releases such a lock for its caller: it is handed on');
      continue;
    }
    const [origin] = origins;
    const method = origin?.struct === 'callback' ? origin.method : `->${origin?.method}()`;
    const name = lock.kind === 'rcu' ? 'the RCU read side' : `'${lockExpression(text)}'`;
    out.push({
      rule: 'lock/imbalance',
      precision: cx.analysis.model.helpers.has(calledName(fn, lock.op)) ? 'high' : 'medium',
      certainty: 'must',
      message: `returns with ${name} held, taken at line ${lineOf(fn, lock.op)}: on no way out is it given back, and who calls ${method} does not know of it`,
      fn: fn.id,
      op: first.op,
      entry: entryMethod(cx.analysis, origin),
      held: [],
      rcu: 'none',
      trace: [
        ...(origin === undefined ? [] : [originStep(cx, origin)]),
        step('acquire', fn, lock.op, `takes ${name}`),
        step('branch', fn, first.op, 'returns with it held'),
      ],
      objectClass: lock.class,
    });
  }
  return out;
}

/** Whether some function of its directory calls a function, by its name or through a pointer. */
function isCalledHere(cx: RuleContext, fn: FunctionRef): boolean {
  return cx.all.some(
    (f) => f.unit === fn.unit && cx.analysis.results[f.id]?.edges.some((e) => e.callee === fn.id) === true,
  );
}

const STEADY = new WeakMap<FunctionResult, boolean>();

/** Whether all ways out of a function leave the same locks held and released. */
function isSteady(result: FunctionResult): boolean {
  let steady = STEADY.get(result);
  if (steady === undefined) {
    const shown = (l: Lock): string => `${l.class}|${l.kind}|${l.place}|${l.shared}|${l.may}`;
    const shapes = new Set<string>();
    for (const e of result.rawExits)
      if (!e.doubt) shapes.add(`${e.locks.map(shown).sort().join()};${e.released.map(shown).sort().join()}`);
    steady = shapes.size < 2;
    STEADY.set(result, steady);
  }
  return steady;
}

const RELEASED = new WeakMap<FunctionResult, readonly string[]>();
const PASSED_ON = new OfEach<readonly string[]>();

/** What tells one lock that goes from function to function from another: who gives back a reader's lock has none from a writer. */
function handle(l: Lock): string {
  const isReaders = l.shared && (l.kind === 'rwsem' || l.kind === 'rwlock');
  return `${l.class}|${l.kind}${isReaders ? '|shared' : ''}`;
}

/** Classes that a function releases for its caller, as `handle()` names them. */
function releasedBy(result: FunctionResult): readonly string[] {
  let classes = RELEASED.get(result);
  if (classes === undefined) {
    const all = result.rawExits
      .flatMap((e) => e.released)
      .filter((l) => !result.acquires.has(`${l.class}|${l.kind}`))
      .map(handle);
    classes = [...new Set(all)];
    RELEASED.set(result, classes);
  }
  return classes;
}

const SECOND_LOOKS = new WeakMap<FunctionResult, FunctionResult>();

/** What a function does, seen with more states apart: found once for each result, which stands as long as what it was made of. */
function secondLook(cx: RuleContext, fn: FunctionRef, result: FunctionResult): FunctionResult {
  let again = SECOND_LOOKS.get(result);
  if (again === undefined) {
    again = new FunctionRun(cx.analysis.shared, fn, () => {}, CONFIRM_STATES).run();
    SECOND_LOOKS.set(result, again);
  }
  return again;
}

/** Who may hand a lock of a class on to a function that releases it for its caller. */
interface PassedOn {
  /** Callers of one that releases it are not known, or have it from nobody that is known: it may come from anybody. */
  byAnybody: boolean;
  /** What callers of those that release it call before, and have the lock from. */
  readonly takers: Set<number>;
}

/** Classes that some function of a unit releases for its caller, by unit and class: they are handed from one function to another. */
function passedOnClasses(cx: RuleContext): ReadonlyMap<string, PassedOn> {
  const out = new Map<string, PassedOn>();
  const { analysis } = cx;
  const all = PASSED_ON.of(analysis, (fn) => {
    const result = analysis.results[fn.id];
    const classes = result === undefined ? [] : releasedBy(result);
    return classes.length === 0 ? null : classes;
  });
  for (const [id, classes] of all)
    for (const cls of classes) {
      const key = `${analysis.program.functions[id]?.unit}|${cls}`;
      const known = out.get(key) ?? { byAnybody: false, takers: new Set() };
      out.set(key, known);
      if (known.byAnybody) continue;
      // A lock of the VFS goes from one directory to another as well
      const isOfVfs = analysis.model.lockClasses.has(cls.slice(0, cls.indexOf('|')));
      const takers = isOfVfs ? null : takersFor(cx, id, cls);
      if (takers === null) known.byAnybody = true;
      else for (const t of takers) known.takers.add(t);
    }
  return out;
}

/**
 * The functions that leave a lock to those who have it released by another one: what its callers call that takes it for them. Who takes
 * it by himself has it from nobody. Null where callers are not known, or nothing is seen that they have it from.
 */
function takersFor(cx: RuleContext, id: number, cls: string): readonly number[] | null {
  const { program, propagation, results, model } = cx.analysis;
  const fn = program.functions[id];
  const entries = propagation?.entries[id] ?? [];
  if (fn === undefined || entries.length === 0 || isSeenElsewhere(cx.analysis, fn)) return null;
  const out: number[] = [];
  for (const callerId of new Set(entries.map((e) => e.caller))) {
    const caller = program.functions[callerId];
    const result = results[callerId];
    if (caller === undefined || result === undefined) return null;
    // It releases it for its own caller, and is asked about by itself
    if (releasedBy(result).includes(cls)) continue;
    for (const edge of result.edges) {
      if (edge.callee !== id) continue;
      // A callback: when it runs, its caller does not say
      if (calledName(caller, edge.op) !== fn.name) return null;
      for (const v of edge.variants) {
        if (v.doubt) continue;
        const held = v.locks.filter((l) => handle(l) === cls && l.fn === callerId);
        if (held.length === 0) return null;
        for (const l of held) {
          if (model.helpers.has(calledName(caller, l.op))) continue;
          const from = result.edges.filter((e) => e.op === l.op && e.context === 'now');
          if (from.length === 0) return null;
          out.push(...from.map((e) => e.callee));
        }
      }
    }
  }
  return out;
}

/** Locks whose release may lie with somebody else: I/O completion, the caller's flags. */
function isOurs(l: Lock): boolean {
  if (l.kind === 'folio' || l.kind === 'semaphore' || l.kind === 'srcu') return false;
  return !isProcessorOrSignal(l.kind);
}

/** Classes that the contract of a method which leads here acquires or releases (`get_tree`, `kill_sb`: s_umount). */
function handedOver(
  cx: RuleContext,
  fn: FunctionRef,
  byOrigin: Map<number, readonly string[]>,
): ReadonlySet<string> {
  const out = new Set<string>();
  const { propagation, model, shared } = cx.analysis;
  for (const entry of propagation?.entries[fn.id] ?? [])
    for (const o of entry.origins) {
      let classes = byOrigin.get(o);
      if (classes === undefined) {
        const origin = propagation?.origins[o];
        const method = model.methods.get(`${origin?.struct}::${origin?.method}`);
        classes = [...(method?.acquires ?? []), ...(method?.releases ?? [])].map((spec) => {
          const field = /(\w+)$/.exec(spec.lock)?.[1] ?? '';
          return shared.classes.get(field) ?? field;
        });
        byOrigin.set(o, classes);
      }
      for (const cls of classes) out.add(cls);
    }
  return out;
}

/** A lock of the object that the function gives back. */
function isResult(cx: RuleContext, lock: Lock, has: readonly Exit[]): boolean {
  const { terms } = cx.analysis;
  if (has.every((e) => e.value >= 0 && terms.contains(lock.place, e.value))) return true;
  const root = terms.root(lock.place);
  return terms.kind(root) === T.Global && terms.nameText(terms.a(root)) === RESULT;
}

/** The calls that a lock came from; none where the function took it by itself. */
function takersOf(cx: RuleContext, fn: FunctionRef, lock: Lock): readonly CallEdge[] {
  return (cx.analysis.results[fn.id]?.edges ?? []).filter((e) => e.op === lock.op && e.context === 'now');
}

/**
 * Whether a lock came from a callee whose ways out differ in what they hold: where neither the result nor what is handed over says it, or
 * nothing here gives it back, and what the callee returns may just be passed on.
 */
function viaUnsteady(cx: RuleContext, fn: FunctionRef, lock: Lock, given: boolean): boolean {
  const callee = cx.analysis.results[takersOf(cx, fn, lock)[0]?.callee ?? -1];
  if (callee === undefined || !differ(callee.exits)) return false;
  if (given && isToldByResult(callee.exits, lock)) return false;
  // `lock(object, EXCLUSIVE)` takes one lock always
  return differ(waysOutAt(cx, fn, lock.op, callee));
}

/** Whether ways out differ in what they hold. */
function differ(exits: readonly Exit[]): boolean {
  const shape = (e: Exit): string => `${e.locks.map(key).join()}|${e.released.map(key).join()}`;
  return exits.some((e) => e.released.length > 0 || shape(e) !== shape(exits[0] as Exit));
}

/** Whether a callee's result alone says if it took a lock: what it returns with it, it never does without. */
function isToldByResult(exits: readonly Exit[], lock: Lock): boolean {
  const isTaken = (e: Exit): boolean => e.locks.some((l) => l.class === lock.class && l.kind === lock.kind);
  const taken = exits.filter(isTaken);
  return (
    exits.every((e) => !e.blurred && !e.doubt && e.released.length === 0 && e.locks.every((l) => !l.may)) &&
    exits.every((e) => isTaken(e) || taken.every((t) => (t.mask & e.mask) === 0))
  );
}

/** The ways out of a callee that can be with what one call hands over, whichever way control came to it. */
function waysOutAt(cx: RuleContext, fn: FunctionRef, at: number, callee: FunctionResult): readonly Exit[] {
  const out = new Set<Exit>();
  const run: FunctionRun = new FunctionRun(cx.analysis.shared, fn, (op, s): undefined => {
    if (op !== at || s.doubt) return;
    const args = readsOf(fn, op)
      .slice(1)
      .map((e) => run.ev.value(s, e));
    for (const e of waysOutOf(run, s, callee, args)) out.add(e);
  });
  run.run();
  return [...out];
}

/** The ways out of what a function calls, of each callee that gives back such a lock of its callers on some of them. */
function releasersIn(cx: RuleContext, fn: FunctionRef, lock: Lock): readonly (readonly Exit[])[] {
  const { results } = cx.analysis;
  return (results[fn.id]?.edges ?? []).flatMap((e) => {
    const exits = e.context === 'now' ? (results[e.callee]?.rawExits ?? []) : [];
    return exits.some((x) => gives(x, lock)) ? [exits] : [];
  });
}

function gives(exit: Exit, lock: Lock): boolean {
  return exit.released.some((l) => l.class === lock.class && l.kind === lock.kind);
}

/** Whether a function calls what gives back such a lock of its callers at times only: which times these are may be lost on the way. */
function callsUnsteadyReleaser(cx: RuleContext, fn: FunctionRef, lock: Lock): boolean {
  return releasersIn(cx, fn, lock).some((exits) => !exits.every((x) => gives(x, lock)));
}

/**
 * Whether one return is come to with a lock and without, and some callee gives it back for its callers: then what decides stands just
 * before it, and as a rule it is a state of the object that is never anything else.
 */
function isEndedByCallee(
  cx: RuleContext,
  fn: FunctionRef,
  lock: Lock,
  h: Exit,
  lacks: readonly Exit[],
): boolean {
  return lacks.some((e) => e.op === h.op) && releasersIn(cx, fn, lock).length > 0;
}

/** Whether a lock that is given back comes, as far as it is taken here, from callees alone whose ways out differ in what they hold. */
function isTakenAtTimes(cx: RuleContext, fn: FunctionRef, lock: Lock): boolean {
  const { results, model } = cx.analysis;
  const takesIt = (locks: readonly Lock[]): boolean =>
    locks.some((l) => l.class === lock.class && l.kind === lock.kind);
  const edges = (results[fn.id]?.edges ?? []).filter(
    (e) => e.context === 'now' && (results[e.callee]?.exits ?? []).some((x) => takesIt(x.locks)),
  );
  return (
    edges.length > 0 &&
    edges.every((e) => results[e.callee]?.exits.some((x) => !takesIt(x.locks)) === true) &&
    !operationsOf(fn).some((op) =>
      model.helpers
        .get(calledName(fn, op))
        ?.acquires?.some((a) => a.kind === lock.kind && (a.when ?? '') === ''),
    )
  );
}

function key(l: Lock): string {
  return `${l.class}|${l.kind}|${l.place}`;
}

/** What is known of a function and its unit before its exits are compared. */
interface Known {
  readonly acquires: ReadonlySet<string>;
  readonly releases: ReadonlySet<string>;
  /** Classes that a contract hands over. */
  readonly handed: ReadonlySet<string>;
  /** Classes that other functions of the unit release for their callers. */
  readonly passed: ReadonlyMap<string, PassedOn>;
}

/** Locks taken here that one way out keeps. */
function leaks(
  cx: RuleContext,
  fn: FunctionRef,
  exits: readonly Exit[],
  known: Known,
  loose: boolean,
): Draft[] {
  return compare(cx, fn, exits, (e) => e.locks, true, known, loose);
}

/** Locks of the caller's that one way out releases. */
function strays(cx: RuleContext, fn: FunctionRef, exits: readonly Exit[], known: Known): Draft[] {
  return compare(cx, fn, exits, (e) => e.released, false, { ...known, passed: NOBODY }, false);
}

/** Exits that have a lock against those that have not. */
function compare(
  cx: RuleContext,
  fn: FunctionRef,
  exits: readonly Exit[],
  locksOf: (e: Exit) => readonly Lock[],
  acquired: boolean,
  known: Known,
  loose: boolean,
): Draft[] {
  const { propagation, terms } = cx.analysis;
  const { acquires, releases: gives, handed, passed: passedOn } = known;
  const returned = typeRef(fn.file, fnColumn(fn.file, fn.index, Fn.ReturnType));
  const pointer = returned.depth > 0 || returned.base === 'bool';
  const out: Draft[] = [];
  const quiet = (lock: Lock, why: string): void => {
    if (cx.silence === undefined) return;
    const name = `'${propagation?.show(fn.id, lock.place) ?? lock.class}' is ${acquired ? 'held' : 'released'} on some ways out`;
    for (const op of new Set([
      lock.fn === fn.id ? lock.op : -1,
      ...exits.filter((e) => locksOf(e).some((l) => key(l) === key(lock))).map((e) => e.op),
    ]))
      cx.silence(ID, fn, op, `${name}: ${why}`);
  };
  const locks = new Map<string, Lock>();
  if (cx.silence !== undefined)
    for (const l of exits.flatMap(locksOf)) {
      if (l.may) quiet(l, 'it is only perhaps held there');
      else if (!isOurs(l)) quiet(l, 'a lock of this kind is often released by somebody else');
    }
  for (const e of exits) for (const l of locksOf(e)) if (!l.may && isOurs(l)) locks.set(key(l), l);
  for (const [k, lock] of locks) {
    // A lock that this function only releases was taken by somebody who knows
    if (!acquired && !acquires.has(`${lock.class}|${lock.kind}`)) {
      quiet(lock, 'the function only releases it: whoever took it knows');
      continue;
    }
    // Taken by a callee that does not always: how it tells its callers is its own affair
    if (acquired && viaUnsteady(cx, fn, lock, gives.has(`${lock.class}|${lock.kind}`))) {
      quiet(
        lock,
        'taken by a callee that does not always take it, and tells its callers in a way of its own',
      );
      continue;
    }
    if (!acquired && isTakenAtTimes(cx, fn, lock)) {
      quiet(lock, 'a callee that does not always take it took it, and tells in a way of its own');
      continue;
    }
    const isDecidedTwice = (e: Exit): boolean =>
      lock.fn === fn.id &&
      (acquired
        ? isPairedByCondition(fn, lock.op, e.op, (op) => isReleasing(cx, fn, op))
        : isTakenUnderSame(fn, lock.op, (op) => isTaking(cx, fn, op)));
    const all = exits.filter(
      (e) =>
        locksOf(e).some((l) => key(l) === k) &&
        // The caller's lock in another mode or under another name
        !(acquired && e.released.some((r) => r.class === lock.class && r.kind === lock.kind)),
    );
    const has = all.filter((e) => !isDecidedTwice(e));
    if (has.length < all.length)
      quiet(
        lock,
        'it is given back behind a test of what decided whether it was taken, or of what a call was to say of it',
      );
    // Another name of the same class at the other exits is not the absence of the lock
    const lacks = exits.filter(
      (e) => !locksOf(e).some((l) => l.class === lock.class && l.kind === lock.kind),
    );
    if (has.length === 0 || lacks.length === 0) continue;
    if (handed.has(lock.class)) {
      quiet(lock, "the method's contract hands it over");
      continue;
    }
    const handing = passedOn.get(`${fn.unit}|${handle(lock)}`);
    const passed =
      handing !== undefined &&
      (handing.byAnybody || handing.takers.has(fn.id) || callsUnsteadyReleaser(cx, fn, lock));
    // Taken and never given back here: the function is for taking it. And what is returned locked is the caller's
    const taker = acquired && !gives.has(`${lock.class}|${lock.kind}`);
    if (acquired && isResult(cx, lock, has)) {
      quiet(lock, 'the object that it belongs to is returned locked');
      continue;
    }
    if (lock.class.startsWith('?') || lock.class === '') {
      quiet(lock, 'what lock it is is not known');
      continue;
    }
    const root = terms.kind(terms.root(lock.place));
    if (isOnStack(fn, lock)) {
      quiet(lock, 'it stands in a variable of the function, and is gone with it');
      continue;
    }
    if (isCarriedOn(fn, exits, lock)) {
      quiet(lock, 'on some ways out it is taken for the caller, and on others given back for it');
      continue;
    }
    // Which object it is was lost in a loop
    const shown = propagation?.show(fn.id, lock.place) ?? '';
    if (
      (root === T.Opaque && !(acquired && isNamed(fn, lock, shown))) ||
      shown.includes('of an earlier turn')
    ) {
      quiet(lock, 'whose lock it is was lost on the way');
      continue;
    }
    const nobody = taker && !passed && isKeptForGood(cx, fn, lock);
    const pairs = has.flatMap((h) =>
      lacks
        .filter(
          (n) =>
            nobody ||
            (acquired
              ? !holdsAnother(h, n) &&
                !isToldByParameter(terms, h, n) &&
                clash(terms, h, has, n, lock.place, loose, pointer)
              : !seenByCaller(terms, h, n) && !apart(h.facts, n.facts)),
        )
        .map((n) => [h, n] as const),
    );
    const handedOn = passed || (taker && !nobody);
    // A function that hands a lock on does not do so with some of its errors, or with its errors alone
    const kept = handedOn && acquired ? ownKept(cx, fn, lock, has, pairs, loose) : undefined;
    const pair = handedOn
      ? (kept ??
        pairs.find(
          ([h, n]) =>
            !h.blurred &&
            !n.blurred &&
            isForgotten(h, has, n, lock.place, loose) &&
            isOfItsOwn(cx, fn, lock, passed, n),
        ))
      : root === T.Opaque
        ? pairs.find(
            ([h, n]) => loose || n.done.includes(lock.place) || isForgotten(h, has, n, lock.place, loose),
          )
        : // Where errors alone keep it, two ways of which all is known say more than merged ones
          ((has.every((e) => (e.mask & ZERO) === 0)
            ? pairs.find(([h, n]) => !h.blurred && !n.blurred)
            : undefined) ?? pairs[0]);
    if (pair === undefined) {
      quiet(
        lock,
        passed
          ? 'another function of the directory releases such a lock for its caller: it is handed on'
          : handedOn
            ? 'it is never released here: the function is there to take it'
            : 'a caller can tell the ways out with and without it apart, by the result or by what it passed',
      );
      continue;
    }
    if (!acquired && breaksContract(cx, fn, lock)) {
      quiet(lock, "the method's callers hold it: lock/contract says it");
      continue;
    }
    // The odd one out is the one that fewer paths take
    const [h, n] = pair;
    const text = propagation?.show(fn.id, lock.place) ?? lock.class;
    const name = lock.kind === 'rcu' ? 'the RCU read side' : `'${lockExpression(text)}'`;
    const leak = acquired;
    const direct = lock.fn === fn.id && cx.analysis.model.helpers.has(calledName(fn, lock.op));
    const at = acquired ? h : has.length <= lacks.length ? h : n;
    const other = at === h ? n : h;
    const message = leak
      ? `returns with ${name} held, taken at line ${lineOf(fn, lock.op)}; the return at line ${lineOf(fn, n.op)} ${n.done.includes(lock.place) ? 'has released it' : 'does not hold it'}`
      : at === h
        ? `releases ${name} (line ${lineOf(fn, lock.op)}) and returns; the return at line ${lineOf(fn, n.op)} leaves it as the caller had it`
        : `returns without releasing ${name}, which the return at line ${lineOf(fn, h.op)} has released`;
    out.push({
      rule: 'lock/imbalance',
      precision:
        acquired && isEndedByCallee(cx, fn, lock, h, lacks)
          ? 'low'
          : precisionOf(
              lock,
              h,
              n,
              acquired,
              (handedOn && kept === undefined) || nobody || (pointer && isWithResult(has, n)),
              direct,
            ),
      certainty: 'must',
      message,
      fn: fn.id,
      op: at.op,
      entry: null,
      held: [],
      rcu: 'none',
      trace: [
        step(acquired ? 'acquire' : 'release', fn, lock.op, `${acquired ? 'takes' : 'releases'} ${name}`),
        step('branch', fn, at.op, leak ? 'returns with it held' : 'returns here'),
        step('branch', fn, other.op, leak ? 'returns here without it' : 'returns here in the other state'),
      ],
      objectClass: lock.class,
      ...(leak ? { fix: { kind: 'unlock', fn: fn.id, op: at.op, acquireOp: lock.op, text } as const } : {}),
    });
  }
  return out;
}

/** Whether a lock stands in a variable of the function itself, and is gone with it. */
function isOnStack(fn: FunctionRef, lock: Lock): boolean {
  if (lock.fn !== fn.id || lock.op < 0) return false;
  const { exprs, variables } = fn.file;
  let e = readsOf(fn, lock.op)[1] ?? -1;
  if (e < 0 || (exprs[e * EXPR_STRIDE] as X) !== X.Addr) return false;
  e = exprs[e * EXPR_STRIDE + 1] as number;
  while ((exprs[e * EXPR_STRIDE] as X) === X.Field && exprs[e * EXPR_STRIDE + 3] !== 1)
    e = exprs[e * EXPR_STRIDE + 1] as number;
  if ((exprs[e * EXPR_STRIDE] as X) !== X.Local) return false;
  const at = fnColumn(fn.file, fn.index, Fn.FirstVariable) + (exprs[e * EXPR_STRIDE + 1] as number);
  return ((variables[at * VARIABLE_STRIDE + 2] as number) & VAR_STATIC) === 0;
}

/** Whether an operation takes a lock, on some path through it at least. */
function isTaking(cx: RuleContext, fn: FunctionRef, op: number): boolean {
  const name = calledName(fn, op);
  return name !== '' && (cx.analysis.model.helpers.get(name)?.acquires ?? []).length > 0;
}

/**
 * Whether a function gives a lock back for its caller on one way out, and takes it for it on another, with what takes it behind what gives
 * it back: it carries the lock on from turn to turn.
 */
function isCarriedOn(fn: FunctionRef, exits: readonly Exit[], lock: Lock): boolean {
  const of = (locks: readonly Lock[]): Lock | undefined =>
    locks.find((l) => l.class === lock.class && l.kind === lock.kind && l.fn === fn.id && !l.may);
  const opsOf = (has: (e: Exit) => readonly Lock[], not: (e: Exit) => readonly Lock[]): number[] =>
    exits.flatMap((e) => (of(not(e)) === undefined ? [of(has(e))?.op ?? -1] : [])).filter((op) => op >= 0);
  const taken = opsOf(
    (e) => e.locks,
    (e) => e.released,
  );
  const given = opsOf(
    (e) => e.released,
    (e) => e.locks,
  );
  const ways = new Ways(fn);
  return given.some((g) => taken.some((t) => ways.isAfter(g, t) && !ways.isAfter(t, g)));
}

/** Whether a way out without a lock keeps another one in its place: which one, the caller knows. */
function holdsAnother(h: Exit, n: Exit): boolean {
  return n.locks.some(
    (l) => !l.may && isOurs(l) && !h.locks.some((x) => x.class === l.class && x.kind === l.kind),
  );
}

/** Whether two ways out leave different numbers where a parameter points at. */
function isToldByParameter(terms: Terms, a: Exit, b: Exit): boolean {
  const isOut = (place: number): boolean =>
    terms.kind(place) === T.DerefL && terms.kind(terms.a(place)) === T.Param;
  for (let i = 0; i < a.outs.length; i += 2) {
    const place = a.outs[i] as number;
    const at = isOut(place) ? b.outs.findIndex((x, k) => k % 2 === 0 && x === place) : -1;
    if (at >= 0 && b.outs[at + 1] !== a.outs[i + 1]) return true;
  }
  return false;
}

function isError(e: Exit): boolean {
  return e.mask === NEGATIVE;
}

/** Whether a way out that keeps a lock cannot mean to hand it on: of all ways only errors keep it, or only some of the errors. */
function isForgotten(h: Exit, has: readonly Exit[], n: Exit, place: number, loose: boolean): boolean {
  if (!isError(h)) return false;
  return isError(n) || ((loose || n.done.includes(place)) && has.every(isError));
}

/**
 * Whether a lock that has no name outside is that of one object: what a variable pointed at all the way, not what a loop came to, and
 * what was not stored where callers find it.
 */
function isNamed(fn: FunctionRef, lock: Lock, shown: string): boolean {
  if (lock.fn !== fn.id || lock.op < 0 || shown === '' || shown.includes('?')) return false;
  const ways = new Ways(fn);
  if (ways.isAfter(lock.op, lock.op)) return false;
  const { file } = fn;
  const owners = new Set<number>();
  for (const e of readsOf(fn, lock.op).slice(1)) {
    const v = variableOf(file, e);
    if (v >= 0) owners.add(v);
  }
  const first = fnColumn(file, fn.index, Fn.FirstOp);
  const count = fnColumn(file, fn.index, Fn.OpCount);
  for (let op = 0; op < count; op++) {
    const at = (first + op) * OP_STRIDE;
    if ((file.ops[at] as Op) !== Op.Assign) continue;
    const target = (file.ops[at + 1] as number) * EXPR_STRIDE;
    if ((file.exprs[target] as X) === X.Local) continue;
    // What is read through the variable is another pointer
    if (owners.has(pointerOf(file, file.ops[at + 2] as number))) return false;
  }
  return true;
}

/** The variable that an expression is, or -1. */
function pointerOf(file: FileFacts, e: number): number {
  let at = e * EXPR_STRIDE;
  while ((file.exprs[at] as X) === X.Cast) at = (file.exprs[at + 2] as number) * EXPR_STRIDE;
  return (file.exprs[at] as X) === X.Local ? (file.exprs[at + 1] as number) : -1;
}

/** The variable that an expression begins with, or -1. */
function variableOf(file: FileFacts, e: number): number {
  const at = e * EXPR_STRIDE;
  switch (file.exprs[at] as X) {
    case X.Local:
      return file.exprs[at + 1] as number;
    case X.Field:
    case X.Deref:
    case X.Addr:
    case X.Index:
      return variableOf(file, file.exprs[at + 1] as number);
    case X.Cast:
      return variableOf(file, file.exprs[at + 2] as number);
    default:
      return -1;
  }
}

/**
 * Two ways out that say that a function keeps a lock by mistake, though others in its directory hand such locks on: it takes it by itself,
 * gives it back where all goes well, and some errors alone keep it. Not where it hands the lock's object to somebody of whom nothing is
 * known, who may be there to give it back.
 */
function ownKept(
  cx: RuleContext,
  fn: FunctionRef,
  lock: Lock,
  has: readonly Exit[],
  pairs: readonly (readonly [Exit, Exit])[],
  loose: boolean,
): readonly [Exit, Exit] | undefined {
  const { model, program, results } = cx.analysis;
  if (!has.every(isError) || !(isTakenHere(cx, fn, lock) || isTakenAlways(cx, fn, lock))) return undefined;
  const pair = pairs.find(([h, n]) => !h.blurred && !n.blurred && (loose || n.done.includes(lock.place)));
  const owner = variableOf(fn.file, readsOf(fn, lock.op)[1] ?? -1);
  if (pair === undefined || owner < 0) return undefined;
  const ways = new Ways(fn);
  const types = new ExpressionTypes(program, fn);
  const known = new Set((results[fn.id]?.edges ?? []).map((e) => e.op));
  // What all of the kernel may call knows no lock that only this directory does
  const struct = program.structure(`struct ${lock.class.slice(0, lock.class.indexOf('::'))}`, fn.file);
  const isPrivate = struct?.file.path.startsWith('include/') === false;
  const isGivenAway = operationsOf(fn).some(
    (op) =>
      calledName(fn, op) !== '' &&
      !known.has(op) &&
      !model.helpers.has(calledName(fn, op)) &&
      !(isPrivate && program.isDeclaredForAll(calledName(fn, op))) &&
      ways.isAfter(lock.op, op) &&
      readsOf(fn, op)
        .slice(1)
        // A number that is read in it leads nowhere
        .some((e) => variableOf(fn.file, e) === owner && types.of(e)?.depth !== 0),
  );
  return isGivenAway ? undefined : pair;
}

/** Whether a function takes a lock by itself, and calls nothing that gives back such a lock of its callers at times only. */
function isOfItsOwn(cx: RuleContext, fn: FunctionRef, lock: Lock, passed: boolean, n: Exit): boolean {
  if (!passed) return true;
  const { results } = cx.analysis;
  if (!isTakenHere(cx, fn, lock) || callsUnsteadyReleaser(cx, fn, lock)) return false;
  // A way out without it that comes before a callee takes it has given back another one
  const isDirect = cx.analysis.model.helpers.has(calledName(fn, lock.op));
  if (!isDirect && !new Ways(fn).isAfter(lock.op, n.op)) return false;
  return (results[fn.id]?.edges ?? []).every((e) => {
    const callee = results[e.callee];
    if (callee === undefined || !releasedBy(callee).includes(handle(lock))) return true;
    return isWrapper(callee, lock) && callee.rawExits.every((x) => gives(x, lock));
  });
}

/** Whether a function takes a lock by itself, or by what does nothing to locks but take this one, and says so where it may fail to. */
function isTakenHere(cx: RuleContext, fn: FunctionRef, lock: Lock): boolean {
  if (lock.fn !== fn.id) return false;
  if (cx.analysis.model.helpers.has(calledName(fn, lock.op))) return true;
  const { results, program } = cx.analysis;
  const [edge, ...others] = takersOf(cx, fn, lock);
  const callee = results[edge?.callee ?? -1];
  return (
    edge !== undefined &&
    others.length === 0 &&
    callee !== undefined &&
    program.functions[edge.callee]?.name === calledName(fn, lock.op) &&
    isWrapper(callee, lock) &&
    isToldByResult(callee.exits, lock)
  );
}

/** Whether a callee takes a lock for a function whatever it says: of those that do not, another question has been asked before. */
function isTakenAlways(cx: RuleContext, fn: FunctionRef, lock: Lock): boolean {
  const [edge] = lock.fn === fn.id ? takersOf(cx, fn, lock) : [];
  const exits = cx.analysis.results[edge?.callee ?? -1]?.exits ?? [];
  return edge !== undefined && !(differ(exits) && isToldByResult(exits, lock));
}

/** Whether a function is there for a lock: it takes or gives back no other. */
function isWrapper(result: FunctionResult, lock: Lock): boolean {
  const isOther = (l: Lock): boolean => l.class !== lock.class || l.kind !== lock.kind;
  return !result.widened && result.exits.every((e) => ![...e.locks, ...e.released].some(isOther));
}

/** Whether neither who calls a function nor anybody else gives back what it keeps: it is called from here only, or as a method. */
function isKeptForGood(cx: RuleContext, fn: FunctionRef, lock: Lock): boolean {
  const cls = `${lock.class}|${lock.kind}`;
  const { propagation, results } = cx.analysis;
  const entries = propagation?.entries[fn.id] ?? [];
  if (entries.length === 0 || (fnColumn(fn.file, fn.index, Fn.Flags) & FN_STATIC) === 0) return false;
  const seen = new Set<number>([fn.id]);
  for (const id of seen)
    for (const e of propagation?.entries[id] ?? []) {
      if (e.caller < 0 || seen.has(e.caller)) continue;
      if (seen.size > MAX_CALLERS || results[e.caller]?.releases.has(cls) === true) return false;
      seen.add(e.caller);
    }
  return true;
}

/** Callers that are asked at most whether they give back what a function keeps. */
const MAX_CALLERS = 60;

/**
 * A lock of the caller's that one path gives back was as a rule taken on it, under a flag or another name that was lost; given back
 * twice, it is another matter. The RCU read side has no name to be lost, but what a callee closes (`direct` is false) its counterpart
 * opened, as a rule where it gave something. Of merged paths nobody knows what each of them had tested. `handedOn`: as a rule such a
 * lock goes to the caller, or nobody gives it back.
 */
function precisionOf(
  lock: Lock,
  h: Exit,
  n: Exit,
  acquired: boolean,
  handedOn: boolean,
  direct: boolean,
): Precision {
  if (h.blurred || n.blurred || handedOn) return 'low';
  if (acquired || (lock.kind === 'rcu' && direct)) return 'high';
  return h.done.includes(lock.place) ? 'medium' : 'low';
}

/**
 * Whether a lock may go out with what is returned: with a pointer, or a yes, of which nothing is known in all ways out that have it, and
 * NULL or no without it.
 */
function isWithResult(has: readonly Exit[], n: Exit): boolean {
  return n.mask === ZERO && has.every((h) => h.mask === ANY);
}

/**
 * Whether two ways out, one with the lock and one without, are a finding. `loose`: a first look, before what was given back
 * on the way is known.
 */
function clash(
  terms: Terms,
  h: Exit,
  has: readonly Exit[],
  n: Exit,
  place: number,
  loose: boolean,
  pointer: boolean,
): boolean {
  const gaveBack = loose || n.done.includes(place);
  // An error is returned with the lock held, though success gives it back: nobody will release it
  if (isError(h) && (n.mask & NEGATIVE) === 0 && n.mask !== 0 && has.every(isError)) return true;
  // Or what may be one or the other does
  if (isError(h) && (n.mask & ZERO) !== 0 && gaveBack && has.every(isError)) return true;
  const isNonZero = (e: Exit): boolean => (e.mask & ZERO) === 0;
  if (!pointer && h.mask === (POSITIVE | NEGATIVE) && n.mask === ZERO && gaveBack && has.every(isNonZero))
    return true;
  if (seenByCaller(terms, h, n)) return false;
  // Memory that was tested after the lock was taken tells a caller nothing; what it passed itself does
  if (gaveBack) return loose || !apart(hardFacts(terms, h), hardFacts(terms, n));
  // Never taken on the other way: then what decides may be there for the caller to see
  return !apart(h.facts, n.facts);
}

/** Facts that hang on no memory. */
function hardFacts(terms: Terms, e: Exit): Facts {
  const out: number[] = [];
  for (let i = 0; i < e.facts.length; i += 2)
    if (!terms.isSoft(e.facts[i] as number)) out.push(e.facts[i] as number, e.facts[i + 1] as number);
  return out;
}

/** Facts about what is given back. */
function aboutResult(terms: Terms, e: Exit): Facts {
  const result = terms.global(RESULT);
  const out: number[] = [];
  for (let i = 0; i < e.facts.length; i += 2)
    if (terms.contains(e.facts[i] as number, result))
      out.push(e.facts[i] as number, e.facts[i + 1] as number);
  return out;
}

/** Whether what holds at two ways out excludes each other. */
function apart(a: Facts, b: Facts): boolean {
  for (let i = 0; i < a.length; i += 2)
    if (((a[i + 1] as number) & factOf(b, a[i] as number)) === 0) return true;
  return false;
}

/** Whether a caller can tell two ways out apart by their results. */
function seenByCaller(terms: Terms, a: Exit, b: Exit): boolean {
  if ((a.mask & b.mask) === 0) return true;
  // What was returned was compared with something, and one is it and the other is not
  if (a.mask !== NEGATIVE && b.mask !== NEGATIVE && apart(aboutResult(terms, a), b.facts)) return true;
  // An error and what is none for sure: a caller sees which
  if ((a.mask === NEGATIVE) !== (b.mask === NEGATIVE)) return true;
  // Two error codes are the same to a lock
  return a.mask !== NEGATIVE && a.value >= 0 && b.value >= 0 && a.value !== b.value;
}
