/**
 * The hover: what is known of the name under the pointer, then the contexts there. Asks the engine and writes down what it says
 * with `views`; computes nothing itself.
 */
import type { Hover } from 'vscode-languageserver';
import { type HoverStyle, hoverMarkdown } from '../engine/views/hover-markdown.js';
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
  /** The page of a method's contract as a link target, or null. */
  readonly page: HoverStyle['page'];
}

/** Null where there is nothing to say: on white space, in a comment, on a line without code. */
export async function hover(request: HoverRequest, signal: AbortSignal): Promise<Hover | null> {
  const { served, wire, at } = request;
  const { tree, file } = served;
  const began = now();
  const answer = await tree.lane.add('interactive', signal, async (stop) => {
    await tree.tell(request.documents);
    return await tree.engine.hover({ file, line: at.line, column: at.column, soon: true }, stop);
  });
  tree.figures.lastHoverMs = Math.round(now() - began);
  if (answer === null) return null;
  const range = answer.subject?.range;
  return toHover(
    hoverMarkdown(answer, linksOf(wire, request.page)),
    request.format,
    range === undefined
      ? undefined
      : toRange(wire, file, {
          startLine: range.line,
          startColumn: range.column,
          endLine: range.line,
          endColumn: range.endColumn,
        }),
  );
}

/** Links to places of the tree and to the pages of methods. */
export function linksOf(wire: Wire, page: HoverStyle['page']): HoverStyle {
  return { link: (file, line) => `${wire.uriOf(file)}#L${line}`, page };
}
