/**
 * lock/not-held: nothing is unlocked, or asserted to be held, that is certainly not held. Four ways to be certain: all that leads
 * here is known and brings no such lock; the same lock was given back before on the same path; each turn of a loop gives one back
 * that no turn took; or it was taken for reading and is given back as if for writing, or the other way round.
 */
import { blockOf, calledName, decides, fnColumn, reachedFrom } from '../../contexts/cfg.js';
import type { Entry } from '../../contexts/entry-points.js';
import { JOIN_OP } from '../../contexts/evaluate.js';
import type { FunctionRun } from '../../contexts/flow.js';
import { modelLock } from '../../contexts/helper-calls.js';
import { readsOf } from '../../contexts/operands.js';
import type { FunctionResult } from '../../contexts/result.js';
import { type Lock, type PlainLock, plainLock, type State } from '../../contexts/state.js';
import { T, type Terms } from '../../contexts/terms.js';
import { CALL_LOOP, EXPR_STRIDE, Fn, OP_STRIDE, Op, X } from '../../facts/encode.js';
import type { FunctionRef } from '../../program/program.js';
import { comesFromMethod, holding, isAllKnown, isWhole } from '../holding.js';
import { OfAnalyses, OfFunctions, resultsAround } from '../kept.js';
import { Mentions } from '../mentions.js';
import {
  calleeAt,
  isOwned,
  isReleasing,
  type LockWay,
  releasedAlways,
  releasesAt,
  waysReleased,
  waysTaken,
} from '../releases.js';
import { anyhow, type Look, OfSituations, operationsOf, replay, visitExpressions, watch } from '../replay.js';
import {
  type Draft,
  entryMethod,
  lineOf,
  lockName,
  pathTo,
  type Rule,
  type RuleContext,
  step,
  WIDENED,
} from '../rule.js';
import { Ways } from '../ways.js';

const ID = 'lock/not-held';

/** The rule. */
export const notHeld: Rule = {
  info: {
    id: ID,
    summary: 'Something is unlocked, or asserted to be held, that is not held.',
    law: 'What is unlocked was locked by the same task, and what a function asserts to be held its callers hold.',
    severity: 'error',
    precision: 'high',
    onByDefault: true,
    fixable: false,
  },
  check(cx) {
    const out: Draft[] = [];
    const { propagation, model } = cx.analysis;
    if (propagation === null) return out;
    const asserting = new Mentions(
      [...model.helpers.values()].filter((h) => h.asserts !== undefined).map((h) => h.name),
    );
    const left = LEFT_HELD.of(cx.analysis).classes;
    for (const fn of cx.functions) {
      const result = cx.analysis.results[fn.id];
      if (result === undefined) continue;
      if (result.widened) {
        cx.silence?.(ID, fn, -1, WIDENED);
        continue;
      }
      const gives = givesBack(result);
      const turned = inOtherMode(cx, fn, result);
      out.push(...turned);
      if (!gives && !asserting.in(fn)) {
        if (turned.length > 0) continue;
        cx.silence?.(
          ID,
          fn,
          -1,
          'on no way out has it given back what it had not taken, and it asserts nothing',
        );
        continue;
      }
      const drafts: Draft[] = gives ? [...onThePath(cx, fn)] : [];
      const said = new Set([...turned, ...drafts].map((d) => d.op));
      for (const d of certainlyNot(cx, fn, left))
        if (!said.has(d.op)) {
          said.add(d.op);
          drafts.push(d);
        }
      out.push(...drafts);
    }
    return out;
  },
};

/** Whether some way out has given back what the function had not taken. */
function givesBack(result: FunctionResult): boolean {
  return result.rawExits.some((e) => !e.doubt && e.released.some((l) => isOwned(l)));
}

function classKey(l: PlainLock): string {
  return `${l.class}|${l.kind}`;
}

/** What a function of a unit leaves held on its ways out, each once. */
function leftBy(result: FunctionResult | undefined, unit: string): readonly string[] {
  const out = new Set<string>();
  for (const e of result?.rawExits ?? []) for (const l of e.locks) out.add(`${unit}|${classKey(l)}`);
  return [...out];
}

/**
 * Classes that a method leaves held, by unit: another one gives them back, or the end of some I/O. With how many leave each, and what
 * each of them does.
 */
const LEFT_HELD = new OfAnalyses<{
  readonly classes: Map<string, number>;
  readonly by: Map<number, readonly string[]>;
}>(
  ({ bottomUp, program, propagation, results }) => {
    const classes = new Map<string, number>();
    const by = new Map<number, readonly string[]>();
    for (const id of bottomUp) {
      const entries = propagation?.entries[id] ?? [];
      if (!entries.some((e) => e.caller < 0)) continue;
      const left = leftBy(results[id], program.functions[id]?.unit ?? '');
      by.set(id, left);
      for (const key of left) classes.set(key, (classes.get(key) ?? 0) + 1);
    }
    return { classes, by };
  },
  (leave, { program, results }, changed) => {
    const { classes, by } = leave;
    for (const id of changed) {
      const was = by.get(id);
      if (was === undefined) continue;
      const left = leftBy(results[id], program.functions[id]?.unit ?? '');
      by.set(id, left);
      for (const key of left) classes.set(key, (classes.get(key) ?? 0) + 1);
      for (const key of was) {
        const others = (classes.get(key) ?? 0) - 1;
        if (others > 0) classes.set(key, others);
        else classes.delete(key);
      }
    }
    return leave;
  },
);

// ---- given back twice

/** A lock that was given back on a path: `fresh` are the operations whose values its name is made of. */
interface Gone {
  readonly place: number;
  readonly cls: string;
  readonly op: number;
  /** It was taken here, not by the caller. */
  readonly own: boolean;
  readonly fresh: readonly number[];
}

/** What was given back on a path, and the operations that gave back what was not held since a lock of the class was seen. */
interface Way {
  readonly gone: readonly Gone[];
  readonly unheld: readonly number[];
}

interface Twice {
  readonly op: number;
  /** The operation that gave it back before; the same for a loop. */
  readonly before: number;
  readonly lock: PlainLock;
  readonly text: string;
  readonly blurred: boolean;
}

const TWICE = new OfSituations<readonly Twice[]>();

/** What is seen whatever the callers hold. */
function onThePath(cx: RuleContext, fn: FunctionRef): Draft[] {
  const result = cx.analysis.results[fn.id] as FunctionResult;
  const at = anyhow(result);
  return TWICE.of(cx.analysis, fn, at, () => twiceIn(cx, fn, at, result)).map((t) => {
    const name = lockName({ lock: t.lock, text: t.text });
    const loop = t.op === t.before;
    return {
      rule: ID,
      precision: t.blurred ? 'medium' : 'high',
      certainty: 'must',
      message: loop
        ? `each turn of the loop releases ${name}, which no turn has taken`
        : `releases ${name}, which line ${lineOf(fn, t.before)} has released already`,
      fn: fn.id,
      op: t.op,
      entry: null,
      held: [],
      rcu: 'none',
      trace: [
        step('release', fn, t.before, loop ? `releases ${name} in one turn` : `releases ${name}`),
        step('release', fn, t.op, loop ? 'and another one in the next' : 'releases it again'),
      ],
      objectClass: t.lock.class,
    };
  });
}

/** Calls that are values and change nothing. */
const VALUES =
  /^(IS_ERR|PTR_ERR|ERR_PTR|ERR_CAST|READ_ONCE|container_of|likely|unlikely|pr_|printk|WARN|BUG|trace_)/;

function twiceIn(cx: RuleContext, fn: FunctionRef, entry: Entry, result: FunctionResult): readonly Twice[] {
  const releasing = operationsOf(fn).flatMap((op) =>
    waysReleased(cx, fn, op)
      .filter(({ kind, shared }) => shared !== true && kind !== 'rcu')
      .map(({ kind }) => ({ op, kind })),
  );
  const flow = new Ways(fn);
  const comesAgain = (op: number, kind: string): boolean =>
    releasing.some((before) => before.kind === kind && flow.isAfter(before.op, op));
  const goals = [...new Set(releasing.filter((r) => comesAgain(r.op, r.kind)).map((r) => r.op))];
  if (goals.length === 0) return [];
  const ways: Way[] = [{ gone: [], unheld: [] }];
  const numbers = new Map<string, number>([[';', 0]]);
  const numberOf = (way: Way): number => {
    const key = `${way.gone.map((g) => `${g.place}:${g.op}`).join()};${way.unheld.join()}`;
    let n = numbers.get(key);
    if (n === undefined) {
      n = ways.length;
      ways.push(way);
      numbers.set(key, n);
    }
    return n;
  };
  const found = new Map<number, Twice>();
  const inTurn = new Map<number, Lock>();
  const inTurns: { readonly twice: Twice; readonly cls: string }[] = [];
  /** Operations that took a lock of a class. */
  const takers = new Map<string, Set<number>>();
  let graph: FunctionRun['graph'] | null = null;
  const look: Look = (run, op, s) => {
    graph = run.graph;
    const { terms } = run;
    for (const l of s.locks) {
      if (l.fn !== fn.id || l.op < 0) continue;
      const set = takers.get(classKey(l));
      if (set === undefined) takers.set(classKey(l), new Set([l.op]));
      else set.add(l.op);
    }
    let { gone, unheld } = ways[s.trail] as Way;
    // A value that is made anew is another object, and what was taken again is held
    gone = gone.filter((g) => !g.fresh.includes(op) && isStillGone(g, s));
    const name = calledName(fn, op);
    const released = name === '' ? [] : releasesAt(cx, run, op, s).filter(isOwned);
    // What a search found it may have left locked, and so may a callee that takes such locks
    if (name !== '' && (isLoopHead(run, op) || takesSuch(cx, fn, op, unheld, inTurn))) unheld = [];
    unheld = unheld.filter((u) => {
      const lock = inTurn.get(u);
      return (
        lock !== undefined &&
        s.released.some((r) => classKey(r) === classKey(lock)) &&
        !s.locks.some((l) => classKey(l) === classKey(lock))
      );
    });
    for (const l of released) {
      if (l.shared || l.kind === 'rcu' || l.class.startsWith('?')) continue;
      const alike = s.locks.some((x) => x.class === l.class || x.class.startsWith('?'));
      if (!alike && s.locks.length < 12 && !found.has(op)) {
        // The same operation in the next turn: what led round is as a rule no path at all
        const before = gone.find((g) => g.place === l.place && g.op !== op);
        const twice = { op, lock: plainLock(l), text: run.showPlace(l.place), blurred: s.blurred };
        if (before !== undefined) found.set(op, { ...twice, before: before.op });
        else if (!result.acquires.has(classKey(l)) || !mayBeAnother(terms, l.place)) continue;
        else if (unheld.includes(op)) inTurns.push({ twice: { ...twice, before: op }, cls: classKey(l) });
        else {
          inTurn.set(op, l);
          unheld = [...unheld, op].sort((a, b) => a - b);
        }
      }
    }
    // What is called may lock again what it can reach
    if (name !== '' && released.length === 0 && !isKnown(cx, fn, op, name)) {
      const roots = readsOf(fn, op)
        .slice(1)
        .map((e) => terms.root(run.ev.value(s, e)));
      gone = gone.filter((g) => !roots.includes(terms.root(g.place)));
    } else if (name !== '') {
      // And what it stores to is read anew
      gone = gone.filter((g) => !terms.isSoft(g.place) || released.some((l) => l.place === g.place));
    }
    for (const l of released) {
      if (l.shared || l.kind === 'rcu' || terms.kind(terms.root(l.place)) === T.Opaque) continue;
      const fresh = madeBy(terms, l.place);
      if (fresh === null) continue;
      const own = s.locks.some((x) => x.place === l.place);
      const more: Gone = { place: l.place, cls: classKey(l), op, own, fresh };
      if (own && s.released.some((r) => classKey(r) === more.cls)) continue;
      gone = [...gone.filter((g) => g.place !== l.place), more].slice(-6);
    }
    return numberOf({ gone, unheld });
  };
  replay(cx.analysis, fn, entry, look, undefined, goals);
  const out = [...found.values()];
  for (const { twice, cls } of inTurns)
    if (!found.has(twice.op) && sharesLoop(graph, twice.op, takers.get(cls))) {
      found.set(twice.op, twice);
      out.push(twice);
    }
  return out.sort((a, b) => a.op - b.op);
}

/** Whether a lock that was given back has not been taken again: one of the caller's comes back to where it was. */
function isStillGone(g: Gone, s: State): boolean {
  if (s.locks.some((l) => l.place === g.place)) return false;
  return g.own
    ? !s.released.some((r) => classKey(r) === g.cls)
    : s.released.some((r) => r.place === g.place && !r.may);
}

/** Whether a name may mean another object in the next turn of a loop. */
function mayBeAnother(terms: Terms, place: number): boolean {
  const root = terms.kind(terms.root(place));
  return root !== T.Const && (terms.isSoft(place) || root === T.Fresh);
}

/** The operations whose values a place is made of; null where it has no lasting name. */
function madeBy(terms: Terms, place: number): readonly number[] | null {
  const out: number[] = [];
  const lasting = (t: number): boolean => {
    switch (terms.kind(t)) {
      case T.Stale:
      case T.Local:
      case T.Unknown:
      case T.Opaque:
        return false;
      case T.Fresh:
        if (terms.a(t) >= JOIN_OP) return false;
        out.push(terms.a(t));
        return true;
      default:
        return terms.children(t).every(lasting);
    }
  };
  return lasting(place) ? out : null;
}

function isBranch(fn: FunctionRef, op: number): boolean {
  return (fn.file.ops[(fnColumn(fn.file, fn.index, Fn.FirstOp) + op) * OP_STRIDE] as Op) === Op.Branch;
}

/** Whether an operation is the head of `list_for_each_entry()` and the like. */
function isLoopHead(run: FunctionRun, op: number): boolean {
  const { file, index } = run.fn;
  const at = (fnColumn(file, index, Fn.FirstOp) + op) * OP_STRIDE;
  return (file.ops[at] as Op) === Op.Call && ((file.ops[at + 4] as number) & CALL_LOOP) !== 0;
}

function takesSuch(
  cx: RuleContext,
  fn: FunctionRef,
  op: number,
  unheld: readonly number[],
  locks: ReadonlyMap<number, Lock>,
): boolean {
  if (unheld.length === 0) return false;
  const callee = calleeAt(cx, fn.id, op);
  const takes = cx.analysis.results[callee]?.acquires;
  return unheld.some((u) => {
    const lock = locks.get(u);
    return lock !== undefined && takes?.has(classKey(lock)) === true;
  });
}

/** Whether the engine knows what a call does to locks. */
function isKnown(cx: RuleContext, fn: FunctionRef, op: number, name: string): boolean {
  if (cx.analysis.model.helpers.has(name) || VALUES.test(name)) return true;
  const callee = calleeAt(cx, fn.id, op);
  return callee >= 0 && cx.analysis.results[callee]?.widened === false;
}

/** Whether one of the operations that take a lock lies in a loop with the one that gives it back. */
function sharesLoop(
  graph: FunctionRun['graph'] | null,
  op: number,
  takers: ReadonlySet<number> | undefined,
): boolean {
  if (graph === null || takers === undefined) return false;
  const block = blockOf(graph, op);
  const after = reachedFrom(graph, block);
  for (const taker of takers) {
    const taken = blockOf(graph, taker);
    if (after.has(taken) && reachedFrom(graph, taken).has(block)) return true;
  }
  return false;
}

// ---- given back in another mode

/** A lock that is given back in the mode in which it is not held. */
interface Turned {
  readonly op: number;
  readonly taken: number;
  readonly lock: PlainLock;
  readonly text: string;
}

const TURNED = new OfSituations<readonly Turned[]>();

/** The kinds of locks that are held in one of two modes. */
function hasModes(kind: string): boolean {
  return kind === 'rwsem' || kind === 'percpu-rwsem' || kind === 'rwlock';
}

/** What is given back in another mode than the one in which it was taken, whatever the callers hold. */
function inOtherMode(cx: RuleContext, fn: FunctionRef, result: FunctionResult): Draft[] {
  const takes = [...result.acquires].some((key) => hasModes(key.slice(key.indexOf('|') + 1)));
  if (!takes || !MAY_TURN.of(fn, [resultsAround(cx.analysis, fn)], () => mayTurn(cx, fn))) return [];
  const at = anyhow(result);
  return TURNED.of(cx.analysis, fn, at, () => turnedIn(cx, fn, at)).map((t) => {
    const name = lockName({ lock: t.lock, text: t.text });
    const [as, other] = t.lock.shared ? ['reading', 'writing'] : ['writing', 'reading'];
    return {
      rule: ID,
      precision: 'high',
      certainty: 'must',
      message: `releases ${name} as if it were held for ${as}, and line ${lineOf(fn, t.taken)} has taken it for ${other}`,
      fn: fn.id,
      op: t.op,
      entry: null,
      held: [],
      rcu: 'none',
      trace: [
        step('acquire', fn, t.taken, `takes ${name} for ${other}`),
        step('release', fn, t.op, `releases it as if it were held for ${as}`),
      ],
      objectClass: t.lock.class,
    };
  });
}

const MAY_TURN = new OfFunctions<boolean>();

/** Whether something is taken in one mode that may be given back in the other, by what is called. */
function mayTurn(cx: RuleContext, fn: FunctionRef): boolean {
  const inModes = ({ kind }: LockWay): boolean => hasModes(kind);
  const given = operationsOf(fn).flatMap((op) => waysReleased(cx, fn, op).filter(inModes));
  if (given.length === 0) return false;
  const first = fnColumn(fn.file, fn.index, Fn.FirstOp);
  return operationsOf(fn).some(
    (op) =>
      // A scope's lock, of which the mode is not looked up
      (fn.file.ops[(first + op) * OP_STRIDE] as Op) === Op.Guard ||
      waysTaken(cx, fn, op).some((taken) =>
        given.some((g) => g.kind === taken.kind && (g.shared === null || g.shared !== taken.shared)),
      ),
  );
}

function turnedIn(cx: RuleContext, fn: FunctionRef, entry: Entry): readonly Turned[] {
  const found = new Map<number, Turned>();
  /** Operations that some path comes to with the lock in the right mode, or with nobody knows what. */
  const fine = new Set<number>();
  const isWanted = (op: number): boolean => isReleasing(cx, fn, op, hasModes);
  watch(cx.analysis, fn, entry, isWanted, (run, op, s) => {
    for (const l of releasesAt(cx, run, op, s)) {
      if (!hasModes(l.kind)) continue;
      const held = s.locks.filter((x) => x.place === l.place && x.kind === l.kind);
      const [only] = held;
      // Where paths were joined that held it in different modes, it is only perhaps held in either
      const isTurned = only !== undefined && held.length === 1 && !only.may && only.shared !== l.shared;
      if (!isTurned || only.fn !== fn.id || only.op < 0) fine.add(op);
      else if (!found.has(op))
        found.set(op, { op, taken: only.op, lock: plainLock(l), text: run.showPlace(l.place) });
    }
  });
  const ways = new Ways(fn);
  // What is called in between may have changed the mode, and tell so in a way of its own
  const isChanged = (t: Turned): boolean =>
    (cx.analysis.results[fn.id]?.edges ?? []).some((e) => {
      const callee = cx.analysis.results[e.callee];
      return (
        e.op !== t.op &&
        (callee === undefined || callee.widened || callee.releases.has(classKey(t.lock))) &&
        ways.isAfter(t.taken, e.op) &&
        ways.isAfter(e.op, t.op)
      );
    });
  return [...found.values()].filter((t) => !fine.has(t.op) && !isChanged(t)).sort((a, b) => a.op - b.op);
}

// ---- not held in a situation

interface Missing {
  readonly op: number;
  readonly lock: PlainLock;
  readonly text: string;
  /** The lock's place where it means something outside of the function, else unknown. */
  readonly place: number;
  readonly asserted: boolean;
  /** Some paths come here with it, or perhaps with it. */
  readonly mixed: boolean;
  /** Memory decides whether it is reached: the same may have decided whether the lock is taken. */
  readonly decided: boolean;
  /** Members that are tested on the only way to it. */
  readonly tested: readonly string[];
  /** The object came out of a call of which nothing is known: it may have come locked. */
  readonly made: boolean;
  /** What it is reached from was handed to a call of which nothing is known. */
  readonly handed: boolean;
}

const MISSING = new OfSituations<readonly Missing[]>();

function missingIn(cx: RuleContext, fn: FunctionRef, entry: Entry): readonly Missing[] {
  const found = new Map<number, Missing>();
  const others = new Set<number>();
  const helpers = cx.analysis.model.helpers;
  const softTests = new Set<number>();
  const missingAt = new Map<number, number>();
  let graph: FunctionRun['graph'] | null = null;
  const speaks = (op: number): boolean =>
    isReleasing(cx, fn, op) || helpers.get(calledName(fn, op))?.asserts !== undefined;
  if (!operationsOf(fn).some(speaks)) return [];
  const isUnknown = (op: number): boolean => {
    const name = calledName(fn, op);
    return name !== '' && !isKnown(cx, fn, op, name);
  };
  const roots = new Map<number, Set<number>>();
  const isWanted = (op: number): boolean => speaks(op) || isBranch(fn, op) || isUnknown(op);
  watch(cx.analysis, fn, entry, isWanted, (run, op, s) => {
    graph = run.graph;
    if (isBranch(fn, op) && readsOf(fn, op).some((e) => run.terms.isSoft(run.ev.value(s, e))))
      softTests.add(op);
    const name = calledName(fn, op);
    if (name === '') return;
    if (isUnknown(op))
      for (const e of readsOf(fn, op).slice(1)) {
        const root = run.terms.root(run.ev.value(s, e));
        roots.set(root, (roots.get(root) ?? new Set()).add(op));
      }
    const see = (lock: Lock, asserted: boolean, shared: boolean): void => {
      if (!isOwned(lock) || lock.class.startsWith('?') || lock.class === '') return;
      const how = holding(run, entry, s, { place: lock.place, class: lock.class, shared });
      if (how !== 'not') {
        others.add(op);
        cx.silence?.(
          ID,
          fn,
          op,
          `'${run.showPlace(lock.place)}' is ${how === 'held' ? 'held here' : 'perhaps held here: not all that leads here is known, or another name may mean it'}`,
        );
      } else if (!found.has(op)) {
        missingAt.set(op, run.terms.root(lock.place));
        found.set(op, {
          op,
          lock: plainLock(lock),
          text: run.showPlace(lock.place),
          place: run.terms.isShared(lock.place) ? lock.place : run.terms.unknown,
          asserted,
          mixed: false,
          decided: false,
          tested: [],
          made: isMade(cx, run, lock.place),
          handed: false,
        });
      }
    };
    for (const l of releasesAt(cx, run, op, s)) see(l, false, l.shared);
    const helper = helpers.get(name);
    for (const spec of helper?.asserts ?? []) {
      if (helper === undefined || (spec.when !== undefined && spec.when !== '')) continue;
      const args = readsOf(fn, op)
        .slice(1)
        .map((e) => run.ev.value(s, e));
      const lock = modelLock(run, s, spec, helper.params, args, run.terms.unknown, op);
      if (lock !== null) see(lock, true, spec.mode !== 'exclusive');
    }
  });
  const flow = graph;
  const ways = new Ways(fn);
  const isHanded = (op: number): boolean =>
    [...(roots.get(missingAt.get(op) ?? -1) ?? [])].some((call) => ways.isAfter(call, op));
  return [...found.values()]
    .map((m) => ({
      ...m,
      mixed: others.has(m.op),
      decided: flow !== null && [...softTests].some((b) => decides(flow, blockOf(flow, b), m.op)),
      tested: membersIn(
        fn,
        [...softTests].filter((b) => flow !== null && parts(flow, blockOf(flow, b), m.op)),
      ),
      handed: isHanded(m.op),
    }))
    .sort((a, b) => a.op - b.op);
}

/** Whether only one way on from a branch comes to an operation, wherever both go after it. */
function parts(graph: FunctionRun['graph'], branch: number, op: number): boolean {
  const block = blockOf(graph, op);
  const [yes, no] = graph.successors[branch] ?? [];
  if (yes === undefined || no === undefined) return false;
  return reachedFrom(graph, yes, branch).has(block) !== reachedFrom(graph, no, branch).has(block);
}

/** The members that conditions read, by name. */
function membersIn(fn: FunctionRef, tests: readonly number[]): readonly string[] {
  const { file } = fn;
  const out = new Set<string>();
  for (const op of tests)
    for (const e of readsOf(fn, op))
      visitExpressions(file, e, (x, kind) => {
        if (kind === X.Field) out.add(file.strings[file.exprs[x * EXPR_STRIDE + 2] as number] ?? '');
      });
  out.delete('');
  return [...out].sort();
}

/**
 * Whether a member that decides whether something is given back is where the directory notes that: a function that itself takes or gives
 * back such a lock stores to a member of that name.
 */
function isNoted(cx: RuleContext, fn: FunctionRef, { lock, tested }: Missing): boolean {
  if (tested.length === 0) return false;
  const key = classKey(lock);
  const mentions = new Mentions(tested);
  return cx.unit.some((other) => {
    const result = cx.analysis.results[other.id];
    return (
      other.unit === fn.unit &&
      (result?.acquires.has(key) === true || result?.releases.has(key) === true) &&
      mentions.in(other) &&
      operationsOf(other).some((op) => tested.includes(storedMember(other, op))) &&
      operationsOf(other).some((op) => movesItself(cx, other, op, lock))
    );
  });
}

/** The member that an operation stores to, by name, or ''. */
function storedMember({ file, index }: FunctionRef, op: number): string {
  const at = (fnColumn(file, index, Fn.FirstOp) + op) * OP_STRIDE;
  if ((file.ops[at] as Op) !== Op.Assign) return '';
  const target = (file.ops[at + 1] as number) * EXPR_STRIDE;
  return (file.exprs[target] as X) === X.Field ? (file.strings[file.exprs[target + 2] as number] ?? '') : '';
}

/** Whether an operation is a helper's call that takes a lock of such a kind, or gives one back. */
function movesItself(cx: RuleContext, fn: FunctionRef, op: number, lock: PlainLock): boolean {
  const helper = cx.analysis.model.helpers.get(calledName(fn, op));
  return [...(helper?.acquires ?? []), ...(helper?.releases ?? [])].some((l) => l.kind === lock.kind);
}

/** Whether a place hangs on what a call gave that nothing is known of. */
function isMade(cx: RuleContext, run: FunctionRun, place: number): boolean {
  const { terms, fn } = run;
  const root = terms.root(place);
  const kind = terms.kind(root);
  if (kind === T.Param || kind === T.Global) return false;
  if (kind !== T.Fresh || terms.a(root) >= run.graph.opCount) return true;
  const op = terms.a(root);
  return !cx.analysis.model.helpers.has(calledName(fn, op)) && calleeAt(cx, fn.id, op) < 0;
}

/** Whether a function or one that leads here in this situation takes such a lock at some time. */
function isTakenOnTheWay(cx: RuleContext, fn: FunctionRef, entry: number, lock: PlainLock): boolean {
  const ids = [fn.id, ...(cx.analysis.propagation?.chain(fn.id, entry) ?? []).map((c) => c.fn)];
  return ids.some((id) => cx.analysis.results[id]?.acquires.has(classKey(lock)) === true);
}

/** Whether something that is called before may come back with such a lock, on a way of which not all is known. */
function bringsPerhaps(cx: RuleContext, fn: FunctionRef, { op, lock }: Missing): boolean {
  const ways = new Ways(fn);
  const key = classKey(lock);
  return (cx.analysis.results[fn.id]?.edges ?? []).some(
    (e) =>
      e.op !== op &&
      cx.analysis.results[e.callee]?.exits.some(
        (x) => x.doubt && x.locks.some((l) => classKey(l) === key),
      ) === true &&
      ways.isAfter(e.op, op),
  );
}

/** Methods at the end of an object: what they assert may hold for want of anybody else. */
const LAST: ReadonlySet<string> = new Set([
  'evict_inode',
  'destroy_inode',
  'free_inode',
  'put_super',
  'kill_sb',
  'd_release',
  'd_iput',
  'd_prune',
]);

function isGlobal(cx: RuleContext, place: number): boolean {
  return cx.analysis.terms.kind(place) === T.Global;
}

/** What is given back or asserted where all that leads there is known and brings no such lock. */
function certainlyNot(cx: RuleContext, fn: FunctionRef, left: ReadonlyMap<string, number>): Draft[] {
  const out: Draft[] = [];
  const { propagation } = cx.analysis;
  const said = new Set<number>();
  // What a function is there to give back its caller has to hold: said at the call
  const forCaller = releasedAlways(cx, fn.id);
  for (const [i, entry] of (propagation?.entries[fn.id] ?? []).entries()) {
    if (!isAllKnown(entry) || entry.walk || !isWhole(cx.analysis, fn.id, entry)) {
      cx.silence?.(ID, fn, -1, 'not all is known of what the callers hold');
      continue;
    }
    const origin = propagation?.origins[entry.origins[0] ?? -1];
    for (const m of MISSING.of(cx.analysis, fn, entry, () => missingIn(cx, fn, entry))) {
      const quiet =
        cx.silence === undefined ? undefined : (why: string): void => cx.silence?.(ID, fn, m.op, why);
      if (m.made) quiet?.('the object came out of a call of which nothing is known: it may have come locked');
      if (left.has(`${fn.unit}|${classKey(m.lock)}`))
        quiet?.('a method of this directory leaves such a lock held, for another one to give back');
      if (m.made || said.has(m.op) || left.has(`${fn.unit}|${classKey(m.lock)}`)) continue;
      if (entry.caller >= 0 && forCaller.some((l) => l.class === m.lock.class)) {
        quiet?.('the function is there to give it back for its caller: judged at the call');
        continue;
      }
      // A work item or a callback may give back what those took who queued it
      if (!m.asserted && origin?.struct === 'callback' && m.lock.kind !== 'spin') {
        quiet?.('a work item or a callback may give back what those took who queued it');
        continue;
      }
      // seq_file's start and stop hand the lock over between them
      if (origin?.struct === 'seq_operations') {
        quiet?.('start and stop of seq_file hand the lock over between them');
        continue;
      }
      said.add(m.op);
      // Another state of the same call brings it
      const elsewhere =
        entry.caller >= 0 &&
        (propagation?.entries[fn.id] ?? []).some(
          (e) =>
            e !== entry &&
            e.caller === entry.caller &&
            e.op === entry.op &&
            e.locks.some((l) => l.class === m.lock.class),
        );
      const sure =
        !m.mixed &&
        !elsewhere &&
        !bringsPerhaps(cx, fn, m) &&
        // What decides whether it is released may be what decided whether it was taken
        !(m.decided && (m.asserted || m.lock.kind === 'rcu' || isTakenOnTheWay(cx, fn, i, m.lock))) &&
        // Nobody here takes such a lock: a call of which nothing is known may have come back with it
        !(m.handed && !m.asserted && !isTakenOnTheWay(cx, fn, i, m.lock)) &&
        // Nor may it be a variable of a caller's, and whether the lock was taken hang on the same one
        !(m.asserted && isTakenOnTheWay(cx, fn, i, m.lock)) &&
        // Nobody else is left who could come in between
        !(m.asserted && origin !== undefined && LAST.has(origin.method));
      const certain =
        sure &&
        (m.lock.kind === 'rcu'
          ? // A callee that leaves RCU-walk does so by a flag
            cx.analysis.model.helpers.has(calledName(fn, m.op))
          : comesFromMethod(cx.analysis, fn.id, entry, m.place));
      if (!certain && !m.asserted && isNoted(cx, fn, m)) {
        quiet?.('a member says whether it is held: it is stored to where such a lock is taken or given back');
        continue;
      }
      const name = lockName({ lock: m.lock, text: m.text });
      const from =
        origin === undefined
          ? 'nobody'
          : origin.struct === 'callback'
            ? `what runs as ${origin.method}`
            : `->${origin.method}()`;
      out.push({
        rule: ID,
        // A global lock is the same for everybody; another one may have been taken under another name
        precision: certain
          ? 'high'
          : sure && m.lock.kind !== 'rcu' && isGlobal(cx, m.place)
            ? 'medium'
            : 'low',
        certainty: certain ? 'must' : 'may',
        message: m.asserted
          ? `asserts that ${name} is held, and ${from} comes here without it`
          : `releases ${name}, which is not held: neither is it taken on the way here from ${from}, nor does the caller hold it`,
        fn: fn.id,
        op: m.op,
        entry: entryMethod(cx.analysis, origin),
        held: [],
        rcu: 'none',
        trace: [
          ...pathTo(cx, fn, i),
          step(m.asserted ? 'access' : 'release', fn, m.op, `${m.asserted ? 'asserts' : 'releases'} ${name}`),
        ],
        objectClass: m.lock.class,
      });
    }
  }
  return out;
}
