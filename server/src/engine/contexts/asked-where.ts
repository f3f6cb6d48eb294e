/**
 * Whether who sleeps has asked first where the processor is. Reads what a state knows of the answers; must not know what sleeps.
 */
import { isAtomicKind } from '../model/lock-kinds.js';
import type { HelperEntry } from '../model/types.js';
import { ANY, type Facts, ZERO } from './known.js';
import type { Shared } from './shared.js';
import type { State } from './state.js';
import { T } from './terms.js';

/**
 * Whether a state goes on only where one may sleep, as something said that asks: with a lock held that forbids it, it does not come to a
 * sleep. What tells interrupts alone has an answer for the function that took the lock, but a callee that asks knows that it is called
 * by those who may not sleep. The RCU read side is seen by none of them. `memory`: what a callee found.
 */
export function hasAsked(shared: Shared, s: State, memory: Facts): boolean {
  if (!s.locks.some((l) => !l.may && l.kind !== 'rcu' && isAtomicKind(l.kind))) return false;
  const says = (facts: Facts, inCallee: boolean): boolean => {
    for (let i = 0; i < facts.length; i += 2) {
      const asked = askedWhere(shared, facts[i] as number);
      if (asked === undefined || !(asked.seesLocks || inCallee)) continue;
      if (((facts[i + 1] as number) & (asked.maySleep === 'zero' ? ~ZERO & ANY : ZERO)) === 0) return true;
    }
    return false;
  };
  return says(memory, true) || says(s.facts, false) || says(s.aside, false);
}

/** What a term says of where the processor is, if it is the answer of what tells that. */
function askedWhere({ terms, model }: Shared, t: number): HelperEntry['asksWhere'] {
  if (terms.kind(t) !== T.Load) return undefined;
  const place = terms.a(t);
  if (terms.kind(place) !== T.Global) return undefined;
  return model.helpers.get(terms.nameText(terms.a(place)))?.asksWhere;
}
