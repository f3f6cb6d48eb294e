/** Texts that are written once however often they occur. */
export class Words {
  /** By number. */
  readonly all: string[] = [];
  private readonly known = new Map<string, number>();

  /** The number of a text. */
  of(text: string): number {
    let n = this.known.get(text);
    if (n === undefined) {
      n = this.all.length;
      this.all.push(text);
      this.known.set(text, n);
    }
    return n;
  }
}
