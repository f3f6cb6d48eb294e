/**
 * Commands about one finding: the page that says why it is reported, and the comment that ignores it, for which the user is asked
 * why. Pages and places come from the server.
 */
import { relative } from 'node:path';
import {
  commands,
  type Diagnostic,
  type Disposable,
  languages,
  Position,
  Uri,
  WorkspaceEdit,
  window,
  workspace,
} from 'vscode';
import type { LanguageClient } from 'vscode-languageclient/node';
import {
  EXPLAIN_FINDING_REQUEST,
  type ExplainFindingParams,
  type FindingPage,
  type IgnoreArguments,
} from '../../server/src/lsp/protocol.js';
import { IGNORE_FINDING, WHY_REPORTED } from './command-ids.js';

/** What the commands need: the server, null where none runs, and a folder of our own for pages. */
export interface FindingHost {
  client(): LanguageClient | null;
  readonly storage: Uri;
}

/** Registers the commands. */
export function findingCommands(host: FindingHost): Disposable[] {
  return [
    commands.registerCommand(WHY_REPORTED, (argument: unknown) => why(host, argument)),
    commands.registerCommand(IGNORE_FINDING, ignore),
  ];
}

async function why(host: FindingHost, argument: unknown): Promise<void> {
  const client = host.client();
  const params = isParams(argument) ? argument : client === null ? null : atCursor(client);
  const page =
    client === null || params === null
      ? null
      : await client.sendRequest<FindingPage | null>(EXPLAIN_FINDING_REQUEST, params);
  if (page === null) {
    void window.showInformationMessage('Lockwalk: no finding is reported at the cursor.');
    return;
  }
  // A file, since the preview follows no links to other files out of anything else, and only relative ones
  const folder = Uri.joinPath(host.storage, 'findings');
  const file = Uri.joinPath(folder, `${page.title.replaceAll('/', ' ')}.md`);
  await workspace.fs.writeFile(file, Buffer.from(withRelativeLinks(page.markdown, folder.fsPath)));
  await commands.executeCommand('markdown.showPreviewToSide', file);
}

/** The page with its links to files as the preview follows them: relative to the folder that it stands in. */
function withRelativeLinks(markdown: string, folder: string): string {
  return markdown.replace(
    /\]\((file:\/\/[^)#]+)(#[^)]*)?\)/g,
    (_, target: string, place: string | undefined) => {
      const path = relative(folder, Uri.parse(target).fsPath).replaceAll('\\', '/');
      return `](${encodeURI(path)}${place ?? ''})`;
    },
  );
}

function isParams(argument: unknown): argument is ExplainFindingParams {
  return typeof argument === 'object' && argument !== null && 'fingerprint' in argument && 'uri' in argument;
}

/** The finding of ours at the cursor. */
function atCursor(client: LanguageClient): ExplainFindingParams | null {
  const editor = window.activeTextEditor;
  if (editor === undefined) return null;
  const { uri } = editor.document;
  for (const diagnostic of languages.getDiagnostics(uri)) {
    const onLine = diagnostic.range.intersection(editor.document.lineAt(editor.selection.active).range);
    const fingerprint = onLine === undefined ? null : fingerprintOf(diagnostic);
    if (fingerprint !== null) return { uri: client.code2ProtocolConverter.asUri(uri), fingerprint };
  }
  return null;
}

/** What the server sent along with a diagnostic. */
function fingerprintOf(diagnostic: Diagnostic & { readonly data?: unknown }): string | null {
  const { source, data } = diagnostic;
  if (source !== 'lockwalk' || typeof data !== 'object' || data === null || !('fingerprint' in data))
    return null;
  return typeof data.fingerprint === 'string' ? data.fingerprint : null;
}

async function ignore(argument: IgnoreArguments): Promise<void> {
  const { uri, version, rule, line, character, before, after } = argument;
  const reason = await window.showInputBox({
    title: `Ignore ${rule} here`,
    prompt: 'Why is the code right? The reason stands in the comment, for those who read it later.',
    placeHolder: 'the object is not published yet',
    validateInput: (text) => (text.trim() === '' ? 'A comment without a reason ignores nothing.' : null),
  });
  if (reason === undefined) return;
  const document = await workspace.openTextDocument(Uri.parse(uri));
  if (version !== null && document.version !== version) {
    void window.showWarningMessage(
      'Lockwalk: the text has changed meanwhile. Please choose the action again.',
    );
    return;
  }
  const said = reason.replace(/\s+/g, ' ').replaceAll('*/', '* /').trim();
  const edit = new WorkspaceEdit();
  edit.insert(document.uri, new Position(line, character), `${before}${said}${after}`);
  await workspace.applyEdit(edit);
}
