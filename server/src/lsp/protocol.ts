/**
 * What goes over the wire besides plain LSP: the custom messages under `lockwalk/` and the initialization options.
 * Types and names only, so that the client can import them. Must not import anything.
 */

/** Request: what the server is doing and has done. The command line's equivalent is `lockwalk doctor`. */
export const STATUS_REQUEST = 'lockwalk/status';
/** Notification, sent only where the client asks for it: the same report, whenever it changes. */
export const STATUS_NOTIFICATION = 'lockwalk/statusChanged';
/** Client command that opens a rule's page; offered in code actions only where the client says it has it. */
export const EXPLAIN_COMMAND = 'lockwalk.explainRule';

/** Client command that opens the page of a method's contract, `dentry_operations/d_revalidate`; linked only where the client has it. */
export const CONTRACT_COMMAND = 'lockwalk.showContract';
/**
 * Client command that asks for the reason why a finding is right and writes it down in a comment; offered only where the client
 * says it has it. Its argument is an `IgnoreArguments`.
 */
export const IGNORE_COMMAND = 'lockwalk.ignoreFinding';
/** Client command that shows why a finding is reported; offered likewise. Its argument is an `ExplainFindingParams`. */
export const WHY_COMMAND = 'lockwalk.whyReported';
/** Request: why a finding is reported, as Markdown; null where there is no such finding any more. `lockwalk explain RULE FILE:LINE`. */
export const EXPLAIN_FINDING_REQUEST = 'lockwalk/explainFinding';
/** Request: checks a directory or all of `fs/`, open or not. Findings of files that are not open are sent. `lockwalk check`. */
export const SCAN_REQUEST = 'lockwalk/scan';

/** Where a comment goes, in the client's own encoding, and what stands before and behind the reason. */
export interface IgnoreArguments {
  readonly uri: string;
  readonly version: number | null;
  readonly rule: string;
  readonly line: number;
  readonly character: number;
  readonly before: string;
  readonly after: string;
}

export interface ExplainFindingParams {
  readonly uri: string;
  readonly fingerprint: string;
}

export interface FindingPage {
  readonly title: string;
  readonly markdown: string;
}

export interface ScanParams {
  /** A file or folder of the tree that is meant. */
  readonly uri: string;
  /** `tree`: all of `fs/`; `directory`: the folder, or the one that the file stands in, with what lies below. */
  readonly what: 'tree' | 'directory';
  /** Where progress goes; the request can be cancelled. Without it progress is asked for by the server, with a way to cancel. */
  readonly workDoneToken?: string | number;
}

/** What a scan came to. */
export interface ScanReport {
  readonly version: 1;
  readonly root: string;
  /** What was checked, relative to the root. */
  readonly paths: readonly string[];
  readonly cancelled: boolean;
  /** Why there is no answer, in words; null where there is one. */
  readonly problem: string | null;
  readonly files: number;
  readonly functions: number;
  readonly findings: number;
  readonly filesWithFindings: number;
  /** Findings by rule, most of them first. */
  readonly rules: readonly { readonly rule: string; readonly findings: number }[];
  readonly skipped: readonly { readonly file: string; readonly reason: string }[];
  readonly ms: number;
}

/** `initializationOptions` of `initialize`; all of it is optional. */
export interface InitializationOptions {
  /** Send `lockwalk/statusChanged`. */
  readonly statusNotifications?: boolean;
  /** Send `lockwalk/resultsChanged`. */
  readonly resultsNotifications?: boolean;
  /** Commands that the client has. */
  readonly commands?: readonly string[];
  /** Settings for clients without `workspace/configuration`. */
  readonly settings?: unknown;
}

export type ServerState = 'idle' | 'working' | 'error';

/** A kernel tree that is being served. */
export interface TreeStatus {
  readonly root: string;
  /** Null until the engine has looked at the tree. */
  readonly kernelVersion: string | null;
  /** Where the configuration comes from: a `.config`, or the default. */
  readonly configuration: string;
  readonly state: ServerState;
  /** In words: a broken `.config`, an unknown version, the last failure. */
  readonly problems: readonly string[];
  readonly skipped: readonly { readonly file: string; readonly reason: string }[];
  /** Files that were checked since the server began to serve the tree. */
  readonly filesChecked: number;
  /** Of the last check: files and functions looked at, and times. */
  readonly files: number;
  readonly functions: number;
  readonly damagedFunctions: number;
  readonly lastCheckMs: number | null;
  readonly lastParseMs: number | null;
  readonly lastHoverMs: number | null;
}

export interface StatusReport {
  readonly version: 1;
  readonly state: ServerState;
  /** The last failure of the server itself, in words. */
  readonly failure: string | null;
  readonly memoryMiB: number;
  readonly openDocuments: number;
  readonly trees: readonly TreeStatus[];
}

/** Request: who reads and writes the member at a position; `lockwalk field` on the command line. */
export const FIELD_REQUEST = 'lockwalk/field';
/** Request: what relies on the lock that the line of a position drops; `lockwalk drop` on the command line. */
export const DROP_REQUEST = 'lockwalk/drop';

/** Parameters of both: a position in an open document. */
export type ReviewParams = DocumentPlace;

/** Request: a picture for a place in a document; `PictureParams` to `PictureReply`. The command line's equivalent is `lockwalk draw`. */
export const PICTURE_REQUEST = 'lockwalk/picture';

export type PictureKind = 'timeline' | 'life-cycle' | 'lock-order';

export interface PictureParams {
  readonly kind: PictureKind;
  readonly uri: string;
  /** From 0. */
  readonly line: number;
  /** Of a timeline: the situation to show, from 0; -1 or absent: all together. */
  readonly situation?: number;
  /** Of a life cycle: the object; absent: the one that the method at hand is about. */
  readonly object?: string;
}

/** The picture, or in `problem` why there is none. */
export interface PictureReply {
  readonly problem: string | null;
  readonly kind: PictureKind;
  readonly title: string;
  /** A file of its own; places carry `data-line` (from 1), and `data-file`, below `root`, where they are in another one. */
  readonly svg: string;
  /** URI of the kernel root. */
  readonly root: string;
  /** The file that the picture is of, below `root`, its function, and its lines (from 1; 0 where there is none). */
  readonly file: string | null;
  readonly function: string | null;
  readonly firstLine: number;
  readonly lastLine: number;
  readonly situations: readonly string[];
  readonly situation: number;
}

/** Request `DocumentPlace`, answer `readonly WireNode[]`: the contexts at a place as a tree. Plain twin: `lockwalk contexts`. */
export const CONTEXTS_REQUEST = 'lockwalk/contextsAt';
/** Request without parameters, answer `readonly WireNode[]`: methods of the directories of open files. Plain twin: `lockwalk methods`. */
export const METHODS_REQUEST = 'lockwalk/methods';
/** Request `DocumentPlace` of a function's name, answer `readonly WireRange[]`: its callers and the tables that it stands in. */
export const CALLERS_REQUEST = 'lockwalk/callers';
/** Notification, sent only where the client asks for it: findings of a document are there, or others than before. */
export const RESULTS_NOTIFICATION = 'lockwalk/resultsChanged';
/** Client command that shows the callers of a function, with a `DocumentPlace`; lenses have it only where the client says it has it. */
export const CALLERS_COMMAND = 'lockwalk.showCallers';

/** A place of an open document, in the terms of the protocol. */
export interface DocumentPlace {
  readonly textDocument: { readonly uri: string };
  readonly position: { readonly line: number; readonly character: number };
}

/** A range in some file, in the terms of the protocol. */
export interface WireRange {
  readonly uri: string;
  readonly range: {
    readonly start: { readonly line: number; readonly character: number };
    readonly end: { readonly line: number; readonly character: number };
  };
}

/** A line of a tree beside the text. `kind` says which icon fits. */
export interface WireNode {
  readonly kind: string;
  readonly label: string;
  readonly detail: string;
  readonly findings: number;
  readonly at: WireRange | null;
  readonly open: boolean;
  readonly children: readonly WireNode[];
}

/** One line of an answer as a tree is made of it. */
export interface ReviewNode {
  readonly label: string;
  readonly description: string;
  /** `warning`, `question`, `lock`, `info` or ''. */
  readonly icon: string;
  /** Where it leads; positions as negotiated. */
  readonly location: { readonly uri: string; readonly line: number; readonly character: number } | null;
  readonly open: boolean;
  readonly children: readonly ReviewNode[];
}

/** The answer to both: as a tree, and as the JSON of the command line; or why there is none. */
export interface ReviewReply {
  readonly title: string;
  readonly problem: string | null;
  readonly nodes: readonly ReviewNode[];
  readonly answer: unknown;
}
