/**
 * The refactoring that writes a function's precondition down, where the cursor stands on the function's signature. Asks
 * the engine only for lines that can be part of one. Must not know how the precondition is found.
 */
import { type CodeAction, CodeActionKind, type CodeActionParams } from 'vscode-languageserver';
import { type CodeActionSurroundings, isWanted } from './code-actions.js';
import type { Served } from './served.js';
import { toWorkspaceEdit } from './to-protocol.js';

/** The action for a request; none where nothing is certain. */
export async function annotateActions(
  params: CodeActionParams,
  served: Served,
  around: CodeActionSurroundings,
  signal: AbortSignal,
): Promise<CodeAction[]> {
  const { uri } = params.textDocument;
  const { line } = params.range.start;
  if (
    !isWanted(CodeActionKind.RefactorRewrite, params.context.only) ||
    !mayBeSignature(around.documents.line(uri, line))
  )
    return [];
  const { tree, file } = served;
  const { result, versions } = await tree.lane.add('interactive', signal, async (stop) => {
    const told = await tree.tell(around.documents);
    const query = { file, line: line + 1, style: 'assert' } as const;
    return { versions: told, result: await tree.engine.annotate(query, stop) };
  });
  const fix = result.ok ? result.answer.fix : null;
  if (fix === null || versions.get(uri) !== around.documents.versionOf(uri)) return [];
  const versionOf = (of: string): number | null => around.documents.versionOf(of);
  return [
    {
      title: fix.title,
      kind: CodeActionKind.RefactorRewrite,
      edit: toWorkspaceEdit(around.wire, fix.edits, versionOf, around.documentChanges),
    },
  ];
}

/** Statements stand indented by one tab and end in `;`: no signature has such a line. */
function mayBeSignature(text: string | null): boolean {
  return text !== null && text.trim() !== '' && !/;\s*$|^[#{}]/.test(text);
}
