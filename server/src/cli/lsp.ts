/**
 * `lockwalk lsp --stdio`: the language server. Loaded only when it is asked for: the other commands start without it.
 */

/** Serves until the client says exit; the server ends the process. */
export async function lsp(): Promise<never> {
  // A server has nothing to finish when it is told to end.
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit());
  const { startServer } = await import('../lsp/start.js');
  startServer();
  return new Promise<never>(() => {});
}
