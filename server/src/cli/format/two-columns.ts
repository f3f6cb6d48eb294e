/**
 * A path on which two threads collide, as two columns of plain text, CPU 0 and CPU 1, time flowing down: the form in which
 * kernel people write a race into a mail. Without a second side, a plain list. Must not know findings beyond their trace.
 */
import type { TraceStep } from '../../engine/base/finding.js';

/** Columns together stay below what mail clients wrap. */
const COLUMN = 44;
const GAP = '  ';

/** Which CPU a step runs on. */
export function sideOf(step: TraceStep): 0 | 1 {
  return step.side ?? (step.kind === 'other-side' ? 1 : 0);
}

/** Whether two threads take part. */
export function isRace(trace: readonly TraceStep[]): boolean {
  return trace.some((step) => sideOf(step) === 1);
}

/** The two columns with their heads. */
export function twoColumns(trace: readonly TraceStep[]): readonly string[] {
  const rows = [row('CPU 0', 'CPU 1'), row('-----', '-----')];
  for (const step of trace) {
    const cell = [`${step.file}:${step.line}`, ...wrap(step.message, COLUMN - 2).map((line) => `  ${line}`)];
    for (const line of cell) rows.push(sideOf(step) === 0 ? row(line, '') : row('', line));
  }
  return rows;
}

/** One step a line: place, then what happens there. */
export function stepList(trace: readonly TraceStep[]): readonly string[] {
  const places = trace.map((step) => `${step.file}:${step.line}`);
  const width = Math.min(40, Math.max(0, ...places.map((place) => place.length)));
  return trace.map((step, index) => `${(places[index] ?? '').padEnd(width)}  ${step.message}`);
}

/** Breaks a text at blanks; a word that is too long stays whole. */
export function wrap(text: string, width: number): readonly string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(/\s+/)) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  if (line !== '') lines.push(line);
  return lines;
}

function row(left: string, right: string): string {
  return (right === '' ? left : `${left.padEnd(COLUMN)}${GAP}${right}`).trimEnd();
}
