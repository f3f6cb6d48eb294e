/**
 * Accesses that run beside each other though one of them has the object to itself otherwise: the model's pairs of methods of which one
 * is called in RCU-walk (`model/overlap.ts`).
 */
import type { Entry } from '../contexts/entry-points.js';
import { walksBeside } from '../model/overlap.js';
import type { FunctionRef } from '../program/program.js';
import type { RuleContext } from '../rules/rule.js';
import type { Spot } from './collect.js';

/** What runs beside one function. */
export class Overlap {
  readonly #cx: RuleContext;
  /** Methods that call the function in RCU-walk. */
  readonly #walks: ReadonlySet<string>;

  constructor(cx: RuleContext, fn: FunctionRef) {
    this.#cx = cx;
    const entries = cx.analysis.propagation?.entries[fn.id] ?? [];
    this.#walks = new Set(entries.flatMap((entry) => walkedBy(cx, entry)));
  }

  /** Whether an access of a method that has the object to itself may come while the function runs in RCU-walk. */
  thoughAlone(spot: Spot): boolean {
    return this.#walks.size > 0 && aloneMethods(spot).some((m) => this.#isPair(m, this.#walks));
  }

  /** Whether an access is made in RCU-walk, by a method that may run beside one that has the object to itself otherwise. */
  byWalk(spot: Spot, alone: readonly Spot[]): boolean {
    const entries = this.#cx.analysis.propagation?.entries[spot.fn.id] ?? [];
    const walks = new Set(
      spot.situations.flatMap(({ entry }) => {
        const from = entries[entry];
        return from === undefined ? [] : walkedBy(this.#cx, from);
      }),
    );
    return walks.size > 0 && alone.flatMap(aloneMethods).some((m) => this.#isPair(m, walks));
  }

  #isPair(method: string, walks: ReadonlySet<string>): boolean {
    const { model } = this.#cx.analysis;
    const structs = new Set(
      model.lifeCycles.flatMap((cycle) =>
        cycle.methods.flatMap((m) => (m.method === method ? [m.struct] : [])),
      ),
    );
    return [...structs].some((struct) =>
      walksBeside(model, struct, method).some((walk) => walks.has(`${walk.struct}::${walk.method}`)),
    );
  }
}

/** Methods that an access has the object to itself in. */
function aloneMethods(spot: Spot): readonly string[] {
  return [...new Set(spot.situations.flatMap(({ alone }) => (alone === '' ? [] : [alone])))];
}

/** The methods by which RCU-walk comes to an entry. */
function walkedBy({ analysis }: RuleContext, entry: Entry): readonly string[] {
  if (!entry.walk) return [];
  return entry.origins.flatMap((id) => {
    const origin = analysis.propagation?.origins[id];
    return origin === undefined ? [] : [`${origin.struct}::${origin.method}`];
  });
}
