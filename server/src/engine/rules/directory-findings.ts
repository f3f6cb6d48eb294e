/**
 * Findings of helpers that are called without the directory locked: at the call, or, where other callers of the function hold what
 * may be the lock, at the call of the one that does not. Must not know which rule asks.
 */
import { PRECISION_RANK, type Precision, type TraceStep } from '../base/finding.js';
import type { Analysis } from '../contexts/analysis.js';
import { calledName } from '../contexts/cfg.js';
import type { Entry, Origin } from '../contexts/entry-points.js';
import type { CallEdge } from '../contexts/result.js';
import { T, type Terms } from '../contexts/terms.js';
import { toCaller } from '../contexts/translate.js';
import type { HelperEntry } from '../model/types.js';
import type { FunctionRef } from '../program/program.js';
import { isOfGlobalSuperblock, unlinksByHand } from './by-hand.js';
import type { CacheReader } from './cache-reader.js';
import { isBare } from './directory-kind.js';
import {
  directoryCalls,
  isCallersToLock,
  type Unlocked,
  type Verdict,
  verdictAt,
  Why,
} from './directory-lock.js';
import { callStep, type Draft, entryMethod, lockExpression, pathTo, type RuleContext, step } from './rule.js';

/** An operation of a function in one of its situations, and the place that a lock has there. */
interface Level {
  readonly fn: FunctionRef;
  readonly index: number;
  readonly entry: Entry;
  readonly op: number;
  /** -1 where the place means nothing outside the function. */
  readonly place: number;
}

/** A helper that is called without its lock. */
interface Site {
  /** Where the helper is called. */
  readonly call: Level;
  /** Where it is clear that the lock is not held: further up, perhaps. */
  readonly clear: Level;
  /** Calls from there down to the helper. */
  readonly down: readonly Level[];
  readonly found: Unlocked;
  readonly why: Why;
  readonly by: number;
  readonly precision: Precision;
}

/** Callers that are asked about one call; past it nothing is said. */
const MAX_ASKED = 60;

/** What a rule says of helpers that are called without the directory locked. */
export interface Saying {
  readonly rule: string;
  wanted(fn: FunctionRef, helper: HelperEntry): boolean;
  /** What another thread does meanwhile. */
  readonly otherSide: string;
  /** The reader of the directory, for a rule to which it matters; asked only where it does. */
  reader?(): CacheReader;
}

/** A finding for each helper that is called without the directory locked, one at a spot. */
export function unlockedCalls(cx: RuleContext, saying: Saying): Draft[] {
  const propagation = cx.analysis.propagation;
  if (propagation === null) return [];
  const best = new Map<string, Draft>();
  for (const fn of cx.functions) {
    const bySite = new Map<number, Site>();
    for (const [index, entry] of (propagation.entries[fn.id] ?? []).entries()) {
      const calls = directoryCalls(cx, fn, entry);
      for (const q of calls.quiet)
        if (saying.wanted(fn, q.helper)) cx.silence?.(saying.rule, fn, q.op, q.why);
      for (const found of calls.open) {
        if (!saying.wanted(fn, found.helper)) {
          cx.silence?.(
            saying.rule,
            fn,
            found.op,
            `'${found.helper.name}()' is the law of another rule of the family dir/`,
          );
          continue;
        }
        const sites = sitesOf(cx, { fn, index, entry, op: found.op, place: found.place }, found, saying);
        if (sites.length === 0)
          cx.silence?.(
            saying.rule,
            fn,
            found.op,
            `each caller that is known holds '${found.text}', or may hold it`,
          );
        for (const site of sites) {
          const old = bySite.get(found.op);
          if (old === undefined || PRECISION_RANK[site.precision] > PRECISION_RANK[old.precision])
            bySite.set(found.op, site);
        }
      }
    }
    for (const site of bySite.values()) {
      const d = draftOf(cx, site, saying);
      const key = `${d.fn},${d.op}`;
      const old = best.get(key);
      if (old === undefined || PRECISION_RANK[d.precision] > PRECISION_RANK[old.precision]) best.set(key, d);
    }
  }
  return [...best.values()];
}

/** What is found of a call, its callers asked where they know more. */
function sitesOf(cx: RuleContext, call: Level, found: Unlocked, saying: Saying): readonly Site[] {
  const out: Site[] = [];
  const seen = new Set<string>();
  const go = (level: Level, down: readonly Level[], verdict: Verdict): void => {
    if (verdict.kind === 'not') {
      const site = { call, clear: level, down, found, why: verdict.why, by: verdict.by };
      out.push({ ...site, precision: precisionOf(cx, site, saying) });
      return;
    }
    if (verdict.kind !== 'ask' || level.place < 0) return;
    for (const { caller, edge } of callersOf(cx.analysis, level.fn.id)) {
      const fn = cx.analysis.program.functions[caller];
      // A function that was handed on runs with what the one in between holds: that is not seen from here
      if (fn === undefined || fn.isMacro || calledName(fn, edge.op) !== level.fn.name) continue;
      const place = toCaller(cx.analysis.terms, level.place, edge.args, cx.analysis.terms.unknown);
      const entries = cx.analysis.propagation?.entries[caller] ?? [];
      for (const [index, entry] of entries.entries()) {
        const key = `${caller},${index},${edge.op},${place}`;
        if (seen.size >= MAX_ASKED || seen.has(key)) continue;
        if (cx.analysis.propagation?.brings(caller, index, edge, level.index) !== true) continue;
        seen.add(key);
        const shared = cx.analysis.terms.isShared(place) ? place : -1;
        const up = { fn, index, entry, op: edge.op, place: shared };
        go(up, [up, ...down], verdictAt(cx, fn, entry, edge.op, place, found.shared));
      }
    }
  };
  go(call, [], found.verdict);
  return out;
}

interface Caller {
  readonly caller: number;
  readonly edge: CallEdge;
}

const CALLERS = new WeakMap<Analysis, Map<number, Caller[]>>();

/** Who calls a function at once, in the order of the functions. */
function callersOf(analysis: Analysis, id: number): readonly Caller[] {
  let all = CALLERS.get(analysis);
  if (all === undefined) {
    all = new Map();
    for (const caller of [...analysis.bottomUp].sort((a, b) => a - b))
      for (const edge of analysis.results[caller]?.edges ?? []) {
        if (edge.context !== 'now') continue;
        const list = all.get(edge.callee);
        if (list === undefined) all.set(edge.callee, [{ caller, edge }]);
        else list.push({ caller, edge });
      }
    CALLERS.set(analysis, all);
  }
  return all.get(id) ?? [];
}

/** Methods while which nobody else can reach the superblock: it is not there yet, or nothing of it is in use any more. */
const ALONE: ReadonlySet<string> = new Set([
  'fill_super',
  'get_tree',
  'mount',
  'kill_sb',
  'put_super',
  'init_fs_context',
]);

/** Classes of locks that the VFS brings. */
const OF_THE_VFS = /^(super_block|inode|dentry|file)::/;

/** How sure it is that the lock is not held where others may be in the directory. */
function precisionOf(cx: RuleContext, site: Omit<Site, 'precision'>, saying: Saying): Precision {
  const { helper } = site.found;
  const pulls = pullsAway(helper, saying);
  if ((isBare(helper) && !pulls && !isByHand(site)) || isByPointer(cx, site)) return 'low';
  // A lock of the code's own may keep out all others that make and remove names there
  if (
    isBare(helper) &&
    !pulls &&
    site.found.held.some((l) => l.mode === 'exclusive' && !OF_THE_VFS.test(l.class))
  )
    return site.why === Why.Outside ? 'low' : 'medium';
  const { fn, index, entry } = site.clear;
  switch (site.why) {
    case Why.Dropped:
    case Why.Ordered:
      return 'high';
    case Why.Shared:
    case Why.Known: {
      const origins = entry.origins.map((o) => cx.analysis.propagation?.origins[o]);
      // Of one that stands in a global variable others know, whichever comes or goes
      const isItsOwn = !isBare(helper) || !isOfGlobalSuperblock(site.call.fn);
      return origins.every((o) => o === undefined || (isAlone(o) && isItsOwn) || isForOthers(o))
        ? 'medium'
        : 'high';
    }
    case Why.Outside: {
      if (site.found.helper.names === 'moves' || (isBare(helper) && !pulls)) return 'low';
      // A caller that only knows an object of this code's own has no directory to lock
      const top = topOf(cx, { ...site.clear, index });
      // Nor has one that was given the child alone, and finds the directory through it
      if (
        (pulls || helper.names === 'removes') &&
        isThroughChild(cx.analysis.terms, top?.place ?? site.clear.place)
      )
        return 'high';
      return isCallersToLock(cx, top?.fn ?? fn, top?.place ?? -1) ? 'low' : 'high';
    }
  }
}

/** Whether it pulls a child from under a reader that holds no reference to it. */
function pullsAway(helper: HelperEntry, saying: Saying): boolean {
  return helper.names === 'unhashes' && saying.reader?.().holds === false;
}

/** Whether a name is taken away by hand, which a bare helper by itself does not. */
function isByHand(site: Pick<Site, 'call' | 'found'>): boolean {
  return site.found.helper.names === 'unhashes' && unlinksByHand(site.call.fn, site.found.op);
}

/** Whether a lock is that of the parent of a dentry. */
function isThroughChild(terms: Terms, place: number): boolean {
  for (let at = place; at >= 0; at = terms.a(at)) {
    const kind = terms.kind(at);
    if (kind === T.FieldP && terms.nameText(terms.b(at)) === 'd_parent') return true;
    if (kind !== T.FieldP && kind !== T.FieldL && kind !== T.Load) return false;
  }
  return false;
}

/** Whether the way leads through a pointer that may point at other functions too: which of them is called nobody here knows. */
function isByPointer(cx: RuleContext, site: Omit<Site, 'precision'>): boolean {
  const { propagation, program } = cx.analysis;
  // What this very function took or gave back tells enough, whoever calls it
  const isOwn = site.why === Why.Dropped || site.by >= 0;
  const steps = isOwn ? [] : [...(propagation?.chain(site.clear.fn.id, site.clear.index) ?? [])];
  for (const { fn, op } of site.down) steps.push({ fn: fn.id, op });
  return steps.some(({ fn, op }) => calledName(program.functions[fn] as FunctionRef, op) === '');
}

/** The outermost function on the way to a place, as far as the lock has a name. */
function topOf(cx: RuleContext, from: Level): Level | null {
  const { results, terms, program, propagation } = cx.analysis;
  let at = from;
  for (let depth = 0; depth < 40 && at.place >= 0 && at.entry.caller >= 0; depth++) {
    const { caller, op, callerEntry } = at.entry;
    const edge = results[caller]?.edges.find((e) => e.callee === at.fn.id && e.op === op);
    const fn = program.functions[caller];
    const entry = propagation?.entries[caller]?.[callerEntry];
    if (edge === undefined || fn === undefined || entry === undefined) return null;
    const place = toCaller(terms, at.place, edge.args, terms.unknown);
    // It is found on the way, by something that the callers of this one do not see
    if (!terms.isShared(place)) return null;
    // Nothing is found at NULL: who else calls knows more
    if (terms.kind(terms.root(place)) === T.Const) return null;
    at = { fn, index: callerEntry, entry, op, place };
  }
  return at;
}

function isAlone(origin: Origin): boolean {
  return ALONE.has(origin.method) || origin.method === 'init or exit code';
}

/** Work that is done for somebody who may be waiting for it with the lock held. */
function isForOthers(origin: Origin): boolean {
  return origin.method === 'work item' || origin.method === 'kernel thread';
}

const HOW: Readonly<Record<Why, string>> = {
  [Why.Known]: 'it is called without',
  [Why.Dropped]: 'the lock was given back before',
  [Why.Shared]: 'it is held only shared here',
  [Why.Ordered]: 'only what goes before it is taken',
  [Why.Outside]: 'nothing on the way here takes it',
};

const BY_HAND = '; with the name counted off and its reference dropped the name is removed';

/** The finding of a site. */
function draftOf(cx: RuleContext, site: Site, saying: Saying): Draft {
  const { found, clear, call } = site;
  const { analysis } = cx;
  const culprit = whoDoesNot(cx, site);
  const origin = analysis.propagation?.origins[clear.entry.origins[0] ?? -1];
  const lock = `'${lockExpression(found.text)}'`;
  const steps: TraceStep[] = [...pathTo(cx, clear.fn, clear.index)];
  if (site.by >= 0)
    steps.push(
      step(
        site.why === Why.Dropped ? 'release' : 'acquire',
        clear.fn,
        site.by,
        site.why === Why.Dropped
          ? 'gives the lock back'
          : site.why === Why.Shared
            ? 'takes the lock shared'
            : 'takes what goes before the lock',
      ),
    );
  for (const l of site.down) steps.push(callStep(l.fn, l.op));
  steps.push(step('access', call.fn, found.op, `calls ${found.helper.name}()`));
  const pulls = pullsAway(found.helper, saying);
  const shows = pulls ? saying.reader?.().shows : null;
  const meanwhile = pulls
    ? 'dcache_readdir() shows this child meanwhile, and holds no reference to it: the inode that it reads goes away'
    : saying.otherSide;
  const other = step('other-side', call.fn, found.op, meanwhile, 1);
  steps.push(shows === null || shows === undefined ? other : { ...other, ...shows });
  const byHand = !pulls && isByHand(site);
  const needs = isBare(found.helper) && !pulls && !byHand ? 'should have' : 'needs';
  const through = culprit.fn === call.fn ? '' : ` ('${culprit.callee}()' calls it)`;
  return {
    rule: saying.rule,
    precision: site.precision,
    certainty: site.why === Why.Outside ? 'may' : 'must',
    message: `'${found.helper.name}()'${through} ${needs} ${lock} held${found.shared ? '' : ' exclusively'}, and ${HOW[site.why]}${byHand ? BY_HAND : ''}`,
    fn: culprit.fn.id,
    op: culprit.op,
    entry: entryMethod(analysis, origin),
    held: found.held,
    rcu: 'none',
    trace: steps,
    objectClass: 'inode::i_rwsem',
    ...(culprit.fn === call.fn && culprit.op === found.op && isToLockHere(site)
      ? {
          fix: {
            kind: 'lock-directory',
            fn: culprit.fn.id,
            op: culprit.op,
            shared: found.shared,
          } as const,
        }
      : {}),
  };
}

/** Whether the lock is missing here and nowhere else: callers that may hold it, and locks that were there, say that it is not. */
function isToLockHere(site: Site): boolean {
  return site.precision !== 'low' && (site.why === Why.Known || site.why === Why.Outside);
}

/** The call that has to take the lock: where others call the same function with the lock held, the caller that does not. */
function whoDoesNot(
  cx: RuleContext,
  site: Site,
): { readonly fn: FunctionRef; readonly op: number; readonly callee: string } {
  const { results, propagation, program, terms } = cx.analysis;
  let level = site.clear;
  let callee = site.found.helper.name;
  const below = site.down[1] ?? (site.down.length > 0 ? site.call : null);
  if (below !== null) callee = below.fn.name;
  if (site.why === Why.Dropped || site.by >= 0) return { fn: level.fn, op: level.op, callee };
  for (let depth = 0; depth < 40 && level.place >= 0 && level.entry.caller >= 0; depth++) {
    const { fn, op, place, entry, index } = level;
    const others = (propagation?.entries[fn.id] ?? [])
      .filter((_, i) => i !== index)
      .map((e) => verdictAt(cx, fn, e, op, place, site.found.shared).kind);
    // Where more than one way here lacks it, it is this function that should have taken it
    const isCallers = others.length > 0 && others.every((kind) => kind !== 'not');
    const edge = results[entry.caller]?.edges.find((e) => e.callee === fn.id && e.op === entry.op);
    const caller = program.functions[entry.caller];
    const up = propagation?.entries[entry.caller]?.[entry.callerEntry];
    if (!isCallers || edge === undefined || caller === undefined || caller.isMacro || up === undefined) break;
    callee = fn.name;
    const placeUp = toCaller(terms, place, edge.args, terms.unknown);
    level = {
      fn: caller,
      index: entry.callerEntry,
      entry: up,
      op: entry.op,
      place: terms.isShared(placeUp) ? placeUp : -1,
    };
  }
  return { fn: level.fn, op: level.op, callee };
}
