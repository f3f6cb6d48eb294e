import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import { RULES } from '../../server/src/engine/rules/index.js';
import { parseProjectFile, readProjectFile } from '../../server/src/host/project-file.js';
import { projectSchema } from '../../server/src/host/project-schema.js';
import {
  DEFAULT_SETTINGS,
  mergeSettings,
  SETTINGS,
  type SettingSchema,
} from '../../server/src/host/settings.js';
import { inRepository } from '../repository.js';
import { KERNEL, withFolder } from './folder.js';

const parse = (text: string): ReturnType<typeof parseProjectFile> =>
  parseProjectFile('.lockwalk.json', text, (name) =>
    RULES.some(({ id }) => id === name || id.startsWith(`${name}/`)),
  );

const GOOD = {
  $schema: 'x',
  kernelVersion: '6.12',
  configFile: '.config',
  precision: 'low',
  rules: ['rcu', 'lock/double'],
  severity: { rcu: 'hint', 'lock/double': 'off' },
  exclude: ['fs/ntfs3/**'],
};

describe('.lockwalk.json', () => {
  it('says what it may say', () => {
    const { $schema: _, ...settings } = GOOD;
    assert.deepEqual(parse(JSON.stringify(GOOD)), { path: '.lockwalk.json', settings, problems: [] });
    const names = Object.entries<SettingSchema>(SETTINGS).filter(([, schema]) => schema.project === true);
    assert.deepEqual(names.map(([key]) => key).sort(), Object.keys(settings).sort());
  });

  const bad: readonly [what: string, text: string, line: number, says: RegExp][] = [
    ['no JSON', '{\n "rules": [],\n}', 3, /no valid JSON/],
    ['half of it', '{\n "rules": [', 2, /no valid JSON/],
    ['nothing', '', 1, /no valid JSON/],
    ['a list', '[]', 1, /no JSON object/],
    ['null', 'null', 1, /no JSON object/],
    ['an unknown key', '{\n"frob": 1}', 2, /frob is no setting; there are kernelVersion/],
    ['a key of the language itself', '{\n"__proto__": {}}', 2, /__proto__ is no setting/],
    ['a setting of editors', '{"hover": true}', 1, /hover is a setting of editors only/],
    ['a wrong value', '{\n\n"precision": "extreme"}', 3, /precision is none of high, medium, low/],
    ['a wrong severity', '{"severity": {"rcu": "loud"}}', 1, /severity\.rcu is none of error/],
    ['no severities', '{"severity": ["rcu"]}', 1, /severity is no object/],
    ['an unknown rule', '{"severity": {\n"lock/doble": "off"}}', 2, /lock\/doble is no rule or family/],
    ['an unknown family', '{"rules": ["locks"]}', 1, /locks is no rule or family/],
    ['a version in words', '{"kernelVersion": "six"}', 1, /kernelVersion does not look like/],
    ['a number for a pattern', '{"exclude": [3]}', 1, /exclude is no list of strings/],
  ];
  for (const [what, text, line, says] of bad) {
    it(`names ${what}, with the line`, () => {
      const { problems } = parse(text);
      assert.equal(problems.length, 1, JSON.stringify(problems));
      assert.equal(problems[0]?.line, line);
      assert.match(problems[0]?.message ?? '', says);
    });
  }

  it('holds as far as it is right', () => {
    assert.deepEqual(parse('{"precision": "low", "rules": 3}').settings, { precision: 'low' });
  });

  it('is read at the root, if it is there', () =>
    withFolder(KERNEL, (root) => {
      assert.equal(
        readProjectFile(root, () => true),
        null,
      );
      return withFolder({ '.lockwalk.json': '{"rules": ["rcu"]}' }, (other) => {
        assert.deepEqual(readProjectFile(other, () => true)?.settings, { rules: ['rcu'] });
        assert.equal(readProjectFile(other, () => true)?.path, join(other, '.lockwalk.json'));
      });
    }));

  it('is a folder, which is said', () =>
    withFolder({ '.lockwalk.json/': '' }, (root) => {
      assert.match(readProjectFile(root, () => true)?.problems[0]?.message ?? '', /is a folder/);
    }));

  it('yields to what is set in person, setting by setting and rule by rule', () => {
    const project = {
      precision: 'low',
      severity: { 'rcu/early-free': 'off', 'lock/double': 'off', dir: 'hint' },
    } as const;
    const own = { precision: 'medium', severity: { rcu: 'error', dir: 'off' } } as const;
    assert.deepEqual(mergeSettings(project, own), {
      ...DEFAULT_SETTINGS,
      precision: 'medium',
      severity: { 'lock/double': 'off', rcu: 'error', dir: 'off' },
    });
    assert.equal(mergeSettings(project, { precision: 'high' }).precision, 'high');
    assert.deepEqual(mergeSettings({}, {}), DEFAULT_SETTINGS);
  });
});

describe('schema of .lockwalk.json', () => {
  const published: object = JSON.parse(readFileSync(inRepository('schemas/lockwalk.schema.json'), 'utf8'));
  const isValid = new Ajv({ strict: false }).compile(published);

  it('is the one of the table of settings (scripts/manifest-settings.mjs writes it)', () => {
    assert.deepEqual(published, projectSchema(RULES));
  });

  it('takes what the reader takes, and nothing that it refuses', () => {
    assert.equal(isValid(GOOD), true, JSON.stringify(isValid.errors));
    for (const [what, text] of bad()) {
      assert.equal(isValid(JSON.parse(text)), false, what);
      assert.ok(parse(text).problems.length > 0, what);
    }
  });

  function bad(): readonly (readonly [string, string])[] {
    return [
      ['an unknown key', '{"frob": 1}'],
      ['a setting of editors', '{"check": "off"}'],
      ['a wrong value', '{"precision": "extreme"}'],
      ['a wrong severity', '{"severity": {"rcu": "loud"}}'],
      ['an unknown rule', '{"severity": {"lock/doble": "off"}}'],
      ['an unknown rule in a list', '{"rules": ["locks"]}'],
      ['a version in words', '{"kernelVersion": "six"}'],
    ];
  }
});
