/**
 * The lock timeline as SVG: lines go down, locks are bars, ways that differ stand side by side, RCU is shading. Lines carry
 * `data-line`, so that whoever shows it can go there and follow the cursor. Must not know how anything was found.
 */

import { count } from '../../findings/wording.js';
import { type Colour, cut, drawingToSvg, el, escapeXml, LETTER, textAt, titled } from './svg.js';
import type { Row, RowWay, TimelinePicture } from './timeline.js';
import { barGroup, colourOf, patternsOf, type Shade, shadeOf } from './timeline-bars.js';
import { type Bar, layOut, NUMBERS, type PlacedRow, SLEEP, type TimelineLayout } from './timeline-layout.js';
import { legendOf } from './timeline-legend.js';

const HEAD_ROW = 16;
const MAX_SOURCE = 78;
const MAX_ENTRY = 110;
const MAX_SITUATIONS = 4;
const MARGIN = 10;

/** The picture. */
export function timelineSvg(picture: TimelinePicture): string {
  const notes = notesOf(picture);
  const columns = picture.tracks.length + 1;
  const headTop = 42 + notes.length * 15;
  const entry = entryLines(picture);
  const at = layOut(picture, headTop + columns * HEAD_ROW + 6, entry.length * 15 + 10);
  const letters = Math.max(
    Math.min(MAX_SOURCE, Math.max(30, ...picture.rows.map((row) => row.text.length + row.indent))),
    Math.min(MAX_ENTRY, Math.max(...entry.map((line) => line.length))) + 2,
  );
  const labels = headLabels(picture, at, headTop);
  const width = Math.max(at.source + letters * LETTER, labels.right, 560) + MARGIN;
  const legend = legendOf(picture, at, at.bottom + 24, width);
  return drawingToSvg({
    width,
    height: legend.bottom + MARGIN,
    title: `Lock timeline of ${picture.function}()`,
    description: describe(picture),
    defs: patternsOf(picture),
    body: [
      ...shadesOf(at),
      textAt(MARGIN, 20, `${picture.function}()`, { class: 'f-fg big' }),
      textAt(MARGIN, 36, cut(`${picture.file}:${picture.firstLine}`, Math.floor(width / LETTER) - 3), {
        class: 'f-dim',
      }),
      ...notes.map((note, i) =>
        textAt(MARGIN, 51 + i * 15, cut(note, Math.floor(width / LETTER) - 3), { class: 'f-dim' }),
      ),
      ...picture.rows.map((row, i) => rowGroup(row, at.rows[i] as PlacedRow, at, width)),
      ...labels.parts,
      entryText(picture, entry, at, width),
      ...lanes(at),
      ...waysOf(at),
      ...goneOn(at),
      ...at.bars.map((bar) => barGroup(picture, bar)),
      ...legend.parts,
    ],
  });
}

function describe(picture: TimelinePicture): string {
  const locks = picture.tracks.map((track) => `${track.expression} (${track.class})`).join(', ');
  return `${picture.file}, lines ${picture.firstLine} to ${picture.lastLine}, ${situationInWords(picture)}. Locks: ${locks === '' ? 'none' : locks}.`;
}

function situationInWords(picture: TimelinePicture): string {
  const { situation, situations } = picture;
  if (situation >= 0)
    return `situation ${situation + 1} of ${situations.length}: ${situations[situation]?.title ?? ''}`;
  return situations.length === 1
    ? (situations[0]?.title ?? '')
    : `all ${situations.length} situations together`;
}

function notesOf(picture: TimelinePicture): string[] {
  const damaged = picture.damaged
    ? ['The parser did not understand part of this function: the picture may be incomplete.']
    : [];
  return [...damaged, ...picture.unknowns.map((note) => `Unknown: ${note}`)];
}

// ---- head

/** One label a column, each above the ones to its right, so that no line crosses a text. */
function headLabels(
  picture: TimelinePicture,
  at: TimelineLayout,
  top: number,
): { readonly parts: readonly string[]; readonly right: number } {
  const parts: string[] = [];
  let right = 0;
  let row = 0;
  const label = (x: number, strong: string, rest: string, colour: Colour): void => {
    const y = top + row * HEAD_ROW + 11;
    row++;
    parts.push(
      el('path', { class: 's-rule', d: `M${x} ${y - 4}V${at.entry.top}` }),
      el('circle', { class: `f-${colour}`, cx: x, cy: y - 4, r: 3.5 }),
      el(
        'text',
        { x: x + 8, y, class: 'f-fg label' },
        el('tspan', { class: 'strong' }, escapeXml(strong)),
        rest === '' ? '' : el('tspan', { class: 'f-dim', dx: 8 }, escapeXml(rest)),
      ),
    );
    right = Math.max(right, x + 18 + (strong.length * 1.03 + rest.length) * LETTER);
  };
  if (at.hasRcu) label(at.centre(-1), 'RCU', '', 'dim');
  for (const [i, track] of picture.tracks.entries()) {
    const cls = track.expression.endsWith(track.class) ? '' : track.class;
    label(
      at.centre(i),
      track.expression,
      [cls, track.onEntry ? 'held on entry' : ''].filter((x) => x !== '').join(', '),
      colourOf(track.kind),
    );
  }
  return { parts, right };
}

/** How the function is entered, for the band at the top. */
function entryLines(picture: TimelinePicture): readonly string[] {
  const { situation, situations } = picture;
  const one = situations[situation] ?? (situations.length === 1 ? situations[0] : undefined);
  if (one !== undefined) {
    const number = situations.length > 1 ? ` (situation ${situation + 1} of ${situations.length})` : '';
    const shown = one.reached.slice(0, MAX_SITUATIONS);
    const rest = one.reached.length - shown.length;
    return [`entered with ${one.brings}${number} from`, ...shown, ...(rest > 0 ? [`and ${rest} more`] : [])];
  }
  const shown = situations.slice(0, MAX_SITUATIONS);
  const rest = situations.length - shown.length;
  return [
    `entered in ${situations.length} situations, all of them here:`,
    ...shown.map((s, i) => `${i + 1}: ${s.brings}, from ${s.title}`),
    ...(rest > 0 ? [`and ${rest} more`] : []),
  ];
}

function entryText(
  picture: TimelinePicture,
  lines: readonly string[],
  at: TimelineLayout,
  width: number,
): string {
  const { top } = at.entry;
  const all = picture.situations.flatMap((s) => s.reached);
  return el(
    'g',
    { class: 'entry', 'data-line': picture.firstLine },
    titled(all.join('\n')),
    el('path', { class: 's-dim', d: `M${MARGIN} ${top}H${width - MARGIN}` }),
    textAt(NUMBERS, top + 16, 'entry', { class: 'f-dim', 'text-anchor': 'end' }),
    ...lines.map((line, i) =>
      textAt(at.source + (i === 0 ? 0 : 10), top + 16 + i * 15, cut(line, MAX_ENTRY), {
        class: i === 0 ? 'f-dim' : 'f-fg',
      }),
    ),
  );
}

// ---- rows

function rowGroup(row: Row, placed: PlacedRow, at: TimelineLayout, width: number): string {
  const { top, height } = placed;
  const base = top + height / 2 + 4;
  const dead = row.ways.length === 0;
  const sleeps = row.sleeps.map((s) => `${s.what} ${s.sure ? 'sleeps' : 'may sleep'}`);
  const lines =
    row.kind === 'gap' && row.lastLine > row.line ? `${row.line}\u2013${row.lastLine}` : `${row.line}`;
  const title = [
    `line ${lines}`,
    ...(dead
      ? row.text === '}'
        ? []
        : ['no path that is followed comes here']
      : placed.ways.map((way, i) => wayTitle(way, i, row.ways.length))),
    ...sleeps,
  ];
  const more = row.lastLine - row.line + 1;
  return el(
    'g',
    { class: 'row', 'data-line': row.line, 'data-last-line': row.lastLine },
    titled(title.join('\n')),
    el('rect', { class: 'mark', x: 0, y: top, width, height, 'fill-opacity': 0.6 }),
    row.kind === 'gap'
      ? textAt(at.source, base, `\u22ee ${count(more, 'line')}`, { class: 'f-dim small' })
      : textAt(at.source + row.indent * LETTER, base, cut(row.text, Math.max(MAX_SOURCE - row.indent, 20)), {
          class: dead ? 'f-dim' : 'f-fg',
        }),
    row.kind === 'gap'
      ? ''
      : textAt(NUMBERS, base, String(row.line), { class: 'f-dim', 'text-anchor': 'end' }),
    sleepStrip(placed, row),
  );
}

function wayTitle(way: RowWay, index: number, of: number): string {
  const rcu =
    way.rcu === 'none'
      ? ''
      : way.rcu === 'walk'
        ? ', RCU-walk'
        : way.rcu === 'read'
          ? ', RCU read side'
          : ', perhaps RCU';
  const sleep =
    way.maySleep === true
      ? 'may sleep'
      : way.maySleep === false
        ? `must not sleep${way.why.length > 0 ? `: ${way.why.join('; ')}` : ''}`
        : 'not known whether it may sleep';
  return `${of > 1 ? `way ${index + 1} of ${of}: ` : ''}${count(way.held.length, 'lock')} held${rcu}, ${sleep}`;
}

/** Where sleeping is forbidden, and what sleeps. */
function sleepStrip(placed: PlacedRow, row: Row): string {
  const { top, height, ways } = placed;
  const none = ways.length > 0 && ways.every((way) => way.maySleep === false);
  const some = !none && ways.some((way) => way.maySleep !== true);
  const strip =
    none || some
      ? el('path', {
          class: 's-fg',
          'stroke-width': 3,
          'stroke-dasharray': some ? '2 3' : undefined,
          d: `M${SLEEP - 7} ${top}V${top + height}`,
        })
      : '';
  if (row.sleeps.length === 0) return strip;
  const sure = row.sleeps.some((s) => s.sure);
  return (
    strip +
    textAt(SLEEP + 2, top + height / 2 + 4, sure ? 'Z' : 'z', {
      class: 'f-fg strong',
      'text-anchor': 'middle',
    })
  );
}

// ---- shading and ways

/** RCU as shading, a rectangle for rows in a row that have the same. */
function shadesOf(at: TimelineLayout): string[] {
  const out: string[] = [];
  let open: Shade | null = null;
  let [top, bottom] = [0, 0];
  const close = (): void => {
    const box = { x: at.left - 2, y: top, width: at.right - at.left + 4, height: bottom - top };
    if (open !== null) out.push(el('rect', { class: 'shade', fill: `url(#lw-${open})`, ...box }));
    open = null;
  };
  for (const row of [at.entry, ...at.rows]) {
    const shade = shadeOf(row.ways);
    if (shade !== open) {
      close();
      top = row.top;
    }
    open = shade;
    bottom = row.top + row.height;
  }
  close();
  return out;
}

/** The ways that control goes: they part where what they hold differs, and meet again. */
function waysOf(at: TimelineLayout): string[] {
  const lines: string[] = [];
  const marks: string[] = [];
  let before: { readonly count: number; readonly ends: boolean } = {
    count: at.entry.ways.length,
    ends: false,
  };
  const put = (row: PlacedRow, first: boolean): void => {
    const n = row.ways.length;
    const bottom = row.ends ? row.top + row.height / 2 : row.top + row.height;
    const changed = !first && !before.ends && n !== before.count && before.count > 0;
    for (let way = 0; way < n; way++) {
      const x = at.wayX(way, n);
      const top = before.ends || changed ? row.top + 7 : row.top + (first ? 4 : 0);
      lines.push(`M${x} ${top}V${bottom}`);
      if (row.leaves) marks.push(el('rect', { class: 'f-fg', x: x - 3, y: bottom - 2, width: 6, height: 4 }));
    }
    if (changed)
      for (let from = 0; from < before.count; from++)
        for (let to = 0; to < n; to++) {
          if (
            before.count > 1 &&
            n > 1 &&
            from !== to &&
            !(from >= n && to === n - 1) &&
            !(to >= before.count && from === before.count - 1)
          )
            continue;
          const [x, y] = [at.wayX(from, before.count), at.wayX(to, n)];
          lines.push(`M${x} ${row.top}C${x} ${row.top + 5} ${y} ${row.top + 2} ${y} ${row.top + 7}`);
        }
    if (n > 0) before = { count: n, ends: row.ends };
  };
  put(at.entry, true);
  for (const row of at.rows) put(row, false);
  return [el('path', { class: 's-dim', 'stroke-width': 1.5, d: lines.join('') }), ...marks];
}

/** Lines beside the rows that control passes by: the other arm of a branch, the way of a jump. */
function lanes(at: TimelineLayout): string[] {
  const lines: string[] = [];
  const outermost = (row: PlacedRow): number =>
    at.wayX(Math.max(row.ways.length, 1) - 1, Math.max(row.ways.length, 1));
  for (const lane of at.lanes) {
    const x = at.laneX(lane);
    for (const index of lane.from) {
      const row = at.rows[index] as PlacedRow;
      const [from, y] = [outermost(row), row.top + row.height / 2];
      lines.push(`M${from} ${y}H${x - 3}Q${x} ${y} ${x} ${y + 3}`);
    }
    for (const index of lane.to) {
      const row = at.rows[index] as PlacedRow;
      const [to, y] = [outermost(row), row.top + 7];
      lines.push(`M${x} ${y - 3}Q${x} ${y} ${x - 3} ${y}H${to}`);
    }
    const first = at.rows[lane.from[0] as number] as PlacedRow;
    const last = at.rows[lane.to.at(-1) as number] as PlacedRow;
    lines.push(`M${x} ${first.top + first.height / 2 + 3}V${last.top + 4}`);
  }
  return lines.length === 0 ? [] : [el('path', { class: 's-dim pass', d: lines.join('') })];
}

/** Dotted lines beside what gave a lock back and left: whoever did not come there still holds it. */
function goneOn(at: TimelineLayout): string[] {
  const out: string[] = [];
  let last: Bar | null = null;
  for (const bar of at.bars) {
    if (
      last !== null &&
      last.track === bar.track &&
      bar.takenAt === 0 &&
      bar.top > last.bottom &&
      bar.track >= 0
    )
      out.push(`M${at.centre(bar.track)} ${last.bottom + 2}V${bar.top - 1}`);
    if (last === null || last.track !== bar.track || bar.bottom > last.bottom) last = bar;
  }
  return out.length === 0 ? [] : [el('path', { class: 's-dim', 'stroke-dasharray': '1 3', d: out.join('') })];
}
