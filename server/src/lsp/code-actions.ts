/**
 * What can be done about the findings at a range: fixes, all fixes of a rule in the file, a comment that ignores the finding, and
 * pages that explain it. Offered only from findings of the present text, and only where every document that a fix touches still
 * has the version that the finding was computed from; of several fixes at once (`fix-all.ts`) the edit comes later. Must not know rules.
 */
import {
  type CodeAction,
  CodeActionKind,
  type CodeActionParams,
  type Diagnostic,
} from 'vscode-languageserver';
import type { Finding } from '../engine/base/finding.js';
import { ignoreComment, withReason } from '../engine/findings/ignore-comment.js';
import type { Result } from './checker.js';
import type { Documents } from './documents.js';
import { FIX_ALL_KIND, type FixAllData, fixable, stillFits } from './fix-all.js';
import {
  EXPLAIN_COMMAND,
  type ExplainFindingParams,
  IGNORE_COMMAND,
  type IgnoreArguments,
  WHY_COMMAND,
} from './protocol.js';
import {
  fingerprintOf,
  toCodeAction,
  toDiagnostic,
  toPosition,
  toWorkspaceEdit,
  type Wire,
} from './to-protocol.js';

export interface CodeActionSurroundings {
  readonly wire: Wire;
  readonly documents: Documents;
  /** The client takes edits with document versions. */
  readonly documentChanges: boolean;
  /** Commands that the client has. */
  readonly commands: ReadonlySet<string>;
}

/** A finding that is asked about, with the client's diagnostics for it. */
interface Asked {
  readonly finding: Finding;
  readonly diagnostics: Diagnostic[];
}

/** Whether a client that asks for these kinds (absent: for all) wants one of this kind. */
export function isWanted(kind: string, only: readonly string[] | undefined): boolean {
  return only === undefined || only.some((one) => one === '' || `${kind}.`.startsWith(`${one}.`));
}

/** The actions for a request, safe fixes first. */
export function codeActions(
  params: CodeActionParams,
  result: Result,
  around: CodeActionSurroundings,
): CodeAction[] {
  const { only } = params.context;
  const actions: CodeAction[] = [];
  if (isWanted(CodeActionKind.QuickFix, only)) actions.push(...quickFixes(params, result, around));
  // What is done to a whole file is offered where it is asked for, and not at every light bulb
  if (only !== undefined && isWanted(FIX_ALL_KIND, only)) actions.push(...fixAll(params, result, around));
  return actions;
}

function quickFixes(
  params: CodeActionParams,
  result: Result,
  around: CodeActionSurroundings,
): readonly CodeAction[] {
  const asked = findingsAt(params, result, around.wire);
  const fixes = asked.flatMap(({ finding, diagnostics }) =>
    finding.fixes
      .filter((fix) => stillFits(fix, result, around))
      .map((fix) => {
        const versionOf = (uri: string): number | null => around.documents.versionOf(uri);
        return toCodeAction(around.wire, fix, diagnostics, versionOf, around.documentChanges);
      }),
  );
  fixes.sort((a, b) => Number(b.isPreferred === true) - Number(a.isPreferred === true));
  const rest = [
    ...asked.flatMap((one) => fixesOfRule(one, params, result, around)),
    ...asked.flatMap((one) => ignoring(one, params.textDocument.uri, around)),
    ...asked.flatMap((one) => pages(one, params.textDocument.uri, around)),
  ];
  return [...fixes, ...rest.filter((one, at) => rest.findIndex(({ title }) => title === one.title) === at)];
}

/** All safe fixes of the rule in the file, where there are several: which of them do is found out when it is chosen. */
function fixesOfRule(
  { finding: { rule }, diagnostics }: Asked,
  { textDocument: { uri } }: CodeActionParams,
  result: Result,
  around: CodeActionSurroundings,
): readonly CodeAction[] {
  const data: FixAllData = { fixAll: { uri, rule } };
  if (fixable(result, data.fixAll, around).length < 2) return [];
  const title = `Fix all of ${rule} in this file`;
  return [{ title, kind: CodeActionKind.QuickFix, diagnostics, data }];
}

/** All safe fixes that stay in the file. */
function fixAll(
  { textDocument: { uri } }: CodeActionParams,
  result: Result,
  around: CodeActionSurroundings,
): readonly CodeAction[] {
  const data: FixAllData = { fixAll: { uri, rule: null } };
  if (fixable(result, data.fixAll, around).length === 0) return [];
  return [{ title: 'Lockwalk: apply safe fixes', kind: FIX_ALL_KIND, data }];
}

/** The comment that ignores the finding: the client asks for the reason where it can, else one is to be written over. */
function ignoring(
  { finding, diagnostics }: Asked,
  uri: string,
  around: CodeActionSurroundings,
): readonly CodeAction[] {
  const { wire, documents } = around;
  const comment = ignoreComment(finding, (line) => wire.lineText(finding.file, line));
  if (comment === null) return [];
  const kind = CodeActionKind.QuickFix;
  const { file, line, column, before, after } = comment;
  if (!around.commands.has(IGNORE_COMMAND)) {
    const versionOf = (of: string): number | null => documents.versionOf(of);
    const edit = toWorkspaceEdit(wire, [withReason(comment, '')], versionOf, around.documentChanges);
    const title = `Ignore ${finding.rule} here (reason to be filled in)`;
    return [{ title, kind, diagnostics, edit }];
  }
  const title = `Ignore ${finding.rule} here, with a reason...`;
  const at = toPosition(wire, file, line, column);
  const argument: IgnoreArguments = {
    uri,
    version: documents.versionOf(uri),
    rule: finding.rule,
    ...at,
    before,
    after,
  };
  return [{ title, kind, diagnostics, command: { title, command: IGNORE_COMMAND, arguments: [argument] } }];
}

/** Pages: why this is reported, and what the rule is about. */
function pages(
  { finding: { rule, fingerprint }, diagnostics }: Asked,
  uri: string,
  { commands }: CodeActionSurroundings,
): readonly CodeAction[] {
  const actions: CodeAction[] = [];
  const add = (title: string, command: string, argument: unknown): void => {
    if (!commands.has(command)) return;
    const kind = CodeActionKind.QuickFix;
    actions.push({ title, kind, diagnostics, command: { title, command, arguments: [argument] } });
  };
  const why: ExplainFindingParams = { uri, fingerprint };
  add(`Why ${rule} is reported here`, WHY_COMMAND, why);
  add(`Explain ${rule}`, EXPLAIN_COMMAND, rule);
  return actions;
}

/** Findings that the client named by fingerprint; where it named none of ours, those that the range touches. */
function findingsAt(params: CodeActionParams, result: Result, wire: Wire): readonly Asked[] {
  const named = params.context.diagnostics.filter((diagnostic) => fingerprintOf(diagnostic) !== null);
  const found: Asked[] = [];
  for (const finding of result.findings) {
    const sameHash = named.filter((diagnostic) => fingerprintOf(diagnostic) === finding.fingerprint);
    if (sameHash.length > 0) found.push({ finding, diagnostics: sameHash });
    else if (named.length === 0) {
      const diagnostic = toDiagnostic(wire, finding, 'warning', false);
      const { start, end } = diagnostic.range;
      const { start: from, end: to } = params.range;
      const before = end.line < from.line || (end.line === from.line && end.character < from.character);
      const after = start.line > to.line || (start.line === to.line && start.character > to.character);
      if (!before && !after) found.push({ finding, diagnostics: [diagnostic] });
    }
  }
  return found;
}
