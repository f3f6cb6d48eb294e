/**
 * Writes what code decides of the manifest, the settings, and the schema of `.lockwalk.json`; both from the host's table
 * (compile first). Tests fail where they differ.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { RULES } from '../out/server/src/engine/rules/index.js';
import { projectSchema } from '../out/server/src/host/project-schema.js';
import { SETTINGS } from '../out/server/src/host/settings.js';

const path = join(import.meta.dirname, '..', 'package.json');
const manifest = JSON.parse(readFileSync(path, 'utf8'));
const properties = {};
for (const [key, schema] of Object.entries(SETTINGS)) {
  const property = {
    scope: 'resource',
    type: schema.type,
    default: schema.default,
    description: schema.description,
  };
  if (schema.type === 'array') property.items = { type: 'string' };
  if (schema.type === 'object') {
    property.additionalProperties = {
      type: 'string',
      enum: schema.values.map(([value]) => value),
      enumDescriptions: schema.values.map(([, description]) => description),
    };
  } else if (schema.values !== undefined) {
    property.enum = schema.values.map(([value]) => value);
    property.enumDescriptions = schema.values.map(([, description]) => description);
  }
  if (schema.pattern !== undefined) property.pattern = schema.pattern.source;
  properties[`lockwalk.${key}`] = property;
}
properties['lockwalk.trace.server'] = {
  scope: 'window',
  type: 'string',
  default: 'off',
  enum: ['off', 'messages', 'verbose'],
  description: 'Write the traffic between the editor and the server to the output channel.',
};
manifest.contributes.configuration = { title: 'Lockwalk', properties };
writeFileSync(path, `${JSON.stringify(manifest, null, 2)}\n`);

const schemas = join(import.meta.dirname, '..', 'schemas');
mkdirSync(schemas, { recursive: true });
writeFileSync(join(schemas, 'lockwalk.schema.json'), `${JSON.stringify(projectSchema(RULES), null, 2)}\n`);
