/**
 * Texts that are parsed: of a file in an editor, the whole of it once, and then what an edit touched.
 */
import assert from 'node:assert/strict';
import { NEVER } from '../../server/src/engine/base/cancel.js';
import { defaultConfig } from '../../server/src/engine/configure/index.js';
import { Loader } from '../../server/src/engine/loader.js';
import { createParser, DEFAULT_LIMITS } from '../../server/src/engine/syntax/parser.js';
import { loadWasm } from '../../server/src/host/assets.js';
import { now } from '../../server/src/host/clock.js';

const FILE = 'fs/foo/x.c';
const SOURCE = 'int one(void)\n{\n\treturn 1;\n}\nint two(void)\n{\n\treturn 2;\n}\n';

/** What is parsed when a file is read, after somebody told its text or not, and then edited: `whole`, or by what differs. */
async function checkParsed(isTold: boolean, expected: readonly string[]): Promise<void> {
  const { runtimeWasm, grammarWasm } = loadWasm();
  const real = await createParser(runtimeWasm, grammarWasm, DEFAULT_LIMITS, now);
  const parsed: string[] = [];
  const parser: typeof real = {
    ...real,
    wasmBytes: 0,
    parse: (text) => {
      parsed.push('whole');
      return real.parse(text);
    },
    reparse: (text, before) => {
      parsed.push('by what differs');
      return real.reparse(text, before);
    },
  };
  let text = SOURCE;
  const tree = { read: (path: string) => (path === FILE ? text : null), list: () => ['x.c'] };
  const loader = new Loader(tree, parser, defaultConfig(), () => 0);
  try {
    if (isTold) loader.invalidate(FILE);
    loader.closure([FILE], false, NEVER, () => {});
    for (const n of ['3', '4']) {
      text = SOURCE.replace('return 2', `return ${n}`);
      loader.invalidate(FILE);
      loader.closure([FILE], false, NEVER, () => {});
    }
    assert.deepEqual(parsed, expected);
  } finally {
    real.dispose();
  }
}

describe('files that are parsed', () => {
  it('in an editor: whole once', () => checkParsed(true, ['whole', 'by what differs', 'by what differs']));
  it('from disk: whole, and whole once more at the first edit', () =>
    checkParsed(false, ['whole', 'whole', 'by what differs']));
});
