/**
 * `lockwalk annotate`: what is certainly held when a function is entered, written down in its source; as a diff, or in
 * place with `--write`. Where nothing can be said it says why, which is no failure.
 */
import { join } from 'node:path';
import type { AnnotateAnswer } from '../engine/door.js';
import { applyEdits } from '../engine/findings/text-edits.js';
import { wordEntry } from '../engine/findings/wording.js';
import { readForChange, replaceFile } from '../host/replace-file.js';
import { readTextFile } from '../host/text-file.js';
import { unifiedDiff } from './format/unified-diff.js';
import { engineFor, fileInTree, findTarget, type TreeOptions } from './target.js';
import { remark, writeOut } from './terminal.js';
import { EXIT, UsageError } from './usage-error.js';

/** Options of the command. */
export interface AnnotateOptions extends TreeOptions {
  readonly file?: string;
  readonly style: 'assert' | 'must-hold';
  readonly write?: boolean;
}

/** Contexts that are listed; the rest are counted. */
const MAX_CONTEXTS = 12;

/** Runs the command. */
export async function annotate(name: string, options: AnnotateOptions, signal: AbortSignal): Promise<number> {
  if (!/^[A-Za-z_]\w{0,127}$/.test(name))
    throw new UsageError(`'${name.slice(0, 128)}': expected the name of a function`);
  const target = findTarget(
    options,
    options.kernel === undefined && options.file !== undefined ? [options.file] : [],
  );
  const file = options.file === undefined ? undefined : fileInTree(target, options.file);
  if (file !== undefined && !target.overlays.some(([overlaid]) => overlaid === file)) {
    const read = readTextFile(join(target.root, file));
    if (!read.ok) throw new UsageError(`${options.file} ${read.reason}`);
  }
  const engine = await engineFor(target);
  try {
    const query = { function: name, style: options.style, ...(file === undefined ? {} : { file }) };
    const [{ problems }, result] = await Promise.all([engine.describe(), engine.annotate(query, signal)]);
    for (const problem of problems) remark(problem);
    if (!result.ok) throw new UsageError(result.problem);
    const { answer } = result;
    if (answer.fix === null) {
      await writeOut(`${answer.file}:${answer.line}: ${name}(): nothing to write down: ${answer.reason}\n`);
      return EXIT.clean;
    }
    if (options.write === true) {
      if (target.overlays.some(([overlaid]) => overlaid === answer.file))
        throw new UsageError(`${answer.file} is overlaid: --write changes files only`);
      const before = readForChange(join(target.root, answer.file));
      if ('reason' in before) throw new UsageError(`${answer.file} ${before.reason}`);
      // Asked once more after it was read: the edit fits these bytes
      const again = await askAgain(engine, answer, options.style, signal);
      const why =
        again === null ? 'has changed meanwhile' : replaceFile(before, applyEdits(before.text, again.edits));
      if (why !== null) throw new UsageError(`${answer.file} ${why}: nothing is written`);
      await writeOut(`${summary(answer)}written to ${answer.file}\n`);
      return EXIT.clean;
    }
    const text = target.tree.read(answer.file) ?? '';
    await writeOut(`${summary(answer)}${unifiedDiff(answer.file, text, answer.fix.edits)}`);
    return EXIT.clean;
  } finally {
    await engine.dispose();
  }
}

async function askAgain(
  engine: Awaited<ReturnType<typeof engineFor>>,
  answer: AnnotateAnswer,
  style: AnnotateOptions['style'],
  signal: AbortSignal,
): Promise<AnnotateAnswer['fix']> {
  await engine.invalidate(answer.file);
  const again = await engine.annotate({ function: answer.function, file: answer.file, style }, signal);
  return again.ok ? again.answer.fix : null;
}

/** Which locks, and through which contexts they are certain. */
function summary(answer: AnnotateAnswer): string {
  const lines = [`${answer.file}:${answer.line}: ${answer.function}() is entered with`];
  for (const lock of answer.locks) lines.push(`  ${lock.expression} (${lock.class}) held ${lock.mode}`);
  const ways = answer.contexts.map((context) => {
    const path = context.via.filter((name) => name !== context.entry?.function);
    const entry = context.entry === null ? 'no known entry' : wordEntry(context.entry);
    return path.length === 0 ? entry : `${entry}, through ${path.map((name) => `${name}()`).join(' > ')}`;
  });
  const different = [...new Set(ways)];
  lines.push('in every context:', ...different.slice(0, MAX_CONTEXTS).map((way) => `  ${way}`));
  if (different.length > MAX_CONTEXTS) lines.push(`  and ${different.length - MAX_CONTEXTS} more`);
  return `${lines.join('\n')}\n`;
}
