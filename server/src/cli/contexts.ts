/**
 * `lockwalk contexts`: what the hover knows, for a position or at entry of a function; with `--batch` for many of them, one
 * JSON object a line, in order.
 */
import { createInterface } from 'node:readline';
import type { ContextsQuery, ContextsResult, HoverQuery } from '../engine/door.js';
import type { EngineClient } from '../host/engine-client.js';
import { formatContexts } from './format/contexts-text.js';
import { formatSubject } from './format/subject-text.js';
import { lineReader } from './lines.js';
import { cacheFolder, engineFor, fileInTree, findTarget, type Target, type TreeOptions } from './target.js';
import { paintFor, remark, writeOut } from './terminal.js';
import { EXIT, UsageError } from './usage-error.js';

/** Options of the command. */
export interface ContextsOptions extends TreeOptions {
  readonly file?: string;
  readonly batch?: boolean;
  /** Absent: as many as are worth it. */
  readonly jobs?: number;
  /** Folder of what is kept between runs; false: nothing is kept. */
  readonly cache?: string | false;
  readonly format: 'text' | 'json';
  readonly color: boolean;
}

type Typed =
  | { readonly kind: 'place'; readonly file: string; readonly line: number; readonly column: number | null }
  | { readonly kind: 'function'; readonly name: string };

/** Runs the command. */
export async function contexts(
  typed: string | undefined,
  options: ContextsOptions,
  signal: AbortSignal,
): Promise<number> {
  if (options.batch === true) {
    if (typed !== undefined)
      throw new UsageError('--batch reads its queries from standard input; leave out the argument');
    return batch(options, signal);
  }
  if (typed === undefined) throw new UsageError('name FILE:LINE[:COLUMN] or a function, or give --batch');
  const parsed = parse(typed);
  const start = parsed.kind === 'place' ? parsed.file : options.file;
  const target = findTarget(options, options.kernel === undefined && start !== undefined ? [start] : []);
  const query = toQuery(target, parsed, options.file);
  const engine = await engineFor(target, options.jobs, cacheFolder(options.cache));
  try {
    const about = options.format === 'text' && 'column' in query ? placeOf(query) : null;
    const [{ problems }, result, hover] = await Promise.all([
      engine.describe(),
      engine.contexts(query, signal),
      about === null ? null : engine.hover(about, signal),
    ]);
    for (const problem of problems) remark(problem);
    if (!result.ok) throw new UsageError(result.problem);
    await writeOut(
      options.format === 'json'
        ? `${JSON.stringify(result.answer, null, 2)}\n`
        : formatContexts(result.answer, lineReader(target.tree), paintFor(options.color)),
    );
    if (hover !== null && hover.subject !== null) await writeOut(`\n${formatSubject(hover.subject)}`);
    return EXIT.clean;
  } finally {
    await engine.dispose();
  }
}

/** The position that a query names, where it names a column. */
function placeOf(query: ContextsQuery): HoverQuery | null {
  if (!('line' in query) || query.column === undefined) return null;
  return { file: query.file, line: query.line, column: query.column };
}

async function batch(options: ContextsOptions, signal: AbortSignal): Promise<number> {
  const target = findTarget(options, []);
  const engine = await engineFor(target, options.jobs, cacheFolder(options.cache));
  try {
    for (const problem of (await engine.describe()).problems) remark(problem);
    for await (const raw of createInterface({ input: process.stdin, crlfDelay: Number.POSITIVE_INFINITY })) {
      const line = raw.trim();
      if (line === '') continue;
      const result = await ask(engine, target, line, options.file, signal);
      await writeOut(
        `${JSON.stringify(result.ok ? result.answer : { version: 1, query: line, error: result.problem })}\n`,
      );
    }
    return EXIT.clean;
  } finally {
    await engine.dispose();
  }
}

async function ask(
  engine: EngineClient,
  target: Target,
  line: string,
  file: string | undefined,
  signal: AbortSignal,
): Promise<ContextsResult> {
  try {
    return await engine.contexts(toQuery(target, parse(line), file), signal);
  } catch (error) {
    if (error instanceof UsageError) return { ok: false, problem: error.message };
    throw error;
  }
}

function parse(typed: string): Typed {
  const place = /^(.+?):(\d+)(?::(\d+))?$/.exec(typed);
  if (place?.[1] !== undefined) {
    const line = Number(place[2]);
    const column = place[3] === undefined ? null : Number(place[3]);
    if (line < 1 || column === 0) throw new UsageError(`${typed}: lines and columns count from 1`);
    return { kind: 'place', file: place[1], line, column };
  }
  if (/^[A-Za-z_]\w*$/.test(typed)) return { kind: 'function', name: typed };
  throw new UsageError(`${typed}: expected FILE:LINE, FILE:LINE:COLUMN or the name of a function`);
}

function toQuery(target: Target, typed: Typed, file: string | undefined): ContextsQuery {
  if (typed.kind === 'place') {
    const inside = fileInTree(target, typed.file);
    return { file: inside, line: typed.line, ...(typed.column === null ? {} : { column: typed.column }) };
  }
  return { function: typed.name, ...(file === undefined ? {} : { file: fileInTree(target, file) }) };
}
