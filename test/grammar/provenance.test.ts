/**
 * Grammar, parser and WASM belong together: the hashes in provenance.json are those of the committed files, the base is
 * the installed one, and the WASM speaks the language that grammar.json describes. Where the compiler that made the WASM
 * is at hand, it makes the same bytes again.
 */
import { deepStrictEqual, ok, strictEqual } from 'node:assert';
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { inRepository } from '../repository.js';
import { grammarParser, OUR_WASM } from './trees.js';

interface Provenance {
  readonly language: string;
  readonly base: string;
  readonly compiler: string;
  readonly sha256: Readonly<Record<string, string>>;
}

interface NodeType {
  readonly type: string;
  readonly named: boolean;
  readonly fields?: Readonly<Record<string, unknown>>;
}

const folder = (name: string): string => inRepository('grammars/kernel-c', name);
const json = <T>(path: string): T => JSON.parse(readFileSync(path, 'utf8')) as T;

describe('grammar provenance', () => {
  const provenance = json<Provenance>(folder('provenance.json'));

  it('names the hash of every file as it is committed', () => {
    const actual = Object.fromEntries(
      Object.keys(provenance.sha256).map((name) => [
        name,
        createHash('sha256')
          .update(readFileSync(folder(name)))
          .digest('hex'),
      ]),
    );
    deepStrictEqual(actual, provenance.sha256);
  });

  it('is based on the installed tree-sitter-c', () => {
    const { version } = json<{ version: string }>(inRepository('node_modules/tree-sitter-c/package.json'));
    strictEqual(provenance.base, `tree-sitter-c ${version}`);
  });

  it('has a WASM that knows the node types and fields of node-types.json', async () => {
    const parser = await grammarParser(OUR_WASM);
    const { language } = parser;
    ok(language !== null);
    strictEqual(language.name, provenance.language);
    const types = json<readonly NodeType[]>(folder('src/node-types.json'));
    const known = new Set<string>();
    for (let id = 0; id < language.nodeTypeCount; id++) known.add(language.nodeTypeForId(id) ?? '');
    const fields = new Set(language.fields.filter((name) => name !== null));
    deepStrictEqual(
      types.map(({ type }) => type).filter((type) => !known.has(type) && !isSupertype(types, type)),
      [],
    );
    deepStrictEqual(
      types.flatMap((type) => Object.keys(type.fields ?? {})).filter((name) => !fields.has(name)),
      [],
    );
    parser.delete();
  });

  it('builds to the same bytes where its compiler is at hand', function rebuild() {
    const clang = process.env.CLANG ?? 'clang-19';
    const version = spawnSync(clang, ['--version'], { encoding: 'utf8' }).stdout?.split('\n')[0];
    if (version !== provenance.compiler) this.skip();
    const built = spawnSync(process.execPath, [folder('build-wasm.mjs'), '--check'], { encoding: 'utf8' });
    strictEqual(built.status, 0, `${built.stdout}${built.stderr}`);
  });
});

/** Supertypes are names of choices; they are no symbols of the tables. */
function isSupertype(types: readonly NodeType[], name: string): boolean {
  return types.some((type) => type.type === name && 'subtypes' in type);
}
