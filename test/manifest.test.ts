/**
 * The manifest says what the code says: settings, entry points, engines.
 */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { DEFAULT_SETTINGS, readSettings, SETTINGS, type SettingSchema } from '../server/src/host/settings.js';
import { inRepository } from './repository.js';

interface Property {
  readonly type: string;
  readonly default: unknown;
  readonly enum?: readonly string[];
  readonly description?: string;
  readonly markdownDescription?: string;
}

interface Manifest {
  readonly main: string;
  readonly bin: Readonly<Record<string, string>>;
  readonly engines: Readonly<Record<string, string>>;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
  readonly contributes: {
    readonly commands: readonly {
      readonly command: string;
      readonly title: string;
      readonly category?: string;
    }[];
    readonly walkthroughs: readonly {
      readonly steps: readonly { readonly description: string; readonly media: { readonly image: string } }[];
    }[];
    readonly configuration?: { readonly properties: Readonly<Record<string, Property>> };
  };
}

const manifest = JSON.parse(readFileSync(inRepository('package.json'), 'utf8')) as Manifest;

describe('manifest', () => {
  it('has the settings of the schema, word for word', () => {
    const properties = manifest.contributes.configuration?.properties ?? {};
    for (const [key, schema] of Object.entries<SettingSchema>(SETTINGS)) {
      const property = properties[`lockwalk.${key}`];
      assert.ok(property, `package.json has no lockwalk.${key}`);
      assert.equal(property.type, schema.type, key);
      assert.deepEqual(property.default, schema.default, key);
      assert.equal(property.description ?? property.markdownDescription, schema.description, key);
      assert.deepEqual(
        property.enum,
        schema.values?.map(([value]) => value),
        key,
      );
    }
  });

  it('has no setting that the schema does not know, but for the client’s own trace', () => {
    const properties = Object.keys(manifest.contributes.configuration?.properties ?? {});
    const known = new Set(Object.keys(SETTINGS).map((key) => `lockwalk.${key}`));
    assert.deepEqual(
      properties.filter((key) => !known.has(key) && key !== 'lockwalk.trace.server'),
      [],
    );
  });

  it('puts every command under its own name', () => {
    const ids = manifest.contributes.commands.map(({ command }) => command);
    assert.deepEqual(
      manifest.contributes.commands.filter(({ category }) => category !== 'Lockwalk'),
      [],
    );
    assert.deepEqual(
      ids.filter((id, at) => !id.startsWith('lockwalk.') || ids.indexOf(id) !== at),
      [],
    );
  });

  it('has a walkthrough whose pictures and commands are there', () => {
    const ids = new Set(manifest.contributes.commands.map(({ command }) => command));
    const steps = manifest.contributes.walkthroughs.flatMap((one) => one.steps);
    assert.equal(steps.length, 3);
    for (const { description, media } of steps) {
      assert.ok(existsSync(inRepository(media.image)), media.image);
      for (const [, id] of description.matchAll(/\(command:(lockwalk\.\w+)/g))
        assert.ok(ids.has(id ?? ''), id);
    }
  });

  it('names entry points that the build makes', () => {
    for (const path of [manifest.main, manifest.bin.lockwalk ?? ''])
      assert.ok(existsSync(inRepository(path)), path);
  });

  it('pins every dependency exactly', () => {
    for (const [name, version] of Object.entries({ ...manifest.dependencies, ...manifest.devDependencies })) {
      assert.match(version, /^\d+\.\d+\.\d+(-[\w.]+)?$/, name);
    }
  });
});

describe('settings', () => {
  it('fall back to the defaults and name what is wrong', () => {
    const { settings, problems } = readSettings({
      precision: 'extreme',
      rules: [1],
      hover: false,
      kernelVersion: 'six',
    });
    assert.deepEqual(settings, { ...DEFAULT_SETTINGS, hover: false });
    assert.equal(problems.length, 3);
    assert.match(problems.join('\n'), /lockwalk\.precision/);
  });

  it('take anything for input', () => {
    for (const raw of [null, undefined, 3, 'x', []])
      assert.deepEqual(readSettings(raw).settings, DEFAULT_SETTINGS);
  });
});
