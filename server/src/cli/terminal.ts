/**
 * Where a command writes: the report to standard output, progress to standard error and only to a terminal, colour only
 * where it is wanted. Must not know what is reported.
 */
import { writeFileSync } from 'node:fs';
import { styleText } from 'node:util';
import type { Progress } from '../engine/door.js';
import { UnwritableError, UsageError } from './usage-error.js';

/** Marks up a piece of text, or leaves it alone. */
export interface Paint {
  strong(text: string): string;
  dim(text: string): string;
  severity(severity: 'error' | 'warning' | 'info', text: string): string;
  place(text: string): string;
}

/** No colour at all. */
export const PLAIN: Paint = {
  strong: (text) => text,
  dim: (text) => text,
  severity: (_severity, text) => text,
  place: (text) => text,
};

const SEVERITY_STYLE = { error: 'red', warning: 'yellow', info: 'blue' } as const;

const COLOUR: Paint = {
  strong: (text) => styleText('bold', text),
  dim: (text) => styleText('dim', text),
  severity: (severity, text) => styleText(['bold', SEVERITY_STYLE[severity]], text),
  place: (text) => styleText('cyan', text),
};

/** Colour where standard output is a terminal and nobody objects. */
export function paintFor(wanted: boolean): Paint {
  const allowed = process.env.NO_COLOR === undefined || process.env.NO_COLOR === '';
  return wanted && allowed && process.stdout.isTTY === true ? COLOUR : PLAIN;
}

/** Writes a report to standard output; resolves when it is handed over, however long it is. Who reads it may have gone. */
export function writeOut(text: string): Promise<void> {
  return new Promise((resolve, reject) =>
    process.stdout.write(text, (error) => {
      if (error == null || (error as NodeJS.ErrnoException).code === 'EPIPE') resolve();
      else reject(new UnwritableError(`standard output cannot be written, ${error.message}`));
    }),
  );
}

/** Writes a file that was asked for by name. */
export function writeTo(path: string, text: string): void {
  try {
    writeFileSync(path, text);
  } catch (error) {
    throw new UsageError(
      `${path}: cannot be written, ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}

/** A remark about the run, on standard error. */
export function remark(text: string): void {
  process.stderr.write(`lockwalk: ${text}\n`);
}

/** A progress line that overwrites itself, and nothing where standard error is no terminal. */
export function progressLine(wanted: boolean): { show(progress: Progress): void; clear(): void } {
  if (!wanted || process.stderr.isTTY !== true) return { show: () => {}, clear: () => {} };
  const width = Math.max(40, process.stderr.columns ?? 80) - 1;
  return {
    show: ({ phase, done, total, at }) => {
      const line = `${phase} ${total > done ? `${done}/${total}` : done} ${at}`;
      process.stderr.write(`\r\x1b[K${line.length > width ? `${line.slice(0, width - 1)}…` : line}`);
    },
    clear: () => {
      process.stderr.write('\r\x1b[K');
    },
  };
}
