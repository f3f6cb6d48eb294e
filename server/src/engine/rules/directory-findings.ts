/**
 * Findings of helpers that are called without the directory locked: at the call, or, where other callers of the function do hold the
 * lock, at the call of the one that does not. Must not know which rule asks.
 */
import type { Precision, TraceStep } from '../base/finding.js';
import type { Entry, Origin } from '../contexts/entry-points.js';
import type { HelperEntry } from '../model/types.js';
import type { FunctionRef } from '../program/program.js';
import { directoryCalls, isCallersToLock, type Unlocked, Why } from './directory-lock.js';
import { type Draft, entryMethod, lineOf, lockExpression, pathTo, type RuleContext, step } from './rule.js';

/** Where a helper is called without its lock, and who should have taken it. */
export interface Site {
  /** The function that calls the helper. */
  readonly fn: FunctionRef;
  readonly entry: Entry;
  readonly index: number;
  readonly found: Unlocked;
}

/** All calls without the lock, worst first for each operation. */
export function unlockedSites(
  cx: RuleContext,
  wanted: (fn: FunctionRef, helper: HelperEntry) => boolean,
): readonly Site[] {
  const out: Site[] = [];
  const propagation = cx.analysis.propagation;
  if (propagation === null) return out;
  for (const fn of cx.functions) {
    const best = new Map<number, Site>();
    for (const [index, entry] of (propagation.entries[fn.id] ?? []).entries())
      for (const found of directoryCalls(cx, fn, entry).unlocked) {
        if (!wanted(fn, found.helper)) continue;
        const site = { fn, entry, index, found };
        const old = best.get(found.op);
        if (old === undefined || RANK[precisionOf(cx, site)] > RANK[precisionOf(cx, old)])
          best.set(found.op, site);
      }
    out.push(...best.values());
  }
  return out;
}

const RANK: Readonly<Record<Precision, number>> = { high: 2, medium: 1, low: 0 };

/** Methods while which nobody else can reach the superblock: it is not there yet, or nothing of it is in use any more. */
const ALONE: ReadonlySet<string> = new Set([
  'fill_super',
  'get_tree',
  'mount',
  'kill_sb',
  'put_super',
  'init_fs_context',
]);

/** How sure it is that the lock is not held where others may be in the directory. */
export function precisionOf(cx: RuleContext, site: Site): Precision {
  const { found, fn, entry, index } = site;
  if (found.helper.names === 'unhashes') return 'low';
  switch (found.why) {
    case Why.Dropped:
      return 'high';
    case Why.Shared:
    case Why.Known: {
      const origins = entry.origins.map((o) => cx.analysis.propagation?.origins[o]);
      return origins.every((o) => o === undefined || isAlone(o) || isForOthers(o)) ? 'medium' : 'high';
    }
    case Why.Outside:
      return isCallersToLock(cx, fn, index, found) ? 'low' : 'medium';
  }
}

function isAlone(origin: Origin): boolean {
  return ALONE.has(origin.method) || origin.method === 'init or exit code';
}

/** Work that is done for somebody who may be waiting for it with the lock held. */
function isForOthers(origin: Origin): boolean {
  return origin.method === 'work item' || origin.method === 'kernel thread';
}

/** The finding of a site. */
export function unlockedDraft(
  cx: RuleContext,
  site: Site,
  rule: string,
  otherSide: string,
): Draft {
  const { found, fn, entry } = site;
  const { analysis } = cx;
  const culprit = whoDoesNot(cx, site);
  const origin = analysis.propagation?.origins[entry.origins[0] ?? -1];
  const lock = `'${lockExpression(found.text)}'`;
  const call = `'${found.helper.name}()'`;
  const need = found.helper.names === 'unhashes' ? 'should have' : 'needs';
  const mode = found.shared ? '' : ' exclusively';
  const steps: TraceStep[] = [...pathTo(cx, fn, site.index)];
  if (found.by >= 0)
    steps.push(
      step(
        found.why === Why.Shared ? 'acquire' : 'release',
        fn,
        found.by,
        found.why === Why.Shared ? `takes ${lock} shared` : `gives ${lock} back`,
      ),
    );
  steps.push(step('access', fn, found.op, `calls ${found.helper.name}()`));
  steps.push({ ...step('other-side', fn, found.op, otherSide), side: 1 });
  const through = culprit.fn === fn ? '' : ` through '${culprit.callee}()'`;
  return {
    rule,
    precision: precisionOf(cx, site),
    certainty: found.why === Why.Outside ? 'may' : 'must',
    message: `${call} ${need} ${lock} held${mode}, and ${HOW[found.why]}${through}`,
    fn: culprit.fn.id,
    op: culprit.op,
    entry: entryMethod(analysis, origin),
    held: found.held,
    rcu: 'none',
    trace: steps,
    objectClass: 'inode::i_rwsem',
  };
}

const HOW: Readonly<Record<Why, string>> = {
  [Why.Known]: 'it is called without',
  [Why.Dropped]: 'the lock was given back before',
  [Why.Shared]: 'it is held only shared here',
  [Why.Outside]: 'nothing on the way here takes it',
};

/** The call that has to take the lock: where others call the same function with the lock held, the caller that does not. */
function whoDoesNot(
  cx: RuleContext,
  site: Site,
): { readonly fn: FunctionRef; readonly op: number; readonly callee: string } {
  const { analysis } = cx;
  const { propagation, program } = analysis;
  let at = { fn: site.fn, op: site.found.op, callee: site.found.helper.name };
  if (propagation === null || site.found.why === Why.Dropped || site.found.by >= 0) return at;
  let entry = site.entry;
  let good: number[] = [];
  for (const [i, e] of (propagation.entries[site.fn.id] ?? []).entries())
    if (directoryCalls(cx, site.fn, e).locked.has(site.found.op)) good.push(i);
  for (let depth = 0; depth < 40 && good.length > 0 && entry.caller >= 0; depth++) {
    const { caller, op, callerEntry } = entry;
    const fn = program.functions[caller];
    const up = propagation.entries[caller]?.[callerEntry];
    if (fn === undefined || up === undefined || fn.isMacro) break;
    const edge = analysis.results[caller]?.edges.find((e) => e.callee === at.fn.id && e.op === op);
    at = { fn, op, callee: at.fn.name };
    entry = up;
    const below = good;
    good = [];
    if (edge === undefined) break;
    for (let i = 0; i < (propagation.entries[caller]?.length ?? 0); i++)
      if (i !== callerEntry && below.some((j) => propagation.brings(caller, i, edge, j))) good.push(i);
  }
  return at;
}

/** Rules say one thing at a spot: the first and best of several findings there. */
export function onePerSpot(drafts: readonly Draft[]): Draft[] {
  const best = new Map<string, Draft>();
  for (const d of drafts) {
    const key = `${d.fn},${d.op}`;
    const old = best.get(key);
    if (old === undefined || RANK[d.precision] > RANK[old.precision]) best.set(key, d);
  }
  return [...best.values()];
}

/** A line of a function for a message. */
export function atLine(fn: FunctionRef, op: number): string {
  return `line ${lineOf(fn, op)}`;
}
