/**
 * Lines of files of a tree, for showing code. Keeps the last file, since a report goes through them in order.
 */
import type { SourceTree } from '../engine/door.js';
import type { LineOf } from './report.js';

/** A reader over a tree; lines are 1-based. */
export function lineReader(tree: Pick<SourceTree, 'read'>): LineOf {
  let current: { readonly file: string; readonly lines: readonly string[] } | null = null;
  return (file, line) => {
    if (current?.file !== file) current = { file, lines: (tree.read(file) ?? '').split(/\r?\n/) };
    return current.lines[line - 1] ?? null;
  };
}
