/**
 * Cancellation: a token that the host hands in and the engine looks at once a function analysed.
 * A cancelled analysis throws `Cancelled`, the only exception (besides our own bugs) that leaves the engine.
 */

/** Something that can say "stop". Backed by a shared flag across threads. */
export interface CancelToken {
  /** True once the work at hand is no longer wanted. */
  isCancelled(): boolean;
}

/** Thrown where a token said stop; caches are whole when it leaves. */
export class Cancelled extends Error {
  constructor() {
    super('cancelled');
    this.name = 'Cancelled';
  }
}

/** A token that never cancels. */
export const NEVER: CancelToken = { isCancelled: () => false };

/** Throws `Cancelled` if the token says stop. */
export function throwIfCancelled(token: CancelToken): void {
  if (token.isCancelled()) throw new Cancelled();
}
