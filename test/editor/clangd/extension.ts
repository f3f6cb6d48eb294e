/**
 * The smallest extension that runs Debian's clangd, so that both servers can be seen in one window. Part of the tests; packed
 * by `package.ts` beside it.
 */
import type { ExtensionContext } from 'vscode';
import { LanguageClient } from 'vscode-languageclient/node';

let client: LanguageClient | null = null;

export async function activate(_context: ExtensionContext): Promise<void> {
  client = new LanguageClient(
    'clangd',
    'clangd',
    { command: 'clangd', args: ['--log=error'] },
    { documentSelector: [{ scheme: 'file', language: 'c' }] },
  );
  await client.start();
}

export async function deactivate(): Promise<void> {
  await client?.dispose();
}
