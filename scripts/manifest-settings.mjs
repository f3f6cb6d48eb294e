/**
 * Writes the extension's part of the manifest that code decides: the settings, from the host's schema (compile first).
 * The manifest test fails where the two differ.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
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
  if (schema.values !== undefined) {
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
