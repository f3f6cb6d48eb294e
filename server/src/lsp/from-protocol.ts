/**
 * From the protocol's terms to ours: URIs to paths, 0-based positions in the negotiated encoding to 1-based UTF-16
 * columns. With `to-protocol.ts` the only place that converts. Must not know the engine's answers.
 */
import { relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Position, PositionEncodingKind } from 'vscode-languageserver';
import { type Encoding, toUnits } from './positions.js';

/** A position as the engine counts it: 1-based, column in UTF-16 units. */
export interface EnginePosition {
  readonly line: number;
  readonly column: number;
}

/** The encoding to speak: UTF-8 where the client offers it (it is what the files are in), else the default. */
export function encodingFrom(offered: readonly PositionEncodingKind[] | undefined): Encoding {
  return offered?.includes('utf-8') === true ? 'utf-8' : 'utf-16';
}

/** The path of a `file:` URI; null for anything else (untitled, git, virtual documents). */
export function pathFromUri(uri: string): string | null {
  if (!uri.startsWith('file:')) return null;
  try {
    return fileURLToPath(uri);
  } catch {
    return null; // a host part or an escape that no path of this system has
  }
}

/** Whether a document is one that we serve: C by its language, or a C source or header by its name. */
export function isKernelSource(languageId: string, path: string): boolean {
  return path.endsWith('.h') || (path.endsWith('.c') && languageId !== 'cpp') || languageId === 'c';
}

/** A path inside a tree as the engine writes it; null where it lies outside. */
export function fileInTree(root: string, path: string): string | null {
  const inside = relative(root, path);
  if (inside === '' || inside.startsWith('..')) return null;
  return sep === '/' ? inside : inside.split(sep).join('/');
}

/** A position of the client in a line whose text is at hand. */
export function positionFrom(position: Position, lineText: string, encoding: Encoding): EnginePosition {
  return { line: position.line + 1, column: toUnits(lineText, position.character, encoding) + 1 };
}
