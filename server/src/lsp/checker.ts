/**
 * Findings of the open documents: when a check is due (at the first edit, and after typing stops), which one is stale, and who waits for it.
 * A result is kept with the versions of all texts that it was computed from. Must not know the protocol's types.
 */
import { Cancelled } from '../engine/base/cancel.js';
import type { Finding } from '../engine/base/finding.js';
import type { Progress } from '../engine/door.js';
import { rulesToRun, shownSeverity } from '../engine/findings/severity.js';
import { type PlacedProblem, placedProblem } from '../engine/findings/suppression.js';
import { RULES } from '../engine/rules/index.js';
import { now } from '../host/clock.js';
import { matchesAny } from '../host/glob.js';
import type { Documents } from './documents.js';
import type { Served, ServedDocuments } from './served.js';

/**
 * Typing has stopped when nothing came for this long; an edit after such a pause is checked at once, and so is every one where the
 * last check took no longer than this.
 */
export const DEBOUNCE_MS = 100;
/**
 * A first answer is given at once, from the functions of the file alone; the whole one follows after this, and is shown where it says
 * something else.
 */
export const WHOLE_AFTER_MS = 400;
/** Other open documents that may depend on an edit are checked again after this. */
export const DEPENDENT_MS = 1000;

/** Findings of one document, with what they were computed from. */
export interface Result {
  readonly version: number;
  /** Those that are shown under the settings. */
  readonly findings: readonly Finding[];
  /** What is wrong with comments that ignore findings. */
  readonly remarks: readonly PlacedProblem[];
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
  /** How long the last first answer took, in milliseconds. */
  took: number;
  /** The first answer is there, and the whole one is on its way. */
  isAnswered: boolean;
}

/** Schedules checks; at most one pending or running for each document. */
export class Checker {
  readonly #documents: Documents;
  readonly #served: ServedDocuments;
  readonly #events: CheckerEvents;
  readonly #pending = new Map<string, Pending>();
  readonly #results = new Map<string, Result>();
  readonly #waiters = new Map<string, Set<() => void>>();
  /** Documents of which it is not yet known whether a check is due, with how many events say that it may be. */
  readonly #undecided = new Map<string, number>();

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
      isAnswered: false,
    };
    this.#pending.set(uri, pending);
    pending.stop?.abort();
    pending.stop = null;
    if (pending.timer !== null) clearTimeout(pending.timer);
    pending.timer = setTimeout(() => {
      pending.timer = null;
      pending.stop = new AbortController();
      pending.isAnswered = false;
      void this.#check(uri, pending, pending.stop);
    }, delay);
  }

  opened(uri: string): void {
    this.schedule(uri, 0);
  }

  /** After an edit: the document itself soon, those that may depend on it later. */
  edited(uri: string): Promise<void> {
    this.#stop(uri);
    return this.#decide(uri, () => this.#afterEdit(uri));
  }

  async #afterEdit(uri: string): Promise<void> {
    const source = await this.#served.of(uri);
    if (source?.settings.check !== 'onType') return;
    const pending = this.#pending.get(uri);
    const pause = now() - (pending?.editedAt ?? Number.NEGATIVE_INFINITY);
    const busy = pending?.timer != null || (pending?.stop != null && !pending.isAnswered);
    const quick = pending !== undefined && pending.took <= DEBOUNCE_MS;
    this.schedule(uri, quick || (pause > DEBOUNCE_MS && !busy) ? 0 : DEBOUNCE_MS);
    const scheduled = this.#pending.get(uri);
    if (scheduled !== undefined) scheduled.editedAt = now();
    await this.#scheduleDependents(source);
  }

  saved(uri: string): Promise<void> {
    return this.#decide(uri, () => this.#afterSave(uri));
  }

  /** Until the work is done, whoever asks for the findings waits: a check may be due. */
  async #decide(uri: string, work: () => Promise<void>): Promise<void> {
    this.#undecided.set(uri, (this.#undecided.get(uri) ?? 0) + 1);
    this.#wake(uri); // who waits for an older text waits in vain
    try {
      await work();
    } finally {
      const left = (this.#undecided.get(uri) ?? 1) - 1;
      if (left > 0) this.#undecided.set(uri, left);
      else this.#undecided.delete(uri);
      this.#wake(uri);
    }
  }

  async #afterSave(uri: string): Promise<void> {
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

  /** The last findings, where they are of the document's present text. */
  last(uri: string): Result | null {
    const result = this.#results.get(uri);
    return result !== undefined && this.#isCurrent(uri, result) ? result : null;
  }

  /** Whether findings of the open document come from here. */
  answersFor(uri: string): boolean {
    return this.#results.has(uri);
  }

  /** The findings of the document's present text, once they are there; null where none will come. */
  async current(uri: string, signal: AbortSignal): Promise<Result | null> {
    for (;;) {
      if (signal.aborted) throw new Cancelled();
      const result = this.last(uri);
      if (result !== null) return result;
      if (!this.#isDue(uri)) return null;
      await this.#nextEvent(uri, signal);
    }
  }

  /**
   * Waits until no check of the text that the document has now is on its way, and starts none. False where there is a newer
   * text before that.
   */
  async settled(uri: string, signal: AbortSignal): Promise<boolean> {
    const version = this.#documents.versionOf(uri);
    for (;;) {
      if (signal.aborted) throw new Cancelled();
      const now = this.#documents.versionOf(uri);
      if (now !== version) return now === null;
      if (this.#results.get(uri)?.version === version || !this.#isDue(uri)) return true;
      await this.#nextEvent(uri, signal);
    }
  }

  #isDue(uri: string): boolean {
    const pending = this.#pending.get(uri);
    return this.#undecided.has(uri) || pending?.timer != null || pending?.stop != null;
  }

  #isCurrent(uri: string, result: Result): boolean {
    return this.#documents.versionOf(uri) === result.version;
  }

  async #check(uri: string, pending: Pending, stop: AbortController): Promise<void> {
    const served = await this.#served.of(uri);
    try {
      if (served === null || !isChecked(served)) {
        if (this.#results.delete(uri)) this.#events.clear(uri);
      } else if (!stop.signal.aborted) {
        const began = now();
        await this.#run(served, stop.signal, true);
        pending.took = now() - began;
        pending.isAnswered = true;
        this.#wake(uri);
        await pause(WHOLE_AFTER_MS, stop.signal);
        await this.#run(served, stop.signal, false);
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

  async #run(served: Served, signal: AbortSignal, quick: boolean): Promise<void> {
    const { tree, file, uri } = served;
    const bar = this.#events.started(served);
    const began = now();
    try {
      const { rules, severity, precision } = served.settings;
      const request = { paths: [file], rules: rulesToRun(rules, severity, RULES), precision, quick };
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
        findings: answer.findings.filter((one) => one.file === file && shownSeverity(one, severity) !== null),
        remarks: answer.problems
          .flatMap((text) => placedProblem(text) ?? [])
          .filter((one) => one.file === file),
      };
      const before = this.#results.get(uri);
      this.#results.set(uri, result);
      if (quick || before?.version !== version || !saysTheSame(before, result))
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

/** Waits; rejects with `Cancelled` where the signal says stop. */
function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) {
      reject(new Cancelled());
      return;
    }
    const stop = (): void => {
      clearTimeout(timer);
      reject(new Cancelled());
    };
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', stop);
      resolve();
    }, ms);
    signal.addEventListener('abort', stop, { once: true });
  });
}

function saysTheSame(a: Result, b: Result): boolean {
  return (
    JSON.stringify(a.findings) === JSON.stringify(b.findings) &&
    JSON.stringify(a.remarks) === JSON.stringify(b.remarks)
  );
}

function isChecked({ file, settings }: Served): boolean {
  return settings.check !== 'off' && !matchesAny(file, settings.exclude);
}

/** An edit can change the findings of files of the same folder, and of all files where it is in a header. */
function mayDepend(file: string, edited: string): boolean {
  if (edited.endsWith('.h')) return true;
  return folderOf(file) === folderOf(edited);
}

function folderOf(file: string): string {
  return file.slice(0, file.lastIndexOf('/') + 1);
}
