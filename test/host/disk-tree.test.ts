import assert from 'node:assert/strict';
import { symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DiskTree } from '../../server/src/host/disk-tree.js';
import { withFolder } from './folder.js';

describe('disk tree', () => {
  it('reads UTF-8, and Latin-1 where it is none', () =>
    withFolder(
      { 'fs/utf8.c': '/* Grüße */', 'fs/latin1.c': Uint8Array.from([0x2f, 0x2a, 0xfc, 0x2a, 0x2f]) },
      (folder) => {
        const tree = new DiskTree(folder);
        assert.equal(tree.read('fs/utf8.c'), '/* Grüße */');
        assert.equal(tree.read('fs/latin1.c'), '/*ü*/');
        assert.equal(tree.read('fs/none.c'), null);
        assert.equal(tree.read('fs'), null);
      },
    ));

  it('lists sorted, folders with a slash, overlays included', () =>
    withFolder({ 'fs/b.c': '', 'fs/a/x.c': '', 'fs/C.h': '' }, (folder) => {
      const tree = new DiskTree(folder);
      tree.overlay('fs/new/y.c', 'int y;');
      tree.overlay('fs/z.c', 'int z;');
      assert.deepEqual(tree.list('fs'), ['C.h', 'a/', 'b.c', 'new/', 'z.c']);
      assert.equal(tree.read('fs/new/y.c'), 'int y;');
      tree.overlay('fs/z.c', null);
      assert.deepEqual(tree.list('fs/'), ['C.h', 'a/', 'b.c', 'new/']);
    }));

  it('follows no link out of the tree, into a folder or in a circle, and says so', () =>
    withFolder({ 'tree/fs/a.c': 'int a;', 'outside.c': 'int o;' }, (folder) => {
      const root = join(folder, 'tree');
      symlinkSync('../../outside.c', join(root, 'fs/out.c'));
      symlinkSync('loop.c', join(root, 'fs/loop.c'));
      symlinkSync('.', join(root, 'fs/self'));
      symlinkSync('a.c', join(root, 'fs/same.c'));
      symlinkSync('gone.c', join(root, 'fs/dangling.c'));
      const tree = new DiskTree(root);
      assert.deepEqual(tree.list('fs'), ['a.c', 'same.c']);
      assert.equal(tree.read('fs/out.c'), null);
      assert.equal(tree.read('fs/loop.c'), null);
      assert.equal(tree.read('fs/same.c'), 'int a;');
      assert.equal(tree.read('../outside.c'), null);
      assert.deepEqual(
        tree.refusedBelow(['fs']).map(({ file, reason }) => `${file}: ${reason}`),
        [
          'fs/loop.c: is a symbolic link loop',
          'fs/out.c: is a symbolic link that leads out of the tree',
          'fs/self: is a symbolic link to a folder, which is not followed',
        ],
      );
      assert.deepEqual(tree.refusedBelow(['mm']), []);
    }));

  it('sees a file that came later', () =>
    withFolder({ 'fs/a.c': '' }, (folder) => {
      const tree = new DiskTree(folder);
      assert.equal(tree.read('fs/b.c'), null);
      writeFileSync(join(folder, 'fs/b.c'), 'int b;');
      assert.equal(tree.read('fs/b.c'), 'int b;');
    }));
});
