/**
 * The missing release before a return. What releases is derived from the model: the helper that lets go of just what the
 * acquiring one takes, called with the same arguments. Not offered where the lock is not held on every path to the
 * return, where its arguments mean something else there, or where the returned value is read under the lock.
 */

import type { Fix } from '../base/finding.js';
import { calledName } from '../contexts/cfg.js';
import type { HelperEntry, LockEffect, Model } from '../model/types.js';
import { offsetsOf } from '../rules/rule.js';
import { F, K } from '../syntax/kinds.js';
import { childByField } from '../syntax/parser.js';
import { argumentsOf, isFixed, lookAt } from './at.js';
import type { FixContext, Site } from './fixes.js';
import { beforeEnd, beforeReturn } from './function.js';
import { childrenOf, kinds, nodeAt, type Source, statementAt, textOf } from './source.js';

/** Values that do not depend on what a lock protects. */
const INDEPENDENT = kinds(
  'identifier',
  'number_literal',
  'true',
  'false',
  'null',
  'parenthesized_expression',
  'unary_expression',
  'argument_list',
);
/** Calls that only turn their argument into another form. */
const CONVERSIONS = /^(ERR_PTR|PTR_ERR|ERR_CAST|PTR_ERR_OR_ZERO|IS_ERR)$/;

/** The fix, or null where it would not be right. */
export function unlock(cx: FixContext, site: Site, acquireOp: number): Fix | null {
  const { source } = site;
  if (acquireOp < 0 || !isHeldAtReturn(cx, site, acquireOp)) return null;
  const release = releaseText(cx, site, acquireOp);
  const statement = statementAt(source, site.start, site.end);
  if (release === null || statement === null) return null;
  const { tree } = source;
  const isEnd = tree.kind[statement.node] === K.compound_statement;
  if (!isEnd) {
    if (tree.kind[statement.node] !== K.return_statement) return null;
    for (let n = statement.node + 1; n < (tree.next[statement.node] as number); n++)
      if (!isIndependent(source, n)) return null;
  }
  const edits = isEnd
    ? beforeEnd(source, statement.node, `${release};`)
    : beforeReturn(source, statement, `${release};`);
  return edits === null ? null : { title: `Call ${release} before returning`, safety: 'safe', edits };
}

/** Whether a node of a returned value does not depend on what is given up before the return. */
export function isIndependent(source: Source, node: number): boolean {
  const { tree } = source;
  const kind = tree.kind[node] as number;
  if (kind === K.call_expression) {
    const callee = childByField(tree, node, F.function);
    return callee >= 0 && CONVERSIONS.test(textOf(source, callee));
  }
  return kind === K.other || INDEPENDENT.has(kind);
}

/** Held on every path that gets to the return, with arguments that still mean the same lock. */
function isHeldAtReturn(cx: FixContext, site: Site, acquireOp: number): boolean {
  const { fn } = site;
  const taken = argumentsOf(fn, acquireOp);
  if (taken === null) return false;
  const lock = taken[0];
  // A variable that nothing reads any more has no value in the states
  const fixed = lock === undefined || isFixed(fn, lock);
  const before = new Set<number>();
  let held = 0;
  let lost = 0;
  lookAt(cx.analysis, fn, [acquireOp, site.op], (run, op, state) => {
    if (op === acquireOp) {
      if (lock !== undefined) before.add(run.ev.value(state, lock));
      return;
    }
    const holds = state.locks.some((l) => l.fn === fn.id && l.op === acquireOp && !l.may);
    const same = fixed || (lock !== undefined && before.has(run.ev.value(state, lock)));
    if (holds && same) held++;
    else lost++;
  });
  return held > 0 && lost === 0;
}

/** The call that releases, with the arguments of the one that took. */
function releaseText(cx: FixContext, site: Site, acquireOp: number): string | null {
  const { fn, source } = site;
  const taker = cx.analysis.model.helpers.get(calledName(fn, acquireOp));
  const helper = taker === undefined ? null : releaserOf(cx.analysis.model, taker);
  if (taker === undefined || helper === null) return null;
  const { start, end } = offsetsOf(fn, acquireOp);
  const call = nodeAt(source.tree, start, end, 'call_expression');
  const list = call < 0 ? -1 : childByField(source.tree, call, F.arguments);
  if (list < 0) return null;
  const given = childrenOf(source.tree, list).map((n) => textOf(source, n));
  const passed = helper.params.map((p) => given[taker.params.indexOf(p)]);
  return passed.includes(undefined) ? null : `${helper.name}(${passed.join(', ')})`;
}

/** The helper of the model that releases what another one takes, and nothing else; the nearest by name. */
export function releaserOf(model: Model, taker: HelperEntry): HelperEntry | null {
  const wanted = effectKey(taker.acquires);
  if (wanted === '') return null;
  const words = new Set(taker.name.split('_'));
  let best: HelperEntry | null = null;
  let bestRank: readonly number[] = [];
  for (const h of model.helpers.values()) {
    if (effectKey(h.releases) !== wanted || (h.acquires ?? []).length > 0 || h.sleeps !== false) continue;
    if ((h.frees ?? []).length + (h.references ?? []).length > 0) continue;
    if (!h.params.every((p) => taker.params.includes(p))) continue;
    const own = h.name.split('_').filter((w) => w !== '');
    const rank = [h.params.length, own.filter((w) => words.has(w)).length, -own.length, -h.name.length];
    if (best === null || isHigher(rank, bestRank)) {
      best = h;
      bestRank = rank;
    }
  }
  return best;
}

function isHigher(a: readonly number[], b: readonly number[]): boolean {
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return (a[i] as number) > (b[i] as number);
  return false;
}

function effectKey(locks: readonly LockEffect[] | undefined): string {
  return (locks ?? [])
    .map((l) => `${l.lock} ${l.kind} ${l.mode}`)
    .sort()
    .join(', ');
}
