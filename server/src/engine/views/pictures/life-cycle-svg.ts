/**
 * A life cycle as SVG: states are boxes with the methods that run in them, steps are labelled arrows, and what RCU-walk may still run
 * stands beside. Must not know the model.
 */
import { type LayerEdge, type LayerNode, layersOf, type Point } from './layers.js';
import type { LifeBox, LifeChip, LifeCyclePicture, LifeNote } from './life-cycle.js';
import { cut, drawingToSvg, el, LETTER, textAt, titled } from './svg.js';

const MARGIN = 14;
const BOX_WIDTH = 300;
const LETTERS = Math.floor((BOX_WIDTH - 20) / LETTER);
const LABEL_LETTERS = 24;
const LINE = 14;
const CHIP = 17;
/** Between layers. */
const BETWEEN = 26;

/** Something that has a place: a state, the label of a step, or the beginning and the end. */
interface Block {
  readonly id: string;
  readonly width: number;
  readonly height: number;
  readonly draw: (x: number, y: number) => string;
}

interface Spot {
  readonly x: number;
  readonly y: number;
  readonly block: Block;
}

const BEGIN = '@begin';
const END = '@end';

/** The picture. */
export function lifeCycleSvg(picture: LifeCyclePicture): string {
  const blocks = blocksOf(picture);
  const edges = edgesOf(picture);
  const layers = layersOf(
    [...blocks.values()].map((block): LayerNode => ({ id: block.id, size: block.width })),
    edges,
    18,
  );
  const top = 56;
  const spots = spotsOf(blocks, layers.nodes, layers.layerCount, top);
  const bottom = Math.max(...[...spots.values()].map((spot) => spot.y + spot.block.height));
  const width = Math.max(layers.size + 2 * MARGIN, 640);
  const notes = notesOf(picture.notes, bottom + 30, width);
  const legend = legendOf(picture, notes.bottom + 24);
  const lines = layers.edges.map((edge, i) => {
    const { from, to } = edges[i] as LayerEdge;
    return arrow(spots, from, to, edge.points, rowsOf(blocks, layers.nodes, layers.layerCount, top));
  });
  const lit = picture.states.filter((s) => s.lit).map((s) => s.name);
  return drawingToSvg({
    width,
    height: legend.bottom + MARGIN,
    title: `Life of a ${picture.object}`,
    description: `States of struct ${picture.object} in Linux ${picture.version}, with the methods that run in each${lit.length === 0 ? '' : `; ${picture.notes.map((n) => n.method).join(', ')} in: ${lit.join(', ')}`}.`,
    defs: [
      el(
        'marker',
        {
          id: 'lw-tip',
          viewBox: '0 0 8 8',
          refX: 7,
          refY: 4,
          markerWidth: 8,
          markerHeight: 8,
          orient: 'auto',
        },
        el('path', { class: 'f-dim', d: 'M0 0L8 4L0 8Z' }),
      ),
      el(
        'pattern',
        { id: 'lw-walk', width: 9, height: 9, patternUnits: 'userSpaceOnUse' },
        el('rect', { class: 'f-walk', width: 9, height: 9 }),
        el('path', {
          class: 's-other',
          'stroke-width': 0.8,
          'stroke-opacity': 0.5,
          d: 'M0 0L9 9M-1 8L1 10M8 -1L10 1',
        }),
      ),
    ],
    body: [
      textAt(MARGIN, 22, `Life of a ${picture.object}`, { class: 'f-fg big' }),
      textAt(MARGIN, 39, `struct ${picture.object}, Linux ${picture.version}`, { class: 'f-dim' }),
      ...lines,
      ...[...spots.values()].map(({ x, y, block }) => block.draw(x, y)),
      ...notes.parts,
      ...legend.parts,
    ],
  });
}

// ---- blocks

function blocksOf(picture: LifeCyclePicture): ReadonlyMap<string, Block> {
  const blocks = new Map<string, Block>();
  const add = (block: Block): void => void blocks.set(block.id, block);
  if (picture.steps.some((s) => s.from === null)) add(dot(BEGIN, false));
  for (const state of picture.states)
    add(
      stateBlock(
        state,
        picture.steps.filter((s) => s.from === state.name && s.to === state.name).map((s) => s.by),
      ),
    );
  for (const [i, step] of picture.steps.entries())
    if (step.from !== step.to) add(labelBlock(`@step${i}`, step.by));
  if (picture.steps.some((s) => s.to === null)) add(dot(END, true));
  return blocks;
}

function edgesOf(picture: LifeCyclePicture): readonly LayerEdge[] {
  return picture.steps.flatMap((step, i) =>
    step.from === step.to
      ? []
      : [
          { from: step.from ?? BEGIN, to: `@step${i}`, weight: weightOf(picture, step.from, step.to) },
          { from: `@step${i}`, to: step.to ?? END, weight: weightOf(picture, step.from, step.to) },
        ],
  );
}

/** States are told in the order of a life: a step back in it is the one that is drawn upwards. */
function weightOf(picture: LifeCyclePicture, from: string | null, to: string | null): number {
  const at = (name: string | null, otherwise: number): number =>
    name === null ? otherwise : picture.states.findIndex((s) => s.name === name);
  return at(from, -1) < at(to, picture.states.length) ? 10 : 1;
}

function dot(id: string, isEnd: boolean): Block {
  return {
    id,
    width: 18,
    height: 14,
    draw: (x, y) =>
      el('circle', { class: isEnd ? 's-fg' : 'f-fg', cx: x + 9, cy: y + 7, r: 6, 'stroke-width': 1.5 }) +
      (isEnd ? el('circle', { class: 'f-fg', cx: x + 9, cy: y + 7, r: 3 }) : ''),
  };
}

function labelBlock(id: string, text: string): Block {
  const lines = wrap(text, LABEL_LETTERS);
  const width = Math.max(...lines.map((line) => line.length)) * LETTER + 10;
  const height = lines.length * LINE + 4;
  return {
    id,
    width,
    height,
    draw: (x, y) =>
      el(
        'g',
        { class: 'step' },
        el('rect', { class: 'f-bg', x, y, width, height }),
        ...lines.map((line, i) =>
          textAt(x + width / 2, y + 12 + i * LINE, line, { class: 'f-fg', 'text-anchor': 'middle' }),
        ),
      ),
  };
}

function stateBlock(state: LifeBox, again: readonly string[]): Block {
  const summary = wrap(state.summary, LETTERS);
  const loops = again.map((by) => cut(`\u21bb ${by}`, LETTERS));
  const runs = chipRows(state.runs);
  const beside = chipRows(state.beside);
  const text = 22 + (summary.length + loops.length) * LINE;
  const runsTop = text + 4;
  const besideTop = runsTop + runs.length * (CHIP + 3) + (beside.length > 0 ? 18 : 0);
  const height = besideTop + beside.length * (CHIP + 3) + 6;
  const draw = (x: number, y: number): string =>
    el(
      'g',
      { class: state.lit ? 'state lit' : 'state', 'data-state': state.name },
      el('rect', { class: 'f-box', x, y, width: BOX_WIDTH, height, rx: 5 }),
      beside.length === 0
        ? ''
        : el('rect', {
            x: x + 1,
            y: y + besideTop - 16,
            width: BOX_WIDTH - 2,
            height: height - besideTop + 15,
            fill: 'url(#lw-walk)',
          }),
      el('rect', {
        class: state.lit ? 's-litEdge' : 's-dim',
        x,
        y,
        width: BOX_WIDTH,
        height,
        rx: 5,
        'stroke-width': state.lit ? 3 : 1,
      }),
      textAt(x + 10, y + 17, state.name, { class: 'f-fg strong' }),
      ...summary.map((line, i) => textAt(x + 10, y + 33 + i * LINE, line, { class: 'f-dim' })),
      ...loops.map((line, i) =>
        textAt(x + 10, y + 33 + (summary.length + i) * LINE, line, { class: 'f-fg' }),
      ),
      ...runs.flatMap((row, i) => row.map((chip) => chipAt(chip, x, y + runsTop + i * (CHIP + 3)))),
      beside.length === 0
        ? ''
        : textAt(x + 10, y + besideTop - 4, 'RCU-walk may still run', { class: 'f-fg small' }),
      ...beside.flatMap((row, i) => row.map((chip) => chipAt(chip, x, y + besideTop + i * (CHIP + 3)))),
    );
  return { id: state.name, width: BOX_WIDTH, height, draw };
}

interface PlacedChip {
  readonly chip: LifeChip;
  readonly x: number;
  readonly width: number;
}

function chipRows(chips: readonly LifeChip[]): readonly (readonly PlacedChip[])[] {
  const rows: PlacedChip[][] = [];
  let x = BOX_WIDTH;
  for (const chip of chips) {
    const width = chip.name.length * LETTER + 12;
    if (x + width > BOX_WIDTH - 8) {
      rows.push([]);
      x = 8;
    }
    rows[rows.length - 1]?.push({ chip, x, width });
    x += width + 5;
  }
  return rows;
}

function chipAt({ chip, x, width }: PlacedChip, left: number, top: number): string {
  const edge = chip.lit ? 's-litEdge' : chip.lockless ? 's-other' : 's-dim';
  return el(
    'g',
    { class: chip.lit ? 'chip lit' : 'chip', 'data-method': chip.full },
    titled(
      `${chip.full}\n${chip.summary}${chip.lockless ? '\nRCU-walk runs it with no lock and no reference' : ''}`,
    ),
    el('rect', { class: chip.lit ? 'f-lit' : 'f-bg', x: left + x, y: top, width, height: CHIP, rx: 8 }),
    el('rect', {
      class: edge,
      x: left + x,
      y: top,
      width,
      height: CHIP,
      rx: 8,
      'stroke-width': chip.lit ? 2.5 : 1,
      'stroke-dasharray': chip.lockless && !chip.lit ? '3 2' : undefined,
    }),
    textAt(left + x + 6, top + 12.5, chip.name, { class: chip.lit ? 'f-fg strong' : 'f-fg' }),
  );
}

// ---- places

interface LayerRow {
  readonly top: number;
  readonly height: number;
}

function rowsOf(
  blocks: ReadonlyMap<string, Block>,
  at: ReadonlyMap<string, Point>,
  layerCount: number,
  top: number,
): readonly LayerRow[] {
  const rows: LayerRow[] = [];
  let y = top;
  for (let layer = 0; layer < layerCount; layer++) {
    const height = Math.max(
      ...[...blocks.values()].filter((b) => at.get(b.id)?.layer === layer).map((b) => b.height),
      8,
    );
    rows.push({ top: y, height });
    y += height + BETWEEN;
  }
  return rows;
}

function spotsOf(
  blocks: ReadonlyMap<string, Block>,
  at: ReadonlyMap<string, Point>,
  layerCount: number,
  top: number,
): ReadonlyMap<string, Spot> {
  const rows = rowsOf(blocks, at, layerCount, top);
  const spots = new Map<string, Spot>();
  for (const block of blocks.values()) {
    const point = at.get(block.id) as Point;
    const row = rows[point.layer] as LayerRow;
    spots.set(block.id, {
      x: MARGIN + point.across - block.width / 2,
      y: row.top + (row.height - block.height) / 2,
      block,
    });
  }
  return spots;
}

/** Down (or up) from one block to the other; a label that comes next has no tip. */
function arrow(
  spots: ReadonlyMap<string, Spot>,
  from: string,
  to: string,
  points: readonly Point[],
  rows: readonly LayerRow[],
): string {
  const a = spots.get(from);
  const b = spots.get(to);
  if (a === undefined || b === undefined || points.length < 2) return '';
  const up = (points[0] as Point).layer > (points[points.length - 1] as Point).layer;
  const inner = points.slice(1, -1).map((p) => ({ x: MARGIN + p.across, row: rows[p.layer] as LayerRow }));
  const mid = (spot: Spot): number => spot.x + spot.block.width / 2;
  const port = (spot: Spot, towards: number): number => {
    const slack = Math.max(spot.block.width / 2 - 14, 0);
    return mid(spot) + Math.max(-slack, Math.min(slack, (towards - mid(spot)) * 0.8));
  };
  let x = port(a, inner[0]?.x ?? mid(b));
  let y = up ? a.y : a.y + a.block.height;
  const parts = [`M${x} ${y}`];
  const curve = (nx: number, ny: number): void => {
    const bend = (ny - y) / 2;
    parts.push(`C${x} ${y + bend} ${nx} ${ny - bend} ${nx} ${ny}`);
    [x, y] = [nx, ny];
  };
  for (const p of inner) {
    const [near, far] = up ? [p.row.top + p.row.height, p.row.top] : [p.row.top, p.row.top + p.row.height];
    curve(p.x, near);
    parts.push(`V${far}`);
    y = far;
  }
  const last = inner[inner.length - 1]?.x ?? mid(a);
  curve(port(b, last), up ? b.y + b.block.height : b.y);
  const tip = to.startsWith('@step') ? undefined : 'url(#lw-tip)';
  return el('path', { class: 's-dim', 'stroke-width': 1.2, d: parts.join(''), 'marker-end': tip });
}

// ---- what is said of the methods that are lit

function notesOf(
  notes: readonly LifeNote[],
  top: number,
  width: number,
): { readonly parts: readonly string[]; readonly bottom: number } {
  const parts: string[] = [];
  let y = top;
  const letters = Math.floor((width - 2 * MARGIN) / LETTER) - 2;
  for (const note of notes) {
    parts.push(textAt(MARGIN, y, note.method, { class: 'f-fg strong' }));
    for (const line of note.lines.flatMap((text) => wrap(text, letters))) {
      y += LINE;
      parts.push(textAt(MARGIN + 10, y, line, { class: 'f-dim' }));
    }
    y += LINE + 8;
  }
  return { parts, bottom: y - LINE };
}

function legendOf(
  picture: LifeCyclePicture,
  y: number,
): { readonly parts: readonly string[]; readonly bottom: number } {
  const entries = ['rounded: method that runs on it'];
  const chips = picture.states.flatMap((s) => [...s.runs, ...s.beside]);
  if (chips.some((c) => c.lockless)) entries.push('dashed: also in RCU-walk, with no lock and no reference');
  if (chips.some((c) => c.lit)) entries.push('bold on yellow: the method at hand');
  const parts = entries.map((entry, i) => textAt(MARGIN, y + i * LINE, entry, { class: 'f-dim small' }));
  return { parts, bottom: y + (entries.length - 1) * LINE };
}

/** Words in lines of at most so many letters. */
function wrap(text: string, letters: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines[lines.length - 1];
    if (last !== undefined && last.length + 1 + word.length <= letters)
      lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}
