/**
 * A kernel tree on disk as the engine sees it: texts with overlays in place of unsaved files, sorted listings, and
 * symbolic links that neither leave the tree nor loop. What it refuses it remembers in words, so that a report can say
 * so. Must not know the engine beyond the shape of a source tree, and nothing of findings.
 */
import { createHash } from 'node:crypto';
import { readdirSync, realpathSync, statSync } from 'node:fs';
import { join, sep } from 'node:path';
import type { SkippedFile, SourceTree } from '../engine/door.js';
import { decodeText, errorCode, readBytes, reasonInWords } from './text-file.js';

/** A path inside a tree with `/` and without `.` parts; null where it would leave the tree. */
export function normalizeInside(path: string): string | null {
  const parts: string[] = [];
  for (const part of path.replaceAll('\\', '/').split('/')) {
    if (part === '' || part === '.') continue;
    if (part !== '..') parts.push(part);
    else if (parts.pop() === undefined) return null;
  }
  return parts.join('/');
}

/** A source tree over Node's file system. The state is the overlays and what was refused. */
export class DiskTree implements SourceTree {
  readonly root: string;
  readonly #overlays = new Map<string, string>();
  readonly #refused = new Map<string, string>();

  /** `root` must exist; it is resolved once. */
  constructor(root: string) {
    this.root = realpathSync(root);
  }

  read(path: string): string | null {
    const found = this.#find(path);
    return found === null || typeof found === 'string' ? found : decodeText(found);
  }

  /** A file as it stands: the text of an overlay, else bytes on disk, which stand until the next file is read. */
  #find(path: string): string | Uint8Array | null {
    const inside = normalizeInside(path);
    if (inside === null) return null;
    const overlay = this.#overlays.get(inside);
    if (overlay !== undefined) return overlay;
    const file = join(this.root, inside);
    const place = this.#whereIs(inside);
    if (place === 'missing') return null;
    if (place !== 'inside') return this.#refuse(inside, place);
    const read = readBytes(file);
    if (!read.ok) return read.missing ? null : this.#refuse(inside, read.reason);
    this.#refused.delete(inside);
    return read.bytes;
  }

  list(folder: string): readonly string[] {
    const inside = normalizeInside(folder);
    if (inside === null) return [];
    const names = new Set<string>();
    for (const path of this.#overlays.keys()) {
      const name = childOf(inside, path);
      if (name !== null) names.add(name);
    }
    if (this.#whereIs(inside) === 'inside') {
      for (const name of this.#entries(inside)) names.add(name);
    }
    return [...names].sort();
  }

  digest(path: string): string | null {
    if (path.endsWith('/') || path === '') return sha1(this.list(path.slice(0, -1)).join('\n'));
    // By way of reading it, so that what is refused is refused in every run
    const found = this.#find(path);
    if (found === null) return null;
    // A mark of the order of bytes is no part of a text on disk, but it is of an overlay
    return typeof found === 'string' && found.startsWith('\uFEFF') ? sha1(`text ${found}`) : sha1(found);
  }

  /** Puts a text in place of a file (which need not exist), or takes it away again with null. */
  overlay(path: string, text: string | null): void {
    const inside = normalizeInside(path);
    if (inside === null) return;
    if (text === null) this.#overlays.delete(inside);
    else this.#overlays.set(inside, text);
  }

  /** What could not be read, or was not followed, below any of the paths; sorted by file. */
  refusedBelow(paths: readonly string[]): readonly SkippedFile[] {
    const roots = paths.map((path) => normalizeInside(path) ?? '');
    const below = (file: string): boolean =>
      roots.some((root) => root === '' || file === root || file.startsWith(`${root}/`));
    return [...this.#refused]
      .filter(([file]) => below(file))
      .map(([file, reason]) => ({ file, reason }))
      .sort((a, b) => (a.file < b.file ? -1 : 1));
  }

  #entries(inside: string): readonly string[] {
    const folder = join(this.root, inside);
    const found: string[] = [];
    try {
      for (const entry of readdirSync(folder, { withFileTypes: true })) {
        if (entry.isDirectory()) found.push(`${entry.name}/`);
        else if (entry.isFile()) found.push(entry.name);
        else if (
          entry.isSymbolicLink() &&
          this.#linkIsFile(inside === '' ? entry.name : `${inside}/${entry.name}`)
        ) {
          found.push(entry.name);
        }
      }
    } catch (error) {
      const code = errorCode(error);
      if (code !== 'ENOENT' && code !== 'ENOTDIR') this.#refuse(inside, reasonInWords(code));
    }
    return found;
  }

  /** Links to files inside the tree are listed. Links to folders never are: that is where loops and doubles come from. */
  #linkIsFile(inside: string): boolean {
    const place = this.#whereIs(inside);
    if (place === 'missing') return false; // dangling: nothing to miss
    if (place !== 'inside') {
      this.#refuse(inside, place);
      return false;
    }
    const stat = statSync(join(this.root, inside));
    if (stat.isDirectory()) this.#refuse(inside, 'is a symbolic link to a folder, which is not followed');
    return stat.isFile();
  }

  #whereIs(inside: string): string {
    try {
      const real = realpathSync.native(join(this.root, inside));
      if (real === this.root || real.startsWith(this.root + sep)) return 'inside';
      return 'is a symbolic link that leads out of the tree';
    } catch (error) {
      const code = errorCode(error);
      if (code === 'ENOENT' || code === 'ENOTDIR') return 'missing';
      return reasonInWords(code);
    }
  }

  #refuse(inside: string, reason: string): null {
    this.#refused.set(inside, reason);
    return null;
  }
}

function sha1(what: string | Uint8Array): string {
  return createHash('sha1').update(what).digest('base64');
}

/** The name in `folder` through which `path` goes (with `/` where it is a folder), or null. */
function childOf(folder: string, path: string): string | null {
  const prefix = folder === '' ? '' : `${folder}/`;
  if (!path.startsWith(prefix)) return null;
  const rest = path.slice(prefix.length);
  const slash = rest.indexOf('/');
  return slash < 0 ? rest : rest.slice(0, slash + 1);
}
