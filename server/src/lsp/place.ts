/**
 * Which engine a file needs and which settings hold there: the kernel root (set, or found upwards), the tree's own
 * `.lockwalk.json`, the version and the `.config`. Looks at the disk through the host; must not know documents.
 */
import { isAbsolute, join, resolve, sep } from 'node:path';
import { ruleMatches } from '../engine/findings/suppression.js';
import { RULES } from '../engine/rules/index.js';
import { findKernelRoot } from '../host/kernel-root.js';
import { type ProjectFile, readProjectFile } from '../host/project-file.js';
import { type GivenSettings, mergeSettings, type Settings } from '../host/settings.js';
import type { EngineSpec } from './engine-port.js';

/** What decides about a file. */
export interface PlaceOfFile {
  readonly spec: EngineSpec;
  /** What holds for it: what the tree's own file says, and before it what is set in the client. */
  readonly settings: Settings;
  /** The tree's `.lockwalk.json`, or null. */
  readonly project: ProjectFile | null;
}

/** Where a file belongs and what holds there; null where it lies in no kernel tree. */
export function placeOf(path: string, given: GivenSettings): PlaceOfFile | null {
  const root = rootFor(path, given.kernelRoot ?? '');
  if (root === null) return null;
  const project = readProjectFile(root, isRule);
  const settings = mergeSettings(project?.settings ?? {}, given);
  return { spec: specIn(root, settings), settings, project };
}

function isRule(name: string): boolean {
  return RULES.some((rule) => ruleMatches(rule.id, name));
}

function specIn(root: string, { configFile, kernelVersion }: Settings): EngineSpec {
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
