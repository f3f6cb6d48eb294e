/**
 * The answers to a reviewer's two questions: who reads and writes a member, and what relies on a lock that is dropped. Plain data,
 * stable and versioned; lines and columns are 1-based, files relative to the kernel root. Knows nothing of how an answer comes about.
 */
import type { EntryMethod, HeldLock, Place, Range, RcuState } from './finding.js';

/** Which member: by its name, or by a place of the text where it is declared or reached (column in UTF-16 units). */
export type FieldQuery =
  | { readonly struct: string; readonly member: string; readonly paths: readonly string[] }
  | { readonly file: string; readonly line: number; readonly column: number };

/** `update`: read and written in one; `address`: handed to something, or stored, that may write to it. */
export type AccessKind = 'read' | 'write' | 'update' | 'address';

/**
 * What others know of the object at the access. `shared`: they may see it; `made`: the function, or whoever calls it, has just made it and
 * handed it to nobody; `own`: it is a variable of the function; `alone`: a method before anybody else, or after everybody else.
 */
export type AccessStage = 'shared' | 'made' | 'own' | 'alone';

/**
 * How the guard is held at an access. `sometimes`: in some of the situations; `perhaps`: on some paths only; `shared`: not the way that
 * a write needs; `another`: a lock of that class, of something that has another name; `unknown`: who calls is not known.
 */
export type GuardState = 'held' | 'sometimes' | 'perhaps' | 'shared' | 'another' | 'unknown' | 'not';

/** What is held at an access in one of the ways to get there. */
export interface AccessSituation {
  readonly held: readonly HeldLock[];
  readonly rcu: RcuState;
  /** Methods that come there so; not all of many. */
  readonly entries: readonly EntryMethod[];
  /** How many there are. */
  readonly ways: number;
  /** All that leads there is known. */
  readonly known: boolean;
}

/** One access to a member. */
export interface FieldAccess extends Range {
  readonly function: string;
  readonly kind: AccessKind;
  /** `READ_ONCE`, `atomic_inc`, `list_add`, `i_size_read`: what it is done by; '' where it is plain. */
  readonly by: string;
  /** It is done by what is meant to work without a lock. */
  readonly marked: boolean;
  /** The object as the function writes it. */
  readonly object: string;
  /** The member so, `ci->i_flags`, or what reaches it: `i_size_read(inode)`; '' where it cannot be written. */
  readonly text: string;
  readonly stage: AccessStage;
  /** Why the stage is that one, in words, or ''. */
  readonly why: string;
  /** Null where there is no guard to hold it against. */
  readonly guard: GuardState | null;
  readonly situations: readonly AccessSituation[];
}

/** So many of so many. */
export interface Share {
  readonly held: number;
  readonly of: number;
}

/** A lock under which a member is accessed: objects that only their maker knows do not count. */
export interface GuardUse {
  /** `struct::member` of the lock, or a global's name. */
  readonly class: string;
  readonly writes: Share;
  readonly reads: Share;
}

/** What the model says of a member, with the places that prove it. */
export interface DocumentedGuard {
  readonly class: string;
  readonly summary: string;
  readonly proof: readonly string[];
}

/** Everything about one member. */
export interface FieldAnswer {
  readonly version: 1;
  readonly kernelVersion: string;
  readonly struct: string;
  readonly member: string;
  /** `unsigned long`, or '' where it is not known. */
  readonly type: string;
  readonly declared: Place | null;
  /** What was looked at. */
  readonly paths: readonly string[];
  readonly files: number;
  /** The lock that the accesses are held against: at most writes, or documented; null where there is none. */
  readonly guard: (GuardUse & { readonly inferred: boolean }) | null;
  /** What can be said of the guard, as a sentence without a full stop. */
  readonly verdict: string;
  readonly documented: DocumentedGuard | null;
  /** Other locks that are held at accesses, the most usual first. */
  readonly others: readonly GuardUse[];
  /** Accesses without the guard, the worst first. */
  readonly exceptions: readonly FieldAccess[];
  /** Accesses to objects that nobody else sees. */
  readonly alone: readonly FieldAccess[];
  /** All accesses, by file and line. */
  readonly accesses: readonly FieldAccess[];
  /** What is not known, as sentences without a full stop. */
  readonly notes: readonly string[];
}

export type FieldResult =
  | { readonly ok: true; readonly answer: FieldAnswer }
  | { readonly ok: false; readonly problem: string };

/** A line (1-based) on which a lock may be dropped. */
export interface DropQuery {
  readonly file: string;
  readonly line: number;
}

/** Where something that was read under the lock is used after it was dropped. */
export interface LaterUse {
  readonly line: number;
  /** `follows it`, `passes it to foo()`, `tests it`, `uses it`. */
  readonly how: string;
}

/** Something that the code before the drop has found out, and that the code after it goes by. */
export interface Relied {
  /** `pointer`, `value`: in a variable; `test`: the way that was taken. */
  readonly kind: 'pointer' | 'value' | 'test';
  /** The variable; '' for a test. */
  readonly name: string;
  /** What it was read from, as it is written: `cache->refcount`, `list_first_entry()`. */
  readonly from: string;
  /** `struct::member` of what was read. */
  readonly members: readonly string[];
  readonly line: number;
  readonly uses: readonly LaterUse[];
  /** How many there are. */
  readonly useCount: number;
  /** What may keep it: `takes a reference, foo() in line 3`; '' where nothing was seen. */
  readonly kept: string;
  /** Line in which the same is read again after the lock was taken again, 0 where it is not. */
  readonly again: number;
  /** Not on all paths was the lock held when it was read. */
  readonly perhaps: boolean;
}

/** A change that was made under the lock: others see it from the drop on. */
export interface Published {
  readonly member: string;
  readonly text: string;
  readonly line: number;
  readonly by: string;
  /** A variable that was stored there and is used after the drop, with the uses; ''. */
  readonly name: string;
  readonly uses: readonly LaterUse[];
}

/** Somebody who may change a member meanwhile. */
export interface Changer extends Place {
  readonly member: string;
  readonly function: string;
  readonly kind: AccessKind;
  readonly by: string;
  /** Whether it waits for the lock that is dropped: then it is the drop that lets it in. */
  readonly lock: GuardState;
  /** A lock that both hold all the time, so that it can only be about another object; ''. */
  readonly keptOut: string;
  /** Ways to it; where some of them are kept out and others are not, those that are not. */
  readonly entries: readonly EntryMethod[];
  readonly ways: number;
  /** The ways that are kept out where others are not, and by which lock that both hold; null where all are alike. */
  readonly apart: { readonly entries: readonly EntryMethod[]; readonly lock: string } | null;
}

/** A caller that holds the lock across the call. */
export interface RelyingCaller extends Place {
  readonly function: string;
  readonly holds: 'held' | 'perhaps' | 'not';
  /** Where it took the lock, or `caller`. */
  readonly acquiredAt: { readonly file: string; readonly line: number } | 'caller' | null;
  readonly relied: readonly Relied[];
  /** Callers of that one, where they bring the lock. */
  readonly callers: readonly RelyingCaller[];
}

/** One lock that is dropped on the line. */
export interface Drop extends Place {
  readonly lock: {
    readonly class: string;
    readonly expression: string;
    readonly mode: 'exclusive' | 'shared';
  };
  /** `release`: here; `scope`: at the end of a scope; `retake`: what is called drops it and takes it again. */
  readonly how: 'release' | 'scope' | 'retake';
  /** What is called, with the place where it has the lock again; null for a plain release. */
  readonly inside: { readonly function: string; readonly place: Place | null } | null;
  /** Who took it: a place of the function, or `caller`; null where it is not known. */
  readonly takenAt: { readonly file: string; readonly line: number } | 'caller' | null;
  /** Lines in which it is taken again after that. */
  readonly retaken: readonly number[];
  /** What is held all the same. */
  readonly stillHeld: readonly HeldLock[];
  readonly relied: readonly Relied[];
  readonly published: readonly Published[];
  readonly changers: readonly Changer[];
  readonly changerCount: number;
  readonly callers: readonly RelyingCaller[];
  readonly callerCount: number;
  readonly notes: readonly string[];
}

/** What relies on the locks that are dropped on a line. */
export interface DropAnswer {
  readonly version: 1;
  readonly kernelVersion: string;
  readonly file: string;
  readonly line: number;
  readonly function: string;
  readonly drops: readonly Drop[];
  /** Where nothing is dropped: what is held before the line. */
  readonly held: readonly AccessSituation[];
  /** Where nothing is dropped: lines of the function on which something is, the nearest first. */
  readonly nearest: readonly { readonly line: number; readonly what: string }[];
  readonly notes: readonly string[];
}

export type DropResult =
  | { readonly ok: true; readonly answer: DropAnswer }
  | { readonly ok: false; readonly problem: string };
