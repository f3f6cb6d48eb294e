/**
 * What parsers of one thread have in common: the runtime's memory does not grow with their number.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createParser, DEFAULT_LIMITS, type SyntaxParser } from '../../server/src/engine/syntax/parser.js';
import { loadWasm } from '../../server/src/host/assets.js';
import { now } from '../../server/src/host/clock.js';
import { OUR_WASM, UPSTREAM_WASM } from './trees.js';

const PARSERS = 40;

async function parserOf(grammar: string): Promise<SyntaxParser> {
  const { runtimeWasm } = loadWasm();
  return createParser(runtimeWasm, new Uint8Array(readFileSync(grammar)), DEFAULT_LIMITS, now);
}

/** The memory of the runtime, shared by all parsers, once one more has parsed something and is gone. */
async function bytesAfterOneMore(): Promise<number> {
  const parser = await parserOf(OUR_WASM);
  assert.ok(parser.parse('int f(void)\n{\n\treturn 1;\n}\n').ok);
  const bytes = parser.wasmBytes;
  parser.dispose();
  return bytes;
}

describe('parsers', () => {
  it('load a grammar once, however many there are', async () => {
    const before = await bytesAfterOneMore();
    let after = before;
    for (let i = 0; i < PARSERS; i++) after = await bytesAfterOneMore();
    assert.ok(after - before < PARSERS * 100_000, `${after - before} bytes more`);
  });

  it('of two grammars are two', async () => {
    const [ours, theirs] = [await parserOf(OUR_WASM), await parserOf(UPSTREAM_WASM)];
    const text = 'void f(void)\n{\n\tlist_for_each_entry(a, b, c)\n\t\tg(a);\n}\n';
    const [one, other] = [ours.dump(text), theirs.dump(text)];
    assert.notEqual(one, other);
    ours.dispose();
    theirs.dispose();
  });
});
