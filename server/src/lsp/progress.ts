/**
 * Work-done progress for checks that take long enough to be noticed, where the client shows it. Must not know what
 * is being checked: it is handed words and numbers.
 */
import type {
  Connection,
  WorkDoneProgressReporter,
  WorkDoneProgressServerReporter,
} from 'vscode-languageserver';
import type { Progress } from '../engine/door.js';
import { now } from '../host/clock.js';

/** A check that is done before this is not worth a progress bar. */
export const PROGRESS_AFTER_MS = 600;
/** Reports are not sent more often than this. */
export const PROGRESS_EVERY_MS = 150;

/** One piece of work as the client may come to see it. */
export interface ProgressHandle {
  report(progress: Progress): void;
  done(): void;
}

/** Starts to count; the bar appears only if the work is still going on after a while. */
export function progressOf(connection: Connection, supported: boolean, title: string): ProgressHandle {
  if (!supported) return { report: () => undefined, done: () => undefined };
  let reporter: WorkDoneProgressServerReporter | null = null;
  let finished = false;
  let last = Number.NEGATIVE_INFINITY;
  const timer = setTimeout(() => {
    connection.window.createWorkDoneProgress().then(
      (created) => {
        if (finished) return;
        reporter = created;
        reporter.begin(title, 0, '', false);
      },
      () => undefined, // the client took its word back; the work goes on without a bar
    );
  }, PROGRESS_AFTER_MS);
  return {
    report: (progress) => {
      const time = now();
      if (reporter === null || time - last < PROGRESS_EVERY_MS) return;
      last = time;
      const percent = progress.total === 0 ? 0 : Math.floor((100 * progress.done) / progress.total);
      reporter.report(Math.min(100, percent), `${progress.phase} ${progress.at}`);
    },
    done: () => {
      finished = true;
      clearTimeout(timer);
      reporter?.done();
    },
  };
}

/** Progress of work that somebody asked for: shown at once, with a way to stop it. */
export interface AskedProgress extends ProgressHandle {
  /** Aborted where the user says stop. */
  readonly stopped: AbortSignal;
}

/** Shows progress where the client's token says, else, where it can show any, asks it to make a place. */
export async function askedProgress(
  connection: Connection,
  token: string | number | undefined,
  supported: boolean,
  title: string,
): Promise<AskedProgress> {
  const stop = new AbortController();
  let reporter: WorkDoneProgressReporter | null = null;
  if (token !== undefined) reporter = connection.window.attachWorkDoneProgress(token);
  else if (supported) {
    const made = await connection.window.createWorkDoneProgress().catch(() => null);
    made?.token.onCancellationRequested(() => stop.abort());
    reporter = made;
  }
  reporter?.begin(title, 0, '', true);
  let last = Number.NEGATIVE_INFINITY;
  return {
    stopped: stop.signal,
    report: (progress) => {
      const time = now();
      if (time - last < PROGRESS_EVERY_MS) return;
      last = time;
      const percent = progress.total === 0 ? 0 : Math.floor((100 * progress.done) / progress.total);
      reporter?.report(Math.min(100, percent), progress.at);
    },
    done: () => reporter?.done(),
  };
}
