/**
 * The settings, once: key, type, default and description. The manifest's `contributes.configuration` is tested against
 * this table, and the server reads what an editor sends through it. Must not know any editor.
 */

import type { ShownSeverity } from '../engine/base/finding.js';

/** What an editor can set. Keys stand under `lockwalk.` */
export interface Settings {
  readonly kernelRoot: string;
  readonly kernelVersion: string;
  readonly configFile: string;
  readonly check: 'onType' | 'onSave' | 'off';
  readonly precision: 'high' | 'medium' | 'low';
  readonly rules: readonly string[];
  readonly severity: Readonly<Record<string, ShownSeverity | 'off'>>;
  readonly exclude: readonly string[];
  readonly hover: boolean;
  readonly inlayHints: 'off' | 'changes' | 'all';
  readonly codeLens: boolean;
}

/** How one setting is described to people and to the manifest. */
export interface SettingSchema {
  /** `array`: of strings; `object`: of strings by the name of a rule or family. */
  readonly type: 'string' | 'boolean' | 'array' | 'object';
  readonly default: string | boolean | readonly string[] | Readonly<Record<string, string>>;
  readonly description: string;
  /** A tree's own `.lockwalk.json` may say it too, for the command line and every editor. */
  readonly project?: true;
  /** Allowed values with their descriptions; of an object, those of its members. */
  readonly values?: readonly (readonly [value: string, description: string])[];
  readonly pattern?: RegExp;
}

/** Every setting. */
export const SETTINGS: { readonly [K in keyof Settings]: SettingSchema & { readonly default: Settings[K] } } =
  {
    kernelRoot: {
      type: 'string',
      default: '',
      description:
        'Root of the kernel tree. Empty: the nearest folder upwards from a file with a Makefile that sets VERSION, fs/ and include/linux/.',
    },
    kernelVersion: {
      type: 'string',
      default: '',
      description: "Version whose VFS contract applies, such as 6.12. Empty: what the tree's Makefile says.",
      pattern: /^(\d+\.\d+)?$/,
      project: true,
    },
    configFile: {
      type: 'string',
      default: '',
      description:
        'The .config that decides which arms of #ifdef are taken, relative to the kernel root. Empty: .config at the root where there is one, else the default configuration (all on but PREEMPT_RT and debugging).',
      project: true,
    },
    check: {
      type: 'string',
      default: 'onType',
      description: 'When open files are checked.',
      values: [
        ['onType', 'After each pause in typing.'],
        ['onSave', 'When a file is opened or saved.'],
        ['off', 'Never; hovers still answer.'],
      ],
    },
    precision: {
      type: 'string',
      default: 'high',
      description: 'Lowest precision of the findings that are shown.',
      values: [
        ['high', 'Only findings of a kind that is almost always right.'],
        ['medium', 'Also findings that want a second look.'],
        ['low', 'Everything, hints included.'],
      ],
      project: true,
    },
    rules: {
      type: 'array',
      default: [],
      description: 'Rule ids (lock/double) or families (rcu) to run. Empty: all that are on by default.',
      project: true,
    },
    severity: {
      type: 'object',
      default: {},
      description:
        'How findings are shown, by rule id (lock/double) or family (rcu); an id goes before its family. A rule that is off by default is on where its id is named here.',
      values: [
        ['error', 'As an error.'],
        ['warning', 'As a warning.'],
        ['information', 'As information.'],
        ['hint', 'As a hint; the command line says information.'],
        ['off', 'Not at all.'],
      ],
      project: true,
    },
    exclude: {
      type: 'array',
      default: [],
      description:
        'Files in which nothing is reported, as patterns relative to the kernel root: fs/ntfs3/** or **/*_test.c. They are read all the same, since others hang on them.',
      project: true,
    },
    hover: {
      type: 'boolean',
      default: true,
      description: 'Show on hover which locks and which RCU state hold at the pointer.',
    },
    inlayHints: {
      type: 'string',
      default: 'changes',
      description: 'Show behind lines which locks and which RCU state hold there.',
      values: [
        ['off', 'Nowhere.'],
        ['changes', 'Where a function is entered, and where what is held changes.'],
        ['all', 'Behind each statement.'],
      ],
    },
    codeLens: {
      type: 'boolean',
      default: true,
      description:
        'Show above each VFS method its slot and what holds on entry, and above helpers which locks their callers hold.',
    },
  };

/** The defaults. */
export const DEFAULT_SETTINGS: Settings = {
  kernelRoot: SETTINGS.kernelRoot.default,
  kernelVersion: SETTINGS.kernelVersion.default,
  configFile: SETTINGS.configFile.default,
  check: SETTINGS.check.default,
  precision: SETTINGS.precision.default,
  rules: SETTINGS.rules.default,
  severity: SETTINGS.severity.default,
  exclude: SETTINGS.exclude.default,
  hover: SETTINGS.hover.default,
  inlayHints: SETTINGS.inlayHints.default,
  codeLens: SETTINGS.codeLens.default,
};

/** Settings that somebody gave, each of them rightly; the others are not there. */
export type GivenSettings = { readonly [K in keyof Settings]?: Settings[K] };

/** A setting that could not be understood. */
export interface SettingProblem {
  readonly key: string;
  /** `severity.rcu is none of ...`, without a full stop. */
  readonly text: string;
}

/** Settings from what an editor sent: unknown keys are ignored, wrong values fall back to the default and are named. */
export function readSettings(raw: unknown): {
  readonly settings: Settings;
  readonly problems: readonly string[];
} {
  const { given, problems } = readGiven(raw, SETTINGS);
  return {
    settings: mergeSettings({}, given),
    problems: problems.map(({ text }) => `lockwalk.${text}; the default is used`),
  };
}

/** What is given of some settings, and what is wrong with it. Keys that are not asked for are left alone. */
export function readGiven(
  raw: unknown,
  schemas: Readonly<Partial<Record<string, SettingSchema>>>,
): { readonly given: GivenSettings; readonly problems: readonly SettingProblem[] } {
  const problems: SettingProblem[] = [];
  const values: Readonly<Record<string, unknown>> = typeof raw === 'object' && raw !== null ? { ...raw } : {};
  const given: Record<string, unknown> = {};
  for (const [key, schema] of Object.entries(schemas)) {
    const value = values[key];
    if (schema === undefined || value === undefined || value === null) continue;
    const wrong = whyWrong(schema, value);
    if (wrong === null) given[key] = value;
    else problems.push({ key, text: `${key}${wrong}` });
  }
  return { given, problems };
}

/**
 * The settings that hold: what a project's file says, and before it what somebody set in person. Severities are put together,
 * and a family that was set in person goes before rules of it in the file.
 */
export function mergeSettings(project: GivenSettings, own: GivenSettings): Settings {
  const set = own.severity ?? {};
  const ofProject = Object.entries(project.severity ?? {}).filter(
    ([name]) => set[name.slice(0, Math.max(0, name.indexOf('/')))] === undefined,
  );
  const severity = { ...Object.fromEntries(ofProject), ...set };
  return { ...DEFAULT_SETTINGS, ...project, ...own, severity };
}

/** Why a value will not do, to be said behind the name of the setting; null where it will. */
function whyWrong(schema: SettingSchema, value: unknown): string | null {
  if (schema.type === 'array') {
    const strings = Array.isArray(value) && value.every((item) => typeof item === 'string');
    return strings ? null : ' is no list of strings';
  }
  if (schema.type === 'object') return whyNoTable(schema, value);
  if (typeof value !== schema.type) return ` is no ${schema.type}`;
  if (isNoneOf(schema, value)) return ` is none of ${allowed(schema)}`;
  if (schema.pattern !== undefined && !schema.pattern.test(String(value)))
    return ` does not look like ${schema.pattern}`;
  return null;
}

function whyNoTable(schema: SettingSchema, value: unknown): string | null {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return ' is no object';
  for (const [name, one] of Object.entries(value)) {
    if (!RULE_OR_FAMILY.test(name)) return `: ${JSON.stringify(name)} is no name of a rule or family`;
    if (isNoneOf(schema, one)) return `.${name} is none of ${allowed(schema)}`;
  }
  return null;
}

/** `rcu` or `rcu/early-free`: what names in settings look like. */
export const RULE_OR_FAMILY: RegExp = /^[a-z]+(\/[a-z0-9-]+)?$/;

function isNoneOf({ values }: SettingSchema, value: unknown): boolean {
  return values?.every(([allowed]) => allowed !== value) === true;
}

function allowed({ values }: SettingSchema): string {
  return (values ?? []).map(([value]) => value).join(', ');
}
