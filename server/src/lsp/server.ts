/**
 * The language server on a connection: start-up, document events, requests, and the wiring of the parts beside it.
 * Computes nothing. Must not know whether the other side is a pipe, an IPC channel or a test, nor how an engine runs.
 */
import {
  CodeActionKind,
  type Connection,
  DidChangeConfigurationNotification,
  DidChangeWatchedFilesNotification,
  type Disposable,
  type InitializeParams,
  type InitializeResult,
  TextDocumentSyncKind,
} from 'vscode-languageserver';
import type { Settings } from '../host/settings.js';
import { annotateActions } from './annotate-action.js';
import { Checker, DEBOUNCE_MS } from './checker.js';
import { type ClientAbilities, clientAbilities } from './client-abilities.js';
import { codeActions } from './code-actions.js';
import { Configuration } from './configuration.js';
import { Documents } from './documents.js';
import type { EngineSpec, MakeEngine } from './engine-port.js';
import { pathFromUri, positionFrom } from './from-protocol.js';
import { type Guarded, guard } from './guard.js';
import { hover } from './hover.js';
import { InlayHints } from './inlay-hints.js';
import { progressOf } from './progress.js';
import { CONTRACT_COMMAND, STATUS_NOTIFICATION, STATUS_REQUEST } from './protocol.js';
import { type Served, ServedDocuments } from './served.js';
import { statusReport } from './status.js';
import { toDiagnostic } from './to-protocol.js';
import { type KernelTree, Trees } from './trees.js';
import { wireOf } from './wire.js';

/** What the server is made with: the host's means. */
export interface ServerOptions {
  readonly name: string;
  readonly version: string;
  /** The engine that serves a file under these settings; null: the file lies in no kernel tree. */
  readonly specFor: (path: string, settings: Settings) => EngineSpec | null;
  readonly makeEngine: MakeEngine;
  /** URL of a rule's page, or null. */
  readonly rulePage: (rule: string) => string | null;
  /** URL of the page of a method's contract, or null. */
  readonly methodPage: (struct: string, method: string) => string | null;
}

/** Section of the settings that the client is asked for. */
const SECTION = 'lockwalk';
/** A tree whose documents are all closed keeps its engine for this long. */
const KEEP_TREE_MS = 60_000;

/** Serves a connection until the client says exit. */
export function serve(connection: Connection, options: ServerOptions): void {
  let client: ClientAbilities = clientAbilities(null);
  let stopping = false;
  let sweep: NodeJS.Timeout | null = null;
  const log = (text: string): void => connection.console.error(text);
  const failures: Guarded = { log, last: null, changed: () => statusChanged() };

  const documents = new Documents(() => client.encoding);
  const trees = new Trees(options.makeEngine);
  const ask = (uri: string): Promise<unknown> =>
    connection.workspace.getConfiguration({ scopeUri: uri, section: SECTION });
  let configuration = newConfiguration(undefined);
  const served = new ServedDocuments(documents, trees, async (uri, path) => {
    const settings = await configuration.of(uri);
    return { spec: options.specFor(path, settings), settings };
  });
  const wire = (one: Served): ReturnType<typeof wireOf> =>
    wireOf(one.tree, documents, client.encoding, options.rulePage);
  /** A command where the client has it: pages of the extension are shown as what they look like, not as their text. */
  const page = (struct: string, method: string): string | null =>
    client.showsContracts
      ? `command:${CONTRACT_COMMAND}?${encodeURIComponent(JSON.stringify([`${struct}/${method}`]))}`
      : options.methodPage(struct, method);
  const hints = new InlayHints(documents, () => {
    if (client.inlayHintRefresh && !stopping) connection.languages.inlayHint.refresh();
  });
  const checker = new Checker(documents, served, {
    publish: (one, result) => {
      hints.checked(one.uri, result);
      const related = client.relatedInformation;
      const diagnostics = result.findings.map((finding) => toDiagnostic(wire(one), finding, related));
      void connection.sendDiagnostics({ uri: one.uri, version: result.version, diagnostics });
    },
    clear: (uri) => void connection.sendDiagnostics({ uri, diagnostics: [] }),
    failed: (one, error) => {
      one.tree.failure = error instanceof Error ? error.message : String(error);
      log(`check of ${one.file}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
      void connection.sendDiagnostics({ uri: one.uri, diagnostics: [] }); // stale findings are worse than none
    },
    started: (one) => {
      statusChanged();
      return progressOf(connection, client.progress, `Lockwalk: ${one.file}`);
    },
    changed: () => statusChanged(),
  });

  function newConfiguration(shared: unknown): Configuration {
    const problem = (text: string): void => connection.console.warn(text);
    return new Configuration({ ask: client.configuration ? ask : null, problem }, shared);
  }

  function statusChanged(): void {
    if (stopping || !client.statusNotifications) return;
    void connection.sendNotification(STATUS_NOTIFICATION, statusReport(trees, documents, failures.last));
  }

  connection.onInitialize((params: InitializeParams): InitializeResult => {
    client = clientAbilities(params);
    configuration = newConfiguration(client.settings);
    return {
      serverInfo: { name: options.name, version: options.version },
      capabilities: {
        positionEncoding: client.encoding,
        textDocumentSync: { openClose: true, change: TextDocumentSyncKind.Incremental, save: true },
        hoverProvider: true,
        ...(client.inlayHints ? { inlayHintProvider: true } : {}),
        codeActionProvider: client.codeActionLiterals
          ? { codeActionKinds: [CodeActionKind.QuickFix, CodeActionKind.RefactorRewrite] }
          : false,
      },
    };
  });
  connection.onInitialized(
    guard('initialized', failures, undefined, async () => {
      const wanted: Promise<Disposable>[] = [];
      if (client.configurationChanges) {
        wanted.push(
          connection.client.register(DidChangeConfigurationNotification.type, { section: SECTION }),
        );
      }
      if (client.watchedFiles) {
        const watchers = ['**/*.{c,h}', '**/.config', '**/Makefile'].map((globPattern) => ({ globPattern }));
        wanted.push(connection.client.register(DidChangeWatchedFilesNotification.type, { watchers }));
      }
      await Promise.all(wanted);
    }),
  );

  connection.onDidOpenTextDocument(({ textDocument: { uri, languageId, version, text } }) => {
    documents.open(uri, languageId, version, text);
    checker.opened(uri);
  });
  connection.onDidSaveTextDocument(
    guard('save', failures, undefined, ({ textDocument: { uri } }) => checker.saved(uri)),
  );
  connection.onDidChangeTextDocument(
    guard('change', failures, undefined, async ({ textDocument: { uri, version }, contentChanges }) => {
      if (documents.change(uri, version, contentChanges)) await checker.edited(uri);
    }),
  );
  connection.onDidCloseTextDocument(
    guard('close', failures, undefined, async ({ textDocument: { uri } }) => {
      documents.close(uri);
      checker.close(uri);
      hints.closed(uri);
      configuration.closed(uri);
      await served.close(uri);
      if (sweep !== null) clearTimeout(sweep);
      sweep = setTimeout(() => void trees.sweep().then(statusChanged), KEEP_TREE_MS);
      sweep.unref();
    }),
  );
  connection.onDidChangeConfiguration(
    guard('settings', failures, undefined, async ({ settings }) => {
      const ours: unknown = typeof settings === 'object' && settings !== null ? settings[SECTION] : undefined;
      configuration.changed(ours);
      await served.replaceAll();
      hints.changed();
      await checker.scheduleAll(0);
    }),
  );
  connection.onDidChangeWatchedFiles(
    guard('files', failures, undefined, async ({ changes }) => {
      let relevant = false;
      const dropped = new Set<KernelTree>();
      for (const { uri } of changes) {
        const path = pathFromUri(uri);
        if (path === null || documents.versionOf(uri) !== null) continue; // the open text counts, not the file
        for (const tree of trees.all()) {
          const file = tree.file(path);
          if (file === null) continue;
          relevant = true;
          if (file === '.config' || file === 'Makefile') dropped.add(tree);
          else await tree.engine.invalidate(file);
        }
      }
      for (const tree of dropped) await trees.drop(tree);
      if (dropped.size > 0) await served.replaceAll();
      if (relevant) await checker.scheduleAll(DEBOUNCE_MS);
    }),
  );

  connection.onHover(
    guard('hover', failures, null, async ({ textDocument: { uri }, position }, signal) => {
      const one = await served.of(uri);
      const lineText = documents.line(uri, position.line);
      if (one === null || lineText === null || !one.settings.hover) return null;
      const at = positionFrom(position, lineText, client.encoding);
      const request = { served: one, documents, wire: wire(one), format: client.hoverFormat, at, page };
      return await hover(request, signal);
    }),
  );
  connection.languages.inlayHint.on(
    guard('inlay hints', failures, null, async ({ textDocument: { uri }, range }, signal) => {
      const one = await served.of(uri);
      if (one === null) return null;
      const around = { wire: wire(one), format: client.hoverFormat, page };
      return await hints.of(one, range, around, await checker.current(uri, signal), signal);
    }),
  );
  connection.onCodeAction(
    guard('code action', failures, null, async (params, signal) => {
      const { uri } = params.textDocument;
      const one = await served.of(uri);
      if (one === null) return null;
      const result = await checker.current(uri, signal);
      const { documentChanges, explains } = client;
      const around = { wire: wire(one), documents, documentChanges, explains };
      const fixes = result === null ? [] : codeActions(params, result, around);
      return [...fixes, ...(await annotateActions(params, one, around, signal))];
    }),
  );
  connection.onRequest(STATUS_REQUEST, () => statusReport(trees, documents, failures.last));

  connection.onShutdown(async () => {
    stopping = true;
    if (sweep !== null) clearTimeout(sweep);
    for (const uri of documents.uris()) checker.close(uri);
    await trees.dispose();
  });
  connection.listen();
}
