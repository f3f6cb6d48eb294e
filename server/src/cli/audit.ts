/**
 * `lockwalk audit`: every in-tree instance of a method, call of a helper or spot that a rule looked at, with a verdict and why, as
 * text for a mail or as JSON. Exit code 1 where one is suspect.
 */
import { type AskOptions, ask } from './ask.js';
import { formatAudit } from './format/audit-text.js';
import { findTarget, pathInTree, type TreeOptions } from './target.js';
import { writeOut } from './terminal.js';
import { EXIT, UsageError } from './usage-error.js';

/** Options of the command. */
export interface AuditOptions extends TreeOptions, AskOptions {
  readonly format: 'text' | 'json';
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
  const result = await ask(target, options, (engine, progress) =>
    engine.audit({ name, paths }, signal, progress),
  );
  if (!result.ok) throw new UsageError(result.problem);
  const { answer } = result;
  await writeOut(
    options.format === 'json'
      ? `${JSON.stringify(answer, null, 2)}\n`
      : formatAudit(answer, target.version, paths),
  );
  return answer.spots.some((spot) => spot.verdict === 'suspect') ? EXIT.findings : EXIT.clean;
}
