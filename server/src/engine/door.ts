/**
 * The engine's door: the only module that `host`, `lsp` and `cli` import (with the plain types of `base`). Takes a
 * view of a source tree that the host provides and answers checks and queries. Synchronous between two steps; the
 * caller drives it in a worker and looks after cancellation through the token.
 */
import type { CancelToken } from './base/cancel.js';
import type {
  ContextsAnswer,
  EntryMethod,
  Finding,
  Fix,
  LockMode,
  PointContext,
  Precision,
} from './base/finding.js';
import type { DropQuery, DropResult, FieldQuery, FieldResult } from './base/review.js';

export type {
  DropAnswer,
  DropQuery,
  DropResult,
  FieldAccess,
  FieldAnswer,
  FieldQuery,
  FieldResult,
} from './base/review.js';

import type { HoverAnswer, InlayHint } from './base/hover.js';

export type { HoverAnswer, InlayHint };

import type { CallsAnswer, CallsQuery, LensesAnswer, MethodsAnswer, MethodsQuery } from './base/shown.js';

/** What the engine may ask of the outside world. Paths are relative to the kernel root, with `/`. */
export interface SourceTree {
  /** Text of a file (overlays applied; UTF-8, or Latin-1 where it is not), or null where there is none. Never throws. */
  read(path: string): string | null;
  /** Names in a folder; folders end in `/`. Empty where there is none. Symbolic links are not followed out of the tree. */
  list(folder: string): readonly string[];
  /**
   * A digest of what `read` gives for a file, or of what `list` gives for a folder (with `/` at the end); null where there is
   * none. Absent where the tree cannot say: then nothing is remembered.
   */
  digest?(path: string): string | null;
}

/** What is kept between runs. A key says all that a value hangs on; a value that is not there is made again. Never throws. */
export interface Memory {
  recall(kind: string, key: string): unknown;
  keep(kind: string, key: string, value: unknown): void;
  /** The same of what is not made yet, and costs something: made at once, when there is time, or never. */
  keepMade(kind: string, key: string, make: () => unknown): void;
}

/** What another engine made of a file; only engines of one build can read it. */
export interface ReadByOther {
  readonly file: string;
  readonly made: unknown;
}

/** Engines that read the same files at the same time, each file by one of them. */
export interface SharedReading {
  /** Whether anybody still reads with this engine. */
  isOpen(): boolean;
  /** Whether a file is one that others may need too. */
  shares(file: string): boolean;
  /** Asks those that only read to read what these files and their units need. */
  ask(files: readonly string[]): void;
  /** True: this engine is to read the file. False: another one does. */
  claim(file: string): boolean;
  /** Hands on what was made of a file that this engine had claimed. */
  publish(file: string, made: unknown): void;
  /** What others handed on since the last call. */
  arrived(): readonly ReadByOther[];
  /** Blocks until something was handed on since `arrived`, at most so many milliseconds. */
  wait(ms: number): void;
  /** This engine has all that it needs: nothing more is handed to it. */
  leave(): void;
}

/** What an engine is made with. */
export interface EngineOptions {
  readonly tree: SourceTree;
  /** Absent: nothing is kept between runs. */
  readonly memory?: Memory;
  /** Absent: it reads alone. */
  readonly reading?: SharedReading;
  /** `web-tree-sitter.wasm` and the grammar's WASM, as bytes. */
  readonly runtimeWasm: Uint8Array;
  readonly grammarWasm: Uint8Array;
  /** `6.12`; null: read from the tree's Makefile, else the newest that the model knows. */
  readonly kernelVersion: string | null;
  /** Text of a `.config`; null: the default configuration. */
  readonly dotConfig: string | null;
  /** Milliseconds from any origin: the engine itself reads no clock. */
  readonly clock: () => number;
  /** Resource limits; absent: the named constants in `syntax`. */
  readonly limits?: { readonly maxFileBytes?: number; readonly parseMs?: number };
}

/** A file that was not analysed, with the reason in words. */
export interface SkippedFile {
  readonly file: string;
  readonly reason: string;
}

/** What a check looks at. */
export interface CheckRequest {
  /** Files or folders, relative to the kernel root. Findings are reported in these. */
  readonly paths: readonly string[];
  /** Rule ids or families; empty: all that are on by default. */
  readonly rules: readonly string[];
  readonly precision: 'high' | 'medium' | 'low';
  /**
   * A first answer, for somebody who waits: rules look only at functions of these files, and what is found of these by way of others may be
   * missing. Nothing of it is remembered.
   */
  readonly quick?: boolean;
}

export interface Progress {
  readonly phase: 'read' | 'analyse' | 'rules';
  readonly done: number;
  readonly total: number;
  /** File or function at hand. */
  readonly at: string;
}

export interface CheckStats {
  readonly files: number;
  readonly functions: number;
  readonly damagedFunctions: number;
  /** Functions that were walked in this check; of the others an earlier result still held. */
  readonly walked: number;
  readonly parseMs: number;
  readonly totalMs: number;
}

export interface CheckAnswer {
  readonly findings: readonly Finding[];
  readonly skipped: readonly SkippedFile[];
  readonly problems: readonly string[];
  readonly stats: CheckStats;
}

/** A context query: a position (1-based; column in UTF-16 units), or a function's entry. */
export type ContextsQuery =
  | {
      readonly file: string;
      readonly line: number;
      readonly column?: number;
      /** With the places that contexts speak of (`PlacedContext`), for views that link to them. */
      readonly places?: boolean;
    }
  | { readonly function: string; readonly file?: string };

export type ContextsResult =
  | { readonly ok: true; readonly answer: ContextsAnswer }
  | { readonly ok: false; readonly problem: string };

/** Which function to annotate: by name, or by a line of its signature. */
export type AnnotateQuery = (
  | { readonly function: string; readonly file?: string }
  | { readonly file: string; readonly line: number }
) & { readonly style: 'assert' | 'must-hold' };

/** What can be written down of a function's precondition; `fix` is null, with the reason, where nothing can. */
export interface AnnotateAnswer {
  readonly file: string;
  readonly function: string;
  readonly line: number;
  readonly locks: readonly {
    readonly expression: string;
    readonly text: string;
    readonly class: string;
    readonly mode: LockMode;
  }[];
  /** The contexts that the locks are certain in. */
  readonly contexts: readonly PointContext[];
  readonly fix: Fix | null;
  readonly reason: string | null;
}

export type AnnotateResult =
  | { readonly ok: true; readonly answer: AnnotateAnswer }
  | { readonly ok: false; readonly problem: string };

/** Why a rule says nothing at a line (1-based). */
export interface AbsentQuery {
  readonly rule: string;
  readonly file: string;
  readonly line: number;
}

/** A spot at which a rule looked and said nothing; line 0: all of the function. */
export interface Silence {
  readonly line: number;
  readonly why: string;
}

/** What a rule made of a line. */
export interface AbsentAnswer {
  readonly version: 1;
  readonly rule: string;
  readonly file: string;
  readonly line: number;
  /** The function that the line stands in, or null. */
  readonly function: string | null;
  /** What the rule does say there, at any precision. */
  readonly findings: readonly Finding[];
  /** The reason of a comment in the source that hides it, or null. */
  readonly allowed: string | null;
  /** Exemptions that applied on the line. */
  readonly silences: readonly Silence[];
  /** Exemptions that applied elsewhere in the function. */
  readonly elsewhere: readonly Silence[];
  /** What else is known of the line, as sentences without a full stop. */
  readonly notes: readonly string[];
}

export type AbsentResult =
  | { readonly ok: true; readonly answer: AbsentAnswer }
  | { readonly ok: false; readonly problem: string };

/** What is audited: a rule, a method (`d_revalidate`, `inode_operations.rename`) or a helper (`dput`, `d_delete()`). */
export interface AuditQuery {
  readonly name: string;
  readonly paths: readonly string[];
}

/** One instance of a method, call of a helper, or spot that a rule looked at. */
export interface AuditSpot {
  readonly function: string;
  readonly file: string;
  readonly line: number;
  /** The table that makes it an instance, or ''. */
  readonly table: string;
  readonly verdict: 'fine' | 'suspect' | 'unknown';
  /** One sentence without a full stop. */
  readonly why: string;
}

export interface AuditAnswer {
  readonly version: 1;
  readonly kernelVersion: string;
  readonly kind: 'method' | 'helper' | 'rule';
  readonly name: string;
  /** By file and line. */
  readonly spots: readonly AuditSpot[];
  /** Functions that were looked at. */
  readonly functions: number;
  readonly skipped: readonly SkippedFile[];
}

export type AuditResult =
  | { readonly ok: true; readonly answer: AuditAnswer }
  | { readonly ok: false; readonly problem: string };

/** Which picture. Lines are 1-based; `situation` counts from 0, -1 or absent: all together. */
export type PictureQuery =
  | {
      readonly kind: 'timeline';
      readonly function: string;
      readonly file?: string;
      readonly situation?: number;
    }
  | { readonly kind: 'timeline'; readonly file: string; readonly line: number; readonly situation?: number }
  /** No object: the one that the method is about, else the dentry. A line: that of the method to light. */
  | { readonly kind: 'life-cycle'; readonly object?: string; readonly method?: string }
  | { readonly kind: 'life-cycle'; readonly object?: string; readonly file: string; readonly line: number }
  /** Inversions at least as precise as this (absent: high) are red. */
  | { readonly kind: 'lock-order'; readonly paths: readonly string[]; readonly precision?: Precision };

/** A picture, and what a viewer needs to know of it. */
export interface PictureAnswer {
  readonly version: 1;
  readonly kind: PictureQuery['kind'];
  readonly title: string;
  /** A file of its own. What can be gone to carries `data-line`, and `data-file` where that is not `file`. */
  readonly svg: string;
  /** What it is a picture of, where that is a function; lines are 0 where it is not. */
  readonly file: string | null;
  readonly function: string | null;
  readonly firstLine: number;
  readonly lastLine: number;
  /** Situations to choose from, by number, and the one that is shown (-1: all). */
  readonly situations: readonly string[];
  readonly situation: number;
}

export type PictureResult =
  | { readonly ok: true; readonly answer: PictureAnswer }
  | { readonly ok: false; readonly problem: string };

/** A position in a file; 1-based, the column in UTF-16 units. */
export interface HoverQuery {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /**
   * Somebody waits: where nothing of the directory has been analysed yet, the file alone is, and the answer says what is not known
   * because of that.
   */
  readonly soon?: boolean;
}

/** Lines of a file, 1-based and inclusive; `changes`: only where what is held changes, `all`: after each statement. */
export interface InlayHintQuery {
  readonly file: string;
  readonly firstLine: number;
  readonly lastLine: number;
  readonly mode: 'changes' | 'all';
}

export type DumpKind = 'syntax' | 'facts' | 'cfg' | 'contexts';

export interface FileInScope {
  readonly file: string;
  readonly inScope: boolean;
  readonly reason: string;
}

/** Where the other side of a comparison was read: a table of locking.rst, a declaration, an assertion or annotation, a body. */
export type VerifySource = 'documentation' | 'signature' | 'assertion' | 'body';

/** One statement of the model held against one of the tree. */
export interface Comparison {
  readonly source: VerifySource;
  /** `inode_operations.create` or `d_drop`. */
  readonly name: string;
  /** What is spoken of: the name of a lock, `block`, `parameters`. */
  readonly aspect: string;
  readonly verdict: 'agree' | 'explained' | 'disagree' | 'not-compared';
  /** Both sides in words. */
  readonly tree: string;
  readonly model: string;
  /** Where the tree says so; 1-based, line 0 where there is no place. */
  readonly file: string;
  readonly line: number;
  /** Proof of the model's side. */
  readonly proof: readonly string[];
  /** The entry's explanation, or why nothing was compared. */
  readonly reason: string;
}

/** How many of those that should be compared were. */
export interface Coverage {
  readonly total: number;
  readonly compared: number;
  /** Those that were not. */
  readonly missing: readonly string[];
}

/** What `verify` found. */
export interface VerifyAnswer {
  readonly kernelVersion: string;
  readonly comparisons: readonly Comparison[];
  /** Methods that locking.rst speaks of. */
  readonly documented: Coverage;
  /** Helpers of the model whose definition carries an assertion or annotation. */
  readonly asserting: Coverage;
  readonly problems: readonly string[];
}

/**
 * How a function is reached: from a VFS method of the model, from another entry, or not: `table` is in a table that nothing
 * known calls through, `outside` is called only from outside of what was looked at, `unreferenced` is named nowhere else or
 * called only by such, `other` is named in a way that is not followed.
 */
export type ReachKind =
  | 'method'
  | 'fault'
  | 'ioctl'
  | 'syscall'
  | 'attribute'
  | 'work'
  | 'kthread'
  | 'timer'
  | 'rcu'
  | 'completion'
  | 'shrinker'
  | 'notifier'
  | 'parameter'
  | 'operations'
  | 'init'
  | 'table'
  | 'outside'
  | 'unreferenced'
  | 'other';

/** One function and what leads to it. */
export interface ReachedFunction {
  readonly function: string;
  readonly file: string;
  readonly line: number;
  readonly kind: ReachKind;
  /** An entry itself; else called from one, directly or not. */
  readonly direct: boolean;
  /** The slot or registration that makes it an entry, else a caller. */
  readonly how: string;
  /** The analysis has a context of a known entry for it. */
  readonly context: boolean;
  /** The parser could not read it whole. */
  readonly damaged: boolean;
}

/** Calls by how their target is told. */
export interface CallShares {
  readonly total: number;
  readonly resolved: number;
  readonly byKind: {
    readonly resolved: Readonly<Record<string, number>>;
    readonly unresolved: Readonly<Record<string, number>>;
  };
}

/** How much of some files is reached. Functions of C files count, those of headers do not. */
export interface ReachAnswer {
  readonly version: 1;
  readonly total: number;
  /** Functions that nothing names; not in `base` and not in `kinds`. */
  readonly unreferenced: number;
  readonly base: number;
  readonly kinds: readonly {
    readonly kind: ReachKind;
    readonly functions: number;
    readonly direct: number;
    readonly withContext: number;
  }[];
  readonly calls: CallShares;
  readonly functions: readonly ReachedFunction[];
}

/** The engine. One instance per kernel tree and configuration; keeps facts of what it has read. */
export interface Engine {
  readonly kernelVersion: string;
  /** Problems with what it was made of (a broken .config, an unknown version), in words. */
  readonly problems: readonly string[];
  /**
   * Checks unit by unit. `takes`: asked once for each unit of the request, by number in the order in which all engines go
   * through them; false where another engine has it, and then the answer does not speak of it.
   */
  check(
    request: CheckRequest,
    token: CancelToken,
    progress?: (p: Progress) => void,
    takes?: (unit: number) => boolean,
  ): CheckAnswer;
  /** Reads what files and their units need for the engines that share the reading; keeps nothing. */
  readForOthers(files: readonly string[], token: CancelToken): void;
  contexts(query: ContextsQuery, token: CancelToken): ContextsResult;
  /** What is certainly held at a function's entry, as an edit that writes it down. */
  annotate(query: AnnotateQuery, token: CancelToken): AnnotateResult;
  /** Why a rule says nothing at a line: which exemptions applied, and what is known of the line. */
  absent(query: AbsentQuery, token: CancelToken): AbsentResult;
  /** Every instance of a method, call of a helper or spot that a rule looked at, with a verdict. */
  audit(query: AuditQuery, token: CancelToken, progress?: (p: Progress) => void): AuditResult;
  /** Who reads and writes a member, and under which lock. */
  field(query: FieldQuery, token: CancelToken, progress?: (p: Progress) => void): FieldResult;
  /** What relies on the locks that are dropped on a line. */
  drop(query: DropQuery, token: CancelToken): DropResult;
  /** How much of files or folders the analysis reaches, and from where. */
  reach(paths: readonly string[], token: CancelToken, progress?: (p: Progress) => void): ReachAnswer;
  /** A picture as SVG: the locks of a function, the life of an object, the order of locks. */
  picture(query: PictureQuery, token: CancelToken): PictureResult;
  /** All that is known at a position, of the point and of the name there; null where no code stands. */
  hover(query: HoverQuery, token: CancelToken): HoverAnswer | null;
  /** What is held at the heads of functions and after their statements, in short. */
  inlayHints(query: InlayHintQuery, token: CancelToken): readonly InlayHint[];
  /** The lines above the functions of a file. */
  lenses(file: string, token: CancelToken): LensesAnswer;
  /** Who calls a function and whom it calls, with what holds at each call. */
  calls(query: CallsQuery, token: CancelToken): CallsAnswer;
  /** The tables of operations of directories, their methods with contexts and numbers of findings. */
  methods(query: MethodsQuery, token: CancelToken, progress?: (p: Progress) => void): MethodsAnswer;
  /** `explain METHOD|HELPER`: Markdown, or null where the model has no such name (`d_revalidate`, `inode_operations.rename`, `dput`). */
  explainModel(name: string): string | null;
  /** Methods whose slot a function stands in. */
  slotsOf(file: string, functionName: string): readonly EntryMethod[];
  dump(
    kind: DumpKind,
    file: string,
    functionName: string | null,
  ): { readonly ok: boolean; readonly text: string };
  files(paths: readonly string[]): readonly FileInScope[];
  /** Holds the model against the tree: documentation, declarations, assertions, and what the bodies of helpers do. */
  verify(token: CancelToken, progress?: (p: Progress) => void): VerifyAnswer;
  /** What it holds in memory, by what it holds it for. */
  memory(): readonly MemoryPart[];
  /** The text of a file has changed (or it is gone): forget what was derived from it. */
  invalidate(file: string): void;
  /** Frees what WASM holds. */
  dispose(): void;
}

/** Something that takes memory. */
export interface MemoryPart {
  readonly what: 'facts' | 'trees' | 'functions' | 'situations' | 'terms' | 'parser';
  /** How many there are: files with facts or trees, functions, situations, terms, parsers. */
  readonly count: number;
  /** Roughly; null where it is part of the heap and cannot be told apart. */
  readonly bytes: number | null;
}

/** Static description of a rule, for the registry, SARIF, `explain`, settings and docs. */
export interface RuleInfo {
  /** `family/what-is-wrong` */
  readonly id: string;
  readonly summary: string;
  readonly law: string;
  readonly severity: 'error' | 'warning' | 'info';
  readonly precision: 'high' | 'medium' | 'low';
  readonly onByDefault: boolean;
  readonly fixable: boolean;
}
