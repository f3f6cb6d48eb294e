/**
 * The bars of a lock timeline, their colours and patterns: what sleeps, what spins, what is shared and what is held perhaps. Must not
 * know where they stand.
 */
import type { LockKind } from '../../model/types.js';
import { type Colour, el, textAt, titled } from './svg.js';
import type { RowWay, TimelinePicture, Track } from './timeline.js';
import type { Bar } from './timeline-layout.js';

/** RCU as shading of a row. */
export type Shade = 'read' | 'walk' | 'maybe';

/** How a row is shaded: what all its ways have, else `maybe`. */
export function shadeOf(ways: readonly RowWay[]): Shade | null {
  const [first] = ways;
  if (first === undefined || ways.every((way) => way.rcu === 'none')) return null;
  return ways.some((way) => way.rcu !== first.rcu) || first.rcu === 'none' ? 'maybe' : first.rcu;
}

/** A bar with what a pointer is told of it. */
export function barGroup(picture: TimelinePicture, bar: Bar): string {
  const { x, width, top, bottom } = bar;
  const track = picture.tracks[bar.track];
  const colour = track === undefined ? 'dim' : colourOf(track.kind);
  const fill =
    track === undefined ? (bar.walk ? 'walk' : 'read') : `${bar.shared ? 'stripes' : 'full'}-${colour}`;
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
    el('rect', {
      ...box,
      class: `s-${colour}`,
      'stroke-width': 1.2,
      'stroke-dasharray': bar.may ? '3 2' : undefined,
    }),
    bar.takenAt > 0
      ? el('path', { class: 's-fg', 'stroke-width': 2.5, d: `M${x - 2} ${top}H${x + width + 2}` })
      : '',
    bar.droppedAt > 0
      ? el('path', {
          class: 's-fg',
          'stroke-width': 1.5,
          d: `M${x - 2} ${bottom - 3}V${bottom}H${x + width + 2}V${bottom - 3}`,
        })
      : '',
    bar.keeps
      ? el('path', {
          class: 's-fg',
          'stroke-width': 1.5,
          d: `M${x + 2} ${bottom - 4}L${x + width / 2} ${bottom + 1}L${x + width - 2} ${bottom - 4}`,
        })
      : '',
    letters === '' || box.height < 14
      ? ''
      : el('rect', {
          class: 'f-bg',
          x: x + width / 2 - letters.length * 3 - 1,
          y: top + 3,
          width: letters.length * 6 + 2,
          height: 10,
          rx: 2,
        }) +
          textAt(x + width / 2, top + 11, letters, { class: 'f-fg small strong', 'text-anchor': 'middle' }),
  );
}

function barTitle(track: Track | undefined, bar: Bar): string {
  const name =
    track === undefined ? (bar.walk ? 'RCU-walk' : 'RCU read side') : `${track.expression} (${track.class})`;
  const mode = track === undefined ? '' : bar.shared ? ', shared' : ', exclusive';
  const taken = bar.takenAt > 0 ? `\ntaken at line ${bar.takenAt}` : '';
  const dropped =
    bar.droppedAt > 0 ? `\ngiven back at line ${bar.droppedAt}` : bar.keeps ? '\nstill held on return' : '';
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

/** The patterns that bars and shading are filled with. */
export function patternsOf(picture: TimelinePicture): string[] {
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
    pattern(
      'walk',
      9,
      el('rect', { class: 'f-walk', width: 9, height: 9 }),
      el('path', {
        class: 's-other',
        'stroke-width': 0.8,
        'stroke-opacity': 0.5,
        d: 'M0 0L9 9M-1 8L1 10M8 -1L10 1',
      }),
    ),
    pattern(
      'maybe',
      7,
      el('rect', { class: 'f-rcu', width: 7, height: 7, 'fill-opacity': 0.5 }),
      el('circle', { class: 'f-sleeping', cx: 3, cy: 3, r: 0.9, 'fill-opacity': 0.6 }),
    ),
  ];
}
