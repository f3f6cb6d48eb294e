/**
 * What people and machines rely on in the repository itself: the README's first two commands, CI, notices, and that nothing
 * names a machine.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { inRepository } from './repository.js';

describe('repository', () => {
  const readme = readFileSync(inRepository('README.md'), 'utf8');

  it('names no registry host in the lock file', () => {
    assert.doesNotMatch(readFileSync(inRepository('package-lock.json'), 'utf8'), /"resolved": "https?:/);
  });

  it('has the example and the tests as the README’s first two code blocks', () => {
    const blocks = [...readme.matchAll(/^```\w*\n([\s\S]*?)^```$/gm)].map((match) => match[1]?.trim());
    assert.deepEqual(blocks.slice(0, 2), [
      'npm ci --ignore-scripts && npm run example',
      'npm ci --ignore-scripts && npm test',
    ]);
  });

  it('says its limits before its features', () => {
    assert.ok(readme.indexOf('## What it cannot see') < readme.indexOf('## The command line'));
  });

  it('runs the README’s test command in CI', () => {
    assert.match(readFileSync(inRepository('.ci/run'), 'utf8'), /^npm ci --ignore-scripts && npm test$/m);
  });

  it('has current third-party notices', () => {
    const run = spawnSync(process.execPath, [inRepository('scripts/notices.mjs'), '--check'], {
      encoding: 'utf8',
    });
    assert.equal(run.status, 0, run.stderr);
  });
});
