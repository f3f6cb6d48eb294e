/**
 * `lockwalk files`: which files are in scope and why, one a line, so that nobody has to guess what a check looked at.
 */
import { engineFor, findTarget, pathInTree, type TreeOptions } from './target.js';
import { writeOut } from './terminal.js';
import { EXIT } from './usage-error.js';

/** Options of the command. */
export interface FilesOptions extends TreeOptions {
  readonly format: 'text' | 'json';
}

/** Runs the command. */
export async function files(typed: readonly string[], options: FilesOptions): Promise<number> {
  const target = findTarget(options, options.kernel === undefined ? typed : []);
  const paths = typed.length === 0 ? ['fs'] : typed.map((path) => pathInTree(target, path));
  const engine = await engineFor(target);
  try {
    const scope = await engine.files(paths);
    if (options.format === 'json') {
      await writeOut(`${JSON.stringify({ version: 1, files: scope }, null, 2)}\n`);
    } else {
      const lines = scope.map(({ file, inScope, reason }) => `${inScope ? '+' : '-'} ${file}\t${reason}\n`);
      const inside = scope.filter((file) => file.inScope).length;
      await writeOut(`${lines.join('')}${inside} of ${scope.length} files in scope\n`);
    }
    return EXIT.clean;
  } finally {
    await engine.dispose();
  }
}
