/**
 * The commands that check a whole tree or directory: progress with a way to stop, and what came of it as one message, with
 * counts by rule in the log. The server does the work and shows the findings.
 */
import {
  commands,
  type Disposable,
  type LogOutputChannel,
  ProgressLocation,
  Uri,
  window,
  workspace,
} from 'vscode';
import { type LanguageClient, WorkDoneProgress } from 'vscode-languageclient/node';
import { SCAN_REQUEST, type ScanParams, type ScanReport } from '../../server/src/lsp/protocol.js';
import { CHECK_DIRECTORY, CHECK_TREE } from './command-ids.js';

/** What the commands need: the server for a place, started where it is not running; null where there is no kernel tree. */
export interface ScanHost {
  readonly output: LogOutputChannel;
  clientFor(uri: Uri): Promise<LanguageClient | null>;
}

/** Registers the commands. */
export function scanCommands(host: ScanHost): Disposable[] {
  return [
    commands.registerCommand(CHECK_TREE, (uri: unknown) => run(host, 'tree', uri)),
    commands.registerCommand(CHECK_DIRECTORY, (uri: unknown) => run(host, 'directory', uri)),
  ];
}

let serial = 0;

async function run(host: ScanHost, what: ScanParams['what'], given: unknown): Promise<void> {
  const found = await placeFor(host, given);
  if (found === null) {
    void window.showWarningMessage('Lockwalk: no kernel tree here. Open a file of one, or its folder.');
    return;
  }
  const { client, uri } = found;
  const report = await window.withProgress(
    { location: ProgressLocation.Notification, title: 'Lockwalk', cancellable: true },
    async (progress, token) => {
      const workDoneToken = `lockwalk-scan-${++serial}`;
      let done = 0;
      const listening = client.onProgress(WorkDoneProgress.type, workDoneToken, (value) => {
        if (value.kind === 'begin') progress.report({ message: value.title.replace(/^Lockwalk: /, '') });
        if (value.kind !== 'report') return;
        const increment = Math.max(0, (value.percentage ?? 0) - done);
        done += increment;
        progress.report({ increment, message: `${value.percentage ?? 0}%, ${value.message ?? ''}` });
      });
      try {
        const params: ScanParams = { uri: client.code2ProtocolConverter.asUri(uri), what, workDoneToken };
        return await client.sendRequest<ScanReport | null>(SCAN_REQUEST, params, token);
      } finally {
        listening.dispose();
      }
    },
  );
  tell(host.output, report);
}

/** Where to check: what was clicked on, the file at hand, or the first folder of the workspace that lies in a kernel tree. */
async function placeFor(
  host: ScanHost,
  given: unknown,
): Promise<{ readonly client: LanguageClient; readonly uri: Uri } | null> {
  const places = [
    ...(given instanceof Uri ? [given] : []),
    ...(window.activeTextEditor === undefined ? [] : [window.activeTextEditor.document.uri]),
    ...(workspace.workspaceFolders ?? []).map((folder) => folder.uri),
  ];
  for (const uri of places) {
    const client = uri.scheme === 'file' ? await host.clientFor(uri) : null;
    if (client !== null) return { client, uri };
  }
  return null;
}

function tell(output: LogOutputChannel, report: ScanReport | null): void {
  if (report === null) {
    void window.showWarningMessage('Lockwalk: the check failed; the log says why.');
    return;
  }
  const where = report.paths.map((path) => (path === '' ? report.root : `${path}/`)).join(', ');
  if (report.cancelled) {
    output.info(`check of ${where} stopped; findings are as they were`);
    window.setStatusBarMessage(`Lockwalk: check of ${where} stopped`, 5000);
    return;
  }
  const found = `${count(report.findings, 'finding')} in ${count(report.filesWithFindings, 'file')}`;
  const looked = `${count(report.files, 'file')} of ${where} checked in ${(report.ms / 1000).toFixed(1)} s`;
  const skipped = report.skipped.length === 0 ? '' : `, ${report.skipped.length} skipped`;
  output.info([`${found}: ${looked}${skipped}`, ...details(report)].join('\n'));
  const buttons = [...(report.findings > 0 ? ['Show Problems'] : []), 'Counts by Rule'];
  void window
    .showInformationMessage(`Lockwalk: ${found}. ${looked}${skipped}.`, ...buttons)
    .then((button) => {
      if (button === 'Show Problems') void commands.executeCommand('workbench.actions.view.problems');
      else if (button !== undefined) output.show(true);
    });
}

function details({ root, functions, rules, skipped }: ScanReport): readonly string[] {
  const width = Math.max(0, ...rules.map(({ rule }) => rule.length));
  return [
    `  ${root}: ${count(functions, 'function')}`,
    ...rules.map(({ rule, findings }) => `  ${rule.padEnd(width)}  ${findings}`),
    ...skipped.map(({ file, reason }) => `  skipped: ${file}: ${reason}`),
  ];
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}
