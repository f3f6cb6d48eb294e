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

function nameOf(kind: string, key: string): string {
  return `${kind}\0${key}`;
}
