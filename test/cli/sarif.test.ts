import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import AjvDraft04 from 'ajv-draft-04';
import type { Log, ReportingDescriptor } from 'sarif';
import { formatSarif } from '../../server/src/cli/format/sarif.js';
import type { Report } from '../../server/src/cli/report.js';
import { finding } from '../findings/finding.js';
import { inRepository } from '../repository.js';
import { EXAMPLE, lockwalk } from './run.js';

/** The published schema, of draft 4, from a package that carries it. */
const SCHEMA = 'node_modules/@microsoft/jest-sarif/lib/schemas/sarif-2.1.0-rtm.5.json';

let validate: (document: unknown) => readonly string[];

describe('sarif', () => {
  before(() => {
    const schema = JSON.parse(readFileSync(inRepository(SCHEMA), 'utf8')) as Record<string, unknown>;
    const check = new AjvDraft04.default({
      strict: false,
      validateFormats: false,
      allErrors: true,
      unicodeRegExp: false,
    }).compile(schema);
    validate = (document) =>
      check(document) ? [] : (check.errors ?? []).map((error) => `${error.instancePath} ${error.message}`);
  });

  it('is valid for the example tree and has what readers look for', () => {
    const log = JSON.parse(lockwalk(['check', '--kernel', EXAMPLE, '--format', 'sarif']).out) as Log;
    assert.deepEqual(validate(log), []);
    const [run] = log.runs;
    assert.equal(run?.results?.length, 4);
    for (const result of run?.results ?? []) {
      const rule: ReportingDescriptor | undefined = run?.tool.driver.rules?.[result.ruleIndex ?? -1];
      assert.equal(rule?.id, result.ruleId);
      assert.ok(rule?.help?.markdown?.startsWith('# '), 'the rule page is the help');
      assert.ok(result.partialFingerprints?.['lockwalk/v1']);
      assert.ok(result.locations?.[0]?.logicalLocations?.[0]?.name);
    }
    const race = run?.results?.find((result) => result.ruleId === 'rcu/early-free');
    assert.equal(race?.codeFlows?.[0]?.threadFlows.length, 2);
    assert.ok(
      run?.results?.some((result) => (result.fixes?.length ?? 0) > 0),
      'fixes are carried',
    );
  });

  it('is valid with every field filled, and escapes paths', () => {
    const place = { file: 'fs/a b%.c', line: 1, column: 1 };
    const report: Report = {
      kernel: { root: '/nowhere', version: '6.12' },
      configuration: null,
      findings: [
        finding({
          file: 'fs/a b%.c',
          entry: { method: 'd_release', struct: 'dentry_operations', table: 't', function: 'f' },
          trace: [
            { ...place, kind: 'entry', message: 'here' },
            { ...place, kind: 'other-side', side: 1, message: 'there' },
          ],
          fixes: [
            {
              title: 'fix',
              safety: 'safe',
              edits: [
                { file: 'fs/a b%.c', startLine: 1, startColumn: 1, endLine: 1, endColumn: 1, text: 'x' },
              ],
            },
          ],
        }),
      ],
      skipped: [{ file: 'fs/b.c', reason: 'is a symbolic link loop' }],
      problems: ['something'],
      baseline: null,
      stats: { files: 1, functions: 1, damagedFunctions: 0, parseMs: 0, totalMs: 0, peakMemoryMiB: 0 },
      rules: [],
    };
    const text = formatSarif(report, { toolVersion: '1.0.0', pageOf: () => null });
    assert.deepEqual(validate(JSON.parse(text)), []);
    assert.match(text, /fs\/a%20b%25\.c/);
  });

  it('is checked by a schema that can say no', () => {
    assert.notDeepEqual(validate({ version: '2.1.0', runs: [{ results: [{}] }] }), []);
  });
});
