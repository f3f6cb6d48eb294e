/**
 * A line of code with a caret under a range, tabs made visible as eight columns so that the caret stands where it
 * belongs. Must not know findings.
 */
import type { Range } from '../../engine/base/finding.js';
import type { LineOf } from '../report.js';
import type { Paint } from '../terminal.js';

const TAB = 8;

/** Text with tabs as blanks up to the next multiple of eight. */
export function expandTabs(text: string): string {
  let out = '';
  for (const char of text) out += char === '\t' ? ' '.repeat(TAB - (out.length % TAB)) : char;
  return out;
}

/** The line, the one before it, and the caret; empty where the line cannot be read. */
export function codeFrame(range: Range, lineOf: LineOf, paint: Paint): readonly string[] {
  const text = lineOf(range.file, range.line);
  if (text === null) return [];
  const gutter = String(range.line).length;
  const frame: string[] = [];
  const before = range.line > 1 ? lineOf(range.file, range.line - 1) : null;
  if (before !== null && !/^\s*[{}]?\s*$/.test(before)) {
    frame.push(`${paint.dim(`${String(range.line - 1).padStart(gutter)} |`)} ${expandTabs(before)}`);
  }
  frame.push(`${paint.dim(`${range.line} |`)} ${expandTabs(text)}`);
  const start = expandTabs(text.slice(0, range.column - 1)).length;
  const end = range.endLine === range.line ? range.endColumn - 1 : text.length;
  const width = Math.max(1, expandTabs(text.slice(0, end).trimEnd()).length - start);
  const caret = `^${'~'.repeat(width - 1)}`;
  frame.push(`${paint.dim(`${' '.repeat(gutter)} |`)} ${' '.repeat(start)}${paint.strong(caret)}`);
  return frame;
}
