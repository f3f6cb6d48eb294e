/**
 * The hover in words: Markdown for editors that render it, with tables only where states differ. Uses the kernel's own terms and
 * no decoration. Must not know editors or URIs: who wants links hands in a function that makes them.
 */
import type { RcuState } from '../base/finding.js';
import type { CardLock, HoverAnswer, NamedPlace } from '../base/hover.js';
import { wordSlot } from '../findings/wording.js';
import { type HoverCard, type HoverGroup, hoverCard, type Reached } from './hover-card.js';
import { subjectMarkdown } from './subject-markdown.js';

/** States shown in full; the rest are counted. */
export const MAX_GROUPS = 5;
/** Ways of reaching a state that are listed; the rest are counted. */
export const MAX_REACHED = 4;
/** The same in a row of a table. */
const MAX_IN_ROW = 2;
/** Functions of a path that are named: the first ones and the last. */
const MAX_PATH = 4;
/** Callers that took a lock. */
const MAX_TAKERS = 2;

/** How places and names are written. */
export interface HoverStyle {
  /** A place as a link target, or null where it cannot be linked. */
  link(file: string, line: number): string | null;
  /** The page of a method's contract as a link target, or null. */
  page(struct: string, method: string): string | null;
}

/** Markdown of all that is known at a position. */
export function hoverMarkdown(answer: HoverAnswer, style: HoverStyle): string {
  const parts: string[] = [];
  if (answer.subject !== null) parts.push(subjectMarkdown(answer.subject, style));
  if (answer.function !== '') parts.push(cardMarkdown(hoverCard(answer), style, answer.atEntry));
  return parts.join('\n\n---\n\n');
}

/** Markdown of a card: what is held at a point, on entry of its function or just before its line runs. */
export function cardMarkdown(card: HoverCard, style: HoverStyle, atEntry: boolean): string {
  const paragraphs = statesMarkdown(card.groups, card.file, style, atEntry ? 'Held on entry' : 'Held here');
  if (card.groups.length > MAX_GROUPS)
    paragraphs.push(
      `${card.groups.length - MAX_GROUPS} more: \`lockwalk contexts ${card.file}:${card.line}\``,
    );
  if (card.damaged)
    paragraphs.push('The parser did not understand part of this function: this may be incomplete.');
  if (card.notBuilt) paragraphs.push('Not built in this configuration: answered as if it were.');
  if (card.unknowns.length > 0) paragraphs.push(`*Not known:* ${card.unknowns.map(codeNames).join('; ')}.`);
  return paragraphs.join('\n\n');
}

/** Paragraphs that say some states: one in a line, several side by side in a table of what they differ in. */
export function statesMarkdown(
  groups: readonly HoverGroup[],
  file: string,
  style: HoverStyle,
  title: string,
): string[] {
  const [first, second] = groups;
  if (first === undefined) return [`**${title}:** not known, no context was computed`];
  const words = (group: HoverGroup): readonly string[] => [
    locksWords(group.held),
    rcuWords(group.rcu),
    sleepWords(group),
  ];
  if (second === undefined) {
    const items = [
      ...first.held.map((lock) => `${code(lock.expression)} ${lockWords(lock, first, file, style)}`),
      ...some(
        first.reached.map((r) => reachedWords(r, style)),
        MAX_REACHED,
        'ways',
      ),
    ];
    return [`**${title}:** ${words(first).join(' \u00b7 ')}`, items.map((item) => `- ${item}`).join('\n')];
  }
  const shown = groups.slice(0, MAX_GROUPS);
  const all = groups.map(words);
  const cells = groups.map((group) => group.held.map((lock) => heldCell(lock, group, file, style)));
  // What all hold is said once
  const inAll = (cells[0] ?? []).filter((cell) => cells.every((one) => one.includes(cell)));
  const apart = cells.map((one) => one.filter((cell) => !inAll.includes(cell)));
  const agree = [
    apart.every((one) => one.length === 0),
    ...[1, 2].map((n) => allSame(all.map((one) => one[n] as string))),
  ];
  const common = [
    ...(inAll.length > 0 ? [inAll.join(', ')] : agree[0] === true ? ['no lock'] : []),
    ...[1, 2].flatMap((n) => (agree[n] === true ? [all[0]?.[n] as string] : [])),
  ];
  const none = inAll.length > 0 ? 'nothing else' : 'no lock';
  const columns = ['held', 'RCU', 'sleep'].filter((_, n) => agree[n] === false);
  const rows = shown.map((group, n) => {
    const held = (apart[n] ?? []).join(', ') || none;
    const differing = [held, all[n]?.[1], all[n]?.[2]].filter((_, at) => agree[at] === false) as string[];
    const ways = some(
      group.reached.map((r) => wayInRow(r, style)),
      MAX_IN_ROW,
      '',
    ).join('; ');
    return row([ways, ...differing]);
  });
  if (columns.length === 0) {
    // The same locks, taken at other places
    const ways = some(
      groups.flatMap((g) => g.reached.map((r) => reachedWords(r, style))),
      MAX_REACHED,
      'ways',
    );
    return [`**${title}:** ${common.join(' \u00b7 ')}`, ways.map((item) => `- ${item}`).join('\n')];
  }
  const differ = `differs by entry${common.length > 0 ? `; in all: ${common.join(' \u00b7 ')}` : ''}`;
  const table = [row(['entered', ...columns]), row(['---', ...columns.map(() => '---')]), ...rows];
  return [`**${title}:** ${differ}`, table.join('\n')];
}

function row(cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
}

function allSame(list: readonly string[]): boolean {
  return list.every((one) => one === list[0]);
}

function some(list: readonly string[], most: number, what: string): readonly string[] {
  const more = list.length - most;
  return more > 0 ? [...list.slice(0, most), `and ${more} more${what === '' ? '' : ` ${what}`}`] : list;
}

function locksWords(held: readonly CardLock[]): string {
  if (held.length === 0) return 'no lock';
  return held.map((lock) => `${code(lock.expression)}${modeWords(lock)}`).join(', ');
}

function modeWords(lock: CardLock): string {
  return `${lock.mode === 'shared' ? ' shared' : ''}${lock.certainty === 'may' ? ' perhaps' : ''}`;
}

function heldCell(lock: CardLock, group: HoverGroup, file: string, style: HoverStyle): string {
  return `${code(lock.expression)}${modeWords(lock)} (${acquiredWords(lock, group, file, style)})`;
}

function lockWords(lock: CardLock, group: HoverGroup, file: string, style: HoverStyle): string {
  const cls = lock.class === '' || lock.class === lock.expression ? '' : `${code(lock.class)} `;
  const perhaps = lock.certainty === 'may' ? ' on some paths' : '';
  return `${cls}${lock.mode}${perhaps}, ${acquiredWords(lock, group, file, style)}`;
}

function acquiredWords(lock: CardLock, group: HoverGroup, file: string, style: HoverStyle): string {
  if (lock.acquiredAt !== 'caller') {
    const { file: at, line } = lock.acquiredAt;
    return `taken at ${linked(at === file ? `line ${line}` : `${at}:${line}`, { name: '', file: at, line }, style)}`;
  }
  if (lock.takenBy.length > 0) {
    const names = lock.takenBy.map((place) => linked(code(place.name), place, style));
    return `taken by ${some(names, MAX_TAKERS, '').join(', ')}`;
  }
  const fromVfs = group.reached.every((r) => r.entry !== null && wordSlot(r.entry) !== r.entry.method);
  return fromVfs ? 'by the VFS' : 'by the caller';
}

/** The RCU state in the kernel's words. */
export function rcuWords(rcu: RcuState): string {
  switch (rcu) {
    case 'none':
      return 'no RCU';
    case 'read':
      return 'RCU read side';
    case 'walk':
      return 'RCU-walk';
    case 'maybe':
      return 'RCU on some paths';
    default: {
      const never: never = rcu;
      return never;
    }
  }
}

/** Whether the point may sleep, and why not. */
export function sleepWords(group: Pick<HoverGroup, 'maySleep' | 'whyAtomic'>): string {
  const why = group.whyAtomic.length === 0 ? '' : ` (${[...new Set(group.whyAtomic)].join('; ')})`;
  if (group.maySleep === 'unknown') return `not known whether it may sleep${why}`;
  return group.maySleep ? 'may sleep' : `must not sleep${why}`;
}

function reachedWords(reached: Reached, style: HoverStyle): string {
  const { entry, situation } = reached;
  const through = pathWords(reached, style);
  if (entry === null) return through === '' ? 'no known entry' : `no known entry, from ${through}`;
  const { method, table } = entry;
  const slot = wordSlot(entry);
  const told = situation === '' || situation === method ? '' : ` (${situation})`;
  return `${slot === method ? 'by' : 'as'} ${code(slot)}${table === '' ? '' : ` of ${code(table)}`}${told}${through === '' ? '' : `, ${through}`}`;
}

/** The same in a row of a table: shorter. */
function wayInRow(reached: Reached, style: HoverStyle): string {
  const { entry, situation } = reached;
  if (entry === null) return reachedWords(reached, style);
  const through = pathWords(reached, style);
  const told = situation === '' || situation === entry.method ? '' : ` (${situation})`;
  return `${code(entry.method)}${told}${through === '' ? '' : `: ${through}`}`;
}

function pathWords({ via, path, complete }: Reached, style: HoverStyle): string {
  const names =
    path.length > 0
      ? path.map((place) => linked(code(place.name), place, style))
      : via.filter((name) => name !== '...').map(code);
  if (!complete) names.push('...');
  const last = names[names.length - 1] as string;
  return (names.length > MAX_PATH ? [...names.slice(0, MAX_PATH - 2), '...', last] : names).join(' \u2192 ');
}

/** A text that leads to a place, where it can be linked. */
export function linked(text: string, place: NamedPlace, style: HoverStyle): string {
  const target = style.link(place.file, place.line);
  return target === null ? text : `[${text}](${target})`;
}

/** Inline code; the names are C, so a backtick can only come from damaged text. */
export function code(text: string): string {
  return `\`${text.replaceAll('`', "'")}\``;
}

/** Calls in a sentence as code. */
function codeNames(sentence: string): string {
  return sentence.replace(/(?:->)?\w+\(\)/g, (name) => code(name));
}
