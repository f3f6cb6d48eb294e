/**
 * `lockwalk dump`: what the engine sees of a file or function, for finding out why an answer is what it is.
 */
import type { DumpKind } from '../engine/door.js';
import { engineFor, fileInTree, findTarget, type TreeOptions } from './target.js';
import { writeOut } from './terminal.js';
import { EXIT, UsageError } from './usage-error.js';

/** What can be dumped. */
export const DUMP_KINDS: readonly DumpKind[] = ['syntax', 'facts', 'cfg', 'contexts'];

/** Runs the command. */
export async function dump(kind: string, typed: string, options: TreeOptions): Promise<number> {
  const known = DUMP_KINDS.find((name) => name === kind);
  if (known === undefined) throw new UsageError(`dump ${kind}: there are ${DUMP_KINDS.join(', ')}`);
  const split = /^(.+?):([A-Za-z_]\w*)$/.exec(typed);
  const path = split?.[1] ?? typed;
  const target = findTarget(options, options.kernel === undefined ? [path] : []);
  const engine = await engineFor(target);
  try {
    const { ok, text } = await engine.dump(known, fileInTree(target, path), split?.[2] ?? null);
    if (!ok) throw new UsageError(text);
    await writeOut(text.endsWith('\n') ? text : `${text}\n`);
    return EXIT.clean;
  } finally {
    await engine.dispose();
  }
}
