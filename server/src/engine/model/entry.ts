/**
 * Short ways to write model entries, so that the tables stay tables: one helper a line where it has no effect on locks,
 * locks and effects as calls with the path first. Makes plain data in the shapes of `types.ts` and nothing else.
 */
import type {
  FreeEffect,
  HelperEntry,
  LockEffect,
  LockKind,
  LockSpec,
  PathText,
  ReferenceEffect,
} from './types.js';

/** Everything of a helper that most helpers lack. */
export type HelperExtra = Omit<Partial<HelperEntry>, 'name' | 'params' | 'sleeps' | 'summary' | 'proof'>;

/** A lock held, needed or taken exclusively. */
export function exclusive(lock: PathText, kind: LockKind, when?: string): LockSpec & LockEffect {
  return when === undefined ? { lock, kind, mode: 'exclusive' } : { lock, kind, mode: 'exclusive', when };
}

/** A lock held, needed or taken shared. */
export function shared(lock: PathText, kind: LockKind, when?: string): LockSpec & LockEffect {
  return when === undefined ? { lock, kind, mode: 'shared' } : { lock, kind, mode: 'shared', when };
}

/** A lock in either mode. */
export function anyMode(lock: PathText, kind: LockKind, when?: string): LockSpec & LockEffect {
  return when === undefined ? { lock, kind, mode: 'any' } : { lock, kind, mode: 'any', when };
}

/** A reference taken. */
export function get(object: PathText, kind: string, when?: string): ReferenceEffect {
  return when === undefined ? { object, action: 'get', kind } : { object, action: 'get', kind, when };
}

/** A reference taken unless the count has reached zero. */
export function getUnlessDead(object: PathText, kind: string, when: string): ReferenceEffect {
  return { object, action: 'get-unless-dead', kind, when };
}

/** A reference dropped. */
export function put(object: PathText, kind: string, when?: string): ReferenceEffect {
  return when === undefined ? { object, action: 'put', kind } : { object, action: 'put', kind, when };
}

/** Memory gone on return. */
export function freesNow(object: PathText, when?: string): FreeEffect {
  return when === undefined ? { object, how: 'now' } : { object, how: 'now', when };
}

/** Memory gone after a grace period. */
export function freesByRcu(object: PathText, when?: string): FreeEffect {
  return when === undefined ? { object, how: 'rcu' } : { object, how: 'rcu', when };
}

/** A helper; `params` by position, separated by commas or spaces; `proof` separated by spaces. */
export function helper(
  name: string,
  params: string,
  sleeps: boolean | string,
  summary: string,
  proof: string,
  extra: HelperExtra = {},
): HelperEntry {
  return { name, params: words(params), sleeps, summary, proof: words(proof), ...extra };
}

/** The words of a text that are separated by commas and spaces. */
export function words(text: string): readonly string[] {
  return text.split(/[\s,]+/).filter((word) => word !== '');
}
