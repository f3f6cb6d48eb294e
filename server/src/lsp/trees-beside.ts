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
import type { Scanned } from './scanned.js';
import type { Served } from './served.js';
import { toPosition, uriOfFile, type Wire } from './to-protocol.js';
import type { KernelTree } from './trees.js';

/** Findings of an open document, by its file. */
export interface KnownFindings {
  readonly tree: KernelTree;
  readonly file: string;
  readonly findings: readonly Finding[];
}

/** What is known of findings: of the open documents, and what scans have found. */
export interface FindingsAround {
  readonly open: readonly KnownFindings[];
  readonly scanned: Scanned;
}

/** Methods of the directories of some open documents of one tree. */
export async function methodNodes(
  documents: Documents,
  of: readonly Served[],
  { open, scanned }: FindingsAround,
  wire: Wire,
  signal: AbortSignal,
): Promise<readonly WireNode[]> {
  const tree = of[0]?.tree;
  if (tree === undefined) return [];
  const { units } = await tree.lane.add('background', signal, async (stop) => {
    await tree.tell(documents);
    return await tree.engine.methods({ paths: of.map((one) => one.file), findings: null }, stop);
  });
  const { root } = tree.spec;
  const mine = open.filter((one) => one.tree === tree);
  const checked = new Set(mine.map((one) => one.file));
  const opened = new Set([...checked].map((file) => uriOfFile(root, file)));
  const beside = scanned.findings(root).filter((one) => !checked.has(one.file));
  const findings = [...mine, ...beside].flatMap((one) => one.findings);
  const isKnown = (file: string): boolean => checked.has(file) || scanned.knows(uriOfFile(root, file));
  return units.map((unit: UnitMethods) => {
    const unknown = scanned.unknownIn(uriOfFile(root, unit.unit));
    const openOnly = unknown === null || unknown.some((uri) => !opened.has(uri));
    return toNode(
      wire,
      methodsNode(withFindings(unit, findings, isKnown), { open: units.length === 1, openOnly }),
    );
  });
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
    return await tree.engine.contexts({ file, ...at, places: true }, stop);
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
