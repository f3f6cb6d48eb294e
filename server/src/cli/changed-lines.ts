/**
 * Which lines of a tree have changed since a revision, by `git diff`. Runs nothing that the repository configures
 * (external diff programs, text conversion, file system monitors). Must not know findings.
 */
import { spawnSync } from 'node:child_process';
import { UsageError } from './usage-error.js';

/** Line ranges (1-based, inclusive) by file; `all` for a file that is new. */
export type ChangedLines = ReadonlyMap<string, 'all' | readonly (readonly [first: number, last: number])[]>;

const MAX_DIFF_BYTES = 1 << 30;

/** Lines changed in the working tree since `revision`, untracked files included. */
export function changedLinesSince(root: string, revision: string): ChangedLines {
  if (revision.startsWith('-')) throw new UsageError(`--since ${revision}: no revision`);
  const diff = git(
    root,
    [
      'diff',
      '--relative',
      '--unified=0',
      '--no-color',
      '--no-ext-diff',
      '--no-textconv',
      '--no-renames',
      '--src-prefix=a/',
      '--dst-prefix=b/',
      revision,
      '--',
    ],
    revision,
  );
  const changed = new Map<string, 'all' | (readonly [number, number])[]>(parseDiff(diff));
  const untracked = git(root, ['ls-files', '--others', '--exclude-standard', '-z', '--', '.'], revision);
  for (const file of untracked.split('\0')) if (file !== '') changed.set(file, 'all');
  return changed;
}

/** Whether any line of a range has changed. */
export function touches(changed: ChangedLines, file: string, first: number, last: number): boolean {
  const ranges = changed.get(file);
  if (ranges === undefined) return false;
  return ranges === 'all' || ranges.some(([from, to]) => from <= last && first <= to);
}

/** Line ranges of the new side of a unified diff without context. */
export function parseDiff(diff: string): ReadonlyMap<string, (readonly [number, number])[]> {
  const changed = new Map<string, (readonly [number, number])[]>();
  let ranges: (readonly [number, number])[] | null = null;
  for (const line of diff.split('\n')) {
    if (line.startsWith('+++ ')) {
      const name = line.slice(4).replace(/\t$/, '');
      ranges = null;
      if (name.startsWith('b/')) {
        ranges = [];
        changed.set(name.slice(2), ranges);
      }
      continue;
    }
    const hunk = /^@@ -\S+ \+(\d+)(?:,(\d+))? @@/.exec(line);
    if (hunk === null || ranges === null) continue;
    const first = Number(hunk[1]);
    const length = hunk[2] === undefined ? 1 : Number(hunk[2]);
    // A pure deletion changes the two lines that it made neighbours.
    ranges.push(length === 0 ? [first, first + 1] : [first, first + length - 1]);
  }
  return changed;
}

function git(root: string, args: readonly string[], revision: string): string {
  const run = spawnSync(
    'git',
    ['-c', 'core.fsmonitor=false', '-c', 'core.quotePath=false', '-C', root, ...args],
    {
      encoding: 'utf8',
      // Its messages are read here
      env: { ...process.env, LC_ALL: 'C' },
      maxBuffer: MAX_DIFF_BYTES,
    },
  );
  if (run.error !== undefined)
    throw new UsageError(`--since ${revision}: git cannot be run (${run.error.message})`);
  if (run.status !== 0) {
    if (/not a git repository/i.test(run.stderr))
      throw new UsageError(`--since ${revision}: ${root} lies in no git repository`);
    const lines = run.stderr.trim().split('\n');
    const first = lines.find((line) => line.startsWith('fatal: ')) ?? lines[0] ?? '';
    throw new UsageError(`--since ${revision}: git says: ${first.replace(/^fatal: /, '')}`);
  }
  return run.stdout;
}
