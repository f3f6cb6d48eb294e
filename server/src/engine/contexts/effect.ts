/**
 * What one function does, written down while it is walked: where it may sleep, what it takes and frees, whom it calls in
 * which states, how it ends. Everything is kept in terms that mean something outside the function. Must not know how a
 * state came to be.
 */
import { operatorCode } from '../facts/encode.js';
import { isAtomicKind, isStateKind, namelessWord } from '../model/lock-kinds.js';
import { hasAsked } from './asked-where.js';
import type { CallSite } from './call-site.js';
import { calledName } from './cfg.js';
import { type Evaluator, JOIN_OP } from './evaluate.js';
import { commonFacts, commonLocks, groupExits, implies } from './join.js';
import { ANY, type Facts, maskOf, NO_FACTS, withFact } from './known.js';
import { showPlace } from './names.js';
import { readsOf } from './operands.js';
import type {
  CallEdge,
  Exit,
  FreeEffect,
  FunctionResult,
  LocalEvent,
  ParameterCall,
  ShownLock,
  SleepEffect,
  TakeEffect,
  Variant,
  WaitEffect,
} from './result.js';
import type { Shared } from './shared.js';
import { Hash, heldAtomic, Lock, locksKey, NO_LOCKS, type State, sameLock } from './state.js';
import { T, type Terms } from './terms.js';
import {
  callbackArgument,
  exported,
  namelessLock,
  RESULT,
  relatedInCallee,
  sameNumbers,
  sharedLocks,
  toCallee,
} from './translate.js';

/** Alternatives kept of one operation that sleeps. */
const MAX_EFFECTS = 6;
/** And of all of them. */
const MAX_SLEEPS = 12;
const MAX_TAKES = 16;
/** Numbers of the stores that a way out tells, two a store. */
const MAX_OUTS = 16;
/** Members that a function is known to store to; past it they may be any. */
const MAX_WRITES = 48;
/** Numbers of the facts of memory that a sleep or an acquisition carries, two a fact. */
const MAX_MEMORY = 16;
const MAX_FREES = 64;
const MAX_WAITS = 48;
/** Ways to one lock, by what is held, that are kept apart. */
const MAX_WAITS_AT = 6;
/** States at a call that are kept apart; past it locks that only some of them hold are not said. */
export const MAX_VARIANTS = 6;

/** The lock of an address space, and how that of the running task is called. */
const MMAP_LOCK = 'mm_struct::mmap_lock';
const OWN_MMAP_LOCK = 'current->mm->mmap_lock';

const EQ = operatorCode('==');

function isUnconditional({ facts, released, memory }: SleepEffect): boolean {
  return facts.length === 0 && released.length === 0 && memory.length === 0;
}

/** A call of another function: the states at it so far, and their keys. */
interface Edge {
  edge: CallEdge;
  readonly variants: Variant[];
  readonly keys: Set<number>;
}

/** Writes down what one function does. */
export class EffectRecorder {
  private readonly exits: Exit[] = [];
  private readonly exitKeys = new Set<number>();
  private readonly sleeps: SleepEffect[] = [];
  private readonly takes: TakeEffect[] = [];
  private readonly frees: FreeEffect[] = [];
  private readonly waits: WaitEffect[] = [];
  private readonly waitKeys = new Map<number, number>();
  private readonly waitsAt = new Map<number, number>();
  private readonly edges = new Map<string, Edge>();
  private readonly parameterCalls = new Map<
    string,
    { readonly call: ParameterCall; readonly variants: Variant[]; readonly keys: Set<number> }
  >();
  private readonly events: LocalEvent[] = [];
  private readonly eventKeys = new Set<string>();
  /** Parameters that are assigned; asked of macros only. */
  readonly sets = new Set<number>();
  /** `class|kind` of every lock that was taken on some path. */
  readonly acquired = new Set<string>();
  /** The same of every lock that was given back. */
  readonly released = new Set<string>();
  private lastTaken: Lock | null = null;
  private lastGiven: Lock | null = null;

  /** Records that a lock was taken on some path. States that come one after the other mostly take the same. */
  noteTaken(lock: Lock): void {
    const last = this.lastTaken;
    if (last !== null && last.class === lock.class && last.kind === lock.kind) return;
    this.lastTaken = lock;
    this.acquired.add(`${lock.class}|${lock.kind}`);
  }

  /** Records that a lock was given back on some path. */
  noteGiven(lock: Lock): void {
    const last = this.lastGiven;
    if (last !== null && last.class === lock.class && last.kind === lock.kind) return;
    this.lastGiven = lock;
    this.released.add(`${lock.class}|${lock.kind}`);
  }

  /** Members that are stored to; null: any may be. */
  writes: Set<string> | null = new Set();
  /** Locks that the function says its callers hold. */
  readonly asserted: Lock[] = [];
  private allGrace = true;

  constructor(
    private readonly shared: Shared,
    private readonly ev: Evaluator,
  ) {}

  /** Nothing is recorded: somebody only looks on. */
  muted = false;

  private get terms(): Terms {
    return this.shared.terms;
  }

  /** Records that a location outside the function's own variables is stored to. */
  writeTo(location: number): void {
    if (this.writes === null || this.terms.kind(this.terms.root(location)) === T.Local) return;
    this.writeMember(this.terms.lastField(location));
  }

  private writeMember(name: string): void {
    if (this.writes === null) return;
    if (name === '' || this.writes.size >= MAX_WRITES) this.writes = null;
    else this.writes.add(name);
  }

  /** Records what a function of the program stores to that is called here; null: any member. */
  writesOf(callee: ReadonlySet<string> | null, args: readonly number[]): void {
    if (callee === null) this.writes = null;
    else
      for (const name of callee)
        if (name.startsWith('#')) this.handOver([args[Number(name.slice(1))] ?? this.terms.unknown]);
        else this.writeMember(name);
  }

  /** Records that somebody gets pointers of whom nothing is known: `#2` is the third parameter, with all that it points at. */
  handOver(args: readonly number[]): void {
    const { terms } = this;
    for (const arg of args) {
      const kind = terms.kind(arg);
      if (kind === T.Addr) this.writeTo(terms.a(arg));
      else if (kind === T.Param || kind === T.Container) {
        const root = terms.root(arg);
        if (terms.kind(root) !== T.Param) continue;
        // Through a number nothing is written, through a string no member
        const type = kind === T.Param ? this.ev.variableType(terms.a(root)) : null;
        if (type === null || (type.depth > 0 && type.base !== 'char')) this.writeMember(`#${terms.a(root)}`);
      }
    }
  }

  shownLocks(s: State): ShownLock[] {
    return s.locks.map((lock) => ({ lock, text: showPlace(this.ev, lock.place) }));
  }

  /** Whether nothing is left to say of a sleep here: the function is known to sleep whatever else holds, and here it may. */
  isSleepSaid(s: State): boolean {
    if (this.muted || s.doubt) return true;
    return (
      s.released.length === 0 &&
      this.sleeps.some((e) => e.certain && !e.guarded && isUnconditional(e)) &&
      heldAtomic(s.locks) === null
    );
  }

  /** Whether nothing is left to say of a callee that takes a lock here. */
  isTakeSaid(s: State, lock: Lock): boolean {
    if (this.muted || s.doubt) return true;
    // Held already
    for (const l of s.locks) if (l.place === lock.place && l.kind === lock.kind) return false;
    if (!this.terms.isShared(lock.place) || this.takes.length >= MAX_TAKES) return true;
    const first = this.takes.find((t) => sameLock(t.lock, lock));
    return first !== undefined && first.facts.length === 0 && first.memory.length === 0;
  }

  /** Records that the point may sleep. */
  sleepAt(
    s: State,
    op: number,
    what: string,
    via: number,
    certain: boolean,
    guarded = false,
    assumed = false,
    memory: Facts = NO_FACTS,
  ): void {
    if (this.isSleepSaid(s)) return;
    const lock = heldAtomic(s.locks);
    // A mask that the caller passes: whether it allows sleeping under this lock nobody here knows
    if (lock !== null && (assumed || hasAsked(this.shared, s, memory))) return;
    const facts = exported(this.terms, s.facts);
    if (lock !== null) {
      const key = `s${op},${lock.place},${lock.kind}`;
      if (this.eventKeys.has(key)) return;
      this.eventKeys.add(key);
      this.events.push({ kind: 'sleep', op, what, via, certain, facts, held: this.shownLocks(s) });
      return;
    }
    const effect: SleepEffect = {
      facts,
      released: sharedLocks(this.terms, s.released),
      op,
      what,
      via,
      certain,
      guarded: s.guarded || guarded,
      memory: this.inMemory(s, memory),
    };
    this.addSleep(effect, via >= 0);
  }

  /** What a state, and what a callee of it, knows of memory that callers have a name for. */
  private inMemory(s: State, more: Facts): Facts {
    let out = more;
    for (let i = 0; i < s.aside.length && out.length < MAX_MEMORY; i += 2)
      out = withFact(out, s.aside[i] as number, s.aside[i + 1] as number);
    for (let i = 0; i < s.facts.length && out.length < MAX_MEMORY; i += 2) {
      const t = s.facts[i] as number;
      if (this.terms.isShared(t) && this.terms.isSoft(t)) out = withFact(out, t, s.facts[i + 1] as number);
    }
    return out;
  }

  /** `called`: it is a callee that sleeps. */
  private addSleep(e: SleepEffect, called: boolean): void {
    // An effect with fewer conditions says it all; the first one found of two alike stays
    const says = (a: SleepEffect, b: SleepEffect): boolean =>
      locksKey(a.released) === locksKey(b.released) && (a.certain || !b.certain) && implies(b.facts, a.facts);
    const covers = (a: SleepEffect, b: SleepEffect): boolean => says(a, b) && implies(b.memory, a.memory);
    const { sleeps } = this;
    if (sleeps.some((old) => (!old.guarded || e.guarded) && covers(old, e))) return;
    for (let i = sleeps.length - 1; i >= 0; i--) if (covers(e, sleeps[i] as SleepEffect)) sleeps.splice(i, 1);
    // One operation, in many conditions, must not leave all others without a place; what is called has many already
    const alike = called ? 0 : sleeps.filter((old) => old.op === e.op).length;
    if (alike < MAX_EFFECTS && sleeps.length < MAX_SLEEPS) {
      sleeps.push(e);
      return;
    }
    // No room: what only memory keeps apart is one
    const at = sleeps.findIndex((old) => says(old, e));
    if (at < 0) return;
    const old = sleeps[at] as SleepEffect;
    sleeps[at] = { ...old, memory: commonFacts(old.memory, e.memory), guarded: old.guarded && e.guarded };
  }

  /**
   * Records that a lock is taken, blocking; reports where the same instance is held already. `more`: what of memory led a callee there;
   * `before`: what was known before it was waited for.
   */
  takeAt(
    s: State,
    op: number,
    lock: Lock,
    what: string,
    via: number,
    lastRef = false,
    more: Facts = NO_FACTS,
    before: Facts = s.facts,
  ): void {
    if (this.muted || s.doubt) return;
    if (via < 0 && this.shared.model.helpers.get(what)?.waitsForNobody !== true)
      this.waitAt(before === s.facts ? s : s.withFacts(before), op, lock, what);
    const first = s.locks.find((l) => l.place === lock.place && l.kind === lock.kind && !l.may && !lock.may);
    if (first !== undefined && doubles(first, lock)) {
      const key = `d${op},${lock.place}`;
      if (!this.eventKeys.has(key)) {
        this.eventKeys.add(key);
        this.events.push({
          kind: 'double',
          conditional: lastRef || s.lastRef || s.blurred || this.decidedAfter(s, first),
          op,
          what,
          via,
          facts: exported(this.terms, s.facts),
          held: this.shownLocks(s),
          first: { lock: first, text: showPlace(this.ev, first.place) },
        });
      }
      return;
    }
    if (
      !this.terms.isShared(lock.place) ||
      this.takes.length >= MAX_TAKES ||
      namelessWord(lock.kind) !== undefined
    )
      return;
    const released = sharedLocks(this.terms, s.released);
    if (released.some((r) => r.place === lock.place)) return;
    const facts = exported(this.terms, s.facts);
    const memory = this.inMemory(s, more);
    const known = this.takes.findIndex((t) => sameLock(t.lock, lock) && implies(facts, t.facts));
    if (known >= 0) {
      const old = this.takes[known] as TakeEffect;
      const both = commonFacts(old.memory, memory);
      if (both.length !== old.memory.length) this.takes[known] = { ...old, memory: both };
      return;
    }
    this.takes.push({ lock, facts, released, op, via, what, lastRef: lastRef || s.lastRef, memory });
  }

  /** Records that a helper waits for a lock, with what is held meanwhile. */
  waitAt(s: State, op: number, lock: Lock, what: string): void {
    if (this.muted || s.doubt || isStateKind(lock.kind)) return;
    // A lock that sleeps is not waited for by what does not: only its mode changes
    if (!isAtomicKind(lock.kind) && this.shared.model.helpers.get(what)?.sleeps === false) return;
    const { terms } = this;
    const h = new Hash();
    h.add(op);
    h.add(lock.place);
    for (const l of s.locks) if (!l.may && !isStateKind(l.kind)) h.addLocks([l]);
    h.addLocks(s.released);
    const key = h.done();
    const facts = exported(terms, s.facts, true);
    const known = this.waitKeys.get(key);
    if (known !== undefined) {
      const old = this.waits[known] as WaitEffect;
      const common = commonFacts(old.facts, facts);
      if (common.length !== old.facts.length || (old.lastRef && !s.lastRef))
        this.waits[known] = { ...old, facts: common, lastRef: old.lastRef && s.lastRef };
      return;
    }
    const ways = this.waitsAt.get(op) ?? 0;
    if (this.waits.length >= MAX_WAITS || ways >= MAX_WAITS_AT) return;
    this.waitsAt.set(op, ways + 1);
    this.waitKeys.set(key, this.waits.length);
    const object = terms.firstChild(lock.place);
    this.waits.push({
      lock: terms.isShared(lock.place) ? lock : lock.at(terms.opaque(namelessLock(terms, lock))),
      text: showPlace(this.ev, lock.place),
      held: s.locks
        .filter((l) => !l.may && !isStateKind(l.kind))
        .map((l) => ({
          lock: terms.isShared(l.place) ? l : l.at(terms.opaque(namelessLock(terms, l))),
          text: showPlace(this.ev, l.place),
          fresh: this.isFresh(l.place),
          sameObject: object >= 0 && terms.firstChild(l.place) === object,
        })),
      facts,
      released: sharedLocks(terms, s.released),
      op,
      what,
      fresh: this.isFresh(lock.place),
      lastRef: s.lastRef,
    });
  }

  /** Records that user memory is touched, as a wait for the lock of the task's address space. */
  faultAt(s: State, op: number, what: string): void {
    const { terms } = this;
    if (s.locks.some((l) => l.place === terms.global('pagefault'))) return;
    const place = terms.opaque(OWN_MMAP_LOCK);
    this.waitAt(s, op, new Lock(place, MMAP_LOCK, 'rwsem', true, false, -1, op), what);
  }

  /** Whether a place is in an object that a helper of the model made here. */
  private isFresh(place: number): boolean {
    const { terms } = this;
    let at = place;
    for (;;) {
      const kind = terms.kind(at);
      if (
        kind === T.FieldP ||
        kind === T.FieldL ||
        kind === T.DerefL ||
        kind === T.Addr ||
        kind === T.Container
      )
        at = terms.a(at);
      else break;
    }
    if (terms.kind(at) === T.Local) return true;
    if (terms.kind(at) !== T.Fresh || terms.b(at) !== 0 || terms.a(at) >= JOIN_OP) return false;
    const name = calledName({ file: this.ev.file, index: this.ev.graph.index }, terms.a(at));
    const helper = this.shared.model.helpers.get(name);
    return helper?.returns === 'fresh' || helper?.unpublished === true;
  }

  freeAt(s: State, e: FreeEffect): void {
    if (this.muted || s.doubt || this.frees.length >= MAX_FREES) return;
    const same = this.frees.findIndex(
      (f) =>
        f.object === e.object && f.owner === e.owner && f.type === e.type && f.how === e.how && f.op === e.op,
    );
    if (same >= 0) {
      const old = this.frees[same] as FreeEffect;
      this.frees[same] = {
        ...old,
        afterGrace: old.afterGrace && e.afterGrace,
        unpublished: old.unpublished.filter((u) => e.unpublished.includes(u)),
        facts: commonFacts(old.facts, e.facts),
      };
      return;
    }
    this.frees.push(e);
  }

  /** Records a call of another function of the program. */
  edgeTo(
    s: State,
    callee: number,
    site: CallSite,
    context: CallEdge['context'],
    args: readonly number[],
  ): void {
    if (this.muted) return;
    // States come to a call one after the other, mostly with the same arguments
    let entry = this.lastEdge;
    const { edge } = entry;
    if (
      edge.op !== site.op ||
      edge.callee !== callee ||
      edge.context !== context ||
      !sameNumbers(args, this.lastArgs)
    ) {
      entry = this.edgeOf(callee, site.op, context, args);
      this.lastEdge = entry;
      this.lastArgs = args;
    }
    const variant = this.variant(s, context === 'now' ? args : []);
    const v = context === 'now' ? variant : { ...variant, locks: NO_LOCKS, calleeFacts: NO_FACTS };
    this.addVariant(entry, v);
  }

  private lastEdge: Edge = {
    edge: { callee: -1, op: -1, args: [], variants: [], context: 'now' },
    variants: [],
    keys: new Set(),
  };
  private lastArgs: readonly number[] = [];

  /** What is known of a call, with these arguments too. */
  private edgeOf(callee: number, op: number, context: CallEdge['context'], args: readonly number[]): Edge {
    const key = `${op},${callee},${context}`;
    let entry = this.edges.get(key);
    const sharedArgs = args.map((a) => (this.terms.isShared(a) ? a : -1));
    if (entry === undefined) {
      const variants: Variant[] = [];
      entry = { edge: { callee, op, args: sharedArgs, variants, context }, variants, keys: new Set() };
      this.edges.set(key, entry);
    } else if (entry.edge.args.some((a, i) => a !== sharedArgs[i])) {
      const merged = entry.edge.args.map((a, i) => (a === sharedArgs[i] ? a : -1));
      entry.edge = { ...entry.edge, args: merged };
    }
    return entry;
  }

  /** One more state at a call; past the bound what all have in common. */
  private addVariant(entry: { readonly variants: Variant[]; readonly keys: Set<number> }, v: Variant): void {
    const h = new Hash();
    h.addLocks(v.locks);
    h.addLocks(v.released);
    h.addAll(v.facts);
    h.addAll(v.calleeFacts);
    h.add(v.doubt ? 1 : 0);
    const key = h.done();
    if (entry.keys.has(key)) return;
    entry.keys.add(key);
    if (entry.variants.length < MAX_VARIANTS) {
      entry.variants.push(v);
      return;
    }
    const last = entry.variants[MAX_VARIANTS - 1] as Variant;
    entry.variants[MAX_VARIANTS - 1] = {
      locks: commonLocks(this.terms, last.locks, v.locks).filter((l) => !l.may),
      released: last.released,
      facts: commonFacts(last.facts, v.facts),
      calleeFacts: commonFacts(last.calleeFacts, v.calleeFacts),
      doubt: last.doubt && v.doubt,
    };
  }

  /** Records a call of a function that a parameter of this one points at. */
  parameterCall(s: State, parameter: number, site: CallSite): void {
    if (this.muted) return;
    const key = `${site.op},${parameter}`;
    let entry = this.parameterCalls.get(key);
    if (entry === undefined) {
      const args = site.args.map((a) => (this.terms.isShared(a) ? a : -1));
      const variants: Variant[] = [];
      entry = { call: { parameter, op: site.op, args, variants }, variants, keys: new Set() };
      this.parameterCalls.set(key, entry);
    }
    // What has a name only in the function that is called goes by its argument
    const named = s.locks.map((l) => {
      if (this.terms.isShared(l.place)) return l;
      const place = this.terms.rewrite(l.place, (x) => {
        const j = this.terms.isShared(x) ? -1 : site.args.indexOf(x);
        return j < 0 ? (this.terms.isShared(x) ? x : -1) : callbackArgument(this.terms, j);
      });
      return l.at(place);
    });
    this.addVariant(entry, {
      locks: sharedLocks(this.terms, named),
      released: sharedLocks(this.terms, s.released),
      facts: exported(this.terms, s.facts, true),
      calleeFacts: NO_FACTS,
      doubt: s.doubt,
    });
  }

  /** A state as a callee sees it. */
  private variant(s: State, args: readonly number[]): Variant {
    let facts: Facts = NO_FACTS;
    for (let j = 0; j < args.length; j++) {
      const mask = maskOf(this.terms, s.facts, args[j] as number);
      if (mask !== ANY) facts = withFact(facts, this.terms.param(j), mask);
    }
    for (let i = 0; i < s.facts.length; i += 2) {
      const t = s.facts[i] as number;
      if (this.terms.kind(t) !== T.Bin) continue;
      const passed = relatedInCallee(this.terms, t, args);
      if (passed >= 0) facts = withFact(facts, passed, s.facts[i + 1] as number);
    }
    return {
      locks: this.passedOn(s.locks, args),
      released: sharedLocks(this.terms, s.released),
      facts: exported(this.terms, s.facts, true),
      calleeFacts: facts,
      doubt: s.doubt,
    };
  }

  private passedWith: readonly number[] = [];
  /** Locks by how they are called there; and where their places are there, with the class of the first one of each place. */
  private readonly passed = new Map<Lock, Lock>();
  private readonly passedPlaces = new Map<number, { readonly place: number; readonly class: string }>();
  private passedFrom: readonly Lock[] = NO_LOCKS;
  private passedTo: readonly Lock[] = NO_LOCKS;

  /** Locks as a callee names them. States that come to a call one after the other mostly hand over the same. */
  private passedOn(locks: readonly Lock[], args: readonly number[]): readonly Lock[] {
    if (locks.length === 0) return NO_LOCKS;
    if (!sameNumbers(args, this.passedWith)) {
      this.passedWith = args;
      if (this.passed.size > 0) this.passed.clear();
      if (this.passedPlaces.size > 0) this.passedPlaces.clear();
      this.passedFrom = NO_LOCKS;
    }
    if (locks === this.passedFrom) return this.passedTo;
    this.passedFrom = locks;
    this.passedTo = locks.map((l) => {
      let there = this.passed.get(l);
      if (there === undefined) {
        there = l.at(this.placeThere(l, args));
        this.passed.set(l, there);
      }
      return there;
    });
    return this.passedTo;
  }

  private placeThere(l: Lock, args: readonly number[]): number {
    const known = this.passedPlaces.get(l.place);
    // What has no name there goes by its class
    if (known?.class === l.class) return known.place;
    const place = toCallee(this.terms, l.place, args, () => namelessLock(this.terms, l));
    this.passedPlaces.set(l.place, { place, class: l.class });
    return place;
  }

  // ---- the end

  /**
   * Records a way out. `value`: what is returned, or null; `snapshots`: names of old values of memory, and the loads that
   * gave them.
   */
  leave(s: State, op: number, returned: number | null, snapshots: ReadonlyMap<number, number>): void {
    if (this.muted) return;
    const { terms } = this;
    const value = returned ?? terms.unknown;
    const mask = returned === null ? ANY : maskOf(terms, s.facts, value);
    const result = terms.global(RESULT);
    // Given back is what a place held before it was stored to: its lock goes by the result
    const before = snapshots.get(value) ?? -1;
    const locks = s.locks.map((l) => {
      if (before >= 0 && terms.contains(l.place, before))
        return l.at(terms.rewrite(l.place, (x) => (x === before ? result : -1)));
      if (terms.isShared(l.place)) return l;
      if (
        returned !== null &&
        value !== terms.unknown &&
        terms.kind(value) !== T.Const &&
        terms.contains(l.place, value)
      ) {
        const place = terms.rewrite(l.place, (x) => (x === value ? result : terms.isShared(x) ? x : -1));
        if (terms.isShared(place)) return l.at(place);
      }
      return l.at(terms.opaque(showPlace(this.ev, l.place)));
    });
    if (!s.grace) this.allGrace = false;
    const exit: Exit = {
      value: terms.isShared(value) ? value : -1,
      mask,
      locks,
      released: sharedLocks(this.terms, s.released),
      facts: this.aboutResult(s.facts, value, result),
      doubt: s.doubt,
      blurred: s.blurred,
      done: s.done.map((p) => (terms.isShared(p) ? p : terms.opaque(showPlace(this.ev, p)))),
      op,
      outs: this.outsOf(s),
    };
    const h = new Hash();
    h.add(op);
    h.add(exit.value);
    h.add(mask);
    h.addLocks(locks);
    h.addLocks(exit.released);
    h.addAll(exit.facts);
    h.addAll(s.done);
    h.addAll(exit.outs);
    h.add((s.doubt ? 1 : 0) + (s.blurred ? 2 : 0));
    const key = h.done();
    if (this.exitKeys.has(key)) return;
    this.exitKeys.add(key);
    this.exits.push(exit);
    if (s.slept) this.sleptExits++;
  }

  /** Numbers that stand where parameters point at: `*dropped = 1`, `holder->object = NULL`. */
  private outsOf(s: State): readonly number[] {
    const { terms } = this;
    const out: number[] = [];
    for (let i = 0; i < s.heap.length; i += 2) {
      const place = s.heap[i] as number;
      const kind = terms.kind(place);
      if ((kind !== T.DerefL && kind !== T.FieldP) || terms.kind(terms.a(place)) !== T.Param) continue;
      if (terms.kind(s.heap[i + 1] as number) === T.Const && out.length < MAX_OUTS)
        out.push(place, s.heap[i + 1] as number);
    }
    return out;
  }

  private sleptExits = 0;

  /** Facts of a way out: those that mean something outside, and what the returned value was compared with. */
  private aboutResult(facts: Facts, value: number, result: number): Facts {
    const { terms } = this;
    let out = exported(this.terms, facts, true);
    if (terms.isShared(value) || value === terms.unknown) return out;
    for (let i = 0; i < facts.length; i += 2) {
      const t = facts[i] as number;
      if (terms.isShared(t) || terms.kind(t) !== T.Bin || terms.a(t) !== EQ) continue;
      const other = terms.b(t) === value ? terms.c(t) : terms.c(t) === value ? terms.b(t) : -1;
      if (other >= 0 && terms.isShared(other))
        out = withFact(out, this.ev.binary(EQ, result, other), facts[i + 1] as number);
    }
    return out;
  }

  /** All of it. `widened`: some states were not followed. */
  result(widened: boolean): FunctionResult {
    const certain = this.exits.length > 0 && this.sleptExits === this.exits.length;
    const sleeps = this.sleeps.map((e) => (e.certain === certain ? e : { ...e, certain }));
    const edges = [...this.edges.values()].map((e) => ({ ...e.edge, variants: e.variants }));
    const cared = new Set<number>();
    const care = (t: number): void => {
      if (this.terms.kind(t) === T.Param) cared.add(this.terms.a(t));
      const part = this.terms.firstChild(t);
      if (part >= 0) care(part);
      const other = this.terms.secondChild(t);
      if (other >= 0) care(other);
    };
    const careFacts = (f: Facts): void => {
      for (let i = 0; i < f.length; i += 2) care(f[i] as number);
    };
    for (const e of sleeps) careFacts(e.facts);
    for (const e of this.exits) careFacts(e.facts);
    for (const e of this.takes) careFacts(e.facts);
    for (const e of edges) {
      for (const v of e.variants) careFacts(v.facts);
      const callee = this.shared.results[e.callee];
      if (callee === undefined) continue;
      for (const p of callee.cared) {
        const arg = e.args[p];
        if (arg !== undefined && arg >= 0) care(arg);
      }
    }
    return {
      exits: groupExits(this.terms, this.exits),
      rawExits: this.exits,
      sleeps,
      takes: this.takes,
      frees: this.frees,
      waits: this.waits,
      edges,
      parameterCalls: [...this.parameterCalls.values()].map((c) => ({ ...c.call, variants: c.variants })),
      events: this.events,
      sets: [...this.sets],
      acquires: this.acquired,
      releases: this.released,
      writes: this.writes,
      asserted: this.asserted,
      cared,
      widened,
      returns: this.exits.length > 0,
      grace: this.allGrace && this.exits.length > 0,
    };
  }

  /** Whether the state hangs on the result of a call that was made after a lock was taken, and may say what became of it. */
  private decidedAfter(s: State, lock: Lock): boolean {
    for (let i = 0; i < s.facts.length; i += 2) {
      const root = this.terms.root(s.facts[i] as number);
      if (this.terms.kind(root) !== T.Fresh) continue;
      const op = this.terms.a(root);
      if (op > lock.op && op < JOIN_OP && !this.leavesAlone(s, op, lock)) return true;
    }
    return false;
  }

  /**
   * Whether a call leads to a function of which all is known, which comes back with the locks that it was called with, and which is not
   * handed the lock at hand: it may be a way of its own to take it.
   */
  private leavesAlone(s: State, op: number, lock: Lock): boolean {
    const { graph, file } = this.ev;
    if (op >= graph.opCount) return false;
    const fn = { file, index: graph.index };
    const name = calledName(fn, op);
    const callee = name === '' ? null : this.shared.program.resolve(name, file);
    const result = callee === null ? undefined : this.shared.results[callee.id];
    if (result === undefined || result.widened) return false;
    const { terms } = this;
    const isLock = (e: number): boolean => {
      const value = this.ev.value(s, e);
      return terms.kind(value) === T.Addr && terms.contains(lock.place, terms.a(value));
    };
    return (
      result.exits.every((e) => e.locks.length === 0 && e.released.length === 0) &&
      !readsOf(fn, op).slice(1).some(isLock)
    );
  }
}

/** Whether taking `second` while `first` is held can never end well. */
function doubles(first: Lock, second: Lock): boolean {
  if (first.shared && second.shared) return false;
  switch (first.kind) {
    case 'spin':
    case 'mutex':
    case 'rwsem':
    case 'rwlock':
    case 'bit':
    case 'percpu-rwsem':
      return true;
    default:
      return false;
  }
}
