/**
 * What is held, in a few words for the end of a line: `d_lock, rcu-walk`, `nothing held`. Must not know where it is shown.
 */
import type { HeldLock } from '../base/finding.js';
import type { HoverGroup } from './hover-card.js';

/** States that are told apart in one hint; the rest are counted. */
const MOST_STATES = 3;
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
  const texts = [...new Set(groups.map(shortState))];
  const more = texts.length - MOST_STATES;
  const shown = texts.slice(0, more === 1 ? MOST_STATES + 1 : MOST_STATES);
  return more > 1 ? `${shown.join(' | ')} | ${more} more` : shown.join(' | ');
}

/** One state: `dir->i_rwsem, inode->i_rwsem`, `d_lock?` where it is held on some paths, `i_rwsem shared`. */
export function shortState(group: HoverGroup): string {
  const plain = group.held.map((lock) => lastName(lock.expression));
  const names = group.held.map((lock, n) => {
    const name = plain[n] as string;
    const twice = plain.filter((other) => other === name).length > 1;
    return `${twice ? wholeName(lock) : name}${lock.mode === 'shared' ? ' shared' : ''}${lock.certainty === 'may' ? '?' : ''}`;
  });
  const more = names.length - MOST_LOCKS;
  const parts = more > 1 ? [...names.slice(0, MOST_LOCKS), `${more} more`] : names;
  for (const [reason, word] of OFF) if (group.whyAtomic.includes(reason)) parts.push(word);
  if (group.rcu === 'walk') parts.push('rcu-walk');
  else if (group.rcu === 'read') parts.push('rcu');
  else if (group.rcu === 'maybe') parts.push('rcu?');
  return parts.length === 0 ? 'nothing held' : [...new Set(parts)].join(', ');
}

/** The lock's own name: `d_lock` of `&dentry->d_lock`. */
function lastName(expression: string): string {
  const text = plainName(expression);
  const at = Math.max(text.lastIndexOf('->') + 1, text.lastIndexOf('.'));
  const name = at > 0 ? text.slice(at + 1) : text;
  return /^\w/.test(name) ? name : text;
}

function wholeName(lock: HeldLock): string {
  return plainName(lock.expression);
}

function plainName(expression: string): string {
  const text = expression.replace(/^[&*]+/, '');
  const cls = text.lastIndexOf('::');
  return cls >= 0 ? text.slice(cls + 2) : text;
}
