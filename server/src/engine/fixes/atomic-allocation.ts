/**
 * GFP_KERNEL and the like to GFP_ATOMIC, where an allocation stands in a place that must not sleep. Such an allocation fails sooner, so
 * the fix is not a safe one. Offered where the mask is written at the call.
 */
import type { Fix } from '../base/finding.js';
import { calledName } from '../contexts/cfg.js';
import { F } from '../syntax/kinds.js';
import { childByField } from '../syntax/parser.js';
import type { FixContext, Site } from './fixes.js';
import { childrenOf, nodeAt, replace, textOf } from './source.js';

/** Masks that may wait and promise nothing that GFP_ATOMIC does not keep, with what they become. */
const ATOMIC: ReadonlyMap<string, string> = new Map([
  ['GFP_KERNEL', 'GFP_ATOMIC'],
  ['GFP_NOFS', 'GFP_ATOMIC'],
  ['GFP_NOIO', 'GFP_ATOMIC'],
  ['GFP_KERNEL_ACCOUNT', 'GFP_ATOMIC | __GFP_ACCOUNT'],
]);

/** The fix, or null where it would not be right. */
export function atomicAllocation(cx: FixContext, site: Site): Fix | null {
  const { source, fn } = site;
  const helper = cx.analysis.model.helpers.get(calledName(fn, site.op));
  const at = helper?.params.indexOf('gfp') ?? -1;
  const call = nodeAt(source.tree, site.start, site.end, 'call_expression');
  const list = call < 0 || at < 0 ? -1 : childByField(source.tree, call, F.arguments);
  const mask = list < 0 ? undefined : childrenOf(source.tree, list)[at];
  const atomic = mask === undefined ? undefined : ATOMIC.get(textOf(source, mask));
  if (mask === undefined || atomic === undefined) return null;
  return {
    title: 'Allocate with GFP_ATOMIC',
    safety: 'unsafe',
    edits: [replace(source, source.tree.start[mask] as number, source.tree.end[mask] as number, atomic)],
  };
}
