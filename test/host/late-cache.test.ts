import assert from 'node:assert/strict';
import { setTimeout as pause } from 'node:timers/promises';
import type { Memory } from '../../server/src/engine/door.js';
import { IdleWriting, LateCache } from '../../server/src/host/late-cache.js';

/** A memory that says what it was told, in order. */
function told(): { readonly memory: Memory; readonly said: string[] } {
  const said: string[] = [];
  const keep = (kind: string, key: string, value: unknown): void =>
    void said.push(`${kind} ${key} ${String(value)}`);
  const memory: Memory = {
    recall: (kind, key) => `below ${kind} ${key}`,
    keep,
    keepMade: (kind, key, make) => keep(kind, key, make()),
  };
  return { memory, said };
}

describe('late cache', () => {
  it('puts one thing on disk at a time, in order, and each only once', () => {
    const { memory, said } = told();
    const late = new LateCache(memory);
    late.keep('facts', 'a', 1);
    late.keepMade('analysis', 'b', () => 2);
    assert.deepEqual(said, []);
    assert.equal(late.work(), true);
    assert.deepEqual(said, ['facts a 1']);
    assert.equal(late.work(), true);
    assert.equal(late.work(), false);
    assert.deepEqual(said, ['facts a 1', 'analysis b 2']);
  });

  it('recalls what has not been put there yet, else what is below', () => {
    const { memory } = told();
    const late = new LateCache(memory);
    late.keep('facts', 'a', 1);
    assert.equal(late.recall('facts', 'a'), 1);
    assert.equal(late.recall('unit', 'a'), 'below unit a');
    late.work();
    assert.equal(late.recall('facts', 'a'), 'below facts a');
  });

  it('keeps the last of what is kept under one name, and makes nothing of the others', () => {
    const { memory, said } = told();
    const late = new LateCache(memory);
    let made = 0;
    const make = (n: number) => (): number => {
      made++;
      return n;
    };
    late.keepMade('analysis', 'a', make(1));
    late.keep('facts', 'b', 2);
    late.keepMade('analysis', 'a', make(3));
    while (late.work());
    assert.deepEqual(said, ['facts b 2', 'analysis a 3']);
    assert.equal(made, 1);
  });

  it('lets little wait: what is still to be made holds on to what it is made of', () => {
    const { memory, said } = told();
    const late = new LateCache(memory);
    for (let n = 1; n <= 3; n++) late.keepMade('analysis', `${n}`, () => n);
    late.keep('facts', 'a', 0);
    assert.deepEqual(said, []);
    late.keepMade('analysis', '4', () => 4);
    late.keepMade('analysis', '4', () => 5);
    assert.deepEqual(said, ['analysis 1 1']);
    for (let n = 0; n < 1000; n++) late.keep('facts', `b${n}`, n);
    assert.deepEqual(said.slice(1), ['analysis 2 2', 'analysis 3 3', 'facts a 0', 'analysis 4 5']);
  });

  it('is written while nobody asks, and tidied up once', async () => {
    const { memory, said } = told();
    const late = new LateCache(memory);
    let asked = 0;
    const idle = new IdleWriting(late, () => ++asked > 1);
    late.keep('facts', 'a', 1);
    late.keep('facts', 'b', 2);
    // A question comes before it has begun
    idle.begin(0);
    idle.stop();
    await pause(20);
    assert.deepEqual(said, []);
    const until = async (isSo: () => boolean): Promise<void> => {
      while (!isSo()) await pause(1);
    };
    idle.begin(0);
    await until(() => asked === 1);
    assert.deepEqual(said, ['facts a 1', 'facts b 2']);
    idle.begin(0);
    await until(() => asked === 2);
    idle.begin(0);
    await pause(20);
    assert.equal(asked, 2);
  });
});
