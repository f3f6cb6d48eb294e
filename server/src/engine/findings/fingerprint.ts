/**
 * Names a finding so that it is found again after the file around it has changed: a hash over rule, file, function, the
 * normalised statement, the object class and an ordinal among equals. Never over a line, a message or a trace: those
 * change with every edit and every release.
 */

/** What a finding is recognised by. */
export interface FingerprintParts {
  readonly rule: string;
  readonly file: string;
  readonly function: string;
  /** Source text of the statement at fault; normalised here. */
  readonly statement: string;
  /** Class of the object or lock at fault, `struct::field`; empty where there is none. */
  readonly objectClass: string;
}

/** A statement without comments, line continuations and layout: blanks stay only between two words. */
export function normalizeStatement(text: string): string {
  return text
    .replace(/\/\*[\s\S]*?\*\/|\/\/[^\n]*/g, ' ')
    .replace(/\\\r?\n/g, ' ')
    .replace(/\s+/g, ' ')
    .replace(/ ?([^\w ]) ?/g, '$1')
    .trim();
}

/** The fingerprint of one finding; `ordinal` counts earlier findings with the same parts, in order of place. */
export function fingerprint(parts: FingerprintParts, ordinal: number): string {
  return hash64(`${keyOf(parts)}\0${ordinal}`);
}

/** Fingerprints of many findings, given in order of place; equal parts get different ordinals. */
export function fingerprintAll(all: readonly FingerprintParts[]): readonly string[] {
  const seen = new Map<string, number>();
  return all.map((parts) => {
    const key = keyOf(parts);
    const ordinal = seen.get(key) ?? 0;
    seen.set(key, ordinal + 1);
    return fingerprint(parts, ordinal);
  });
}

function keyOf(parts: FingerprintParts): string {
  return [
    parts.rule,
    parts.file,
    parts.function,
    normalizeStatement(parts.statement),
    parts.objectClass,
  ].join('\0');
}

/** FNV-1a over UTF-16 units with two bases, as 16 hexadecimal digits: stable across machines and releases. */
export function hash64(text: string): string {
  return fnv1a(text, 0x811c9dc5) + fnv1a(text, 0x9747b28c);
}

function fnv1a(text: string, basis: number): string {
  let hash = basis;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    hash = Math.imul(hash ^ (unit & 0xff), 0x01000193);
    hash = Math.imul(hash ^ (unit >>> 8), 0x01000193);
  }
  hash ^= hash >>> 15;
  hash = Math.imul(hash, 0x2c1b3c6d);
  hash ^= hash >>> 12;
  return (hash >>> 0).toString(16).padStart(8, '0');
}
