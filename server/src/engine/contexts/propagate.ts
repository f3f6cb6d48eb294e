/**
 * Contexts, top-down: which situations a function is entered in. Situations begin at the model's methods (and at late
 * callbacks) and travel along the calls; a function keeps a bounded set of distinct ones, each with the methods that it
 * comes from and one predecessor for the witness.
 */

import { type CancelToken, throwIfCancelled } from '../base/cancel.js';
import { mutuallyReachable } from '../base/graph.js';
import { push } from '../base/multimap.js';
import { Fn, operatorCode, VARIABLE_STRIDE } from '../facts/encode.js';
import { isAtomicKind } from '../model/lock-kinds.js';
import type { Beginning } from '../program/beginnings.js';
import type { FunctionRef } from '../program/program.js';
import { fnColumn } from './cfg.js';
import type { Calls, Earlier, FoundSituations, Taken } from './earlier.js';
import { begin, type Entry, EntryPoints, LATE, type Origin, Whence } from './entry-points.js';
import { addLock, boundLocks, byPlace, commonFacts, commonLocks } from './join.js';
import { ANY, type Facts, maskOf, NO_FACTS, restrict } from './known.js';
import type { CallEdge, Variant } from './result.js';
import { sameArrivals } from './same.js';
import type { Shared } from './shared.js';
import { Hash, heldAtomic, type Lock, NO_LOCKS, perhaps, sameLock, settled } from './state.js';
import { T } from './terms.js';
import { relatedInCallee, toCallee } from './translate.js';

/** Situations kept for a function; past it the rest is merged into two that are marked as widened. */
export const MAX_ENTRIES = 10;
/** Locks of one situation; past it some that are held perhaps are not said. */
const MAX_LOCKS = 14;
const MAX_LOCKS_WIDENED = 12;
/** Locks of one class without a name of their own that are told apart; recursion would bring more. */
const MAX_ALIKE = 3;
/** Methods remembered for one situation. */
const MAX_ORIGINS = 10;

const AND = operatorCode('&');
const EQ = operatorCode('==');
const LT = operatorCode('<');

const NONE: readonly Entry[] = [];

const NO_CALLS: Calls = [];

/** What the place of a lock of a class is in a callee. */
interface Translation {
  readonly class: string;
  readonly place: number;
}

/** Situations of all functions. Those of functions that call each other hang on their callers outside, on nothing else. */
export class Propagation {
  entries: (readonly Entry[] | undefined)[] = [];
  private keys: (ReadonlyMap<number, number> | undefined)[] = [];
  private readonly beginnings: EntryPoints;
  /** What begins at a function, before anything has travelled. */
  private readonly seeds = new Map<number, Entry[]>();
  /** Calls from other groups, by callee: callers first that are higher up. */
  private incoming: readonly (Calls | undefined)[] | null = null;

  constructor(
    private readonly shared: Shared,
    private readonly functions: readonly number[],
    private readonly order: (a: number, b: number) => number,
    beginnings: readonly Beginning[] = [],
    private earlier: Earlier | null = null,
  ) {
    for (const id of functions) this.entries[id] = NONE;
    this.beginnings = new EntryPoints(
      shared,
      beginnings,
      (fn) => this.entries[fn] !== undefined,
      (fn, entry) => push(this.seeds, fn, entry),
    );
  }

  get origins(): readonly Origin[] {
    return this.beginnings.origins;
  }

  private groups: readonly (readonly number[])[] = [];

  /** All situations were taken over, with nothing another but the operations that they speak of. */
  isAsBefore = false;

  /** What a later analysis can take over. */
  found(): FoundSituations {
    return {
      entries: this.entries,
      keys: this.keys,
      seeds: this.seeds,
      calls: () => this.allCalls(),
      groups: this.groups,
      origins: this.origins,
    };
  }

  run(token: CancelToken): void {
    this.beginnings.run();
    this.earlier?.begin(this.origins, (fn, name) => this.beginnings.lateOrigin(fn, name));
    const callees = (id: number): readonly number[] => this.edgesOf(id).map((e) => e.callee);
    const groups =
      this.earlier?.groupsOf(this.functions) ??
      mutuallyReachable(this.functions, callees, this.order).reverse();
    this.groups = groups;
    this.isAsBefore = this.takesAllOver(callees);
    if (!this.isAsBefore) {
      const groupOf = this.numbersOfGroups();
      for (const [at, group] of groups.entries()) {
        throwIfCancelled(token);
        this.enter(group, (id) => groupOf[id] === at);
      }
    }
    this.earlier = null;
  }

  /**
   * Takes all situations over, where all calls and beginnings are what they were. What a function has to do with of what its callers
   * know hangs on its effect: those of another effect are entered once more, and must come to the same. False: nothing was taken over.
   */
  private takesAllOver(callees: (id: number) => readonly number[]): boolean {
    const all = this.earlier?.allSituations(this.groups, this.seeds, callees) ?? null;
    if (all === null) return false;
    const { entries, keys } = this;
    [this.entries, this.keys] = [all.entries, all.keys];
    if (all.otherEffects.length > 0) this.incoming = all.calls();
    for (const group of all.otherEffects) {
      const before = group.map(
        (id): Taken => ({ entries: all.entries[id] ?? NONE, keys: all.keys[id] ?? new Map() }),
      );
      this.enterAnew(group, (id) => group.includes(id));
      if (!group.every((id, i) => sameArrivals(this.entries[id] ?? NONE, (before[i] as Taken).entries))) {
        [this.entries, this.keys] = [entries, keys];
        this.widest.clear();
        return false;
      }
      for (const [i, id] of group.entries()) this.take(id, before[i] as Taken);
    }
    return true;
  }

  private numbersOfGroups(): readonly number[] {
    const out: number[] = [];
    for (const [at, group] of this.groups.entries()) for (const id of group) out[id] = at;
    return out;
  }

  /** Calls of a function from other groups: each caller, with the number of the call among `edgesOf` it. */
  private callsOf(id: number): Calls {
    return this.allCalls()[id] ?? NO_CALLS;
  }

  private *callersOf(id: number): Generator<{ readonly caller: number; readonly edge: CallEdge }> {
    const calls = this.callsOf(id);
    for (let i = 0; i < calls.length; i += 2) {
      const caller = calls[i] as number;
      yield { caller, edge: this.edgesOf(caller)[calls[i + 1] as number] as CallEdge };
    }
  }

  /** They are put together when they are first asked for: after most edits nobody does, and after most others they are what they were. */
  private allCalls(): readonly (Calls | undefined)[] {
    if (this.incoming !== null) return this.incoming;
    const incoming: (number[] | undefined)[] = [];
    const groupOf = this.numbersOfGroups();
    for (const [at, group] of this.groups.entries())
      for (const caller of group)
        for (const [call, { callee }] of this.edgesOf(caller).entries()) {
          if (groupOf[callee] === at) continue;
          const list = incoming[callee];
          if (list === undefined) incoming[callee] = [caller, call];
          else list.push(caller, call);
        }
    this.incoming = incoming;
    return incoming;
  }

  /** The calls of a function that stay among what is analysed. */
  private edgesOf(id: number): readonly CallEdge[] {
    const edges = this.shared.results[id]?.edges ?? [];
    return edges.every((e) => this.entries[e.callee] !== undefined)
      ? edges
      : edges.filter((e) => this.entries[e.callee] !== undefined);
  }

  /** The situations of functions that call each other, once those of all their callers are known. */
  private enter(group: readonly number[], inside: (id: number) => boolean): void {
    const known = this.earlier?.situationsOf(
      group,
      (id) => this.seeds.get(id) ?? [],
      (id) => this.callsOf(id),
    );
    if (known !== undefined && known !== null) {
      for (const [i, id] of group.entries()) this.take(id, known[i] as Taken);
      return;
    }
    this.enterAnew(group, inside);
    for (const id of group) {
      // The very same ones where they say the same: what rules know of a situation is kept by it
      const before = this.earlier?.enteredAnew(id, this.entries[id] ?? NONE) ?? null;
      if (before !== null) this.take(id, before);
    }
  }

  private take(id: number, { entries, keys }: Taken): void {
    this.entries[id] = entries;
    this.keys[id] = keys;
  }

  private enterAnew(group: readonly number[], inside: (id: number) => boolean): void {
    for (const id of group) {
      this.entries[id] = [];
      this.keys[id] = new Map();
    }
    for (const id of group) for (const seed of this.seeds.get(id) ?? []) this.add(id, seed);
    for (const from of [Whence.Beginning, Whence.Nobody, Whence.Nowhere])
      for (const id of group)
        for (const { caller, edge } of this.callersOf(id))
          for (const [i, entry] of (this.entries[caller] ?? NONE).entries())
            if (entry.from === from)
              for (const next of this.composed(caller, i, entry, edge)) this.add(id, next);
    this.goRound(inside);
    for (const id of group) {
      if ((this.entries[id] ?? NONE).length > 0) continue;
      const called =
        group.length > 1 ||
        this.callsOf(id).length > 0 ||
        (this.shared.program.functions[id] as FunctionRef).isMacro;
      this.add(
        id,
        begin(
          this.beginnings.needed(id, this.shared.results[id]?.asserted ?? NO_LOCKS),
          called ? Whence.Nowhere : Whence.Nobody,
        ),
      );
      this.goRound(inside);
    }
  }

  /** By function: situations that have come or changed since it was last gone on from. */
  private readonly changed = new Map<number, Set<number>>();

  private queue(id: number, index: number): void {
    const set = this.changed.get(id);
    if (set === undefined) this.changed.set(id, new Set([index]));
    else set.add(index);
  }

  /** Carries what has come along the calls inside a group until nothing new comes. */
  private goRound(inside: (id: number) => boolean): void {
    for (const [id, changed] of this.changed) {
      this.changed.delete(id);
      const list = this.entries[id] ?? NONE;
      const todo = [...changed].sort((x, y) => x - y);
      for (const edge of this.edgesOf(id))
        if (inside(edge.callee))
          for (const i of todo)
            for (const next of this.composed(id, i, list[i] as Entry, edge)) this.add(edge.callee, next);
    }
  }

  // ---- travelling

  private add(id: number, entry: Entry): void {
    // Of a function whose situations are being found: its own, which nobody else has yet
    const list = this.entries[id] as Entry[] | undefined;
    const keys = this.keys[id] as Map<number, number> | undefined;
    if (list === undefined || keys === undefined) return;
    const key = entryKey(entry);
    const at = keys.get(key);
    if (at !== undefined) {
      const old = list[at] as Entry;
      let grew = false;
      for (const o of entry.origins) {
        if (old.origins.length >= MAX_ORIGINS) break;
        if (!old.origins.includes(o)) {
          old.origins.push(o);
          grew = true;
        }
      }
      if (grew) this.queue(id, at);
      return;
    }
    if (list.length >= MAX_ENTRIES) {
      this.widen(id, list, keys, entry);
      return;
    }
    keys.set(key, list.length);
    this.queue(id, list.length);
    list.push({ ...entry, origins: [...entry.origins] });
  }

  /** Where the situations past the bound are brought together, by function. */
  private readonly widest = new Map<number, { readonly atomic: number; readonly plain: number }>();

  /** Whether a widened situation already says everything that another one would add. */
  private covers(last: Entry, entry: Entry): boolean {
    if (last.facts.length > 0 || (last.walk && !entry.walk)) return false;
    if (last.atomic !== '' && last.atomic !== entry.atomic) return false;
    for (const l of last.locks)
      if (!l.may && !entry.locks.some((x) => sameLock(x, l) && !x.may)) return false;
    for (const l of entry.locks) {
      const matters = last.locks.length < MAX_LOCKS_WIDENED || (isAtomicKind(l.kind) && !l.may);
      if (matters && !last.locks.some((x) => x.place === l.place && x.kind === l.kind)) return false;
    }
    return last.origins.length >= MAX_ORIGINS || entry.origins.every((o) => last.origins.includes(o));
  }

  /**
   * Past the bound: one situation that says what all the rest have in common, and one for those in which nothing may sleep,
   * so that a test which only these meet still tells them apart.
   */
  private widen(id: number, list: Entry[], keys: Map<number, number>, entry: Entry): void {
    const slots = this.widest.get(id) ?? { atomic: -1, plain: -1 };
    const kind = entryAtomic(entry) === null ? 'plain' : 'atomic';
    const slot = slots[kind];
    if (slot < 0) {
      this.widest.set(id, { ...slots, [kind]: list.length });
      keys.set(entryKey(entry), list.length);
      this.queue(id, list.length);
      list.push({ ...entry, origins: [...entry.origins], widened: true });
      return;
    }
    const last = list[slot] as Entry;
    if (this.covers(last, entry)) return;
    const sureIn = (list: readonly Lock[], l: Lock): boolean =>
      list.some((x) => x.place === l.place && x.kind === l.kind && (!x.may || x.some));
    const locks = commonLocks(this.shared.terms, last.locks, entry.locks).map((l): Lock => {
      const plain = l.onlyWhen(null);
      return l.may && (sureIn(last.locks, l) || sureIn(entry.locks, l)) ? plain.inSome() : plain;
    });
    boundLocks(this.shared.terms, locks, MAX_LOCKS_WIDENED);
    // In one order, or the same locks would be news again
    locks.sort((a, b) => byPlace(this.shared.terms, a, b));
    const origins = [...last.origins];
    for (const o of entry.origins) if (origins.length < MAX_ORIGINS && !origins.includes(o)) origins.push(o);
    const merged: Entry = {
      ...last,
      locks,
      facts: commonFacts(last.facts, entry.facts),
      consts: [],
      walk: last.walk && entry.walk,
      atomic: last.atomic === entry.atomic ? last.atomic : '',
      origins,
      widened: true,
    };
    const key = entryKey(merged);
    if (keys.get(key) === slot) return;
    keys.set(key, slot);
    list[slot] = merged;
    this.queue(id, slot);
  }

  /** What a situation of a caller becomes in the callee of an edge: one for each state that reaches the call. */
  composed(id: number, index: number, entry: Entry, edge: CallEdge): Entry[] {
    const sure = edge.variants.some((v) => !v.doubt);
    const out: Entry[] = [];
    for (const variant of edge.variants) {
      if (variant.doubt && sure) continue;
      const next = this.compose(id, index, entry, edge, variant);
      if (next !== null) out.push(next);
    }
    return out;
  }

  /** Whether a caller's situation, at one of its calls, is what makes situation `index` of the callee. */
  brings(caller: number, callerIndex: number, edge: CallEdge, index: number): boolean {
    const entry = this.entries[caller]?.[callerIndex];
    const to = this.entries[edge.callee]?.[index];
    if (entry === undefined || to === undefined) return false;
    for (const next of this.composed(caller, callerIndex, entry, edge)) {
      const at = this.keys[edge.callee]?.get(entryKey(next));
      // What was merged into a widened situation has no key of its own
      if (at === index || (at === undefined && to.widened)) return true;
    }
    return false;
  }

  private readonly translations = new WeakMap<CallEdge, Map<number, Translation>>();

  /** The place of a caller's lock as the callee of an edge names it; where it cannot, by its class. */
  private translated(edge: CallEdge, lock: Lock): number {
    let map = this.translations.get(edge);
    if (map === undefined) {
      map = new Map();
      this.translations.set(edge, map);
    }
    const known = map.get(lock.place);
    if (known !== undefined && known.class === lock.class) return known.place;
    const place = toCallee(this.shared.terms, lock.place, edge.args, () => lock.class);
    if (known === undefined) map.set(lock.place, { class: lock.class, place });
    return place;
  }

  /** A lock with its condition in the callee's terms: what is met here is left out, and what has no name there is nobody's. */
  private conditionInCallee(lock: Lock, from: Lock, edge: CallEdge, facts: Facts): Lock {
    if (from.when === null) return lock;
    const { terms } = this.shared;
    const when: number[] = [];
    for (let i = 0; i < from.when.length; i += 2) {
      const term = from.when[i] as number;
      const wanted = from.when[i + 1] as number;
      if ((maskOf(terms, facts, term) & ~wanted) === 0) continue;
      const inCallee = toCallee(terms, term, edge.args, () => '');
      if (terms.kind(terms.root(inCallee)) === T.Opaque) return lock.onlyWhen(null);
      when.push(inCallee, wanted);
    }
    return lock.onlyWhen(when.length === 0 ? null : when);
  }

  private compose(id: number, index: number, entry: Entry, edge: CallEdge, v: Variant): Entry | null {
    const { terms } = this.shared;
    const facts = this.meet(entry, v.facts);
    if (facts === null) return null;
    if (edge.context !== 'now') {
      const why = LATE[edge.context];
      return {
        locks: NO_LOCKS,
        facts: NO_FACTS,
        consts: [],
        walk: false,
        atomic: why.atomic,
        origins: [this.beginnings.lateOrigin(edge.callee, why.name)],
        widened: false,
        from: Whence.Beginning,
        caller: -1,
        callerEntry: -1,
        op: -1,
      };
    }
    const locks: Lock[] = [];
    for (const l of settled(terms, entry.locks, facts)) {
      const released = v.released.find((r) => r.place === l.place && r.kind === l.kind);
      if (released !== undefined && !released.may) continue;
      const place = this.translated(edge, l);
      const lock = this.conditionInCallee(l.at(place), l, edge, facts);
      // Two that are known by their class only are still two
      if (released === undefined && !lock.may) locks.push(lock);
      else addLock(terms, locks, perhaps(lock));
    }
    // A caller's lock that was released under another name is not held for sure any more
    const unmatched = v.released.filter(
      (r) => !entry.locks.some((l) => l.place === r.place && l.kind === r.kind),
    );
    for (let i = 0; i < locks.length; i++) {
      const l = locks[i] as Lock;
      if (
        unmatched.some(
          (r) =>
            r.kind === l.kind &&
            (r.class === l.class || (!r.may && (r.class.startsWith('?') || l.class.startsWith('?')))),
        )
      )
        locks[i] = perhaps(l);
    }
    for (const l of v.locks) {
      // Here too: what goes by its class is another lock than the caller's callers hold
      const alike = l.may || terms.kind(l.place) !== T.Opaque ? -1 : count(locks, l);
      if (alike > 0 && alike < MAX_ALIKE) locks.push(l);
      else addLock(terms, locks, l);
    }
    boundLocks(terms, locks, MAX_LOCKS);
    const cared = this.shared.results[edge.callee]?.cared ?? new Set<number>();
    let calleeFacts: Facts = NO_FACTS;
    const consts: number[] = [];
    const learn = (term: number, mask: number): void => {
      const r = restrict(terms, calleeFacts, term, mask);
      if (r !== null) calleeFacts = r.facts;
    };
    for (let i = 0; i < v.calleeFacts.length; i += 2) {
      const t = v.calleeFacts[i] as number;
      const root =
        terms.kind(t) === T.Param
          ? terms.a(t)
          : terms.kind(terms.b(t)) === T.Param
            ? terms.a(terms.b(t))
            : -1;
      if (root >= 0 && cared.has(root)) learn(t, v.calleeFacts[i + 1] as number);
    }
    for (let j = 0; j < edge.args.length; j++) {
      if (!cared.has(j)) continue;
      const arg = edge.args[j] as number;
      if (arg < 0) continue;
      const value = this.withConsts(arg, entry.consts);
      if (terms.kind(value) === T.Const) {
        consts.push(j, value);
        continue;
      }
      const mask = maskOf(terms, facts, value);
      if (mask !== ANY && mask !== 0) learn(terms.param(j), mask);
      for (let i = 0; i < facts.length; i += 2) {
        const t = facts[i] as number;
        if (terms.kind(t) !== T.Bin || terms.b(t) !== value) continue;
        const related = relatedInCallee(terms, t, edge.args);
        if (related >= 0) learn(related, facts[i + 1] as number);
      }
    }
    return {
      locks: locks.sort((a, b) => byPlace(terms, a, b)),
      facts: calleeFacts,
      consts,
      walk: entry.walk && locks.some((l) => l.kind === 'rcu'),
      atomic: entry.atomic,
      origins: entry.origins,
      widened: entry.widened || v.doubt,
      from: entry.from,
      caller: id,
      callerEntry: index,
      op: edge.op,
    };
  }

  /** Facts of a situation and of a path together; null where they exclude each other. */
  meet(entry: Entry, facts: Facts): Facts | null {
    const { terms } = this.shared;
    let out = entry.facts;
    for (let i = 0; i < facts.length; i += 2) {
      const term = this.withConsts(facts[i] as number, entry.consts);
      const mask = facts[i + 1] as number;
      if ((maskOf(terms, out, term) & mask) === 0) return null;
      const r = restrict(terms, out, term, mask);
      if (r === null) return null;
      out = r.facts;
    }
    return out;
  }

  /** A term with the parameters that are known to be constants put in and folded. */
  withConsts(t: number, consts: readonly number[]): number {
    if (consts.length === 0) return t;
    const { terms } = this.shared;
    const put = (x: number): number => {
      switch (terms.kind(x)) {
        case T.Param: {
          for (let i = 0; i < consts.length; i += 2)
            if (consts[i] === terms.a(x)) return consts[i + 1] as number;
          return x;
        }
        case T.Bin: {
          const l = put(terms.b(x));
          const r = put(terms.c(x));
          if (l === terms.b(x) && r === terms.c(x)) return x;
          const a = terms.number(l);
          const b = terms.number(r);
          if (a !== null && b !== null) {
            const folded = fold(terms.a(x), a, b);
            if (folded !== null) return terms.constant(folded);
          }
          return terms.bin(terms.a(x), l, r);
        }
        case T.Un: {
          const v = put(terms.b(x));
          return v === terms.b(x) ? x : terms.un(terms.a(x), v);
        }
        default:
          return x;
      }
    };
    return put(t);
  }

  /** A place as the function would write it. */
  show(id: number, place: number): string {
    const { terms, program } = this.shared;
    const fn = program.functions[id] as FunctionRef;
    return terms.show(
      place,
      (i) => parameterName(fn, i),
      () => '?',
      () => '?',
    );
  }

  /** The chain of calls from a situation's beginning down to the function: function ids, outermost first. */
  chain(id: number, index: number): { fn: number; op: number }[] {
    const out: { fn: number; op: number }[] = [];
    let at = id;
    let i = index;
    for (let guard = 0; guard < 40; guard++) {
      const e = this.entries[at]?.[i];
      if (e === undefined || e.caller < 0) break;
      out.push({ fn: e.caller, op: e.op });
      at = e.caller;
      i = e.callerEntry;
    }
    return out.reverse();
  }
}

function fold(op: number, a: number, b: number): number | null {
  if (op === AND) return Number(BigInt(Math.trunc(a)) & BigInt(Math.trunc(b)));
  if (op === EQ) return a === b ? 1 : 0;
  if (op === LT) return a < b ? 1 : 0;
  if (op === operatorCode('|')) return Number(BigInt(Math.trunc(a)) | BigInt(Math.trunc(b)));
  if (op === operatorCode('!=')) return a !== b ? 1 : 0;
  if (op === operatorCode('>')) return a > b ? 1 : 0;
  return null;
}

function entryKey(e: Entry): number {
  const h = new Hash();
  h.add((e.walk ? 1 : 0) + (e.widened ? 2 : 0) + e.atomic.length * 4);
  h.addAll(e.facts);
  h.addAll(e.consts);
  h.addLocks(e.locks);
  return h.done();
}

/** How many of a list are that lock for sure. */
function count(locks: readonly Lock[], lock: Lock): number {
  let n = 0;
  for (const l of locks) if (!l.may && sameLock(l, lock)) n++;
  return n;
}

/** The name of a parameter as the source has it. */
export function parameterName(fn: FunctionRef, position: number): string {
  const first = fnColumn(fn.file, fn.index, Fn.FirstVariable);
  const count = fnColumn(fn.file, fn.index, Fn.ParameterCount);
  if (position >= count) return `arg${position + 1}`;
  return (
    fn.file.strings[fn.file.variables[(first + position) * VARIABLE_STRIDE] as number] ?? `arg${position + 1}`
  );
}

/** Whether a situation forbids sleeping: a lock or a context that is certain. */
export function entryAtomic(e: Entry): Lock | string | null {
  if (e.atomic !== '') return e.atomic;
  return heldAtomic(e.locks);
}
