import assert from 'node:assert/strict';
import { matchesAny } from '../../server/src/host/glob.js';

describe('patterns of paths', () => {
  const cases: readonly [pattern: string, path: string, means: boolean][] = [
    ['fs/ntfs3/**', 'fs/ntfs3/a/b.c', true],
    ['fs/ntfs3', 'fs/ntfs3/a/b.c', true],
    ['fs/ntfs3/', 'fs/ntfs3/b.c', true],
    ['fs/ntfs3', 'fs/ntfs32/b.c', false],
    ['fs/*/super.c', 'fs/ext4/super.c', true],
    ['fs/*/super.c', 'fs/a/b/super.c', false],
    ['**/*_test.c', 'fs/ext4/inode_test.c', true],
    ['**/*_test.c', 'x_test.c', true],
    ['*_test.c', 'fs/x_test.c', false],
    ['fs/**/b.c', 'fs/b.c', true],
    ['fs/**/b.c', 'fs/a/bb.c', false],
    ['fs/{ext2,ext4}/*.c', 'fs/ext4/a.c', true],
    ['fs/{ext2,ext4}/*.c', 'fs/ext3/a.c', false],
    ['fs/ext?/a.c', 'fs/ext4/a.c', true],
    ['./fs/a.c', 'fs/a.c', true],
    ['fs/a.c', 'fs/axc', false],
    ['fs/{a', 'fs/{a', true],
    ['fs/}a,b', 'fs/}a,b', true],
    ['fs/(a|b)[c', 'fs/(a|b)[c', true],
  ];
  for (const [pattern, path, means] of cases) {
    it(`${pattern} ${means ? 'means' : 'does not mean'} ${path}`, () => {
      assert.equal(matchesAny(path, [pattern]), means);
    });
  }
});
