/**
 * What a rule notes on the way, as the numbers that go along with a state (`State.trail`): alike notes have one number, 0 is none.
 * For one replay.
 */
export class Trails<N> {
  private readonly notes: (N | null)[] = [null];
  private readonly numbers = new Map<string, number>();

  /** The note of a number. */
  of(trail: number): N | null {
    return this.notes[trail] ?? null;
  }

  /** The number of a note; `key` tells notes apart. */
  number(note: N, key: string): number {
    let number = this.numbers.get(key);
    if (number === undefined) {
      number = this.notes.length;
      this.notes.push(note);
      this.numbers.set(key, number);
    }
    return number;
  }
}
