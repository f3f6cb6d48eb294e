/**
 * From what a person typed to a kernel tree and paths inside it: the root (given or found upwards), version, `.config`,
 * overlays. Whatever cannot be used is a `UsageError` that names it. Must not know any command.
 */
import { existsSync, realpathSync, statSync } from 'node:fs';
import { dirname, isAbsolute, join, relative, resolve, sep } from 'node:path';
import { ruleMatches } from '../engine/findings/suppression.js';
import { RULES } from '../engine/rules/index.js';
import { defaultCacheFolder } from '../host/disk-cache.js';
import { DiskTree, normalizeInside } from '../host/disk-tree.js';
import { configOfTree, readDotConfig } from '../host/dot-config.js';
import { EngineClient, type ReadsWith } from '../host/engine-client.js';
import { findKernelRoot, kernelVersionOf, whyNoKernelRoot } from '../host/kernel-root.js';
import type { EngineSpec } from '../host/messages.js';
import { PROJECT_FILE, readProjectFile } from '../host/project-file.js';
import type { GivenSettings } from '../host/settings.js';
import { DEFAULT_JOBS } from '../host/side-by-side.js';
import { errorCode, readTextFile, reasonInWords } from '../host/text-file.js';
import { UsageError } from './usage-error.js';

/** The options that say which tree is meant and how to read it. */
export interface TreeOptions {
  readonly kernel?: string;
  readonly kernelVersion?: string;
  readonly config?: string;
  readonly overlay?: readonly string[];
  /** False: the tree's own `.lockwalk.json` does not count. */
  readonly project?: boolean;
}

/** A tree that is ready to be looked at. */
export interface Target {
  readonly root: string;
  /** `6.12.117`: what the tree states, or what was asked for. */
  readonly version: string;
  readonly spec: EngineSpec;
  /** The `.config` that is followed, relative to the root where it lies there, or null for the default configuration. */
  readonly configuration: string | null;
  readonly overlays: readonly (readonly [file: string, text: string])[];
  /** What the tree's own `.lockwalk.json` says. */
  readonly project: GivenSettings;
  /** The same view of the tree that the engine has, for showing code lines. */
  readonly tree: DiskTree;
}

/** Finds the tree for some paths as typed; without any, from the working folder. */
export function findTarget(options: TreeOptions, typed: readonly string[]): Target {
  const root = findRoot(options.kernel, typed);
  const project = options.project === false ? {} : projectOf(root);
  const stated = kernelVersionOf(root);
  const asked = options.kernelVersion ?? (project.kernelVersion || null);
  if (asked !== null && !/^\d+\.\d+$/.test(asked)) {
    throw new UsageError(`--kernel-version ${asked}: a version looks like 6.12`);
  }
  const ofProject = project.configFile ? resolve(root, project.configFile) : configOfTree(root);
  const configFile = options.config === undefined ? ofProject : resolve(options.config);
  if (configFile !== null) {
    const config = readDotConfig(configFile);
    const named = options.config ?? (project.configFile ? `${configFile} of ${PROJECT_FILE}` : configFile);
    if (!config.ok) throw new UsageError(`${named}: ${config.reason}`);
  }
  const tree = new DiskTree(root);
  const overlays = (options.overlay ?? []).map((item) => readOverlay(root, item));
  for (const [file, text] of overlays) tree.overlay(file, text);
  return {
    root,
    version: asked ?? stated?.full ?? 'unknown',
    spec: { root, kernelVersion: asked, configFile },
    configuration: configFile === null ? null : (insideOf(root, configFile) ?? configFile),
    overlays,
    project,
    tree,
  };
}

/** What the `.lockwalk.json` of a tree says; a `UsageError` that names everything that is wrong with it. */
function projectOf(root: string): GivenSettings {
  const isRule = (name: string): boolean => RULES.some((rule) => ruleMatches(rule.id, name));
  const project = readProjectFile(root, isRule);
  if (project === null) return {};
  const said = project.problems.map(
    ({ line, column, message }) => `${project.path}:${line}:${column}: ${message}`,
  );
  if (said.length > 0) throw new UsageError(said.join('\n'));
  return project.settings;
}

/** Threads that a command uses where nobody says how many. */
export { DEFAULT_JOBS };

/** Where answers are kept between runs: the folder that was named, the user's own, or null with `--no-cache`. */
export function cacheFolder(option: string | false | undefined): string | null {
  if (option === false) return null;
  return option === undefined ? defaultCacheFolder() : resolve(option);
}

/**
 * An engine for a target, with its overlays in place. `reads`: with whom, or how many threads there are for it; `cache`: folder
 * of what is kept between runs, or null.
 */
export async function engineFor(
  target: Target,
  reads: ReadsWith | number = DEFAULT_JOBS,
  cache: string | null = null,
): Promise<EngineClient> {
  const readsWith = typeof reads !== 'number' ? reads : reads > 1 ? 'reader' : 'nobody';
  const engine = new EngineClient(target.spec, readsWith, cache);
  for (const [file, text] of target.overlays) await engine.overlay(file, text);
  return engine;
}

/** A path as typed to a path inside the tree: from the working folder, else from the root. */
export function pathInTree(target: Target, typed: string): string {
  const fromRoot = normalizeInside(typed);
  if (fromRoot !== null && target.overlays.some(([file]) => file === fromRoot)) return fromRoot;
  const candidates = [resolve(typed), join(target.root, typed)];
  let outside = false;
  let failure: string | null = null;
  for (const candidate of candidates) {
    try {
      const inside = insideOf(target.root, realpathSync(candidate));
      if (inside !== null) return inside;
      outside = true;
    } catch (error) {
      const code = errorCode(error);
      if (code !== 'ENOENT' && code !== 'ENOTDIR') failure = reasonInWords(code);
    }
  }
  if (failure !== null) throw new UsageError(`${typed} ${failure}`);
  if (outside) throw new UsageError(`${typed} lies outside of the kernel tree ${target.root}`);
  throw new UsageError(`${typed}: no such file or folder`);
}

/** A path to a C file as typed; folders and other files are refused by name. */
export function fileInTree(target: Target, typed: string): string {
  const file = pathInTree(target, typed);
  if (statSync(join(target.root, file), { throwIfNoEntry: false })?.isDirectory() === true) {
    throw new UsageError(`${typed} is a folder, but a file is needed here`);
  }
  return file;
}

function findRoot(given: string | undefined, typed: readonly string[]): string {
  if (given !== undefined) {
    if (!existsSync(given)) throw new UsageError(`--kernel ${given}: no such folder`);
    const why = whyNoKernelRoot(given);
    if (why !== null) throw new UsageError(`--kernel ${given} is no kernel tree: ${why}`);
    return realpathSync(given);
  }
  const starts = typed.length > 0 ? typed : ['.'];
  let root: string | null = null;
  for (const start of starts) {
    const real = realPathOf(start);
    const found = findKernelRoot(statSync(real).isDirectory() ? real : dirname(real));
    if (found === null) {
      throw new UsageError(
        `${start} lies in no kernel tree (a folder with a Makefile that sets VERSION =, fs/ and include/linux/); name one with --kernel DIR`,
      );
    }
    if (root !== null && found !== root) {
      throw new UsageError(`${start} lies in the kernel tree ${found}, but ${starts[0]} in ${root}`);
    }
    root = found;
  }
  return root ?? process.cwd();
}

function realPathOf(typed: string): string {
  try {
    return realpathSync(typed);
  } catch (error) {
    const code = errorCode(error);
    if (code === 'ENOENT' || code === 'ENOTDIR') throw new UsageError(`${typed}: no such file or folder`);
    throw new UsageError(`${typed} ${reasonInWords(code)}`);
  }
}

function readOverlay(root: string, item: string): readonly [string, string] {
  const at = item.indexOf('=');
  if (at <= 0) throw new UsageError(`--overlay ${item}: expected REAL=REPLACEMENT`);
  const real = item.slice(0, at);
  const replacement = item.slice(at + 1);
  const absolute = real.startsWith(sep) ? insideOf(root, resolve(real)) : normalizeInside(real);
  if (absolute === null || absolute === '')
    throw new UsageError(`--overlay ${real} lies outside of the kernel tree`);
  const read = readTextFile(replacement);
  if (!read.ok) throw new UsageError(`--overlay ${replacement} ${read.reason}`);
  return [absolute, read.text];
}

function insideOf(root: string, path: string): string | null {
  const inside = relative(root, path);
  if (inside === '..' || inside.startsWith(`..${sep}`) || isAbsolute(inside)) return null;
  return sep === '/' ? inside : inside.split(sep).join('/');
}
