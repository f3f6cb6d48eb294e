/**
 * `lockwalk audit`: every in-tree instance of a method, call of a helper or spot that a rule looked at, with a verdict and why, as
 * text for a mail or as JSON. Exit code 1 where one is suspect.
 */
import type { AuditAnswer } from '../engine/door.js';
import { formatAudit } from './format/audit-text.js';
import { cacheFolder, engineFor, findTarget, pathInTree, type TreeOptions } from './target.js';
import { progressLine, remark, writeOut } from './terminal.js';
import { EXIT, UsageError } from './usage-error.js';

/** Options of the command. */
export interface AuditOptions extends TreeOptions {
  readonly format: 'text' | 'json';
  readonly jobs?: number;
  /** Folder of what is kept between runs; false: nothing is kept. */
  readonly cache?: string | false;
  readonly quiet?: boolean;
}

/** Runs the command. */
export async function audit(
  name: string,
  typed: readonly string[],
  options: AuditOptions,
  signal: AbortSignal,
): Promise<number> {
  const target = findTarget(options, options.kernel === undefined ? typed : []);
  const paths = typed.length === 0 ? ['fs'] : [...new Set(typed.map((path) => pathInTree(target, path)))];
  const engine = await engineFor(target, options.jobs, cacheFolder(options.cache));
  const progress = progressLine(options.quiet !== true);
  let answer: AuditAnswer;
  try {
    const [{ problems }, result] = await Promise.all([
      engine.describe(),
      engine.audit({ name, paths }, signal, progress.show),
    ]);
    progress.clear();
    for (const problem of problems) remark(problem);
    if (!result.ok) throw new UsageError(result.problem);
    answer = result.answer;
  } finally {
    progress.clear();
    await engine.dispose();
  }
  await writeOut(
    options.format === 'json'
      ? `${JSON.stringify(answer, null, 2)}\n`
      : formatAudit(answer, target.version, paths),
  );
  return answer.spots.some((spot) => spot.verdict === 'suspect') ? EXIT.findings : EXIT.clean;
}
