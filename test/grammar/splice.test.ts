/**
 * A text that was edited inside one function gives the tree that it gives when it is parsed whole, with and without errors, wherever
 * the edit is.
 */
import assert from 'node:assert/strict';
import { createParser, DEFAULT_LIMITS, type SyntaxParser } from '../../server/src/engine/syntax/parser.js';
import { difference, editedFunction, movedTree } from '../../server/src/engine/syntax/splice.js';
import { loadWasm } from '../../server/src/host/assets.js';
import { now } from '../../server/src/host/clock.js';

const TEXT = `#include "foo.h"
struct foo { int count; struct list_head list; };
static int first(struct foo *f)
{
	if (f->count > 1)
		return f->count;
	return 0;
}
MODULE_LICENSE("GPL")
static void middle(struct foo *f, int n)
{
	struct foo *g;

	list_for_each_entry(g, &f->list, list) {
		g->count += n;
	}
}
#define LAST last
static const struct ops foo_ops = { .first = first };
void last(void) { middle(NULL, 2); }
`;

/** `at`: the text that the edit stands before; `inside`: whether it is one function's alone; null: nothing but white space between items. */
const EDITS: readonly (readonly [at: string, put: string, inside: boolean | null])[] = [
  ['return f->count', 'f->count++;\n\t', true],
  ['return f->count', '{ f->count++; }', true],
  ['return f->count', 'f->count = (', true],
  ['return f->count', '}\nint more(void) {', true],
  ['return f->count', '} /*', true],
  ['g->count', '/* comment */ ', true],
  ['n;\n\t}', '1 + ', true],
  ['first(struct', 'very_', false],
  ['{\n\tif', 'int ', false],
  ['MODULE_LICENSE', 'int x;\n', false],
  ['first };', '&', false],
  ['void last', '\n\n', null],
  ['MODULE_LICENSE', '        \n  ', null],
  ['#define', '  ', null],
  ['\nstatic void middle', '  ', false],
  ['static void middle', '/* */', false],
  ['#include', '\n', false],
];

describe('splice', () => {
  let parser: SyntaxParser;
  before(async () => {
    const { runtimeWasm, grammarWasm } = loadWasm();
    parser = await createParser(runtimeWasm, grammarWasm, DEFAULT_LIMITS, now);
  });
  after(() => parser.dispose());

  const treeOf = (text: string) => {
    const parsed = parser.parse(text);
    assert.ok(parsed.ok);
    return parsed.tree;
  };

  for (const [at, put, inside] of EDITS)
    it(`${JSON.stringify(put)} before ${JSON.stringify(at)}, and away again`, () => {
      const where = TEXT.indexOf(at);
      assert.ok(where >= 0);
      const edited = TEXT.slice(0, where) + put + TEXT.slice(where);
      for (const [from, to] of [
        [TEXT, edited],
        [edited, TEXT],
      ] as const) {
        const again = parser.reparse(to, { text: from, tree: treeOf(from) });
        assert.ok(again.ok);
        assert.deepEqual(again.tree, treeOf(to));
      }
      const before = { text: TEXT, tree: treeOf(TEXT) };
      const differs = difference(TEXT, edited);
      assert.equal(editedFunction(before, edited, differs) !== null, inside === true);
      assert.equal(movedTree(before, edited, differs) !== null, inside === null);
    });
});
