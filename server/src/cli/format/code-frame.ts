/**
 * A line of code with a caret under a range, tabs made visible as eight columns so that the caret stands where it
 * belongs. Must not know findings.
 */
import type { Range } from '../../engine/base/finding.js';
import type { LineOf } from '../report.js';
import type { Paint } from '../terminal.js';

const TAB = 8;
/** Longer lines are cut, so that the caret stays in sight. */
const LONGEST = 160;
/** What is left of the code before the caret. */
const LEAD = 60;

/** Text with tabs as blanks up to the next multiple of eight. */
export function expandTabs(text: string): string {
  let out = '';
  for (const char of text) out += char === '\t' ? ' '.repeat(TAB - (out.length % TAB)) : char;
  return out;
}

/** The part of a line that begins at a column, with dots where something was cut off. */
function cut(text: string, from: number): string {
  const head = from > 0 ? `…${text.slice(from + 1)}` : text;
  return head.length > LONGEST ? `${head.slice(0, LONGEST - 1)}…` : head;
}

/** The line, the one before it, and the caret; empty where the line cannot be read. */
export function codeFrame(range: Range, lineOf: LineOf, paint: Paint): readonly string[] {
  const text = lineOf(range.file, range.line);
  if (text === null) return [];
  const gutter = String(range.line).length;
  const frame: string[] = [];
  const before = range.line > 1 ? lineOf(range.file, range.line - 1) : null;
  if (before !== null && !/^\s*[{}]?\s*$/.test(before)) {
    frame.push(`${paint.dim(`${String(range.line - 1).padStart(gutter)} |`)} ${cut(expandTabs(before), 0)}`);
  }
  const whole = expandTabs(text);
  const start = expandTabs(text.slice(0, range.column - 1)).length;
  const end = range.endLine === range.line ? range.endColumn - 1 : text.length;
  const stop = expandTabs(text.slice(0, end).trimEnd()).length;
  const from = whole.length > LONGEST && stop > LONGEST ? Math.max(0, start - LEAD) : 0;
  frame.push(`${paint.dim(`${range.line} |`)} ${cut(whole, from)}`);
  const width = Math.max(1, Math.min(stop, from + LONGEST) - start);
  const caret = `^${'~'.repeat(width - 1)}`;
  frame.push(`${paint.dim(`${' '.repeat(gutter)} |`)} ${' '.repeat(start - from)}${paint.strong(caret)}`);
  return frame;
}
