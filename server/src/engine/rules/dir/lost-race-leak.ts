/**
 * dir/lost-race-leak: a pointer member was seen to be NULL under a lock, the lock was dropped and taken again, and something new is stored
 * there without another look. A second thread that did the same meanwhile has its object overwritten: nobody points at it any more.
 */
import { calledName, fnColumn } from '../../contexts/cfg.js';
import type { Entry } from '../../contexts/entry-points.js';
import type { FunctionRun } from '../../contexts/flow.js';
import { maskOf, POSITIVE, ZERO } from '../../contexts/known.js';
import { readsOf } from '../../contexts/operands.js';
import type { Lock, State } from '../../contexts/state.js';
import { T } from '../../contexts/terms.js';
import { EXPR_STRIDE, Fn, OP_STRIDE, Op, X } from '../../facts/encode.js';
import { DeclaredMembers } from '../../program/members.js';
import type { FunctionRef } from '../../program/program.js';
import { MentionsBelow } from '../callee-texts.js';
import { byLocks, heldShown, isAllKnown, surelyHeld } from '../holding.js';
import { Mentions } from '../mentions.js';
import { holderOf, KEEPS } from '../pointer-text.js';
import { type Look, OfSituations, operationsOf, replay, visitExpressions } from '../replay.js';
import { Retakes } from '../retakes.js';
import {
  type Draft,
  entryMethod,
  lineOf,
  pathTo,
  type Rule,
  type RuleContext,
  rcuOf,
  step,
} from '../rule.js';
import { Trails } from '../trails.js';
import { mayHoldMade } from '../unshared.js';
import { Ways } from '../ways.js';

const ID = 'dir/lost-race-leak';

/** The rule. */
export const lostRaceLeak: Rule = {
  info: {
    id: ID,
    summary:
      'After a lock was dropped and taken again, a member is overwritten that another thread may have filled meanwhile.',
    law: 'After a lock was dropped and taken again, a pointer member is not overwritten without disposing of what a competing thread may have stored meanwhile.',
    severity: 'error',
    precision: 'high',
    onByDefault: true,
    fixable: false,
  },
  check(cx) {
    const out: Draft[] = [];
    const propagation = cx.analysis.propagation;
    if (propagation === null) return out;
    const retakes = Retakes.in(cx);
    const looks = new Members(cx);
    for (const fn of cx.functions) {
      if (fn.isMacro || fn.isHeader) continue;
      const result = cx.analysis.results[fn.id];
      if (result === undefined || result.acquires.size === 0 || result.releases.size === 0) continue;
      const made = mayHoldMade(cx, fn);
      if (made.size === 0) continue;
      const after = retakes.after(fn);
      if (after.size === 0) {
        cx.silence?.(
          ID,
          fn,
          -1,
          'no lock is dropped and taken again in this function, itself or by what it calls',
        );
        continue;
      }
      const stores = overwriting(cx, fn, after, made);
      if (stores.size === 0) continue;
      const seen = new Set<number>();
      const entries = propagation.entries[fn.id] ?? [];
      const told = looks.toldOf(fn, new Set(stores.values()));
      for (const [i, entry] of byLocks(entries)) {
        const find = (): readonly Found[] => search(cx, fn, entry, stores, looks);
        for (const f of FOUND.of(cx.analysis, fn, entry, find, told)) {
          if (seen.has(f.op)) continue;
          seen.add(f.op);
          out.push(draft(cx, fn, entry, i, f));
        }
      }
    }
    return out;
  },
};

/** A member that was seen to be NULL under locks. */
interface Empty {
  readonly place: number;
  readonly seen: number;
  readonly locks: readonly number[];
  readonly kept: readonly number[];
  readonly lost: number;
  readonly dropped: number;
  readonly taken: number;
}

interface Found {
  readonly op: number;
  readonly seen: number;
  readonly dropped: number;
  readonly taken: number;
  readonly member: string;
  readonly text: string;
  readonly lock: string;
  readonly sure: boolean;
  readonly held: Draft['held'];
  readonly rcu: Draft['rcu'];
}

const FOUND = new OfSituations<readonly Found[]>();

/** Operations that store to a member after a lock was taken again, where it is looked at before that; by operation, the member. */
function overwriting(
  cx: RuleContext,
  fn: FunctionRef,
  after: ReadonlySet<number>,
  made: ReadonlySet<number>,
): ReadonlyMap<number, string> {
  const { file } = fn;
  const out = new Map<number, string>();
  const ways = new Ways(fn);
  const first = fnColumn(file, fn.index, Fn.FirstOp);
  const count = fnColumn(file, fn.index, Fn.OpCount);
  for (let op = 0; op < count; op++) {
    const at = (first + op) * OP_STRIDE;
    if ((file.ops[at] as Op) !== Op.Assign || !after.has(op)) continue;
    const place = (file.ops[at + 1] as number) * EXPR_STRIDE;
    const value = file.ops[at + 2] as number;
    const kind = file.exprs[value * EXPR_STRIDE] as X;
    // What was made before is in a variable or comes right out of a call
    if ((file.exprs[place] as X) !== X.Field || (kind !== X.Local && kind !== X.Temp)) continue;
    if (cx.silence === undefined && !made.has(holderOf(fn, value))) continue;
    const member = file.strings[file.exprs[place + 2] as number] ?? '';
    // An object is stored to a pointer
    if (cx.silence === undefined && !DeclaredMembers.of(cx.analysis.program).isPointerSomewhere(member))
      continue;
    const inCallees = new Mentions([member]);
    if (
      operationsOf(fn).some((seen) => ways.isAfter(seen, op) && readsMember(cx, fn, seen, member, inCallees))
    )
      out.set(op, member);
  }
  return out;
}

/** Whether an operation looks at such a member, itself or in what it calls, and does not only store to it. */
function readsMember(
  cx: RuleContext,
  fn: FunctionRef,
  op: number,
  member: string,
  mention: Mentions,
): boolean {
  const { file } = fn;
  let reads = false;
  const kind = file.ops[(fnColumn(file, fn.index, Fn.FirstOp) + op) * OP_STRIDE] as Op;
  for (const e of readsOf(fn, op).slice(0, kind === Op.Assign ? 1 : undefined))
    visitExpressions(file, e, (x, of) => {
      if (of === X.Field && file.strings[file.exprs[x * EXPR_STRIDE + 2] as number] === member) reads = true;
    });
  const callee = kind === Op.Call ? cx.analysis.program.resolve(calledName(fn, op), file) : null;
  return reads || (callee !== null && mention.in(callee));
}

function search(
  cx: RuleContext,
  fn: FunctionRef,
  entry: Entry,
  stores: ReadonlyMap<number, string>,
  looks: Members,
): readonly Found[] {
  const out = new Map<number, Found>();
  const { file } = fn;
  const trails = new Trails<readonly Empty[]>();
  const members = new Set(stores.values());
  const first = fnColumn(file, fn.index, Fn.FirstOp);
  const look: Look = (run, op, s) => {
    const before = trails.of(s.trail) ?? [];
    const locks = surelyHeld(run, entry, s).filter((l) => KEEPS.includes(l.kind) && !l.shared);
    let now = before.map((e) => moved(e, locks, op));
    const at = (first + op) * OP_STRIDE;
    const kind = file.ops[at] as Op;
    const target = kind === Op.Assign ? (file.ops[at + 1] as number) : -1;
    const stored =
      target >= 0 && (file.exprs[target * EXPR_STRIDE] as X) === X.Field ? run.ev.place(s, target) : -1;
    for (const e of now) {
      if (e.place !== stored || e.taken < 0 || out.has(op) || s.blurred) continue;
      const value = run.ev.value(s, file.ops[at + 2] as number);
      if (!isNewObject(run, cx, fn, s, value, target)) {
        cx.silence?.(
          ID,
          fn,
          op,
          'what is stored was not allocated in this function, or goes elsewhere as well',
        );
        continue;
      }
      out.set(op, {
        op,
        seen: e.seen,
        dropped: e.dropped,
        taken: e.taken,
        member: run.ev.classOf(e.place),
        text: run.showPlace(e.place),
        lock: run.showPlace(e.lost),
        sure: e.kept.length === 0 && isAllKnown(entry),
        held: heldShown(cx, fn, run, entry, s, op),
        rcu: rcuOf(entry, run.effect.shownLocks(s)),
      });
    }
    if (cx.silence !== undefined && stored >= 0 && members.has(run.terms.lastField(stored)))
      if (!now.some((e) => e.place === stored && e.taken >= 0))
        cx.silence(
          ID,
          fn,
          op,
          `'${run.showPlace(stored)}' was not seen to be NULL before a lock of its object was dropped, or was looked at again after it`,
        );
    now = now.filter((e) => {
      if (e.place === stored) return false;
      if (e.taken < 0) return true;
      // Another look, here or in what is called
      return !looks.isLookedAt(run.terms.lastField(e.place), fn, op);
    });
    if (locks.length > 0)
      for (let i = 0; i < s.facts.length; i += 2) {
        const t = s.facts[i] as number;
        if (run.terms.kind(t) !== T.Load || maskOf(run.terms, s.facts, t) !== ZERO) continue;
        const place = run.terms.a(t);
        if (!members.has(run.terms.lastField(place)) || now.some((e) => e.place === place)) continue;
        if (run.terms.kind(run.terms.root(place)) === T.Local || !ownsLock(run, place, locks)) continue;
        const places = locks.map((l) => l.place);
        if (now.length < 4)
          now.push({ place, seen: op, locks: places, kept: places, lost: -1, dropped: -1, taken: -1 });
      }
    if (now.length === 0) return 0;
    return trails.number(
      now,
      now.map((e) => `${e.place},${e.seen},${e.dropped},${e.taken},${e.kept.join('+')}`).join(';'),
    );
  };
  replay(cx.analysis, fn, entry, look, undefined, [...stores.keys()]);
  return [...out.values()];
}

/** Whether one of the locks is a member of what the place is a member of. */
function ownsLock(run: FunctionRun, place: number, locks: readonly Lock[]): boolean {
  const { terms } = run;
  const owner = (t: number): number => {
    let at = t;
    while (terms.kind(at) === T.FieldL) at = terms.a(at);
    if (terms.kind(at) !== T.FieldP) return -1;
    let base = terms.a(at);
    // An inode that is part of a larger object: the same object
    while (terms.kind(base) === T.Container) base = terms.a(base);
    return base;
  };
  const mine = owner(place);
  return mine >= 0 && locks.some((l) => owner(l.place) === mine);
}

function moved(e: Empty, locks: readonly Lock[], op: number): Empty {
  const has = (place: number): boolean => locks.some((l) => l.place === place);
  const kept = e.kept.filter(has);
  if (e.dropped < 0) {
    const lost = e.locks.find((l) => !has(l));
    return lost === undefined ? e : { ...e, lost, dropped: op - 1, kept };
  }
  const taken = e.taken < 0 && has(e.lost) ? op - 1 : e.taken;
  return taken === e.taken && kept.length === e.kept.length ? e : { ...e, taken, kept };
}

/** Whether a value is an object that was made here: a pointer that a call gave. */
function isNewObject(
  run: FunctionRun,
  cx: RuleContext,
  fn: FunctionRef,
  s: State,
  value: number,
  target: number,
): boolean {
  const { terms } = run;
  if (terms.kind(value) !== T.Fresh || terms.b(value) !== 0 || terms.a(value) >= run.graph.opCount)
    return false;
  if ((run.ev.typeOf(target)?.depth ?? 0) === 0 || (maskOf(terms, s.facts, value) & POSITIVE) === 0)
    return false;
  const name = calledName(fn, terms.a(value));
  return cx.analysis.model.helpers.get(name)?.returns === 'fresh';
}

/** Where members are looked at, for one check. */
class Members {
  private readonly known = new Map<string, { readonly here: Mentions; readonly below: MentionsBelow }>();

  constructor(private readonly cx: RuleContext) {}

  /** Whether an operation looks at a member, itself or in what it calls. */
  isLookedAt(member: string, fn: FunctionRef, op: number): boolean {
    if (this.of(member).here.at(fn, op)) return true;
    const name = calledName(fn, op);
    const callee = name === '' ? null : this.cx.analysis.program.resolve(name, fn.file);
    return callee !== null && this.of(member).below.in(callee.id);
  }

  /** What is told of the callees of a function: which of them look at which of the members. */
  toldOf(fn: FunctionRef, members: Iterable<string>): string {
    const callees = this.cx.analysis.callees.of(fn.id);
    return [...members]
      .map((m) => `${m}:${callees.filter((id) => this.of(m).below.in(id)).join()}`)
      .join(';');
  }

  private of(member: string): { readonly here: Mentions; readonly below: MentionsBelow } {
    let of = this.known.get(member);
    if (of === undefined) {
      const here = new Mentions([member]);
      of = { here, below: new MentionsBelow(this.cx.analysis, here) };
      this.known.set(member, of);
    }
    return of;
  }
}

function draft(cx: RuleContext, fn: FunctionRef, entry: Entry, index: number, f: Found): Draft {
  const origin = cx.analysis.propagation?.origins[entry.origins[0] ?? -1];
  const lock = `'&${f.lock}'`;
  return {
    rule: ID,
    precision: f.sure ? 'high' : 'medium',
    certainty: f.sure ? 'must' : 'may',
    message: `'${f.text}' was NULL before ${lock} was dropped in line ${lineOf(fn, f.dropped)}; it is stored to after the lock was taken again in line ${lineOf(fn, f.taken)} without another look, and what another thread stored meanwhile leaks`,
    fn: fn.id,
    op: f.op,
    entry: entryMethod(cx.analysis, origin),
    held: f.held,
    rcu: f.rcu,
    trace: [
      ...pathTo(cx, fn, index),
      step('access', fn, f.seen, `'${f.text}' is NULL`),
      step('release', fn, f.dropped, `drops ${lock}`),
      step('acquire', fn, f.taken, `takes ${lock} again`),
      step('access', fn, f.op, `overwrites '${f.text}'`),
      step(
        'other-side',
        fn,
        f.op,
        `another thread comes here first and stores its own: nothing points at that any more`,
        1,
      ),
    ],
    objectClass: f.member,
  };
}
