/**
 * Which lines of a function a lock timeline shows, and what stands between them. Must not know how the locks were found.
 */
import { keyOf, type Way } from './situations.js';
import type { LineFacts, Row, RowWay } from './timeline.js';

/** Rows from the first line to the last; `number`: of a track, by name; `inTracks`: a way in terms of them. */
export function rowsOf(
  lines: readonly LineFacts[],
  source: readonly string[],
  firstLine: number,
  lastLine: number,
  entry: readonly Way[],
  number: ReadonlyMap<string, number>,
  inTracks: (way: Way) => RowWay,
): readonly Row[] {
  const shown = shownLines(lines, source, firstLine, lastLine);
  const byLine = new Map(lines.map((facts) => [facts.line, facts]));
  const rows: Row[] = [];
  const textOf = textsOf(source, firstLine);
  const order = lines.map((facts) => facts.line);
  const keyOfAll = (all: readonly Way[]): string => all.map(keyOf).sort().join('\n');
  /** A line that runs nothing belongs to what comes after it. */
  const factsFrom = (line: number): LineFacts | undefined =>
    byLine.get(order.find((other) => other >= line) ?? -1);
  let ways: readonly Way[] = entry;
  let gap: { from: number; sleeps: Map<string, boolean> } | null = null;
  const close = (before: number): void => {
    if (gap !== null && gap.from < before)
      rows.push({
        ...NOTHING,
        kind: 'gap',
        line: gap.from,
        lastLine: before - 1,
        ways: ways.map((way) => inTracks(way)),
        sleeps: [...gap.sleeps].map(([what, sure]) => ({ what, sure })),
      });
    gap = null;
  };
  for (let line = firstLine; line <= lastLine; line++) {
    const facts = byLine.get(line);
    if (!shown.has(line)) {
      const here = factsFrom(line)?.ways ?? ways;
      if (gap !== null && keyOfAll(here) !== keyOfAll(ways)) close(line);
      gap ??= { from: line, sleeps: new Map() };
      ways = here;
      for (const [what, sure] of facts?.sleeps ?? []) gap.sleeps.set(what, sure);
      continue;
    }
    close(line);
    if (line > firstLine) ways = factsFrom(line)?.ways ?? [];
    const tracksIn = (names: Iterable<string> | undefined): number[] =>
      [...(names ?? [])].map((name) => number.get(name)).filter((track) => track !== undefined);
    rows.push({
      kind: 'line',
      line,
      lastLine: line,
      ...textOf(line),
      ways: ways.map((way) => inTracks(way)),
      takes: tracksIn(facts?.takes),
      drops: tracksIn(facts?.drops),
      sleeps: [...(facts?.sleeps ?? [])].map(([what, sure]) => ({ what, sure })),
      returns: facts?.returns ?? false,
    });
  }
  close(lastLine + 1);
  return rows;
}

const NOTHING = { text: '', indent: 0, takes: [], drops: [], sleeps: [], returns: false } as const;

/** Lines that matter: where something changes, sleeps in a narrow place or returns, with the heads of what they stand in. */
function shownLines(
  lines: readonly LineFacts[],
  source: readonly string[],
  firstLine: number,
  lastLine: number,
): ReadonlySet<number> {
  const shown = new Set<number>([firstLine, lastLine]);
  for (const [i, facts] of lines.entries()) {
    const next = lines[i + 1];
    const changes = facts.takes.size > 0 || facts.drops.size > 0;
    const narrow = facts.sleeps.size > 0 && facts.ways.some((way) => way.maySleep !== true);
    // What follows in the text does not follow in time
    const parts = next !== undefined && next.key !== facts.key && TURN.test(source[facts.line - 1] ?? '');
    if (changes || narrow || facts.returns || parts) shown.add(facts.line);
  }
  // Where little else is to be seen, what sleeps is
  const sleeping = lines.filter((facts) => facts.sleeps.size > 0);
  if (shown.size < FEW && sleeping.length < 2 * FEW) for (const facts of sleeping) shown.add(facts.line);
  for (const line of [...shown]) for (const head of headsOf(source, line, firstLine)) shown.add(head);
  return shown;
}

/** Lines above that a line is indented below, and a label right above it. */
function headsOf(source: readonly string[], line: number, firstLine: number): number[] {
  const heads: number[] = [];
  if (LABEL.test(source[line - 2] ?? '') && line - 1 > firstLine) heads.push(line - 1);
  let indent = indentOf(source[line - 1] ?? '');
  for (let at = line - 1; at > firstLine && indent > TAB; at--) {
    const text = source[at - 1] ?? '';
    if (text.trim() === '' || LABEL.test(text) || text.startsWith('#')) continue;
    const here = indentOf(text);
    if (here >= indent) continue;
    indent = here;
    if (!/^[\s{}]*$/.test(text) && HEAD.test(text)) heads.push(at);
  }
  return heads;
}

const FEW = 12;
const TAB = 8;
const LABEL = /^\s*\w+:\s*(\/\*.*)?$/;
const TURN = /\b(if|else|while|for|switch|case|default|goto|break|continue)\b/;
const HEAD = /\b(if|else|while|for|do|switch|case|default|scoped_guard|\w*for_each\w*)\b/;

function indentOf(text: string): number {
  let width = 0;
  for (const c of text)
    if (c === '\t') width += TAB - (width % TAB);
    else if (c === ' ') width++;
    else break;
  return width;
}

/** Texts of lines, tabs four wide. */
function textsOf(
  source: readonly string[],
  firstLine: number,
): (line: number) => { readonly text: string; readonly indent: number } {
  return (line) => {
    const text = source[line - 1] ?? '';
    const indent = line === firstLine ? 0 : Math.floor(indentOf(text) / 2);
    return { text: text.trim().replaceAll('\t', ' '), indent };
  };
}
