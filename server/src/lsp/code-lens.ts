/**
 * Code lenses: what the engine says stands above the functions of a document, as the protocol has it. A lens has a command
 * only where the client says that it can carry it out. Computes nothing.
 */
import type { CodeLens } from 'vscode-languageserver';
import type { Documents } from './documents.js';
import { CALLERS_COMMAND, type DocumentPlace } from './protocol.js';
import type { Served } from './served.js';
import { toRange, type Wire } from './to-protocol.js';

/** The lenses of a document. `showsCallers`: the client has the command that shows callers. */
export async function codeLenses(
  served: Served,
  documents: Documents,
  wire: Wire,
  showsCallers: boolean,
  signal: AbortSignal,
): Promise<CodeLens[]> {
  const { tree, file, uri } = served;
  const { lenses } = await tree.lane.add('background', signal, async (stop) => {
    await tree.tell(documents);
    return await tree.engine.lenses(file, stop);
  });
  return lenses.map(({ at, title, whole, opens }) => {
    const range = toRange(wire, file, {
      startLine: at.line,
      startColumn: at.column,
      endLine: at.endLine,
      endColumn: at.endColumn,
    });
    const said = { title, ...(whole === '' ? {} : { tooltip: whole }) };
    if (!opens || !showsCallers) return { range, command: { ...said, command: '' } };
    const place: DocumentPlace = { textDocument: { uri }, position: range.start };
    return { range, command: { ...said, command: CALLERS_COMMAND, arguments: [place] } };
  });
}
