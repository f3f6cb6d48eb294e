/**
 * The examples on the rule pages are run: the bad one gives a finding of that rule and no other, the good one none.
 */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Finding } from '../server/src/engine/base/finding.js';
import { RULES } from '../server/src/engine/rules/index.js';
import { EXAMPLE, lockwalk } from './cli/run.js';
import { withFolder } from './host/folder.js';
import { inRepository } from './repository.js';

/** Rules found in a text that stands in for a file of the example tree: those on by default, and what `named` names. */
function rulesFoundIn(text: string, named: readonly string[]): Promise<readonly string[]> {
  return withFolder({}, (folder) => {
    const path = join(folder, 'page.c');
    writeFileSync(path, text);
    const file = 'fs/page/page.c';
    const args = [
      'check',
      '--kernel',
      EXAMPLE,
      '--overlay',
      `${file}=${path}`,
      '--format',
      'json',
      ...named,
      file,
    ];
    const run = lockwalk(args);
    const { findings } = JSON.parse(run.out) as { findings: readonly Finding[] };
    return findings.map((finding) => finding.rule);
  });
}

function example(page: string, heading: string): string {
  const code = new RegExp(`^## ${heading}\\n\\n\`\`\`c\\n([\\s\\S]*?)^\`\`\`$`, 'm').exec(page)?.[1];
  assert.ok(code, `an example under ${heading}`);
  return code;
}

describe('rule examples', () => {
  for (const rule of RULES) {
    it(`${rule.id}: the bad one is found, the good one is not`, async () => {
      const page = readFileSync(inRepository('docs/rules', `${rule.id}.md`), 'utf8');
      // One that is off by default is run by its name, at its own precision
      const named = rule.onByDefault ? [] : ['--rule', rule.id, '--precision', rule.precision];
      const bad = await rulesFoundIn(example(page, 'Bad'), named);
      assert.deepEqual([...new Set(bad)], [rule.id]);
      assert.deepEqual(await rulesFoundIn(example(page, 'Good'), named), []);
    });
  }
});
