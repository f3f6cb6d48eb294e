/**
 * lock/contract: a method's code contradicts what the model says its caller holds: it comes back without a lock that the caller will give
 * back, lets go of one that the caller relies on, takes one that the caller holds, or asserts what the caller's locks exclude. Only of locks
 * that every caller brings in the situation at hand. What concerns the lock of a directory alone is said by the family dir/.
 */

import { calledName, fnColumn } from '../../contexts/cfg.js';
import { type Entry, type Origin, Whence } from '../../contexts/entry-points.js';
import type { FunctionRun } from '../../contexts/flow.js';
import { readsOf } from '../../contexts/operands.js';
import type { Exit, FunctionResult, TakeEffect } from '../../contexts/result.js';
import { type Lock, type State, settled } from '../../contexts/state.js';
import { T } from '../../contexts/terms.js';
import { EXPR_STRIDE, Fn, OP_STRIDE, Op, X } from '../../facts/encode.js';
import { isAtomicKind } from '../../model/lock-kinds.js';
import type { LockKind, MethodEntry } from '../../model/types.js';
import type { FunctionRef } from '../../program/program.js';
import { heldShown, isAllKnown } from '../holding.js';
import { Mentions } from '../mentions.js';
import { releasesAt } from '../releases.js';
import { OfSituations, operationsOf, watch } from '../replay.js';
import {
  type Draft,
  entryMethod,
  lockExpression,
  pathTo,
  type Rule,
  type RuleContext,
  step,
  WIDENED,
} from '../rule.js';
import { isOnlyAsserted } from '../take-leaf.js';
import { Ways } from '../ways.js';

const ID = 'lock/contract';

/** Locks that their holder gives back, and that do not nest in themselves. */
const KINDS: ReadonlySet<LockKind> = new Set<LockKind>([
  'spin',
  'rwlock',
  'bit',
  'mutex',
  'rwsem',
  'percpu-rwsem',
  'seqwrite',
  'seqcount',
  'folio',
]);

/** Asserts that a lock is not held; that it is held, but only shared. */
const NOT_HELD = 'lockdep_assert_not_held';
const HELD_SHARED = 'lockdep_assert_held_read';

/** The rule. */
export const contract: Rule = {
  info: {
    id: ID,
    summary: 'A method does with a lock what its caller, who holds it, does not expect.',
    law: 'A method leaves the locks of its caller as they are: it comes back with them, does not let go of them on the way, does not take them again, and asserts nothing that they exclude.',
    severity: 'error',
    precision: 'high',
    onByDefault: true,
    fixable: false,
  },
  yieldsTo: [
    'dentry/prune-drops-lock',
    'dentry/prune-reference',
    'dir/self-deadlock',
    'lock/double',
    'lock/not-held',
  ],
  check(cx) {
    const out: Draft[] = [];
    const { propagation, results } = cx.analysis;
    if (propagation === null) return out;
    const asserting = new Mentions([NOT_HELD, HELD_SHARED]);
    for (const fn of cx.functions) {
      const result = results[fn.id];
      if (result === undefined) continue;
      const found = new Map<string, Draft>();
      const say = (d: Draft): void => {
        const key = `${d.op} ${d.objectClass}`;
        if (!found.has(key)) found.set(key, d);
      };
      for (const [i, entry] of (propagation.entries[fn.id] ?? []).entries()) {
        if (!isAllKnown(entry) || entry.locks.length === 0) continue;
        const method = methodOf(cx, entry);
        if (method === null) continue;
        const at: Situation = { fn, result, entry, index: i, method, origin: originOf(cx, entry) };
        if (result.widened) cx.silence?.(ID, fn, -1, WIDENED);
        else if (entry.caller < 0) {
          for (const d of [...notBroughtBack(cx, at), ...notGivenBack(cx, at), ...takenAgain(cx, at)]) say(d);
        }
        if (result.widened) continue;
        for (const d of letGo(cx, at)) say(d);
        if (asserting.in(fn)) for (const d of excluded(cx, at)) say(d);
      }
      out.push(...found.values());
    }
    return out;
  },
};

/** A function as it is entered in one situation of a method. */
interface Situation {
  readonly fn: FunctionRef;
  readonly result: FunctionResult;
  readonly entry: Entry;
  readonly index: number;
  readonly method: MethodEntry;
  readonly origin: Origin | undefined;
}

function originOf(cx: RuleContext, entry: Entry): Origin | undefined {
  return cx.analysis.propagation?.origins[entry.origins[0] ?? -1];
}

/** The method whose contract a situation begins with; null where several disagree, or it is a callback. */
function methodOf(cx: RuleContext, entry: Entry): MethodEntry | null {
  if (entry.from !== Whence.Beginning) return null;
  const origins = entry.origins.map((o) => cx.analysis.propagation?.origins[o]);
  const first = origins[0];
  // The start and stop of seq_file hand a lock over between them
  if (first === undefined || first.struct === 'callback' || first.struct === 'seq_operations') return null;
  if (origins.some((o) => o?.struct !== first.struct || o.method !== first.method)) return null;
  return cx.analysis.model.methods.get(`${first.struct}::${first.method}`) ?? null;
}

/** Locks that every caller of the method brings, as they are where these facts hold. */
function brought(cx: RuleContext, entry: Entry, facts: State['facts']): readonly Lock[] {
  return settled(cx.analysis.terms, entry.locks, facts).filter(
    (l) => !l.may && l.fn < 0 && KINDS.has(l.kind) && l.class !== '' && !l.class.startsWith('?'),
  );
}

/** Whether the contract itself lets the method give a lock back, or hand one over. */
function isHanded(cx: RuleContext, method: MethodEntry, lock: Lock): boolean {
  return [...(method.releases ?? []), ...(method.acquires ?? [])].some((spec) => {
    const field = /(\w+)$/.exec(spec.lock)?.[1] ?? '';
    return (
      (cx.analysis.shared.classes.get(field) ?? field) === lock.class || lock.class.endsWith(`::${field}`)
    );
  });
}

/** Ways out that a situation allows. */
function exitsOf(cx: RuleContext, at: Situation): readonly Exit[] {
  return at.result.rawExits.filter(
    (e) => !e.doubt && cx.analysis.propagation?.meet(at.entry, e.facts) !== null,
  );
}

function nameOf(cx: RuleContext, fn: FunctionRef, lock: Lock): string {
  const text = cx.analysis.propagation?.show(fn.id, lock.place) ?? lock.class;
  return `'${lockExpression(text)}' (${lock.class})`;
}

function draftOf(
  cx: RuleContext,
  at: Situation,
  op: number,
  lock: Lock,
  message: string,
  precision: Draft['precision'],
  trace: Draft['trace'],
): Draft {
  return {
    rule: ID,
    precision,
    certainty: 'must',
    message,
    fn: at.fn.id,
    op,
    entry: entryMethod(cx.analysis, at.origin),
    held: [],
    rcu: 'none',
    trace: [...pathTo(cx, at.fn, at.index), ...trace],
    objectClass: lock.class,
  };
}

// ---- on the way out

/** The caller's lock that a way out has given back and not taken again, or null. */
function strayAt(e: Exit, lock: Lock): Lock | null {
  if (e.locks.some((l) => l.class === lock.class && l.kind === lock.kind)) return null;
  return e.released.find((r) => r.place === lock.place && r.kind === lock.kind && !r.may) ?? null;
}

/** What the caller will give back, and the method has given back. */
function notBroughtBack(cx: RuleContext, at: Situation): Draft[] {
  const out: Draft[] = [];
  for (const e of exitsOf(cx, at))
    for (const lock of brought(cx, at.entry, e.facts)) {
      const stray = strayAt(e, lock);
      if (stray === null) continue;
      if (isHanded(cx, at.method, lock)) {
        cx.silence?.(ID, at.fn, e.op, `the contract of ->${at.method.method}() hands ${lock.class} over`);
        continue;
      }
      if (out.some((d) => d.objectClass === lock.class)) continue;
      const name = nameOf(cx, at.fn, lock);
      const op = stray.fn === at.fn.id && stray.op >= 0 ? stray.op : e.op;
      out.push(
        draftOf(
          cx,
          at,
          op,
          lock,
          `->${at.method.method}() returns without ${name}, with which it is called: its caller gives back what it no longer holds`,
          e.blurred ? 'medium' : 'high',
          [
            step('release', at.fn, op, `gives ${name} back`),
            step('branch', at.fn, e.op, 'returns without it'),
          ],
        ),
      );
    }
  return out;
}

/** Whether a way out of a method lacks a lock that its callers hold: then this rule says it, and says more. */
export function breaksContract(cx: RuleContext, fn: FunctionRef, lock: Lock): boolean {
  const result = cx.analysis.results[fn.id];
  if (result === undefined) return false;
  return (cx.analysis.propagation?.entries[fn.id] ?? []).some((entry, index) => {
    const method = entry.caller < 0 && isAllKnown(entry) ? methodOf(cx, entry) : null;
    if (method === null || isHanded(cx, method, lock)) return false;
    const at: Situation = { fn, result, entry, index, method, origin: originOf(cx, entry) };
    return exitsOf(cx, at).some((e) =>
      brought(cx, entry, e.facts).some((l) => l.place === lock.place && strayAt(e, l) !== null),
    );
  });
}

/** What the contract wants given back on every way out, and some give back. */
function notGivenBack(cx: RuleContext, at: Situation): Draft[] {
  const out: Draft[] = [];
  const exits = exitsOf(cx, at);
  for (const spec of at.method.releases ?? []) {
    // The end of I/O gives a folio back
    if ((spec.when !== undefined && spec.when !== '') || spec.kind === 'folio') continue;
    const field = /(\w+)$/.exec(spec.lock)?.[1] ?? '';
    const gives = (e: Exit): Lock | undefined =>
      e.released.find((r) => !r.may && r.kind === spec.kind && r.class.endsWith(field));
    const given = exits.map(gives).find((l) => l !== undefined);
    const lacking = exits.find((e) => !e.released.some((r) => r.class.endsWith(field)));
    if (given === undefined || lacking === undefined) continue;
    const name = nameOf(cx, at.fn, given);
    out.push(
      draftOf(
        cx,
        at,
        lacking.op,
        given,
        `->${at.method.method}() returns with ${name} held, which it has to give back`,
        'medium',
        [step('branch', at.fn, lacking.op, 'returns with it held')],
      ),
    );
  }
  return out;
}

// ---- taken again

/** What is taken while the caller holds it, here or below. */
function takenAgain(cx: RuleContext, at: Situation): Draft[] {
  const out: Draft[] = [];
  for (const take of at.result.takes) {
    if (take.lock.may || !KINDS.has(take.lock.kind) || take.lock.class === 'inode::i_rwsem') continue;
    if (isOnlyAsserted(cx, take)) continue;
    if (cx.analysis.propagation?.meet(at.entry, take.facts) === null) continue;
    const lock = brought(cx, at.entry, take.facts).find(
      (l) => l.place === take.lock.place && l.kind === take.lock.kind,
    );
    if (lock === undefined || (lock.shared && take.lock.shared)) {
      if (at.entry.locks.some((l) => l.class === take.lock.class))
        cx.silence?.(
          ID,
          at.fn,
          take.op,
          lock === undefined
            ? `callers hold a lock of class ${take.lock.class}, which is not shown to be this one, or certain`
            : 'both times it is taken shared',
        );
      continue;
    }
    if (take.released.some((r) => r.class === lock.class && r.kind === lock.kind)) continue;
    const name = nameOf(cx, at.fn, lock);
    out.push(
      draftOf(
        cx,
        at,
        take.op,
        lock,
        `'${take.what}()' takes ${name}, with which ->${at.method.method}() is called: it waits for itself`,
        take.lastRef ? 'medium' : 'high',
        downTo(cx, at.fn, take, name),
      ),
    );
  }
  return out;
}

/** Steps from a call down to where a lock is taken. */
function downTo(cx: RuleContext, from: FunctionRef, take: TakeEffect, name: string): Draft['trace'] {
  const steps: Draft['trace'][number][] = [];
  let [fn, t] = [from, take];
  for (let depth = 0; depth < 20; depth++) {
    const isHere = t.via < 0;
    steps.push(
      step(
        isHere ? 'acquire' : 'call',
        fn,
        t.op,
        isHere ? `${t.what}() takes ${name} again` : `calls ${t.what}()`,
      ),
    );
    const callee = isHere ? undefined : cx.analysis.program.functions[t.via];
    const next = isHere
      ? undefined
      : cx.analysis.results[t.via]?.takes.find(
          (x) => x.lock.class === t.lock.class && x.lock.kind === t.lock.kind,
        );
    if (callee === undefined || next === undefined) break;
    [fn, t] = [callee, next];
  }
  return steps;
}

// ---- let go of on the way

interface Drop {
  readonly op: number;
  readonly lock: Lock;
  readonly what: string;
  readonly text: string;
  readonly held: Draft['held'];
}

const DROPS = new OfSituations<readonly Drop[]>('itself', 'this run');

/** Where a lock of the caller's is given back, also where it is taken again after that. */
function letGo(cx: RuleContext, at: Situation): Draft[] {
  const { fn, entry, result, method } = at;
  // A lock that is waited for may be let go of, and what was seen under it asked again: the family dir/ looks whether it is
  const own = entry.locks.filter((l) => !l.may && l.fn < 0 && KINDS.has(l.kind) && isAtomicKind(l.kind));
  if (!own.some((l) => result.releases.has(`${l.class}|${l.kind}`))) return [];
  // What does not come back at all is said of the method, or where a caller takes it again
  const gone = new Set(
    exitsOf(cx, at).flatMap((e) => brought(cx, entry, e.facts).filter((l) => strayAt(e, l) !== null)),
  );
  return DROPS.of(cx.analysis, fn, entry, () => dropsIn(cx, fn, entry))
    .filter((d) => isAtomicKind(d.lock.kind) && ![...gone].some((l) => l.place === d.lock.place))
    .filter((d) => {
      if (!isHanded(cx, method, d.lock)) return true;
      cx.silence?.(ID, fn, d.op, `the contract of ->${method.method}() hands ${d.lock.class} over`);
      return false;
    })
    .filter((d) => {
      if (isReferencedBefore(cx, fn, d.op)) {
        cx.silence?.(ID, fn, d.op, 'a reference is taken before: the object stays while the lock is away');
        return false;
      }
      const member = markedWhileAway(fn, d.op);
      if (member !== '')
        cx.silence?.(
          ID,
          fn,
          d.op,
          `'${member}' is changed before, and changed back after that: it keeps others away`,
        );
      return member === '';
    })
    .map((d) => {
      const name = `'${lockExpression(d.text)}' (${d.lock.class})`;
      return {
        ...draftOf(
          cx,
          at,
          d.op,
          d.lock,
          `'${d.what}()' lets go of ${name}, which the caller of ->${method.method}() holds and relies on`,
          'high',
          [
            step('release', fn, d.op, `lets go of ${name}`),
            step(
              'other-side',
              fn,
              d.op,
              'another CPU gets the lock and changes what the caller has seen under it',
              1,
            ),
          ],
        ),
        held: d.held,
      };
    });
}

/** Whether a reference to something is taken before an operation. */
function isReferencedBefore(cx: RuleContext, fn: FunctionRef, drop: number): boolean {
  const ways = new Ways(fn);
  const { helpers } = cx.analysis.model;
  const gets = (op: number): boolean =>
    helpers.get(calledName(fn, op))?.references?.some((r) => r.action !== 'put') === true;
  return operationsOf(fn).some((op) => gets(op) && ways.isAfter(op, drop));
}

/** Counts and the like that are changed where they stand. */
const COUNTS = /^(atomic(64|_long)?|refcount)_(inc|dec|add|sub)\b/;

/**
 * A member that is changed before a lock is let go of and again after that: a count or a mark that keeps the object as it is while the lock
 * is away. '' for none.
 */
function markedWhileAway(fn: FunctionRef, drop: number): string {
  const { file } = fn;
  const ways = new Ways(fn);
  const changed = (op: number): string => {
    const at = (fnColumn(file, fn.index, Fn.FirstOp) + op) * OP_STRIDE;
    let e = -1;
    if ((file.ops[at] as Op) === Op.Assign) e = file.ops[at + 1] as number;
    else if (COUNTS.test(calledName(fn, op))) {
      const arg = readsOf(fn, op).find((x) => (file.exprs[x * EXPR_STRIDE] as X) === X.Addr);
      if (arg !== undefined) e = file.exprs[arg * EXPR_STRIDE + 1] as number;
    }
    if (e < 0 || (file.exprs[e * EXPR_STRIDE] as X) !== X.Field) return '';
    return file.strings[file.exprs[e * EXPR_STRIDE + 2] as number] ?? '';
  };
  const all = operationsOf(fn);
  const before = new Set(all.filter((op) => ways.isAfter(op, drop)).map(changed));
  for (const op of all) {
    const member = ways.isAfter(drop, op) ? changed(op) : '';
    if (member !== '' && before.has(member)) return member;
  }
  return '';
}

function dropsIn(cx: RuleContext, fn: FunctionRef, entry: Entry): readonly Drop[] {
  const out = new Map<number, Drop>();
  const isNamed = (op: number): boolean => calledName(fn, op) !== '';
  watch(cx.analysis, fn, entry, isNamed, (run, op, s) => {
    const what = calledName(fn, op);
    if (out.has(op)) return;
    for (const lock of releasesAt(cx, run, op, s)) {
      // Held by the function itself as well: that is the one it gives back
      if (s.locks.some((l) => l.kind === lock.kind && l.class === lock.class)) continue;
      const of = brought(cx, entry, s.facts).find((l) => l.place === lock.place && l.kind === lock.kind);
      if (of === undefined || s.released.some((r) => r.class === of.class && r.kind === of.kind)) continue;
      out.set(op, {
        op,
        lock: of,
        what,
        text: run.showPlace(of.place),
        held: heldShown(cx, fn, run, entry, s, op),
      });
    }
  });
  return [...out.values()];
}

// ---- asserted

interface Excluded {
  readonly op: number;
  readonly lock: Lock;
  readonly text: string;
  readonly what: string;
}

const EXCLUDED = new OfSituations<readonly Excluded[]>('itself', 'this run');

/** What is asserted of a lock, and cannot be with the caller's. */
function excluded(cx: RuleContext, at: Situation): Draft[] {
  const { fn, entry, method } = at;
  return EXCLUDED.of(cx.analysis, fn, entry, () => excludedIn(cx, fn, entry)).map((x) => {
    const name = `'${lockExpression(x.text)}' (${x.lock.class})`;
    const how = x.what === NOT_HELD ? 'not held' : 'held shared';
    return draftOf(
      cx,
      at,
      x.op,
      x.lock,
      `asserts that ${name} is ${how}, and ->${method.method}() is called with it ${x.what === NOT_HELD ? 'held' : 'held exclusively'}`,
      'high',
      [step('access', fn, x.op, `asserts that ${name} is ${how}`)],
    );
  });
}

function excludedIn(cx: RuleContext, fn: FunctionRef, entry: Entry): readonly Excluded[] {
  const out = new Map<number, Excluded>();
  const others = new Set<number>();
  const isAsserting = (op: number): boolean => [NOT_HELD, HELD_SHARED].includes(calledName(fn, op));
  watch(cx.analysis, fn, entry, isAsserting, (run, op, s) => {
    const what = calledName(fn, op);
    const arg = readsOf(fn, op)[1];
    if (arg === undefined) return;
    const place = placeOf(run, s, arg);
    const lock = brought(cx, entry, s.facts).find(
      (l) => l.place === place && (what === NOT_HELD || !l.shared),
    );
    if (lock === undefined || s.released.some((r) => r.class === lock.class)) others.add(op);
    else out.set(op, { op, lock, text: run.showPlace(place), what });
  });
  return [...out.values()].filter((x) => !others.has(x.op));
}

/** The place that an argument points at. */
function placeOf(run: FunctionRun, s: State, e: number): number {
  const value = run.ev.value(s, e);
  return run.terms.kind(value) === T.Addr ? run.terms.a(value) : run.terms.derefL(value);
}
