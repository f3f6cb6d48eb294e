/**
 * Changes a text file in place, all or nothing: a temporary file beside it takes its name. Keeps encoding, byte order mark
 * and mode, and refuses where the file is not what it was when it was read. A failure is data in words. Must not know why
 * the file is changed.
 */
import { isUtf8 } from 'node:buffer';
import {
  accessSync,
  closeSync,
  constants,
  fsyncSync,
  openSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { decodeText, errorCode, reasonInWords } from './text-file.js';

/** A file as it was when it was read. */
export interface ReadFile {
  /** Where it lies, links followed. */
  readonly path: string;
  readonly bytes: Buffer;
  readonly text: string;
}

/** Reads a file that is to be changed. */
export function readForChange(path: string): ReadFile | { readonly reason: string } {
  try {
    const real = realpathSync(path);
    const bytes = readFileSync(real);
    return { path: real, bytes, text: decodeText(bytes) };
  } catch (error) {
    return { reason: reasonInWords(errorCode(error)) };
  }
}

/** Writes a new text; null where it is done, else why it is not. */
export function replaceFile(file: ReadFile, text: string): string | null {
  const temporary = join(dirname(file.path), `.${basename(file.path)}.${process.pid}.tmp`);
  try {
    accessSync(file.path, constants.W_OK);
    const { mode } = statSync(file.path);
    const fd = openSync(temporary, 'wx', mode);
    try {
      const bytes = encodeLike(file.bytes, text);
      for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at);
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
    if (!readFileSync(file.path).equals(file.bytes)) {
      rmSync(temporary, { force: true });
      return 'has changed meanwhile';
    }
    renameSync(temporary, file.path);
    return null;
  } catch (error) {
    const code = errorCode(error);
    if (code !== 'EEXIST') rmSync(temporary, { force: true });
    if (code === 'EACCES' || code === 'EPERM' || code === 'EROFS') return 'is not writable';
    return code === 'EEXIST' ? 'is being changed by another run' : `cannot be written (${code})`;
  }
}

const MARK = Buffer.from([0xef, 0xbb, 0xbf]);

function encodeLike(before: Buffer, text: string): Buffer {
  if (!isUtf8(before)) return Buffer.from(text, 'latin1');
  const plain = Buffer.from(text, 'utf8');
  return before.subarray(0, 3).equals(MARK) ? Buffer.concat([MARK, plain]) : plain;
}
