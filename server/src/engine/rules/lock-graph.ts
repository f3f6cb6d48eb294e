/**
 * Which lock is waited for while which other one is held, through any depth of calls, as a graph of classes with a witness for each
 * edge. Put together from what functions do and whom they call (`FunctionResult.waits`, `edges`): nothing is walked again. Must not
 * know what is wrong with an edge.
 */
import type { Analysis } from '../contexts/analysis.js';
import { calledName } from '../contexts/cfg.js';
import { type Entry, type Origin, Whence } from '../contexts/entry-points.js';
import { type Facts, maskOf, signOf, withFact } from '../contexts/known.js';
import type { CallEdge, FunctionResult, Variant, WaitEffect } from '../contexts/result.js';
import { sameWaits } from '../contexts/same.js';
import type { Lock } from '../contexts/state.js';
import { T, type Terms } from '../contexts/terms.js';
import { embedding, toCaller } from '../contexts/translate.js';
import { operatorCode } from '../facts/encode.js';
import type { FunctionRef } from '../program/program.js';
import { EdgeLists } from './edge-lists.js';
import {
  calleesOf,
  callersEver,
  callersOf,
  mixed,
  OfAnalyses,
  OfFunctions,
  type Results,
  resultNumbers,
  textNumber,
} from './kept.js';
import { isKnown, LockNames, type Node } from './lock-names.js';
import type { RuleContext } from './rule.js';
import { nextNumber, standing } from './standing.js';
import { STORED_BELOW, STORED_EDGES } from './stored-below.js';

/** Calls below a function that are followed. */
const MAX_DEPTH = 12;
/** Ways to one class below a function that are kept: with other locks given back before, or on other conditions. */
const MAX_WAYS = 3;
/** Classes below one function. */
const MAX_BELOW = 160;

/** A lock that was given back before another one is waited for. */
export type GivenBack = Pick<Lock, 'place' | 'class' | 'kind'>;

/** A lock that is waited for below a function. */
export interface Taken {
  readonly node: Node;
  /** The lock, in the function's terms, or a nameless one. */
  readonly place: number;
  readonly shared: boolean;
  /** Facts and locks given back before, in the function's terms. */
  readonly facts: Facts;
  readonly released: readonly GivenBack[];
  readonly op: number;
  /** The callee that does it, or -1. */
  readonly via: number;
  /** Which of the callee's ways it is: kept by number, so that it stays the same when the callee's text moves. */
  readonly next: { readonly key: string; readonly index: number } | null;
  readonly depth: number;
  /** How the lock is called where it is taken. */
  readonly text: string;
  readonly what: string;
  /** It hangs on a value that nothing is known of here. */
  readonly unsure: boolean;
  readonly lastRef: boolean;
}

/** One lock waited for inside another one, with who does it. */
export interface Edge {
  readonly outer: Node;
  readonly inner: Node;
  readonly outerShared: boolean;
  /** The function that holds the outer one. */
  readonly fn: FunctionRef;
  /** Where it was taken; -1: its callers hold it. */
  readonly heldOp: number;
  readonly heldText: string;
  readonly heldPlace: number;
  readonly taken: Taken;
  /** The method whose callers hold the outer one. */
  readonly origin: Origin | null;
  readonly facts: Facts;
  /** Classes that were held before the outer one was taken; true: shared. */
  readonly gates: ReadonlyMap<string, boolean>;
  readonly sameObject: boolean;
  /** Every state in which the inner one is waited for there has the outer one. */
  readonly always: boolean;
}

export const NO_BELOW: ReadonlyMap<string, readonly Taken[]> = new Map();

/** What is waited for below a function, and the locks among that which somebody wants to have alone. */
export interface Below {
  readonly ways: ReadonlyMap<string, readonly Taken[]>;
  readonly exclusive: ReadonlySet<string>;
  /** Those of them that no callee has. */
  readonly ownExclusive: readonly string[];
  /** Stands for what callers see of it: the same number while that is the same, whatever line it is in. */
  readonly seen: number;
}

const NOTHING: Below = { ways: NO_BELOW, exclusive: new Set(), ownExclusive: [], seen: 0 };

const BELOW = new OfFunctions<Below>(STORED_BELOW);
const EDGES = new OfFunctions<readonly Edge[]>(STORED_EDGES);
const PARTS = new OfFunctions<readonly string[]>();

/** States at a call, those first under which most callers come to it: what is below is told by the first one that it fits. */
function leastConditionsFirst(variants: readonly Variant[]): readonly Variant[] {
  if (variants.length < 2) return variants;
  return [...variants].sort((a, b) => a.facts.length - b.facts.length);
}

/** Whether callers see the same in both. */
function looksSame(a: Below, b: Below): boolean {
  if (a.ways.size !== b.ways.size || a.exclusive.size !== b.exclusive.size) return false;
  for (const key of a.exclusive) if (!b.exclusive.has(key)) return false;
  const others = b.ways.entries();
  for (const [key, list] of a.ways) {
    const [otherKey, other] = others.next().value as [string, readonly Taken[]];
    if (key !== otherKey || list.length !== other.length) return false;
    if (!list.every((t, i) => looksSameTaken(t, other[i] as Taken))) return false;
  }
  return true;
}

function looksSameTaken(a: Taken, b: Taken): boolean {
  return (
    a.node.key === b.node.key &&
    a.node.loose === b.node.loose &&
    a.place === b.place &&
    a.shared === b.shared &&
    a.depth === b.depth &&
    a.text === b.text &&
    a.what === b.what &&
    a.unsure === b.unsure &&
    a.lastRef === b.lastRef &&
    sameFacts(a.facts, b.facts) &&
    a.released.length === b.released.length &&
    a.released.every((l, i) => {
      const other = b.released[i] as GivenBack;
      return l.place === other.place && l.class === other.class && l.kind === other.kind;
    })
  );
}

/** The graph of one analysis. */
export class LockGraph {
  private readonly lists = new EdgeLists();
  /** By function: when its turn is; callees come first. */
  private readonly turns: Int32Array;
  /** Functions that call one whose turn is later: in a circle. */
  private readonly callsLater = new Set<number>();
  private readonly below: (Below | undefined)[] = [];
  /** By function: what callers see of `below`; 0 before that is known. */
  private readonly seen: Int32Array;
  private numbers: Int32Array;
  /** By function: what its part of the graph hangs on. */
  private readonly hangsOn: Int32Array;
  private readonly terms: Terms;
  /** Classes of locks that are part of a structure which stands in others. */
  private readonly parts = new Set<string>();
  private readonly names: LockNames;
  private partsNumber = 0;
  /** Classes that somebody waits for to have it alone. */
  readonly exclusive = new Set<string>();

  /** Edges by `outer > inner`. */
  get edges(): ReadonlyMap<string, readonly Edge[]> {
    return this.lists.all;
  }

  private constructor(private cx: Pick<RuleContext, 'analysis' | 'all'>) {
    this.terms = cx.analysis.shared.terms;
    this.numbers = resultNumbers(cx.analysis);
    this.names = new LockNames(cx.analysis, this.parts);
    const count = cx.analysis.program.functions.length;
    this.seen = new Int32Array(count);
    this.hangsOn = new Int32Array(count);
    this.turns = new Int32Array(count).fill(count);
    for (const [turn, { id }] of cx.all.entries()) this.turns[id] = turn;
  }

  private static readonly graphs = new OfAnalyses<LockGraph>(
    (analysis) => {
      const graph = new LockGraph({ analysis, all: functionsOf(analysis) });
      graph.build();
      return graph;
    },
    (graph, analysis, changed, before) => (graph.follow(analysis, changed, before) ? graph : null),
  );

  /** The graph of an analysis: put together once, for rules, hovers and pictures alike. */
  static of(analysis: Analysis): LockGraph {
    return LockGraph.graphs.of(analysis);
  }

  /** Whether that has been done. */
  static isMade(analysis: Analysis): boolean {
    return LockGraph.graphs.isMade(analysis);
  }

  private build(): void {
    for (const cls of this.findParts()) this.parts.add(cls);
    this.partsNumber = textNumber([...this.parts].sort().join());
    for (const fn of this.cx.all) {
      const below = this.belowOf(fn);
      this.below[fn.id] = below;
      this.seen[fn.id] = below.seen;
      for (const key of below.ownExclusive) this.exclusive.add(key);
    }
    for (const [turn, fn] of this.cx.all.entries()) this.lists.add(turn, this.edgesOf(fn));
    this.lists.sort();
  }

  /**
   * Goes on to a later analysis of the lineage, in which only these functions have another result: what they have of their own is put in
   * the place of what they had, and so for all that sees it. False where the graph is of no use any more.
   */
  private follow(analysis: Analysis, changed: readonly number[], before: Results): boolean {
    const all = functionsOf(analysis);
    if (all.length !== this.cx.all.length || all.some((fn, i) => fn !== this.cx.all[i])) return false;
    this.cx = { analysis, all };
    this.numbers = resultNumbers(analysis);
    this.names.goOn(analysis);
    let waitsAreOther = false;
    for (const id of changed) {
      const [was, is] = [before[id], analysis.results[id]];
      if (was === undefined || is === undefined) return false;
      waitsAreOther ||= !sameWaits(was, is);
    }
    if (waitsAreOther && this.partsAreOther(changed)) return false;
    const others = new Set([...changed, ...this.names.nameAnew(changed)]);
    const seeOther = this.findBelowAnew(others);
    const edges = new Map<number, readonly Edge[]>();
    for (const id of new Set([...others, ...seeOther])) {
      const fn = analysis.program.functions[id] as FunctionRef;
      edges.set(this.turns[id] as number, this.edgesOf(fn));
    }
    this.lists.replace(edges);
    return true;
  }

  /**
   * What is waited for below these functions, and below those to whom that is something else then: `others` learns which. Gives the
   * functions that see it only by a call in a circle.
   */
  private findBelowAnew(others: Set<number>): ReadonlySet<number> {
    const { analysis, all } = this.cx;
    const inCircles = new Set<number>();
    let exclusiveIsOther = false;
    for (const fn of all) {
      if (!others.has(fn.id)) continue;
      const was = this.below[fn.id] ?? NOTHING;
      const below = this.belowOf(fn);
      this.below[fn.id] = below;
      this.seen[fn.id] = below.seen;
      exclusiveIsOther ||= was.ownExclusive.join() !== below.ownExclusive.join();
      if (was.seen === below.seen) continue;
      for (const caller of callersOf(analysis, fn.id))
        if (this.isLater(fn.id, caller)) inCircles.add(caller);
        else others.add(caller);
    }
    if (exclusiveIsOther) {
      this.exclusive.clear();
      for (const { id } of all) for (const key of this.below[id]?.ownExclusive ?? []) this.exclusive.add(key);
    }
    return inCircles;
  }

  /** Whether the turn of a callee is not before its caller's: the caller does not know yet what is below it. */
  private isLater(callee: number, caller: number): boolean {
    return (this.turns[callee] as number) >= (this.turns[caller] as number);
  }

  /** Whether the classes that `findParts` finds are others than they were, once these functions have another result. */
  private partsAreOther(changed: readonly number[]): boolean {
    const { analysis } = this.cx;
    let isOther = false;
    // What a function brings hangs on its result and on those of its callees
    for (const id of new Set(changed.flatMap((one) => [one, ...callersEver(analysis, one)])))
      this.partsIn(analysis.program.functions[id] as FunctionRef, (was, is) => {
        isOther ||= was === undefined || was.join() !== is.join();
      });
    return isOther && textNumber([...this.findParts()].sort().join()) !== this.partsNumber;
  }

  /** Such classes in one function; `anew` is told where they are found anew. */
  private partsIn(
    fn: FunctionRef,
    anew: (was: readonly string[] | undefined, is: readonly string[]) => void = () => {},
  ): readonly string[] {
    const { numbers } = this;
    const result = this.cx.analysis.results[fn.id];
    if (result === undefined) return [];
    let hungOn = numbers[fn.id] as number;
    for (const e of result.edges) hungOn = mixed(hungOn, numbers[e.callee] ?? 0);
    return PARTS.of(fn, [hungOn], (was) => {
      const is = this.partsOf(result);
      anew(was, is);
      return is;
    });
  }

  /** Finds the classes of locks that are part of a structure which stands in others. */
  private findParts(): ReadonlySet<string> {
    const { model } = this.cx.analysis;
    const out = new Set<string>();
    for (const fn of this.cx.all) for (const cls of this.partsIn(fn)) out.add(cls);
    for (const cls of model.lockClasses.keys()) if (!cls.startsWith('lockref')) out.delete(cls);
    return out;
  }

  private partsOf(result: FunctionResult): readonly string[] {
    const { results } = this.cx.analysis;
    const { terms } = this;
    const out = new Set<string>();
    const look = (l: Lock): void => {
      if (embedding(terms, l.place) !== '') out.add(l.class);
    };
    for (const w of result.waits) {
      look(w.lock);
      for (const h of w.held) look(h.lock);
    }
    for (const edge of result.edges) {
      for (const v of edge.variants) for (const l of v.locks) look(l);
      for (const w of results[edge.callee]?.waits ?? [])
        if (terms.kind(terms.root(w.lock.place)) === T.Param)
          look(w.lock.at(toCaller(terms, w.lock.place, edge.args, terms.unknown)));
    }
    return [...out];
  }

  /**
   * What a function's part of the graph hangs on: its result, what is below its callees, and where locks that they give are named.
   * `isWhole`: what is below all of them is known.
   */
  private hungOn(fn: FunctionRef, result: FunctionResult, isWhole = false): number {
    const { seen } = this;
    let n = mixed(this.numbers[fn.id] as number, this.partsNumber);
    for (const callee of calleesOf(result)) {
      const later = this.isLater(callee, fn.id);
      if (later && (this.turns[callee] as number) < this.turns.length) this.callsLater.add(fn.id);
      n = mixed(mixed(n, later && !isWhole ? 0 : (seen[callee] as number)), this.names.given(callee));
    }
    return n;
  }

  /** What is waited for below a function, by class and mode. */
  takenBelow(fn: number): ReadonlyMap<string, readonly Taken[]> {
    return this.below[fn]?.ways ?? NO_BELOW;
  }

  /** The same as the callee has it; null where the function takes the lock itself. */
  nextOf(t: Taken): Taken | null {
    return t.next === null ? null : (this.takenBelow(t.via).get(t.next.key)?.[t.next.index] ?? null);
  }

  private belowOf(fn: FunctionRef): Below {
    const result = this.cx.analysis.results[fn.id];
    if (result === undefined) return NOTHING;
    const hungOn = this.hungOn(fn, result);
    this.hangsOn[fn.id] = hungOn;
    return BELOW.of(fn, [hungOn], (before) => {
      const found = this.findBelow(fn, result);
      return before !== undefined && looksSame(before, found) ? { ...found, seen: before.seen } : found;
    });
  }

  private findBelow(fn: FunctionRef, result: FunctionResult): Below {
    let out: Map<string, Taken[]> | null = null;
    const exclusive = new Set<string>();
    const add = (t: Taken): void => {
      out ??= new Map();
      const key = t.shared ? `${t.node.key} (shared)` : t.node.key;
      if (!t.shared) exclusive.add(t.node.key);
      const list = out.get(key);
      if (list === undefined) {
        if (out.size < MAX_BELOW) out.set(key, [t]);
        return;
      }
      if (list.some((o) => says(o, t))) return;
      const rest = list.filter((o) => !says(t, o));
      if (rest.length < MAX_WAYS) out.set(key, [...rest, t]);
    };
    for (const w of this.waitsOf(result)) {
      const node = this.names.nodeOf(fn, w.lock, w.op);
      if (node === null || w.fresh) continue;
      add(this.ownWait(node, w));
    }
    for (const edge of result.edges) {
      const inner = this.isLater(edge.callee, fn.id) ? undefined : this.below[edge.callee]?.ways;
      if (edge.context !== 'now' || inner === undefined) continue;
      const last = this.isLastPut(fn, edge);
      const variants = leastConditionsFirst(edge.variants);
      for (const [key, ways] of inner)
        for (const [index, t] of ways.entries()) {
          if (t.depth >= MAX_DEPTH) continue;
          for (const v of variants) {
            const facts = v.doubt ? null : this.factsThrough(edge, v, t.facts);
            if (facts === null) continue;
            const released = t.released
              .filter((r) => !v.locks.some((l) => isSame(l, r)))
              .map((r) => this.lockThrough(edge, r));
            const place = this.placeThrough(edge, t.place);
            add({
              ...t,
              node: t.node.loose ? this.names.within(t.node, place) : t.node,
              place,
              facts: facts.facts,
              released: v.released.length === 0 ? released : [...v.released.map(givenBack), ...released],
              op: edge.op,
              via: edge.callee,
              next: { key, index },
              depth: t.depth + 1,
              unsure: t.unsure || facts.unsure,
              lastRef: t.lastRef || last,
            });
            break;
          }
        }
    }
    const callees = calleesOf(result).filter((callee) => !this.isLater(callee, fn.id));
    const ownExclusive = [...exclusive].filter(
      (key) => !callees.some((callee) => this.below[callee]?.exclusive.has(key) === true),
    );
    return { ways: out ?? NO_BELOW, exclusive, ownExclusive, seen: nextNumber() };
  }

  private edgesOf(fn: FunctionRef): readonly Edge[] {
    const { results, propagation } = this.cx.analysis;
    const result = results[fn.id];
    if (fn.isMacro || result === undefined || result.widened) return [];
    const hungOn = this.callsLater.has(fn.id)
      ? this.hungOn(fn, result, true)
      : (this.hangsOn[fn.id] as number);
    const own = EDGES.of(fn, [hungOn, standing(propagation?.entries[fn.id])], () =>
      this.ownEdges(fn, result),
    );
    const brought = this.edgesOfMethod(fn);
    return brought.length === 0 ? own : [...own, ...brought];
  }

  /** One lock inside another that the function or a callee of it holds. */
  private ownEdges(fn: FunctionRef, result: FunctionResult): readonly Edge[] {
    const out: Edge[] = [];
    let outside: ReadonlyMap<string, boolean> | null = null;
    const around = (): ReadonlyMap<string, boolean> => {
      outside ??= this.heldAround(fn);
      return outside;
    };
    for (const w of this.waitsOf(result)) {
      if (w.held.length === 0 || w.fresh) continue;
      const node = this.names.nodeOf(fn, w.lock, w.op);
      if (node === null) continue;
      for (const [i, h] of w.held.entries()) {
        // One helper that takes several says nothing of their order
        const outer = h.fresh || h.lock.op === w.op ? null : this.names.nodeOf(fn, h.lock, h.lock.op);
        if (outer === null) continue;
        out.push({
          outer,
          inner: node,
          outerShared: h.lock.shared,
          fn,
          heldOp: h.lock.op,
          heldText: h.text,
          heldPlace: h.lock.place,
          taken: this.ownWait(node, w),
          origin: null,
          facts: w.facts,
          gates: this.gates(
            fn,
            w.held.slice(0, i).map((x) => x.lock),
            around(),
          ),
          sameObject: h.sameObject,
          always: result.waits.every((x) => x.op !== w.op || x.held.some((y) => isSame(y.lock, h.lock))),
        });
      }
    }
    for (const edge of result.edges) {
      const inner = this.below[edge.callee]?.ways;
      if (edge.context !== 'now' || inner === undefined || inner.size === 0) continue;
      const last = this.isLastPut(fn, edge);
      for (const v of edge.variants) {
        if (v.doubt) continue;
        for (const [i, l] of v.locks.entries()) {
          if (l.may) continue;
          const outer = this.names.nodeOf(fn, l, l.op);
          if (outer === null) continue;
          const own = result.waits.find((w) => w.op === l.op && w.lock.class === l.class);
          for (const [key, ways] of inner)
            for (const [index, t] of ways.entries()) {
              if (t.node.key === outer.key || t.released.some((r) => isSame(l, r))) continue;
              const facts = this.factsThrough(edge, v, t.facts);
              if (facts === null) continue;
              const place = this.placeThrough(edge, t.place);
              const node = t.node.loose ? this.names.within(t.node, place) : t.node;
              out.push({
                outer,
                inner: node,
                outerShared: l.shared,
                fn,
                heldOp: l.op,
                heldText: own?.text ?? l.class,
                heldPlace: own?.lock.place ?? this.placeThrough(edge, l.place),
                taken: {
                  ...t,
                  node,
                  place,
                  op: edge.op,
                  via: edge.callee,
                  next: { key, index },
                  depth: t.depth + 1,
                  unsure: t.unsure || facts.unsure,
                  lastRef: t.lastRef || last,
                },
                origin: null,
                facts: facts.facts,
                gates: this.gates(fn, v.locks.slice(0, i), around()),
                sameObject: false,
                always: edge.variants.every((x) => x.doubt || x.locks.some((y) => !y.may && isSame(y, l))),
              });
            }
        }
      }
    }
    return out;
  }

  /** One lock inside another that the VFS holds when it calls the function. */
  private edgesOfMethod(fn: FunctionRef): readonly Edge[] {
    const { propagation, model } = this.cx.analysis;
    const out: Edge[] = [];
    const mine = this.below[fn.id]?.ways;
    if (propagation === null || mine === undefined || mine.size === 0) return out;
    for (const entry of propagation.entries[fn.id] ?? []) {
      if (entry.caller >= 0 || entry.from !== Whence.Beginning) continue;
      const origin = propagation.origins[entry.origins[0] ?? -1];
      if (origin === undefined) continue;
      const params = model.methods.get(`${origin.struct}::${origin.method}`)?.params ?? [];
      for (const l of entry.locks) {
        if (l.may && l.class !== MMAP_LOCK) continue;
        const outer = this.names.entryNode(l, origin, params);
        if (outer === null) continue;
        for (const ways of mine.values())
          for (const t of ways) {
            if (t.node.key === outer.key || t.released.some((r) => isSame(l, r))) continue;
            if (!this.fits(entry.facts, t.facts)) continue;
            const gates = new Map<string, boolean>();
            for (const g of entry.locks) {
              const node = g === l || g.may ? null : this.names.entryNode(g, origin, params);
              if (node !== null) gates.set(node.key, g.shared);
            }
            out.push({
              outer,
              inner: t.node,
              outerShared: l.shared,
              fn,
              heldOp: -1,
              heldText: propagation.show(fn.id, l.place),
              heldPlace: l.place,
              taken: t,
              origin,
              facts: t.facts,
              gates,
              sameObject: false,
              always: true,
            });
          }
      }
    }
    return out;
  }

  /** What a function waits for itself, but by a helper that moves dentries: under what that may be called is another law. */
  private waitsOf(result: FunctionResult): readonly WaitEffect[] {
    const { helpers } = this.cx.analysis.model;
    return result.waits.filter((w) => helpers.get(w.what)?.names !== 'moves');
  }

  private ownWait(node: Node, w: WaitEffect): Taken {
    return {
      node,
      place: w.lock.place,
      shared: w.lock.shared,
      facts: w.facts,
      released: w.released.map(givenBack),
      op: w.op,
      via: -1,
      next: null,
      depth: 0,
      text: w.text,
      what: w.what,
      unsure: false,
      lastRef: w.lastRef,
    };
  }

  // ---- through calls

  private placeThrough(edge: CallEdge, place: number): number {
    const { terms } = this;
    const there = toCaller(terms, place, edge.args, terms.unknown);
    return there !== terms.unknown && terms.isShared(there) ? there : terms.opaque('?');
  }

  /** Whether a call runs what is handed to it, and is a put: it does so only where a count has reached zero. */
  private isLastPut(fn: FunctionRef, edge: CallEdge): boolean {
    const name = calledName(fn, edge.op);
    return PUTS.test(name) && this.cx.analysis.program.functions[edge.callee]?.name !== name;
  }

  // ---- what is held around

  private gates(
    fn: FunctionRef,
    before: readonly Lock[],
    around: ReadonlyMap<string, boolean>,
  ): ReadonlyMap<string, boolean> {
    if (before.length === 0) return around;
    const out = new Map(around);
    for (const l of before) {
      const node = l.may ? null : this.names.nodeOf(fn, l, l.op);
      if (node !== null) out.set(node.key, l.shared);
    }
    return out;
  }

  /** Classes that are held whenever a function is entered. */
  private heldAround(fn: FunctionRef): ReadonlyMap<string, boolean> {
    const entries: readonly Entry[] = this.cx.analysis.propagation?.entries[fn.id] ?? [];
    let common: Map<string, boolean> | null = null;
    for (const e of entries) {
      const here = new Map<string, boolean>();
      for (const l of e.locks) if (!l.may && isKnown(l.class)) here.set(this.names.node(l, '').key, l.shared);
      if (common === null) common = here;
      else for (const key of [...common.keys()]) if (!here.has(key)) common.delete(key);
      if (common.size === 0) break;
    }
    return common ?? new Map<string, boolean>();
  }

  // ---- conditions

  /** Facts of a callee in its caller; null where a state of the call excludes them. */
  private factsThrough(
    edge: CallEdge,
    v: Variant,
    facts: Facts,
  ): { readonly facts: Facts; readonly unsure: boolean } | null {
    if (facts.length === 0) return { facts: v.facts, unsure: false };
    const { terms } = this;
    let out = v.facts;
    let unsure = false;
    for (let i = 0; i < facts.length; i += 2) {
      const term = facts[i] as number;
      const wanted = facts[i + 1] as number;
      const there = maskOf(terms, v.calleeFacts, term);
      if ((there & wanted) === 0) return null;
      const here = toCaller(terms, term, edge.args, terms.unknown);
      if (here === terms.unknown) {
        // Only a test of what was handed over decides: memory may have any value
        if ((there & ~wanted) !== 0 && !terms.isSoft(term)) unsure = true;
        continue;
      }
      const mask = this.known(out, here);
      if ((mask & wanted) === 0) return null;
      if (terms.isShared(here) && (mask & wanted) !== mask) out = withFact(out, here, mask & wanted);
    }
    return { facts: out, unsure };
  }

  private fits(known: Facts, facts: Facts): boolean {
    for (let i = 0; i < facts.length; i += 2)
      if ((this.known(known, facts[i] as number) & (facts[i + 1] as number)) === 0) return false;
    return true;
  }

  /** What a term can be, constants worked out. */
  private known(facts: Facts, term: number): number {
    const number = folded(this.terms, term);
    return number === null ? maskOf(this.terms, facts, term) : signOf(number);
  }

  private lockThrough(edge: CallEdge, l: GivenBack): GivenBack {
    const place = toCaller(this.terms, l.place, edge.args, this.terms.unknown);
    return { ...l, place: this.terms.isShared(place) ? place : this.terms.opaque(l.class) };
  }
}

function givenBack({ place, class: cls, kind }: Lock): GivenBack {
  return { place, class: cls, kind };
}

/** All functions of an analysis, callees first. */
function functionsOf({ bottomUp, program }: Analysis): readonly FunctionRef[] {
  return bottomUp.map((id) => program.functions[id] as FunctionRef);
}

const AND = operatorCode('&');
const EQ = operatorCode('==');
const NE = operatorCode('!=');

function folded(terms: Terms, t: number): number | null {
  const number = terms.number(t);
  if (number !== null) return number;
  if (terms.kind(t) !== T.Bin) return null;
  const [l, r] = [folded(terms, terms.b(t)), folded(terms, terms.c(t))];
  if (l === null || r === null) return null;
  switch (terms.a(t)) {
    case AND:
      // Flags are 32 bits wide; what is wider is not worked out
      return Math.abs(l) > 0x7fffffff || Math.abs(r) > 0x7fffffff ? null : l & r;
    case EQ:
      return l === r ? 1 : 0;
    case NE:
      return l === r ? 0 : 1;
    default:
      return null;
  }
}

const PUTS = /(^|_)put(_|$)/;
const MMAP_LOCK = 'mm_struct::mmap_lock';

function isSame(a: GivenBack, b: GivenBack): boolean {
  return a.place === b.place || (a.class === b.class && a.kind === b.kind);
}

/** Whether one way to a lock says all that another one does. */
function says(a: Taken, b: Taken): boolean {
  if (a.unsure && !b.unsure) return false;
  if (a.lastRef && !b.lastRef) return false;
  if (a.depth > b.depth + 2) return false;
  if (!a.released.every((r) => b.released.some((x) => isSame(r, x)))) return false;
  return a.facts.length === 0 || sameFacts(a.facts, b.facts);
}

function sameFacts(a: Facts, b: Facts): boolean {
  return a.length === b.length && a.every((x, i) => x === b[i]);
}
