/**
 * Which engine a file needs under given settings: the kernel root (set, or found upwards), the version and the
 * `.config`. Null where the file lies in no kernel tree. Looks at the disk through the host; must not know documents.
 */
import { isAbsolute, join, resolve, sep } from 'node:path';
import { findKernelRoot } from '../host/kernel-root.js';
import type { Settings } from '../host/settings.js';
import type { EngineSpec } from './engine-port.js';

export function specFor(path: string, settings: Settings): EngineSpec | null {
  const root = rootFor(path, settings.kernelRoot);
  if (root === null) return null;
  const { configFile, kernelVersion } = settings;
  return {
    root,
    kernelVersion: kernelVersion === '' ? null : kernelVersion,
    configFile: configFile === '' ? null : isAbsolute(configFile) ? configFile : join(root, configFile),
  };
}

/** A root that is set counts for the files below it; all others are looked for upwards. */
function rootFor(path: string, set: string): string | null {
  if (set !== '') {
    const root = resolve(set);
    if (path.startsWith(root + sep)) return root;
  }
  return findKernelRoot(path);
}
