/**
 * The ways in which the engine is tested: C in, expectation out. A case is one string with any number of files
 * (`// file: fs/foo/x.c` begins one; without it everything is `fs/foo/x.c`); each C file sees `<linux/fs.h>` of `vfs.ts`.
 * A comment that begins with `@` marks a line that a context is asked about, one that begins with `!` names the rule of
 * a finding that is expected there. Nothing here knows what is inside the engine.
 */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { deserialize, serialize, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { NEVER } from '../../server/src/engine/base/cancel.js';
import type { Edit, Finding, Fix, PointContext } from '../../server/src/engine/base/finding.js';
import type {
  AnnotateAnswer,
  CheckRequest,
  Engine,
  Memory,
  SharedReading,
} from '../../server/src/engine/door.js';
import { createEngine } from '../../server/src/engine/index.js';
import { inRepository } from '../repository.js';
import { FS_H, MAKEFILE } from './vfs.js';

const require = createRequire(import.meta.url);
const RUNTIME = readFileSync(require.resolve('web-tree-sitter/web-tree-sitter.wasm'));
const GRAMMAR = readFileSync(inRepository('grammars/kernel-c/tree-sitter-kernel_c.wasm'));
const INCLUDE = '#include <linux/fs.h>\n';

/** Files of a case by path, as the engine sees them. */
export type Files = ReadonlyMap<string, string>;

/** The files that a case's text means. */
export function filesOf(source: string): Files {
  const files = new Map<string, string>();
  const parts = source.split(/^\/\/ file: (\S+)\n/m);
  const put = (path: string, text: string): void => {
    if (text.trim() !== '') files.set(path, path.endsWith('.c') ? INCLUDE + text : text);
  };
  put('fs/foo/x.c', parts[0] ?? '');
  for (let i = 1; i + 1 < parts.length; i += 2) put(parts[i] as string, parts[i + 1] as string);
  return files;
}

/** An engine over files in memory. */
export function openFiles(
  files: Files,
  reading: SharedReading | null = null,
  seen: (path: string) => void = () => {},
): Promise<Engine> {
  return open(allFiles(files), { ...(reading === null ? {} : { reading }) }, seen);
}

function allFiles(files: Files): Map<string, string> {
  return new Map([['Makefile', MAKEFILE], ['include/linux/fs.h', FS_H], ...files]);
}

function open(
  all: Files,
  more: { readonly reading?: SharedReading; readonly memory?: Memory },
  seen: (path: string) => void = () => {},
): Promise<Engine> {
  const list = (folder: string): string[] => {
    const below = folder === '' ? '' : `${folder}/`;
    const names = [...all.keys()]
      .filter((path) => path.startsWith(below))
      .map((path) => path.slice(below.length).replace(/\/.*/, '/'));
    return [...new Set(names)].sort();
  };
  return createEngine({
    tree: {
      read: (path) => {
        seen(path);
        return all.get(path) ?? null;
      },
      list,
      digest: (path) => (path.endsWith('/') ? list(path.slice(0, -1)).join() : (all.get(path) ?? null)),
    },
    runtimeWasm: RUNTIME,
    grammarWasm: GRAMMAR,
    kernelVersion: null,
    dotConfig: null,
    clock: () => 0,
    ...more,
  });
}

/** A change of a file: what stands there for the first time, and what then stands in its place. */
export interface Step {
  readonly file: string;
  readonly from: string;
  readonly to: string;
  /** Functions that are walked then by an engine that knew the files before; absent: not told. */
  readonly walked?: number;
  /** The same for a first answer, for somebody who waits. */
  readonly walkedSoon?: number;
}

/**
 * After each change an engine that knew the files before, one that remembers what another kept of them, and a new one find the
 * same in every function.
 */
export async function checkSteps(source: string, steps: readonly Step[]): Promise<void> {
  const files = allFiles(filesOf(source));
  const kept = new Map<string, Buffer>();
  const keep = (kind: string, key: string, value: unknown): void =>
    void kept.set(`${kind} ${key}`, serialize(value));
  const memory: Memory = {
    recall: (kind, key) => {
      const bytes = kept.get(`${kind} ${key}`);
      return bytes === undefined ? undefined : deserialize(bytes);
    },
    keep,
    keepMade: (kind, key, make) => keep(kind, key, make()),
  };
  const told = (engine: Engine): { readonly said: unknown; readonly walked: number } => {
    const { findings, skipped, stats } = engine.check({ paths: ['fs'], rules: [], precision: 'low' }, NEVER);
    const contexts = [...files.keys()]
      .filter((file) => file.startsWith('fs/'))
      .map((file) => engine.dump('contexts', file, null).text);
    const orders = engine.picture({ kind: 'lock-order', paths: ['fs'], precision: 'low' }, NEVER);
    const reached = engine.reach(['fs'], NEVER);
    return { said: { findings, skipped, contexts, orders, reached }, walked: stats.walked };
  };
  const once = async (more: { readonly memory?: Memory }): Promise<ReturnType<typeof told>> => {
    const engine = await open(files, more);
    try {
      return told(engine);
    } finally {
      engine.dispose();
    }
  };
  const engine = await open(files, {});
  // Answers at once after each edit, and as a whole only after some
  const hasty = await open(files, {});
  try {
    assert.deepEqual((await once({ memory })).said, told(engine).said);
    told(hasty);
    for (const [i, { file, from, to, walked, walkedSoon }] of steps.entries()) {
      const text = files.get(file);
      assert.ok(text?.includes(from) === true, `${file} has ${from}`);
      files.set(
        file,
        text.replace(from, () => to),
      );
      engine.invalidate(file);
      const again = told(engine);
      const fresh = await once({});
      const where = `after ${JSON.stringify(to)} in ${file}`;
      assert.deepEqual(again.said, fresh.said, `an engine that goes on, ${where}`);
      if (walked !== undefined) assert.equal(again.walked, walked, `functions walked ${where}`);
      assert.ok(again.walked <= fresh.walked);
      hasty.invalidate(file);
      const soon = hasty.check({ paths: [file], rules: [], precision: 'low', quick: true }, NEVER).stats;
      if (walkedSoon !== undefined)
        assert.equal(soon.walked, walkedSoon, `functions walked for a first answer ${where}`);
      if (i % 2 === 1 || i === steps.length - 1)
        assert.deepEqual(told(hasty).said, fresh.said, `an engine that answered in haste, ${where}`);
      const remembering = await once({ memory });
      assert.deepEqual(remembering.said, fresh.said, `an engine that remembers, ${where}`);
    }
  } finally {
    hasty.dispose();
    engine.dispose();
  }
}

/** Bytes of heap that stay when an engine has gone through `edits` more edits that put a text into a file and take it away again. */
export async function keptByEdits(source: string, { file, from, to }: Step, edits: number): Promise<number> {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const files = allFiles(filesOf(source));
  const text = files.get(file) ?? '';
  assert.ok(text.includes(from));
  const engine = await open(files, {});
  const heapAfter = async (count: number): Promise<number> => {
    for (let i = 0; i < count; i++) {
      files.set(file, i % 2 === 0 ? text.replace(from, () => to) : text);
      engine.invalidate(file);
      engine.check({ paths: ['fs'], rules: [], precision: 'low' }, NEVER);
      await new Promise((resolve) => setImmediate(resolve));
    }
    collect();
    return process.memoryUsage().heapUsed;
  };
  try {
    const before = await heapAfter(40);
    return (await heapAfter(edits)) - before;
  } finally {
    engine.dispose();
  }
}

interface Mark {
  readonly name: string;
  readonly file: string;
  readonly line: number;
}

export function marksIn(files: Files, pattern: RegExp): Mark[] {
  const out: Mark[] = [];
  for (const [file, text] of files)
    text.split('\n').forEach((content, i) => {
      for (const match of content.matchAll(pattern))
        for (const name of (match[1] ?? '').trim().split(/\s+/)) out.push({ name, file, line: i + 1 });
    });
  return out;
}

/** `entry [locks] rcu sleep`: `-` for no known entry; a lock with `shared`, and `?` where it may be held. */
function shownContext(context: PointContext): string {
  const held = context.held
    .map((h) => `${h.expression}${h.mode === 'shared' ? ' shared' : ''}${h.certainty === 'may' ? '?' : ''}`)
    .sort();
  const rcu = context.rcu === 'none' ? '' : ` ${context.rcu}`;
  const sleep = context.maySleep === 'unknown' ? 'unknown' : context.maySleep ? 'sleeps' : 'atomic';
  return `${context.entry?.method ?? '-'} [${held.join(', ')}]${rcu} ${sleep}`;
}

/** C with marked lines, and the contexts at each mark. */
export interface ContextCase {
  readonly title: string;
  readonly source: string;
  readonly at: Readonly<Record<string, readonly string[]>>;
}

/** C by title, with the lines marked that a rule has to find. */
export type RuleCases = Readonly<Record<string, string>>;

/** What is shown of the contexts at each marked line, by mark. */
async function checkMarks(
  source: string,
  expected: Readonly<Record<string, readonly string[]>>,
  shown: (contexts: readonly PointContext[]) => readonly string[],
): Promise<void> {
  const files = filesOf(source);
  const engine = await openFiles(files);
  try {
    const found: Record<string, readonly string[]> = {};
    for (const { name, file, line } of marksIn(files, /\/\*@(\w*)\*\//g)) {
      const result = engine.contexts({ file, line }, NEVER);
      found[name] = result.ok ? [...shown(result.answer.contexts)].sort() : [result.problem];
    }
    assert.deepEqual(found, expected);
  } finally {
    engine.dispose();
  }
}

/** Contexts at each marked line. `expected` is by mark; one mark needs no name. */
export function checkContexts(
  source: string,
  expected: Readonly<Record<string, readonly string[]>>,
): Promise<void> {
  return checkMarks(source, expected, (contexts) => contexts.map(shownContext));
}

/** The classes of the locks held at each marked line, by any situation. */
export function checkClasses(
  source: string,
  expected: Readonly<Record<string, readonly string[]>>,
): Promise<void> {
  return checkMarks(source, expected, (contexts) => [
    ...new Set(contexts.flatMap((c) => c.held.map((h) => h.class))),
  ]);
}

/** Each lock held at the marked lines with the line that took it, or `caller`. */
export function checkTaken(
  source: string,
  expected: Readonly<Record<string, readonly string[]>>,
): Promise<void> {
  const files = filesOf(source);
  const written = ({ file, line }: { readonly file: string; readonly line: number }): string =>
    (files.get(file)?.split('\n')[line - 1] ?? '').replace(/\/\*.*\*\//, '').trim();
  return checkMarks(source, expected, (contexts) =>
    contexts.flatMap((c) =>
      c.held.map((h) => {
        const by = h.acquiredAt === 'caller' ? 'caller' : written(h.acquiredAt);
        return `${h.expression}${h.certainty === 'may' ? '?' : ''}: ${by}`;
      }),
    ),
  );
}

/** By which calls each method comes to the marked lines: `method: outermost > ... > caller`. */
export function checkChains(
  source: string,
  expected: Readonly<Record<string, readonly string[]>>,
): Promise<void> {
  return checkMarks(source, expected, (contexts) =>
    contexts.map((c) => `${c.entry?.function ?? '-'}: ${c.via.join(' > ')}`),
  );
}

/** Findings of a check over everything, at the lowest precision. */
export async function findingsIn(
  files: Files,
  request: Partial<CheckRequest> = {},
): Promise<readonly Finding[]> {
  const engine = await openFiles(files);
  try {
    return engine.check({ paths: ['fs'], rules: [], precision: 'low', ...request }, NEVER).findings;
  } finally {
    engine.dispose();
  }
}

const places = (findings: readonly Finding[]): readonly string[] =>
  findings.map((f) => `${f.file}:${f.line} ${f.rule}`).sort();

/**
 * The findings are just those that the text marks, by rule and line; `rule@medium` says at which precision too. `rules`: what is run; none
 * named: what is on by default.
 */
export async function checkRule(source: string, rules: readonly string[] = []): Promise<void> {
  const files = filesOf(source);
  const expected = marksIn(files, /\/\*! ([^*]+)\*\//g).map((m) => `${m.file}:${m.line} ${m.name}`);
  const precise = new Set(expected.filter((mark) => mark.includes('@')));
  const found = (await findingsIn(files, { rules })).map((f) => {
    const place = `${f.file}:${f.line} ${f.rule}`;
    const exact = `${place}@${f.precision}`;
    return precise.has(exact) ? exact : place;
  });
  assert.deepEqual(found.sort(), expected.sort());
}

function applied(files: Files, edits: readonly Edit[]): Files {
  const out = new Map(files);
  const offset = (text: string, line: number, column: number): number =>
    text
      .split('\n')
      .slice(0, line - 1)
      .reduce((sum, l) => sum + l.length + 1, 0) +
    column -
    1;
  const placed = edits.map((edit) => {
    const text = files.get(edit.file);
    assert.ok(text !== undefined, `an edit in ${edit.file}`);
    return {
      edit,
      start: offset(text, edit.startLine, edit.startColumn),
      end: offset(text, edit.endLine, edit.endColumn),
    };
  });
  // Later ones first, so that positions stay true
  for (const { edit, start, end } of placed.sort((a, b) => b.start - a.start)) {
    const text = out.get(edit.file) as string;
    out.set(edit.file, text.slice(0, start) + edit.text + text.slice(end));
  }
  return out;
}

async function hasParseError(files: Files): Promise<boolean> {
  const engine = await openFiles(files);
  try {
    return [...files.keys()].some((file) => /ERROR|MISSING/.test(engine.dump('syntax', file, null).text));
  } finally {
    engine.dispose();
  }
}

/**
 * The first finding on a marked line has the fix that turns `before` into `after`; `after` parses and has no
 * finding at all, so that there is nothing to apply a second time. With `null` the finding has no fix.
 */
export async function checkFix(
  before: string,
  after: string | null,
  safety: Fix['safety'] = 'safe',
): Promise<void> {
  await checkRule(before);
  const files = filesOf(before);
  const [finding] = await findingsIn(files);
  assert.ok(finding !== undefined, 'a finding');
  if (after === null) {
    assert.deepEqual(finding.fixes, []);
    return;
  }
  assert.equal(finding.fixes.length, 1, 'one fix');
  assert.equal(finding.fixes[0]?.safety, safety);
  const fixed = applied(files, finding.fixes[0]?.edits ?? []);
  const plain = (all: Files): Readonly<Record<string, string>> =>
    Object.fromEntries([...all].map(([path, text]) => [path, text.replace(/ *\/\*![^*]*\*\//g, '')]));
  assert.deepEqual(plain(fixed), plain(filesOf(after)));
  assert.equal(await hasParseError(fixed), false, 'parses');
  assert.deepEqual(places(await findingsIn(fixed)), []);
}

type Style = 'assert' | 'must-hold';

async function annotationOf(files: Files, name: string, style: Style): Promise<AnnotateAnswer> {
  const engine = await openFiles(files);
  try {
    const file = [...files.keys()].find((path) => engine.dump('facts', path, name).ok);
    assert.ok(file !== undefined, `${name} is defined`);
    const result = engine.annotate({ function: name, file, style }, NEVER);
    assert.ok(result.ok, 'the function is found');
    return result.answer;
  } finally {
    engine.dispose();
  }
}

/**
 * A function's precondition is written down as `<<before||after>>` says. Afterwards the file parses, the findings are the
 * same, and a second run says that it is already written.
 */
export async function checkAnnotation(
  source: string,
  name: string,
  style: Style,
  lineEnd = '\n',
): Promise<void> {
  const side = (which: 1 | 2): Files =>
    new Map(
      [
        ...filesOf(
          source.replace(/<<([\s\S]*?)\|\|([\s\S]*?)>>/g, (_, a: string, b: string) => (which === 1 ? a : b)),
        ),
      ].map(([path, text]) => [path, text.replaceAll('\n', lineEnd)]),
    );
  const before = side(1);
  const answer = await annotationOf(before, name, style);
  assert.ok(answer.fix !== null, answer.reason ?? '');
  const after = applied(before, answer.fix.edits);
  assert.deepEqual(Object.fromEntries(after), Object.fromEntries(side(2)));
  assert.equal(await hasParseError(after), false, 'parses');
  const rules = async (files: Files): Promise<readonly string[]> =>
    (await findingsIn(files)).map((f) => `${f.fingerprint} ${f.rule}`).sort();
  assert.deepEqual(await rules(after), await rules(before));
  assert.match((await annotationOf(after, name, style)).reason ?? '', /already written/);
}

/** Nothing is written down of a function's precondition, for this reason. */
export async function checkNoAnnotation(
  source: string,
  name: string,
  reason: RegExp,
  style: Style = 'assert',
): Promise<void> {
  const answer = await annotationOf(filesOf(source), name, style);
  assert.equal(answer.fix, null);
  assert.match(answer.reason ?? '', reason);
}

/** The control-flow graph of a function, as `dump cfg` shows it, without line numbers. */
export async function checkGraph(source: string, functionName: string, expected: string): Promise<void> {
  const engine = await openFiles(filesOf(source));
  try {
    const text = engine.dump('cfg', 'fs/foo/x.c', functionName).text;
    const plain = text
      .split('\n')
      .slice(1)
      .map((line) => line.replace(/^ {2}\d+: /, '  '))
      .join('\n');
    assert.equal(plain.trim(), expected.trim());
  } finally {
    engine.dispose();
  }
}
