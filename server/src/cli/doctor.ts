/**
 * `lockwalk doctor`: what this program is, what it runs on, what it makes of the tree at hand and how much of it the
 * analysis reaches, for bug reports and for finding out why nothing is found. Exit code 2 where something is wrong.
 */

import { spawnSync } from 'node:child_process';
import { cpus, totalmem } from 'node:os';
import type { ReachAnswer } from '../engine/door.js';
import { RULES } from '../engine/rules/index.js';
import type { MemoryReport } from '../host/messages.js';
import { buildIdentity } from '../host/version.js';
import { memoryText } from './format/memory-text.js';
import { reachText } from './format/reach-text.js';
import { engineFor, findTarget, pathInTree, type Target, type TreeOptions } from './target.js';
import { progressLine, writeOut } from './terminal.js';
import { EXIT, UsageError } from './usage-error.js';

/** Options of the command. */
export interface DoctorOptions extends TreeOptions {
  readonly format: 'text' | 'json';
  /** List every function with what leads to it (JSON). */
  readonly functions?: boolean;
  /** False: leave out how much is reached, which takes as long as a check. */
  readonly reach: boolean;
  readonly quiet?: boolean;
}

/** Runs the command. */
export async function doctor(
  typed: readonly string[],
  options: DoctorOptions,
  signal: AbortSignal,
): Promise<number> {
  if (options.functions === true && (options.format !== 'json' || !options.reach))
    throw new UsageError('--functions lists them in --format json, and not with --no-reach');
  const identity = buildIdentity();
  const wrong: string[] = [];
  const lines: [string, string][] = [
    ['lockwalk', `${identity.version}, engine ${identity.engine}, wasm ${identity.wasm}`],
    [
      'runs on',
      `Node ${process.versions.node}, ${process.platform} ${process.arch}, ${cpus().length} processors, ${Math.round(totalmem() / 2 ** 30)} GiB`,
    ],
    ['rules', `${RULES.length}, ${RULES.filter((rule) => rule.onByDefault).length} on by default`],
    ['git', gitVersion() ?? 'not found: --since cannot be used'],
  ];
  if (identity.wasm === 'missing') wrong.push('a WASM file is missing beside the program: build it again');
  const target = treeOrWhy(options, typed);
  let reach: ReachAnswer | null = null;
  let memory: MemoryReport | null = null;
  if (typeof target === 'string') wrong.push(target);
  else {
    lines.push(['tree', `${target.root}, Linux ${target.version}`]);
    lines.push(['config', target.configuration ?? 'default configuration (no .config at the root)']);
    if (wrong.length === 0) {
      const paths = typed.length === 0 ? ['fs'] : typed.map((path) => pathInTree(target, path));
      const engine = await engineFor(target);
      const progress = progressLine(options.quiet !== true);
      try {
        const { kernelVersion, problems } = await engine.describe();
        lines.push(['model', `VFS contract of Linux ${kernelVersion}`]);
        wrong.push(...problems);
        if (options.reach) {
          lines.push(['looked at', paths.join(' ')]);
          reach = await engine.reach(paths, signal, progress.show);
          memory = await engine.memory();
          if (reach.total === 0) wrong.push(`${paths.join(' ')}: no C file with a function that is compiled`);
        }
      } finally {
        progress.clear();
        await engine.dispose();
      }
    }
  }
  if (options.format === 'json') {
    const facts = Object.fromEntries(lines.map(([name, text]) => [name.replace(' ', '_'), text]));
    const { functions = [], ...shares } = reach ?? {};
    const shown = reach === null ? null : options.functions === true ? { ...shares, functions } : shares;
    await writeOut(
      `${JSON.stringify({ version: 1, ...facts, problems: wrong, reach: shown, memory }, null, 2)}\n`,
    );
  } else {
    lines.push(...wrong.map((text): [string, string] => ['problem', text]));
    await writeOut(lines.map(([name, text]) => `${name.padEnd(9)} ${text}\n`).join(''));
    if (reach !== null) await writeOut(reachText(reach));
    if (memory !== null) await writeOut(memoryText(memory));
  }
  return wrong.length === 0 ? EXIT.clean : EXIT.usage;
}

function treeOrWhy(options: TreeOptions, typed: readonly string[]): Target | string {
  try {
    return findTarget(options, options.kernel === undefined ? typed : []);
  } catch (error) {
    if (error instanceof UsageError) return error.message;
    throw error;
  }
}

function gitVersion(): string | null {
  const run = spawnSync('git', ['--version'], { encoding: 'utf8' });
  return run.status === 0 ? run.stdout.trim().replace(/^git version /, '') : null;
}
