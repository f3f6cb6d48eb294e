/**
 * What the server asks of an engine that lives in a worker: the door's calls made asynchronous, each with a signal
 * that stops it. The real one is the host's engine client; tests hand in their own. Must not know the protocol.
 */
import type {
  CheckAnswer,
  CheckRequest,
  ContextsQuery,
  ContextsResult,
  Progress,
  SymbolAnswer,
} from '../engine/door.js';

/** What the engine found out about the tree that it was made for. */
export interface EngineDescription {
  readonly kernelVersion: string;
  readonly problems: readonly string[];
}

/** One engine. Calls are carried out in the order in which they are made; a stopped call rejects with `Cancelled`. */
export interface EnginePort {
  describe(): Promise<EngineDescription>;
  check(
    request: CheckRequest,
    signal: AbortSignal,
    progress: (progress: Progress) => void,
  ): Promise<CheckAnswer>;
  contexts(query: ContextsQuery, signal: AbortSignal): Promise<ContextsResult>;
  symbolAt(file: string, line: number, column: number, signal: AbortSignal): Promise<SymbolAnswer | null>;
  /** Text of an unsaved buffer in place of a file; null: the file on disk again. */
  overlay(file: string, text: string | null): Promise<void>;
  /** The file on disk has changed. */
  invalidate(file: string): Promise<void>;
  dispose(): Promise<void>;
}

/** What an engine is made for; equal descriptions share one engine. */
export interface EngineSpec {
  readonly root: string;
  /** `6.12`, or null: the tree's own. */
  readonly kernelVersion: string | null;
  /** Absolute path of a `.config`, or null: the default configuration. */
  readonly configFile: string | null;
}

export type MakeEngine = (spec: EngineSpec) => EnginePort;
