/**
 * The pages of docs/model are what the model says today, every helper is on them, links lead somewhere, and a method's page
 * says what the hover says.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { posix } from 'node:path';
import { HELPER_AREAS } from '../server/src/engine/model/areas.js';
import { buildModel, MODEL_DATA, SUPPORTED_VERSIONS } from '../server/src/engine/model/index.js';
import { explainModelName } from '../server/src/engine/views/contract.js';
import { modelPages } from '../server/src/engine/views/model-pages.js';
import { filesBelow, inRepository } from './repository.js';

const FOLDER = 'docs/model/';

describe('model pages', () => {
  const pages = modelPages();

  it('are what `npm run model-pages` makes', () => {
    const committed = filesBelow('docs/model', '.md').map((path) => path.slice(FOLDER.length));
    assert.deepEqual(committed, [...pages.keys()].sort(), 'run npm run model-pages');
    for (const [path, text] of pages) {
      assert.equal(
        readFileSync(inRepository(FOLDER, path), 'utf8'),
        text,
        `${path}: run npm run model-pages`,
      );
    }
  });

  it('have every helper, and none twice', () => {
    const listed = HELPER_AREAS.flatMap((area) => area.helpers);
    assert.equal(new Set(listed).size, listed.length);
    assert.deepEqual(new Set(listed), new Set(MODEL_DATA.helpers));
  });

  it('link to pages and headings that are there', () => {
    const headings = (text: string): ReadonlySet<string> =>
      new Set(
        [...text.matchAll(/^#+ (.+)$/gm)].map(([, title = '']) =>
          title
            .toLowerCase()
            .replace(/[^\w\- ]/g, '')
            .replaceAll(' ', '-'),
        ),
      );
    for (const [path, text] of pages) {
      for (const [, target = '', heading] of text.matchAll(/\]\(([^)#]*)(?:#([^)]+))?\)/g)) {
        const page = target === '' ? path : posix.join(posix.dirname(path), target);
        const there = pages.get(page);
        assert.ok(there !== undefined, `${path}: no page ${target}`);
        if (heading !== undefined) assert.ok(headings(there).has(heading), `${path}: no heading ${heading}`);
      }
    }
  });

  it('have no empty section and no empty table', () => {
    for (const [path, text] of pages) {
      assert.doesNotMatch(text, /^#+ .+\n+(?=#|$(?![\s\S]))/m, path);
      assert.doesNotMatch(text, /^\| --- .*\|\n(?!\|)/m, path);
      assert.doesNotMatch(text, /undefined|\bnull\b(?!`)/, path);
    }
  });

  for (const version of SUPPORTED_VERSIONS) {
    it(`say what the hover says in ${version}`, () => {
      for (const method of buildModel(version).methods.values()) {
        const card = explainModelName(buildModel(version), `${method.struct}.${method.method}`) ?? '';
        const contract = card.slice(card.indexOf('\n\n') + 2);
        const page = pages.get(`${method.struct}/${method.method}.md`) ?? '';
        assert.ok(page.includes(contract), `${method.struct}.${method.method}`);
      }
    });
  }
});

describe('model: life cycles and lock order', () => {
  for (const cycle of MODEL_DATA.lifeCycles) {
    it(`${cycle.object}: every state can be reached and left`, () => {
      const names = cycle.states.map((state) => state.name);
      assert.equal(new Set(names).size, names.length);
      for (const step of cycle.steps)
        for (const end of [step.from, step.to])
          assert.ok(end === undefined || names.includes(end), `no state ${end}`);
      for (const name of names) {
        assert.ok(
          cycle.steps.some((step) => step.to === name && step.from !== name),
          `${name} is never reached`,
        );
        assert.ok(
          cycle.steps.some((step) => step.from === name && step.to !== name),
          `${name} is never left`,
        );
      }
    });
  }

  for (const version of SUPPORTED_VERSIONS) {
    it(`is an order in ${version}: no lock is inside itself`, () => {
      const inside = new Map<string, string[]>();
      const model = buildModel(version);
      for (const entry of model.lockOrder) {
        if (entry.tried === true) continue;
        const name = (lock: typeof entry.outer): string => `${lock.class}/${lock.role ?? ''}`;
        inside.set(name(entry.outer), [...(inside.get(name(entry.outer)) ?? []), name(entry.inner)]);
      }
      const visit = (lock: string, path: readonly string[]): void => {
        assert.ok(!path.includes(lock), [...path, lock].join(' > '));
        for (const next of inside.get(lock) ?? []) visit(next, [...path, lock]);
      };
      assert.ok(inside.size > 0);
      for (const lock of inside.keys()) visit(lock, []);
    });
  }
});
