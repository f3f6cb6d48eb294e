/**
 * What hovers and inlay hints say, as plain data: the contexts at a point with the places that they speak of, and what is known of
 * the name under the pointer. Lines are 1-based. Types only.
 */
import type { ContextsAnswer, EntryMethod, HeldLock, LockMode, PointContext, RcuState } from './finding.js';

/** A function, or another thing with a name, and where it stands. */
export interface NamedPlace {
  readonly name: string;
  readonly file: string;
  readonly line: number;
}

/** A context at a point, with the places that it speaks of. */
export interface PlacedContext extends PointContext {
  /** The functions of `via`, each where it begins. */
  readonly path: readonly NamedPlace[];
  /** `path` begins with the entry method itself. */
  readonly complete: boolean;
  /** What the model calls the situation in which the method is called: `RCU-walk`; '' where it has no name. */
  readonly situation: string;
  /** For each held lock: the caller that took it, and the line where. Null where it was taken here or brought from outside. */
  readonly takenBy: readonly (NamedPlace | null)[];
}

/** All that is known at a position. */
export interface HoverAnswer extends Omit<ContextsAnswer, 'contexts'> {
  /** The contexts are those in which the function is entered; else those just before the line runs. */
  readonly atEntry: boolean;
  /** `function` is '' where the position is in none; then there are no contexts. */
  readonly contexts: readonly PlacedContext[];
  /** What is known of the name under the pointer. */
  readonly subject: HoverSubject | null;
}

/** A piece of text on one line; 1-based, the end is exclusive. */
export interface NameRange {
  readonly line: number;
  readonly column: number;
  readonly endColumn: number;
}

/** What stands under the pointer. */
export interface HoverSubject {
  readonly kind: 'call' | 'function' | 'method' | 'lock';
  readonly name: string;
  readonly range: NameRange;
  /** What a call does, or a function where it is defined or handed over; null where it is none. */
  readonly effect: CallEffect | null;
  /** Contracts of the methods that it is, or is called through. */
  readonly contracts: readonly MethodContract[];
  /** The locks that it takes or gives back, or that it is. */
  readonly locks: readonly LockCard[];
}

/** What a call amounts to. */
export interface CallEffect {
  /** `model`: as the model states it; `inferred`: as the code does; `pointer`: one of several; `unknown`: nobody states it. */
  readonly from: 'model' | 'inferred' | 'pointer' | 'unknown';
  /** What the model says of it in a sentence, or ''. */
  readonly summary: string;
  /** Phrases, names as Markdown code. */
  readonly phrases: readonly string[];
  /** Where what is called stands: one function, or those that the pointer may lead to. */
  readonly targets: readonly NamedPlace[];
  /** Calls inside whose effect is not known: what it does besides is not known either. */
  readonly unknownCalls: readonly string[];
  /** Not every path, or not every line, of what is called was followed. */
  readonly partial: boolean;
}

/** A method of the VFS as the model has it for this version. */
export interface MethodContract {
  readonly struct: string;
  readonly method: string;
  readonly version: string;
  readonly summary: string;
  /** Phrases, names as Markdown code: in which situations it is called, whether it may sleep, what overlaps. */
  readonly phrases: readonly string[];
  /** What it has to do. */
  readonly obligations: readonly string[];
}

/** A class of locks as it is used in a unit. */
export interface LockCard {
  readonly class: string;
  /** `spinlock`, `mutex`; '' where it is not known. */
  readonly kind: string;
  readonly verb: 'takes' | 'tries' | 'gives back' | 'is';
  /** As the function writes it, or ''. */
  readonly expression: string;
  readonly mode: LockMode;
  /** What the model says of the class, or ''. */
  readonly summary: string;
  /** Members that are written only under it. */
  readonly guards: readonly string[];
  /** Its place in the order that the model states: what it is taken inside of, and what is taken inside of it. */
  readonly model: { readonly inside: readonly string[]; readonly around: readonly string[] };
  /** What the unit does: in which functions. */
  readonly unit: {
    readonly name: string;
    readonly inside: readonly Nesting[];
    readonly around: readonly Nesting[];
  };
  /** Who else takes it in the unit; in the order of the text, this function left out. */
  readonly takers: readonly NamedPlace[];
}

/** A class that is taken inside, or outside, of another one, with a function that does it. */
export interface Nesting {
  readonly class: string;
  readonly by: NamedPlace;
}

/** One held lock of a card. */
export interface CardLock extends HeldLock {
  /** Callers that took it. */
  readonly takenBy: readonly NamedPlace[];
}

/** One way in which a state is reached. */
export interface Reached {
  readonly entry: EntryMethod | null;
  /** Functions from the entry down to, not including, the function of the card. */
  readonly via: readonly string[];
  /** Where these stand, as far as that was asked for. */
  readonly path: readonly NamedPlace[];
  /** `path` begins with the entry method itself. */
  readonly complete: boolean;
  readonly situation: string;
}

/** One state at the point, with everything that reaches it. */
export interface HoverGroup {
  readonly held: readonly CardLock[];
  readonly rcu: RcuState;
  readonly maySleep: boolean | 'unknown';
  readonly whyAtomic: readonly string[];
  readonly reached: readonly Reached[];
}

/** A hint behind a line. */
export interface InlayHint {
  /** 1-based; the column is that behind the last letter of the line, in UTF-16 units. */
  readonly line: number;
  readonly column: number;
  readonly label: string;
  /** What it is about: where a function is entered, behind a statement, or on both sides of a condition. */
  readonly at: 'entry' | 'after' | 'sides';
  readonly function: string;
  /** The states that the label is short for; of a condition those where it is true, then those where it is false. */
  readonly states: readonly (readonly HoverGroup[])[];
}
