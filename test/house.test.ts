/**
 * The house rules that a compiler does not see: which room may import which, and what the engine must not touch. The table
 * here is the one of docs/ARCHITECTURE.md.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { posix } from 'node:path';
import { filesBelow, inRepository } from './repository.js';

/** What each room may import besides itself. `base` and `door` (types) are open to all of the engine. */
const ROOMS: Readonly<Record<string, readonly string[]>> = {
  base: [],
  door: ['base'],
  configure: [],
  syntax: ['configure'],
  facts: ['syntax'],
  model: [],
  program: ['facts', 'model'],
  contexts: ['program', 'model'],
  rules: ['contexts', 'model', 'findings'],
  findings: [],
  fixes: ['rules', 'syntax'],
  views: ['contexts', 'findings'],
  verify: ['contexts', 'model'],
  review: ['rules'],
  // The module that joins the rooms.
  engine: [
    'configure',
    'syntax',
    'facts',
    'model',
    'program',
    'contexts',
    'rules',
    'findings',
    'fixes',
    'views',
    'verify',
    'review',
  ],
  host: ['door', 'base', 'engine'],
  lsp: ['host', 'door', 'base', 'findings', 'views', 'registry', 'protocol'],
  cli: ['host', 'door', 'base', 'findings', 'views', 'registry', 'serve'],
  client: ['protocol'],
};

/** Rooms whose rights do not pass on: the faces and the joining module see only what stands in their line. */
const FLAT = new Set(['engine', 'host', 'lsp', 'cli', 'client', 'registry', 'protocol', 'serve']);

/** Packages that a room may import; `node:` stands for every Node module. */
const PACKAGES: Readonly<Record<string, readonly RegExp[]>> = {
  syntax: [/^web-tree-sitter$/],
  host: [/^node:/],
  lsp: [/^vscode-languageserver/, /^node:(path|url)$/],
  cli: [/^node:/, /^commander$/, /^sarif$/],
  client: [/^vscode$/, /^vscode-languageclient/, /^node:/],
};

interface Import {
  readonly file: string;
  readonly target: string;
}

function roomOf(file: string): string {
  if (file.startsWith('client/')) return 'client';
  if (file === 'server/src/engine/door.ts') return 'door';
  if (/^server\/src\/engine\/[^/]+$/.test(file)) return 'engine';
  const engine = /^server\/src\/engine\/([^/]+)\//.exec(file);
  return engine?.[1] ?? /^server\/src\/([^/]+)\//.exec(file)?.[1] ?? 'unknown';
}

/** A file as the importer sees it: three modules have a standing of their own. */
function roomSeenFrom(from: string, file: string): string {
  const room = roomOf(file);
  if (room === from) return room;
  if (file === 'server/src/engine/rules/index.ts' && (from === 'lsp' || from === 'cli')) return 'registry';
  if (file === 'server/src/lsp/protocol.ts') return 'protocol';
  if (file === 'server/src/lsp/start.ts' && from === 'cli') return 'serve';
  return room;
}

function importsOf(file: string): readonly Import[] {
  const text = readFileSync(inRepository(file), 'utf8');
  const pattern =
    /^(?:import|export)\b[^;'"]*?\bfrom\s+'([^']+)'|^import\s+'([^']+)'|\bimport\(\s*'([^']+)'\s*\)/gm;
  return [...text.matchAll(pattern)].map((match) => ({
    file,
    target: match[1] ?? match[2] ?? match[3] ?? '',
  }));
}

function closure(room: string): ReadonlySet<string> {
  const seen = new Set<string>([room]);
  const visit = (name: string): void => {
    for (const next of ROOMS[name] ?? []) {
      if (seen.has(next)) continue;
      seen.add(next);
      if (!FLAT.has(room)) visit(next);
    }
  };
  visit(room);
  if (!['base', 'client', 'lsp', 'cli', 'host'].includes(room)) seen.add('base').add('door');
  return seen;
}

/** Source without comments, strings and regular expressions are left as they are. */
function codeOnly(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\/|\/\/[^\n]*|'(?:[^'\\\n]|\\.)*'|`(?:[^`\\]|\\.)*`/g, ' ');
}

const SOURCES = [...filesBelow('server/src', '.ts'), ...filesBelow('client/src', '.ts')];

describe('house', () => {
  it('has no room that the table does not know', () => {
    const unknown = SOURCES.filter((file) => ROOMS[roomOf(file)] === undefined);
    assert.deepEqual(unknown, []);
  });

  it('imports in one direction', () => {
    const wrong: string[] = [];
    for (const { file, target } of SOURCES.flatMap(importsOf)) {
      if (!target.startsWith('.')) continue;
      const path = posix.join(posix.dirname(file), target).replace(/\.js$/, '.ts');
      const from = roomOf(file);
      if (!closure(from).has(roomSeenFrom(from, path))) wrong.push(`${file} -> ${path}`);
    }
    assert.deepEqual(wrong, []);
  });

  it('imports only the packages that a room may use', () => {
    const wrong: string[] = [];
    for (const { file, target } of SOURCES.flatMap(importsOf)) {
      if (target.startsWith('.')) continue;
      const allowed = PACKAGES[roomOf(file)] ?? [];
      if (!allowed.some((pattern) => pattern.test(target))) wrong.push(`${file} -> ${target}`);
    }
    assert.deepEqual(wrong, []);
  });

  it('keeps the engine free of clock, console and process', () => {
    const forbidden =
      /\bconsole\b|\bnew Date\b|\bDate\.|\bperformance\b|\bprocess\.|\bsetTimeout\b|\bMath\.random\b/;
    const wrong = SOURCES.filter(
      (file) =>
        file.startsWith('server/src/engine/') &&
        forbidden.test(codeOnly(readFileSync(inRepository(file), 'utf8'))),
    );
    assert.deepEqual(wrong, []);
  });

  it('opens every file with a paragraph', () => {
    const wrong = SOURCES.filter((file) => !readFileSync(inRepository(file), 'utf8').startsWith('/**'));
    assert.deepEqual(wrong, []);
  });

  it('has named exports only', () => {
    const wrong = SOURCES.filter((file) =>
      /^export default\b/m.test(readFileSync(inRepository(file), 'utf8')),
    );
    assert.deepEqual(wrong, []);
  });
});
