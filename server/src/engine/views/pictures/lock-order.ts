/**
 * The order in which code takes its locks, as data: classes that are nested, who takes which one inside which other one, and what goes
 * both ways; without what follows from the rest. Must not know how it is found or drawn.
 */
import type { LockKind } from '../../model/types.js';

/** A class of locks. */
export interface OrderNode {
  readonly key: string;
  readonly class: string;
  /** The nesting subclass, the file of a static lock, or ''. */
  readonly note: string;
  readonly kind: LockKind;
}

/** One place at which the inner lock is taken with the outer one held. */
export interface OrderPlace {
  readonly function: string;
  readonly file: string;
  readonly line: number;
  /** One sentence without a full stop. */
  readonly text: string;
}

export interface OrderEdge {
  readonly outer: string;
  readonly inner: string;
  /** Those that say most first. */
  readonly places: readonly OrderPlace[];
  /** There are more than were kept. */
  readonly more: boolean;
  /** Every place only has them perhaps. */
  readonly unsure: boolean;
  /** What is wrong with it, or null. */
  readonly wrong: string | null;
}

export interface LockOrderPicture {
  readonly units: readonly string[];
  readonly nodes: readonly OrderNode[];
  readonly edges: readonly OrderEdge[];
  /** Files that were not analysed, each with the reason. */
  readonly skipped: readonly string[];
  /** Edges that follow from others and are left out. */
  readonly implied: number;
}

/** Edges without those that a longer way says too; what is wrong stays, and what is part of a circle. */
export function withoutImplied(edges: readonly OrderEdge[]): readonly OrderEdge[] {
  const next = new Map<string, Set<string>>();
  for (const e of edges) next.set(e.outer, (next.get(e.outer) ?? new Set()).add(e.inner));
  const left = new Set(edges);
  // Those with few places go first, where several say the same
  for (const e of [...edges].sort((a, b) => a.places.length - b.places.length)) {
    if (e.wrong !== null || reaches(next, e.inner, e.outer)) continue;
    next.get(e.outer)?.delete(e.inner);
    if (reaches(next, e.outer, e.inner)) left.delete(e);
    else next.get(e.outer)?.add(e.inner);
  }
  return edges.filter((e) => left.has(e));
}

function reaches(next: ReadonlyMap<string, ReadonlySet<string>>, from: string, to: string): boolean {
  const seen = new Set<string>();
  const todo = [...(next.get(from) ?? [])];
  for (let at = todo.pop(); at !== undefined; at = todo.pop()) {
    if (at === to) return true;
    if (seen.has(at)) continue;
    seen.add(at);
    todo.push(...(next.get(at) ?? []));
  }
  return false;
}
