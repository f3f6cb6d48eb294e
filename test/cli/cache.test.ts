/**
 * The cache between runs: whatever has happened to the tree or to the cache, a check says what one without a cache says.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { cpSync, readdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { withFolder } from '../host/folder.js';
import { inRepository } from '../repository.js';
import { EXAMPLE, lockwalk } from './run.js';

interface Said {
  readonly findings: readonly unknown[];
  readonly skipped: readonly unknown[];
  readonly problems: readonly unknown[];
  readonly parseMs: number;
}

function check(tree: string, cache: string | null, args: readonly string[] = []): Said {
  const where = cache === null ? ['--no-cache'] : ['--cache', cache];
  const run = lockwalk([
    'check',
    '--kernel',
    tree,
    '--format',
    'json',
    '--precision',
    'low',
    ...where,
    ...args,
  ]);
  assert.ok(run.code === 0 || run.code === 1, run.err);
  const report = JSON.parse(run.out);
  const { findings, skipped, problems, stats } = report;
  return { findings, skipped, problems, parseMs: stats.parseMs };
}

/** Asserts that a check with the cache says what one without says; whether it had to read anything. */
function agrees(tree: string, cache: string, args: readonly string[] = []): boolean {
  const { parseMs, ...warm } = check(tree, cache, args);
  const { parseMs: _, ...plain } = check(tree, null, args);
  assert.deepEqual(warm, plain);
  return parseMs > 0;
}

function withTree(use: (tree: string, cache: string) => void | Promise<void>): Promise<void> {
  return withFolder({}, async (folder) => {
    const tree = join(folder, 'tree');
    cpSync(EXAMPLE, tree, { recursive: true });
    await use(tree, join(folder, 'cache'));
  });
}

describe('cache of the command line', () => {
  it('says the same, however the tree was changed and however it was asked', function changes() {
    this.timeout(240_000);
    return withTree((tree, cache) => {
      const record = join(tree, 'fs/mountd/record.c');
      assert.ok(agrees(tree, cache), 'the first run reads');
      assert.ok(!agrees(tree, cache), 'the second does not');
      assert.ok(check(tree, cache).findings.length > 0);
      const steps: readonly [what: string, reads: boolean, change: () => void][] = [
        ['a body', true, () => writeFileSync(record, 'void nothing(void) { }\n')],
        [
          'a header',
          true,
          () =>
            writeFileSync(
              join(tree, 'fs/mountd/mountd.h'),
              'static inline void drop(struct dentry *d) { kfree(d->d_fsdata); }\n',
            ),
        ],
        [
          'a new file in a unit',
          true,
          () =>
            writeFileSync(
              join(tree, 'fs/mountd/new.c'),
              'static void bad(spinlock_t *l) { spin_lock(l); msleep(1); spin_unlock(l); }\n',
            ),
        ],
        ['a file that is gone', false, () => rmSync(record)],
        [
          'another version',
          true,
          () => writeFileSync(join(tree, 'Makefile'), 'VERSION = 7\nPATCHLEVEL = 2\n'),
        ],
        ['a configuration', true, () => writeFileSync(join(tree, '.config'), '# CONFIG_SMP is not set\n')],
      ];
      for (const [what, reads, change] of steps) {
        change();
        assert.equal(agrees(tree, cache), reads, `${what}: whether something is read again`);
        agrees(tree, cache);
      }
      const other = join(tree, 'other.c');
      writeFileSync(other, 'static void bad(spinlock_t *l) { spin_lock(l); msleep(1); spin_unlock(l); }\n');
      agrees(tree, cache, ['--overlay', `fs/pool/alloc.c=${other}`]);
      agrees(tree, cache, ['--rule', 'lock']);
      agrees(tree, cache, ['--jobs', '1']);
      agrees(tree, cache, ['fs/pool']);
      agrees(tree, cache);
    });
  });

  it('may be damaged and deleted', function damaged() {
    this.timeout(120_000);
    return withTree((tree, cache) => {
      agrees(tree, cache);
      const files = readdirSync(cache, { recursive: true, withFileTypes: true }).filter((e) => e.isFile());
      assert.ok(files.length > 5);
      files.forEach((entry, i) => {
        const path = join(entry.parentPath, entry.name);
        if (i % 3 === 0) rmSync(path);
        else if (i % 3 === 1) truncateSync(path, 30);
      });
      agrees(tree, cache);
      rmSync(cache, { recursive: true });
      agrees(tree, cache);
    });
  });

  it('is filled by several processes at once, some of which are killed', function killed() {
    this.timeout(240_000);
    return withTree(async (tree, cache) => {
      const run = (killAfter: number | null): Promise<void> =>
        new Promise((done) => {
          const command = inRepository('dist/lockwalk.mjs');
          const child = spawn(process.execPath, [command, 'check', '--kernel', tree, '--cache', cache], {
            stdio: 'ignore',
          });
          if (killAfter !== null) setTimeout(() => child.kill('SIGKILL'), killAfter);
          child.on('close', () => done());
        });
      for (const delays of [
        [300, 450, null],
        [600, 800, 1000],
        [null, null, 500],
      ]) {
        await Promise.all(delays.map(run));
        agrees(tree, cache);
      }
    });
  });

  it('goes on without where nothing can be made', () => {
    // A file system that says ENOENT to whatever is made in it
    const run = lockwalk(['check', '--cache', '/proc/lockwalk', 'fs/pool'], { cwd: EXAMPLE });
    assert.equal(run.code, 1, run.err);
  });
});
