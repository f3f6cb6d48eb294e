/**
 * Reads a kernel `.config` and says what is wrong with it before anybody builds on it: a broken one must stop a check,
 * not quietly turn half of the options off. What the options mean is the engine's business.
 */
import { join } from 'node:path';
import { readTextFile } from './text-file.js';

/** The text of a `.config`, or why it cannot be used. */
export type DotConfig =
  | { readonly ok: true; readonly path: string; readonly text: string }
  | { readonly ok: false; readonly path: string; readonly reason: string };

const SETTING = /^CONFIG_\w+=(?:[ymn]|-?\d+|0[xX][0-9a-fA-F]+|".*")?$/;

/** What is wrong with the text, with the line; null where nothing is. */
export function whyBrokenConfig(text: string): string | null {
  let settings = 0;
  for (const [index, raw] of text.split('\n').entries()) {
    const line = raw.trimEnd();
    if (line === '') continue;
    if (line.startsWith('#')) {
      if (/^# CONFIG_\w+ is not set$/.test(line)) settings++;
    } else if (SETTING.test(line)) settings++;
    else return `line ${index + 1} is no setting: ${shorten(line)}`;
  }
  return settings === 0 ? 'it has no CONFIG_ setting at all' : null;
}

/** Reads and checks a `.config`. */
export function readDotConfig(path: string): DotConfig {
  const read = readTextFile(path);
  if (!read.ok) return { ok: false, path, reason: read.reason };
  const broken = whyBrokenConfig(read.text);
  return broken === null ? { ok: true, path, text: read.text } : { ok: false, path, reason: broken };
}

/** The `.config` at the root of a tree, or null where there is none. */
export function configOfTree(root: string): string | null {
  const path = join(root, '.config');
  const read = readTextFile(path);
  return read.ok || !read.missing ? path : null;
}

function shorten(line: string): string {
  const printable = line.replace(/[^\x20-\x7e]/g, '?');
  return printable.length > 60 ? `${printable.slice(0, 57)}...` : printable;
}
