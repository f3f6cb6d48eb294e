/**
 * The legend of a lock timeline: what its signs mean, and only of those that it has.
 */
import { type Colour, el, LETTER, textAt } from './svg.js';
import type { TimelinePicture } from './timeline.js';
import { colourOf, type Shade, shadeOf } from './timeline-bars.js';
import type { TimelineLayout } from './timeline-layout.js';

const MARGIN = 10;

/** Says only what the picture has. */
export function legendOf(
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
    el('rect', {
      x: 0,
      y: -9,
      width: 12,
      height: 11,
      fill: `url(#lw-${shared ? 'stripes' : 'full'}-${colour})`,
      'fill-opacity': may ? 0.4 : 1,
    }) +
    el('rect', {
      x: 0,
      y: -9,
      width: 12,
      height: 11,
      class: `s-${colour}`,
      'stroke-dasharray': may ? '3 2' : undefined,
    });
  const some = kinds.has('sleeping') ? 'sleeping' : ([...kinds][0] ?? 'sleeping');
  const sharedTrack = picture.tracks[bars.find((bar) => bar.shared)?.track ?? -1];
  const sharedColour = sharedTrack === undefined ? some : colourOf(sharedTrack.kind);
  if (kinds.has('sleeping')) entries.push([swatch('sleeping', false, false), 'mutex']);
  if (kinds.has('rwsem')) entries.push([swatch('rwsem', false, false), 'rwsem']);
  if (kinds.has('spinning')) entries.push([swatch('spinning', false, false), 'spinning']);
  if (kinds.has('other')) entries.push([swatch('other', false, false), 'other']);
  if (bars.some((bar) => bar.shared)) entries.push([swatch(sharedColour, true, false), 'shared (S)']);
  if (bars.some((bar) => bar.may)) entries.push([swatch(some, false, true), 'perhaps (?)']);
  if (bars.some((bar) => bar.takenAt > 0))
    entries.push([el('path', { class: 's-fg', 'stroke-width': 2.5, d: 'M0 -4H13' }), 'taken']);
  if (bars.some((bar) => bar.droppedAt > 0))
    entries.push([el('path', { class: 's-fg', 'stroke-width': 1.5, d: 'M0 -7V-3H13V-7' }), 'given back']);
  if (bars.some((bar) => bar.keeps))
    entries.push([
      el('path', { class: 's-fg', 'stroke-width': 1.5, d: 'M2 -7L6 -2L10 -7' }),
      'held on return',
    ]);
  const shade = (name: Shade): string =>
    el('rect', { x: 0, y: -9, width: 14, height: 11, fill: `url(#lw-${name})` });
  if (shades.has('read')) entries.push([shade('read'), 'RCU read side (R)']);
  if (shades.has('walk')) entries.push([shade('walk'), 'RCU-walk (W)']);
  if (shades.has('maybe')) entries.push([shade('maybe'), 'RCU on some ways']);
  const ways = rows.flatMap((row) => row.ways);
  if (ways.some((way) => way.maySleep === false))
    entries.push([el('path', { class: 's-fg', 'stroke-width': 3, d: 'M5 -10V2' }), 'must not sleep']);
  if (picture.rows.some((row) => row.sleeps.length > 0))
    entries.push([textAt(0, 0, 'Zz', { class: 'f-fg strong' }), 'sleeps, may sleep']);
  if (at.lanes.length > 0)
    entries.push([
      el('path', { class: 's-dim', d: 'M2 -10V2M2 -8H7Q9 -8 9 -6V-2Q9 0 7 0H2' }),
      'passes lines by',
    ]);
  if (at.rows.some((row) => row.leaves))
    entries.push([el('rect', { class: 'f-fg', x: 3, y: -6, width: 6, height: 4 }), 'leaves here']);
  const parts: string[] = [el('path', { class: 's-rule', d: `M${MARGIN} ${top - 16}H${width - MARGIN}` })];
  let x = MARGIN;
  let y = top + 4;
  for (const [sign, text] of entries) {
    const needed = 20 + text.length * LETTER + 14;
    if (x + needed > width && x > MARGIN) {
      x = MARGIN;
      y += 18;
    }
    parts.push(
      el(
        'g',
        { transform: `translate(${x} ${y})`, class: 'legend' },
        sign,
        textAt(19, 0, text, { class: 'f-dim' }),
      ),
    );
    x += needed;
  }
  return { parts, bottom: y };
}
