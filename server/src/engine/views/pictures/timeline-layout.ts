/**
 * Where everything of a lock timeline stands: columns, rows, and the bars that say from where to where a lock is held. Numbers only;
 * must not know SVG.
 */

import type { RowWay, TimelinePicture, TrackHeld } from './timeline.js';
import { type Lane, lanesOf } from './timeline-jumps.js';

export const ROW = 18;
export const GAP = 20;
/** Line numbers end here; then come the strip of sleeping and the ways. */
export const NUMBERS = 48;
export const SLEEP = 62;
const WAYS = 76;
const STRIP = 11;
/** From one line of passing by to the next. */
const LANE = 8;

/** A bar, or a part of one: one way that holds a lock (or the RCU read side: track -1) without a break. */
export interface Bar {
  readonly track: number;
  readonly x: number;
  readonly width: number;
  readonly top: number;
  readonly bottom: number;
  readonly shared: boolean;
  readonly may: boolean;
  readonly walk: boolean;
  /** It begins where it is taken, and ends where it is given back, on this line; 0: neither. */
  readonly takenAt: number;
  readonly droppedAt: number;
  /** The function ends with it. */
  readonly keeps: boolean;
  /** First line that it covers. */
  readonly line: number;
}

export interface PlacedRow {
  readonly top: number;
  readonly height: number;
  /** Ways from left to right. */
  readonly ways: readonly RowWay[];
  /** Control does not go on from here to what stands below. */
  readonly ends: boolean;
  /** It leaves the function, as far as is seen here. */
  readonly leaves: boolean;
}

export interface TimelineLayout {
  readonly rows: readonly PlacedRow[];
  readonly entry: PlacedRow;
  readonly bars: readonly Bar[];
  readonly hasRcu: boolean;
  /** Centre of a track's column; -1: the RCU column. */
  readonly centre: (track: number) => number;
  /** Lines by which control passes rows, and where each stands. */
  readonly lanes: readonly Lane[];
  readonly laneX: (lane: Lane) => number;
  /** Centre of a way's line. */
  readonly wayX: (way: number, of: number) => number;
  /** Where the columns begin and end, and the source begins. */
  readonly left: number;
  readonly right: number;
  readonly source: number;
  readonly bottom: number;
}

/** Places a timeline whose entry band begins at `top`. `entryHeight`: of that band. */
export function layOut(picture: TimelinePicture, top: number, entryHeight: number): TimelineLayout {
  const everything = [picture.entry, ...picture.rows.map((row) => row.ways)];
  const most = Math.max(1, ...everything.map((ways) => ways.length));
  const hasRcu = everything.some((ways) => ways.some((way) => way.rcu !== 'none'));
  const pitch = Math.max(24, most * (STRIP + 2) + 8);
  const waysWidth = Math.max(16, most * 10);
  const lanes = lanesOf(picture.jumps, picture.rows);
  const lanesWidth = lanes.reduce((width, { lane }) => Math.max(width, (lane + 1) * LANE), 0);
  const left = WAYS + waysWidth + lanesWidth + 6;
  const laneX = ({ lane }: Lane): number => WAYS + waysWidth / 2 + ((most - 1) / 2) * 10 + (lane + 1) * LANE;
  const goesOn = new Set(lanes.flatMap(({ from }) => from));
  const first = left + (hasRcu ? pitch : 0);
  const right = first + picture.tracks.length * pitch;
  const centre = (track: number): number => (track < 0 ? left : first + track * pitch) + pitch / 2;
  const wayX = (way: number, of: number): number => WAYS + waysWidth / 2 + (way - (of - 1) / 2) * 10;
  const entry: PlacedRow = {
    top,
    height: entryHeight,
    ways: ordered(picture.entry, []),
    ends: false,
    leaves: false,
  };
  const rows: PlacedRow[] = [];
  let y = top + entryHeight;
  let before = entry.ways;
  for (const [index, row] of picture.rows.entries()) {
    const height = row.kind === 'gap' ? GAP : ROW;
    const ways = ordered(row.ways, before);
    const ends = row.returns || /^\s*(goto|break|continue)\b/.test(row.text);
    rows.push({ top: y, height, ways, ends, leaves: ends && !goesOn.has(index) });
    y += height;
    if (ways.length > 0) before = ways;
  }
  const at = { rows, entry, hasRcu, centre, lanes, laneX, wayX, left, right, source: right + 14, bottom: y };
  return { ...at, bars: barsOf(picture, at) };
}

/** Ways in an order that keeps each below the one that it is most like. */
function ordered(ways: readonly RowWay[], before: readonly RowWay[]): readonly RowWay[] {
  const left = [...ways].sort((a, b) => b.held.length - a.held.length);
  if (left.length < 2 || before.length < 2) return left;
  const out: RowWay[] = [];
  for (const old of before) {
    const likest = left.reduce<RowWay | null>(
      (best, way) => (best === null || alike(way, old) > alike(best, old) ? way : best),
      null,
    );
    if (likest === null) break;
    left.splice(left.indexOf(likest), 1);
    out.push(likest);
  }
  return [...out, ...left];
}

function alike(a: RowWay, b: RowWay): number {
  const common = a.held.filter((x) => b.held.some((y) => y.track === x.track)).length;
  return common * 2 - a.held.length - b.held.length + (a.rcu === b.rcu ? 1 : 0);
}

/** A piece of a bar inside one row. */
interface Piece {
  readonly held: Omit<TrackHeld, 'track'> & { readonly walk: boolean };
  readonly top: number;
  readonly bottom: number;
  readonly takenAt: number;
  readonly droppedAt: number;
  readonly keeps: boolean;
  readonly line: number;
}

type Placed = Omit<TimelineLayout, 'bars'>;

function barsOf(picture: TimelinePicture, placed: Placed): readonly Bar[] {
  const out: Bar[] = [];
  const tracks = [...(placed.hasRcu ? [-1] : []), ...picture.tracks.keys()];
  for (const track of tracks) {
    const open = new Map<string, Bar>();
    const put = (piece: Piece, slot: number, of: number): void => {
      const width = of === 1 ? 14 : STRIP;
      const x = placed.centre(track) + (slot - (of - 1) / 2) * (STRIP + 2) - width / 2;
      const key = `${x}`;
      const old = open.get(key);
      const { held } = piece;
      const bar: Bar = { track, x, width, ...held, ...piece };
      const goesOn =
        old !== undefined &&
        old.bottom === bar.top &&
        old.droppedAt === 0 &&
        bar.takenAt === 0 &&
        !old.keeps &&
        old.shared === bar.shared &&
        old.may === bar.may &&
        old.walk === bar.walk;
      if (!goesOn) {
        if (old !== undefined) out.push(old);
        open.set(key, bar);
      } else open.set(key, { ...old, bottom: bar.bottom, droppedAt: bar.droppedAt, keeps: bar.keeps });
    };
    for (const [slot, way] of placed.entry.ways.entries()) {
      const held = heldOf(way, track);
      const { top, height } = placed.entry;
      if (held !== null)
        put(
          { held, top, bottom: top + height, ...PLAIN, line: picture.firstLine },
          slot,
          placed.entry.ways.length,
        );
    }
    for (const index of picture.rows.keys()) {
      const at = placed.rows[index] as PlacedRow;
      const after = picture.rows
        .slice(index + 1)
        .find((next) => next.ways.some((way) => heldOf(way, track) !== null));
      const later = after?.ways.map((way) => heldOf(way, track)).find((held) => held !== null) ?? null;
      for (const [slot, way] of at.ways.entries())
        for (const piece of piecesIn(picture, index, at, heldOf(way, track), later, track))
          put(piece, slot, at.ways.length);
    }
    out.push(...open.values());
  }
  return out.sort((a, b) => a.track - b.track || a.top - b.top || a.x - b.x);
}

const PLAIN = { takenAt: 0, droppedAt: 0, keeps: false } as const;

/** What a way has of a track, -1 being the RCU read side. */
function heldOf(way: RowWay, track: number): Piece['held'] | null {
  if (track < 0)
    return way.rcu === 'none' ? null : { shared: false, may: way.rcu === 'maybe', walk: way.rcu === 'walk' };
  const held = way.held.find((one) => one.track === track);
  return held === undefined ? null : { shared: held.shared, may: held.may, walk: false };
}

/** `held`: before the row; `later`: how it is held where it is next. */
function piecesIn(
  picture: TimelinePicture,
  index: number,
  at: PlacedRow,
  held: Piece['held'] | null,
  later: Piece['held'] | null,
  track: number,
): readonly Piece[] {
  const row = picture.rows[index];
  if (row === undefined) return [];
  const { line } = row;
  const bottom = at.top + at.height;
  const middle = at.top + at.height / 2;
  const takes = track >= 0 && row.takes.includes(track);
  const drops = track >= 0 && row.drops.includes(track);
  const brought = picture.tracks[track]?.onEntry !== false;
  const out: Piece[] = [];
  if (held !== null)
    out.push({
      held,
      top: at.top,
      bottom: drops || takes ? middle : bottom,
      takenAt: 0,
      droppedAt: drops || takes ? line : 0,
      keeps: row.returns && !drops && !brought && !held.may,
      line,
    });
  if (takes) {
    const how = later ?? held ?? { shared: false, may: false, walk: false };
    const gone = drops && held === null;
    out.push({
      held: how,
      top: gone ? middle - 4 : middle + (held === null ? 0 : 3),
      bottom: gone ? middle + 4 : bottom,
      takenAt: line,
      droppedAt: gone ? line : 0,
      keeps: row.returns && !brought && !how.may,
      line,
    });
  }
  return out;
}
