/**
 * Reads a text file as the kernel's sources want it: UTF-8, or Latin-1 where the bytes are no UTF-8. A failure is data in
 * words, never an exception. Must not know kernel trees.
 */
import { isUtf8 } from 'node:buffer';
import { readFileSync, statSync } from 'node:fs';

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

/** Reads a file of at most `MAX_READ_BYTES`. */
export function readTextFile(path: string): TextFile {
  try {
    const stat = statSync(path);
    if (stat.isDirectory()) return { ok: false, missing: false, reason: 'is a folder' };
    if (!stat.isFile()) return { ok: false, missing: false, reason: 'is no regular file' };
    if (stat.size > MAX_READ_BYTES) {
      return {
        ok: false,
        missing: false,
        reason: `is larger than ${MAX_READ_BYTES / 1024 / 1024} MiB (${Math.round(stat.size / 1024 / 1024)} MiB)`,
      };
    }
    const bytes = readFileSync(path);
    return { ok: true, text: decodeText(bytes), bytes: bytes.length };
  } catch (error) {
    const code = errorCode(error);
    return { ok: false, missing: code === 'ENOENT' || code === 'ENOTDIR', reason: reasonInWords(code) };
  }
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
