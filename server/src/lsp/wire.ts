/**
 * What conversion to the protocol needs of a tree at hand: URIs of its files and text of their lines (which only the
 * UTF-8 encoding needs). Reads files that are not open; must not know answers or requests.
 */
import { join } from 'node:path';
import { readTextFile } from '../host/text-file.js';
import type { Documents } from './documents.js';
import type { Encoding } from './positions.js';
import { uriOfFile, type Wire } from './to-protocol.js';
import type { KernelTree } from './trees.js';

/** The wire for one answer; it remembers the files that it had to read, so make a new one for each. */
export function wireOf(
  tree: KernelTree,
  documents: Documents,
  encoding: Encoding,
  rulePage: (rule: string) => string | null,
): Wire {
  const read = new Map<string, readonly string[]>();
  const uriOf = (file: string): string => tree.openUri(file) ?? uriOfFile(tree.spec.root, file);
  return {
    encoding,
    uriOf,
    rulePage,
    lineText: (file, line) => {
      const open = documents.line(uriOf(file), line - 1);
      if (open !== null) return open;
      let lines = read.get(file);
      if (lines === undefined) {
        lines = linesOf(join(tree.spec.root, file));
        read.set(file, lines);
      }
      return lines[line - 1] ?? null;
    },
  };
}

/** Empty where it is gone since it was analysed: columns are then passed on as they are. */
function linesOf(path: string): readonly string[] {
  const read = readTextFile(path);
  return read.ok ? read.text.split(/\r\n|\n|\r/) : [];
}
