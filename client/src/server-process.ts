/**
 * The server's process as the extension sees it: started over Node IPC, restarted a few times when it dies, never with
 * a pop-up. Must not know kernel trees or commands.
 */
import { CodeAction, type ExtensionContext, type LogOutputChannel, Uri, WorkspaceEdit } from 'vscode';
import {
  CloseAction,
  ErrorAction,
  LanguageClient,
  type LanguageClientOptions,
  RevealOutputChannelOn,
  type ServerOptions,
  TransportKind,
} from 'vscode-languageclient/node';
import {
  type InitializationOptions,
  STATUS_NOTIFICATION,
  type StatusReport,
} from '../../server/src/lsp/protocol.js';
import { EXPLAIN_RULE, IGNORE_FINDING, SHOW_CALLERS, SHOW_CONTRACT, WHY_REPORTED } from './command-ids.js';
import { explicitSettings } from './explicit-settings.js';

/** A server that dies more often than this within `RESTART_WINDOW_MS` is left alone. */
const MAX_RESTARTS = 3;
const RESTART_WINDOW_MS = 180_000;
/** Under which the editor keeps what scans and tasks have found; the manifest's problem matcher names it. */
const CLOSED_FILES = 'lockwalk';

export interface ServerEvents {
  report(report: StatusReport): void;
  /** The server is gone for good; a restart is up to the user. */
  gaveUp(why: string): void;
}

/** A client that has not been started yet; its traffic is written to `trace`. */
export function languageClient(
  context: ExtensionContext,
  output: LogOutputChannel,
  trace: LogOutputChannel,
  events: ServerEvents,
): LanguageClient {
  const module = Uri.joinPath(context.extensionUri, 'dist', 'server.mjs').fsPath;
  const server: ServerOptions = { module, transport: TransportKind.ipc };
  const initializationOptions: InitializationOptions = {
    statusNotifications: true,
    resultsNotifications: true,
    commands: [EXPLAIN_RULE, WHY_REPORTED, IGNORE_FINDING, SHOW_CONTRACT, SHOW_CALLERS],
  };
  const died: number[] = [];
  const options: LanguageClientOptions = {
    documentSelector: [
      { scheme: 'file', language: 'c' },
      { scheme: 'file', language: 'cpp', pattern: '**/*.h' },
    ],
    diagnosticPullOptions: { onChange: true }, // never for anything but a new text: the server says when to ask again
    // The owner of the task's problem matcher, too: of a file that is not open the later one has the say, and nothing is there twice
    diagnosticCollectionName: CLOSED_FILES,
    middleware: {
      workspace: { configuration: explicitSettings },
      provideDiagnostics: async (document, previous, token, next) => {
        const report = await next(document, previous, token);
        // Checked, now or before, so the server speaks for it: what a task found there goes
        if (report?.resultId !== undefined)
          client.diagnostics?.delete(document instanceof Uri ? document : document.uri);
        return report;
      },
      // What runs a command has nothing to be resolved. Without an edit it would be all the same, and the editor forgets the command
      // where the light bulb moves meanwhile: "Actual command not found"
      provideCodeActions: async (document, range, why, token, next) => {
        const actions = await next(document, range, why, token);
        for (const one of actions ?? [])
          if (one instanceof CodeAction && one.command !== undefined) one.edit ??= new WorkspaceEdit();
        return actions;
      },
    },
    outputChannel: output,
    traceOutputChannel: trace,
    // The hover links to the pages of methods, and to nothing else that runs
    markdown: { isTrusted: { enabledCommands: [SHOW_CONTRACT] } },
    revealOutputChannelOn: RevealOutputChannelOn.Never,
    initializationOptions,
    initializationFailedHandler: (error) => {
      output.error(`the server did not start: ${String(error)}`);
      return false;
    },
    errorHandler: {
      error: (error) => {
        output.error(`connection: ${error.message}`);
        return { action: ErrorAction.Continue, handled: true };
      },
      closed: () => {
        const now = Date.now();
        died.push(now);
        const recent = died.filter((time) => now - time < RESTART_WINDOW_MS).length;
        if (recent <= MAX_RESTARTS) {
          output.warn('the server ended unexpectedly and is started again');
          return { action: CloseAction.Restart, handled: true };
        }
        output.error(`the server ended ${recent} times in a row and is left alone`);
        events.gaveUp('the server ended several times in a row');
        return { action: CloseAction.DoNotRestart, handled: true };
      },
    },
  };
  const client = new LanguageClient('lockwalk', 'Lockwalk', server, options);
  client.onNotification(STATUS_NOTIFICATION, (report: StatusReport) => events.report(report));
  return client;
}
