/**
 * What the server asks of an engine that lives in a worker: the door's calls made asynchronous, each with a signal
 * that stops it. The real one is the host's engine client; tests hand in their own. Must not know the protocol.
 */
import type {
  CallsAnswer,
  CallsQuery,
  LensesAnswer,
  MethodsAnswer,
  MethodsQuery,
} from '../engine/base/shown.js';
import type {
  AnnotateQuery,
  AnnotateResult,
  CheckAnswer,
  CheckRequest,
  ContextsQuery,
  ContextsResult,
  DropQuery,
  DropResult,
  FieldQuery,
  FieldResult,
  FileInScope,
  HoverAnswer,
  HoverQuery,
  InlayHint,
  InlayHintQuery,
  PictureQuery,
  PictureResult,
  Progress,
} from '../engine/door.js';
import type { EngineDescription, EngineSpec } from '../host/messages.js';

export type { EngineDescription, EngineSpec };

/** One engine. Calls are carried out in the order in which they are made; a stopped call rejects with `Cancelled`. */
export interface EnginePort {
  describe(): Promise<EngineDescription>;
  check(
    request: CheckRequest,
    signal: AbortSignal,
    progress: (progress: Progress) => void,
  ): Promise<CheckAnswer>;
  contexts(query: ContextsQuery, signal: AbortSignal): Promise<ContextsResult>;
  annotate(query: AnnotateQuery, signal: AbortSignal): Promise<AnnotateResult>;
  picture(query: PictureQuery, signal: AbortSignal): Promise<PictureResult>;
  field(query: FieldQuery, signal: AbortSignal): Promise<FieldResult>;
  drop(query: DropQuery, signal: AbortSignal): Promise<DropResult>;
  hover(query: HoverQuery, signal: AbortSignal): Promise<HoverAnswer | null>;
  inlayHints(query: InlayHintQuery, signal: AbortSignal): Promise<readonly InlayHint[]>;
  lenses(file: string, signal: AbortSignal): Promise<LensesAnswer>;
  calls(query: CallsQuery, signal: AbortSignal): Promise<CallsAnswer>;
  methods(query: MethodsQuery, signal: AbortSignal): Promise<MethodsAnswer>;
  /** The C files of these paths and below. */
  files(paths: readonly string[]): Promise<readonly FileInScope[]>;
  /** Text of an unsaved buffer in place of a file; null: the file on disk again. */
  overlay(file: string, text: string | null): Promise<void>;
  /** The file on disk has changed. */
  invalidate(file: string): Promise<void>;
  dispose(): Promise<void>;
}

export type MakeEngine = (spec: EngineSpec) => EnginePort;
