/**
 * All safe fixes of a file, or of one rule in it, as one edit. Which of them stand the proof is found out when the action is chosen
 * (`codeAction/resolve`), or at once for a client that cannot ask again: an offer starts no work where it need not. Must not know
 * rules, nor what a fix does.
 */
import { join } from 'node:path';
import { type CodeAction, CodeActionKind, type WorkspaceEdit } from 'vscode-languageserver';
import type { Finding, Fix } from '../engine/base/finding.js';
import { rulesToRun } from '../engine/findings/severity.js';
import { editsBetween } from '../engine/findings/text-edits.js';
import { type FixesTried, folderOf, type Ground, safeFix, tryFixes } from '../engine/findings/try-fixes.js';
import { RULES } from '../engine/rules/index.js';
import { readTextFile } from '../host/text-file.js';
import type { Result } from './checker.js';
import type { CodeActionSurroundings } from './code-actions.js';
import type { Served } from './served.js';
import { toWorkspaceEdit } from './to-protocol.js';

/** All safe fixes of a file at once, as editors do it on saving. */
export const FIX_ALL_KIND = `${CodeActionKind.SourceFixAll}.lockwalk`;

/** What an action carries until it is chosen. */
export interface FixAllData {
  readonly fixAll: { readonly uri: string /** Null: all rules. */; readonly rule: string | null };
}

/** What is chosen, or null where an action is another one. */
export function fixAllOf(action: CodeAction): FixAllData['fixAll'] | null {
  const data: unknown = action.data;
  if (typeof data !== 'object' || data === null || !('fixAll' in data)) return null;
  const { fixAll } = data;
  if (typeof fixAll !== 'object' || fixAll === null || !('uri' in fixAll) || !('rule' in fixAll)) return null;
  const { uri, rule } = fixAll;
  if (typeof uri !== 'string' || (typeof rule !== 'string' && rule !== null)) return null;
  return { uri, rule };
}

/** The findings that an action would fix, as far as can be told without trying. */
export function fixable(
  result: Result,
  { uri, rule }: FixAllData['fixAll'],
  around: CodeActionSurroundings,
): readonly Finding[] {
  return result.findings.filter((finding) => {
    const fix = safeFix(finding);
    if (fix === null || (rule !== null && finding.rule !== rule)) return false;
    return (rule !== null || staysIn(uri, around)(fix)) && stillFits(fix, result, around);
  });
}

/** Whether no document that the fix edits was changed since the check began. */
export function stillFits(fix: Fix, result: Result, { wire, documents }: CodeActionSurroundings): boolean {
  return fix.edits.every((edit) => {
    const uri = wire.uriOf(edit.file);
    const now = documents.versionOf(uri);
    return now === null || result.versions.get(uri) === now;
  });
}

/** What is done on saving a file changes no other one. */
function staysIn(uri: string, { wire }: CodeActionSurroundings): (fix: Fix) => boolean {
  return (fix) => fix.edits.every(({ file }) => wire.uriOf(file) === uri);
}

/** An edit with the fixes that stand the proof, and what is left out; null where a document was changed meanwhile. */
export async function proveFixes(
  served: Served,
  result: Result,
  what: FixAllData['fixAll'],
  around: CodeActionSurroundings,
  signal: AbortSignal,
): Promise<{ readonly edit: WorkspaceEdit; readonly left: FixesTried['left'] } | null> {
  const { tree } = served;
  const { documents, wire } = around;
  const wanted = fixable(result, what, around);
  const fixes = wanted.flatMap((finding) => safeFix(finding)?.edits ?? []);
  const before = new Map<string, string>();
  const tried = await tree.lane.add('interactive', signal, async (stop) => {
    const versions = await tree.tell(documents);
    for (const { file } of fixes) {
      const text = documents.get(wire.uriOf(file))?.text ?? textOnDisk(tree.spec.root, file);
      if (text !== null) before.set(file, text);
    }
    try {
      const answer = await tryFixes(await groundOf(served, before.keys(), stop), {
        findings: new Set(wanted.map(({ fingerprint }) => fingerprint)),
        allowed: what.rule === null ? staysIn(what.uri, around) : () => true,
        texts: before,
      });
      return { ...answer, versions };
    } finally {
      for (const [file, text] of before)
        await tree.engine.overlay(file, tree.openUri(file) === null ? null : text);
    }
  });
  const { gone, left, texts, versions } = tried;
  const changed = [...before].filter(([file, text]) => texts.get(file) !== text);
  const versionOf = (uri: string): number | null => documents.versionOf(uri);
  if (changed.some(([file]) => (versions.get(wire.uriOf(file)) ?? null) !== versionOf(wire.uriOf(file))))
    return null;
  const edits =
    gone.length === 0
      ? []
      : changed.flatMap(([file, text]) => editsBetween(file, text, texts.get(file) as string));
  return { edit: toWorkspaceEdit(wire, edits, versionOf, around.documentChanges), left };
}

/** The engine of the tree, looking at all files beside those that may be changed. */
async function groundOf(
  { tree, file, settings }: Served,
  changed: Iterable<string>,
  signal: AbortSignal,
): Promise<Ground> {
  const folders = new Set([file, ...changed].map(folderOf));
  const below = await tree.engine.files([...folders]);
  const paths = below.map((one) => one.file).filter((one) => folders.has(folderOf(one)));
  const rules = rulesToRun(settings.rules, settings.severity, RULES);
  return {
    check: () => tree.engine.check({ paths, rules, precision: 'low' }, signal, () => undefined),
    overlay: (name, text) => tree.engine.overlay(name, text),
  };
}

function textOnDisk(root: string, file: string): string | null {
  const read = readTextFile(join(root, file));
  return read.ok ? read.text : null;
}

/** Which fixes were left out, for people. */
export function leftWords(left: FixesTried['left']): string {
  return left
    .map(({ finding, why }) => `${finding.file}:${finding.line}: ${finding.rule} is not fixed: ${why}`)
    .join('; ');
}
