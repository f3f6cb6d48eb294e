/**
 * Findings of the open documents: when a check is due (at the first edit, and after typing stops), which one is stale, and who waits for it.
 * A result is kept with the versions of all texts that it was computed from. Must not know the protocol's types.
 */
import { Cancelled } from '../engine/base/cancel.js';
import type { Finding } from '../engine/base/finding.js';
import type { Progress } from '../engine/door.js';
import { now } from '../host/clock.js';
import type { Documents } from './documents.js';
import type { Served, ServedDocuments } from './served.js';

/**
 * Typing has stopped when nothing came for this long; an edit after such a pause is checked at once, and so is every one where the
 * last check took no longer than this.
 */
export const DEBOUNCE_MS = 100;
/** Other open documents that may depend on an edit are checked again after this. */
export const DEPENDENT_MS = 1000;

/** Findings of one document, with what they were computed from. */
export interface Result {
  readonly version: number;
  readonly findings: readonly Finding[];
  /** Versions of the open documents of the tree when the check began, by URI. */
  readonly versions: ReadonlyMap<string, number>;
}

export interface CheckerEvents {
  /** New findings for a document, of its current version. */
  publish(served: Served, result: Result): void;
  /** The document is closed, or no longer served. */
  clear(uri: string): void;
  /** A check failed for a reason of our own. */
  failed(served: Served, error: unknown): void;
  started(served: Served): { report(progress: Progress): void; done(): void };
  /** Something that the status shows has changed. */
  changed(): void;
}

interface Pending {
  timer: NodeJS.Timeout | null;
  stop: AbortController | null;
  /** When the document was last edited. */
  editedAt: number;
  /** How long the last check took that went to its end, in milliseconds. */
  took: number;
}

/** Schedules checks; at most one pending or running for each document. */
export class Checker {
  readonly #documents: Documents;
  readonly #served: ServedDocuments;
  readonly #events: CheckerEvents;
  readonly #pending = new Map<string, Pending>();
  readonly #results = new Map<string, Result>();
  readonly #waiters = new Map<string, Set<() => void>>();

  constructor(documents: Documents, served: ServedDocuments, events: CheckerEvents) {
    this.#documents = documents;
    this.#served = served;
    this.#events = events;
  }

  /** A check of the document is due after the delay; one under way for an older text is stopped. */
  schedule(uri: string, delay: number): void {
    const pending = this.#pending.get(uri) ?? {
      timer: null,
      stop: null,
      editedAt: Number.NEGATIVE_INFINITY,
      took: Number.POSITIVE_INFINITY,
    };
    this.#pending.set(uri, pending);
    pending.stop?.abort();
    pending.stop = null;
    if (pending.timer !== null) clearTimeout(pending.timer);
    pending.timer = setTimeout(() => {
      pending.timer = null;
      pending.stop = new AbortController();
      void this.#check(uri, pending, pending.stop);
    }, delay);
  }

  opened(uri: string): void {
    this.schedule(uri, 0);
  }

  /** After an edit: the document itself soon, those that may depend on it later. */
  async edited(uri: string): Promise<void> {
    this.#stop(uri);
    const source = await this.#served.of(uri);
    if (source?.settings.check !== 'onType') return;
    const pending = this.#pending.get(uri);
    const pause = now() - (pending?.editedAt ?? Number.NEGATIVE_INFINITY);
    const busy = pending?.timer != null || pending?.stop != null;
    const quick = pending !== undefined && pending.took <= DEBOUNCE_MS;
    this.schedule(uri, quick || (pause > DEBOUNCE_MS && !busy) ? 0 : DEBOUNCE_MS);
    const scheduled = this.#pending.get(uri);
    if (scheduled !== undefined) scheduled.editedAt = now();
    await this.#scheduleDependents(source);
  }

  async saved(uri: string): Promise<void> {
    const source = await this.#served.of(uri);
    if (source?.settings.check !== 'onSave') return;
    this.schedule(uri, 0);
    await this.#scheduleDependents(source);
  }

  async #scheduleDependents(source: Served): Promise<void> {
    for (const other of await this.#served.all()) {
      if (other.uri !== source.uri && other.tree === source.tree && mayDepend(other.file, source.file)) {
        this.schedule(other.uri, DEPENDENT_MS);
      }
    }
  }

  /** A check of an older text is of no use to anybody. */
  #stop(uri: string): void {
    this.#pending.get(uri)?.stop?.abort();
  }

  async scheduleAll(delay: number): Promise<void> {
    for (const served of await this.#served.all()) this.schedule(served.uri, delay);
  }

  close(uri: string): void {
    const pending = this.#pending.get(uri);
    this.#pending.delete(uri);
    if (pending?.timer) clearTimeout(pending.timer);
    pending?.stop?.abort();
    if (this.#results.delete(uri)) this.#events.clear(uri);
    this.#wake(uri);
  }

  get working(): boolean {
    for (const pending of this.#pending.values()) if (pending.stop !== null) return true;
    return false;
  }

  /** The findings of the document's present text, once they are there; null where none will come. */
  async current(uri: string, signal: AbortSignal): Promise<Result | null> {
    for (;;) {
      if (signal.aborted) throw new Cancelled();
      const result = this.#results.get(uri);
      if (result !== undefined && this.#isCurrent(uri, result)) return result;
      const pending = this.#pending.get(uri);
      if (pending === undefined || (pending.timer === null && pending.stop === null)) return null;
      await this.#nextEvent(uri, signal);
    }
  }

  #isCurrent(uri: string, result: Result): boolean {
    return this.#documents.versionOf(uri) === result.version;
  }

  async #check(uri: string, pending: Pending, stop: AbortController): Promise<void> {
    const served = await this.#served.of(uri);
    try {
      if (served === null || served.settings.check === 'off') {
        if (this.#results.delete(uri)) this.#events.clear(uri);
      } else if (!stop.signal.aborted) {
        const began = now();
        await this.#run(served, stop.signal);
        pending.took = now() - began;
      }
    } catch (error) {
      if (served !== null && !(error instanceof Cancelled) && !stop.signal.aborted) {
        served.tree.forgetTold();
        this.#events.failed(served, error);
      }
    } finally {
      if (pending.stop === stop) pending.stop = null;
      this.#wake(uri);
      this.#events.changed();
    }
  }

  async #run(served: Served, signal: AbortSignal): Promise<void> {
    const { tree, file, uri } = served;
    const bar = this.#events.started(served);
    const began = now();
    try {
      const request = { paths: [file], rules: served.settings.rules, precision: served.settings.precision };
      const { answer, versions } = await tree.lane.add('background', signal, async (stop) => {
        tree.description ??= await tree.engine.describe();
        const told = await tree.tell(this.#documents);
        return { versions: told, answer: await tree.engine.check(request, stop, (at) => bar.report(at)) };
      });
      const version = versions.get(uri);
      if (version === undefined || this.#documents.versionOf(uri) !== version) return; // a newer text is on its way
      tree.failure = null;
      tree.checked.add(file);
      tree.skipped.delete(file);
      for (const skipped of answer.skipped) tree.skipped.set(skipped.file, skipped.reason);
      Object.assign(tree.figures, {
        files: answer.stats.files,
        functions: answer.stats.functions,
        damagedFunctions: answer.stats.damagedFunctions,
        lastParseMs: Math.round(answer.stats.parseMs),
        lastCheckMs: Math.round(now() - began),
      });
      const result: Result = {
        version,
        versions,
        findings: answer.findings.filter((one) => one.file === file),
      };
      this.#results.set(uri, result);
      this.#events.publish(served, result);
    } finally {
      bar.done();
    }
  }

  #nextEvent(uri: string, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const waiters = this.#waiters.get(uri) ?? new Set();
      this.#waiters.set(uri, waiters);
      const wake = (): void => {
        waiters.delete(wake);
        signal.removeEventListener('abort', wake);
        resolve();
      };
      waiters.add(wake);
      signal.addEventListener('abort', wake);
    });
  }

  #wake(uri: string): void {
    for (const wake of [...(this.#waiters.get(uri) ?? [])]) wake();
  }
}

/** An edit can change the findings of files of the same folder, and of all files where it is in a header. */
function mayDepend(file: string, edited: string): boolean {
  if (edited.endsWith('.h')) return true;
  return folderOf(file) === folderOf(edited);
}

function folderOf(file: string): string {
  return file.slice(0, file.lastIndexOf('/') + 1);
}
