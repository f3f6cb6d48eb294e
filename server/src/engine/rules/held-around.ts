/**
 * What is held where a finding stands, for rules that do not say so themselves: what the contexts there have, of the situations that
 * the finding is about. Must not know rules.
 */
import type { HeldLock } from '../base/finding.js';
import type { Analysis } from '../contexts/analysis.js';
import type { Entry } from '../contexts/entry-points.js';
import { situationsAt } from '../contexts/query.js';
import type { FunctionRef } from '../program/program.js';
import type { Draft } from './rule.js';

/** The locks held just before the operation of a draft, those first that every situation has. */
export function heldAround(analysis: Analysis, draft: Draft): readonly HeldLock[] {
  const fn = analysis.program.functions[draft.fn] as FunctionRef;
  const entries = analysis.propagation?.entries[fn.id] ?? [];
  if (draft.op < 0) return [];
  const all = situationsAt(analysis, fn, [draft.op]).get(draft.op) ?? [];
  const meant = all.filter(({ entry }) => isMeant(analysis, entries[entry] as Entry, draft));
  const situations = meant.length > 0 ? meant : all;
  const found = new Map<string, { readonly lock: HeldLock; readonly in: Set<number> }>();
  for (const [at, { held }] of situations.entries())
    for (const lock of held) {
      const key = `${lock.expression} ${lock.class} ${lock.mode} ${lock.certainty} ${JSON.stringify(lock.acquiredAt)}`;
      const entry = found.get(key) ?? { lock, in: new Set() };
      found.set(key, entry);
      // One situation may have two that are called the same
      entry.in.add(at);
    }
  const locks = [...found.values()].map(
    (one): HeldLock => (one.in.size < situations.length ? { ...one.lock, certainty: 'may' } : one.lock),
  );
  return [...locks.filter((l) => l.certainty === 'must'), ...locks.filter((l) => l.certainty === 'may')];
}

function isMeant(analysis: Analysis, entry: Entry, { entry: method, rcu }: Draft): boolean {
  if (entry.walk !== (rcu === 'walk')) return false;
  return (
    method === null ||
    entry.origins.some((o) => {
      const origin = analysis.propagation?.origins[o];
      return (
        origin?.method === method.method && origin.struct === method.struct && origin.table === method.table
      );
    })
  );
}
