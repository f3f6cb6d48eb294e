/**
 * `lockwalk methods`: the tables of operations of directories, and for each method what holds on entry and how many findings it
 * has: the tree "VFS Methods" of the editor, as text or as JSON.
 */
import { type AskOptions, ask } from './ask.js';
import { formatMethods } from './format/methods-text.js';
import { findTarget, pathInTree, type TreeOptions } from './target.js';
import { paintFor, writeOut } from './terminal.js';
import { EXIT } from './usage-error.js';

/** Options of the command. */
export interface MethodsOptions extends TreeOptions, AskOptions {
  readonly format: 'text' | 'json';
  readonly precision: 'high' | 'medium' | 'low';
  readonly color: boolean;
}

/** Runs the command. */
export async function methods(
  typed: readonly string[],
  options: MethodsOptions,
  signal: AbortSignal,
): Promise<number> {
  const target = findTarget(options, options.kernel === undefined ? typed : []);
  const paths = typed.length === 0 ? ['fs'] : [...new Set(typed.map((path) => pathInTree(target, path)))];
  const findings = { rules: [], precision: options.precision };
  const answer = await ask(target, options, (engine, progress) =>
    engine.methods({ paths, findings }, signal, progress),
  );
  await writeOut(
    options.format === 'json'
      ? `${JSON.stringify(answer, null, 2)}\n`
      : formatMethods(answer, paintFor(options.color)),
  );
  return EXIT.clean;
}
