/**
 * What one function does, written down while it is walked: where it may sleep, what it takes and frees, whom it calls in
 * which states, how it ends. Everything is kept in terms that mean something outside the function. Must not know how a
 * state came to be.
 */
import { operatorCode } from '../facts/encode.js';
import type { CallSite } from './call-site.js';
import { type Evaluator, JOIN_OP } from './evaluate.js';
import { commonFacts, commonLocks, groupExits, implies } from './join.js';
import { showPlace } from './names.js';
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
} from './result.js';
import type { Shared } from './shared.js';
import {
  ANY,
  type Facts,
  Hash,
  heldAtomic,
  type Lock,
  locksKey,
  maskOf,
  NO_FACTS,
  NO_LOCKS,
  type State,
  sameLock,
  withFact,
} from './state.js';
import { T, type Terms } from './terms.js';
import { callbackArgument, exported, RESULT, relatedInCallee, sharedLocks, toCallee } from './translate.js';

/** Alternatives kept in an effect. */
const MAX_EFFECTS = 6;
const MAX_TAKES = 16;
const MAX_FREES = 64;
/** States at a call that are kept apart; past it locks that only some of them hold are not said. */
export const MAX_VARIANTS = 6;

const EQ = operatorCode('==');

/** Writes down what one function does. */
export class EffectRecorder {
  private readonly exits: Exit[] = [];
  private readonly exitKeys = new Set<number>();
  private readonly sleeps: SleepEffect[] = [];
  private readonly takes: TakeEffect[] = [];
  private readonly frees: FreeEffect[] = [];
  private readonly edges = new Map<string, { edge: CallEdge; variants: Variant[]; keys: Set<number> }>();
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
  /** Locks that the function says its callers hold. */
  readonly asserted: Lock[] = [];
  private allGrace = true;

  constructor(
    private readonly shared: Shared,
    private readonly ev: Evaluator,
  ) {}

  private get terms(): Terms {
    return this.shared.terms;
  }

  shownLocks(s: State): ShownLock[] {
    return s.locks.map((lock) => ({ lock, text: showPlace(this.ev, lock.place) }));
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
  ): void {
    if (s.doubt) return;
    const lock = heldAtomic(s.locks);
    // A mask that the caller passes: whether it allows sleeping under this lock nobody here knows
    if (lock !== null && assumed) return;
    const facts = exported(this.terms, s.facts);
    if (lock !== null) {
      const key = `s${op},${lock.place},${lock.kind}`;
      if (this.eventKeys.has(key)) return;
      this.eventKeys.add(key);
      this.events.push({ kind: 'sleep', op, what, via, certain, facts, held: this.shownLocks(s) });
      return;
    }
    this.addSleep({
      facts,
      released: sharedLocks(this.terms, s.released),
      op,
      what,
      via,
      certain,
      guarded: s.guarded || guarded,
    });
  }

  private addSleep(e: SleepEffect): void {
    for (let i = 0; i < this.sleeps.length; i++) {
      const old = this.sleeps[i] as SleepEffect;
      if (locksKey(old.released) !== locksKey(e.released)) continue;
      if (old.guarded && !e.guarded) continue;
      // An effect with fewer conditions says it all; the first one found of two alike stays
      if (old.certain || !e.certain ? implies(e.facts, old.facts) : false) return;
    }
    for (let i = this.sleeps.length - 1; i >= 0; i--) {
      const old = this.sleeps[i] as SleepEffect;
      if (
        locksKey(old.released) === locksKey(e.released) &&
        (e.certain || !old.certain) &&
        implies(old.facts, e.facts)
      )
        this.sleeps.splice(i, 1);
    }
    if (this.sleeps.length < MAX_EFFECTS) this.sleeps.push(e);
  }

  /** Records that a lock is taken, blocking; reports where the same instance is held already. */
  takeAt(s: State, op: number, lock: Lock, what: string, via: number, lastRef = false): void {
    if (s.doubt) return;
    const first = s.locks.find((l) => l.place === lock.place && l.kind === lock.kind && !l.may && !lock.may);
    if (first !== undefined && doubles(first, lock)) {
      const key = `d${op},${lock.place}`;
      if (!this.eventKeys.has(key)) {
        this.eventKeys.add(key);
        this.events.push({
          kind: 'double',
          conditional: lastRef || s.lastRef || s.blurred || this.decidedAfter(s, first.op),
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
      lock.kind === 'rcu' ||
      lock.kind === 'irq' ||
      lock.kind === 'bh' ||
      lock.kind === 'preempt'
    )
      return;
    const released = sharedLocks(this.terms, s.released);
    if (released.some((r) => r.place === lock.place)) return;
    const facts = exported(this.terms, s.facts);
    if (this.takes.some((t) => sameLock(t.lock, lock) && implies(facts, t.facts))) return;
    this.takes.push({ lock, facts, released, op, via, what, lastRef: lastRef || s.lastRef });
  }

  freeAt(s: State, e: FreeEffect): void {
    if (s.doubt || this.frees.length >= MAX_FREES) return;
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
    const key = `${site.op},${callee},${context}`;
    let entry = this.edges.get(key);
    const sharedArgs = args.map((a) => (this.terms.isShared(a) ? a : -1));
    if (entry === undefined) {
      const variants: Variant[] = [];
      entry = {
        edge: { callee, op: site.op, args: sharedArgs, variants, context },
        variants,
        keys: new Set(),
      };
      this.edges.set(key, entry);
    } else if (entry.edge.args.some((a, i) => a !== sharedArgs[i])) {
      const merged = entry.edge.args.map((a, i) => (a === sharedArgs[i] ? a : -1));
      entry.edge = { ...entry.edge, args: merged };
    }
    const variant = this.variant(s, context === 'now' ? args : []);
    const v = context === 'now' ? variant : { ...variant, locks: NO_LOCKS, calleeFacts: NO_FACTS };
    this.addVariant(entry, v);
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
    const calleeFacts: number[] = [];
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
    calleeFacts.push(...facts);
    return {
      locks: this.passedOn(s.locks, args),
      released: sharedLocks(this.terms, s.released),
      facts: exported(this.terms, s.facts, true),
      calleeFacts,
      doubt: s.doubt,
    };
  }

  private passedWith: readonly number[] = [];
  /** Places by what they are called there. */
  private readonly passed = new Map<number, number>();

  /** Locks as a callee names them. States that come to a call one after the other mostly hand over the same. */
  private passedOn(locks: readonly Lock[], args: readonly number[]): readonly Lock[] {
    if (locks.length === 0) return NO_LOCKS;
    const known = this.passedWith;
    if (known.length !== args.length || args.some((a, i) => a !== known[i])) {
      this.passedWith = args;
      this.passed.clear();
    }
    return locks.map((l) => {
      let place = this.passed.get(l.place);
      if (place === undefined) {
        place = toCallee(this.terms, l.place, args, () => l.class);
        // An opaque one goes by its class
        if (this.terms.kind(place) !== T.Opaque) this.passed.set(l.place, place);
      }
      return l.at(place);
    });
  }

  // ---- the end

  /**
   * Records a way out. `value`: what is returned, or null; `snapshots`: names of old values of memory, and the loads that
   * gave them.
   */
  leave(s: State, op: number, returned: number | null, snapshots: ReadonlyMap<number, number>): void {
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
    };
    const h = new Hash();
    h.add(op);
    h.add(exit.value);
    h.add(mask);
    h.addLocks(locks);
    h.addLocks(exit.released);
    h.addAll(exit.facts);
    h.addAll(s.done);
    h.add((s.doubt ? 1 : 0) + (s.blurred ? 2 : 0));
    const key = h.done();
    if (this.exitKeys.has(key)) return;
    this.exitKeys.add(key);
    this.exits.push(exit);
    if (s.slept) this.sleptExits++;
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
      const kids = this.terms.children(t);
      if (this.terms.kind(t) === T.Param) cared.add(this.terms.a(t));
      for (const k of kids) care(k);
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
      edges,
      parameterCalls: [...this.parameterCalls.values()].map((c) => ({ ...c.call, variants: c.variants })),
      events: this.events,
      sets: [...this.sets],
      acquires: this.acquired,
      releases: this.released,
      asserted: this.asserted,
      cared,
      widened,
      returns: this.exits.length > 0,
      grace: this.allGrace && this.exits.length > 0,
    };
  }

  /** Whether the state hangs on the result of a call that was made after an operation. */
  private decidedAfter(s: State, op: number): boolean {
    for (let i = 0; i < s.facts.length; i += 2) {
      const root = this.terms.root(s.facts[i] as number);
      if (this.terms.kind(root) === T.Fresh && this.terms.a(root) > op && this.terms.a(root) < JOIN_OP)
        return true;
    }
    return false;
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
