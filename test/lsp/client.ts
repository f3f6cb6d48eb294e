/**
 * A small LSP client for tests: over a spawned server's pipes or over streams in memory. Keeps the last diagnostics of
 * each document and everything that was logged. Must not know the server's insides.
 */
import type { ChildProcess } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import {
  type ClientCapabilities,
  createProtocolConnection,
  type InitializeResult,
  type ProtocolConnection,
  type PublishDiagnosticsParams,
  StreamMessageReader,
  StreamMessageWriter,
  type TextDocumentContentChangeEvent,
} from 'vscode-languageserver/node';

/** What a test client says it can do, besides what the test adds. */
export const CAPABILITIES: ClientCapabilities = {
  general: { positionEncodings: ['utf-16'] },
  workspace: { configuration: true, workspaceEdit: { documentChanges: true } },
  window: { workDoneProgress: true },
  textDocument: {
    hover: { contentFormat: ['markdown', 'plaintext'] },
    publishDiagnostics: { relatedInformation: true, versionSupport: true },
    codeAction: { codeActionLiteralSupport: { codeActionKind: { valueSet: ['quickfix'] } } },
  },
};

const WAIT_MS = 20_000;

export class TestClient {
  readonly connection: ProtocolConnection;
  readonly logged: string[] = [];
  readonly shown: string[] = [];
  readonly published: PublishDiagnosticsParams[] = [];
  readonly progress: unknown[] = [];
  settings: unknown = {};
  readonly #process: ChildProcess | null;
  readonly #waiting = new Set<() => void>();

  constructor(from: Readable, to: Writable, process: ChildProcess | null = null) {
    this.#process = process;
    this.connection = createProtocolConnection(new StreamMessageReader(from), new StreamMessageWriter(to));
    this.connection.onNotification('textDocument/publishDiagnostics', (params: PublishDiagnosticsParams) => {
      this.published.push(params);
      for (const wake of [...this.#waiting]) wake();
    });
    this.connection.onNotification('window/logMessage', ({ message }: { message: string }) => {
      this.logged.push(message);
    });
    this.connection.onNotification('window/showMessage', ({ message }: { message: string }) => {
      this.shown.push(message);
    });
    this.connection.onNotification('$/progress', (params: unknown) => {
      this.progress.push(params);
    });
    this.connection.onRequest('window/workDoneProgress/create', () => null);
    this.connection.onRequest('client/registerCapability', () => null);
    this.connection.onRequest('workspace/configuration', ({ items }: { items: readonly unknown[] }) =>
      items.map(() => this.settings),
    );
    this.connection.listen();
  }

  async initialize(
    capabilities: ClientCapabilities = CAPABILITIES,
    options?: unknown,
  ): Promise<InitializeResult> {
    const result: InitializeResult = await this.connection.sendRequest('initialize', {
      processId: this.#process === null ? null : process.pid, // the server watches over it, which keeps tests alive
      rootUri: null,
      capabilities,
      initializationOptions: options,
    });
    await this.connection.sendNotification('initialized', {});
    return result;
  }

  async open(uri: string, text: string, languageId = 'c'): Promise<void> {
    await this.connection.sendNotification('textDocument/didOpen', {
      textDocument: { uri, languageId, version: 1, text },
    });
  }

  async change(
    uri: string,
    version: number,
    contentChanges: TextDocumentContentChangeEvent[],
  ): Promise<void> {
    await this.connection.sendNotification('textDocument/didChange', {
      textDocument: { uri, version },
      contentChanges,
    });
  }

  async close(uri: string): Promise<void> {
    await this.connection.sendNotification('textDocument/didClose', { textDocument: { uri } });
  }

  /** The last diagnostics of a document, as soon as they are of this version. */
  async diagnostics(uri: string, version: number): Promise<PublishDiagnosticsParams> {
    const end = Date.now() + WAIT_MS;
    for (;;) {
      const last = this.published.findLast((params) => params.uri === uri);
      if (last?.version === version) return last;
      const left = end - Date.now();
      if (left <= 0)
        throw new Error(`no diagnostics of version ${version} of ${uri}: ${this.logged.join('\n')}`);
      await new Promise<void>((resolve) => {
        const done = (): void => {
          clearTimeout(timer);
          this.#waiting.delete(done);
          resolve();
        };
        const timer = setTimeout(done, left);
        this.#waiting.add(done);
      });
    }
  }

  /** Ends the server in the protocol's way; returns its exit code where it is a process. */
  async shutdown(): Promise<number | null> {
    await this.connection.sendRequest('shutdown');
    const child = this.#process;
    if (child === null) {
      this.connection.dispose(); // a server in this process would take the tests with it on exit
      return null;
    }
    const exited = new Promise<number | null>((resolve) => child.once('exit', resolve));
    await this.connection.sendNotification('exit');
    const code = await exited;
    this.connection.dispose();
    return code;
  }
}
