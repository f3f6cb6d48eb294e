/**
 * The model's door: all tables put together, and `buildModel`, which picks what speaks of one kernel version and indexes
 * it. Conditions and paths are parsed on demand and kept. Everything the other rooms need of the model comes from here.
 */
import { ALLOCATION } from './allocation.js';
import { ConditionCache } from './condition.js';
import { CONSTANTS } from './constants.js';
import { ENTRIES } from './entries.js';
import { FIELD_GUARDS } from './field-guards.js';
import { FREE_CLASSES, GUARDS } from './guards.js';
import { HELPERS } from './helpers/index.js';
import { LIFE_CYCLES } from './life-cycles.js';
import { LOCK_CLASSES } from './lock-classes.js';
import { LOCK_ORDER } from './lock-order.js';
import { METHODS } from './methods.js';
import { NEVER_NULL } from './never-null.js';
import { PRIMITIVES } from './primitives.js';
import { READERS } from './readers.js';
import { REFERENCES } from './references.js';
import type { LifeCycle, Model, ModelData, Versions } from './types.js';
import { applies, compareVersions, majorMinor } from './version.js';

export { negate, type Parsed, parseCondition, parsePath } from './condition.js';
export type * from './types.js';
export { applies, compareVersions, majorMinor, parseVersion } from './version.js';

/** Everything, for all versions. */
export const MODEL_DATA: ModelData = {
  methods: [...METHODS, ...ENTRIES],
  helpers: [...PRIMITIVES, ...ALLOCATION, ...REFERENCES, ...HELPERS],
  constants: CONSTANTS,
  lockClasses: LOCK_CLASSES,
  guards: GUARDS,
  freeClasses: FREE_CLASSES,
  lifeCycles: LIFE_CYCLES,
  lockOrder: LOCK_ORDER,
  neverNull: NEVER_NULL,
  readers: READERS,
  fieldGuards: FIELD_GUARDS,
};

/** The versions that the tables were proved against, oldest first. */
export const SUPPORTED_VERSIONS: readonly string[] = ['5.10', '6.1', '6.12', '7.2'];

/** What is assumed where nothing says which version a tree is. */
export const newestVersion: string = SUPPORTED_VERSIONS[SUPPORTED_VERSIONS.length - 1] ?? '';

/** The version whose facts are used: the newest that is not newer than the tree, else the oldest that is known. */
function clamp(version: string): { readonly version: string; readonly problem: string | null } {
  const asked = majorMinor(version);
  if (asked === null)
    return { version: newestVersion, problem: `'${version}' is no kernel version; using ${newestVersion}` };
  if (SUPPORTED_VERSIONS.includes(asked)) return { version: asked, problem: null };
  const older = SUPPORTED_VERSIONS.filter((known) => compareVersions(known, asked) < 0);
  const nearest = older[older.length - 1] ?? SUPPORTED_VERSIONS[0] ?? '';
  return {
    version: nearest,
    problem: `kernel ${asked} is not in the model; using what holds for ${nearest}`,
  };
}

function index<T extends { readonly versions?: Versions }>(
  entries: readonly T[],
  version: string,
  key: (entry: T) => string,
): ReadonlyMap<string, T> {
  const map = new Map<string, T>();
  for (const entry of entries) {
    if (applies(entry.versions, version)) map.set(key(entry), entry);
  }
  return map;
}

/**
 * The model for one version. `constantOverride` gives the tree's own value of a constant, where its header is at hand.
 * A version that the model does not know is clamped to the nearest older one (else the oldest), with a problem in words.
 */
export function buildModel(version: string, constantOverride?: (name: string) => number | undefined): Model {
  const chosen = clamp(version);
  const problems = chosen.problem === null ? [] : [chosen.problem];
  const at = chosen.version;
  const constants = new Map<string, number>();
  for (const entry of CONSTANTS) {
    if (applies(entry.versions, at)) constants.set(entry.name, constantOverride?.(entry.name) ?? entry.value);
  }
  const cache = new ConditionCache((name) => constants.get(name) ?? constantOverride?.(name));
  return {
    version: at,
    methods: index(MODEL_DATA.methods, at, (entry) => `${entry.struct}::${entry.method}`),
    helpers: index(MODEL_DATA.helpers, at, (entry) => entry.name),
    constants,
    lockClasses: index(MODEL_DATA.lockClasses, at, (entry) => entry.class),
    guards: index(MODEL_DATA.guards, at, (entry) => entry.name),
    freeClasses: index(MODEL_DATA.freeClasses, at, (entry) => entry.name),
    lockOrder: LOCK_ORDER.filter((entry) => applies(entry.versions, at)),
    lifeCycles: LIFE_CYCLES.map((cycle) => livedIn(cycle, at)),
    neverNull: NEVER_NULL,
    readers: new Set(READERS.map((entry) => entry.name)),
    fieldGuards: FIELD_GUARDS.filter((entry) => applies(entry.versions, at)),
    problems,
    condition(text, params) {
      const parsed = cache.condition(text, params);
      if (parsed.ok) return parsed.value;
      note(problems, text, parsed.problem);
      return null;
    },
    path(text, params) {
      const parsed = cache.path(text, params);
      if (parsed.ok) return parsed.value;
      note(problems, text, parsed.problem);
      return null;
    },
  };
}

/** What a version has of a life. */
function livedIn(cycle: LifeCycle, at: string): LifeCycle {
  const has = ({ versions }: { readonly versions?: Versions }): boolean => applies(versions, at);
  return { ...cycle, states: cycle.states.filter(has), steps: cycle.steps.filter(has) };
}

function note(problems: string[], text: string, problem: string): void {
  const words = `model text '${text}': ${problem}`;
  if (!problems.includes(words)) problems.push(words);
}
