/**
 * The clock: the only place of the server that reads the time. The engine is handed this function and never reads a
 * clock of its own, so that its answers depend on the text alone.
 */

/** Milliseconds from a fixed but unknown moment; only differences mean something. */
export function now(): number {
  return performance.now();
}
