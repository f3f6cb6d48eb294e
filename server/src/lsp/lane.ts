/**
 * The queue in front of one engine: what a person waits for (hover, code action) goes before background checks, and
 * stops a running one at its next function; the check starts again afterwards, over the facts that it left behind.
 * Must not know what the work is.
 */
import { Cancelled } from '../engine/base/cancel.js';

type Urgency = 'interactive' | 'background';

interface Job {
  readonly urgency: Urgency;
  readonly signal: AbortSignal;
  readonly run: (signal: AbortSignal) => Promise<void>;
  readonly reject: (reason: unknown) => void;
}

/** After this many restarts a background job is no longer interrupted, so that it ends at last. */
export const MAX_RESTARTS = 20;

/** Runs one job at a time. */
export class Lane {
  readonly #waiting: Record<Urgency, Job[]> = { interactive: [], background: [] };
  #running: { readonly job: Job; readonly stop: AbortController; preempted: boolean } | null = null;
  readonly #restarts = new WeakMap<Job, number>();

  /** Queues work; rejects with `Cancelled` where the signal says stop. `run` may be called more than once. */
  add<T>(urgency: Urgency, signal: AbortSignal, run: (signal: AbortSignal) => Promise<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      if (signal.aborted) {
        reject(new Cancelled());
        return;
      }
      const job: Job = { urgency, signal, reject, run: async (stop) => resolve(await run(stop)) };
      signal.addEventListener('abort', () => this.#cancel(job), { once: true });
      this.#waiting[urgency].push(job);
      if (urgency === 'interactive') this.#preempt();
      void this.#pump();
    });
  }

  get busy(): boolean {
    return this.#running !== null || this.#waiting.interactive.length + this.#waiting.background.length > 0;
  }

  #preempt(): void {
    const running = this.#running;
    if (running === null || running.job.urgency === 'interactive') return;
    if ((this.#restarts.get(running.job) ?? 0) >= MAX_RESTARTS) return;
    running.preempted = true;
    running.stop.abort();
  }

  #cancel(job: Job): void {
    const queue = this.#waiting[job.urgency];
    const at = queue.indexOf(job);
    if (at >= 0) {
      queue.splice(at, 1);
      job.reject(new Cancelled());
    } else if (this.#running?.job === job) {
      this.#running.stop.abort();
    }
  }

  async #pump(): Promise<void> {
    if (this.#running !== null) return;
    const job = this.#waiting.interactive.shift() ?? this.#waiting.background.shift();
    if (job === undefined) return;
    const running = { job, stop: new AbortController(), preempted: false };
    this.#running = running;
    try {
      await job.run(running.stop.signal);
    } catch (error) {
      const again = running.preempted && error instanceof Cancelled && !job.signal.aborted;
      if (again) {
        this.#restarts.set(job, (this.#restarts.get(job) ?? 0) + 1);
        this.#waiting.background.unshift(job);
      } else {
        job.reject(error);
      }
    }
    this.#running = null;
    void this.#pump();
  }
}
