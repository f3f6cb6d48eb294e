/**
 * What a unit takes inside of what, as cards of locks tell it: the graph that the rules go by, put together once for each analysis.
 */
import type { Nesting } from './base/hover.js';
import type { Analysis } from './contexts/analysis.js';
import { type Edge, LockGraph } from './rules/lock-graph.js';
import { placeOfOperation } from './views/call-effect.js';
import { isKnown, type UnitOrder } from './views/lock-card.js';

const ORDERS = new WeakMap<Analysis, Map<string, UnitOrder>>();

/** What a unit takes inside of what; put together once for each analysis. */
export function orderOf(analysis: Analysis, unit: string): UnitOrder {
  const units = ORDERS.get(analysis) ?? new Map<string, UnitOrder>();
  ORDERS.set(analysis, units);
  let order = units.get(unit);
  if (order === undefined) {
    order = unitOrder(LockGraph.of(analysis), unit);
    units.set(unit, order);
  }
  return order;
}

function unitOrder(graph: LockGraph, unit: string): UnitOrder {
  const inside = new Map<string, Map<string, Nesting>>();
  const around = new Map<string, Map<string, Nesting>>();
  const add = (map: typeof inside, of: string, other: string, e: Edge): void => {
    const list = map.get(of) ?? new Map<string, Nesting>();
    map.set(of, list);
    if (!list.has(other)) list.set(other, { class: other, by: placeOfOperation(e.fn, e.taken.op) });
  };
  for (const edges of graph.edges.values()) {
    const e = edges.find((one) => one.fn.unit === unit && !one.taken.unsure);
    if (e === undefined || e.outer.class === e.inner.class) continue;
    if (!isKnown(e.outer.class) || !isKnown(e.inner.class)) continue;
    add(inside, e.inner.class, e.outer.class, e);
    add(around, e.outer.class, e.inner.class, e);
  }
  return {
    inside: (cls) => [...(inside.get(cls)?.values() ?? [])],
    around: (cls) => [...(around.get(cls)?.values() ?? [])],
  };
}
