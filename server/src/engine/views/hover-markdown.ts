/**
 * The hover card in words: Markdown for editors that render it, plain lines for those that do not. Uses the kernel's
 * own terms and no decoration. Must not know editors or URIs: who wants links hands in a function that makes them.
 */
import type { HeldLock, RcuState } from '../base/finding.js';
import type { HoverCard, HoverGroup, Reached } from './hover-card.js';

/** States shown in full; the rest are counted. */
export const MAX_GROUPS = 5;
/** Ways of reaching a state that are listed; the rest are counted. */
export const MAX_REACHED = 6;

/** How places and names are written. */
export interface HoverStyle {
  /** A place as a link target, or null where it cannot be linked. */
  link(file: string, line: number): string | null;
}

/** Markdown of a card. */
export function hoverMarkdown(card: HoverCard, style: HoverStyle): string {
  const paragraphs: string[] = [headline(card)];
  if (card.damaged) {
    paragraphs.push(
      'Damaged: the parser did not understand part of this function, so what follows may be incomplete.',
    );
  }
  for (const group of card.groups.slice(0, MAX_GROUPS)) paragraphs.push(groupMarkdown(card, group, style));
  const hidden = card.groups.length - MAX_GROUPS;
  if (hidden > 0) {
    paragraphs.push(`${hidden} more: \`lockwalk contexts ${card.file}:${card.line}\``);
  }
  return paragraphs.join('\n\n');
}

function headline(card: HoverCard): string {
  const where = `before line ${card.line} of ${code(card.function)}`;
  const count = card.groups.length;
  if (count === 0) return `Unknown ${where}: no context was computed.`;
  return count === 1
    ? `On entry to line ${card.line} of ${code(card.function)}:`
    : `${capital(where)}, ${count} states:`;
}

function groupMarkdown(card: HoverCard, group: HoverGroup, style: HoverStyle): string {
  const lines = [
    `**locks** ${locks(card, group.held, style)}`,
    `**RCU** ${rcuWords(group.rcu)}`,
    `**sleep** ${sleepWords(group)}`,
  ];
  const reached = group.reached.slice(0, MAX_REACHED).map(reachedWords);
  const hidden = group.reached.length - MAX_REACHED;
  if (hidden > 0) reached.push(`and ${hidden} more`);
  const list = reached.map((words) => `- ${words}`).join('\n');
  return `${lines.join('  \n')}\n${list}`;
}

function locks(card: HoverCard, held: readonly HeldLock[], style: HoverStyle): string {
  if (held.length === 0) return 'none held';
  if (held.length === 1 && held[0] !== undefined) return lockWords(card, held[0], style);
  return held.map((lock) => `  \n\u2003${lockWords(card, lock, style)}`).join('');
}

function lockWords(card: HoverCard, lock: HeldLock, style: HoverStyle): string {
  const may = lock.certainty === 'may' ? ' on some paths' : '';
  return `${code(lock.expression)} ${lock.mode}${may} (${lock.class}), ${acquiredWords(card, lock, style)}`;
}

function acquiredWords(card: HoverCard, lock: HeldLock, style: HoverStyle): string {
  if (lock.acquiredAt === 'caller') return 'held by the caller';
  const { file, line } = lock.acquiredAt;
  const words = file === card.file ? `line ${line}` : `${file}:${line}`;
  const target = style.link(file, line);
  return `taken at ${target === null ? words : `[${words}](${target})`}`;
}

/** The RCU state in the kernel's words. */
export function rcuWords(rcu: RcuState): string {
  switch (rcu) {
    case 'none':
      return 'no read side';
    case 'read':
      return 'read side';
    case 'walk':
      return 'RCU-walk (lockless path walk)';
    case 'maybe':
      return 'read side or RCU-walk on some paths';
    default: {
      const never: never = rcu;
      return never;
    }
  }
}

/** Whether the point may sleep, with the reasons why not. */
export function sleepWords(group: Pick<HoverGroup, 'maySleep' | 'whyAtomic'>): string {
  if (group.maySleep === true) return 'allowed';
  if (group.maySleep === 'unknown') return 'unknown';
  return group.whyAtomic.length === 0 ? 'not allowed' : `not allowed: ${group.whyAtomic.join('; ')}`;
}

function reachedWords(reached: Reached): string {
  const via = reached.via.filter((name) => name !== reached.entry?.function);
  const through = via.length === 0 ? '' : `, through ${via.map(code).join(' \u2192 ')}`;
  if (reached.entry === null) {
    return via.length === 0 ? 'no known entry reaches this function' : `no known entry${through}`;
  }
  const { method, struct, table, function: implementation } = reached.entry;
  const named =
    table === '' ? `${code(`${struct}.${method}`)}` : `${code(`${struct}.${method}`)} of ${code(table)}`;
  return `${named} = ${code(implementation)}${through}`;
}

/** Inline code; the names are C, so a backtick can only come from damaged text. */
function code(text: string): string {
  return `\`${text.replaceAll('`', "'")}\``;
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
