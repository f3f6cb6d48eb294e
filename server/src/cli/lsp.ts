/**
 * `lockwalk lsp --stdio`: the language server. Loaded only when it is asked for: the other commands start without it.
 */

/** Serves until the client says exit; the server ends the process. */
export async function lsp(): Promise<never> {
  const { startServer } = await import('../lsp/start.js');
  startServer();
  return new Promise<never>(() => {});
}
