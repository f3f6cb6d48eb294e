/**
 * Finds the kernel tree that a path belongs to and reads its version. A root is a folder with a Makefile that sets
 * `VERSION =`, an `fs/` and an `include/linux/` (unpacked source packages have no MAINTAINERS). Knows nothing else of
 * kernel sources.
 */
import { statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { readTextFile } from './text-file.js';

/** Version of a tree. */
export interface KernelVersion {
  /** `6.12.117` */
  readonly full: string;
  /** `6.12` */
  readonly short: string;
}

/** The version that a Makefile states, or null. */
export function versionFromMakefile(text: string): KernelVersion | null {
  const value = (name: string): string | null =>
    new RegExp(`^${name}\\s*=\\s*(\\d+)\\s*$`, 'm').exec(text)?.[1] ?? null;
  const major = value('VERSION');
  if (major === null) return null;
  const short = `${major}.${value('PATCHLEVEL') ?? '0'}`;
  const sublevel = value('SUBLEVEL');
  return { short, full: sublevel === null ? short : `${short}.${sublevel}` };
}

/** What is missing for a folder to be the root of a kernel tree, in words; null where nothing is. */
export function whyNoKernelRoot(folder: string): string | null {
  const makefile = readTextFile(join(folder, 'Makefile'));
  if (!makefile.ok) return `its Makefile ${makefile.reason}`;
  if (versionFromMakefile(makefile.text) === null) return 'its Makefile sets no VERSION =';
  for (const needed of ['fs', 'include/linux']) {
    if (statSync(join(folder, needed), { throwIfNoEntry: false })?.isDirectory() !== true) {
      return `it has no ${needed}/`;
    }
  }
  return null;
}

/** The nearest kernel root at or above a path (which need not exist), or null. */
export function findKernelRoot(path: string): string | null {
  for (let folder = path; ; folder = dirname(folder)) {
    if (whyNoKernelRoot(folder) === null) return folder;
    if (folder === dirname(folder)) return null;
  }
}

/** Version that a tree's Makefile states, or null. */
export function kernelVersionOf(root: string): KernelVersion | null {
  const makefile = readTextFile(join(root, 'Makefile'));
  return makefile.ok ? versionFromMakefile(makefile.text) : null;
}
