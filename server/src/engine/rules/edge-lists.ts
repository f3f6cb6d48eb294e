/**
 * Lists of edges of a graph of lock order, by `outer > inner`: put together from what each function brings, which can be replaced after an
 * edit. The lists are the same then as if they had been put together anew. Must not know how edges are found.
 */
import type { Edge } from './lock-graph.js';

/** Witnesses of one edge. */
export const MAX_WITNESSES = 16;

/** Edges by `outer > inner`, from those of functions by their turn: callees come first. */
export class EdgeLists {
  private byKey = new Map<string, Edge[]>();
  private readonly brought: (readonly Edge[])[] = [];
  /** By key: the turns of the functions that bring one, in order. */
  private readonly bringers = new Map<string, number[]>();

  get all(): ReadonlyMap<string, readonly Edge[]> {
    return this.byKey;
  }

  /** The edges of the function whose turn it is; once for each, in order. */
  add(turn: number, edges: readonly Edge[]): void {
    this.brought[turn] = edges;
    for (const e of edges) {
      const key = edgeKey(e);
      if (key === null) continue;
      const list = this.byKey.get(key);
      const turns = this.bringers.get(key);
      if (list === undefined || turns === undefined) {
        this.byKey.set(key, [e]);
        this.bringers.set(key, [turn]);
        continue;
      }
      if (turns[turns.length - 1] !== turn) turns.push(turn);
      addEdge(list, e);
    }
  }

  /** After the last one: those that tell most come first. */
  sort(): void {
    for (const list of this.byKey.values()) list.sort(byPlace);
  }

  /** Puts other edges in the place of those that functions have brought, by their turns. */
  replace(others: ReadonlyMap<number, readonly Edge[]>): void {
    const touched = new Set<string>();
    for (const [turn, edges] of others) {
      const before = this.keysOf(turn);
      this.brought[turn] = edges;
      const now = this.keysOf(turn);
      for (const key of before) {
        touched.add(key);
        if (!now.has(key)) this.leaves(key, turn);
      }
      for (const key of now) {
        touched.add(key);
        if (!before.has(key)) this.comes(key, turn);
      }
    }
    let isOther = false;
    for (const key of touched) {
      const list = this.listOf(key);
      isOther ||= (list.length === 0) === this.byKey.has(key);
      if (list.length === 0) this.byKey.delete(key);
      else this.byKey.set(key, list);
    }
    if (isOther) this.putInOrder();
  }

  private keysOf(turn: number): ReadonlySet<string> {
    const keys = new Set<string>();
    for (const e of this.brought[turn] ?? []) {
      const key = edgeKey(e);
      if (key !== null) keys.add(key);
    }
    return keys;
  }

  private leaves(key: string, turn: number): void {
    const left = (this.bringers.get(key) ?? []).filter((other) => other !== turn);
    if (left.length === 0) this.bringers.delete(key);
    else this.bringers.set(key, left);
  }

  private comes(key: string, turn: number): void {
    const turns = [...(this.bringers.get(key) ?? []), turn].sort((a, b) => a - b);
    this.bringers.set(key, turns);
  }

  private listOf(key: string): Edge[] {
    const list: Edge[] = [];
    for (const turn of this.bringers.get(key) ?? [])
      for (const e of this.brought[turn] ?? []) if (edgeKey(e) === key) addEdge(list, e);
    return list.sort(byPlace);
  }

  /** Keys in the order in which functions bring them. */
  private putInOrder(): void {
    const turns = [...this.bringers].sort(([, a], [, b]) => (a[0] as number) - (b[0] as number));
    const inOrder = new Map<string, Edge[]>();
    for (const [, [first]] of turns)
      for (const key of this.keysOf(first as number)) {
        const list = this.byKey.get(key);
        if (list !== undefined && !inOrder.has(key)) inOrder.set(key, list);
      }
    this.byKey = inOrder;
  }
}

/** Under what an edge is kept; null: one that tells nothing. */
function edgeKey(e: Edge): string | null {
  if (e.outer.key === e.inner.key || e.outer.loose || e.inner.loose) return null;
  return `${e.outer.key} > ${e.inner.key}`;
}

/** One more edge among those between the same two, unless the place is known or there are enough. */
function addEdge(list: Edge[], e: Edge): void {
  const same = list.findIndex(
    (o) => o.fn === e.fn && o.taken.op === e.taken.op && o.heldOp === e.heldOp && o.origin === e.origin,
  );
  // The one that holds on more paths, and needs less
  if (same < 0) {
    if (list.length < MAX_WITNESSES) list.push(e);
  } else if (rank(e) < rank(list[same] as Edge)) list[same] = e;
}

/** Less is better known. */
export function rank(e: Edge): number {
  return (
    (e.taken.unsure ? 100 : 0) +
    (e.always ? 0 : 60) +
    (e.taken.lastRef ? 50 : 0) +
    (e.outerShared ? 2 : 0) +
    (e.taken.shared ? 2 : 0) +
    e.taken.depth * 3 +
    Math.min(e.facts.length / 2, 3)
  );
}

function byPlace(a: Edge, b: Edge): number {
  return rank(a) - rank(b) || a.fn.id - b.fn.id || a.taken.op - b.taken.op || a.heldOp - b.heldOp;
}
