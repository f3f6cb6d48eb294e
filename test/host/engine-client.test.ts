import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { Cancelled } from '../../server/src/engine/base/cancel.js';
import { EngineClient, EngineFailure } from '../../server/src/host/engine-client.js';
import { inRepository } from '../repository.js';

const SPEC = { root: inRepository('examples/tree'), kernelVersion: null, configFile: null };
const EVERYTHING = { paths: ['fs'], rules: [], precision: 'low' } as const;

describe('engine client', () => {
  it('answers in order and knows the version of the tree', async () => {
    const engine = new EngineClient(SPEC);
    try {
      const [description, answer] = await Promise.all([engine.describe(), engine.check(EVERYTHING)]);
      assert.equal(description.kernelVersion, '6.12.0');
      assert.ok(answer.stats.files > 0);
    } finally {
      await engine.dispose();
    }
  });

  it('takes a waiting call out of the queue, and stops a running one', async () => {
    const engine = new EngineClient(SPEC);
    try {
      const running = new AbortController();
      const waiting = new AbortController();
      const first = engine.check(EVERYTHING, running.signal);
      const second = engine.check(EVERYTHING, waiting.signal);
      waiting.abort();
      await assert.rejects(second, Cancelled);
      running.abort();
      await assert.rejects(first, Cancelled);
      assert.ok((await engine.check(EVERYTHING)).stats.files > 0, 'the engine is whole afterwards');
    } finally {
      await engine.dispose();
    }
  });

  it('leaves nothing with a signal that outlives its calls', async () => {
    const engine = new EngineClient(SPEC);
    const { signal } = new AbortController();
    try {
      await engine.contexts({ function: 'no_such_function' }, signal);
      await engine.check({ paths: ['fs'], rules: [], precision: 'high' }, signal);
      assert.equal(getEventListeners(signal, 'abort').length, 0);
    } finally {
      await engine.dispose();
    }
  });

  it('sees an overlay, and the file again when it is gone', async () => {
    const engine = new EngineClient(SPEC);
    try {
      const functions = async (): Promise<number> =>
        (await engine.check({ ...EVERYTHING, paths: ['fs/mountd/record.c'] })).stats.functions;
      const before = await functions();
      await engine.overlay(
        'fs/mountd/record.c',
        'int one(void) { return 1; }\nint two(void) { return 2; }\n',
      );
      assert.equal(await functions(), 2);
      await engine.overlay('fs/mountd/record.c', null);
      assert.equal(await functions(), before);
    } finally {
      await engine.dispose();
    }
  });

  it('rejects what is under way when it is disposed of', async () => {
    const engine = new EngineClient(SPEC);
    const pending = engine.check(EVERYTHING);
    const rejected = assert.rejects(pending, Cancelled);
    await engine.dispose();
    await rejected;
    await assert.rejects(engine.describe(), Cancelled);
  });

  it('says so when the worker dies, and starts another', async () => {
    const engine = new EngineClient({ ...SPEC, root: inRepository('no/such/tree') });
    await assert.rejects(engine.describe(), EngineFailure);
    await assert.rejects(engine.describe(), EngineFailure);
    await engine.dispose();
  });
});
