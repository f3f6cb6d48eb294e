/**
 * The type of a finding and of a context answer: plain, readonly data that every room after the rules passes on.
 * Lines and columns are 1-based, columns count UTF-16 units, paths are relative to the kernel root with `/`.
 * Knows nothing of how a finding comes about.
 */

/** How bad it is when the finding is right. */
export type Severity = 'error' | 'warning' | 'info';

/** How bad it is shown to be: severities as people set and editors show them. */
export type ShownSeverity = 'error' | 'warning' | 'information' | 'hint';

/** How often findings of this kind are right; the command line shows `high` by default. */
export type Precision = 'high' | 'medium' | 'low';

/** Precisions as numbers: the surer, the higher. */
export const PRECISION_RANK: Readonly<Record<Precision, number>> = { low: 0, medium: 1, high: 2 };

/** `must`: on every path that reaches the point; `may`: on some. */
export type Certainty = 'must' | 'may';

/** How a lock is held. */
export type LockMode = 'exclusive' | 'shared';

/** The RCU state at a point. `walk` is the read side of RCU path walk; `maybe` is a union of contexts. */
export type RcuState = 'none' | 'read' | 'walk' | 'maybe';

/** A place in a file of the tree. */
export interface Place {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** A range in a file of the tree; the end is exclusive in columns. */
export interface Range extends Place {
  readonly endLine: number;
  readonly endColumn: number;
}

/** A lock held at a point. */
export interface HeldLock {
  /** `struct::field` or a global's name. */
  readonly class: string;
  /** The access path of the object that the lock belongs to, as the function at hand would write it. */
  readonly instance: string;
  /** The lock itself as a C expression in the function at hand, e.g. `&fi->lock`. */
  readonly expression: string;
  /** How the call that took it has it, `&sbi->lock`, where that is another name. */
  readonly written?: string;
  readonly mode: LockMode;
  readonly certainty: Certainty;
  /** Where it was taken, or `caller` where every caller (or the VFS) brings it. */
  readonly acquiredAt: { readonly file: string; readonly line: number } | 'caller';
}

/** The VFS method, and the table slot, through which code is reached. */
export interface EntryMethod {
  readonly method: string;
  readonly struct: string;
  readonly table: string;
  readonly function: string;
}

export type TraceKind =
  | 'entry'
  | 'call'
  | 'acquire'
  | 'release'
  | 'branch'
  | 'access'
  | 'free'
  | 'other-side';

/** One step of a witness path. `side` puts the step in the column of CPU 0 (default) or CPU 1 of the text output. */
export interface TraceStep extends Place {
  readonly kind: TraceKind;
  readonly message: string;
  readonly side?: 0 | 1;
}

/** A text edit; `start` inclusive, `end` exclusive, 1-based. */
export interface Edit {
  readonly file: string;
  readonly startLine: number;
  readonly startColumn: number;
  readonly endLine: number;
  readonly endColumn: number;
  readonly text: string;
}

/** A quick fix. `safe` keeps every behaviour but the bug. */
export interface Fix {
  readonly title: string;
  readonly safety: 'safe' | 'unsafe';
  readonly edits: readonly Edit[];
}

/** One finding, as rules hand it on and every face shows it. */
export interface Finding extends Range {
  readonly rule: string;
  readonly severity: Severity;
  readonly precision: Precision;
  readonly certainty: Certainty;
  /** One sentence that names the objects in quotes. */
  readonly message: string;
  readonly function: string;
  readonly entry: EntryMethod | null;
  readonly held: readonly HeldLock[];
  readonly rcu: RcuState;
  readonly trace: readonly TraceStep[];
  readonly fixes: readonly Fix[];
  /** Hash over rule, file, function, normalised statement, object class and ordinal. */
  readonly fingerprint: string;
}

/** One context at a point, in the shape of `contexts --format json`. */
export interface PointContext {
  readonly entry: EntryMethod | null;
  /** Functions from the entry down to (not including) the function asked about. */
  readonly via: readonly string[];
  readonly held: readonly HeldLock[];
  readonly rcu: RcuState;
  readonly maySleep: boolean | 'unknown';
  readonly whyAtomic: readonly string[];
}

/** The answer to a context query. */
export interface ContextsAnswer {
  readonly version: 1;
  readonly file: string;
  readonly line: number;
  readonly function: string;
  readonly damaged: boolean;
  /** There where the configuration leaves the line out: answered as if it were built. */
  readonly notBuilt?: true;
  /** What the answer rests on that is not known, as sentences without a full stop. */
  readonly unknowns: readonly string[];
  readonly contexts: readonly PointContext[];
}
