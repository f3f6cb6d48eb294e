/**
 * One check by several engines: each in a worker of its own, taking turns at the units (a unit is a directory) and reading the
 * headers together. Their answers are given as they come; who asked puts them in order. Must not know what becomes of them.
 */
import { availableParallelism } from 'node:os';
import { posix } from 'node:path';
import type { CheckAnswer, CheckRequest, Progress } from '../engine/door.js';
import type { DiskTree } from './disk-tree.js';
import { EngineClient, type ReadsWith } from './engine-client.js';
import type { EngineSpec } from './messages.js';
import { shareReading } from './shared-reading.js';

/** Engines where nobody says how many. */
export const DEFAULT_JOBS: number = Math.min(2, availableParallelism());

/** What is checked, and how. */
export interface SideBySide {
  readonly spec: EngineSpec;
  readonly overlays: readonly (readonly [file: string, text: string])[];
  /** The same view of the tree that the engines have. */
  readonly tree: DiskTree;
  readonly request: CheckRequest;
  readonly jobs: number;
  /** Folder of what is kept between runs, or null. */
  readonly cache: string | null;
}

/** What the engines answered, each about the units that it took. */
export interface SideBySideAnswer {
  readonly answers: readonly CheckAnswer[];
  /** What was wrong with what the engines were made of. */
  readonly problems: readonly string[];
  readonly engines: number;
  /** Whether anything was kept on disk. */
  readonly kept: boolean;
}

/** Runs the check; rejects with `Cancelled` where the signal says stop. */
export async function checkSideBySide(
  work: SideBySide,
  signal: AbortSignal,
  progress: (progress: Progress) => void,
): Promise<SideBySideAnswer> {
  const files = filesBelow(work.tree, work.request.paths);
  const units = new Set(files.map((file) => posix.dirname(file))).size;
  const engines = Math.max(1, Math.min(work.jobs, units));
  const shown = together(engines, progress);
  // Engines that check side by side take unit after unit and read the headers together; a single one has somebody to read with
  const shares = engines > 1 ? shareReading(engines, false) : [];
  const turns = engines > 1 ? new SharedArrayBuffer(4 * units) : null;
  const request = engines > 1 ? { ...work.request, paths: files } : work.request;
  const problems: string[] = [];
  let kept = false;
  const alone: ReadsWith = work.jobs > 1 ? 'reader' : 'nobody';
  const answers = await Promise.all(
    Array.from({ length: engines }, async (_, index) => {
      const engine = new EngineClient(work.spec, shares[index] ?? alone, work.cache);
      try {
        for (const [file, text] of work.overlays) await engine.overlay(file, text);
        const [description, answer] = await Promise.all([
          engine.describe(),
          engine.check(request, signal, (at) => shown(index, at), turns),
        ]);
        if (index === 0) problems.push(...description.problems);
        kept ||= engine.hasKept;
        return answer;
      } finally {
        await engine.dispose();
      }
    }),
  );
  return { answers, problems, engines, kept };
}

const PHASES: readonly Progress['phase'][] = ['read', 'analyse', 'rules'];

/** One progress of several engines that take turns at the same: the phase that the last of them is in, and what those in it did. */
function together(
  engines: number,
  show: (progress: Progress) => void,
): (engine: number, progress: Progress) => void {
  const latest: (Progress | undefined)[] = new Array(engines).fill(undefined);
  return (engine, progress) => {
    latest[engine] = progress;
    const known = latest.filter((p) => p !== undefined);
    const phase = PHASES.find((name) => known.some((p) => p.phase === name)) ?? progress.phase;
    const there = known.filter((p) => p.phase === phase);
    show({
      phase,
      done: there.reduce((sum, p) => sum + p.done, 0),
      total: Math.max(...there.map((p) => p.total)),
      at: progress.at,
    });
  };
}

/** The C files below what is to be checked, in order. */
function filesBelow(tree: DiskTree, paths: readonly string[]): readonly string[] {
  const files = new Set<string>();
  const visit = (folder: string): void => {
    const prefix = folder === '' ? '' : `${folder}/`;
    for (const name of tree.list(folder)) {
      if (name.endsWith('/')) visit(prefix + name.slice(0, -1));
      else if (/\.[ch]$/.test(name)) files.add(prefix + name);
    }
  };
  for (const path of paths) {
    if (tree.list(path).length > 0) visit(path);
    else files.add(path);
  }
  return [...files].sort();
}
