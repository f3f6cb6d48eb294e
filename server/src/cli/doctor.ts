/**
 * `lockwalk doctor`: what this program is, what it runs on and what it makes of the tree at hand, for bug reports and for
 * finding out why nothing is found. Exit code 2 where something is wrong.
 */

import { spawnSync } from 'node:child_process';
import { cpus, totalmem } from 'node:os';
import { RULES } from '../engine/rules/index.js';
import { buildIdentity } from '../host/version.js';
import { engineFor, findTarget, type Target, type TreeOptions } from './target.js';
import { writeOut } from './terminal.js';
import { EXIT, UsageError } from './usage-error.js';

/** Runs the command. */
export async function doctor(options: TreeOptions): Promise<number> {
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
  const target = treeOrWhy(options);
  if (typeof target === 'string') wrong.push(target);
  else {
    lines.push(['tree', `${target.root}, Linux ${target.version}`]);
    lines.push(['config', target.configuration ?? 'default configuration (no .config at the root)']);
    if (wrong.length === 0) {
      const engine = await engineFor(target);
      try {
        const { kernelVersion, problems } = await engine.describe();
        lines.push(['model', `VFS contract of Linux ${kernelVersion}`]);
        wrong.push(...problems);
      } finally {
        await engine.dispose();
      }
    }
  }
  lines.push(...wrong.map((text): [string, string] => ['problem', text]));
  await writeOut(lines.map(([name, text]) => `${name.padEnd(9)} ${text}\n`).join(''));
  return wrong.length === 0 ? EXIT.clean : EXIT.usage;
}

function treeOrWhy(options: TreeOptions): Target | string {
  try {
    return findTarget(options, []);
  } catch (error) {
    if (error instanceof UsageError) return error.message;
    throw error;
  }
}

function gitVersion(): string | null {
  const run = spawnSync('git', ['--version'], { encoding: 'utf8' });
  return run.status === 0 ? run.stdout.trim().replace(/^git version /, '') : null;
}
