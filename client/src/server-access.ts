/**
 * The server as the views see it, whichever process it is just now: requests that give null where there is none, and
 * notifications of every one that comes.
 */
import type { CancellationToken, Disposable } from 'vscode';
import type { LanguageClient } from 'vscode-languageclient/node';

/** What views ask through. */
export class ServerAccess {
  #client: LanguageClient | null = null;
  readonly #handlers = new Map<string, Set<() => void>>();

  /** A client that is about to start. */
  attach(client: LanguageClient): void {
    this.#client = client;
    for (const method of this.#handlers.keys()) this.#listen(client, method);
  }

  /** An answer; null where no server runs, or the request was taken back or failed. */
  async ask<T>(method: string, params: unknown, token: CancellationToken | null): Promise<T | null> {
    const client = this.#client;
    if (client?.isRunning() !== true) return null;
    try {
      return token === null
        ? await client.sendRequest<T>(method, params)
        : await client.sendRequest<T>(method, params, token);
    } catch {
      return null;
    }
  }

  /** Calls back at every notification without content, of this server and of those after it. */
  onNotification(method: string, call: () => void): Disposable {
    let handlers = this.#handlers.get(method);
    if (handlers === undefined) {
      handlers = new Set();
      this.#handlers.set(method, handlers);
      if (this.#client !== null) this.#listen(this.#client, method);
    }
    handlers.add(call);
    return { dispose: () => handlers.delete(call) };
  }

  #listen(client: LanguageClient, method: string): void {
    client.onNotification(method, () => {
      for (const call of this.#handlers.get(method) ?? []) call();
    });
  }
}
