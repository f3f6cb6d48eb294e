/**
 * The pages of VFS methods that travel with the extension, for the command that shows one.
 */
import { readdir } from 'node:fs/promises';
import { commands, type ExtensionContext, Uri, window } from 'vscode';

/** Shows the contract of a method, `dentry_operations/d_revalidate`; asks which one where none is named. */
export async function showContract(context: ExtensionContext, method: unknown): Promise<void> {
  const folder = Uri.joinPath(context.extensionUri, 'docs', 'model');
  const pages = await methodsWithPages(folder.fsPath);
  const wanted =
    typeof method === 'string' ? method : await window.showQuickPick(pages, { placeHolder: 'VFS method' });
  if (wanted === undefined || !pages.includes(wanted)) return;
  await commands.executeCommand('markdown.showPreview', Uri.joinPath(folder, `${wanted}.md`));
}

/** `structure/method` of each page, sorted. */
async function methodsWithPages(folder: string): Promise<readonly string[]> {
  const found: string[] = [];
  for (const struct of await readdir(folder, { withFileTypes: true })) {
    if (!struct.isDirectory()) continue;
    for (const name of await readdir(`${folder}/${struct.name}`))
      if (name.endsWith('.md')) found.push(`${struct.name}/${name.slice(0, -'.md'.length)}`);
  }
  return found.sort();
}
