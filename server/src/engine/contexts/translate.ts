/**
 * One object, two names: a place of the caller in the callee's terms.
 */
import { T, type Terms } from './terms.js';

/** A place of the caller as the callee names it, or an opaque place where it has no name there. */
export function toCallee(
  terms: Terms,
  place: number,
  args: readonly number[],
  show: (p: number) => string,
): number {
  let lost = false;
  const out = terms.rewrite(place, (x) => {
    const j = args.indexOf(x);
    if (j >= 0 && x !== terms.unknown && terms.kind(x) !== T.Const) return terms.param(j);
    const kind = terms.kind(x);
    if (kind === T.Local || kind === T.FieldL || kind === T.FieldP) {
      const a = args.indexOf(terms.addr(x));
      if (a >= 0) return terms.derefL(terms.param(a));
    }
    if (kind === T.Param || kind === T.Fresh || kind === T.Stale || kind === T.Local || kind === T.Unknown)
      lost = true;
    return terms.children(x).length === 0 ? x : -1;
  });
  if (!lost) return out;
  return terms.kind(place) === T.Opaque ? place : terms.opaque(show(place));
}
