/**
 * The two questions of a reviewer over the wire, from the built server on the example tree: as a tree whose places are the client's, about
 * the text as it stands in the editor.
 */
import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import type { FieldAnswer } from '../../server/src/engine/door.js';
import {
  DROP_REQUEST,
  FIELD_REQUEST,
  type ReviewNode,
  type ReviewReply,
} from '../../server/src/lsp/protocol.js';
import { inRepository } from '../repository.js';
import { startBuilt } from './built.js';
import { TestClient } from './client.js';

const FILE = inRepository('examples/tree/fs/pool/alloc.c');
const URI = pathToFileURL(FILE).href;
// Not saved: a read without the lock
const TEXT = readFileSync(FILE, 'utf8').replace(
  '/* Right: allocate first',
  'bool pool_is_empty(struct pool *pool)\n{\n\treturn !pool->free;\n}\n\n/* Right: allocate first',
);
const LINES = TEXT.split('\n');

function place(text: string, token: string): { readonly line: number; readonly character: number } {
  const line = LINES.findIndex((one) => one.includes(text));
  return { line, character: (LINES[line] as string).indexOf(token) + 1 };
}

function find(nodes: readonly ReviewNode[], label: RegExp): ReviewNode | null {
  for (const node of nodes) {
    if (label.test(node.label)) return node;
    const below = find(node.children, label);
    if (below !== null) return below;
  }
  return null;
}

describe('lockwalk/field and lockwalk/drop', () => {
  let client: TestClient;
  let server: ChildProcess;

  beforeEach(async () => {
    const child = startBuilt();
    client = new TestClient(child.stdout, child.stdin, child);
    server = child;
    await client.initialize();
    await client.open(URI, TEXT);
  });

  afterEach(() => {
    server.kill();
  });

  it('answer about the text in the editor', async () => {
    const ask = (request: string, position: unknown): Promise<ReviewReply> =>
      client.connection.sendRequest(request, { textDocument: { uri: URI }, position });
    const field = await ask(FIELD_REQUEST, place('block->next = pool->free;', 'free;'));
    assert.deepEqual([field.title, field.problem], ['pool::free', null]);
    assert.equal((field.answer as FieldAnswer).guard?.class, 'pool::lock');
    const exceptions = find(field.nodes, /^Exceptions \(1\)/);
    assert.equal(exceptions?.open, true);
    const first = exceptions?.children[0];
    assert.match(first?.label ?? '', /^pool_is_empty\(\): read pool->free/);
    const at = place('return !pool->free;', '!');
    assert.deepEqual([first?.location?.uri, first?.location?.line], [URI, at.line]);

    const drop = await ask(DROP_REQUEST, {
      line: place('*number = block->number;', '*').line + 1,
      character: 0,
    });
    assert.match(drop.title, /^pool_take\(\), line \d+$/);
    const block = find(drop.nodes, /pointer block = pool->free/);
    assert.equal(block?.icon, 'warning');
    assert.equal(block?.location?.line, place('\tblock = pool->free;', 'block').line);

    const none = await ask(FIELD_REQUEST, { line: 0, character: 0 });
    assert.deepEqual([none.nodes, none.problem !== null], [[], true]);
  });
});
