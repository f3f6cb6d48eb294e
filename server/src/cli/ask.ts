/**
 * One question to an engine of its own: with progress, what the engine says of what it was made of, and the end of the engine
 * whatever came of it.
 */
import type { Progress } from '../engine/door.js';
import type { EngineClient } from '../host/engine-client.js';
import { cacheFolder, engineFor, type Target } from './target.js';
import { progressLine, remark } from './terminal.js';

/** What says how the engine runs; options of every command that asks one. */
export interface AskOptions {
  readonly jobs?: number;
  /** Folder of what is kept between runs; false: nothing is kept. */
  readonly cache?: string | false;
  readonly quiet?: boolean;
}

/** Asks an engine that is made for it; problems of the configuration go to standard error. */
export async function ask<T>(
  target: Target,
  options: AskOptions,
  question: (engine: EngineClient, progress: (progress: Progress) => void) => Promise<T>,
): Promise<T> {
  const engine = await engineFor(target, options.jobs, cacheFolder(options.cache));
  const progress = progressLine(options.quiet !== true);
  try {
    const [{ problems }, answer] = await Promise.all([engine.describe(), question(engine, progress.show)]);
    progress.clear();
    for (const problem of problems) remark(problem);
    return answer;
  } finally {
    progress.clear();
    await engine.dispose();
  }
}
