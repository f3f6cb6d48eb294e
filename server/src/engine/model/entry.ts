/**
 * Short ways to write model entries, so that the tables stay tables: one helper a line where it has no effect on locks,
 * locks and effects as calls with the path first. Makes plain data in the shapes of `types.ts` and nothing else.
 */
import type {
  EntryContext,
  FreeEffect,
  HelperEntry,
  LockEffect,
  LockKind,
  LockSpec,
  MethodEntry,
  PathText,
  ReferenceEffect,
  Versions,
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

/** Everything of a method that most methods lack. */
export type MethodExtra = Omit<
  Partial<MethodEntry>,
  'struct' | 'method' | 'params' | 'returns' | 'contexts' | 'callSleeps' | 'summary' | 'proof'
>;

/** Makes the entries of one operations structure; `proof` separated by spaces. */
export function methodsOf(struct: string) {
  return (
    method: string,
    params: string,
    returns: MethodEntry['returns'],
    contexts: readonly EntryContext[],
    callSleeps: boolean | string,
    summary: string,
    proof: string,
    extra: MethodExtra = {},
  ): MethodEntry => ({
    struct,
    method,
    params: words(params),
    returns,
    contexts,
    callSleeps,
    summary,
    proof: words(proof),
    ...extra,
  });
}

/** A context outside RCU, with the locks that every caller holds and those that some hold. */
export function inProcess(
  name: string,
  held: readonly LockSpec[] = [],
  mayHold: readonly LockSpec[] = [],
): EntryContext {
  return mayHold.length === 0 ? { name, held, rcu: 'none' } : { name, held, mayHold, rcu: 'none' };
}

/** Such a context that the callee can tell by a condition on its parameters. */
export function inProcessWhen(name: string, when: string, held: readonly LockSpec[] = []): EntryContext {
  return { name, when, held, rcu: 'none' };
}

/** Lockless path walk; `when` where the callee is told. */
export function inRcuWalk(when?: string): EntryContext {
  const name = 'RCU-walk';
  return when === undefined ? { name, held: [], rcu: 'walk' } : { name, when, held: [], rcu: 'walk' };
}

/** A context where nothing may sleep, for a reason in words. */
export function inAtomic(name: string, atomic: string, held: readonly LockSpec[] = []): EntryContext {
  return { name, held, rcu: 'none', atomic };
}

/** From a version on. */
export function since(version: string): { readonly versions: Versions } {
  return { versions: { since: version } };
}

/** Before a version. */
export function until(version: string): { readonly versions: Versions } {
  return { versions: { until: version } };
}

/** From a version on, before another. */
export function between(first: string, end: string): { readonly versions: Versions } {
  return { versions: { since: first, until: end } };
}

/** A helper that takes locks. */
export function acquiring(
  name: string,
  params: string,
  sleeps: boolean,
  locks: readonly LockEffect[],
  summary: string,
  proof: string,
  extra: HelperExtra = {},
): HelperEntry {
  return helper(name, params, sleeps, summary, proof, { acquires: locks, ...extra });
}

/** A helper that lets go of locks; none sleeps but where said. */
export function releasing(
  name: string,
  params: string,
  locks: readonly LockEffect[],
  summary: string,
  proof: string,
  extra: HelperExtra = {},
): HelperEntry {
  return helper(name, params, false, summary, proof, { releases: locks, ...extra });
}

/** A primitive that takes locks, and needs no more words than that. */
export function takes(
  name: string,
  params: string,
  sleeps: boolean,
  locks: readonly LockEffect[],
  proof: string,
  extra: HelperExtra = {},
): HelperEntry {
  const tried = locks.some((lock) => lock.when !== undefined);
  const how = sleeps ? 'may sleep' : 'does not sleep';
  const what = tried ? 'the lock where it succeeds' : 'the lock';
  return acquiring(name, params, sleeps, locks, `Takes ${what}; ${how}.`, proof, extra);
}

/** A primitive that lets go of locks, and needs no more words than that; none sleeps but where said. */
export function drops(
  name: string,
  params: string,
  locks: readonly LockEffect[],
  proof: string,
  extra: HelperExtra = {},
): HelperEntry {
  return releasing(name, params, locks, 'Releases the lock; does not sleep.', proof, extra);
}

/** A helper that does not sleep. */
export function plain(
  name: string,
  params: string,
  summary: string,
  proof: string,
  extra: HelperExtra = {},
): HelperEntry {
  return helper(name, params, false, summary, proof, extra);
}

/** Locks that a signal can interrupt give 0 or -EINTR, and nothing else. */
export function interrupted(entries: readonly HelperEntry[]): readonly HelperEntry[] {
  return entries.map((entry) =>
    /_(?:killable|interruptible)(?:_nested)?$/.test(entry.name) && entry.acquires !== undefined
      ? { ...entry, returns: 'zero-or:-4' }
      : entry,
  );
}

/** A helper that sleeps. */
export function sleeping(
  name: string,
  params: string,
  summary: string,
  proof: string,
  extra: HelperExtra = {},
): HelperEntry {
  return helper(name, params, true, summary, proof, extra);
}
