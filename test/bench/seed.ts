/**
 * Seeded bugs: edits that put a known bug back into a real tree, in memory. Shared by the recall benchmark and the kernel
 * tests. An edit either replaces one occurrence of a text, or deletes and inserts whole lines near one.
 */

/** One edit of one file. */
export interface SeedEdit {
  readonly file?: string;
  readonly find: string;
  readonly nth?: number;
  readonly replace?: string;
  readonly line?: number;
  readonly del?: number;
  readonly ins?: string;
}

/** A seeded bug with what is expected of it. */
export interface SeedCase {
  readonly id: string;
  readonly kernelTree: string;
  readonly file: string;
  readonly edits: readonly SeedEdit[];
  readonly expect: {
    readonly ruleFamily: string;
    readonly also?: readonly string[];
    readonly function: string;
    readonly changedLines: readonly number[];
  };
}

function locate(text: string, edit: SeedEdit): number {
  let at = -1;
  let count = 0;
  const wanted = edit.nth ?? 1;
  for (let i = text.indexOf(edit.find); i >= 0; i = text.indexOf(edit.find, i + 1))
    if (++count === wanted) at = i;
  if (at < 0 || (edit.nth === undefined && count !== 1))
    throw new Error(`${JSON.stringify(edit.find)}: found ${count} times`);
  return at;
}

/** The edited files of a case; `read` gives the original text. Throws where the text is not as the case knows it. */
export function applySeed(seed: SeedCase, read: (file: string) => string): Map<string, string> {
  const byFile = new Map<string, SeedEdit[]>();
  for (const e of seed.edits) {
    const file = e.file ?? seed.file;
    byFile.set(file, [...(byFile.get(file) ?? []), e]);
  }
  const out = new Map<string, string>();
  for (const [file, edits] of byFile) {
    const text = read(file);
    const starts = [0];
    for (let i = text.indexOf('\n'); i >= 0; i = text.indexOf('\n', i + 1)) starts.push(i + 1);
    starts.push(text.length);
    const cuts = edits.map((e) => {
      const at = locate(text, e);
      if (e.del === undefined) return { from: at, to: at + e.find.length, text: e.replace ?? '' };
      let row = 0;
      while (row + 1 < starts.length && (starts[row + 1] as number) <= at) row++;
      row += e.line ?? 0;
      return {
        from: starts[row] as number,
        to: starts[row + e.del] as number,
        text: e.ins === undefined ? '' : `${e.ins}\n`,
      };
    });
    cuts.sort((a, b) => b.from - a.from);
    let edited = text;
    for (const c of cuts) edited = edited.slice(0, c.from) + c.text + edited.slice(c.to);
    out.set(file, edited);
  }
  return out;
}
