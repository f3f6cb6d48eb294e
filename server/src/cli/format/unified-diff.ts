/**
 * Edits of one file as a unified diff that `patch` and `git apply` take. Must not know what the edits are for.
 */
import type { Edit } from '../../engine/base/finding.js';
import { byPlace, type Change, changesBetween, linesOf } from '../../engine/findings/text-edits.js';

/** Unchanged lines shown around a change. */
const CONTEXT = 3;

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
