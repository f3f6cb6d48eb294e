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
  const changes = [...edits].sort(byPlace).map((edit) => changeOf(old, edit));
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
