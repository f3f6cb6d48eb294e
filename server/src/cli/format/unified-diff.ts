/**
 * Edits of one file as a unified diff that `patch` and `git apply` take, and the text that they make. Must not know what
 * the edits are for.
 */
import type { Edit } from '../../engine/base/finding.js';

/** Unchanged lines shown around a change. */
const CONTEXT = 3;

/** Lines of the old text that are replaced, and what by. */
interface Change {
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

/** The diff of a file, or '' where nothing changes. */
export function unifiedDiff(file: string, text: string, edits: readonly Edit[]): string {
  const old = linesOf(text);
  return diffOfChanges(
    file,
    old,
    [...edits].sort(byPlace).map((edit) => changeOf(old, edit)),
  );
}

/** The diff between two texts of a file, or '' where they are the same. */
export function diffOfTexts(file: string, before: string, after: string): string {
  const old = linesOf(before);
  return diffOfChanges(file, old, changesBetween(old, linesOf(after)));
}

function diffOfChanges(file: string, old: readonly string[], changes: readonly Change[]): string {
  const hunks: Change[][] = [];
  for (const change of changes) {
    const last = hunks.at(-1);
    const before = last?.at(-1);
    if (last !== undefined && before !== undefined && change.start - before.end <= 2 * CONTEXT)
      last.push(change);
    else hunks.push([change]);
  }
  if (hunks.length === 0) return '';
  const out = [`--- a/${file}\n`, `+++ b/${file}\n`];
  let shift = 0;
  for (const hunk of hunks) {
    const from = Math.max(0, (hunk[0] as Change).start - CONTEXT);
    const to = Math.min(old.length, (hunk.at(-1) as Change).end + CONTEXT);
    const grown = hunk.reduce((sum, c) => sum + c.lines.length - (c.end - c.start), 0);
    const body: string[] = [];
    let at = from;
    for (const change of hunk) {
      body.push(...old.slice(at, change.start).map((line) => shown(' ', line)));
      body.push(...old.slice(change.start, change.end).map((line) => shown('-', line)));
      body.push(...change.lines.map((line) => shown('+', line)));
      at = change.end;
    }
    body.push(...old.slice(at, to).map((line) => shown(' ', line)));
    out.push(`@@ -${span(from, to - from)} +${span(from + shift, to - from + grown)} @@\n`, ...body);
    shift += grown;
  }
  return out.join('');
}

/** The fewest lines to replace that make one text of the other (Myers). */
function changesBetween(old: readonly string[], lines: readonly string[]): Change[] {
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

/** An edit as whole lines; lines that stay the same at either end are left out. */
function changeOf(old: readonly string[], edit: Edit): Change {
  let start = edit.startLine - 1;
  let end = edit.endLine;
  const first = old[start] ?? '';
  const last = old[end - 1] ?? '';
  const lines = linesOf(first.slice(0, edit.startColumn - 1) + edit.text + last.slice(edit.endColumn - 1));
  end = Math.min(end, old.length);
  while (lines.length > 0 && start < end && lines.at(-1) === old[end - 1]) {
    lines.pop();
    end--;
  }
  while (lines.length > 0 && start < end && lines[0] === old[start]) {
    lines.shift();
    start++;
  }
  return { start, end, lines };
}

function shown(sign: string, line: string): string {
  return line.endsWith('\n') ? sign + line : `${sign}${line}\n\\ No newline at end of file\n`;
}

function span(start: number, count: number): string {
  return count === 1 ? `${start + 1}` : `${count === 0 ? start : start + 1},${count}`;
}

/** Lines with their ends; the last one may have none. */
function linesOf(text: string): string[] {
  return text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
}

function lineStarts(text: string): number[] {
  const out = [0];
  for (let i = text.indexOf('\n'); i >= 0; i = text.indexOf('\n', i + 1)) out.push(i + 1);
  return out;
}

function byPlace(a: Edit, b: Edit): number {
  return a.startLine - b.startLine || a.startColumn - b.startColumn;
}
