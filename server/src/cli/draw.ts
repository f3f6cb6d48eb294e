/**
 * `lockwalk draw`: the pictures of the editor as SVG, to standard output or into a file.
 */
import type { PictureQuery } from '../engine/door.js';
import { ask } from './ask.js';
import { fileInTree, findTarget, pathInTree, type Target, type TreeOptions } from './target.js';
import { writeOut, writeTo } from './terminal.js';
import { EXIT, UsageError } from './usage-error.js';

/** Options of the three commands. */
export interface DrawOptions extends TreeOptions {
  readonly output?: string;
  readonly file?: string;
  /** From 1. */
  readonly situation?: number;
  readonly method?: string;
  readonly precision?: 'high' | 'medium' | 'low';
  readonly jobs?: number;
  readonly cache?: string | false;
}

/** `draw timeline FUNCTION`, or `FILE:LINE`. */
export async function drawTimeline(
  typed: string,
  options: DrawOptions,
  signal: AbortSignal,
): Promise<number> {
  const place = /^(.+?):(\d+)$/.exec(typed);
  const start = place?.[1] ?? options.file;
  const target = targetOf(options, start === undefined ? [] : [start]);
  const situation = (options.situation ?? 0) - 1;
  if (place?.[1] !== undefined) {
    const line = Number(place[2]);
    if (line < 1) throw new UsageError(`${typed}: lines count from 1`);
    return draw(
      target,
      { kind: 'timeline', file: fileInTree(target, place[1]), line, situation },
      options,
      signal,
    );
  }
  if (!/^[A-Za-z_]\w*$/.test(typed))
    throw new UsageError(`${typed}: expected the name of a function, or FILE:LINE inside of it`);
  const file = options.file === undefined ? {} : { file: fileInTree(target, options.file) };
  return draw(target, { kind: 'timeline', function: typed, ...file, situation }, options, signal);
}

/** `draw life-cycle [OBJECT]`. */
export async function drawLifeCycle(
  object: string | undefined,
  options: DrawOptions,
  signal: AbortSignal,
): Promise<number> {
  const query: PictureQuery = {
    kind: 'life-cycle',
    ...(object === undefined ? {} : { object }),
    ...(options.method === undefined ? {} : { method: options.method }),
  };
  return draw(targetOf(options, []), query, options, signal);
}

/** `draw lock-order PATH...`. */
export async function drawLockOrder(
  paths: readonly string[],
  options: DrawOptions,
  signal: AbortSignal,
): Promise<number> {
  const target = targetOf(options, paths);
  const inside = paths.map((path) => pathInTree(target, path));
  return draw(
    target,
    { kind: 'lock-order', paths: inside, precision: options.precision ?? 'high' },
    options,
    signal,
  );
}

function targetOf(options: DrawOptions, paths: readonly string[]): Target {
  return findTarget(options, options.kernel === undefined ? paths : []);
}

async function draw(
  target: Target,
  query: PictureQuery,
  options: DrawOptions,
  signal: AbortSignal,
): Promise<number> {
  const result = await ask(target, options, (engine) => engine.picture(query, signal));
  if (!result.ok) throw new UsageError(result.problem);
  if (options.output === undefined) await writeOut(result.answer.svg);
  else writeTo(options.output, result.answer.svg);
  return EXIT.clean;
}
