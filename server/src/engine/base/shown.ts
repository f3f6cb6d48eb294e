/**
 * What the editor's lenses, call hierarchy and tree of methods show, as plain data. Lines and columns are 1-based, columns count
 * UTF-16 units, ends are exclusive, paths are relative to the kernel root. Knows nothing of how any of it is found or drawn.
 */
import type { Place, Precision, Range } from './finding.js';

/** What a lens speaks of: a slot that the function stands in, what holds on entry, what runs beside it, who calls it. */
export type LensKind = 'slot' | 'entry' | 'overlap' | 'callers';

/** One line above a function. */
export interface Lens {
  readonly kind: LensKind;
  readonly function: string;
  /** The function's name. */
  readonly at: Range;
  /** Short: it stands beside other lenses in one line of the editor. */
  readonly title: string;
  /** The whole of it, where the title leaves something out; ''. */
  readonly whole: string;
  /** There is something to show on a click: calls, or tables. */
  readonly opens: boolean;
}

/** All lenses of a file, in the order of the text. */
export interface LensesAnswer {
  readonly version: 1;
  readonly file: string;
  readonly lenses: readonly Lens[];
}

/** A member of a call hierarchy: a function, a slot of a table, or another way in from outside. */
export interface CallItem {
  readonly kind: 'function' | 'slot' | 'entry';
  readonly name: string;
  /** What holds there, in short words. */
  readonly detail: string;
  /** The whole of it; its file is the item's. */
  readonly range: Range;
  /** Its name, inside `range`. */
  readonly selection: Range;
}

/** Calls between the function that was asked about and another item. */
export interface CallRow {
  readonly item: CallItem;
  /** The calls: in the item's file for incoming ones, in that of the function that was asked about for outgoing ones. */
  readonly at: readonly Range[];
}

/**
 * Which calls: what stands at a position, or who calls a function, or whom it calls. `within`: a file of the directory that is
 * looked at, where the function itself stands in a header elsewhere.
 */
export type CallsQuery =
  | { readonly kind: 'at'; readonly file: string; readonly line: number; readonly column: number }
  | {
      readonly kind: 'incoming' | 'outgoing';
      readonly file: string;
      readonly function: string;
      readonly within?: string;
    };

/** `item` is null where no function is meant; `rows` is empty for `at`. */
export interface CallsAnswer {
  readonly version: 1;
  readonly item: CallItem | null;
  readonly rows: readonly CallRow[];
}

/** Whose methods are listed. */
export interface MethodsQuery {
  /** Files or folders; each stands for its whole directory. */
  readonly paths: readonly string[];
  /** What is checked to count findings; null: nothing is checked, and nothing counted. */
  readonly findings: { readonly rules: readonly string[]; readonly precision: Precision } | null;
}

/** One slot of a table of operations that the model knows. */
export interface MethodRow {
  readonly method: string;
  /** What stands in the slot. */
  readonly function: string;
  /** Where the function is defined, or null where that is outside of what was looked at. */
  readonly at: Range | null;
  /** Where the slot is filled. */
  readonly slot: Range;
  /** What holds on entry, one short text a situation. */
  readonly contexts: readonly string[];
  /** Calls of the function by name, past the table. */
  readonly directCalls: number;
  /** Null where nobody has counted. */
  readonly findings: number | null;
}

/** A table of operations. */
export interface MethodTable {
  readonly struct: string;
  readonly table: string;
  /** Its first slot that is listed. */
  readonly at: Range;
  readonly methods: readonly MethodRow[];
  /** Findings in its functions, each counted once; null where nobody has counted. */
  readonly findings: number | null;
}

/** The tables of one directory. */
export interface UnitMethods {
  readonly unit: string;
  readonly tables: readonly MethodTable[];
  /** All findings of the directory that were counted, also outside of methods; null where nobody has counted. */
  readonly findings: number | null;
  readonly skipped: readonly { readonly file: string; readonly reason: string }[];
}

/** Directories by name. */
export interface MethodsAnswer {
  readonly version: 1;
  readonly kernelVersion: string;
  readonly units: readonly UnitMethods[];
}

/** What a line of a tree stands for. */
export type NodeKind =
  | 'unit'
  | 'table'
  | 'method'
  | 'elsewhere'
  | 'state'
  | 'lock'
  | 'rcu'
  | 'sleep'
  | 'path'
  | 'unknown'
  | 'note';

/** A line of a tree, with what is below it. */
export interface ShownNode {
  readonly kind: NodeKind;
  readonly label: string;
  /** Less important, behind the label. */
  readonly detail: string;
  /** Findings that it counts; 0 where there is none. */
  readonly findings: number;
  /** Where a click leads, or null. */
  readonly at: Place | null;
  /** Shown with its children. */
  readonly open: boolean;
  readonly children: readonly ShownNode[];
}
