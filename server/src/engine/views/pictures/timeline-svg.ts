/**
 * The lock timeline as SVG: lines go down, locks are bars, ways that differ stand side by side, RCU is shading. Lines carry
 * `data-line`, so that whoever shows it can go there and follow the cursor. Must not know how anything was found.
 */
import type { LockKind } from '../../model/types.js';
import { count } from '../../findings/wording.js';
import { type Colour, cut, drawingToSvg, el, escapeXml, LETTER, textAt, titled } from './svg.js';
import type { Row, RowWay, TimelinePicture, Track } from './timeline.js';
import { type Bar, layOut, NUMBERS, type PlacedRow, SLEEP, type TimelineLayout } from './timeline-layout.js';

const HEAD_ROW = 16;
const MAX_SOURCE = 78;
const MAX_ENTRY = 96;
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
    Math.min(MAX_ENTRY, ...[Math.max(...entry.map((line) => line.length))]),
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
      textAt(MARGIN, 36, cut(`${picture.file}:${picture.firstLine}`, Math.floor(width / LETTER) - 3), { class: 'f-dim' }),
      ...notes.map((note, i) =>
        textAt(MARGIN, 51 + i * 15, cut(note, Math.floor(width / LETTER) - 3), { class: 'f-dim' }),
      ),
      ...picture.rows.map((row, i) => rowGroup(row, at.rows[i] as PlacedRow, at, width)),
      ...labels.parts,
      entryText(picture, entry, at, width),
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
  if (situation >= 0) return `situation ${situation + 1} of ${situations.length}: ${situations[situation]?.title ?? ''}`;
  return situations.length === 1 ? (situations[0]?.title ?? '') : `all ${situations.length} situations together`;
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
    label(at.centre(i), track.expression, [cls, track.onEntry ? 'held on entry' : ''].filter((x) => x !== '').join(', '), colourOf(track.kind));
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

function entryText(picture: TimelinePicture, lines: readonly string[], at: TimelineLayout, width: number): string {
  const { top } = at.entry;
  const all = picture.situations.flatMap((s) => s.reached);
  return el(
    'g',
    { class: 'entry', 'data-line': picture.firstLine },
    titled(all.join('\n')),
    el('path', { class: 's-dim', d: `M${MARGIN} ${top}H${width - MARGIN}` }),
    textAt(NUMBERS, top + 16, 'entry', { class: 'f-dim', 'text-anchor': 'end' }),
    ...lines.map((line, i) =>
      textAt(at.source + (i === 0 ? 0 : 10), top + 16 + i * 15, cut(line, MAX_ENTRY), { class: i === 0 ? 'f-dim' : 'f-fg' }),
    ),
  );
}

// ---- rows

function rowGroup(row: Row, placed: PlacedRow, at: TimelineLayout, width: number): string {
  const { top, height } = placed;
  const base = top + height / 2 + 4;
  const dead = row.ways.length === 0;
  const sleeps = row.sleeps.map((s) => `${s.what} ${s.sure ? 'sleeps' : 'may sleep'}`);
  const lines = row.kind === 'gap' && row.lastLine > row.line ? `${row.line}\u2013${row.lastLine}` : `${row.line}`;
  const title = [
    `line ${lines}`,
    ...(dead ? ['no path that is followed comes here'] : row.ways.map((way, i) => wayTitle(way, i, row.ways.length))),
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
      : textAt(at.source + row.indent * LETTER, base, cut(row.text, Math.max(MAX_SOURCE - row.indent, 20)), { class: dead ? 'f-dim' : 'f-fg' }),
    row.kind === 'gap' ? '' : textAt(NUMBERS, base, String(row.line), { class: 'f-dim', 'text-anchor': 'end' }),
    sleepStrip(placed, row),
  );
}

function wayTitle(way: RowWay, index: number, of: number): string {
  const rcu = way.rcu === 'none' ? '' : way.rcu === 'walk' ? ', RCU-walk' : way.rcu === 'read' ? ', RCU read side' : ', perhaps RCU';
  const sleep = way.maySleep === true ? 'may sleep' : way.maySleep === false ? `must not sleep${way.why.length > 0 ? `: ${way.why.join('; ')}` : ''}` : 'not known whether it may sleep';
  return `${of > 1 ? `way ${index + 1} of ${of}: ` : ''}${count(way.held.length, 'lock')} held${rcu}, ${sleep}`;
}

/** Where sleeping is forbidden, and what sleeps. */
function sleepStrip(placed: PlacedRow, row: Row): string {
  const { top, height, ways } = placed;
  const none = ways.length > 0 && ways.every((way) => way.maySleep === false);
  const some = !none && ways.some((way) => way.maySleep !== true);
  const strip = none || some
    ? el('path', { class: 's-fg', 'stroke-width': 3, 'stroke-dasharray': some ? '2 3' : undefined, d: `M${SLEEP - 7} ${top}V${top + height}` })
    : '';
  if (row.sleeps.length === 0) return strip;
  const sure = row.sleeps.some((s) => s.sure);
  return strip + textAt(SLEEP + 2, top + height / 2 + 4, sure ? 'Z' : 'z', { class: 'f-fg strong', 'text-anchor': 'middle' });
}

// ---- shading and ways

type Shade = 'read' | 'walk' | 'maybe';

/** How a row is shaded: what all its ways have, else `maybe`. */
function shadeOf(ways: readonly RowWay[]): Shade | null {
  const [first] = ways;
  if (first === undefined || ways.every((way) => way.rcu === 'none')) return null;
  return ways.some((way) => way.rcu !== first.rcu) || first.rcu === 'none' ? 'maybe' : first.rcu;
}

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
  let before: { readonly count: number; readonly ends: boolean } = { count: at.entry.ways.length, ends: false };
  const put = (row: PlacedRow, first: boolean): void => {
    const n = row.ways.length;
    const bottom = row.ends ? row.top + row.height / 2 : row.top + row.height;
    const changed = !first && !before.ends && n !== before.count && before.count > 0;
    for (let way = 0; way < n; way++) {
      const x = at.wayX(way, n);
      const top = before.ends || changed ? row.top + 7 : row.top + (first ? 4 : 0);
      lines.push(`M${x} ${top}V${bottom}`);
      if (row.ends) marks.push(el('rect', { class: 'f-fg', x: x - 3, y: bottom - 2, width: 6, height: 4 }));
    }
    if (changed)
      for (let from = 0; from < before.count; from++)
        for (let to = 0; to < n; to++) {
          if (before.count > 1 && n > 1 && from !== to && !(from >= n && to === n - 1) && !(to >= before.count && from === before.count - 1)) continue;
          const [x, y] = [at.wayX(from, before.count), at.wayX(to, n)];
          lines.push(`M${x} ${row.top}C${x} ${row.top + 5} ${y} ${row.top + 2} ${y} ${row.top + 7}`);
        }
    if (n > 0) before = { count: n, ends: row.ends };
  };
  put(at.entry, true);
  for (const row of at.rows) put(row, false);
  return [el('path', { class: 's-dim', 'stroke-width': 1.5, d: lines.join('') }), ...marks];
}

/** Dotted lines beside what gave a lock back and left: whoever did not come there still holds it. */
function goneOn(at: TimelineLayout): string[] {
  const out: string[] = [];
  let last: Bar | null = null;
  for (const bar of at.bars) {
    if (last !== null && last.track === bar.track && bar.takenAt === 0 && bar.top > last.bottom && bar.track >= 0)
      out.push(`M${at.centre(bar.track)} ${last.bottom + 2}V${bar.top - 1}`);
    if (last === null || last.track !== bar.track || bar.bottom > last.bottom) last = bar;
  }
  return out.length === 0 ? [] : [el('path', { class: 's-dim', 'stroke-dasharray': '1 3', d: out.join('') })];
}

// ---- bars

function barGroup(picture: TimelinePicture, bar: Bar): string {
  const { x, width, top, bottom } = bar;
  const track = picture.tracks[bar.track];
  const colour = track === undefined ? 'dim' : colourOf(track.kind);
  const fill = track === undefined ? (bar.walk ? 'walk' : 'read') : `${bar.shared ? 'stripes' : 'full'}-${colour}`;
  const box = { x, y: top, width, height: Math.max(bottom - top, 2) };
  const letter = bar.track < 0 ? (bar.walk ? 'W' : 'R') : bar.shared ? 'S' : '';
  const letters = `${letter}${bar.may ? '?' : ''}`;
  const line = bar.takenAt > 0 ? bar.takenAt : bar.line;
  return el(
    'g',
    { class: 'bar', 'data-line': line, 'data-track': bar.track },
    titled(barTitle(track, bar)),
    el('rect', {
      ...box,
      fill: `url(#lw-${fill})`,
      'fill-opacity': bar.may ? 0.4 : 1,
    }),
    el('rect', { ...box, class: `s-${colour}`, 'stroke-width': 1.2, 'stroke-dasharray': bar.may ? '3 2' : undefined }),
    bar.takenAt > 0 ? el('path', { class: 's-fg', 'stroke-width': 2.5, d: `M${x - 2} ${top}H${x + width + 2}` }) : '',
    bar.droppedAt > 0 ? el('path', { class: 's-fg', 'stroke-width': 1.5, d: `M${x - 2} ${bottom - 3}V${bottom}H${x + width + 2}V${bottom - 3}` }) : '',
    bar.keeps ? el('path', { class: 's-fg', 'stroke-width': 1.5, d: `M${x + 2} ${bottom - 4}L${x + width / 2} ${bottom + 1}L${x + width - 2} ${bottom - 4}` }) : '',
    letters === '' || box.height < 14
      ? ''
      : el('rect', { class: 'f-bg', x: x + width / 2 - letters.length * 3 - 1, y: top + 3, width: letters.length * 6 + 2, height: 10, rx: 2 }) +
          textAt(x + width / 2, top + 11, letters, { class: 'f-fg small strong', 'text-anchor': 'middle' }),
  );
}

function barTitle(track: Track | undefined, bar: Bar): string {
  const name = track === undefined ? (bar.walk ? 'RCU-walk' : 'RCU read side') : `${track.expression} (${track.class})`;
  const mode = track === undefined ? '' : bar.shared ? ', shared' : ', exclusive';
  const taken = bar.takenAt > 0 ? `\ntaken at line ${bar.takenAt}` : '';
  const dropped = bar.droppedAt > 0 ? `\ngiven back at line ${bar.droppedAt}` : bar.keeps ? '\nstill held on return' : '';
  return `${name}${mode}${bar.may ? ', perhaps' : ''}${taken}${dropped}`;
}

/** One colour for locks that sleep, one for those that spin. */
export function colourOf(kind: LockKind): Colour {
  switch (kind) {
    case 'mutex':
    case 'semaphore':
    case 'folio':
      return 'sleeping';
    case 'rwsem':
    case 'percpu-rwsem':
      return 'rwsem';
    case 'spin':
    case 'rwlock':
    case 'bit':
    case 'seqwrite':
      return 'spinning';
    default:
      return 'other';
  }
}

function patternsOf(picture: TimelinePicture): string[] {
  const colours = new Set<Colour>(['sleeping', ...picture.tracks.map((track) => colourOf(track.kind))]);
  const pattern = (id: string, size: number, ...parts: string[]): string =>
    el('pattern', { id: `lw-${id}`, width: size, height: size, patternUnits: 'userSpaceOnUse' }, ...parts);
  return [
    ...[...colours].flatMap((colour) => [
      pattern(`full-${colour}`, 8, el('rect', { class: `f-${colour}`, width: 8, height: 8 })),
      pattern(
        `stripes-${colour}`,
        6,
        el('rect', { class: 'f-bg', width: 6, height: 6 }),
        el('path', { class: `s-${colour}`, 'stroke-width': 2, d: 'M-1 1L1 -1M0 6L6 0M5 7L7 5' }),
      ),
    ]),
    pattern('read', 8, el('rect', { class: 'f-rcu', width: 8, height: 8 })),
    pattern('walk', 9, el('rect', { class: 'f-walk', width: 9, height: 9 }), el('path', { class: 's-other', 'stroke-width': 0.8, 'stroke-opacity': 0.5, d: 'M0 0L9 9M-1 8L1 10M8 -1L10 1' })),
    pattern('maybe', 7, el('rect', { class: 'f-rcu', width: 7, height: 7, 'fill-opacity': 0.5 }), el('circle', { class: 'f-sleeping', cx: 3, cy: 3, r: 0.9, 'fill-opacity': 0.6 })),
  ];
}

// ---- legend

/** Says only what the picture has. */
function legendOf(
  picture: TimelinePicture,
  at: TimelineLayout,
  top: number,
  width: number,
): { readonly parts: readonly string[]; readonly bottom: number } {
  const { bars } = at;
  const kinds = new Set(picture.tracks.map((track) => colourOf(track.kind)));
  const rows = [at.entry, ...at.rows];
  const shades = new Set(rows.map((row) => shadeOf(row.ways)));
  const entries: (readonly [string, string])[] = [];
  const swatch = (colour: Colour, shared: boolean, may: boolean): string =>
    el('rect', { x: 0, y: -9, width: 12, height: 11, fill: `url(#lw-${shared ? 'stripes' : 'full'}-${colour})`, 'fill-opacity': may ? 0.4 : 1 }) +
    el('rect', { x: 0, y: -9, width: 12, height: 11, class: `s-${colour}`, 'stroke-dasharray': may ? '3 2' : undefined });
  const some = kinds.has('sleeping') ? 'sleeping' : ([...kinds][0] ?? 'sleeping');
  const sharedTrack = picture.tracks[bars.find((bar) => bar.shared)?.track ?? -1];
  const sharedColour = sharedTrack === undefined ? some : colourOf(sharedTrack.kind);
  if (kinds.has('sleeping')) entries.push([swatch('sleeping', false, false), 'mutex']);
  if (kinds.has('rwsem')) entries.push([swatch('rwsem', false, false), 'rwsem']);
  if (kinds.has('spinning')) entries.push([swatch('spinning', false, false), 'spinning']);
  if (kinds.has('other')) entries.push([swatch('other', false, false), 'other']);
  if (bars.some((bar) => bar.shared)) entries.push([swatch(sharedColour, true, false), 'shared (S)']);
  if (bars.some((bar) => bar.may)) entries.push([swatch(some, false, true), 'perhaps (?)']);
  if (bars.some((bar) => bar.takenAt > 0)) entries.push([el('path', { class: 's-fg', 'stroke-width': 2.5, d: 'M0 -4H13' }), 'taken']);
  if (bars.some((bar) => bar.droppedAt > 0)) entries.push([el('path', { class: 's-fg', 'stroke-width': 1.5, d: 'M0 -7V-3H13V-7' }), 'given back']);
  if (bars.some((bar) => bar.keeps)) entries.push([el('path', { class: 's-fg', 'stroke-width': 1.5, d: 'M2 -7L6 -2L10 -7' }), 'held on return']);
  const shade = (name: Shade): string => el('rect', { x: 0, y: -9, width: 14, height: 11, fill: `url(#lw-${name})` });
  if (shades.has('read')) entries.push([shade('read'), 'RCU read side (R)']);
  if (shades.has('walk')) entries.push([shade('walk'), 'RCU-walk (W)']);
  if (shades.has('maybe')) entries.push([shade('maybe'), 'RCU on some ways']);
  const ways = rows.flatMap((row) => row.ways);
  if (ways.some((way) => way.maySleep === false)) entries.push([el('path', { class: 's-fg', 'stroke-width': 3, d: 'M5 -10V2' }), 'must not sleep']);
  if (picture.rows.some((row) => row.sleeps.length > 0)) entries.push([textAt(0, 0, 'Zz', { class: 'f-fg strong' }), 'sleeps, may sleep']);
  if (at.rows.some((row) => row.ends)) entries.push([el('rect', { class: 'f-fg', x: 3, y: -6, width: 6, height: 4 }), 'leaves here']);
  const parts: string[] = [el('path', { class: 's-rule', d: `M${MARGIN} ${top - 16}H${width - MARGIN}` })];
  let x = MARGIN;
  let y = top + 4;
  for (const [sign, text] of entries) {
    const needed = 20 + text.length * LETTER + 14;
    if (x + needed > width && x > MARGIN) {
      x = MARGIN;
      y += 18;
    }
    parts.push(el('g', { transform: `translate(${x} ${y})`, class: 'legend' }, sign, textAt(19, 0, text, { class: 'f-dim' })));
    x += needed;
  }
  return { parts, bottom: y };
}
