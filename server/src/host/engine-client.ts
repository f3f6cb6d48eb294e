/**
 * The engine as the faces see it: the door's calls made asynchronous, carried out in a worker in the order in which they
 * are made, each with a signal that stops it. A worker that died or grew past `RECYCLE_MIB` is replaced, with the
 * overlays that it knew. Must not know what is asked for, nor any protocol.
 */
import { availableParallelism } from 'node:os';
import { setFlagsFromString } from 'node:v8';
import { Worker } from 'node:worker_threads';
import { Cancelled } from '../engine/base/cancel.js';
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
  PictureQuery,
  PictureResult,
  Progress,
  ReachAnswer,
  VerifyAnswer,
} from '../engine/door.js';
import { workerScript } from './assets.js';
import { now } from './clock.js';
import type {
  CallName,
  Calls,
  EngineDescription,
  EngineSpec,
  MemoryReport,
  Reply,
  Request,
  WorkerStart,
} from './messages.js';
import { closeReading, type ReadingShare, shareReading } from './shared-reading.js';

/** A worker that holds more than this is replaced when it has nothing to do: WASM memory is never given back. */
export const RECYCLE_MIB = 512;
/** A worker lives at least this long, so that a tree whose facts are large is not read anew for every call. */
export const RECYCLE_NOT_BEFORE_MS = 60_000;
/** Heap that a worker may use before V8 gives up; all of `fs/` needs a fraction of it. */
const WORKER_HEAP_MIB = 3072;
/** Room for what lives briefly: path states by the million; the default copies too many of them. */
const WORKER_YOUNG_MIB = 192;

const NEWEST_V8_KNOWN = 13;
/** V8 13 has another way to say when, and writes a complaint into the editor's log. */
const NEWEST_V8_WITH_BUDGET = 12;
// Functions are compiled anew later than V8 does by itself: what it learned by then fits the whole tree, and a seventh of all
// processor time is not spent on code that is thrown away. Only where V8 is known to have the flag: it complains about others.
// Nor is so much of what they call compiled into them: that, too, costs more here than it gives.
if (Number.parseInt(process.versions.v8, 10) <= NEWEST_V8_KNOWN) {
  if (Number.parseInt(process.versions.v8, 10) <= NEWEST_V8_WITH_BUDGET)
    setFlagsFromString('--interrupt-budget=260000');
  setFlagsFromString('--max-inlined-bytecode-size-cumulative=150');
}

/** A reader that nobody needed for so long is ended. */
const READER_LIVES_MS = 60_000;

/** Calls that read a unit and its headers. */
const READING: ReadonlySet<CallName> = new Set([
  'check',
  'contexts',
  'hover',
  'inlayHints',
  'annotate',
  'absent',
  'audit',
  'field',
  'drop',
  'reach',
  'lenses',
  'calls',
  'methods',
  'dump',
  'picture',
  'verify',
] satisfies CallName[]);

/** Whether a call reads all of a unit: for a card that somebody waits for its file may do, and the reader goes on with the rest. */
function readsAll(request: Request): boolean {
  return READING.has(request.call) && !(request.call === 'hover' && request.params.soon === true);
}

/** How an engine reads: alone, with a second worker that only reads, or with the engines that have the other shares. */
export type ReadsWith = 'nobody' | 'reader' | ReadingShare;

/** Something broke inside the engine; `at` is what was being analysed. */
export class EngineFailure extends Error {
  readonly at: string;
  readonly engineStack: string;

  constructor(message: string, at: string, engineStack: string) {
    super(message);
    this.name = 'EngineFailure';
    this.at = at;
    this.engineStack = engineStack;
  }
}

interface Waiting {
  readonly request: Request;
  readonly signal: AbortSignal | null;
  readonly progress: ((progress: Progress) => void) | null;
  readonly resolve: (answer: unknown) => void;
  readonly reject: (reason: unknown) => void;
}

/** One engine in a worker of its own. Nothing runs before the first call. */
export class EngineClient {
  readonly #spec: EngineSpec;
  readonly #cache: string | null;
  readonly #keepsLate: boolean;
  readonly #overlays = new Map<string, string>();
  readonly #queue: Waiting[] = [];
  readonly #cancel = new Int32Array(new SharedArrayBuffer(4));
  /** Whether anything that it answered was kept on disk. */
  hasKept = false;
  #worker: Worker | null = null;
  #startedAt = 0;
  /** What the worker was last seen at: named when it dies. */
  #at = '';
  #running: Waiting | null = null;
  #nextId = 1;
  #disposed = false;
  #readsWith: ReadsWith;
  /** This engine's share and the other one, until the first call that reads a whole unit has been answered. */
  #shares: readonly ReadingShare[] = [];
  #reader: Worker | null = null;
  #readerEnds: NodeJS.Timeout | null = null;

  /** `cache`: folder of what is kept between runs, or null; `keepsLate`: what is kept is put there when nothing has been asked for a while. */
  constructor(
    spec: EngineSpec,
    readsWith: ReadsWith = 'nobody',
    cache: string | null = null,
    keepsLate = false,
  ) {
    this.#spec = spec;
    this.#cache = cache;
    this.#keepsLate = keepsLate;
    this.#readsWith = readsWith === 'reader' && availableParallelism() < 2 ? 'nobody' : readsWith;
  }

  describe(): Promise<EngineDescription> {
    return this.#call('describe', null);
  }

  /** `turns`: shared by engines that are asked the same; each answers about the units that it took. */
  check(
    request: CheckRequest,
    signal: AbortSignal | null = null,
    progress: ((progress: Progress) => void) | null = null,
    turns: SharedArrayBuffer | null = null,
  ): Promise<CheckAnswer> {
    return this.#call('check', { request, turns }, signal, progress);
  }

  contexts(query: ContextsQuery, signal: AbortSignal | null = null): Promise<ContextsResult> {
    return this.#call('contexts', query, signal);
  }

  annotate(query: AnnotateQuery, signal: AbortSignal | null = null): Promise<AnnotateResult> {
    return this.#call('annotate', query, signal);
  }

  absent(query: AbsentQuery, signal: AbortSignal | null = null): Promise<AbsentResult> {
    return this.#call('absent', query, signal);
  }

  audit(
    query: AuditQuery,
    signal: AbortSignal | null = null,
    progress: ((progress: Progress) => void) | null = null,
  ): Promise<AuditResult> {
    return this.#call('audit', query, signal, progress);
  }

  field(
    query: FieldQuery,
    signal: AbortSignal | null = null,
    progress: ((progress: Progress) => void) | null = null,
  ): Promise<FieldResult> {
    return this.#call('field', query, signal, progress);
  }

  drop(query: DropQuery, signal: AbortSignal | null = null): Promise<DropResult> {
    return this.#call('drop', query, signal);
  }

  reach(
    paths: readonly string[],
    signal: AbortSignal | null = null,
    progress: ((progress: Progress) => void) | null = null,
  ): Promise<ReachAnswer> {
    return this.#call('reach', paths, signal, progress);
  }

  hover(query: HoverQuery, signal: AbortSignal | null = null): Promise<HoverAnswer | null> {
    return this.#call('hover', query, signal);
  }

  inlayHints(query: InlayHintQuery, signal: AbortSignal | null = null): Promise<readonly InlayHint[]> {
    return this.#call('inlayHints', query, signal);
  }

  picture(query: PictureQuery, signal: AbortSignal | null = null): Promise<PictureResult> {
    return this.#call('picture', query, signal);
  }

  /** The lines above the functions of a file. */
  lenses(file: string, signal: AbortSignal | null = null): Promise<LensesAnswer> {
    return this.#call('lenses', file, signal);
  }

  /** Who calls a function, or whom it calls. */
  calls(query: CallsQuery, signal: AbortSignal | null = null): Promise<CallsAnswer> {
    return this.#call('calls', query, signal);
  }

  /** The methods of directories. */
  methods(
    query: MethodsQuery,
    signal: AbortSignal | null = null,
    progress: ((progress: Progress) => void) | null = null,
  ): Promise<MethodsAnswer> {
    return this.#call('methods', query, signal, progress);
  }

  explainModel(name: string): Promise<string | null> {
    return this.#call('explainModel', name);
  }

  dump(
    kind: DumpKind,
    file: string,
    functionName: string | null,
  ): Promise<{ readonly ok: boolean; readonly text: string }> {
    return this.#call('dump', { kind, file, function: functionName });
  }

  files(paths: readonly string[]): Promise<readonly FileInScope[]> {
    return this.#call('files', paths);
  }

  /** What the engine's worker holds. */
  memory(): Promise<MemoryReport> {
    return this.#call('memory', null);
  }

  /** Holds the model against the tree. */
  verify(signal: AbortSignal | null = null): Promise<VerifyAnswer> {
    return this.#call('verify', null, signal);
  }

  /** Text of an unsaved buffer in place of a file; null: the file on disk again. */
  async overlay(file: string, text: string | null): Promise<void> {
    if (text === null) this.#overlays.delete(file);
    else this.#overlays.set(file, text);
    if (this.#worker !== null) await this.#call('overlay', { file, text });
  }

  /** The file on disk has changed. */
  async invalidate(file: string): Promise<void> {
    if (this.#worker !== null) await this.#call('invalidate', file);
  }

  /** Ends the worker; what is under way rejects with `Cancelled`. */
  async dispose(): Promise<void> {
    this.#disposed = true;
    const worker = this.#worker;
    this.#worker = null;
    this.#endReader();
    this.#fail(new Cancelled());
    for (const waiting of this.#queue.splice(0)) waiting.reject(new Cancelled());
    await worker?.terminate();
  }

  #call<K extends CallName>(
    call: K,
    params: Calls[K]['params'],
    signal: AbortSignal | null = null,
    progress: ((progress: Progress) => void) | null = null,
  ): Promise<Calls[K]['answer']> {
    return new Promise((resolve, reject) => {
      if (this.#disposed || signal?.aborted === true) {
        reject(new Cancelled());
        return;
      }
      const request = { id: this.#nextId++, call, params } as Request;
      // One signal may see many calls: those that are over must not stay with it
      const over = (): void => signal?.removeEventListener('abort', stop);
      const waiting: Waiting = {
        request,
        signal,
        progress,
        resolve: (answer) => {
          over();
          resolve(answer as Calls[K]['answer']);
        },
        reject: (reason) => {
          over();
          reject(reason);
        },
      };
      const stop = (): void => this.#stop(waiting);
      signal?.addEventListener('abort', stop, { once: true });
      this.#queue.push(waiting);
      this.#pump();
      // Who asks what there is will ask about it
      if (READING.has(call) || call === 'describe') this.#startReader();
    });
  }

  /** A waiting call leaves the queue; the running one is told through the flag and ends at the engine's next look. */
  #stop(waiting: Waiting): void {
    const index = this.#queue.indexOf(waiting);
    if (index >= 0) {
      this.#queue.splice(index, 1);
      waiting.reject(new Cancelled());
    } else if (this.#running === waiting) {
      Atomics.store(this.#cancel, 0, 1);
    }
  }

  #pump(): void {
    if (this.#running !== null || this.#disposed) return;
    const next = this.#queue.shift();
    if (next === undefined) return;
    this.#running = next;
    this.#at = '';
    Atomics.store(this.#cancel, 0, 0);
    this.#worker ??= this.#start();
    this.#worker.postMessage(next.request);
  }

  #start(): Worker {
    this.#endReader();
    this.#shares = this.#readsWith === 'reader' ? shareReading(2, true) : [];
    const own = typeof this.#readsWith === 'string' ? this.#shares[0] : this.#readsWith;
    // A share is for one worker: the next one reads alone
    if (typeof this.#readsWith !== 'string') this.#readsWith = 'nobody';
    const worker = this.#startWorker('engine', own ?? null);
    this.#startedAt = now();
    worker.on('message', (reply: Reply) => this.#receive(worker, reply));
    worker.on('error', (error) => this.#died(worker, error.message));
    worker.on('exit', (code) => this.#died(worker, `the engine worker ended with code ${code}`));
    return worker;
  }

  #startWorker(role: WorkerStart['role'], reading: ReadingShare | null): Worker {
    const workerData: WorkerStart = {
      spec: this.#spec,
      overlays: [...this.#overlays],
      cancel: this.#cancel.buffer as SharedArrayBuffer,
      cache: this.#cache,
      keepsLate: this.#keepsLate,
      reading,
      role,
    };
    return new Worker(workerScript(), {
      workerData,
      transferList: [...(reading?.ports ?? [])],
      resourceLimits: {
        maxOldGenerationSizeMb: WORKER_HEAP_MIB,
        maxYoungGenerationSizeMb: WORKER_YOUNG_MIB,
      },
    });
  }

  /** Starts the worker that reads with the engine; once in the engine's life. */
  #startReader(): void {
    const share = this.#shares[1];
    if (share === undefined || this.#reader !== null) return;
    const reader = this.#startWorker('reader', share);
    this.#reader = reader;
    this.#readerEnds = setTimeout(() => this.#endReader(), READER_LIVES_MS);
    this.#readerEnds.unref();
    // Without it the engine reads alone
    reader.on('error', () => closeReading(share));
    reader.on('exit', () => closeReading(share));
  }

  #endReader(): void {
    if (this.#readerEnds !== null) clearTimeout(this.#readerEnds);
    this.#readerEnds = null;
    for (const share of this.#shares.slice(0, 1)) closeReading(share);
    this.#shares = [];
    void this.#reader?.terminate();
    this.#reader = null;
  }

  #receive(worker: Worker, reply: Reply): void {
    const running = this.#running;
    if (worker !== this.#worker || running === null || running.request.id !== reply.id) return;
    if (reply.kind === 'progress') {
      this.#at = reply.progress.at;
      running.progress?.(reply.progress);
      return;
    }
    this.#running = null;
    if (reply.kind !== 'cancelled' && readsAll(running.request)) this.#endReader();
    switch (reply.kind) {
      case 'answer':
        if (running.signal?.aborted === true) running.reject(new Cancelled());
        else running.resolve(reply.answer);
        if (reply.kept) this.hasKept = true;
        if (reply.memoryMiB > RECYCLE_MIB) this.#recycle();
        break;
      case 'cancelled':
        running.reject(new Cancelled());
        break;
      case 'failed':
        running.reject(new EngineFailure(reply.message, reply.at, reply.stack));
        break;
      default:
        reply satisfies never;
    }
    this.#pump();
  }

  #recycle(): void {
    if (now() - this.#startedAt < RECYCLE_NOT_BEFORE_MS) return;
    const worker = this.#worker;
    this.#worker = null;
    void worker?.terminate();
  }

  #died(worker: Worker, reason: string): void {
    if (worker !== this.#worker) return;
    this.#worker = null;
    this.#fail(new EngineFailure(reason, this.#at, ''));
    this.#pump();
  }

  #fail(reason: unknown): void {
    const running = this.#running;
    this.#running = null;
    running?.reject(reason);
  }
}
