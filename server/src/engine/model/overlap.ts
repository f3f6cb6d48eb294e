/**
 * Which methods may run at the same time for the same object, pair by pair, as the lives of objects give it: RCU-walk takes no lock
 * and no reference, so it runs beside whatever runs in a state in which it may find the object, or may still be looking at it.
 * Methods that lock are no pairs of this table: what they hold tells whether they wait for each other.
 */
import type { LifeCycle, LifeMethod, Model } from './types.js';

/** Calls of other methods in RCU-walk that may run while a method runs for the same object; none where that is one of them itself. */
export function walksBeside(
  model: Pick<Model, 'lifeCycles'>,
  struct: string,
  method: string,
): readonly LifeMethod[] {
  const out: LifeMethod[] = [];
  for (const cycle of model.lifeCycles)
    for (const mine of cycle.methods) {
      if (mine.struct !== struct || mine.method !== method || mine.beside !== undefined) continue;
      if (mine.afterGrace === true) continue;
      for (const walk of cycle.methods)
        if (!out.includes(walk) && walkedStates(cycle, walk).some((state) => mine.in.includes(state)))
          out.push(walk);
    }
  return out;
}

/** States of an object in which RCU-walk may run a method for it. */
function walkedStates(cycle: LifeCycle, { in: own, beside }: LifeMethod): readonly string[] {
  if (beside === undefined) return [];
  const hidden = new Set(cycle.states.flatMap((state) => (state.hidden === true ? [state.name] : [])));
  return [...own.filter((state) => !hidden.has(state)), ...beside];
}
