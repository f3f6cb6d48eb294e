/**
 * A path state: what one bundle of paths knows at a point. Locks gained and lost since the function began, what the
 * variables hold, what is known of values. States are values: every change makes a new one. Nothing here knows C.
 */

import { isAtomicKind } from '../model/lock-kinds.js';
import type { LockKind } from '../model/types.js';
import { type Facts, maskOf, NO_FACTS } from './known.js';
import type { Terms } from './terms.js';

/**
 * A lock that is held, or that the caller held and that was released. A class, as the state is one: objects made in one place
 * are alike to the machine, copies made by spreading are not, and most of the time goes into looking at these.
 */
export class Lock {
  readonly class: string;

  /**
   * `place`: location term of the lock. `fn`, `op`: function and operation that took it; -1 for a lock that the caller
   * brought. `some`: held for sure in some of the situations that were merged into one; the others do not have it. `when`:
   * facts under which it is held, of a lock that the model brings and that is held perhaps.
   */
  constructor(
    readonly place: number,
    cls: string,
    readonly kind: LockKind,
    readonly shared: boolean,
    readonly may: boolean,
    readonly fn = -1,
    readonly op = -1,
    readonly some = false,
    readonly when: Facts | null = null,
  ) {
    this.class = cls;
  }

  /** The same lock by another name. */
  at(place: number, cls = this.class): Lock {
    if (place === this.place && cls === this.class) return this;
    return new Lock(place, cls, this.kind, this.shared, this.may, this.fn, this.op, this.some, this.when);
  }

  /** The lock as one that was taken elsewhere. */
  takenAt(fn: number, op: number): Lock {
    return this.named(this.place, this.class, fn, op);
  }

  /** The lock by another name, taken elsewhere. */
  named(place: number, cls: string, fn: number, op: number): Lock {
    return new Lock(place, cls, this.kind, this.shared, this.may, fn, op, this.some, this.when);
  }

  /** The lock as one that is held perhaps, or for sure. */
  held(may: boolean): Lock {
    return may === this.may ? this : this.as(this.kind, this.shared, may, this.some, this.when);
  }

  /** The lock in another mode. */
  inMode(shared: boolean): Lock {
    return shared === this.shared ? this : this.as(this.kind, shared, this.may, this.some, this.when);
  }

  /** The lock with another kind. */
  ofKind(kind: LockKind): Lock {
    return this.as(kind, this.shared, this.may, this.some, this.when);
  }

  /** The lock, held for sure in some of the situations that it stands for. */
  inSome(): Lock {
    return this.as(this.kind, this.shared, this.may, true, this.when);
  }

  /** The lock with facts under which it is held; null: nobody says when. */
  onlyWhen(when: Facts | null): Lock {
    return when === this.when ? this : this.as(this.kind, this.shared, this.may, this.some, when);
  }

  private as(kind: LockKind, shared: boolean, may: boolean, some: boolean, when: Facts | null): Lock {
    return new Lock(this.place, this.class, kind, shared, may, this.fn, this.op, some, when);
  }
}

/** What a lock is, as a plain value. */
export type PlainLock = Pick<Lock, 'place' | 'class' | 'kind' | 'shared'>;

export function plainLock({ place, class: cls, kind, shared }: Lock): PlainLock {
  return { place, class: cls, kind, shared };
}

/** What is held for sure that forbids sleeping, or null. */
export function heldAtomic(locks: readonly Lock[]): Lock | null {
  for (const l of locks) if (isAtomicKind(l.kind) && !l.may) return l;
  return null;
}

/** Those that are held for sure. */
export function sureLocks(locks: readonly Lock[]): readonly Lock[] {
  return locks.some((l) => l.may) ? locks.filter((l) => !l.may) : locks;
}

/** A lock that is held perhaps. */
export function perhaps(lock: Lock): Lock {
  return lock.held(true);
}

/**
 * Locks as they are where these facts hold: a condition that is met makes one sure, one that cannot be takes it away, and what
 * is open stays open.
 */
export function settled(terms: Terms, locks: readonly Lock[], facts: Facts): readonly Lock[] {
  if (!locks.some((l) => l.when !== null)) return locks;
  const out: Lock[] = [];
  for (const l of locks) {
    if (l.when === null) {
      out.push(l);
      continue;
    }
    let met = true;
    let possible = true;
    for (let i = 0; i < l.when.length; i += 2) {
      const mask = maskOf(terms, facts, l.when[i] as number);
      const wanted = l.when[i + 1] as number;
      if ((mask & wanted) === 0) possible = false;
      if ((mask & ~wanted) !== 0) met = false;
    }
    if (possible) out.push(met ? l.held(false).onlyWhen(null) : l);
  }
  return out;
}

export const NO_LOCKS: readonly Lock[] = [];

/** One bundle of paths at one point. A value: each method gives a new one. */
export class State {
  /**
   * `vars`: variable number to term; -1 where nothing was stored. `temps`: temporary number, term alternating. `heap`:
   * location, value alternating: stores through pointers and to members of locals. `doubt`: reached only if memory changed
   * between two tests of it. `slept`, `grace`: every path in the bundle has gone through something that may sleep, has waited
   * for a grace period. `blurred`: paths were merged on the way that differed in more than what is said here. `guarded`: a
   * test of the function's own memory lies on the way, whose outcome nothing here knows. `lastRef`: a reference count was
   * seen to reach zero on the way. `done`: places of locks that were taken and given back on every path; kept only in a
   * second look. `trail`: what a rule that looks on noted on the way here, a number of its own; 0 for nothing. `aside`: what tests of memory
   * found that no later test of this function can meet; callees may. It keeps no states apart: of two that differ in
   * nothing else, what both know is left.
   */
  constructor(
    readonly vars: readonly number[],
    readonly temps: readonly number[],
    readonly heap: readonly number[],
    readonly locks: readonly Lock[],
    readonly released: readonly Lock[],
    readonly facts: Facts,
    readonly doubt: boolean,
    readonly slept: boolean,
    readonly grace: boolean,
    readonly blurred: boolean,
    readonly guarded: boolean,
    readonly lastRef: boolean,
    readonly done: readonly number[],
    readonly trail = 0,
    readonly aside: Facts = NO_FACTS,
  ) {}

  /** The same with other facts laid aside. */
  withAside(aside: Facts): State {
    if (aside === this.aside) return this;
    return new State(
      this.vars,
      this.temps,
      this.heap,
      this.locks,
      this.released,
      this.facts,
      this.doubt,
      this.slept,
      this.grace,
      this.blurred,
      this.guarded,
      this.lastRef,
      this.done,
      this.trail,
      aside,
    );
  }

  /** Other values, and what is known of them. */
  withValues(
    vars: readonly number[],
    temps: readonly number[],
    heap: readonly number[],
    facts: Facts,
    locks = this.locks,
  ): State {
    return new State(
      vars,
      temps,
      heap,
      locks,
      this.released,
      facts,
      this.doubt,
      this.slept,
      this.grace,
      this.blurred,
      this.guarded,
      this.lastRef,
      this.done,
      this.trail,
      this.aside,
    );
  }

  withVars(vars: readonly number[]): State {
    return this.withValues(vars, this.temps, this.heap, this.facts);
  }

  withTemps(temps: readonly number[]): State {
    return this.withValues(this.vars, temps, this.heap, this.facts);
  }

  /** Other facts; `doubt`: what they rest on may have changed meanwhile. */
  withFacts(facts: Facts, doubt = false): State {
    if (facts === this.facts && (!doubt || this.doubt)) return this;
    return this.branched(facts, this.doubt || doubt, this.guarded, this.lastRef);
  }

  /** After a test: facts and what the test says about the way. */
  branched(facts: Facts, doubt: boolean, guarded: boolean, lastRef: boolean): State {
    return new State(
      this.vars,
      this.temps,
      this.heap,
      this.locks,
      this.released,
      facts,
      doubt,
      this.slept,
      this.grace,
      this.blurred,
      guarded,
      lastRef,
      this.done,
      this.trail,
      this.aside,
    );
  }

  /** Other locks, held and given back. */
  withLocks(locks: readonly Lock[], released = this.released, done = this.done, facts = this.facts): State {
    return new State(
      this.vars,
      this.temps,
      this.heap,
      locks,
      released,
      facts,
      this.doubt,
      this.slept,
      this.grace,
      this.blurred,
      this.guarded,
      this.lastRef,
      done,
      this.trail,
      this.aside,
    );
  }

  /** The same with another note of the rule that looks on. */
  withTrail(trail: number): State {
    if (trail === this.trail) return this;
    return new State(
      this.vars,
      this.temps,
      this.heap,
      this.locks,
      this.released,
      this.facts,
      this.doubt,
      this.slept,
      this.grace,
      this.blurred,
      this.guarded,
      this.lastRef,
      this.done,
      trail,
      this.aside,
    );
  }

  /** After something that may sleep, or waited for a grace period. */
  waited(slept: boolean, grace: boolean): State {
    if ((!slept || this.slept) && (!grace || this.grace)) return this;
    return new State(
      this.vars,
      this.temps,
      this.heap,
      this.locks,
      this.released,
      this.facts,
      this.doubt,
      this.slept || slept,
      this.grace || grace,
      this.blurred,
      this.guarded,
      this.lastRef,
      this.done,
      this.trail,
      this.aside,
    );
  }
}

/** Same lock in the same way, wherever it was taken. */
export function sameLock(a: Lock, b: Lock): boolean {
  return a.place === b.place && a.kind === b.kind && a.shared === b.shared && a.class === b.class;
}

/** A key over locks, order kept. */
export function locksKey(locks: readonly Lock[]): string {
  let key = '';
  for (const l of locks) key += `${l.place}${l.shared ? 's' : 'x'}${l.may ? '?' : ''}${l.kind};`;
  return key;
}

/** A 52-bit hash over integers: two multiplicative hashes side by side. */
export class Hash {
  private a = 0x811c9dc5;
  private b = 0x1b873593;

  add(n: number): void {
    this.a = Math.imul(this.a ^ n, 0x01000193) ^ (this.a >>> 15);
    this.b = Math.imul(this.b + n, 0xcc9e2d51) ^ (this.b >>> 13);
  }

  addAll(list: readonly number[]): void {
    this.add(list.length);
    let { a, b } = this;
    for (let i = 0; i < list.length; i++) {
      const n = list[i] as number;
      a = Math.imul(a ^ n, 0x01000193) ^ (a >>> 15);
      b = Math.imul(b + n, 0xcc9e2d51) ^ (b >>> 13);
    }
    this.a = a;
    this.b = b;
  }

  addLocks(locks: readonly Lock[]): void {
    this.add(locks.length + 7919);
    for (const l of locks) {
      this.add(l.place);
      this.add(l.kind.charCodeAt(0) * 64 + l.kind.length * 4 + (l.shared ? 2 : 0) + (l.may ? 1 : 0));
    }
  }

  done(): number {
    return (this.a >>> 0) * 0x100000 + (this.b & 0xfffff);
  }
}
