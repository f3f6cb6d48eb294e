/**
 * The settings, once: key, type, default and description. The manifest's `contributes.configuration` is tested against
 * this table, and the server reads what an editor sends through it. Must not know any editor.
 */

/** What an editor can set. Keys stand under `lockwalk.` */
export interface Settings {
  readonly kernelRoot: string;
  readonly kernelVersion: string;
  readonly configFile: string;
  readonly check: 'onType' | 'onSave' | 'off';
  readonly precision: 'high' | 'medium' | 'low';
  readonly rules: readonly string[];
  readonly hover: boolean;
  readonly inlayHints: 'off' | 'changes' | 'all';
}

/** How one setting is described to people and to the manifest. */
export interface SettingSchema {
  readonly type: 'string' | 'boolean' | 'array';
  readonly default: string | boolean | readonly string[];
  readonly description: string;
  /** Allowed values with their descriptions. */
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
    },
    configFile: {
      type: 'string',
      default: '',
      description:
        'The .config that decides which arms of #ifdef are taken, relative to the kernel root. Empty: .config at the root where there is one, else the default configuration (all on but PREEMPT_RT and debugging).',
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
    },
    rules: {
      type: 'array',
      default: [],
      description: 'Rule ids (lock/double) or families (rcu) to run. Empty: all that are on by default.',
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
  };

/** The defaults. */
export const DEFAULT_SETTINGS: Settings = {
  kernelRoot: SETTINGS.kernelRoot.default,
  kernelVersion: SETTINGS.kernelVersion.default,
  configFile: SETTINGS.configFile.default,
  check: SETTINGS.check.default,
  precision: SETTINGS.precision.default,
  rules: SETTINGS.rules.default,
  hover: SETTINGS.hover.default,
  inlayHints: SETTINGS.inlayHints.default,
};

/** Settings from what an editor sent: unknown keys are ignored, wrong values fall back to the default and are named. */
export function readSettings(raw: unknown): {
  readonly settings: Settings;
  readonly problems: readonly string[];
} {
  const problems: string[] = [];
  const given: Readonly<Record<string, unknown>> = typeof raw === 'object' && raw !== null ? { ...raw } : {};
  const settings: Record<string, unknown> = { ...DEFAULT_SETTINGS };
  for (const [key, schema] of Object.entries<SettingSchema>(SETTINGS)) {
    const value = given[key];
    if (value === undefined || value === null) continue;
    const wrong = whyWrong(schema, value);
    if (wrong === null) settings[key] = value;
    else problems.push(`lockwalk.${key} ${wrong}; the default is used`);
  }
  return { settings: settings as unknown as Settings, problems };
}

function whyWrong(schema: SettingSchema, value: unknown): string | null {
  if (schema.type === 'array') {
    const strings = Array.isArray(value) && value.every((item) => typeof item === 'string');
    return strings ? null : 'is no list of strings';
  }
  if (typeof value !== schema.type) return `is no ${schema.type}`;
  if (schema.values?.every(([allowed]) => allowed !== value) === true) {
    return `is none of ${schema.values.map(([allowed]) => allowed).join(', ')}`;
  }
  if (schema.pattern !== undefined && !schema.pattern.test(String(value)))
    return `does not look like ${schema.pattern}`;
  return null;
}
