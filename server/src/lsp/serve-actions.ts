/**
 * Code actions on a connection: what is offered at a place, and the edit of one that was chosen. Must not know what the actions are.
 */
import {
  type CodeAction,
  type Connection,
  MessageType,
  ShowMessageNotification,
} from 'vscode-languageserver';
import { annotateActions } from './annotate-action.js';
import type { Checker } from './checker.js';
import type { ClientAbilities } from './client-abilities.js';
import { type CodeActionSurroundings, codeActions } from './code-actions.js';
import type { Documents } from './documents.js';
import { fixAllOf, leftWords, proveFixes } from './fix-all.js';
import { type Guarded, guard } from './guard.js';
import type { Served, ServedDocuments } from './served.js';
import type { Wire } from './to-protocol.js';

/** What of the server this needs. */
export interface ActionSurroundings {
  readonly documents: Documents;
  readonly served: ServedDocuments;
  readonly checker: Pick<Checker, 'current'>;
  readonly failures: Guarded;
  readonly client: () => ClientAbilities;
  readonly wire: (served: Served) => Wire;
}

/** Answers code action requests. */
export function onCodeActions(
  connection: Connection,
  { documents, served, checker, failures, client, wire }: ActionSurroundings,
): void {
  const aroundOf = (one: Served): CodeActionSurroundings => {
    const { documentChanges, commands } = client();
    return { wire: wire(one), documents, documentChanges, commands };
  };

  /** The action with its edit, where it is one whose edit has to be found out, and what is left out of it in words. */
  const proved = async (
    action: CodeAction,
    signal: AbortSignal,
  ): Promise<{ readonly action: CodeAction; readonly left: string }> => {
    const what = fixAllOf(action);
    const one = what === null ? null : await served.of(what.uri);
    const result = one === null ? null : await checker.current(one.uri, signal);
    const found =
      what === null || one === null || result === null
        ? null
        : await proveFixes(one, result, what, aroundOf(one), signal);
    if (found === null) return { action, left: '' };
    if (found.left.length > 0) connection.console.info(leftWords(found.left));
    return { action: { ...action, edit: found.edit }, left: leftWords(found.left) };
  };

  connection.onCodeAction(
    guard('code action', failures, null, async (params, signal) => {
      const { uri } = params.textDocument;
      const one = await served.of(uri);
      if (one === null) return null;
      const result = await checker.current(uri, signal);
      const offered = result === null ? [] : codeActions(params, result, aroundOf(one));
      const fixes: CodeAction[] = [];
      for (const action of offered)
        fixes.push(client().resolvesActions ? action : (await proved(action, signal)).action);
      return [...fixes, ...(await annotateActions(params, one, aroundOf(one), signal))];
    }),
  );
  connection.onCodeActionResolve((asked, token) =>
    guard('code action resolve', failures, asked, async (one: CodeAction, signal) => {
      const { action, left } = await proved(one, signal);
      // Who chose it looks for what it did; on saving nobody does
      if (left !== '' && fixAllOf(one)?.rule !== null)
        void connection.sendNotification(ShowMessageNotification.type, {
          type: MessageType.Info,
          message: `Lockwalk: ${left}`,
        });
      return action;
    })(asked, token),
  );
}
