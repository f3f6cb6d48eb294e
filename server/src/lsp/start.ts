/**
 * Starts the server over the transport that the program's arguments name: for `lockwalk lsp` and for the client's
 * process alike. Picks the host's means; everything else is in `server.ts`.
 */
import { pathToFileURL } from 'node:url';
import { createConnection, ProposedFeatures } from 'vscode-languageserver/node';
import { methodPagePath, rulePagePath } from '../host/assets.js';
import { EngineClient } from '../host/engine-client.js';
import { VERSION } from '../host/version.js';
import { specFor } from './place.js';
import { serve } from './server.js';

/** Serves over the transport that the arguments name (`--stdio`, `--node-ipc`) until the client says exit. */
export function startServer(): void {
  const connection = createConnection(ProposedFeatures.all);
  serve(connection, {
    name: 'lockwalk',
    version: VERSION,
    specFor,
    makeEngine: (spec) => new EngineClient(spec, 'reader'),
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
