/**
 * The two questions of a reviewer over the wire: `lockwalk/field` and `lockwalk/drop`. Asks the engine and turns places into the client's;
 * computes nothing.
 */
import type { Connection } from 'vscode-languageserver';
import { dropTree, fieldTree, type TreeLine } from '../engine/views/review-tree.js';
import type { Documents } from './documents.js';
import { positionFrom } from './from-protocol.js';
import { type Guarded, guard } from './guard.js';
import type { Encoding } from './positions.js';
import {
  DROP_REQUEST,
  FIELD_REQUEST,
  type ReviewNode,
  type ReviewParams,
  type ReviewReply,
} from './protocol.js';
import type { Served, ServedDocuments } from './served.js';
import { toPosition, type Wire } from './to-protocol.js';

/** What the requests need of the server. */
export interface Surroundings {
  readonly served: ServedDocuments;
  readonly documents: Documents;
  readonly failures: Guarded;
  readonly wire: (one: Served) => Wire;
  readonly encoding: () => Encoding;
}

const NOT_SERVED: ReviewReply = {
  title: '',
  problem: 'this is no C file of a kernel tree',
  nodes: [],
  answer: null,
};

/** Answers both requests on a connection. */
export function onReviewRequests(connection: Connection, around: Surroundings): void {
  const { served, documents, failures } = around;
  const failed: ReviewReply = { ...NOT_SERVED, problem: 'the question could not be answered: see the log' };
  connection.onRequest(
    FIELD_REQUEST,
    guard('field', failures, failed, async (params: ReviewParams, signal: AbortSignal) => {
      const one = await served.of(params.textDocument.uri);
      const lineText = documents.line(params.textDocument.uri, params.position.line);
      if (one === null || lineText === null) return NOT_SERVED;
      const at = positionFrom(params.position, lineText, around.encoding());
      const result = await one.tree.lane.add('interactive', signal, async (stop) => {
        await one.tree.tell(documents);
        return one.tree.engine.field({ file: one.file, ...at }, stop);
      });
      if (!result.ok) return { ...NOT_SERVED, problem: result.problem };
      const { answer } = result;
      const nodes = fieldTree(answer).map((line) => nodeOf(line, around.wire(one)));
      return { title: `${answer.struct}::${answer.member}`, problem: null, nodes, answer };
    }),
  );
  connection.onRequest(
    DROP_REQUEST,
    guard('drop', failures, failed, async (params: ReviewParams, signal: AbortSignal) => {
      const one = await served.of(params.textDocument.uri);
      if (one === null) return NOT_SERVED;
      const line = params.position.line + 1;
      const result = await one.tree.lane.add('interactive', signal, async (stop) => {
        await one.tree.tell(documents);
        return one.tree.engine.drop({ file: one.file, line }, stop);
      });
      if (!result.ok) return { ...NOT_SERVED, problem: result.problem };
      const { answer } = result;
      const nodes = dropTree(answer).map((node) => nodeOf(node, around.wire(one)));
      return { title: `${answer.function}(), line ${answer.line}`, problem: null, nodes, answer };
    }),
  );
}

function nodeOf(line: TreeLine, wire: Wire): ReviewNode {
  const { place } = line;
  return {
    label: line.label,
    description: line.description,
    icon: line.icon,
    location:
      place === null
        ? null
        : { uri: wire.uriOf(place.file), ...flat(toPosition(wire, place.file, place.line, place.column)) },
    open: line.open,
    children: line.children.map((child) => nodeOf(child, wire)),
  };
}

function flat({ line, character }: { readonly line: number; readonly character: number }): {
  readonly line: number;
  readonly character: number;
} {
  return { line, character };
}
