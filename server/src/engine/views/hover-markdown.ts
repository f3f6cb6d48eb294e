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
  if (card.notBuilt) paragraphs.push('Not built in this configuration: answered as if it were.');
  for (const group of card.groups.slice(0, MAX_GROUPS)) paragraphs.push(groupMarkdown(card, group, style));
  const hidden = card.groups.length - MAX_GROUPS;
  if (hidden > 0) {
    paragraphs.push(`${hidden} more: \`lockwalk contexts ${card.file}:${card.line}\``);
  }
  if (card.unknowns.length > 0) paragraphs.push(`*Not known:* ${card.unknowns.map(codeNames).join('; ')}.`);
  return paragraphs.join('\n\n');
}

function headline(card: HoverCard): string {
  const where = `${code(card.function)}, line ${card.line}`;
  if (card.groups.length === 0) return `${where}: unknown, no context was computed`;
  return card.groups.length === 1 ? where : `${where}: ${card.groups.length} states`;
}

function groupMarkdown(card: HoverCard, group: HoverGroup, style: HoverStyle): string {
  const state = [locksWords(group.held), rcuWords(group.rcu), sleepWords(group.maySleep)];
  const items = group.held.map((lock) => lockWords(card, lock, style));
  const said = state.join(' ').toLowerCase();
  const reasons = group.whyAtomic.filter((reason) => !said.includes(reason.toLowerCase()));
  if (group.maySleep === false && reasons.length > 0) items.push(`must not sleep: ${reasons.join('; ')}`);
  for (const reached of group.reached.slice(0, MAX_REACHED)) items.push(reachedWords(reached));
  const hidden = group.reached.length - MAX_REACHED;
  if (hidden > 0) items.push(`and ${hidden} more ways`);
  return `**${state.join(', ')}**\n\n${items.map((item) => `- ${item}`).join('\n')}`;
}

function locksWords(held: readonly HeldLock[]): string {
  if (held.length === 0) return 'no locks held';
  const names = held.map((lock) => `${code(lock.expression)}${lock.certainty === 'may' ? '?' : ''}`);
  return `holds ${names.join(', ')}`;
}

function lockWords(card: HoverCard, lock: HeldLock, style: HoverStyle): string {
  const may = lock.certainty === 'may' ? ' on some paths' : '';
  const named = lock.class === lock.expression ? '' : ` (${lock.class})`;
  return `${code(lock.expression)} ${lock.mode}${may}, ${acquiredWords(card, lock, style)}${named}`;
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

/** Whether the point may sleep. */
export function sleepWords(maySleep: boolean | 'unknown'): string {
  if (maySleep === 'unknown') return 'sleep unknown';
  return maySleep ? 'may sleep' : 'must not sleep';
}

function reachedWords(reached: Reached): string {
  const via = reached.via.filter((name) => name !== reached.entry?.function);
  const through = via.length === 0 ? '' : `, through ${via.map(code).join(' \u2192 ')}`;
  if (reached.entry === null) return `reached by no known entry${through}`;
  const { method, struct, table, function: implementation } = reached.entry;
  const of = table === '' ? '' : ` of ${code(table)}`;
  const by = reached.via.includes(implementation) ? ` (${code(implementation)})` : '';
  return `as ${code(`${struct}.${method}`)}${of}${by}${through}`;
}

/** Inline code; the names are C, so a backtick can only come from damaged text. */
function code(text: string): string {
  return `\`${text.replaceAll('`', "'")}\``;
}

/** Calls in a sentence as code. */
function codeNames(sentence: string): string {
  return sentence.replace(/(?:->)?\w+\(\)/g, (name) => code(name));
}
