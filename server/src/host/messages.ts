/**
 * The plain messages between the protocol thread and the engine worker. Types only. Every call of the engine's door has
 * one request; answers carry the request's number. Must not hold behaviour.
 */
import type {
  CallsAnswer,
  CallsQuery,
  LensesAnswer,
  MethodsAnswer,
  MethodsQuery,
} from '../engine/base/shown.js';
import type {
  AbsentQuery,
  AbsentResult,
  AnnotateQuery,
  AnnotateResult,
  AuditQuery,
  AuditResult,
  CheckAnswer,
  CheckRequest,
  ContextsQuery,
  ContextsResult,
  DropQuery,
  DropResult,
  DumpKind,
  FieldQuery,
  FieldResult,
  FileInScope,
  HoverAnswer,
  HoverQuery,
  InlayHint,
  InlayHintQuery,
  MemoryPart,
  PictureQuery,
  PictureResult,
  Progress,
  ReachAnswer,
  VerifyAnswer,
} from '../engine/door.js';

import type { ReadingShare } from './shared-reading.js';

/** What an engine is made for; equal descriptions can share one. */
export interface EngineSpec {
  /** Absolute path of the kernel root. */
  readonly root: string;
  /** `6.12`, or null: the tree's own. */
  readonly kernelVersion: string | null;
  /** Absolute path of a `.config`, or null: the tree's own where there is one, else the default configuration. */
  readonly configFile: string | null;
}

/** What a worker starts with. */
export interface WorkerStart {
  readonly spec: EngineSpec;
  readonly overlays: readonly (readonly [file: string, text: string])[];
  /** One Int32: not 0 means that the running request is no longer wanted. */
  readonly cancel: SharedArrayBuffer;
  /** Folder of what is kept between runs, or null: nothing is. */
  readonly cache: string | null;
  /** What is kept is put there when nothing has been asked for a while. */
  readonly keepsLate: boolean;
  /** Its share of reading with others, or null. */
  readonly reading: ReadingShare | null;
  /** `reader`: it answers nothing and reads what the other one asks for. */
  readonly role: 'engine' | 'reader';
}

/** What the engine found out about what it was made of. */
export interface EngineDescription {
  readonly kernelVersion: string;
  readonly problems: readonly string[];
}

/** A check. `turns`: one Int32 for each unit, not 0 where one of the engines that were asked the same has taken it. */
export interface CheckParams {
  readonly request: CheckRequest;
  readonly turns: SharedArrayBuffer | null;
}

/** What a worker holds. Bytes. */
export interface MemoryReport {
  /** Of JavaScript, this worker's alone, and the most that it may be. */
  readonly heap: number;
  readonly heapLimit: number;
  /** Of arrays outside of that heap. */
  readonly arrays: number;
  /** Of the whole process. */
  readonly resident: number;
  readonly parts: readonly MemoryPart[];
}

/** Every request with its answer. */
export interface Calls {
  describe: { readonly params: null; readonly answer: EngineDescription };
  check: { readonly params: CheckParams; readonly answer: CheckAnswer };
  contexts: { readonly params: ContextsQuery; readonly answer: ContextsResult };
  annotate: { readonly params: AnnotateQuery; readonly answer: AnnotateResult };
  absent: { readonly params: AbsentQuery; readonly answer: AbsentResult };
  audit: { readonly params: AuditQuery; readonly answer: AuditResult };
  lenses: { readonly params: string; readonly answer: LensesAnswer };
  calls: { readonly params: CallsQuery; readonly answer: CallsAnswer };
  methods: { readonly params: MethodsQuery; readonly answer: MethodsAnswer };
  field: { readonly params: FieldQuery; readonly answer: FieldResult };
  drop: { readonly params: DropQuery; readonly answer: DropResult };
  reach: { readonly params: readonly string[]; readonly answer: ReachAnswer };
  picture: { readonly params: PictureQuery; readonly answer: PictureResult };
  hover: { readonly params: HoverQuery; readonly answer: HoverAnswer | null };
  inlayHints: { readonly params: InlayHintQuery; readonly answer: readonly InlayHint[] };
  explainModel: { readonly params: string; readonly answer: string | null };
  dump: {
    readonly params: { readonly kind: DumpKind; readonly file: string; readonly function: string | null };
    readonly answer: { readonly ok: boolean; readonly text: string };
  };
  files: { readonly params: readonly string[]; readonly answer: readonly FileInScope[] };
  memory: { readonly params: null; readonly answer: MemoryReport };
  verify: { readonly params: null; readonly answer: VerifyAnswer };
  overlay: {
    readonly params: { readonly file: string; readonly text: string | null };
    readonly answer: null;
  };
  invalidate: { readonly params: string; readonly answer: null };
}

export type CallName = keyof Calls;

/** A request, one variant a call. */
export type Request = {
  [K in CallName]: { readonly id: number; readonly call: K; readonly params: Calls[K]['params'] };
}[CallName];

/**
 * What comes back: progress any number of times, then one end. `memoryMiB` is what the worker holds by its own count; `kept`: whether it
 * has put anything on disk since it began.
 */
export type Reply =
  | { readonly id: number; readonly kind: 'progress'; readonly progress: Progress }
  | {
      readonly id: number;
      readonly kind: 'answer';
      readonly answer: unknown;
      readonly memoryMiB: number;
      readonly kept: boolean;
    }
  | { readonly id: number; readonly kind: 'cancelled' }
  | {
      readonly id: number;
      readonly kind: 'failed';
      readonly message: string;
      readonly at: string;
      readonly stack: string;
    };
