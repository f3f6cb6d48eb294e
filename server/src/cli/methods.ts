/**
 * `lockwalk methods`: the tables of operations of directories, and for each method what holds on entry and how many findings it
 * has: the tree "VFS Methods" of the editor, as text or as JSON.
 */
import type { MethodsAnswer } from '../engine/base/shown.js';
import { formatMethods } from './format/methods-text.js';
import { cacheFolder, engineFor, findTarget, pathInTree, type TreeOptions } from './target.js';
import { paintFor, progressLine, remark, writeOut } from './terminal.js';
import { EXIT } from './usage-error.js';

/** Options of the command. */
export interface MethodsOptions extends TreeOptions {
  readonly format: 'text' | 'json';
  readonly precision: 'high' | 'medium' | 'low';
  readonly color: boolean;
  readonly jobs?: number;
  /** Folder of what is kept between runs; false: nothing is kept. */
  readonly cache?: string | false;
  readonly quiet?: boolean;
}

/** Runs the command. */
export async function methods(
  typed: readonly string[],
  options: MethodsOptions,
  signal: AbortSignal,
): Promise<number> {
  const target = findTarget(options, options.kernel === undefined ? typed : []);
  const paths = typed.length === 0 ? ['fs'] : [...new Set(typed.map((path) => pathInTree(target, path)))];
  const engine = await engineFor(target, options.jobs, cacheFolder(options.cache));
  const progress = progressLine(options.quiet !== true);
  let answer: MethodsAnswer;
  try {
    const findings = { rules: [], precision: options.precision };
    const [{ problems }, found] = await Promise.all([
      engine.describe(),
      engine.methods({ paths, findings }, signal, progress.show),
    ]);
    progress.clear();
    for (const problem of problems) remark(problem);
    answer = found;
  } finally {
    progress.clear();
    await engine.dispose();
  }
  await writeOut(
    options.format === 'json'
      ? `${JSON.stringify(answer, null, 2)}\n`
      : formatMethods(answer, paintFor(options.color)),
  );
  return EXIT.clean;
}
