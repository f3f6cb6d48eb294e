/**
 * The call hierarchy as the protocol has it. An item carries what it takes to ask on: the document that the client had open when
 * it began, and the function. Computes nothing.
 */
import {
  type CallHierarchyIncomingCall,
  type CallHierarchyItem,
  type CallHierarchyOutgoingCall,
  type Range as ProtocolRange,
  SymbolKind,
} from 'vscode-languageserver';
import type { Range } from '../engine/base/finding.js';
import type { CallItem, CallsAnswer, CallsQuery } from '../engine/base/shown.js';
import type { Documents } from './documents.js';
import type { EnginePosition } from './from-protocol.js';
import type { WireRange } from './protocol.js';
import type { Served } from './served.js';
import { toRange, type Wire } from './to-protocol.js';

/** What an item of ours carries; null for what can not be asked on. */
interface ItemData {
  /** The open document whose directory is looked at. */
  readonly document: string;
  readonly file: string;
  readonly function: string;
}

/** What is asked about a document. */
export interface CallsAsked {
  readonly served: Served;
  readonly documents: Documents;
  readonly wire: Wire;
}

/** Asks the engine; what a person waits for. */
async function ask(asked: CallsAsked, query: CallsQuery, signal: AbortSignal): Promise<CallsAnswer> {
  const { tree } = asked.served;
  return await tree.lane.add('interactive', signal, async (stop) => {
    await tree.tell(asked.documents);
    return await tree.engine.calls(query, stop);
  });
}

/** The function at a position, or null. */
export async function prepareCalls(
  asked: CallsAsked,
  at: EnginePosition,
  signal: AbortSignal,
): Promise<CallHierarchyItem[] | null> {
  const { item } = await ask(asked, { kind: 'at', file: asked.served.file, ...at }, signal);
  return item === null ? null : [toItem(asked, item)];
}

/** The open document that an item's questions go to; null where it is none of ours, or nothing calls it. */
export function documentOfItem(item: CallHierarchyItem): string | null {
  return dataOf(item)?.document ?? null;
}

/** Who calls the function of an item. */
export async function incomingCalls(
  asked: CallsAsked,
  item: CallHierarchyItem,
  signal: AbortSignal,
): Promise<CallHierarchyIncomingCall[]> {
  const data = dataOf(item);
  if (data === null) return [];
  const { rows } = await ask(asked, queryOf(asked, 'incoming', data), signal);
  return rows.map((row) => ({
    from: toItem(asked, row.item),
    fromRanges: (row.at.length === 0 ? [row.item.selection] : row.at).map((at) => rangeOf(asked.wire, at)),
  }));
}

/** Whom the function of an item calls. */
export async function outgoingCalls(
  asked: CallsAsked,
  item: CallHierarchyItem,
  signal: AbortSignal,
): Promise<CallHierarchyOutgoingCall[]> {
  const data = dataOf(item);
  if (data === null) return [];
  const { rows } = await ask(asked, queryOf(asked, 'outgoing', data), signal);
  return rows.map((row) => ({
    to: toItem(asked, row.item),
    fromRanges: row.at.map((at) => rangeOf(asked.wire, at)),
  }));
}

/** The calls of the function at a position and the slots that it stands in, for a list of places. */
export async function callersOf(
  asked: CallsAsked,
  at: EnginePosition,
  signal: AbortSignal,
): Promise<WireRange[]> {
  const { file } = asked.served;
  const { item } = await ask(asked, { kind: 'at', file, ...at }, signal);
  if (item === null) return [];
  const data = { document: asked.served.uri, file: item.range.file, function: item.name };
  const { rows } = await ask(asked, queryOf(asked, 'incoming', data), signal);
  return rows.flatMap((row) =>
    row.at.map((one) => ({ uri: asked.wire.uriOf(one.file), range: rangeOf(asked.wire, one) })),
  );
}

function queryOf(asked: CallsAsked, kind: 'incoming' | 'outgoing', data: ItemData): CallsQuery {
  return { kind, file: data.file, function: data.function, within: asked.served.file };
}

function toItem(asked: CallsAsked, item: CallItem): CallHierarchyItem {
  const { wire, served } = asked;
  const data: ItemData | null =
    item.kind === 'function' ? { document: served.uri, file: item.range.file, function: item.name } : null;
  return {
    name: item.name,
    kind: item.kind === 'function' ? SymbolKind.Function : SymbolKind.Interface,
    detail: item.detail,
    uri: wire.uriOf(item.range.file),
    range: rangeOf(wire, item.range),
    selectionRange: rangeOf(wire, item.selection),
    data,
  };
}

function dataOf(item: CallHierarchyItem): ItemData | null {
  const data: unknown = item.data;
  if (typeof data !== 'object' || data === null) return null;
  const { document, file, function: name } = data as Partial<Record<keyof ItemData, unknown>>;
  return typeof document === 'string' && typeof file === 'string' && typeof name === 'string'
    ? { document, file, function: name }
    : null;
}

function rangeOf(wire: Wire, at: Range): ProtocolRange {
  return toRange(wire, at.file, {
    startLine: at.line,
    startColumn: at.column,
    endLine: at.endLine,
    endColumn: at.endColumn,
  });
}
