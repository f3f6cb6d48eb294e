/**
 * The request for a picture: a place in a document to a question for the engine, and back. Computes nothing. Must not know what a
 * picture shows.
 */
import type { PictureQuery } from '../engine/door.js';
import type { Documents } from './documents.js';
import type { PictureParams, PictureReply } from './protocol.js';
import type { Served } from './served.js';
import { uriOfFile } from './to-protocol.js';

/** The picture for a document that is served; null for one that is not. */
export async function pictureFor(
  params: PictureParams,
  served: Served | null,
  documents: Documents,
  signal: AbortSignal,
): Promise<PictureReply> {
  const nothing: PictureReply = {
    problem: 'The file lies in no kernel tree.',
    kind: params.kind,
    title: '',
    svg: '',
    root: '',
    file: null,
    function: null,
    firstLine: 0,
    lastLine: 0,
    situations: [],
    situation: -1,
  };
  if (served === null) return nothing;
  const { tree, file } = served;
  const root = uriOfFile(tree.spec.root, '');
  const result = await tree.lane.add('interactive', signal, async (stop) => {
    await tree.tell(documents);
    return tree.engine.picture(queryFor(params, file), stop);
  });
  if (!result.ok) return { ...nothing, root, problem: result.problem };
  const { version: _, ...answer } = result.answer;
  return { problem: null, root, ...answer };
}

function queryFor(params: PictureParams, file: string): PictureQuery {
  const line = params.line + 1;
  switch (params.kind) {
    case 'timeline':
      return { kind: 'timeline', file, line, situation: params.situation ?? -1 };
    case 'life-cycle':
      return {
        kind: 'life-cycle',
        file,
        line,
        ...(params.object === undefined ? {} : { object: params.object }),
      };
    case 'lock-order':
      return { kind: 'lock-order', paths: [file.slice(0, Math.max(file.lastIndexOf('/'), 0)) || file] };
    default:
      return params.kind satisfies never;
  }
}
