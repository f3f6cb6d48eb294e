/**
 * Starts the server over the transport that the program's arguments name: for `lockwalk lsp` and for the client's
 * process alike. Picks the host's means; everything else is in `server.ts`.
 */
import { pathToFileURL } from 'node:url';
import { createConnection, ProposedFeatures } from 'vscode-languageserver/node';
import { methodPagePath, rulePagePath } from '../host/assets.js';
import { defaultCacheFolder } from '../host/disk-cache.js';
import { DiskTree } from '../host/disk-tree.js';
import { EngineClient } from '../host/engine-client.js';
import { checkSideBySide, DEFAULT_JOBS } from '../host/side-by-side.js';
import { VERSION } from '../host/version.js';
import { placeOf } from './place.js';
import { serve } from './server.js';

/** Serves over the transport that the arguments name (`--stdio`, `--node-ipc`) until the client says exit. */
export function startServer(): void {
  const connection = createConnection(ProposedFeatures.all);
  serve(connection, {
    name: 'lockwalk',
    version: VERSION,
    placeOf,
    // What was found of a tree before is there when it is opened again
    makeEngine: (spec) => new EngineClient(spec, 'reader', defaultCacheFolder(), true),
    scan: async ({ spec, overlays, request }, signal, progress) => {
      const tree = new DiskTree(spec.root);
      for (const [file, text] of overlays) tree.overlay(file, text);
      // What the command line has kept is of use here, and the other way round
      const work = { spec, overlays, tree, request, jobs: DEFAULT_JOBS, cache: defaultCacheFolder() };
      return (await checkSideBySide(work, signal, progress)).answers;
    },
    rulePage: (rule) => {
      const path = rulePagePath(rule);
      return path === null ? null : pathToFileURL(path).href;
    },
    methodPage: (struct, method) => {
      const path = methodPagePath(struct, method);
      return path === null ? null : pathToFileURL(path).href;
    },
  });
}
