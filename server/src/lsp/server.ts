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
import { PROJECT_FILE } from '../host/project-file.js';
import type { GivenSettings } from '../host/settings.js';
import { Checker, DEBOUNCE_MS } from './checker.js';
import { type ClientAbilities, clientAbilities } from './client-abilities.js';
import { Configuration } from './configuration.js';
import { diagnosticsOf, remarksOf } from './diagnostics.js';
import { Documents } from './documents.js';
import type { MakeEngine } from './engine-port.js';
import { findingPage } from './finding-page.js';
import { FIX_ALL_KIND } from './fix-all.js';
import { pathFromUri, positionFrom } from './from-protocol.js';
import { type Guarded, guard } from './guard.js';
import { hover } from './hover.js';
import { InlayHints } from './inlay-hints.js';
import { pictureFor } from './pictures.js';
import type { PlaceOfFile } from './place.js';
import { progressOf } from './progress.js';
import { Projects } from './projects.js';
import {
  CONTRACT_COMMAND,
  EXPLAIN_COMMAND,
  EXPLAIN_FINDING_REQUEST,
  type ExplainFindingParams,
  type FindingPage,
  PICTURE_REQUEST,
  type PictureParams,
  type PictureReply,
  STATUS_NOTIFICATION,
  STATUS_REQUEST,
} from './protocol.js';
import { Reports } from './reports.js';
import { onReviewRequests } from './review.js';
import type { RunScan } from './scan.js';
import { onCodeActions } from './serve-actions.js';
import { serveDiagnostics } from './serve-diagnostics.js';
import { Scans } from './serve-scan.js';
import { type Served, ServedDocuments } from './served.js';
import { Shown } from './shown.js';
import { statusReport } from './status.js';
import { type KernelTree, Trees } from './trees.js';
import { wireOf } from './wire.js';

/** What the server is made with: the host's means. */
export interface ServerOptions {
  readonly name: string;
  readonly version: string;
  /** Where a file belongs and what holds there, from what is set in the client; null: it lies in no kernel tree. */
  readonly placeOf: (path: string, given: GivenSettings) => PlaceOfFile | null;
  readonly makeEngine: MakeEngine;
  /** Checks a whole directory, on engines that are made for it. */
  readonly scan: RunScan;
  /** URL of a rule's page, or null. */
  readonly rulePage: (rule: string) => string | null;
  /** URL of the page of a method's contract, or null. */
  readonly methodPage: (struct: string, method: string) => string | null;
}

/** Section of the settings that the client is asked for. */
const SECTION = 'lockwalk';
/** A tree whose documents are all closed keeps its engine for this long. */
const KEEP_TREE_MS = 60_000;

/** A link that runs a command of the client. */
function commandLink(command: string, argument: string): string {
  return `command:${command}?${encodeURIComponent(JSON.stringify([argument]))}`;
}

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
  const projects = new Projects({
    push: (uri, diagnostics) => void connection.sendDiagnostics({ uri, diagnostics }),
    log: (text) => connection.console.warn(text),
  });
  const placed = async (uri: string, path: string): Promise<PlaceOfFile | null> => {
    const place = options.placeOf(path, await configuration.of(uri));
    if (place !== null) projects.seen(place, trees.get(place.spec));
    return place;
  };
  const served = new ServedDocuments(documents, trees, placed);
  const reports = new Reports({
    pulled: () => client.pullsDiagnostics,
    push: (uri, version, diagnostics) =>
      void connection.sendDiagnostics(
        version === null ? { uri, diagnostics } : { uri, version, diagnostics },
      ),
    refresh: () => {
      if (client.refreshesDiagnostics) connection.languages.diagnostics.refresh();
    },
  });
  /** A command where the client has it: pages of the extension are shown as what they look like, not as their text. */
  const rulePage = (rule: string): string | null =>
    client.commands.has(EXPLAIN_COMMAND) && options.rulePage(rule) !== null
      ? commandLink(EXPLAIN_COMMAND, rule)
      : options.rulePage(rule);
  const wireIn = (tree: KernelTree): ReturnType<typeof wireOf> =>
    wireOf(tree, documents, client.encoding, rulePage);
  const wire = (one: Served): ReturnType<typeof wireOf> => wireIn(one.tree);
  const page = (struct: string, method: string): string | null =>
    client.showsContracts
      ? commandLink(CONTRACT_COMMAND, `${struct}/${method}`)
      : options.methodPage(struct, method);
  const hints = new InlayHints(documents, () => {
    if (client.inlayHintRefresh && !stopping) connection.languages.inlayHint.refresh();
  });
  const checker = new Checker(documents, served, {
    publish: (one, result) => {
      hints.checked(one.uri, result);
      const found = diagnosticsOf(wire(one), result.findings, one.settings, client);
      scans.told(one.uri);
      reports.put(one.uri, result.version, [...found, ...remarksOf(wire(one), result.remarks, client)]);
      shown.published(one, result);
    },
    clear: (uri) => {
      reports.clear(uri);
      shown.cleared(uri);
    },
    failed: (one, error) => {
      one.tree.failure = error instanceof Error ? error.message : String(error);
      log(`check of ${one.file}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
      reports.put(one.uri, documents.versionOf(one.uri) ?? 0, []); // stale findings are worse than none
    },
    started: (one) => {
      statusChanged();
      return progressOf(connection, client.progress, `Lockwalk: ${one.file}`);
    },
    changed: () => statusChanged(),
  });

  const shown = new Shown(connection, {
    documents,
    served,
    checker,
    scanned: () => scans.scanned,
    failures,
    client: () => client,
    wire,
  });
  const scans = new Scans({
    changed: () => shown.changed(),
    connection,
    documents,
    trees,
    checker: () => checker,
    failures,
    run: options.scan,
    place: placed,
    wire: wireIn,
    client: () => client,
  });
  serveDiagnostics(connection, documents, checker, reports, failures);

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
        codeLensProvider: {},
        callHierarchyProvider: true,
        codeActionProvider: client.codeActionLiterals
          ? {
              codeActionKinds: [CodeActionKind.QuickFix, CodeActionKind.RefactorRewrite, FIX_ALL_KIND],
              resolveProvider: client.resolvesActions,
            }
          : false,
        // A client that is told when to ask again need not ask for other files after each edit
        ...(client.pullsDiagnostics && {
          diagnosticProvider: {
            // Not the name that findings of scans and tasks go by in an editor: what takes those away leaves these
            identifier: 'lockwalk-open',
            interFileDependencies: !client.refreshesDiagnostics,
            workspaceDiagnostics: false,
          },
        }),
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
        const watchers = ['**/*.{c,h}', '**/.config', '**/Makefile', `**/${PROJECT_FILE}`].map(
          (globPattern) => ({ globPattern }),
        );
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
      if (!documents.change(uri, version, contentChanges)) return;
      scans.edited(uri);
      await checker.edited(uri);
    }),
  );
  connection.onDidCloseTextDocument(
    guard('close', failures, undefined, async ({ textDocument: { uri } }) => {
      const closed = scans.closing(uri);
      documents.close(uri);
      reports.closed(uri);
      checker.close(uri);
      hints.closed(uri);
      closed();
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
      shown.changed();
      await scans.settingsChanged();
    }),
  );
  connection.onDidChangeWatchedFiles(
    guard('files', failures, undefined, async ({ changes }) => {
      let relevant = false;
      let settings = false;
      const dropped = new Set<KernelTree>();
      for (const { uri } of changes) {
        const path = pathFromUri(uri);
        if (path === null || documents.versionOf(uri) !== null) continue; // the open text counts, not the file
        for (const tree of trees.all()) {
          const file = tree.file(path);
          if (file === null) continue;
          relevant = true;
          if (file === PROJECT_FILE) settings = true;
          else if (file === '.config' || file === 'Makefile') dropped.add(tree);
          else await tree.engine.invalidate(file);
        }
        scans.changed(uri);
      }
      for (const tree of dropped) await trees.drop(tree);
      if (dropped.size > 0 || settings) await served.replaceAll();
      if (relevant) await checker.scheduleAll(DEBOUNCE_MS);
      if (settings) await scans.settingsChanged();
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
  onCodeActions(connection, { served, documents, checker, failures, wire, client: () => client });
  connection.onRequest(
    EXPLAIN_FINDING_REQUEST,
    guard(
      'explain',
      failures,
      null,
      async ({ uri, fingerprint }: ExplainFindingParams, signal): Promise<FindingPage | null> => {
        const one = await served.of(uri);
        const result = one === null ? null : await checker.current(uri, signal);
        const finding = result?.findings.find((other) => other.fingerprint === fingerprint);
        if (one === null || finding === undefined) return scans.page(uri, fingerprint);
        return findingPage(finding, wire(one));
      },
    ),
  );
  connection.onRequest(
    PICTURE_REQUEST,
    guard<PictureParams, PictureReply | null>('picture', failures, null, async (params, signal) =>
      pictureFor(params, await served.of(params.uri), documents, signal),
    ),
  );
  onReviewRequests(connection, { served, documents, failures, wire, encoding: () => client.encoding });
  connection.onRequest(STATUS_REQUEST, () => statusReport(trees, documents, failures.last));

  connection.onShutdown(async () => {
    stopping = true;
    shown.stop();
    reports.stop();
    scans.stop();
    if (sweep !== null) clearTimeout(sweep);
    for (const uri of documents.uris()) checker.close(uri);
    await trees.dispose();
  });
  connection.listen();
}
