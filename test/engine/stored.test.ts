/** What rules found comes back from between runs as it was. */
import assert from 'node:assert/strict';
import { deserialize, serialize } from 'node:v8';
import { Words } from '../../server/src/engine/rules/kept.js';
import type { Below, Taken } from '../../server/src/engine/rules/lock-graph.js';
import { numbersOf, recallNumbers, standing } from '../../server/src/engine/rules/standing.js';
import { STORED_BELOW } from '../../server/src/engine/rules/stored-below.js';

const PLAIN: Taken = {
  node: {
    key: 'foo::lock/1',
    base: 'foo::lock',
    class: 'foo::lock',
    kind: 'mutex',
    sub: '1',
    loose: false,
  },
  place: 7,
  shared: false,
  facts: [],
  released: [],
  op: 3,
  via: -1,
  next: null,
  depth: 0,
  text: '&foo->lock',
  what: 'mutex_lock_nested',
  unsure: false,
  lastRef: false,
};

const TAKEN: Readonly<Record<string, Partial<Taken>>> = {
  'its own': {},
  shared: { shared: true },
  'on conditions': { facts: [12, 1, 40, 6] },
  'with others given back before': {
    released: [
      { place: 9, class: 'inode::i_lock', kind: 'spin' },
      { place: -2, class: 'inode::i_rwsem', kind: 'rwsem' },
    ],
  },
  'by way of a callee': { via: 5, op: 8, depth: 2, next: { key: 'foo::lock/1 (shared)', index: 1 } },
  'for a value of which nothing is known': { unsure: true },
  'at the last put': { lastRef: true },
  'of one of several structures': { node: { ...PLAIN.node, loose: true, sub: '' } },
};

function checkStored(taken: readonly Taken[]): void {
  const below: Below = {
    ways: new Map([
      ['foo::lock/1', taken],
      ['foo::lock/1 (shared)', taken.slice(0, 1)],
    ]),
    exclusive: new Set(['foo::lock/1']),
    ownExclusive: ['foo::lock/1'],
    seen: 77,
  };
  const words = new Words();
  const stored: unknown = deserialize(serialize(STORED_BELOW.store(below, words)));
  assert.deepEqual(STORED_BELOW.revive(stored, [...words.all]), below);
}

describe('what is kept between runs', () => {
  for (const [name, more] of Object.entries(TAKEN))
    it(`a lock that is waited for, ${name}`, () => checkStored([{ ...PLAIN, ...more }]));
  it('several', () => checkStored(Object.values(TAKEN).map((more) => ({ ...PLAIN, ...more }))));

  it('numbers that results had, which nothing else is given', () => {
    const known = [{}, undefined, {}, {}];
    const numbers = numbersOf(known);
    assert.deepEqual([...numbers], [0, 0, 0, 0]);
    const far = standing({}) + 1000;
    recallNumbers(known, Int32Array.from([far, 0, 0, far + 5]));
    assert.equal(standing(known[0]), far);
    assert.equal(standing(known[3]), far + 5);
    assert.ok(standing({}) > far + 5);
    assert.equal(standing(undefined), 0);
  });
});
