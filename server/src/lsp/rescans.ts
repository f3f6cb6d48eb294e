/**
 * Folders that were scanned and in which files have changed since: what is found there is brought up to date when nothing more has
 * changed for a while. Must not know what a scan is.
 */

/** Nothing has changed for this long. */
export const RESCAN_AFTER_MS = 1500;
/** So many folders at once are another version of the tree: its findings are gone, and somebody has to ask for them. */
const MOST_FOLDERS = 32;

/** Files that changed, by the folder that they stand in. */
export type Changed = ReadonlyMap<string, ReadonlySet<string>>;

export interface RescanMeans {
  /** Scans the files of some folders of a tree; never rejects. */
  run(root: string, changed: Changed, signal: AbortSignal): Promise<void>;
  /** A scan that somebody asked for is on its way in the tree: it may have read what has changed since. */
  isBusy(root: string): boolean;
}

/** What is to be scanned again. */
export class Rescans {
  readonly #means: RescanMeans;
  readonly #due = new Map<string, Map<string, Set<string>>>();
  readonly #stop = new AbortController();
  #timer: NodeJS.Timeout | null = null;
  #isRunning = false;

  constructor(means: RescanMeans) {
    this.#means = means;
  }

  /** A file of a folder that was scanned is another one now. */
  changed(root: string, file: string): void {
    const folder = file.slice(0, Math.max(0, file.lastIndexOf('/')));
    const folders = this.#due.get(root) ?? new Map<string, Set<string>>();
    const files = folders.get(folder) ?? new Set();
    this.#due.set(root, folders.set(folder, files.add(file)));
    this.#soon();
  }

  stop(): void {
    this.#stop.abort();
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }

  #soon(): void {
    if (this.#stop.signal.aborted) return;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#timer = null;
      void this.#run();
    }, RESCAN_AFTER_MS);
  }

  async #run(): Promise<void> {
    if (this.#isRunning) return; // what came meanwhile follows when it is done
    this.#isRunning = true;
    for (const [root, changed] of [...this.#due]) {
      if (this.#means.isBusy(root)) continue;
      this.#due.delete(root);
      if (changed.size <= MOST_FOLDERS) await this.#means.run(root, changed, this.#stop.signal);
    }
    this.#isRunning = false;
    if (this.#due.size > 0) this.#soon();
  }
}
