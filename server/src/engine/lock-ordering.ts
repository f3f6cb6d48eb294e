/**
 * The lock order of a directory for its picture: what the rule `lock/order` finds out about its locks, in words. Must not know how it
 * is drawn.
 */
import { PRECISION_RANK, type Precision } from './base/finding.js';
import type { Analysis } from './contexts/analysis.js';
import { compareText } from './findings/order.js';
import type { FunctionRef } from './program/program.js';
import { MAX_WITNESSES, rank } from './rules/edge-lists.js';
import { type Edge, LockGraph, type Taken } from './rules/lock-graph.js';
import { Inversions } from './rules/lock-inversions.js';
import type { Node } from './rules/lock-names.js';
import { lineOf, lockExpression, type RuleContext } from './rules/rule.js';
import type { Files } from './rules/run.js';
import {
  type LockOrderPicture,
  type OrderEdge,
  type OrderNode,
  type OrderPlace,
  withoutImplied,
} from './views/pictures/lock-order.js';

interface Found {
  readonly outer: Node;
  readonly inner: Node;
  readonly edges: { readonly edge: Edge; readonly place: OrderPlace }[];
  wrong: string | null;
}

/** The lock order of units that were analysed one by one; inversions less precise than asked for are not called wrong; `skipped`: files that are not in it. */
export function lockOrderOf(
  analyses: Iterable<Analysis>,
  units: readonly string[],
  tree: Files,
  precision: Precision,
  skipped: readonly string[],
): LockOrderPicture {
  const found = new Map<string, Found>();
  for (const analysis of analyses) collect(analysis, units, tree, precision, found);
  const edges = [...found.values()]
    .map(edgeOf)
    .sort((a, b) => compareText(a.outer, b.outer) || compareText(a.inner, b.inner));
  const nodes = new Map<string, OrderNode>();
  for (const { outer, inner } of found.values())
    for (const node of [outer, inner]) nodes.set(node.key, nodeOf(node));
  const kept = withoutImplied(edges);
  return {
    units,
    nodes: [...nodes.values()].sort((a, b) => compareText(a.key, b.key)),
    edges: kept,
    skipped,
    implied: edges.length - kept.length,
  };
}

function collect(
  analysis: Analysis,
  units: readonly string[],
  tree: Files,
  precision: Precision,
  found: Map<string, Found>,
): void {
  const all = analysis.bottomUp.map((id) => analysis.program.functions[id] as FunctionRef);
  const functions = all.filter((f) => !f.isMacro && units.includes(f.unit)).sort((a, b) => a.id - b.id);
  const cx: RuleContext = {
    analysis,
    functions,
    unit: functions,
    all,
    elsewhere: (file) => tree.factsOf(file),
  };
  const graph = LockGraph.of(analysis);
  for (const [key, list] of graph.edges) {
    const own = list.filter((edge) => units.includes(edge.fn.unit));
    const [first] = own;
    if (first === undefined) continue;
    const entry = found.get(key) ?? { outer: first.outer, inner: first.inner, edges: [], wrong: null };
    found.set(key, entry);
    for (const edge of own) entry.edges.push({ edge, place: placeOf(analysis, graph, edge) });
  }
  for (const { edge, other, documented, precision: sure } of new Inversions(cx, graph, () => {}).all()) {
    if (PRECISION_RANK[sure] < PRECISION_RANK[precision]) continue;
    const against =
      other === null
        ? `the VFS takes them the other way round: ${documented?.summary ?? ''}`
        : `${other.fn.name}() takes them the other way round`;
    for (const [side, why] of [
      [edge, against],
      [other, `${edge.fn.name}() takes them the other way round`],
    ] as const) {
      const entry = side === null ? undefined : found.get(`${side.outer.key} > ${side.inner.key}`);
      if (entry !== undefined) entry.wrong ??= why;
    }
  }
}

function nodeOf(node: Node): OrderNode {
  return {
    key: node.key,
    class: node.class,
    note: node.key.slice(node.class.length).replace(/^\//, ''),
    kind: node.kind,
  };
}

function edgeOf({ outer, inner, edges, wrong }: Found): OrderEdge {
  const sorted = [...edges].sort(
    (a, b) =>
      rank(a.edge) - rank(b.edge) || compareText(a.place.file, b.place.file) || a.place.line - b.place.line,
  );
  const places = new Map(sorted.map(({ place }) => [`${place.file}:${place.line}`, place]));
  return {
    outer: outer.key,
    inner: inner.key,
    places: [...places.values()],
    more: edges.length >= MAX_WITNESSES,
    unsure: edges.every(({ edge }) => edge.taken.unsure || !edge.always || edge.taken.lastRef),
    wrong,
  };
}

function placeOf(analysis: Analysis, graph: LockGraph, edge: Edge): OrderPlace {
  const { fn, taken } = edge;
  const through: string[] = [];
  for (let t: Taken | null = taken; t !== null && t.via >= 0; t = graph.nextOf(t))
    through.push(`${analysis.program.functions[t.via]?.name ?? '?'}()`);
  const held = edge.heldOp >= 0 ? `held since line ${lineOf(fn, edge.heldOp)}` : 'held by the callers';
  return {
    function: fn.name,
    file: fn.file.path,
    line: lineOf(fn, taken.op),
    text: `takes ${lockExpression(taken.text)}${through.length === 0 ? '' : ` in ${through.join(' > ')}`} with ${lockExpression(edge.heldText)} ${held}`,
  };
}
