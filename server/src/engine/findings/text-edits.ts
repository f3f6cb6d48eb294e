/**
 * Edits and texts: the text that edits make, and the edits that make one text of another. Must not know what the edits are for.
 */
import type { Edit } from '../base/finding.js';

/** Lines of the old text that are replaced, and what by. */
export interface Change {
  readonly start: number;
  readonly end: number;
  readonly lines: readonly string[];
}

/** The text with all edits made. They must not overlap. */
export function applyEdits(text: string, edits: readonly Edit[]): string {
  const starts = lineStarts(text);
  const offset = (line: number, column: number): number => (starts[line - 1] ?? text.length) + column - 1;
  let out = text;
  for (const edit of [...edits].sort(byPlace).reverse())
    out =
      out.slice(0, offset(edit.startLine, edit.startColumn)) +
      edit.text +
      out.slice(offset(edit.endLine, edit.endColumn));
  return out;
}

/** Edits of whole lines that make the second text of the first; none of them meets another. */
export function editsBetween(file: string, before: string, after: string): readonly Edit[] {
  const old = linesOf(before);
  const place = (index: number): readonly [number, number] => {
    const last = old[index - 1];
    // Behind a last line that has no end there is no other line
    return last === undefined || last.endsWith('\n') ? [index + 1, 1] : [index, last.length + 1];
  };
  return changesBetween(old, linesOf(after)).map(({ start, end, lines }) => {
    const [startLine, startColumn] = place(start);
    const [endLine, endColumn] = place(end);
    return { file, startLine, startColumn, endLine, endColumn, text: lines.join('') };
  });
}

/** The fewest lines to replace that make one text of the other (Myers). */
export function changesBetween(old: readonly string[], lines: readonly string[]): Change[] {
  let head = 0;
  while (head < old.length && head < lines.length && old[head] === lines[head]) head++;
  let tail = 0;
  while (
    tail < old.length - head &&
    tail < lines.length - head &&
    old[old.length - 1 - tail] === lines[lines.length - 1 - tail]
  )
    tail++;
  const a = old.slice(head, old.length - tail);
  const b = lines.slice(head, lines.length - tail);
  // How far each diagonal gets with so many lines taken out or put in
  const steps: Map<number, number>[] = [];
  const reach = new Map<number, number>([[1, 0]]);
  for (let d = 0; d <= a.length + b.length; d++) {
    steps.push(new Map(reach));
    for (let k = -d; k <= d; k += 2) {
      const down = k === -d || (k !== d && (reach.get(k - 1) as number) < (reach.get(k + 1) as number));
      let x = down ? (reach.get(k + 1) as number) : (reach.get(k - 1) as number) + 1;
      while (x < a.length && x - k < b.length && a[x] === b[x - k]) x++;
      reach.set(k, x);
      if (x >= a.length && x - k >= b.length) return back(steps, a, b, d, head);
    }
  }
  return [];
}

/** From the end of both texts back to their beginning, the way that was found. */
function back(
  steps: readonly ReadonlyMap<number, number>[],
  a: readonly string[],
  b: readonly string[],
  found: number,
  head: number,
): Change[] {
  const out: Change[] = [];
  let [x, y] = [a.length, b.length];
  for (let d = found; d > 0; d--) {
    const reach = steps[d] as ReadonlyMap<number, number>;
    const k = x - y;
    const down = k === -d || (k !== d && (reach.get(k - 1) as number) < (reach.get(k + 1) as number));
    const fromX = reach.get(down ? k + 1 : k - 1) as number;
    const fromY = fromX - (down ? k + 1 : k - 1);
    const next = out[0];
    const change = down
      ? { start: head + fromX, end: head + fromX, lines: [b[fromY] as string] }
      : { start: head + fromX, end: head + fromX + 1, lines: [] as string[] };
    if (next !== undefined && next.start === change.end)
      out[0] = { start: change.start, end: next.end, lines: [...change.lines, ...next.lines] };
    else out.unshift(change);
    [x, y] = [fromX, fromY];
  }
  return out;
}

/** Lines with their ends; the last one may have none. */
export function linesOf(text: string): string[] {
  return text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
}

function lineStarts(text: string): number[] {
  const out = [0];
  for (let i = text.indexOf('\n'); i >= 0; i = text.indexOf('\n', i + 1)) out.push(i + 1);
  return out;
}

/** The order of the text. */
export function byPlace(a: Edit, b: Edit): number {
  return a.startLine - b.startLine || a.startColumn - b.startColumn;
}
