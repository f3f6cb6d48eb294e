/**
 * Counts what a run of the editor has shown to hold, and says it a line at a time.
 */

export class Checks {
  passed = 0;
  failed = 0;
  readonly #began = Date.now();

  that(what: string, holds: boolean, seen = ''): void {
    if (holds) this.passed++;
    else this.failed++;
    const time = ((Date.now() - this.#began) / 1000).toFixed(1);
    console.log(`${holds ? 'ok  ' : 'FAIL'} [${time} s] ${what}${seen === '' ? '' : ` - ${seen}`}`);
  }

  summary(): string {
    return `${this.passed} passed, ${this.failed} failed`;
  }
}
