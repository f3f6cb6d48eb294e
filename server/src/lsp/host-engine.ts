/**
 * The engine that the server uses: the host's, with the calls that the server makes. Stand-in until the host's worker
 * is there: the engine runs on this thread. Must not know the protocol.
 */
import type { Engine } from '../engine/door.js';
import { createEngine } from '../engine/index.js';
import { loadWasm } from '../host/assets.js';
import { DiskTree } from '../host/disk-tree.js';
import type { EnginePort, EngineSpec } from './engine-port.js';

/** An engine for a tree. */
export function hostEngine(spec: EngineSpec): EnginePort {
  const tree = new DiskTree(spec.root);
  const made: Promise<Engine> = Promise.resolve().then(() =>
    createEngine({ tree, ...loadWasm(), kernelVersion: spec.kernelVersion, dotConfig: null }),
  );
  const token = (signal: AbortSignal): { isCancelled: () => boolean } => ({
    isCancelled: () => signal.aborted,
  });
  return {
    describe: async () => await made,
    check: async (request, signal, progress) => (await made).check(request, token(signal), progress),
    contexts: async (query, signal) => (await made).contexts(query, token(signal)),
    symbolAt: async (file, line, column) => (await made).symbolAt(file, line, column),
    overlay: async (file, text) => {
      tree.overlay(file, text);
      (await made).invalidate(file);
    },
    invalidate: async (file) => (await made).invalidate(file),
    dispose: async () => (await made).dispose(),
  };
}
