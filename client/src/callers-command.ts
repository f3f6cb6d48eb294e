/**
 * What a click on a lens does: the callers of a function, and the tables that it stands in, in the editor's own list of places.
 */
import { commands, Location, Position, Range, Uri, window } from 'vscode';
import { CALLERS_REQUEST, type DocumentPlace, type WireRange } from '../../server/src/lsp/protocol.js';
import type { ServerAccess } from './server-access.js';

/** Shows the callers of the function at a place; without one, of that at the cursor. */
export async function showCallers(server: ServerAccess, given: unknown): Promise<void> {
  const place = isPlace(given) ? given : placeOfCursor();
  if (place === null) return;
  const found = await server.ask<readonly WireRange[]>(CALLERS_REQUEST, place, null);
  const { line, character } = place.position;
  const locations = (found ?? []).map(({ uri, range: { start, end } }) => {
    const range = new Range(start.line, start.character, end.line, end.character);
    return new Location(Uri.parse(uri), range);
  });
  if (locations.length === 0) {
    window.setStatusBarMessage('Lockwalk: no callers are known here', 4000);
    return;
  }
  const uri = Uri.parse(place.textDocument.uri);
  await commands.executeCommand(
    'editor.action.showReferences',
    uri,
    new Position(line, character),
    locations,
  );
}

function placeOfCursor(): DocumentPlace | null {
  const editor = window.activeTextEditor;
  if (editor === undefined) return null;
  const { line, character } = editor.selection.active;
  return { textDocument: { uri: editor.document.uri.toString() }, position: { line, character } };
}

function isPlace(given: unknown): given is DocumentPlace {
  return typeof given === 'object' && given !== null && 'textDocument' in given && 'position' in given;
}
