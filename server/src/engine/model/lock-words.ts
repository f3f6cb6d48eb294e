/** What is held and has no name of its own: how each kind is called. */
import type { LockKind } from './types.js';

/** By kind; locks that have a name are not in it. */
export const NAMELESS: ReadonlyMap<LockKind, string> = new Map<LockKind, string>([
  ['rcu', 'RCU read side'],
  ['irq', 'interrupts off'],
  ['bh', 'bottom halves off'],
  ['preempt', 'preemption off'],
]);

/** The same in a sentence, `the RCU read side`; undefined for a lock that has a name. */
export function namelessInSentence(kind: LockKind): string | undefined {
  const word = NAMELESS.get(kind);
  return kind === 'rcu' ? `the ${word}` : word;
}
