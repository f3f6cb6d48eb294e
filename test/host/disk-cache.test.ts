import assert from 'node:assert/strict';
import { readdirSync, readFileSync, statSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DiskCache, trimCache } from '../../server/src/host/disk-cache.js';
import { withFolder } from './folder.js';

function filesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

describe('disk cache', () => {
  it('gives back what was kept, by kind and key, and nothing else', () =>
    withFolder({}, (folder) => {
      const value = { path: 'fs/x.c', ops: new Int32Array([1, -2, 3]), strings: ['a', '\u00e4'] };
      new DiskCache(folder).keep('facts', 'key', value);
      const other = new DiskCache(folder);
      assert.deepEqual(other.recall('facts', 'key'), value);
      assert.equal(other.recall('unit', 'key'), undefined);
      assert.equal(other.recall('facts', 'other'), undefined);
    }));

  it('takes what is damaged for what is not there', () =>
    withFolder({}, (folder) => {
      const cache = new DiskCache(folder);
      const damages: readonly ((path: string) => void)[] = [
        (path) => truncateSync(path, statSync(path).size - 3),
        (path) => truncateSync(path, 0),
        (path) => {
          const bytes = readFileSync(path);
          bytes[bytes.length - 4] = (bytes[bytes.length - 4] as number) ^ 1;
          writeFileSync(path, bytes);
        },
        (path) => writeFileSync(path, 'something else entirely, long enough for a checksum'),
      ];
      for (const damage of damages) {
        cache.keep('facts', 'key', { a: 1, b: 'two' });
        const [path] = filesIn(folder);
        assert.ok(path !== undefined);
        damage(path);
        assert.equal(cache.recall('facts', 'key'), undefined);
      }
    }));

  it('does without a folder that it cannot write to', () =>
    withFolder({ file: '' }, (folder) => {
      const cache = new DiskCache(join(folder, 'file'));
      cache.keep('facts', 'key', 1);
      assert.equal(cache.recall('facts', 'key'), undefined);
    }));

  it('lets go of what was used longest ago, and only past its bound', () =>
    withFolder({}, (folder) => {
      const cache = new DiskCache(folder);
      for (let i = 0; i < 10; i++) {
        cache.keep('facts', `${i}`, 'x'.repeat(1000));
        const newest = filesIn(folder).sort((a, b) => statSync(b).ctimeMs - statSync(a).ctimeMs)[0] as string;
        utimesSync(newest, 1_000_000 + i, 1_000_000 + i);
      }
      trimCache(folder, 1_000_000);
      assert.equal(filesIn(folder).length, 10);
      trimCache(folder, 8000);
      const left = filesIn(folder).reduce((sum, path) => sum + statSync(path).size, 0);
      assert.ok(left <= 8000 && left > 3000, `${left}`);
      assert.equal(cache.recall('facts', '0'), undefined);
      assert.equal(cache.recall('facts', '9'), 'x'.repeat(1000));
    }));
});
