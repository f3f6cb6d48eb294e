/**
 * What is kept between runs, put on disk when there is time: somebody waits for an answer, and nobody for the disk. Must not know what
 * is kept.
 */
import type { Memory } from '../engine/door.js';

interface Late {
  readonly kind: string;
  readonly key: string;
  readonly make: () => unknown;
  /** What it is made of stays in memory as long as it waits. */
  readonly isLarge: boolean;
}

/**
 * So many things may wait, and so many of those that are still to be made: who opens one directory after the other leaves no pause, and all
 * that was found in them would stay in memory.
 */
const MOST_WAITING = 1000;
const MOST_TO_MAKE = 3;

/** A memory over another one. What is recalled is also what has not been put there yet. */
export class LateCache implements Memory {
  private readonly late = new Map<string, Late>();

  constructor(private readonly below: Memory) {}

  recall(kind: string, key: string): unknown {
    const late = this.late.get(nameOf(kind, key));
    return late === undefined ? this.below.recall(kind, key) : late.make();
  }

  keep(kind: string, key: string, value: unknown): void {
    this.put({ kind, key, make: () => value, isLarge: false });
  }

  keepMade(kind: string, key: string, make: () => unknown): void {
    this.put({ kind, key, make, isLarge: true });
  }

  /** Puts one thing on disk. False: there is nothing left. */
  work(): boolean {
    return this.write(() => true);
  }

  /** Puts the first of some on disk; false: there is none. */
  private write(isOne: (late: Late) => boolean): boolean {
    for (const [name, late] of this.late) {
      if (!isOne(late)) continue;
      this.late.delete(name);
      this.below.keep(late.kind, late.key, late.make());
      return true;
    }
    return false;
  }

  private put(late: Late): void {
    const name = nameOf(late.kind, late.key);
    // In the order in which they came
    this.late.delete(name);
    this.late.set(name, late);
    if (this.late.size > MOST_WAITING) this.work();
    if (!late.isLarge) return;
    let waiting = 0;
    for (const { isLarge } of this.late.values()) if (isLarge) waiting++;
    if (waiting > MOST_TO_MAKE) this.write(({ isLarge }) => isLarge);
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
