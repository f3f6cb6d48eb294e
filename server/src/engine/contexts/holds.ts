/**
 * Which locks a path state holds after one more was taken or given back, and by which name it is known: the same place, else
 * what can only be it. Must not know what took it.
 */
import { type Facts, maskOf, POSITIVE, withFact } from './known.js';
import { sameWhen } from './same.js';
import { type Lock, perhaps, type State, sameLock } from './state.js';
import { T, type Terms } from './terms.js';

/** Locks of a state; past it no more are followed. */
const MAX_HELD = 14;
/** So many of them may be held perhaps only: what a callee does that is not understood is soon a list of its own. */
const MAX_PERHAPS = 6;
/** Locks of the caller that a state has released. */
const MAX_RELEASED = 8;

/** Locks with room for one more: one that is sure takes the place of one that is not. Null where there is none. */
function withRoom(
  locks: readonly Lock[],
  more: Lock,
  most: number,
  mostPerhaps: number,
): readonly Lock[] | null {
  const full = locks.length >= most;
  if (more.may) return full || locks.filter((l) => l.may).length >= mostPerhaps ? null : locks;
  if (!full) return locks;
  const at = locks.findIndex((l) => l.may);
  return at < 0 ? null : locks.filter((_, i) => i !== at);
}

/**
 * Held locks with one more; a lock that the caller brought and that was dropped comes back. `nests`: several of its class are
 * usually held at once.
 */
export function acquired(terms: Terms, s: State, lock: Lock, nests: boolean): State {
  let back = s.released.findIndex((r) => r.place === lock.place && r.kind === lock.kind);
  // The caller's lock, dropped under one name and taken again under another one
  if (
    back < 0 &&
    !lock.class.startsWith('?') &&
    !nests &&
    (terms.isSoft(lock.place) || !terms.isShared(lock.place))
  )
    back = s.released.findIndex((r) => r.class === lock.class && r.kind === lock.kind);
  if (back >= 0 && (s.released[back] as Lock).shared === lock.shared)
    return s.withLocks(
      s.locks,
      s.released.filter((_, i) => i !== back),
    );
  // What may be held is so however often it may have been taken
  const known = lock.may ? s.locks.find((l) => l.may && sameLock(l, lock)) : undefined;
  if (known !== undefined)
    return sameWhen(known, lock) ? s : s.withLocks(s.locks.map((l) => (l === known ? l.onlyWhen(null) : l)));
  const locks = withRoom(s.locks, lock, MAX_HELD, MAX_PERHAPS);
  if (locks === null) return s;
  return s.withLocks([...locks, lock], s.released, s.done, reached(terms, s.facts, lock.place));
}

/** Facts after a place was used: the pointers on the way to it are neither NULL nor errors. */
function reached(terms: Terms, facts: Facts, place: number): Facts {
  let out = facts;
  for (let at = place; ; ) {
    const kind = terms.kind(at);
    if (kind === T.FieldP || kind === T.DerefL) {
      const pointer = terms.a(at);
      const made = terms.kind(pointer);
      if (made === T.Load || made === T.Fresh || made === T.Bin) {
        const mask = maskOf(terms, out, pointer);
        if (mask !== POSITIVE && (mask & POSITIVE) !== 0) out = withFact(out, pointer, POSITIVE);
      }
      if (made !== T.Load) return out;
      at = terms.a(pointer);
    } else if (kind === T.FieldL || kind === T.Elem) at = terms.a(at);
    else return out;
  }
}

/** Held locks without one: the same place, else the only one of its class that could be it, else the caller's. `remember` what was done. */
export function released(terms: Terms, s: State, lock: Lock, remember: boolean): State {
  let at = -1;
  for (let i = s.locks.length - 1; i >= 0; i--) {
    const l = s.locks[i] as Lock;
    if (l.place === lock.place && l.kind === lock.kind && (at < 0 || l.shared === lock.shared)) {
      at = i;
      if (l.shared === lock.shared) break;
    }
  }
  if (lock.may && at >= 0) return s.withLocks(s.locks.map((l, i) => (i === at ? perhaps(l) : l)));
  if (at < 0) {
    const candidates = s.locks.filter(
      (l) =>
        l.kind === lock.kind &&
        (l.class === lock.class || l.class.startsWith('?') || lock.class.startsWith('?')),
    );
    const unstable = (t: number): boolean =>
      !terms.isShared(t) || terms.isSoft(t) || terms.kind(terms.root(t)) === T.Opaque;
    if (candidates.length >= 1) {
      const named = candidates.filter((l) => l.class === lock.class);
      const pick =
        named.length === 1 ? named[0] : candidates.length === 1 ? candidates[0] : named[named.length - 1];
      // What may have been released under a name that is none of these is no reason to doubt one of them
      if (lock.may) return s;
      if (pick !== undefined && (unstable(pick.place) || unstable(lock.place)))
        at = s.locks.lastIndexOf(pick);
    }
  }
  if (at >= 0) {
    const gone = s.locks[at] as Lock;
    const locks = s.locks.filter((_, i) => i !== at);
    const done =
      remember && !s.done.includes(gone.place) ? [...s.done, gone.place].sort((a, b) => a - b) : s.done;
    // Where it was held perhaps, or goes by another name, it may be the caller's that is given back
    const isSure = gone.place === lock.place ? !gone.may : terms.isSoft(lock.place);
    const callers =
      !isSure && !lock.may && terms.isShared(lock.place) && !s.released.some((r) => sameLock(r, lock))
        ? withRoom(s.released, perhaps(lock), MAX_RELEASED, MAX_RELEASED)
        : null;
    const given = callers === null ? s.released : [...callers, perhaps(lock)];
    // Which of several it was is not sure: neither is what is left of them
    const left =
      gone.place === lock.place
        ? locks
        : locks.map((l) => (l.class === gone.class && l.kind === gone.kind ? perhaps(l) : l));
    return s.withLocks(left, given, done);
  }
  if (s.released.some((r) => sameLock(r, lock))) return s;
  const before = withRoom(s.released, lock, MAX_RELEASED, MAX_RELEASED);
  return before === null ? s : s.withLocks(s.locks, [...before, lock]);
}
