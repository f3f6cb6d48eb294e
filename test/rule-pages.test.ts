/**
 * Rules and their pages belong together, and ids have the form that people rely on.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { RULES } from '../server/src/engine/rules/index.js';
import { filesBelow, inRepository } from './repository.js';

/** In this order on every page. */
const HEADINGS = ['What', 'Contract', 'Bad', 'Good', 'When not to use it', 'References'];

describe('rule pages', () => {
  it('one a rule, one rule a page', () => {
    const pages = filesBelow('docs/rules', '.md').map((path) =>
      path.slice('docs/rules/'.length, -'.md'.length),
    );
    assert.deepEqual(pages, RULES.map((rule) => rule.id).sort());
  });

  for (const rule of RULES) {
    it(`${rule.id}: title and headings`, () => {
      const page = readFileSync(inRepository('docs/rules', `${rule.id}.md`), 'utf8');
      assert.ok(page.startsWith(`# ${rule.id}\n`), 'the title is the id');
      const headings = [...page.matchAll(/^## (.+)$/gm)].map((match) => match[1]);
      assert.deepEqual(headings, HEADINGS);
      assert.ok(page.includes(rule.summary), 'the summary stands on the page');
      if (rule.fixable) assert.match(page, /quick fix/i, 'the quick fix is on the page');
      else assert.match(page, /\bno\s+(quick )?fix\b/i, 'the page says why there is no fix');
    });
  }

  it('ids are family/what-is-wrong, sorted and unique', () => {
    const ids = RULES.map((rule) => rule.id);
    for (const id of ids) assert.match(id, /^[a-z]+\/[a-z]+(-[a-z]+)*$/);
    assert.deepEqual(ids, [...new Set(ids)].sort());
  });
});
