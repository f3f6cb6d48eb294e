/**
 * Reads a text file as the kernel's sources want it: UTF-8, or Latin-1 where the bytes are no UTF-8. A failure is data in
 * words, never an exception. Must not know kernel trees.
 */
import { isUtf8 } from 'node:buffer';
import { closeSync, constants, fstatSync, openSync, readFileSync, readSync } from 'node:fs';

/** Nobody wrote a larger source by hand; it is not even read. */
export const MAX_READ_BYTES = 64 * 1024 * 1024;

/** A text, or why there is none. */
export type TextFile =
  | { readonly ok: true; readonly text: string; readonly bytes: number }
  | { readonly ok: false; readonly missing: boolean; readonly reason: string };

const UTF8 = new TextDecoder('utf-8');

/** Bytes as text: UTF-8 (a byte order mark is dropped), else Latin-1, in which every byte is a character. */
export function decodeText(bytes: Uint8Array): string {
  return isUtf8(bytes) ? UTF8.decode(bytes) : Buffer.from(bytes).toString('latin1');
}

/** The bytes of a file, or why there are none. */
export type FileBytes = { readonly ok: true; readonly bytes: Uint8Array } | Extract<TextFile, { ok: false }>;

/** Whoever only looks at bytes needs no room of his own for each file: most are smaller than this. */
const ROOM = Buffer.allocUnsafeSlow(256 * 1024);

/** Reads a file of at most `MAX_READ_BYTES`. The bytes stand until the next file is read. */
export function readBytes(path: string): FileBytes {
  let file = -1;
  try {
    // What is no regular file may keep whoever opens it waiting
    file = openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
    const stat = fstatSync(file);
    if (stat.isDirectory()) return { ok: false, missing: false, reason: 'is a folder' };
    if (!stat.isFile()) return { ok: false, missing: false, reason: 'is no regular file' };
    if (stat.size > MAX_READ_BYTES) {
      return {
        ok: false,
        missing: false,
        reason: `is larger than ${MAX_READ_BYTES / 1024 / 1024} MiB (${Math.round(stat.size / 1024 / 1024)} MiB)`,
      };
    }
    return { ok: true, bytes: bytesOf(file) };
  } catch (error) {
    const code = errorCode(error);
    return { ok: false, missing: code === 'ENOENT' || code === 'ENOTDIR', reason: reasonInWords(code) };
  } finally {
    if (file >= 0) closeSync(file);
  }
}

function bytesOf(file: number): Uint8Array {
  let length = 0;
  while (length < ROOM.length) {
    const read = readSync(file, ROOM, length, ROOM.length - length, length);
    if (read === 0) return ROOM.subarray(0, length);
    length += read;
  }
  // Reads at a place do not move where the next one begins: this is the whole file
  return readFileSync(file);
}

/** Reads a file of at most `MAX_READ_BYTES` as text. */
export function readTextFile(path: string): TextFile {
  const read = readBytes(path);
  return read.ok ? { ok: true, text: decodeText(read.bytes), bytes: read.bytes.length } : read;
}

/** The system's error code of a failed file operation. */
export function errorCode(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'unknown';
}

/** A system error code as a person would say it. */
export function reasonInWords(code: string): string {
  switch (code) {
    case 'ENOENT':
    case 'ENOTDIR':
      return 'does not exist';
    case 'ELOOP':
      return 'is a symbolic link loop';
    case 'EACCES':
    case 'EPERM':
      return 'may not be read (permission denied)';
    case 'EISDIR':
      return 'is a folder';
    case 'ENAMETOOLONG':
      return 'has too long a name';
    default:
      return `cannot be read (${code})`;
  }
}
