/**
 * Places in a tree where a method leaves RCU-walk by a test of its own and `-ECHILD`: for tests that delete them one at a
 * time and want `rcu/walk-blocks`. Found by shape, so that they are found again on another patch level.
 */

/** One bail-out: the text to delete. */
export interface BailOut {
  readonly start: number;
  readonly end: number;
}

const SHAPE =
  /\n[ \t]*if \((?:flags & LOOKUP_RCU|mask & MAY_NOT_BLOCK|!dentry|rcu|rcu_walk)\)\s*\n?\s*return (?:ERR_PTR\(-ECHILD\)|-ECHILD);/g;

/** The bail-outs of a file. */
export function bailOutsOf(text: string): readonly BailOut[] {
  return [...text.matchAll(SHAPE)].map((m) => ({ start: m.index, end: m.index + m[0].length }));
}

/** The text without one bail-out; lines stay where they are. */
export function withoutBailOut(text: string, at: BailOut): string {
  return text.slice(0, at.start) + text.slice(at.start, at.end).replace(/[^\n]/g, ' ') + text.slice(at.end);
}
