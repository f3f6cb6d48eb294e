/**
 * The JSON schema of `.lockwalk.json`, made from the table of settings, so that an editor completes and checks the file. Must
 * not know what the settings do.
 */
import type { RuleInfo } from '../engine/door.js';
import { RULE_OR_FAMILY, SETTINGS, type SettingSchema } from './settings.js';

/** JSON, as far as schemas need it. */
type Json = string | boolean | readonly Json[] | { readonly [key: string]: Json };

/** The schema, with the rules by name. */
export function projectSchema(rules: readonly RuleInfo[]): { readonly [key: string]: Json } {
  const properties: Record<string, Json> = {
    $schema: { type: 'string', description: 'Where this schema is, for editors that do not know it.' },
  };
  for (const [key, schema] of Object.entries<SettingSchema>(SETTINGS)) {
    if (schema.project === true) properties[key] = propertyOf(key, schema, rules);
  }
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'Lockwalk',
    description:
      'Settings for one kernel tree, at its root. The command line and editors read them; what an editor sets goes first.',
    type: 'object',
    additionalProperties: false,
    properties,
  };
}

function propertyOf(key: string, schema: SettingSchema, rules: readonly RuleInfo[]): Json {
  const { description } = schema;
  switch (schema.type) {
    case 'array':
      return {
        type: 'array',
        description,
        items: key === 'rules' ? { type: 'string', enum: namesOf(rules) } : { type: 'string' },
      };
    case 'object': {
      const named = namesOf(rules).map((name) => [
        name,
        {
          ...valuesOf(schema),
          description: rules.find(({ id }) => id === name)?.summary ?? `All rules of the family ${name}.`,
        },
      ]);
      return {
        type: 'object',
        description,
        properties: Object.fromEntries(named),
        additionalProperties: false,
      };
    }
    default:
      return {
        type: schema.type,
        description,
        ...(schema.values === undefined ? {} : valuesOf(schema)),
        ...(schema.pattern === undefined ? {} : { pattern: schema.pattern.source }),
      };
  }
}

function valuesOf({ values = [] }: SettingSchema): { readonly [key: string]: Json } {
  return { enum: values.map(([value]) => value), enumDescriptions: values.map(([, said]) => said) };
}

/** Families, then rules. */
function namesOf(rules: readonly RuleInfo[]): readonly string[] {
  const ids = rules.map(({ id }) => id);
  const families = new Set(ids.map((id) => id.slice(0, id.indexOf('/'))));
  return [...families, ...ids].filter((name) => RULE_OR_FAMILY.test(name));
}
