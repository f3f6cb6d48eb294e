/**
 * Objects that are freed, as callers know them.
 */
import type { FunctionRun } from './flow.js';
import { maskOf, ZERO } from './known.js';
import type { State } from './state.js';
import { T } from './terms.js';
import { exported } from './translate.js';

/** Records that the object behind a pointer is freed, if the pointer means anything outside. */
export function noteFreeOf(
  run: FunctionRun,
  s: State,
  op: number,
  named: number,
  how: 'now' | 'rcu' | 'deferred',
  what: string,
  via: number,
  afterGrace: boolean,
  unpublishedInside: readonly string[],
  conditional: boolean,
  ownerInside = '',
): void {
  if (run.effect.muted) return;
  const { terms, ev } = run;
  // A pointer that was read before its field was cleared is still the object of that field
  const object =
    !terms.isShared(named) && run.snapshots.size > 0
      ? terms.rewrite(named, (x) => run.snapshots.get(x) ?? (terms.isShared(x) ? x : -1))
      : named;
  if (
    !terms.isShared(object) ||
    terms.kind(object) === T.Const ||
    terms.kind(terms.root(object)) === T.Opaque
  )
    return;
  const mask = maskOf(terms, s.facts, object);
  if (mask === ZERO) return;
  const unpublished = [...unpublishedInside];
  if (terms.kind(object) === T.Load) {
    const place = terms.a(object);
    for (let i = 0; i < s.heap.length; i += 2)
      if (s.heap[i] === place && s.heap[i + 1] !== object) unpublished.push('cleared');
  }
  let own = conditional;
  for (let i = 0; i < s.facts.length && !own; i += 2) if (!terms.isShared(s.facts[i] as number)) own = true;
  // A pointer that has no type here may have one where it was followed
  const owner = ev.ownerOf(object);
  run.effect.freeAt(s, {
    object,
    owner: owner.startsWith('?') && ownerInside !== '' ? ownerInside : owner,
    type: ev.pointeeOf(object),
    how,
    facts: exported(run.terms, s.facts),
    op,
    via,
    what,
    afterGrace: afterGrace || s.grace,
    conditional: own,
    unpublished,
  });
}
