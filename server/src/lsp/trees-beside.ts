/**
 * The trees beside the text, for whoever asks: the methods of the directories of open files with what is known of their
 * findings, and the contexts at a place. Neither starts a check. Computes nothing.
 */
import type { Finding, Place } from '../engine/base/finding.js';
import type { ShownNode, UnitMethods } from '../engine/base/shown.js';
import { hoverCard } from '../engine/views/hover-card.js';
import { withFindings } from '../engine/views/methods.js';
import { contextNodes, methodsNode } from '../engine/views/nodes.js';
import type { Documents } from './documents.js';
import type { EnginePosition } from './from-protocol.js';
import type { WireNode } from './protocol.js';
import type { Served } from './served.js';
import { toPosition, type Wire } from './to-protocol.js';
import type { KernelTree } from './trees.js';

/** Findings of an open document, by its file. */
export interface KnownFindings {
  readonly tree: KernelTree;
  readonly file: string;
  readonly findings: readonly Finding[];
}

/** Methods of the directories of some open documents of one tree. */
export async function methodNodes(
  documents: Documents,
  of: readonly Served[],
  known: readonly KnownFindings[],
  wire: Wire,
  signal: AbortSignal,
): Promise<readonly WireNode[]> {
  const tree = of[0]?.tree;
  if (tree === undefined) return [];
  const { units } = await tree.lane.add('background', signal, async (stop) => {
    await tree.tell(documents);
    return await tree.engine.methods({ paths: of.map((one) => one.file), findings: null }, stop);
  });
  const mine = known.filter((one) => one.tree === tree);
  const checked = new Set(mine.map((one) => one.file));
  const findings = mine.flatMap((one) => one.findings);
  return units.map((unit: UnitMethods) =>
    toNode(
      wire,
      methodsNode(
        withFindings(unit, findings, (file) => checked.has(file)),
        units.length === 1,
      ),
    ),
  );
}

/** The contexts at a place of an open document. */
export async function contextsNodes(
  served: Served,
  documents: Documents,
  at: EnginePosition,
  wire: Wire,
  signal: AbortSignal,
): Promise<readonly WireNode[]> {
  const { tree, file } = served;
  const result = await tree.lane.add('background', signal, async (stop) => {
    await tree.tell(documents);
    return await tree.engine.contexts({ file, ...at }, stop);
  });
  return result.ok ? contextNodes(hoverCard(result.answer)).map((node) => toNode(wire, node)) : [];
}

function toNode(wire: Wire, node: ShownNode): WireNode {
  return {
    ...node,
    at: node.at === null ? null : placeOf(wire, node.at),
    children: node.children.map((child) => toNode(wire, child)),
  };
}

function placeOf(wire: Wire, at: Place): WireNode['at'] {
  const start = toPosition(wire, at.file, at.line, at.column);
  return { uri: wire.uriOf(at.file), range: { start, end: start } };
}
