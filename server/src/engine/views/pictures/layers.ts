/**
 * A layered layout of a directed graph: layers along one axis, places inside a layer along the other, few crossings, long edges led
 * around what stands between. Knows boxes and arrows, nothing of what they mean. Deterministic.
 */

export interface LayerNode {
  readonly id: string;
  /** Room that it needs across the layers' direction. */
  readonly size: number;
}

export interface LayerEdge {
  readonly from: string;
  readonly to: string;
  /** The heavier it is, the less likely it is turned round to break a cycle. */
  readonly weight: number;
}

export interface Point {
  /** Number of the layer; whole for nodes. */
  readonly layer: number;
  /** Centre across. */
  readonly across: number;
}

export interface Layers {
  readonly nodes: ReadonlyMap<string, Point>;
  /** In the order given: from the node to the other one, through the layers between. */
  readonly edges: readonly { readonly points: readonly Point[]; readonly back: boolean }[];
  readonly layerCount: number;
  readonly size: number;
}

const SWEEPS = 12;
const DUMMY = 10;

interface Item {
  readonly id: number;
  readonly size: number;
  layer: number;
  across: number;
  readonly up: Item[];
  readonly down: Item[];
}

/** Lays out; `space`: between neighbours in a layer. */
export function layersOf(nodes: readonly LayerNode[], edges: readonly LayerEdge[], space: number): Layers {
  const number = new Map(nodes.map((n, i) => [n.id, i]));
  const ends = edges.map((e) => [number.get(e.from) ?? 0, number.get(e.to) ?? 0] as const);
  const rank = acyclicOrder(nodes.length, ends, edges);
  const isBack = ends.map(([a, b]) => (rank[a] as number) > (rank[b] as number));
  const forward = ends.map(([a, b], i) => (isBack[i] === true ? ([b, a] as const) : ([a, b] as const)));
  const layer = layering(nodes.length, forward, rank);
  const items: Item[] = nodes.map((n, id) => ({
    id,
    size: n.size,
    layer: layer[id] as number,
    across: 0,
    up: [],
    down: [],
  }));
  const chains = forward.map(([a, b]) => chain(items, a, b));
  const layers: Item[][] = [];
  for (const item of items) {
    while (layers.length <= item.layer) layers.push([]);
    layers[item.layer]?.push(item);
  }
  order(layers);
  place(layers, space);
  const least = Math.min(0, ...items.map((item) => item.across - item.size / 2));
  const at = (item: Item): Point => ({ layer: item.layer, across: item.across - least });
  return {
    nodes: new Map(nodes.map((n, i) => [n.id, at(items[i] as Item)])),
    edges: chains.map((list, i) => {
      const points = list.map(at);
      return { points: isBack[i] === true ? points.reverse() : points, back: isBack[i] === true };
    }),
    layerCount: layers.length,
    size: Math.max(0, ...items.map((item) => item.across + item.size / 2)) - least,
  };
}

/** An order in which few and light edges go backwards: what has most going out and least coming in comes first. */
function acyclicOrder(
  count: number,
  ends: readonly (readonly [number, number])[],
  edges: readonly LayerEdge[],
): number[] {
  const left = new Set(Array.from({ length: count }, (_, i) => i));
  const head: number[] = [];
  const tail: number[] = [];
  const weigh = (node: number): { in: number; out: number } => {
    const sum = { in: 0, out: 0 };
    for (const [i, [a, b]] of ends.entries()) {
      if (a === b || !left.has(a) || !left.has(b)) continue;
      const weight = edges[i]?.weight ?? 1;
      if (a === node) sum.out += weight;
      if (b === node) sum.in += weight;
    }
    return sum;
  };
  while (left.size > 0) {
    let best = -1;
    let bestGain = Number.NEGATIVE_INFINITY;
    let moved = false;
    for (const node of [...left]) {
      const { in: into, out } = weigh(node);
      if (out === 0) tail.unshift(node);
      else if (into === 0) head.push(node);
      else {
        if (out - into > bestGain) [best, bestGain] = [node, out - into];
        continue;
      }
      left.delete(node);
      moved = true;
    }
    if (moved || best < 0) continue;
    left.delete(best);
    head.push(best);
  }
  const rank = new Array<number>(count).fill(0);
  for (const [i, node] of [...head, ...tail].entries()) rank[node] = i;
  return rank;
}

/** Each node past all that lead to it, and then as near as can be to what it leads to. */
function layering(
  count: number,
  edges: readonly (readonly [number, number])[],
  rank: readonly number[],
): number[] {
  const layer = new Array<number>(count).fill(0);
  const inOrder = Array.from({ length: count }, (_, i) => i).sort(
    (a, b) => (rank[a] as number) - (rank[b] as number),
  );
  const from = new Map<number, number[]>();
  for (const [a, b] of edges) if (a !== b) from.set(a, [...(from.get(a) ?? []), b]);
  for (const node of inOrder)
    for (const to of from.get(node) ?? [])
      layer[to] = Math.max(layer[to] as number, (layer[node] as number) + 1);
  for (const node of [...inOrder].reverse()) {
    const next = from.get(node);
    if (next !== undefined) layer[node] = Math.min(...next.map((to) => layer[to] as number)) - 1;
  }
  const least = Math.min(...layer, 0);
  return layer.map((l) => l - least);
}

/** The items that lead from one to the other, one a layer. */
function chain(items: Item[], a: number, b: number): Item[] {
  const [from, to] = [items[a] as Item, items[b] as Item];
  const list = [from];
  for (let layer = from.layer + 1; layer < to.layer; layer++) {
    const dummy: Item = { id: items.length, size: DUMMY, layer, across: 0, up: [], down: [] };
    items.push(dummy);
    list.push(dummy);
  }
  list.push(to);
  for (const [i, item] of list.entries()) {
    const next = list[i + 1];
    if (next === undefined || next === item) continue;
    item.down.push(next);
    next.up.push(item);
  }
  return list;
}

/** Puts each near the middle of its neighbours, back and forth; the order with the fewest crossings counts. */
function order(layers: Item[][]): void {
  const position = new Map<Item, number>();
  const note = (): void => {
    for (const layer of layers) for (const [i, item] of layer.entries()) position.set(item, i);
  };
  note();
  let best = layers.map((layer) => [...layer]);
  let fewest = crossings(layers, position);
  for (let sweep = 0; sweep < SWEEPS && fewest > 0; sweep++) {
    const down = sweep % 2 === 0;
    for (const layer of down ? layers : [...layers].reverse()) {
      const middle = new Map(
        layer.map((item) => {
          const others = down ? item.up : item.down;
          const sum = others.reduce((all, other) => all + (position.get(other) as number), 0);
          return [item, others.length === 0 ? (position.get(item) as number) : sum / others.length];
        }),
      );
      layer.sort((a, b) => (middle.get(a) as number) - (middle.get(b) as number));
      for (const [i, item] of layer.entries()) position.set(item, i);
    }
    const now = crossings(layers, position);
    if (now < fewest) {
      fewest = now;
      best = layers.map((layer) => [...layer]);
    }
  }
  for (const [i, layer] of best.entries()) layers[i]?.splice(0, layer.length, ...layer);
}

function crossings(layers: readonly (readonly Item[])[], position: ReadonlyMap<Item, number>): number {
  let count = 0;
  for (const layer of layers) {
    const pairs = layer.flatMap((item) =>
      item.down.map((other) => [position.get(item) as number, position.get(other) as number] as const),
    );
    for (let i = 0; i < pairs.length; i++)
      for (let j = i + 1; j < pairs.length; j++) {
        const [a, b] = [pairs[i] as readonly [number, number], pairs[j] as readonly [number, number]];
        if ((a[0] - b[0]) * (a[1] - b[1]) < 0) count++;
      }
  }
  return count;
}

/** Moves each towards its neighbours without changing the order. */
function place(layers: readonly (readonly Item[])[], space: number): void {
  for (const layer of layers) {
    let at = 0;
    for (const item of layer) {
      item.across = at + item.size / 2;
      at += item.size + space;
    }
  }
  for (let round = 0; round < SWEEPS * 2; round++) {
    const down = round % 2 === 0;
    for (const layer of down ? layers : [...layers].reverse()) {
      const wanted = layer.map((item) => {
        const others = round < SWEEPS ? (down ? item.up : item.down) : [...item.up, ...item.down];
        return others.length === 0
          ? item.across
          : others.reduce((sum, other) => sum + other.across, 0) / others.length;
      });
      spread(layer, wanted, space);
    }
  }
}

/** As near to what is wanted as the order allows: neighbours that would overlap form a block, which takes their mean. */
function spread(layer: readonly Item[], wanted: readonly number[], space: number): void {
  const blocks: { first: number; last: number; sum: number; offsets: number[] }[] = [];
  const start = (block: { sum: number; offsets: number[] }): number => block.sum / block.offsets.length;
  for (const [i, item] of layer.entries()) {
    let block = { first: i, last: i, sum: wanted[i] as number, offsets: [0] };
    void item;
    for (let before = blocks[blocks.length - 1]; before !== undefined; before = blocks[blocks.length - 1]) {
      const gap = distance(layer, before.last, block.first, space);
      const end = start(before) + (before.offsets[before.offsets.length - 1] as number);
      if (start(block) >= end + gap) break;
      blocks.pop();
      const shift = (before.offsets[before.offsets.length - 1] as number) + gap;
      block = {
        first: before.first,
        last: block.last,
        sum: before.sum + block.sum - shift * block.offsets.length,
        offsets: [...before.offsets, ...block.offsets.map((offset) => offset + shift)],
      };
    }
    blocks.push(block);
  }
  for (const block of blocks)
    for (const [i, offset] of block.offsets.entries())
      (layer[block.first + i] as Item).across = start(block) + offset;
}

function distance(layer: readonly Item[], a: number, b: number, space: number): number {
  return ((layer[a] as Item).size + (layer[b] as Item).size) / 2 + space;
}
