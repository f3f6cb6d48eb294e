/**
 * The net under every handler: a stopped request answers as the protocol wants, a failure of our own goes to the log
 * and the status, and the client gets an empty answer, never a pop-up. Must not know what the handlers do.
 */
import { type CancellationToken, LSPErrorCodes, ResponseError } from 'vscode-languageserver';
import { Cancelled } from '../engine/base/cancel.js';

/** Where failures go. */
export interface Guarded {
  readonly log: (text: string) => void;
  readonly changed: () => void;
  last: string | null;
}

/** Wraps a handler; `fallback` is the answer where it fails. */
export function guard<P, R>(
  name: string,
  failures: Guarded,
  fallback: R,
  run: (params: P, signal: AbortSignal) => Promise<R>,
): (params: P, token?: CancellationToken) => Promise<R> {
  return async (params, token) => {
    const stop = new AbortController();
    if (token?.isCancellationRequested === true) stop.abort();
    const listening = token?.onCancellationRequested?.(() => stop.abort());
    try {
      return await run(params, stop.signal);
    } catch (error) {
      if (error instanceof Cancelled) throw new ResponseError(LSPErrorCodes.RequestCancelled, 'cancelled');
      if (error instanceof ResponseError) throw error;
      failures.last = `${name}: ${error instanceof Error ? error.message : String(error)}`;
      failures.log(`${name}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
      failures.changed();
      return fallback;
    } finally {
      listening?.dispose();
    }
  };
}
