/**
 * The hover: the contract of the name under the pointer where the model knows one, then the contexts at the pointer.
 * Asks the engine and arranges what it says with `views`; computes nothing itself.
 */
import type { Hover } from 'vscode-languageserver';
import type { SymbolAnswer } from '../engine/door.js';
import { hoverCard } from '../engine/views/hover-card.js';
import { hoverMarkdown } from '../engine/views/hover-markdown.js';
import { now } from '../host/clock.js';
import type { Documents } from './documents.js';
import type { EnginePosition } from './from-protocol.js';
import type { Served } from './served.js';
import { toHover, toRange, type Wire } from './to-protocol.js';

/** What a hover needs besides the position. */
export interface HoverRequest {
  readonly served: Served;
  readonly documents: Documents;
  readonly wire: Wire;
  readonly format: 'markdown' | 'plaintext';
  readonly at: EnginePosition;
  readonly lineText: string;
}

/** Null where there is nothing to say: on white space, in a comment line, outside functions. */
export async function hover(request: HoverRequest, signal: AbortSignal): Promise<Hover | null> {
  const { served, wire, at } = request;
  const { tree, file } = served;
  if (!isOnCode(request.lineText, at.column - 1)) return null;
  const began = now();
  const { symbol, contexts } = await tree.lane.add('interactive', signal, async (stop) => {
    await tree.tell(request.documents);
    const answers = await Promise.all([
      tree.engine.symbolAt(file, at.line, at.column, stop),
      tree.engine.contexts({ file, line: at.line, column: at.column }, stop),
    ]);
    return { symbol: answers[0], contexts: answers[1] };
  });
  tree.figures.lastHoverMs = Math.round(now() - began);
  const parts: string[] = [];
  if (contexts.ok) {
    const link = (other: string, line: number): string => `${wire.uriOf(other)}#L${line}`;
    parts.push(hoverMarkdown(hoverCard(contexts.answer), { link }));
  }
  // On a slot the contract is what is asked for; on a call, what holds there.
  if (symbol?.kind === 'method') parts.unshift(symbol.markdown);
  else if (symbol !== null) parts.push(symbol.markdown);
  if (parts.length === 0) return null;
  return toHover(
    parts.join('\n\n---\n\n'),
    request.format,
    symbol === null ? undefined : rangeOf(symbol, wire, file),
  );
}

function rangeOf(symbol: SymbolAnswer, wire: Wire, file: string): ReturnType<typeof toRange> {
  return toRange(wire, file, symbol.range);
}

/** White space and lines that are only comment or directive have no context worth a card. */
function isOnCode(line: string, unit: number): boolean {
  const at = line.charAt(unit);
  if (at === '' || /\s/.test(at)) return false;
  return !/^\s*(\/\/|\/\*|\*\s|\*\/|\*$|#)/.test(line);
}
