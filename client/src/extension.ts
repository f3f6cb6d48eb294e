/**
 * The extension: starts the server when a C file of a kernel tree is opened, and registers the commands and the status
 * item. Everything that Lockwalk knows comes from the server; this side computes nothing.
 */
import {
  commands,
  type ExtensionContext,
  type TextDocument,
  tasks,
  type Uri,
  window,
  workspace,
} from 'vscode';
import type { LanguageClient } from 'vscode-languageclient/node';
import { STATUS_REQUEST, type StatusReport } from '../../server/src/lsp/protocol.js';
import { keepBesideTasks } from './beside-tasks.js';
import { checkTasks, TASK_TYPE } from './check-task.js';
import {
  EXPLAIN_RULE,
  OPEN_SAMPLE,
  OPEN_WALKTHROUGH,
  RESTART,
  SHOW_CONTRACT,
  SHOW_OUTPUT,
  SHOW_STATUS,
} from './command-ids.js';
import { showContract } from './contract-pages.js';
import { findingCommands } from './finding-commands.js';
import { kernelRootOf } from './kernel-tree.js';
import { Pictures } from './pictures-view.js';
import { registerReview } from './review-view.js';
import { rulePageUri, rulesWithPages } from './rule-pages.js';
import { openSample } from './sample.js';
import { scanCommands } from './scan-commands.js';
import { ServerAccess } from './server-access.js';
import { languageClient } from './server-process.js';
import { registerShown } from './shown.js';
import { type ClientState, StatusItem } from './status-item.js';
import { statusText } from './status-text.js';
import { traceChannel } from './trace-channel.js';

let client: LanguageClient | null = null;

/** Called by the editor when the first C file is opened. */
export function activate(context: ExtensionContext): void {
  const output = window.createOutputChannel('Lockwalk', { log: true });
  const trace = traceChannel(output);
  const status = new StatusItem();
  const server = new ServerAccess();
  const folders = new Map<string, boolean>();
  const roots = new Set<string>();
  const show = (state: ClientState, why: string): void => status.showClient(state, [...roots], why);

  let starting: Promise<void> = Promise.resolve();

  async function start(): Promise<void> {
    if (client === null) starting = startNow();
    await starting;
  }

  async function startNow(): Promise<void> {
    client = languageClient(context, output, trace, {
      report: (report) => status.showReport(report),
      gaveUp: (why) => show('failed', why),
    });
    server.attach(client);
    show('starting', 'starting');
    void commands.executeCommand('setContext', 'lockwalk.hasTree', true);
    try {
      await client.start();
    } catch (error) {
      output.error(`the server did not start: ${String(error)}`);
      show('failed', 'the server did not start');
    }
  }

  async function opened(document: TextDocument): Promise<void> {
    if (document.uri.scheme !== 'file' || !/\.[ch]$/.test(document.uri.path)) return;
    const root = (await kernelRootOf(document.uri.fsPath, folders)) ?? configuredRoot(document.uri);
    if (root === null) return;
    roots.add(root);
    await start();
  }

  /** The server for a file or folder, started where it is not running; null where it lies in no kernel tree. */
  async function clientFor(uri: Uri): Promise<LanguageClient | null> {
    const root = (await kernelRootOf(`${uri.fsPath}/Makefile`, folders)) ?? configuredRoot(uri);
    if (root === null) return null;
    roots.add(root);
    await start();
    return client;
  }

  async function restart(): Promise<void> {
    const old = client;
    client = null;
    folders.clear();
    try {
      await old?.dispose();
    } catch (error) {
      output.warn(`the old server did not end in order: ${String(error)}`);
    }
    if (roots.size > 0 || old !== null) await start();
  }

  async function showStatus(): Promise<void> {
    output.show(true);
    if (client?.isRunning() !== true) {
      output.info('no server is running: it starts with the first C file of a kernel tree');
      return;
    }
    const report = await client.sendRequest<StatusReport>(STATUS_REQUEST);
    status.showReport(report);
    output.info(`status\n${statusText(report)}`);
  }

  async function explainRule(rule: unknown): Promise<void> {
    const rules = await rulesWithPages(context);
    const wanted =
      typeof rule === 'string' ? rule : await window.showQuickPick(rules, { placeHolder: 'Rule to explain' });
    if (wanted === undefined || !rules.includes(wanted)) return;
    await commands.executeCommand('markdown.showPreview', rulePageUri(context, wanted));
  }

  context.subscriptions.push(
    output,
    trace,
    status,
    new Pictures(context, () => client),
    commands.registerCommand(RESTART, restart),
    commands.registerCommand(SHOW_OUTPUT, () => output.show()),
    commands.registerCommand(SHOW_STATUS, showStatus),
    commands.registerCommand(EXPLAIN_RULE, explainRule),
    ...registerReview(() => client),
    commands.registerCommand(OPEN_SAMPLE, (what: unknown) => openSample(context, what, start)),
    commands.registerCommand(OPEN_WALKTHROUGH, () =>
      commands.executeCommand('workbench.action.openWalkthrough', `${context.extension.id}#lockwalk`, false),
    ),
    tasks.registerTaskProvider(TASK_TYPE, checkTasks(context, folders)),
    keepBesideTasks(() => client, folders),
    commands.registerCommand(SHOW_CONTRACT, (method: unknown) => showContract(context, method)),
    ...registerShown(server),
    ...findingCommands({ client: () => client, storage: context.storageUri ?? context.globalStorageUri }),
    ...scanCommands({ output, clientFor }),
    workspace.onDidOpenTextDocument((document) => void opened(document)),
  );
  for (const document of workspace.textDocuments) void opened(document);
}

/** A root that is set by hand counts for the files below it, whatever it looks like. */
function configuredRoot(uri: Uri): string | null {
  const root = workspace.getConfiguration('lockwalk', uri).get<string>('kernelRoot') ?? '';
  return root !== '' && uri.fsPath.startsWith(root.endsWith('/') ? root : `${root}/`) ? root : null;
}

/** Called by the editor before it ends. */
export async function deactivate(): Promise<void> {
  await client?.dispose();
}
