/**
 * Makes an engine: parser, configuration, version and model put together. The host calls this, in a worker.
 */
import { defaultConfig, parseDotConfig } from './configure/index.js';
import type { Engine, EngineOptions } from './door.js';
import { LockwalkEngine } from './engine.js';
import { buildModel, newestVersion } from './model/index.js';
import { createParser, DEFAULT_LIMITS } from './syntax/parser.js';

/** Makes an engine over a source tree. Rejects only where WASM itself does not load. */
export async function createEngine(options: EngineOptions): Promise<Engine> {
  const limits = {
    maxFileBytes: options.limits?.maxFileBytes ?? DEFAULT_LIMITS.maxFileBytes,
    parseMs: options.limits?.parseMs ?? DEFAULT_LIMITS.parseMs,
  };
  const parser = await createParser(options.runtimeWasm, options.grammarWasm, limits, options.clock);
  const problems: string[] = [];
  let config = defaultConfig();
  if (options.dotConfig !== null) {
    const parsed = parseDotConfig(options.dotConfig);
    config = parsed.config;
    for (const p of parsed.problems) problems.push(`.config:${p.line}: ${p.message}`);
  }
  const version = options.kernelVersion ?? versionOf(options.tree.read('Makefile')) ?? newestVersion;
  const model = buildModel(version);
  problems.push(...model.problems);
  return new LockwalkEngine(options, parser, model, config, version, problems);
}

/** `6.12.117` from the top Makefile, or null. */
export function versionOf(makefile: string | null): string | null {
  if (makefile === null) return null;
  const part = (name: string): string | null =>
    new RegExp(`^${name}\\s*=\\s*(\\d+)`, 'm').exec(makefile)?.[1] ?? null;
  const major = part('VERSION');
  const minor = part('PATCHLEVEL');
  if (major === null || minor === null) return null;
  const sub = part('SUBLEVEL');
  return sub === null ? `${major}.${minor}` : `${major}.${minor}.${sub}`;
}
