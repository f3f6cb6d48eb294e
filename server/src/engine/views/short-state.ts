/**
 * What is held, in a few words for the end of a line: `d_lock, rcu-walk`, `nothing held`. Must not know where it is shown.
 */
import type { HeldLock } from '../base/finding.js';
import type { HoverGroup } from './hover-card.js';

/** A hint that would be longer says what all states have in common, and that there are more. */
const LONGEST = 52;
/** Locks of one state that are named; the rest are counted. */
const MOST_LOCKS = 4;

/** Words for what forbids sleeping and is no lock with a name. */
const OFF: ReadonlyMap<string, string> = new Map([
  ['interrupts off', 'irqs off'],
  ['bottom halves off', 'bh off'],
  ['preemption off', 'preempt off'],
]);

/** All states at a point, told apart by ` | `; '' where there is none. */
export function shortStates(groups: readonly HoverGroup[]): string {
  const twice = namedTwice(groups);
  const all = groups.map((group) => partsOf(group, twice));
  const texts = [...new Set(all.map(textOf))];
  const whole = texts.join(' | ');
  if (texts.length <= 1 || whole.length <= LONGEST) return whole;
  const common = (all[0] ?? []).filter((part) => all.every((parts) => parts.includes(part)));
  return common.length > 0
    ? `${common.join(', ')}, more by caller`
    : `${texts[0]} | ${texts.length - 1} more by caller`;
}

/** Names that two locks of one state share: they need more than that, in all states alike. */
function namedTwice(groups: readonly HoverGroup[]): ReadonlySet<string> {
  const out = new Set<string>();
  for (const { held } of groups) {
    const names = held.map((lock) => lastName(lock.expression));
    for (const [n, name] of names.entries()) if (names.indexOf(name) !== n) out.add(name);
  }
  return out;
}

function textOf(parts: readonly string[]): string {
  return parts.length === 0 ? 'nothing held' : parts.join(', ');
}

function partsOf(group: HoverGroup, twice: ReadonlySet<string>): readonly string[] {
  const names = group.held.map((lock) => {
    const name = lastName(lock.expression);
    return `${twice.has(name) || isPlainWord(name) ? longName(lock) : name}${lock.mode === 'shared' ? ' shared' : ''}${lock.certainty === 'may' ? '?' : ''}`;
  });
  const more = names.length - MOST_LOCKS;
  const parts = more > 1 ? [...names.slice(0, MOST_LOCKS), `${more} more`] : names;
  for (const [reason, word] of OFF) if (group.whyAtomic.includes(reason)) parts.push(word);
  if (group.rcu === 'walk') parts.push('rcu-walk');
  else if (group.rcu === 'read') parts.push('rcu');
  else if (group.rcu === 'maybe') parts.push('rcu?');
  return [...new Set(parts)];
}

/** The lock's own name: `d_lock` of `&dentry->d_lock`. */
function lastName(expression: string): string {
  const text = plainName(expression);
  const at = Math.max(text.lastIndexOf('->') + 1, text.lastIndexOf('.'));
  const name = at > 0 ? text.slice(at + 1) : text;
  return /^\w/.test(name) ? name : text;
}

/** `lock`, `mutex`: only with its object it is a name; the kernel's own carry a mark of it, `d_lock`. */
function isPlainWord(name: string): boolean {
  return /^[a-z]+$/.test(name);
}

/** The same with the object's last name: `d_inode->i_rwsem` of `&dir->d_inode->i_rwsem`. */
function longName(lock: HeldLock): string {
  const text = plainName(lock.expression);
  return /\w+(?:->|\.)\w+$/.exec(text)?.[0] ?? text;
}

function plainName(expression: string): string {
  const text = expression.replace(/^[&*]+/, '');
  const cls = text.lastIndexOf('::');
  return cls >= 0 ? text.slice(cls + 2) : text;
}
