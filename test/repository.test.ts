import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { inRepository } from './repository.js';

describe('repository', () => {
  it('names no registry host in the lock file', () => {
    assert.doesNotMatch(readFileSync(inRepository('package-lock.json'), 'utf8'), /"resolved": "https?:/);
  });
});
