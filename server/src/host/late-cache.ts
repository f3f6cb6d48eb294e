/**
 * What is kept between runs, put on disk when there is time: somebody waits for an answer, and nobody for the disk. Must not know what
 * is kept.
 */
import type { Memory } from '../engine/door.js';

interface Late {
  readonly kind: string;
  readonly key: string;
  readonly make: () => unknown;
}

/** A memory over another one. What is recalled is also what has not been put there yet. */
export class LateCache implements Memory {
  private readonly late = new Map<string, Late>();

  constructor(private readonly below: Memory) {}

  recall(kind: string, key: string): unknown {
    const late = this.late.get(nameOf(kind, key));
    return late === undefined ? this.below.recall(kind, key) : late.make();
  }

  keep(kind: string, key: string, value: unknown): void {
    this.put({ kind, key, make: () => value });
  }

  keepMade(kind: string, key: string, make: () => unknown): void {
    this.put({ kind, key, make });
  }

  /** Puts one thing on disk. False: there is nothing left. */
  work(): boolean {
    for (const [name, { kind, key, make }] of this.late) {
      this.late.delete(name);
      this.below.keep(kind, key, make());
      return true;
    }
    return false;
  }

  private put(late: Late): void {
    const name = nameOf(late.kind, late.key);
    // In the order in which they came
    this.late.delete(name);
    this.late.set(name, late);
  }
}

/** What waits to be put on disk goes there when nothing has been asked for so long. */
const IDLE_MS = 1500;

/** Puts on disk what a late cache holds, while nobody asks for anything. */
export class IdleWriting {
  private timer: NodeJS.Timeout | null = null;
  private isTidied = false;

  /** `tidy`: called when nothing is left, until it says that it has tidied up. */
  constructor(
    private readonly late: LateCache,
    private readonly tidy: () => boolean,
  ) {}

  /** Something was answered: if nothing is asked for so many milliseconds, it begins. */
  begin(after = IDLE_MS): void {
    this.stop();
    this.timer = setTimeout(() => this.one(), after);
  }

  /** Something is asked. */
  stop(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
  }

  /** One at a time: a question that comes meanwhile waits for no more than that. */
  private one(): void {
    this.timer = null;
    if (this.late.work()) this.begin(0);
    else this.isTidied ||= this.tidy();
  }
}

function nameOf(kind: string, key: string): string {
  return `${kind}\0${key}`;
}
