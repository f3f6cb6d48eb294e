/**
 * The views beside the text and the command of the lenses, registered together.
 */
import { commands, type Disposable } from 'vscode';
import { showCallers } from './callers-command.js';
import { REFRESH_METHODS, SHOW_CALLERS } from './command-ids.js';
import { ContextsView } from './contexts-view.js';
import { MethodsView } from './methods-view.js';
import type { ServerAccess } from './server-access.js';

/** Registers them; the result ends them. */
export function registerShown(server: ServerAccess): Disposable[] {
  const methods = new MethodsView(server);
  return [
    methods,
    new ContextsView(server),
    commands.registerCommand(SHOW_CALLERS, (place: unknown) => showCallers(server, place)),
    commands.registerCommand(REFRESH_METHODS, () => methods.refresh()),
  ];
}
