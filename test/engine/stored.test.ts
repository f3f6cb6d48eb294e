/** What rules found comes back from between runs as it was. */
import assert from 'node:assert/strict';
import { deserialize, serialize } from 'node:v8';
import { Words } from '../../server/src/engine/base/words.js';
import type { FunctionRef } from '../../server/src/engine/program/program.js';
import type { Below, Edge, Taken } from '../../server/src/engine/rules/lock-graph.js';
import { numbersOf, recallNumbers, standing } from '../../server/src/engine/rules/standing.js';
import { STORED_BELOW, STORED_EDGES } from '../../server/src/engine/rules/stored-below.js';

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

/** What is kept says nothing of its function. */
const NOWHERE = {} as FunctionRef;

const EDGE: Edge = {
  outer: { ...PLAIN.node, key: 'foo::a', base: 'foo::a', class: 'foo::a', sub: '' },
  inner: PLAIN.node,
  outerShared: false,
  fn: NOWHERE,
  heldOp: 2,
  heldText: '&foo->a',
  heldPlace: 3,
  taken: PLAIN,
  origin: null,
  facts: [],
  gates: new Map(),
  sameObject: false,
  always: false,
};

const EDGES: Readonly<Record<string, Partial<Edge>>> = {
  plain: {},
  'of one that is held shared': { outerShared: true },
  'on conditions': { facts: [8, 2] },
  'behind gates': {
    gates: new Map([
      ['foo::d', true],
      ['foo::e', false],
    ]),
  },
  'of one object, always': { sameObject: true, always: true },
  'by way of a callee': {
    taken: { ...PLAIN, via: 4, next: { key: 'foo::lock/1', index: 0 } },
  },
};

function checkEdge(more: Partial<Edge>): void {
  const edges = [EDGE, { ...EDGE, ...more }];
  const words = new Words();
  const stored: unknown = deserialize(serialize(STORED_EDGES.store(edges, words)));
  assert.deepEqual(STORED_EDGES.revive(stored, words.all, NOWHERE), edges);
}

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
  assert.deepEqual(STORED_BELOW.revive(stored, words.all, NOWHERE), below);
}

describe('what is kept between runs', () => {
  for (const [name, more] of Object.entries(TAKEN))
    it(`a lock that is waited for, ${name}`, () => checkStored([{ ...PLAIN, ...more }]));
  for (const [name, more] of Object.entries(EDGES))
    it(`one lock inside another, ${name}`, () => checkEdge(more));
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
