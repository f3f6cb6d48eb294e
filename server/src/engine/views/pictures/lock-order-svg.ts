/**
 * The lock order as SVG: a class is a box, what is held further to the left, what is taken inside it further to the right. The more
 * places an arrow has, the thicker it is; what goes both ways is red, dashed and marked. Must not know how anything was found.
 */
import { count } from '../../findings/wording.js';
import { type LayerNode, layersOf, type Point } from './layers.js';
import type { LockOrderPicture, OrderEdge, OrderNode } from './lock-order.js';
import { type Colour, cut, drawingToSvg, el, LETTER, textAt, titled } from './svg.js';
import { colourOf } from './timeline-bars.js';

const BOX = 30;
const SPACE = 10;
const MARGIN = 12;
const MAX_NAME = 34;
/** Between two layers, so that arrows have room to turn. */
const BETWEEN = 52;
/** Places that a title lists. */
const MAX_PLACES = 8;
const INDENT = 16;

interface Box {
  readonly node: OrderNode;
  readonly x: number;
  readonly y: number;
  readonly width: number;
}

/** The picture. */
export function lockOrderSvg(picture: LockOrderPicture): string {
  const nodes: readonly LayerNode[] = picture.nodes.map((n) => ({ id: n.key, size: BOX }));
  const edges = picture.edges.map((e) => ({
    from: e.outer,
    to: e.inner,
    weight: e.wrong === null ? e.places.length : 1,
  }));
  const layers = layersOf(nodes, edges, SPACE);
  const columns = columnsOf(picture, layers.nodes, layers.layerCount);
  const wrong = picture.edges.filter((e) => e.wrong !== null);
  const said = inversionLines(wrong);
  const skipped = picture.skipped.slice(0, MAX_PLACES).map((text) => `Not analysed: ${text}`);
  const top = 62 + (said.length + skipped.length) * 15;
  const boxes = new Map<string, Box>();
  for (const node of picture.nodes) {
    const at = layers.nodes.get(node.key) as Point;
    boxes.set(node.key, {
      node,
      x: columns[at.layer]?.x ?? 0,
      y: top + at.across - BOX / 2,
      width: widthOf(node),
    });
  }
  const last = columns[columns.length - 1];
  const bottom = top + layers.size;
  const legend = legendOf(
    picture,
    layers.edges.some((e, i) => e.back && picture.edges[i]?.wrong === null),
    bottom + 28,
  );
  const lines = picture.edges.map((edge, i) => {
    const points = (layers.edges[i]?.points ?? []).map((p): readonly [number, number] => [
      columns[p.layer]?.x ?? 0,
      top + p.across,
    ]);
    return {
      edge,
      back: layers.edges[i]?.back === true,
      path: pathOf(edge, points, boxes, columns, layers.edges[i]?.points ?? []),
    };
  });
  // What is wrong lies on top
  lines.sort((a, b) => Number(a.edge.wrong !== null) - Number(b.edge.wrong !== null));
  const summary = summaryOf(picture, wrong.length);
  return drawingToSvg({
    width: Math.max(
      (last?.x ?? 0) + (last?.width ?? 0) + MARGIN,
      legend.width,
      Math.max(summary.length, ...said.map(({ text }) => text.length)) * LETTER + INDENT + 2 * MARGIN,
      460,
    ),
    height: legend.bottom + MARGIN,
    title: `Lock order of ${picture.units.join(', ')}`,
    description: `${summary}. ${wrong.map((e) => `${e.outer} and ${e.inner}: ${e.wrong}`).join('. ')}`,
    defs: (['dim', 'fg', 'bad'] as const).map((colour) =>
      el(
        'marker',
        {
          id: `lw-arrow-${colour}`,
          viewBox: '0 0 8 8',
          refX: 7,
          refY: 4,
          markerWidth: 8,
          markerHeight: 8,
          markerUnits: 'userSpaceOnUse',
          orient: 'auto',
        },
        el('path', { class: `f-${colour}`, d: 'M0 0L8 4L0 8Z' }),
      ),
    ),
    body: [
      textAt(MARGIN, 22, `Lock order of ${picture.units.join(', ')}`, { class: 'f-fg big' }),
      textAt(MARGIN, 40, summary, { class: 'f-dim' }),
      ...said.map(({ text, edge, x }, i) =>
        el(
          'g',
          { 'data-file': edge.places[0]?.file, 'data-line': edge.places[0]?.line },
          textAt(x, 56 + i * 15, text, { class: 'f-bad' }),
        ),
      ),
      ...skipped.map((text, i) => textAt(MARGIN, 56 + (said.length + i) * 15, text, { class: 'f-fg' })),
      ...lines.map(({ edge, back, path }) => edgeGroup(edge, back, path)),
      ...[...boxes.values()].map((box) => boxGroup(box, picture)),
      ...legend.parts,
    ],
  });
}

function summaryOf(picture: LockOrderPicture, wrong: number): string {
  if (picture.nodes.length === 0)
    return picture.skipped.length > 0
      ? 'Nothing found in what was analysed'
      : 'No lock is waited for while another one is held';
  const implied = picture.implied === 0 ? '' : ` (and ${picture.implied} that follow from these)`;
  const bad = wrong === 0 ? 'no inversion' : `${wrong} of them inverted`;
  return `${count(picture.nodes.length, 'class').replace(/classs$/, 'classes')}, ${count(picture.edges.length, 'order')}${implied}, ${bad}`;
}

/** What is inverted, for who only sees the picture; in lines that fit beside the text. */
function inversionLines(
  wrong: readonly OrderEdge[],
): readonly { readonly text: string; readonly edge: OrderEdge; readonly x: number }[] {
  return wrong.slice(0, MAX_PLACES).flatMap((edge) => {
    const [place] = edge.places;
    const at = place === undefined ? [] : [`${place.function}() at ${place.file}:${place.line}`];
    const all = [`\u21c4 ${edge.outer} > ${edge.inner}`, ...at, edge.wrong ?? ''];
    return all.map((text, i) => ({ text, edge, x: MARGIN + (i === 0 ? 0 : INDENT) }));
  });
}

function nameOf(node: OrderNode): string {
  return cut(node.class, MAX_NAME);
}

function widthOf(node: OrderNode): number {
  return Math.max(nameOf(node).length, cut(node.note, MAX_NAME).length) * LETTER + 18;
}

interface Column {
  readonly x: number;
  readonly width: number;
}

function columnsOf(
  picture: LockOrderPicture,
  at: ReadonlyMap<string, Point>,
  layerCount: number,
): readonly Column[] {
  const columns: Column[] = [];
  let x = MARGIN;
  for (let layer = 0; layer < layerCount; layer++) {
    const width = Math.max(20, ...picture.nodes.filter((n) => at.get(n.key)?.layer === layer).map(widthOf));
    columns.push({ x, width });
    x += width + BETWEEN;
  }
  return columns;
}

/** From the right of one box to the left of the other, level where it passes a column. */
function pathOf(
  edge: OrderEdge,
  points: readonly (readonly [number, number])[],
  boxes: ReadonlyMap<string, Box>,
  columns: readonly Column[],
  at: readonly Point[],
): string {
  const from = boxes.get(edge.outer);
  const to = boxes.get(edge.inner);
  if (from === undefined || to === undefined || points.length < 2) return '';
  const back = (at[0]?.layer ?? 0) > (at[at.length - 1]?.layer ?? 0);
  const parts: string[] = [];
  let [x, y] = [back ? from.x : from.x + from.width, from.y + BOX / 2 + (back ? 6 : 0)];
  parts.push(`M${x} ${y}`);
  const curve = (nx: number, ny: number): void => {
    const turn = Math.max(Math.abs(nx - x) / 2, 12) * (back ? -1 : 1);
    parts.push(`C${x + turn} ${y} ${nx - turn} ${ny} ${nx} ${ny}`);
    [x, y] = [nx, ny];
  };
  for (const [i, point] of points.entries()) {
    if (i === 0 || i === points.length - 1) continue;
    const column = columns[at[i]?.layer ?? 0] as Column;
    const [near, far] = back ? [column.x + column.width, column.x] : [column.x, column.x + column.width];
    curve(near, point[1]);
    parts.push(`H${far}`);
    x = far;
  }
  curve(back ? to.x + to.width + 2 : to.x - 2, to.y + BOX / 2 + (back ? 6 : 0));
  return parts.join('');
}

function edgeGroup(edge: OrderEdge, back: boolean, path: string): string {
  const [first] = edge.places;
  const many = edge.places.length;
  const colour: Colour = edge.wrong !== null ? 'bad' : back ? 'fg' : 'dim';
  const width = edge.wrong !== null ? 2.6 : many >= 8 ? 2.8 : many >= 3 ? 1.9 : 1.1;
  const dash = edge.wrong !== null ? '9 4' : back ? '2 4' : edge.unsure ? '6 3' : undefined;
  return el(
    'g',
    {
      class: edge.wrong === null ? 'edge' : 'edge wrong',
      'data-file': first?.file,
      'data-line': first?.line,
      'data-edge': `${edge.outer} > ${edge.inner}`,
    },
    titled(edgeTitle(edge)),
    el('path', { d: path, fill: 'none', stroke: 'transparent', 'stroke-width': 9 }),
    el('path', {
      d: path,
      class: `s-${colour}`,
      'stroke-width': width,
      'stroke-dasharray': dash,
      'marker-end': `url(#lw-arrow-${colour})`,
    }),
  );
}

function edgeTitle(edge: OrderEdge): string {
  const shown = edge.places.slice(0, MAX_PLACES);
  const rest = edge.places.length - shown.length;
  return [
    `${edge.outer} > ${edge.inner}`,
    ...(edge.wrong === null ? [] : [`inversion: ${edge.wrong}`]),
    ...shown.map((p) => `${p.function}() at ${p.file}:${p.line} ${p.text}`),
    ...(rest > 0 ? [`and ${rest} more places`] : []),
  ].join('\n');
}

function boxGroup({ node, x, y, width }: Box, picture: LockOrderPicture): string {
  const colour = colourOf(node.kind);
  const bad = picture.edges.some((e) => e.wrong !== null && (e.outer === node.key || e.inner === node.key));
  const note = cut(node.note, MAX_NAME);
  return el(
    'g',
    { class: 'node', 'data-node': node.key },
    titled(`${node.key}, ${node.kind}`),
    el('rect', { class: 'f-box', x, y, width, height: BOX, rx: 3 }),
    el('rect', { class: `f-${colour}`, x, y, width: 5, height: BOX }),
    el('rect', {
      class: bad ? 's-bad' : `s-${colour}`,
      x,
      y,
      width,
      height: BOX,
      rx: 3,
      'stroke-width': bad ? 2 : 1,
    }),
    textAt(x + 11, y + (note === '' ? 19 : 13), nameOf(node), { class: 'f-fg strong' }),
    note === '' ? '' : textAt(x + 11, y + 25, note, { class: 'f-dim small' }),
  );
}

function legendOf(
  picture: LockOrderPicture,
  circles: boolean,
  top: number,
): { readonly parts: readonly string[]; readonly bottom: number; readonly width: number } {
  const kinds = new Set(picture.nodes.map((n) => colourOf(n.kind)));
  const words: readonly (readonly [Colour, string])[] = [
    ['sleeping', 'mutex'],
    ['rwsem', 'rwsem'],
    ['spinning', 'spinning'],
    ['other', 'other'],
  ];
  const entries: (readonly [string, string])[] = words
    .filter(([colour]) => kinds.has(colour))
    .map(([colour, word]) => [el('rect', { class: `f-${colour}`, x: 8, y: -9, width: 6, height: 11 }), word]);
  const line = (colour: Colour, width: number, dash?: string): string =>
    el('path', {
      class: `s-${colour}`,
      d: 'M0 -4H20',
      'stroke-width': width,
      'stroke-dasharray': dash,
      'marker-end': `url(#lw-arrow-${colour})`,
    });
  if (picture.edges.some((e) => e.wrong === null))
    entries.push(
      [line('dim', 1.1), 'taken while it is held: 1 or 2 places'],
      [line('dim', 2.8), '8 and more'],
    );
  if (picture.edges.some((e) => e.unsure && e.wrong === null))
    entries.push([line('dim', 1.1, '6 3'), 'perhaps']);
  if (circles) entries.push([line('fg', 1.1, '2 4'), 'back: part of a circle that is not reported']);
  if (picture.edges.some((e) => e.wrong !== null))
    entries.push([line('bad', 2.6, '9 4'), 'inversion: also taken the other way round']);
  const parts: string[] = [];
  let x = MARGIN;
  for (const [sign, text] of entries) {
    parts.push(
      el(
        'g',
        { transform: `translate(${x} ${top})`, class: 'legend' },
        sign,
        textAt(27, 0, text, { class: 'f-dim' }),
      ),
    );
    x += 27 + text.length * LETTER + 18;
  }
  return { parts, bottom: top + 4, width: x };
}
