/**
 * The engine worker: makes one engine over one tree on disk and answers the protocol thread's requests one at a time.
 * The engine looks at a shared flag once a function, so that a cancel arrives while it computes. Must not know who asks.
 */
import { getHeapStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { parentPort, workerData } from 'node:worker_threads';
import { Cancelled, type CancelToken, NEVER } from '../engine/base/cancel.js';
import type { CheckAnswer, Engine, Progress } from '../engine/door.js';
import { createEngine } from '../engine/index.js';
import { loadWasm } from './assets.js';
import { now } from './clock.js';
import { DiskCache, trimCache } from './disk-cache.js';
import { DiskTree } from './disk-tree.js';
import { configOfTree, readDotConfig } from './dot-config.js';
import { IdleWriting, LateCache } from './late-cache.js';
import type { CheckParams, EngineSpec, MemoryReport, Reply, Request, WorkerStart } from './messages.js';
import { ReadingEnd } from './shared-reading.js';
import { IS_BUNDLED } from './version.js';

/** Progress is passed on at most this often. */
const PROGRESS_EVERY_MS = 80;

/**
 * A heap of so much is gone through before the next unit, where engines check side by side: what the last unit left would stand beside it, in
 * each of them, until the heap has grown past both. That takes a third of a second, and few units leave so much.
 */
const COLLECT_FROM_MIB = 500;

/** Collects all garbage now; Node.js hands that out to who asks V8 for it, and to nobody else. */
function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
}

const port = parentPort;
if (port === null) throw new Error('the engine worker is no program of its own');
const start = workerData as WorkerStart;
const flag = new Int32Array(start.cancel);
const token: CancelToken = { isCancelled: () => Atomics.load(flag, 0) !== 0 };

const tree = new DiskTree(start.spec.root);
for (const [file, text] of start.overlays) tree.overlay(file, text);

/** What is kept between runs; built ones alone keep anything, since a build has a name. */
const disk = start.cache === null || !IS_BUNDLED ? null : new DiskCache(start.cache);
const late = disk === null || !start.keepsLate ? null : new LateCache(disk);
const idle =
  late === null
    ? null
    : new IdleWriting(late, () => {
        if (disk?.hasKept !== true || start.cache === null) return false;
        trimCache(start.cache);
        return true;
      });

const reading = start.reading === null ? null : new ReadingEnd(start.reading);

interface Made {
  readonly engine: Engine;
  readonly problems: readonly string[];
}
let made: Promise<Made> | null = null;
/** What is being analysed: named when something breaks. */
let at = '';

async function make(spec: EngineSpec): Promise<Made> {
  const problems: string[] = [];
  const path = spec.configFile ?? configOfTree(spec.root);
  let dotConfig: string | null = null;
  if (path !== null) {
    const config = readDotConfig(path);
    if (config.ok) dotConfig = config.text;
    else problems.push(`${path}: ${config.reason}; the default configuration is used`);
  }
  const engine = await createEngine({
    tree,
    ...loadWasm(),
    kernelVersion: spec.kernelVersion,
    dotConfig,
    clock: now,
    ...(reading === null ? {} : { reading }),
    ...(disk === null ? {} : { memory: late ?? disk }),
  });
  return { engine, problems: [...problems, ...engine.problems] };
}

function reporter(id: number): (progress: Progress) => void {
  let last = Number.NEGATIVE_INFINITY;
  return (progress) => {
    at = progress.at;
    const time = now();
    if (time - last < PROGRESS_EVERY_MS) return;
    last = time;
    send({ id, kind: 'progress', progress });
  };
}

/** What the tree refused to read belongs to what was skipped. */
function check(engine: Engine, { request, turns }: CheckParams, id: number): CheckAnswer {
  const taken = turns === null ? null : new Int32Array(turns);
  const takes = (unit: number): boolean => {
    if (taken === null) return true;
    if (Atomics.exchange(taken, unit, 1) !== 0) return false;
    if (getHeapStatistics().used_heap_size > COLLECT_FROM_MIB * 2 ** 20) collectGarbage();
    return true;
  };
  const answer = engine.check(request, token, reporter(id), takes);
  const named = new Set(answer.skipped.map((skipped) => skipped.file));
  const refused = tree.refusedBelow(request.paths).filter((skipped) => !named.has(skipped.file));
  const skipped = [...answer.skipped, ...refused].sort((a, b) =>
    a.file < b.file ? -1 : a.file > b.file ? 1 : 0,
  );
  return { ...answer, skipped };
}

async function answer(request: Request): Promise<unknown> {
  made ??= make(start.spec);
  const { engine, problems } = await made;
  switch (request.call) {
    case 'describe':
      return { kernelVersion: engine.kernelVersion, problems };
    case 'check':
      at = request.params.request.paths[0] ?? '';
      return check(engine, request.params, request.id);
    case 'contexts':
      at = 'function' in request.params ? request.params.function : request.params.file;
      return engine.contexts(request.params, token);
    case 'annotate':
      at = 'function' in request.params ? request.params.function : request.params.file;
      return engine.annotate(request.params, token);
    case 'absent':
      at = request.params.file;
      return engine.absent(request.params, token);
    case 'audit':
      at = request.params.paths.join(' ');
      return engine.audit(request.params, token, reporter(request.id));
    case 'field':
      at = 'file' in request.params ? request.params.file : request.params.paths.join(' ');
      return engine.field(request.params, token, reporter(request.id));
    case 'drop':
      at = request.params.file;
      return engine.drop(request.params, token);
    case 'reach':
      at = request.params.join(' ');
      return engine.reach(request.params, token, reporter(request.id));
    case 'lenses':
      at = request.params;
      return engine.lenses(request.params, token);
    case 'calls':
      at = request.params.file;
      return engine.calls(request.params, token);
    case 'methods':
      at = request.params.paths[0] ?? '';
      return engine.methods(request.params, token, reporter(request.id));
    case 'hover':
      at = request.params.file;
      return engine.hover(request.params, token);
    case 'inlayHints':
      at = request.params.file;
      return engine.inlayHints(request.params, token);
    case 'picture':
      at = request.params.kind;
      return engine.picture(request.params, token);
    case 'explainModel':
      return engine.explainModel(request.params);
    case 'dump':
      at = request.params.file;
      return engine.dump(request.params.kind, request.params.file, request.params.function);
    case 'files':
      return engine.files(request.params);
    case 'memory':
      return memoryReport(engine);
    case 'verify':
      at = 'fs';
      return engine.verify(token, reporter(request.id));
    case 'overlay':
      tree.overlay(request.params.file, request.params.text);
      engine.invalidate(request.params.file);
      return null;
    case 'invalidate':
      engine.invalidate(request.params);
      return null;
    default:
      return request satisfies never;
  }
}

async function serve(request: Request): Promise<void> {
  at = '';
  try {
    const result = await answer(request);
    const kept = disk?.hasKept === true;
    send({ id: request.id, kind: 'answer', answer: result, memoryMiB: memoryMiB(), kept });
  } catch (error) {
    if (error instanceof Cancelled) send({ id: request.id, kind: 'cancelled' });
    else {
      const failure = error instanceof Error ? error : new Error(String(error));
      send({ id: request.id, kind: 'failed', message: failure.message, at, stack: failure.stack ?? '' });
    }
  }
}

function memoryReport(engine: Engine): MemoryReport {
  const heap = getHeapStatistics();
  return {
    heap: heap.used_heap_size,
    heapLimit: heap.heap_size_limit,
    arrays: process.memoryUsage().arrayBuffers,
    resident: process.memoryUsage.rss(),
    parts: engine.memory(),
  };
}

/** So long what the worker holds is taken to be what it was: asking for it takes a third of a millisecond. */
const MEMORY_ASKED_MS = 500;
let memoryAskedAt = Number.NEGATIVE_INFINITY;
let memoryThen = 0;

function memoryMiB(): number {
  if (now() - memoryAskedAt > MEMORY_ASKED_MS) {
    memoryAskedAt = now();
    const usage = process.memoryUsage();
    memoryThen = Math.round((usage.heapTotal + usage.external + usage.arrayBuffers) / 1024 / 1024);
  }
  return memoryThen;
}

function send(reply: Reply): void {
  port?.postMessage(reply);
}

if (start.role === 'reader' && reading !== null) {
  reading.onAsked((files) => {
    made ??= make(start.spec);
    made.then(
      // Who is told to stop goes on later, with what was read until then: the reader is ended where nobody needs it
      ({ engine }) => {
        engine.readForOthers(files, NEVER);
        // Nobody asks it anything else
        idle?.begin(0);
      },
      // Whoever asked reads alone
      () => {},
    );
  });
  made = make(start.spec);
} else {
  let queue: Promise<void> = Promise.resolve();
  port.on('message', (request: Request) => {
    idle?.stop();
    queue = queue.then(() => serve(request)).then(() => idle?.begin());
  });
}
