/**
 * Counts what a run of the editor has shown to hold, and says it a line at a time.
 */

export class Checks {
  passed = 0;
  failed = 0;
  skipped = 0;
  /** Steps that were done a second time. */
  retried = 0;
  readonly #required: boolean;
  readonly #failures: string[] = [];
  readonly #began = Date.now();
  #step = '';

  /** `required`: what cannot be looked at counts as failed. */
  constructor(required: boolean) {
    this.#required = required;
  }

  /** What follows belongs to a step, which is named in failures. */
  begin(step: string): void {
    this.#step = step;
    console.log(`${step}: [${this.#time()}]`);
  }

  /** What was counted so far, to go back to. */
  mark(): readonly [passed: number, failed: number, failures: number] {
    return [this.passed, this.failed, this.#failures.length];
  }

  /** A step is done again: what it has counted since the mark does not count. */
  again([passed, failed, failures]: readonly [number, number, number]): void {
    this.passed = passed;
    this.failed = failed;
    this.#failures.length = failures;
    this.retried++;
    console.log(`  note: once more: ${this.#step}`);
  }

  /** One thing that must hold; `seen` says what was there instead, or what was there. */
  that(what: string, holds: boolean, seen = ''): void {
    const line = `${what}${seen === '' ? '' : ` - ${seen}`}`;
    if (holds) this.passed++;
    else {
      this.failed++;
      this.#failures.push(`${this.#step}: ${line}`);
    }
    console.log(`  ${holds ? 'ok  ' : 'FAIL'} [${this.#time()}] ${line}`);
  }

  #time(): string {
    return `${((Date.now() - this.#began) / 1000).toFixed(1)} s`;
  }

  /** Something cannot be looked at on this machine. */
  skip(what: string, why: string): void {
    if (this.#required) this.that(what, false, why);
    else {
      this.skipped++;
      console.log(`SKIPPED: ${what}: ${why}`);
    }
  }

  /** All failures once more, then the sum as the last line. */
  summary(): string {
    const tail = this.skipped > 0 ? `, ${this.skipped} skipped` : '';
    const failures = this.#failures.map((line) => `FAILED: ${line}`);
    if (this.retried > 0)
      failures.push(`${this.retried} steps were done twice: the first time something failed`);
    return [...failures, `${this.passed} passed, ${this.failed} failed${tail}`].join('\n');
  }
}
