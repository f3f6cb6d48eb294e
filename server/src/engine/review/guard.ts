/**
 * Which lock guards a member, told by its accesses: the one that is held at (nearly) all writes once others see the object. Only counts;
 * what it means is said in words that do not say more than that.
 */
import type { GuardState, GuardUse, Share } from '../base/review.js';
import { guardAt, type Spot } from './collect.js';

/** What was told of the guard. */
export interface Told {
  readonly guard: GuardUse | null;
  readonly others: readonly GuardUse[];
  readonly verdict: string;
  /** It is written under locks, but under no one lock at most writes. */
  readonly isMixed: boolean;
}

/** From this share of the writes on a lock is taken for the guard. */
const NEARLY_ALL = 0.75;
const MOST = 0.5;
const OFTEN = 0.25;
/** Other locks that are named. */
const MAX_OTHERS = 4;

/** Whether an access counts: others may see the object. */
export function counts(spot: Spot): boolean {
  return spot.stage === 'shared';
}

export function isWrite(spot: Spot): boolean {
  return spot.access.kind === 'write' || spot.access.kind === 'update';
}

/** What is told by the accesses; `struct`: whose member it is; `documented`: class of the lock that the model names, or ''. */
export function tell(spots: readonly Spot[], struct: string, documented: string): Told {
  const counted = spots.filter(counts);
  const uses = usesOf(counted, struct);
  const writes = counted.filter(isWrite);
  const others = (but: string): readonly GuardUse[] =>
    uses.filter((u) => u.class !== but && (isOften(u.writes) || isOften(u.reads))).slice(0, MAX_OTHERS);
  const told = (guard: GuardUse | null, verdict: string): Told => ({
    guard,
    others: others(guard?.class ?? ''),
    verdict,
    isMixed: false,
  });
  if (documented !== '') {
    const use = uses.find((u) => u.class === documented) ?? useOf(counted, struct, documented);
    return told(use, `documented guard '${documented}': ${shares(use)}`);
  }
  const alone = spots.length - counted.length;
  const before = alone > 0 ? `; ${alone} more to objects that nobody else sees` : '';
  if (counted.length === 0) return told(null, `no access to an object that others see${before}`);
  if (writes.length === 0) return noWrites(uses, told, before);
  if (
    counted.every((s) => s.access.marked || (s.access.kind === 'read' && s.access.by !== '')) &&
    writes.every((s) => s.access.marked)
  )
    return told(
      null,
      'every access is atomic or marked: none of them needs a lock by itself, and no guard is inferred',
    );
  const best = uses[0];
  if (best === undefined || best.writes.held === 0)
    return told(null, 'no lock is held at the writes: no guard is inferred');
  const share = best.writes.held / Math.max(1, best.writes.of);
  const said = `'${best.class}': ${shares(best)}`;
  if (share >= NEARLY_ALL && best.writes.held > 1) return told(best, `inferred guard ${said}`);
  if (share === 1) return told(best, `inferred guard ${said}; one write tells little`);
  if (share >= MOST) return told(best, `perhaps guarded by ${said}`);
  return {
    ...told(null, `no one lock is held at most writes; the most usual is ${said}`),
    others: others(best.class),
    isMixed: true,
  };
}

function noWrites(
  uses: readonly GuardUse[],
  told: (guard: GuardUse | null, verdict: string) => Told,
  before: string,
): Told {
  const best = uses[0];
  const usual =
    best === undefined || best.reads.held === 0
      ? ''
      : `; '${best.class}' is held at ${best.reads.held} of ${best.reads.of} reads`;
  return told(
    null,
    `nothing is seen to write it once others see the object: no guard is inferred${usual}${before}`,
  );
}

/** Whether a lock is held often enough to be named. */
function isOften({ held, of }: Share): boolean {
  return held > 1 && held >= of * OFTEN;
}

function shares(use: GuardUse): string {
  return `held at ${use.writes.held} of ${use.writes.of} writes and ${use.reads.held} of ${use.reads.of} reads`;
}

/** How much each class of locks is held, the most telling first. */
function usesOf(counted: readonly Spot[], struct: string): readonly GuardUse[] {
  const classes = new Set(
    counted
      .flatMap((s) => s.situations.flatMap((one) => one.held.map((h) => h.class)))
      .filter((c) => c !== '' && !c.startsWith('?')),
  );
  const own = (u: GuardUse): number => (u.class.startsWith(`${struct}::`) ? 1 : 0);
  return [...classes]
    .map((c) => useOf(counted, struct, c))
    .sort(
      (a, b) =>
        b.writes.held - a.writes.held ||
        own(b) - own(a) ||
        b.reads.held - a.reads.held ||
        (a.class < b.class ? -1 : 1),
    );
}

function useOf(counted: readonly Spot[], struct: string, lockClass: string): GuardUse {
  const share = (list: readonly Spot[]): { held: number; of: number } => {
    const states = list.map((s) => guardAt(s, lockClass, struct));
    // Where callers are not known nothing is told either way
    return {
      held: states.filter((s) => s === 'held').length,
      of: states.filter((s) => s !== 'unknown').length,
    };
  };
  const reads = counted.filter((s) => s.access.kind === 'read');
  return { class: lockClass, writes: share(counted.filter(isWrite)), reads: share(reads) };
}

/** Whether in some situation that is known nothing at all is held at a plain write: an exception also where no one lock guards the member. */
export function isBareWrite(spot: Spot): boolean {
  return (
    isWrite(spot) &&
    !spot.access.marked &&
    spot.situations.some((one) => one.known && one.alone === '' && one.held.length === 0)
  );
}

/** How bad it is to be without the guard; -1: it is none of the exceptions. */
export function rankOf(spot: Spot, state: GuardState): number {
  if (state === 'held' || spot.situations.length === 0) return -1;
  const { kind, marked } = spot.access;
  if (kind === 'read' && marked) return -1;
  const worst: Readonly<Record<GuardState, number>> = {
    not: 0,
    sometimes: 1,
    shared: 2,
    perhaps: 3,
    another: 4,
    unknown: 5,
    held: 9,
  };
  return (isWrite(spot) ? (marked ? 10 : 0) : kind === 'address' ? 20 : 30) + worst[state];
}
