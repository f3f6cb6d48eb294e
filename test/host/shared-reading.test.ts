import assert from 'node:assert/strict';
import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import type { Worker } from 'node:worker_threads';
import { Cancelled, NEVER } from '../../server/src/engine/base/cancel.js';
import type { CheckAnswer, ReadByOther, SharedReading } from '../../server/src/engine/door.js';
import { EngineClient } from '../../server/src/host/engine-client.js';
import { closeReading, ReadingEnd, shareReading } from '../../server/src/host/shared-reading.js';
import { filesOf, openFiles } from '../engine/harness.js';
import { inRepository } from '../repository.js';

const SPEC = { root: inRepository('examples/tree'), kernelVersion: null, configFile: null };
const EVERYTHING = { paths: ['fs'], rules: [], precision: 'low' } as const;

const UNIT = filesOf(`
#include "own.h"
static int foo_revalidate(struct dentry *dentry, unsigned int flags) {
\tmsleep(OWN_DELAY);
\treturn 1;
}
const struct dentry_operations foo_ops = { .d_revalidate = foo_revalidate };
// file: fs/foo/own.h
#define OWN_DELAY 10
// file: fs/foo/broken.c
static int other(void) { return 2; }
`);

/** What is the same whoever read. */
function said(answer: CheckAnswer): unknown {
  const { files, functions, damagedFunctions } = answer.stats;
  return {
    findings: answer.findings,
    skipped: answer.skipped,
    stats: { files, functions, damagedFunctions },
  };
}

class Fake implements SharedReading {
  readonly published: ReadByOther[] = [];
  readonly asked: string[][] = [];
  waits = 0;
  constructor(
    private readonly mine: boolean,
    private incoming: readonly ReadByOther[] = [],
  ) {}
  isOpen = (): boolean => true;
  shares = (): boolean => true;
  ask = (files: readonly string[]): number => this.asked.push([...files]);
  claim = (): boolean => this.mine;
  publish = (file: string, made: unknown): number => this.published.push({ file, made });
  arrived: () => readonly ReadByOther[] = () => {
    const out = this.incoming;
    this.incoming = [];
    return out;
  };
  wait = (): number => this.waits++;
  leave = (): void => {};
}

/** Nobody else is there, and what has been claimed stays so. */
class Alone extends Fake {
  private readonly claimed = new Set<string>();
  constructor() {
    super(true);
  }
  override claim = (file?: string): boolean => {
    const isNew = !this.claimed.has(file ?? '');
    this.claimed.add(file ?? '');
    return isNew;
  };
}

/** Another engine that has claimed everything, and hands on the next file whenever it is waited for. */
class Slow extends Fake {
  private at = 0;
  constructor(private readonly handed: readonly ReadByOther[]) {
    super(false);
  }
  override arrived = (): readonly ReadByOther[] =>
    this.handed.slice(this.at, this.waits).map((p) => {
      this.at++;
      return p;
    });
}

describe('shared reading', () => {
  it('an engine with a reader, and engines with a share each, say what one alone says', async () => {
    const alone = new EngineClient(SPEC);
    const read = new EngineClient(SPEC, 'reader');
    const pair = shareReading(2, false).map((share) => new EngineClient(SPEC, share));
    try {
      const [first, second, ...both] = await Promise.all(
        [alone, read, ...pair].map((engine) => engine.check(EVERYTHING)),
      );
      assert.ok(first !== undefined && second !== undefined && first.findings.length > 0);
      assert.deepEqual(said(second), said(first));
      for (const answer of both) assert.deepEqual(said(answer), said(first));
    } finally {
      await Promise.all([alone, read, ...pair].map((engine) => engine.dispose()));
    }
  });

  it('a second check after the reader has gone sees what has changed', async () => {
    const engine = new EngineClient(SPEC, 'reader');
    try {
      const functions = async (): Promise<number> =>
        (await engine.check({ ...EVERYTHING, paths: ['fs/mountd/record.c'] })).stats.functions;
      const before = await functions();
      await engine.overlay('fs/mountd/record.c', `${'int one(void) { return 1; }\n'.repeat(before + 1)}`);
      assert.equal(await functions(), before + 1);
    } finally {
      await engine.dispose();
    }
  });

  it('an overlay that comes before the first check is what the reader reads too', async () => {
    const engine = new EngineClient(SPEC, 'reader');
    try {
      await engine.describe();
      await engine.overlay(
        'fs/mountd/record.c',
        'int one(void) { return 1; }\nint two(void) { return 2; }\n',
      );
      const answer = await engine.check({ ...EVERYTHING, paths: ['fs/mountd/record.c'] });
      assert.equal(answer.stats.functions, 2);
    } finally {
      await engine.dispose();
    }
  });

  it('the reader outlives texts of open files and cards, and ends when a whole unit has been answered about', async function () {
    if (availableParallelism() < 2) this.skip();
    const there = new Set<Worker>();
    const came = (worker: Worker): void => {
      there.add(worker);
      worker.once('exit', () => there.delete(worker));
    };
    process.on('worker', came);
    const engine = new EngineClient(SPEC, 'reader');
    try {
      const at = { file: 'fs/mountd/record.c', line: 1, column: 1 };
      await engine.describe();
      await engine.overlay(at.file, 'int one(void) { return 1; }\n');
      await engine.hover({ ...at, soon: true });
      const stop = new AbortController();
      const stopped = engine.check(EVERYTHING, stop.signal);
      stop.abort();
      await assert.rejects(stopped, Cancelled);
      await new Promise((soon) => setTimeout(soon, 50));
      assert.equal(there.size, 2);
      const [, reader] = there;
      assert.ok(reader !== undefined);
      const ended = once(reader, 'exit');
      await engine.check({ ...EVERYTHING, paths: [at.file] });
      await ended;
      assert.equal(there.size, 1);
    } finally {
      process.off('worker', came);
      await engine.dispose();
    }
  });

  it('what an engine hands on is all that another one needs to say the same', async () => {
    const first = new Fake(true);
    const one = await openFiles(UNIT, first);
    const expected = said(one.check(EVERYTHING, NEVER));
    assert.deepEqual(first.published.map((p) => p.file).sort(), [
      'fs/foo/broken.c',
      'fs/foo/own.h',
      'fs/foo/x.c',
      'include/linux/fs.h',
    ]);
    const seen: string[] = [];
    const handed = first.published.map((p) => structuredClone(p));
    const two = await openFiles(UNIT, new Fake(false, handed), (path) => seen.push(path));
    seen.length = 0;
    const analysed = two.contexts({ function: 'foo_revalidate', file: 'fs/foo/x.c' }, NEVER);
    assert.ok(analysed.ok);
    assert.ok(!seen.includes('include/linux/fs.h'), 'a header that was handed on is not read again');
    assert.deepEqual(said(two.check(EVERYTHING, NEVER)), expected);
  });

  it('the last file that arrives ends the waiting, and what another made of a text that changed is not taken', async () => {
    const first = new Fake(true);
    const one = await openFiles(UNIT, first);
    const expected = said(one.check(EVERYTHING, NEVER));
    const source = first.published.find((p) => p.file === 'fs/foo/x.c');
    const others = first.published.filter((p) => p !== source).map((p) => structuredClone(p));
    const stale = { file: 'fs/foo/x.c', made: others.find((p) => p.file.endsWith('broken.c'))?.made };
    const slow = new Slow([...others, stale]);
    const two = await openFiles(UNIT, slow);
    two.invalidate('fs/foo/x.c');
    assert.deepEqual(said(two.check(EVERYTHING, NEVER)), expected);
    assert.deepEqual(
      slow.published.map((p) => p.file),
      ['fs/foo/x.c'],
    );
    assert.equal(slow.waits, others.length, 'once for each file, and never for nothing');
  });

  it('of a card that somebody waits for only the file is read, and the rest is asked for', async () => {
    const many = filesOf([...Array(8)].map((_, n) => `// file: fs/foo/o${n}.c\nint o${n};\n`).join(''));
    const both = new Map([...UNIT, ...many]);
    const first = new Fake(true);
    const one = await openFiles(both, first);
    one.hover({ file: 'fs/foo/x.c', line: 4, column: 5, soon: true }, NEVER);
    assert.deepEqual(first.published.map((p) => p.file).sort(), [
      'fs/foo/own.h',
      'fs/foo/x.c',
      'include/linux/fs.h',
    ]);
    const reader = new Fake(true);
    const two = await openFiles(both, reader);
    const [asked] = first.asked;
    assert.ok(asked !== undefined);
    two.readForOthers(asked, NEVER);
    assert.equal(reader.published[0]?.file, 'fs/foo/x.c', 'what somebody waits for comes first');
    assert.equal(reader.published.length, both.size + 1);
    two.readForOthers(asked, NEVER);
    assert.equal(reader.published.length, both.size + 1, 'nothing is read for others twice');
  });

  it('what another engine claimed and never hands on is read after a while', async () => {
    const alone = await openFiles(UNIT);
    const silent = new Fake(false);
    const engine = await openFiles(UNIT, silent);
    assert.deepEqual(said(engine.check(EVERYTHING, NEVER)), said(alone.check(EVERYTHING, NEVER)));
    assert.ok(silent.waits > 0);
    assert.equal(silent.asked.length, 1);
  });

  it('a file that has no facts is not waited for by who claimed it before', async () => {
    const reading = new Alone();
    const engine = await openFiles(UNIT, reading);
    const paths = ['fs/foo/x.c', 'fs/foo/gone.c'];
    const expected = said(engine.check({ ...EVERYTHING, paths }, NEVER));
    engine.invalidate('fs/foo/own.h');
    assert.deepEqual(said(engine.check({ ...EVERYTHING, paths }, NEVER)), expected);
    assert.equal(reading.waits, 0);
  });

  it('a claim is given once, what is published arrives at the others, and a closed one is closed for all', () => {
    const [a, b, c] = shareReading(3, false).map((share) => ({ share, end: new ReadingEnd(share) }));
    assert.ok(a !== undefined && b !== undefined && c !== undefined);
    try {
      assert.equal(a.end.claim('include/linux/fs.h'), true);
      assert.equal(b.end.claim('include/linux/fs.h'), false);
      assert.equal(b.end.claim('include/linux/mm.h'), true);
      assert.deepEqual([a.end.shares('fs/x.c'), a.end.shares('fs/x.h')], [false, true]);
      a.end.publish('include/linux/fs.h', { n: 1 });
      for (const { end } of [b, c])
        assert.deepEqual(end.arrived(), [{ file: 'include/linux/fs.h', made: { n: 1 } }]);
      assert.deepEqual(a.end.arrived(), []);
      closeReading(c.share);
      assert.deepEqual([a.end.isOpen(), b.end.isOpen()], [false, false]);
    } finally {
      for (const { end } of [a, b, c]) end.leave();
    }
  });
});
