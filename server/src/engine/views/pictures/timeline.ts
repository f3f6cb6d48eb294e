/**
 * The lock timeline of a function as data: which of its lines matter, and what holds before each of them, way by way, in one of the
 * situations in which it is entered or in all of them. Must not know how it is drawn.
 */
import type { RcuState } from '../../base/finding.js';
import type { Analysis } from '../../contexts/analysis.js';
import { calledName, fnColumn, graphOf, isDamaged } from '../../contexts/cfg.js';
import type { Entry } from '../../contexts/entry-points.js';
import { unknownsOf } from '../../contexts/unknowns.js';
import { Fn, lineAt, OP_STRIDE, Op } from '../../facts/encode.js';
import type { LockKind } from '../../model/types.js';
import type { FunctionRef } from '../../program/program.js';
import { type Along, along, keyOf, mergedWay, situationsOf, type Way, wayInWords } from './situations.js';
import { type Jump, jumpsOf } from './timeline-jumps.js';
import { rowsOf } from './timeline-rows.js';

/** More ways than this at one line are shown as one, in which what only some have is held perhaps. */
const MAX_WAYS = 3;

/** A lock that has a column of its own. */
export interface Track {
  readonly expression: string;
  readonly class: string;
  readonly kind: LockKind;
  /** In the situation that is shown the function is entered with it. */
  readonly onEntry: boolean;
}

/** What a way has of a track. */
export interface TrackHeld {
  readonly track: number;
  readonly shared: boolean;
  readonly may: boolean;
}

export interface RowWay {
  readonly held: readonly TrackHeld[];
  readonly rcu: RcuState;
  readonly maySleep: boolean | 'unknown';
  readonly why: readonly string[];
}

/** A line of the function, or several in which nothing happens. Lines are 1-based. */
export interface Row {
  readonly kind: 'line' | 'gap';
  readonly line: number;
  readonly lastLine: number;
  readonly text: string;
  /** Letters that it is indented by. */
  readonly indent: number;
  /** Empty: no path that is followed comes here in this situation. */
  readonly ways: readonly RowWay[];
  /** Tracks that begin and end here. */
  readonly takes: readonly number[];
  readonly drops: readonly number[];
  /** What may sleep here, in words; `sure`: on every path that comes here. */
  readonly sleeps: readonly { readonly what: string; readonly sure: boolean }[];
  readonly returns: boolean;
}

export interface TimelinePicture {
  readonly file: string;
  readonly function: string;
  readonly firstLine: number;
  readonly lastLine: number;
  readonly damaged: boolean;
  readonly unknowns: readonly string[];
  /** Titles of all situations, with all ways into each. */
  readonly situations: readonly {
    readonly title: string;
    readonly brings: string;
    readonly reached: readonly string[];
  }[];
  /** The one that is shown; -1: all. */
  readonly situation: number;
  readonly tracks: readonly Track[];
  /** What holds at the entry. */
  readonly entry: readonly RowWay[];
  readonly rows: readonly Row[];
  /** Where control passes lines by. */
  readonly jumps: readonly Jump[];
}

/** What was found of one line that runs something. */
export interface LineFacts {
  readonly line: number;
  ways: readonly Way[];
  key: string;
  readonly takes: Set<string>;
  readonly drops: Set<string>;
  readonly sleeps: Map<string, boolean>;
  returns: boolean;
}

/** The timeline of a function; `situation` is a number of `situations`, or -1 for all; `text` is that of its file. */
export function timelineOf(
  analysis: Analysis,
  fn: FunctionRef,
  text: string,
  situation: number,
): TimelinePicture {
  const all = situationsOf(analysis, fn);
  const one = all[situation];
  const chosen = one === undefined ? all : [one];
  const found = along(analysis, fn, chosen);
  const lines = linesOf(
    analysis,
    fn,
    found,
    chosen.flatMap((s) => s.entries),
  );
  const brought = distinct(chosen.map((s) => s.way));
  const group = grouping(brought, lines);
  for (const facts of lines) {
    facts.ways = few(group(facts.ways));
    facts.key = facts.ways.map(keyOf).sort().join('\n');
  }
  const entryWays = few(group(brought));
  const tracks = tracksOf(entryWays, lines, found);
  const { firstLine, lastLine } = spanOf(fn);
  const sourceLines = text.split('\n');
  return {
    file: fn.file.path,
    function: fn.name,
    firstLine,
    lastLine,
    damaged: isDamaged(fn),
    unknowns: unknownsOf(analysis, fn),
    situations: all.map(({ title, reached, way }) => ({ title, brings: wayInWords(way), reached })),
    situation: one === undefined ? -1 : situation,
    tracks: tracks.list,
    entry: entryWays.map((way) => rowWay(way, tracks.number)),
    rows: rowsOf(lines, sourceLines, firstLine, lastLine, entryWays, tracks.number, (way) =>
      rowWay(way, tracks.number),
    ),
    jumps: jumpsOf(fn, (op) => found.at(op).length > 0),
  };
}

function spanOf(fn: FunctionRef): { firstLine: number; lastLine: number } {
  const at = (column: Fn): number => lineAt(fn.file.lineStarts, fnColumn(fn.file, fn.index, column));
  return { firstLine: at(Fn.NameStart), lastLine: at(Fn.End) };
}

function distinct(ways: readonly Way[]): Way[] {
  return [...new Map(ways.map((way) => [keyOf(way), way])).values()];
}

function few(ways: readonly Way[]): readonly Way[] {
  return ways.length > MAX_WAYS ? [mergedWay(ways)] : ways;
}

/**
 * Puts ways together where there would be too many to follow: told apart is then only what the function itself takes and gives back,
 * and not what it is perhaps entered with.
 */
function grouping(
  brought: readonly Way[],
  lines: readonly LineFacts[],
): (ways: readonly Way[]) => readonly Way[] {
  if (Math.max(brought.length, ...lines.map((facts) => facts.ways.length)) <= MAX_WAYS) return (ways) => ways;
  const sure = brought.map((way) => new Set(way.held.filter((l) => l.certainty === 'must').map(trackKey)));
  const always = [...(sure[0] ?? [])].filter((key) => sure.every((set) => set.has(key)));
  const own = (way: Way): string => {
    const has = new Set(way.held.map(trackKey));
    const taken = way.held
      .filter((l) => l.acquiredAt !== 'caller')
      .map((l) => `${trackKey(l)} ${l.mode} ${l.certainty}`);
    return JSON.stringify([taken.sort(), always.filter((key) => has.has(key)), way.rcu, way.maySleep]);
  };
  return (ways) => {
    const groups = new Map<string, Way[]>();
    for (const way of ways) groups.set(own(way), [...(groups.get(own(way)) ?? []), way]);
    return [...groups.values()].map(mergedWay);
  };
}

function trackKey(lock: { readonly expression: string; readonly class: string }): string {
  return `${lock.expression} ${lock.class}`;
}

// ---- lines

function linesOf(
  analysis: Analysis,
  fn: FunctionRef,
  found: Along,
  entries: readonly Entry[],
): readonly LineFacts[] {
  const { file } = fn;
  const firstOp = fnColumn(file, fn.index, Fn.FirstOp);
  const base = fnColumn(file, fn.index, Fn.Start);
  const graph = graphOf(file, fn.index);
  const lines = new Map<number, LineFacts>();
  const startOf = (op: number): number => base + (file.ops[(firstOp + op) * OP_STRIDE + 5] as number);
  const endOf = (op: number): number => base + (file.ops[(firstOp + op) * OP_STRIDE + 6] as number);
  const kindOf = (op: number): Op => file.ops[(firstOp + op) * OP_STRIDE] as Op;
  const lineOf = (op: number): number => lineAt(file.lineStarts, startOf(op));
  const factsAt = (line: number): LineFacts => {
    let facts = lines.get(line);
    if (facts === undefined) {
      facts = {
        line,
        ways: [],
        key: '',
        takes: new Set(),
        drops: new Set(),
        sleeps: new Map(),
        returns: false,
      };
      lines.set(line, facts);
    }
    return facts;
  };
  for (let block = 0; block < graph.blockCount; block++) {
    if ((graph.order[block] as number) < 0) continue;
    const end = graph.blockStart[block + 1] as number;
    for (let op = graph.blockStart[block] as number; op < end; op++) {
      const kind = kindOf(op);
      // goto, break and continue; other jumps are no statements
      if (kind === Op.Jump && endOf(op) <= startOf(op)) continue;
      const facts = factsAt(lineOf(op));
      const ways = found.at(op);
      if (facts.ways.length === 0 && kind !== Op.Stop) facts.ways = ways;
      if (kind === Op.Return && ways.length > 0) facts.returns = true;
      const after =
        op + 1 < end && !leaves(kind)
          ? found.at(op + 1)
          : (graph.successors[block] ?? []).flatMap((s) => found.at(graph.blockStart[s] as number));
      if (kind === Op.Call || kind === Op.Guard || kind === Op.Cleanup) noteChanges(facts, ways, after);
    }
  }
  for (const sleep of analysis.results[fn.id]?.sleeps ?? []) {
    const fits = entries.some((entry) => analysis.propagation?.meet(entry, sleep.facts) !== null);
    const facts = lines.get(lineOf(sleep.op));
    if (!fits || facts === undefined || facts.ways.length === 0) continue;
    noteSleep(facts, `${sleep.what}()`, sleep.certain && !sleep.guarded);
  }
  for (const edge of analysis.results[fn.id]?.edges ?? []) {
    const facts = lines.get(lineOf(edge.op));
    if (facts === undefined || facts.ways.length === 0 || edge.context !== 'now') continue;
    // An effect says once what several calls do
    if (sleepsAnyway(analysis, edge.callee)) noteSleep(facts, `${nameOf(analysis, edge.callee)}()`, false);
  }
  for (let op = 0; op < graph.opCount; op++) {
    const name = calledName(fn, op);
    const facts = name === '' ? undefined : lines.get(lineOf(op));
    if (facts === undefined || facts.ways.length === 0) continue;
    if (analysis.model.helpers.get(name)?.sleeps === true) noteSleep(facts, `${name}()`, false);
  }
  return [...lines.values()].sort((a, b) => a.line - b.line);
}

function noteSleep(facts: LineFacts, what: string, sure: boolean): void {
  facts.sleeps.set(what, (facts.sleeps.get(what) ?? false) || sure);
}

function nameOf(analysis: Analysis, fn: number): string {
  return analysis.program.functions[fn]?.name ?? '?';
}

/** Whether a function may sleep whatever it is called with. */
function sleepsAnyway(analysis: Analysis, fn: number): boolean {
  return analysis.results[fn]?.sleeps.some((s) => s.facts.length === 0) === true;
}

function leaves(kind: Op): boolean {
  return (
    kind === Op.Jump || kind === Op.Branch || kind === Op.Switch || kind === Op.Return || kind === Op.Stop
  );
}

/** Notes what ways after an operation have and none before it had, and the other way round. */
function noteChanges(facts: LineFacts, before: readonly Way[], after: readonly Way[]): void {
  if (before.length === 0 || after.length === 0) return;
  const had = new Set(before.flatMap(namesIn));
  const has = new Set(after.flatMap(namesIn));
  for (const name of has) if (!had.has(name)) facts.takes.add(name);
  for (const name of had) if (!has.has(name)) facts.drops.add(name);
}

/** Locks and the RCU read side; the latter under a name that no lock has. */
function namesIn(way: Way): string[] {
  const names = way.held.map(trackKey);
  return way.rcu === 'none' ? names : [...names, RCU_NAME];
}

const RCU_NAME = '@rcu';

// ---- tracks

function tracksOf(
  entry: readonly Way[],
  lines: readonly LineFacts[],
  found: Along,
): { readonly list: readonly Track[]; readonly number: ReadonlyMap<string, number> } {
  const list: Track[] = [];
  const number = new Map<string, number>();
  const add = (way: Way, onEntry: boolean): void => {
    for (const lock of way.held) {
      const key = trackKey(lock);
      if (number.has(key)) continue;
      number.set(key, list.length);
      const { expression } = lock;
      list.push({ expression, class: lock.class, kind: found.kinds.get(lock.class) ?? 'mutex', onEntry });
    }
  };
  for (const way of entry) add(way, true);
  for (const line of lines) for (const way of line.ways) add(way, false);
  return { list, number };
}

/** A way in terms of tracks. */
function rowWay(way: Way, number: ReadonlyMap<string, number>): RowWay {
  const held = new Map<number, TrackHeld>();
  for (const lock of way.held) {
    const track = number.get(trackKey(lock));
    if (track === undefined) continue;
    const old = held.get(track);
    const shared = lock.mode === 'shared' && (old?.shared ?? true);
    held.set(track, { track, shared, may: lock.certainty === 'may' && (old?.may ?? true) });
  }
  const { rcu, maySleep, why } = way;
  return { held: [...held.values()].sort((a, b) => a.track - b.track), rcu, maySleep, why };
}
