/**
 * The rule pages that travel with the extension, for the command that opens one.
 */
import { readdir } from 'node:fs/promises';
import { type ExtensionContext, Uri } from 'vscode';

/** Ids of the rules that have a page, sorted. */
export async function rulesWithPages(context: ExtensionContext): Promise<readonly string[]> {
  const folder = Uri.joinPath(context.extensionUri, 'docs', 'rules').fsPath;
  const found: string[] = [];
  for (const family of await readdir(folder, { withFileTypes: true })) {
    if (!family.isDirectory()) continue;
    for (const name of await readdir(`${folder}/${family.name}`)) {
      if (name.endsWith('.md')) found.push(`${family.name}/${name.slice(0, -'.md'.length)}`);
    }
  }
  return found.sort();
}

export function rulePageUri(context: ExtensionContext, rule: string): Uri {
  return Uri.joinPath(context.extensionUri, 'docs', 'rules', `${rule}.md`);
}
