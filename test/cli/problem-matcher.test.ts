/**
 * The problem matcher of the manifest against what `lockwalk check` prints: a task of the editor finds every finding.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Finding } from '../../server/src/engine/base/finding.js';
import { inRepository } from '../repository.js';
import { EXAMPLE, lockwalk } from './run.js';

interface Pattern {
  readonly regexp: string;
  readonly file: number;
  readonly line: number;
  readonly column: number;
  readonly severity: number;
  readonly message: number;
  readonly code: number;
}

const manifest = JSON.parse(readFileSync(inRepository('package.json'), 'utf8')) as {
  readonly contributes: { readonly problemPatterns: readonly [Pattern] };
};

describe('problem matcher', () => {
  it('reads each headline of the report, and no other line', () => {
    const [pattern] = manifest.contributes.problemPatterns;
    const read = lockwalk(['check', '--kernel', EXAMPLE, '--absolute', '--no-color'])
      .out.split('\n')
      .map((line) => new RegExp(pattern.regexp).exec(line))
      .filter((match) => match !== null)
      .map((match) => [
        match[pattern.file],
        Number(match[pattern.line]),
        Number(match[pattern.column]),
        match[pattern.severity],
        match[pattern.code],
      ]);
    const json = lockwalk(['check', '--kernel', EXAMPLE, '--format', 'json']).out;
    const { findings } = JSON.parse(json) as { readonly findings: readonly Finding[] };
    assert.ok(findings.length > 0);
    assert.deepEqual(
      read,
      findings.map((f) => [join(EXAMPLE, f.file), f.line, f.column, f.severity, f.rule]),
    );
  });
});
