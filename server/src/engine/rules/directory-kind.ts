/**
 * Which directories a unit has: those that dcache_readdir() reads are all in the cache, and what is taken out of the cache is gone.
 */
import type { Analysis } from '../contexts/analysis.js';
import type { HelperEntry } from '../model/types.js';
import type { FunctionRef } from '../program/program.js';
import { Mentions } from './mentions.js';
import type { RuleContext } from './rule.js';

/** What a directory that lives in the cache is made with: its file operations, or the one that reads it. */
const FROM_CACHE: ReadonlySet<string> = new Set(['simple_dir_operations', 'dcache_readdir']);

const UNITS = new WeakMap<Analysis, Map<string, boolean>>();

/** Whether directories of a function's unit are read by dcache_readdir(). */
export function isReadFromCache(cx: RuleContext, fn: FunctionRef): boolean {
  let units = UNITS.get(cx.analysis);
  if (units === undefined) {
    units = new Map();
    UNITS.set(cx.analysis, units);
  }
  let known = units.get(fn.unit);
  if (known === undefined) {
    const mentions = new Mentions(FROM_CACHE);
    known =
      cx.analysis.program.slots.some((s) => FROM_CACHE.has(s.target) && unitIs(s.file.path, fn.unit)) ||
      cx.all.some((f) => f.unit === fn.unit && !f.isMacro && (FROM_CACHE.has(f.name) || mentions.in(f)));
    units.set(fn.unit, known);
  }
  return known;
}

function unitIs(path: string, unit: string): boolean {
  return path.slice(0, path.lastIndexOf('/')) === unit;
}

/** A helper that takes a name of such a directory away, or to another place. What goes through a filesystem's methods is none. */
export function isRemoval(helper: HelperEntry): boolean {
  if (helper.name.startsWith('vfs_')) return false;
  return helper.names === 'removes' || helper.names === 'moves' || isBare(helper);
}

/** A helper that takes a dentry out of the hash, or lets go of its pin, and asks for no lock of the directory itself. */
export function isBare(helper: HelperEntry): boolean {
  return helper.names === 'unhashes' || helper.names === 'unpins';
}
