/**
 * The path states that wait at the blocks of one function, and which block is next. Paths stay apart while they differ in
 * locks or in what decides about locks; past the bounds they are joined, and this is the only place where that happens.
 * Must not know what an operation does.
 */
import type { Graph } from './cfg.js';
import { join } from './join.js';
import { type Facts, sharedFacts } from './known.js';
import type { Pruner } from './prune.js';
import { Hash, type State, sureLocks } from './state.js';
import type { Terms } from './terms.js';

/** States kept apart at one point; past it those with the same locks are merged. */
export const MAX_STATES = 12;
/** Distinct lock sets at one point; past it the function is widened: some states are not followed. */
export const MAX_LOCK_SETS = 24;
/** Visits of one block; past it the function is widened. */
export const MAX_VISITS = 150;

/** A state with the key of what it says: equal keys, equal states. */
class Keyed {
  readonly key: number;
  private ofLocks: number | null = null;

  constructor(readonly state: State) {
    this.key = keyOf(state);
  }

  /** The key of the locks that are held or given back for sure, and of what was noted on the way. */
  get locks(): number {
    if (this.ofLocks === null) {
      const h = new Hash();
      h.addLocks(sureLocks(this.state.locks));
      h.addLocks(sureLocks(this.state.released));
      h.add(this.state.trail);
      this.ofLocks = h.done();
    }
    return this.ofLocks;
  }
}

/** The key of what a state says. */
export function keyOf(s: State): number {
  const h = new Hash();
  h.addLocks(s.locks);
  h.addLocks(s.released);
  h.addAll(s.facts);
  h.addAll(s.vars);
  h.addAll(s.temps);
  h.addAll(s.heap);
  h.add(
    (s.doubt ? 1 : 0) +
      (s.slept ? 2 : 0) +
      (s.grace ? 4 : 0) +
      (s.blurred ? 8 : 0) +
      (s.guarded ? 16 : 0) +
      (s.lastRef ? 32 : 0),
  );
  h.addAll(s.done);
  h.add(s.trail);
  return h.done();
}

/** What is kept of one block. */
class Waiting {
  states: Keyed[] = [];
  /** What was here, by key, and what all that came with it had laid aside. */
  readonly seen = new Map<number, Facts>();
  /** By locks: what was merged here so far. */
  merged: Map<number, Keyed> | null = null;
  /** All that waits, doubtful ones first, is in `merged`: the last one that comes concerns those with its locks alone. */
  isMerged = false;
  doubtful: Keyed | null = null;
  visits = 0;
}

/** The states between the blocks of one function. */
export class Frontier {
  private readonly blocks: (Waiting | undefined)[];
  private readonly byOrder: readonly number[];
  /** Place in `byOrder` before which nothing waits. */
  private lowest = 0;
  /** Some states were not followed. */
  widened = false;

  /**
   * `maxStates`: how many are kept apart at a point; may be lowered on the way. `wanted`: blocks that are gone to, by number; null:
   * all.
   */
  constructor(
    private readonly terms: Terms,
    private readonly graph: Graph,
    private readonly pruner: Pruner,
    public maxStates: number,
    private readonly wanted: Uint8Array | null = null,
  ) {
    this.blocks = new Array<Waiting | undefined>(graph.blockCount).fill(undefined);
    const byOrder: number[] = [];
    for (let b = 0; b < graph.blockCount; b++) {
      const at = graph.order[b] as number;
      if (at >= 0) byOrder[at] = b;
    }
    this.byOrder = byOrder;
  }

  /** The next block in order with the states that wait there; null at the end. */
  next(): { readonly block: number; readonly states: readonly State[] } | null {
    for (; this.lowest < this.byOrder.length; this.lowest++) {
      const block = this.byOrder[this.lowest] as number;
      const waiting = this.blocks[block];
      if (waiting === undefined || waiting.states.length === 0) continue;
      const states = waiting.states.map((k) => k.state);
      waiting.states = [];
      this.lowest++;
      if (++waiting.visits > MAX_VISITS) {
        this.widened = true;
        continue;
      }
      return { block, states };
    }
    return null;
  }

  /** Hands a state to a block, pruned to what is still read. */
  push(block: number, state: State): void {
    if (this.wanted !== null && this.wanted[block] === 0) return;
    const s = new Keyed(this.pruner.prune(block, state));
    let waiting = this.blocks[block];
    if (waiting === undefined) {
      waiting = new Waiting();
      this.blocks[block] = waiting;
    }
    const known = waiting.seen.get(s.key);
    if (known !== undefined) {
      this.again(block, waiting, s, known);
      return;
    }
    if (waiting.seen.size > MAX_VISITS) {
      this.widened = true;
      return;
    }
    if (s.state.doubt) {
      if (!this.pushDoubtful(block, s, waiting)) return;
    } else if (waiting.states.length >= this.maxStates || waiting.seen.size >= this.maxStates * 3) {
      if (waiting.isMerged) this.mergeOne(block, waiting, s);
      else {
        waiting.states.push(s);
        this.merge(block, waiting);
      }
    } else {
      waiting.seen.set(s.key, s.state.aside);
      waiting.states.push(s);
      waiting.isMerged = false;
    }
    const at = this.graph.order[block] as number;
    if (at < this.lowest) this.lowest = at;
  }

  /** A state that was here before: what it has laid aside may be less than what was known. */
  private again(block: number, waiting: Waiting, s: Keyed, known: Facts): void {
    const both = sharedFacts(known, s.state.aside);
    if (both.length === known.length) return;
    waiting.seen.set(s.key, both);
    waiting.isMerged = false;
    const less = new Keyed(s.state.withAside(both));
    const at = waiting.states.findIndex((x) => x.key === s.key);
    if (at >= 0) {
      waiting.states[at] = less;
      return;
    }
    waiting.states.push(less);
    const order = this.graph.order[block] as number;
    if (order < this.lowest) this.lowest = order;
  }

  /** Doubtful paths are never reported: one state a point says what may be there. False where it is known. */
  private pushDoubtful(block: number, s: Keyed, waiting: Waiting): boolean {
    const known = waiting.doubtful;
    const joined = known === null ? s : new Keyed(join(this.terms, block, known.state, s.state));
    if (known !== null && waiting.seen.has(joined.key)) return false;
    waiting.seen.set(joined.key, joined.state.aside);
    waiting.doubtful = joined;
    const at = known === null ? -1 : waiting.states.indexOf(known);
    if (at >= 0) waiting.states[at] = joined;
    else {
      waiting.states.push(joined);
      waiting.isMerged = false;
    }
    return true;
  }

  /** Brings the states that wait at a block below the bound. */
  private merge(block: number, waiting: Waiting): void {
    const { states } = waiting;
    waiting.merged ??= new Map();
    // Doubtful ones are one already
    const out: Keyed[] = states.filter((s) => s.state.doubt);
    for (let i = 0; i < states.length; i++) {
      const { locks, state: begins } = states[i] as Keyed;
      if (begins.doubt || isEarlier(states, i)) continue;
      // What was merged here before is part of it: so a loop comes to rest instead of going on with ever new mixtures
      const known = waiting.merged.get(locks);
      const first = known ?? (states[i] as Keyed);
      let { state } = first;
      let count = 0;
      for (let j = i; j < states.length; j++) {
        const s = states[j] as Keyed;
        if (s.state.doubt || s.locks !== locks) continue;
        count++;
        if (s.state !== state) state = join(this.terms, block, state, s.state);
      }
      const merged = state === first.state ? first : new Keyed(state);
      if (known !== undefined && known.key === merged.key) {
        if (states.includes(known)) out.push(known);
        continue;
      }
      waiting.merged.set(locks, merged);
      if (count > 1 && waiting.seen.has(merged.key))
        if (!states.some((s) => !s.state.doubt && s.locks === locks && s.key === merged.key)) continue;
      waiting.seen.set(merged.key, merged.state.aside);
      out.push(merged);
    }
    waiting.states = out;
    waiting.isMerged = out.every((s) => s.state.doubt || waiting.merged?.get(s.locks) === s);
    this.bound(waiting);
  }

  /** `merge` where all but this one have been merged. */
  private mergeOne(block: number, waiting: Waiting, s: Keyed): void {
    const { states } = waiting;
    const merged = waiting.merged as Map<number, Keyed>;
    const known = merged.get(s.locks);
    const at = states.findIndex((other) => !other.state.doubt && other.locks === s.locks);
    const isAlike = known === undefined || known.state === s.state;
    const now = isAlike ? (known ?? s) : new Keyed(join(this.terms, block, known.state, s.state));
    if (known !== undefined && known.key === now.key) return;
    merged.set(s.locks, now);
    if (at >= 0 && waiting.seen.has(now.key)) {
      states.splice(at, 1);
      return;
    }
    waiting.seen.set(now.key, now.state.aside);
    if (at >= 0) states[at] = now;
    else states.push(now);
    waiting.isMerged = now.locks === s.locks;
    this.bound(waiting);
  }

  private bound(waiting: Waiting): void {
    if (waiting.states.length <= MAX_LOCK_SETS) return;
    this.widened = true;
    waiting.states.length = MAX_LOCK_SETS;
  }
}

/** Whether one of the states before one that waits has the same locks, doubtful ones aside. */
function isEarlier(states: readonly Keyed[], index: number): boolean {
  const { locks } = states[index] as Keyed;
  for (let i = 0; i < index; i++) {
    const s = states[i] as Keyed;
    if (!s.state.doubt && s.locks === locks) return true;
  }
  return false;
}
