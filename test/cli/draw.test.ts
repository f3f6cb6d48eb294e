/**
 * `lockwalk draw` as a person runs it, on the example tree. The pictures of docs/pictures are what it draws.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { withFolder } from '../host/folder.js';
import { inRepository } from '../repository.js';
import { EXAMPLE, isCalm, lockwalk } from './run.js';

/** By name of the picture: what draws it. */
const DOCS: readonly (readonly [string, readonly string[]])[] = [
  ['timeline', ['timeline', 'pool_take']],
  ['life-cycle', ['life-cycle', 'dentry', '--method', 'd_prune']],
  [
    'lock-order',
    [
      'lock-order',
      'fs/ledger/ledger.c',
      '--overlay',
      `fs/ledger/ledger.c=${inRepository('docs/pictures/ledger.c')}`,
    ],
  ],
];

describe('draw', function suite() {
  this.timeout(120_000);

  it('writes to standard output, and with -o into a file', () =>
    withFolder({}, (folder) => {
      const out = lockwalk(['draw', 'timeline', 'pool_take', '--kernel', EXAMPLE]);
      assert.equal(out.code, 0, out.err);
      assert.match(out.out, /^<svg [\s\S]*<\/svg>\n$/);
      const file = join(folder, 'a.svg');
      const written = lockwalk(['draw', 'timeline', 'fs/pool/alloc.c:45', '--kernel', EXAMPLE, '-o', file]);
      assert.equal(written.code, 0, written.err);
      assert.equal(written.out, '');
      assert.equal(readFileSync(file, 'utf8'), out.out, 'a line names the function around it');
    }));

  it('says in a sentence what cannot be drawn', () => {
    for (const [args, why] of [
      [['timeline', 'no_such'], /no_such: no such function/],
      [['timeline', 'fs/pool/alloc.c:1'], /alloc\.c:1: no function here/],
      [['timeline', 'a b'], /expected the name of a function/],
      [['timeline', 'pool_take', '--situation', '4'], /1 situation, and no number 4/],
      [['life-cycle', 'teapot'], /the model knows the lives of dentry, inode, super_block/],
      [['lock-order', 'fs/nowhere'], /no such file or folder/],
      [['timeline', 'pool_take', '-o', '/nowhere/x.svg'], /cannot be written/],
    ] as const) {
      const run = lockwalk(['draw', ...args, '--kernel', EXAMPLE]);
      assert.equal(run.code, 2, `${args.join(' ')}: ${run.err}`);
      assert.match(run.err, why);
      assert.ok(isCalm(run));
    }
  });

  for (const [name, args] of DOCS)
    it(`draws docs/pictures/${name}.svg`, () => {
      const run = lockwalk(['draw', ...args, '--kernel', EXAMPLE]);
      const kept = readFileSync(inRepository('docs', 'pictures', `${name}.svg`), 'utf8');
      assert.ok(
        run.out === kept,
        `draw it anew: lockwalk draw ${args.join(' ')} -o docs/pictures/${name}.svg`,
      );
    });
});
