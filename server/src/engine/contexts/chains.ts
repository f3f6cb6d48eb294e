/**
 * By which calls a method comes to a situation. A situation that several methods share remembers one predecessor; for the
 * others the calls are followed upwards again, until the method itself. Must not change what is known.
 */
import type { Propagation } from './propagate.js';
import type { CallEdge } from './result.js';

/** Calls that are asked on the way up, past which nothing is said. */
const MAX_ASKED = 4000;

/** A step of a chain: the function that calls, and its operation there. */
export interface ChainStep {
  readonly fn: number;
  readonly op: number;
}

/** Chains of one analysis; what was found is kept. */
export class Chains {
  private readonly known = new Map<string, readonly ChainStep[] | null>();
  private callers: ReadonlyMap<
    number,
    readonly { readonly caller: number; readonly edge: CallEdge }[]
  > | null = null;

  /** `edgesOf`: the calls of a function, for every function of the analysis. */
  constructor(
    private readonly propagation: Propagation,
    private readonly functions: readonly number[],
    private readonly edgesOf: (fn: number) => readonly CallEdge[],
  ) {}

  /** The calls from the method of an origin down to a function's situation, outermost first; null where none was found. */
  from(origin: number, fn: number, index: number): readonly ChainStep[] | null {
    const key = `${origin},${fn},${index}`;
    let chain = this.known.get(key);
    if (chain === undefined) {
      const { propagation } = this;
      const first = propagation.chain(fn, index);
      const top = first[0]?.fn ?? fn;
      chain = propagation.origins[origin]?.function === top ? first : this.search(origin, fn, index);
      this.known.set(key, chain);
    }
    return chain;
  }

  /** Breadth first, so that the shortest way is the one that is told. */
  private search(origin: number, fn: number, index: number): readonly ChainStep[] | null {
    interface Node {
      readonly fn: number;
      readonly index: number;
      /** The call that leads down from here. */
      readonly step: ChainStep | null;
      readonly below: Node | null;
    }
    const { propagation } = this;
    const method = propagation.origins[origin]?.function;
    const seen = new Set<string>([`${fn},${index}`]);
    let level: Node[] = [{ fn, index, step: null, below: null }];
    let asked = 0;
    while (level.length > 0) {
      const next: Node[] = [];
      for (const node of level) {
        const entry = propagation.entries[node.fn]?.[node.index];
        if (entry === undefined) continue;
        if (node.fn === method && entry.caller < 0) {
          const chain: ChainStep[] = [];
          for (let n: Node | null = node; n?.step != null; n = n.below) chain.push(n.step);
          return chain;
        }
        for (const { caller, edge } of this.callersOf(node.fn)) {
          const entries = propagation.entries[caller] ?? [];
          for (let i = 0; i < entries.length; i++) {
            if (entries[i]?.origins.includes(origin) !== true || seen.has(`${caller},${i}`)) continue;
            if (++asked > MAX_ASKED) return null;
            if (!propagation.brings(caller, i, edge, node.index)) continue;
            seen.add(`${caller},${i}`);
            next.push({ fn: caller, index: i, step: { fn: caller, op: edge.op }, below: node });
          }
        }
      }
      level = next;
    }
    return null;
  }

  /** The calls of a function by all functions of the analysis. */
  callersOf(fn: number): readonly { readonly caller: number; readonly edge: CallEdge }[] {
    if (this.callers === null) {
      const map = new Map<number, { caller: number; edge: CallEdge }[]>();
      for (const caller of this.functions)
        for (const edge of this.edgesOf(caller)) {
          const list = map.get(edge.callee);
          if (list === undefined) map.set(edge.callee, [{ caller, edge }]);
          else list.push({ caller, edge });
        }
      this.callers = map;
    }
    return this.callers.get(fn) ?? [];
  }
}
