/**
 * What the kinds of locks are, once for all who treat some of them apart: whether somebody waits for it, whether it is an object
 * with a name, and whether it forbids sleeping.
 */
import type { LockKind } from './types.js';

/** What is held by that kind. */
type Nature =
  /** A lock: an object that one waits for. */
  | 'lock'
  /** A read side: nobody waits for it, and it keeps nobody out. */
  | 'section'
  /** A state of the processor. */
  | 'processor'
  /** A bit or an event that works as a lock; who sets it need not be who ends it, and people are not shown it as held. */
  | 'signal';

interface Traits {
  readonly nature: Nature;
  /** Sleeping is forbidden while it is held. */
  readonly atomic: boolean;
  /** How it is called where it is no object and has no name of its own. */
  readonly word?: string;
}

const KINDS: Readonly<Record<LockKind, Traits>> = {
  spin: { nature: 'lock', atomic: true },
  rwlock: { nature: 'lock', atomic: true },
  bit: { nature: 'lock', atomic: true },
  seqwrite: { nature: 'lock', atomic: true },
  seqcount: { nature: 'lock', atomic: false },
  mutex: { nature: 'lock', atomic: false },
  rwsem: { nature: 'lock', atomic: false },
  'percpu-rwsem': { nature: 'lock', atomic: false },
  semaphore: { nature: 'lock', atomic: false },
  folio: { nature: 'lock', atomic: false },
  rcu: { nature: 'section', atomic: true, word: 'RCU read side' },
  srcu: { nature: 'section', atomic: false },
  preempt: { nature: 'processor', atomic: true, word: 'preemption off' },
  irq: { nature: 'processor', atomic: true, word: 'interrupts off' },
  bh: { nature: 'processor', atomic: true, word: 'bottom halves off' },
  flag: { nature: 'signal', atomic: false },
  completion: { nature: 'signal', atomic: false },
};

/** Kinds that forbid sleeping while held. */
export function isAtomicKind(kind: LockKind): boolean {
  return KINDS[kind].atomic;
}

/** Kinds that somebody waits for and that are objects: not read sides, states of the processor, flags and completions. */
export function isLockKind(kind: LockKind): boolean {
  return KINDS[kind].nature === 'lock';
}

/** Kinds that are entered and left and that nobody waits for: read sides and states of the processor. */
export function isStateKind(kind: LockKind): boolean {
  return KINDS[kind].nature === 'section' || KINDS[kind].nature === 'processor';
}

/** Flags that work as locks, and completions. */
export function isSignalKind(kind: LockKind): boolean {
  return KINDS[kind].nature === 'signal';
}

/** Kinds that keep nothing as it is: states of the processor, flags and completions. */
export function isProcessorOrSignal(kind: LockKind): boolean {
  return KINDS[kind].nature === 'processor' || KINDS[kind].nature === 'signal';
}

/** What a kind without an object and a name is called, `RCU read side`; undefined for one that has a name. */
export function namelessWord(kind: LockKind): string | undefined {
  return KINDS[kind].word;
}

/** The same in a sentence, `the RCU read side`. */
export function namelessInSentence(kind: LockKind): string | undefined {
  const word = namelessWord(kind);
  return KINDS[kind].nature === 'section' && word !== undefined ? `the ${word}` : word;
}
