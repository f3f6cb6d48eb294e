/**
 * The sample that travels with the extension: a small tree with planted mistakes, copied to where the editor lets an
 * extension write, and opened at one of them. Must not know how the server is started.
 */
import { commands, type ExtensionContext, Selection, type TextEditor, Uri, window, workspace } from 'vscode';

/** Where the first step of the walkthrough begins: a mistake, and the word of it that the squiggle is under. */
const FILE = 'fs/netfsd/dir.c';
const LINE = 'struct inode *inode = d_inode(dentry);';
const WORD = 'd_inode(';

/** What is shown besides the place. */
type Then = 'nothing' | 'hover' | 'fixes';

const COMMANDS: Readonly<Record<Then, string | null>> = {
  nothing: null,
  hover: 'editor.action.showHover',
  fixes: 'editor.action.quickFix',
};

/**
 * Opens the sample at its first mistake. `what` comes from a link and may be anything; `ready` settles when the server
 * answers.
 */
export async function openSample(
  context: ExtensionContext,
  what: unknown,
  ready: () => Promise<void>,
): Promise<void> {
  const root = await freshCopy(context);
  const document = await workspace.openTextDocument(Uri.joinPath(root, FILE));
  const editor = await window.showTextDocument(document, { preview: false });
  placeCursor(editor);
  const command = typeof what === 'string' && Object.hasOwn(COMMANDS, what) ? COMMANDS[what as Then] : null;
  if (command === null) return;
  await ready();
  await commands.executeCommand(command);
}

/** The sample as it was packed, but for a file that is being edited. */
async function freshCopy(context: ExtensionContext): Promise<Uri> {
  const root = Uri.joinPath(context.globalStorageUri, 'sample');
  const edited = workspace.textDocuments.some(
    (one) => one.isDirty && one.uri.path.startsWith(`${root.path}/`),
  );
  if (!edited) {
    const packed = Uri.joinPath(context.extensionUri, 'examples', 'tree');
    await workspace.fs.createDirectory(context.globalStorageUri);
    await workspace.fs.copy(packed, root, { overwrite: true });
  }
  return root;
}

function placeCursor(editor: TextEditor): void {
  const text = editor.document.getText();
  const line = text.indexOf(LINE);
  const at = editor.document.positionAt(line < 0 ? 0 : line + LINE.indexOf(WORD));
  editor.selection = new Selection(at, at);
  editor.revealRange(editor.selection);
}
