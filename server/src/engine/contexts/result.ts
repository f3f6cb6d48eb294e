/**
 * What one function's analysis gives: its effect in terms of its parameters (so that it can be replayed at any call),
 * its calls with the path states that reach them, and the events that rules look at. Plain data, no behaviour.
 */
import type { Facts } from './known.js';
import type { Lock, State } from './state.js';

/** One way out of a function. */
export interface Exit {
  /** What is returned, as a shared term, or -1. */
  readonly value: number;
  /** What the returned value can be (ZERO, POSITIVE, NEGATIVE). */
  readonly mask: number;
  readonly locks: readonly Lock[];
  readonly released: readonly Lock[];
  /** What must hold of the parameters for this way out. */
  readonly facts: Facts;
  readonly doubt: boolean;
  readonly blurred: boolean;
  /** Places of locks taken and given back on the way; only from a second look. */
  readonly done: readonly number[];
  /** Operation of the return. */
  readonly op: number;
  /** Numbers that were stored where parameters point at, and to members of that: location, term alternating. */
  readonly outs: readonly number[];
}

/** Something that happens inside and matters to callers: a possible sleep. */
export interface SleepEffect {
  /** Shared facts under which it can be reached. */
  readonly facts: Facts;
  /** Locks of the caller that were released before. */
  readonly released: readonly Lock[];
  readonly op: number;
  /** What sleeps: `mutex_lock`, or the callee's name. */
  readonly what: string;
  /** The callee whose effect this is, or -1 for a primitive. */
  readonly via: number;
  /** Certain to be reached on the paths that `facts` allow. */
  readonly certain: boolean;
  /** Behind a test of the function's own memory that nothing here could decide. */
  readonly guarded: boolean;
  /** What all ways to it found in memory that the caller knows by a name. */
  readonly memory: Facts;
}

/** A lock that is taken at some time inside, blocking. */
export interface TakeEffect {
  readonly lock: Lock;
  readonly facts: Facts;
  readonly released: readonly Lock[];
  readonly op: number;
  readonly via: number;
  readonly what: string;
  /** Only where a reference count reached zero. */
  readonly lastRef: boolean;
  /** What all ways to it found in memory that the caller knows by a name. */
  readonly memory: Facts;
}

/**
 * A lock that is waited for here, by a helper, whether or not anybody outside can name it: with all that is held for sure at that
 * time. For rules about the order of locks, which follow calls themselves.
 */
export interface WaitEffect {
  readonly lock: Lock;
  readonly text: string;
  readonly held: readonly HeldHere[];
  /** Shared facts, also of memory. */
  readonly facts: Facts;
  /** Locks of the caller that were released before. */
  readonly released: readonly Lock[];
  readonly op: number;
  readonly what: string;
  /** The object was made here and is nobody else's yet. */
  readonly fresh: boolean;
  /** Only where a reference count reached zero. */
  readonly lastRef: boolean;
}

/** A lock that is held while another one is waited for. */
export interface HeldHere extends ShownLock {
  readonly fresh: boolean;
  /** It belongs to the very object whose other lock is waited for. */
  readonly sameObject: boolean;
}

/** An object that is freed inside. */
export interface FreeEffect {
  /** The pointer, a shared term. */
  readonly object: number;
  /** Where the pointer was loaded from, outermost: `dentry::d_fsdata`; '' where it is the parameter itself. */
  readonly owner: string;
  /** Structure that is freed, `struct autofs_info`, or ''. */
  readonly type: string;
  readonly how: 'now' | 'rcu' | 'deferred';
  readonly facts: Facts;
  readonly op: number;
  readonly via: number;
  readonly what: string;
  /** A grace period passed before it inside this function. */
  readonly afterGrace: boolean;
  /** Only after a reference count reached zero, or on some condition that is not the parameters'. */
  readonly conditional: boolean;
  /** Under these locks (classes), taken here, the pointer was cleared before. */
  readonly unpublished: readonly string[];
}

/** A call that stays inside the program, with the states that reach it. */
export interface CallEdge {
  readonly callee: number;
  readonly op: number;
  readonly args: readonly number[];
  readonly variants: readonly Variant[];
  /** How the callee runs: in this context, or later in its own. */
  readonly context: 'now' | 'rcu' | 'work' | 'timer' | 'irq' | 'kthread';
}

/** The part of a state that matters to a callee. */
export interface Variant {
  /** Locks gained so far, their places in the callee's terms. */
  readonly locks: readonly Lock[];
  /** Locks of the caller's own callers that were released, in the caller's terms. */
  readonly released: readonly Lock[];
  /** What is known of the caller's parameters (to see whether an entry context can get here). */
  readonly facts: Facts;
  /** What is known of the callee's parameters beyond that. */
  readonly calleeFacts: Facts;
  readonly doubt: boolean;
}

/** A lock at a local event, shown while its terms were alive. */
export interface ShownLock {
  readonly lock: Lock;
  readonly text: string;
}

/** A possible sleep, or a second acquisition, while something local forbids it. */
export type LocalEvent =
  | {
      readonly kind: 'sleep';
      readonly op: number;
      readonly what: string;
      readonly via: number;
      readonly certain: boolean;
      readonly facts: Facts;
      readonly held: readonly ShownLock[];
    }
  | {
      readonly kind: 'double';
      /** Behind a test of what a call between the two acquisitions gave, or on paths that were merged. */
      readonly conditional: boolean;
      readonly op: number;
      readonly what: string;
      readonly via: number;
      readonly facts: Facts;
      readonly held: readonly ShownLock[];
      readonly first: ShownLock;
    };

/** A call of a function pointer parameter. */
export interface ParameterCall {
  readonly parameter: number;
  readonly op: number;
  readonly args: readonly number[];
  readonly variants: readonly Variant[];
}

/** One function's result. */
export interface FunctionResult {
  readonly exits: readonly Exit[];
  /** Exits as they are, not grouped, for rules that compare them. */
  readonly rawExits: readonly Exit[];
  readonly sleeps: readonly SleepEffect[];
  readonly takes: readonly TakeEffect[];
  readonly frees: readonly FreeEffect[];
  readonly waits: readonly WaitEffect[];
  readonly edges: readonly CallEdge[];
  readonly parameterCalls: readonly ParameterCall[];
  readonly events: readonly LocalEvent[];
  /** Parameters that a macro assigns. */
  readonly sets: readonly number[];
  /** `class|kind` of every lock that is taken at some time, by this function or by a callee that returns with it. */
  readonly acquires: ReadonlySet<string>;
  /** The same of every lock that is released. */
  readonly releases: ReadonlySet<string>;
  /** Members that it stores to, or something that it calls; `#1`: all that its second argument points at; null: any. */
  readonly writes: ReadonlySet<string> | null;
  /** Locks that the function asserts to be held (lockdep_assert_held, __must_hold). */
  readonly asserted: readonly Lock[];
  /** Parameters whose values decide something inside. */
  readonly cared: ReadonlySet<number>;
  readonly widened: boolean;
  readonly returns: boolean;
  /** Waits for a grace period on every path. */
  readonly grace: boolean;
}

/**
 * A look at the states before an operation, for replays. What it gives back, if anything, goes along with the state from here on
 * (`State.trail`): states with different trails stay apart.
 */
export type Observer = (op: number, state: State) => number | undefined;
